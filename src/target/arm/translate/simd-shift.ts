// Advanced SIMD shifts by immediate, vector and scalar, and conversions to and from fixed point.
import type { Temp } from '../../../tcg/types.ts';
import { addVec, andVec, dupC, dupConst, extendVec, orVec, sariVec, shliVec, shriVec, type Half } from '../../../tcg/vec-gen.ts';
import { constVec, convInfo, fpInsn, helper, PREC, readScalar, Rounding, writeScalar, type Row, type S } from './fp-common.ts';
import { callVec, cleared, elementBits, narrowLow, widthOf, withDest, writeNarrow } from './simd-common.ts';

interface Shift { q: number; imm: number; rn: number; rd: number }
/** Emits d = n shifted, lanes of `size`; `acc` is the old Vd. d is written last. */
type Emit = (s: S, size: number, d: Temp, n: Temp, count: number, acc: Temp) => void;

// --- same size -----------------------------------------------------------------------------------------------------------

type Shr = typeof shriVec;
const shr = (f: Shr): Emit => (s, size, d, n, count) => f(s.tcg, size, d, n, count);
/** Half a unit of the result is added first: its bit is the last one shifted out. */
const roundingShr = (f: Shr): Emit => (s, size, d, n, count) => {
  const bit = s.tcg.vec(), t = s.tcg.vec();
  f(s.tcg, size, bit, n, count - 1);
  andVec(s.tcg, bit, bit, dupC(s.tcg, size, 1));
  f(s.tcg, size, t, n, count);
  addVec(s.tcg, size, d, t, bit);
};
const accumulated = (f: Emit): Emit => (s, size, d, n, count, acc) => {
  const t = s.tcg.vec();
  f(s, size, t, n, count, acc);
  addVec(s.tcg, size, d, acc, t);
};
const shl: Emit = (s, size, d, n, count) => shliVec(s.tcg, size, d, n, count);
/** SLI, SRI: the bits that the shift leaves free keep their old value. */
const insert = (left: boolean): Emit => (s, size, d, n, count, acc) => {
  const bits = elementBits(size), ones = (1n << BigInt(bits)) - 1n;
  const kept = left ? (1n << BigInt(count)) - 1n : ones ^ (ones >> BigInt(count));
  const x = s.tcg.vec(), y = s.tcg.vec();
  if (left) shliVec(s.tcg, size, x, n, count); else shriVec(s.tcg, size, x, n, count);
  andVec(s.tcg, y, acc, dupConst(size, kept));
  orVec(s.tcg, d, x, y);
};
/** A helper that takes its count as a vector. */
const called = (name: string): Emit => (s, size, d, n, count) => callVec(s, name, size, d, n, dupC(s.tcg, size, count));

interface Same { name: string; u: 0 | 1; opcode: string; right: boolean; emit: Emit; scalar?: 'all' | 'd'; saturates?: boolean }
const SAME: readonly Same[] = [
  { name: 'SSHR', u: 0, opcode: '00000', right: true, scalar: 'd', emit: shr(sariVec) },
  { name: 'USHR', u: 1, opcode: '00000', right: true, scalar: 'd', emit: shr(shriVec) },
  { name: 'SSRA', u: 0, opcode: '00010', right: true, scalar: 'd', emit: accumulated(shr(sariVec)) },
  { name: 'USRA', u: 1, opcode: '00010', right: true, scalar: 'd', emit: accumulated(shr(shriVec)) },
  { name: 'SRSHR', u: 0, opcode: '00100', right: true, scalar: 'd', emit: roundingShr(sariVec) },
  { name: 'URSHR', u: 1, opcode: '00100', right: true, scalar: 'd', emit: roundingShr(shriVec) },
  { name: 'SRSRA', u: 0, opcode: '00110', right: true, scalar: 'd', emit: accumulated(roundingShr(sariVec)) },
  { name: 'URSRA', u: 1, opcode: '00110', right: true, scalar: 'd', emit: accumulated(roundingShr(shriVec)) },
  { name: 'SRI', u: 1, opcode: '01000', right: true, scalar: 'd', emit: insert(false) },
  { name: 'SHL', u: 0, opcode: '01010', right: false, scalar: 'd', emit: shl },
  { name: 'SLI', u: 1, opcode: '01010', right: false, scalar: 'd', emit: insert(true) },
  { name: 'SQSHLU', u: 1, opcode: '01100', right: false, scalar: 'all', saturates: true, emit: called('sqshlu') },
  { name: 'SQSHL_i', u: 0, opcode: '01110', right: false, scalar: 'all', saturates: true, emit: called('sqshl') },
  { name: 'UQSHL_i', u: 1, opcode: '01110', right: false, scalar: 'all', saturates: true, emit: called('uqshl') },
];

