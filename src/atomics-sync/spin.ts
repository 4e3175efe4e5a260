// How long to spin before sleeping: a per-handle estimate that follows what spinning has earned lately.
import { availableParallelism } from 'node:os';

/**
 * Most polls of one spin. A poll (Atomics.load + Atomics.pause) takes about 50 ns, so this is about 10 us:
 * what a sleep and its wake-up cost. With one host core nothing can change while we spin.
 */
const MAX_POLLS = availableParallelism() > 1 ? 200 : 0;
/** Polls granted however badly spinning has gone, so that the estimate can recover. */
const MIN_POLLS = MAX_POLLS === 0 ? 0 : 10;

/** The spin budget of one handle. Not shared: each thread learns for itself. */
export class AdaptiveSpin {
  #estimate = 0;

  /** Polls to make this time, at most. */
  budget(): number {
    return Math.min(MAX_POLLS, 2 * this.#estimate + MIN_POLLS);
  }

  /** The wait ended after `polls` polls: aim there. */
  hit(polls: number): void {
    this.#estimate += (polls - this.#estimate) / 8;
  }

  /** The budget ran out and the thread sleeps: spin less next time. */
  miss(): void {
    this.#estimate -= this.#estimate / 8;
  }
}
