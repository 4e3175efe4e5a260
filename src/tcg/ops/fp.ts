// Floating-point ops on host arithmetic: the common case inline, a helper of the target where a result might not be the guest's.
//
// Rounding is to nearest, nothing is flushed: the translator emits these ops only where the guest says the same. A native
// result is taken when it proves that it raised nothing but "inexact", and the guest's status word has that set already.
// Otherwise the helper computes it in full, flags included.
import { Type } from '../types.ts';
import { defOp, OpFlag, type Emit, type OpDef } from './def.ts';
import type { WasmCallEmit } from './control.ts';
import type { OP, SIMD } from '../wasm/opcodes.ts';
import { dupConst } from './vec.ts';

/** How a vector is taken: one single or double in its low lane, with zeros above in results; four singles; two doubles. */
export const Form = { S: 0, D: 1, S4: 2, D2: 3 } as const;
export type Form = (typeof Form)[keyof typeof Form];
/** Two-operand operations. */
export const Fp2 = { ADD: 0, SUB: 1, MUL: 2, DIV: 3, MAX: 4, MIN: 5 } as const;
export type Fp2 = (typeof Fp2)[keyof typeof Fp2];
/** Comparisons giving masks. */
export const FpCmp = { EQ: 0, GE: 1, GT: 2 } as const;
export type FpCmp = (typeof FpCmp)[keyof typeof FpCmp];
/** Conversions between formats: single to double and back. */
export const FpCvt = { WIDEN: 0, NARROW: 1 } as const;
export type FpCvt = (typeof FpCvt)[keyof typeof FpCvt];
/** Integers to floats: to single or double, from signed or unsigned 64 bits, or to double from what it holds exactly. */
export const FromInt = { S_I64: 0, S_U64: 1, D_I64: 2, D_U64: 3, D_EXACT: 4 } as const;
export type FromInt = (typeof FromInt)[keyof typeof FromInt];
/** Floats to integers: bit 0 = unsigned, bit 1 = 64 bits, bit 2 = from double. Results are zero-extended. */
export const ToInt = { UNSIGNED: 1, BITS64: 2, DOUBLE: 4 } as const;
/** Rounding of floats to integers. */
export const RoundTo = { NEAREST: 0, CEIL: 1, FLOOR: 2, TRUNC: 3 } as const;
export type RoundTo = (typeof RoundTo)[keyof typeof RoundTo];

type Op = keyof typeof OP;
type Simd = keyof typeof SIMD;
const isDouble = (form: number): boolean => (form & 1) === 1;
const isVector = (form: number): boolean => form >= Form.S4;
const scalarType = (form: number): 'f32' | 'f64' => (isDouble(form) ? 'f64' : 'f32');
const shape = (form: number): 'f32x4' | 'f64x2' => (isDouble(form) ? 'f64x2' : 'f32x4');

const MIN_NORMAL = { f32: 0x00800000n, f64: 0x0010000000000000n } as const;
const INFINITE = { f32: 0x7f800000n, f64: 0x7ff0000000000000n } as const;

/** Immediates of every op: the helper, and where the guest keeps "inexact" (byte in the vCPU block, mask). */
const HELPER = { name: 'helper', width: 'u16' } as const, STATUS = { name: 'status', width: 'u16' } as const, MASK = { name: 'inexact', width: 'u8' } as const;
const values = (o: Readonly<Record<string, number>>) => Object.values(o);

/** Pushes the low float of input n. */
function scalarIn(e: Emit, n: number, form: number): void { e.in(n); e.w.lane(`${shape(form)}_extract_lane`, 0); }
/** Pushes the low lane's bits of input n, zero-extended to i64: an argument of a helper. */
function bitsIn(e: Emit, n: number, form: number): void {
  e.in(n);
  if (isDouble(form)) e.w.lane('i64x2_extract_lane', 0);
  else { e.w.lane('i32x4_extract_lane', 0); e.w.op('i64_extend_i32_u'); }
}
/** Scratch vector of the native result. */
const result = (e: Emit): number => e.scratch('v128', 'fp');

