// Signals that ask the emulator to end: a clean end, as in QEMU.
import { constants } from 'node:os';
import { closeAllChardevs } from '../chardev/open.ts';

const QUIT_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
let quitting = false;

/** From now on such a signal writes out what the character devices hold, restores the terminal and ends the process with code 0. */
export function quitOnSignals(): void {
  for (const signal of QUIT_SIGNALS) process.on(signal, quit);
}

let quitMachine: (() => void) | undefined;

/** How such a signal ends the machine, once there is one; a second signal does not wait for that. */
export function onQuitSignal(quit: () => void): void {
  quitMachine = quit;
}

function quit(signal: NodeJS.Signals): void {
  const end = quitMachine;
  quitMachine = undefined;
  if (quitting && !end) void closeAllChardevs().finally(() => process.exit(0));
  if (quitting) return;
  quitting = true;
  process.stderr.write(`mttcg: terminating on signal ${constants.signals[signal]}\n`);
  if (end) end();
  else void closeAllChardevs().finally(() => process.exit(0));
}
