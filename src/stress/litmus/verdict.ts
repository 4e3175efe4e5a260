// What the states seen of a test say: condition, observation, and the verdict against the allowed ones.
import { holds, locationsOf, Names } from './condition.ts';
import { canonical, type Expected } from './expected.ts';
import type { StateCount } from './runner.ts';
import type { LitmusTest, Location } from './types.ts';

/** `forbidden`: a state the model does not allow; `all`, `partial`: all or some of those it allows; `unjudged`: nobody says what is allowed. */
export const VERDICTS = ['forbidden', 'all', 'partial', 'unjudged', 'error'] as const;
export type Verdict = (typeof VERDICTS)[number];
export type Observation = 'Never' | 'Sometimes' | 'Always';

/** States as herd prints them, with counts. */
export type States = Record<string, number>;

export interface Judgement {
  readonly verdict: Verdict;
  readonly validated: boolean;
  readonly observation: Observation;
  /** Instances whose state satisfies the inner proposition, and the others. */
  readonly positive: number;
  readonly negative: number;
  readonly witnesses: ReadonlySet<string>;
  readonly forbidden: ReadonlySet<string>;
  /** Allowed states that were not seen. */
  readonly missing: readonly string[];
}

/** Locations a state is printed with, in herd's order: registers by thread and number, then memory by name. */
export function shown(test: LitmusTest): string[] {
  const names = new Names(test), byKey = new Map<string, Location>();
  for (const l of [...locationsOf(test.prop), ...test.locations]) byKey.set(names.key(l), l);
  const rank = (l: Location): [number, number, string, number] => (l.kind === 'reg' ? [l.thread, l.reg, '', 0] : [Infinity, 0, l.name, l.index ?? -1]);
  return [...byKey].sort(([, a], [, b]) => {
    const x = rank(a), y = rank(b);
    for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
  }).map(([key]) => key);
}

/** Adds counted states to `states`; those the filter rejects are left out. */
export function addStates(test: LitmusTest, counted: readonly StateCount[], states: States): void {
  const names = new Names(test), keys = shown(test);
  for (const { state, count } of counted) {
    if (test.filter && !holds(test.filter, names, state)) continue;
    const text = keys.map((k) => `${k}=${state.get(k)};`).join(' ');
    states[text] = (states[text] ?? 0) + count;
  }
}

const parseState = (text: string): Map<string, string> =>
  new Map(text.split(';').map((p) => p.trim()).filter((p) => p !== '').map((p) => { const at = p.indexOf('='); return [p.slice(0, at), p.slice(at + 1)]; }));

export function judge(test: LitmusTest, states: States, expected: Expected | undefined): Judgement {
  const names = new Names(test), witnesses = new Set<string>(), forbidden = new Set<string>(), seen = new Set<string>();
  let positive = 0, negative = 0;
  for (const [text, count] of Object.entries(states)) {
    if (holds(test.prop, names, parseState(text))) { positive += count; witnesses.add(text); } else negative += count;
    if (expected && !expected.allowed.has(canonical(text))) forbidden.add(text);
    seen.add(canonical(text));
  }
  const missing = expected ? [...expected.allowed].filter(([c]) => !seen.has(c)).map(([, text]) => text) : [];
  const observation = positive === 0 ? 'Never' : negative === 0 ? 'Always' : 'Sometimes';
  const validated = test.quantifier === 'exists' ? positive > 0 : test.quantifier === 'forall' ? negative === 0 : positive === 0;
  const verdict = !expected ? 'unjudged' : forbidden.size > 0 ? 'forbidden' : missing.length > 0 ? 'partial' : 'all';
  return { verdict, validated, observation, positive, negative, witnesses, forbidden, missing };
}
