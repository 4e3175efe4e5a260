// Where translations and regions are kept from one run to the next: a file each for each build and kind of machine.
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is kept is one array that all threads share. */
interface Archive { readonly words: Int32Array }

/** Archives kept, the last ones written. */
const MAX_FILES = 16;
/** Bytes of one; beyond that it starts over. */
export const ARCHIVE_LIMIT = 64 << 20;

/**
 * Path of an archive, or undefined when nothing is kept: with MTTCG_TB_ARCHIVE=0, and in a checkout that runs from its
 * sources, where nothing tells the translator of one run from that of the next. `translator`: the built file that makes
 * what is kept. `config`: everything else that depends on.
 */
export function archiveFile(translator: URL, config: object, suffix = 'tbs'): string | undefined {
  if (process.env.MTTCG_TB_ARCHIVE === '0' || extname(translator.pathname) !== '.js') return undefined;
  const key = createHash('sha256').update(readFileSync(fileURLToPath(translator))).update(JSON.stringify(config)).digest('hex').slice(0, 32);
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mttcg', 'translations', `${key}.${suffix}`);
}

/** The archive in a file; undefined when there is none, or not a whole one. `make`: from its words. Error: RangeError. */
export function loadArchive<A extends Archive>(path: string, make: (words: Int32Array) => A): A | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      if (size % 4 !== 0 || size > ARCHIVE_LIMIT) return undefined;
      const words = new Int32Array(new SharedArrayBuffer(size));
      return readSync(file, new Uint8Array(words.buffer), 0, size, 0) === size ? make(words) : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Writes an archive, readable by its owner only: it holds pieces of the guest's code. Where that cannot be, nothing is kept. */
export function saveArchive(path: string, { words }: Archive): void {
  const folder = dirname(path), temporary = `${path}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(temporary, new Uint8Array(words.buffer), { mode: 0o600 });
      renameSync(temporary, path);
    } catch (e) {
      rmSync(temporary, { force: true });
      throw e;
    }
    const byAge = readdirSync(folder).map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs })).sort((a, b) => b.at - a.at);
    for (const { name } of byAge.slice(MAX_FILES)) if (name !== basename(path)) rmSync(join(folder, name), { force: true });
  } catch {
    // A full disk, a read-only home.
  }
}
