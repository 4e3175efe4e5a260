// What A64 instructions become: op budgets, how TBs end, and the exceptions the translator raises itself.
import t from 'tap';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';
import { assemble } from '../../src/asm/index.ts';
import { OpFlag } from '../../src/tcg/ops/def.ts';
import { printOp } from '../../src/tcg/text.ts';
import type { Op } from '../../src/tcg/context.ts';
import { envOff, putFlag, TBFlag } from '../../src/target/arm/env.ts';
import { EC, EXCP, syndrome } from '../../src/target/arm/syndrome.ts';
import { registerPauthHelpers } from '../../src/target/arm/translate/pauth.ts';

const BASE = 0x1000;
const words = (src: string): number[] => {
  const { code } = assemble(src.replaceAll(';', '\n'), { base: BASE });
  return [...new Int32Array(code.slice().buffer)];
};
const bench = new A64Bench(allFeatures(true), (t) => registerPauthHelpers(t, false));
const real = (ops: readonly Op[]) => ops.filter((o) => !(o.def.flags & OpFlag.META));
/** Ops of straight-line code without the two that leave the TB. */
const cost = (src: string): number => real(bench.translate(words(src))).length - 2;

/** Op budgets: an op costs about 3 ns in the interpreter. Lower them when the translator gets better. */
const BUDGETS: Record<string, number> = {
  'nop_like: mov x0, x0': 0,
  'mov x0, x1': 1, 'mov w0, w1': 1, 'mov x0, #1': 1, 'movz x0, #1; movk x0, #2, lsl #16; movk x0, #3, lsl #32': 1, 'mov x0, sp': 1,
  'add x0, x1, #4': 1, 'add w0, w1, #4': 2, 'add w0, w1, w2': 2, 'add x0, x1, x2': 1, 'add x0, x1, x2, lsl #3': 2, 'add x0, x1, w2, uxtw #2': 2,
  'sub sp, sp, #32': 1, 'neg x0, x1': 1, 'cmp x0, #4': 3, 'cmp w0, w1': 3, 'subs x0, x0, #1': 4, 'subs w0, w0, #1': 5, 'tst w0, #1': 2, 'ands x0, x1, x2': 3,
  'and x0, x1, #0xff': 1, 'and w0, w1, #0xff': 1, 'orr w0, w1, #0xf': 2, 'eor x0, x1, x2, ror #7': 2, 'bic x0, x1, x2': 1, 'mvn x0, x1': 1,
  'lsl x0, x1, #3': 1, 'lsr x0, x1, #3': 1, 'asr x0, x1, #3': 1, 'lsl w0, w1, #3': 1, 'lsr w0, w1, #3': 1, 'asr w0, w1, #3': 2, 'ror w0, w1, #3': 3,
  'ubfx x0, x1, #3, #7': 1, 'ubfiz x0, x1, #3, #7': 1, 'sbfx x0, x1, #3, #7': 1, 'sbfiz x0, x1, #3, #7': 1, 'bfi x0, x1, #3, #7': 1, 'bfxil x0, x1, #0, #7': 1,
  'sxtw x0, w1': 1, 'uxtb w0, w1': 1, 'uxth w0, w1': 1, 'sxtb x0, w1': 1, 'extr x0, x1, x2, #5': 1, 'lsl x0, x1, x2': 1, 'lsl w0, w1, w2': 3,
  'mul x0, x1, x2': 1, 'madd x0, x1, x2, x3': 2, 'umull x0, w1, w2': 3, 'umulh x0, x1, x2': 1, 'udiv x0, x1, x2': 1, 'udiv w0, w1, w2': 3, 'sdiv w0, w1, w2': 4,
  'clz x0, x1': 1, 'rbit x0, x1': 1, 'rev x0, x1': 1, 'rev w0, w1': 1, 'crc32x w0, w1, x2': 1,
  'cmp x0, x1; csel x2, x3, x4, lt': 4, 'cmp x0, x1; cset w2, hi': 4, 'cmp x0, x1; csetm x2, eq': 4, 'cmp w0, w1; cset w2, ne': 4, 'cmp x0, x1; cinc x2, x2, ne': 5,
  'cmp x0, #5; ccmp x1, #3, #0, ne': 3, 'cmp x0, x1; ccmp x2, x3, #4, ne': 4,
  'adr x0, .+8': 1, 'adrp x0, .': 1,
  'ldr x0, [x1, #8]': 1, 'ldr w0, [x1, #8]': 1, 'ldrb w0, [x1]': 1, 'ldrsw x0, [x1]': 1, 'ldrsb w0, [x1]': 2, 'ldr x0, [x1], #8': 2, 'ldr x0, [x1, #8]!': 2,
  'ldr x0, [x1, x2, lsl #3]': 3, 'ldr x0, [x1, w2, sxtw #3]': 3, 'ldrb w0, [x1, x2]': 2, 'ldur x0, [x1, #-8]': 1, 'str x0, [x1, #8]': 1, 'str wzr, [x1]': 1,
  'stp x29, x30, [sp, #-16]!': 4, 'ldp x29, x30, [sp], #16': 4, 'ldp x0, x1, [x0]': 3, 'ldpsw x0, x1, [x2]': 3, 'ldar x0, [x1]': 1, 'stlr x0, [x1]': 1,
  'ldxr x0, [x1]': 3, 'prfm pldl1keep, [x0]': 0, 'ldadd x0, x1, [x2]': 1, 'swpal x0, x1, [x2]': 1, 'casal x0, x1, [x2]': 1, 'ldclr x0, x1, [x2]': 2,
};

