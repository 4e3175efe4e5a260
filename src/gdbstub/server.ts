// The gdb stub: one session on a character device. All-stop: while gdb's packets are served the machine stands still.
import type { CharBackend, CharEvent, CharFrontend } from '../chardev/backend.ts';
import { runPacket, type Session } from './commands.ts';
import { encodePacket, MAX_PACKET, PacketReader, toHex, type LineEvent } from './packet.ts';
import type { GdbTarget, StopReason } from './target.ts';
import { formatThreadId } from './thread-id.ts';

/** Packets that may wait; then the line is not read on. */
const MAX_WAITING = 64;
/** Bytes of monitor text in one console packet. */
const CONSOLE_CHUNK = (MAX_PACKET - 1) >> 1;

const SIGTRAP = 5;
/** GDB's signal numbers for run states (QEMU's choice). */
const STATE_SIGNAL: Readonly<Record<string, number>> = { paused: 2, shutdown: 3, 'internal-error': 6, watchdog: 14, 'finish-migrate': 24, 'io-error': 29 };
const UNKNOWN_SIGNAL = 143;

export class GdbServer implements CharFrontend, Session {
  readonly target: GdbTarget;
  multiprocess = false;
  continueCpu = 0;
  generalCpu = 0;
  sstep = 7;
  physical = false;
  readonly #backend: CharBackend;
  readonly #reader = new PacketReader();
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #open = false;
  /** Number of the connection on the line (0: nobody is there), and of the one that is served: what is left of one client is not told the next. */
  #line = 0;
  #connections = 0;
  #served = 0;
  /** gdb let the machine go and waits for its next stop. */
  #resumed = false;
  /** The machine ran before gdb stopped it. */
  #wasRunning = false;
  #stop: StopReason | undefined;
  #lastSent: Buffer | undefined;
  #drained: (() => void) | undefined;

  /** Serves whoever connects to `backend`. */
  constructor(backend: CharBackend, target: GdbTarget) {
    this.#backend = backend;
    this.target = target;
    target.onStop = (reason) => {
      this.#stop = reason;
      this.#do(() => this.#reportStop());
    };
    backend.attach(this);
  }

  /** Leaves the device; a client that is connected counts as gone. */
  async close(): Promise<void> {
    this.#backend.attach(null);
    this.#do(async () => this.#leave());
    await this.#queue;
  }

  // --- the line --------------------------------------------------------------------------------------------------

  canReceive(): number { return this.#waiting < MAX_WAITING ? MAX_PACKET : 0; }

  receive(bytes: Uint8Array): void {
    for (const event of this.#reader.feed(bytes)) {
      // Acknowledgements of what we sent are no news.
      if (event.kind !== 'ack') this.#do(() => this.#event(event));
    }
  }

  event(event: CharEvent): void {
    if (event === 'opened') {
      const line = this.#line = ++this.#connections;
      this.#reader.reset();
      this.#do(() => this.#attach(line));
    }
    if (event === 'closed') {
      this.#line = 0;
      this.#do(async () => this.#leave());
    }
  }

  drained(): void {
    this.#drained?.();
    this.#drained = undefined;
  }

  /** One thing after the other, in the order they came. */
  #do(work: () => Promise<void>): void {
    this.#waiting++;
    this.#queue = this.#queue.then(work).finally(() => {
      if (this.#waiting-- === MAX_WAITING) this.#backend.acceptInput();
    });
  }

  /** A slow reader holds its own requests up, nothing else. */
  async #write(bytes: Uint8Array): Promise<void> {
    if (!this.#open || this.#served !== this.#line || this.#backend.write(bytes)) return;
    await new Promise<void>((resolve) => { this.#drained = resolve; });
  }

  async #send(data: string): Promise<void> {
    this.#lastSent = encodePacket(data);
    await this.#write(this.#lastSent);
  }

  // --- life of a connection --------------------------------------------------------------------------------------

  async #attach(line: number): Promise<void> {
    this.#open = true;
    this.#served = line;
    this.multiprocess = false;
    this.continueCpu = this.generalCpu = 0;
    this.#resumed = false;
    this.#lastSent = undefined;
    this.#wasRunning = false;
    await this.#hold();
  }

  /** Stops the machine for gdb: it goes on when the client vanishes. */
  async #hold(): Promise<void> {
    if (!this.target.running) return;
    this.#wasRunning = true;
    await this.target.stop();
  }

  /** The client is gone without a word: nothing of it stays, and the machine goes on if it was gdb that held it. */
  async #leave(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#resumed = false;
    const goesOn = this.target.running || this.#wasRunning;
    await this.target.stop();
    this.target.clearPoints();
    if (goesOn) await this.#letGo();
  }

  async detach(): Promise<void> {
    this.target.clearPoints();
    await this.#letGo();
    // The machine is its own, until a packet stops it again.
    this.#wasRunning = false;
  }

  async #letGo(): Promise<void> {
    await this.target.resume(new Map(Array.from({ length: this.target.cpus }, (_, n) => [n, 'continue'])), 0);
  }

  // --- packets ---------------------------------------------------------------------------------------------------

  async #event(event: LineEvent): Promise<void> {
    switch (event.kind) {
      case 'interrupt':
        return this.#hold();
      case 'nack':
        if (this.#lastSent) await this.#write(this.#lastSent);
        return;
      case 'bad': return this.#write(Buffer.from('-'));
      case 'packet': {
        await this.#write(Buffer.from('+'));
        if (this.target.running) {
          await this.#hold();
          await this.#reportStop();
        }
        const answer = await runPacket(this, event.data);
        if (answer !== undefined) await this.#send(answer);
      }
    }
  }

  async console(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += CONSOLE_CHUNK) await this.#send(`O${toHex(bytes.subarray(at, at + CONSOLE_CHUNK))}`);
  }

  async resume(actions: ReadonlyMap<number, 'continue' | 'step'>): Promise<void> {
    this.#stop = undefined;
    this.#resumed = true;
    this.#wasRunning = true;
    await this.target.resume(actions, this.sstep);
  }

  /** The stop reply gdb waits for, when it does. */
  async #reportStop(): Promise<void> {
    const stop = this.#stop;
    this.#stop = undefined;
    if (!stop || !this.#resumed) return;
    this.#resumed = false;
    if (stop.why === 'debug') this.continueCpu = this.generalCpu = stop.cpu;
    const signal = stop.why === 'debug' ? SIGTRAP : STATE_SIGNAL[stop.state] ?? UNKNOWN_SIGNAL;
    const watch = stop.why === 'debug' && stop.watch ? `${stop.watch.kind}watch:${stop.watch.addr.toString(16)};` : '';
    await this.#send(`T${signal.toString(16).padStart(2, '0')}thread:${formatThreadId(this.continueCpu, this.multiprocess)};${watch}`);
  }
}
