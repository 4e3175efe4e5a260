// Handle on one vCPU block: typed access to its fields, helper arguments, interrupts, kicks.
import { CPUState, TCG_TEMP_BUF } from '../memory/layout/cpu.ts';
import type { StructLayout } from '../memory/layout/struct.ts';
import type { GuestSpins } from './guest-spins.ts';
import type { TargetCpu } from './target.ts';
import type { Machine } from './machine-view.ts';
import type { TargetServices } from './target-services.ts';

const roundUp = (n: number, a: number) => Math.ceil(n / a) * a;
const off = CPUState.off;

/** Where the architectural env starts in a vCPU block. */
export const ARCH_OFFSET = roundUp(CPUState.size, 64);
/** Where TCG temporaries start, given the target's env. */
export const tempOffset = (env: StructLayout): number => roundUp(ARCH_OFFSET + env.size, 16);
/** Bytes of a block before its jump cache and TLBs. */
export const cpuBlockSize = (env: StructLayout): number => roundUp(tempOffset(env) + TCG_TEMP_BUF, 4096);

export class Vcpu {
  readonly machine: Machine;
  readonly target: TargetCpu;
  readonly index: number;
  /** Address of the vCPU block in `state`: what generated code gets as `env`. */
  readonly base: number;
  /** TLB maintenance, physical memory, probes: set on the thread that runs this vCPU, absent elsewhere. */
  services!: TargetServices;
  /** The lock profiler's guest side: where `services` are. */
  spins!: GuestSpins;
  readonly #b4: number;
  readonly #b8: number;
  /** Index in `machine.i32` of the futex this vCPU's thread sleeps on when halted. */
  readonly haltWord: number;

  constructor(machine: Machine, target: TargetCpu, index: number) {
    this.machine = machine;
    this.target = target;
    this.index = index;
    this.base = machine.layout.cpuBase + index * machine.layout.cpuStride;
    this.#b4 = this.base >>> 2;
    this.#b8 = this.base >>> 3;
    const leader = machine.spec.single ? machine.layout.cpuBase : this.base;
    this.haltWord = (leader + off.halt_word) >>> 2;
  }

  // Offsets below are bytes from the start of the vCPU block, for CPUState fields as they are,
  // for architectural ones ARCH_OFFSET + env.off.x.

  ld32(offset: number): number { return this.machine.i32[this.#b4 + (offset >>> 2)]; }
  st32(offset: number, v: number): void { this.machine.i32[this.#b4 + (offset >>> 2)] = v; }
  ld64(offset: number): bigint { return this.machine.u64[this.#b8 + (offset >>> 3)]; }
  st64(offset: number, v: bigint): void { this.machine.u64[this.#b8 + (offset >>> 3)] = v; }
  ld8(offset: number): number { return this.machine.u8[this.base + offset]; }
  st8(offset: number, v: number): void { this.machine.u8[this.base + offset] = v; }
  /** Stores a 64-bit field from two 32-bit halves. */
  st64p(offset: number, lo: number, hi: number): void {
    const i = this.#b4 + (offset >>> 2);
    this.machine.i32[i] = lo;
    this.machine.i32[i + 1] = hi;
  }
  /** Sequentially consistent accesses to a 32-bit field. */
  load(offset: number): number { return Atomics.load(this.machine.i32, this.#b4 + (offset >>> 2)); }
  store(offset: number, v: number): void { Atomics.store(this.machine.i32, this.#b4 + (offset >>> 2), v); }
  or(offset: number, v: number): number { return Atomics.or(this.machine.i32, this.#b4 + (offset >>> 2), v); }
  and(offset: number, v: number): number { return Atomics.and(this.machine.i32, this.#b4 + (offset >>> 2), v); }
  add(offset: number, v: number): number { return Atomics.add(this.machine.i32, this.#b4 + (offset >>> 2), v); }
  cas(offset: number, from: number, to: number): number { return Atomics.compareExchange(this.machine.i32, this.#b4 + (offset >>> 2), from, to); }
  /** Index in `machine.i32` of a field, for Atomics.wait and notify. */
  word(offset: number): number { return this.#b4 + (offset >>> 2); }

  // Helper calling convention.
  argLo(n: number): number { return this.ld32(off.helper_arg + 8 * n); }
  argHi(n: number): number { return this.ld32(off.helper_arg + 8 * n + 4); }
  arg64(n: number): bigint { return this.ld64(off.helper_arg + 8 * n); }
  ret(lo: number, hi = 0): void { this.st64p(off.helper_ret, lo, hi); }
  ret64(v: bigint): void { this.st64(off.helper_ret, v); }

  get exceptionIndex(): number { return this.ld32(off.exception_index); }
  set exceptionIndex(v: number) { this.st32(off.exception_index, v); }
  get tbFlags(): number { return this.ld32(off.tb_flags); }
  set tbFlags(v: number) { this.st32(off.tb_flags, v); }

  /** Raises CPU_INTERRUPT_* bits and makes the vCPU look at them. Any thread. */
  interrupt(mask: number): void {
    this.or(off.interrupt_request, mask);
    this.kick();
  }
  /** Lowers CPU_INTERRUPT_* bits. Any thread. */
  resetInterrupt(mask: number): void { this.and(off.interrupt_request, ~mask); }

  /** Makes the vCPU leave generated code or its halt sleep. Any thread. */
  kick(): void {
    this.store(off.exit_request, 1);
    Atomics.add(this.machine.i32, this.haltWord, 1); // pairs with src/accel/cpu-exec.ts#waitHalted
    Atomics.notify(this.machine.i32, this.haltWord);
  }
}
