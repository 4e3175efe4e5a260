// A QMP client for tests: starts the emulator with a monitor on a UNIX socket, or connects to one.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../bin/mttcg.js', import.meta.url));

export interface QmpReply { readonly return?: unknown; readonly error?: { readonly class: string; readonly desc: string }; readonly id?: unknown }
export interface QmpEvent { readonly event: string; readonly data?: Record<string, unknown>; readonly timestamp: { seconds: number; microseconds: number } }

/** One connection: requests are answered in order, events are kept. */
export class QmpClient {
  readonly socket: Socket;
  readonly events: QmpEvent[] = [];
  /** Everything received, in order. */
  readonly log: (QmpReply | QmpEvent)[] = [];
  greeting: unknown;
  #buffer = '';
  #waiting: ((reply: QmpReply) => void)[] = [];
  #watchers: (() => void)[] = [];
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => {});
    socket.on('close', () => { this.closed = true; this.#wake(); });
  }

  #take(text: string): void {
    this.#buffer += text;
    for (let end = this.#buffer.indexOf('\r\n'); end >= 0; end = this.#buffer.indexOf('\r\n')) {
      const message = JSON.parse(this.#buffer.slice(0, end)) as QmpReply & QmpEvent & { QMP?: unknown };
      this.#buffer = this.#buffer.slice(end + 2);
      this.log.push(message);
      if (message.QMP) this.greeting = message.QMP;
      else if (message.event) this.events.push(message);
      else this.#waiting.shift()?.(message);
      this.#wake();
    }
  }

  #wake(): void {
    for (const w of this.#watchers.splice(0)) w();
  }

  /** Resolves when `condition` holds after something was received. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.closed) throw new Error('the monitor is closed');
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  /** Sends text as it is; the next reply. */
  raw(text: string | Buffer): Promise<QmpReply> {
    const reply = new Promise<QmpReply>((resolve) => this.#waiting.push(resolve));
    this.socket.write(text);
    return reply;
  }

  execute(command: string, args?: Record<string, unknown>): Promise<QmpReply> {
    return this.raw(JSON.stringify({ execute: command, arguments: args }));
  }

  event(name: string): Promise<void> {
    return this.until(() => this.events.some((e) => e.event === name));
  }
}

export async function connectQmp(path: string, negotiate = true): Promise<QmpClient> {
  const client = new QmpClient(connect(path));
  await client.until(() => client.greeting !== undefined);
  if (negotiate) await client.execute('qmp_capabilities');
  return client;
}

export interface QmpProcess {
  readonly child: ChildProcess;
  readonly path: string;
  readonly dir: string;
  readonly stderr: () => string;
  /** Exit code. */
  readonly exited: Promise<number | null>;
  /** Ends it and removes its files. */
  readonly dispose: () => Promise<void>;
}

/** Starts the emulator with QMP on a socket in a directory of its own; resolves when the socket is there. */
export async function startQmp(args: readonly string[]): Promise<QmpProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'mttcg-qmp-')), path = join(dir, 'qmp');
  const child = spawn(process.execPath, [LAUNCHER, '-display', 'none', '-monitor', 'none', '-qmp', `unix:${path},server=on,wait=off`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr!.on('data', (d: Buffer) => { stderr += d.toString(); });
  child.stdout!.resume();
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  let gone = false;
  void exited.then(() => { gone = true; });
  for (;;) {
    const socket = connect(path);
    const up = await new Promise<boolean>((resolve) => { socket.once('connect', () => resolve(true)); socket.once('error', () => resolve(false)); });
    socket.destroy();
    if (up) break;
    if (gone) throw new Error(`the emulator ended: ${stderr}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  const dispose = async () => {
    if (!gone) child.kill('SIGKILL');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  };
  return { child, path, dir, stderr: () => stderr, exited, dispose };
}
