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

/** NZCV of a vCPU now (bits 31…28). Owner thread only. */
export const readNzcv = (cpu: Vcpu): number => packNzcv(cpu.ld32(envOff.cc_op), cpu.ld64(envOff.cc_a), cpu.ld64(envOff.cc_b));

/** Sets NZCV from bits 31…28. */
export function writeNzcv(cpu: Vcpu, nzcv: number): void {
  cpu.st32(envOff.cc_op, CC.NZCV);
  cpu.st64(envOff.cc_a, BigInt((nzcv & 0xf0000000) >>> 0));
}
