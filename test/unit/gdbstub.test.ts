// The gdb stub without a machine: framing, packets, order, and a flood of nonsense. GDB_FUZZ: how many packets of it.
import t from 'tap';
import type { CharBackend, CharFrontend } from '../../src/chardev/backend.ts';
import { encodePacket, MAX_PACKET, PacketReader, type LineEvent } from '../../src/gdbstub/packet.ts';
import { GdbServer } from '../../src/gdbstub/server.ts';
import type { GdbTarget, StopReason } from '../../src/gdbstub/target.ts';
import { parseThreadId } from '../../src/gdbstub/thread-id.ts';

t.setTimeout(900_000);
const bytes = (text: string) => Buffer.from(text, 'latin1');
const read = (text: string): LineEvent[] => [...new PacketReader().feed(bytes(text))];

t.test('framing', async (t) => {
  t.same(read('+$g#67-'), [{ kind: 'ack' }, { kind: 'packet', data: 'g' }, { kind: 'nack' }]);
  t.same(read('\x03'), [{ kind: 'interrupt' }]);
  t.same(read('$g#68'), [{ kind: 'bad' }], 'a wrong checksum');
  t.same(read('$g#zz$g#67'), [{ kind: 'bad' }, { kind: 'packet', data: 'g' }]);
  t.same(read('$ab$g#67'), [{ kind: 'packet', data: 'g' }], 'a packet that was cut off');
  t.same(read('$0* #7a'), [{ kind: 'packet', data: '0000' }], 'run length');
  for (const text of ['}', '*', '*a', '0*', `0*${'\x1c'}`]) t.same([...new PacketReader().feed(bytes(`$${text}#${(bytes(text).reduce((a, b) => a + b, 0) & 255).toString(16).padStart(2, '0')}`))], [{ kind: 'bad' }], JSON.stringify(text));
  const data = Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)).toString('latin1');
  t.same([...new PacketReader().feed(encodePacket(data))], [{ kind: 'packet', data }], 'every byte comes through');
  t.same(read(`$${'a'.repeat(MAX_PACKET + 1)}#00$g#67`), [{ kind: 'packet', data: 'g' }], 'too long');
  const r = new PacketReader();
  t.same([...encodePacket('vCont?')].flatMap((b) => [...r.feed(Uint8Array.of(b))]), [{ kind: 'packet', data: 'vCont?' }], 'byte by byte');
});

t.test('thread ids', async (t) => {
  for (const [text, id] of [['1', 0], ['2', 1], ['0', 'any'], ['-1', 'all'], ['p1.2', 1], ['p1', 'all'], ['p1.-1', 'all'], ['p-1', 'all'], ['p0.0', 'any'], ['p2.1', undefined], ['3', undefined], ['', undefined], ['p', undefined], ['x', undefined], ['1.2', undefined]] as const) {
    t.equal(parseThreadId(text, 2), id, text);
  }
});

class Target implements GdbTarget {
  readonly cpus = 2;
  running = false;
  onStop: ((reason: StopReason) => void) | undefined;
  readonly features = new Map([['target.xml', `<target>${'x'.repeat(5000)}</target>`]]);
  readonly general = 3;
  readonly registers = [0, 1].map(() => [0, 1, 2, 3].map(() => new Uint8Array(8)));
  readonly memory = new Uint8Array(4096);
  readonly points: string[] = [];
  killed = 0;
  resumed: ReadonlyMap<number, string> = new Map();
  async stop(): Promise<void> {
    if (!this.running) return;
    this.running = false;
    this.onStop?.({ why: 'state', state: 'paused' });
  }
  async resume(actions: ReadonlyMap<number, 'continue' | 'step'>): Promise<void> { this.resumed = actions; this.running = true; }
  hit(cpu: number, watch?: { kind: '' | 'r' | 'a'; addr: bigint }): void { this.running = false; this.onStop?.({ why: 'debug', cpu, watch }); }
  registerSize(n: number) { return n < 4 ? 8 : undefined; }
  readRegister(cpu: number, n: number) { return this.registers[cpu][n]; }
  writeRegister(cpu: number, n: number, value: Uint8Array) { this.registers[cpu][n].set(value); return true; }
  setPc(cpu: number, pc: bigint): void { new DataView(this.registers[cpu][2].buffer).setBigUint64(0, pc, true); }
  readMemory(_cpu: number, addr: bigint, n: number) { return addr + BigInt(n) <= 4096n ? this.memory.slice(Number(addr), Number(addr) + n) : undefined; }
  writeMemory(_cpu: number, addr: bigint, value: Uint8Array) {
    if (addr + BigInt(value.length) > 4096n) return false;
    this.memory.set(value, Number(addr));
    return true;
  }
  insertPoint(kind: string, addr: bigint) { return this.points.push(`${kind} ${addr}`) < 100; }
  removePoint(kind: string, addr: bigint) { const i = this.points.indexOf(`${kind} ${addr}`); return i >= 0 && this.points.splice(i, 1).length === 1; }
  clearPoints(): void { this.points.length = 0; }
  threadState(): string { return 'running'; }
  async monitor(line: string) { return line === '' ? '' : `${line}!\r\n`; }
  kill(): void { this.killed++; }
}

