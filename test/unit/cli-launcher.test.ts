// The launcher and the process around the machine: the right Node, exit codes, one line for a mistake, signals, the PID file.
import t from 'tap';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const launcher = join(root, 'bin', 'mttcg.js');

/** A Node of the machine that is too old for the emulator, for the tests of re-execution. */
const oldNode = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
  if (!existsSync(path)) return false;
  return parseInt(execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' }), 10) < 26;
});

function run(node: string, script: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(node, [script, ...args], { encoding: 'utf8', env: { ...process.env, MTTCG_LOG: 'warn' } });
  return { status, stdout, stderr };
}

t.test('help and mistakes', async (t) => {
  const help = run(process.execPath, launcher, '-version');
  t.equal(help.status, 0);
  t.match(help.stdout, /^mttcg emulator version \d+\.\d+\.\d+\n/);
  t.same(run(process.execPath, launcher, '-smp', '0'), { status: 1, stdout: '', stderr: 'mttcg: -smp 0: Invalid CPU topology: CPU topology parameters must be greater than zero\n' });
  t.match(run(process.execPath, launcher, '-pidfile', '/nonexistent/pid', '-M', 'virt').stderr, /^mttcg: cannot create PID file: /);
});

t.test('an older Node', { skip: oldNode ? false : 'none is installed' }, async (t) => {
  const again = run(oldNode!, launcher, '-version');
  t.equal(again.status, 0);
  t.match(again.stdout, /Node\.js v26/, 'the pinned Node runs the emulator');
  t.equal(run(oldNode!, launcher, '-foo').status, 1, 'the exit code comes through');

  // where no node_modules folder is above
  const dir = mkdtempSync(join(tmpdir(), 'mttcg-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, 'bin'));
  cpSync(launcher, join(dir, 'bin', 'mttcg.js'));
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  const alone = spawnSync(oldNode!, [join(dir, 'bin', 'mttcg.js')], { encoding: 'utf8', cwd: dir });
  t.equal(alone.status, 1);
  t.match(alone.stderr, /^mttcg: this is Node v\d+\.\d+\.\d+ but Node 26 or later is needed .*\n$/);
});

t.test('an installed package runs its built files', async (t) => {
  const home = join(t.testdir(), 'node_modules', 'mttcg');
  mkdirSync(join(home, 'dist', 'src', 'cli'), { recursive: true });
  cpSync(join(root, 'bin'), join(home, 'bin'), { recursive: true });
  writeFileSync(join(home, 'package.json'), '{"type":"module"}');
  writeFileSync(join(home, 'dist', 'src', 'cli', 'main.js'), 'export const main = async (argv) => { console.log("dist", ...argv); return 5; };');
  t.match(run(process.execPath, join(home, 'bin', 'mttcg.js'), 'x'), { status: 5, stdout: 'dist x\n' });
});

t.test('a checkout runs its built files until a source changes or goes', async (t) => {
  const home = t.testdir({ src: { cli: { 'main.ts': '', 'more.ts': '' } }, dist: { src: { cli: {} } } }), now = Date.now() / 1000;
  cpSync(join(root, 'bin'), join(home, 'bin'), { recursive: true });
  writeFileSync(join(home, 'package.json'), '{"type":"module"}');
  const says = (what: string) => `export const main = async (): Promise<number> => { console.log('${what}'); return 0; };`;
  writeFileSync(join(home, 'src', 'cli', 'main.ts'), says('sources'));
  writeFileSync(join(home, 'dist', 'src', 'cli', 'main.js'), says('dist').replace(': Promise<number>', ''));
  const runs = () => run(process.execPath, join(home, 'bin', 'mttcg.js')).stdout.trim();
  t.equal(runs(), 'sources', 'nothing was built');
  writeFileSync(join(home, 'dist', 'package.json'), '{"type":"module"}');
  const date = (seconds: number, ...path: string[]) => utimesSync(join(home, ...path), now + seconds, now + seconds);
  date(5, 'dist', 'package.json');
  t.equal(runs(), 'dist');
  date(9, 'src', 'cli', 'more.ts');
  t.equal(runs(), 'sources', 'changed');
  date(0, 'src', 'cli', 'more.ts');
  t.equal(runs(), 'dist');
  date(9, 'src', 'cli');
  t.equal(runs(), 'sources', 'a file came or went');
});

t.test('syntax of the launcher', async (t) => {
  const text = readFileSync(launcher, 'utf8').replace(/^#!.*/, '');
  t.notMatch(text, /\?\.|\?\?|node:|\bawait\b|#\w/, 'nothing that Node 12 cannot parse');
});

/** A paused machine whose monitor is on standard streams: it is up when the monitor has greeted. */
async function paused(node: string, pidfile: string) {
  const p = spawn(node, [launcher, '-M', 'virt', '-S', '-serial', 'null', '-pidfile', pidfile], { stdio: ['pipe', 'pipe', 'pipe'] });
  const seen = { out: '', err: '' };
  p.stdout.on('data', (text) => { seen.out += text; });
  p.stderr.on('data', (text) => { seen.err += text; });
  const ended = once(p, 'close').then(([code]) => { throw new Error(`ended with ${code}: ${seen.err}`); });
  ended.catch(() => {});
  while (!seen.out.includes('(qemu) ')) await Promise.race([once(p.stdout, 'data'), ended]);
  return { p, seen };
}

for (const [name, node] of [['directly', process.execPath], ['by way of an older Node', oldNode]] as const) {
  t.test(`signals, ${name}`, { skip: node ? false : 'no older Node is installed' }, async (t) => {
    const pidfile = join(t.testdir(), 'pid');
    const { p, seen } = await paused(node!, pidfile);
    t.match(readFileSync(pidfile, 'utf8'), /^\d+\n$/);
    p.kill('SIGTERM');
    t.same(await once(p, 'close'), [0, null]);
    t.equal(seen.err, 'mttcg: terminating on signal 15\n');
    t.notOk(existsSync(pidfile), 'the PID file is removed');
  });
}

t.test('quit from the monitor', async (t) => {
  const { p } = await paused(process.execPath, join(t.testdir(), 'pid'));
  p.stdin.write('quit\n');
  t.same(await once(p, 'close'), [0, null]);
});

t.test('the emulator does not outlive its launcher', { skip: oldNode ? false : 'no older Node is installed' }, async (t) => {
  const pidfile = join(t.testdir(), 'pid');
  const { p } = await paused(oldNode!, pidfile);
  t.not(Number(readFileSync(pidfile, 'utf8')), p.pid, 'they are two processes');
  p.kill('SIGKILL');
  await once(p, 'close');
  t.notOk(existsSync(pidfile), 'its streams are closed and it has cleaned up');
});
