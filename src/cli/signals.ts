// Signals that ask the emulator to end: a clean end, as in QEMU.
import { constants } from 'node:os';
import { closeAllChardevs } from '../chardev/open.ts';

const QUIT_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
let quitting = false;

/** From now on such a signal writes out what the character devices hold, restores the terminal and ends the process with code 0. */
export function quitOnSignals(): void {
  for (const signal of QUIT_SIGNALS) process.on(signal, quit);
}

function quit(signal: NodeJS.Signals): void {
  if (quitting) return;
  quitting = true;
  process.stderr.write(`mttcg: terminating on signal ${constants.signals[signal]}\n`);
  void closeAllChardevs().finally(() => process.exit(0));
}
