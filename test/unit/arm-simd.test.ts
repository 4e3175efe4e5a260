// FP and SIMD translation: the access trap, features, byte order and alignment of structures, op budgets, registered helpers.
import t from 'tap';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';
import { assemble } from '../../src/asm/index.ts';
import { OpFlag } from '../../src/tcg/ops/def.ts';
import type { Op } from '../../src/tcg/context.ts';
import { putFlag, TBFlag } from '../../src/target/arm/env.ts';
import { FP_HELPERS, registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';
import { loadArmHelpers } from '../../src/target/arm/helpers/wasm-module.ts';
import { EC, EXCP, syndrome } from '../../src/target/arm/syndrome.ts';
import { fpRows } from '../../src/target/arm/translate/fp.ts';
import { simdLdstRows } from '../../src/target/arm/translate/simd-ldst.ts';
import { simdRows } from '../../src/target/arm/translate/simd.ts';
import { compilePattern } from '../../src/tcg/decode.ts';

const CODE = 0x4000, MEM = 0x8000;
const words = (src: string): number[] => {
  const { code } = assemble(src.replaceAll(';', '\n'), { base: CODE });
  return [...new Int32Array(code.slice().buffer)];
};
const bench = new A64Bench(allFeatures(true), registerFpHelpers);
const withFeatures = (feat: (name: string) => boolean, body: () => void): void => {
  const saved = bench.target.feat;
  bench.target.feat = new Proxy(allFeatures(true), { get: (_f, name) => feat(String(name)) });
  body();
  bench.target.feat = saved;
};
const FP_TRAP = syndrome(EC.FP_TRAP, 0x1e00000);

t.test('CPACR traps every allocated row, and nothing else happens', (t) => {
  bench.flags = putFlag(TBFlag.FPEXC_EL, 1);
  const rows = [...fpRows, ...simdRows, ...simdLdstRows];
  let traps = 0;
  for (const row of rows) {
    const p = compilePattern(row.pattern);
    // Two fillings of the open bits; one at least is allocated in most rows.
    for (const fill of [0, 0x40110c21]) {
      const word = (fill & ~p.mask) | p.value;
      bench.load(CODE, [word]);
      bench.setX(1, 0x123n);
      const stop = bench.run(CODE);
      if (stop.syndrome === FP_TRAP) traps++;
      else if (stop.syndrome !== syndrome(EC.UNCATEGORIZED)) t.fail(`${row.name} ${(word >>> 0).toString(16)}: syndrome ${stop.syndrome.toString(16)}`);
      if (stop.excp !== EXCP.UDEF || stop.pc !== BigInt(CODE) || bench.x(1) !== 0x123n) t.fail(`${row.name}: not a clean trap`);
    }
  }
  bench.flags = 0;
  t.ok(traps > rows.length, `${traps} traps`);
  t.end();
});

t.test('instructions of features the CPU lacks are undefined', (t) => {
  const optional: Record<string, string[]> = {
    fp16: ['fadd h0, h1, h2', 'fcmp h0, h1', 'scvtf h0, w1', 'fmov w0, h1', 'fadd v0.8h, v1.8h, v2.8h', 'fabs v0.4h, v1.4h', 'fmla v0.8h, v1.8h, v2.h[1]'],
    rdm: ['sqrdmlah v0.4s, v1.4s, v2.4s', 'sqrdmlsh h0, h1, v2.h[1]'], dotprod: ['sdot v0.4s, v1.16b, v2.16b', 'udot v0.2s, v1.8b, v2.4b[1]'],
    aes: ['aese v0.16b, v1.16b'], pmull: ['pmull v0.1q, v1.1d, v2.1d'], sha1: ['sha1h s0, s1'], sha256: ['sha256h q0, q1, v2.4s'],
    jscvt: ['fjcvtzs w0, d1'], frintts: ['frint32z d0, d1', 'frint64x v0.2d, v1.2d'],
  };
  for (const [feature, list] of Object.entries(optional)) {
    for (const src of list) {
      let code: number[];
      try { code = words(src); } catch { t.comment(`not in the assembler: ${src}`); continue; }
      bench.load(CODE, [...code, 0]);
      t.equal(bench.run(CODE).pc, BigInt(CODE + 4), `${src} runs`);
      withFeatures((name) => name !== feature, () => {
        bench.load(CODE, [...code, 0]);
        t.equal(bench.run(CODE).pc, BigInt(CODE), `${src} is undefined without ${feature}`);
      });
    }
  }
  // Conversions to and from half precision need no feature.
  withFeatures(() => false, () => {
    bench.load(CODE, [...words('fcvt h0, s1; fcvt d0, h1'), 0]);
    t.equal(bench.run(CODE).pc, BigInt(CODE + 8));
  });
  t.end();
});

t.test('big-endian data: bytes of an element are swapped, elements are not', (t) => {
  const memory = Array.from({ length: 64 }, (_, i) => i);
  const run = (src: string): void => {
    memory.forEach((b, i) => bench.ram.setUint8(MEM + i, b));
    bench.setX(0, BigInt(MEM));
    bench.load(CODE, [...words(src), 0]);
    bench.run(CODE);
  };
  const hex = (n: number) => bench.v(n).toString(16).padStart(32, '0');
  bench.flags = putFlag(TBFlag.BE_DATA, 1);
  run('ldr q0, [x0]; ldr d1, [x0]; ldr s2, [x0]; ld1 {v3.8h}, [x0]; ld2 {v4.4s, v5.4s}, [x0]; ld1r {v6.2d}, [x0]; ld1 {v7.b}[3], [x0]');
  t.equal(hex(0), '000102030405060708090a0b0c0d0e0f');
  t.equal(hex(1), '00000000000000000001020304050607');
  t.equal(hex(2), '00000000000000000000000000010203');
  t.equal(hex(3), '0e0f0c0d0a0b08090607040502030001');
  t.equal(hex(4), '18191a1b101112130809' + '0a0b00010203');
  t.equal(hex(5), '1c1d1e1f141516170c0d0e0f04050607');
  t.equal(hex(6), '00010203040506070001020304050607');
  run('ldr q0, [x0]; add x0, x0, #32; str q0, [x0]; ld2 {v4.4s, v5.4s}, [x0]');
  t.same(Array.from({ length: 16 }, (_, i) => bench.ram.getUint8(MEM + 32 + i)), memory.slice(0, 16), 'a store undoes a load');
  bench.flags = 0;
  t.end();
});

t.test('SCTLR.A: structures are aligned by element, registers by their size', (t) => {
  bench.flags = putFlag(TBFlag.ALIGN_MEM, 1);
  const fault = (src: string, address: number): boolean => {
    bench.setX(0, BigInt(address));
    bench.load(CODE, [...words(src), 0]);
    const stop = bench.run(CODE);
    return stop.excp === EXCP.DATA_ABORT && (stop.syndrome & 0x3f) === 0x21;
  };
  t.notOk(fault('ldr q0, [x0]', MEM + 16));
  t.ok(fault('ldr q0, [x0]', MEM + 8));
  t.ok(fault('str q0, [x0]', MEM + 8));
  t.ok(fault('ldp q0, q1, [x0]', MEM + 8));
  t.notOk(fault('ld1 {v0.4s}, [x0]', MEM + 4));
  t.ok(fault('ld1 {v0.4s}, [x0]', MEM + 2));
  t.notOk(fault('st4 {v0.16b, v1.16b, v2.16b, v3.16b}, [x0]', MEM + 1));
  t.notOk(fault('ld4 {v0.8h, v1.8h, v2.8h, v3.8h}, [x0]', MEM + 2));
  t.ok(fault('ld1r {v0.2d}, [x0]', MEM + 4));
  bench.flags = 0;
  t.notOk(fault('ldr q0, [x0]', MEM + 8));
  t.end();
});

t.test('a fault inside a structure load leaves registers and base', (t) => {
  bench.load(CODE, [...words('ld4 {v0.16b, v1.16b, v2.16b, v3.16b}, [x0], #64'), 0]);
  // The last 16 bytes are beyond the bench's memory.
  const at = 0x100000 - 48;
  bench.setX(0, BigInt(at));
  for (let i = 0; i < 4; i++) bench.setV(i, BigInt(i + 1));
  t.match(bench.run(CODE), { excp: EXCP.DATA_ABORT, pc: BigInt(CODE), vaddress: 0x100000n });
  t.same([0, 1, 2, 3].map((i) => bench.v(i)), [1n, 2n, 3n, 4n]);
  t.equal(bench.x(0), BigInt(at));
  t.end();
});

t.test('helpers registered are those the module exports, with that many arguments', (t) => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(loadArmHelpers()), {
    env: { state: new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }) },
  });
  for (const [op, names] of Object.entries(FP_HELPERS)) {
    for (const name of names) if (exports[name]?.length !== Number(op.at(-1)) + 1) t.fail(`${name}: not an export for ${op}`);
  }
  t.equal(new Set(Object.values(FP_HELPERS).flat()).size, Object.values(FP_HELPERS).flat().length, 'no name twice');
  t.end();
});

