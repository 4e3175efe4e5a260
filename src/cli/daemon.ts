// -daemonize: the emulator goes on in a process of its own once everything is open; the first one ends then.
import { spawn } from 'node:child_process';

/** Set for the process in the background. */
const DAEMON = 'MTTCG_DAEMON';
const READY = 'ready';

/** True in the process that goes to the background. */
export const isDaemon = (): boolean => process.env[DAEMON] !== undefined;

/** Starts this command line in the background; the exit code for the foreground: 0 when it is up, its own when it has failed. Its messages until then are shown. */
export function daemonize(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: { ...process.env, [DAEMON]: '1' },
  });
  child.stderr!.pipe(process.stderr, { end: false });
  return new Promise((resolve) => {
    child.once('message', (message) => {
      if (message !== READY) return;
      child.disconnect();
      child.unref();
      resolve(0);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** Tells the foreground that all is well. */
export function daemonReady(): void {
  // Nobody reads messages from now on.
  process.stderr.on('error', () => {});
  process.send?.(READY);
}
