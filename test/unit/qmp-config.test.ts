// -readconfig and -writeconfig: QEMU's INI form, there and back; -daemonize.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { MACHINES } from '../../src/cli/catalog.ts';
import { configText, parseConfig } from '../../src/cli/config-file.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { connectQmp } from '../support/qmp-client.ts';

const catalog = { machines: MACHINES, cpuModels: [{ name: 'cortex-a57', description: '' }], exclusiveSchemes: ['cmpxchg'] };
const CONFIG = `# qemu config file

[machine]
  type = "virt"
  gic-version = "2"

[memory]
  size = "256M"

[smp-opts]
  cpus = "2"

[name]
  guest = "a,b"

[chardev "x"]
  backend = "null"

[mon "m"]
  chardev = "x"
  mode = "control"
`;

t.test('read', async (t) => {
  const dir = t.testdir({ cfg: CONFIG });
  const request = parseCommandLine(['-display', 'none', '-readconfig', join(dir, 'cfg'), '-smp', '4'], catalog);
  if (request.kind !== 'run') throw new Error('not a machine');
  const { options } = request;
  t.match(options, { virt: { gicVersion: 2 }, memory: { size: 256 << 20 }, smp: { cpus: 4 }, name: 'a,b', monitors: [{ chardev: 'x', mode: 'control' }] });
});

t.test('there and back', async (t) => {
  const given: Record<string, string[]> = {};
  for (const { option, text } of parseConfig('c', CONFIG)) (given[option] ??= []).push(text);
  const text = configText(given);
  t.match(text, /^# qemu config file\n\n\[machine\]\n {2}type = "virt"\n/);
  t.same(parseConfig('c', text).toSorted((a, b) => (a.option < b.option ? -1 : 1)), parseConfig('c', CONFIG).toSorted((a, b) => (a.option < b.option ? -1 : 1)));
});

t.test('mistakes', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['[foo]\n a = "b"\n', "c:2: There is no option group 'foo'"], ['\na = "b"\n', 'c:2: no group defined'], ['[machine]\n type = virt\n', 'c:2: parse error'], ['[machine\n', 'c:1: parse error'],
    ['# x\n[device "d"]\n driver = "nosuch"\n', "c:3: 'nosuch' is not a valid device model name"], ['[smp-opts]\n cpu = "1"\n', "c:2: Invalid parameter 'cpu'"],
    ['[object "o"]\n a = "1"', "c:2: Parameter 'qom-type' is missing"],
  ];
  for (const [text, message] of cases) t.throws(() => parseConfig('c', text), { code: 'config-file', message });
  // What the parser finds later names the file too.
  const file = join(t.testdir(), 'late');
  for (const [text, message] of [['[memory]\n size = "x"\n', /^.*late:2: Parameter 'size' expects a non-negative number/], ['# m\n[mon "m"]\n chardev = "nosuch"\n mode = "control"\n', /^.*late:4: chardev "nosuch" not found/]] as const) {
    writeFileSync(file, text);
    t.throws(() => parseCommandLine(['-M', 'virt', '-readconfig', file], catalog), { message });
  }
  t.throws(() => parseCommandLine(['-readconfig', '/nonexistent'], catalog), { message: "-readconfig /nonexistent: Could not open '/nonexistent': No such file or directory" });
  t.throws(() => parseCommandLine(['--preconfig', '-incoming', 'defer'], catalog), { message: "'preconfig' and 'incoming' options are mutually exclusive" });
  t.throws(() => parseCommandLine(['-daemonize', '-nographic'], catalog), { message: '-nographic cannot be used with -daemonize' });
});

t.test('-daemonize, -pidfile, -writeconfig', { skip: process.platform === 'win32' ? 'no daemons' : false }, async (t) => {
  const dir = t.testdir(), launcher = fileURLToPath(new URL('../../bin/mttcg.js', import.meta.url)), socket = join(dir, 'qmp');
  const args = [launcher, '-M', 'virt', '-S', '-display', 'none', '-monitor', 'none', '-serial', 'null', '-daemonize', '-pidfile', join(dir, 'pid'), '-writeconfig', join(dir, 'cfg'), '-qmp', `unix:${socket},server=on,wait=off`];
  execFileSync(process.execPath, args, { timeout: 60_000 });
  const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
  t.ok(pid > 0 && process.kill(pid, 0), 'it runs');
  t.match(readFileSync(join(dir, 'cfg'), 'utf8'), '[machine]\n  type = "virt"\n');
  const c = await connectQmp(socket);
  t.match(await c.execute('query-status'), { return: { status: 'prelaunch' } });
  await c.execute('quit');
  await c.until(() => c.closed).catch(() => {});

  writeFileSync(join(dir, 'bad'), 'x');
  const failed = spawnSync(process.execPath, [...args.slice(0, -4), '-pidfile', join(dir, 'bad', 'pid')], { encoding: 'utf8', timeout: 60_000 });
  t.match(failed, { status: 1, stderr: /cannot create PID file/ }, 'its mistakes are those of the foreground');
});
