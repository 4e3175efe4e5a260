// `mttcg litmus`: finds the tests, runs them one after another on one machine, reports.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemMessage, UserError } from '../../errors.ts';
import type { OpenStressMachine } from '../machine.ts';
import { LitmusError } from './error.ts';
import { readExpected, type Expected } from './expected.ts';
import { htmlPage } from './html.ts';
import { HELP, parseOptions, type LitmusOptions } from './options.ts';
import { parseLitmus } from './parse.ts';
import { Progress } from './progress.ts';
import { summarize, summaryText, testText, verdictLine, type CampaignOptions, type Report, type TestReport } from './report.ts';
import { Runner } from './runner.ts';
import { printCondition } from './condition.ts';
import { addStates, judge, shown } from './verdict.ts';
import type { LitmusTest } from './types.ts';

export interface CampaignHost {
  openMachine: OpenStressMachine;
  out(text: string): void;
  err(text: string): void;
  /** A terminal: progress is shown on `err`. */
  isTerminal: boolean;
  /** Aborted: the campaign saves what it has and ends. */
  signal?: AbortSignal;
}

interface Entry { readonly file: string; readonly report: TestReport; test?: LitmusTest; expected?: Expected }

const EXIT_FORBIDDEN = 1, EXIT_ERROR = 2, EXIT_ABORTED = 130;

/** Runs `mttcg litmus ARGV`; resolves to the exit code. */
export async function litmus(argv: readonly string[], host: CampaignHost): Promise<number> {
  try {
    const o = parseOptions(argv);
    if (!o) { host.out(HELP); return 0; }
    return await new Campaign(o, host).run();
  } catch (e) {
    if (!(e instanceof UserError)) throw e;
    host.err(`mttcg litmus: ${e.message}${e.hint === undefined ? '' : ` (${e.hint})`}\n`);
    return EXIT_ERROR;
  }
}

class Campaign {
  readonly #o: LitmusOptions;
  readonly #host: CampaignHost;
  readonly #entries: Entry[] = [];
  /** Something other than a test went wrong: a path, a report. */
  #failed = false;
  #settings!: CampaignOptions;
  #lastSave = 0;

  constructor(o: LitmusOptions, host: CampaignHost) {
    this.#o = o;
    this.#host = host;
  }

  async run(): Promise<number> {
    const o = this.#o, host = this.#host;
    for (const path of o.paths) for (const file of this.#filesOf(path)) this.#read(file);
    for (const path of [o.json, o.html]) if (path !== undefined) this.#checkWritable(path);
    const smp = o.smp ?? Math.max(2, ...this.#entries.map((e) => e.test?.threads.length ?? 0));
    this.#settings = { runs: o.runs, smp, seed: o.seed, cpu: o.cpu, exclusive: o.exclusive, regions: o.regions };
    if (o.resume) this.#resume();
    const runnable = this.#entries.filter((e) => e.test);
    if (runnable.length > 0) host.out(`seed ${this.#settings.seed}, ${smp} vCPUs, ${o.regions ? 'regions' : 'interpreter'}\n\n`);
    const runner = new Runner(host.openMachine, { vcpus: smp, cpuModel: o.cpu, regions: o.regions, exclusive: o.exclusive });
    const progress = new Progress((text) => host.err(text), host.isTerminal, runnable.map((e) => Math.max(0, o.runs - e.report.runs)));
    try {
      for (const e of this.#entries) {
        if (host.signal?.aborted) break;
        if (e.test) await this.#runOne(e, runner, progress);
        progress.clear();
        this.#print(e);
        this.#save(false);
      }
    } finally {
      await runner.close();
    }
    this.#save(true);
    const report = this.#report();
    host.out(summaryText(report));
    if (host.signal?.aborted) return EXIT_ABORTED;
    return report.summary.forbidden > 0 ? EXIT_FORBIDDEN : report.summary.error > 0 || this.#failed ? EXIT_ERROR : 0;
  }

  #complain(text: string): void {
    this.#failed = true;
    this.#host.err(`mttcg litmus: ${text}\n`);
  }

  /** The tests a path stands for: itself, or those of a folder and its folders. */
  #filesOf(path: string): string[] {
    const walk = (dir: string): string[] => readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((d) => (d.isDirectory() ? walk(join(dir, d.name)) : d.name.endsWith('.litmus') ? [join(dir, d.name)] : []));
    try {
      if (!statSync(path).isDirectory()) return [path];
      const files = walk(path);
      if (files.length === 0) this.#complain(`there is no .litmus file in '${path}'`);
      return files;
    } catch (e) {
      this.#complain(`cannot read '${path}': ${systemMessage(e)}`);
      return [];
    }
  }

