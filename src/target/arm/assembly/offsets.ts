// Byte offsets from the vCPU block. Generated from src/target/arm/env.ts by scripts/build-wasm.ts.
export const FPCR: usize = 9376;
export const FPSR: usize = 9380;
export const VEC_SCRATCH: usize = 10432;
export const SCTLR_EL1: usize = 9512;
export const TCR_EL1: usize = 9552;
export const APIA: usize = 10192;
export const APIB: usize = 10208;
export const APDA: usize = 10224;
export const APDB: usize = 10240;
export const APGA: usize = 10256;
