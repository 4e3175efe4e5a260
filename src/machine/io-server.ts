// Main thread's side of MMIO: serves the vCPUs' mailboxes and the ring of posted writes, without blocking the event loop.
import { SyncSite } from '../memory/layout/profile.ts';
import type { Machine } from '../accel/machine-view.ts';
import type { Vcpu } from '../accel/vcpu.ts';
import type { MmioDevice } from '../hw/core/device.ts';
import { CPUState, MBOX_DONE, MBOX_REQUEST } from '../memory/layout/cpu.ts';
import { POSTED_RING, PostedWrite } from '../memory/layout/tb.ts';

const off = CPUState.off;
const Q = PostedWrite.off;
/** After a request main polls this long (ms) before it sleeps: a guest that talks to a device mostly goes on doing so. */
const POLL_MS = 0.2;

export class IoServer {
  readonly #m: Machine;
  readonly #cpus: readonly Vcpu[];
  readonly #devices: ReadonlyMap<number, MmioDevice>;
  readonly #onEvent: (bits: number) => void;
  #stopped = false;
  #keepAlive: NodeJS.Timeout | undefined;

  /** `devices`: by I/O region number. `onEvent`: EVENT_* bits raised by vCPU threads. */
  constructor(m: Machine, cpus: readonly Vcpu[], devices: ReadonlyMap<number, MmioDevice>, onEvent: (bits: number) => void) {
    this.#m = m;
    this.#cpus = cpus;
    this.#devices = devices;
    this.#onEvent = onEvent;
  }

  start(): void {
    // A pending waitAsync does not keep the event loop alive; a machine does.
    this.#keepAlive = setInterval(() => {}, 0x7fffffff);
    void this.#loop();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#keepAlive);
    Atomics.add(this.#m.i32, this.#m.global('doorbell'), 1);
    Atomics.notify(this.#m.i32, this.#m.global('doorbell'));
  }

  async #loop(): Promise<void> {
    const { i32 } = this.#m, doorbell = this.#m.global('doorbell'), sleeping = this.#m.global('main_sleeping');
    let lastBusy = 0;
    while (!this.#stopped) {
      const seen = Atomics.load(i32, doorbell);
      if (this.#serveAll()) lastBusy = performance.now();
      if (this.#stopped) return;
      if (Atomics.load(i32, doorbell) !== seen) continue;
      if (performance.now() - lastBusy < POLL_MS) {
        await new Promise<void>((resolve) => { setImmediate(resolve); });
        continue;
      }
      // main_sleeping is published before the doorbell is compared once more by waitAsync. pairs with src/accel/io.ts#ringDoorbell
      Atomics.store(i32, sleeping, 1);
      const w = Atomics.waitAsync(i32, doorbell, seen);
      if (w.async) await w.value;
      Atomics.store(i32, sleeping, 0);
    }
  }

  /**
   * Serves everything that waits; true when there was something. A device runs with the BQL held; when a vCPU thread
   * holds it for long, the event loop gets its turn first.
   */
  #serveAll(): boolean {
    const m = this.#m, { bql } = m;
    let busy = this.#hasPosted();
    if (busy && bql.tryLockBriefly(SyncSite.BQL_POSTED)) this.#drainAndUnlock();
    for (const cpu of this.#cpus) {
      if (cpu.load(off.mbox_state) !== MBOX_REQUEST) continue;
      busy = true;
      if (!bql.tryLockBriefly(SyncSite.BQL_MMIO)) break;
      this.#serveAndUnlock(cpu);
    }
    const events = Atomics.exchange(m.i32, m.global('event'), 0);
    if (events) this.#onEvent(events);
    return busy;
  }

  #drainAndUnlock(): void {
    try {
      this.#drain();
    } finally {
      this.#m.bql.unlock();
    }
  }

  /** One mailbox request, and the posted writes before it. pairs with src/accel/io.ts#request */
  #serveAndUnlock(cpu: Vcpu): void {
    const m = this.#m, dev = this.#devices.get(cpu.ld32(off.mbox_region));
    const offset = cpu.ld32(off.mbox_offset), size = cpu.ld32(off.mbox_size);
    try {
      this.#drain();
      const start = m.profile.begin();
      if (cpu.ld32(off.mbox_write)) dev?.write(offset, size, cpu.ld32(off.mbox_value) >>> 0, cpu.index);
      else cpu.st32(off.mbox_value, dev ? dev.read(offset, size, cpu.index) | 0 : 0);
      if (start !== 0) m.profile.mmioServed(cpu.ld32(off.mbox_region), start);
    } finally {
      // The answer goes out first: the vCPU need not wait for the unlock.
      cpu.store(off.mbox_state, MBOX_DONE);
      Atomics.notify(m.i32, cpu.word(off.mbox_state));
      m.bql.unlock();
    }
  }

  #hasPosted(): boolean {
    const m = this.#m;
    return Atomics.load(m.i32, m.global('io_posted_head')) !== Atomics.load(m.i32, m.global('io_posted_tail'));
  }

  /** Runs the queued posted writes in order. The vCPUs are parked, or ended. */
  async drainPosted(): Promise<void> {
    if (this.#hasPosted()) await this.#m.bql.runAsync(SyncSite.BQL_POSTED, () => this.#drain());
  }

  /** The same with the BQL held, first of its ring to last. */
  #drain(): void {
    const { i32, layout } = this.#m, head = this.#m.global('io_posted_head'), tail = this.#m.global('io_posted_tail');
    let at = Atomics.load(i32, head);
    while (at !== Atomics.load(i32, tail)) { // pairs with src/accel/io.ts#post
      const e = layout.postedBase + (at & (POSTED_RING - 1)) * PostedWrite.size >>> 2;
      this.#devices.get(i32[e + (Q.region >>> 2)])?.write(i32[e + (Q.offset >>> 2)], i32[e + (Q.size >>> 2)], i32[e + (Q.value >>> 2)] >>> 0, -1);
      // The slot is free only after the device has the value; shadows are current when head reaches tail.
      Atomics.store(i32, head, ++at);
    }
  }
}
