// Entry point of the AArch64 wasm helpers: everything exported here is a helper that generated code may call.
export * from './fp-scalar';
export * from './int';
