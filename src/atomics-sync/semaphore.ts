// Semaphore: a count of permits; acquire takes one or waits, release gives some back.
import { AsyncWaiters } from './async-waiters.ts';
import { deadlineAfter, remaining } from './deadline.ts';
import { LockError } from './errors.ts';
import { AdaptiveSpin } from './spin.ts';
import { checkWords } from './words.ts';

const MAX = 0x7fffffff;

/**
 * Layout, four words from `index`:
 *   +0 count    seqcst. Permits free. Taken by compare-exchange, given by atomic add, by any thread.
 *   +1 waiters  seqcst, atomic add. Threads that may sleep on `count`, written by them.
 *   +2 +3       AsyncWaiters.
 * A waiter raises `waiters` before it tests `count`, release() raises `count` before it tests `waiters`: one of them
 * sees the other. What a thread did before release() happens before what follows the acquire that took that permit.
 * Permits are not handed out in order of arrival.
 */
export class Semaphore {
  static readonly SIZE = (2 + AsyncWaiters.WORDS) * 4;

  readonly #i32: Int32Array;
  readonly #count: number;
  readonly #waiters: number;
  readonly #async: AsyncWaiters;
  readonly #spin = new AdaptiveSpin();

  /** Sets the number of free permits. Once, before any thread uses it. Zeroed memory is a semaphore of 0. */
  static init(i32: Int32Array, index: number, permits: number): void {
    checkWords(i32, index, Semaphore.SIZE / 4);
    checkPermits(permits, 0);
    i32.fill(0, index, index + Semaphore.SIZE / 4);
    Atomics.store(i32, index, permits);
  }

  constructor(i32: Int32Array, index: number) {
    checkWords(i32, index, Semaphore.SIZE / 4);
    this.#i32 = i32;
    this.#count = index;
    this.#waiters = index + 1;
    this.#async = new AsyncWaiters(i32, index + 2);
  }

  /** Free permits at this moment. */
  get available(): number {
    return Atomics.load(this.#i32, this.#count);
  }

  /** Takes a permit, sleeping until there is one. */
  acquire(): void {
    if (!this.tryAcquire()) this.#acquireContended(Infinity);
  }

  /** Takes a permit if one is free now. */
  tryAcquire(): boolean {
    for (;;) {
      const seen = Atomics.load(this.#i32, this.#count);
      if (seen <= 0) return false;
      if (Atomics.compareExchange(this.#i32, this.#count, seen, seen - 1) === seen) return true; // seqcst; pairs with semaphore.ts#release
    }
  }

  /** Takes a permit within `ms` milliseconds; false when they ran out. Error: RangeError for NaN. */
  acquireTimeout(ms: number): boolean {
    const deadline = deadlineAfter(ms);
    return this.tryAcquire() || this.#acquireContended(deadline);
  }

  /** Takes a permit without blocking the event loop, which is kept alive until then. */
  async acquireAsync(): Promise<void> {
    if (this.tryAcquire()) return;
    this.#async.enter();
    for (;;) {
      const ticket = this.#async.ticket();
      if (this.tryAcquire()) break;
      await this.#async.wait(ticket, Infinity);
    }
    this.#async.leave();
  }

  /** Gives `n` permits. Errors: RangeError for an `n` that is no positive int32, ERR_SEMAPHORE_OVERFLOW. */
  release(n = 1): void {
    checkPermits(n, 1);
    for (;;) {
      const seen = Atomics.load(this.#i32, this.#count);
      if (seen > MAX - n) throw new LockError('ERR_SEMAPHORE_OVERFLOW', 'Semaphore.release');
      if (Atomics.compareExchange(this.#i32, this.#count, seen, seen + n) === seen) break; // seqcst; pairs with semaphore.ts#tryAcquire
    }
    if (Atomics.load(this.#i32, this.#waiters) > 0) Atomics.notify(this.#i32, this.#count, n); // seqcst; pairs with semaphore.ts#acquireContended
    this.#async.wake(n);
  }

  #acquireContended(deadline: number): boolean {
    const budget = this.#spin.budget();
    for (let polls = 0; polls < budget; polls++) {
      if (this.tryAcquire()) {
        this.#spin.hit(polls);
        return true;
      }
      Atomics.pause();
    }
    this.#spin.miss();
    Atomics.add(this.#i32, this.#waiters, 1); // seqcst; pairs with semaphore.ts#release
    let got: boolean;
    while (!(got = this.tryAcquire())) {
      const left = remaining(deadline);
      if (left === 0) break;
      Atomics.wait(this.#i32, this.#count, 0, left); // woken by semaphore.ts#release
    }
    Atomics.sub(this.#i32, this.#waiters, 1);
    return got;
  }
}

function checkPermits(n: number, least: number): void {
  if (!Number.isInteger(n) || n < least || n > MAX) throw new RangeError(`a number of permits is ${least} to 2^31 - 1, not ${n}`);
}
