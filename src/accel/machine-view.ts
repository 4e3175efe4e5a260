// What every thread of one machine shares: the two memories, their views, and where things are in them.
import type { FlatRange } from '../memory/flat-view.ts';
import { GlobalPage } from '../memory/layout/tb.ts';

/** Addresses of the regions of `state`, in bytes; computed by src/memory/state-layout.ts, the same in all threads. */
export interface StateLayout {
  readonly globalBase: number;
  readonly cpuBase: number;
  readonly cpuStride: number;
  readonly nrCpus: number;
  /** Per-vCPU jump caches and TLB storage. */
  readonly cacheBase: number;
  readonly cacheStride: number;
  readonly qhtBase: number;
  readonly qhtBytes: number;
  readonly pageDescBase: number;
  readonly nrPages: number;
  readonly postedBase: number;
  /** State of CPU-adjacent devices (GIC, …). */
  readonly deviceBase: number;
  readonly deviceBytes: number;
  readonly tbBase: number;
  readonly tbBytes: number;
  readonly codeBase: number;
  readonly codeBytes: number;
  readonly totalBytes: number;
}

/** Structured-cloneable description of a machine: what a worker needs to take part in it. */
export interface MachineSpec {
  readonly state: WebAssembly.Memory;
  readonly ram: WebAssembly.Memory;
  readonly layout: StateLayout;
  readonly flat: readonly FlatRange[];
  /** Model-specific configuration: CPU model, GIC version, … */
  readonly config: Readonly<Record<string, unknown>>;
}

/** One thread's view of a machine. */
export class Machine {
  readonly spec: MachineSpec;
  readonly layout: StateLayout;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly u8: Uint8Array;
  readonly u64: BigUint64Array;
  /** Guest memory: offset = FlatRange.ramOffset + (physical address - base). */
  readonly ram8: Uint8Array;
  readonly ram32: Int32Array;
  readonly ram64: BigUint64Array;

  constructor(spec: MachineSpec) {
    this.spec = spec;
    this.layout = spec.layout;
    const s = spec.state.buffer;
    this.i32 = new Int32Array(s);
    this.u32 = new Uint32Array(s);
    this.u8 = new Uint8Array(s);
    this.u64 = new BigUint64Array(s);
    const r = spec.ram.buffer;
    this.ram8 = new Uint8Array(r);
    this.ram32 = new Int32Array(r);
    this.ram64 = new BigUint64Array(r);
  }

  /** Index in `i32` of a GlobalPage field. */
  global(field: keyof typeof GlobalPage.off): number {
    return (this.layout.globalBase + GlobalPage.off[field]) >>> 2;
  }
}
