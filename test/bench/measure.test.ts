// The benchmark harness: interleaving, medians, checksums that differ, means, scaling and bars, and the page they are shown on.
import t from 'tap';
import { bars } from './bars.ts';
import { html } from './chart.ts';
import type { EmulatorName } from './emulators.ts';
import { geometricMean, measure, median, type Case, type Result } from './measure.ts';
import { means, scaling, summary } from './report.ts';

/** A case whose costs are given, run by run. */
function given(name: string, cpus: number, costs: Partial<Record<EmulatorName, readonly number[]>>, group = 'compute', sums: Partial<Record<EmulatorName, string>> = {}) {
  const order: EmulatorName[] = [], at: Record<string, number> = {};
  const c: Case = {
    name: cpus === 1 ? name : `${name}/${cpus}`, program: name, group, cpus, unit: 'ns/op',
    sample: async (e) => {
      order.push(e);
      const cost = costs[e]![at[e] = (at[e] ?? -1) + 1];
      return { cost, first: cost * 2, checksums: [sums[e] ?? '1'] };
    },
  };
  return { c, order };
}
const run = (...args: Parameters<typeof given>): Promise<Result> => measure(given(...args).c, ['mttcg', 'qemu'], Object.values(args[2])[0].length);

t.test('figures', async (t) => {
  t.equal(median([5, 1, 3]), 3);
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.ok(Math.abs(geometricMean([0.5, 2, 8]) - 2) < 1e-12);
});

t.test('runs are interleaved, the order turned round each time; the ratio is of medians', async (t) => {
  const { c, order } = given('a', 1, { mttcg: [1, 9, 2], qemu: [4, 4, 100] });
  const r = await measure(c, ['mttcg', 'qemu'], 3);
  t.same(order, ['mttcg', 'qemu', 'qemu', 'mttcg', 'mttcg', 'qemu']);
  t.equal(r.ratio, 2);
  t.equal(r.firstRatio, 2);
  t.equal(r.error, undefined);
});

t.test('a checksum that differs is an error, and gives no ratio', async (t) => {
  const r = await run('a', 1, { mttcg: [1], qemu: [1] }, 'compute', { mttcg: 'aa', qemu: 'bb' });
  t.match(r.error, /qemu: checksums bb, not aa/);
  t.equal(r.ratio, undefined);
  t.match(summary([r], ['mttcg', 'qemu']), /1 failed: a/);
});

t.test('means, scaling, bars', async (t) => {
  const results = [
    await run('a', 1, { mttcg: [10], qemu: [20] }), await run('a', 2, { mttcg: [5], qemu: [10] }), await run('a', 4, { mttcg: [6], qemu: [10] }),
    await run('b', 1, { mttcg: [20], qemu: [10] }, 'float'), await run('mmio-spin', 1, { mttcg: [4000], qemu: [100] }, 'mmio'),
  ];
  const m = means(results);
  t.match(m.find((x) => x.of === 'compute'), { programs: 1, ratio: 2, worst: 'a' }, 'more vCPUs are not in the mean');
  t.match(m.find((x) => x.of.includes('+')), { programs: 2, worst: 'b', worstRatio: 0.5 });
  const s = scaling(results, ['mttcg']);
  t.equal(s.find((x) => x.to === 2)?.ratio, 2);
  t.equal(s.find((x) => x.to === 4)?.ratio, 5 / 6);
  const met = bars(results, ['mttcg', 'qemu']).map((b) => [b.measure.trim().split(',')[0], b.met]);
  t.same(met, [['compute programs', true], ['the slowest of them', false], ['two independent compute vCPUs : one', true], ['four vCPUs : two', true], ['MMIO read from a main-thread device while spinning', true]]);
  const page = html({ date: 'today', host: { cpu: 'x <y>' }, runs: 1, emulators: ['mttcg', 'qemu'], results });
  t.match(page, /x &#60;y&#62;/);
  t.notMatch(page, /NaN|undefined|Infinity/);
  t.notMatch(page, /(?:src|href)=/, 'nothing from outside');
});
