// Builder functions of the vector ops. `size` is the log2 of the lane size in bytes (QEMU: vece).
import { Cond, Type, type Temp } from './types.ts';
import type { Arg, TCGContext } from './context.ts';
import { opDef } from './ops/index.ts';
import { dupConst, laneImm, type Half } from './ops/vec.ts';

export { dupConst, Half } from './ops/vec.ts';

const V = Type.V128;
type Bin = (tcg: TCGContext, size: number, d: Temp, a: Arg, b: Arg) => void;
type Logic = (tcg: TCGContext, d: Temp, a: Arg, b: Arg) => void;

const bin = (name: string): Bin => {
  const def = opDef(name);
  return (tcg, size, d, a, b) => { tcg.emit(def, V, [d], [tcg.arg(a, V), tcg.arg(b, V)], [size]); };
};
const logic = (name: string): Logic => {
  const def = opDef(name);
  return (tcg, d, a, b) => { tcg.emit(def, V, [d], [tcg.arg(a, V), tcg.arg(b, V)]); };
};
const un = (name: string) => {
  const def = opDef(name);
  return (tcg: TCGContext, size: number, d: Temp, a: Arg): void => { tcg.emit(def, V, [d], [tcg.arg(a, V)], [size]); };
};
const shift = (name: string, limit: 'zero' | 'last') => {
  const def = opDef(name);
  /** Counts up to the lane size are allowed: a full shift gives zeros, or the sign in every bit. */
  return (tcg: TCGContext, size: number, d: Temp, a: Arg, count: number): void => {
    const bits = 8 << size;
    if (count === 0) return tcg.mov(d, tcg.arg(a, V));
    if (count >= bits && limit === 'zero') return tcg.mov(d, tcg.const(V, 0));
    tcg.emit(def, V, [d], [tcg.arg(a, V)], [size, Math.min(count, bits - 1)]);
  };
};

export const andVec = logic('and_vec'), orVec = logic('or_vec'), xorVec = logic('xor_vec'), andcVec = logic('andc_vec'), orcVec = logic('orc_vec');
export const addVec = bin('add_vec'), subVec = bin('sub_vec'), mulVec = bin('mul_vec');
export const ssaddVec = bin('ssadd_vec'), usaddVec = bin('usadd_vec'), sssubVec = bin('sssub_vec'), ussubVec = bin('ussub_vec');
export const sminVec = bin('smin_vec'), smaxVec = bin('smax_vec'), uminVec = bin('umin_vec'), umaxVec = bin('umax_vec');
/** Bytes and halfwords only. */
export const avgrVec = bin('avgr_vec');
export const negVec = un('neg_vec'), absVec = un('abs_vec');
export const shliVec = shift('shli_vec', 'zero'), shriVec = shift('shri_vec', 'zero'), sariVec = shift('sari_vec', 'last');

const NOT = opDef('not_vec'), BITSEL = opDef('bitsel_vec'), CMP = opDef('cmp_vec'), POPCNT = opDef('popcnt_vec');
const SWIZZLE = opDef('swizzle_vec'), SHUFFLE = opDef('shuffle_vec'), DUP = opDef('dup_vec'), ZEXT = opDef('zext_i64_v128');
const EXTRACT = opDef('extract_vec'), SEXTRACT = opDef('sextract_vec'), INSERT = opDef('insert_vec');
const EXTEND = opDef('extend_vec'), EXTMUL = opDef('extmul_vec'), EXTADD = opDef('extadd_vec'), NARROW = opDef('narrow_vec');

export function notVec(tcg: TCGContext, d: Temp, a: Arg): void { tcg.emit(NOT, V, [d], [tcg.arg(a, V)]); }
/** d = mask ? a : b, bit by bit. */
export function bitselVec(tcg: TCGContext, d: Temp, mask: Arg, a: Arg, b: Arg): void {
  tcg.emit(BITSEL, V, [d], [mask, a, b].map((x) => tcg.arg(x, V)));
}
/** Bits set in each byte. */
export function popcntVec(tcg: TCGContext, d: Temp, a: Arg): void { tcg.emit(POPCNT, V, [d], [tcg.arg(a, V)], [0]); }

/** d = (a cond b) ? -1 : 0 in each lane. */
export function cmpVec(tcg: TCGContext, cond: Cond, size: number, d: Temp, a: Arg, b: Arg): void {
  const x = tcg.arg(a, V), y = tcg.arg(b, V);
  const put = (c: Cond, p: Temp, q: Temp): void => { tcg.emit(CMP, V, [d], [p, q], [size, c]); };
  switch (cond) {
    case Cond.LT: return put(Cond.GT, y, x);
    case Cond.LE: return put(Cond.GE, y, x);
    case Cond.LTU: return put(Cond.GTU, y, x);
    case Cond.LEU: return put(Cond.GEU, y, x);
    case Cond.NE: put(Cond.EQ, x, y); return notVec(tcg, d, d);
    case Cond.TSTEQ: put(Cond.TSTNE, x, y); return notVec(tcg, d, d);
    default: return put(cond, x, y);
  }
}

