// What the repository may depend on, and what must not get into it.
import { lstatSync } from 'node:fs';
import t from 'tap';
import { read, ROOT, trackedFiles } from './repository.ts';

interface Package { version?: string; license?: string; dev?: boolean; resolved?: string }
const json = <T>(file: string): T => JSON.parse(read(file)) as T;

/** Licences that let MIT code use and ship a package. */
const COMPATIBLE = new Set(['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'CC0-1.0', 'Unlicense', 'Python-2.0', 'WTFPL']);
/** Others, with the reason. */
const REASONED: Readonly<Record<string, string>> = {
  'CC-BY-3.0': 'data of spdx-exceptions, used by the test runner only',
  'CC-BY-4.0': 'data of caniuse and the like, used by development tools only',
};
/** Packages whose package.json states none. */
const UNSTATED: Readonly<Record<string, string>> = { 'jsonc-simple-parser': 'MIT, in its file `license`' };

/** `(A OR B)`: one of them; `A AND B`: both. */
const accepted = (licence: string, dev: boolean): boolean =>
  licence.replaceAll(/[()]/g, '').split(' OR ').some((part) => part.split(' AND ').every((id) => COMPATIBLE.has(id.trim()) || (dev && id.trim() in REASONED)));

t.test('versions are pinned', async (t) => {
  const p = json<Record<string, Record<string, string> | undefined>>('package.json');
  for (const group of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']) {
    for (const [name, version] of Object.entries(p[group] ?? {})) t.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${group}: ${name}`);
  }
});

t.test('the lock file has every package, with a compatible licence and no registry', async (t) => {
  const packages = Object.entries(json<{ packages: Record<string, Package> }>('package-lock.json').packages).filter(([path]) => path !== '');
  t.ok(packages.length > 50);
  t.same(packages.filter(([, p]) => p.resolved !== undefined).map(([path]) => path), [], 'no `resolved` addresses');
  const name = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const fine = ([path, p]: [string, Package]) => (p.license ? accepted(p.license, p.dev === true) : name(path) in UNSTATED);
  t.same(packages.filter((p) => !fine(p)).map(([path, p]) => `${path}: ${p.license ?? 'no licence'}`), []);
});

/** Text that ties a file to one machine or one network. The expressions do not match themselves. */
const FOREIGN: readonly (readonly [string, RegExp])[] = [
  ['a path of one machine', /(?<![\w.$}*-])\/(?:home|root|tmp|work|workspace|Users|private|mnt)\/\w/],
  ['a registry or mirror', /\/\/[\w.-]*(?:registry|npm|verdaccio|artifactory|nexus|pypi|mirror|proxy)[\w.-]*[:/]/],
  ['a private address', /\b(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+\b/],
  ['a secret', /-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:_authToken|NPM_TOKEN)\s*=/],
];

t.test('nothing of one machine in tracked files', async (t) => {
  for (const file of trackedFiles()) {
    const stat = lstatSync(ROOT + file, { throwIfNoEntry: false });
    if (!stat?.isFile() || stat.size > 1 << 20) continue;
    const text = read(file);
    if (text.includes('\0')) continue;
    for (const [what, pattern] of FOREIGN) {
      const hit = pattern.exec(text);
      if (hit) t.fail(`${file}:${text.slice(0, hit.index).split('\n').length}: ${what}: ${hit[0]}`);
    }
  }
  t.pass();
});
