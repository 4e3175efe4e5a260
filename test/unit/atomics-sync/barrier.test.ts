// Barrier: generations, one leader each, the main thread's asynchronous arrival, misuse.
import t from 'tap';
import { Barrier } from '#atomics-sync';
import { Crew, shared } from './crew.ts';
import { COUNTER, LOCK, LOCK2 } from './words.ts';

const crew = new Crew(4);
t.teardown(() => crew.stop());

for (const [times, jitter] of [[5_000, false], [1_000, true]] as const) {
  t.test(`nobody passes before all have arrived, ${times} times${jitter ? ', with jitter' : ''}`, async (t) => {
    const i32 = shared();
    Barrier.init(i32, LOCK, 4);
    const results = await crew.run<[number, number]>('barrier', i32, { times, jitter });
    t.equal(results.reduce((sum, [, failed]) => sum + failed, 0), 0, 'all had written');
    t.equal(results.reduce((sum, [leader]) => sum + leader, 0), 2 * times, 'one leader a generation');
    t.equal(i32[COUNTER], times);
  });
}

t.test('two pairs, with jitter: a fast thread is in the next generation before the slow one has left', async (t) => {
  const i32 = shared();
  Barrier.init(i32, LOCK, 2);
  Barrier.init(i32, LOCK2, 2);
  const times = 10_000;
  const leaders = await crew.run('barrierMeet', i32, { times, pairs: true, jitter: true });
  t.equal(leaders[0] + leaders[1], times);
  t.equal(leaders[2] + leaders[3], times);
});

t.test('the main thread takes part without blocking', async (t) => {
  const i32 = shared();
  Barrier.init(i32, LOCK, 5);
  const barrier = new Barrier(i32, LOCK);
  const times = 300;
  const workers = crew.run('barrierMeet', i32, { times });
  let leader = 0;
  for (let n = 0; n < times; n++) if (await barrier.waitAsync()) leader++;
  const leaders = leader + (await workers).reduce((a, b) => a + b);
  t.equal(leaders, times);
});

t.test('misuse', async (t) => {
  const i32 = shared();
  t.throws(() => new Barrier(i32, LOCK).wait(), { code: 'ERR_BARRIER_UNINITIALISED' });
  t.throws(() => Barrier.init(i32, LOCK, 0), RangeError);
  t.throws(() => Barrier.init(i32, LOCK, 1.5), RangeError);
  Barrier.init(i32, LOCK, 1);
  const barrier = new Barrier(i32, LOCK);
  t.equal(barrier.wait(), true, 'alone: always the leader');
  t.equal(await barrier.waitAsync(), true);
  i32[LOCK] = 1; // as if another thread were between its arrival and the opening of the barrier
  t.throws(() => barrier.wait(), { code: 'ERR_BARRIER_OVERRUN' });
});