/** The count from the low bits of immh:immb. */
const countOf = (op: { right: boolean }, size: number, imm: number): number => (op.right ? elementBits(size) - imm : imm);

const emitSame = (s: S, op: Same, size: number, a: Shift, bits: number): true => fpInsn(s, () => withDest(s, a.rd, bits, (d) =>
  op.emit(s, size, d, op.saturates ? cleared(s, a.rn, bits) : s.g.v[a.rn], countOf(op, size, a.imm), s.g.v[a.rd])));
const vector = (op: Same, size: number) => (s: S, a: Shift): boolean => (size < 3 || a.q === 1) && emitSame(s, op, size, a, widthOf(a.q));
const scalar = (op: Same, size: number) => (s: S, a: Shift): boolean => emitSame(s, op, size, a, elementBits(size));

// --- widening and narrowing ------------------------------------------------------------------------------------------------

const shll = (unsigned: boolean, size: number) => (s: S, a: Shift): boolean => fpInsn(s, () => {
  const t = s.tcg.vec();
  extendVec(s.tcg, size + 1, (a.q | (unsigned ? 2 : 0)) as Half, t, s.g.v[a.rn]);
  shliVec(s.tcg, size + 1, s.g.v[a.rd], t, a.imm);
});

const shrn = (round: boolean, size: number) => (s: S, a: Shift): boolean => fpInsn(s, () => {
  const { tcg } = s, t = tcg.vec(), count = elementBits(size) - a.imm;
  if (round) {
    addVec(tcg, size + 1, t, s.g.v[a.rn], dupC(tcg, size + 1, 1n << BigInt(count - 1)));
    shriVec(tcg, size + 1, t, t, count);
  } else shriVec(tcg, size + 1, t, s.g.v[a.rn], count);
  writeNarrow(s, a.rd, a.q, narrowLow(s, size, t));
});

/** Saturating: the helper gives the low half. */
export function narrowSaturated(s: S, name: string, size: number, rd: number, q: number, n: Temp, count: number): void {
  const t = s.tcg.vec();
  callVec(s, name, size, t, n, dupC(s.tcg, size, count));
  writeNarrow(s, rd, q, t);
}
const qshrn = (name: string, size: number) => (s: S, a: Shift): boolean =>
  fpInsn(s, () => narrowSaturated(s, name, size, a.rd, a.q, s.g.v[a.rn], elementBits(size) - a.imm));
const qshrnScalar = (name: string, size: number) => (s: S, a: Shift): boolean =>
  fpInsn(s, () => narrowSaturated(s, name, size, a.rd, 0, cleared(s, a.rn, elementBits(size + 1)), elementBits(size) - a.imm));

// --- fixed point -----------------------------------------------------------------------------------------------------------

const fixedInfo = (toInt: boolean, unsigned: boolean, size: number, imm: number): bigint =>
  convInfo(toInt ? Rounding.ZERO : Rounding.FPCR, unsigned, false, elementBits(size) - imm, elementBits(size));
