// Byte offsets from the vCPU block. Generated from src/target/arm/env.ts by scripts/build-wasm.ts.
export const FPCR: usize = 10144;
export const FPSR: usize = 10148;
export const VEC_SCRATCH: usize = 11200;
export const SCTLR_EL1: usize = 10280;
export const TCR_EL1: usize = 10320;
export const APIA: usize = 10960;
export const APIB: usize = 10976;
export const APDA: usize = 10992;
export const APDB: usize = 11008;
export const APGA: usize = 11024;
