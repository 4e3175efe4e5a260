// Sockets, files and pipes as serial ports: peers come and go, slow ones hold the guest back, mistakes leave nothing open.
import t, { type Test } from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CharFrontend } from '../../src/chardev/backend.ts';
import { openChardevs, type Chardevs } from '../../src/chardev/open.ts';
import { HIGH_WATER } from '../../src/chardev/output-queue.ts';
import { SocketBackend } from '../../src/chardev/socket.ts';
import type { Hmp } from '../../src/monitor/hmp.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { MACHINES } from '../../src/cli/catalog.ts';

const catalog = { machines: MACHINES, cpuModels: [{ name: 'cortex-a57', description: '' }], exclusiveSchemes: ['cmpxchg'] };
const child = fileURLToPath(new URL('chardev-console.child.ts', import.meta.url));

const hmp = { execute: async () => 'VM status: running\n', remember: () => {} } as unknown as Hmp;

/** Opens the character devices of a command line. */
function open(...argv: string[]): Promise<Chardevs> {
  const request = parseCommandLine(argv, catalog);
  if (request.kind !== 'run') throw new Error('not a machine');
  return openChardevs(request.options, { quit: () => {}, monitor: (_spec, backend, muxed) => new Monitor(backend, hmp, { product: 'mttcg 1', muxed, terminal: false }) });
}

/** A guest that collects, and can be waited for. */
class Guest implements CharFrontend {
  got = '';
  room = Infinity;
  events: string[] = [];
  #waiting: (() => void)[] = [];
  canReceive(): number {
    return this.room;
  }
  receive(bytes: Uint8Array): void {
    this.got += Buffer.from(bytes).toString('latin1');
    this.room -= bytes.length;
    this.#changed();
  }
  event(event: string): void {
    this.events.push(event);
    this.#changed();
  }
  drained(): void {
    this.event('drained');
  }
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
  #changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const portOf = (chardevs: Chardevs, id = 'serial0'): number => {
  const { address } = chardevs.get(id) as SocketBackend;
  return address.type === 'inet' ? address.port : 0;
};

/** A name for a socket, short enough for one. */
function socketPath(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'mttcg-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  return join(dir, 's');
}

async function read(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) text += String((await once(socket, 'data'))[0]);
  return text;
}

t.test('a TCP server without a host is for this machine only', async (t) => {
  const outside = Object.values(networkInterfaces()).flat().find((i) => i && !i.internal && i.family === 'IPv4')?.address;
  const tries = async (port: number, host: string) => {
    const s = connect(port, host);
    const [answer] = await Promise.race([once(s, 'connect').then(() => ['open']), once(s, 'error').then(() => ['closed'])]).catch(() => ['closed']);
    s.destroy();
    return answer;
  };
  for (const [text, open_] of [['tcp::0', false], ['tcp:0.0.0.0:0', true]] as const) {
    const chardevs = await open('-serial', `${text},server=on,wait=off`, '-monitor', 'none'), port = portOf(chardevs);
    t.equal(await tries(port, '127.0.0.1'), 'open');
    if (outside !== undefined) t.equal(await tries(port, outside), open_ ? 'open' : 'closed', text);
    await chardevs.close();
  }
});

t.test('a TCP server: one client after the other', async (t) => {
  const chardevs = await open('-serial', 'tcp:127.0.0.1:0,server=on,wait=off', '-monitor', 'none');
  t.teardown(() => chardevs.close());
  const guest = new Guest(), serial = chardevs.serial(0), port = portOf(chardevs);
  serial.attach(guest);
  t.same(guest.events, [], 'not open yet');
  t.equal(serial.write(Buffer.from('lost')), true, 'output to nobody is dropped');
  t.match(chardevs.list()[0], /^serial0: filename=disconnected:tcp:127.0.0.1:\d+,server=on$/);

  const first = connect(port, '127.0.0.1');
  first.write('hello');
  await guest.until(() => guest.got === 'hello');
  t.same(guest.events, ['opened']);
  serial.write(Buffer.from('hi'));
  t.equal(await read(first, 2), 'hi');
  t.match(chardevs.list()[0], /filename=tcp:127.0.0.1:\d+,server=on <-> 127.0.0.1:\d+$/);

  const second = connect(port, '127.0.0.1');
  second.write(' again');
  await once(second, 'connect');
  first.end();
  await guest.until(() => guest.got === 'hello again');
  t.same(guest.events, ['opened', 'closed', 'drained', 'opened'], 'the second client had waited its turn');
  serial.write(Buffer.from('ho'));
  t.equal(await read(second, 2), 'ho');
  second.destroy();
});

