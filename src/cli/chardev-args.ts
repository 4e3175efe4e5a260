// -chardev, and the older one-word forms of -serial and -monitor, as ChardevSpec.
import type { BackendSpec, ChardevSpec, SocketAddress } from '../chardev/spec.ts';
import { UserError } from '../errors.ts';
import { parseInteger, QemuOpts } from './qemu-opts.ts';

/** Names of `-chardev help`. */
export const BACKENDS = ['null', 'stdio', 'file', 'socket', 'ringbuf'] as const;
/** Back ends of QEMU that are refused by name. */
const REFUSED_BACKENDS = ['pty', 'pipe', 'udp', 'serial', 'tty', 'parallel', 'parport', 'msmouse', 'wctablet', 'braille', 'testdev', 'spicevmc', 'spiceport', 'console', 'hub'];
const SOCKET_FLAGS = ['server', 'wait', 'nodelay'];
const RINGBUF_SIZE = 65536;
/** sun_path of Linux, less its terminating zero. */
const MAX_UNIX_PATH = 107;
/** Bytes of file names and the like that cannot be in a path. */
const NUL = '\0';

const notYet = (where: string, what: string) => new UserError('not-available', `${where}: character device '${what}' is not available yet`, `available are ${BACKENDS.join(', ')}`);

/** `-chardev backend,id=…`. */
export function parseChardev(text: string): ChardevSpec {
  const opts = new QemuOpts('-chardev', text, 'backend', [...SOCKET_FLAGS, 'mux', 'signal', 'append']);
  const id = opts.string('id');
  if (id === undefined) throw opts.error('chardev: no id specified');
  if (!/^[a-z][\w.-]*$/i.test(id)) throw opts.error(`Parameter 'id' expects an identifier, not '${id}'`);
  const backend = parseBackend(opts);
  const mux = opts.bool('mux') ?? false;
  opts.finish();
  return { ...backend, id, mux, option: opts.where };
}

function parseBackend(opts: QemuOpts): BackendSpec {
  const backend = opts.string('backend') ?? '';
  switch (backend) {
    case 'null': return { backend };
    case 'stdio': return { backend, signal: opts.bool('signal') ?? true };
    case 'file': {
      const path = opts.string('path');
      if (!path) throw opts.error('chardev: file: no filename given');
      return { backend, path: checkPath(opts, path), append: opts.bool('append') ?? false };
    }
    case 'ringbuf': {
      const size = opts.size('size') ?? RINGBUF_SIZE;
      if (size < 1 || size > 2 ** 30 || 2 ** Math.round(Math.log2(size)) !== size) throw opts.error('size of ringbuf chardev must be power of two');
      return { backend, size };
    }
    case 'socket': {
      const path = opts.string('path');
      if (path !== undefined) return parseSocket(opts, { type: 'unix', path: checkUnixPath(opts, path) });
      const port = opts.string('port');
      if (port === undefined) throw opts.error("chardev: socket: one of 'path' and 'port' is needed");
      return parseSocket(opts, { type: 'inet', host: opts.string('host') ?? '', port: parsePort(opts, port) });
    }
    default:
      if (REFUSED_BACKENDS.includes(backend)) throw notYet(opts.where, backend);
      throw opts.error(`'${backend}' is not a valid char driver name`, 'bad-chardev', "'-chardev help' lists them");
  }
}

function parseSocket(opts: QemuOpts, address: SocketAddress): BackendSpec {
  const server = opts.bool('server') ?? false;
  const wait = opts.bool('wait');
  const nodelay = opts.bool('nodelay') ?? false;
  const reconnect = opts.integer('reconnect') ?? 0;
  for (const name of ['telnet', 'websocket', 'tn3270']) {
    if (opts.bool(name)) throw new UserError('not-available', `${opts.where}: '${name}' is not available yet`, 'use a plain socket');
  }
  if (!server && wait !== undefined) throw opts.error("'wait' option is incompatible with socket in client connect mode");
  if (server && reconnect > 0) throw opts.error("'reconnect' option is incompatible with socket in server listen mode");
  const to = address.type === 'inet' ? opts.integer('to') : undefined;
  if (address.type === 'inet') {
    if (to !== undefined && (to < address.port || to > 65535)) throw opts.error(`Parameter 'to' is not a port from ${address.port} to 65535`);
    if (!server && address.port === 0) throw opts.error('port 0 can only be listened on');
  }
  return { backend: 'socket', address: to === undefined ? address : { ...address, to } as SocketAddress, server, wait: wait ?? server, nodelay, reconnect };
}

