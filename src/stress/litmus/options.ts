// The command line of `mttcg litmus`.
import { availableParallelism } from 'node:os';
import { UserError } from '../../errors.ts';

export interface LitmusOptions {
  paths: string[];
  runs: number;
  /** vCPUs; undefined: as many as the widest test has threads. */
  smp: number | undefined;
  seed: string;
  json: string | undefined;
  html: string | undefined;
  /** Goes on where the JSON report ends. */
  resume: boolean;
  quiet: boolean;
  cpu: string;
  /** Judged by the architecture, tests run under the scheme that keeps to it. */
  exclusive: string;
  regions: boolean;
}

export const HELP = `usage: mttcg litmus [options] FILE|DIR...

Runs herdtools7 AArch64 litmus tests on the emulator, each test thread on a vCPU of its own.
The outcomes a test may have are read from NAME.expected.json beside NAME.litmus.

  -n RUNS             instances of each test (default 100000)
  -smp N              vCPUs (default: the threads of the widest test, at least 2)
  -cpu MODEL          CPU model (default max)
  -accel tcg[,exclusive=SCHEME][,regions=on|off]
                      scheme of LDXR and STXR: softmmu (default), cmpxchg, check; compile hot code
                      to wasm regions
  --exclusive SCHEME  the same scheme
  --seed TEXT         seed of delays, placement and shuffles (default: drawn, and printed)
  --json FILE         write the results as JSON, after every test
  --html FILE         write a report page with a heat map of the outcomes
  --resume            go on with the campaign in the --json FILE
  -q, --quiet         one line a test
  --help              this text

Exit code: 0, or 1 when a forbidden outcome was seen, or 2 when a test could not be run.
`;

const VALUED: Readonly<Record<string, keyof LitmusOptions | 'accel'>> = { n: 'runs', smp: 'smp', cpu: 'cpu', accel: 'accel', seed: 'seed', json: 'json', html: 'html', exclusive: 'exclusive' };

/** Errors: UserError. Undefined: help was asked for. */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): LitmusOptions | undefined {
  const o: LitmusOptions = {
    paths: [], runs: 100_000, smp: undefined, seed: String(Math.floor(Math.random() * 2 ** 32)), json: undefined, html: undefined, resume: false, quiet: false,
    cpu: 'max', exclusive: 'softmmu', regions: env.MTTCG_REGIONS === '1',
  };
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i];
    if (arg === '--') { o.paths.push(...argv.slice(i + 1)); break; }
    if (!arg.startsWith('-') || arg === '-') { o.paths.push(arg); continue; }
    const m = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(arg), name = m?.[1] ?? '';
    if (name === 'help' || name === 'h') return undefined;
    if (name === 'q' || name === 'quiet') { o.quiet = true; continue; }
    if (name === 'resume') { o.resume = true; continue; }
    const field = Object.hasOwn(VALUED, name) ? VALUED[name] : undefined;
    if (field === undefined) throw new UserError('litmus-option', `unknown option '${arg}'`, 'mttcg litmus --help lists the options');
    const value = m![2] ?? argv[++i];
    if (value === undefined || value === '') throw new UserError('litmus-option', `option '${arg}' needs a value`, 'mttcg litmus --help lists the options');
    if (field === 'runs') o.runs = count(arg, value, 1e12);
    else if (field === 'smp') o.smp = count(arg, value.replace(/^cpus=/, ''), 64);
    else if (field === 'accel') accel(value, o);
    else (o as unknown as Record<string, string>)[field] = value;
  }
  if (o.paths.length === 0) throw new UserError('litmus-no-file', 'no litmus test is given', 'name .litmus files or folders of them');
  if (o.resume && o.json === undefined) throw new UserError('litmus-resume', '--resume needs --json FILE, the campaign to go on with');
  return o;
}

function count(option: string, text: string, most: number): number {
  const m = /^(\d+)([kKmM]?)$/.exec(text);
  const n = m ? Number(m[1]) * { '': 1, k: 1e3, m: 1e6 }[m[2].toLowerCase() as '' | 'k' | 'm'] : 0;
  if (!Number.isInteger(n) || n < 1 || n > most) throw new UserError('litmus-number', `option '${option}' needs a number from 1 to ${most}, found '${text}'`);
  return n;
}

function accel(text: string, o: LitmusOptions): void {
  const [name, ...props] = text.split(',');
  if (name !== 'tcg') throw new UserError('litmus-accel', `unknown accelerator '${name}'`, 'tcg is the one there is');
  for (const p of props) {
    const [key, value] = p.split('=');
    if (key === 'exclusive' && value) o.exclusive = value;
    else if (key === 'regions' && (value === 'on' || value === 'off')) o.regions = value === 'on';
    else throw new UserError('litmus-accel', `'${p}' is no property of -accel tcg here`, 'exclusive=SCHEME and regions=on|off are');
  }
}

/** Host cores the campaign can use, for the figures printed. */
export const hostCores = (): number => availableParallelism();
