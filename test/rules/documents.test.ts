// Documents name files and functions that exist, and the generated table is the one the declarations give.
import { existsSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import t from 'tap';
import { DOCUMENT, layoutTables, withTables } from '../../scripts/layout-table.ts';
import { files, read, ROOT } from './repository.ts';

const documents = ['README.md', ...files('docs/**/*.md')];

/** `src/…`, `test/…`: what looks like a path of the repository. Patterns with * and {} must match something. */
const PATH = /^((?:src|workers|test|scripts|docs|bin|schemas|examples|\.ci)\/[\w./*{},-]*)(?:#(\w+))?$/;
const exists = (path: string): boolean => (/[*{]/.test(path) ? files(path).length > 0 : existsSync(ROOT + path));

t.test('paths in backticks', async (t) => {
  let found = 0;
  for (const doc of documents) {
    for (const [, code] of read(doc).matchAll(/`([^`\n]+)`/g)) {
      // A command names paths among its words.
      for (const word of code.split(/\s+/)) {
        const [, path, name] = PATH.exec(word) ?? [];
        if (path === undefined) continue;
        found++;
        if (!exists(path)) t.fail(`${doc}: there is no ${path}`);
        else if (name && !new RegExp(`\\b${name}\\b`).test(read(path))) t.fail(`${doc}: no ${name} in ${path}`);
      }
    }
  }
  t.ok(found > 100, `${found} paths`);
});

t.test('links', async (t) => {
  for (const doc of documents) {
    const text = read(doc);
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^\w+:/.test(target)) continue;
      const [path, anchor] = target.split('#');
      const file = path === '' ? doc : posix.join(dirname(doc), path);
      if (!existsSync(ROOT + file)) { t.fail(`${doc}: link to ${target}`); continue; }
      if (!anchor || !file.endsWith('.md')) continue;
      const anchors = [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, h]) => h.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
      if (!anchors.includes(anchor)) t.fail(`${doc}: no heading #${anchor} in ${file}`);
    }
  }
  t.pass();
});

t.test('the layout tables are fresh', async (t) => {
  const text = read(DOCUMENT);
  t.ok(withTables(text, await layoutTables()) === text, `${DOCUMENT} is stale: run 'node scripts/layout-table.ts'`);
});
