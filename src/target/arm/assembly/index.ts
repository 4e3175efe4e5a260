// Entry point of the AArch64 wasm helpers: everything exported here is a helper that generated code may call.
export * from './bf16';
export * from './crypto';
export * from './crypto-sha512';
export * from './crypto-sm';
export * from './fp-scalar';
export * from './fp-vector';
export * from './int';
export * from './pauth';
export * from './simd-misc';
export * from './simd-sat';
