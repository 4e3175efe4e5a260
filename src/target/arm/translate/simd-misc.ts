// Advanced SIMD, integer: two-register miscellaneous, reductions across lanes, scalar pairwise addition.
import { Cond, type Temp } from '../../../tcg/types.ts';
import {
  absVec, addVec, andVec, cmpVec, dupC, extaddVec, extendVec, indexConst, negVec, notVec, orVec, popcntVec, sariVec, shliVec, shriVec, swizzleVec,
  type Half,
} from '../../../tcg/vec-gen.ts';
import { constVec, fpInsn, readLane, writeScalar, type Row, type S } from './fp-common.ts';
import { callVec, cleared, elementBits, narrowLow, widthOf, withDest, writeNarrow } from './simd-common.ts';
import { narrowSaturated } from './simd-shift.ts';

/** Emits d = op(n), lanes of `size`; `acc` is the old Vd. d is written last. */
type One = (s: S, size: number, d: Temp, n: Temp, acc: Temp) => void;
interface Misc { name: string; u: 0 | 1; opcode: string; sizes: readonly number[]; scalar?: readonly number[]; saturates?: boolean; emit: One }
interface Regs { q: number; size: number; rn: number; rd: number }

const BHS = [0, 1, 2], D = [3], ALL = [0, 1, 2, 3];

const called = (name: string): One => (s, size, d, n) => callVec(s, name, size, d, n);
/** The helper that adds an operand of the other sign takes the accumulator second. */
const addMixed = (name: string): One => (s, size, d, n, acc) => callVec(s, name, size, d, n, acc);
const compareZero = (cond: Cond): One => (s, size, d, n) => cmpVec(s.tcg, cond, size, d, n, 0n);
/** Elements in reverse order inside each group of `bytes`. */
const reverse = (bytes: number): One => (s, size, d, n) => swizzleVec(s.tcg, d, n, constVec(s, indexConst(Array.from({ length: 16 }, (_, i) => {
  const last = (bytes >> size) - 1, e = i % bytes >> size;
  return i - i % bytes + ((last - e) << size) + (i & ((1 << size) - 1));
}))));

/** Sums of neighbours, in lanes of size + 1. */
const pairSums = (unsigned: boolean): One => (s, size, d, n) => {
  const { tcg } = s;
  if (size < 2) return extaddVec(tcg, size + 1, unsigned, d, n);
  const x = tcg.vec(), y = tcg.vec();
  if (unsigned) {
    andVec(tcg, x, n, 0x00000000ffffffff_00000000ffffffffn);
    shriVec(tcg, 3, y, n, 32);
  } else {
    shliVec(tcg, 3, x, n, 32);
    sariVec(tcg, 3, x, x, 32);
    sariVec(tcg, 3, y, n, 32);
  }
  addVec(tcg, 3, d, x, y);
};
const pairSumsAccumulated = (unsigned: boolean): One => (s, size, d, n, acc) => {
  const t = s.tcg.vec();
  pairSums(unsigned)(s, size, t, n, acc);
  addVec(s.tcg, size + 1, d, acc, t);
};

/** RBIT: reversed nibbles, looked up and swapped. */
const NIBBLES = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15];
const reverseBits: One = (s, _size, d, n) => {
  const { tcg } = s, low = tcg.vec(), high = tcg.vec();
  andVec(tcg, low, n, dupC(tcg, 0, 15));
  swizzleVec(tcg, low, indexConst(NIBBLES.map((x) => x << 4)), low);
  shriVec(tcg, 0, high, n, 4);
  swizzleVec(tcg, high, indexConst(NIBBLES), high);
  orVec(tcg, d, low, high);
};

