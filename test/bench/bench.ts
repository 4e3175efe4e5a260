// `npm run bench [-- NAME…]`: guest programs on mttcg and qemu-system-aarch64 side by side; --help says the rest.
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus as hostCpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { cases } from './cases.ts';
import { html, type Report } from './chart.ts';
import { qemuVersion, TIERS, type EmulatorName } from './emulators.ts';
import type { Windows } from './guest-run.ts';
import { measure, type Case, type Result } from './measure.ts';
import { bars } from './bars.ts';
import { heading, line, means, scaling, summary } from './report.ts';

const HELP = `npm run bench [-- NAME… OPTIONS]
  NAME…             programs (crc32: on all its numbers of vCPUs; crc32/2: on two; crc32/1: on one) or groups (compute); all of them by default
  --runs N          interleaved runs, medians are printed (5; 3 with --quick)
  --quick           shorter windows, 3 runs, each program on the fewest vCPUs unless named otherwise (crc32/2)
  --tier TIER       compare with our interpreter or with a run under --profile-locks (profiled) instead of QEMU
  --json FILE       all figures
  --html FILE       a chart
  --list            what there is
`;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
const parse = () => parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string' }, quick: { type: 'boolean', default: false }, tier: { type: 'string' },
    json: { type: 'string' }, html: { type: 'string' }, list: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
  },
});
let parsed: ReturnType<typeof parse>;
try {
  parsed = parse();
} catch (error) {
  fail(`${(error as Error).message.split('. ')[0]}; --help says what there is`);
}
const { values: options, positionals: names } = parsed;

if (options.help) { process.stdout.write(HELP); process.exit(0); }
const windows: Windows = options.quick ? { first: 1000, settle: 200, measure: 500 } : { first: 1000, settle: 500, measure: 1000 };
const runs = Number(options.runs ?? (options.quick ? 3 : 5));
if (!Number.isInteger(runs) || runs < 1) fail(`--runs ${options.runs}: a number from 1`);
const tier = TIERS.find((t) => t === options.tier);
if (options.tier !== undefined && !tier) fail(`--tier ${options.tier}: there is ${TIERS.join(', ')}`);

const all = cases(windows);
if (options.list) {
  for (const c of all) process.stdout.write(`${c.name.padEnd(22)} ${c.group.padEnd(10)} ${c.unit}\n`);
  process.exit(0);
}
const known = new Set(all.flatMap((c) => [c.name, c.program, c.group, `${c.program}/${c.cpus}`]));
for (const n of names) if (!known.has(n)) fail(`no benchmark '${n}'; --list prints them`);
/** A program or group by its name, one case by name and number of vCPUs; --quick takes names as the fewest vCPUs. */
const fewest = (c: Case): boolean => c.name === c.program;
const wanted = (c: Case): boolean => names.some((n) => n === `${c.program}/${c.cpus}` || ((n === c.program || n === c.group) && (fewest(c) || !options.quick)));
const chosen = all.filter((c) => (names.length ? wanted(c) : fewest(c) || !options.quick));

const qemu = qemuVersion();
const other: EmulatorName | undefined = tier ?? (qemu ? 'qemu' : undefined);
const emulators: EmulatorName[] = other ? ['mttcg', other] : ['mttcg'];
if (!other) process.stderr.write('qemu-system-aarch64 is not installed: no ratios\n');

const load = loadavg()[0];
if (load > availableParallelism() / 4) process.stderr.write(`other programs keep this machine busy (load ${load.toFixed(1)}): ratios will be noisy, scaling over vCPUs meaningless\n`);

process.stdout.write(`${heading(emulators)}\n`);
const results: Result[] = [];
for (const c of chosen) {
  const why = c.skip?.();
  if (why) { process.stdout.write(`${c.name}: skipped, ${why}\n`); continue; }
  const r = await measure(c, emulators, runs);
  results.push(r);
  process.stdout.write(`${line(r, emulators)}\n`);
}
process.stdout.write(`\n${summary(results, emulators)}\n\n${bars(results, emulators).map((b) => `${b.met ? 'met   ' : 'MISSED'} ${b.measure.padEnd(62)} ${b.value.padStart(10)}   bar ${b.bar}`).join('\n')}\n`);

const report: Report = {
  date: new Date().toISOString(), runs, emulators, results,
  host: { cpu: hostCpus()[0]?.model ?? 'unknown', threads: availableParallelism(), load: load.toFixed(1), node: process.version, ...(qemu ? { qemu } : {}) },
};
if (options.json) writeFileSync(options.json, `${JSON.stringify({ ...report, windows, means: means(results), scaling: scaling(results, emulators), bars: bars(results, emulators) }, undefined, 1)}\n`);
if (options.html) writeFileSync(options.html, html(report));
process.exitCode = results.some((r) => r.error !== undefined) ? 1 : 0;
