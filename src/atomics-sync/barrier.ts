// Barrier: a fixed number of threads wait for each other, again and again.
import { AsyncWaiters } from './async-waiters.ts';
import { LockError } from './errors.ts';
import { AdaptiveSpin } from './spin.ts';
import { checkWords } from './words.ts';

/**
 * Layout, five words from `index`:
 *   +0 arrived     seqcst. Threads in the present generation; raised by each on arrival, zeroed by the last.
 *   +1 generation  seqcst, atomic add. Generations completed (mod 2^32); raised by the last to arrive.
 *   +2 parties     plain. Number of threads; written by Barrier.init before the barrier is shared.
 *   +3 +4          AsyncWaiters.
 * What each thread did before wait() happens before what any of them does after it: arrivals are one chain of
 * read-modify-writes on `arrived`, its last one followed by the raise of `generation` that the others read.
 */
export class Barrier {
  static readonly SIZE = (3 + AsyncWaiters.WORDS) * 4;

  readonly #i32: Int32Array;
  readonly #arrived: number;
  readonly #generation: number;
  readonly #parties: number;
  readonly #async: AsyncWaiters;
  readonly #spin = new AdaptiveSpin();

  /** Sets the number of threads. Once, before any of them uses the barrier. */
  static init(i32: Int32Array, index: number, parties: number): void {
    checkWords(i32, index, Barrier.SIZE / 4);
    if (!Number.isInteger(parties) || parties < 1 || parties > 0x7fffffff) {
      throw new RangeError(`a barrier needs 1 to 2^31 - 1 threads, not ${parties}`);
    }
    i32.fill(0, index, index + Barrier.SIZE / 4);
    i32[index + 2] = parties;
  }

  constructor(i32: Int32Array, index: number) {
    checkWords(i32, index, Barrier.SIZE / 4);
    this.#i32 = i32;
    this.#arrived = index;
    this.#generation = index + 1;
    this.#parties = index + 2;
    this.#async = new AsyncWaiters(i32, index + 3);
  }

  /**
   * Sleeps until all threads have called it; true in exactly one of them, the last to arrive.
   * Errors: ERR_BARRIER_UNINITIALISED, ERR_BARRIER_OVERRUN.
   */
  wait(): boolean {
    const generation = Atomics.load(this.#i32, this.#generation);
    if (this.#arrive()) return true;
    const budget = this.#spin.budget();
    for (let polls = 0; polls < budget; polls++) {
      if (Atomics.load(this.#i32, this.#generation) !== generation) { // seqcst; pairs with barrier.ts#arrive
        this.#spin.hit(polls);
        return false;
      }
      Atomics.pause();
    }
    this.#spin.miss();
    while (Atomics.load(this.#i32, this.#generation) === generation) { // seqcst; pairs with barrier.ts#arrive
      Atomics.wait(this.#i32, this.#generation, generation); // woken by barrier.ts#arrive
    }
    return false;
  }

  /** As wait(), without blocking the event loop, which is kept alive meanwhile. */
  async waitAsync(): Promise<boolean> {
    const generation = Atomics.load(this.#i32, this.#generation);
    this.#async.enter();
    try {
      if (this.#arrive()) return true;
      for (;;) {
        const ticket = this.#async.ticket();
        if (Atomics.load(this.#i32, this.#generation) !== generation) return false; // seqcst; pairs with barrier.ts#arrive
        await this.#async.wait(ticket, Infinity);
      }
    } finally {
      this.#async.leave();
    }
  }

  /** Counts this thread in; the last one opens the barrier (true). */
  #arrive(): boolean {
    const i32 = this.#i32;
    const parties = i32[this.#parties];
    if (parties === 0) throw new LockError('ERR_BARRIER_UNINITIALISED', 'Barrier.wait');
    const arrived = Atomics.add(i32, this.#arrived, 1) + 1; // seqcst; pairs with barrier.ts#arrive
    if (arrived > parties) throw new LockError('ERR_BARRIER_OVERRUN', 'Barrier.wait'); // the last one zeroes this too
    if (arrived < parties) return false;
    Atomics.store(i32, this.#arrived, 0); // before `generation`: nobody of the next one can arrive earlier
    Atomics.add(i32, this.#generation, 1); // seqcst; pairs with barrier.ts#wait, barrier.ts#waitAsync
    if (parties > 1) Atomics.notify(i32, this.#generation);
    this.#async.wake(Infinity);
    return true;
  }
}
