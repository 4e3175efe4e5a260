// The user's terminal in raw mode, and back to what it was on every way out of the process.
import type { ReadStream } from 'node:tty';

let raw: ReadStream | undefined;
let hooked = false;

/**
 * Raw mode: no echo, no line editing, no signals from keys; output still turns \n into \r\n.
 * Undone by leaveRawMode() and whenever the process exits by itself: process.exit(), an uncaught exception; a signal must be made
 * into such an exit by its handler (src/cli/signals.ts). What nothing can undo is a SIGKILL or a crash of the process; the
 * launcher's own Node resets the terminal then, when there is a launcher.
 */
export function enterRawMode(stdin: ReadStream): void {
  stdin.setRawMode(true);
  raw = stdin;
  if (hooked) return;
  hooked = true;
  process.on('exit', leaveRawMode);
  // The shell has changed the terminal while we were stopped.
  if (process.platform !== 'win32') process.on('SIGCONT', () => raw?.setRawMode(false).setRawMode(true));
}

export function leaveRawMode(): void {
  if (!raw?.destroyed) raw?.setRawMode(false);
  raw = undefined;
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
