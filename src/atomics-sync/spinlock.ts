// SpinLock: a one-word lock for critical sections of a few instructions; sleeps when the holder has lost its core.
import { availableParallelism } from 'node:os';
import { deadlineAfter, remaining } from './deadline.ts';
import { LockError } from './errors.ts';
import { lockProbe, probeNow } from './probe.ts';
import { mintToken, type LockToken } from './token.ts';
import { checkWords, THIS_THREAD } from './words.ts';

/** Pauses (about 40 ns each) before a waiter sleeps: more than any critical section here should last. */
const SPIN_PAUSES = availableParallelism() > 1 ? 256 : 0;
/** Longest backoff between two looks at the lock, in pauses. */
const MAX_BACKOFF = 32;

const FREE = 0;
const SLEEPERS = 1; // flag bit: somebody may sleep on the word
const MINE = THIS_THREAD << 1;

/**
 * Mutual exclusion between threads, not recursive, one word. Zero is a free lock.
 *
 * Layout, one word at `index`: seqcst. 0, or the holder's thread id << 1 | SLEEPERS. A thread moves it from 0 to its
 * own id (which acquires); a waiter sets SLEEPERS before it sleeps; the holder stores 0.
 * The acquiring compare-exchange reads the 0 that unlock() stored: what the last holder did happens before what this
 * one does. Payload under the lock is plain.
 *
 * Waiting is test-and-test-and-set with exponential backoff, then a futex sleep: with more threads than cores the
 * holder may be off its core for a whole time slice, and spinning would keep it off.
 */
export class SpinLock<Name extends string = string> {
  static readonly SIZE = 4;

  readonly #i32: Int32Array;
  readonly #word: number;
  readonly #token = mintToken<Name>();

  readonly #site: number;
  /** Site and time of the acquisition the probe was told of; time 0: it was not. */
  #heldSite = 0;
  #heldSince = 0;

  /** A handle over the word `index`. `site`: what a LockProbe is told, where the lock call does not say. */
  constructor(i32: Int32Array, index: number, site = 0) {
    checkWords(i32, index, SpinLock.SIZE / 4);
    this.#i32 = i32;
    this.#word = index;
    this.#site = site;
  }

  /** Acquires, as long as it takes. Error: ERR_LOCK_RECURSIVE. */
  lock(site = this.#site): LockToken<Name> {
    if (lockProbe !== null) return this.#lockProbed(site);
    // seqcst; pairs with spinlock.ts#unlock
    if (Atomics.compareExchange(this.#i32, this.#word, FREE, MINE) !== FREE) this.#lockContended(Infinity);
    return this.#token;
  }

  /** Acquires if that needs no waiting; false when anybody, this thread included, holds it. */
  tryLock(): boolean {
    if (Atomics.compareExchange(this.#i32, this.#word, FREE, MINE) !== FREE) return false; // seqcst; pairs with spinlock.ts#unlock
    if (lockProbe !== null) this.#tell(this.#site, -1, probeNow());
    return true;
  }

  /** Acquires within `ms` milliseconds; false when they ran out. Errors: ERR_LOCK_RECURSIVE, RangeError for NaN. */
  lockTimeout(ms: number): boolean {
    const deadline = deadlineAfter(ms);
    return this.tryLock() || this.#lockContended(deadline);
  }

  /** Releases. Error: ERR_LOCK_NOT_OWNER. */
  unlock(): void {
    if (!this.heldByThisThread) throw new LockError('ERR_LOCK_NOT_OWNER', 'SpinLock.unlock');
    if (this.#heldSince !== 0) this.#reportHold();
    // seqcst; pairs with spinlock.ts#lock, spinlock.ts#tryLock, spinlock.ts#lockContended
    if ((Atomics.exchange(this.#i32, this.#word, FREE) & SLEEPERS) !== 0) Atomics.notify(this.#i32, this.#word, 1);
  }

  /** Runs `fn` with the lock held. Errors: those of lock() and of `fn`; the lock is released either way. */
  withLock<T>(fn: (held: LockToken<Name>) => T, site = this.#site): T {
    const held = this.lock(site);
    try {
      return fn(held);
    } finally {
      this.unlock();
    }
  }

  /** Whether this thread holds the lock. A plain read: only this thread can have stored its own id. */
  get heldByThisThread(): boolean {
    return (this.#i32[this.#word] & ~SLEEPERS) === MINE;
  }

  /** The token of a lock that this thread already holds. Error: ERR_LOCK_NOT_OWNER. */
  assertHeld(): LockToken<Name> {
    if (!this.heldByThisThread) throw new LockError('ERR_LOCK_NOT_OWNER', 'SpinLock.assertHeld');
    return this.#token;
  }

  #lockProbed(site: number): LockToken<Name> {
    let waited = -1, at: number;
    // seqcst; pairs with spinlock.ts#unlock
    if (Atomics.compareExchange(this.#i32, this.#word, FREE, MINE) !== FREE) {
      const start = probeNow();
      this.#lockContended(Infinity);
      at = probeNow();
      waited = at - start;
    } else at = probeNow();
    this.#tell(site, waited, at);
    return this.#token;
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

  #lockContended(deadline: number): boolean {
    if (this.heldByThisThread) throw new LockError('ERR_LOCK_RECURSIVE', 'SpinLock.lock');
    const i32 = this.#i32;
    const word = this.#word;
    for (let paused = 0, backoff = 1; paused < SPIN_PAUSES; paused += backoff, backoff = Math.min(2 * backoff, MAX_BACKOFF)) {
      // seqcst; pairs with spinlock.ts#unlock
      if (Atomics.load(i32, word) === FREE && Atomics.compareExchange(i32, word, FREE, MINE) === FREE) return true;
      for (let n = 0; n < backoff; n++) Atomics.pause();
    }
    for (;;) {
      const seen = Atomics.load(i32, word);
      if (seen === FREE) {
        // Others may sleep too, and the flag went with the last holder: keep it set for them.
        if (Atomics.compareExchange(i32, word, FREE, MINE | SLEEPERS) === FREE) return true; // seqcst; pairs with spinlock.ts#unlock
        continue;
      }
      // Also before giving up: this thread may just have used up the one notify, and others may sleep.
      const flagged = seen | SLEEPERS;
      if (seen !== flagged && Atomics.compareExchange(i32, word, seen, flagged) !== seen) continue; // seqcst; pairs with spinlock.ts#unlock
      const left = remaining(deadline);
      if (left === 0) return false;
      Atomics.wait(i32, word, flagged, left); // woken by spinlock.ts#unlock
    }
  }
}
