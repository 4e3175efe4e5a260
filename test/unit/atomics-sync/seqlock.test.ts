// SeqLock: readers never see a record half written, and readers and writers both get through.
import t from 'tap';
import { SeqLock } from '#atomics-sync';
import { Crew, shared } from './crew.ts';
import { DATA, LOCK } from './words.ts';

const crew = new Crew(4);
t.teardown(() => crew.stop());

for (const [times, throwsOnTorn, jitter] of [[30_000, false, false], [30_000, true, false], [2_000, false, true]] as const) {
  t.test(`two writers, two readers${throwsOnTorn ? ' that throw on torn data' : ''}${jitter ? ', with jitter' : ''}`, async (t) => {
    const i32 = shared();
    const words = 16;
    const results = await crew.run<[number, number, number]>('seqlock', i32, { times, words, throwsOnTorn, jitter });
    const [[, , writes0], [, , writes1], [torn2, thrownAway2], [torn3, thrownAway3]] = results;
    const writes = writes0 + writes1;
    t.equal(torn2 + torn3, 0, 'no torn record came out');
    t.ok(thrownAway2 + thrownAway3 > 0, 'readers did meet writers');
    for (let word = 0; word < words; word++) t.equal(i32[DATA + word], writes, 'no write lost');
    t.equal(i32[LOCK], 2 * writes, 'two steps of the sequence a write');
  });
}

t.test('on one thread', async (t) => {
  const i32 = shared();
  const seq = new SeqLock(i32, LOCK);
  const start = seq.readBegin();
  t.equal(seq.readRetry(start), false);
  seq.writeBegin();
  t.equal(seq.readRetry(start), true);
  t.throws(() => seq.read(() => 1), { code: 'ERR_LOCK_RECURSIVE' }, 'a read inside the own write does not hang');
  t.throws(() => seq.writeBegin(), { code: 'ERR_LOCK_RECURSIVE' });
  seq.writeEnd();
  t.throws(() => seq.writeEnd(), { code: 'ERR_LOCK_NOT_OWNER' });
  t.throws(() => seq.write(() => { throw new Error('inside'); }), { message: 'inside' });
  t.equal(seq.read(() => 7), 7, 'the sequence is even again');
  t.throws(() => seq.read(() => { throw new Error('undisturbed'); }), { message: 'undisturbed' });
  // A write during each optimistic run: the reader then shuts writers out and finishes.
  let runs = 0;
  t.equal(seq.read(() => {
    runs++;
    try { seq.write(() => {}); } catch (error) { return (error as { code: string }).code; }
    return 'disturbed';
  }), 'ERR_LOCK_RECURSIVE');
  t.ok(runs > 1);
});
