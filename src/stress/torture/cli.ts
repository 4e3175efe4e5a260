// `mttcg torture`: arguments, progress, exit code.
import { parseArgs } from 'node:util';
import { UserError } from '../../errors.ts';
import { MAX_VCPUS, type TortureGuest } from './guest.ts';
import type { OpenTortureMachine } from './machine.ts';
import { GUESTS } from './registry.ts';
import { runGuest, type GuestRun } from './run.ts';

const USAGE = `usage: mttcg torture [--list] [NAME...] [--vcpus N] [--seconds S] [--seed X] [--chaos] [--exclusive SCHEME]
  NAME        a guest of --list, or several with * (default: all that can pass)
  --vcpus N   vCPUs of each guest, 1 to ${MAX_VCPUS} (default 4)
  --seconds S how long each runs (default 10)
  --seed X    of the guests' random numbers (default: drawn, and printed)
  --chaos     perturb the schedule: forced exits, held vCPUs, failing STXR; the seed repeats the plan
  --cpu MODEL as -cpu (default max)
  --exclusive SCHEME
              as -accel tcg,exclusive=: cmpxchg, softmmu, check (prints its ABA meter)
`;

interface Arguments { list: boolean; help: boolean; guests: readonly TortureGuest[]; vcpus: number; seconds: number; seed: bigint; cpuModel: string; chaos: boolean; exclusive: string | undefined }

const bad = (message: string, hint = "'mttcg torture --help' lists the options"): UserError => new UserError('torture-arguments', `torture: ${message}`, hint);

function number(name: string, text: string, low: number, high: number, whole: boolean): number {
  const n = Number(text);
  if (text.trim() === '' || !(n >= low && n <= high) || (whole && !Number.isInteger(n))) throw bad(`--${name} '${text}' is not a ${whole ? 'whole ' : ''}number from ${low} to ${high}`);
  return n;
}

/** Without names: all but those that exclusive=cmpxchg cannot pass. */
function select(names: readonly string[], exclusive = 'cmpxchg'): readonly TortureGuest[] {
  if (names.length === 0) return GUESTS.filter((g) => !g.aba || exclusive !== 'cmpxchg');
  return [...new Set(names.flatMap((name) => {
    const pattern = new RegExp(`^${name.replaceAll(/[^\w*-]/g, '\\$&').replaceAll('*', '.*')}$`);
    const found = GUESTS.filter((g) => pattern.test(g.name));
    if (found.length === 0) throw bad(`there is no guest '${name}'`, "'mttcg torture --list' lists them");
    return found;
  }))];
}

function parse(argv: readonly string[]): Arguments {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv], allowPositionals: true,
      options: {
        list: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, vcpus: { type: 'string', default: '4' }, seconds: { type: 'string', default: '10' },
        seed: { type: 'string' }, cpu: { type: 'string', default: 'max' }, chaos: { type: 'boolean' }, exclusive: { type: 'string' },
      },
    });
  } catch (error) {
    throw bad((error as Error).message);
  }
  const { values: v, positionals } = parsed;
  let seed: bigint;
  try {
    seed = v.seed === undefined ? BigInt(Math.floor(Math.random() * 2 ** 48)) : BigInt(v.seed);
  } catch {
    throw bad(`--seed '${v.seed}' is not a number`);
  }
  return {
    list: v.list === true, help: v.help === true, guests: select(positionals, v.exclusive), seed, cpuModel: v.cpu, chaos: v.chaos === true, exclusive: v.exclusive,
    vcpus: number('vcpus', v.vcpus, 1, MAX_VCPUS, true), seconds: number('seconds', v.seconds, 0.1, 1e6, false),
  };
}

const line = (r: GuestRun): string => {
  if (r.leftOut) return `${r.guest.name.padEnd(16)} left out: ${r.leftOut}`;
  const figures = `${String(r.ops).padStart(10)} operations in ${r.seconds.toFixed(1)} s, slowest vCPU at ${r.fastest ? r.slowest * 100n / r.fastest : 0n} %${r.perturbations ? `, ${r.perturbations} perturbations` : ''}`;
  return [`${r.guest.name.padEnd(16)} ${r.ok ? 'ok  ' : 'FAIL'} ${figures}`, ...r.problems.map((p) => `    ${p}`), ...r.exclusives.slice(3).map((l) => `    ${l}`)].join('\n');
};

/** Resolves to the exit code: 0 when every guest passed, else 1. UserError: the arguments are wrong. */
export async function torture(argv: readonly string[], open: OpenTortureMachine, write: (text: string) => void = (text) => { process.stdout.write(text); }): Promise<number> {
  const a = parse(argv);
  if (a.help || a.list) {
    write(a.help ? USAGE : `${GUESTS.map((g) => `${g.name.padEnd(16)} ${g.summary}${g.aba ? ' (fails under exclusive=cmpxchg)' : ''}`).join('\n')}\n`);
    return 0;
  }
  write(`${a.vcpus} vCPUs, ${a.seconds} s a guest, seed 0x${a.seed.toString(16)}${a.chaos ? ', chaos' : ''}\n`);
  let failed = 0;
  for (const guest of a.guests) {
    if (a.vcpus < (guest.minVcpus ?? 1)) {
      write(`${guest.name.padEnd(16)} left out: it needs at least ${guest.minVcpus} vCPUs\n`);
      continue;
    }
    const r = await runGuest(guest, { vcpus: a.vcpus, seconds: a.seconds, seed: a.seed, cpuModel: a.cpuModel, chaos: a.chaos, exclusive: a.exclusive, regions: process.env.MTTCG_REGIONS === '1' }, open);
    if (!r.ok) failed++;
    write(`${line(r)}\n`);
  }
  if (failed > 0) write(`${failed} failed; again with: --vcpus ${a.vcpus} --seed 0x${a.seed.toString(16)}${a.chaos ? ' --chaos' : ''}${a.exclusive ? ` --exclusive ${a.exclusive}` : ''}\n`);
  return failed > 0 ? 1 : 0;
}
