// The benchmark guests: what each is called, how it is compiled, on how many vCPUs it runs, and what one iteration is.

/** Groups with a geometric mean each: `compute` is the one the project's bar is set on. */
export type Group = 'compute' | 'float' | 'vector' | 'system' | 'smp' | 'mmio';

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

export const PROGRAMS: readonly Program[] = [
  { name: 'crc32', group: 'compute', cpus: SCALED, ops: [256 << 10, 'byte'] },
  { name: 'sha256', group: 'compute', cpus: SCALED, ops: [64 << 10, 'byte'] },
  { name: 'sort', group: 'compute', cpus: SCALED, ops: [49152, 'element'] },
  { name: 'matrix-int', group: 'compute', cpus: SCALED, ops: [96 ** 3, 'product'] },
  { name: 'matrix-double', group: 'float', cpus: SCALED, ops: [80 ** 3, 'product'] },
  { name: 'strings', group: 'compute', cpus: ONE, ops: [64 << 10, 'byte'] },
  { name: 'chase-near', group: 'compute', cpus: ONE, ops: [400_000, 'step'] },
  { name: 'chase-far', group: 'compute', cpus: ONE, ops: [24_576, 'step'] },
  { name: 'interpreter', group: 'compute', cpus: SCALED, ops: [131_393, 'bytecode'] },
];
