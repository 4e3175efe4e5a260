// MMIO from a vCPU thread: local devices at once, posted writes into the ring, everything else by the mailbox to main.
import { availableParallelism } from 'node:os';
import { SpinLock } from '#atomics-sync';
import { CPUState, MBOX_DONE, MBOX_IDLE, MBOX_REQUEST } from '../memory/layout/cpu.ts';
import { POSTED_RING, PostedWrite } from '../memory/layout/tb.ts';
import { SyncSite } from '../memory/layout/profile.ts';
import { SHADOW_FOLLOWS_POSTED, type FlatRange } from '../memory/flat-view.ts';
import type { Vcpu } from './vcpu.ts';

const off = CPUState.off;
const Q = PostedWrite.off;
/** Polls of the mailbox before the vCPU sleeps: about 20 µs, longer than a busy main thread needs to answer. */
const SPIN = 400;
/**
 * Polls while main wakes up and nobody else wants the core: some 250 µs. Main needs 50 to 130 µs from a notify to its
 * first line of code; a vCPU that sleeps meanwhile must be woken in its turn, 25 to 60 µs more.
 */
const WAKING_SPIN = 5000;
const CORES = availableParallelism();

/** A device served by vCPU threads (its state is shared memory); same shape as hw's MmioDevice. */
export interface LocalDevice {
  read(offset: number, size: number, cpu: number): number;
  write(offset: number, size: number, value: number, cpu: number): void;
}

/** The I/O side of one vCPU. Accesses are 1, 2 or 4 bytes, aligned. */
export class IoPort {
  readonly #cpu: Vcpu;
  readonly #local: ReadonlyMap<number, LocalDevice>;
  readonly #cpus: readonly Vcpu[];
  readonly #i32: Int32Array;
  readonly #lock: SpinLock;

  /** `local`: devices by region number; `cpus`: all of the machine. */
  constructor(cpu: Vcpu, local: ReadonlyMap<number, LocalDevice>, cpus: readonly Vcpu[]) {
    this.#cpu = cpu;
    this.#local = local;
    this.#cpus = cpus;
    this.#i32 = cpu.machine.i32;
    this.#lock = new SpinLock(this.#i32, cpu.machine.global('io_posted_lock'), SyncSite.IO_POSTED);
  }

  read(r: FlatRange, offset: number, size: number): number {
    const dev = this.#local.get(r.region!);
    if (dev) return dev.read(offset, size, this.#cpu.index) >>> 0;
    const shadow = r.shadowed?.find((s) => s.offset === offset);
    if (shadow) {
      const word = Atomics.load(this.#i32, shadow.addr >>> 2);
      if ((word & SHADOW_FOLLOWS_POSTED) === 0 || this.#postedDrained()) return (word & ~SHADOW_FOLLOWS_POSTED) >>> 0;
    }
    return this.#request(r.region!, offset, size, 0, 0);
  }

  write(r: FlatRange, offset: number, size: number, value: number): void {
    const dev = this.#local.get(r.region!);
    if (dev) dev.write(offset, size, value, this.#cpu.index);
    else if (!(r.posted?.includes(offset) && this.#post(r.region!, offset, size, value))) this.#request(r.region!, offset, size, value, 1);
  }

  #postedDrained(): boolean {
    const m = this.#cpu.machine;
    return Atomics.load(this.#i32, m.global('io_posted_head')) === Atomics.load(this.#i32, m.global('io_posted_tail'));
  }

  /** Queues a posted write; false when the ring is full (the caller then waits by the mailbox, which drains it). */
  #post(region: number, offset: number, size: number, value: number): boolean {
    const m = this.#cpu.machine, i32 = this.#i32, tailWord = m.global('io_posted_tail');
    const queued = this.#lock.withLock(() => {
      const tail = Atomics.load(i32, tailWord);
      if (tail - Atomics.load(i32, m.global('io_posted_head')) >= POSTED_RING) return false;
      const at = m.layout.postedBase + (tail & (POSTED_RING - 1)) * PostedWrite.size;
      i32[at + Q.region >>> 2] = region;
      i32[at + Q.offset >>> 2] = offset;
      i32[at + Q.size >>> 2] = size;
      i32[at + Q.value >>> 2] = value;
      Atomics.store(i32, tailWord, tail + 1); // pairs with src/machine/io-server.ts#drain
      return true;
    });
    if (queued) ringDoorbell(i32, m.global('doorbell'), m.global('main_sleeping'));
    return queued;
  }

  /** Asks main and waits. */
  #request(region: number, offset: number, size: number, value: number, write: number): number {
    const c = this.#cpu, m = c.machine, start = m.profile.begin();
    c.st32(off.mbox_region, region);
    c.st32(off.mbox_offset, offset);
    c.st32(off.mbox_size, size);
    c.st32(off.mbox_value, value);
    c.st32(off.mbox_write, write);
    c.store(off.mbox_state, MBOX_REQUEST); // pairs with src/machine/io-server.ts#serveAndUnlock
    const patience = ringDoorbell(this.#i32, m.global('doorbell'), m.global('main_sleeping')) && this.#hasFreeCore() ? WAKING_SPIN : SPIN;
    const w = c.word(off.mbox_state);
    for (let i = 0; c.load(off.mbox_state) !== MBOX_DONE; i++) {
      if (i < patience) Atomics.pause();
      else {
        if (Atomics.load(this.#i32, m.global('shutdown'))) return 0;
        Atomics.wait(this.#i32, w, MBOX_REQUEST, 1000);
      }
    }
    const v = c.ld32(off.mbox_value) >>> 0;
    c.store(off.mbox_state, MBOX_IDLE);
    if (start !== 0) m.profile.mmioDone(region, start);
    return v;
  }

  /** Whether the host has a core for main beside the vCPUs that run. */
  #hasFreeCore(): boolean {
    if (this.#cpu.machine.spec.single) return CORES > 1;
    let running = 0;
    for (const cpu of this.#cpus) if (cpu.load(off.halted) === 0) running++;
    return running < CORES;
  }
}

/**
 * Wakes the main thread if it sleeps; true when it did. The doorbell moves before main_sleeping is read, main publishes
 * main_sleeping before it looks at the doorbell: no wake-up is lost.
 */
export function ringDoorbell(i32: Int32Array, doorbell: number, sleeping: number): boolean {
  Atomics.add(i32, doorbell, 1);
  if (Atomics.load(i32, sleeping) === 0) return false;
  Atomics.notify(i32, doorbell);
  return true;
}
