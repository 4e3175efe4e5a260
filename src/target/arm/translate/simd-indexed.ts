// Advanced SIMD by element: the second factor is one element of Vm, repeated.
import type { Temp } from '../../../tcg/types.ts';
import { addVec, extmulVec, mulVec, subVec, xorVec, zextVec, type Half } from '../../../tcg/vec-gen.ts';
import { fpInsn, readLane, type Row, type S } from './fp-common.ts';
import { callVec, cleared, dupElement, elementBits, fpOperand, padOnes, widthOf, withDest } from './simd-common.ts';
import { scalarFma, scalarFp2 } from './fp.ts';
import { emitFmla, emitFp2 } from './simd-fp.ts';
import { doublingLong, doublingLongScalar } from './simd-three.ts';

interface Indexed { q: number; size: number; l: number; m: number; rm: number; h: number; rn: number; rd: number }
interface Element { size: number; index: number; rm: number }

/** Integer forms: halfwords of V0…V15 (index H:L:M) or words (index H:L). */
function intElement(a: Indexed): Element | undefined {
  if (a.size === 1) return { size: 1, index: a.h << 2 | a.l << 1 | a.m, rm: a.rm };
  return a.size === 2 ? { size: 2, index: a.h << 1 | a.l, rm: a.m << 4 | a.rm } : undefined;
}
/** FP forms: half (size 00), single (10) and double (11) precision. */
function fpElement(s: S, a: Indexed): Element | undefined {
  if (a.size === 0) return s.feat.fp16 ? { size: 1, index: a.h << 2 | a.l << 1 | a.m, rm: a.rm } : undefined;
  if (a.size === 2) return { size: 2, index: a.h << 1 | a.l, rm: a.m << 4 | a.rm };
  return a.size === 3 && !a.l ? { size: 3, index: a.h, rm: a.m << 4 | a.rm } : undefined;
}

type Emit = (s: S, a: Indexed, e: Element) => void;
const withInt = (emit: Emit) => (s: S, a: Indexed): boolean => {
  const e = intElement(a);
  return e !== undefined && fpInsn(s, () => emit(s, a, e));
};
const withFp = (isVector: boolean, emit: Emit) => (s: S, a: Indexed): boolean => {
  const e = fpElement(s, a);
  return e !== undefined && (!isVector || e.size < 3 || a.q === 1) && fpInsn(s, () => emit(s, a, e));
};
const factor = (s: S, e: Element): Temp => dupElement(s, e.rm, e.size, e.index);
/** The element alone, zeros above: scalar forms of helpers that saturate. */
const scalarFactor = (s: S, e: Element): Temp => {
  const t = s.tcg.vec(), x = readLane(s, e.rm, e.size, e.index);
  zextVec(s.tcg, t, x);
  return t;
};

// --- integer -------------------------------------------------------------------------------------------------------------

const multiply = (accumulate?: typeof addVec): Emit => (s, a, e) => withDest(s, a.rd, widthOf(a.q), (d) => {
  if (!accumulate) return mulVec(s.tcg, e.size, d, s.g.v[a.rn], factor(s, e));
  const t = s.tcg.vec();
  mulVec(s.tcg, e.size, t, s.g.v[a.rn], factor(s, e));
  accumulate(s.tcg, e.size, d, s.g.v[a.rd], t);
});
const multiplyLong = (unsigned: boolean, accumulate?: typeof addVec): Emit => (s, a, e) => {
  const half = (a.q | (unsigned ? 2 : 0)) as Half, d = s.g.v[a.rd];
  if (!accumulate) return extmulVec(s.tcg, e.size + 1, half, d, s.g.v[a.rn], factor(s, e));
  const t = s.tcg.vec();
  extmulVec(s.tcg, e.size + 1, half, t, s.g.v[a.rn], factor(s, e));
  accumulate(s.tcg, e.size + 1, d, d, t);
};
const doubling = (name: string): Emit => (s, a, e) => doublingLong(s, name, e.size, a.rd, a.q, s.g.v[a.rn], factor(s, e));
const doublingScalar = (name: string): Emit => (s, a, e) =>
  doublingLongScalar(s, name, e.size, a.rd, cleared(s, a.rn, elementBits(e.size)), scalarFactor(s, e));
const high = (name: string): Emit => (s, a, e) => withDest(s, a.rd, widthOf(a.q), (d) =>
  callVec(s, name, e.size, d, cleared(s, a.rn, widthOf(a.q)), factor(s, e)));
const highScalar = (name: string): Emit => (s, a, e) => callVec(s, name, e.size, s.g.v[a.rd], cleared(s, a.rn, elementBits(e.size)), scalarFactor(s, e));

/** SQRDMLAH, SQRDMLSH. */
const rdm = (name: string, isScalar: boolean) => (s: S, a: Indexed): boolean => {
  const e = intElement(a);
  if (!e || !s.feat.rdm) return false;
  return fpInsn(s, () => {
    const bits = isScalar ? elementBits(e.size) : widthOf(a.q);
    withDest(s, a.rd, bits, (d) => callVec(s, name, e.size, d, cleared(s, a.rd, bits), cleared(s, a.rn, bits), isScalar ? scalarFactor(s, e) : factor(s, e)));
  });
};
/** Dot products: the element is a group of four bytes. */
const dot = (name: string, size: number, has: (s: S) => boolean) => (s: S, a: Indexed): boolean => {
  if (a.size !== size || !has(s)) return false;
  return fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) =>
    callVec(s, name, undefined, d, s.g.v[a.rd], s.g.v[a.rn], dupElement(s, a.m << 4 | a.rm, 2, a.h << 1 | a.l))));
};

