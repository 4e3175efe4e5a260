// Vector ops on 128-bit values: lane-wise integer arithmetic, logic, comparison, permutes, lane moves.
// `vece` is the log2 of the lane size in bytes, as in QEMU; lane 0 is the least significant.
import { Type, Cond } from '../types.ts';
import { defOp, OpFlag, type Emit, type OpDef } from './def.ts';
import type { SIMD, LANE } from '../wasm/opcodes.ts';

const V128 = [Type.V128] as const;
const I64 = [Type.I64] as const;
const ALL = (1n << 128n) - 1n;
const SHAPE = ['i8x16', 'i16x8', 'i32x4', 'i64x2'] as const;
const vece = (values: readonly number[] = [0, 1, 2, 3]) => ({ name: 'vece', values }) as const;

type Simd = keyof typeof SIMD;
/** wasm's name of an operation on lanes of size `e`. */
const on = (e: number, name: string): Simd => `${SHAPE[e]}_${name}` as Simd;

/** The constant with that value in each lane of size `e`. */
export function dupConst(e: number, value: bigint): bigint {
  const bits = 8n << BigInt(e);
  const v = value & ((1n << bits) - 1n);
  let r = 0n;
  for (let at = 0n; at < 128n; at += bits) r |= v << at;
  return r;
}
const signBit = (e: number): bigint => dupConst(e, 1n << ((8n << BigInt(e)) - 1n));
const pushDup = (e: Emit, size: number, value: bigint): void => e.w.v128Const(dupConst(size, value));

/** Row of an op with v128 inputs and one v128 result whose emitting function pushes the result. */
function vec(name: string, doc: string, n: number, emit: (e: Emit) => void, more: Partial<OpDef> = {}): OpDef {
  return defOp(name, { doc, types: V128, outs: ['T'], ins: Array.from({ length: n }, () => 'T' as const), ...more, emit: (e) => e.out(0, () => emit(e)) });
}
const push2 = (e: Emit): void => { e.in(0); e.in(1); };

/** Keeps both inputs in scratch vectors: for emitters that need them several times. */
function keep2(e: Emit): { a: () => void; b: () => void } {
  const x = e.scratch('v128', 0), y = e.scratch('v128', 1);
  e.in(0); e.w.localSet(x); e.in(1); e.w.localSet(y);
  return { a: () => e.w.localGet(x), b: () => e.w.localGet(y) };
}

// --- logic -----------------------------------------------------------------------------------------------------------

const logic = [
  vec('and_vec', 't0 = t1 & t2', 2, (e) => { push2(e); e.w.simd('v128_and'); }, { constIns: [1], flags: OpFlag.COMMUTATIVE, fold: (_t, [a, b]) => a & b }),
  vec('or_vec', 't0 = t1 | t2', 2, (e) => { push2(e); e.w.simd('v128_or'); }, { constIns: [1], flags: OpFlag.COMMUTATIVE, fold: (_t, [a, b]) => a | b }),
  vec('xor_vec', 't0 = t1 ^ t2', 2, (e) => { push2(e); e.w.simd('v128_xor'); }, { constIns: [1], flags: OpFlag.COMMUTATIVE, fold: (_t, [a, b]) => a ^ b }),
  vec('andc_vec', 't0 = t1 & ~t2', 2, (e) => { push2(e); e.w.simd('v128_andnot'); }, { constIns: [1], fold: (_t, [a, b]) => a & ~b & ALL }),
  vec('orc_vec', 't0 = t1 | ~t2', 2, (e) => { push2(e); e.w.simd('v128_not'); e.w.simd('v128_or'); }, { fold: (_t, [a, b]) => a | (~b & ALL) }),
  vec('not_vec', 't0 = ~t1', 1, (e) => { e.in(0); e.w.simd('v128_not'); }, { fold: (_t, [a]) => ~a & ALL }),
  vec('bitsel_vec', 't0 = (t1 & t2) | (~t1 & t3)', 3, (e) => { e.in(1); e.in(2); e.in(0); e.w.simd('v128_bitselect'); },
    { fold: (_t, [a, b, c]) => (a & b) | (~a & c & ALL) }),
];

// --- lane-wise arithmetic ----------------------------------------------------------------------------------------------

