// TLBs of address spaces that were left: found again as they were, never with what was flushed, remapped or rewritten meanwhile.
import t from 'tap';
import { assemble } from '../../src/asm/index.ts';
import { TLB_CONTEXTS } from '../../src/memory/layout/cpu.ts';
import { A64Bench } from '../support/a64-bench.ts';

const CODE = 0x1000, DATA = 0x2000, ALL = 7;
/** Physical pages of address space n. */
const codeOf = (n: number): number => 0x40000 + n * 0x4000, dataOf = (n: number): number => 0x42000 + n * 0x4000;
const words = (source: string): number[] => [...new Int32Array(assemble(source, { base: CODE }).code.slice().buffer)];

/** Counts the walks: a page that is looked up is not in the TLB. */
class Pages extends Map<number, number> {
  walks = 0;
  override get(page: number): number | undefined { this.walks++; return super.get(page); }
}

/** Address spaces 0, 1, …: each has a program that adds a number of its own to what it loads, and stores it. */
class Spaces {
  readonly bench = new A64Bench();
  readonly mmu = this.bench.engine.mmu(this.bench.cpu);
  readonly pages: Pages[] = [];
  now = 0;

  constructor(count: number) {
    for (let n = 0; n < count; n++) {
      this.pages.push(new Pages([[CODE, codeOf(n)], [DATA, dataOf(n)]]));
      this.program(codeOf(n), 1 << n);
      this.bench.ram.setUint32(dataOf(n), 1000 * n, true);
    }
    this.enter(0);
  }
  program(at: number, add: number): void { this.bench.load(at, words(`ldr w0, [x1]\n add w0, w0, #${add}\n str w0, [x1]\n udf #0\n`)); }
  enter(n: number, asidChanged = true): void {
    this.now = n;
    this.bench.target.moved = this.pages[n];
    this.mmu.tlbEnter([n, 0, 0, n << 16], asidChanged);
  }
  run(n = this.now): number {
    if (n !== this.now) this.enter(n);
    this.bench.setX(1, BigInt(DATA));
    this.bench.run(CODE);
    return Number(this.bench.x(0));
  }
  /** What run() does not find in the TLB. */
  walksOf(n: number): number {
    const before = this.pages[n].walks;
    this.run(n);
    return this.pages[n].walks - before;
  }
}

t.test('each has its own pages, and finds them again', async (t) => {
  const s = new Spaces(2);
  for (let round = 1; round <= 3; round++) for (const n of [0, 1]) t.equal(s.run(n), 1000 * n + round * (1 << n), `space ${n}`);
  t.same([s.walksOf(0), s.walksOf(1), s.walksOf(0)], [0, 0, 0]);
  s.enter(1, false);
  t.equal(s.walksOf(1), 0, 'also without a change of ASID');
});

t.test('more than are kept: the one left first goes', async (t) => {
  const s = new Spaces(TLB_CONTEXTS + 1);
  for (let n = 0; n <= TLB_CONTEXTS; n++) t.equal(s.run(n), 1000 * n + (1 << n));
  t.equal(s.walksOf(TLB_CONTEXTS), 0);
  t.equal(s.walksOf(1), 0, 'still there');
  t.ok(s.walksOf(0) > 0, 'gone');
  for (let n = 0; n <= TLB_CONTEXTS; n++) t.equal(s.run(n), 1000 * n + (n < 2 || n === TLB_CONTEXTS ? 3 : 2) * (1 << n), `space ${n}`);
});

t.test('flushed while another one is present', async (t) => {
  const s = new Spaces(2), elsewhere = 0x70000;
  const flushes: Record<string, () => void> = {
    'page': () => s.mmu.tlbFlushPage(DATA, 0, ALL), 'page, every vCPU': () => s.mmu.tlbFlushPageAllCpusSynced(DATA, 0, ALL),
    'range': () => s.mmu.tlbFlushRange(CODE, 0, 2, ALL), 'all': () => s.mmu.tlbFlush(ALL), 'all, every vCPU': () => s.mmu.tlbFlushAllCpusSynced(ALL),
  };
  let at = elsewhere;
  for (const [name, flush] of Object.entries(flushes)) {
    s.run(0);
    s.run(1);
    at += 0x1000;
    s.bench.ram.setUint32(at, 5, true);
    s.pages[0].set(DATA, at);
    flush();
    t.equal(s.run(0), 6, name);
  }
});

t.test('a page of code mapped elsewhere while another one is present', async (t) => {
  const s = new Spaces(2);
  s.run(0);
  // Without running: its jump-cache entries would take the place of those of space 0.
  s.enter(1);
  s.program(0x71000, 100);
  s.pages[0].set(CODE, 0x71000);
  s.mmu.tlbFlushPage(CODE, 0, ALL);
  t.equal(s.run(0), 101);
});

t.test('code rewritten, and all translations dropped', async (t) => {
  const s = new Spaces(2);
  s.run(0);
  s.run(1);
  s.program(codeOf(0), 10);
  t.equal(s.run(0), 11, 'rewritten');
  s.enter(1);
  s.bench.engine.store.flush();
  s.program(codeOf(0), 20);
  t.equal(s.run(0), 31, 'after tb_flush');
});

t.test('code appears on a page that a space that was left stores to', async (t) => {
  const s = new Spaces(2);
  s.run(0);
  // Space 1 runs what lies on the data page of space 0, which has a TLB entry that stores to it.
  s.pages[1].set(CODE, dataOf(0));
  s.pages[1].set(DATA, dataOf(1));
  s.program(dataOf(0) + 0x100, 50);
  const inner = CODE + 0x100;
  s.enter(1);
  s.bench.setX(1, BigInt(DATA));
  s.bench.run(inner);
  t.equal(Number(s.bench.x(0)), 1050);
  // Space 0 writes the second instruction (add w0, w0, #50 → #60).
  s.enter(0);
  s.bench.load(codeOf(0) + 0x200, words('str w2, [x1, #0x104]\n udf #0\n'));
  s.bench.setX(1, BigInt(DATA));
  s.bench.setX(2, BigInt(words('add w0, w0, #60\n')[0] >>> 0));
  s.bench.run(CODE + 0x200);
  s.enter(1);
  s.bench.setX(1, BigInt(DATA));
  s.bench.run(inner);
  t.equal(Number(s.bench.x(0)), 1110, 'the new instruction');
});

t.test('laid out again by another thread, as at a reset', async (t) => {
  const s = new Spaces(2);
  s.run(0);
  s.run(1);
  new (s.mmu.tlb.constructor as typeof import('../../src/accel/tlb.ts').Tlb)(s.bench.cpu).init();
  s.pages[0].set(DATA, 0x72000);
  s.bench.ram.setUint32(0x72000, 8, true);
  t.equal(s.run(0), 9);
  t.equal(s.run(1), 1004);
  t.same([s.walksOf(0), s.walksOf(1)], [0, 0]);
});
