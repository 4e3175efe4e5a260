// Advanced SIMD, integer: three registers of the same size, three different, and the scalar forms of both.
import { Cond, type Temp } from '../../../tcg/types.ts';
import {
  absVec, addVec, andcVec, andVec, avgrVec, bitselVec, cmpVec, dupC, extendVec, extmulVec, Half, mulVec, orcVec, orVec, sariVec, shriVec, smaxVec,
  sminVec, subVec, umaxVec, uminVec, xorVec,
} from '../../../tcg/vec-gen.ts';
import { constVec, fpInsn, type Row, type S } from './fp-common.ts';
import { callVec, cleared, elementBits, everyOther, highHalf, narrowLow, widthOf, withDest, writeNarrow } from './simd-common.ts';

/** Emits d = op(n, m), lanes of `size`; `acc` is the old Vd. d may be a register that n, m or acc are: it is written last. */
export type Three = (s: S, size: number, d: Temp, n: Temp, m: Temp, acc: Temp, bits: number) => void;
interface Same { name: string; u: 0 | 1; opcode: string; sizes: readonly number[]; scalar?: readonly number[]; saturates?: boolean; emit: Three }
interface Regs { q: number; size: number; rm: number; rn: number; rd: number }

const BHS = [0, 1, 2], HS = [1, 2], D = [3], ALL = [0, 1, 2, 3];

// --- what the operations are -------------------------------------------------------------------------------------------

type Vec2 = typeof addVec;
const plain = (f: Vec2): Three => (s, size, d, n, m) => f(s.tcg, size, d, n, m);
const called = (name: string): Three => (s, size, d, n, m) => callVec(s, name, size, d, n, m);
const compare = (cond: Cond): Three => (s, size, d, n, m) => cmpVec(s.tcg, cond, size, d, n, m);
/** Twice: even elements, odd elements. */
const pairwise = (f: Vec2): Three => (s, size, d, n, m, _acc, bits) =>
  f(s.tcg, size, d, everyOther(s, size, bits, 0, n, m), everyOther(s, size, bits, 1, n, m));
/** The operation, then acc + or - its result. */
const accumulated = (f: Three, g: Vec2): Three => (s, size, d, n, m, acc, bits) => {
  const t = s.tcg.vec();
  f(s, size, t, n, m, acc, bits);
  g(s.tcg, size, d, acc, t);
};

/** (a + b) >> 1 = (a & b) + ((a ^ b) >> 1) */
const halvingAdd = (shr: typeof sariVec): Three => (s, size, d, n, m) => {
  const x = s.tcg.vec(), y = s.tcg.vec();
  andVec(s.tcg, x, n, m);
  xorVec(s.tcg, y, n, m);
  shr(s.tcg, size, y, y, 1);
  addVec(s.tcg, size, d, x, y);
};
/** (a + b + 1) >> 1 = (a | b) - ((a ^ b) >> 1) */
const roundingHalvingAdd = (shr: typeof sariVec): Three => (s, size, d, n, m) => {
  if (shr === shriVec && size < 2) return avgrVec(s.tcg, size, d, n, m);
  const x = s.tcg.vec(), y = s.tcg.vec();
  orVec(s.tcg, x, n, m);
  xorVec(s.tcg, y, n, m);
  shr(s.tcg, size, y, y, 1);
  subVec(s.tcg, size, d, x, y);
};
/** (a - b) >> 1 = ((a ^ b) >> 1) - (~a & b) */
const halvingSub = (shr: typeof sariVec): Three => (s, size, d, n, m) => {
  const x = s.tcg.vec(), y = s.tcg.vec();
  andcVec(s.tcg, x, m, n);
  xorVec(s.tcg, y, n, m);
  shr(s.tcg, size, y, y, 1);
  subVec(s.tcg, size, d, y, x);
};
const difference = (max: Vec2, min: Vec2): Three => (s, size, d, n, m) => {
  const x = s.tcg.vec(), y = s.tcg.vec();
  max(s.tcg, size, x, n, m);
  min(s.tcg, size, y, n, m);
  subVec(s.tcg, size, d, x, y);
};
const sabd = difference(smaxVec, sminVec), uabd = difference(umaxVec, uminVec);
const multiply: Three = (s, size, d, n, m) => mulVec(s.tcg, size, d, n, m);