/** Op budgets with FPCR in its default state, as in arm-translate.test.ts. */
const BUDGETS: Record<string, number> = {
  'fmov d0, d1': 1, 'fmov x0, d1': 1, 'fmov d0, x1': 1, 'fmov s0, w1': 2, 'fmov d0, #1.0': 1, 'fabs d0, d1': 1, 'fneg d0, d1': 2,
  'fadd d0, d1, d2': 1, 'fmul s0, s1, s2': 1, 'fsqrt d0, d1': 1, 'fcvt d0, s1': 1, 'fcvtzs x0, d1': 1, 'scvtf d0, x1': 1, 'scvtf d0, w1': 2,
  'fcmp d0, d1': 3, 'ldr q0, [x0]': 1, 'ldr d0, [x0]': 2, 'str d0, [x0]': 2, 'ldp q0, q1, [x0], #32': 3, 'stp q0, q1, [x0]': 2,
  'ld1 {v0.16b, v1.16b}, [x0], #32': 4, 'st1 {v0.16b, v1.16b}, [x0]': 2, 'ld2 {v0.16b, v1.16b}, [x0]': 4, 'ld1r {v0.4s}, [x0]': 2,
  'add v0.16b, v1.16b, v2.16b': 1, 'add v0.8b, v1.8b, v2.8b': 2, 'eor v0.16b, v1.16b, v2.16b': 1, 'mov v0.16b, v1.16b': 1, 'movi v0.4s, #0': 1, 'bsl v0.16b, v1.16b, v2.16b': 1,
  'cmeq v0.16b, v1.16b, #0': 1, 'cmhi v0.16b, v1.16b, v2.16b': 1, 'umaxp v0.16b, v1.16b, v2.16b': 3, 'addp v0.16b, v1.16b, v2.16b': 3, 'uminv b0, v1.16b': 1,
  'shrn v0.8b, v1.8h, #4': 2, 'ushr v0.4s, v1.4s, #3': 1, 'sli v0.4s, v1.4s, #7': 3, 'rev32 v0.16b, v1.16b': 1, 'tbl v0.16b, {v1.16b}, v2.16b': 1, 'ext v0.16b, v1.16b, v2.16b, #3': 1,
  'zip1 v0.16b, v1.16b, v2.16b': 1, 'dup v0.16b, w1': 1, 'dup v0.4s, v1.s[2]': 1, 'umov w0, v1.b[3]': 1, 'ins v0.d[1], x1': 1, 'umull v0.8h, v1.8b, v2.8b': 1,
  'umlal v0.4s, v1.4h, v2.4h': 2, 'fmla v0.4s, v1.4s, v2.4s': 1, 'fadd v0.4s, v1.4s, v2.4s': 1, 'fadd v0.2s, v1.2s, v2.2s': 4, 'sqadd v0.8h, v1.8h, v2.8h': 1, 'aese v0.16b, v1.16b': 1,
};
t.test('op budgets', (t) => {
  const real = (ops: readonly Op[]) => ops.filter((o) => !(o.def.flags & OpFlag.META)).length - 2;
  for (const [src, max] of Object.entries(BUDGETS)) {
    const n = real(bench.translate(words(src), putFlag(TBFlag.FP_DEFAULT, 1)));
    if (n !== max) t.fail(`${src}: ${n} ops, budget ${max}`);
  }
  t.end();
});
