// The host's monotonic clock, the same in every thread.

/** Host monotonic time, ns since boot of the host: comparable between threads. */
export function monotonicNs(): number {
  const [s, ns] = process.hrtime();
  return s * 1e9 + ns;
}
