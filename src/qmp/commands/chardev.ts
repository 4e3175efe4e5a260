// Commands about character devices.
import type { ChardevSpec, SocketAddress } from '../../chardev/spec.ts';
import { SocketBackend } from '../../chardev/socket.ts';
import { UserError } from '../../errors.ts';
import type { QmpContext } from '../context.ts';
import { QmpError } from '../errors.ts';
import type { QmpHandlers } from '../server.ts';
import type { ChardevBackend } from '../types.ts';

const RINGBUF_SIZE = 65536;
const noChardev = (id: string) => new QmpError(`Chardev '${id}' not found`);

/** QAPI's ChardevBackend as the options of -chardev say it. QmpError for what is not there. */
function backendSpec(id: string, b: ChardevBackend): ChardevSpec {
  const common = { id, mux: false, option: 'chardev-add' };
  if (b.data.logfile !== undefined) throw new QmpError(`Failed to add chardev '${id}': 'logfile' is not available yet`);
  switch (b.type) {
    case 'null': return { ...common, backend: 'null' };
    case 'stdio': return { ...common, backend: 'stdio', signal: b.data.signal ?? true };
    case 'file':
      if (b.data.in !== undefined) throw new QmpError(`Failed to add chardev '${id}': 'in' is not available yet`);
      return { ...common, backend: 'file', path: b.data.out, append: b.data.append ?? false };
    case 'ringbuf': case 'memory': {
      const size = b.data.size ?? RINGBUF_SIZE;
      if (size < 1 || size > 2 ** 30 || 2 ** Math.round(Math.log2(size)) !== size) throw new QmpError(`Failed to add chardev '${id}': size of ringbuf chardev must be power of two`);
      return { ...common, backend: 'ringbuf', size };
    }
    case 'socket': {
      const { data } = b, server = data.server ?? true;
      for (const key of ['telnet', 'tn3270', 'websocket'] as const) if (data[key]) throw new QmpError(`Failed to add chardev '${id}': '${key}' is not available yet`);
      return { ...common, backend: 'socket', address: address(id, data.addr), server, wait: data.wait ?? false, nodelay: data.nodelay ?? false, reconnect: data.reconnect ?? 0 };
    }
  }
}

function address(id: string, a: (ChardevBackend & { type: 'socket' })['data']['addr']): SocketAddress {
  if (a.type === 'unix') return { type: 'unix', path: a.data.path };
  if (a.type !== 'inet') throw new QmpError(`Failed to add chardev '${id}': address type '${a.type}' is not available`);
  const port = Number(a.data.port);
  if (!/^\d+$/.test(a.data.port) || port > 65535) throw new QmpError(`Failed to add chardev '${id}': address resolution failed for ${a.data.host}:${a.data.port}: Servname not supported for ai_socktype`);
  return { type: 'inet', host: a.data.host, port, ...(a.data.to === undefined ? {} : { to: a.data.to }) };
}

/** Bytes of a string argument. */
function decode(data: string, format: 'utf8' | 'base64' | undefined): Buffer {
  if (format !== 'base64') return Buffer.from(data);
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(data)) throw new QmpError('Base64 data is not valid');
  return Buffer.from(data, 'base64');
}

/** True when it is a ring buffer; QmpErrors otherwise. */
function checkRingbuf({ chardevs }: QmpContext, id: string): void {
  if (!chardevs.get(id)) throw new QmpError(`Device '${id}' not found`);
  if (chardevs.readRingbuf(id, 0) === undefined) throw new QmpError(`${id} is not a ringbuf device`);
}

export const chardevCommands = {
  'query-chardev': ({ chardevs }) => chardevs.all().map(({ id, filename, frontendOpen }) => ({ label: id, filename, 'frontend-open': frontendOpen })),
  'query-chardev-backends': () => ['file', 'memory', 'null', 'ringbuf', 'socket', 'stdio'].map((name) => ({ name })),
  'ringbuf-write': (c, { device, data, format }) => {
    checkRingbuf(c, device);
    c.chardevs.writeRingbuf(device, decode(data, format));
  },
  'ringbuf-read': (c, { device, size, format }) => {
    checkRingbuf(c, device);
    if (size <= 0) throw new QmpError('size must be greater than zero');
    const bytes = Buffer.from(c.chardevs.readRingbuf(device, size)!);
    return format === 'base64' ? bytes.toString('base64') : bytes.toString('utf8');
  },
  'chardev-add': async ({ chardevs }, { id, backend }) => {
    if (chardevs.get(id)) throw new QmpError(`Chardev with id '${id}' already exists`);
    const spec = backendSpec(id, backend);
    try {
      await chardevs.add(spec);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new QmpError(`Failed to add chardev '${id}': ${error.message.replace(/^chardev-add: /, '')}`);
    }
    return {};
  },
  'chardev-remove': ({ chardevs }, { id }) => chardevs.remove(id),
  'chardev-send-break': ({ chardevs }, { id }) => {
    const backend = chardevs.get(id);
    if (!backend) throw noChardev(id);
    backend.sendBreak();
  },
  'query-yank': ({ chardevs }) => chardevs.all().filter(({ backend }) => backend instanceof SocketBackend).map(({ id }) => ({ type: 'chardev' as const, id })),
  yank: ({ chardevs }, { instances }) => {
    const found = instances.map((i) => {
      const backend = i.type === 'chardev' ? chardevs.get(i.id) : undefined;
      if (!(backend instanceof SocketBackend)) throw new QmpError('Instance not found', 'DeviceNotFound');
      return backend;
    });
    for (const backend of found) backend.disconnect();
  },
} satisfies Partial<QmpHandlers<QmpContext>>;
