// Where the lock profiler's report goes when the machine ends: text, JSON, HTML, speedscope, Chrome trace.
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { systemMessage, UserError } from '../errors.ts';
import { lockHtml } from '../profile/lock-html.ts';
import type { LockReport } from '../profile/lock-report.ts';
import { lockText } from '../profile/lock-text.ts';
import { chromeTrace, speedscope } from '../profile/lock-trace.ts';

/** What a file's name asks for: the longest ending that fits. */
const FORMATS: readonly (readonly [ending: string, render: (r: LockReport, title: string) => string])[] = [
  ['.speedscope.json', (r, title) => JSON.stringify(speedscope(r, title))],
  ['.trace.json', (r) => JSON.stringify(chromeTrace(r))],
  ['.json', (r) => `${JSON.stringify(r, null, 1)}\n`],
  ['.html', lockHtml],
  ['.txt', (r) => lockText(r, { rows: Infinity })],
];

/** The files to write for a name: that one when its ending says a format, else one of each format with the name as prefix. */
export function reportFiles(name: string): string[] {
  return FORMATS.some(([ending]) => name.endsWith(ending)) ? [name] : FORMATS.map(([ending]) => name + ending);
}

/** UserError `profile-file` when a report could not be written there: said before the machine runs, not after. */
export function checkReportFiles(option: string, name: string): void {
  for (const path of reportFiles(name)) {
    try {
      closeSync(openSync(path, 'a'));
    } catch (error) {
      throw new UserError('profile-file', `${option}=${name}: cannot write '${path}': ${systemMessage(error)}`, 'name a file in a folder that exists and can be written');
    }
  }
}

/** Writes the report. UserError `profile-file`. */
export function writeReport(option: string, name: string, r: LockReport, title: string): void {
  for (const path of reportFiles(name)) {
    const render = FORMATS.find(([ending]) => path.endsWith(ending))![1];
    try {
      writeFileSync(path, render(r, title));
    } catch (error) {
      throw new UserError('profile-file', `${option}=${name}: cannot write '${basename(path)}': ${systemMessage(error)}`);
    }
  }
}
