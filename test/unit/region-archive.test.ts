// Regions kept from run to run: published where all their TBs are there, and nowhere else.
import t from 'tap';
import { extendRegions, RegionArchive } from '../../src/accel/region-archive.ts';
import { ARCHIVED_HOT_ENTRIES, HOT_ENTRIES } from '../../src/accel/hot-queue.ts';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import { assemble } from '../../src/asm/index.ts';
import { TB } from '../../src/memory/layout/tb.ts';
import { ARCHIVE_LIMIT } from '../../src/machine/archive-file.ts';
import { envOff } from '../../src/target/arm/env.ts';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';

const CODE = 0x1000, OTHER = 0x2000, ROUNDS = 8;
/** Where the two pages lie in memory: in the run whose regions are kept, and in a later one. */
const FIRST = [0x40000, 0x60000] as const, LATER = [0x80000, 0x50000] as const;
const words = (source: string, base: number): number[] => [...new Int32Array(assemble(source, { base }).code.slice().buffer)];
const LOOP = 'loop: add x0, x0, #1\n bl 0x2010\n subs x1, x1, #1\n b.ne loop\n udf #0\n', CALLEE = 'add x0, x0, #100\n ret\n';

function setUp([code, other]: readonly [number, number], archive?: RegionArchive, callee = CALLEE) {
  const bench = new A64Bench(allFeatures(true), undefined, 1, true, undefined, undefined, archive && { regionArchive: archive }), { machine, engine, target } = bench, { state, ram } = machine.spec;
  const pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
  const compiler = new RegionCompiler(machine, target, { pcOffset: envOff.pc, statePages: pages(state), ramPages: pages(ram), archive });
  target.moved = new Map([[CODE, code], [OTHER, other]]);
  bench.load(code, words(LOOP, CODE));
  bench.load(other + 16, words(callee, OTHER + 16));
  const run = (rounds = ROUNDS): number => {
    bench.setX(0, 0n);
    bench.setX(1, BigInt(rounds));
    bench.run(CODE);
    return Number(bench.x(0));
  };
  const entry = (): number => engine.store.tbsOfPage(code >>> 12).find((tb) => engine.store.phys(tb) === code)!;
  const compile = (): void => compiler.compileNow(entry(), Atomics.load(machine.i32, machine.global('tb_gen')), BigInt(CODE));
  const fn = (): number => Atomics.load(machine.i32, entry() + TB.off.fn >>> 2);
  const made = () => { const { compiledRegions, archivedRegions } = engine.store.stats(); return [compiledRegions, archivedRegions]; };
  return { bench, engine, machine, run, entry, compile, fn, made };
}

const first = setUp(FIRST);
first.run();
first.compile();
const archive = extendRegions(first.machine, undefined, ARCHIVE_LIMIT);

t.test('the same code, other pages of memory, other descriptors', async (t) => {
  const b = setUp(LATER, archive);
  b.bench.bytes.fill(0, 0x9000, 0x9004);
  t.equal(b.run(), 101 * ROUNDS, 'in the interpreter');
  b.compile();
  t.same(b.made(), [0, 1]);
  t.ok(b.fn());
  const before = b.engine.store.entries(b.entry());
  t.equal(b.run(1000), 101 * 1000, 'as a region');
  t.equal(b.engine.store.entries(b.entry()), before, 'nothing is interpreted');
  b.bench.load(LATER[1] + 16, words('add x0, x0, #7\n ret\n', OTHER + 16));
  t.equal(b.fn(), 0, 'a write to the other page drops it');
  t.equal(b.run(), 8 * ROUNDS);
  b.compile();
  t.same(b.made(), [0, 1], 'the callee is another one now: it waits');
});

t.test('its entry asks early, and again while TBs are missing', async (t) => {
  const b = setUp(LATER, archive, 'add x0, x0, #7\n ret\n');
  b.run(1);
  const word = () => b.machine.u32[b.entry() + TB.off.exec_count >>> 2];
  t.equal(word() - b.engine.store.entries(b.entry()), HOT_ENTRIES - ARCHIVED_HOT_ENTRIES);
  for (const more of [4, 16, 64]) {
    const before = b.engine.store.entries(b.entry());
    b.compile();
    t.same(b.made(), [0, 0]);
    t.equal(word(), HOT_ENTRIES - ARCHIVED_HOT_ENTRIES * more);
    t.equal(b.engine.store.entries(b.entry()), before, 'the figure for heat stays');
  }
  b.compile();
  t.same(b.made(), [1, 0], 'then it is compiled');
  t.equal(b.run(), 8 * ROUNDS);
  const both = extendRegions(b.machine, archive, ARCHIVE_LIMIT);
  t.equal([...both.entries()].length, 2, 'and kept beside the other');
  for (const [callee, sum] of [[CALLEE, 101], ['add x0, x0, #7\n ret\n', 8]] as const) {
    const again = setUp(FIRST, both, callee);
    t.equal(again.run(), sum * ROUNDS);
    again.compile();
    t.same(again.made(), [0, 1]);
    t.equal(again.run(), sum * ROUNDS);
  }
});

t.test('other code', async (t) => {
  const key = { phys: 0x1000, flags: 0, csBase: 0, cflags: 0 }, loop = Int32Array.from(words(LOOP, CODE));
  t.ok(archive.has(key, loop, 0));
  for (const other of [{ flags: 1 }, { csBase: 1 }, { cflags: 0x100 }, { phys: 0x1004 }]) t.notOk(archive.has({ ...key, ...other }, loop, 0), JSON.stringify(other));
  for (const k of [0, 1]) t.notOk(archive.has(key, loop.map((w, n) => (n === k ? w ^ 0x400 : w)), 0), `instruction ${k}`);
});

t.test('nothing twice; four of one entry; a limit', async (t) => {
  t.equal(extendRegions(first.machine, archive, ARCHIVE_LIMIT).words.length, archive.words.length);
  let all = archive;
  for (let n = 1; n <= 6; n++) {
    const b = setUp(FIRST, undefined, `add x0, x0, #${n}\n ret\n`);
    b.run();
    b.compile();
    all = extendRegions(b.machine, all, ARCHIVE_LIMIT);
  }
  t.equal([...all.entries()].length, 4);
  t.same(all.find({ phys: 0x1000, flags: 0, csBase: 0, cflags: 0 }, Int32Array.from(words(LOOP, CODE)), 0).length, 4);
  const b = setUp(LATER, all);
  b.run();
  b.compile();
  t.same(b.made(), [0, 0], 'the first one went');
  t.equal([...extendRegions(first.machine, all, 16).entries()].length, 1, 'starts over');
});

t.test('no archive at all', async (t) => {
  for (const bad of [new Int32Array(0), new Int32Array(100), archive.words.subarray(0, archive.words.length - 1)]) t.throws(() => new RegionArchive(bad), RangeError);
});
