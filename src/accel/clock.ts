// The virtual clock: nanoseconds of machine running time, the same in every thread; stands still while the VM is stopped.
import { SeqLock } from '#atomics-sync';
import { GlobalPage } from '../memory/layout/tb.ts';
import type { Machine } from './machine-view.ts';
import { monotonicNs } from './monotonic.ts';

export class VirtualClock {
  readonly #f64: Float64Array;
  readonly #offset: number;
  readonly #stoppedAt: number;
  readonly #lock: SeqLock;

  constructor(m: Machine) {
    this.#f64 = m.f64;
    this.#offset = (m.layout.globalBase + GlobalPage.off.clock_offset) >>> 3;
    this.#stoppedAt = (m.layout.globalBase + GlobalPage.off.clock_stopped_at) >>> 3;
    this.#lock = new SeqLock(m.i32, m.global('clock_lock'));
  }

  /** Virtual time, ns. Any thread. */
  now(): number {
    for (;;) {
      const seq = this.#lock.readBegin();
      const stopped = this.#f64[this.#stoppedAt], offset = this.#f64[this.#offset];
      if (!this.#lock.readRetry(seq)) return stopped >= 0 ? stopped : monotonicNs() - offset;
    }
  }

  /** Sets the clock to 0, stopped. Machine creation. */
  init(): void {
    this.#lock.write(() => { this.#f64[this.#stoppedAt] = 0; });
  }
  /** Lets time pass. Main thread. */
  start(): void {
    this.#lock.write(() => {
      const at = this.#f64[this.#stoppedAt];
      if (at < 0) return;
      this.#f64[this.#offset] = monotonicNs() - at;
      this.#f64[this.#stoppedAt] = -1;
    });
  }
  /** Stops time. Main thread. */
  stop(): void {
    this.#lock.write(() => {
      if (this.#f64[this.#stoppedAt] < 0) this.#f64[this.#stoppedAt] = monotonicNs() - this.#f64[this.#offset];
    });
  }
}