t.test('input waits until the guest takes it', async (t) => {
  const chardevs = await open('-serial', 'tcp:127.0.0.1:0,server=on,wait=off', '-monitor', 'none');
  t.teardown(() => chardevs.close());
  const guest = new Guest(), serial = chardevs.serial(0);
  guest.room = 3;
  serial.attach(guest);
  const client = connect(portOf(chardevs), '127.0.0.1');
  client.write('x'.repeat(1_000_000));
  await guest.until(() => guest.got.length === 3);
  guest.room = Infinity;
  serial.acceptInput();
  await guest.until(() => guest.got.length === 1_000_000);
  client.destroy();
});

t.test('a slow client holds the guest back and gets everything', async (t) => {
  const chardevs = await open('-serial', 'tcp:127.0.0.1:0,server=on,wait=off', '-monitor', 'none');
  t.teardown(() => chardevs.close());
  const guest = new Guest(), serial = chardevs.serial(0);
  serial.attach(guest);
  const client = connect(portOf(chardevs), '127.0.0.1');
  client.pause();
  await guest.until(() => guest.events.includes('opened'));
  let sent = 0;
  const chunk = Buffer.alloc(HIGH_WATER / 4, 'y');
  // the kernel's buffers take some megabytes first
  for (let more = true; more; await new Promise(setImmediate)) {
    more = serial.write(chunk);
    sent += chunk.length;
  }
  let received = 0;
  client.on('data', (bytes) => { received += bytes.length; }).resume();
  await guest.until(() => guest.events.includes('drained'));
  serial.write(Buffer.from('end'));
  while (received < sent + 3) await once(client, 'data');
  t.equal(received, sent + 3);
  client.destroy();
});

