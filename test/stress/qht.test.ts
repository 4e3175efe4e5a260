// The QHT under 4 threads that insert, remove and look up at once, while it grows.
import t from 'tap';
import { Machine } from '../../src/accel/machine-view.ts';
import { Qht } from '../../src/accel/qht.ts';
import { bareSpec } from '../support/bare-machine.ts';
import { runCrew } from './crew.ts';

const worker = new URL('./qht.worker.ts', import.meta.url);
const stats = (spec: ReturnType<typeof bareSpec>) => new Qht(new Machine(spec)).stats();
const sum = (v: number[]) => v.reduce((a, b) => a + b, 0);

t.test('a thread finds what it inserted and not what it removed', async (t) => {
  const spec = bareSpec({ tbSize: 8 << 20 });
  const before = stats(spec).buckets;
  const left = await runCrew<number>(worker, 'ownKeys', spec, 4, { keys: 3000, steps: 150_000 });
  t.equal(stats(spec).entries, sum(left), 'entries in the table: those the threads left in');
  t.ok(stats(spec).buckets > before, 'the table was resized meanwhile');
});

t.test('of equal keys one goes in, and everybody is given that one', async (t) => {
  const spec = bareSpec({ tbSize: 8 << 20 });
  const rounds = 60, keys = 400;
  const wins = sum(await runCrew<number>(worker, 'contended', spec, 4, { rounds, keys }));
  t.equal(wins % 1000000, rounds * keys, 'one winner a key');
  t.equal(Math.floor(wins / 1000000), rounds * keys, 'one remover a key');
  t.equal(stats(spec).entries, 0);
});

t.test('a reader never sees the hash of one entry with the pointer of another', async (t) => {
  const looked = await runCrew<number>(worker, 'torn', bareSpec(), 4, { ms: 2000 });
  t.ok(sum(looked) > 0);
});

t.test('grows beyond 200,000 entries under load', async (t) => {
  const spec = bareSpec({ tbSize: 64 << 20 });
  const keys = 55_000;
  await runCrew(worker, 'grow', spec, 4, { keys });
  const s = stats(spec);
  t.equal(s.entries, 4 * keys);
  t.ok(s.buckets >= 1 << 16, `${s.buckets} buckets`);
  const lookups = 1_500_000;
  const one = await runCrew<number>(worker, 'figures', spec, 1, { keys: 4 * keys, lookups });
  const four = await runCrew<number>(worker, 'figures', spec, 4, { keys: 4 * keys, lookups: lookups / 2 });
  t.comment(`${s.entries} entries, ${s.buckets} buckets: ${(one[0] / 1e6).toFixed(1)} M look-ups/s on 1 thread, ${(sum(four) / 1e6).toFixed(1)} M/s on 4`);
});
