// The benchmark guests: what each is called, how it is compiled, on how many vCPUs it runs, and what one iteration is.

/** Groups with a geometric mean each: `compute` is the one the project's bar is set on. */
export type Group = 'compute' | 'float' | 'vector' | 'crypto' | 'system' | 'smp' | 'mmio';

export interface Program {
  readonly name: string;
  readonly group: Group;
  /** Numbers of vCPUs it is run with. Compute programs run one independent copy on each. */
  readonly cpus: readonly number[];
  /** Operations in an iteration, and their name: figures are given as ns or µs of one. Absent: the iteration itself. */
  readonly ops?: readonly [count: number, name: string];
  /** Compiler flags in addition to the common ones. */
  readonly flags?: readonly string[];
}

const SCALED = [1, 2, 4] as const, ONE = [1] as const;

/** AES, SHA and PMULL instructions. */
const CRYPTO = ['-mcpu=cortex-a72+crypto'] as const;
const VECTOR = ['-O3', '-ftree-vectorize', '-ftree-slp-vectorize'] as const;

export const PROGRAMS: readonly Program[] = [
  { name: 'crc32', group: 'compute', cpus: SCALED, ops: [256 << 10, 'byte'] },
  { name: 'sha256', group: 'compute', cpus: SCALED, ops: [64 << 10, 'byte'] },
  { name: 'aes', group: 'compute', cpus: ONE, ops: [16 << 10, 'byte'] },
  { name: 'sort', group: 'compute', cpus: SCALED, ops: [49_152, 'element'] },
  { name: 'sieve', group: 'compute', cpus: ONE, ops: [256 << 10, 'number'] },
  { name: 'matrix-int', group: 'compute', cpus: SCALED, ops: [96 ** 3, 'product'] },
  { name: 'strings', group: 'compute', cpus: ONE, ops: [64 << 10, 'byte'] },
  { name: 'memcpy', group: 'compute', cpus: ONE, ops: [7 * (256 << 10), 'byte'] },
  { name: 'chase-near', group: 'compute', cpus: ONE, ops: [400_000, 'step'] },
  { name: 'chase-far', group: 'compute', cpus: ONE, ops: [24_576, 'step'] },
  { name: 'interpreter', group: 'compute', cpus: SCALED, ops: [131_393, 'bytecode'] },
  { name: 'fib', group: 'compute', cpus: ONE, ops: [57_313, 'call'] },
  { name: 'records', group: 'compute', cpus: SCALED, ops: [4_000, 'round'] },
  { name: 'kernels', group: 'compute', cpus: SCALED, ops: [10, 'round'] },
  { name: 'matrix-double', group: 'float', cpus: SCALED, ops: [80 ** 3, 'product'] },
  { name: 'nbody', group: 'float', cpus: ONE, ops: [400, 'step'] },
  { name: 'mandelbrot', group: 'float', cpus: ONE, ops: [48 * 32, 'point'] },
  { name: 'fft', group: 'float', cpus: ONE, ops: [2 * 11 * 1024, 'butterfly'] },
  { name: 'saxpy', group: 'vector', cpus: ONE, ops: [16 * 8192, 'element'], flags: VECTOR },
  { name: 'dot', group: 'vector', cpus: ONE, ops: [2 * 8 * 8128, 'element'], flags: VECTOR },
  { name: 'int8', group: 'vector', cpus: ONE, ops: [7 * (32 << 10), 'byte'], flags: VECTOR },
  { name: 'aes-ctr', group: 'crypto', cpus: ONE, ops: [16 << 10, 'byte'], flags: CRYPTO },
  { name: 'aes-cbc', group: 'crypto', cpus: ONE, ops: [16 << 10, 'byte'], flags: CRYPTO },
  { name: 'ghash', group: 'crypto', cpus: ONE, ops: [16 << 10, 'byte'], flags: CRYPTO },
  { name: 'sha256-crypto', group: 'crypto', cpus: ONE, ops: [64 << 10, 'byte'], flags: CRYPTO },
  { name: 'syscall', group: 'system', cpus: SCALED, ops: [4_000, 'call'] },
  { name: 'tlb-flush', group: 'system', cpus: SCALED, ops: [100, 'flush'] },
  { name: 'spinlock', group: 'smp', cpus: SCALED, ops: [1_000, 'turn'] },
  { name: 'ticket-lock', group: 'smp', cpus: [1, 2], ops: [1_000, 'turn'] },
  { name: 'ping-pong', group: 'smp', cpus: [2], ops: [500, 'round trip'] },
  { name: 'ipi', group: 'smp', cpus: [2], ops: [100, 'round trip'] },
  { name: 'mmio-spin', group: 'mmio', cpus: ONE, ops: [1, 'read'] },
  { name: 'mmio-idle', group: 'mmio', cpus: ONE, ops: [1, 'read'] },
];