/** An op with one wasm instruction a lane size. */
const lanewise = (name: string, wasm: string, doc: string, n: number, sizes?: readonly number[], more: Partial<OpDef> = {}): OpDef =>
  vec(name, doc, n, (e) => { for (let i = 0; i < n; i++) e.in(i); e.w.simd(on(e.stat(0), wasm)); }, { imms: [vece(sizes)], ...more });

/** Bytes have no wasm multiply: odd and even bytes are multiplied as halfwords. */
function emitMul8(e: Emit): void {
  const { a, b } = keep2(e), w = e.w;
  a(); b(); w.simd('i16x8_mul'); pushDup(e, 1, 0xffn); w.simd('v128_and');
  a(); w.i32Const(8); w.simd('i16x8_shr_u'); b(); pushDup(e, 1, 0xff00n); w.simd('v128_and'); w.simd('i16x8_mul');
  w.simd('v128_or');
}

/** Pushes a < b, unsigned; wasm lacks it for 64-bit lanes. */
function emitLtu(e: Emit, size: number, a: () => void, b: () => void): void {
  if (size < 3) { a(); b(); e.w.simd(on(size, 'lt_u')); return; }
  a(); pushDup(e, 3, signBit(3)); e.w.simd('v128_xor');
  b(); pushDup(e, 3, signBit(3)); e.w.simd('v128_xor');
  e.w.simd('i64x2_lt_s');
}

/** t0 = saturate(t1 op t2). Words and doublewords are built from the wrapped result and its overflow mask. */
function saturating(name: string, op: 'add' | 'sub', isSigned: boolean): OpDef {
  return vec(name, `t0 = t1 ${op === 'add' ? '+' : '-'} t2 in each lane, ${isSigned ? 'signed' : 'unsigned'} saturation`, 2, (e) => {
    const size = e.stat(0), w = e.w;
    if (size < 2) { push2(e); w.simd(on(size, `${op}_sat_${isSigned ? 's' : 'u'}`)); return; }
    const { a, b } = keep2(e), r = e.scratch('v128', 2), result = () => w.localGet(r);
    a(); b(); w.simd(on(size, op)); w.localSet(r);
    if (!isSigned) {
      // add: r | (r < a); sub: r & ~(a < b)
      result();
      if (op === 'add') { emitLtu(e, size, result, a); w.simd('v128_or'); } else { emitLtu(e, size, a, b); w.simd('v128_andnot'); }
      return;
    }
    // Where the sign of the result is impossible: MAX or MIN by the sign of a.
    const last = (8 << size) - 1;
    a(); w.i32Const(last); w.simd(on(size, 'shr_s')); pushDup(e, size, (1n << BigInt(last)) - 1n); w.simd('v128_xor');
    result();
    a(); if (op === 'add') result(); else b();
    w.simd('v128_xor');
    if (op === 'add') b(); else a();
    result(); w.simd('v128_xor'); w.simd('v128_and');
    w.i32Const(last); w.simd(on(size, 'shr_s'));
    w.simd('v128_bitselect');
  }, { imms: [vece()] });
}

function minmax(name: string, isSigned: boolean, isMax: boolean): OpDef {
  return vec(name, `t0 = ${isMax ? 'larger' : 'smaller'} of t1, t2 in each lane, ${isSigned ? 'signed' : 'unsigned'}`, 2, (e) => {
    const size = e.stat(0), w = e.w;
    if (size < 3) { push2(e); w.simd(on(size, `${isMax ? 'max' : 'min'}_${isSigned ? 's' : 'u'}`)); return; }
    const { a, b } = keep2(e);
    if (isMax) { b(); a(); } else { a(); b(); }
    if (isSigned) { a(); b(); w.simd('i64x2_lt_s'); } else emitLtu(e, 3, a, b);
    w.simd('v128_bitselect');
  }, { imms: [vece()], flags: OpFlag.COMMUTATIVE });
}

const shift = (name: string, wasm: string, doc: string): OpDef =>
  vec(name, doc, 1, (e) => { e.in(0); e.imm(1); e.w.simd(on(e.stat(0), wasm)); }, { imms: [vece(), { name: 'count', width: 'u8' }] });

