// Semaphore: limits, permits that flow between threads, timeouts, asynchronous waits.
import t from 'tap';
import { Semaphore } from '#atomics-sync';
import { Crew, shared } from './crew.ts';
import { COUNTER, LOCK } from './words.ts';

const crew = new Crew(4);
t.teardown(() => crew.stop());

function semaphoreOf(permits: number): { i32: Int32Array; semaphore: Semaphore } {
  const i32 = shared();
  Semaphore.init(i32, LOCK, permits);
  return { i32, semaphore: new Semaphore(i32, LOCK) };
}

t.test('one permit is a lock', async (t) => {
  const { i32, semaphore } = semaphoreOf(1);
  const times = 25_000;
  t.same(await crew.run('semaphoreCount', i32, { times }), [0, 0, 0, 0]);
  t.equal(i32[COUNTER], 4 * times);
  t.equal(semaphore.available, 1);
  t.same(await crew.run('semaphoreCount', i32, { times: 10_000, jitter: true }), [0, 0, 0, 0], 'with jitter');
  t.equal(i32[COUNTER], 4 * (times + 10_000));
  t.equal(semaphore.available, 1);
});

t.test('two permits let two in, never three', async (t) => {
  const { i32, semaphore } = semaphoreOf(2);
  const most = await crew.run('semaphoreLimit', i32, { times: 5_000 });
  t.equal(Math.max(...most), 2);
  t.equal(semaphore.available, 2);
});

t.test('permits given by two threads reach two others', async (t) => {
  const { i32, semaphore } = semaphoreOf(0);
  await crew.run('semaphoreFlow', i32, { times: 50_000 });
  t.equal(semaphore.available, 0);
  await crew.run('semaphoreFlow', i32, { times: 10_000, jitter: true });
  t.equal(semaphore.available, 0, 'with jitter');
});

t.test('acquireAsync of the main thread among sleeping workers', async (t) => {
  const { i32, semaphore } = semaphoreOf(0);
  const workers = crew.run('semaphoreTake', i32, { times: 50 });
  let taken = 0;
  const mine = (async () => {
    for (; taken < 50; taken++) await semaphore.acquireAsync();
  })();
  for (let n = 0; n < 250; n++) {
    semaphore.release();
    if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all([workers, mine]);
  t.equal(taken, 50);
  t.equal(i32[COUNTER], 200);
  t.equal(semaphore.available, 0);
});

t.test('timeouts and limits', async (t) => {
  const { semaphore } = semaphoreOf(0);
  t.equal(semaphore.tryAcquire(), false);
  const start = performance.now();
  t.equal(semaphore.acquireTimeout(20), false);
  t.ok(performance.now() - start >= 19);
  semaphore.release(3);
  t.equal(semaphore.acquireTimeout(0), true);
  t.equal(semaphore.available, 2);
  t.throws(() => semaphore.release(0), RangeError);
  t.throws(() => semaphore.release(1.5), RangeError);
  t.throws(() => semaphore.release(0x7fffffff), { code: 'ERR_SEMAPHORE_OVERFLOW' });
  t.equal(semaphore.available, 2, 'the refused release gave nothing');
  t.throws(() => Semaphore.init(shared(), LOCK, -1), RangeError);
  t.throws(() => semaphore.acquireTimeout(NaN), RangeError);
});
