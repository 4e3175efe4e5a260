// Advanced SIMD data movement: DUP, INS, SMOV, UMOV, EXT, TBL, TBX, ZIP, UZP, TRN and modified immediates.
import { Cond, type Temp } from '../../../tcg/types.ts';
import {
  andVec, bitselVec, cmpVec, dupC, dupConst, dupVec, extractVec, indexConst, insertVec, orVec, sextractVec, shuffleVec, subVec, swizzleVec,
} from '../../../tcg/vec-gen.ts';
import { constVec, expandImm, fpInsn, readLane, writeScalar, type Row, type S } from './fp-common.ts';
import { dupElement, widthOf, withDest } from './simd-common.ts';

// --- copies --------------------------------------------------------------------------------------------------------------

interface Copy { q: number; imm5: number; rn: number; rd: number }
/** Size and index of an element from imm5: the lowest set bit is the size. Undefined when reserved. */
function element(imm5: number): { size: number; index: number } | undefined {
  const size = 31 - Math.clz32(imm5 & -imm5);
  return size > 3 || imm5 === 0 ? undefined : { size, index: imm5 >> (size + 1) };
}

function trans_DUP_element(s: S, a: Copy): boolean {
  const e = element(a.imm5);
  if (!e || (e.size === 3 && !a.q)) return false;
  return fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) => s.tcg.mov(d, dupElement(s, a.rn, e.size, e.index))));
}
function trans_DUP_scalar(s: S, a: Copy): boolean {
  const e = element(a.imm5);
  return e !== undefined && fpInsn(s, () => writeScalar(s, a.rd, readLane(s, a.rn, e.size, e.index)));
}
function trans_DUP_general(s: S, a: Copy): boolean {
  const e = element(a.imm5);
  if (!e || (e.size === 3 && !a.q)) return false;
  return fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) => dupVec(s.tcg, e.size, d, s.xr(a.rn))));
}
function trans_SMOV(s: S, a: Copy): boolean {
  const e = element(a.imm5);
  if (!e || e.size > (a.q ? 2 : 1)) return false;
  return fpInsn(s, () => {
    const t = s.tcg.i64();
    sextractVec(s.tcg, e.size, t, s.g.v[a.rn], e.index);
    s.setR(a.rd, a.q, t);
  });
}
function trans_UMOV(s: S, a: Copy): boolean {
  const e = element(a.imm5);
  if (!e || (e.size === 3) !== (a.q === 1)) return false;
  return fpInsn(s, () => extractVec(s.tcg, e.size, s.xd(a.rd), s.g.v[a.rn], e.index));
}
function trans_INS_general(s: S, a: Copy): boolean {
  const e = element(a.imm5);
  return e !== undefined && fpInsn(s, () => insertVec(s.tcg, e.size, s.g.v[a.rd], s.g.v[a.rd], s.xr(a.rn), e.index));
}
function trans_INS_element(s: S, a: Copy & { imm4: number }): boolean {
  const e = element(a.imm5);
  return e !== undefined && fpInsn(s, () =>
    insertVec(s.tcg, e.size, s.g.v[a.rd], s.g.v[a.rd], readLane(s, a.rn, e.size, a.imm4 >> e.size), e.index));
}

// --- permutations --------------------------------------------------------------------------------------------------------

interface Regs { q: number; size: number; rm: number; rn: number; rd: number }
/** Element of the operands, m's after n's, that goes to place i of `count`. `part`: 0 for ZIP1, UZP1, TRN1, 1 for the others. */
type Order = (i: number, count: number, part: number) => number;
const uzp: Order = (i, _count, part) => 2 * i + part;
const trn: Order = (i, count, part) => (i & ~1) + part + (i & 1 ? count : 0);
const zip: Order = (i, count, part) => (i >> 1) + part * (count / 2) + (i & 1 ? count : 0);

const permute = (order: Order, part: number) => (s: S, a: Regs): boolean => {
  if (a.size === 3 && !a.q) return false;
  return fpInsn(s, () => {
    const width = widthOf(a.q) / 8, bytes = 1 << a.size, count = width / bytes;
    const index = indexConst(Array.from({ length: width }, (_, b) => {
      const e = order(Math.floor(b / bytes), count, part);
      return (e < count ? e : 16 / bytes + e - count) * bytes + b % bytes;
    }));
    shuffleVec(s.tcg, s.g.v[a.rd], s.g.v[a.rn], s.g.v[a.rm], constVec(s, index));
  });
};

/** EXT: bytes of m:n from `imm4` on. */
function trans_EXT(s: S, a: { q: number; rm: number; imm4: number; rn: number; rd: number }): boolean {
  if (!a.q && a.imm4 > 7) return false;
  return fpInsn(s, () => {
    const width = a.q ? 16 : 8;
    const index = indexConst(Array.from({ length: width }, (_, i) => (i + a.imm4 < width ? i + a.imm4 : 16 + i + a.imm4 - width)));
    shuffleVec(s.tcg, s.g.v[a.rd], s.g.v[a.rn], s.g.v[a.rm], constVec(s, index));
  });
}

/** TBL and TBX: bytes of 1…4 consecutive registers by index; outside, 0 or the old byte. */
function trans_TBL(s: S, a: { q: number; rm: number; len: number; op: number; rn: number; rd: number }): boolean {
  return fpInsn(s, () => withDest(s, a.rd, widthOf(a.q), (d) => {
    const { tcg } = s, table = Array.from({ length: a.len + 1 }, (_, i) => s.g.v[(a.rn + i) & 31]), index = s.g.v[a.rm];
    let found: Temp | undefined;
    for (let k = 0; k < table.length; k += 2) {
      let i = index;
      if (k) subVec(tcg, 0, (i = tcg.vec()), index, dupC(tcg, 0, 16 * k));
      const t = tcg.vec();
      if (k + 1 < table.length) shuffleVec(tcg, t, table[k], table[k + 1], i); else swizzleVec(tcg, t, table[k], i);
      if (found) orVec(tcg, t, found, t);
      found = t;
    }
    if (!a.op) return tcg.mov(d, found!);
    const inside = tcg.vec();
    cmpVec(tcg, Cond.LTU, 0, inside, index, dupC(tcg, 0, 16 * table.length));
    bitselVec(tcg, d, inside, found!, s.g.v[a.rd]);
  }));
}

