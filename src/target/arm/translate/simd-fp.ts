// Advanced SIMD floating point: three-same, two-register miscellaneous, pairwise and across lanes, vector and scalar.
import type { Temp } from '../../../tcg/types.ts';
import { andVec, dupConst, xorVec } from '../../../tcg/vec-gen.ts';
import { FpCmp, fmaVec, fp2Vec, fpCmpVec, fsqrtVec, hostFuses } from '../../../tcg/fp-gen.ts';
import { scalarFromInt, scalarToInt } from './fp.ts';
import {
  constVec, convInfo, FP_STATUS, fpInsn, helper, HOST_FP2, onHost, PREC, readLane, readLaneSigned, readScalar, Rounding, vectorForm, writeScalar, type Row, type S,
} from './fp-common.ts';
import { callVec, cleared, elementBits, everyOther, fpOperand, highHalf, padOnes, widthOf, withDest, writeNarrow } from './simd-common.ts';

/** `sz` is there in single- and double-precision forms; the half-precision ones have encodings of their own. */
interface Regs { q: number; sz?: number; rm: number; rn: number; rd: number }
const sizeOf = (a: { sz?: number }): number => (a.sz === undefined ? 1 : 2 + a.sz);
/** Whether the CPU has elements of that size. */
const hasSize = (s: S, size: number): boolean => size > 1 || s.feat.fp16;

/** Emits an allocated vector instruction: `body` gets the destination, to be written last. */
const vectorInsn = (s: S, a: { q: number; sz?: number; rd: number }, body: (d: Temp, size: number) => void): boolean => {
  const size = sizeOf(a);
  return hasSize(s, size) && (size < 3 || a.q === 1) && fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) => body(d, size)));
};
/** Emits an allocated scalar instruction whose result `body` returns, zero-extended. */
const scalarInsn = (s: S, a: { sz?: number; rd: number }, body: (size: number) => Temp): boolean => {
  const size = sizeOf(a);
  return hasSize(s, size) && fpInsn(s, () => writeScalar(s, a.rd, body(size)));
};
const callScalar = (s: S, name: string, size: number, ...args: (Temp | bigint)[]): Temp => {
  const t = s.tcg.i64();
  s.tcg.callW(helper(s, `${name}_${PREC[size]}`), t, ...args);
  return t;
};

// --- three registers -------------------------------------------------------------------------------------------------------

const HOST_COMPARISONS: Readonly<Record<string, FpCmp | undefined>> = { fcmeq: FpCmp.EQ, fcmge: FpCmp.GE, fcmgt: FpCmp.GT };
/** d = name(n, m) on lanes. */
export function emitFp2(s: S, name: string, size: number, d: Temp, n: Temp, m: Temp): void {
  if (name === 'fabd') {
    const t = s.tcg.vec();
    emitFp2(s, 'fsub', size, t, n, m);
    return andVec(s.tcg, d, t, withoutSign(size));
  }
  const h = helper(s, `v${name}_${PREC[size]}`), op = HOST_FP2[name], cond = HOST_COMPARISONS[name], form = vectorForm(size);
  if (!onHost(s, size) || (op === undefined && cond === undefined)) s.tcg.callV(h, d, n, m);
  else if (op !== undefined) fp2Vec(s.tcg, op, form, h, FP_STATUS, d, n, m);
  else fpCmpVec(s.tcg, cond!, form, h, d, n, m);
}
const withoutSign = (size: number): bigint => dupConst(size, (1n << BigInt(elementBits(size) - 1)) - 1n);
const two = (name: string) => (s: S, a: Regs): boolean => vectorInsn(s, a, (d, size) =>
  emitFp2(s, name, size, d, fpOperand(s, a.rn, a.q, size), fpOperand(s, a.rm, a.q, size)));
const twoScalar = (name: string) => (s: S, a: Regs): boolean => scalarInsn(s, a, (size) => callScalar(s, name, size, readScalar(s, a.rn, size), readScalar(s, a.rm, size)));
const pairwise = (name: string) => (s: S, a: Regs): boolean => vectorInsn(s, a, (d, size) => {
  const half = (odd: number): Temp => {
    const t = everyOther(s, size, widthOf(a.q), odd, s.g.v[a.rn], s.g.v[a.rm]);
    return a.q ? t : padOnes(s, t, size);
  };
  emitFp2(s, name, size, d, half(0), half(1));
});

