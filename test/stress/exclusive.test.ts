// Exclusive sections: 4 vCPU threads enter and leave guest execution while they, and others, exclude each other.
import t from 'tap';
import { bareSpec } from '../support/bare-machine.ts';
import { runCrew } from './crew.ts';

const worker = new URL('./exclusive.worker.ts', import.meta.url);
const words = () => new Int32Array(new SharedArrayBuffer(1 << 16));
const sum = (v: number[]) => v.reduce((a, b) => a + b, 0);
const TOTAL = 32;

for (const [threads, rounds] of [[4, 6000], [6, 3000], [2, 12000]]) {
  t.test(`4 vCPUs, ${threads} threads: alone in every exclusive section`, async (t) => {
    const w = words();
    const sections = sum(await runCrew<number>(worker, 'sections', bareSpec({ cpus: Math.min(4, threads) }), threads, { rounds, looks: 30 }, w));
    t.equal(w[TOTAL], sections, 'a plain counter touched in exclusive sections only has counted them all');
    t.ok(sections > rounds / 2, `${sections} sections`);
  });
}

t.test('vCPUs that would run for ever leave guest code for each of them', async (t) => {
  for (const threads of [2, 4]) {
    const w = words();
    const [ns] = await runCrew<number>(worker, 'latency', bareSpec({ cpus: threads }), threads, { ms: 700, looks: 1 }, w);
    t.equal(w[TOTAL], 0, 'sections counted');
    t.comment(`until ${threads - 1} vCPUs in guest code have left it: ${(ns / 1000).toFixed(1)} µs`);
  }
});

t.test('a vCPU that waited for the end of a section gets on', async (t) => {
  const w = words();
  const [rounds] = await runCrew<number>(worker, 'handshake', bareSpec({ cpus: 2 }), 2, { ms: 2500 }, w);
  t.equal(w[TOTAL], rounds);
});
