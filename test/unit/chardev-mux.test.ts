// The multiplexer's keys and flow control, the monitor behind it, the ring buffer and the output queue: without any host device.
import t from 'tap';
import { log } from '../../src/log.ts';
import type { CharBackend, CharFrontend } from '../../src/chardev/backend.ts';
import type { Hmp } from '../../src/monitor/hmp.ts';
import { Monitor } from '../../src/monitor/monitor.ts';
import { Mux } from '../../src/chardev/mux.ts';
import { HIGH_WATER, LIMIT, OutputQueue } from '../../src/chardev/output-queue.ts';
import { RingbufBackend } from '../../src/chardev/ringbuf.ts';

const A = '\x01';
log().level = 'silent';

/** The host's end: what was written to it, and keys typed at it. */
class Host implements CharBackend {
  text = '';
  full = false;
  frontend: CharFrontend | null = null;
  #held = '';
  write(bytes: Uint8Array): boolean {
    this.text += Buffer.from(bytes).toString('latin1');
    return !this.full;
  }
  attach(frontend: CharFrontend | null): void {
    this.frontend = frontend;
    frontend?.event('opened');
  }
  acceptInput(): void {
    const keys = this.#held;
    this.#held = '';
    if (keys) this.type(keys);
  }
  type(keys: string): void {
    const room = this.frontend!.canReceive();
    this.#held += keys.slice(room);
    this.frontend!.receive(Buffer.from(keys.slice(0, room), 'latin1'));
  }
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}

/** The guest's end. */
class Guest implements CharFrontend {
  got = '';
  room = Infinity;
  events: string[] = [];
  canReceive(): number {
    return this.room;
  }
  receive(bytes: Uint8Array): void {
    this.got += Buffer.from(bytes).toString('latin1');
    this.room -= bytes.length;
  }
  event(event: string): void {
    this.events.push(event);
  }
  drained(): void {
    this.events.push('drained');
  }
}

function setup() {
  const host = new Host(), guest = new Guest();
  const calls: string[] = [];
  let time = 0;
  const mux = new Mux(host, { escapeChar: 1, quit: () => calls.push('quit'), now: () => time });
  const console = mux.port('console');
  console.attach(guest);
  const hmp = { execute: async (line: string) => { calls.push(line); return line === 'foo' ? "unknown command: 'foo'\n" : ''; }, remember: () => {} } as unknown as Hmp;
  new Monitor(mux.port('monitor'), hmp, { product: 'mttcg 1', muxed: true, terminal: false });
  return { host, guest, calls, mux, console, setTime: (ms: number) => { time = ms; } };
}

t.test('input goes to the console; the escape key does not', async (t) => {
  const { host, guest, calls } = setup();
  host.type(`ab${A}${A}c\x03`);
  t.equal(guest.got, 'ab\x01c\x03');
  host.type(A);
  host.type('b');
  t.same(guest.events, ['opened', 'break'], 'the two keys may come apart');
  host.type(`${A}?`);
  t.match(host.take(), 'C-a x    exit emulator');
  host.type(`${A}~d${A}s`);
  t.equal(guest.got, 'ab\x01c\x03d', 'an unknown key is swallowed');
  t.equal(host.take(), '');
  host.type(`${A}x`);
  t.same(calls, ['quit']);
  t.equal(host.take(), 'mttcg: Terminated\r\n');
});

t.test('Ctrl-A c switches to the monitor and back', async (t) => {
  const { host, guest, calls } = setup();
  const commands = () => new Promise((resolve) => { setImmediate(resolve); });
  host.type(`a${A}c`);
  t.equal(host.take(), "mttcg 1 monitor - type 'help' for more information\r\n(qemu) ");
  host.type('stop\rfo');
  await commands();
  t.same(calls, ['stop']);
  host.type(`${A}cb${A}co\r`);
  await commands();
  t.equal(guest.got, 'ab');
  t.equal(host.take(), "stop\r\n(qemu) fo\r\n(qemu) foo\r\nunknown command: 'foo'\r\n(qemu) ", 'the line being typed is still there');
  host.type('\x1b[Ax\x7fc\rq\r');
  await commands();
  t.same(calls, ['stop', 'foo', 'c', 'q'], 'escape sequences are swallowed, characters erased, lines run in order');
});

