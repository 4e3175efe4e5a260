// Hostile clients: malformed, deep, split, pipelined and oversized requests, clients that do not read, that vanish, fifty at once.
import { connect } from 'node:net';
import t from 'tap';
import { connectQmp, startQmp } from '../support/qmp-client.ts';

/** MTTCG_LONG=1 sends a million requests. */
const REQUESTS = process.env.MTTCG_LONG === '1' ? 1_000_000 : 20_000;

/** Deterministic: xorshift32. */
let seed = 0x2545f491;
const random = (n: number): number => {
  seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5;
  return (seed >>> 0) % n;
};
const pick = <T>(list: readonly T[]): T => list[random(list.length)];

const GOOD = ['{"execute":"query-status"}', '{"execute":"query-name"}', '{"execute":"query-uuid"}', '{"execute":"nosuch"}', '{"execute":"qom-list","arguments":{"path":"/"}}'];
const PARTS = ['{', '}', '[', ']', ',', ':', '"', '\\', '\\u12', 'null', 'tru', '1e9', '-', '0x', '"execute"', "'id'", '\xff', '\xc0\x80', '\0', '\n', ' ', '\ufeff', '%d', '"arguments":{}', '{}', '[[[[', '12345678901234567890123'];

/** One malformed message: valid text damaged, parts thrown together, or random bytes. */
function garbage(): Buffer {
  switch (random(4)) {
    case 0: {
      const bytes = Buffer.from(pick(GOOD));
      for (let i = random(3) + 1; i > 0; i--) bytes[random(bytes.length)] = random(256);
      return bytes;
    }
    case 1: return Buffer.from(Array.from({ length: random(12) + 1 }, () => pick(PARTS)).join(''), 'latin1');
    case 2: return Buffer.from(Array.from({ length: random(40) }, () => random(256)));
    default: return Buffer.from(pick(['[', '{"a":']).repeat(random(2000)));
  }
}

t.setTimeout(1_300_000);
t.test('hostile clients', { timeout: 1_250_000 }, async (t) => {
  const more = Array.from({ length: 50 }, (_, i) => i);
  const vm = await startQmp(['-M', 'virt', '-smp', '2', '-m', '64', '-serial', 'null',
    ...more.flatMap((i) => ['-chardev', `socket,id=m${i},path=${process.env.TMPDIR ?? '/tmp'}/mttcg-fuzz-${process.pid}-${i},server=on,wait=off`, '-mon', `chardev=m${i},mode=control`])]);
  t.teardown(vm.dispose);
  const paths = more.map((i) => `${process.env.TMPDIR ?? '/tmp'}/mttcg-fuzz-${process.pid}-${i}`);
  const watcher = await connectQmp(vm.path);
  const alive = async (what: string) => t.match(await watcher.execute('query-status'), { return: { status: 'running' } }, what);

  await t.test('malformed requests, and good ones between them', async (t) => {
    const c = await connectQmp(paths[0]);
    const marks = new Set<string>();
    c.socket.on('data', (text: string) => { for (const [, mark] of text.matchAll(/"id": "(mark\d+)"/g)) marks.add(mark); });
    let sent = 0, batch = 0;
    while (sent < REQUESTS) {
      const pieces: Buffer[] = [];
      for (let i = 0; i < 500; i++, sent++) pieces.push(random(4) === 0 ? Buffer.from(pick(GOOD)) : garbage());
      // Characters that end any token, then whatever was open is closed; from here on a request is one.
      pieces.push(Buffer.from('\n\xff\n', 'latin1'), Buffer.from(`{"execute":"query-status","id":"mark${batch}"}`));
      const all = Buffer.concat(pieces);
      for (let at = 0; at < all.length;) {
        const n = random(4096) + 1;
        c.socket.write(all.subarray(at, at + n));
        at += n;
      }
      const mark = `mark${batch++}`;
      await new Promise<void>((resolve, reject) => {
        const look = () => {
          if (!marks.has(mark)) return;
          c.socket.off('data', look);
          resolve();
        };
        c.socket.on('data', look);
        c.socket.once('close', () => reject(new Error(`closed after ${sent} requests`)));
        look();
      });
      c.socket.removeAllListeners('close');
    }
    t.ok(marks.size === batch, `${sent} requests, ${batch} marked ones answered`);
    c.socket.destroy();
  });
  await alive('after malformed requests');

  await t.test('a client that does not read', async (t) => {
    const slow = connect(paths[1]);
    slow.pause();
    slow.write('{"execute":"qmp_capabilities"}');
    for (let i = 0; i < 2000; i++) slow.write('{"execute":"query-qmp-schema"}');
    for (let i = 0; i < 50; i++) {
      await watcher.execute('stop');
      await watcher.execute('cont');
    }
    const [kib] = /^(\d+)/.exec((await import('node:fs')).readFileSync(`/proc/${vm.child.pid}/status`, 'utf8').match(/VmRSS:\s+(.*)/)![1])!;
    t.ok(Number(kib) < 1_500_000, `${kib} KiB resident`);
    // it reads at last: whole messages, from the first on
    let text = '';
    slow.setEncoding('latin1');
    await new Promise<void>((resolve) => {
      slow.on('data', (d: string) => {
        text += d;
        if ((text.match(/\r\n/g)?.length ?? 0) >= 20) resolve();
      });
      slow.resume();
    });
    for (const line of text.split('\r\n').slice(0, 20)) t.doesNotThrow(() => JSON.parse(line));
    slow.destroy();
  });
  await alive('after a slow reader');

  await t.test('clients that vanish', async () => {
    for (let i = 0; i < 200; i++) {
      const s = connect(paths[2]);
      s.on('error', () => {});
      await new Promise((resolve) => { s.once('connect', resolve); });
      s.write('{"execute":"qmp_capabilities"}{"execute":"human-monitor-command","arguments":{"command-line":"info qom-tree"}}{"execute":"query-st'.slice(0, random(140)));
      if (i % 2) s.destroy();
      else s.end();
    }
  });
  await alive('after clients that vanish');

  await t.test('fifty monitors at once', async (t) => {
    const clients = await Promise.all(paths.map((path) => connectQmp(path)));
    const replies = await Promise.all(clients.flatMap((c) => Array.from({ length: 20 }, () => c.execute('query-status'))));
    t.equal(replies.filter((r) => r.return).length, 1000);
    await watcher.execute('stop');
    await Promise.all(clients.map((c) => c.event('STOP')));
    await watcher.execute('cont');
    await Promise.all(clients.map((c) => c.event('RESUME')));
    for (const c of clients) c.socket.destroy();
  });

  await t.test('a message beyond the limit', async (t) => {
    const c = await connectQmp(paths[3]);
    const chunk = Buffer.alloc(1 << 20, 'x');
    const reply = c.raw('{"execute":"');
    for (let i = 0; i < 65; i++) if (!c.socket.write(chunk)) await new Promise((resolve) => { c.socket.once('drain', resolve); });
    t.match(await reply, { error: { desc: 'JSON token size limit exceeded' } });
    t.match(await c.raw('"}\n{"execute":"query-status"}'), { error: {} });
    await c.until(() => c.log.some((m) => 'return' in m && (m.return as { status?: string }).status === 'running'));
    c.socket.destroy();
  });
  await alive('after an oversized message');
  await watcher.execute('quit');
  t.equal(await vm.exited, 0);
});