/** A line to a stub; `ask` resolves with what it answered, acknowledgements left out. */
function line(o: { slow?: boolean } = {}) {
  const target = new Target();
  let out = '', frontend!: CharFrontend;
  const backend: CharBackend = {
    write: (b) => { out += Buffer.from(b).toString('latin1'); if (o.slow) setImmediate(() => frontend.drained()); return !o.slow; },
    attach: (f) => { frontend = f!; }, acceptInput: () => {},
  };
  new GdbServer(backend, target);
  frontend.event('opened');
  const settle = async () => { for (let seen = -1; seen !== out.length || frontend.canReceive() === 0;) { seen = out.length; for (let k = 0; k < 4; k++) await new Promise((r) => { setImmediate(r); }); } };
  const take = () => { const text = out; out = ''; return text.replaceAll(/\+(?=[$+-]|$)/g, '').replaceAll(/\$([^#]*)#[0-9a-f]{2}/g, '<$1>'); };
  return {
    target, frontend: () => frontend, settle, take,
    raw: async (b: Uint8Array) => { frontend.receive(b); await settle(); return take(); },
    ask: async (packet: string) => { frontend.receive(encodePacket(packet)); await settle(); return take(); },
  };
}

t.test('packets', async (t) => {
  const l = line();
  const cases: [string, string][] = [
    ['qSupported:multiprocess+;swbreak+', '<PacketSize=1000;qXfer:features:read+;vContSupported+;multiprocess+>'], ['vMustReplyEmpty', '<>'], ['?', '<T05thread:p01.01;>'],
    ['qfThreadInfo', '<mp01.01,p01.02>'], ['qsThreadInfo', '<l>'], ['qC', '<QCp01.01>'], ['Hgp1.2', '<OK>'], ['Hg9', '<E22>'], ['Hx1', '<E22>'], ['T2', '<OK>'], ['T3', '<E22>'],
    ['qThreadExtraInfo,p1.2', `<${bytes('CPU#1 [running]').toString('hex')}>`], ['P1=0102030405060708', '<OK>'], ['p1', '<0102030405060708>'], ['P1=01', '<E22>'], ['p99', '<E14>'], ['pzz', '<E22>'],
    ['G11', '<OK>'], ['Gx', '<E22>'], ['g', `<${'00'.repeat(8)}0102030405060708${'00'.repeat(8)}>`],
    ['M10,3:616263', '<OK>'], ['m10,4', '<61626300>'], ['m', '<E22>'], ['m0,1001', '<E22>'], ['mffffffffffffffff,1', '<E14>'], ['M0,2:00', '<E22>'], ['X20,3:a#b', '<OK>'], ['m20,3', '<612362>'], ['X0,0:', '<OK>'],
    ['Z0,10,4', '<OK>'], ['z0,10,4', '<OK>'], ['z0,10,4', '<E22>'], ['Z2,10,0', '<E22>'], ['Z9,0,4', '<>'], ['Z0', '<E22>'],
    ['qRcmd,68', `<O${bytes('h!\r\n').toString('hex')}><OK>`], ['qRcmd,6', '<E22>'], ['qqemu.sstep', '<0x7>'], ['Qqemu.sstep=8', '<E22>'], ['Qqemu.sstep=0x5', '<OK>'], ['qqemu.sstep', '<0x5>'],
    ['Qqemu.PhyMemMode:1', '<OK>'], ['qqemu.PhyMemMode', '<1>'], ['qXfer:features:read:none.xml:0,10', '<E00>'], ['qXfer:features:read:target.xml:0,8', '<m<target>>'], ['qXfer:features:read:target.xml:1388,fff', '<lxxxxxxxx</target>>'],
    ['vCont?', '<vCont;c;C;s;S>'], ['vCont', '<>'], ['vCont;x', '<E22>'], ['vCont;s:9', '<E22>'], ['vAttach;2', '<E22>'], ['vAttach;1', '<T05thread:p01.01;>'], ['D;2', '<E22>'],
  ];
  for (const [packet, answer] of cases) t.equal(await l.ask(packet), answer, packet);

  t.equal(await l.ask('vCont;s:p1.2;c'), '', 'the answer is the next stop');
  t.same([...l.target.resumed], [[1, 'step'], [0, 'continue']]);
  l.target.hit(1, { kind: 'a', addr: 0x10n });
  await l.settle();
  t.equal(l.take(), '<T05thread:p01.02;awatch:10;>');
  t.equal(await l.ask('vCont;s:2'), '');
  t.same([...l.target.resumed], [[1, 'step']], 'threads that are not named stay');
  t.equal(await l.raw(bytes('\x03')), '<T02thread:p01.02;>');
  t.equal(await l.ask('C05'), '');
  t.equal(await l.ask('p0'), '<T02thread:p01.02;><0000000000000000>', 'a packet stops a running machine');
  t.equal(await l.ask('s1234'), '');
  l.target.hit(1);
  await l.settle();
  l.take();
  t.equal(await l.ask('p2'), '<3412000000000000>', 's with an address');
  t.equal(await l.raw(bytes('-')), '<3412000000000000>', 'sent again when it did not arrive');
  await l.ask('Z0,20,4');
  t.equal(await l.ask('D'), '<OK>');
  t.ok(l.target.running && l.target.points.length === 0, 'detached');
  await l.ask('k');
  t.equal(l.target.killed, 1);
});

t.test('a client that vanishes', async (t) => {
  const l = line();
  await l.ask('c');
  await l.ask('Z0,20,4');
  t.notOk(l.target.running);
  l.frontend().event('closed');
  await l.settle();
  t.ok(l.target.running && l.target.points.length === 0, 'the machine goes on without its breakpoints');
  const n = line();
  n.frontend().receive(encodePacket('g'));
  n.frontend().event('closed');
  n.frontend().event('opened');
  n.frontend().receive(bytes('$q'));
  await n.settle();
  t.equal(n.take(), '', 'the next client is not told what the last one asked');
  t.match(await n.raw(bytes('C#b4')), /^<QC/, 'a packet that begins while the stub is busy with the last client');
  const d = line();
  await d.ask('D');
  d.target.running = false;
  d.frontend().event('closed');
  await d.settle();
  t.notOk(d.target.running, 'what others stopped after it detached stays stopped');
  for (const what of ['g', '\x03']) {
    const p = line();
    await p.ask('D');
    await (what === 'g' ? p.ask(what) : p.raw(bytes(what)));
    t.notOk(p.target.running);
    p.frontend().event('closed');
    await p.settle();
    t.ok(p.target.running, 'what it stopped itself after it detached goes on');
  }
  const s = line();
  s.frontend().event('closed');
  await s.settle();
  t.notOk(s.target.running, 'a machine that never ran stays stopped');
});

t.test('nonsense', { timeout: 880_000 }, async (t) => {
  const l = line({ slow: true }), count = Number(process.env.GDB_FUZZ ?? 30_000);
  let seed = 12345;
  const random = (n: number) => { seed = (Math.imul(seed, 1103515245) + 12345) | 0; return (seed >>> 8) % n; };
  const SEEDS = ['vCont;c:p1.2;s', 'm0,10', 'M0,4:00112233', 'X0,4:abcd', 'Z0,10,4', 'z2,10,8', 'qXfer:features:read:target.xml:0,ff', 'Hgp1.1', 'P0=0000000000000000', 'qRcmd,696e', 'qThreadExtraInfo,p1.1', 'G00', 'c', 's', 'D;1', 'qSupported:multiprocess+', 'Qqemu.sstep=1', 'T1', 'vAttach;1'];
  for (let n = 0; n < count; n++) {
    const b = Buffer.from(SEEDS[random(SEEDS.length)], 'latin1');
    const kind = random(10);
    for (let k = random(4); k > 0; k--) b[random(b.length)] = random(256);
    const data = kind === 0 ? b.subarray(0, random(b.length)) : kind === 1 ? Buffer.concat([b, b, b]) : kind === 2 ? Buffer.alloc(random(6000), b) : b;
    if (data[0] === 0x6b || data.includes('vKill')) continue;
    const framed = encodePacket(data.toString('latin1'));
    if (kind === 3) framed[random(framed.length)] ^= 1 << random(8);
    const cut = random(framed.length + 1);
    for (const piece of [framed.subarray(0, cut), framed.subarray(kind === 4 ? cut + 1 : cut)]) {
      while (l.frontend().canReceive() === 0) await new Promise((r) => { setImmediate(r); });
      l.frontend().receive(piece);
    }
    if (n % 64 === 0) l.take();
  }
  await l.settle();
  l.take();
  await l.raw(bytes('\x03'));
  await l.ask('g');
  t.equal(await l.ask('Hg1'), '<OK>', 'well-formed packets are still answered');
  t.match(await l.ask('g'), /^<[0-9a-f]{48}>$/);
});