t.test('op budgets', (t) => {
  for (const [src, max] of Object.entries(BUDGETS)) {
    const n = cost(src.replace(/^\w+: /, ''));
    if (n > max) t.fail(`${src}: ${n} ops, budget ${max}`);
    else if (n < max) t.fail(`${src}: ${n} ops: lower the budget of ${max}`);
  }
  t.end();
});

/** Branch TBs in full: everything up to the exits counts. */
const BRANCHES: Record<string, number> = {
  'b .+64': 2, 'bl .+64': 3, 'ret': 2, 'br x1': 2, 'blr x1': 3, 'cbz x0, .+64': 5, 'cbnz w0, .+64': 5, 'tbz x0, #5, .+64': 5,
  'cmp x0, x1; b.ge .+64': 8, 'cmp w0, #3; b.hi .+64': 8, 'subs x0, x0, #1; b.ne .-4': 8, 'b.eq .+64': 6,
};
t.test('op budgets of branches', (t) => {
  bench.target.feat = new Proxy(allFeatures(true), { get: (f, k) => (k === 'bti' ? false : Reflect.get(f, k)) });
  for (const [src, max] of Object.entries(BRANCHES)) t.equal(real(bench.translate(words(src))).length, max, src);
  bench.target.feat = allFeatures(true);
  t.end();
});

t.test('every condition on every kind of flags is right', (t) => {
  const conds = ['eq', 'ne', 'cs', 'cc', 'mi', 'pl', 'vs', 'vc', 'hi', 'ls', 'ge', 'lt', 'gt', 'le'];
  const holds = (c: number, f: number): boolean => {
    const n = f >> 3 & 1, z = f >> 2 & 1, cy = f >> 1 & 1, v = f & 1;
    const base = [z, cy, n, v, cy & (z ^ 1), n ^ v ^ 1, (z ^ 1) & (n ^ v ^ 1)][c >> 1] === 1;
    return c & 1 ? !base : base;
  };
  const setters = ['cmp x0, x1', 'cmp w0, w1', 'cmn x0, x1', 'cmn w0, w1', 'tst x0, x1', 'tst w0, w1', 'cmp x0, #7', 'cmn w0, #7', 'cmn x0, #0', 'msr_nzcv'];
  const values = [0n, 1n, 7n, 0x7fffffffn, 0x80000000n, 0xfffffff9n, 0xffffffffn, 0x7fffffffffffffffn, 0x8000000000000000n, 0xfffffffffffffff9n, 0xffffffffffffffffn];
  let at = 0x10000;
  for (const setter of setters) {
    // The flags come from a comparison in the TB, or are in env when it starts.
    const selects = conds.map((c, i) => `cset x${i + 2}, ${c}`).join('\n');
    const code = words(`${setter === 'msr_nzcv' ? '' : setter}\n${selects}\nudf #0`);
    bench.load(at, code);
    for (const a of setter === 'msr_nzcv' ? Array.from({ length: 16 }, (_, i) => BigInt(i)) : values) for (const b of values) {
      bench.setX(0, a);
      bench.setX(1, b);
      if (setter === 'msr_nzcv') bench.nzcv = Number(a);
      bench.run(at);
      const f = bench.nzcv;
      if (setter !== 'msr_nzcv' && f !== reference(setter, a, b)) t.fail(`${setter} ${a.toString(16)} ${b.toString(16)}: NZCV ${f}`);
      conds.forEach((c, i) => { if (bench.x(i + 2) !== (holds(i, f) ? 1n : 0n)) t.fail(`${setter} ${a.toString(16)} ${b.toString(16)}: ${c}`); });
    }
    at += 0x1000;
  }
  t.end();
});

