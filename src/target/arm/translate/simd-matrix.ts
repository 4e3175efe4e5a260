// Advanced SIMD extensions on complex numbers, half-precision and BFloat16 products and byte matrices: FCMA, FHM, BF16, I8MM.
import type { Temp } from '../../../tcg/types.ts';
import { andVec, dupConst, indexConst, shliVec, swizzleVec, xorVec } from '../../../tcg/vec-gen.ts';
import { fpInsn, helper, readScalar, writeScalar, type Row, type S } from './fp-common.ts';
import { callVec, dupElement, elementBits, fpOperand, padOnes, widthOf, withDest, writeNarrow } from './simd-common.ts';
import { emitFmla, emitFp2 } from './simd-fp.ts';

interface Regs { q: number; size: number; rot: number; rm: number; rn: number; rd: number }
interface Indexed extends Regs { l: number; m: number; h: number }

// --- complex numbers: pairs of a real element and, above it, an imaginary one --------------------------------------------

/** Whether the CPU has complex arithmetic on elements of that size, in so many bits. */
const complexSize = (s: S, a: Regs): boolean => s.feat.fcma && a.size > 0 && (a.size > 1 || s.feat.fp16) && (a.size < 3 || a.q === 1);

/** Each element = the one of its pair that `from` names for real and imaginary part. */
function choosePart(s: S, size: number, v: Temp, from: readonly [number, number]): Temp {
  const t = s.tcg.vec(), bytes = 1 << size;
  swizzleVec(s.tcg, t, v, indexConst(Array.from({ length: 16 }, (_, i) => (i & ~(2 * bytes - 1)) + from[(i >> size) & 1] * bytes + (i & (bytes - 1)))));
  return t;
}
/** The real parts, the imaginary ones or both negated. */
function negateParts(s: S, size: number, v: Temp, parts: readonly [boolean, boolean]): Temp {
  if (!parts[0] && !parts[1]) return v;
  const t = s.tcg.vec(), bits = BigInt(elementBits(size)), sign = 1n << (bits - 1n);
  const pair = (parts[0] ? sign : 0n) | (parts[1] ? sign << bits : 0n);
  let mask = 0n;
  for (let at = 0n; at < 128n; at += 2n * bits) mask |= pair << at;
  xorVec(s.tcg, t, v, mask);
  return t;
}
/** A computed operand, padded as `fpOperand` does. */
const padded = (s: S, a: Regs, v: Temp): Temp => (a.q ? v : padOnes(s, v, a.size));

/** FCADD: the second operand turned by 90 or 270 degrees. */
function trans_FCADD(s: S, a: Regs): boolean {
  return complexSize(s, a) && fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) => {
    const turned = negateParts(s, a.size, choosePart(s, a.size, s.g.v[a.rm], [1, 0]), a.rot ? [false, true] : [true, false]);
    emitFp2(s, 'fadd', a.size, d, fpOperand(s, a.rn, a.q, a.size), padded(s, a, turned));
  }));
}

/** FCMLA by rotation: which part of n, in which order the parts of m, and what is negated. */
const ROTATIONS = [
  { part: 0, order: [0, 1], negate: [false, false] }, { part: 1, order: [1, 0], negate: [true, false] },
  { part: 0, order: [0, 1], negate: [true, true] }, { part: 1, order: [1, 0], negate: [false, true] },
] as const;
const fcmla = (s: S, a: Regs, m: Temp): void => withDest(s, a.rd, widthOf(a.q), (d) => {
  const { part, order, negate } = ROTATIONS[a.rot];
  const n = choosePart(s, a.size, s.g.v[a.rn], [part, part]), turned = negateParts(s, a.size, choosePart(s, a.size, m, order), negate);
  emitFmla(s, a.size, d, fpOperand(s, a.rd, a.q, a.size), padded(s, a, n), padded(s, a, turned), false);
});
const trans_FCMLA = (s: S, a: Regs): boolean => complexSize(s, a) && fpInsn(s, () => fcmla(s, a, s.g.v[a.rm]));
/** The pair is an element of twice the size. */
function trans_FCMLA_vi(s: S, a: Indexed): boolean {
  if (!complexSize(s, a) || a.size === 3 || (a.size === 1 ? a.h && !a.q : a.l || !a.q)) return false;
  const index = a.size === 1 ? a.h << 1 | a.l : a.h;
  return fpInsn(s, () => fcmla(s, a, dupElement(s, a.m << 4 | a.rm, a.size + 1, index)));
}