/** d = acc ± n × m. The product's sign is that of the negated first factor, NaNs included. */
export function emitFmla(s: S, size: number, d: Temp, acc: Temp, n: Temp, m: Temp, negate: boolean): void {
  let x = n;
  if (negate) xorVec(s.tcg, (x = s.tcg.vec()), n, dupConst(size, 1n << BigInt(elementBits(size) - 1)));
  const h = helper(s, `vfmla_${PREC[size]}`);
  if (onHost(s, size) && hostFuses()) fmaVec(s.tcg, vectorForm(size), h, FP_STATUS, d, acc, x, m);
  else s.tcg.callV(h, d, acc, x, m);
}
const fmla = (negate: boolean) => (s: S, a: Regs): boolean => vectorInsn(s, a, (d, size) =>
  emitFmla(s, size, d, fpOperand(s, a.rd, a.q, size), fpOperand(s, a.rn, a.q, size), fpOperand(s, a.rm, a.q, size), negate));

// --- one register ----------------------------------------------------------------------------------------------------------

const one = (name: string) => (s: S, a: Regs): boolean => vectorInsn(s, a, (d, size) => callVec(s, `v${name}`, size, d, fpOperand(s, a.rn, a.q, size)));
const fsqrt = (s: S, a: Regs): boolean => vectorInsn(s, a, (d, size) => {
  const h = helper(s, `vfsqrt_${PREC[size]}`), n = fpOperand(s, a.rn, a.q, size);
  if (onHost(s, size)) fsqrtVec(s.tcg, vectorForm(size), h, FP_STATUS, d, n);
  else s.tcg.callV(h, d, n);
});
const oneScalar = (name: string) => (s: S, a: Regs): boolean => scalarInsn(s, a, (size) => callScalar(s, name, size, readScalar(s, a.rn, size)));
const fabs = (s: S, a: Regs): boolean => vectorInsn(s, a, (d, size) => andVec(s.tcg, d, s.g.v[a.rn], withoutSign(size)));
const fneg = (s: S, a: Regs): boolean => vectorInsn(s, a, (d, size) =>
  xorVec(s.tcg, d, s.g.v[a.rn], dupConst(size, 1n << BigInt(elementBits(size) - 1))));
const round = (rounding: number, exact = false) => (s: S, a: Regs): boolean => vectorInsn(s, a, (d, size) =>
  callVec(s, 'vfrint', size, d, fpOperand(s, a.rn, a.q, size), constVec(s, convInfo(rounding, false, exact))));
const roundN = (rounding: number, bits: number) => (s: S, a: Regs): boolean => s.feat.frintts && vectorInsn(s, a, (d, size) =>
  callVec(s, 'vfrintn', size, d, fpOperand(s, a.rn, a.q, size), constVec(s, convInfo(rounding, false, false, 0, bits))));

/** Comparison with zero; `swap`: zero comes first. */
const zero = (name: string, swap: boolean) => (s: S, a: Regs): boolean => vectorInsn(s, a, (d, size) => {
  const n = fpOperand(s, a.rn, a.q, size), z = constVec(s, 0n);
  emitFp2(s, name, size, d, swap ? z : n, swap ? n : z);
});
const zeroScalar = (name: string, swap: boolean) => (s: S, a: Regs): boolean => scalarInsn(s, a, (size) => {
  const n = readScalar(s, a.rn, size);
  return callScalar(s, name, size, ...(swap ? [0n, n] : [n, 0n]));
});

// Conversions: zeros above a 64-bit operand convert exactly.
const toInt = (rounding: number, unsigned: boolean) => (s: S, a: Regs): boolean => vectorInsn(s, a, (d, size) =>
  callVec(s, 'vfcvt_int', size, d, cleared(s, a.rn, widthOf(a.q)), constVec(s, convInfo(rounding, unsigned, false, 0, elementBits(size)))));