function parsePort(opts: QemuOpts, text: string): number {
  const port = parseInteger(text);
  if (port === undefined || port > 65535) throw opts.error(`'${text}' is not a port number`);
  return port;
}

function checkPath(opts: QemuOpts, path: string): string {
  if (path.includes(NUL)) throw opts.error('a path cannot contain a zero byte');
  return path;
}

function checkUnixPath(opts: QemuOpts, path: string): string {
  if (path === '') throw opts.error('no socket path given');
  if (Buffer.byteLength(path) > MAX_UNIX_PATH) throw opts.error(`UNIX socket path '${path}' is too long`, 'bad-parameter', `path must be at most ${MAX_UNIX_PATH} bytes`);
  return checkPath(opts, path);
}

/** `host:port`, `:port`, `[v6]:port`. */
function parseHostPort(opts: QemuOpts, text: string): SocketAddress {
  const m = /^(?:\[([^\]]*)\]|([^:]*)):([^:]+)$/.exec(text);
  if (!m) throw opts.error(`'${text}' is not an address host:port`);
  return { type: 'inet', host: m[1] ?? m[2], port: parsePort(opts, m[3]) };
}

/** What the argument of -serial or -monitor says. */
export type DeviceArg =
  | { readonly kind: 'none' }
  /** A -chardev declared elsewhere. */
  | { readonly kind: 'ref'; readonly id: string }
  /** A back end of its own; `monitor`: it is shared with a monitor (`mon:`). */
  | { readonly kind: 'new'; readonly spec: ChardevSpec; readonly monitor: boolean };

/** The argument of `-serial`, `-monitor`. `id` is the label of a chardev that it creates. */
export function parseDevice(option: string, text: string, id: string): DeviceArg {
  const where = `${option} ${text}`;
  if (text === 'none') return { kind: 'none' };
  if (text.startsWith('chardev:')) return { kind: 'ref', id: text.slice('chardev:'.length) };
  const monitor = text.startsWith('mon:');
  const body = monitor ? text.slice('mon:'.length) : text;
  const make = (backend: BackendSpec): DeviceArg => ({ kind: 'new', spec: { ...backend, id, mux: monitor, option: where }, monitor });
  // Shared with a monitor, Ctrl-C goes to the guest: there is Ctrl-A x to leave.
  if (body === 'stdio') return make({ backend: 'stdio', signal: !monitor });
  // A virtual console has no window to be in.
  if (body === 'null' || /^vc(:|$)/.test(body)) return make({ backend: 'null' });
  const [, scheme, rest] = /^(\w+):(.*)$/s.exec(body) ?? [];
  if (scheme === 'file') {
    if (rest === '') throw new UserError('bad-parameter', `${where}: no filename given`);
    return make({ backend: 'file', path: rest, append: false });
  }
  if (scheme === 'tcp' || scheme === 'unix') {
    const opts = new QemuOpts(`${option} ${text.slice(0, text.length - rest.length)}`, rest, 'address', SOCKET_FLAGS);
    const address = opts.string('address') ?? '';
    const spec = parseSocket(opts, scheme === 'unix' ? { type: 'unix', path: checkUnixPath(opts, address) } : parseHostPort(opts, address));
    opts.finish();
    return make(spec);
  }
  if (scheme === 'telnet' || scheme === 'websocket' || REFUSED_BACKENDS.includes(scheme ?? body) || body.startsWith('/dev/')) throw notYet(where, scheme ?? body);
  throw new UserError('bad-chardev', `${where}: '${body}' is not a valid char driver`, 'use stdio, mon:stdio, null, none, file:, tcp:, unix: or chardev:');
}
