// Opens the character devices of a machine, wires multiplexers and monitors, and closes everything at the end.
import { UserError } from '../errors.ts';
import { NullBackend, type CharBackend } from './backend.ts';
import { FileBackend } from './file.ts';
import type { HostBackend } from './host-backend.ts';
import { Mux } from './mux.ts';
import { NullHostBackend, RingbufBackend } from './ringbuf.ts';
import { SocketBackend } from './socket.ts';
import type { ChardevOptions, ChardevSpec, MonitorSpec } from './spec.ts';
import { StdioBackend } from './stdio.ts';

/** QEMU's suffix of the host's side of a multiplexer. */
const BASE = '-base';

/** Everything open in this process, for the way out. */
const live = new Set<HostBackend>();
let hooked = false;

function track(backend: HostBackend): HostBackend {
  live.add(backend);
  if (!hooked) {
    hooked = true;
    process.on('exit', () => {
      for (const b of live) b.exit();
    });
  }
  return backend;
}

async function openOne(spec: ChardevSpec): Promise<HostBackend> {
  switch (spec.backend) {
    case 'null': return new NullHostBackend(spec.id);
    case 'stdio': return new StdioBackend(spec.id, spec.signal);
    case 'file': return FileBackend.open(spec);
    case 'ringbuf': return new RingbufBackend(spec.id, spec.size);
    case 'socket': return SocketBackend.open(spec);
  }
}

/** Closes what openChardevs() opened in this process: queued output gets half a second to leave. */
export async function closeAllChardevs(): Promise<void> {
  const all = [...live];
  live.clear();
  await Promise.all(all.map((backend) => backend.close()));
}

/** The open character devices of a machine. */
export class Chardevs {
  readonly #backends: Map<string, HostBackend>;
  readonly #serials: readonly CharBackend[];
  /** Ids that a device or a monitor uses. */
  readonly #used: Set<string>;
  /** The back end of the gdb stub, when -gdb is given. */
  readonly gdb: CharBackend | undefined;

  constructor(backends: Map<string, HostBackend>, serials: readonly CharBackend[], used: Set<string> = new Set(), gdb?: CharBackend) {
    this.#backends = backends;
    this.#serials = serials;
    this.#used = used;
    this.gdb = gdb;
  }

  /** Each with its id; `frontendOpen`: a device or a monitor is connected to it. A multiplexer and its host's side are two. */
  all(): { id: string; filename: string; backend: HostBackend | undefined; frontendOpen: boolean }[] {
    return [...this.#backends].flatMap(([id, backend]) => {
      const host = { id, filename: backend.describe(), backend, frontendOpen: this.#used.has(id) };
      return backend.muxed ? [{ ...host, filename: 'mux', backend: undefined }, { ...host, id: `${id}${BASE}` }] : [host];
    });
  }

