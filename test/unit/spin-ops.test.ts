// The lock profiler's ops in generated code: what counts as a try in vain, what ends a wait, what is told to GuestSpins.
import t from 'tap';
import { GuestSpins, readSpins } from '../../src/accel/guest-spins.ts';
import { CPUState } from '../../src/memory/layout/cpu.ts';
import { SPIN_CAS, SPIN_LDXR, SPIN_LOAD, SPIN_STXR, SPIN_TAS, SPIN_YIELD } from '../../src/memory/layout/profile.ts';
import { CODE, DATA, spinBench } from '../support/spin-bench.ts';

const { spin_tries, spin_limit, spin_waits, spin_word } = CPUState.off;
const TURNS = 100, PLENTY = 1_000_000;

interface Row {
  readonly body: string;
  readonly kind: number;
  /** Index of the instruction that tries in vain; undefined: none does. */
  readonly at?: number;
  /** Tries in vain a turn. */
  readonly vain: number;
  /** Waits that end, of TURNS turns. */
  readonly ends: number;
  /** The location is not known. */
  readonly blind?: boolean;
}

const ROWS: Readonly<Record<string, Row>> = {
  'CAS, then success': { body: 'mov w2, #9; casa w2, w1, [x10]; mov w2, wzr; cas w2, wzr, [x10]', kind: SPIN_CAS, at: 1, vain: 1, ends: TURNS },
  'CASP, the second register tells': { body: 'mov x2, #0; mov x3, #9; mov x4, #0; mov x5, #0; caspa x2, x3, x4, x5, [x10]; mov x3, #0; casp x2, x3, x4, x5, [x10]', kind: SPIN_CAS, at: 4, vain: 1, ends: TURNS },
  'SWP of what is there': { body: 'swpa w1, w2, [x10]; swpa w1, w2, [x10]; str wzr, [x10]', kind: SPIN_TAS, at: 1, vain: 1, ends: TURNS - 1 },
  'SWPL of XZR gives back: it ends no wait': { body: 'mov x3, #1; swpa w3, w2, [x10]; swpa w3, w2, [x10]; swpl wzr, w4, [x10]', kind: SPIN_TAS, at: 2, vain: 1, ends: TURNS - 1 },
  'SWPAL of XZR takes': { body: 'str x1, [x10]; swpa w1, w2, [x10]; swpal wzr, w4, [x10]', kind: SPIN_TAS, at: 1, vain: 1, ends: TURNS },
  'LDSET of bits that are set': { body: 'ldset w1, w2, [x10]; ldset w1, w2, [x10]; str wzr, [x10]', kind: SPIN_TAS, at: 1, vain: 1, ends: TURNS - 1 },
  'LDXR again': { body: 'ldxr w2, [x10]; ldxr w2, [x10]; ldxr w2, [x10]; stxr w3, w1, [x10]', kind: SPIN_LDXR, at: 1, vain: 2, ends: TURNS },
  'STXR without a reservation': { body: 'clrex; stxr w3, w1, [x10]; ldxr w2, [x10]; stxr w3, w1, [x10]', kind: SPIN_STXR, at: 1, vain: 1, ends: TURNS },
  'LDAR that reads the same': { body: 'ldar w2, [x10]; ldar w2, [x10]; ldadda w1, w3, [x10]', kind: SPIN_LOAD, at: 1, vain: 1, ends: TURNS },
  'LDAPR of a doubleword with all bits': { body: 'mov x4, #-1; str x4, [x10]; ldapr x2, [x10]; ldapr x2, [x10]; mov x3, #0; cas x4, x4, [x10]; ldar x2, [x11]', kind: SPIN_LOAD, at: 3, vain: 1, ends: TURNS },
  'LDAR of two places by turns': { body: 'mov w4, #1000; ldar w2, [x10]; ldar w2, [x11]; ldadda w4, w3, [x10]', kind: SPIN_LOAD, vain: 0, ends: 0 },
  YIELD: { body: 'yield; yield; ldadda w1, w3, [x10]', kind: SPIN_YIELD, at: 0, vain: 2, ends: TURNS, blind: true },
};

for (const hot of [false, true]) {
  const tier = hot ? 'region' : 'interpreter';
  for (const [name, row] of Object.entries(ROWS)) {
    t.test(`${tier}: ${name}`, async (t) => {
      const { b: { cpu, machine }, run } = spinBench(row.body, TURNS, true, hot);
      const set = (limit: number, waits: number) => { for (const [f, v] of [[spin_tries, 0], [spin_limit, limit], [spin_waits, waits], [spin_word, 0], [spin_word + 4, 0]]) cpu.st32(f, v); };
      cpu.spins = new GuestSpins(cpu, () => undefined, () => 0);
      set(PLENTY, PLENTY);
      run();
      t.equal(PLENTY - cpu.ld32(spin_waits), row.ends, 'waits that ended');
      t.equal(cpu.ld32(spin_tries), row.ends === TURNS ? 0 : row.vain * (TURNS - row.ends), 'tries since the last of them');

      machine.profile.reset();
      set(1, 1);
      run();
      cpu.spins.success(0, 0);
      const told = readSpins(machine, 0);
      if (row.at === undefined) t.same(told, []);
      else t.match(told, [{ kind: row.kind, pc: BigInt(CODE + 4 * row.at), address: row.blind ? 0n : BigInt(DATA) }], 'told where and what');
      t.ok(told.every((s) => s.failures === row.vain * s.episodes), 'each wait with its tries');
    });
  }
}