const MISC: readonly Misc[] = [
  { name: 'REV64', u: 0, opcode: '00000', sizes: BHS, emit: reverse(8) },
  { name: 'REV32', u: 1, opcode: '00000', sizes: [0, 1], emit: reverse(4) },
  { name: 'REV16', u: 0, opcode: '00001', sizes: [0], emit: reverse(2) },
  { name: 'SADDLP', u: 0, opcode: '00010', sizes: BHS, emit: pairSums(false) },
  { name: 'UADDLP', u: 1, opcode: '00010', sizes: BHS, emit: pairSums(true) },
  { name: 'SUQADD', u: 0, opcode: '00011', sizes: ALL, scalar: ALL, saturates: true, emit: addMixed('suqadd') },
  { name: 'USQADD', u: 1, opcode: '00011', sizes: ALL, scalar: ALL, saturates: true, emit: addMixed('usqadd') },
  { name: 'CLS', u: 0, opcode: '00100', sizes: BHS, emit: called('cls') },
  { name: 'CLZ', u: 1, opcode: '00100', sizes: BHS, emit: called('clz') },
  { name: 'CNT', u: 0, opcode: '00101', sizes: [0], emit: (s, _size, d, n) => popcntVec(s.tcg, d, n) },
  { name: 'SADALP', u: 0, opcode: '00110', sizes: BHS, emit: pairSumsAccumulated(false) },
  { name: 'UADALP', u: 1, opcode: '00110', sizes: BHS, emit: pairSumsAccumulated(true) },
  { name: 'SQABS', u: 0, opcode: '00111', sizes: ALL, scalar: ALL, saturates: true, emit: called('sqabs') },
  { name: 'SQNEG', u: 1, opcode: '00111', sizes: ALL, scalar: ALL, saturates: true, emit: called('sqneg') },
  { name: 'CMGT_zero', u: 0, opcode: '01000', sizes: ALL, scalar: D, emit: compareZero(Cond.GT) },
  { name: 'CMGE_zero', u: 1, opcode: '01000', sizes: ALL, scalar: D, emit: compareZero(Cond.GE) },
  { name: 'CMEQ_zero', u: 0, opcode: '01001', sizes: ALL, scalar: D, emit: compareZero(Cond.EQ) },
  { name: 'CMLE_zero', u: 1, opcode: '01001', sizes: ALL, scalar: D, emit: compareZero(Cond.LE) },
  { name: 'CMLT_zero', u: 0, opcode: '01010', sizes: ALL, scalar: D, emit: compareZero(Cond.LT) },
  { name: 'ABS', u: 0, opcode: '01011', sizes: ALL, scalar: D, emit: (s, size, d, n) => absVec(s.tcg, size, d, n) },
  { name: 'NEG', u: 1, opcode: '01011', sizes: ALL, scalar: D, emit: (s, size, d, n) => negVec(s.tcg, size, d, n) },
];

const emitMisc = (s: S, op: Misc, a: Regs, bits: number): true => fpInsn(s, () => withDest(s, a.rd, bits, (d) => {
  const view = (r: number): Temp => (op.saturates ? cleared(s, r, bits) : s.g.v[r]);
  op.emit(s, a.size, d, view(a.rn), view(a.rd));
}));
const vector = (op: Misc) => (s: S, a: Regs): boolean => op.sizes.includes(a.size) && (a.size < 3 || a.q === 1) && emitMisc(s, op, a, widthOf(a.q));
const scalar = (op: Misc) => (s: S, a: Regs): boolean => op.scalar!.includes(a.size) && emitMisc(s, op, a, elementBits(a.size));

/** NOT and RBIT share an opcode: the size tells them apart. */
function trans_NOT_RBIT(s: S, a: Regs): boolean {
  if (a.size > 1) return false;
  return fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) => {
    if (a.size) reverseBits(s, 0, d, s.g.v[a.rn], d);
    else notVec(s.tcg, d, s.g.v[a.rn]);
  }));
}

// --- narrowing and widening --------------------------------------------------------------------------------------------------

const trans_XTN = (s: S, a: Regs): boolean => a.size < 3 && fpInsn(s, () => writeNarrow(s, a.rd, a.q, narrowLow(s, a.size, s.g.v[a.rn])));
/** SQXTN, SQXTUN, UQXTN are shifts by nothing. */
const xtn = (name: string) => (s: S, a: Regs): boolean =>
  a.size < 3 && fpInsn(s, () => narrowSaturated(s, name, a.size, a.rd, a.q, s.g.v[a.rn], 0));
