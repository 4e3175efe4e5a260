// Translations kept from run to run: found by what they were made of and by nothing else; the file they lie in.
import t from 'tap';
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { extendArchive, TbArchive } from '../../src/accel/tb-archive.ts';
import { assemble } from '../../src/asm/index.ts';
import { ARCHIVE_LIMIT, archiveFile, loadArchive, saveArchive } from '../../src/machine/archive-file.ts';
import { A64Bench } from '../support/a64-bench.ts';

const words = (source: string): number[] => [...new Int32Array(assemble(source, { base: 0 }).code.slice().buffer)];
const SUM = 'mov x1, #0\nloop: add x1, x1, x0\nsubs x0, x0, #1\nb.ne loop\nadr x2, loop\nudf #0\n';

/** A bench that has run `source` at `at`. */
function ran(source: string, at: number, archive?: TbArchive): A64Bench {
  const b = new A64Bench(undefined, undefined, 1, false, undefined, archive);
  b.load(at, words(source));
  b.setX(0, 10n);
  b.run(at);
  return b;
}
const taken = (b: A64Bench) => { const { translatedTbs, archivedTbs } = b.engine.store.stats(); return [translatedTbs, archivedTbs]; };
const made = ran(SUM, 0x1100), archive = extendArchive(made.machine, undefined, ARCHIVE_LIMIT), [all] = taken(made);

t.test('the same words at the same place in another page', async (t) => {
  const b = ran(SUM, 0x5100, archive);
  t.same(taken(b), [0, all]);
  t.equal(b.x(1), 55n);
  t.equal(b.x(2), 0x5104n, 'addresses are those of this run');
});

t.test('not for another place in the page, another word, other flags', async (t) => {
  t.same(taken(ran(SUM, 0x5104, archive)), [all, 0]);
  const b = ran(SUM.replace('#0\nloop', '#5\nloop'), 0x5100, archive);
  t.equal(b.x(1), 60n);
  t.same(taken(b), [1, all - 1], 'the block with the other word');
  const key = { phys: 0x1100, flags: 0, csBase: 0, cflags: 0 }, ram = made.machine.ram32;
  const of = (k: Partial<typeof key>) => archive.find({ ...key, ...k }, ram, 0x1100 / 4);
  t.ok(of({}));
  for (const other of [{ flags: 1 }, { csBase: 1 }, { cflags: 0x100 }, { phys: 0x1104 }]) t.equal(of(other), undefined, JSON.stringify(other));
});

t.test('code that is gone at the end of a run is kept, too; nothing twice', async (t) => {
  const b = ran(SUM, 0x1100);
  b.engine.store.invalidateRange(0x1100, 64);
  b.load(0x1100, words(SUM).map(() => 0));
  const kept = extendArchive(b.machine, undefined, ARCHIVE_LIMIT);
  t.same(taken(ran(SUM, 0x7100, kept)), [0, all]);
  t.equal(extendArchive(b.machine, kept, ARCHIVE_LIMIT).words.length, kept.words.length);
});

t.test('an archive grows to its limit, then starts over', async (t) => {
  const other = ran('mov x5, #7\nudf #0\n', 0x1200), both = extendArchive(other.machine, archive, ARCHIVE_LIMIT);
  t.same(taken(ran(SUM, 0x1100, both)), [0, all]);
  t.equal(taken(ran('mov x5, #7\nudf #0\n', 0x9200, both))[0], 0);
  const small = extendArchive(other.machine, archive, 16);
  t.equal(taken(ran('mov x5, #7\nudf #0\n', 0x9200, small))[0], 0);
  t.equal(taken(ran(SUM, 0x1100, small))[1], 0);
});

t.test('no archive at all', async (t) => {
  for (const bad of [new Int32Array(0), new Int32Array(100), archive.words.subarray(0, archive.words.length - 1)]) t.throws(() => new TbArchive(bad), RangeError);
});

t.test('file: by translator and machine, its owner\'s only, few of them', async (t) => {
  const home = t.testdir({ 'a.js': 'one', 'b.js': 'two', 'a.ts': 'one' }), url = (name: string) => pathToFileURL(join(home, name));
  const before = { ...process.env };
  t.teardown(() => { process.env = before; });
  process.env.XDG_CACHE_HOME = home;
  delete process.env.MTTCG_TB_ARCHIVE;
  const path = archiveFile(url('a.js'), { cpu: 1 })!;
  t.equal(archiveFile(url('a.js'), { cpu: 1 }), path);
  t.not(archiveFile(url('b.js'), { cpu: 1 }), path);
  t.not(archiveFile(url('a.js'), { cpu: 2 }), path);
  t.equal(archiveFile(url('a.ts'), { cpu: 1 }), undefined, 'from sources');
  process.env.MTTCG_TB_ARCHIVE = '0';
  t.equal(archiveFile(url('a.js'), { cpu: 1 }), undefined, 'switched off');

  const load = (file: string) => loadArchive(file, (words) => new TbArchive(words));
  t.equal(load(path), undefined, 'none yet');
  saveArchive(path, archive);
  t.same(load(path)!.words, archive.words);
  t.equal(statSync(path).mode & 0o777, 0o600);
  for (let k = 0; k < 20; k++) {
    const name = join(home, 'mttcg', 'translations', `${k}.tbs`);
    writeFileSync(name, 'cut off');
    utimesSync(name, k, k);
    t.equal(load(name), undefined);
  }
  saveArchive(path, archive);
  t.equal(readdirSync(join(home, 'mttcg', 'translations')).length, 16);
  t.ok(load(path));
  saveArchive(join(home, 'a.js', 'x.tbs'), archive); // cannot be written: nothing is kept, nobody is troubled
});
