// Byte offsets from the vCPU block. Generated from src/target/arm/env.ts by scripts/build-wasm.ts.
export const FPCR: usize = 9504;
export const FPSR: usize = 9508;
export const VEC_SCRATCH: usize = 10576;
