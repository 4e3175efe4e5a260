// Regions made, dropped by changed code, evicted and flushed over and over: totals stay exact, counters come back.
import t from 'tap';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import { assemble } from '../../src/asm/index.ts';
import { TB } from '../../src/memory/layout/tb.ts';
import { envOff } from '../../src/target/arm/env.ts';
import { A64Bench } from '../support/a64-bench.ts';

const CODE = 0x10000, PATCHED = 0x14000, ROUNDS = 150, CALLS = 300, FLUSH = 40, EVICT = 25;

const words = (source: string, base: number): number[] => {
  const { code } = assemble(source, { base });
  return [...new Int32Array(code.buffer, code.byteOffset, code.length / 4)];
};

t.test('totals are exact', async (t) => {
  const bench = new A64Bench(undefined, undefined, 1, true), { machine, engine } = bench, pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
  const compiler = new RegionCompiler(machine, bench.target, { pcOffset: envOff.pc, statePages: pages(machine.spec.state), ramPages: pages(machine.spec.ram) });
  bench.load(CODE, words('again: blr x20\nsubs x1, x1, #1\nb.ne again\n.word 0', CODE));
  let compiled = 0, total = 0n;
  bench.setX(0, 0n);
  for (let round = 1; round <= ROUNDS; round++) {
    bench.load(PATCHED, words(`add x0, x0, #${round}\nret`, PATCHED));
    // Cold, then as regions.
    for (const hot of [false, true]) {
      if (hot) {
        for (const page of [CODE, PATCHED]) {
          for (const tb of engine.store.tbsOfPage(page / 4096)) {
            compiler.compileNow(tb, Atomics.load(machine.i32, machine.global('tb_gen')));
            if (Atomics.load(machine.i32, tb + TB.off.fn >>> 2) !== 0) compiled++;
          }
        }
      }
      bench.setX(1, BigInt(CALLS)); bench.setX(20, BigInt(PATCHED));
      bench.run(CODE);
      total += BigInt(round * CALLS);
      if (bench.x(0) !== total) return t.fail(`round ${round}, ${hot ? 'regions' : 'interpreter'}: ${bench.x(0)}, not ${total}`);
    }
    if (round % EVICT === 0) engine.dropInstances();
    if (round % FLUSH === 0) engine.store.flush();
  }
  t.equal(bench.x(0), total);
  const s = engine.store.stats();
  t.ok(compiled > ROUNDS, `${compiled} regions`);
  t.equal(s.flushes, Math.floor(ROUNDS / FLUSH));
  t.ok(s.instancesMade >= ROUNDS && s.instances < s.instancesMade, `${s.instancesMade} instances made, ${s.instances} live`);
  t.ok(s.coldInsns > ROUNDS * CALLS, 'the interpreter ran too');
});
