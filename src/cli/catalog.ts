// What can be chosen on the command line: machines, CPU models and schemes, with the limits that the options are checked against.

export interface MachineInfo {
  readonly name: string;
  readonly description: string;
  /** Other names it answers to. */
  readonly aliases: readonly string[];
  readonly maxCpus: number;
  /** Bytes; the default of `-m`, and the most that a host can give a guest. */
  readonly defaultRam: number;
  readonly maxRam: number;
  readonly defaultCpu: string;
  /** Serial ports of the board. */
  readonly maxSerials: number;
}

export interface CpuModelInfo {
  readonly name: string;
  readonly description: string;
}

export interface Catalog {
  readonly machines: readonly MachineInfo[];
  readonly cpuModels: readonly CpuModelInfo[];
  /** Values of `-accel tcg,exclusive=`; the first is the default. */
  readonly exclusiveSchemes: readonly string[];
}

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/** The boards. */
export const MACHINES: readonly MachineInfo[] = [
  {
    name: 'virt', description: 'QEMU 7.2 ARM Virtual Machine', aliases: ['virt-7.2'], maxCpus: 64, defaultRam: 128 * MiB,
    // flash and RAM share one memory64 of at most 16 GiB (V8's limit)
    maxRam: 15 * GiB, defaultCpu: 'cortex-a57', maxSerials: 1,
  },
];

/** GICv2 has eight CPU interfaces (Arm IHI 0048B, 1.2). */
export const GICV2_MAX_CPUS = 8;

/** Schemes of `-accel tcg,exclusive=`, the default first: those of src/memory/layout/exclusive.ts. */
export const EXCLUSIVE_SCHEMES: readonly string[] = ['cmpxchg', 'softmmu', 'check'];

interface CpuProperty {
  readonly name: string;
  readonly models: 'all' | readonly string[];
  readonly help: string;
  /** Its value when the option does not say. */
  readonly default: boolean;
  /** The only value it can have so far. */
  readonly only?: boolean;
}

/** Properties of `-cpu` models that take on|off, and the models that have them. */
export const CPU_PROPERTIES: readonly CpuProperty[] = [
  { name: 'aarch64', models: 'all', default: true, help: 'AArch64 state', only: true },
  { name: 'pmu', models: 'all', default: false, help: 'performance monitor unit', only: false },
  { name: 'pauth', models: ['max'], default: true, help: 'pointer authentication' },
  { name: 'pauth-impdef', models: ['max'], default: false, help: 'pointer authentication by an implementation-defined algorithm', only: false },
  { name: 'sve', models: ['max'], default: false, help: 'Scalable Vector Extension', only: false },
  { name: 'sme', models: ['max'], default: false, help: 'Scalable Matrix Extension', only: false },
  { name: 'lpa2', models: ['max'], default: false, help: '52-bit addresses with 4K and 16K granules', only: false },
];
