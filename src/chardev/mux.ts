// The multiplexer behind `mon:` and `mux=on`: several front ends on one back end, switched with an escape key (Ctrl-A).
import type { CharBackend, CharEvent, CharFrontend } from './backend.ts';
import { MAX_MUX } from './spec.ts';

/** A front end that wants to know when the keyboard is its own. */
export interface MuxFrontend extends CharFrontend {
  /** Also called when it attaches with the keyboard its own. */
  focus?(on: boolean): void;
}

export interface MuxOptions {
  /** Key code, 1 = Ctrl-A. */
  readonly escapeChar: number;
  /** Ctrl-A x. */
  readonly quit: () => void;
  /** Milliseconds, for the time stamps of Ctrl-A t. */
  readonly now?: () => number;
}

/** Input kept for a front end that takes none now. While it is full, escape keys are not seen either. Bytes. */
const PORT_BUFFER = 64 * 1024;
const NEWLINE = 10;

const ascii = (text: string) => Buffer.from(text, 'latin1');

/** The keys after the escape key: what they do and the line of the help. */
const KEYS: readonly { readonly key: string; readonly help: string; readonly act: (mux: Mux) => void }[] = [
  { key: 'h', help: 'print this help', act: (mux) => mux.printHelp() },
  { key: 'x', help: 'exit emulator', act: (mux) => mux.terminate() },
  { key: 's', help: 'save disk data back to file (if -snapshot)', act: () => {} },
  { key: 't', help: 'toggle console timestamps', act: (mux) => mux.toggleTimestamps() },
  { key: 'b', help: 'send break (magic sysrq)', act: (mux) => mux.sendBreak() },
  { key: 'c', help: 'switch between console and monitor', act: (mux) => mux.nextFocus() },
];

/** A front end's place at the multiplexer: to the front end, a back end of its own. */
class MuxPort implements CharBackend {
  readonly mux: Mux;
  readonly takesFocus: boolean;
  frontend: MuxFrontend | null = null;
  held: Uint8Array = new Uint8Array(0);

  constructor(mux: Mux, takesFocus: boolean) {
    this.mux = mux;
    this.takesFocus = takesFocus;
  }

  write(bytes: Uint8Array): boolean {
    return this.mux.write(bytes);
  }

  attach(frontend: MuxFrontend | null): void {
    this.frontend = frontend;
    if (!frontend) return;
    if (this.mux.isOpen) frontend.event('opened');
    if (this.mux.hasFocus(this)) frontend.focus?.(true);
    else if (this.takesFocus) this.mux.setFocus(this);
    this.flush();
  }

  acceptInput(): void {
    if (this.held.length === 0) return;
    this.flush();
    this.mux.inputTaken();
  }

  /** Hands over what the front end can take. */
  flush(): void {
    while (this.held.length > 0) {
      const room = this.frontend ? this.frontend.canReceive() : 0;
      if (room <= 0) return;
      const now = this.held.subarray(0, room);
      this.held = this.held.subarray(now.length);
      this.frontend!.receive(now);
    }
  }
}

/** Output of all front ends goes through; input goes to the one that has the focus. */
export class Mux implements CharFrontend {
  readonly #backend: CharBackend;
  readonly #options: MuxOptions;
  readonly #ports: MuxPort[] = [];
  #focused: MuxPort | undefined;
  #escaped = false;
  #timestamps = false;
  /** When the first time-stamped output was. */
  #since: number | undefined;
  #lineStart = true;
  isOpen = false;

  constructor(backend: CharBackend, options: MuxOptions) {
    this.#backend = backend;
    this.#options = options;
    backend.attach(this);
  }

  /** A place for one more front end. A monitor leaves the keyboard to the console until Ctrl-A c; of consoles, the last attached has it. */
  port(kind: 'console' | 'monitor'): CharBackend {
    if (this.#ports.length >= MAX_MUX) throw new RangeError(`a multiplexer has ${MAX_MUX} ports`);
    const port = new MuxPort(this, kind === 'console');
    this.#ports.push(port);
    this.#focused ??= port;
    return port;
  }

  hasFocus(port: MuxPort): boolean {
    return this.#focused === port;
  }

  setFocus(port: MuxPort): void {
    if (this.#focused === port) return;
    this.#focused?.frontend?.focus?.(false);
    this.#focused = port;
    port.frontend?.focus?.(true);
    port.flush();
    this.#backend.acceptInput();
  }

  inputTaken(): void {
    this.#backend.acceptInput();
  }

  write(bytes: Uint8Array): boolean {
    return this.#backend.write(this.#timestamps ? this.#stamp(bytes) : bytes);
  }

  // CharFrontend: what the back end calls

  canReceive(): number {
    return PORT_BUFFER - (this.#focused?.held.length ?? 0);
  }

  receive(bytes: Uint8Array): void {
    let from = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (this.#escaped) {
        this.#escaped = false;
        from = i + 1;
        if (byte === this.#options.escapeChar) from = i;
        else if (byte === 0x3f) this.printHelp();
        else KEYS.find(({ key }) => key.charCodeAt(0) === byte)?.act(this);
      } else if (byte === this.#options.escapeChar) {
        this.#pass(bytes.subarray(from, i));
        from = i + 1;
        this.#escaped = true;
      }
    }
    this.#pass(bytes.subarray(from));
  }

  event(event: CharEvent): void {
    if (event === 'break') {
      this.sendBreak();
      return;
    }
    this.isOpen = event === 'opened';
    for (const port of this.#ports) port.frontend?.event(event);
  }

  drained(): void {
    for (const port of this.#ports) port.frontend?.drained();
  }

  #pass(bytes: Uint8Array): void {
    const port = this.#focused;
    if (!port || bytes.length === 0) return;
    port.held = port.held.length === 0 ? new Uint8Array(bytes) : Buffer.concat([port.held, bytes]);
    port.flush();
  }

  // the keys

  printHelp(): void {
    const { escapeChar } = this.#options;
    const escape = escapeChar === 0 ? 'C-@' : escapeChar < 27 ? `C-${String.fromCharCode(escapeChar + 96)}` : `'${String.fromCharCode(escapeChar)}'`;
    const lines = [...KEYS.map(({ key, help }) => `${escape} ${key}    ${help}`), `${escape} ${escape}  sends ${escape}`];
    this.#backend.write(ascii(`\r\n${lines.join('\r\n')}\r\n`));
  }

  terminate(): void {
    this.#backend.write(ascii('mttcg: Terminated\r\n'));
    this.#options.quit();
  }

  toggleTimestamps(): void {
    this.#timestamps = !this.#timestamps;
    this.#since = undefined;
    this.#lineStart = false;
  }

  sendBreak(): void {
    this.#focused?.frontend?.event('break');
  }

  nextFocus(): void {
    if (this.#focused) this.setFocus(this.#ports[(this.#ports.indexOf(this.#focused) + 1) % this.#ports.length]);
  }

  /** Puts the time since the first stamp at the start of each line. */
  #stamp(bytes: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (let i = 0; i < bytes.length; i++) {
      if (this.#lineStart) {
        parts.push(bytes.subarray(from, i), ascii(this.#time()));
        from = i;
      }
      this.#lineStart = bytes[i] === NEWLINE;
    }
    return Buffer.concat([...parts, bytes.subarray(from)]);
  }

  #time(): string {
    const now = this.#options.now?.() ?? performance.now();
    this.#since ??= now;
    const ms = Math.floor(now - this.#since);
    const two = (n: number) => `${Math.floor(n)}`.padStart(2, '0');
    return `[${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${`${ms % 1000}`.padStart(3, '0')}] `;
  }
}