/** What a native result must be for nothing but "inexact" to have been raised. */
type Check = 'finite' | 'normal' | 'number';

/** Pushes 1 when some lane of the result fails the check. */
function pushBad(e: Emit, form: number, check: Check): void {
  const w = e.w, r = result(e), t = scalarType(form), wide = isDouble(form), inf = INFINITE[t], low = 2n * (MIN_NORMAL[t] + 1n), span = 2n * inf - low;
  if (check === 'number') {
    // r is a NaN
    if (isVector(form)) { w.localGet(r); w.localGet(r); w.simd(`${shape(form)}_ne`); w.simd('v128_any_true'); return; }
    for (let i = 0; i < 2; i++) { w.localGet(r); w.lane(`${shape(form)}_extract_lane`, 0); }
    w.op(`${t}_ne`);
    return;
  }
  if (!isVector(form)) {
    const k = (v: bigint): void => { if (wide) w.i64Const(v); else w.i32Const(Number(BigInt.asIntN(32, v))); };
    const int = wide ? 'i64' : 'i32';
    w.localGet(r); w.lane(wide ? 'i64x2_extract_lane' : 'i32x4_extract_lane', 0);
    // Without its sign: 2r ≥ 2∞, or 2r outside low … 2∞ - 1.
    k(1n); w.op(`${int}_shl`);
    if (check === 'normal') { k(low); w.op(`${int}_sub`); k(span); } else k(2n * inf);
    w.op(`${int}_ge_u`);
    return;
  }
  pushBadMask(e, form, check);
  w.simd('v128_any_true');
}
/** Pushes ones in the lanes that fail: the same comparison with the sign bit flipped, since lanes compare as signed. */
function pushBadMask(e: Emit, form: number, check: 'finite' | 'normal'): void {
  const w = e.w, t = scalarType(form), wide = isDouble(form), inf = INFINITE[t], low = 2n * (MIN_NORMAL[t] + 1n), span = 2n * inf - low;
  const size = wide ? 3 : 2, sign = wide ? 1n << 63n : 1n << 31n, lanes = wide ? 'i64x2' : 'i32x4';
  const k = (v: bigint): void => w.v128Const(dupConst(size, v));
  w.localGet(result(e));
  if (check === 'normal') {
    w.i32Const(1); w.simd(`${lanes}_shl`);
    k(low + sign); w.simd(`${lanes}_sub`);
    k(span - 1n - sign);
  } else { k(sign - 1n); w.simd('v128_and'); k(inf - 1n); }
  w.simd(`${lanes}_gt_s`);
}

/**
 * The same as `normal`, except that a result is exact anyway where one of the inputs `zeros` is zero and it is no NaN: products with
 * a zero factor, quotients and roots of zero.
 */
function pushBadUnlessZero(e: Emit, form: number, zeros: readonly number[]): void {
  const w = e.w, vector = isVector(form);
  pushBad(e, form, 'normal');
  w.if('i32');
  // Lanes that stay bad: NaNs, and those without a zero.
  const lane = (push: () => void): void => { push(); if (!vector) w.lane(`${shape(form)}_extract_lane`, 0); };
  const compare = (name: 'eq' | 'ne'): void => { if (vector) w.simd(`${shape(form)}_${name}`); else w.op(`${scalarType(form)}_${name}`); };
  const r = (): void => w.localGet(result(e)), zero = (): void => w.v128Const(0n);
  if (vector) pushBadMask(e, form, 'normal');
  zeros.forEach((n, i) => {
    lane(() => e.in(n)); lane(zero); compare('eq');
    if (i) { if (vector) w.simd('v128_or'); else w.op('i32_or'); }
  });
  lane(r); lane(r); compare('eq');
  if (vector) { w.simd('v128_and'); w.simd('v128_andnot'); w.simd('v128_any_true'); } else { w.op('i32_and'); w.op('i32_eqz'); }
  w.else();
  w.i32Const(0);
  w.end();
}

