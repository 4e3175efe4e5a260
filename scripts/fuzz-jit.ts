// Random programs on the interpreter and as regions: state, accesses, memory and faults must be the same.
//
// npm run fuzz:jit [-- [--seed N] [--programs N | --seconds N]]   a seed names one program; failures print it
import { parseArgs } from 'node:util';
import { JitFuzz } from '../test/support/jit-fuzz.ts';

const { values } = parseArgs({ options: { seed: { type: 'string' }, programs: { type: 'string' }, seconds: { type: 'string' } } });
const first = values.seed === undefined ? Date.now() & 0x3fffffff : Number(values.seed);
const programs = Number(values.programs ?? (values.seconds === undefined ? 2000 : Infinity)), seconds = Number(values.seconds ?? Infinity);

const fuzz = new JitFuzz(), began = performance.now(), elapsed = () => (performance.now() - began) / 1000;
const figures = () => `${fuzz.programs} programs from seed ${first}, ${fuzz.regions} regions, ${fuzz.stops} stops, ${fuzz.checks} checked runs, ${failed} failed, ${elapsed().toFixed(0)} s`;
let failed = 0, told = 0;
for (let seed = first; seed < first + programs && elapsed() < seconds; seed++) {
  const wrong = fuzz.try(seed);
  if (wrong !== undefined) {
    failed++;
    console.log(wrong);
  }
  if (elapsed() - told >= 30) { told = elapsed(); console.log(figures()); }
}
console.log(figures());
process.exitCode = failed ? 1 : 0;