const fixed = (toInt: boolean, unsigned: boolean, size: number) => (s: S, a: Shift): boolean => {
  if ((size === 3 && !a.q) || (size === 1 && !s.feat.fp16)) return false;
  return fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) => {
    const info = constVec(s, fixedInfo(toInt, unsigned, size, a.imm));
    // What lies above 64 bits is cleared: zero converts exactly.
    callVec(s, toInt ? 'vfcvt_int' : 'vint_fcvt', size, d, cleared(s, a.rn, widthOf(a.q)), info);
  }));
};
const fixedScalar = (toInt: boolean, unsigned: boolean, size: number) => (s: S, a: Shift): boolean => {
  if (size === 1 && !s.feat.fp16) return false;
  return fpInsn(s, () => {
    const x = readScalar(s, a.rn, size), t = s.tcg.i64();
    if (!toInt && !unsigned) s.tcg.sextract(x, x, 0, elementBits(size));
    s.tcg.callW(helper(s, `${toInt ? 'fcvt_int' : 'int_fcvt'}_${PREC[size]}`), t, x, fixedInfo(toInt, unsigned, size, a.imm));
    writeScalar(s, a.rd, t);
  });
};

// --- the table -------------------------------------------------------------------------------------------------------------

/** immh:immb by size: the highest set bit of immh (immh 0000 is the modified immediates' space). */
const IMM = ['0001 imm:3', '001 imm:4', '01 imm:5', '1 imm:6'] as const;
const vec = (name: string, u: number, size: number, opcode: string, trans: Row['trans']): Row =>
  ({ name: `${name}_${PREC[size]}`, pattern: `0 q:1 ${u} 011110 ${IMM[size]} ${opcode} 1 rn:5 rd:5`, trans });
const scl = (name: string, u: number, size: number, opcode: string, trans: Row['trans']): Row =>
  ({ name: `${name}_${PREC[size]}_s`, pattern: `01 ${u} 111110 ${IMM[size]} ${opcode} 1 rn:5 rd:5`, trans });
const NARROW: readonly { name: string; u: number; opcode: string }[] = [
  { name: 'sqshrn', u: 0, opcode: '10010' }, { name: 'uqshrn', u: 1, opcode: '10010' }, { name: 'sqshrun', u: 1, opcode: '10000' },
  { name: 'sqrshrn', u: 0, opcode: '10011' }, { name: 'uqrshrn', u: 1, opcode: '10011' }, { name: 'sqrshrun', u: 1, opcode: '10001' },
];

export const simdShiftRows: Row[] = [
  ...SAME.flatMap((op) => [0, 1, 2, 3].flatMap((size) => [
    vec(op.name, op.u, size, op.opcode, vector(op, size)),
    ...(op.scalar === 'all' || (op.scalar === 'd' && size === 3) ? [scl(op.name, op.u, size, op.opcode, scalar(op, size))] : []),
  ])),
  ...[0, 1, 2].flatMap((size) => [
    vec('SSHLL', 0, size, '10100', shll(false, size)), vec('USHLL', 1, size, '10100', shll(true, size)),
    vec('SHRN', 0, size, '10000', shrn(false, size)), vec('RSHRN', 0, size, '10001', shrn(true, size)),
    ...NARROW.flatMap((n) => [vec(n.name.toUpperCase(), n.u, size, n.opcode, qshrn(n.name, size)), scl(n.name.toUpperCase(), n.u, size, n.opcode, qshrnScalar(n.name, size))]),
  ]),
  ...[1, 2, 3].flatMap((size) => [0, 1].flatMap((u) => [
    vec(u ? 'UCVTF_fixed' : 'SCVTF_fixed', u, size, '11100', fixed(false, u === 1, size)), scl(u ? 'UCVTF_fixed' : 'SCVTF_fixed', u, size, '11100', fixedScalar(false, u === 1, size)),
    vec(u ? 'FCVTZU_fixed' : 'FCVTZS_fixed', u, size, '11111', fixed(true, u === 1, size)), scl(u ? 'FCVTZU_fixed' : 'FCVTZS_fixed', u, size, '11111', fixedScalar(true, u === 1, size)),
  ])),
];
