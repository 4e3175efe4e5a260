// Regions over several pages: entered only while every page holds the code they were made of, left when one is mapped elsewhere.
import t from 'tap';
import { RegionCompiler, type CompiledRegion } from '../../src/accel/region-compiler.ts';
import { assemble } from '../../src/asm/index.ts';
import { TB } from '../../src/memory/layout/tb.ts';
import { envOff } from '../../src/target/arm/env.ts';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';

const CODE = 0x1000, OTHER = 0x2000, FIRST_PHYS = 0x40000, OTHER_PHYS = 0x60000, ELSEWHERE = 0x70000, ROUNDS = 8;

const words = (source: string, base: number): number[] => [...new Int32Array(assemble(source, { base }).code.slice().buffer)];

/** A loop that calls a function of another page, directly or by register; `before`: instructions in front of the loop. */
const CALLS = { 'bl': 'bl 0x2010', 'blr': 'blr x2', 'b and back': 'adr x30, back\n b 0x2010\nback:' };
const loop = (call: string): string => `loop: add x0, x0, #1\n ${call}\n subs x1, x1, #1\n b.ne loop\n udf #0\n`;
const callee = (n: number): string => `add x0, x0, #${n}\n ret\n`;

function setUp(call: string, bti = false) {
  const feat = new Proxy(allFeatures(true), { get: (all, name) => (name === 'bti' ? bti : all[name as keyof typeof all]) });
  const bench = new A64Bench(feat, undefined, 1, true), { machine, engine, target } = bench, { state, ram } = machine.spec;
  const pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
  const compiled: CompiledRegion[] = [];
  const compiler = new RegionCompiler(machine, target, { pcOffset: envOff.pc, statePages: pages(state), ramPages: pages(ram), onCompile: (r) => compiled.push(r) });
  target.moved = new Map([[CODE, FIRST_PHYS], [OTHER, OTHER_PHYS]]);
  bench.load(FIRST_PHYS, words(loop(call), CODE));
  bench.load(OTHER_PHYS + 16, words(callee(100), OTHER + 16));
  const run = (): number => {
    bench.setX(0, 0n);
    bench.setX(1, BigInt(ROUNDS));
    bench.setX(2, BigInt(OTHER + 16));
    bench.run(CODE);
    return Number(bench.x(0));
  };
  const entry = (at = FIRST_PHYS): number => engine.store.tbsOfPage(at >>> 12).find((tb) => engine.store.phys(tb) === at)!;
  const fn = (): number => Atomics.load(machine.i32, entry() + TB.off.fn >>> 2);
  const compile = (): void => compiler.compileNow(entry(), Atomics.load(machine.i32, machine.global('tb_gen')), BigInt(CODE));
  const remap = (to: number): void => {
    target.moved = new Map([[CODE, FIRST_PHYS], [OTHER, to]]);
    engine.mmu(bench.cpu).tlb.flush(-1);
  };
  /** How often the interpreter has run the callee at a physical address. */
  const interpreted = (at: number): number => machine.i32[entry(at) + TB.off.exec_count >>> 2];
  return { bench, run, fn, compile, compiled, remap, interpreted };
}

for (const [name, call] of Object.entries(CALLS)) {
  t.test(`a call of another page by ${name}`, (t) => {
    const { bench, run, fn, compile, compiled, remap, interpreted } = setUp(call);
    t.equal(run(), 101 * ROUNDS, 'in the interpreter');
    compile();
    t.ok(fn(), 'compiled');
    t.same(new Set(compiled[0].tbs.map((tb) => tb.phys >>> 12)), new Set([FIRST_PHYS >>> 12, OTHER_PHYS >>> 12]), 'with the TBs of both pages');
    const before = interpreted(OTHER_PHYS + 16);
    t.equal(run(), 101 * ROUNDS, 'as a region');
    t.equal(run(), 101 * ROUNDS, 'entered again');
    t.equal(interpreted(OTHER_PHYS + 16), before, 'which holds the callee');

    bench.load(ELSEWHERE + 16, words(callee(1000), OTHER + 16));
    remap(ELSEWHERE);
    t.equal(run(), 1001 * ROUNDS, 'the page is mapped elsewhere');
    t.ok(fn(), 'the region is still there');
    remap(OTHER_PHYS);
    t.equal(run(), 101 * ROUNDS, 'mapped back');
    t.equal(run(), 101 * ROUNDS);

    bench.load(OTHER_PHYS + 16, words(callee(7), OTHER + 16));
    t.equal(fn(), 0, 'a write to the other page drops the region');
    t.equal(run(), 8 * ROUNDS, 'the new code runs');
    compile();
    t.ok(fn(), 'compiled again');
    t.equal(run(), 8 * ROUNDS);
    bench.load(FIRST_PHYS, words(`loop: add x0, x0, #2\n ${call}\n subs x1, x1, #1\n b.ne loop\n udf #0\n`, CODE));
    t.equal(run(), 9 * ROUNDS, 'a write to the page of the entry');
    t.end();
  });
}

t.test('a page that changes while a region is made', (t) => {
  const { bench, run, fn, compile, compiled } = setUp(CALLS.bl);
  run();
  const push = compiled.push.bind(compiled);
  compiled.push = (r) => {
    bench.load(OTHER_PHYS + 16, words(callee(9), OTHER + 16));
    return push(r);
  };
  compile();
  t.equal(fn(), 0, 'the region is not published');
  t.equal(run(), 10 * ROUNDS);
  t.end();
});

t.test('another callee than the one compiled', (t) => {
  const { bench, run, compile } = setUp('blr x2\n eor x2, x2, #0x100');
  bench.load(OTHER_PHYS + 0x110, words(callee(5), OTHER + 0x110));
  const expected = run();
  t.equal(expected, ROUNDS + 52.5 * ROUNDS, 'two callees by turns');
  compile();
  t.equal(run(), expected);
  bench.load(OTHER_PHYS + 0x110, words(callee(6), OTHER + 0x110));
  t.equal(run(), expected + ROUNDS / 2);
  t.end();
});

t.test('BLR with FEAT_BTI changes the flags', (t) => {
  const { run, compile } = setUp(CALLS.blr, true);
  const expected = run();
  compile();
  t.equal(run(), expected);
  t.end();
});
