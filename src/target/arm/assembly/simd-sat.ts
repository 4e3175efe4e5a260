// Vector helpers that saturate, and shifts by register: they set FPSR.QC. Lane types i8…u64 name size and sign.
import { highest, lowest, setQC, spill1, spill2, spill3 } from './simd-lanes';

/** Some lane of the running helper has saturated. */
let saturated: bool = false;

// --- addition and subtraction ------------------------------------------------------------------------------------------

@inline function addSat<T>(a: T, b: T): T {
  const r = <T>(a + b);
  const overflows = isSigned<T>() ? ((a ^ r) & (b ^ r)) < 0 : r < a;
  if (!overflows) return r;
  saturated = true;
  return isSigned<T>() && a < 0 ? lowest<T>() : highest<T>();
}
@inline function subSat<T>(a: T, b: T): T {
  const r = <T>(a - b);
  const overflows = isSigned<T>() ? ((a ^ b) & (a ^ r)) < 0 : a < b;
  if (!overflows) return r;
  saturated = true;
  return isSigned<T>() ? (a < 0 ? lowest<T>() : highest<T>()) : 0;
}
/** MAX where a lane of a is not negative, MIN where it is. */
@inline function limitOf<T>(a: v128): v128 { return v128.xor(v128.shr<T>(a, sizeof<T>() * 8 - 1), v128.splat<T>(highest<T>())); }
/** a < b, unsigned. */
@inline function below<T>(a: v128, b: v128): v128 {
  if (sizeof<T>() == 8) {
    const top = i64x2.splat(i64.MIN_VALUE);
    return i64x2.lt_s(v128.xor(a, top), v128.xor(b, top));
  }
  return v128.lt<T>(a, b);
}
@inline function qadd<T>(env: usize, a: v128, b: v128): v128 {
  const r = v128.add<T>(a, b);
  if (sizeof<T>() < 4) {
    const x = v128.add_sat<T>(a, b);
    setQC(env, v128.any_true(v128.xor(r, x)));
    return x;
  }
  // Both operands have the sign the result has not; or the sum is below an operand.
  const over = isSigned<T>() ? v128.shr<T>(v128.andnot(v128.xor(a, r), v128.xor(a, b)), sizeof<T>() * 8 - 1) : below<T>(r, a);
  setQC(env, v128.any_true(over));
  return isSigned<T>() ? v128.bitselect(limitOf<T>(a), r, over) : v128.or(r, over);
}
@inline function qsub<T>(env: usize, a: v128, b: v128): v128 {
  const r = v128.sub<T>(a, b);
  if (sizeof<T>() < 4) {
    const x = v128.sub_sat<T>(a, b);
    setQC(env, v128.any_true(v128.xor(r, x)));
    return x;
  }
  const over = isSigned<T>() ? v128.shr<T>(v128.and(v128.xor(a, r), v128.xor(a, b)), sizeof<T>() * 8 - 1) : below<T>(a, b);
  setQC(env, v128.any_true(over));
  return isSigned<T>() ? v128.bitselect(limitOf<T>(a), r, over) : v128.andnot(r, over);
}
/** SUQADD, USQADD: T is the type of the accumulator b, of the other sign than the operand a. */
@inline function qaddMixed<T>(env: usize, a: v128, b: v128): v128 {
  const p = spill2(env, a, b);
  saturated = false;
  for (let i: usize = 0; i < 16; i += sizeof<T>()) {
    const acc = load<T>(p + i + 16);
    let r: T;
    if (isSigned<T>()) {
      const x = load<T>(p + i), sum = <T>(acc + x);
      const wraps = x < 0 ? acc >= 0 || sum < 0 : acc >= 0 && sum < 0;
      r = wraps ? highest<T>() : sum;
      if (wraps) saturated = true;
    } else {
      const x = load<T>(p + i), negative = (x >> (<T>sizeof<T>() * 8 - 1)) != 0, sum = <T>(acc + x);
      const wraps = negative ? sum >= acc : sum < acc;
      r = wraps ? (negative ? 0 : highest<T>()) : sum;
      if (wraps) saturated = true;
    }
    store<T>(p + i, r);
  }
  setQC(env, saturated);
  return v128.load(p);
}
@inline function qabs<T>(env: usize, a: v128): v128 {
  const p = spill1(env, a);
  saturated = false;
  for (let i: usize = 0; i < 16; i += sizeof<T>()) {
    const x = load<T>(p + i);
    store<T>(p + i, x < 0 ? subSat<T>(0, x) : x);
  }
  setQC(env, saturated);
  return v128.load(p);
}

