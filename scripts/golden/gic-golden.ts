// Records GIC accesses and their results from qemu-system-aarch64 into test/fixtures/gic, or compares ours with it live.
//
//   node scripts/golden/gic-golden.ts                    writes the fixtures
//   node scripts/golden/gic-golden.ts --fuzz SEEDS [2|3] new sequences, QEMU against our model, nothing written
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GicModel } from '../../test/unit/support/gic-model.ts';
import { formatAccess, type Access, type Outcome, type TraceConfig } from '../../test/unit/support/gic-trace.ts';
import { GicMachine } from './gic-machine.ts';
import { GicSequence } from './gic-sequence.ts';

const FIXTURES: readonly (TraceConfig & { name: string; seed: number; length: number })[] = [
  { name: 'gicv3-smp4', version: 3, cpus: 4, seed: 1, length: 6000 },
  { name: 'gicv3-smp1', version: 3, cpus: 1, seed: 2, length: 2500 },
  { name: 'gicv3-smp18', version: 3, cpus: 18, seed: 3, length: 1500 },
  { name: 'gicv2-smp4', version: 2, cpus: 4, seed: 4, length: 6000 },
  { name: 'gicv2-smp1', version: 2, cpus: 1, seed: 5, length: 2500 },
  { name: 'gicv2-smp8', version: 2, cpus: 8, seed: 6, length: 1500 },
];

/** Runs a sequence on QEMU; `each` sees every access and its result and returns true to stop. */
async function run(config: TraceConfig, seed: number, length: number, each: (a: Access, o: Outcome) => boolean): Promise<void> {
  const machine = await GicMachine.start(config);
  try {
    const sequence = new GicSequence(config, seed);
    for (let i = 0; i < length; i++) {
      const access = sequence.next();
      const outcome = await machine.do(access);
      sequence.saw(access, outcome);
      if (each(access, outcome)) return;
    }
  } finally {
    machine.stop();
  }
}

async function record(): Promise<void> {
  for (const { name, seed, length, version, cpus } of FIXTURES) {
    const lines = [`# ${JSON.stringify({ version, cpus })}`];
    let signals = '0'.repeat(cpus);
    await run({ version, cpus }, seed, length, (access, outcome) => {
      lines.push(formatAccess(access, outcome, signals));
      signals = outcome.signals;
      return false;
    });
    writeFileSync(join(import.meta.dirname, `../../test/fixtures/gic/${name}.trace`), `${lines.join('\n')}\n`);
    console.log(`${name}: ${length} accesses`);
  }
}

/** Prints the first difference of each seed, with what led to it. Returns how many seeds differed. */
async function fuzz(seeds: number, versions: readonly (2 | 3)[]): Promise<number> {
  const first = Date.now() % 1_000_000;
  let wrong = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const version = versions[seed % versions.length];
    const config = { version, cpus: 1 + (seed * 7) % 5 };
    const model = new GicModel(config);
    const lines: string[] = [];
    let signals = '0'.repeat(config.cpus);
    await run(config, seed, 3000, (access, outcome) => {
      const ours = model.do(access);
      lines.push(formatAccess(access, outcome, signals));
      signals = outcome.signals;
      const reads = access.op === 'r' || access.op === 'ir';
      if ((!reads || ours.value === outcome.value) && ours.undef === outcome.undef && ours.signals === outcome.signals) return false;
      console.log(`seed ${seed}, ${JSON.stringify(config)}, step ${lines.length}: ours ${formatAccess(access, ours, '')}\n${lines.slice(-100).join('\n')}`);
      wrong++;
      return true;
    });
    console.log(`seed ${seed}: ${lines.length} accesses compared`);
  }
  return wrong;
}

const [mode, count, version] = process.argv.slice(2);
if (mode === '--fuzz') process.exitCode = await fuzz(Number(count), version === undefined ? [3, 2] : [Number(version) as 2 | 3]) > 0 ? 1 : 0;
else await record();
