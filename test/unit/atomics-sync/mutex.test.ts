// Mutex under contention: exclusion, timeouts, misuse, asynchronous locking, statistics.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { LockStats, Mutex, MUTEX_STATE, SpinLock, SeqLock, THIS_THREAD, type LockToken } from '#atomics-sync';
import { Crew, shared } from './crew.ts';
import { COUNTER, DATA, DONE, FLAG, LOCK, LOCK2, LOCK3, READY, TWIN } from './words.ts';

const crew = new Crew(4);
t.teardown(() => crew.stop());

/** Sleeps without blocking until `word` has reached `value`. */
async function reached(i32: Int32Array, word: number, value: number): Promise<void> {
  while (Atomics.load(i32, word) < value) await new Promise((resolve) => setImmediate(resolve));
}

t.test('plain increments by four threads are all there', async (t) => {
  const i32 = shared();
  const times = 100_000;
  t.same(await crew.run('mutexCount', i32, { times }), [0, 0, 0, 0], 'no thread saw another inside');
  t.equal(i32[COUNTER], 4 * times);
  t.equal(i32[TWIN], 4 * times);
  t.equal(Atomics.load(i32, LOCK), MUTEX_STATE.FREE, 'free at the end');
  t.same(await crew.run('mutexCount', i32, { times: 40_000, jitter: true }), [0, 0, 0, 0], 'with jitter');
  t.equal(i32[COUNTER], 4 * (times + 40_000));
});

t.test('lock, tryLock, lockTimeout and withLock exclude each other', async (t) => {
  const i32 = shared();
  const times = 10_000;
  t.same(await crew.run('mutexCount', i32, { times, mixed: true }), [0, 0, 0, 0]);
  t.equal(i32[COUNTER], 4 * times);
  t.same(await crew.run('mutexCount', i32, { times, mixed: true, jitter: true }), [0, 0, 0, 0], 'with jitter');
  t.equal(i32[COUNTER], 8 * times);
});

t.test('lockAsync on several event loops excludes', async (t) => {
  const i32 = shared();
  const times = 2_000;
  t.same(await crew.run('mutexCountAsync', i32, { times }), [0, 0, 0, 0]);
  t.equal(i32[COUNTER], 4 * times);
});

t.test('lockAsync of the main thread against four locking workers', async (t) => {
  const i32 = shared();
  const mutex = new Mutex(i32, LOCK);
  const workers = crew.run('mutexHammer', i32);
  let ticks = 0;
  let ticking = true;
  const tick = () => { ticks++; if (ticking) setImmediate(tick); };
  setImmediate(tick);
  let mine = 0;
  await reached(i32, COUNTER, 1);
  for (; mine < 300; mine++) {
    await mutex.withLockAsync(async () => {
      const before = i32[COUNTER];
      await new Promise((resolve) => setImmediate(resolve)); // the lock is held across turns of the event loop
      i32[COUNTER] = before + 1;
      i32[TWIN]++;
    });
  }
  ticking = false;
  Atomics.store(i32, DONE, 1);
  const total = mine + (await workers).reduce((a, b) => a + b);
  t.equal(i32[COUNTER], total);
  t.equal(i32[TWIN], total);
  t.ok(ticks >= 300, 'the event loop kept turning');
});

t.test('two tasks of one thread take turns', async (t) => {
  const i32 = shared();
  const mutex = new Mutex(i32, LOCK);
  const order: string[] = [];
  await Promise.all(['a', 'b', 'c'].map((task) => mutex.withLockAsync(async () => {
    order.push(`${task} in`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`${task} out`);
  })));
  for (let n = 0; n < order.length; n += 2) t.equal(order[n].slice(0, 1), order[n + 1].slice(0, 1), 'nobody in between');
  t.equal(order.length, 6);
});

t.test('a pending lockAsync does not take the wake-up of a lock() of the same thread', async (t) => {
  const i32 = shared();
  const mutex = new Mutex(i32, LOCK);
  const workers = crew.run('holdMutex', i32, { holder: 1, moreMs: 50 });
  await reached(i32, READY, 1);
  const pending = mutex.lockAsync();
  t.equal(mutex.lockTimeout(5), false, 'the worker holds it');
  Atomics.store(i32, FLAG, 1);
  Atomics.notify(i32, FLAG);
  const start = performance.now();
  t.equal(mutex.lockTimeout(10_000), true, 'got it with the event loop blocked');
  t.ok(performance.now() - start < 5_000, 'by a wake-up, not by the last look when the time was up');
  mutex.unlock();
  await pending;
  mutex.unlock();
  await workers;
});