// --- half precision, widened: FMLAL, FMLSL ------------------------------------------------------------------------------------

const single = (s: S, name: string, v: Temp): Temp => {
  const t = s.tcg.vec();
  callVec(s, name, undefined, t, v);
  return t;
};
/** Elements `part` × (half the register) on, at the bottom. */
function lowerPart(s: S, a: Regs, part: number): Temp {
  if (!part) return s.g.v[a.rn];
  return shifted(s, s.g.v[a.rn], a.q ? 8 : 4);
}
function shifted(s: S, v: Temp, bytes: number): Temp {
  const t = s.tcg.vec();
  swizzleVec(s.tcg, t, v, indexConst(Array.from({ length: 16 - bytes }, (_, i) => i + bytes)));
  return t;
}
const fmlal = (s: S, a: Regs, m: Temp, part: number, negate: boolean): true => fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) => {
  const operand = (v: Temp): Temp => {
    const w = single(s, 'fhm_widen', v);
    return a.q ? w : padOnes(s, w, 2);
  };
  emitFmla(s, 2, d, fpOperand(s, a.rd, a.q, 2), operand(lowerPart(s, a, part)), operand(m), negate);
}));
const fmlalVector = (part: number, negate: boolean) => (s: S, a: Regs): boolean =>
  s.feat.fhm && fmlal(s, a, part ? shifted(s, s.g.v[a.rm], a.q ? 8 : 4) : s.g.v[a.rm], part, negate);
const fmlalIndexed = (part: number, negate: boolean) => (s: S, a: Indexed): boolean =>
  s.feat.fhm && fmlal(s, a, dupElement(s, a.rm, 1, a.h << 2 | a.l << 1 | a.m), part, negate);

// --- BFloat16 -------------------------------------------------------------------------------------------------------------------

function trans_BFCVT(s: S, a: Regs): boolean {
  return s.feat.bf16 && fpInsn(s, () => {
    const t = s.tcg.i64();
    s.tcg.callW(helper(s, 'bfcvt'), t, readScalar(s, a.rn, 2));
    writeScalar(s, a.rd, t);
  });
}
const trans_BFCVTN = (s: S, a: Regs): boolean => s.feat.bf16 && fpInsn(s, () => writeNarrow(s, a.rd, a.q, single(s, 'vbfcvtn', s.g.v[a.rn])));
const accumulate = (s: S, name: string, a: Regs, m: Temp): void =>
  withDest(s, a.rd, widthOf(a.q), (d) => callVec(s, name, undefined, d, s.g.v[a.rd], s.g.v[a.rn], m));
const trans_BFDOT = (s: S, a: Regs): boolean => s.feat.bf16 && fpInsn(s, () => accumulate(s, 'bfdot', a, s.g.v[a.rm]));
const trans_BFDOT_vi = (s: S, a: Indexed): boolean =>
  s.feat.bf16 && fpInsn(s, () => accumulate(s, 'bfdot', a, dupElement(s, a.m << 4 | a.rm, 2, a.h << 1 | a.l)));
