// What the rule tests share: the repository's files and their text.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Root of the repository, with a slash at the end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Files that match, as paths from the root with forward slashes. */
export const files = (...patterns: string[]): string[] =>
  globSync(patterns, { cwd: ROOT }).map((f) => f.replaceAll('\\', '/')).sort();

export const read = (file: string): string => readFileSync(ROOT + file, 'utf8');

/** What git tracks. */
export const trackedFiles = (): string[] =>
  execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0').filter((f) => f !== '');

/** TypeScript without its comments; strings stay. */
export const withoutComments = (text: string): string =>
  text.replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/.*/g, (m) => (m.startsWith('/') ? '' : m));

/** All sources of the emulator. */
export const sources = (): string[] => files('src/**/*.ts', 'workers/*.ts');
