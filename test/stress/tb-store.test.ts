// The TB store under 4 threads: the code buffer is handed out once, chains and page lists agree, NOTDIRTY marks get everywhere.
import t from 'tap';
import { Machine } from '../../src/accel/machine-view.ts';
import { TbStore } from '../../src/accel/tb-store.ts';
import { TB } from '../../src/memory/layout/tb.ts';
import { bareSpec, vcpus } from '../support/bare-machine.ts';
import { runCrew } from './crew.ts';

const worker = new URL('./tb-store.worker.ts', import.meta.url);
const sum = (v: number[]) => v.reduce((a, b) => a + b, 0);
const T = TB.off;

t.test('a nearly full code buffer is never handed out twice', async (t) => {
  const [seen] = await runCrew<number>(worker, 'fill', bareSpec({ tbSize: 64 << 10, ramBytes: 1 << 20 }), 4, { rounds: 600 });
  t.ok(seen > 10_000, `${seen} TBs, each with a place of its own`);
});

for (const [pages, slots] of [[3, 128], [1, 16]]) t.test(`chains, page lists and the hash table agree after a storm on ${pages * slots} TBs`, async (t) => {
  const spec = bareSpec({ tbSize: 64 << 20 }), m = new Machine(spec), store = new TbStore(m, vcpus(m));
  const gone = sum(await runCrew<number>(worker, 'churn', spec, 4, { pages, slots, ms: 1500 }));
  const { i32, layout } = m, word = (tb: number, f: number) => i32[tb + f >>> 2];
  const onPages = new Set(Array.from({ length: pages }, (_, p) => store.tbsOfPage(p)).flat());
  const { tbs } = store.stats();
  let links = 0, live = 0, dead = 0;
  const wrong: string[] = [];
  for (let k = 0; k < tbs; k++) {
    const tb = layout.tbBase + k * TB.size, isLive = onPages.has(tb), listed: number[] = [];
    // Descriptors that lost the race to be inserted are in no list and were never linked.
    if (!isLive && word(tb, T.flags) >= 0) continue;
    if (isLive) live++; else dead++;
    if (isLive !== word(tb, T.flags) >= 0) wrong.push(`TB ${k}: on its page's list: ${isLive}, flags ${word(tb, T.flags)}`);
    if ((store.lookup(store.phys(tb), 0, 0, 0) === tb) !== isLive) wrong.push(`TB ${k}: hash table and page list disagree`);
    for (let e = word(tb, T.jmp_list_head); e & ~15; e = word(e & ~15, T.jmp_list_next + 4 * (e & 1))) {
      if (listed.length > 1e6) { wrong.push(`TB ${k}: the list of its incoming jumps is a ring`); break; }
      listed.push(e);
      if (word(e & ~15, T.jmp_dest + 4 * (e & 1)) !== tb) wrong.push(`TB ${k}: a listed jump goes elsewhere`);
    }
    if (!isLive && listed.length > 0) wrong.push(`TB ${k}: dead, but has incoming jumps`);
    if (new Set(listed).size !== listed.length) wrong.push(`TB ${k}: an incoming jump is listed twice`);
    for (const n of [0, 1]) {
      const dest = word(tb, T.jmp_dest + 4 * n);
      if (!isLive && dest !== 1) wrong.push(`TB ${k}: dead, slot ${n} is ${dest}`);
      if (dest & ~15 && !onPages.has(dest)) wrong.push(`TB ${k}: slot ${n} goes to a dead TB`);
      if (dest & ~15) links++;
    }
    links -= listed.length;
  }
  t.same(wrong.slice(0, 5), []);
  t.equal(links, 0, 'each link is in one list');
  t.equal(live, onPages.size, 'live TBs');
  t.equal(store.qht.stats().entries, live, 'entries of the hash table');
  t.ok(live > slots / 4 && dead > 1000, `${live} live TBs, ${dead} dead, ${gone} invalidations`);
});

t.test('a protected page is marked in every TLB entry that is used, however it got there', async (t) => {
  const [rounds, ...checked] = await runCrew<number>(worker, 'dirty', bareSpec(), 4, { ms: 3000 });
  t.ok(rounds > 100 && sum(checked) > 100, `${rounds} rounds, ${sum(checked)} accesses checked`);
});
