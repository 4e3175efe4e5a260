// SpinLock under contention, with more threads than cores, and asleep.
import t from 'tap';
import { SpinLock } from '#atomics-sync';
import { Crew, shared } from './crew.ts';
import { COUNTER, FLAG, LOCK, READY, TWIN } from './words.ts';

const crew = new Crew(4);
t.teardown(() => crew.stop());

t.test('plain increments by four threads are all there', async (t) => {
  const i32 = shared();
  const times = 50_000;
  t.same(await crew.run('spinCount', i32, { times }), [0, 0, 0, 0], 'no thread saw another inside');
  t.equal(i32[COUNTER], 4 * times);
  t.equal(i32[TWIN], 4 * times);
  t.equal(Atomics.load(i32, LOCK), 0, 'free at the end');
  t.same(await crew.run('spinCount', i32, { times: 10_000, jitter: true }), [0, 0, 0, 0], 'with jitter');
  t.equal(i32[COUNTER], 4 * (times + 10_000));
});

// The last to leave finds nobody who would wake the others: each wake-up that a timed-out waiter keeps to itself hangs a round.
t.test('a waiter that gives up leaves no sleeper behind', async (t) => {
  const i32 = shared();
  let torn = 0;
  for (let round = 0; round < 10_000; round++) {
    for (const count of await crew.run('spinCount', i32, { times: 40 + round % 200 })) torn += count;
  }
  t.equal(torn, 0);
  t.equal(Atomics.load(i32, LOCK), 0, 'free at the end');
});

t.test('waiters sleep while the holder is away, and all wake', async (t) => {
  const i32 = shared();
  const workers = crew.run('spinSleep', i32);
  while (Atomics.load(i32, READY) === 0 || (Atomics.load(i32, LOCK) & 1) === 0) await new Promise((resolve) => setImmediate(resolve));
  const { user, system } = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const used = process.cpuUsage({ user, system });
  const usedMs = (used.user + used.system) / 1000;
  t.ok(usedMs < 20, `three waiters used ${usedMs} ms of CPU in 200 ms`);
  Atomics.store(i32, FLAG, 1);
  Atomics.notify(i32, FLAG);
  await workers;
  t.equal(i32[COUNTER], 3);
});

t.test('recursion and ownership', async (t) => {
  const i32 = shared();
  const spin = new SpinLock(i32, LOCK);
  t.throws(() => spin.unlock(), { name: 'LockError', code: 'ERR_LOCK_NOT_OWNER' });
  const held = spin.lock();
  t.equal(spin.assertHeld(), held);
  t.throws(() => spin.lock(), { code: 'ERR_LOCK_RECURSIVE' });
  t.throws(() => spin.lockTimeout(1), { code: 'ERR_LOCK_RECURSIVE' });
  t.equal(spin.tryLock(), false);
  spin.unlock();
  t.throws(() => spin.assertHeld(), { code: 'ERR_LOCK_NOT_OWNER' });
  t.throws(() => spin.withLock(() => { throw new Error('inside'); }), { message: 'inside' });
  t.equal(spin.tryLock(), true, 'released when the function throws');
  t.equal(SpinLock.SIZE, 4);
});
