// Timeouts: a span in milliseconds becomes a point on the monotonic clock, so that retries do not stretch it.

/** The point `ms` milliseconds from now (Infinity: never; 0 or less: already past). Error: RangeError for NaN. */
export function deadlineAfter(ms: number): number {
  if (Number.isNaN(ms)) throw new RangeError('a timeout must be a number of milliseconds');
  return ms === Infinity ? Infinity : performance.now() + ms;
}

/** Milliseconds left until `deadline`, never negative. */
export function remaining(deadline: number): number {
  return deadline === Infinity ? Infinity : Math.max(0, deadline - performance.now());
}
