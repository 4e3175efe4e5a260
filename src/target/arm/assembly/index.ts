// Entry point of the AArch64 wasm helpers: everything exported here is a helper callable from generated code.
import { FPCR, FPSR } from './offsets';
export function probe(env: usize, a: u64): u64 { return a + load<u32>(env + FPCR) + load<u32>(env + FPSR); }
export function probev(env: usize, a: v128, b: v128): v128 { return f64x2.add(a, b); }