/** Pushes the guest's "inexact" bit: `status` and the mask are immediates `at` and `at + 1`. */
function pushInexact(e: Emit, at: number): void {
  e.env(); e.imm(at); e.w.op('i32_add'); e.w.mem('i32_load8_u'); e.imm(at + 1); e.w.op('i32_and');
}

/** Emits `native`, then `slow` too where it pushes non-zero from one of `refuse`; both leave their value in the same place. */
function guarded(e: Emit, native: () => void, refuse: readonly (() => void)[], slow: () => void): void {
  const w = e.w;
  native();
  const done = w.block(), out = w.block();
  for (const r of refuse) { r(); w.brIf(out); }
  w.br(done);
  w.end();
  slow();
  w.end();
}
const notInexact = (e: Emit, at: number) => () => { pushInexact(e, at); e.w.op('i32_eqz'); };
const bad = (e: Emit, form: number, check: Check) => () => pushBad(e, form, check);
const badUnlessZero = (e: Emit, form: number, zeros: readonly number[]) => () => pushBadUnlessZero(e, form, zeros);

/** Stores a vector in the result's scratch: the low lane from `push`, zeros above. */
function setScalar(e: Emit, form: number, push: () => void): void {
  e.w.v128Const(0n);
  push();
  e.w.lane(`${shape(form)}_replace_lane`, 0);
  e.w.localSet(result(e));
}
/** Calls the helper on scalars or vectors, as the form says. */
function callHelper(e: Emit, form: number, ins: number): void {
  const w = e.w;
  if (isVector(form)) {
    e.env();
    for (let i = 0; i < ins; i++) e.in(i);
    (e as WasmCallEmit).callWasm(`callv${ins}`);
  } else {
    w.v128Const(0n);
    e.env();
    for (let i = 0; i < ins; i++) bitsIn(e, i, form);
    (e as WasmCallEmit).callWasm(`callw${ins}`);
    w.lane('i64x2_replace_lane', 0);
  }
  w.localSet(result(e));
}

const fp = (name: string, doc: string, ins: number, imms: OpDef['imms'], emit: (e: Emit) => void): OpDef => defOp(name, {
  doc, types: [Type.V128], outs: ['T'], ins: Array.from({ length: ins }, () => 'T' as const), imms, flags: OpFlag.SIDE_EFFECTS | OpFlag.CALL,
  emit: (e) => e.out(0, () => { emit(e); e.w.localGet(result(e)); }),
});

const FP2_NAMES = ['add', 'sub', 'mul', 'div', 'max', 'min'] as const;
const fp2 = fp('fp2_vec', 't0 = t1 op t2 in floating point', 2, [HELPER, { name: 'fop', values: values(Fp2) }, { name: 'form', values: values(Form) }, STATUS, MASK], (e) => {
  const op = e.stat(1), form = e.stat(2), w = e.w, name = FP2_NAMES[op];
  const native = (): void => {
    if (isVector(form)) { e.in(0); e.in(1); w.simd(`${shape(form)}_${name}` as Simd); w.localSet(result(e)); return; }
    setScalar(e, form, () => { scalarIn(e, 0, form); scalarIn(e, 1, form); w.op(`${scalarType(form)}_${name}` as Op); });
  };
  // A denormal sum is exact; a minimum is one of its operands.
  const refuse = op >= Fp2.MAX ? [bad(e, form, 'number')]
    : [op <= Fp2.SUB ? bad(e, form, 'finite') : badUnlessZero(e, form, op === Fp2.MUL ? [0, 1] : [0]), notInexact(e, 3)];
  guarded(e, native, refuse, () => callHelper(e, form, 2));
});

