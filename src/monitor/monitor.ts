// A human monitor on a character device: greeting, prompt, line editing, commands one after the other.
import { PassThrough, Writable } from 'node:stream';
import { createInterface, type Interface } from 'node:readline';
import type { CharBackend, CharEvent } from '../chardev/backend.ts';
import type { MuxFrontend } from '../chardev/mux.ts';
import { newHmpState, type Hmp } from './hmp.ts';

const PROMPT = '(qemu) ';
/** Longest line; further characters are refused. */
const MAX_LINE = 4096;
const ESC = 0x1b;

export interface MonitorOptions {
  /** Name and version, for the greeting. */
  readonly product: string;
  /** On a multiplexer: it greets when the keyboard first comes to it. */
  readonly muxed: boolean;
  /** The other end is a terminal: Node's readline edits, with history and completion. */
  readonly terminal: boolean;
}

/** The line as it is typed: echo and erase only, for programs and plain sockets; a terminal gets readline. */
export class Monitor implements MuxFrontend {
  readonly #backend: CharBackend;
  readonly #hmp: Hmp;
  readonly #o: MonitorOptions;
  readonly #state = newHmpState();
  readonly #lines: string[] = [];
  #busy = false;
  readonly #typed: number[] = [];
  #line = '';
  #greeted = false;
  /** Inside an escape sequence of the terminal, which is swallowed. */
  #escape: '' | 'esc' | 'csi' = '';
  #previous = 0;
  #readline: { interface: Interface; input: PassThrough } | undefined;

  constructor(backend: CharBackend, hmp: Hmp, o: MonitorOptions) {
    this.#backend = backend;
    this.#hmp = hmp;
    this.#o = o;
    backend.attach(this);
  }

  focus(on: boolean): void {
    if (!on) return;
    if (!this.#greeted) this.#greet();
    else this.#print(`\r\n${PROMPT}${this.#readline?.interface.line ?? this.#line}`);
  }

  canReceive(): number {
    return this.#busy ? 0 : 256;
  }

  receive(bytes: Uint8Array): void {
    if (this.#readline) this.#readline.input.write(bytes);
    else {
      this.#typed.push(...bytes);
      this.#takeTyped();
    }
  }

  /** What is typed while a command runs is looked at after it. */
  #takeTyped(): void {
    while (!this.#busy && this.#typed.length > 0) this.#key(this.#typed.shift()!);
  }

  event(event: CharEvent): void {
    if (event === 'opened' && !this.#o.muxed) this.#greet();
    if (event === 'closed') {
      this.#line = '';
      this.#lines.length = this.#typed.length = 0;
    }
  }

  drained(): void {}

  #greet(): void {
    this.#greeted = true;
    this.#print(`${this.#o.product} monitor - type 'help' for more information\r\n`);
    if (this.#o.terminal) this.#startReadline();
    else this.#print(PROMPT);
  }

  #startReadline(): void {
    if (this.#readline) return this.#readline.interface.prompt();
    const input = new PassThrough(), backend = this.#backend;
    const output = new Writable({ write: (chunk: Buffer, _encoding, done) => { backend.write(chunk); done(); } });
    const rl = createInterface({
      input, output, terminal: true, prompt: PROMPT, historySize: 64,
      completer: (line: string) => [this.#hmp.complete(line), line.split(/\s+/).at(-1)!],
    });
    rl.on('line', (line) => this.#submit(line));
    rl.on('SIGINT', () => rl.prompt());
    this.#readline = { interface: rl, input };
    rl.prompt();
  }

  #print(text: string): void {
    this.#backend.write(Buffer.from(text));
  }

  #prompt(): void {
    if (this.#readline) this.#readline.interface.prompt();
    else this.#print(PROMPT);
  }

  #key(byte: number): void {
    const previous = this.#previous;
    this.#previous = byte;
    if (this.#escape === 'esc') {
      this.#escape = byte === 0x5b || byte === 0x4f ? 'csi' : '';
      return;
    }
    if (this.#escape === 'csi') {
      if (byte >= 0x40) this.#escape = '';
      return;
    }
    switch (byte) {
      case ESC: this.#escape = 'esc'; break;
      case 0x0a: if (previous !== 0x0d) this.#enter(); break;
      case 0x0d: this.#enter(); break;
      case 0x08: case 0x7f: this.#erase(1); break;
      case 0x15: this.#erase(this.#line.length); break;
      case 0x03: this.#line = ''; this.#print(`\r\n${PROMPT}`); break;
      default:
        if (byte < 0x20 || this.#line.length >= MAX_LINE) break;
        this.#line += String.fromCharCode(byte);
        this.#backend.write(Uint8Array.of(byte));
    }
  }

  #erase(count: number): void {
    const n = Math.min(count, this.#line.length);
    this.#line = this.#line.slice(0, this.#line.length - n);
    this.#print('\b \b'.repeat(n));
  }

  #enter(): void {
    const line = this.#line;
    this.#line = '';
    this.#print('\r\n');
    this.#submit(line);
  }

  #submit(line: string): void {
    this.#lines.push(line);
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) {
      this.#hmp.remember(line, this.#state);
      const text = await this.#hmp.execute(line, this.#state);
      this.#print(text.replaceAll('\n', '\r\n'));
      if (this.#hmp.ended) return;
      this.#prompt();
    }
    this.#busy = false;
    this.#takeTyped();
    if (!this.#busy) this.#backend.acceptInput();
  }
}
