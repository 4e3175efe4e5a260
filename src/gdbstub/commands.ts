// The packets of the gdb remote protocol, as a table from prefix to handler. Answers and error codes are QEMU's.
import { fromHex, MAX_PACKET, toHex } from './packet.ts';
import { SSTEP_BITS, type GdbTarget, type PointKind } from './target.ts';
import { formatThreadId, parseThreadId, PID } from './thread-id.ts';

/** What a session remembers between packets. */
export interface Session {
  readonly target: GdbTarget;
  multiprocess: boolean;
  /** vCPU of `c` and `s`; of registers and memory. */
  continueCpu: number;
  generalCpu: number;
  sstep: number;
  /** m and M take physical addresses. */
  physical: boolean;
  /** Text of the monitor for gdb's console. */
  console(text: string): Promise<void>;
  /** Lets vCPUs go on; the answer to the packet is the next stop. */
  resume(actions: ReadonlyMap<number, 'continue' | 'step'>): Promise<void>;
  detach(): Promise<void>;
}

/** Undefined: no answer now. The empty string: not supported. */
type Handler = (s: Session, rest: string) => string | undefined | Promise<string | undefined>;

const OK = 'OK', EINVAL = 'E22', EFAULT = 'E14', ENOSPC = 'E28';
const POINTS: readonly PointKind[] = ['software', 'hardware', 'write', 'read', 'access'];

/** An address or a number: at most 64 bits of hex digits. */
const number = (text: string | undefined): bigint | undefined => (text !== undefined && /^(?:0x)?[0-9a-f]{1,16}$/i.test(text) ? BigInt(text.startsWith('0x') ? text : `0x${text}`) : undefined);

/** `addr,length`; `tail`: what follows. */
function range(text: string): { addr: bigint; length: number; tail: string } | undefined {
  const m = /^([0-9a-f]{1,16}),([0-9a-f]{1,8})(?::(.*))?$/is.exec(text);
  return m ? { addr: BigInt(`0x${m[1]}`), length: parseInt(m[2], 16), tail: m[3] ?? '' } : undefined;
}

const everyCpu = (s: Session, how: 'continue' | 'step' = 'continue'): Map<number, 'continue' | 'step'> =>
  new Map(Array.from({ length: s.target.cpus }, (_, n) => [n, how]));

/** `c`, `s`, `C`, `S`: all vCPUs go on; `s` makes the chosen one do one instruction. Signals mean nothing here. */
const go = (how: 'continue' | 'step', signal: boolean): Handler => async (s, rest) => {
  const [, sig, addr] = /^(?:([0-9a-f]{2})(?:;(.*))?)?$/is.exec(signal ? rest : rest && `00;${rest}`) ?? [undefined, undefined, 'x'];
  if (signal && sig === undefined) return EINVAL;
  if (addr !== undefined && addr !== '') {
    const pc = number(addr);
    if (pc === undefined) return EINVAL;
    s.target.setPc(s.continueCpu, pc);
  }
  await s.resume(everyCpu(s).set(s.continueCpu, how));
  return undefined;
};

/** The first action that names a thread counts for it; threads without one stay where they are. */
const vCont: Handler = async (s, rest) => {
  const actions = new Map<number, 'continue' | 'step'>();
  for (const item of rest.split(';')) {
    const [, action, thread] = /^(c|s|C[0-9a-f]{2}|S[0-9a-f]{2})(?::(.*))?$/i.exec(item) ?? [];
    if (action === undefined) return EINVAL;
    const how = action[0].toLowerCase() === 's' ? 'step' : 'continue';
    const id = thread === undefined ? 'all' : parseThreadId(thread, s.target.cpus);
    if (id === undefined) return EINVAL;
    const cpus = id === 'all' ? everyCpu(s).keys() : [id === 'any' ? s.continueCpu : id];
    for (const cpu of cpus) if (!actions.has(cpu)) actions.set(cpu, how);
  }
  await s.resume(actions);
  return undefined;
};

const setThread: Handler = (s, rest) => {
  const id = parseThreadId(rest.slice(1), s.target.cpus);
  if (id === undefined || !['c', 'g'].includes(rest[0])) return EINVAL;
  if (typeof id === 'number') {
    if (rest[0] === 'c') s.continueCpu = id;
    else s.generalCpu = id;
  }
  return OK;
};

