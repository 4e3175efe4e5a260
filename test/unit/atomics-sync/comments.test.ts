// Every "pairs with" and "woken by" comment of atomics-sync names a function that exists.
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';

const folder = new URL('../../../src/atomics-sync/', import.meta.url);

t.test('partners exist', async (t) => {
  let partners = 0;
  for (const file of readdirSync(folder)) {
    const text = readFileSync(new URL(file, folder), 'utf8');
    for (const [, partner, name] of text.matchAll(/([\w-]+\.ts)#(\w+)/g)) {
      const target = readFileSync(new URL(partner, folder), 'utf8');
      t.match(target, new RegExp(`^  (async |static )*#?${name}(<\\w+>)?\\(`, 'm'), `${file}: ${partner}#${name}`);
      partners++;
    }
  }
  t.ok(partners > 30);
});
