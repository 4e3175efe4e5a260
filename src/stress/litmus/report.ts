// A campaign's results: JSON (schemas/litmus-report.json) and the text of a test in litmus7's form.
import { printCondition } from './condition.ts';
import { VERDICTS, type Judgement, type Observation, type States, type Verdict } from './verdict.ts';
import type { LitmusTest } from './types.ts';

export interface TestReport {
  name: string;
  file: string;
  runs: number;
  states: States;
  verdict: Verdict;
  /** Of `error`: why. Of `forbidden`: the states that are not allowed. */
  reason?: string;
  condition?: string;
  observation?: Observation;
  /** Number of allowed states, and those not seen; absent when unjudged. */
  allowed?: number;
  missing?: string[];
  /** Time the runs took. */
  seconds: number;
}

export interface CampaignOptions { runs: number; smp: number; seed: string; cpu: string; exclusive: string; regions: boolean }

export interface Report {
  tests: TestReport[];
  summary: { tests: number; runs: number; seconds: number } & Record<Verdict, number>;
  options: CampaignOptions;
}

export function summarize(tests: TestReport[], options: CampaignOptions): Report {
  const count = (v: Verdict) => tests.filter((t) => t.verdict === v).length;
  return {
    tests,
    summary: {
      tests: tests.length, ...Object.fromEntries(VERDICTS.map((v) => [v, count(v)])) as Record<Verdict, number>,
      runs: tests.reduce((n, t) => n + t.runs, 0), seconds: Number(tests.reduce((n, t) => n + t.seconds, 0).toFixed(3)),
    },
    options,
  };
}

const KIND = { exists: 'Allowed', forall: 'Required', '~exists': 'Forbidden' } as const;
/** What each verdict means, for people. */
export const MEANING: Readonly<Record<Verdict, string>> = {
  forbidden: 'forbidden outcome seen', all: 'all allowed outcomes seen', partial: 'allowed but not seen', unjudged: 'no expected outcomes', error: 'not run',
};

/** litmus7's report of a test, and the verdict. */
export function testText(test: LitmusTest, r: TestReport, j: Judgement): string {
  const rows = Object.entries(r.states).sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = [
    `Test ${test.name} ${KIND[test.quantifier]}`, `Histogram (${rows.length} states)`,
    ...rows.map(([state, n]) => `${String(n).padEnd(6)}${j.witnesses.has(state) ? '*' : ':'}>${state}${j.forbidden.has(state) ? '   <- forbidden' : ''}`),
    j.validated ? 'Ok' : 'No', '', 'Witnesses', `Positive: ${j.positive}, Negative: ${j.negative}`,
    `Condition ${printCondition(test)} is ${j.validated ? '' : 'NOT '}validated`,
    `Observation ${test.name} ${j.observation} ${j.positive} ${j.negative}`, `Time ${test.name} ${r.seconds.toFixed(2)}`,
    verdictLine(r, j), '',
  ];
  return `${lines.join('\n')}\n`;
}

/** `Verdict MP partial: allowed but not seen: 0:X1=1;` */
export function verdictLine(r: TestReport, j?: Judgement): string {
  const more = r.verdict === 'error' ? `: ${r.reason}`
    : r.verdict === 'forbidden' ? `: ${MEANING.forbidden}: ${[...j!.forbidden].join(' | ')}`
      : r.verdict === 'partial' ? `: ${MEANING.partial}: ${r.missing!.length} of ${r.allowed}`
        : `: ${MEANING[r.verdict]}${r.verdict === 'all' ? `: ${r.allowed}` : ''}`;
  return `Verdict ${r.name} ${r.verdict}${more}`;
}

export function summaryText({ summary: s }: Report): string {
  const rate = s.seconds > 0 ? `, ${Math.round(s.runs / s.seconds).toLocaleString('en')} instances/s` : '';
  return `${s.tests} tests, ${s.runs.toLocaleString('en')} instances in ${s.seconds.toFixed(1)} s${rate}: `
    + `${VERDICTS.map((v) => `${s[v]} ${v}`).join(', ')}\n`;
}
