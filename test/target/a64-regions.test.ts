// Random programs in both tiers: the compiled region must end as qemu-aarch64 and the interpreter do.
import t from 'tap';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';
import { A64Replay, describeVector, loadVectors } from '../support/a64-replay.ts';
import { CODE_PAGE, SLOT } from '../support/a64-vectors.ts';
import { goldenGroups } from '../../scripts/golden/a64-classes.ts';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import { TB } from '../../src/memory/layout/tb.ts';
import { envOff } from '../../src/target/arm/env.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';

/** Vectors of a class of random programs, and of every other class. */
const PROGRAMS = 160, OTHERS = 4;

const bench = new A64Bench(allFeatures(true), registerFpHelpers, 1, true);
const replay = new A64Replay(bench);
const { machine, engine } = bench;
const pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
const compiler = new RegionCompiler(machine, bench.target, { pcOffset: envOff.pc, statePages: pages(machine.spec.state), ramPages: pages(machine.spec.ram) });
const generation = () => Atomics.load(machine.i32, machine.global('tb_gen'));
const regionOf = (tb: number) => Atomics.load(machine.i32, tb + TB.off.fn >>> 2);

let compiled = 0;
for (const group of goldenGroups) {
  t.test(group.name, (t) => {
    const file = loadVectors(group);
    for (const row of group.rows) {
      for (const v of (file.get(row.name) ?? []).slice(0, group.name === 'blocks' ? PROGRAMS : OTHERS)) {
        replay.loadCode(v);
        const cold = replay.run(row, v, group);
        if (cold) t.fail(`interpreter: ${describeVector(row, v)}`, cold);
        // The TBs that ran, entry first; what joins one region is no longer an entry of its own.
        const tbs = [...engine.store.tbsOfPage(CODE_PAGE / 4096)].sort((a, b) => engine.store.phys(a) - engine.store.phys(b));
        const entry = tbs.find((tb) => engine.store.phys(tb) === SLOT);
        if (entry === undefined) continue;
        compiler.compileNow(entry, generation());
        if (regionOf(entry) !== 0) compiled++;
        const hot = replay.run(row, v, group);
        if (hot) t.fail(`region: ${describeVector(row, v)}`, hot);
      }
      // Regions, TBs and instances are finite.
      engine.store.flush();
    }
    t.end();
  });
}

t.test('regions were compiled', (t) => {
  t.ok(compiled > 1000, `${compiled} regions`);
  t.end();
});
