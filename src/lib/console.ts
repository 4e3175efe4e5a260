// The serial port as a stream: what the guest writes is read from it, what is written to it the guest reads.
import { Duplex } from 'node:stream';
import type { CharBackend, CharFrontend } from '../chardev/backend.ts';

/** A Duplex of bytes. While nobody reads, output beyond the stream's buffer holds the guest's serial port back. */
export class Console extends Duplex {
  /** The guest's side. */
  readonly backend: CharBackend;
  #frontend: CharFrontend | null = null;
  #input: { bytes: Uint8Array; done: () => void } | undefined;
  #full = false;
  #expecting = false;
  /** What expect() has read and not matched yet. */
  #text = '';
  #watchers: (() => void)[] = [];

  constructor() {
    super({ allowHalfOpen: true });
    this.backend = {
      write: (bytes) => this.#output(bytes),
      attach: (frontend) => {
        this.#frontend = frontend;
        frontend?.event('opened');
        this.#feed();
      },
      acceptInput: () => this.#feed(),
    };
  }

  /** Resolves to all the text since the last match, when it matches. Reads the stream itself. Rejects when the machine ends first. */
  async expect(pattern: RegExp): Promise<string> {
    if (!this.#expecting) {
      this.#expecting = true;
      const wake = () => { for (const w of this.#watchers.splice(0)) w(); };
      this.on('data', (bytes: Buffer) => {
        this.#text += bytes.toString('latin1');
        wake();
      });
      this.once('end', wake);
    }
    for (;;) {
      const hit = pattern.exec(this.#text);
      if (hit) {
        const end = hit.index + hit[0].length, text = this.#text.slice(0, end);
        this.#text = this.#text.slice(end);
        return text;
      }
      if (this.readableEnded) throw new Error(`the machine ended before ${pattern} appeared; it wrote: ${this.#text.slice(-500)}`);
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  #output(bytes: Uint8Array): boolean {
    if (this.readableEnded || this.destroyed) return true;
    this.#full = !this.push(new Uint8Array(bytes));
    return !this.#full;
  }

  override _read(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#frontend?.drained();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.#input = { bytes: chunk, done };
    this.#feed();
  }

  /** Gives the guest what it can take. */
  #feed(): void {
    while (this.#input && this.#frontend) {
      const room = this.#frontend.canReceive(), { bytes, done } = this.#input;
      if (bytes.length === 0) {
        this.#input = undefined;
        done();
        continue;
      }
      if (room <= 0) return;
      this.#input.bytes = bytes.subarray(room);
      this.#frontend.receive(bytes.subarray(0, room));
    }
  }

  /** The machine has ended. */
  finish(): void {
    this.push(null);
  }
}
