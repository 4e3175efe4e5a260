// AsyncWaiters: waiting without blocking the event loop, beside the sleeping threads of a primitive.

/*
 * Why the asynchronous waiters have words of their own: a wake-up given to a pending Atomics.waitAsync is used up at
 * once, but acted upon only when that thread reaches its event loop. On the word that threads sleep on, it would be
 * taken away from a thread that could run now, and if the event loop is itself blocked on that thread, for ever.
 * So a release wakes one sleeping thread AND one asynchronous waiter; the slower of the two finds the lock taken.
 */

/** Keeps the event loop alive while a waitAsync is pending: Node does not count one as work to come. */
const keepAlive = {
  pending: 0,
  timer: undefined as NodeJS.Timeout | undefined,

  hold(): void {
    this.timer ??= setInterval(() => {}, 0x7fffffff);
    if (this.pending++ === 0) this.timer.ref();
  },

  release(): void {
    if (--this.pending === 0) this.timer!.unref();
  },
};

/**
 * Layout, two words from `index`:
 *   +0 count   seqcst, atomic add. Waiters inside enter()…leave(), written by them.
 *   +1 ticket  seqcst, atomic add. Wake-ups so far (mod 2^32), written by wake().
 * A waiter is counted before it tests its condition and takes its ticket before that test; a waker makes the
 * condition true before it reads the count. So either the waker sees the waiter, or the waiter sees the condition.
 */
export class AsyncWaiters {
  static readonly WORDS = 2;

  readonly #i32: Int32Array;
  readonly #count: number;
  readonly #ticket: number;

  constructor(i32: Int32Array, index: number) {
    this.#i32 = i32;
    this.#count = index;
    this.#ticket = index + 1;
  }

  /** Counts this waiter in and keeps the event loop alive until leave(). */
  enter(): void {
    keepAlive.hold();
    Atomics.add(this.#i32, this.#count, 1); // seqcst; pairs with async-waiters.ts#wake
  }

  leave(): void {
    Atomics.sub(this.#i32, this.#count, 1);
    keepAlive.release();
  }

  /** Take it before testing the condition, hand it to wait(). */
  ticket(): number {
    return Atomics.load(this.#i32, this.#ticket); // seqcst; pairs with async-waiters.ts#wake
  }

  /** Resolves at the first wake-up since `ticket` (true), or after `ms` milliseconds (false). */
  async wait(ticket: number, ms: number): Promise<boolean> {
    const result = Atomics.waitAsync(this.#i32, this.#ticket, ticket, ms);
    return (result.async ? await result.value : result.value) !== 'timed-out';
  }

  /** Wakes up to `n` waiters. Call after the condition they wait for has been made true by a seqcst store. */
  wake(n: number): void {
    if (Atomics.load(this.#i32, this.#count) === 0) return; // seqcst; pairs with async-waiters.ts#enter
    Atomics.add(this.#i32, this.#ticket, 1); // seqcst; pairs with async-waiters.ts#wait
    Atomics.notify(this.#i32, this.#ticket, n);
  }
}