const FPCMP_NAMES = ['eq', 'ge', 'gt'] as const;
const fpCmp = fp('fpcmp_vec', 't0 = (t1 cond t2) ? -1 : 0 in each lane, of numbers', 2,
  [HELPER, { name: 'fcond', values: values(FpCmp) }, { name: 'form', values: [Form.S4, Form.D2] }], (e) => {
    const form = e.stat(2), w = e.w;
    const native = (): void => { e.in(0); e.in(1); w.simd(`${shape(form)}_${FPCMP_NAMES[e.stat(1)]}` as Simd); w.localSet(result(e)); };
    const nan = (n: number) => { e.in(n); e.in(n); w.simd(`${shape(form)}_ne`); };
    guarded(e, native, [() => { nan(0); nan(1); w.simd('v128_or'); w.simd('v128_any_true'); }], () => callHelper(e, form, 2));
  });

const fsqrt = fp('fsqrt_vec', 't0 = square root of t1', 1, [HELPER, { name: 'form', values: values(Form) }, STATUS, MASK], (e) => {
  const form = e.stat(1), w = e.w;
  const native = (): void => {
    if (isVector(form)) { e.in(0); w.simd(`${shape(form)}_sqrt`); w.localSet(result(e)); return; }
    setScalar(e, form, () => { scalarIn(e, 0, form); w.op(`${scalarType(form)}_sqrt`); });
  };
  guarded(e, native, [badUnlessZero(e, form, [0]), notInexact(e, 2)], () => callHelper(e, form, 1));
});

const fcvt = fp('fcvt_vec', 't0 = the scalar t1 in the other format', 1, [HELPER, { name: 'fcvt', values: values(FpCvt) }, STATUS, MASK], (e) => {
  const widens = e.stat(1) === FpCvt.WIDEN, [from, to] = widens ? [Form.S, Form.D] : [Form.D, Form.S];
  const native = (): void => setScalar(e, to, () => { scalarIn(e, 0, from); e.w.op(widens ? 'f64_promote_f32' : 'f32_demote_f64'); });
  guarded(e, native, widens ? [bad(e, to, 'number')] : [bad(e, to, 'normal'), notInexact(e, 2)], () => callHelper(e, from, 1));
});

/** Only where `hostFuses`. The low 64 or 32 bits of a scalar result are kept. */
const fma = fp('fma_vec', 't0 = t1 + t2 * t3, rounded once', 3, [HELPER, { name: 'form', values: values(Form) }, STATUS, MASK], (e) => {
  const form = e.stat(1), w = e.w;
  const native = (): void => {
    e.in(1); e.in(2); e.in(0); w.simd(`${shape(form)}_relaxed_madd`);
    if (!isVector(form)) { w.v128Const(isDouble(form) ? 0xffffffffffffffffn : 0xffffffffn); w.simd('v128_and'); }
    w.localSet(result(e));
  };
  guarded(e, native, [badUnlessZero(e, form, [1, 2]), notInexact(e, 2)], () => callHelper(e, form, 3));
});

/** Scratch integer of ops that give one. */
const intResult = (e: Emit): number => e.scratch('i64', 'fp');

const fcmp = defOp('fcmp', {
  doc: 't0 = 0, 1, 2 as the scalar t1 is below, equal to or above t2, or what the helper says where they have no order', types: [Type.V128],
  outs: ['i64'], ins: ['T', 'T'], constIns: [1], imms: [HELPER, { name: 'form', values: [Form.S, Form.D] }], flags: OpFlag.SIDE_EFFECTS | OpFlag.CALL,
  emit: (e) => e.out(0, () => {
    const form = e.stat(1), w = e.w, t = scalarType(form);
    const compare = (name: string, a: number, b: number): void => { scalarIn(e, a, form); scalarIn(e, b, form); w.op(`${t}_${name}` as Op); };
    const native = (): void => {
      w.i32Const(1); compare('gt', 0, 1); w.op('i32_add'); compare('lt', 0, 1); w.op('i32_sub');
      w.op('i64_extend_i32_u'); w.localSet(intResult(e));
    };
    guarded(e, native, [() => { compare('ne', 0, 0); compare('ne', 1, 1); w.op('i32_or'); }], () => {
      e.env(); bitsIn(e, 0, form); bitsIn(e, 1, form);
      (e as WasmCallEmit).callWasm('callw2');
      w.localSet(intResult(e));
    });
    w.localGet(intResult(e));
  }),
});

