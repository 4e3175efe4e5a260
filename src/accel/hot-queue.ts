// The queue of hot TBs: vCPUs put TBs in whose execution counter asks for a region, translator threads take them out.
import { SpinLock } from '#atomics-sync';
import { SyncSite } from '../memory/layout/profile.ts';
import { HOT_RING, HotTb } from '../memory/layout/tb.ts';
import type { Machine } from './machine-view.ts';

/** A TB asks for a region each time the interpreter has entered it so often. 2^n. */
export const HOT_ENTRIES = 8192;
/** The same for a TB that was the entry of a region in an earlier run: that one costs little. */
export const ARCHIVED_HOT_ENTRIES = 64;

export class HotQueue {
  readonly #m: Machine;
  readonly #lock: SpinLock;
  readonly #head: number;
  readonly #tail: number;
  readonly #word: number;

  constructor(m: Machine) {
    this.#m = m;
    this.#lock = new SpinLock(m.i32, m.global('hot_lock'), SyncSite.HOT_QUEUE);
    this.#head = m.global('hot_head');
    this.#tail = m.global('hot_tail');
    this.#word = m.global('hot_word');
  }

  /** Queues a TB; dropped when the ring is full (its counter will ask again). */
  push(tb: number, gen: number, pcLo: number, pcHi: number): void {
    const { i32 } = this.#m;
    this.#lock.withLock(() => {
      const tail = Atomics.load(i32, this.#tail);
      if (tail - Atomics.load(i32, this.#head) >= HOT_RING) return;
      const at = this.#m.layout.hotBase + (tail & (HOT_RING - 1)) * HotTb.size >>> 2;
      i32[at] = tb;
      i32[at + (HotTb.off.gen >>> 2)] = gen;
      i32[at + (HotTb.off.pc >>> 2)] = pcLo;
      i32[at + (HotTb.off.pc + 4 >>> 2)] = pcHi;
      Atomics.store(i32, this.#tail, tail + 1);
    });
    Atomics.add(i32, this.#word, 1);
    Atomics.notify(i32, this.#word, 1);
  }

  /** Takes a TB, sleeping while there is none; undefined when the machine shuts down. */
  pop(): { tb: number; gen: number; pc: bigint } | undefined {
    const { i32 } = this.#m, shutdown = this.#m.global('shutdown');
    for (;;) {
      // Read before the reasons to go on: whatever comes after that changes the word, and the wait returns at once.
      const seen = Atomics.load(i32, this.#word); // pairs with src/accel/hot-queue.ts#wake
      if (Atomics.load(i32, shutdown)) return undefined;
      const got = this.#lock.withLock(() => {
        const head = Atomics.load(i32, this.#head);
        if (head === Atomics.load(i32, this.#tail)) return undefined;
        const at = this.#m.layout.hotBase + (head & (HOT_RING - 1)) * HotTb.size >>> 2;
        Atomics.store(i32, this.#head, head + 1);
        return { tb: i32[at], gen: i32[at + (HotTb.off.gen >>> 2)], pc: this.#m.u64[at * 4 + HotTb.off.pc >>> 3] };
      });
      if (got) return got;
      Atomics.wait(i32, this.#word, seen);
    }
  }

  /** Wakes every waiting translator, after `shutdown` was set. */
  wake(): void {
    Atomics.add(this.#m.i32, this.#word, 1); // pairs with src/accel/hot-queue.ts#pop
    Atomics.notify(this.#m.i32, this.#word);
  }
}
