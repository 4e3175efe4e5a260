// Once: one success whatever the contention and the failures before it.
import t from 'tap';
import { Once } from '#atomics-sync';
import { Crew, shared } from './crew.ts';
import { DATA, LOCK } from './words.ts';

const crew = new Crew(4);
t.teardown(() => crew.stop());

for (const [onces, failures, jitter] of [[3_000, 0, false], [3_000, 3, false], [1_000, 2, true]] as const) {
  t.test(`four threads, ${failures} failures before each success${jitter ? ', with jitter' : ''}`, async (t) => {
    const i32 = shared(16_384);
    const results = await crew.run<[number, number, number]>('once', i32, { onces, failures, jitter });
    const total = (field: number) => results.reduce((sum, result) => sum + result[field], 0);
    t.equal(total(0), onces, 'each ran to success exactly once');
    t.equal(total(1), onces * failures, 'each failure reached its own caller only');
    t.equal(total(2), 0, 'nobody returned before it was done');
    let attempts = 0;
    for (let n = 0; n < onces; n++) attempts += i32[DATA + 3 * n + 1];
    t.equal(attempts, onces * (failures + 1));
  });
}

t.test('on one thread', async (t) => {
  const once = new Once(shared(), LOCK);
  t.throws(() => once.callOnce(() => once.callOnce(() => {})), { code: 'ERR_LOCK_RECURSIVE' });
  t.equal(once.done, false);
  t.equal(once.callOnce(() => {}), true);
  t.equal(once.done, true);
  t.equal(once.callOnce(() => t.fail('ran again')), false);
});