const SAME: readonly Same[] = [
  { name: 'SHADD', u: 0, opcode: '00000', sizes: BHS, emit: halvingAdd(sariVec) },
  { name: 'UHADD', u: 1, opcode: '00000', sizes: BHS, emit: halvingAdd(shriVec) },
  { name: 'SQADD', u: 0, opcode: '00001', sizes: ALL, scalar: ALL, saturates: true, emit: called('sqadd') },
  { name: 'UQADD', u: 1, opcode: '00001', sizes: ALL, scalar: ALL, saturates: true, emit: called('uqadd') },
  { name: 'SRHADD', u: 0, opcode: '00010', sizes: BHS, emit: roundingHalvingAdd(sariVec) },
  { name: 'URHADD', u: 1, opcode: '00010', sizes: BHS, emit: roundingHalvingAdd(shriVec) },
  { name: 'SHSUB', u: 0, opcode: '00100', sizes: BHS, emit: halvingSub(sariVec) },
  { name: 'UHSUB', u: 1, opcode: '00100', sizes: BHS, emit: halvingSub(shriVec) },
  { name: 'SQSUB', u: 0, opcode: '00101', sizes: ALL, scalar: ALL, saturates: true, emit: called('sqsub') },
  { name: 'UQSUB', u: 1, opcode: '00101', sizes: ALL, scalar: ALL, saturates: true, emit: called('uqsub') },
  { name: 'CMGT', u: 0, opcode: '00110', sizes: ALL, scalar: D, emit: compare(Cond.GT) },
  { name: 'CMHI', u: 1, opcode: '00110', sizes: ALL, scalar: D, emit: compare(Cond.GTU) },
  { name: 'CMGE', u: 0, opcode: '00111', sizes: ALL, scalar: D, emit: compare(Cond.GE) },
  { name: 'CMHS', u: 1, opcode: '00111', sizes: ALL, scalar: D, emit: compare(Cond.GEU) },
  { name: 'SSHL', u: 0, opcode: '01000', sizes: ALL, scalar: D, emit: called('sshl') },
  { name: 'USHL', u: 1, opcode: '01000', sizes: ALL, scalar: D, emit: called('ushl') },
  { name: 'SQSHL', u: 0, opcode: '01001', sizes: ALL, scalar: ALL, saturates: true, emit: called('sqshl') },
  { name: 'UQSHL', u: 1, opcode: '01001', sizes: ALL, scalar: ALL, saturates: true, emit: called('uqshl') },
  { name: 'SRSHL', u: 0, opcode: '01010', sizes: ALL, scalar: D, emit: called('srshl') },
  { name: 'URSHL', u: 1, opcode: '01010', sizes: ALL, scalar: D, emit: called('urshl') },
  { name: 'SQRSHL', u: 0, opcode: '01011', sizes: ALL, scalar: ALL, saturates: true, emit: called('sqrshl') },
  { name: 'UQRSHL', u: 1, opcode: '01011', sizes: ALL, scalar: ALL, saturates: true, emit: called('uqrshl') },
  { name: 'SMAX', u: 0, opcode: '01100', sizes: BHS, emit: plain(smaxVec) },
  { name: 'UMAX', u: 1, opcode: '01100', sizes: BHS, emit: plain(umaxVec) },
  { name: 'SMIN', u: 0, opcode: '01101', sizes: BHS, emit: plain(sminVec) },
  { name: 'UMIN', u: 1, opcode: '01101', sizes: BHS, emit: plain(uminVec) },
  { name: 'SABD', u: 0, opcode: '01110', sizes: BHS, emit: sabd },
  { name: 'UABD', u: 1, opcode: '01110', sizes: BHS, emit: uabd },
  { name: 'SABA', u: 0, opcode: '01111', sizes: BHS, emit: accumulated(sabd, addVec) },
  { name: 'UABA', u: 1, opcode: '01111', sizes: BHS, emit: accumulated(uabd, addVec) },
  { name: 'ADD', u: 0, opcode: '10000', sizes: ALL, scalar: D, emit: plain(addVec) },
  { name: 'SUB', u: 1, opcode: '10000', sizes: ALL, scalar: D, emit: plain(subVec) },
  { name: 'CMTST', u: 0, opcode: '10001', sizes: ALL, scalar: D, emit: compare(Cond.TSTNE) },
  { name: 'CMEQ', u: 1, opcode: '10001', sizes: ALL, scalar: D, emit: compare(Cond.EQ) },
  { name: 'MLA', u: 0, opcode: '10010', sizes: BHS, emit: accumulated(multiply, addVec) },
  { name: 'MLS', u: 1, opcode: '10010', sizes: BHS, emit: accumulated(multiply, subVec) },
  { name: 'MUL', u: 0, opcode: '10011', sizes: BHS, emit: plain(mulVec) },
  { name: 'PMUL', u: 1, opcode: '10011', sizes: [0], emit: called('pmul') },
  { name: 'SMAXP', u: 0, opcode: '10100', sizes: BHS, emit: pairwise(smaxVec) },
  { name: 'UMAXP', u: 1, opcode: '10100', sizes: BHS, emit: pairwise(umaxVec) },
  { name: 'SMINP', u: 0, opcode: '10101', sizes: BHS, emit: pairwise(sminVec) },
  { name: 'UMINP', u: 1, opcode: '10101', sizes: BHS, emit: pairwise(uminVec) },
  { name: 'SQDMULH', u: 0, opcode: '10110', sizes: HS, scalar: HS, saturates: true, emit: called('sqdmulh') },
  { name: 'SQRDMULH', u: 1, opcode: '10110', sizes: HS, scalar: HS, saturates: true, emit: called('sqrdmulh') },
  { name: 'ADDP', u: 0, opcode: '10111', sizes: ALL, emit: pairwise(addVec) },
];