const toIntScalar = (rounding: number, unsigned: boolean) => (s: S, a: Regs): boolean => scalarInsn(s, a, (size) => {
  const t = s.tcg.i64();
  scalarToInt(s, size, t, s.g.v[a.rn], rounding, unsigned, elementBits(size));
  return t;
});
const fromInt = (unsigned: boolean) => (s: S, a: Regs): boolean => vectorInsn(s, a, (d, size) =>
  callVec(s, 'vint_fcvt', size, d, cleared(s, a.rn, widthOf(a.q)), constVec(s, convInfo(Rounding.FPCR, unsigned))));
const fromIntScalar = (unsigned: boolean) => (s: S, a: Regs): boolean => {
  const size = sizeOf(a);
  return hasSize(s, size) && fpInsn(s, () =>
    scalarFromInt(s, size, s.g.v[a.rd], unsigned ? readScalar(s, a.rn, size) : readLaneSigned(s, a.rn, size, 0), unsigned, elementBits(size)));
};

/** FCVTL, FCVTN: between half and single (sz = 0) or single and double; always there. */
const trans_FCVTL = (s: S, a: Regs): boolean => fpInsn(s, () =>
  callVec(s, 'vfcvtl', 1 + a.sz!, s.g.v[a.rd], a.q ? highHalf(s, s.g.v[a.rn]) : s.g.v[a.rn]));
const narrow = (name: (a: Regs) => string) => (s: S, a: Regs): boolean => fpInsn(s, () => {
  const t = s.tcg.vec();
  callVec(s, name(a), undefined, t, s.g.v[a.rn]);
  writeNarrow(s, a.rd, a.q, t);
});
const trans_FCVTXN_s = (s: S, a: Regs): boolean => fpInsn(s, () => {
  const t = s.tcg.i64();
  s.tcg.callW(helper(s, 'fcvtxn'), t, readScalar(s, a.rn, 3));
  writeScalar(s, a.rd, t);
});

// --- pairwise scalar, across lanes -----------------------------------------------------------------------------------------

const pair = (name: string) => (s: S, a: Regs): boolean => scalarInsn(s, a, (size) => callScalar(s, name, size, readLane(s, a.rn, size, 0), readLane(s, a.rn, size, 1)));
/** Halves are reduced first, then combined, lower first (Arm ARM, Reduce). */
const across = (name: string) => (s: S, a: Regs): boolean => {
  const size = sizeOf(a);
  if (!hasSize(s, size) || (size === 2 && !a.q)) return false;
  return fpInsn(s, () => {
    const reduce = (from: number, count: number): Temp => (count === 1 ? readLane(s, a.rn, size, from)
      : callScalar(s, name, size, reduce(from, count / 2), reduce(from + count / 2, count / 2)));
    writeScalar(s, a.rd, reduce(0, widthOf(a.q) / 8 >> size));
  });
};

// --- the table -------------------------------------------------------------------------------------------------------------

