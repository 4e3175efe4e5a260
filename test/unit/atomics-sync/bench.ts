// Benchmark of the synchronisation primitives: `node test/unit/atomics-sync/bench.ts`. Prints ns uncontended, and
// throughput, fairness and longest wait under contention.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { LockStats, Mutex, Once, Semaphore, SeqLock, SpinLock } from '#atomics-sync';

const LOCK = 0; // element index of the lock under test
const GATE = 32;
const STOP = 33;
const COUNTER = 34; // plain, under the lock
const WORK = 35; // plain, under the lock

interface Job { kind: string; i32: Int32Array; threads: number; inside: number; outside: number }
type Lock = { lock(): unknown; unlock(): void };

function makeLock(kind: string, i32: Int32Array): Lock {
  if (kind === 'Mutex') return new Mutex(i32, LOCK);
  if (kind === 'SpinLock') return new SpinLock(i32, LOCK);
  const semaphore = new Semaphore(i32, LOCK);
  return { lock: () => semaphore.acquire(), unlock: () => semaphore.release() };
}

function work(i32: Int32Array, n: number): void {
  for (let i = 0; i < n; i++) i32[WORK] = i32[WORK] * 5 + 1;
}

if (isMainThread) {
  uncontended();
  for (const [inside, outside] of [[0, 0], [20, 200]]) {
    for (const kind of ['Mutex', 'SpinLock', 'Semaphore']) {
      for (const threads of [1, 2, 4, 16]) await contended(kind, threads, inside, outside);
    }
  }
  for (const threads of [1, 2, 3]) await asyncUnderLoad(threads);
} else {
  const { kind, i32, threads, inside, outside } = workerData as Job;
  const lock = makeLock(kind, i32);
  Atomics.add(i32, GATE, 1);
  Atomics.notify(i32, GATE);
  while (Atomics.load(i32, GATE) <= threads) Atomics.wait(i32, GATE, Atomics.load(i32, GATE));
  const own = new Int32Array(64);
  let count = 0;
  let longest = 0;
  while (Atomics.load(i32, STOP) === 0) {
    const sample = (count & 15) === 0;
    const start = sample ? performance.now() : 0;
    lock.lock();
    if (sample) longest = Math.max(longest, performance.now() - start);
    i32[COUNTER]++;
    work(i32, inside);
    lock.unlock();
    work(own, outside);
    count++;
  }
  parentPort!.postMessage({ count, longest });
}

function uncontended(): void {
  const i32 = new Int32Array(new SharedArrayBuffer(4096));
  const mutex = new Mutex(i32, LOCK);
  const profiled = new Mutex(i32, 8, new LockStats(i32, 64, 4));
  const spin = new SpinLock(i32, 16);
  Semaphore.init(i32, 20, 1);
  const semaphore = new Semaphore(i32, 20);
  const seq = new SeqLock(i32, 28);
  const once = new Once(i32, 40);
  once.callOnce(() => {});
  const nothing = () => 0;
  time('Mutex lock+unlock', () => { mutex.lock(); mutex.unlock(); });
  time('Mutex withLock', () => { mutex.withLock(nothing); });
  time('Mutex lock+unlock with LockStats', () => { profiled.lock(1); profiled.unlock(); });
  time('SpinLock lock+unlock', () => { spin.lock(); spin.unlock(); });
  time('Semaphore acquire+release', () => { semaphore.acquire(); semaphore.release(); });
  time('SeqLock write', () => { seq.writeBegin(); seq.writeEnd(); });
  time('SeqLock read', () => { seq.readRetry(seq.readBegin()); });
  time('Once callOnce when done', () => { once.callOnce(nothing as () => void); });
}

function time(name: string, op: () => void): void {
  const n = 500_000;
  const runs: number[] = [];
  for (let run = 0; run < 9; run++) {
    const start = performance.now();
    for (let i = 0; i < n; i++) op();
    runs.push((performance.now() - start) * 1e6 / n);
  }
  runs.sort((a, b) => a - b);
  console.log(`${name.padEnd(34)} ${runs[4].toFixed(1)} ns (median of 9)`);
}

async function startCrew(job: Job): Promise<Worker[]> {
  Semaphore.init(job.i32, LOCK, job.kind === 'Semaphore' ? 1 : 0);
  const crew = Array.from({ length: job.threads }, () => new Worker(new URL(import.meta.url), { workerData: job }));
  for (;;) {
    const seen = Atomics.load(job.i32, GATE);
    if (seen === job.threads) break;
    const waiting = Atomics.waitAsync(job.i32, GATE, seen, 20);
    if (waiting.async) await Promise.all([waiting.value, new Promise((resolve) => setTimeout(resolve, 20))]);
  }
  return crew;
}

async function contended(kind: string, threads: number, inside: number, outside: number): Promise<void> {
  const job: Job = { kind, i32: new Int32Array(new SharedArrayBuffer(4096)), threads, inside, outside };
  const crew = await startCrew(job);
  const results = crew.map((worker) => new Promise<{ count: number; longest: number }>((resolve) => worker.once('message', resolve)));
  Atomics.add(job.i32, GATE, 1);
  Atomics.notify(job.i32, GATE);
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  Atomics.store(job.i32, STOP, 1);
  const done = await Promise.all(results);
  const seconds = (performance.now() - start) / 1000;
  const counts = done.map((r) => r.count);
  const total = counts.reduce((a, b) => a + b);
  if (total !== job.i32[COUNTER]) throw new Error(`${kind}: ${job.i32[COUNTER]} counted, ${total} made`);
  const share = Math.min(...counts) / Math.max(...counts);
  const longest = Math.max(...done.map((r) => r.longest));
  console.log(`${kind.padEnd(9)} ${String(threads).padStart(2)} threads, ${inside}/${outside} steps in/out: `
    + `${(total / seconds / 1e6).toFixed(2)} M/s, slowest/fastest thread ${share.toFixed(2)}, longest wait ${longest.toFixed(1)} ms`);
}

async function asyncUnderLoad(threads: number): Promise<void> {
  const job: Job = { kind: 'Mutex', i32: new Int32Array(new SharedArrayBuffer(4096)), threads, inside: 20, outside: 20 };
  const crew = await startCrew(job);
  const results = crew.map((worker) => new Promise((resolve) => worker.once('message', resolve)));
  const mutex = new Mutex(job.i32, LOCK);
  Atomics.add(job.i32, GATE, 1);
  Atomics.notify(job.i32, GATE);
  const waits: number[] = [];
  const end = performance.now() + 1000;
  while (performance.now() < end) {
    const start = performance.now();
    await mutex.lockAsync();
    waits.push(performance.now() - start);
    mutex.unlock();
    await new Promise((resolve) => setImmediate(resolve));
  }
  Atomics.store(job.i32, STOP, 1);
  await Promise.all(results);
  waits.sort((a, b) => a - b);
  const at = (q: number) => (waits[Math.min(waits.length - 1, Math.floor(q * waits.length))] * 1000).toFixed(0);
  console.log(`lockAsync against ${threads} hammering threads: ${waits.length} locks in 1 s, wait p50 ${at(0.5)} us, p99 ${at(0.99)} us, max ${at(1)} us`);
}