function emitSame(s: S, op: Pick<Same, 'emit' | 'saturates'>, a: Regs, bits: number): void {
  const input = (r: number): Temp => (op.saturates ? cleared(s, r, bits) : s.g.v[r]);
  withDest(s, a.rd, bits, (d) => op.emit(s, a.size, d, input(a.rn), input(a.rm), s.g.v[a.rd], bits));
}
const vector = (op: Same) => (s: S, a: Regs): boolean =>
  op.sizes.includes(a.size) && (a.size < 3 || a.q === 1) && fpInsn(s, () => emitSame(s, op, a, widthOf(a.q)));
const scalar = (op: Same) => (s: S, a: Regs): boolean =>
  op.scalar!.includes(a.size) && fpInsn(s, () => emitSame(s, op, a, elementBits(a.size)));

// --- bitwise logic -------------------------------------------------------------------------------------------------------

type Logic = (s: S, d: Temp, n: Temp, m: Temp, old: Temp) => void;
/** By U and size. */
const LOGIC: readonly { name: string; bits: string; emit: Logic }[] = [
  { name: 'AND', bits: '0 01110 00', emit: (s, d, n, m) => andVec(s.tcg, d, n, m) },
  { name: 'BIC', bits: '0 01110 01', emit: (s, d, n, m) => andcVec(s.tcg, d, n, m) },
  { name: 'ORR', bits: '0 01110 10', emit: (s, d, n, m) => (n === m ? s.tcg.mov(d, n) : orVec(s.tcg, d, n, m)) },
  { name: 'ORN', bits: '0 01110 11', emit: (s, d, n, m) => orcVec(s.tcg, d, n, m) },
  { name: 'EOR', bits: '1 01110 00', emit: (s, d, n, m) => (n === m ? s.tcg.mov(d, constVec(s, 0n)) : xorVec(s.tcg, d, n, m)) },
  { name: 'BSL', bits: '1 01110 01', emit: (s, d, n, m, old) => bitselVec(s.tcg, d, old, n, m) },
  { name: 'BIT', bits: '1 01110 10', emit: (s, d, n, m, old) => bitselVec(s.tcg, d, m, n, old) },
  { name: 'BIF', bits: '1 01110 11', emit: (s, d, n, m, old) => bitselVec(s.tcg, d, m, old, n) },
];
const logic = (emit: Logic) => (s: S, a: Regs): boolean =>
  fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) => emit(s, d, s.g.v[a.rn], s.g.v[a.rm], s.g.v[a.rd])));

// --- rounding doubling accumulation, dot products --------------------------------------------------------------------------

const rdm = (name: string, isScalar: boolean) => (s: S, a: Regs): boolean => {
  if (!s.feat.rdm || !HS.includes(a.size)) return false;
  const bits = isScalar ? elementBits(a.size) : widthOf(a.q);
  return fpInsn(s, () => withDest(s, a.rd, bits, (d) => callVec(s, name, a.size, d, cleared(s, a.rd, bits), cleared(s, a.rn, bits), cleared(s, a.rm, bits))));
};
const dot = (name: string, has: (s: S) => boolean) => (s: S, a: Regs): boolean =>
  a.size === 2 && has(s) && fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) => callVec(s, name, undefined, d, s.g.v[a.rd], s.g.v[a.rn], s.g.v[a.rm])));

// --- three different -----------------------------------------------------------------------------------------------------