// --- shifts ------------------------------------------------------------------------------------------------------------

/** x shifted left by s, or right by -s; `round`: half a unit is added before a right shift; `saturate`: left shifts do. */
@inline function shift<T>(x: T, s: i32, round: bool, saturate: bool): T {
  const bits = <i32>sizeof<T>() * 8;
  if (s >= 0) {
    if (s < bits) {
      const r = <T>(x << <T>s);
      if (!saturate || <T>(r >> <T>s) == x) return r;
    } else if (!saturate || x == 0) return 0;
    saturated = true;
    return isSigned<T>() && x < 0 ? lowest<T>() : highest<T>();
  }
  const n = -s;
  if (n >= bits) {
    if (round) return !isSigned<T>() && n == bits ? x >> <T>(bits - 1) : 0;
    return isSigned<T>() && x < 0 ? <T>-1 : 0;
  }
  return round ? <T>((x >> <T>n) + ((x >> <T>(n - 1)) & 1)) : x >> <T>n;
}
/** All lanes by the same count s, within the lane's width. */
@inline function shiftUniform<T>(env: usize, a: v128, s: i32, round: bool, saturate: bool): v128 {
  if (s >= 0) {
    const r = v128.shl<T>(a, s);
    if (!saturate) return r;
    const over = v128.not(v128.eq<T>(v128.shr<T>(r, s), a));
    setQC(env, v128.any_true(over));
    return v128.bitselect(isSigned<T>() ? limitOf<T>(a) : v128.splat<T>(highest<T>()), r, over);
  }
  const r = v128.shr<T>(a, -s);
  // Half a unit of the result is the last bit shifted out.
  return round ? v128.add<T>(r, v128.and(v128.shr<T>(a, -s - 1), v128.splat<T>(1))) : r;
}
@inline function shiftAll<T>(env: usize, a: v128, b: v128, round: bool, saturate: bool): v128 {
  // Mostly all lanes are shifted alike.
  const s = <i32>v128.extract_lane<i8>(b, 0), bits = <i32>sizeof<T>() * 8;
  if (s < bits && s > -bits && v128.all_true<T>(v128.eq<T>(b, v128.splat<T>(v128.extract_lane<T>(b, 0))))) return shiftUniform<T>(env, a, s, round, saturate);
  const p = spill2(env, a, b);
  saturated = false;
  // The count is the low byte of each lane of b.
  for (let i: usize = 0; i < 16; i += sizeof<T>()) store<T>(p + i, shift<T>(load<T>(p + i), <i32>load<i8>(p + i + 16), round, saturate));
  if (saturate) setQC(env, saturated);
  return v128.load(p);
}
/** SQSHLU: signed lanes shifted left by b, saturated to unsigned ones. */
@inline function qshlu<T>(env: usize, a: v128, b: v128): v128 {
  const p = spill2(env, a, b), sign = <T>1 << (<T>sizeof<T>() * 8 - 1);
  saturated = false;
  for (let i: usize = 0; i < 16; i += sizeof<T>()) {
    const x = load<T>(p + i);
    let r: T = 0;
    if (x & sign) saturated = true;
    else r = shift<T>(x, <i32>load<u8>(p + i + 16), false, true);
    store<T>(p + i, r);
  }
  setQC(env, saturated);
  return v128.load(p);
}

