// What the worker threads of the atomics-sync tests do, by scenario name.
import { parentPort } from 'node:worker_threads';
import { Barrier, Condition, LockStats, Mutex, Once, Semaphore, SeqLock, SpinLock } from '#atomics-sync';
import { delay, setJitter } from './jitter.ts';
import { COUNTER, DATA, DONE, FLAG, INSIDE, LOCK, LOCK2, LOCK3, MET, READY, TWIN } from './words.ts';

export interface Job {
  scenario: ScenarioName;
  i32: Int32Array;
  gate: Int32Array;
  me: number;
  threads: number;
  params: any;
}

/** Raises two plain counters that must stay equal; returns whether they were. Only safe inside a critical section. */
function raise(i32: Int32Array): boolean {
  const a = i32[COUNTER];
  const b = i32[TWIN];
  delay();
  i32[COUNTER] = a + 1;
  i32[TWIN] = b + 1;
  return a === b;
}

/** Tells the main thread that this worker got somewhere, and sleeps until FLAG is set. */
function reportAndWait(i32: Int32Array): void {
  Atomics.add(i32, READY, 1);
  Atomics.notify(i32, READY);
  Atomics.wait(i32, FLAG, 0);
}

const scenarios = {
  /** Plain increments under a Mutex, taken in each of its ways; returns how often the twins differed. */
  mutexCount({ i32, me, params }: Job): number {
    const mutex = new Mutex(i32, LOCK);
    let torn = 0;
    for (let n = 0; n < params.times; n++) {
      const way = params.mixed ? (n + me) % 4 : 0;
      if (way === 3) {
        mutex.withLock(() => { if (!raise(i32)) torn++; });
        continue;
      }
      if (way === 0) mutex.lock();
      else if (way === 1) while (!mutex.tryLock()) Atomics.pause();
      else while (!mutex.lockTimeout(0.05));
      if (!raise(i32)) torn++;
      mutex.unlock();
    }
    return torn;
  },

  /** As mutexCount, on the asynchronous path of a worker. */
  async mutexCountAsync({ i32, params }: Job): Promise<number> {
    const mutex = new Mutex(i32, LOCK);
    let torn = 0;
    for (let n = 0; n < params.times; n++) await mutex.withLockAsync(() => { if (!raise(i32)) torn++; });
    return torn;
  },

  /** Counts under the mutex until DONE is set; returns its own count. */
  mutexHammer({ i32 }: Job): number {
    const mutex = new Mutex(i32, LOCK);
    let mine = 0;
    while (Atomics.load(i32, DONE) === 0) {
      mutex.withLock(() => raise(i32));
      mine++;
    }
    return mine;
  },

  /** Counts under a mutex with statistics, by site = worker number + 1; returns acquisitions made. */
  mutexProfiled({ i32, me, params }: Job): number {
    const mutex = new Mutex(i32, LOCK, new LockStats(i32, DATA, params.sites));
    for (let n = 0; n < params.times; n++) mutex.withLock(() => raise(i32), me + 1);
    return params.times;
  },

  /** Holds the mutex until told to go on, and `params.moreMs` longer, so that whoever told it can fall asleep. */
  holdMutex({ i32, me, params }: Job): void {
    const mutex = new Mutex(i32, LOCK);
    if (me !== params.holder) return;
    mutex.lock();
    reportAndWait(i32);
    Atomics.wait(i32, DONE, 0, params.moreMs);
    mutex.unlock();
  },

  /** Tries what the main thread's held locks must refuse; returns the error codes and refusals. */
  wrongUses({ i32 }: Job): string[] {
    const mutex = new Mutex(i32, LOCK);
    const spin = new SpinLock(i32, LOCK2);
    const seq = new SeqLock(i32, LOCK3);
    const start = performance.now();
    const seen = [
      () => mutex.unlock(), () => mutex.assertHeld(), () => spin.unlock(), () => spin.assertHeld(), () => seq.writeEnd(),
      () => new Condition(i32, DATA).wait(mutex),
      () => mutex.tryLock(), () => spin.tryLock(), () => mutex.lockTimeout(20), () => spin.lockTimeout(20), () => spin.lockTimeout(0),
    ].map((use) => {
      try { return String(use()); } catch (error) { return (error as { code: string }).code; }
    });
    seen.push(performance.now() - start >= 38 ? 'waited' : 'returned early');
    return seen;
  },

  spinCount({ i32, me, params }: Job): number {
    const spin = new SpinLock(i32, LOCK);
    let torn = 0;
    for (let n = 0; n < params.times; n++) {
      const way = (n + me) % 4;
      if (way === 0) spin.lock();
      else if (way === 1) while (!spin.tryLock()) Atomics.pause();
      else if (way === 2) while (!spin.lockTimeout(0.05));
      else {
        spin.withLock(() => { if (!raise(i32)) torn++; });
        continue;
      }
      if (!raise(i32)) torn++;
      spin.unlock();
    }
    return torn;
  },

  /** Worker 0 holds the lock until all others sleep for it; they then each count once. */
  spinSleep({ i32, me }: Job): void {
    const spin = new SpinLock(i32, LOCK);
    if (me === 0) {
      spin.lock();
      reportAndWait(i32);
      spin.unlock();
      return;
    }
    while (Atomics.load(i32, READY) === 0) Atomics.pause();
    spin.withLock(() => raise(i32));
  },

  /** A semaphore of one permit as a lock. */
  semaphoreCount({ i32, me, params }: Job): number {
    const semaphore = new Semaphore(i32, LOCK);
    let torn = 0;
    for (let n = 0; n < params.times; n++) {
      const way = (n + me) % 3;
      if (way === 0) semaphore.acquire();
      else if (way === 1) while (!semaphore.tryAcquire()) Atomics.pause();
      else while (!semaphore.acquireTimeout(0.05));
      if (!raise(i32)) torn++;
      semaphore.release();
    }
    return torn;
  },

  /** Returns the most threads this worker ever saw inside. */
  semaphoreLimit({ i32, params }: Job): number {
    const semaphore = new Semaphore(i32, LOCK);
    let most = 0;
    for (let n = 0; n < params.times; n++) {
      semaphore.acquire();
      most = Math.max(most, Atomics.add(i32, INSIDE, 1) + 1);
      for (let pause = 0; pause < 20; pause++) Atomics.pause();
      Atomics.sub(i32, INSIDE, 1);
      semaphore.release();
    }
    return most;
  },

  /** Even workers give permits, in batches, odd ones take as many: nobody may be left sleeping. */
  semaphoreFlow({ i32, me, params }: Job): void {
    const semaphore = new Semaphore(i32, LOCK);
    for (let n = 0; n < params.times; n += 2) {
      if (me % 2 === 0) semaphore.release(2);
      else {
        semaphore.acquire();
        semaphore.acquire();
      }
    }
  },

  semaphoreTake({ i32, params }: Job): number {
    const semaphore = new Semaphore(i32, LOCK);
    for (let n = 0; n < params.times; n++) {
      semaphore.acquire();
      Atomics.add(i32, COUNTER, 1);
    }
    return params.times;
  },

  /** A bounded queue: the first half of the crew produces, the rest consumes; a consumer returns the sum it took. */
  queue({ i32, me, threads, params }: Job): number {
    const mutex = new Mutex(i32, LOCK);
    const notEmpty = new Condition(i32, LOCK2);
    const notFull = new Condition(i32, LOCK3);
    const head = COUNTER; // plain, under mutex
    const tail = TWIN; // plain, under mutex
    const producers = threads / 2;
    let sum = 0;
    for (let n = 0; n < params.items / producers; n++) {
      mutex.lock();
      if (me < producers) {
        while (i32[tail] - i32[head] === params.capacity) notFull.wait(mutex);
        i32[DATA + i32[tail]++ % params.capacity] = n * producers + me + 1;
        if (params.notifyAfterUnlock) mutex.unlock();
        notEmpty.notifyOne();
      } else {
        notEmpty.waitFor(mutex, () => i32[tail] !== i32[head]);
        const slot = DATA + i32[head]++ % params.capacity;
        sum += i32[slot];
        i32[slot] = 0;
        if (params.notifyAfterUnlock) mutex.unlock();
        notFull.notifyOne();
      }
      if (!params.notifyAfterUnlock) mutex.unlock();
    }
    return sum;
  },

  /** Each worker waits for its turn in COUNTER, then passes it on with notifyAll. */
  turns({ i32, me, threads, params }: Job): void {
    const mutex = new Mutex(i32, LOCK);
    const condition = new Condition(i32, LOCK2);
    for (let n = 0; n < params.times; n++) {
      mutex.withLock(() => {
        condition.waitFor(mutex, () => i32[COUNTER] % threads === me);
        i32[COUNTER]++;
        condition.notifyAll();
      });
    }
  },

  /** Waits once for FLAG under the condition; counts itself READY while it still holds the mutex. */
  sleepOnCondition({ i32 }: Job): number {
    const mutex = new Mutex(i32, LOCK);
    const condition = new Condition(i32, LOCK2);
    let wakeUps = 0;
    mutex.withLock(() => {
      Atomics.add(i32, READY, 1);
      Atomics.notify(i32, READY);
      while (i32[FLAG] === 0) {
        condition.wait(mutex);
        wakeUps++;
      }
      i32[FLAG]--;
    });
    return wakeUps;
  },

  /** Two barriers a generation around a check that all have written; returns [times leader, failed checks]. */
  barrier({ i32, me, threads, params }: Job): [number, number] {
    const barrier = new Barrier(i32, LOCK);
    let leader = 0;
    let failed = 0;
    for (let n = 1; n <= params.times; n++) {
      i32[DATA + me] = n; // plain: the barrier orders it
      if (barrier.wait()) {
        leader++;
        i32[COUNTER]++;
      }
      for (let other = 0; other < threads; other++) if (i32[DATA + other] !== n) failed++;
      if (barrier.wait()) leader++;
      if (i32[COUNTER] !== n) failed++;
    }
    return [leader, failed];
  },

  /** `params.times` barriers and nothing else, all workers or two by two; returns times leader. */
  barrierMeet({ i32, me, params }: Job): number {
    const barrier = new Barrier(i32, params.pairs && me >= 2 ? LOCK2 : LOCK);
    let leader = 0;
    for (let n = 0; n < params.times; n++) if (barrier.wait()) leader++;
    return leader;
  },

  /** A row of Onces, each failing `params.failures` times first; returns [runs, own failures, unready returns]. */
  once({ i32, params }: Job): [number, number, number] {
    let ran = 0;
    let failures = 0;
    let unready = 0;
    for (let n = 0; n < params.onces; n++) {
      const once = new Once(i32, DATA + 3 * n);
      const attempts = DATA + 3 * n + 1; // plain: only ever written inside the initialisation
      const value = DATA + 3 * n + 2;
      for (let done = false; !done;) {
        try {
          if (once.callOnce(() => {
            if (++i32[attempts] <= params.failures) throw new Error('initialisation failed');
            delay();
            i32[value] += n + 1;
          })) ran++;
          done = true;
        } catch {
          failures++;
        }
      }
      if (!once.done || i32[value] !== n + 1) unready++;
    }
    return [ran, failures, unready];
  },

  /**
   * The first half of the crew writes records of `params.words` words that all hold the same number, `params.times`
   * and then until a reader has met a writer; the others read until the writers are done.
   * Readers return [torn records accepted, runs thrown away, records read], writers their writes in the last place.
   */
  seqlock({ i32, me, threads, params }: Job): [number, number, number] {
    const seq = new SeqLock(i32, LOCK);
    const words = params.words as number;
    if (me < threads / 2) {
      let writes = 0;
      for (; writes < params.times || Atomics.load(i32, MET) === 0; writes++) {
        seq.write(() => {
          const next = Atomics.load(i32, DATA) + 1;
          for (let word = 0; word < words; word++) Atomics.store(i32, DATA + word, next);
        });
      }
      Atomics.add(i32, DONE, 1);
      return [0, 0, writes];
    }
    let torn = 0;
    let thrownAway = 0;
    let reads = 0;
    while (Atomics.load(i32, DONE) < threads / 2) {
      let attempts = 0;
      const [first, same] = seq.read(() => {
        attempts++;
        const first = Atomics.load(i32, DATA);
        let same = true;
        for (let word = 1; word < words; word++) same = Atomics.load(i32, DATA + word) === first && same;
        if (params.throwsOnTorn && !same) throw new Error('torn');
        return [first, same] as const;
      });
      if (!same || first < 0) torn++;
      if (attempts > 1) Atomics.store(i32, MET, 1);
      thrownAway += attempts - 1;
      reads++;
    }
    return [torn, thrownAway, reads];
  },
} satisfies Record<string, (job: Job) => unknown>;

export type ScenarioName = keyof typeof scenarios;

parentPort!.on('message', async (job: Job) => {
  const { gate, me, threads, params } = job;
  Atomics.add(gate, 0, 1);
  Atomics.notify(gate, 0);
  for (let seen: number; (seen = Atomics.load(gate, 0)) < threads;) Atomics.wait(gate, 0, seen);
  setJitter(params.jitter ? 0x9e3779b9 * (me + 1) : 0);
  try {
    parentPort!.postMessage({ result: await scenarios[job.scenario](job) });
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    parentPort!.postMessage({ error: { name, message, code } });
  }
});