const fromInt = defOp('fp_from_int', {
  doc: 't0 = t1 as a scalar; the helper takes t1 and info', types: [Type.V128], outs: ['T'], ins: ['i64'],
  imms: [HELPER, { name: 'from', values: values(FromInt) }, { name: 'info', width: 'i32' }, STATUS, MASK], flags: OpFlag.SIDE_EFFECTS | OpFlag.CALL,
  emit: (e) => e.out(0, () => {
    const kind = e.stat(1), w = e.w, form = kind < FromInt.D_I64 ? Form.S : Form.D;
    const native = (): void => setScalar(e, form, () => { e.in(0); w.op(`${scalarType(form)}_convert_i64_${kind === FromInt.S_U64 || kind === FromInt.D_U64 ? 'u' : 's'}`); });
    if (kind === FromInt.D_EXACT) native();
    else guarded(e, native, [notInexact(e, 3)], () => {
      w.v128Const(0n);
      e.env(); e.in(0); e.imm(2); w.op('i64_extend_i32_u');
      (e as WasmCallEmit).callWasm('callw2');
      w.lane('i64x2_replace_lane', 0); w.localSet(result(e));
    });
    w.localGet(result(e));
  }),
});

const ROUND_NAMES = ['nearest', 'ceil', 'floor', 'trunc'] as const;
const toInt = defOp('fp_to_int', {
  doc: 't0 = the scalar t1 rounded to an integer, zero-extended; the helper takes t1 and info', types: [Type.V128], outs: ['i64'], ins: ['T'],
  imms: [HELPER, { name: 'to', values: [0, 1, 2, 3, 4, 5, 6, 7] }, { name: 'round', values: values(RoundTo) }, { name: 'info', width: 'i32' }, STATUS, MASK],
  flags: OpFlag.SIDE_EFFECTS | OpFlag.CALL,
  emit: (e) => e.out(0, () => {
    const kind = e.stat(1), w = e.w, form = kind & ToInt.DOUBLE ? Form.D : Form.S, t = scalarType(form), bits = kind & ToInt.BITS64 ? 64 : 32, unsigned = (kind & ToInt.UNSIGNED) !== 0;
    const rounded = (): void => { w.localGet(result(e)); w.lane(`${shape(form)}_extract_lane`, 0); };
    const bound = (v: number): void => { if (isDouble(form)) w.f64Const(v); else w.f32Const(v); };
    const native = (): void => setScalar(e, form, () => { scalarIn(e, 0, form); w.op(`${t}_${ROUND_NAMES[e.stat(2)]}`); });
    const outside = (): void => {
      rounded(); bound(unsigned ? 0 : -(2 ** (bits - 1))); w.op(`${t}_ge`);
      rounded(); bound(2 ** (unsigned ? bits : bits - 1)); w.op(`${t}_lt`);
      w.op('i32_and'); w.op('i32_eqz');
    };
    const done = w.block('i64'), slow = w.block();
    native();
    outside(); w.brIf(slow);
    notInexact(e, 4)(); w.brIf(slow);
    rounded(); w.op(`i64_trunc_${t}_${unsigned && bits === 64 ? 'u' : 's'}`);
    if (bits === 32) { w.i64Const(0xffffffff); w.op('i64_and'); }
    w.br(done);
    w.end();
    e.env(); bitsIn(e, 0, form); e.imm(3); w.op('i64_extend_i32_u');
    (e as WasmCallEmit).callWasm('callw2');
    w.end();
  }),
});

export const fpOps: OpDef[] = [fp2, fpCmp, fsqrt, fcvt, fma, fcmp, fromInt, toInt];
