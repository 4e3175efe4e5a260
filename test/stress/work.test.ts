// async_run_on_cpu: nothing is lost, each sender's items come in order, full rings give way, safe work runs alone.
import t from 'tap';
import { Machine } from '../../src/accel/machine-view.ts';
import { CPUState } from '../../src/memory/layout/cpu.ts';
import { bareSpec, vcpus } from '../support/bare-machine.ts';
import { runCrew } from './crew.ts';

const worker = new URL('./exclusive.worker.ts', import.meta.url);
const words = () => new Int32Array(new SharedArrayBuffer(1 << 16));
const sum = (v: ArrayLike<number>) => Array.from(v).reduce((a, b) => a + b, 0);
const TOTAL = 32, SEEN = 256, REPLIES = 400;

/** Rings whose positions pass 2^31 soon. */
function rings(cpus: number) {
  const spec = bareSpec({ cpus });
  for (const cpu of vcpus(new Machine(spec))) for (const f of ['work_head', 'work_tail'] as const) cpu.store(CPUState.off[f], 0x7fffff80);
  return spec;
}

for (const [cpus, threads] of [[4, 4], [1, 4], [4, 6]]) {
  t.test(`${threads} threads to ${cpus} vCPUs`, async (t) => {
    const w = words(), items = 2500;
    const safe = sum(await runCrew<number>(worker, 'allToAll', rings(cpus), threads, { items, reply: 0, looks: 300 }, w));
    for (let to = 0; to < cpus; to++) {
      for (let from = 0; from < threads; from++) if (w[SEEN + 16 * to + from] !== items) t.fail(`vCPU ${to} got ${w[SEEN + 16 * to + from]} of thread ${from}'s ${items} items`);
    }
    t.equal(w[TOTAL], safe, 'safe items run');
  });
}

t.test('work that queues work, with full rings', async (t) => {
  const w = words(), items = 7 * 400, cpus = 4;
  await runCrew<number>(worker, 'allToAll', rings(cpus), cpus, { items, reply: 1, looks: 30 }, w);
  for (let to = 0; to < cpus; to++) for (let from = 0; from < cpus; from++) t.equal(w[SEEN + 16 * to + from], items);
  t.equal(sum(w.subarray(REPLIES, REPLIES + cpus)), cpus * cpus * items / 7, 'replies');
});

t.test('two vCPUs that only send to each other', async (t) => {
  const items = 10_000;
  t.same(await runCrew<number>(worker, 'mutualFull', rings(2), 2, { items, reply: 0, looks: 300 }), [items, items]);
});