/** Which half the narrow operands are, by Q. */
const half = (q: number, unsigned: boolean): Half => (q | (unsigned ? 2 : 0)) as Half;

/** Both operands widened (`wide`: the first is wide already), then an operation on lanes of size + 1. */
const long = (f: Three, unsigned: boolean, wide = false): Three => (s, size, d, n, m, acc, bits) => {
  const h = half(bits === 128 ? 1 : 0, unsigned), x = wide ? n : s.tcg.vec(), y = s.tcg.vec();
  if (!wide) extendVec(s.tcg, size + 1, h, x, n);
  extendVec(s.tcg, size + 1, h, y, m);
  f(s, size + 1, d, x, y, acc, 128);
};
const longMultiply = (unsigned: boolean): Three => (s, size, d, n, m, _acc, bits) =>
  extmulVec(s.tcg, size + 1, half(bits === 128 ? 1 : 0, unsigned), d, n, m);
/** |a - b| of widened lanes cannot wrap. */
const widenedDifference: Three = (s, size, d, n, m) => {
  const t = s.tcg.vec();
  subVec(s.tcg, size, t, n, m);
  absVec(s.tcg, size, d, t);
};
const longAccumulate = (f: Three, g: Vec2): Three => (s, size, d, n, m, acc, bits) => {
  const t = s.tcg.vec();
  f(s, size, t, n, m, acc, bits);
  g(s.tcg, size + 1, d, acc, t);
};
const add = plain(addVec), sub = plain(subVec);

interface Different { name: string; opcode: string; signed: Three; unsigned: Three }
const DIFFERENT: readonly Different[] = [
  { name: 'ADDL', opcode: '0000', signed: long(add, false), unsigned: long(add, true) },
  { name: 'ADDW', opcode: '0001', signed: long(add, false, true), unsigned: long(add, true, true) },
  { name: 'SUBL', opcode: '0010', signed: long(sub, false), unsigned: long(sub, true) },
  { name: 'SUBW', opcode: '0011', signed: long(sub, false, true), unsigned: long(sub, true, true) },
  { name: 'ABAL', opcode: '0101', signed: long(accumulated(widenedDifference, addVec), false), unsigned: long(accumulated(widenedDifference, addVec), true) },
  { name: 'ABDL', opcode: '0111', signed: long(widenedDifference, false), unsigned: long(widenedDifference, true) },
  { name: 'MLAL', opcode: '1000', signed: longAccumulate(longMultiply(false), addVec), unsigned: longAccumulate(longMultiply(true), addVec) },
  { name: 'MLSL', opcode: '1010', signed: longAccumulate(longMultiply(false), subVec), unsigned: longAccumulate(longMultiply(true), subVec) },
  { name: 'MULL', opcode: '1100', signed: longMultiply(false), unsigned: longMultiply(true) },
];
const different = (emit: Three) => (s: S, a: Regs): boolean =>
  a.size < 3 && fpInsn(s, () => emit(s, a.size, s.g.v[a.rd], s.g.v[a.rn], s.g.v[a.rm], s.g.v[a.rd], widthOf(a.q)));

/** ADDHN, SUBHN and their rounding forms: the high halves of wide results. */
const highNarrow = (f: Vec2, round: boolean) => (s: S, a: Regs): boolean => a.size < 3 && fpInsn(s, () => {
  const { tcg } = s, t = tcg.vec(), bits = elementBits(a.size);
  f(tcg, a.size + 1, t, s.g.v[a.rn], s.g.v[a.rm]);
  if (round) addVec(tcg, a.size + 1, t, t, dupC(tcg, a.size + 1, 1n << BigInt(bits - 1)));
  shriVec(tcg, a.size + 1, t, t, bits);
  writeNarrow(s, a.rd, a.q, narrowLow(s, a.size, t));
});

/** SQDMULL, SQDMLAL, SQDMLSL: the helper works on low halves. `bits` of each operand count. */
export function doublingLong(s: S, name: string, size: number, rd: number, q: number, n: Temp, m: Temp): void {
  const [x, y] = q ? [highHalf(s, n), highHalf(s, m)] : [n, m];
  if (name === 'sqdmull') callVec(s, name, size, s.g.v[rd], x, y);
  else callVec(s, name, size, s.g.v[rd], s.g.v[rd], x, y);
}
const sqdm = (name: string) => (s: S, a: Regs): boolean =>
  HS.includes(a.size) && fpInsn(s, () => doublingLong(s, name, a.size, a.rd, a.q, s.g.v[a.rn], s.g.v[a.rm]));