/** Lanes of W, in range of N, as the low half of the result. */
@inline function pack<N>(x: v128): v128 {
  const zero = i64x2.splat(0);
  if (sizeof<N>() == 1) return v128.shuffle<u8>(x, zero, 0, 2, 4, 6, 8, 10, 12, 14, 16, 16, 16, 16, 16, 16, 16, 16);
  if (sizeof<N>() == 2) return v128.shuffle<u16>(x, zero, 0, 2, 4, 6, 8, 8, 8, 8);
  return v128.shuffle<u32>(x, zero, 0, 2, 4, 4);
}
/** Lanes of W shifted right by the low byte of b, rounded, saturated to N; they become the low half of the result. */
@inline function narrow<W, N>(env: usize, a: v128, b: v128, round: bool): v128 {
  const n = <i32>v128.extract_lane<u8>(b, 0);
  const x = shiftUniform<W>(env, a, -n, round && n > 0, false);
  const top = v128.splat<W>(<W>highest<N>()), low = v128.splat<W>(isSigned<W>() && !isSigned<N>() ? <W>0 : <W>lowest<N>());
  let r: v128;
  if (!isSigned<W>()) r = v128.bitselect(top, x, below<W>(top, x));
  else r = v128.bitselect(top, v128.bitselect(low, x, v128.lt<W>(x, low)), v128.gt<W>(x, top));
  setQC(env, v128.any_true(v128.xor(r, x)));
  return pack<N>(r);
}

// --- doubling multiplication -------------------------------------------------------------------------------------------

/** acc + 2ab (or acc - 2ab) in twice the lane size, rounded, high half. T is i16 or i32; acc 0 for SQDMULH. */
@inline function mulHigh<T>(acc: T, a: T, b: T, round: bool, subtract: bool): T {
  const bits = <i64>sizeof<T>() * 8 - 1, product = <i64>a * <i64>b;
  const sum = (<i64>acc << bits) + (subtract ? -product : product) + (round ? <i64>1 << (bits - 1) : 0);
  const r = sum >> bits;
  if (r == <i64><T>r) return <T>r;
  saturated = true;
  return r < 0 ? lowest<T>() : highest<T>();
}
@inline function qdmulh<T>(env: usize, a: v128, b: v128, round: bool): v128 {
  if (sizeof<T>() == 2) {
    // Only the square of the lowest value saturates.
    const lowest = i16x8.splat(i16.MIN_VALUE);
    setQC(env, v128.any_true(v128.and(i16x8.eq(a, lowest), i16x8.eq(b, lowest))));
    if (round) return i16x8.q15mulr_sat_s(a, b);
    return i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.extmul_low_i16x8_s(a, b), 15), i32x4.shr_s(i32x4.extmul_high_i16x8_s(a, b), 15));
  }
  const p = spill2(env, a, b);
  saturated = false;
  for (let i: usize = 0; i < 16; i += sizeof<T>()) store<T>(p + i, mulHigh<T>(0, load<T>(p + i), load<T>(p + i + 16), round, false));
  setQC(env, saturated);
  return v128.load(p);
}
@inline function qrdmla<T>(env: usize, c: v128, a: v128, b: v128, subtract: bool): v128 {
  const p = spill3(env, a, b, c);
  saturated = false;
  for (let i: usize = 0; i < 16; i += sizeof<T>()) store<T>(p + i, mulHigh<T>(load<T>(p + i + 32), load<T>(p + i), load<T>(p + i + 16), true, subtract));
  setQC(env, saturated);
  return v128.load(p);
}
/** 2ab, saturated: only the square of the lowest value does. W is the type of the product. */
@inline function doubled<W, N>(a: N, b: N): W {
  if (a == lowest<N>() && b == lowest<N>()) { saturated = true; return highest<W>(); }
  return <W>((<W>a * <W>b) << 1);
}
/** Products of the low halves of a and b; `mode` 0: alone, 1: added to c, 2: subtracted from it. */
@inline function qdmull<W, N>(env: usize, c: v128, a: v128, b: v128, mode: i32): v128 {
  const p = spill3(env, a, b, c);
  saturated = false;
  // From the last lane down, so that results do not overwrite operands.
  for (let i: usize = 16 / sizeof<W>(); i-- > 0;) {
    const r = doubled<W, N>(load<N>(p + i * sizeof<N>()), load<N>(p + 16 + i * sizeof<N>())), at = p + 32 + i * sizeof<W>();
    store<W>(at, mode == 0 ? r : mode == 1 ? addSat<W>(load<W>(at), r) : subSat<W>(load<W>(at), r));
  }
  setQC(env, saturated);
  return v128.load(p, 32);
}

// --- exports: suffix b, h, s, d = lane size ------------------------------------------------------------------------------