/** BFMLALB, BFMLALT (Q): a BFloat16 is the upper half of a single. */
const bfmlal = (s: S, a: Regs, m: Temp): void => {
  const operand = (v: Temp): Temp => {
    const t = s.tcg.vec();
    if (a.q) andVec(s.tcg, t, v, dupConst(2, 0xffff0000n)); else shliVec(s.tcg, 2, t, v, 16);
    return t;
  };
  emitFmla(s, 2, s.g.v[a.rd], s.g.v[a.rd], operand(s.g.v[a.rn]), operand(m), false);
};
const trans_BFMLAL = (s: S, a: Regs): boolean => s.feat.bf16 && fpInsn(s, () => bfmlal(s, a, s.g.v[a.rm]));
const trans_BFMLAL_vi = (s: S, a: Indexed): boolean =>
  s.feat.bf16 && fpInsn(s, () => bfmlal(s, a, dupElement(s, a.rm, 1, a.h << 2 | a.l << 1 | a.m)));

// --- matrices -------------------------------------------------------------------------------------------------------------------

const matrix = (name: string, has: (s: S) => boolean) => (s: S, a: Regs): boolean => has(s) && fpInsn(s, () => accumulate(s, name, { ...a, q: 1 }, s.g.v[a.rm]));
const i8mm = (name: string) => matrix(name, (s) => s.feat.i8mm);

// --- the table --------------------------------------------------------------------------------------------------------------------

const three = (name: string, head: string, size: string, opcode: string, trans: Row['trans']): Row =>
  ({ name, pattern: `0 ${head} 01110 ${size} 0 rm:5 1 ${opcode} 1 rn:5 rd:5`, trans });
const widening = (name: string, u: number, a: number, opcode: string, trans: Row['trans']): Row =>
  ({ name, pattern: `0 q:1 ${u} 01110 ${a} 0 1 rm:5 ${opcode} 1 rn:5 rd:5`, trans });
const element = (name: string, u: number, size: string, opcode: string, trans: Row['trans']): Row =>
  ({ name: `${name}_vi`, pattern: `0 q:1 ${u} 01111 ${size} l:1 m:1 rm:4 ${opcode} h:1 0 rn:5 rd:5`, trans });

export const simdMatrixRows: Row[] = [
  { name: 'FCADD_v', pattern: '0 q:1 1 01110 size:2 0 rm:5 1 11 rot:1 0 1 rn:5 rd:5', trans: trans_FCADD },
  { name: 'FCMLA_v', pattern: '0 q:1 1 01110 size:2 0 rm:5 1 10 rot:2 1 rn:5 rd:5', trans: trans_FCMLA },
  element('FCMLA', 1, 'size:2', '0 rot:2 1', trans_FCMLA_vi),
  widening('FMLAL_v', 0, 0, '11101', fmlalVector(0, false)), widening('FMLSL_v', 0, 1, '11101', fmlalVector(0, true)),
  widening('FMLAL2_v', 1, 0, '11001', fmlalVector(1, false)), widening('FMLSL2_v', 1, 1, '11001', fmlalVector(1, true)),
  element('FMLAL', 0, '10', '0000', fmlalIndexed(0, false)), element('FMLSL', 0, '10', '0100', fmlalIndexed(0, true)),
  element('FMLAL2', 1, '10', '1000', fmlalIndexed(1, false)), element('FMLSL2', 1, '10', '1100', fmlalIndexed(1, true)),
  { name: 'BFCVT', pattern: '000 11110 01 1 000110 10000 rn:5 rd:5', trans: trans_BFCVT },
  { name: 'BFCVTN_v', pattern: '0 q:1 0 01110 10 10000 10110 10 rn:5 rd:5', trans: trans_BFCVTN },
  three('BFDOT_v', 'q:1 1', '01', '1111', trans_BFDOT), element('BFDOT', 0, '01', '1111', trans_BFDOT_vi),
  three('BFMLAL_v', 'q:1 1', '11', '1111', trans_BFMLAL), element('BFMLAL', 0, '11', '1111', trans_BFMLAL_vi),
  three('BFMMLA', '1 1', '01', '1101', matrix('bfmmla', (s) => s.feat.bf16)),
  three('SMMLA', '1 0', '10', '0100', i8mm('smmla')), three('UMMLA', '1 1', '10', '0100', i8mm('ummla')), three('USMMLA', '1 0', '10', '0101', i8mm('usmmla')),
];
