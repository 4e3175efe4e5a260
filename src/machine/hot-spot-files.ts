// Where `--profile` writes: standard error, or a text and a JSON file.
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { systemMessage, UserError } from '../errors.ts';
import { hotSpotText, type HotSpotReport } from '../profile/hot-spots.ts';

const json = (r: HotSpotReport) => `${JSON.stringify(r, null, 1)}\n`;

/** A name that ends in .json or .txt is that file; any other stands for both. */
function filesOf(name: string): readonly (readonly [path: string, render: (r: HotSpotReport) => string])[] {
  const text = (r: HotSpotReport) => hotSpotText(r, Infinity);
  if (name.endsWith('.json')) return [[name, json]];
  return name.endsWith('.txt') ? [[name, text]] : [[`${name}.txt`, text], [`${name}.json`, json]];
}

function attempt(name: string, path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw new UserError('profile-file', `--profile=${name}: cannot write '${path}': ${systemMessage(error)}`, 'name a file in a folder that exists and can be written');
  }
}

/** UserError `profile-file` when the files could not be written: said before the machine runs. */
export function checkHotSpotFiles(name: string): void {
  for (const [path] of filesOf(name)) attempt(name, path, () => closeSync(openSync(path, 'a')));
}

/** Writes the report, to standard error without a name. UserError `profile-file`. */
export function writeHotSpots(name: string | undefined, r: HotSpotReport): void {
  if (name === undefined) process.stderr.write(hotSpotText(r));
  else for (const [path, render] of filesOf(name)) attempt(name, path, () => writeFileSync(path, render(r)));
}