const isAlive: Handler = (s, rest) => (typeof parseThreadId(rest, s.target.cpus) === 'number' ? OK : EINVAL);

const readGeneral: Handler = ({ target, generalCpu }) =>
  Array.from({ length: target.general }, (_, n) => toHex(target.readRegister(generalCpu, n)!)).join('');
const writeGeneral: Handler = ({ target, generalCpu }, rest) => {
  let bytes = fromHex(rest);
  if (!bytes) return EINVAL;
  for (let n = 0; n < target.general && bytes.length >= target.registerSize(n)!; n++) {
    target.writeRegister(generalCpu, n, bytes.subarray(0, target.registerSize(n)));
    bytes = bytes.subarray(target.registerSize(n));
  }
  return OK;
};
const readOne: Handler = ({ target, generalCpu }, rest) => {
  const n = number(rest);
  if (n === undefined) return EINVAL;
  const value = target.readRegister(generalCpu, Number(n));
  return value ? toHex(value) : EFAULT;
};
const writeOne: Handler = ({ target, generalCpu }, rest) => {
  const [, n, hex] = /^([0-9a-f]{1,8})=(.*)$/is.exec(rest) ?? [], value = fromHex(hex ?? 'x');
  if (n === undefined || !value) return EINVAL;
  const size = target.registerSize(parseInt(n, 16));
  if (size === undefined) return EFAULT;
  if (value.length !== size) return EINVAL;
  return target.writeRegister(generalCpu, parseInt(n, 16), value) ? OK : EFAULT;
};

const readMemory: Handler = ({ target, generalCpu, physical }, rest) => {
  const r = range(rest);
  if (!r || r.length > MAX_PACKET / 2) return EINVAL;
  const bytes = target.readMemory(generalCpu, r.addr, r.length, physical);
  return bytes ? toHex(bytes) : EFAULT;
};
const write = ({ target, generalCpu, physical }: Session, rest: string, decode: (data: string) => Uint8Array | undefined): string => {
  const r = range(rest), value = r && decode(r.tail);
  if (!r || !value || value.length !== r.length) return EINVAL;
  return target.writeMemory(generalCpu, r.addr, value, physical) ? OK : EFAULT;
};

const point = (insert: boolean): Handler => ({ target }, rest) => {
  const [, kind, addrText, lengthText] = /^(\d),([^,;]*),([^,;]*)/.exec(rest) ?? [];
  if (kind === undefined) return EINVAL;
  const what = POINTS[Number(kind)], addr = number(addrText), length = number(lengthText);
  if (what === undefined) return '';
  if (addr === undefined || length === undefined || (Number(kind) > 1 && length === 0n)) return EINVAL;
  if (insert) return target.insertPoint(what, addr, length) ? OK : ENOSPC;
  return target.removePoint(what, addr, length) ? OK : EINVAL;
};

const qSupported: Handler = (s, rest) => {
  s.multiprocess = rest.split(/[:;]/).includes('multiprocess+');
  return `PacketSize=${MAX_PACKET.toString(16)};qXfer:features:read+;vContSupported+${s.multiprocess ? ';multiprocess+' : ''}`;
};

const readFeatures: Handler = ({ target }, rest) => {
  const [, annex, offset, length] = /^([^:]*):([0-9a-f]{1,8}),([0-9a-f]{1,8})$/i.exec(rest) ?? [];
  if (annex === undefined) return EINVAL;
  const text = target.features.get(annex), at = parseInt(offset, 16);
  if (text === undefined || at > text.length) return 'E00';
  const end = at + Math.min(parseInt(length, 16), (MAX_PACKET - 5) >> 1);
  return `${end < text.length ? 'm' : 'l'}${text.slice(at, end)}`;
};

const threadInfo: Handler = (s) => `m${[...everyCpu(s).keys()].map((n) => formatThreadId(n, s.multiprocess)).join(',')}`;
const threadExtra: Handler = ({ target }, rest) => {
  const id = parseThreadId(rest, target.cpus);
  return typeof id === 'number' ? toHex(Buffer.from(`CPU#${id} [${target.threadState(id).padEnd(7)}]`)) : EINVAL;
};

const monitor: Handler = async (s, rest) => {
  const line = fromHex(rest);
  if (!line) return EINVAL;
  const text = await s.target.monitor(Buffer.from(line).toString());
  if (text !== '') await s.console(text);
  return OK;
};

