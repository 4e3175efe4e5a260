// Runs one scenario of a worker file in several threads at once, from one starting line, with a watchdog.
import { Worker } from 'node:worker_threads';
import { Barrier } from '#atomics-sync';
import type { MachineSpec } from '../../src/accel/machine-view.ts';

/** What each worker is started with. */
export interface CrewData {
  readonly scenario: string;
  readonly spec: MachineSpec;
  readonly me: number;
  readonly threads: number;
  /** Zeroed words all threads share; the first ones are a Barrier of all threads. */
  readonly words: Int32Array;
  readonly params: Readonly<Record<string, number>>;
}

/** First word free for scenarios. */
export const FREE_WORDS = 16;
/** A scenario that takes longer hangs: they are sized for a second or two on two busy cores. */
export const HANGS_MS = 25_000;

/** Runs `scenario` of the worker file `url` in `threads` threads; what each of them returned. Throws when one fails or hangs. */
export async function runCrew<T>(url: URL, scenario: string, spec: MachineSpec, threads = 4, params: Record<string, number> = {},
  words = new Int32Array(new SharedArrayBuffer(1 << 16))): Promise<T[]> {
  Barrier.init(words, 0, threads);
  const workers = Array.from({ length: threads }, (_, me) =>
    new Worker(url, { workerData: { scenario, spec, me, threads, words, params } satisfies CrewData }));
  let watchdog: NodeJS.Timeout;
  const hung = new Promise<never>((_resolve, reject) => {
    watchdog = setTimeout(() => reject(new Error(`${scenario}: still not done after ${HANGS_MS} ms`)), HANGS_MS);
  });
  const done = workers.map((w) => new Promise<T>((resolve, reject) => {
    w.once('message', resolve);
    w.once('error', reject);
  }));
  try {
    return await Promise.race([Promise.all(done), hung]);
  } finally {
    clearTimeout(watchdog!);
    await Promise.all(workers.map((w) => w.terminate()));
  }
}

/** A small fast generator of 32-bit numbers (xorshift), the same for the same seed. */
export function random(seed: number): () => number {
  let x = (seed * 0x9e3779b1) | 1;
  return () => { x ^= x << 13; x ^= x >>> 17; x ^= x << 5; return x >>> 0; };
}
