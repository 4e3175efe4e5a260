// Condition: sleeping, with a mutex released, until another thread says that something it guards has changed.
import { AsyncWaiters } from './async-waiters.ts';
import { deadlineAfter, remaining } from './deadline.ts';
import type { Mutex } from './mutex.ts';
import { checkWords } from './words.ts';

/**
 * A condition variable. All zero is its first state.
 *
 * Rule: what is waited for changes only with the mutex held; notify may follow with the mutex held or just released.
 * Wake-ups can be spurious, and notifyOne may wake a second waiter: test again after each, or use waitFor().
 *
 * Layout, four words from `index`:
 *   +0 sequence  seqcst, atomic add. Notifications so far (mod 2^32), written by notifyOne() and notifyAll().
 *   +1 waiters   seqcst, atomic add. Threads inside wait(), written by them.
 *   +2 +3        AsyncWaiters.
 * No wake-up is lost: a waiter raises `waiters` and reads `sequence` while it still holds the mutex, so whoever changes
 * the state afterwards sees the waiter and moves `sequence` on; the sleep begins only on the old `sequence`. (A sleep
 * could be missed if exactly a multiple of 2^32 notifications fell between that read and the sleep.)
 */
export class Condition {
  static readonly SIZE = (2 + AsyncWaiters.WORDS) * 4;

  readonly #i32: Int32Array;
  readonly #sequence: number;
  readonly #waiters: number;
  readonly #async: AsyncWaiters;

  constructor(i32: Int32Array, index: number) {
    checkWords(i32, index, Condition.SIZE / 4);
    this.#i32 = i32;
    this.#sequence = index;
    this.#waiters = index + 1;
    this.#async = new AsyncWaiters(i32, index + 2);
  }

  /**
   * Releases `mutex`, sleeps until notified or for `ms` milliseconds, and acquires `mutex` again.
   * False when the time ran out; the state may have changed all the same. `site`: for the mutex's statistics.
   * Errors: ERR_LOCK_NOT_OWNER, RangeError for NaN.
   */
  wait(mutex: Mutex, ms = Infinity, site = 0): boolean {
    mutex.assertHeld();
    const deadline = deadlineAfter(ms);
    Atomics.add(this.#i32, this.#waiters, 1); // seqcst; pairs with condition.ts#notifyOne, condition.ts#notifyAll
    const sequence = Atomics.load(this.#i32, this.#sequence);
    mutex.unlock();
    const result = Atomics.wait(this.#i32, this.#sequence, sequence, remaining(deadline)); // woken by condition.ts#notifyOne
    Atomics.sub(this.#i32, this.#waiters, 1);
    mutex.lock(site);
    return result !== 'timed-out';
  }

  /** Waits until `predicate` holds (true), or `ms` milliseconds have gone and it still does not (false). As wait(). */
  waitFor(mutex: Mutex, predicate: () => boolean, ms = Infinity, site = 0): boolean {
    mutex.assertHeld();
    const deadline = deadlineAfter(ms);
    while (!predicate()) {
      const left = remaining(deadline);
      if (left === 0) return false;
      this.wait(mutex, left, site);
    }
    return true;
  }

  /** As wait(), without blocking the event loop, which is kept alive meanwhile. */
  async waitAsync(mutex: Mutex, ms = Infinity, site = 0): Promise<boolean> {
    mutex.assertHeld();
    if (Number.isNaN(ms)) throw new RangeError('a timeout must be a number of milliseconds');
    this.#async.enter();
    const ticket = this.#async.ticket();
    mutex.unlock();
    const notified = await this.#async.wait(ticket, ms);
    this.#async.leave();
    await mutex.lockAsync(site);
    return notified;
  }

  /** Wakes one sleeping thread and one asynchronous waiter, where there are any. */
  notifyOne(): void {
    if (Atomics.load(this.#i32, this.#waiters) > 0) { // seqcst; pairs with condition.ts#wait
      Atomics.add(this.#i32, this.#sequence, 1);
      Atomics.notify(this.#i32, this.#sequence, 1);
    }
    this.#async.wake(1);
  }

  /** Wakes all waiters. */
  notifyAll(): void {
    if (Atomics.load(this.#i32, this.#waiters) > 0) { // seqcst; pairs with condition.ts#wait
      Atomics.add(this.#i32, this.#sequence, 1);
      Atomics.notify(this.#i32, this.#sequence);
    }
    this.#async.wake(Infinity);
  }
}