const arithmetic = [
  lanewise('add_vec', 'add', 't0 = t1 + t2 in each lane', 2, undefined, { flags: OpFlag.COMMUTATIVE }),
  lanewise('sub_vec', 'sub', 't0 = t1 - t2 in each lane', 2),
  vec('mul_vec', 't0 = t1 * t2 in each lane, low half', 2,
    (e) => { if (e.stat(0) === 0) emitMul8(e); else { push2(e); e.w.simd(on(e.stat(0), 'mul')); } }, { imms: [vece()], flags: OpFlag.COMMUTATIVE }),
  lanewise('neg_vec', 'neg', 't0 = -t1 in each lane', 1),
  lanewise('abs_vec', 'abs', 't0 = |t1| in each lane, wrapping', 1),
  saturating('ssadd_vec', 'add', true), saturating('usadd_vec', 'add', false),
  saturating('sssub_vec', 'sub', true), saturating('ussub_vec', 'sub', false),
  minmax('smin_vec', true, false), minmax('smax_vec', true, true), minmax('umin_vec', false, false), minmax('umax_vec', false, true),
  lanewise('avgr_vec', 'avgr_u', 't0 = (t1 + t2 + 1) >> 1 in each lane, unsigned, without overflow', 2, [0, 1], { flags: OpFlag.COMMUTATIVE }),
  lanewise('popcnt_vec', 'popcnt', 't0 = bits set in each lane of t1', 1, [0]),
  shift('shli_vec', 'shl', 't0 = t1 << count in each lane; count below the lane size'),
  shift('shri_vec', 'shr_u', 't0 = t1 >> count in each lane, zeros shifted in'),
  shift('sari_vec', 'shr_s', 't0 = t1 >> count in each lane, sign shifted in'),
];

// --- comparison --------------------------------------------------------------------------------------------------------

/** Conditions of cmp_vec; the others follow by swapping operands or inverting the result. */
export const VEC_CONDS: readonly Cond[] = [Cond.EQ, Cond.GE, Cond.GT, Cond.GEU, Cond.GTU, Cond.TSTNE];

const cmp = vec('cmp_vec', 't0 = (t1 cond t2) ? -1 : 0 in each lane', 2, (e) => {
  const size = e.stat(0), cond = e.stat(1), w = e.w;
  switch (cond) {
    case Cond.EQ: push2(e); w.simd(on(size, 'eq')); break;
    case Cond.GE: push2(e); w.simd(on(size, 'ge_s')); break;
    case Cond.GT: push2(e); w.simd(on(size, 'gt_s')); break;
    case Cond.TSTNE: push2(e); w.simd('v128_and'); w.v128Const(0n); w.simd(on(size, 'ne')); break;
    case Cond.GTU: emitLtu(e, size, () => e.in(1), () => e.in(0)); break;
    default: emitLtu(e, size, () => e.in(0), () => e.in(1)); w.simd('v128_not');
  }
}, { imms: [vece(), { name: 'vcond', values: VEC_CONDS }] });

// --- widening, narrowing, pairwise -------------------------------------------------------------------------------------

/** Which half of the narrow vector a widening op takes, and its extension. */
export const Half = { LOW_S: 0, HIGH_S: 1, LOW_U: 2, HIGH_U: 3 } as const;
export type Half = (typeof Half)[keyof typeof Half];
const HALF = { name: 'half', values: [0, 1, 2, 3] } as const;
const widen = (e: Emit, name: string): Simd => {
  const size = e.stat(0), h = e.stat(1);
  return on(size, `${name}_${h & 1 ? 'high' : 'low'}_${SHAPE[size - 1]}_${h & 2 ? 'u' : 's'}`);
};

const resizing = [
  vec('extend_vec', 't0 = a half of t1, each lane extended to twice its size; vece is the size of the result', 1,
    (e) => { e.in(0); e.w.simd(widen(e, 'extend')); }, { imms: [vece([1, 2, 3]), HALF] }),
  vec('extmul_vec', 't0 = product of a half of t1 and of t2 in lanes of twice the size; vece is the size of the result', 2,
    (e) => { push2(e); e.w.simd(widen(e, 'extmul')); }, { imms: [vece([1, 2, 3]), HALF], flags: OpFlag.COMMUTATIVE }),
  vec('extadd_vec', 't0 = sums of neighbouring lanes of t1, in lanes of twice the size; vece is the size of the result', 1, (e) => {
    const size = e.stat(0);
    e.in(0); e.w.simd(on(size, `extadd_pairwise_${SHAPE[size - 1]}_${e.stat(1) ? 'u' : 's'}`));
  }, { imms: [vece([1, 2]), { name: 'unsigned', values: [0, 1] }] }),
  vec('narrow_vec', 't0 = lanes of t1, then of t2, taken as signed and saturated to half their size; vece is the size of the result', 2, (e) => {
    const size = e.stat(0);
    push2(e); e.w.simd(on(size, `narrow_${SHAPE[size + 1]}_${e.stat(1) ? 'u' : 's'}`));
  }, { imms: [vece([0, 1]), { name: 'unsigned', values: [0, 1] }] }),
];