t.test('wait=on: the machine starts with its client', async (t) => {
  const path = socketPath(t);
  const p = spawn(process.execPath, [child, 'run', '-serial', `unix:${path},server=on`, '-monitor', 'none'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [line] = await once(p.stderr, 'data');
  t.match(String(line), `info: waiting for connection on: disconnected:unix:${path},server=on`);
  const client = connect(path);
  t.equal(await read(client, 15), '[opened]\nready\n');
  client.write('q');
  t.equal((await once(p, 'exit'))[0], 7);
  t.notOk(existsSync(path), 'the socket is removed');
});

t.test('a killed server leaves a socket behind; the next one takes it over', async (t) => {
  const path = socketPath(t);
  const p = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log(1))`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(p.stdout, 'data');
  await t.rejects(open('-serial', `unix:${path},server=on,wait=off`, '-monitor', 'none'), { code: 'chardev-bind', message: /Address already in use/ });
  p.kill('SIGKILL');
  await once(p, 'exit');
  t.ok(existsSync(path));
  const chardevs = await open('-serial', `unix:${path},server=on,wait=off`, '-monitor', 'none');
  await chardevs.close();
  t.notOk(existsSync(path));
});

t.test('a process that exits removes its socket', async (t) => {
  const path = socketPath(t);
  const p = spawn(process.execPath, [child, 'exit', '-serial', `unix:${path},server=on,wait=off`, '-monitor', 'none'], { stdio: 'ignore' });
  t.equal((await once(p, 'exit'))[0], 3);
  t.notOk(existsSync(path));
});

t.test('a client', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = once(server, 'connection');
  const chardevs = await open('-serial', `tcp:127.0.0.1:${port}`, '-monitor', 'none');
  const guest = new Guest();
  chardevs.serial(0).attach(guest);
  const [peer] = await connection as [Socket];
  peer.write('abc');
  await guest.until(() => guest.got === 'abc');
  peer.destroy();
  await guest.until(() => guest.events.includes('closed'));
  await chardevs.close();
  server.close();
  await once(server, 'close');
  await t.rejects(open('-serial', `tcp:127.0.0.1:${port}`, '-monitor', 'none'), { code: 'chardev-connect', message: /Failed to connect to '127.0.0.1:\d+': Connection refused/ });
});

t.test('a client that connects again', async (t) => {
  const path = socketPath(t);
  const chardevs = await open('-serial', `unix:${path},reconnect=1`, '-monitor', 'none');
  t.teardown(() => chardevs.close());
  const guest = new Guest();
  chardevs.serial(0).attach(guest);
  const server = createServer((peer) => peer.end('x')).listen(path);
  await guest.until(() => guest.got === 'x' && guest.events.includes('closed'));
  server.close();
});

t.test('port in use', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const other = socketPath(t);
  await t.rejects(open('-chardev', `socket,id=o,path=${other},server=on,wait=off`, '-serial', `tcp:127.0.0.1:${port},server=on,wait=off`, '-monitor', 'none'), {
    code: 'chardev-bind', message: `-serial tcp:127.0.0.1:${port},server=on,wait=off: Failed to find an available port: Address already in use`,
  });
  t.notOk(existsSync(other), 'what was opened before is closed again');
  const chardevs = await open('-chardev', `socket,id=s,host=127.0.0.1,port=${port},to=${Math.min(port + 50, 65535)},server=on,wait=off`, '-nodefaults');
  t.ok(portOf(chardevs, 's') > port, 'a later port of the range is found');
  await chardevs.close();
  server.close();
});

t.test('a monitor of its own', async (t) => {
  const path = socketPath(t);
  const chardevs = await open('-M', 'virt', '-serial', 'null', '-monitor', `unix:${path},server=on,wait=off`);
  t.teardown(() => chardevs.close());
  const client = connect(path);
  const greeting = "mttcg 1 monitor - type 'help' for more information\r\n(qemu) ";
  t.equal(await read(client, greeting.length), greeting);
  client.write('info status\n');
  const answer = 'info status\r\nVM status: running\r\n(qemu) ';
  t.equal(await read(client, answer.length), answer);
  client.destroy();
});

t.test('files', async (t) => {
  const dir = t.testdir({ old: 'old' });
  const chardevs = await open('-serial', `file:${dir}/new`, '-chardev', `file,id=a,path=${dir}/old,append=on`, '-monitor', 'none');
  chardevs.serial(0).write(Buffer.from('a'));
  chardevs.serial(0).write(Buffer.from('b'));
  chardevs.get('a')!.write(Buffer.from('er'));
  await chardevs.close();
  t.equal(readFileSync(join(dir, 'new'), 'utf8'), 'ab');
  t.equal(readFileSync(join(dir, 'old'), 'utf8'), 'older');
  await t.rejects(open('-serial', `file:${dir}/no/such`, '-monitor', 'none'), { code: 'chardev-open', message: /Could not open '.*': No such file or directory/ });
});

t.test('standard streams that are pipes', async (t) => {
  const p = spawn(process.execPath, [child, 'run', '-nographic'], { stdio: ['pipe', 'pipe', 'ignore'] });
  let out = '';
  p.stdout.on('data', (bytes) => { out += bytes; });
  p.stdin.end('a\x01b');
  while (!out.includes('[closed]')) await once(p.stdout, 'data');
  t.equal(out, '[opened]\nready\n<97>\n[break]\n[closed]\n', 'the end of input is not the end of the machine');
  p.kill();
  t.same(await once(p, 'exit'), [0, null]);
});
