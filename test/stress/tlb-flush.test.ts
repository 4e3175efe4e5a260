// Broadcast TLB flushes: once one returns, no vCPU reads, writes or runs the page that was mapped before.
import t from 'tap';
import { encode, pte } from '../support/toy-isa.ts';
import { PT_BASE, REMAP, ToyAsm, ToyMachine } from '../support/toy-machine.ts';

const FLAG = 0x40000, POOL = 0x200000, PAGE = 4096;
const ENTRIES = ['v0', 'v1', 'v2', 'v3'];
/** The page that is mapped here and there; another that shares its place in the TLB, so that victims take part. */
const V = REMAP + 5 * PAGE, ALIAS = V + (1 << 20);

/** x9 = address of the page table entry of V. */
const pteAddress = (a: ToyAsm) => a.li(9, PT_BASE + V / PAGE * 4);

/** What vCPU 0 does for n = 1…N: `prepare` page POOL + (n & 3) pages (address in x2), map V there, flush, publish n. */
function mapper(n: number, flush: (a: ToyAsm) => void, prepare: (a: ToyAsm) => void, after?: (a: ToyAsm) => void): ToyAsm {
  const a = new ToyAsm(0x10000);
  a.label('v0').gate(4).li(1, 0).li(3, n).li(4, POOL).li(5, V).li(6, FLAG);
  pteAddress(a).li(10, PAGE);
  a.label('w').addi(1, 1, 1).emit('andi', 2, 1, 3).alu('mul', 2, 2, 10).alu('add', 2, 2, 4);
  prepare(a);
  a.mem('ldw', 11, 9).addi(7, 2, pte(0)).mem('stlrw', 7, 9);
  flush(a);
  a.mem('stlr', 1, 6);
  after?.(a);
  return a.await(1, 4, 4).bne(1, 3, 'w').emit('halt');
}

const FLUSHES: Record<string, (a: ToyAsm) => void> = {
  page: (a) => a.emit('tlbi', 0, 5),
  range: (a) => a.li(12, 3).li(13, V - PAGE).emit('tlbir', 12, 13),
  'long range': (a) => a.li(12, 1000).li(13, REMAP).emit('tlbir', 12, 13),
  all: (a) => a.emit('tlbia'),
};

for (const [name, flush] of Object.entries(FLUSHES)) {
  t.test(`flush of ${name === 'all' ? 'everything' : `a ${name}`}: a page mapped elsewhere is read there`, async (t) => {
    const n = 120, a = mapper(n, flush, (a) => a.mem('st', 1, 2));
    ENTRIES.forEach((v, k) => {
      if (k === 0) return;
      a.org(0x20000 + k * PAGE).label(v).gate(4).li(3, n).li(5, V).li(6, FLAG).li(7, ALIAS);
      // Many looks in one TB, which a kick does not end; between TBs the entry is a victim.
      a.label(`${v}_loop`);
      for (let i = 0; i < 60; i++) a.mem('ldar', 1, 6).mem('ld', 2, 5).emit('trapltu', 2, 1);
      a.mem('ld', 4, 7).addi(9, 9, 1).ack(1, k).bne(1, 3, `${v}_loop`).emit('halt');
    });
    const r = await new ToyMachine({ program: a, entries: ENTRIES, map: new Map([[V, pte(POOL)]]) }).run();
    t.ok(r.x.slice(1).every((x) => x[9] >= BigInt(n / 4)), `looks: ${r.x.slice(1).map((x) => x[9])}`);
  });
}

