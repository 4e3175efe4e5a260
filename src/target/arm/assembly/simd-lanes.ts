// Access to single lanes: vector helpers that wasm SIMD has no instruction for put their operands into scratch memory.
import { FPSR, VEC_SCRATCH } from './offsets';
import { QC } from './softfloat';

/** Stores operands in scratch memory; returns the address of the first. The next ones follow at 16-byte steps. */
@inline export function spill1(env: usize, a: v128): usize { const p = env + VEC_SCRATCH; v128.store(p, a); return p; }
@inline export function spill2(env: usize, a: v128, b: v128): usize { const p = spill1(env, a); v128.store(p, b, 16); return p; }
@inline export function spill3(env: usize, a: v128, b: v128, c: v128): usize { const p = spill2(env, a, b); v128.store(p, c, 32); return p; }

/** FPSR.QC is set when `saturated`. */
@inline export function setQC(env: usize, saturated: bool): void { if (saturated) store<u32>(env + FPSR, load<u32>(env + FPSR) | QC); }

@inline export function lowest<T>(): T { return isSigned<T>() ? <T>1 << (<T>sizeof<T>() * 8 - 1) : <T>0; }
@inline export function highest<T>(): T { return <T>~lowest<T>(); }