/** Index vector of the swizzle and shuffle ops from byte numbers; missing ones select 0. */
export const indexConst = (bytes: readonly number[]): bigint =>
  Array.from({ length: 16 }, (_, i) => BigInt((bytes[i] ?? 0xff) & 0xff) << BigInt(8 * i)).reduce((x, y) => x | y);
/** Byte i of d = byte index[i] of a; 0 where the index is above 15. */
export function swizzleVec(tcg: TCGContext, d: Temp, a: Arg, index: Arg): void { tcg.emit(SWIZZLE, V, [d], [tcg.arg(a, V), tcg.arg(index, V)]); }
/** Byte i of d = byte index[i] of b:a; 0 where the index is above 31. */
export function shuffleVec(tcg: TCGContext, d: Temp, a: Arg, b: Arg, index: Arg): void {
  tcg.emit(SHUFFLE, V, [d], [a, b, index].map((x) => tcg.arg(x, V)));
}

/** Each lane of d = low bits of an i64. */
export function dupVec(tcg: TCGContext, size: number, d: Temp, a: Arg): void { tcg.emit(DUP, V, [d], [tcg.arg(a, Type.I64)], [size]); }
/** d = i64, zero-extended. */
export function zextVec(tcg: TCGContext, d: Temp, a: Arg): void { tcg.emit(ZEXT, V, [d], [tcg.arg(a, Type.I64)]); }
/** i64 d = one lane, zero-extended. */
export function extractVec(tcg: TCGContext, size: number, d: Temp, a: Arg, lane: number): void {
  tcg.emit(EXTRACT, Type.I64, [d], [tcg.arg(a, V)], [laneImm(size, lane)]);
}
/** i64 d = one lane, sign-extended. */
export function sextractVec(tcg: TCGContext, size: number, d: Temp, a: Arg, lane: number): void {
  if (size === 3) return extractVec(tcg, size, d, a, lane);
  tcg.emit(SEXTRACT, Type.I64, [d], [tcg.arg(a, V)], [laneImm(size, lane)]);
}
/** d = a with one lane replaced by the low bits of an i64. */
export function insertVec(tcg: TCGContext, size: number, d: Temp, a: Arg, value: Arg, lane: number): void {
  tcg.emit(INSERT, V, [d], [tcg.arg(a, V), tcg.arg(value, Type.I64)], [laneImm(size, lane)]);
}
/** Each lane of d = all bits of one lane of a. */
export function dupLaneVec(tcg: TCGContext, size: number, d: Temp, a: Arg, lane: number): void {
  swizzleVec(tcg, d, a, indexConst(Array.from({ length: 16 }, (_, i) => (lane << size) + (i & ((1 << size) - 1)))));
}
/** d = a with the upper 64 bits cleared. */
export function zext64Vec(tcg: TCGContext, d: Temp, a: Arg): void { andVec(tcg, d, a, 0xffffffffffffffffn); }

/** Lanes of one half of `a`, extended to `size`. */
export function extendVec(tcg: TCGContext, size: number, half: Half, d: Temp, a: Arg): void { tcg.emit(EXTEND, V, [d], [tcg.arg(a, V)], [size, half]); }
/** Products of the lanes of one half of `a` and `b`, in lanes of `size`. */
export function extmulVec(tcg: TCGContext, size: number, half: Half, d: Temp, a: Arg, b: Arg): void {
  tcg.emit(EXTMUL, V, [d], [tcg.arg(a, V), tcg.arg(b, V)], [size, half]);
}
/** Sums of neighbouring lanes, in lanes of `size` (halfwords or words). */
export function extaddVec(tcg: TCGContext, size: number, unsigned: boolean, d: Temp, a: Arg): void {
  tcg.emit(EXTADD, V, [d], [tcg.arg(a, V)], [size, unsigned ? 1 : 0]);
}
/** Lanes of b:a, taken as signed, saturated to signed or unsigned lanes of `size` (bytes or halfwords). */
export function narrowVec(tcg: TCGContext, size: number, unsigned: boolean, d: Temp, a: Arg, b: Arg): void {
  tcg.emit(NARROW, V, [d], [tcg.arg(a, V), tcg.arg(b, V)], [size, unsigned ? 1 : 0]);
}
/** The constant with that value in each lane. */
export const dupC = (tcg: TCGContext, size: number, value: bigint | number): Temp => tcg.const(V, dupConst(size, BigInt(value)));
