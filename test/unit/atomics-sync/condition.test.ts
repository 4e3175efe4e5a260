// Condition: hand-offs without lost wake-ups, notifyOne and notifyAll, timeouts, asynchronous waits.
import t from 'tap';
import { Condition, Mutex } from '#atomics-sync';
import { Crew, shared } from './crew.ts';
import { COUNTER, DATA, FLAG, LOCK, LOCK2, LOCK3, READY, TWIN } from './words.ts';

const crew = new Crew(4);
t.teardown(() => crew.stop());

for (const [items, capacity, notifyAfterUnlock, jitter] of [
  [100_000, 8, false, false], [20_000, 1, true, false], [10_000, 2, false, true], [10_000, 1, true, true],
] as const) {
  t.test(`${items} hand-offs through a queue of ${capacity}${jitter ? ', with jitter' : ''}`, async (t) => {
    const i32 = shared();
    const sums = await crew.run('queue', i32, { items, capacity, notifyAfterUnlock, jitter });
    t.equal(sums.reduce((a, b) => a + b), items * (items + 1) / 2, 'every item came out once');
    t.equal(i32[COUNTER], items);
    t.equal(i32[TWIN], items);
  });
}

t.test('four threads take turns through notifyAll', async (t) => {
  const i32 = shared();
  await crew.run('turns', i32, { times: 1_000 });
  t.equal(i32[COUNTER], 4_000);
});

t.test('notifyOne wakes one sleeper at a time, all in the end', async (t) => {
  const i32 = shared();
  const mutex = new Mutex(i32, LOCK);
  const condition = new Condition(i32, LOCK2);
  const workers = crew.run('sleepOnCondition', i32);
  while (Atomics.load(i32, READY) < 4) await new Promise((resolve) => setImmediate(resolve));
  for (let n = 0; n < 4; n++) {
    mutex.withLock(() => { i32[FLAG]++; });
    condition.notifyOne();
    while (mutex.withLock(() => i32[FLAG]) !== 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const wakeUps = await workers;
  t.ok(wakeUps.every((n) => n >= 1));
});

t.test('a notification before the wait is not kept; the wait times out', async (t) => {
  const i32 = shared();
  const mutex = new Mutex(i32, LOCK);
  const condition = new Condition(i32, LOCK2);
  condition.notifyOne();
  condition.notifyAll();
  t.throws(() => condition.wait(mutex), { code: 'ERR_LOCK_NOT_OWNER' });
  mutex.lock();
  const start = performance.now();
  t.equal(condition.wait(mutex, 20), false);
  t.equal(condition.waitFor(mutex, () => false, 20), false);
  t.ok(performance.now() - start >= 38);
  t.equal(condition.waitFor(mutex, () => true, 0), true);
  t.equal(mutex.heldByThisThread, true, 'held again');
  t.throws(() => condition.wait(mutex, NaN), RangeError);
  mutex.unlock();
});

t.test("waitAsync of the main thread on both ends of the workers' queue", async (t) => {
  const i32 = shared();
  const mutex = new Mutex(i32, LOCK);
  const notEmpty = new Condition(i32, LOCK2);
  const notFull = new Condition(i32, LOCK3);
  const capacity = 4;
  const items = 8_000;
  const small = new Crew(2); // worker 0 produces, worker 1 consumes
  t.teardown(() => small.stop());
  const workers = small.run('queue', i32, { items, capacity });
  let mine = 0;
  let taken = 0;
  while (taken < 200) {
    await mutex.lockAsync();
    if (i32[TWIN] === i32[COUNTER]) await notEmpty.waitAsync(mutex, 50);
    if (i32[TWIN] !== i32[COUNTER]) {
      const slot = DATA + i32[COUNTER]++ % capacity;
      mine += i32[slot];
      taken++;
      notFull.notifyOne();
    }
    mutex.unlock();
  }
  // The consuming worker expects all the items: give it back as many as were taken here, with their sum.
  for (let n = 0; n < taken; n++) {
    await mutex.lockAsync();
    while (i32[TWIN] - i32[COUNTER] === capacity) await notFull.waitAsync(mutex);
    i32[DATA + i32[TWIN]++ % capacity] = n === 0 ? mine : 0;
    notEmpty.notifyOne();
    mutex.unlock();
  }
  const sums = await workers;
  t.equal(sums[1], items * (items + 1) / 2);
  await mutex.lockAsync();
  t.equal(await notEmpty.waitAsync(mutex, 5), false, 'waitAsync times out');
  t.equal(mutex.heldByThisThread, true);
  await t.rejects(notEmpty.waitAsync(mutex, NaN), RangeError);
  mutex.unlock();
  await t.rejects(notEmpty.waitAsync(mutex), { code: 'ERR_LOCK_NOT_OWNER' });
});