t.test('nobody writes to the page that was mapped before the flush', async (t) => {
  const n = 120;
  // After the flush vCPU 0 clears what the others wrote to the old page (its entry is in x11) and looks again after a while.
  const a = mapper(n, FLUSHES.page, (a) => a.mem('st', 0, 2, 8).mem('st', 0, 2, 16).mem('st', 0, 2, 24), (a) => {
    a.emit('shri', 11, 11, 12).alu('mul', 11, 11, 10);
    for (const k of [1, 2, 3]) a.mem('st', 0, 11, 8 * k);
    a.li(12, 200).label('wait').addi(12, 12, -1).bne(12, 0, 'wait');
    for (const k of [1, 2, 3]) a.mem('ld', 12, 11, 8 * k).emit('trapne', 12, 0);
  });
  ENTRIES.forEach((v, k) => {
    if (k === 0) return;
    a.org(0x20000 + k * PAGE).label(v).gate(4).li(3, n).li(5, V).li(6, FLAG);
    a.label(`${v}_loop`).mem('ldar', 1, 6);
    for (let i = 0; i < 60; i++) a.addi(9, 9, 1).mem('st', 9, 5, 8 * k);
    a.ack(1, k).bne(1, 3, `${v}_loop`).emit('halt');
  });
  await new ToyMachine({ program: a, entries: ENTRIES, map: new Map([[V, pte(POOL)]]) }).run();
  t.pass();
});

for (const regions of [false, true]) {
  t.test(`code on a page mapped elsewhere is run there (${regions ? 'regions' : 'interpreter'})`, async (t) => {
    const n = 120, a = mapper(n, FLUSHES.page, (a) => a.li(13, encode('movi', 2, 0, 0)).alu('add', 13, 13, 1).mem('stw', 13, 2).emit('ic', 0, 2));
    for (let p = 0; p < 4; p++) a.org(POOL + p * PAGE).emit('movi', 2, 0, 0).emit('br', 0, 15);
    const here = a.pc;
    ENTRIES.forEach((v, k) => {
      if (k === 0) return;
      a.org(0x20000 + k * PAGE).label(v).gate(4).li(3, n).li(5, V).li(6, FLAG);
      a.label(`${v}_loop`).mem('ldar', 1, 6).emit('blr', 15, 5).emit('trapltu', 2, 1).addi(9, 9, 1).ack(1, k).bne(1, 3, `${v}_loop`).emit('halt');
    });
    a.org(here);
    const r = await new ToyMachine({ program: a, entries: ENTRIES, regions, tbSize: 8 << 20, map: new Map([[V, pte(POOL)]]) }).run();
    t.ok(r.x.slice(1).every((x) => x[9] >= BigInt(n / 4)), `calls: ${r.x.slice(1).map((x) => x[9])}; ${r.stats.tbs} TBs, ${r.stats.regions} regions`);
  });
}

t.test('one flush anywhere in a block forgets data and code of all its pages', async (t) => {
  // The whole of REMAP, 512 pages, is one block: at 2 or at 4 MiB in turn.
  const n = 40, LG = 9, block = (to: number) => pte(to, LG), TO = [0x200000, 0x400000];
  const a = new ToyAsm(0x10000);
  a.label('v0').gate(4).li(1, 0).li(3, n).li(5, REMAP + 77 * PAGE).li(6, FLAG).li(10, PAGE);
  a.label('w').addi(1, 1, 1).emit('andi', 2, 1, 1).li(4, 0x200000).alu('mul', 4, 4, 2).li(2, TO[0]).alu('add', 2, 2, 4); // x2 = block
  a.li(4, 9 * PAGE).alu('add', 4, 4, 2).mem('st', 1, 4); // data on page 9
  a.li(4, 13 * PAGE).alu('add', 4, 4, 2).li(7, encode('movi', 2, 0, 0)).alu('add', 7, 7, 1).mem('stw', 7, 4).emit('ic', 0, 4); // code on page 13
  a.li(9, PT_BASE + REMAP / PAGE * 4).li(8, 510).addi(7, 2, block(0)); // the page table itself is in the last pages
  a.label('pt').mem('stw', 7, 9).alu('add', 7, 7, 10).addi(9, 9, 4).addi(8, 8, -1).bne(8, 0, 'pt');
  a.emit('mb').emit('tlbi', 0, 5).mem('stlr', 1, 6).await(1, 4, 2).bne(1, 3, 'w').emit('halt');
  for (const to of TO) a.org(to + 13 * PAGE).emit('movi', 2, 0, 0).emit('br', 0, 15);
  ENTRIES.forEach((v, k) => {
    if (k === 0) return;
    a.org(0x20000 + k * PAGE).label(v).gate(4).li(3, n).li(5, REMAP + 9 * PAGE).li(4, REMAP + 13 * PAGE).li(6, FLAG);
    a.label(`${v}_loop`).mem('ldar', 1, 6).mem('ld', 2, 5).emit('trapltu', 2, 1).emit('blr', 15, 4).emit('trapltu', 2, 1);
    a.addi(9, 9, 1).ack(1, k).bne(1, 3, `${v}_loop`).emit('halt');
  });
  const map = new Map(Array.from({ length: 510 }, (_, p) => [REMAP + p * PAGE, block(TO[0] + p * PAGE)]));
  await new ToyMachine({ program: a, entries: ENTRIES, tbSize: 8 << 20, map }).run();
  t.pass();
});

