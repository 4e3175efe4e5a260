// NAME.expected.json beside a test: the final states the memory model allows.
import { existsSync, readFileSync } from 'node:fs';
import { LitmusError } from './error.ts';
import { lineAt } from './text.ts';

export interface Expected {
  /** Canonical forms (`canonical`) of the allowed states, with the text they were written with. */
  readonly allowed: ReadonlyMap<string, string>;
}

/** `0:X1=1; [x]=2;` as a set: parts sorted. */
export const canonical = (state: string): string => state.split(';').map((p) => p.trim()).filter((p) => p !== '').sort().join('; ');
const keysOf = (state: string): string => state.split(';').map((p) => p.split('=')[0].trim()).filter((p) => p !== '').sort().join(' ');

/**
 * The expectation that belongs to a .litmus file; undefined without one. `keys`: what the test's states name.
 * Errors: LitmusError when the file cannot be used for this test.
 */
export function readExpected(file: string, keys: readonly string[]): Expected | undefined {
  const path = `${file.replace(/\.litmus$/, '')}.expected.json`;
  if (!existsSync(path)) return undefined;
  const bad = (what: string, line = 0): never => { throw new LitmusError(line, what, path); };
  const text = readFileSync(path, 'utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (e) {
    const { message } = e as Error, at = / at position (\d+)/.exec(message);
    bad(`it is no JSON: ${message.replace(/ in JSON at position.*/, '')}`, lineAt(text, at ? Number(at[1]) : text.trimEnd().length));
  }
  const list = (json as { allowed?: unknown } | null)?.allowed;
  if (!Array.isArray(list) || list.length === 0 || !list.every((x) => typeof x === 'string')) bad("'allowed' must be a list of states");
  const allowed = new Map((list as string[]).map((x) => [canonical(x), x]));
  const want = [...keys].sort().join(' ');
  for (const state of allowed.values()) if (keysOf(state) !== want) bad(`it is for another test: its states name ${keysOf(state) || 'nothing'}, the test's ${want || 'nothing'}`);
  return { allowed };
}
