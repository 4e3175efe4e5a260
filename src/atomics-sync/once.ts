// Once: one thread runs an initialisation, all others wait for it; when it fails the next one tries.
import { LockError } from './errors.ts';
import { checkWords, THIS_THREAD } from './words.ts';

const NEW = 0;
const DONE = -1;
const WAITERS = 1; // flag bit beside the running thread's id
const MINE = THIS_THREAD << 1;

/**
 * Layout, one word at `index`: seqcst. NEW, then the running thread's id << 1 | WAITERS, then DONE, or NEW again after
 * a failure. The running thread stores all but WAITERS, which a thread sets before it sleeps.
 * What the initialisation wrote happens before every later callOnce() returns and every `done` that reads true.
 */
export class Once {
  static readonly SIZE = 4;

  readonly #i32: Int32Array;
  readonly #word: number;

  constructor(i32: Int32Array, index: number) {
    checkWords(i32, index, Once.SIZE / 4);
    this.#i32 = i32;
    this.#word = index;
  }

  /** Whether the initialisation has succeeded. */
  get done(): boolean {
    return Atomics.load(this.#i32, this.#word) === DONE; // seqcst; pairs with once.ts#callOnce
  }

  /**
   * Returns when the initialisation has succeeded: true if it was this call's `fn` that ran.
   * Errors: what `fn` throws, to its own caller only (the next waiter then runs its own); ERR_LOCK_RECURSIVE from
   * inside `fn`.
   */
  callOnce(fn: () => void): boolean {
    const i32 = this.#i32;
    const word = this.#word;
    for (;;) {
      const seen = Atomics.load(i32, word); // seqcst; pairs with once.ts#finish
      if (seen === DONE) return false;
      if (seen === NEW) {
        if (Atomics.compareExchange(i32, word, NEW, MINE) !== NEW) continue; // seqcst; pairs with once.ts#finish
        break;
      }
      if ((seen & ~WAITERS) === MINE) throw new LockError('ERR_LOCK_RECURSIVE', 'Once.callOnce');
      const flagged = seen | WAITERS;
      if (seen !== flagged && Atomics.compareExchange(i32, word, seen, flagged) !== seen) continue;
      Atomics.wait(i32, word, flagged); // woken by once.ts#finish
    }
    let outcome: typeof NEW | typeof DONE = NEW;
    try {
      fn();
      outcome = DONE;
    } finally {
      this.#finish(outcome);
    }
    return true;
  }

  #finish(outcome: typeof NEW | typeof DONE): void {
    // seqcst; pairs with once.ts#callOnce. All are woken: after a failure each must look who goes next.
    if ((Atomics.exchange(this.#i32, this.#word, outcome) & WAITERS) !== 0) Atomics.notify(this.#i32, this.#word);
  }
}