/** Rows of a three-same instruction, single/double and half precision; opcode is 11xxx. */
const three = (name: string, u: number, a: number, xxx: string, v: Row['trans'] | null, scalar?: Row['trans']): Row[] => [
  ...(v ? [
    { name: `${name}_v`, pattern: `0 q:1 ${u} 01110 ${a} sz:1 1 rm:5 11${xxx} 1 rn:5 rd:5`, trans: v },
    { name: `${name}_vh`, pattern: `0 q:1 ${u} 01110 ${a} 10 rm:5 00 ${xxx} 1 rn:5 rd:5`, trans: v },
  ] : []),
  ...(scalar ? [
    { name: `${name}_s`, pattern: `01 ${u} 11110 ${a} sz:1 1 rm:5 11${xxx} 1 rn:5 rd:5`, trans: scalar },
    { name: `${name}_sh`, pattern: `01 ${u} 11110 ${a} 10 rm:5 00 ${xxx} 1 rn:5 rd:5`, trans: scalar },
  ] : []),
];
const both = (name: string): [Row['trans'], Row['trans']] => [two(name), twoScalar(name)];
/** The same of a two-register instruction. */
const misc = (name: string, u: number, a: number, opcode: string, v: Row['trans'] | null, scalar?: Row['trans']): Row[] => [
  ...(v ? [
    { name: `${name}_v`, pattern: `0 q:1 ${u} 01110 ${a} sz:1 10000 ${opcode} 10 rn:5 rd:5`, trans: v },
    { name: `${name}_vh`, pattern: `0 q:1 ${u} 01110 ${a} 111100 ${opcode} 10 rn:5 rd:5`, trans: v },
  ] : []),
  ...(scalar ? [
    { name: `${name}_s`, pattern: `01 ${u} 11110 ${a} sz:1 10000 ${opcode} 10 rn:5 rd:5`, trans: scalar },
    { name: `${name}_sh`, pattern: `01 ${u} 11110 ${a} 111100 ${opcode} 10 rn:5 rd:5`, trans: scalar },
  ] : []),
];
/** No half-precision form. */
const single = (name: string, u: number, a: number, opcode: string, trans: Row['trans']): Row =>
  ({ name: `${name}_v`, pattern: `0 q:1 ${u} 01110 ${a} sz:1 10000 ${opcode} 10 rn:5 rd:5`, trans });
const convert = (name: string, a: number, opcode: string, rounding: number): Row[] => [
  ...misc(`${name}S`, 0, a, opcode, toInt(rounding, false), toIntScalar(rounding, false)),
  ...misc(`${name}U`, 1, a, opcode, toInt(rounding, true), toIntScalar(rounding, true)),
];
const pairs = (name: string, a: number, opcode: string, fn: string): Row[] => [
  { name: `${name}_s`, pattern: `01 1 11110 ${a} sz:1 11000 ${opcode} 10 rn:5 rd:5`, trans: pair(fn) },
  { name: `${name}_sh`, pattern: `01 0 11110 ${a} 0 11000 ${opcode} 10 rn:5 rd:5`, trans: pair(fn) },
];
const lanes = (name: string, a: number, opcode: string, fn: string): Row[] => [
  // Single precision only: sz stands at 0.
  { name, pattern: `0 q:1 1 01110 ${a} 0 11000 ${opcode} 10 rn:5 rd:5`, trans: (s: S, f: Regs) => across(fn)(s, { ...f, sz: 0 }) },
  { name: `${name}_h`, pattern: `0 q:1 0 01110 ${a} 0 11000 ${opcode} 10 rn:5 rd:5`, trans: across(fn) },
];
const { TIEEVEN, POSINF, NEGINF, ZERO, TIEAWAY, FPCR } = Rounding;

