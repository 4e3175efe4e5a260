// Hostile clients of the gdb stub of a machine that runs: malformed packets, clients that read nothing, that vanish; well-formed ones are answered.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import t from 'tap';
import { encodePacket } from '../../src/gdbstub/packet.ts';
import { at, gdbGuest } from '../support/gdb-guest.ts';
import { debuggee } from '../support/gdb.ts';
import { RspClient } from '../support/rsp.ts';

/** MTTCG_LONG=1 sends a million packets. */
const PACKETS = process.env.MTTCG_LONG === '1' ? 1_000_000 : 10_000;
/** Between two packets that must be answered. */
const BATCH = 500;

/** Deterministic: xorshift32. */
let seed = 0x2545f491;
const random = (n: number): number => {
  seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5;
  return (seed >>> 0) % n;
};
/** Nothing that by itself changes the guest, so that it must still be right at the end. */
const SEEDS = ['m40080000,10', 'p1', 'g', 'Hgp1.1', 'Hc0', 'T1', 'qXfer:features:read:target.xml:0,ff', 'qRcmd,696e', 'qThreadExtraInfo,p1.1', 'qSupported:multiprocess+', 'qfThreadInfo', 'vCont?', 'vCont;c', 'Z2,40090000,8', 'z2,40090000,8', 'Z0', 'M', 'X0', 'G', 'P', 'vAttach;1', '?'];

/** What the guest must be spared: writes, an end, HMP commands. */
const isHarmful = (packet: Buffer): boolean => /^[MXGP].*[=:0-9]|^k|^[cCsS].|^vKill|^vCont;[^c]|^qRcmd|^Q/.test(packet.toString('latin1'));

/** A framed packet: valid, damaged, cut, repeated, too long, with a wrong checksum; or bytes without a frame. */
function nonsense(): Buffer {
  const data = Buffer.from(SEEDS[random(SEEDS.length)], 'latin1'), kind = random(10);
  for (let k = random(4); k > 0; k--) data[random(data.length)] = random(256);
  const long = kind === 0 ? data.subarray(0, random(data.length)) : kind === 1 ? Buffer.concat([data, data, data]) : kind === 2 ? Buffer.alloc(random(6000), data) : data;
  if (isHarmful(long)) return Buffer.from('$#zz', 'latin1');
  const framed = encodePacket(long.toString('latin1'));
  if (kind === 3) framed[random(4) === 0 ? framed.length - 1 : framed.length - 2] ^= 1 << random(8);
  if (kind === 4) return framed.subarray(0, random(framed.length));
  return kind === 5 ? Buffer.from(Array.from({ length: random(20) }, () => random(256)).filter((b) => b !== 0x24)) : framed;
}

t.setTimeout(1_900_000);
t.test('the stub of a running machine', { timeout: 1_850_000 }, async (t) => {
  const d = await debuggee('mttcg', ['-M', 'virt', '-cpu', 'max', '-smp', '2', '-display', 'none', '-serial', 'null', '-monitor', 'none'], gdbGuest);
  t.teardown(() => d.end());
  const pid = d.console.child.pid!;
  /** The guest's own counter goes up between two visits. */
  const goesOn = async (what: string) => {
    const read = async () => {
      const c = await RspClient.open(d.socket), value = await c.u64(at('counter'));
      const gone = new Promise((resolve) => { c.socket.once('close', resolve); });
      c.close();
      await gone;
      return value;
    };
    const first = await read();
    let next = await read();
    while (next === first) next = await read();
    t.pass(`${what}: the guest runs`);
  };
  await goesOn('at first');

  await t.test('nonsense, and good packets between it', async (t) => {
    const c = await RspClient.open(d.socket);
    let sent = 0, batches = 0, text = '', wake = () => {};
    c.socket.on('data', (bytes: Buffer) => { text = (text + bytes.toString('latin1')).slice(-200_000); wake(); });
    for (; sent < PACKETS; batches++) {
      const pieces: Buffer[] = [];
      for (let i = 0; i < BATCH; i++, sent++) pieces.push(nonsense());
      // What was open is ended; then a packet whose answer has a number that no other has.
      const mark = `0x${(0x5eed0000 + batches).toString(16)}`;
      pieces.push(Buffer.from('#zz#', 'latin1'), encodePacket(`qRcmd,${Buffer.from(`print ${mark}`).toString('hex')}`));
      const all = Buffer.concat(pieces), answer = Buffer.from(mark).toString('hex');
      for (let i = 0; i < all.length;) {
        const n = random(4096) + 1;
        c.socket.write(all.subarray(i, i += n));
      }
      while (!text.includes(answer)) {
        if (c.socket.destroyed) throw new Error(`closed after ${sent} packets`);
        await new Promise<void>((resolve) => { wake = resolve; c.socket.once('close', resolve); });
      }
    }
    t.equal(batches, PACKETS / BATCH, `${sent} packets, ${batches} good ones answered`);
    c.close();
  });
  await goesOn('after nonsense');

  await t.test('a client that reads nothing', async (t) => {
    const slow = connect(d.socket);
    slow.pause();
    const request = encodePacket('qXfer:features:read:target.xml:0,ffb'), many = Buffer.concat(Array.from({ length: 1000 }, () => request));
    for (let i = 0; i < 20; i++) slow.write(many);
    // The stub is full when it takes no more.
    for (let last = -1; last !== slow.bytesWritten - slow.writableLength;) {
      last = slow.bytesWritten - slow.writableLength;
      await new Promise((resolve) => { setTimeout(resolve, 300); });
    }
    t.ok(slow.writableLength > 0, 'its requests wait on its side');
    const kib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
    t.ok(kib < 1_000_000, `${kib} KiB resident`);
    const gone = new Promise((resolve) => { slow.once('close', resolve); });
    slow.destroy();
    await gone;
  });
  await goesOn('after a client that read nothing and vanished');

  await t.test('clients that vanish in the middle', async () => {
    const text = Buffer.concat(['qSupported:multiprocess+', 'm40080000,100', 'Z0,40080000,4', 'vCont;c', 'g'].map((p) => encodePacket(p)));
    for (let i = 0; i < 100; i++) {
      const s = connect(d.socket);
      s.on('error', () => {});
      // Served, not one of those that wait for their turn.
      s.write(encodePacket('qC'));
      await new Promise((resolve) => { s.once('data', resolve); });
      s.write(text.subarray(0, random(text.length)));
      if (i % 2) s.destroy();
      else s.end();
    }
  });
  await goesOn('after clients that vanished');

  await t.test('eight clients: one after the other', async (t) => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => RspClient.open(d.socket)));
    await Promise.all(clients.map(async (c, i) => {
      t.match(await c.ask('qC', 60), /^QC/, `client ${i}`);
      c.close();
    }));
  });
  await goesOn('after many at once');
});
