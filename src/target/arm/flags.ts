// Lazy NZCV: the flags are kept as the operands of the operation that set them.
import { envOff } from './env.ts';
import type { Vcpu } from '../../accel/vcpu.ts';

/** What cc_a and cc_b hold. 32-bit kinds hold zero-extended operands. */
export const CC = {
  /** cc_a = N:Z:C:V in bits 31…28, other bits 0. */
  NZCV: 0,
  /** flags of cc_a + cc_b. */
  ADD32: 1, ADD64: 2,
  /** flags of cc_a - cc_b. */
  SUB32: 3, SUB64: 4,
  /** N and Z of cc_a, C = V = 0. */
  LOGIC32: 5, LOGIC64: 6,
  /** Translator only: not known at translation time. */
  DYNAMIC: 15,
} as const;

/** Packed NZCV (bits 31…28) of a lazy-flags state. The reference for every other implementation. */
export function packNzcv(op: number, a: bigint, b: bigint): number {
  if (op === CC.NZCV) return Number(a & 0xf0000000n);
  const bits = op === CC.ADD64 || op === CC.SUB64 || op === CC.LOGIC64 ? 64 : 32;
  const x = BigInt.asUintN(bits, a), y = BigInt.asUintN(bits, b);
  const isAdd = op === CC.ADD32 || op === CC.ADD64;
  const isLogic = op === CC.LOGIC32 || op === CC.LOGIC64;
  const r = isLogic ? x : BigInt.asUintN(bits, isAdd ? x + y : x - y);
  const sign = (v: bigint) => Number(v >> BigInt(bits - 1));
  const n = sign(r), z = r === 0n ? 1 : 0;
  const c = isLogic ? 0 : isAdd ? Number(r < x) : Number(x >= y);
  const v = isLogic ? 0 : isAdd ? sign((x ^ r) & (y ^ r)) : sign((x ^ y) & (x ^ r));
  return ((n << 31) | (z << 30) | (c << 29) | (v << 28)) >>> 0;
}

/** NZCV of a vCPU now (bits 31…28): packNzcv on 32-bit halves. Owner thread only. */
export function readNzcv(cpu: Vcpu): number {
  const op = cpu.ld32(envOff.cc_op), aLo = cpu.ld32(envOff.cc_a);
  if (op === CC.NZCV) return (aLo & 0xf0000000) >>> 0;
  const aHi = cpu.ld32(envOff.cc_a + 4), bLo = cpu.ld32(envOff.cc_b), bHi = cpu.ld32(envOff.cc_b + 4);
  let top: number, zero: boolean, c = false, v = 0;
  switch (op) {
    case CC.LOGIC32: top = aLo; zero = aLo === 0; break;
    case CC.LOGIC64: top = aHi; zero = (aLo | aHi) === 0; break;
    case CC.ADD32: top = (aLo + bLo) | 0; zero = top === 0; c = (top >>> 0) < (aLo >>> 0); v = (aLo ^ top) & (bLo ^ top); break;
    case CC.SUB32: top = (aLo - bLo) | 0; zero = top === 0; c = (aLo >>> 0) >= (bLo >>> 0); v = (aLo ^ bLo) & (aLo ^ top); break;
    case CC.ADD64: {
      const lo = (aLo >>> 0) + (bLo >>> 0), hi = (aHi >>> 0) + (bHi >>> 0) + (lo >= 2 ** 32 ? 1 : 0);
      top = hi | 0; zero = (lo | top) === 0; c = hi >= 2 ** 32; v = (aHi ^ top) & (bHi ^ top);
      break;
    }
    default: {
      const borrow = (aLo >>> 0) < (bLo >>> 0) ? 1 : 0;
      top = (aHi - bHi - borrow) | 0; zero = ((aLo - bLo) | top) === 0; v = (aHi ^ bHi) & (aHi ^ top);
      c = (aHi >>> 0) >= (bHi >>> 0) + borrow;
    }
  }
  return ((top & 0x80000000) | (zero ? 1 << 30 : 0) | (c ? 1 << 29 : 0) | (v < 0 ? 1 << 28 : 0)) >>> 0;
}

/** Sets NZCV from bits 31…28. */
export function writeNzcv(cpu: Vcpu, nzcv: number): void {
  cpu.st32(envOff.cc_op, CC.NZCV);
  cpu.st64p(envOff.cc_a, nzcv & 0xf0000000, 0);
}
