// The softmmu TLB against a plain model: fills, victims, large pages, flushes of every kind, resizing, jump cache.
import t from 'tap';
import { Machine } from '../../src/accel/machine-view.ts';
import { TAG, Tlb } from '../../src/accel/tlb.ts';
import { CPU_TLB_DEFAULT_BITS, TLBEntry, TLB_NOTDIRTY } from '../../src/memory/layout/cpu.ts';
import { bareSpec, vcpus } from '../support/bare-machine.ts';
import { random } from '../stress/crew.ts';

const PAGE = 4096, LARGE = 2 << 20, ALL = 7;
const RW = { read: 0, write: 0, code: 0 };

/** A TLB whose every translation is identical: page to the same page of the ram memory. */
function fresh(cpus = 1) {
  const m = new Machine(bareSpec({ cpus, ramBytes: 64 << 20 }));
  const tlbs = vcpus(m).map((cpu) => { const x = new Tlb(cpu); x.init(); return x; });
  const fill = (va: number, mmuIdx = 0, lg = 12, x = tlbs[0]) => x.fill(va, 0, mmuIdx, RW, 0, 0, va & -PAGE, 0, lg);
  /** What an access does: main table, then victims; true on a hit. */
  const cached = (va: number, mmuIdx = 0, x = tlbs[0]) => {
    const e = x.entry(va, mmuIdx);
    return TAG.every((tag) => x.hit(e, tag, va, 0)) || x.victimHit(e, mmuIdx, TAG[0], va, 0);
  };
  return { m, tlb: tlbs[0], tlbs, fill, cached };
}
/** Address that shares the main-table entry of `va`. */
const alias = (va: number, n = 1) => va + (n << CPU_TLB_DEFAULT_BITS) * PAGE;

t.test('a full flush forgets victims even when the last page of the main table was flushed alone', (t) => {
  const { tlb, fill, cached } = fresh();
  fill(0x1000);
  fill(alias(0x1000));
  tlb.flushPage(alias(0x1000), 0, ALL);
  t.ok(cached(0x1000), 'the evicted page is a victim');
  tlb.flushPage(alias(0x1000), 0, ALL);
  tlb.flush(ALL);
  t.notOk(cached(0x1000), 'swapped in');
  fill(0x1000);
  fill(alias(0x1000));
  tlb.flushPage(alias(0x1000), 0, ALL);
  tlb.flush(ALL);
  t.notOk(cached(0x1000), 'still a victim');
  t.end();
});

t.test('flushing any page of a large page forgets all of it, TBs in the jump cache too', (t) => {
  const { tlb, fill, cached } = fresh();
  for (const va of [LARGE, LARGE + 5 * PAGE]) fill(va, 0, 21);
  fill(4 * LARGE);
  tlb.cacheJump(LARGE + 5 * PAGE + 8, 0, 0x1230);
  t.equal(tlb.cachedJump(LARGE + 5 * PAGE + 8, 0), 0x1230);
  tlb.flushPage(LARGE + 77 * PAGE, 0, ALL);
  t.notOk(cached(LARGE) || cached(LARGE + 5 * PAGE));
  t.equal(tlb.cachedJump(LARGE + 5 * PAGE + 8, 0), 0, 'a TB of another page of the block');
  t.end();
});

t.test('a page flush drops the jump-cache entries of that page; one of a page without code leaves the cache alone', (t) => {
  const { tlb } = fresh();
  for (let o = 0; o < PAGE; o += 4) { tlb.cacheJump(0x5000 + o, 0, 0x1230); tlb.cacheJump(0x6000 + o, 0, 0x4560); }
  t.not(tlb.cachedJump(0x5ffc, 0), 0);
  tlb.flushPage(0x7abc, 0, ALL);
  t.not(tlb.cachedJump(0x5ffc, 0), 0, 'data');
  tlb.flushPage(0x5abc, 0x55000000, ALL);
  for (let o = 0; o < PAGE; o += 4) if (tlb.cachedJump(0x5000 + o, 0) !== 0) t.fail(`offset ${o} is still there`);
  t.end();
});

t.test('20,000 random operations: what was flushed is gone, what was filled since the last flush may be there', (t) => {
  const { tlb, fill, cached } = fresh(), rnd = random(42);
  /** Pages that may be cached, by index: filled since their last flush. */
  const may = [new Set<number>(), new Set<number>(), new Set<number>()];
  let fills = 0, hits = 0;
  for (let n = 0; n < 20_000; n++) {
    const idx = rnd() % 3, va = (rnd() % 5) * PAGE + alias(0, rnd() % 6), r = rnd() % 100;
    if (r < 40) { fill(va, idx); may[idx].add(va); fills++; if (!cached(va, idx)) t.fail(`step ${n}: a page just filled is not there`); }
    else if (r < 90) {
      const hit = cached(va, idx);
      if (hit) hits++;
      if (hit && !may[idx].has(va)) { t.fail(`step ${n}: page ${va.toString(16)} of index ${idx} outlived its flush`); break; }
    } else if (r < 97) {
      const map = rnd() & ALL;
      tlb.flushPage(va + (rnd() & 0xfff), 0, map);
      may.forEach((s, i) => { if (map >> i & 1) s.delete(va); });
    } else {
      const map = rnd() & ALL;
      tlb.flush(map);
      may.forEach((s, i) => { if (map >> i & 1) s.clear(); });
    }
  }
  t.ok(hits > 1000 && fills > 1000, `${hits} hits`);
  t.end();
});

t.test('tagged addresses are flushed with their page', (t) => {
  const { tlb } = fresh();
  tlb.fill(0x3000, 0x5a000000, 0, RW, 0, -0x5a000000, 0x3000, 0, 12);
  t.ok(tlb.hit(tlb.entry(0x3000, 0), TAG[0], 0x3000, 0x5a000000));
  tlb.flushPage(0x3000, 0, ALL);
  t.notOk(tlb.hit(tlb.entry(0x3000, 0), TAG[0], 0x3000, 0x5a000000));
  t.end();
});

t.test('marking a block of pages for NOTDIRTY finds its entries in main and victim tables of every index', (t) => {
  const { m, tlb, fill } = fresh();
  const write = (e: number) => m.i32[e + TLBEntry.off.addr_write >>> 2] & TLB_NOTDIRTY;
  fill(0x7000, 1);
  fill(alias(0x7000), 1);
  fill(0x7000, 2);
  Tlb.protectBlock(tlb.cpu, 0, TLB_NOTDIRTY);
  t.ok(write(tlb.entry(0x7000, 2)), 'main table');
  t.notOk(write(tlb.entry(0x7000, 1)), 'a page of another block is left alone');
  t.ok(tlb.victimHit(tlb.entry(0x7000, 1), 1, TAG[0], 0x7000, 0));
  t.ok(write(tlb.entry(0x7000, 1)), 'the victim came back marked');
  t.end();
});
