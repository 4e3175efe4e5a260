// A TCP or UNIX socket as a character device: one peer at a time, as server or client.
import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { systemMessage, UserError } from '../errors.ts';
import { log } from '../log.ts';
import { streamSink } from './fd-sink.ts';
import { HostBackend } from './host-backend.ts';
import { OutputQueue } from './output-queue.ts';
import { formatAddress, type ChardevSpec, type SocketAddress, type SocketSpec } from './spec.ts';
import { FLUSH_MS } from './stdio.ts';

/** Clients that may wait for the connected one to leave; further ones are turned away. */
const BACKLOG = 8;

type Spec = ChardevSpec & SocketSpec;

const codeOf = (error: unknown) => (((error as AggregateError).errors?.[0] ?? error) as NodeJS.ErrnoException).code;

/**
 * Output while nobody is connected is dropped, as on an unplugged serial line. A slow peer holds the device back (OutputQueue).
 * A server takes the next client when one leaves; a client connects again when `reconnect` says so.
 */
export class SocketBackend extends HostBackend {
  readonly #spec: Spec;
  #address: SocketAddress;
  #server: Server | undefined;
  #peer: Socket | undefined;
  #queue: OutputQueue | undefined;
  readonly #waiting: Socket[] = [];
  #firstPeer: (() => void) | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  /** Listens or connects; with `wait`, resolves when the first client is there. UserErrors `chardev-bind`, `chardev-connect`. */
  static async open(spec: Spec): Promise<SocketBackend> {
    const backend = new SocketBackend(spec);
    if (spec.server) await backend.#listen();
    else await backend.#connect();
    return backend;
  }

  private constructor(spec: Spec) {
    super(spec.id);
    this.#spec = spec;
    this.#address = spec.address;
  }

  /** The address in use: with the port that was found, when the option left it open. */
  get address(): SocketAddress {
    return this.#address;
  }

  /** Resolves when a client has been there. */
  peer(): Promise<void> {
    return this.#peer ? Promise.resolve() : new Promise((resolve) => { this.#firstPeer = resolve; });
  }

  describe(): string {
    const kind = this.#address.type === 'unix' ? 'unix' : 'tcp';
    const text = `${kind}:${formatAddress(this.#address)}${this.#spec.server ? ',server=on' : ''}`;
    if (!this.#peer) return `disconnected:${text}`;
    return this.#peer.remoteAddress === undefined ? text : `${text} <-> ${this.#peer.remoteAddress}:${this.#peer.remotePort}`;
  }

  write(bytes: Uint8Array): boolean {
    return this.#queue?.push(bytes) ?? true;
  }

  /** Cuts the connection, whatever it waits for. */
  disconnect(): void {
    this.#peer?.destroy();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#queue?.idle(FLUSH_MS);
    for (const socket of this.#waiting) socket.destroy();
    this.#peer?.destroy();
    const server = this.#server;
    this.#server = undefined;
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  /** Removes the socket's name. */
  override exit(): void {
    if (!this.#server || this.#address.type !== 'unix') return;
    try {
      unlinkSync(this.#address.path);
    } catch {
      // somebody else has removed it
    }
  }

  protected pauseInput(): void {
    this.#peer?.pause();
  }

  protected resumeInput(): void {
    this.#peer?.resume();
  }

  // server

  async #listen(): Promise<void> {
    const { address } = this.#spec;
    const fail = (why: string) => new UserError('chardev-bind', address.type === 'unix'
      ? `${this.#spec.option}: Failed to bind socket to ${address.path}: ${why}`
      : `${this.#spec.option}: Failed to find an available port: ${why}`);
    if (address.type === 'unix' && !(await removeStale(address.path))) throw fail('Address already in use');
    const last = address.type === 'inet' ? address.to ?? address.port : 0;
    for (let port = address.type === 'inet' ? address.port : 0; ; port++) {
      try {
        this.#server = await listening(address, port);
        break;
      } catch (error) {
        // A folder that is not there is reported as one that must not be written.
        if (address.type === 'unix' && codeOf(error) === 'EACCES' && !existsSync(dirname(address.path))) throw fail('No such file or directory');
        if (codeOf(error) !== 'EADDRINUSE' || port >= last) throw fail(systemMessage(error));
      }
    }
    const bound = this.#server.address();
    if (address.type === 'inet' && typeof bound === 'object' && bound) this.#address = { type: 'inet', host: address.host, port: bound.port };
    this.#server.on('connection', (socket) => this.#arrive(socket));
    this.#server.on('error', (error) => log().warn(`chardev '${this.id}': ${error.message}`));
  }

  #arrive(socket: Socket): void {
    if (!this.#peer) this.#adopt(socket);
    else if (this.#waiting.length >= BACKLOG) socket.destroy();
    else {
      this.#waiting.push(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        const i = this.#waiting.indexOf(socket);
        if (i >= 0) this.#waiting.splice(i, 1);
      });
    }
  }

  // client

  async #connect(): Promise<void> {
    const { address, option, reconnect } = this.#spec;
    try {
      const socket = await connected(address);
      if (this.#closed) socket.destroy();
      else this.#adopt(socket);
    } catch (error) {
      if (reconnect === 0) throw new UserError('chardev-connect', `${option}: Failed to connect to '${formatAddress(address)}': ${systemMessage(error)}`);
      this.#connectLater();
    }
  }

  #connectLater(): void {
    if (this.#closed || this.#spec.reconnect === 0) return;
    this.#retry = setTimeout(() => void this.#connect(), this.#spec.reconnect * 1000);
  }

  // the peer

  #adopt(socket: Socket): void {
    this.#peer = socket;
    socket.setNoDelay(this.#spec.nodelay);
    const queue = this.#queue = new OutputQueue(this.id, streamSink(socket), {
      drained: () => this.frontend?.drained(),
      failed: () => socket.destroy(),
    });
    socket.on('data', (bytes: Buffer) => this.deliver(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      queue.close();
      this.#leave();
    });
    socket.resume();
    this.setOpen(true);
    this.#firstPeer?.();
    this.#firstPeer = undefined;
  }

  #leave(): void {
    this.#peer = undefined;
    this.#queue = undefined;
    this.dropInput();
    this.setOpen(false);
    // nothing holds the device back any more
    this.frontend?.drained();
    if (this.#closed) return;
    if (!this.#spec.server) this.#connectLater();
    const next = this.#waiting.shift();
    if (next) this.#adopt(next);
  }
}

function listening(address: SocketAddress, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    // unread bytes of a client that waits its turn stay in its socket
    const server = createServer({ pauseOnConnect: true });
    server.once('error', reject);
    const listening = () => {
      server.removeListener('error', reject);
      resolve(server);
    };
    if (address.type === 'inet') {
      // Without an address, this machine only: whoever connects can do everything the user can.
      server.listen({ host: address.host || '127.0.0.1', port }, listening);
      return;
    }
    // The name appears with the owner's rights only; listen() binds before it returns.
    const mask = process.umask(0o177);
    try {
      server.listen({ path: address.path }, listening);
    } finally {
      process.umask(mask);
    }
  });
}

function connected(address: SocketAddress): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(address.type === 'unix' ? { path: address.path } : { host: address.host || 'localhost', port: address.port });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

/** Makes way for a server at `path`: removes a socket that nobody listens on. False when the name is in use. */
async function removeStale(path: string): Promise<boolean> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return true;
  if (!stat.isSocket()) return false;
  try {
    (await connected({ type: 'unix', path })).destroy();
    return false;
  } catch (error) {
    if (codeOf(error) !== 'ECONNREFUSED') return false;
    unlinkSync(path);
    return true;
  }
}
