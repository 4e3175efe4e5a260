// Byte offsets from the vCPU block. Generated from src/target/arm/env.ts by scripts/build-wasm.ts.
export const FPCR: usize = 9504;
export const FPSR: usize = 9508;
export const VEC_SCRATCH: usize = 10560;
export const SCTLR_EL1: usize = 9640;
export const TCR_EL1: usize = 9680;
export const APIA: usize = 10320;
export const APIB: usize = 10336;
export const APDA: usize = 10352;
export const APDB: usize = 10368;
export const APGA: usize = 10384;
