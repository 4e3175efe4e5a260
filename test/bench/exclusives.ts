// Cost of the schemes of LDXR and STXR in hot code, ns an iteration: `node test/bench/exclusives.ts`. The least of many short runs.
import { A64Bench, allFeatures } from '../support/a64-bench.ts';
import { assemble } from '../../src/asm/index.ts';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import type { ExclusiveSchemeName } from '../../src/memory/layout/exclusive.ts';
import { TB } from '../../src/memory/layout/tb.ts';
import { envOff } from '../../src/target/arm/env.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';

const DATA = 0x80040, COUNT = 20_000, RUNS = 60;
const LOOPS = {
  'STR, no exclusives on the page': ['', 'str x1, [x10]'],
  'STR, exclusives on the page': ['ldxr x2, [x10]; clrex', 'str x1, [x10]'],
  'STP q, exclusives on the page': ['ldxr x2, [x10]; clrex', 'stp q0, q1, [x10]'],
  'LDADD, no exclusives on the page': ['', 'ldadd x1, x2, [x10]'],
  'LDADD, exclusives on the page': ['ldxr x2, [x10]; clrex', 'ldadd x1, x2, [x10]'],
  'LDXR, ADD, STXR': ['', 'ldxr x2, [x10]; add x2, x2, #1; stxr w3, x2, [x10]'],
  'LDAXR, STXR, STLR: an uncontended lock': ['', 'ldaxr w2, [x10]; stxr w3, w1, [x10]; stlr wzr, [x10]'],
  'LDXP, STXP, 16 bytes': ['', 'ldxp x2, x4, [x10]; stxp w3, x2, x4, [x10]'],
} as const;

function measure(scheme: ExclusiveSchemeName, before: string, body: string): number {
  const b = new A64Bench(allFeatures(true), registerFpHelpers, 2, true, scheme), { spec, i32 } = b.machine;
  const pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
  const compiler = new RegionCompiler(b.machine, b.target, { pcOffset: envOff.pc, statePages: pages(spec.state), ramPages: pages(spec.ram) });
  const put = (at: number, source: string) => b.load(at, [...new Int32Array(assemble(`${source}\nudf #0`.replaceAll(';', '\n'), { base: at }).code.slice().buffer)]);
  const run = (at: number) => { b.setX(0, BigInt(COUNT)); b.setX(10, BigInt(DATA)); b.run(at); };
  put(0x1000, before);
  put(0x2000, `1: ${body}; subs x0, x0, #1; b.ne 1b`);
  run(0x1000);
  run(0x2000);
  for (const tb of b.engine.store.tbsOfPage(2)) compiler.compileNow(tb, Atomics.load(i32, b.machine.global('tb_gen')));
  if (!b.engine.store.tbsOfPage(2).some((tb) => Atomics.load(i32, tb + TB.off.fn >>> 2) !== 0)) throw new Error('no region');
  let best = Infinity;
  for (let k = 0; k < RUNS; k++) {
    run(0x1000); // else a sweep forgets the page
    const start = performance.now();
    run(0x2000);
    best = Math.min(best, (performance.now() - start) * 1e6 / COUNT);
  }
  return best;
}

for (const [name, [before, body]] of Object.entries(LOOPS)) {
  const ns = (['cmpxchg', 'softmmu', 'check'] as const).map((scheme) => measure(scheme, before, body));
  console.log(`${name.padEnd(42)} ${ns.map((v) => v.toFixed(1).padStart(7)).join(' ')}`);
}