const xtnScalar = (name: string) => (s: S, a: Regs): boolean =>
  a.size < 3 && fpInsn(s, () => narrowSaturated(s, name, a.size, a.rd, 0, cleared(s, a.rn, elementBits(a.size + 1)), 0));

function trans_SHLL(s: S, a: Regs): boolean {
  return a.size < 3 && fpInsn(s, () => {
    const t = s.tcg.vec();
    extendVec(s.tcg, a.size + 1, (a.q | 2) as Half, t, s.g.v[a.rn]);
    shliVec(s.tcg, a.size + 1, s.g.v[a.rd], t, elementBits(a.size));
  });
}

/** URECPE, URSQRTE: words only. */
const estimate = (name: string) => (s: S, a: Regs): boolean =>
  fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) => callVec(s, name, undefined, d, s.g.v[a.rn])));

// --- across lanes --------------------------------------------------------------------------------------------------------------

/** Sums take zeros in the lanes a 64-bit operand lacks, minima and maxima copies of those it has. */
const across = (name: string, isSum: boolean) => (s: S, a: Regs): boolean => {
  if (a.size === 3 || (a.size === 2 && !a.q)) return false;
  return fpInsn(s, () => {
    let n = s.g.v[a.rn];
    if (!a.q && isSum) n = cleared(s, a.rn, 64);
    else if (!a.q) swizzleVec(s.tcg, (n = s.tcg.vec()), s.g.v[a.rn], indexConst(Array.from({ length: 16 }, (_, i) => i & 7)));
    callVec(s, name, a.size, s.g.v[a.rd], n);
  });
};
const trans_ADDP_s = (s: S, a: Regs): boolean => fpInsn(s, () => {
  const t = s.tcg.i64();
  s.tcg.add(t, readLane(s, a.rn, 3, 0), readLane(s, a.rn, 3, 1));
  writeScalar(s, a.rd, t);
});

// --- the table -------------------------------------------------------------------------------------------------------------

const vec = (name: string, u: number, opcode: string, trans: Row['trans'], size = 'size:2'): Row =>
  ({ name: `${name}_v`, pattern: `0 q:1 ${u} 01110 ${size} 10000 ${opcode} 10 rn:5 rd:5`, trans });
const scl = (name: string, u: number, opcode: string, trans: Row['trans']): Row =>
  ({ name: `${name}_s`, pattern: `01 ${u} 11110 size:2 10000 ${opcode} 10 rn:5 rd:5`, trans });
const lanes = (name: string, u: number, opcode: string, isSum: boolean): Row =>
  ({ name: name.toUpperCase(), pattern: `0 q:1 ${u} 01110 size:2 11000 ${opcode} 10 rn:5 rd:5`, trans: across(name, isSum) });

export const simdMiscRows: Row[] = [
  ...MISC.flatMap((op) => [vec(op.name, op.u, op.opcode, vector(op)), ...(op.scalar ? [scl(op.name, op.u, op.opcode, scalar(op))] : [])]),
  vec('NOT_RBIT', 1, '00101', trans_NOT_RBIT),
  vec('XTN', 0, '10010', trans_XTN), vec('SQXTUN', 1, '10010', xtn('sqshrun')), vec('SQXTN', 0, '10100', xtn('sqshrn')), vec('UQXTN', 1, '10100', xtn('uqshrn')),
  scl('SQXTUN', 1, '10010', xtnScalar('sqshrun')), scl('SQXTN', 0, '10100', xtnScalar('sqshrn')), scl('UQXTN', 1, '10100', xtnScalar('uqshrn')),
  vec('SHLL', 1, '10011', trans_SHLL),
  vec('URECPE', 0, '11100', estimate('urecpe'), '10'), vec('URSQRTE', 1, '11100', estimate('ursqrte'), '10'),
  lanes('saddlv', 0, '00011', true), lanes('uaddlv', 1, '00011', true), lanes('addv', 0, '11011', true),
  lanes('smaxv', 0, '01010', false), lanes('umaxv', 1, '01010', false), lanes('sminv', 0, '11010', false), lanes('uminv', 1, '11010', false),
  { name: 'ADDP_s', pattern: '01 0 11110 11 11000 11011 10 rn:5 rd:5', trans: trans_ADDP_s },
];