/** Scalar: products of the zeros above the element saturate nothing, but the accumulator's upper lanes must go. */
export function doublingLongScalar(s: S, name: string, size: number, rd: number, n: Temp, m: Temp): void {
  if (name === 'sqdmull') callVec(s, name, size, s.g.v[rd], n, m);
  else callVec(s, name, size, s.g.v[rd], cleared(s, rd, elementBits(size + 1)), n, m);
}
const sqdmScalar = (name: string) => (s: S, a: Regs): boolean => HS.includes(a.size) && fpInsn(s, () =>
  doublingLongScalar(s, name, a.size, a.rd, cleared(s, a.rn, elementBits(a.size)), cleared(s, a.rm, elementBits(a.size))));

/** PMULL: bytes to halfwords, or doublewords to 128 bits. */
function trans_PMULL(s: S, a: Regs): boolean {
  if (a.size !== 0 && !(a.size === 3 && s.feat.pmull)) return false;
  return fpInsn(s, () => {
    const [x, y] = a.q ? [highHalf(s, s.g.v[a.rn]), highHalf(s, s.g.v[a.rm])] : [s.g.v[a.rn], s.g.v[a.rm]];
    callVec(s, 'pmull', a.size, s.g.v[a.rd], x, y);
  });
}

// --- the table -----------------------------------------------------------------------------------------------------------

const regs = 'rn:5 rd:5';
const threeDiff = (name: string, u: number, opcode: string, trans: Row['trans']): Row =>
  ({ name, pattern: `0 q:1 ${u} 01110 size:2 1 rm:5 ${opcode} 00 ${regs}`, trans });
const extra = (name: string, head: string, opcode: string, trans: Row['trans']): Row => ({ name, pattern: `${head} size:2 0 rm:5 1 ${opcode} 1 ${regs}`, trans });

export const simdThreeRows: Row[] = [
  ...SAME.flatMap((op): Row[] => [
    { name: `${op.name}_v`, pattern: `0 q:1 ${op.u} 01110 size:2 1 rm:5 ${op.opcode} 1 ${regs}`, trans: vector(op) },
    ...(op.scalar ? [{ name: `${op.name}_s`, pattern: `01 ${op.u} 11110 size:2 1 rm:5 ${op.opcode} 1 ${regs}`, trans: scalar(op) }] : []),
  ]),
  ...LOGIC.map((op): Row => ({ name: `${op.name}_v`, pattern: `0 q:1 ${op.bits} 1 rm:5 00011 1 ${regs}`, trans: logic(op.emit) })),
  ...DIFFERENT.flatMap((op) => [threeDiff(`S${op.name}_v`, 0, op.opcode, different(op.signed)), threeDiff(`U${op.name}_v`, 1, op.opcode, different(op.unsigned))]),
  threeDiff('ADDHN', 0, '0100', highNarrow(addVec, false)), threeDiff('RADDHN', 1, '0100', highNarrow(addVec, true)),
  threeDiff('SUBHN', 0, '0110', highNarrow(subVec, false)), threeDiff('RSUBHN', 1, '0110', highNarrow(subVec, true)),
  threeDiff('PMULL', 0, '1110', trans_PMULL),
  ...(['sqdmlal', 'sqdmlsl', 'sqdmull'] as const).flatMap((name, i) => {
    const opcode = ['1001', '1011', '1101'][i];
    return [threeDiff(`${name.toUpperCase()}_v`, 0, opcode, sqdm(name)),
      { name: `${name.toUpperCase()}_s`, pattern: `01 0 11110 size:2 1 rm:5 ${opcode} 00 ${regs}`, trans: sqdmScalar(name) }];
  }),
  extra('SQRDMLAH_v', '0 q:1 1 01110', '0000', rdm('sqrdmlah', false)), extra('SQRDMLSH_v', '0 q:1 1 01110', '0001', rdm('sqrdmlsh', false)),
  extra('SQRDMLAH_s', '01 1 11110', '0000', rdm('sqrdmlah', true)), extra('SQRDMLSH_s', '01 1 11110', '0001', rdm('sqrdmlsh', true)),
  extra('SDOT_v', '0 q:1 0 01110', '0010', dot('sdot', (s) => s.feat.dotprod)), extra('UDOT_v', '0 q:1 1 01110', '0010', dot('udot', (s) => s.feat.dotprod)),
  extra('USDOT_v', '0 q:1 0 01110', '0011', dot('usdot', (s) => s.feat.i8mm)),
];