// --- floating point ------------------------------------------------------------------------------------------------------

const fmla = (negate: boolean): Emit => (s, a, e) => withDest(s, a.rd, widthOf(a.q), (d) => {
  const m = factor(s, e);
  emitFmla(s, e.size, d, fpOperand(s, a.rd, a.q, e.size), fpOperand(s, a.rn, a.q, e.size), a.q ? m : padOnes(s, m, e.size), negate);
});
const fmlaScalar = (negate: boolean): Emit => (s, a, e) => {
  let n = s.g.v[a.rn];
  if (negate) xorVec(s.tcg, (n = s.tcg.vec()), s.g.v[a.rn], 1n << BigInt(elementBits(e.size) - 1));
  scalarFma(s, e.size, s.g.v[a.rd], s.g.v[a.rd], n, e.index ? factor(s, e) : s.g.v[e.rm]);
};
const fmul = (name: string): Emit => (s, a, e) => withDest(s, a.rd, widthOf(a.q), (d) => {
  const m = factor(s, e);
  emitFp2(s, name, e.size, d, fpOperand(s, a.rn, a.q, e.size), a.q ? m : padOnes(s, m, e.size));
});
const fmulScalar = (name: string): Emit => (s, a, e) => {
  scalarFp2(s, name, e.size, s.g.v[a.rd], s.g.v[a.rn], e.index ? factor(s, e) : s.g.v[e.rm]);
};

// --- the table -----------------------------------------------------------------------------------------------------------

const vec = (name: string, u: number, opcode: string, trans: Row['trans']): Row =>
  ({ name: `${name}_vi`, pattern: `0 q:1 ${u} 01111 size:2 l:1 m:1 rm:4 ${opcode} h:1 0 rn:5 rd:5`, trans });
const scl = (name: string, u: number, opcode: string, trans: Row['trans']): Row =>
  ({ name: `${name}_si`, pattern: `01 ${u} 11111 size:2 l:1 m:1 rm:4 ${opcode} h:1 0 rn:5 rd:5`, trans });

export const simdIndexedRows: Row[] = [
  vec('MUL', 0, '1000', withInt(multiply())), vec('MLA', 1, '0000', withInt(multiply(addVec))), vec('MLS', 1, '0100', withInt(multiply(subVec))),
  ...[0, 1].flatMap((u) => [
    vec(u ? 'UMULL' : 'SMULL', u, '1010', withInt(multiplyLong(u === 1))), vec(u ? 'UMLAL' : 'SMLAL', u, '0010', withInt(multiplyLong(u === 1, addVec))),
    vec(u ? 'UMLSL' : 'SMLSL', u, '0110', withInt(multiplyLong(u === 1, subVec))),
  ]),
  ...[['SQDMLAL', '0011'], ['SQDMLSL', '0111'], ['SQDMULL', '1011']].flatMap(([name, opcode]) => [
    vec(name, 0, opcode, withInt(doubling(name.toLowerCase()))), scl(name, 0, opcode, withInt(doublingScalar(name.toLowerCase()))),
  ]),
  ...[['SQDMULH', '1100'], ['SQRDMULH', '1101']].flatMap(([name, opcode]) => [
    vec(name, 0, opcode, withInt(high(name.toLowerCase()))), scl(name, 0, opcode, withInt(highScalar(name.toLowerCase()))),
  ]),
  vec('SQRDMLAH', 1, '1101', rdm('sqrdmlah', false)), scl('SQRDMLAH', 1, '1101', rdm('sqrdmlah', true)),
  vec('SQRDMLSH', 1, '1111', rdm('sqrdmlsh', false)), scl('SQRDMLSH', 1, '1111', rdm('sqrdmlsh', true)),
  vec('SDOT', 0, '1110', dot('sdot', 2, (s) => s.feat.dotprod)), vec('UDOT', 1, '1110', dot('udot', 2, (s) => s.feat.dotprod)),
  { name: 'SUDOT_vi', pattern: '0 q:1 0 01111 00 l:1 m:1 rm:4 1111 h:1 0 rn:5 rd:5', trans: (s: S, a: Indexed) => dot('sudot', 0, (c) => c.feat.i8mm)(s, { ...a, size: 0 }) },
  { name: 'USDOT_vi', pattern: '0 q:1 0 01111 10 l:1 m:1 rm:4 1111 h:1 0 rn:5 rd:5', trans: (s: S, a: Indexed) => dot('usdot', 2, (c) => c.feat.i8mm)(s, { ...a, size: 2 }) },
  vec('FMLA', 0, '0001', withFp(true, fmla(false))), scl('FMLA', 0, '0001', withFp(false, fmlaScalar(false))),
  vec('FMLS', 0, '0101', withFp(true, fmla(true))), scl('FMLS', 0, '0101', withFp(false, fmlaScalar(true))),
  vec('FMUL', 0, '1001', withFp(true, fmul('fmul'))), scl('FMUL', 0, '1001', withFp(false, fmulScalar('fmul'))),
  vec('FMULX', 1, '1001', withFp(true, fmul('fmulx'))), scl('FMULX', 1, '1001', withFp(false, fmulScalar('fmulx'))),
];
