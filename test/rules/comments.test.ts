// Every ordering comment names its partner: `pairs with FILE#NAME` names a file there is and something declared in it.
import { existsSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import t from 'tap';
import { read, ROOT, sources, withoutComments } from './repository.ts';

/** What follows "pairs with": one or more references, separated by commas or "and". */
const PAIRS = /pairs with\s+(?:\*\s*)?((?:[\w./-]+\.ts(?:#\w+)?(?:,\s*(?:and\s+)?|\s+and\s+)?)*)/gi;
const REFERENCE = /([\w./-]+\.ts)(?:#(\w+))?/g;

/** Files outside this rule: unit tests of their own check these. */
const OTHERS = /^src\/atomics-sync\//;

t.test('partners exist', async (t) => {
  let partners = 0;
  for (const file of sources()) {
    if (OTHERS.test(file)) continue;
    for (const [whole, list] of read(file).matchAll(PAIRS)) {
      const references = [...list.matchAll(REFERENCE)];
      if (references.length === 0) t.fail(`${file}: no file after '${whole.trim()}'`);
      for (const [text, path, name] of references) {
        partners++;
        const partner = path.includes('/') ? path : posix.join(dirname(file), path);
        if (!existsSync(ROOT + partner)) t.fail(`${file}: ${text}: there is no such file`);
        // A word of the code, not of another comment.
        else if (name && !new RegExp(`\\b${name}\\b`).test(withoutComments(read(partner)))) t.fail(`${file}: ${text}: ${partner} declares no ${name}`);
      }
    }
  }
  t.ok(partners > 20, `${partners} partners`);
});