  #read(file: string): void {
    const report: TestReport = { name: basename(file).replace(/\.litmus$/, ''), file, runs: 0, states: {}, verdict: 'error', seconds: 0 };
    const entry: Entry = { file, report };
    this.#entries.push(entry);
    try {
      const test = parseLitmus(readFileSync(file, 'utf8'));
      report.name = test.name;
      report.condition = printCondition(test);
      entry.expected = readExpected(file, shown(test));
      entry.test = test;
      settle(entry);
    } catch (e) {
      report.reason = positioned(file, e);
    }
  }

  async #runOne(e: Entry, runner: Runner, progress: Progress): Promise<void> {
    const { report: r } = e, test = e.test!, runs = this.#o.runs - r.runs, start = performance.now();
    progress.next(r.name);
    if (runs > 0) {
      try {
        let done = 0;
        const counted = await runner.run(test, {
          runs, seed: `${this.#settings.seed}/${r.name}/${r.runs}`,
          onBatch: (n) => { done += n; progress.add(n); return !this.#host.signal?.aborted; },
        });
        addStates(test, counted, r.states);
        r.runs += done;
      } catch (error) {
        if (error instanceof UserError) throw error;
        r.verdict = 'error';
        r.reason = positioned(e.file, error);
        return;
      } finally {
        r.seconds = Number((r.seconds + (performance.now() - start) / 1000).toFixed(3));
      }
    }
    settle(e);
  }

  #print({ test, report: r, expected }: Entry): void {
    if (r.verdict === 'error' || !test) { this.#host.err(`mttcg litmus: ${r.reason}\n`); return; }
    const j = judge(test, r.states, expected);
    this.#host.out(this.#o.quiet ? `${verdictLine(r, j)}\n` : testText(test, r, j));
  }

  #report(): Report { return summarize(this.#entries.map((e) => e.report), this.#settings); }

  /** Fails before the campaign rather than after it. */
  #checkWritable(path: string): void {
    try {
      const existed = existsSync(path);
      writeFileSync(path, '', { flag: 'a' });
      if (!existed) rmSync(path);
    } catch (e) {
      this.#complain(`cannot write the report '${path}': ${systemMessage(e)}`);
      if (path === this.#o.json) this.#o.json = undefined;
      if (path === this.#o.html) this.#o.html = undefined;
    }
  }

  /** Writes the reports; at most once a second unless `now`. A reader never sees half of one. */
  #save(now: boolean): void {
    const { json, html } = this.#o;
    if (!now && performance.now() - this.#lastSave < 1000) return;
    this.#lastSave = performance.now();
    const write = (path: string, text: string) => {
      try {
        writeFileSync(`${path}.tmp`, text);
        renameSync(`${path}.tmp`, path);
      } catch (e) {
        this.#complain(`cannot write the report '${path}': ${systemMessage(e)}`);
      }
    };
    if (json !== undefined) write(json, `${JSON.stringify(this.#report(), null, 1)}\n`);
    if (html !== undefined && now) write(html, htmlPage(this.#report()));
  }

  /** Takes over the runs of the campaign in the JSON report. */
  #resume(): void {
    const path = this.#o.json;
    if (path === undefined || !existsSync(path)) return;
    let old: Partial<Report>;
    try {
      old = JSON.parse(readFileSync(path, 'utf8')) as Partial<Report>;
    } catch (e) {
      throw new UserError('litmus-resume', `cannot go on with '${path}': ${(e as Error).message}`);
    }
    if (!Array.isArray(old.tests) || !old.options) throw new UserError('litmus-resume', `cannot go on with '${path}': it is no report of mttcg litmus`);
    for (const key of ['cpu', 'exclusive', 'regions'] as const) {
      if (old.options[key] !== this.#settings[key]) throw new UserError('litmus-resume', `cannot go on with '${path}': it was run with ${key} ${String(old.options[key])}, not ${String(this.#settings[key])}`);
    }
    this.#settings.seed = old.options.seed;
    const byFile = new Map(old.tests.map((t) => [t.file, t]));
    for (const e of this.#entries) {
      const t = byFile.get(e.file);
      if (!t || t.verdict === 'error' || !e.test || t.condition !== e.report.condition) continue;
      Object.assign(e.report, { runs: t.runs, states: t.states, seconds: t.seconds });
      settle(e);
    }
  }
}

/** Fills in what follows from the states seen. */
function settle({ test, report: r, expected }: Entry): void {
  const j = judge(test!, r.states, expected);
  r.verdict = j.verdict;
  r.observation = j.observation;
  delete r.reason;
  if (expected) { r.allowed = expected.allowed.size; r.missing = [...j.missing]; }
  if (j.forbidden.size > 0) r.reason = `forbidden: ${[...j.forbidden].join(' | ')}`;
}

const positioned = (file: string, e: unknown): string => {
  if (e instanceof LitmusError) return `${e.file ?? file}${e.line > 0 ? `:${e.line}` : ''}: ${e.detail}`;
  if (e instanceof Error && 'code' in e && typeof e.code === 'string') return `${file}: ${systemMessage(e)}`;
  throw e;
};