t.test('what a slow console does not take waits for it', async (t) => {
  const { host, guest, console } = setup();
  guest.room = 2;
  host.type('abcd');
  t.equal(guest.got, 'ab');
  host.type(`e${A}c`);
  t.match(host.take(), '(qemu)', 'keys still work');
  host.type('x');
  guest.room = 3;
  console.acceptInput();
  t.equal(guest.got, 'abcde');
  guest.room = 0;
  host.type(`${A}c${'y'.repeat(70_000)}z`);
  guest.room = Infinity;
  console.acceptInput();
  t.equal(guest.got.length, 5 + 70_001, 'the host is held back, nothing is lost');
});

t.test('time stamps', async (t) => {
  const { host, console, setTime } = setup();
  host.type(`${A}t`);
  console.write(Buffer.from('rest\none\ntw'));
  setTime(3_723_045);
  console.write(Buffer.from('o\n'));
  console.write(Buffer.from('three\n'));
  t.equal(host.take(), 'rest\n[00:00:00.000] one\n[00:00:00.000] two\n[01:02:03.045] three\n');
  host.type(`${A}t`);
  console.write(Buffer.from('four\n'));
  t.equal(host.take(), 'four\n');
});

t.test('events and back pressure pass through', async (t) => {
  const { host, guest, console } = setup();
  host.full = true;
  t.equal(console.write(Buffer.from('x')), false);
  host.frontend!.drained();
  host.frontend!.event('closed');
  t.same(guest.events, ['opened', 'drained', 'closed']);
});

t.test('another escape character', async (t) => {
  const host = new Host(), guest = new Guest();
  const mux = new Mux(host, { escapeChar: 0x14, quit: () => {} });
  mux.port('console').attach(guest);
  host.type('\x01\x14h\x14\x14');
  t.equal(guest.got, '\x01\x14');
  t.match(host.take(), 'C-t h    print this help');
  for (let i = 0; i < 3; i++) mux.port('monitor');
  t.throws(() => mux.port('monitor'), /4 ports/);
});

t.test('ring buffer', async (t) => {
  const ring = new RingbufBackend('r', 4);
  const read = (max: number) => Buffer.from(ring.read(max)).toString();
  ring.write(Buffer.from('abc'));
  t.equal(read(2), 'ab');
  ring.write(Buffer.from('defgh'));
  t.equal(read(9), 'efgh', 'the oldest bytes give way');
  t.equal(read(9), '');
});

t.test('output queue', async (t) => {
  const writes: { bytes: string; done: (error?: Error) => void }[] = [];
  const events: string[] = [];
  const queue = () => new OutputQueue('q', (bytes, done) => void writes.push({ bytes: Buffer.from(bytes).toString('latin1'), done }), {
    drained: () => events.push('drained'), failed: (error) => events.push(error.message),
  });
  const text = (n: number) => Buffer.alloc(n, 'x');

  const q = queue();
  t.equal(q.push(Buffer.from('a')), true);
  const reused = Buffer.from('b');
  q.push(reused);
  reused[0] = 0;
  q.push(Buffer.from('c'));
  t.equal(writes.length, 1, 'one write at a time');
  writes.shift()!.done();
  t.equal(writes[0].bytes, 'bc', 'the rest goes in one piece, copied when it came');
  t.equal(q.push(text(HIGH_WATER)), false, 'above high water');
  t.same(events, []);
  while (writes.length > 0) writes.shift()!.done();
  t.same(events.splice(0), ['drained']);
  t.equal(q.length, 0);
  await q.idle(60_000);

  q.push(text(LIMIT + 5));
  t.equal(q.dropped, 5, 'a device that does not hold back loses its newest bytes');
  const idle = q.idle(60_000);
  writes.shift()!.done(new Error('gone'));
  t.same(events.splice(0), ['gone']);
  await idle;
  t.equal(q.push(text(1)), true, 'afterwards everything is swallowed');

  const stuck = queue();
  stuck.push(text(1));
  await stuck.idle(1);
  t.equal(stuck.length, 1, 'a wait for the other end is bounded');
});
