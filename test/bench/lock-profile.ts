// What the lock profiler costs guest code on one vCPU, ns a turn without and with it: `node test/bench/lock-profile.ts`. The least of many short runs, by turns.
import { syncProfile } from '../../src/accel/cpu-exec.ts';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import { assemble } from '../../src/asm/index.ts';
import { CPUState } from '../../src/memory/layout/cpu.ts';
import { TB } from '../../src/memory/layout/tb.ts';
import { envOff } from '../../src/target/arm/env.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';
import { registerSpinHelpers } from '../../src/target/arm/helpers/spin.ts';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';

const DATA = 0x80040, COUNT = 20_000, RUNS = 600;
/** x10: the lock, x11: what it protects. */
const WORK = 'ldr x5, [x11]; add x5, x5, #1; str x5, [x11]';
const LOOPS = {
  'no lock': WORK,
  'LDAXR, STXR, STLR': `2: ldaxr w2, [x10]; cbnz w2, 2b; stxr w3, w1, [x10]; cbnz w3, 2b; ${WORK}; stlr wzr, [x10]`,
  'CASA, SWPL': `2: mov w2, wzr; casa w2, w1, [x10]; cbnz w2, 2b; ${WORK}; swpl wzr, w3, [x10]`,
  'SWPA, STLR': `2: swpa w1, w2, [x10]; cbnz w2, 2b; ${WORK}; stlr wzr, [x10]`,
  'ticket: LDADDA, LDAR, STLR': `ldadda w1, w2, [x10]; add x12, x10, #4; 2: ldar w3, [x12]; cmp w2, w3; b.ne 2b; ${WORK}; add w3, w3, #1; stlr w3, [x12]`,
  'as Linux: LDR, CASA, STLRB': `ldr w2, [x10]; 2: mov w3, wzr; casa w3, w1, [x10]; cbnz w3, 2b; ${WORK}; stlrb wzr, [x10]`,
  'counter: LDADDAL': 'ldaddal x1, x2, [x11]',
  'counter: LDXR, STXR': '2: ldxr x2, [x11]; add x2, x2, #1; stxr w3, x2, [x11]; cbnz w3, 2b',
} as const;

/** A machine with the loop compiled as a region; answers ns a turn of one run. */
function prepare(body: string, profiled: boolean, hot: boolean): () => number {
  const b = new A64Bench(allFeatures(true), (t) => ({ ...registerFpHelpers(t), ...registerSpinHelpers(t) }), 1, true), { machine, cpu } = b, { spec, i32 } = machine;
  machine.profile.join(0);
  machine.profile.set(profiled);
  syncProfile(b.engine, cpu);
  const code = assemble(`1: ${body}; subs x0, x0, #1; b.ne 1b; udf #0`.replaceAll(';', '\n'), { base: 0x2000 }).code;
  b.load(0x2000, [...new Int32Array(code.slice().buffer)]);
  const run = (): number => {
    b.ram.setBigUint64(DATA, 0n, true);
    b.setX(0, BigInt(COUNT)); b.setX(1, 1n); b.setX(10, BigInt(DATA)); b.setX(11, BigInt(DATA + 64));
    const start = performance.now();
    b.run(0x2000);
    return (performance.now() - start) * 1e6 / COUNT;
  };
  run();
  if (hot) {
    const pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
    const compiler = new RegionCompiler(machine, b.target, { pcOffset: envOff.pc, statePages: pages(spec.state), ramPages: pages(spec.ram) });
    for (const tb of b.engine.store.tbsOfPage(2)) compiler.compileNow(tb, Atomics.load(i32, machine.global('tb_gen')));
    if (!b.engine.store.tbsOfPage(2).some((tb) => Atomics.load(i32, tb + TB.off.fn >>> 2) !== 0)) throw new Error('no region');
  }
  return () => { cpu.st32(CPUState.off.spin_open, 0); return run(); };
}

for (const hot of [true, false]) {
  console.log(`${hot ? 'region' : 'interpreter'.padEnd(30)}`.padEnd(30) + '    off      on    on : off');
  for (const [name, body] of Object.entries(LOOPS)) {
    const off = prepare(body, false, hot), on = prepare(body, true, hot), least = [Infinity, Infinity];
    for (let k = 0; k < RUNS; k++) [off, on].forEach((f, n) => { least[n] = Math.min(least[n], f()); });
    console.log(`${name.padEnd(30)} ${least.map((v) => v.toFixed(1).padStart(6)).join('  ')}   ${(least[1] / least[0]).toFixed(2).padStart(6)}`);
  }
}