// --- modified immediates -------------------------------------------------------------------------------------------------

/** AdvSIMDExpandImm (Arm ARM): the 64-bit pattern. */
export function expandModified(op: number, cmode: number, imm8: number): bigint {
  const v = BigInt(imm8);
  const rep = (bits: number, x: bigint) => dupConst(Math.log2(bits / 8), x) & 0xffffffffffffffffn;
  switch (cmode >> 1) {
    case 0: case 1: case 2: case 3: return rep(32, v << BigInt(8 * (cmode >> 1)));
    case 4: case 5: return rep(16, v << BigInt(8 * (cmode >> 1 & 1)));
    case 6: return rep(32, cmode & 1 ? v << 16n | 0xffffn : v << 8n | 0xffn);
    default:
      if (!(cmode & 1)) return op ? Array.from({ length: 8 }, (_, i) => (imm8 >> i & 1 ? 0xffn << BigInt(8 * i) : 0n)).reduce((x, y) => x | y) : rep(8, v);
      return op ? expandImm(imm8, 3) : rep(32, expandImm(imm8, 2));
  }
}

interface Modified { q: number; op: number; cmode: number; abc: number; defgh: number; rd: number }
const repeated = (q: number, pattern: bigint): bigint => (q ? (pattern << 64n) | pattern : pattern);

/** MOVI, MVNI, ORR, BIC, FMOV. */
function trans_modified(s: S, a: Modified): boolean {
  // cmode 1111 with op: FMOV .2D only.
  if (a.cmode === 15 && a.op && !a.q) return false;
  return fpInsn(s, () => {
    const { tcg } = s, d = s.g.v[a.rd], pattern = expandModified(a.op, a.cmode, a.abc << 5 | a.defgh);
    // Odd cmodes below 12: ORR, or BIC with op; the others MOVI, or MVNI with op below cmode 14.
    if (a.cmode < 12 && a.cmode & 1) {
      const mask = repeated(a.q, 0xffffffffffffffffn), imm = repeated(a.q, pattern);
      if (a.op) andVec(tcg, d, d, mask & ~imm);
      else withDest(s, a.rd, widthOf(a.q), (t) => orVec(tcg, t, d, imm));
    } else {
      const inverted = a.op && a.cmode < 14 ? ~pattern & 0xffffffffffffffffn : pattern;
      tcg.mov(d, constVec(s, repeated(a.q, inverted)));
    }
  });
}
/** FMOV with half-precision elements. */
const trans_FMOV_half = (s: S, a: Modified): boolean => s.feat.fp16 && fpInsn(s, () =>
  s.tcg.mov(s.g.v[a.rd], constVec(s, repeated(a.q, dupConst(1, expandImm(a.abc << 5 | a.defgh, 1)) & 0xffffffffffffffffn))));

// --- the table -----------------------------------------------------------------------------------------------------------

const perm = (name: string, opcode: string, order: Order, part: number): Row =>
  ({ name, pattern: `0 q:1 001110 size:2 0 rm:5 0 ${opcode} 10 rn:5 rd:5`, trans: permute(order, part) });

export const simdMoveRows: Row[] = [
  { name: 'DUP_element_v', pattern: '0 q:1 0 01110000 imm5:5 0 0000 1 rn:5 rd:5', trans: trans_DUP_element },
  { name: 'DUP_element_s', pattern: '01 0 11110000 imm5:5 0 0000 1 rn:5 rd:5', trans: trans_DUP_scalar },
  { name: 'DUP_general', pattern: '0 q:1 0 01110000 imm5:5 0 0001 1 rn:5 rd:5', trans: trans_DUP_general },
  { name: 'SMOV', pattern: '0 q:1 0 01110000 imm5:5 0 0101 1 rn:5 rd:5', trans: trans_SMOV },
  { name: 'UMOV', pattern: '0 q:1 0 01110000 imm5:5 0 0111 1 rn:5 rd:5', trans: trans_UMOV },
  { name: 'INS_general', pattern: '0 1 0 01110000 imm5:5 0 0011 1 rn:5 rd:5', trans: trans_INS_general },
  { name: 'INS_element', pattern: '0 1 1 01110000 imm5:5 0 imm4:4 1 rn:5 rd:5', trans: trans_INS_element },
  perm('UZP1', '001', uzp, 0), perm('UZP2', '101', uzp, 1), perm('TRN1', '010', trn, 0), perm('TRN2', '110', trn, 1),
  perm('ZIP1', '011', zip, 0), perm('ZIP2', '111', zip, 1),
  { name: 'EXT', pattern: '0 q:1 101110 00 0 rm:5 0 imm4:4 0 rn:5 rd:5', trans: trans_EXT },
  { name: 'TBL', pattern: '0 q:1 001110 00 0 rm:5 0 len:2 op:1 00 rn:5 rd:5', trans: trans_TBL },
  { name: 'MOVI', pattern: '0 q:1 op:1 0111100000 abc:3 cmode:4 0 1 defgh:5 rd:5', trans: trans_modified },
  { name: 'FMOV_vh_imm', pattern: '0 q:1 0 0111100000 abc:3 1111 1 1 defgh:5 rd:5', trans: trans_FMOV_half },
];
