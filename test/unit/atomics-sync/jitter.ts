// Jitter: makes races likely by delaying a thread at random before its atomic operations.

/*
 * The windows between two atomic operations of a primitive are some ten nanoseconds wide, and on a busy machine two
 * threads rarely meet in one. A random delay before each operation stretches every window to microseconds, so that a
 * missing compare-exchange or a wrong order of two stores shows within some thousand rounds.
 */
const DELAYED = ['load', 'store', 'add', 'sub', 'exchange', 'compareExchange', 'notify', 'wait'] as const;
const { wait, pause } = Atomics;
const plain = Object.fromEntries(DELAYED.map((name) => [name, Atomics[name]])) as Record<string, (...args: unknown[]) => unknown>;
const nobody = new Int32Array(new SharedArrayBuffer(4));

let state = 0; // xorshift32; 0: no jitter

function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}

/** A random delay: mostly none, often up to 3 us, now and then a sleep that gives the core away. Nothing without jitter. */
export function delay(): void {
  if (state === 0) return;
  const dice = random() & 511;
  if (dice === 0) wait(nobody, 0, 0, 0.05);
  else if (dice < 128) for (let n = dice >> 1; n > 0; n--) pause();
}

/** Switches the jitter of this thread on (any seed but 0) or off (0). */
export function setJitter(seed: number): void {
  state = seed | 0;
  for (const name of DELAYED) {
    const operation = plain[name];
    // Restored when off: a wrapper would cost the undelayed tests their speed.
    (Atomics as unknown as Record<string, unknown>)[name] = seed === 0 ? operation
      : (...args: unknown[]) => { delay(); return operation(...args); };
  }
}
