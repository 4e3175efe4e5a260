// The human monitor (HMP) on a character device: line editing and a small table of commands.
import { LOG_ITEMS, parseLogItems, setLogItems } from '../log.ts';
import { UserError } from '../errors.ts';
import type { CharBackend, CharEvent } from './backend.ts';
import type { MuxFrontend } from './mux.ts';

/** What a monitor can ask of the machine. A hook that is absent makes its command unavailable. */
export interface MachineControl {
  /** Ends the emulator with that exit code. */
  quit(code: number): void;
  /** QEMU's run state: `running`, `paused`, `prelaunch`, `shutdown`, … */
  status?(): string;
  systemReset?(): void;
  /** Presses the power button. */
  systemPowerdown?(): void;
  stop?(): void;
  cont?(): void;
  /** `-name`, `-uuid`. */
  name?(): string | undefined;
  uuid?(): string | undefined;
}

/** What a monitor can see and do of the character devices. */
export interface ChardevControl {
  /** One line a chardev: `serial0: filename=stdio`. */
  list(): string[];
  /** Bytes of a ringbuf; undefined when there is no ringbuf of that name. */
  readRingbuf(id: string, max: number): Uint8Array | undefined;
  writeRingbuf(id: string, bytes: Uint8Array): boolean;
}

export interface MonitorContext {
  readonly machine: MachineControl;
  readonly chardevs: ChardevControl;
  /** `mttcg 0.1.0`. */
  readonly product: string;
}

interface Command {
  readonly names: readonly string[];
  readonly args: string;
  readonly help: string;
  /** The answer, without end of line; undefined: the end, no prompt follows. UserErrors are shown. */
  run(context: MonitorContext, args: readonly string[]): string | undefined;
}

/** A command that is one hook of the machine. */
const hook = (name: keyof MachineControl, names: readonly string[], help: string): Command => ({
  names, args: '', help,
  run: ({ machine }) => {
    const call = machine[name] as (() => void) | undefined;
    if (!call) throw new UserError('no-command', `the command ${names[0]} is not available on this machine`);
    call.call(machine);
    return '';
  },
});

const noRingbuf = (id: string) => new UserError('no-chardev', `Device '${id}' is not a ringbuf`);

export const COMMANDS: readonly Command[] = [
  { names: ['help', '?'], args: '[cmd]', help: 'show the help', run: (_, [name]) => help(name) },
  {
    names: ['info'], args: '[subcommand]', help: 'show various information about the system state: status, version, name, uuid, chardev',
    run: ({ machine, chardevs, product }, [what]) => {
      switch (what) {
        case 'status': {
          const state = machine.status?.() ?? 'running';
          return `VM status: ${state === 'running' || state === 'paused' ? state : `paused (${state})`}`;
        }
        case 'version': return product;
        case 'name': return machine.name?.() ?? '';
        case 'uuid': return machine.uuid?.() ?? '00000000-0000-0000-0000-000000000000';
        case 'chardev': return chardevs.list().join('\r\n');
        default: return 'info status  -- show the current VM status\r\ninfo version  -- show the version\r\ninfo name  -- show the current VM name\r\ninfo uuid  -- show the current VM UUID\r\ninfo chardev  -- show the character devices';
      }
    },
  },
  hook('stop', ['stop', 's'], 'stop emulation'),
  hook('cont', ['cont', 'c'], 'resume emulation'),
  hook('systemReset', ['system_reset'], 'reset the system'),
  hook('systemPowerdown', ['system_powerdown'], 'send system power down event'),
  {
    names: ['log'], args: 'item1[,...]', help: 'activate logging of the specified items (none to stop)',
    run: (_, [items]) => {
      if (items === undefined) return ['Log items (comma separated):', 'none            remove all logs', ...LOG_ITEMS.map((i) => `${i.name.padEnd(15)} ${i.help}`)].join('\r\n');
      setLogItems(items === 'none' ? 0 : parseLogItems(items));
      return '';
    },
  },
  {
    names: ['ringbuf_read'], args: 'device size', help: 'read data from a ring buffer character device',
    run: ({ chardevs }, [id = '', size = '']) => {
      if (!/^\d+$/.test(size)) throw new UserError('bad-parameter', 'ringbuf_read: expects a size');
      const bytes = chardevs.readRingbuf(id, Number(size));
      if (!bytes) throw noRingbuf(id);
      return Buffer.from(bytes).toString('latin1').replace(/[^\n\t\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`).replaceAll('\n', '\r\n');
    },
  },
  {
    names: ['ringbuf_write'], args: 'device data', help: 'write to a ring buffer character device',
    run: ({ chardevs }, [id = '', ...data]) => {
      if (!chardevs.writeRingbuf(id, Buffer.from(data.join(' ')))) throw noRingbuf(id);
      return '';
    },
  },
  { names: ['quit', 'q'], args: '', help: 'quit the emulator', run: ({ machine }) => { machine.quit(0); return undefined; } },
];

function help(name: string | undefined): string {
  const shown = name === undefined ? COMMANDS : COMMANDS.filter((c) => c.names.includes(name));
  return shown.map((c) => `${c.names.join('|')} ${c.args}${c.args ? ' ' : ''}-- ${c.help}`).join('\r\n');
}

const PROMPT = '(qemu) ';
/** Longest line; further characters are refused. */
const MAX_LINE = 4096;
const ESC = 0x1b;

/** Prints its prompt when a client connects, on a multiplexer when the keyboard comes to it. */
export class Monitor implements MuxFrontend {
  readonly #backend: CharBackend;
  readonly #context: MonitorContext;
  readonly #muxed: boolean;
  #line = '';
  #greeted = false;
  /** Inside an escape sequence of the terminal, which is swallowed. */
  #escape: '' | 'esc' | 'csi' = '';
  #previous = 0;

  constructor(backend: CharBackend, context: MonitorContext, muxed: boolean) {
    this.#backend = backend;
    this.#context = context;
    this.#muxed = muxed;
    backend.attach(this);
  }

  focus(on: boolean): void {
    if (!on) return;
    if (!this.#greeted) this.#greet();
    else this.#print(`\r\n${PROMPT}${this.#line}`);
  }

  canReceive(): number {
    return 256;
  }

  receive(bytes: Uint8Array): void {
    for (const byte of bytes) this.#key(byte);
  }

  event(event: CharEvent): void {
    if (event === 'opened' && !this.#muxed) this.#greet();
    if (event === 'closed') this.#line = '';
  }

  drained(): void {}

  #greet(): void {
    this.#greeted = true;
    this.#print(`${this.#context.product} monitor - type 'help' for more information\r\n${PROMPT}`);
  }

  #print(text: string): void {
    this.#backend.write(Buffer.from(text));
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
    const answer = this.#execute(line.trim());
    if (answer !== undefined) this.#print(`${answer === '' ? '' : `${answer}\r\n`}${PROMPT}`);
  }

  #execute(line: string): string | undefined {
    if (line === '') return '';
    return executeLine(this.#context, line);
  }
}

/** Runs one command line; the answer, without end of line. */
export function executeLine(context: MonitorContext, line: string): string | undefined {
  const [name, ...args] = line.split(/\s+/);
  const command = COMMANDS.find((c) => c.names.includes(name));
  if (!command) return `unknown command: '${name}'`;
  try {
    return command.run(context, args);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `Error: ${error.message}`;
  }
}