t.test('broadcasts of all vCPUs at once, and to vCPUs that flush alone, come to an end', async (t) => {
  const n = 1500, a = new ToyAsm(0x10000), bodies = ['tlbi', 'tlbia', 'tlbi', 'tlbil'] as const;
  ENTRIES.forEach((v, k) => {
    a.org(0x10000 + k * PAGE).label(v).gate(4).li(1, 0).li(3, n).li(5, V);
    a.label(`${v}_loop`).mem('ld', 2, 5).emit(bodies[k], 0, 5).addi(1, 1, 1).bne(1, 3, `${v}_loop`).emit('halt');
  });
  const r = await new ToyMachine({ program: a, entries: ENTRIES }).run();
  t.ok(r.x.every((x) => x[1] === BigInt(n)));
});

t.test('a kick that comes while another is being looked into is not lost', async (t) => {
  // vCPU 1 kicks itself all the time; a flush that finds it deaf waits for ever.
  const n = 20_000, a = new ToyAsm(0x10000);
  a.label('v0').gate(2).li(1, 0).li(3, n).li(5, V).li(6, FLAG);
  a.label('w').emit('tlbi', 0, 5).addi(1, 1, 1).bne(1, 3, 'w').mem('stlr', 1, 6).emit('halt');
  a.org(0x20000).label('v1').gate(2).li(4, 0).li(6, FLAG).li(7, 1).label('loop').emit('ipi', 0, 7).emit('isb');
  // Sometimes nobody but vCPU 0 kicks for a while.
  a.addi(8, 8, 1).emit('andi', 2, 8, 7).bne(2, 4, 'on').li(9, 200).label('quiet').addi(9, 9, -1).bne(9, 4, 'quiet');
  a.label('on').mem('ldar', 2, 6).beq(2, 4, 'loop').emit('halt');
  await new ToyMachine({ program: a, entries: ENTRIES.slice(0, 2) }).run();
  t.pass();
});

t.test('figures', async (t) => {
  for (const others of [1, 3]) {
    const ms = 500, a = new ToyAsm(0x10000);
    // vCPU 0 flushes until main has set the flag; the others run in closed loops that only a kick ends.
    a.label('v0').gate(others + 1).li(1, 0).li(5, V).li(6, FLAG).li(7, FLAG + 64);
    a.label('w').emit('tlbi', 0, 5).addi(1, 1, 1).mem('stlr', 1, 7).mem('ldar', 2, 6).beq(2, 0, 'w').emit('halt');
    ENTRIES.slice(1).forEach((v, k) => a.org(0x20000 + k * PAGE).label(v).gate(others + 1).li(6, FLAG).label(`${v}_loop`).addi(1, 1, 1).mem('ldar', 2, 6).beq(2, 3, `${v}_loop`).emit('halt'));
    const m = new ToyMachine({ program: a, entries: ENTRIES.slice(0, others + 1) });
    const count = () => Number(Atomics.load(m.machine.ram64, (FLAG + 64) / 8)), sleep = (ms: number) => new Promise((r) => setTimeout(r, ms));
    let perFlush = 0;
    await m.run(25_000, async () => {
      while (count() === 0) await sleep(1);
      const t0 = performance.now(), n0 = count();
      await sleep(ms);
      perFlush = (performance.now() - t0) * 1000 / (count() - n0);
      Atomics.store(m.machine.ram64, FLAG / 8, 1n);
    });
    t.comment(`a broadcast flush with ${others} other vCPUs in guest code: ${perFlush.toFixed(1)} µs`);
  }
});