export function sqadd_b(env: usize, a: v128, b: v128): v128 { return qadd<i8>(env, a, b); }
export function uqadd_b(env: usize, a: v128, b: v128): v128 { return qadd<u8>(env, a, b); }
export function sqsub_b(env: usize, a: v128, b: v128): v128 { return qsub<i8>(env, a, b); }
export function uqsub_b(env: usize, a: v128, b: v128): v128 { return qsub<u8>(env, a, b); }
export function suqadd_b(env: usize, a: v128, b: v128): v128 { return qaddMixed<i8>(env, a, b); }
export function usqadd_b(env: usize, a: v128, b: v128): v128 { return qaddMixed<u8>(env, a, b); }
export function sqabs_b(env: usize, a: v128): v128 { return qabs<i8>(env, a); }
export function sqneg_b(env: usize, a: v128): v128 { return qsub<i8>(env, i64x2.splat(0), a); }
export function sshl_b(env: usize, a: v128, b: v128): v128 { return shiftAll<i8>(env, a, b, false, false); }
export function ushl_b(env: usize, a: v128, b: v128): v128 { return shiftAll<u8>(env, a, b, false, false); }
export function srshl_b(env: usize, a: v128, b: v128): v128 { return shiftAll<i8>(env, a, b, true, false); }
export function urshl_b(env: usize, a: v128, b: v128): v128 { return shiftAll<u8>(env, a, b, true, false); }
export function sqshl_b(env: usize, a: v128, b: v128): v128 { return shiftAll<i8>(env, a, b, false, true); }
export function uqshl_b(env: usize, a: v128, b: v128): v128 { return shiftAll<u8>(env, a, b, false, true); }
export function sqrshl_b(env: usize, a: v128, b: v128): v128 { return shiftAll<i8>(env, a, b, true, true); }
export function uqrshl_b(env: usize, a: v128, b: v128): v128 { return shiftAll<u8>(env, a, b, true, true); }
export function sqshlu_b(env: usize, a: v128, b: v128): v128 { return qshlu<u8>(env, a, b); }
export function sqadd_h(env: usize, a: v128, b: v128): v128 { return qadd<i16>(env, a, b); }
export function uqadd_h(env: usize, a: v128, b: v128): v128 { return qadd<u16>(env, a, b); }
export function sqsub_h(env: usize, a: v128, b: v128): v128 { return qsub<i16>(env, a, b); }
export function uqsub_h(env: usize, a: v128, b: v128): v128 { return qsub<u16>(env, a, b); }
export function suqadd_h(env: usize, a: v128, b: v128): v128 { return qaddMixed<i16>(env, a, b); }
export function usqadd_h(env: usize, a: v128, b: v128): v128 { return qaddMixed<u16>(env, a, b); }
export function sqabs_h(env: usize, a: v128): v128 { return qabs<i16>(env, a); }
export function sqneg_h(env: usize, a: v128): v128 { return qsub<i16>(env, i64x2.splat(0), a); }
export function sshl_h(env: usize, a: v128, b: v128): v128 { return shiftAll<i16>(env, a, b, false, false); }
export function ushl_h(env: usize, a: v128, b: v128): v128 { return shiftAll<u16>(env, a, b, false, false); }
export function srshl_h(env: usize, a: v128, b: v128): v128 { return shiftAll<i16>(env, a, b, true, false); }
export function urshl_h(env: usize, a: v128, b: v128): v128 { return shiftAll<u16>(env, a, b, true, false); }
export function sqshl_h(env: usize, a: v128, b: v128): v128 { return shiftAll<i16>(env, a, b, false, true); }
export function uqshl_h(env: usize, a: v128, b: v128): v128 { return shiftAll<u16>(env, a, b, false, true); }
export function sqrshl_h(env: usize, a: v128, b: v128): v128 { return shiftAll<i16>(env, a, b, true, true); }
export function uqrshl_h(env: usize, a: v128, b: v128): v128 { return shiftAll<u16>(env, a, b, true, true); }
export function sqshlu_h(env: usize, a: v128, b: v128): v128 { return qshlu<u16>(env, a, b); }
export function sqadd_s(env: usize, a: v128, b: v128): v128 { return qadd<i32>(env, a, b); }
export function uqadd_s(env: usize, a: v128, b: v128): v128 { return qadd<u32>(env, a, b); }
export function sqsub_s(env: usize, a: v128, b: v128): v128 { return qsub<i32>(env, a, b); }
export function uqsub_s(env: usize, a: v128, b: v128): v128 { return qsub<u32>(env, a, b); }
export function suqadd_s(env: usize, a: v128, b: v128): v128 { return qaddMixed<i32>(env, a, b); }
export function usqadd_s(env: usize, a: v128, b: v128): v128 { return qaddMixed<u32>(env, a, b); }
export function sqabs_s(env: usize, a: v128): v128 { return qabs<i32>(env, a); }
export function sqneg_s(env: usize, a: v128): v128 { return qsub<i32>(env, i64x2.splat(0), a); }
export function sshl_s(env: usize, a: v128, b: v128): v128 { return shiftAll<i32>(env, a, b, false, false); }
export function ushl_s(env: usize, a: v128, b: v128): v128 { return shiftAll<u32>(env, a, b, false, false); }
export function srshl_s(env: usize, a: v128, b: v128): v128 { return shiftAll<i32>(env, a, b, true, false); }
export function urshl_s(env: usize, a: v128, b: v128): v128 { return shiftAll<u32>(env, a, b, true, false); }
export function sqshl_s(env: usize, a: v128, b: v128): v128 { return shiftAll<i32>(env, a, b, false, true); }
export function uqshl_s(env: usize, a: v128, b: v128): v128 { return shiftAll<u32>(env, a, b, false, true); }
export function sqrshl_s(env: usize, a: v128, b: v128): v128 { return shiftAll<i32>(env, a, b, true, true); }
export function uqrshl_s(env: usize, a: v128, b: v128): v128 { return shiftAll<u32>(env, a, b, true, true); }
export function sqshlu_s(env: usize, a: v128, b: v128): v128 { return qshlu<u32>(env, a, b); }
export function sqadd_d(env: usize, a: v128, b: v128): v128 { return qadd<i64>(env, a, b); }
export function uqadd_d(env: usize, a: v128, b: v128): v128 { return qadd<u64>(env, a, b); }
export function sqsub_d(env: usize, a: v128, b: v128): v128 { return qsub<i64>(env, a, b); }
export function uqsub_d(env: usize, a: v128, b: v128): v128 { return qsub<u64>(env, a, b); }
export function suqadd_d(env: usize, a: v128, b: v128): v128 { return qaddMixed<i64>(env, a, b); }
export function usqadd_d(env: usize, a: v128, b: v128): v128 { return qaddMixed<u64>(env, a, b); }
export function sqabs_d(env: usize, a: v128): v128 { return qabs<i64>(env, a); }
export function sqneg_d(env: usize, a: v128): v128 { return qsub<i64>(env, i64x2.splat(0), a); }
export function sshl_d(env: usize, a: v128, b: v128): v128 { return shiftAll<i64>(env, a, b, false, false); }
export function ushl_d(env: usize, a: v128, b: v128): v128 { return shiftAll<u64>(env, a, b, false, false); }
export function srshl_d(env: usize, a: v128, b: v128): v128 { return shiftAll<i64>(env, a, b, true, false); }
export function urshl_d(env: usize, a: v128, b: v128): v128 { return shiftAll<u64>(env, a, b, true, false); }
export function sqshl_d(env: usize, a: v128, b: v128): v128 { return shiftAll<i64>(env, a, b, false, true); }
export function uqshl_d(env: usize, a: v128, b: v128): v128 { return shiftAll<u64>(env, a, b, false, true); }
export function sqrshl_d(env: usize, a: v128, b: v128): v128 { return shiftAll<i64>(env, a, b, true, true); }
export function uqrshl_d(env: usize, a: v128, b: v128): v128 { return shiftAll<u64>(env, a, b, true, true); }
export function sqshlu_d(env: usize, a: v128, b: v128): v128 { return qshlu<u64>(env, a, b); }
// Narrowing: the suffix is the size of the result.
export function sqshrn_b(env: usize, a: v128, b: v128): v128 { return narrow<i16, i8>(env, a, b, false); }
export function uqshrn_b(env: usize, a: v128, b: v128): v128 { return narrow<u16, u8>(env, a, b, false); }
export function sqshrun_b(env: usize, a: v128, b: v128): v128 { return narrow<i16, u8>(env, a, b, false); }
export function sqrshrn_b(env: usize, a: v128, b: v128): v128 { return narrow<i16, i8>(env, a, b, true); }
export function uqrshrn_b(env: usize, a: v128, b: v128): v128 { return narrow<u16, u8>(env, a, b, true); }
export function sqrshrun_b(env: usize, a: v128, b: v128): v128 { return narrow<i16, u8>(env, a, b, true); }
export function sqshrn_h(env: usize, a: v128, b: v128): v128 { return narrow<i32, i16>(env, a, b, false); }
export function uqshrn_h(env: usize, a: v128, b: v128): v128 { return narrow<u32, u16>(env, a, b, false); }
export function sqshrun_h(env: usize, a: v128, b: v128): v128 { return narrow<i32, u16>(env, a, b, false); }
export function sqrshrn_h(env: usize, a: v128, b: v128): v128 { return narrow<i32, i16>(env, a, b, true); }
export function uqrshrn_h(env: usize, a: v128, b: v128): v128 { return narrow<u32, u16>(env, a, b, true); }
export function sqrshrun_h(env: usize, a: v128, b: v128): v128 { return narrow<i32, u16>(env, a, b, true); }
export function sqshrn_s(env: usize, a: v128, b: v128): v128 { return narrow<i64, i32>(env, a, b, false); }
export function uqshrn_s(env: usize, a: v128, b: v128): v128 { return narrow<u64, u32>(env, a, b, false); }
export function sqshrun_s(env: usize, a: v128, b: v128): v128 { return narrow<i64, u32>(env, a, b, false); }
export function sqrshrn_s(env: usize, a: v128, b: v128): v128 { return narrow<i64, i32>(env, a, b, true); }
export function uqrshrn_s(env: usize, a: v128, b: v128): v128 { return narrow<u64, u32>(env, a, b, true); }
export function sqrshrun_s(env: usize, a: v128, b: v128): v128 { return narrow<i64, u32>(env, a, b, true); }
// Doubling multiplications: the suffix is the size of the factors.
export function sqdmulh_h(env: usize, a: v128, b: v128): v128 { return qdmulh<i16>(env, a, b, false); }
export function sqrdmulh_h(env: usize, a: v128, b: v128): v128 { return qdmulh<i16>(env, a, b, true); }
export function sqrdmlah_h(env: usize, c: v128, a: v128, b: v128): v128 { return qrdmla<i16>(env, c, a, b, false); }
export function sqrdmlsh_h(env: usize, c: v128, a: v128, b: v128): v128 { return qrdmla<i16>(env, c, a, b, true); }
export function sqdmull_h(env: usize, a: v128, b: v128): v128 { return qdmull<i32, i16>(env, a, a, b, 0); }
export function sqdmlal_h(env: usize, c: v128, a: v128, b: v128): v128 { return qdmull<i32, i16>(env, c, a, b, 1); }
export function sqdmlsl_h(env: usize, c: v128, a: v128, b: v128): v128 { return qdmull<i32, i16>(env, c, a, b, 2); }
export function sqdmulh_s(env: usize, a: v128, b: v128): v128 { return qdmulh<i32>(env, a, b, false); }
export function sqrdmulh_s(env: usize, a: v128, b: v128): v128 { return qdmulh<i32>(env, a, b, true); }
export function sqrdmlah_s(env: usize, c: v128, a: v128, b: v128): v128 { return qrdmla<i32>(env, c, a, b, false); }
export function sqrdmlsh_s(env: usize, c: v128, a: v128, b: v128): v128 { return qrdmla<i32>(env, c, a, b, true); }
export function sqdmull_s(env: usize, a: v128, b: v128): v128 { return qdmull<i64, i32>(env, a, a, b, 0); }
export function sqdmlal_s(env: usize, c: v128, a: v128, b: v128): v128 { return qdmull<i64, i32>(env, c, a, b, 1); }
export function sqdmlsl_s(env: usize, c: v128, a: v128, b: v128): v128 { return qdmull<i64, i32>(env, c, a, b, 2); }
