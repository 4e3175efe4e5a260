// Mutex: a three-state futex lock that spins briefly, then sleeps; with an asynchronous lock for event-loop threads.
import { AsyncWaiters } from './async-waiters.ts';
import { deadlineAfter, remaining } from './deadline.ts';
import { LockError } from './errors.ts';
import type { LockStats } from './lock-stats.ts';
import { lockProbe, probeNow } from './probe.ts';
import { AdaptiveSpin } from './spin.ts';
import { mintToken, type LockToken } from './token.ts';
import { checkWords, THIS_THREAD } from './words.ts';

/** Values of the state word (Drepper, "Futexes are tricky", mutex 2). */
export const MUTEX_STATE = { FREE: 0, HELD: 1, CONTENDED: 2 } as const;
const { FREE, HELD, CONTENDED } = MUTEX_STATE;

/**
 * Mutual exclusion between threads, not recursive. All zero is a free mutex.
 *
 * Layout, four words from `index`:
 *   +0 state   seqcst. FREE, HELD, or CONTENDED: held, and somebody may sleep. Any thread moves it from FREE to HELD
 *              or CONTENDED (which acquires) and from HELD to CONTENDED; only the holder stores FREE.
 *   +1 owner   plain. Thread id of the holder, written by the holder alone, zero when free. Others only compare it
 *              with their own id, and a thread always sees its own last write, so no order is needed.
 *   +2 +3      AsyncWaiters.
 * The acquiring read-modify-write reads the FREE that unlock() stored: what the last holder did happens before what
 * this one does. Payload under the mutex is plain.
 */
export class Mutex<Name extends string = string> {
  static readonly SIZE = (2 + AsyncWaiters.WORDS) * 4;

  readonly #i32: Int32Array;
  readonly #state: number;
  readonly #owner: number;
  readonly #async: AsyncWaiters;
  readonly #spin = new AdaptiveSpin();
  readonly #token = mintToken<Name>();
  readonly #stats: LockStats | null;
  /** Site and time of the acquisition the probe was told of; time 0: it was not. */
  #heldSite = 0;
  #heldSince = 0;

  /** A handle over the words from element `index`. `stats`: table to count acquisitions in, by the lock calls' `site`. */
  constructor(i32: Int32Array, index: number, stats: LockStats | null = null) {
    checkWords(i32, index, Mutex.SIZE / 4);
    this.#i32 = i32;
    this.#state = index;
    this.#owner = index + 1;
    this.#async = new AsyncWaiters(i32, index + 2);
    this.#stats = stats;
  }

