// How soon a thread of this host that sleeps runs again: what an MMIO read from an idle main thread cannot be faster than.
import { Worker, isMainThread, workerData } from 'node:worker_threads';

const ROUNDS = 200, QUIET_MS = 5;
/** Words: a message's number, the last one answered. Then its time of sending, a double. */
const SENT = 0, ANSWERED = 1, TIME = 1;

export type Sleep = 'Atomics.wait' | 'Atomics.waitAsync';
interface Shared { readonly buffer: SharedArrayBuffer; readonly clock: number }

/** Times, in µs, from a notify to the first line that the other thread runs, after silence. */
export async function wakeTimes(how: Sleep): Promise<number[]> {
  const shared: Shared = { buffer: new SharedArrayBuffer(16), clock: performance.timeOrigin }, i32 = new Int32Array(shared.buffer), f64 = new Float64Array(shared.buffer);
  const worker = new Worker(new URL(import.meta.url), { workerData: shared }), times: number[] = [];
  const alive = setInterval(() => {}, 1 << 30);
  for (let n = 0; n < ROUNDS; n = Atomics.load(i32, SENT)) {
    if (how === 'Atomics.wait') Atomics.wait(i32, SENT, n);
    else {
      const w = Atomics.waitAsync(i32, SENT, n);
      if (w.async) await w.value;
    }
    times.push((performance.now() - f64[TIME]) * 1000);
    Atomics.store(i32, ANSWERED, Atomics.load(i32, SENT));
  }
  clearInterval(alive);
  await worker.terminate();
  return times;
}

if (!isMainThread && (workerData as Shared | null)?.clock) {
  const { buffer, clock } = workerData as Shared, i32 = new Int32Array(buffer), f64 = new Float64Array(buffer), nobody = new Int32Array(new SharedArrayBuffer(4));
  for (let n = 1; n <= ROUNDS; n++) {
    Atomics.wait(nobody, 0, 0, QUIET_MS);
    f64[TIME] = performance.now() + performance.timeOrigin - clock;
    Atomics.store(i32, SENT, n);
    Atomics.notify(i32, SENT);
    // Awake, as a vCPU that polls is.
    while (Atomics.load(i32, ANSWERED) < n);
  }
}