t.test('a pending lockAsync keeps the process alive, a settled one does not', async (t) => {
  const child = fileURLToPath(new URL('./keep-alive.child.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [child], { encoding: 'utf8', timeout: 15_000 });
  t.equal(stdout, 'mutex semaphore condition barrier\n', stderr);
  t.equal(status, 0, 'and then it ended by itself');
});

t.test('misuse from another thread, and timeouts', async (t) => {
  const i32 = shared();
  const mutex = new Mutex(i32, LOCK);
  const spin = new SpinLock(i32, LOCK2);
  const seq = new SeqLock(i32, LOCK3);
  mutex.lock();
  spin.lock();
  seq.writeBegin();
  const refused = [
    ...Array.from({ length: 6 }, () => 'ERR_LOCK_NOT_OWNER'),
    ...Array.from({ length: 5 }, () => 'false'),
    'waited',
  ];
  t.same(await crew.run('wrongUses', i32), [refused, refused, refused, refused]);
  mutex.unlock();
  spin.unlock();
  seq.writeEnd();
  t.equal(mutex.tryLock(), true, 'timed-out waiters left it usable');
  mutex.unlock();
  t.equal(spin.lockTimeout(1), true);
  spin.unlock();
});

t.test('recursion and ownership on one thread', async (t) => {
  const i32 = shared();
  const mutex = new Mutex(i32, LOCK);
  const other = new Mutex(i32, LOCK);
  t.throws(() => mutex.unlock(), { name: 'LockError', code: 'ERR_LOCK_NOT_OWNER' }, 'unlock of a free mutex');
  mutex.lock();
  t.equal(i32[LOCK + 1], THIS_THREAD);
  t.throws(() => mutex.lock(), { code: 'ERR_LOCK_RECURSIVE' });
  t.throws(() => other.lock(), { code: 'ERR_LOCK_RECURSIVE' }, 'through another handle');
  t.throws(() => mutex.lockTimeout(1), { code: 'ERR_LOCK_RECURSIVE' });
  t.equal(mutex.tryLock(), false);
  t.equal(mutex.heldByThisThread, true);
  t.equal(mutex.assertHeld(), mutex.assertHeld(), 'a handle has one token');
  other.unlock();
  t.equal(mutex.heldByThisThread, false);
  t.throws(() => mutex.assertHeld(), { code: 'ERR_LOCK_NOT_OWNER' });
  t.throws(() => mutex.withLock(() => { throw new Error('inside'); }), { message: 'inside' });
  t.equal(mutex.heldByThisThread, false, 'released when the function throws');
  await t.rejects(mutex.withLockAsync(async () => { throw new Error('inside'); }), { message: 'inside' });
  t.equal(mutex.heldByThisThread, false, 'released when the promise rejects');
  t.throws(() => mutex.lockTimeout(NaN), RangeError);
});

t.test('the token is a type', async (t) => {
  const i32 = shared();
  const bql = new Mutex<'bql'>(i32, LOCK);
  const tbLock = new Mutex<'tb_lock'>(i32, LOCK2);
  const needsBql = (_held: LockToken<'bql'>) => 'ok';
  const needsAny = (_held: LockToken) => 'ok';
  t.equal(bql.withLock((held) => needsBql(held) + needsAny(held)), 'okok');
  t.equal(tbLock.withLock((held) => needsAny(held)), 'ok');
  // @ts-expect-error the token of another lock is refused
  t.equal(tbLock.withLock((held) => needsBql(held)), 'ok');
  // @ts-expect-error so is an object made up by the caller
  t.equal(needsBql({}), 'ok');
});

t.test('places that cannot hold a mutex are refused', async (t) => {
  t.throws(() => new Mutex(new Int32Array(16), 0), TypeError, 'not shared');
  t.throws(() => new Mutex(shared(16), 13), RangeError, 'beyond the end');
  t.throws(() => new Mutex(shared(16), -1), RangeError);
  t.throws(() => new Mutex(shared(16), 0.5), RangeError);
  t.doesNotThrow(() => new Mutex(new Int32Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer), 0));
});

t.test('statistics by call site', async (t) => {
  const i32 = shared();
  const stats = new LockStats(i32, DATA, 6);
  const mutex = new Mutex(i32, LOCK, stats);
  const times = 20_000;
  mutex.lock(5);
  const workers = crew.run('mutexProfiled', i32, { times, sites: 6 });
  // Held until a worker sleeps for it, so that there is at least one contended acquisition.
  while (Atomics.load(i32, LOCK) !== MUTEX_STATE.CONTENDED) await new Promise((resolve) => setImmediate(resolve));
  mutex.unlock();
  await workers;
  let contended = 0;
  for (let site = 1; site <= 4; site++) {
    const row = stats.read(site);
    t.equal(row.acquisitions, times, `site ${site}: none lost`);
    t.ok(row.contended <= row.acquisitions);
    t.ok(row.waitNs >= row.maxWaitNs && (row.contended > 0) === (row.waitNs > 0));
    contended += row.contended;
  }
  t.ok(contended > 0);
  t.same(stats.read(5), { acquisitions: 1, contended: 0, waitNs: 0, maxWaitNs: 0 });
  t.same(stats.read(0), { acquisitions: 0, contended: 0, waitNs: 0, maxWaitNs: 0 });
  mutex.withLock(() => stats.reset(), 77);
  mutex.withLock(() => {}, 77);
  mutex.tryLock(2);
  mutex.unlock();
  t.equal(stats.read(0).acquisitions, 1, 'an unknown site counts as 0');
  t.equal(stats.read(2).acquisitions, 1);
  t.equal(stats.read(1).acquisitions, 0, 'reset');
  t.equal(LockStats.size(6), 6 * 32);
  t.throws(() => new LockStats(i32, DATA + 1, 1), RangeError, 'not 8-byte aligned');
  t.throws(() => new LockStats(i32, DATA, 0), RangeError);
});
