// Byte offsets from the vCPU block. Generated from src/target/arm/env.ts by scripts/build-wasm.ts.
export const FPCR: usize = 9440;
export const FPSR: usize = 9444;
export const VEC_SCRATCH: usize = 10496;
export const SCTLR_EL1: usize = 9576;
export const TCR_EL1: usize = 9616;
export const APIA: usize = 10256;
export const APIB: usize = 10272;
export const APDA: usize = 10288;
export const APDB: usize = 10304;
export const APGA: usize = 10320;
