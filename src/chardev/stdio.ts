// The process's standard input and output as a character device.
import { constants, fstatSync, openSync } from 'node:fs';
import { isatty, type ReadStream } from 'node:tty';
import { log } from '../log.ts';
import { fdSink, streamSink } from './fd-sink.ts';
import { HostBackend } from './host-backend.ts';
import { OutputQueue, type Sink } from './output-queue.ts';
import { enterRawMode, leaveRawMode, takeSignalKeys } from './terminal.ts';

const STDIN = 0;
const STDOUT = 1;
/** Longest wait for output to get out at the end. Milliseconds. */
export const FLUSH_MS = 500;

function isPipe(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket();
}

/**
 * A descriptor of standard output's own terminal that never blocks: a frozen terminal must not keep the process from ending.
 * The flag goes on a description of our own, since the parent shares the inherited one.
 */
function terminalOutput(): number {
  try {
    return openSync(process.platform === 'linux' ? '/proc/self/fd/1' : '/dev/tty', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return STDOUT;
  }
}

function stdoutSink(): Sink {
  if (!isPipe(STDOUT)) return fdSink(isatty(STDOUT) && process.platform !== 'win32' ? terminalOutput() : STDOUT);
  process.stdout.on('error', () => {});
  return streamSink(process.stdout);
}

/** Raw when standard input is a terminal. The end of standard input closes the line for the guest, nothing more. */
export class StdioBackend extends HostBackend {
  readonly #signal: boolean;
  readonly #queue: OutputQueue;

  /** `signal`: Ctrl-C and its like act on the emulator. */
  constructor(id: string, signal: boolean) {
    super(id);
    this.#signal = signal;
    this.#queue = new OutputQueue(id, stdoutSink(), {
      drained: () => this.frontend?.drained(),
      failed: (error) => {
        log().warn(`standard output is closed: ${error.message}`);
        this.frontend?.drained();
      },
    });
    const tty = isatty(STDIN);
    if (tty) enterRawMode(process.stdin as ReadStream);
    const take = tty && this.#signal ? takeSignalKeys : (bytes: Uint8Array) => bytes;
    process.stdin.on('data', (bytes: Buffer) => {
      const input = take(bytes);
      if (input.length > 0) this.deliver(input);
    });
    process.stdin.on('end', () => this.setOpen(false));
    process.stdin.on('error', () => this.setOpen(false));
    this.setOpen(true);
  }

  describe(): string {
    return 'stdio';
  }

  write(bytes: Uint8Array): boolean {
    return this.#queue.push(bytes);
  }

  async close(): Promise<void> {
    this.pauseInput();
    await this.#queue.idle(FLUSH_MS);
    this.#queue.close();
    leaveRawMode();
  }

  protected pauseInput(): void {
    process.stdin.pause();
  }

  protected resumeInput(): void {
    process.stdin.resume();
  }
}