/** NZCV of the comparisons above, by the Arm ARM's AddWithCarry. */
function reference(setter: string, a: bigint, b: bigint): number {
  const [op, x, y] = setter.split(/[ ,]+/), bits = x[0] === 'w' ? 32 : 64;
  const cut = (v: bigint) => BigInt.asUintN(bits, v);
  a = cut(a);
  b = cut(y[0] === '#' ? BigInt(y.slice(1)) : b);
  if (op === 'tst') { const r = a & b; return (Number(r >> BigInt(bits - 1)) << 3) | (r === 0n ? 4 : 0); }
  const m = op === 'cmp' ? cut(~b) : b, carry = op === 'cmp' ? 1n : 0n;
  const sum = a + m + carry, r = cut(sum);
  const signed = BigInt.asIntN(bits, a) + BigInt.asIntN(bits, m) + carry;
  return (Number(r >> BigInt(bits - 1)) << 3) | (r === 0n ? 4 : 0) | (sum !== r ? 2 : 0) | (signed !== BigInt.asIntN(bits, r) ? 1 : 0);
}

// --- how TBs end ---------------------------------------------------------------------------------------------------

const last = (ops: readonly Op[]) => printOp(ops[ops.length - 1]);

t.test('TB ends', (t) => {
  const one = words('add x0, x0, #1');
  t.match(last(bench.translate(one)), /^goto_tb #0/, 'the instruction limit chains to the next instruction');
  t.match(last(bench.translate(words('b .-4096'))), /^goto_far/, 'a branch off the page goes through the jump cache');
  bench.load(0x3ffc, [one[0], 0]);
  const insn = bench.run(0x3ffc);
  t.equal(insn.pc, 0x4000n, 'a TB stops at the page end, execution goes on');
  t.end();
});

t.test('undefined encodings', (t) => {
  const seen: string[] = [];
  bench.target.options = { onUnallocated: (w, lo) => seen.push(`${(w >>> 0).toString(16)}@${lo.toString(16)}`) };
  bench.load(0x5008, [words('mov x1, #5')[0], 0x00c0ffee]);
  const stop = bench.run(0x5008);
  bench.target.options = {};
  t.match(stop, { excp: EXCP.UDEF, syndrome: syndrome(EC.UNCATEGORIZED), pc: 0x500cn });
  t.equal(bench.x(1), 5n, 'what stands before ran');
  t.same(seen, ['c0ffee@500c'], 'the log hook was told');
  t.end();
});

t.test('PSTATE.IL, misaligned PC', (t) => {
  bench.load(0x6000, words('mov x1, #6'));
  bench.setX(1, 0n);
  bench.flags = putFlag(TBFlag.PSTATE_IL, 1);
  t.match(bench.run(0x6000), { excp: EXCP.UDEF, syndrome: syndrome(EC.ILLEGALSTATE), pc: 0x6000n });
  bench.flags = 0;
  t.match(bench.run(0x6002), { excp: EXCP.PREFETCH_ABORT, syndrome: syndrome(EC.PCALIGNMENT), pc: 0x6002n, vaddress: 0x6002n });
  t.equal(bench.x(1), 0n);
  t.end();
});

t.test('software step', (t) => {
  const active = putFlag(TBFlag.SS_ACTIVE, 1);
  const step = (isv: number, ex: number) => syndrome(EC.SOFTWARESTEP, (isv << 24) | (ex << 6) | 0x22);
  bench.load(0x7000, words('mov x1, #7; b .+8; udf #0; cbz xzr, .+8; udf #0; ldxr x2, [x3]; br x4; udf #1'));
  bench.setX(3, 0x100n);
  bench.setX(4, 0x7000n);
  for (const [pc, next, ex] of [[0x7000, 0x7004, 0], [0x7004, 0x700c, 0], [0x700c, 0x7014, 0], [0x7014, 0x7018, 1], [0x7018, 0x7000, 0]]) {
    bench.flags = active | putFlag(TBFlag.PSTATE_SS, 1);
    bench.cpu.st32(envOff.ss, 1);
    t.match(bench.run(pc), { excp: EXCP.UDEF, syndrome: step(1, ex), pc: BigInt(next) }, pc.toString(16));
    t.equal(bench.cpu.ld32(envOff.ss), 0, 'PSTATE.SS is clear');
    t.equal(bench.flags & ~putFlag(TBFlag.BTYPE, 3), active);
  }
  bench.cpu.st32(envOff.btype, 0);
  bench.setX(1, 0n);
  t.match(bench.run(0x7000), { excp: EXCP.UDEF, syndrome: step(0, 0), pc: 0x7000n }, 'active-pending: before the instruction');
  t.equal(bench.x(1), 0n);
  bench.flags = 0;
  t.end();
});

t.test('BTYPE', (t) => {
  bench.load(0x8000, words('br x1'));
  bench.load(0x8100, words('mov x2, #1; udf #0'));
  bench.setX(1, 0x8100n);
  t.equal(bench.run(0x8000).pc, 0x8104n);
  t.equal(bench.cpu.ld32(envOff.btype), 0, 'the next instruction consumes it');
  t.equal(bench.flags, 0);
  const typed = putFlag(TBFlag.BTYPE, 2) | putFlag(TBFlag.BT, 1);
  bench.target.options = { guarded: true };
  for (const [w, ok] of [[0xd503245f, true], [0xd503249f, false], [0xd50324df, true], [0xd503241f, false], [0xd503233f, true], [0xd2800022, false], [0xd4200000, true]] as const) {
    bench.load(0x8200, [w]);
    bench.cpu.st32(envOff.btype, 2);
    bench.flags = typed;
    const stop = bench.run(0x8200);
    t.equal(stop.syndrome === syndrome(EC.BTITRAP, 2), !ok, w.toString(16));
    if (!ok) t.equal(bench.cpu.ld32(envOff.btype), 2, 'the trap saves BTYPE');
  }
  bench.target.options = {};
  bench.flags = 0;
  t.end();
});

t.test('a fault in the middle of a TB leaves exact state', (t) => {
  bench.load(0x9000, words('mov x0, #1; cmp x0, #1; mov x1, #2; ldp x2, x3, [x4, #-8]; mov x1, #3'));
  bench.setX(4, 0x100000n);
  bench.setX(3, 99n);
  const stop = bench.run(0x9000);
  t.match(stop, { excp: EXCP.DATA_ABORT, pc: 0x900cn, vaddress: 0x100000n });
  t.equal(bench.x(1), 2n);
  t.equal(bench.x(3), 99n);
  t.equal(bench.x(4), 0x100000n);
  t.equal(bench.nzcv, 6, 'the flags of the comparison before');
  // A base register that is also loaded keeps its value.
  bench.load(0x9100, words('ldp x4, x3, [x4, #-8]'));
  bench.run(0x9100);
  t.equal(bench.x(4), 0x100000n);
  t.end();
});

t.test('top-byte-ignore of branch targets', (t) => {
  bench.load(0xa000, words('br x1'));
  bench.load(0xa100, [0]);
  const low = 0xab00_0000_0000_a100n;
  bench.setX(1, low);
  t.equal(bench.run(0xa000).pc, low, 'no TBI: the tag stays and the fetch faults');
  for (const tbii of [1, 3]) {
    bench.flags = putFlag(TBFlag.TBII, tbii);
    t.equal(bench.run(0xa000).pc, 0xa100n, `TBII ${tbii}`);
  }
  bench.flags = putFlag(TBFlag.TBII, 2);
  t.equal(bench.run(0xa000).pc, low, 'only the upper half');
  bench.setX(1, 0xab80_0000_0000_0000n);
  t.equal(bench.run(0xa000).pc, 0xff80_0000_0000_0000n, 'the upper half is sign-extended');
  bench.flags = 0;
  t.end();
});

t.test('branches and loads with pointer authentication', (t) => {
  const { cpu } = bench;
  // EnIA, EnIB, EnDA, EnDB; 48-bit addresses without tags.
  cpu.st64(envOff.sctlr_el1, 1n << 31n | 1n << 30n | 1n << 27n | 1n << 13n);
  cpu.st64(envOff.tcr_el1, 16n | 16n << 16n);
  for (const [n, key] of (['apia', 'apib', 'apda', 'apdb'] as const).entries()) {
    cpu.st64(envOff[key], 0x84be85ce9804e94bn + BigInt(n));
    cpu.st64(envOff[key] + 8, 0xec2802d4e0a488e9n);
  }
  bench.load(0xb100, [0]);
  const forms = {
    'pacia x1, x2; braa x1, x2': 'pacia x1, x2; braa x1, x3', 'pacib x1, x2; brab x1, x2': 'pacia x1, x2; brab x1, x2',
    'paciza x1; braaz x1': 'pacizb x1; braaz x1', 'pacia x1, sp; blraa x1, sp': 'pacia x1, sp; blraa x1, x2', 'pacizb x1; blrabz x1': 'blrabz x1',
    'mov x30, x1; paciasp; retaa': 'mov x30, x1; pacibsp; retaa', 'mov x30, x1; pacibsp; retab': 'mov x30, x1; pacibsp; add sp, sp, #16; retab',
    'pacdza x1; ldraa x5, [x1, #-8]': 'pacdzb x1; ldraa x5, [x1, #-8]', 'pacdzb x1; ldrab x5, [x1, #8]!': 'pacdza x1; ldrab x5, [x1, #8]!',
  };
  let at = 0xc000;
  const go = (src: string, flags: number) => {
    bench.setX(1, 0xb100n); bench.setX(2, 0x1234n); bench.setX(3, 0x5678n); bench.setX(5, 0n); bench.setX(31, 0x8000n);
    bench.cpu.st32(envOff.btype, 0);
    bench.flags = flags;
    const code = words(src);
    bench.load(at, [...code, 0]);
    at += 4 * code.length + 4;
    return bench.run(at - 4 * code.length - 4);
  };
  bench.ram.setBigUint64(0xb100 - 8, 0x1111n, true);
  bench.ram.setBigUint64(0xb100 + 8, 0x2222n, true);
  for (const [good, bad] of Object.entries(forms)) {
    const isLoad = good.includes('ldra'), active = putFlag(TBFlag.PAUTH_ACTIVE, 1);
    const stop = go(good, active);
    if (isLoad) t.equal(bench.x(5), good.includes('#-8') ? 0x1111n : 0x2222n, good);
    else t.equal(stop.pc, 0xb100n, good);
    if (good.includes('!')) t.equal(bench.x(1), 0xb108n, 'write-back is of the authenticated address');
    t.match(go(bad, active), { excp: isLoad ? EXCP.DATA_ABORT : EXCP.PREFETCH_ABORT }, `${bad}: not a valid address`);
    if (!good.startsWith('mov')) t.match(go(good.replace(/^.*; /, ''), 0), isLoad ? { excp: EXCP.UDEF } : { pc: 0xb100n }, 'no key enabled: taken as it is');
  }
  bench.flags = 0;
  t.end();
});
