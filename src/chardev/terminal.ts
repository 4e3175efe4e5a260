// The user's terminal in raw mode, and back to what it was on every way out of the process.
import type { ReadStream } from 'node:tty';

/** Signals that end a process; the terminal is restored before they do. */
const FATAL: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'];

let raw: ReadStream | undefined;
let hooked = false;

/**
 * Raw mode: no echo, no line editing, no signals from keys; output still turns \n into \r\n.
 * Undone by leaveRawMode(), process.exit(), an uncaught exception, or a signal of FATAL. What nothing can undo is a SIGKILL
 * or a crash of the process; the launcher's own Node resets the terminal then, when there is a launcher.
 */
export function enterRawMode(stdin: ReadStream): void {
  stdin.setRawMode(true);
  raw = stdin;
  if (hooked) return;
  hooked = true;
  process.on('exit', leaveRawMode);
  for (const signal of FATAL) process.on(signal, onFatal);
  // The shell has changed the terminal while we were stopped.
  if (process.platform !== 'win32') process.on('SIGCONT', () => raw?.setRawMode(false).setRawMode(true));
}

export function leaveRawMode(): void {
  if (!raw?.destroyed) raw?.setRawMode(false);
  raw = undefined;
}

function onFatal(signal: NodeJS.Signals): void {
  leaveRawMode();
  // Somebody else decides what the signal does; alone, we do what it would have done without us.
  if (process.listenerCount(signal) > 1) return;
  process.removeListener(signal, onFatal);
  process.kill(process.pid, signal);
}

/** What the keys Ctrl-C, Ctrl-\ and Ctrl-Z do on a terminal that is not raw. */
const KEY_SIGNALS: Readonly<Record<number, NodeJS.Signals>> = { 0x03: 'SIGINT', 0x1c: 'SIGQUIT', 0x1a: 'SIGTSTP' };

/** Sends the signals of the keys in `input` to the foreground job, as the terminal itself would; returns the other bytes. */
export function takeSignalKeys(input: Uint8Array): Uint8Array {
  if (process.platform === 'win32' || !input.some((byte) => byte in KEY_SIGNALS)) return input;
  const rest: number[] = [];
  for (const byte of input) {
    const signal = KEY_SIGNALS[byte];
    if (!signal) {
      rest.push(byte);
      continue;
    }
    if (signal === 'SIGTSTP') raw?.setRawMode(false);
    process.kill(0, signal);
  }
  return Uint8Array.from(rest);
}
