// What the lock profiler costs guest code on one vCPU, ns a turn without and with it: `node test/bench/lock-profile.ts`. The least of many short runs, by turns.
import { CPUState } from '../../src/memory/layout/cpu.ts';
import { spinBench } from '../support/spin-bench.ts';

const COUNT = 20_000, RUNS = 600;
/** x10: the lock, x11: what it protects. */
const WORK = 'ldr x5, [x11]; add x5, x5, #1; str x5, [x11]';
const LOOPS = {
  'no lock': WORK,
  'LDAXR, STXR, STLR': `2: ldaxr w2, [x10]; cbnz w2, 2b; stxr w3, w1, [x10]; cbnz w3, 2b; ${WORK}; stlr wzr, [x10]`,
  'CASA, SWPL': `2: mov w2, wzr; casa w2, w1, [x10]; cbnz w2, 2b; ${WORK}; swpl wzr, w3, [x10]`,
  'SWPA, STLR': `2: swpa w1, w2, [x10]; cbnz w2, 2b; ${WORK}; stlr wzr, [x10]`,
  'ticket: LDADDA, LDAR, STLR': `ldadda w1, w2, [x10]; add x12, x10, #4; 2: ldar w3, [x12]; cmp w2, w3; b.ne 2b; ${WORK}; add w3, w3, #1; stlr w3, [x12]`,
  'ticket, LL/SC, YIELD': `4: ldaxr w2, [x10]; add w4, w2, #1; stxr w3, w4, [x10]; cbnz w3, 4b; add x12, x10, #4; 2: ldar w3, [x12]; cmp w2, w3; b.eq 3f; yield; b 2b; 3: ${WORK}; add w3, w3, #1; stlr w3, [x12]`,
  'as Linux: LDR, CASA, STLRB': `ldr w2, [x10]; 2: mov w3, wzr; casa w3, w1, [x10]; cbnz w3, 2b; ${WORK}; stlrb wzr, [x10]`,
  'counter: LDADDAL': 'ldaddal x1, x2, [x11]',
  'counter: LDXR, STXR': '2: ldxr x2, [x11]; add x2, x2, #1; stxr w3, x2, [x11]; cbnz w3, 2b',
} as const;

/** Answers ns a turn of one run. */
function prepare(body: string, profiled: boolean, hot: boolean): () => number {
  const { b: { cpu }, run } = spinBench(body, COUNT, profiled, hot);
  return () => {
    cpu.st32(CPUState.off.spin_word + 4, 0);
    const start = performance.now();
    run();
    return (performance.now() - start) * 1e6 / COUNT;
  };
}

for (const hot of [true, false]) {
  console.log(`${hot ? 'region' : 'interpreter'.padEnd(30)}`.padEnd(30) + '    off      on    on : off');
  for (const [name, body] of Object.entries(LOOPS)) {
    const off = prepare(body, false, hot), on = prepare(body, true, hot), least = [Infinity, Infinity];
    for (let k = 0; k < RUNS; k++) [off, on].forEach((f, n) => { least[n] = Math.min(least[n], f()); });
    console.log(`${name.padEnd(30)} ${least.map((v) => v.toFixed(1).padStart(6)).join('  ')}   ${(least[1] / least[0]).toFixed(2).padStart(6)}`);
  }
}