const setStep: Handler = (s, rest) => {
  const n = number(rest), all = SSTEP_BITS.ENABLE | SSTEP_BITS.NOIRQ | SSTEP_BITS.NOTIMER;
  if (n === undefined || n > BigInt(all)) return EINVAL;
  s.sstep = Number(n);
  return OK;
};
const setPhysical: Handler = (s, rest) => {
  const n = number(rest);
  if (n === undefined) return EINVAL;
  s.physical = n !== 0n;
  return OK;
};

const signal = (s: Session, n: number): string => `T${n.toString(16).padStart(2, '0')}thread:${formatThreadId(s.continueCpu, s.multiprocess)};`;
const attach: Handler = (s, rest) => (number(rest) === BigInt(PID) ? signal(s, 5) : EINVAL);
const detach: Handler = async (s, rest) => {
  if (rest !== '' && number(rest.slice(1)) !== BigInt(PID)) return EINVAL;
  await s.detach();
  return OK;
};
const kill: Handler = (s) => {
  s.target.kill();
  return undefined;
};

/** Longest prefix first where one begins another. `exact`: nothing may follow. */
const PACKETS: readonly { readonly prefix: string; readonly exact?: true; readonly run: Handler }[] = [
  { prefix: '?', exact: true, run: (s) => { s.target.clearPoints(); return signal(s, 5); } },
  { prefix: '!', exact: true, run: () => OK },
  { prefix: 'c', run: go('continue', false) },
  { prefix: 'C', run: go('continue', true) },
  { prefix: 's', run: go('step', false) },
  { prefix: 'S', run: go('step', true) },
  { prefix: 'vCont?', exact: true, run: () => 'vCont;c;C;s;S' },
  { prefix: 'vCont;', run: vCont },
  { prefix: 'vAttach;', run: attach },
  { prefix: 'vKill;', run: (s, rest) => { if (number(rest) !== BigInt(PID)) return EINVAL; s.target.kill(); return OK; } },
  { prefix: 'D', run: detach },
  { prefix: 'k', exact: true, run: kill },
  { prefix: 'H', run: setThread },
  { prefix: 'T', run: isAlive },
  { prefix: 'g', exact: true, run: readGeneral },
  { prefix: 'G', run: writeGeneral },
  { prefix: 'p', run: readOne },
  { prefix: 'P', run: writeOne },
  { prefix: 'm', run: readMemory },
  { prefix: 'M', run: (s, rest) => write(s, rest, fromHex) },
  { prefix: 'X', run: (s, rest) => write(s, rest, (data) => Buffer.from(data, 'latin1')) },
  { prefix: 'Z', run: point(true) },
  { prefix: 'z', run: point(false) },
  { prefix: 'qSupported', run: qSupported },
  { prefix: 'qXfer:features:read:', run: readFeatures },
  { prefix: 'qAttached', run: () => '1' },
  { prefix: 'qC', exact: true, run: (s) => `QC${formatThreadId(0, s.multiprocess)}` },
  { prefix: 'qfThreadInfo', exact: true, run: threadInfo },
  { prefix: 'qsThreadInfo', exact: true, run: () => 'l' },
  { prefix: 'qThreadExtraInfo,', run: threadExtra },
  { prefix: 'qRcmd,', run: monitor },
  { prefix: 'qqemu.Supported', exact: true, run: () => 'sstepbits;sstep;PhyMemMode' },
  { prefix: 'qqemu.sstepbits', exact: true, run: () => Object.entries(SSTEP_BITS).map(([name, bit]) => `${name}=${bit.toString(16)}`).join(',') },
  { prefix: 'qqemu.sstep', exact: true, run: (s) => `0x${s.sstep.toString(16)}` },
  { prefix: 'Qqemu.sstep=', run: setStep },
  { prefix: 'qqemu.PhyMemMode', exact: true, run: (s) => (s.physical ? '1' : '0') },
  { prefix: 'Qqemu.PhyMemMode:', run: setPhysical },
];

/** The answer to a packet: undefined when it comes later, or never. The machine is stopped. */
export function runPacket(s: Session, packet: string): ReturnType<Handler> {
  const row = PACKETS.find((p) => packet.startsWith(p.prefix) && (!p.exact || packet === p.prefix));
  return row ? row.run(s, packet.slice(row.prefix.length)) : '';
}