  /** Opens one more (`chardev-add`). UserErrors of opening it. */
  async add(spec: ChardevSpec): Promise<HostBackend> {
    if (this.#backends.has(spec.id)) throw new UserError('duplicate-id', `Chardev with id '${spec.id}' already exists`);
    const backend = track(await openOne(spec));
    this.#backends.set(spec.id, backend);
    return backend;
  }

  /** Something uses it from now on, or no longer. UserErrors `no-chardev`, `chardev-in-use`. */
  use(id: string, used = true): void {
    if (!this.#backends.has(id)) throw new UserError('no-chardev', `Chardev '${id}' not found`);
    if (used && this.#used.has(id)) throw new UserError('chardev-in-use', `Chardev '${id}' is busy`);
    if (used) this.#used.add(id);
    else this.#used.delete(id);
  }

  /** Closes one (`chardev-remove`). UserErrors `no-chardev`, `chardev-in-use`. */
  async remove(id: string): Promise<void> {
    const backend = this.get(id);
    if (!backend) throw new UserError('no-chardev', `Chardev '${id}' not found`);
    if (this.#used.has(id) || !this.#backends.has(id)) throw new UserError('chardev-in-use', `Chardev '${id}' is busy`);
    this.#backends.delete(id);
    live.delete(backend);
    await backend.close();
    backend.exit();
  }

  /** The back end of serial port `index`; one that swallows everything when there is none. */
  serial(index: number): CharBackend {
    return this.#serials[index] ?? new NullBackend();
  }

  /** By its id; the host's side of a multiplexer also as `ID-base`, QEMU's name of it. */
  get(id: string): HostBackend | undefined {
    const base = id.endsWith(BASE) ? this.#backends.get(id.slice(0, -BASE.length)) : undefined;
    return this.#backends.get(id) ?? (base?.muxed ? base : undefined);
  }

  /** Lines of `info chardev`. */
  list(): string[] {
    return this.all().map(({ id, filename }) => `${id}: filename=${filename}`);
  }

  readRingbuf(id: string, max: number): Uint8Array | undefined {
    const backend = this.#backends.get(id);
    return backend instanceof RingbufBackend ? backend.read(max) : undefined;
  }

  writeRingbuf(id: string, bytes: Uint8Array): boolean {
    const backend = this.#backends.get(id);
    return backend instanceof RingbufBackend && backend.write(bytes);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#backends.values()].map((b) => {
      live.delete(b);
      return b.close();
    }));
  }
}

export interface ChardevHooks {
  /** The escape key's `x`. */
  readonly quit: () => void;
  /** Nothing can fail any more but itself; clients are not yet waited for. */
  readonly opened?: () => void;
  /** Puts a monitor on its end of the line. */
  readonly monitor?: (spec: MonitorSpec, backend: CharBackend, muxed: boolean, chardevs: Chardevs) => void;
}

/**
 * Opens everything; resolves when each server with wait=on has its client. Monitors answer from then on. On a UserError
 * nothing stays open.
 */
export async function openChardevs(options: ChardevOptions, hooks: ChardevHooks): Promise<Chardevs> {
  const backends = new Map<string, HostBackend>();
  const open = async (...kinds: ChardevSpec['backend'][]) => {
    for (const spec of options.chardevs.filter((s) => kinds.includes(s.backend))) backends.set(spec.id, track(await openOne(spec)));
  };
  try {
    // What may be in use first, then files, which are emptied, and the terminal last: while clients are awaited, it still does what Ctrl-C means.
    await open('socket');
    await open('file', 'null', 'ringbuf');
    hooks.opened?.();
    for (const [id, backend] of backends) await waitForPeer(options.chardevs.find((s) => s.id === id)!, backend);
    await open('stdio');
  } catch (error) {
    await new Chardevs(backends, []).close();
    throw error;
  }

  const muxes = new Map<string, Mux>();
  for (const spec of options.chardevs) {
    if (!spec.mux) continue;
    const backend = backends.get(spec.id)!;
    backend.muxed = true;
    muxes.set(spec.id, new Mux(backend, { escapeChar: options.escapeChar, quit: hooks.quit }));
  }
  const end = (id: string, kind: 'console' | 'monitor') => muxes.get(id)?.port(kind) ?? backends.get(id)!;
  const serials = options.serials.map((id) => (id === null ? new NullBackend() : end(id, 'console')));
  const gdb = options.gdb === undefined ? undefined : end(options.gdb, 'console');
  const used = new Set([...options.serials.filter((id) => id !== null), ...options.monitors.map((m) => m.chardev), ...(options.gdb === undefined ? [] : [options.gdb])]);
  const chardevs = new Chardevs(backends, serials, used, gdb);
  for (const spec of options.monitors) hooks.monitor?.(spec, end(spec.chardev, 'monitor'), muxes.has(spec.chardev), chardevs);
  return chardevs;
}

async function waitForPeer(spec: ChardevSpec, backend: HostBackend): Promise<void> {
  if (!(backend instanceof SocketBackend) || spec.backend !== 'socket' || !spec.server || !spec.wait) return;
  process.stderr.write(`mttcg: ${spec.option}: info: waiting for connection on: ${backend.describe()}\n`);
  await backend.peer();
}
