// Every source begins with a line that says what it is for, and stays small enough to be read at one go.
import t from 'tap';
import { files, read, sources } from './repository.ts';

const MAX_LINES = 800, MAX_ENTRY_LINES = 100;
/** Longer files, with the reason. */
const LONGER: Readonly<Record<string, string>> = {};

const lines = (file: string): number => read(file).split('\n').length;

t.test('a purpose comment stands first', async (t) => {
  for (const file of [...sources(), ...files('scripts/**/*.ts', 'test/**/*.ts')]) {
    const first = read(file).split('\n', 1)[0];
    if (!/^(#!|\/\/ \S.{15,})/.test(first)) t.fail(`${file} begins with '${first.slice(0, 60)}'`);
  }
  t.pass();
});

t.test(`at most ${MAX_LINES} lines`, async (t) => {
  t.same(sources().filter((f) => lines(f) > MAX_LINES && !(f in LONGER)), []);
  for (const f of Object.keys(LONGER)) t.ok(lines(f) > MAX_LINES, `${f} still needs its exception`);
});

t.test(`entry files of threads have at most ${MAX_ENTRY_LINES} lines`, async (t) => {
  const entries = files('workers/*.ts');
  t.ok(entries.length >= 3);
  t.same(entries.filter((f) => lines(f) > MAX_ENTRY_LINES), []);
});