// --- permutes and lanes ------------------------------------------------------------------------------------------------

const swizzle = vec('swizzle_vec', 'byte i of t0 = byte t2[i] of t1, or 0 when t2[i] > 15', 2,
  (e) => { push2(e); e.w.simd('i8x16_swizzle'); }, { constIns: [1] });

const shuffle = vec('shuffle_vec', 'byte i of t0 = byte t3[i] of t2:t1, or 0 when t3[i] > 31', 3, (e) => {
  const w = e.w, k = e.constIn(2);
  const index = k === undefined ? [] : Array.from({ length: 16 }, (_, i) => Number((k >> BigInt(8 * i)) & 0xffn));
  push2(e);
  if (index.length && index.every((x) => x < 32)) { w.shuffle(index); return; }
  const a = e.scratch('v128', 0), b = e.scratch('v128', 1), t = e.scratch('v128', 2);
  w.localSet(b); w.localSet(a); e.in(2); w.localSet(t);
  w.localGet(a); w.localGet(t); w.simd('i8x16_swizzle');
  w.localGet(b); w.localGet(t); pushDup(e, 0, 16n); w.simd('i8x16_sub'); w.simd('i8x16_swizzle');
  w.simd('v128_or');
}, { constIns: [2] });

/** Lane of a size, as one immediate: vece in bits 5…4, lane number below. */
export const laneImm = (size: number, lane: number): number => (size << 4) | lane;
const lanes = (sizes: readonly number[]) => ({ name: 'lane', values: sizes.flatMap((s) => Array.from({ length: 16 >> s }, (_, i) => laneImm(s, i))) }) as const;

const laneMoves = [
  defOp('dup_vec', {
    doc: 'each lane of t0 = low bits of t1', types: V128, outs: ['T'], ins: ['i64'], imms: [vece()],
    emit: (e) => e.out(0, () => { e.in(0); if (e.stat(0) < 3) e.w.op('i32_wrap_i64'); e.w.simd(on(e.stat(0), 'splat')); }),
  }),
  defOp('zext_i64_v128', {
    doc: 't0 = t1, zero-extended', types: V128, outs: ['T'], ins: ['i64'], fold: (_t, [a]) => a,
    emit: (e) => e.out(0, () => { e.w.v128Const(0n); e.in(0); e.w.lane('i64x2_replace_lane', 0); }),
  }),
  ...(['u', 's'] as const).map((sign) => defOp(sign === 'u' ? 'extract_vec' : 'sextract_vec', {
    doc: `t0 = a lane of t1, ${sign === 'u' ? 'zero' : 'sign'}-extended`, types: I64, outs: ['T'], ins: ['v128'], imms: [lanes(sign === 'u' ? [0, 1, 2, 3] : [0, 1, 2])],
    emit: (e) => e.out(0, () => {
      const size = e.stat(0) >> 4, lane = e.stat(0) & 15;
      e.in(0);
      e.w.lane(`${SHAPE[size]}_extract_lane${size < 2 ? `_${sign}` : ''}` as keyof typeof LANE, lane);
      if (size < 3) e.w.op(sign === 'u' ? 'i64_extend_i32_u' : 'i64_extend_i32_s');
    }),
  })),
  defOp('insert_vec', {
    doc: 't0 = t1 with one lane replaced by the low bits of t2', types: V128, outs: ['T'], ins: ['T', 'i64'], imms: [lanes([0, 1, 2, 3])],
    emit: (e) => e.out(0, () => {
      const size = e.stat(0) >> 4;
      e.in(0); e.in(1); if (size < 3) e.w.op('i32_wrap_i64');
      e.w.lane(`${SHAPE[size]}_replace_lane` as keyof typeof LANE, e.stat(0) & 15);
    }),
  }),
];

export const vecOps: OpDef[] = [...logic, ...arithmetic, cmp, ...resizing, swizzle, shuffle, ...laneMoves];