  /**
   * Acquires, sleeping as long as it takes.
   * Error: ERR_LOCK_RECURSIVE, also when the holder is an asynchronous task of this thread (it could never unlock).
   */
  lock(site = 0): LockToken<Name> {
    // seqcst; pairs with mutex.ts#unlock
    if (Atomics.compareExchange(this.#i32, this.#state, FREE, HELD) !== FREE) this.#lockContended(Infinity, site);
    else if (this.#stats !== null || lockProbe !== null) this.#acquired(site);
    this.#i32[this.#owner] = THIS_THREAD;
    return this.#token;
  }

  /** Acquires if that needs no waiting; false when anybody, this thread included, holds it. */
  tryLock(site = 0): boolean {
    // seqcst; pairs with mutex.ts#unlock
    if (Atomics.compareExchange(this.#i32, this.#state, FREE, HELD) !== FREE) return false;
    if (this.#stats !== null || lockProbe !== null) this.#acquired(site);
    this.#i32[this.#owner] = THIS_THREAD;
    return true;
  }

  /** Acquires within `ms` milliseconds; false when they ran out. Errors: ERR_LOCK_RECURSIVE, RangeError for NaN. */
  lockTimeout(ms: number, site = 0): boolean {
    const deadline = deadlineAfter(ms);
    // seqcst; pairs with mutex.ts#unlock
    if (Atomics.compareExchange(this.#i32, this.#state, FREE, HELD) !== FREE) {
      if (!this.#lockContended(deadline, site)) return false;
    } else if (this.#stats !== null || lockProbe !== null) this.#acquired(site);
    this.#i32[this.#owner] = THIS_THREAD;
    return true;
  }

  /**
   * Acquires for this thread without blocking its event loop; the loop is kept alive until then.
   * Waits also while another task of the same thread holds the mutex, so a task that locks twice waits for ever.
   */
  async lockAsync(site = 0): Promise<LockToken<Name>> {
    // seqcst; pairs with mutex.ts#unlock
    if (Atomics.compareExchange(this.#i32, this.#state, FREE, HELD) === FREE) this.#acquired(site);
    else {
      const start = this.#stats === null && lockProbe === null ? 0 : probeNow();
      if (!this.#spinForIt()) {
        this.#async.enter();
        for (;;) {
          const ticket = this.#async.ticket();
          if (Atomics.exchange(this.#i32, this.#state, CONTENDED) === FREE) break; // seqcst; pairs with mutex.ts#unlock
          await this.#async.wait(ticket, Infinity);
        }
        this.#async.leave();
      }
      this.#waited(site, start);
    }
    this.#i32[this.#owner] = THIS_THREAD;
    return this.#token;
  }

  /** Releases. Error: ERR_LOCK_NOT_OWNER. */
  unlock(): void {
    if (this.#i32[this.#owner] !== THIS_THREAD) throw new LockError('ERR_LOCK_NOT_OWNER', 'Mutex.unlock');
    this.#i32[this.#owner] = 0;
    if (this.#heldSince !== 0) this.#reportHold();
    // seqcst; pairs with mutex.ts#lock, mutex.ts#lockContended, mutex.ts#lockAsync
    if (Atomics.exchange(this.#i32, this.#state, FREE) === CONTENDED) {
      Atomics.notify(this.#i32, this.#state, 1);
      this.#async.wake(1);
    }
  }

  /** Runs `fn` with the mutex held. Errors: those of lock() and of `fn`; the mutex is released either way. */
  withLock<T>(fn: (held: LockToken<Name>) => T, site = 0): T {
    const held = this.lock(site);
    try {
      return fn(held);
    } finally {
      this.unlock();
    }
  }

  /** As withLock, waiting as lockAsync does, and holding the mutex until the promise of `fn` settles. */
  async withLockAsync<T>(fn: (held: LockToken<Name>) => T | Promise<T>, site = 0): Promise<T> {
    const held = await this.lockAsync(site);
    try {
      return await fn(held);
    } finally {
      this.unlock();
    }
  }

  /** Whether this thread holds the mutex. */
  get heldByThisThread(): boolean {
    return this.#i32[this.#owner] === THIS_THREAD;
  }

  /** The token of a mutex that this thread already holds. Error: ERR_LOCK_NOT_OWNER. */
  assertHeld(): LockToken<Name> {
    if (!this.heldByThisThread) throw new LockError('ERR_LOCK_NOT_OWNER', 'Mutex.assertHeld');
    return this.#token;
  }

  /** An acquisition that did not wait, by the holder. */
  #acquired(site: number): void {
    this.#stats?.acquired(site);
    if (lockProbe !== null) this.#tell(site, -1, probeNow());
  }

  /** An acquisition that waited since `start`, by the holder; 0: nobody is told. */
  #waited(site: number, start: number): void {
    if (start === 0) return;
    const now = probeNow();
    this.#stats?.waited(site, now - start);
    if (lockProbe !== null) this.#tell(site, now - start, now);
  }

  #tell(site: number, waitNs: number, at: number): void {
    lockProbe!.acquired(this.#i32, site, waitNs, at);
    this.#heldSite = site;
    this.#heldSince = at;
  }

  #reportHold(): void {
    const since = this.#heldSince;
    this.#heldSince = 0;
    lockProbe?.released(this.#i32, this.#heldSite, probeNow() - since);
  }

  #lockContended(deadline: number, site: number): boolean {
    if (this.heldByThisThread) throw new LockError('ERR_LOCK_RECURSIVE', 'Mutex.lock');
    const start = this.#stats === null && lockProbe === null ? 0 : probeNow();
    if (!this.#spinForIt()) {
      // From here on we cannot know whether others sleep too, so we hold it as CONTENDED, if only for one notify too many.
      while (Atomics.exchange(this.#i32, this.#state, CONTENDED) !== FREE) { // seqcst; pairs with mutex.ts#unlock
        const left = remaining(deadline);
        if (left === 0) return false; // the state stays CONTENDED: other sleepers keep their wake-up
        Atomics.wait(this.#i32, this.#state, CONTENDED, left); // woken by mutex.ts#unlock
      }
    }
    this.#waited(site, start);
    return true;
  }

  #spinForIt(): boolean {
    const budget = this.#spin.budget();
    for (let polls = 0; polls < budget; polls++) {
      // seqcst; pairs with mutex.ts#unlock
      if (Atomics.load(this.#i32, this.#state) === FREE
        && Atomics.compareExchange(this.#i32, this.#state, FREE, HELD) === FREE) {
        this.#spin.hit(polls);
        return true;
      }
      Atomics.pause();
    }
    this.#spin.miss();
    return false;
  }
}
