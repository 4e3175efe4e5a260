// Soft-float helpers against golden vectors of qemu-aarch64 (scripts/golden/fp-golden.ts), results and FPSR.
import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { envOff } from '../../src/target/arm/env.ts';
import { loadArmHelpers } from '../../src/target/arm/helpers/wasm-module.ts';
import { CC, packNzcv } from '../../src/target/arm/flags.ts';
import { fpCases } from '../support/fp-cases.ts';
import { FP_OPS, fpArgs } from '../support/fp-ops.ts';

const RESULT_BYTES = 10;
const state = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const helpers = new WebAssembly.Instance(new WebAssembly.Module(loadArmHelpers()), { env: { state } }).exports;
const env = new DataView(state.buffer);

t.test('scalar FP helpers give the results and flags of the instructions', (t) => {
  const data = gunzipSync(readFileSync(process.env.FP_GOLDEN ?? join(import.meta.dirname, '../fixtures/fp/scalar.bin.gz')));
  const perOp = data.length / RESULT_BYTES / FP_OPS.length;
  t.ok(Number.isInteger(perOp) && perOp >= 200, `${perOp} vectors an instruction`);
  const wrong = new Map<string, string[]>();
  let at = 0;
  for (const { op, c } of fpCases(FP_OPS, perOp, BigInt(process.env.FP_SEED ?? 1))) {
    env.setUint32(envOff.fpcr, c.fpcr, true);
    env.setUint32(envOff.fpsr, c.fpsr, true);
    const args = fpArgs(op, c);
    const raw = helpers[op.helper](0, ...args);
    // Comparisons give x, where NZCV are the flags of x - 1.
    const got = op.out === 'nzcv' ? BigInt(packNzcv(CC.SUB64, raw, 1n)) : BigInt.asUintN(op.bits, raw), flags = env.getUint32(envOff.fpsr, true);
    const want = data.readBigUInt64LE(at), wantFlags = data.readUInt16LE(at + 8);
    at += RESULT_BYTES;
    if (got === want && flags === wantFlags) continue;
    const list = wrong.get(op.asm) ?? [];
    wrong.set(op.asm, list);
    list.push(`fpcr=${c.fpcr.toString(16)} fpsr=${c.fpsr} (${args.map((v) => v.toString(16))}): `
      + `${got.toString(16)} flags ${flags.toString(16)}, want ${want.toString(16)} flags ${wantFlags.toString(16)}`);
  }
  for (const [asm, list] of wrong) t.fail(`${asm}: ${list.length} wrong`, { first: list.slice(0, 5) });
  t.end();
});
