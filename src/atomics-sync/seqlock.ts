// SeqLock: small data that is read often and written seldom; readers store nothing and retry when a writer was there.
import { SpinLock } from './spinlock.ts';
import type { LockToken } from './token.ts';
import { checkWords } from './words.ts';

/** Reads that may fail before a reader shuts the writers out. */
const OPTIMISTIC_READS = 64;
/** Looks at an odd sequence before a reader sleeps until the writer is done. */
const WRITER_POLLS = 64;

/**
 * Layout, two words from `index`:
 *   +0 sequence  seqcst, atomic add. Odd while a writer is at work; raised twice a write, by the holder of `lock`.
 *   +1 lock      SpinLock of the writers.
 *
 * Payload rule: the payload is written with Atomics.store and read with Atomics.load. JavaScript has no acquire or
 * release fence: a plain load may be moved past the second look at `sequence`, and a plain store before the first
 * raise of it; only between atomic accesses is the order kept. (The payload is several words whose *combination*
 * matters; a single word needs no SeqLock.)
 * With that, a reader that sees the same even `sequence` before and after has read what one writer left.
 */
export class SeqLock<Name extends string = string> {
  static readonly SIZE = 4 + SpinLock.SIZE;

  readonly #i32: Int32Array;
  readonly #sequence: number;
  readonly #lock: SpinLock<Name>;

  constructor(i32: Int32Array, index: number) {
    checkWords(i32, index, SeqLock.SIZE / 4);
    this.#i32 = i32;
    this.#sequence = index;
    this.#lock = new SpinLock<Name>(i32, index + 1);
  }

  /**
   * Runs `fn` until it has run undisturbed by writers, and returns that run's result. What `fn` throws on torn data
   * is dropped. `fn` must have no side effects. A reader that loses too often takes the writers' lock for one run, so
   * it always ends. Error: ERR_LOCK_RECURSIVE when called from inside this thread's own write.
   */
  read<T>(fn: () => T): T {
    for (let attempt = 0; attempt < OPTIMISTIC_READS; attempt++) {
      const start = this.readBegin();
      let result: T;
      try {
        result = fn();
      } catch (error) {
        if (!this.readRetry(start)) throw error;
        continue;
      }
      if (!this.readRetry(start)) return result;
    }
    return this.#lock.withLock(fn);
  }

  /** The first half of read(), for paths that cannot afford the closure: the sequence to give to readRetry(). */
  readBegin(): number {
    for (;;) {
      for (let polls = 0; polls < WRITER_POLLS; polls++) {
        const sequence = Atomics.load(this.#i32, this.#sequence); // seqcst; pairs with seqlock.ts#writeEnd
        if ((sequence & 1) === 0) return sequence;
        Atomics.pause();
      }
      // The writer has probably lost its core: sleep until it is done.
      this.#lock.lock();
      this.#lock.unlock();
    }
  }

  /** Whether a writer was at work since readBegin() returned `sequence`, so that what was read must be thrown away. */
  readRetry(sequence: number): boolean {
    return Atomics.load(this.#i32, this.#sequence) !== sequence; // seqcst; pairs with seqlock.ts#writeBegin
  }

  /** Runs `fn` as the only writer. Errors: those of `fn`, which must leave the payload consistent; ERR_LOCK_RECURSIVE. */
  write<T>(fn: (held: LockToken<Name>) => T): T {
    const held = this.writeBegin();
    try {
      return fn(held);
    } finally {
      this.writeEnd();
    }
  }

  /** The first half of write(). Error: ERR_LOCK_RECURSIVE. */
  writeBegin(): LockToken<Name> {
    const held = this.#lock.lock();
    Atomics.add(this.#i32, this.#sequence, 1); // seqcst; pairs with seqlock.ts#readRetry
    return held;
  }

  /** The second half of write(). Error: ERR_LOCK_NOT_OWNER. */
  writeEnd(): void {
    this.#lock.assertHeld();
    Atomics.add(this.#i32, this.#sequence, 1); // seqcst; pairs with seqlock.ts#readBegin
    this.#lock.unlock();
  }
}
