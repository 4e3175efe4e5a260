// What is published: the packed files, and that they run where Node strips no types.
import t from 'tap';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDist, distManifest } from '../../scripts/build-dist.ts';
import { files, ROOT } from '../rules/repository.ts';

const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string; files: string[]; scripts: Record<string, string>; dependencies: Record<string, string> };

/** Members of a .tgz, sorted. */
const members = (archive: string): string[] => execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trim().split('\n').sort();

t.test('package scope of dist/', async (t) => {
  const manifest = { name: 'x', version: '1.2.3', license: 'MIT', type: 'module' };
  t.same(distManifest({ ...manifest, scripts: {}, bin: {} } as typeof manifest), manifest);
  t.match(MANIFEST.scripts.prepack, /npm run build/, 'packing builds');
});

t.test('pack, unpack, run', async (t) => {
  const stage = t.testdir(), app = join(stage, 'app', 'node_modules');
  for (const name of ['package.json', 'README.md', 'LICENSE', 'bin']) cpSync(join(ROOT, name), join(stage, name), { recursive: true });
  buildDist(join(stage, 'dist'));
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent'], { cwd: stage, stdio: ['ignore', 'ignore', 'inherit'] });
  const archive = join(stage, `mttcg-${MANIFEST.version}.tgz`);

  // What is started as JavaScript, declarations of every source, and nothing else of the repository.
  const js = ['cli/main', 'lib/index'].map((f) => `dist/src/${f}.js`).concat(['vcpu', 'timer', 'translator'].map((f) => `dist/workers/${f}.js`));
  const types = files('src/**/*.ts', 'workers/*.ts').filter((f) => !/\.as\.ts$|\.d\.ts$|\/assembly\//.test(f)).map((f) => `dist/${f.replace(/\.ts$/, '.d.ts')}`);
  const assets = globSync('{build,schemas}/**/*.*', { cwd: ROOT }).map((f) => `dist/${f.replaceAll('\\', '/')}`);
  const expected = ['LICENSE', 'README.md', 'package.json', 'bin/entry.js', 'bin/index.js', 'bin/mttcg.js', 'dist/package.json', ...js, ...types, ...assets];
  t.same(members(archive), expected.map((f) => `package/${f}`).sort());
  t.ok(assets.includes('dist/build/arm-helpers.wasm'));

  // Dependencies are found in the repository's own node_modules, further up.
  mkdirSync(app, { recursive: true });
  execFileSync('tar', ['-xzf', archive, '-C', app]);
  renameSync(join(app, 'package'), join(app, 'mttcg'));
  const run = (...args: string[]) => spawnSync(process.execPath, [join(app, 'mttcg', 'bin', 'mttcg.js'), ...args], { encoding: 'utf8', cwd: stage, timeout: 60_000 });
  const version = run('-version');
  t.match(version, { status: 0, stderr: '' });
  t.match(version.stdout, `mttcg emulator version ${MANIFEST.version}`);

  // The library.
  const code = "import { Machine } from 'mttcg'; await using m = await Machine.create(); console.log(m.state, (await m.qmp('query-target')).arch);";
  t.match(spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', cwd: join(app, '..'), timeout: 60_000 }), { status: 0, stdout: 'prelaunch aarch64\n', stderr: '' });

  // PSCI SYSTEM_OFF: vCPU, timer and translator threads start and end.
  const off = join(stage, 'off.bin');
  writeFileSync(off, Buffer.from(Uint32Array.of(0x52800100, 0x72b08000, 0xd4000002).buffer)); // mov w0, #0x84000008; hvc #0
  t.match(run('-M', 'virt', '-smp', '2', '-display', 'none', '-kernel', off), { status: 0, stdout: '', stderr: '' });
});
