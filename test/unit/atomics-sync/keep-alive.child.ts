// Run by mutex.test.ts as a process of its own: nothing but pending asynchronous waits keeps its event loop alive.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Barrier, Condition, Mutex, Semaphore } from '#atomics-sync';

const MUTEX = 0, SEMAPHORE = 8, CONDITION = 16, BARRIER = 24, STEP = 40;

function primitives(i32: Int32Array) {
  return {
    mutex: new Mutex(i32, MUTEX),
    semaphore: new Semaphore(i32, SEMAPHORE),
    condition: new Condition(i32, CONDITION),
    barrier: new Barrier(i32, BARRIER),
  };
}

if (isMainThread) {
  const i32 = new Int32Array(new SharedArrayBuffer(256));
  Barrier.init(i32, BARRIER, 2);
  const { mutex, semaphore, condition, barrier } = primitives(i32);
  const worker = new Worker(new URL(import.meta.url), { workerData: i32 });
  await new Promise((resolve) => worker.once('message', resolve));
  worker.unref();
  /** Lets the worker make its next step, some time after this thread has begun to wait. */
  const step = () => { Atomics.add(i32, STEP, 1); Atomics.notify(i32, STEP); };
  const seen: string[] = [];
  step();
  await mutex.lockAsync();
  seen.push('mutex');
  step();
  await semaphore.acquireAsync();
  seen.push('semaphore');
  step();
  await condition.waitAsync(mutex);
  seen.push('condition');
  mutex.unlock();
  step();
  await barrier.waitAsync();
  seen.push('barrier');
  console.log(seen.join(' '));
} else {
  const i32 = workerData as Int32Array;
  const { mutex, semaphore, condition, barrier } = primitives(i32);
  const nextStep = (n: number) => { Atomics.wait(i32, STEP, n - 1); Atomics.wait(i32, STEP + 1, 0, 50); };
  mutex.lock();
  parentPort!.postMessage('holding');
  nextStep(1);
  mutex.unlock();
  nextStep(2);
  semaphore.release();
  nextStep(3);
  mutex.withLock(() => condition.notifyOne());
  nextStep(4);
  barrier.wait();
  Atomics.wait(i32, STEP + 1, 0); // stays: it is the event loop of the main thread that must end the process
}
