// `--profile`: counts where a vCPU is each time the timer thread asks.
import { CPUState } from '../memory/layout/cpu.ts';
import type { Vcpu } from './vcpu.ts';

/** PCs of one vCPU and how often each was met. */
export interface PcSamples { readonly cpu: number; readonly pcs: BigUint64Array; readonly counts: Uint32Array }

/** Samples of the vCPUs of one thread. */
export class Sampler {
  readonly #counts = new Map<number, Map<bigint, number>>();

  /** The vCPU has left generated code because it was asked to: its PC is exact. Owner thread. */
  look(cpu: Vcpu): void {
    if (cpu.load(CPUState.off.profile_tick) === 0) return;
    cpu.store(CPUState.off.profile_tick, 0); // pairs with src/accel/timer-thread.ts#timerThread
    let counts = this.#counts.get(cpu.index);
    if (!counts) this.#counts.set(cpu.index, counts = new Map());
    const pc = BigInt(cpu.target.pcHi(cpu) >>> 0) << 32n | BigInt(cpu.target.pcLo(cpu) >>> 0);
    counts.set(pc, (counts.get(pc) ?? 0) + 1);
  }

  result(): PcSamples[] {
    return [...this.#counts].map(([cpu, counts]) => ({ cpu, pcs: BigUint64Array.from(counts.keys()), counts: Uint32Array.from(counts.values()) }));
  }
}
