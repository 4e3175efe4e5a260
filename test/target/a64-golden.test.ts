// Every A64 decode row against qemu-aarch64: replays the golden vectors on the engine.
import t from 'tap';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';
import { CASE, CODE_PAGE, decodeFile, describeChanges, drawState, encodeChanges, END, MAX_WORDS, MEM, MEM_BYTES, rowFields, SLOT } from '../support/a64-vectors.ts';
import { EXCLUDED, goldenGroups } from '../../scripts/golden/a64-classes.ts';
import { envOff, putFlag, TBFlag } from '../../src/target/arm/env.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';
import { EXCP } from '../../src/target/arm/syndrome.ts';
import { readNzcv, writeNzcv } from '../../src/target/arm/flags.ts';

/** Failures printed a class. */
const SHOWN = 4;

const bench = new A64Bench(allFeatures(true), registerFpHelpers);
const { cpu, machine } = bench;
bench.target.pages = [MEM, CODE_PAGE];
// As in a Linux process: EL0, top bytes of branch targets ignored.
const FLAGS = putFlag(TBFlag.TBII, 1) | putFlag(TBFlag.FP_DEFAULT, 1);
const before = new DataView(new ArrayBuffer(CASE.size)), after = new DataView(new ArrayBuffer(CASE.size));
const env = (field: keyof typeof envOff) => cpu.base + envOff[field];
const bytesOf = (d: DataView, at: number, n: number) => new Uint8Array(d.buffer, at, n);

function load(vectors: boolean): void {
  machine.u8.set(bytesOf(before, CASE.x, 256), env('x'));
  writeNzcv(cpu, before.getUint32(CASE.pstate, true));
  machine.ram8.set(bytesOf(before, CASE.mem, MEM_BYTES), MEM);
  cpu.st64(envOff.exclusive_addr, 0xffffffffffffffffn);
  cpu.st32(envOff.btype, 0);
  cpu.tbFlags = FLAGS;
  if (!vectors) return;
  machine.u8.set(bytesOf(before, CASE.v, 512), env('v'));
  const fpcr = before.getUint32(CASE.fpcr, true);
  cpu.st32(envOff.fpcr, fpcr);
  cpu.st32(envOff.fpsr, before.getUint32(CASE.fpsr, true));
  if (fpcr) cpu.tbFlags = FLAGS & ~putFlag(TBFlag.FP_DEFAULT, 1);
}
function save(vectors: boolean): void {
  bytesOf(after, CASE.x, 256).set(machine.u8.subarray(env('x'), env('x') + 256));
  after.setUint32(CASE.pstate, readNzcv(cpu), true);
  bytesOf(after, CASE.mem, MEM_BYTES).set(machine.ram8.subarray(MEM, MEM + MEM_BYTES));
  if (!vectors) return;
  bytesOf(after, CASE.v, 512).set(machine.u8.subarray(env('v'), env('v') + 512));
  after.setUint32(CASE.fpsr, cpu.ld32(envOff.fpsr), true);
}

for (const group of goldenGroups) {
  t.test(group.name, (t) => {
    const path = join(import.meta.dirname, '../fixtures/a64', `${group.name}.vec.gz`);
    if (!existsSync(path)) { t.fail(`${group.name}.vec.gz is missing: run scripts/golden/a64-golden.ts`); return t.end(); }
    const file = decodeFile(new Uint8Array(gunzipSync(readFileSync(path))));
    t.same([...file.keys()].sort(), group.rows.map((r) => r.name).sort(), 'one class a decode row');
    for (const row of group.rows) {
      const f = rowFields(row), vectors = file.get(row.name) ?? [];
      let failures = 0;
      for (const v of vectors) {
        drawState(before, row, f, v.words, v.seed, group);
        load(group.vectors);
        bench.load(SLOT, Array.from({ length: MAX_WORDS }, (_, i) => v.words[i] ?? 0));
        const stop = bench.run(SLOT);
        save(group.vectors);
        const last = BigInt(SLOT + 4 * (v.words.length - 1));
        const end = stop.excp !== EXCP.UDEF ? END.FAULT : stop.pc === last ? END.UNDEFINED : END.NEXT;
        const changes = encodeChanges(before, after, group.vectors);
        if (end === v.end && stop.pc === v.pc && Buffer.compare(changes, v.changes) === 0) continue;
        if (++failures <= SHOWN) {
          t.fail(`${row.name} ${v.words.map((w) => (w >>> 0).toString(16).padStart(8, '0'))} case ${v.seed}`, {
            want: `end ${v.end} pc ${v.pc.toString(16)} ${describeChanges(v.changes, group.vectors)}`,
            got: `end ${end} pc ${stop.pc.toString(16)} ${describeChanges(changes, group.vectors)}`,
          });
        }
      }
      if (failures > SHOWN) t.fail(`${row.name}: ${failures} of ${vectors.length} vectors fail`);
      t.ok(vectors.filter((v) => v.end !== END.UNDEFINED).length >= 200, `${row.name}: at least 200 vectors`);
    }
    t.end();
  });
}

t.test('what has no vectors says why', (t) => {
  for (const [name, why] of Object.entries(EXCLUDED)) t.ok(why, name);
  t.end();
});