export const simdFpRows: Row[] = [
  ...three('FMAXNM', 0, 0, '000', two('fmaxnm')), ...three('FMINNM', 0, 1, '000', two('fminnm')),
  ...three('FMAXNMP', 1, 0, '000', pairwise('fmaxnm')), ...three('FMINNMP', 1, 1, '000', pairwise('fminnm')),
  ...three('FMLA', 0, 0, '001', fmla(false)), ...three('FMLS', 0, 1, '001', fmla(true)),
  ...three('FADD', 0, 0, '010', two('fadd')), ...three('FSUB', 0, 1, '010', two('fsub')),
  ...three('FADDP', 1, 0, '010', pairwise('fadd')), ...three('FABD', 1, 1, '010', ...both('fabd')),
  ...three('FMULX', 0, 0, '011', ...both('fmulx')), ...three('FMUL', 1, 0, '011', two('fmul')),
  ...three('FCMEQ', 0, 0, '100', ...both('fcmeq')), ...three('FCMGE', 1, 0, '100', ...both('fcmge')), ...three('FCMGT', 1, 1, '100', ...both('fcmgt')),
  ...three('FACGE', 1, 0, '101', ...both('facge')), ...three('FACGT', 1, 1, '101', ...both('facgt')),
  ...three('FMAX', 0, 0, '110', two('fmax')), ...three('FMIN', 0, 1, '110', two('fmin')),
  ...three('FMAXP', 1, 0, '110', pairwise('fmax')), ...three('FMINP', 1, 1, '110', pairwise('fmin')),
  ...three('FRECPS', 0, 0, '111', ...both('frecps')), ...three('FRSQRTS', 0, 1, '111', ...both('frsqrts')), ...three('FDIV', 1, 0, '111', two('fdiv')),

  ...misc('FCMGT_zero', 0, 1, '01100', zero('fcmgt', false), zeroScalar('fcmgt', false)), ...misc('FCMGE_zero', 1, 1, '01100', zero('fcmge', false), zeroScalar('fcmge', false)),
  ...misc('FCMEQ_zero', 0, 1, '01101', zero('fcmeq', false), zeroScalar('fcmeq', false)), ...misc('FCMLE_zero', 1, 1, '01101', zero('fcmge', true), zeroScalar('fcmge', true)),
  ...misc('FCMLT_zero', 0, 1, '01110', zero('fcmgt', true), zeroScalar('fcmgt', true)),
  ...misc('FABS', 0, 1, '01111', fabs), ...misc('FNEG', 1, 1, '01111', fneg), ...misc('FSQRT', 1, 1, '11111', fsqrt),
  ...misc('FRINTN', 0, 0, '11000', round(TIEEVEN)), ...misc('FRINTP', 0, 1, '11000', round(POSINF)), ...misc('FRINTA', 1, 0, '11000', round(TIEAWAY)),
  ...misc('FRINTM', 0, 0, '11001', round(NEGINF)), ...misc('FRINTZ', 0, 1, '11001', round(ZERO)),
  ...misc('FRINTX', 1, 0, '11001', round(FPCR, true)), ...misc('FRINTI', 1, 1, '11001', round(FPCR)),
  single('FRINT32Z', 0, 0, '11110', roundN(ZERO, 32)), single('FRINT32X', 1, 0, '11110', roundN(FPCR, 32)),
  single('FRINT64Z', 0, 0, '11111', roundN(ZERO, 64)), single('FRINT64X', 1, 0, '11111', roundN(FPCR, 64)),
  ...convert('FCVTN', 0, '11010', TIEEVEN), ...convert('FCVTP', 1, '11010', POSINF), ...convert('FCVTM', 0, '11011', NEGINF),
  ...convert('FCVTZ', 1, '11011', ZERO), ...convert('FCVTA', 0, '11100', TIEAWAY),
  ...misc('SCVTF', 0, 0, '11101', fromInt(false), fromIntScalar(false)), ...misc('UCVTF', 1, 0, '11101', fromInt(true), fromIntScalar(true)),
  ...misc('FRECPE', 0, 1, '11101', one('frecpe'), oneScalar('frecpe')), ...misc('FRSQRTE', 1, 1, '11101', one('frsqrte'), oneScalar('frsqrte')),
  ...misc('FRECPX', 0, 1, '11111', null, oneScalar('frecpx')),
  single('FCVTL', 0, 0, '10111', trans_FCVTL), single('FCVTN', 0, 0, '10110', narrow((a) => (a.sz ? 'vfcvtn_s' : 'vfcvtn_h'))),
  { name: 'FCVTXN_v', pattern: '0 q:1 1 01110 0 1 10000 10110 10 rn:5 rd:5', trans: narrow(() => 'vfcvtxn') },
  { name: 'FCVTXN_s', pattern: '01 1 11110 0 1 10000 10110 10 rn:5 rd:5', trans: trans_FCVTXN_s },
  ...pairs('FADDP', 0, '01101', 'fadd'), ...pairs('FMAXP', 0, '01111', 'fmax'), ...pairs('FMINP', 1, '01111', 'fmin'),
  ...pairs('FMAXNMP', 0, '01100', 'fmaxnm'), ...pairs('FMINNMP', 1, '01100', 'fminnm'),
  ...lanes('FMAXV', 0, '01111', 'fmax'), ...lanes('FMINV', 1, '01111', 'fmin'), ...lanes('FMAXNMV', 0, '01100', 'fmaxnm'), ...lanes('FMINNMV', 1, '01100', 'fminnm'),
];
