// Runs Debian's gdb-multiarch in batch mode against an emulator, ours or QEMU.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Console } from './console.ts';

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
export const hasQemu = (): boolean => has('qemu-system-aarch64');
/** False: run. A string: why not. */
export const missingGdb = (): false | string => !has('gdb-multiarch') && 'gdb-multiarch is not installed';

/** An emulator with a gdb stub on a unix socket. */
export interface Debuggee { readonly console: Console; readonly socket: string; end(): void }

/** Starts mttcg, or QEMU, with `args` and a stub. `image`: flat binary given as -kernel. Resolves when the stub answers. */
export async function debuggee(which: 'mttcg' | 'qemu', args: readonly string[], image?: Uint8Array): Promise<Debuggee> {
  const dir = mkdtempSync(join(tmpdir(), 'gdb-')), socket = join(dir, 's');
  const all = [...args, '-gdb', `unix:${socket},server=on,wait=off`];
  if (image) {
    writeFileSync(join(dir, 'image'), image);
    all.push('-kernel', join(dir, 'image'));
  }
  const console = which === 'qemu' ? new Console('qemu-system-aarch64', all) : new Console(process.execPath, ['bin/mttcg.js', ...all]);
  let ended = false;
  void console.exit.then(() => { ended = true; });
  while (!(await answers(socket))) {
    if (ended) throw new Error(`the emulator ended: ${console.text}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  return { console, socket, end: () => { console.kill(); rmSync(dir, { recursive: true, force: true }); } };
}

/** Whether somebody listens; nothing is sent. */
const answers = (path: string): Promise<boolean> => new Promise((resolve) => {
  const s = connect(path, () => { s.destroy(); resolve(true); });
  s.on('error', () => resolve(false));
});

/** What gdb prints, errors last, when it runs the commands after connecting. */
export function gdb(socket: string, commands: readonly string[], seconds = 60): Promise<string> {
  const args = ['-nx', '-batch', ...['set pagination off', 'set confirm off', 'set width 0', `target remote ${socket}`, ...commands].flatMap((c) => ['-ex', c])];
  const child = spawn('gdb-multiarch', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '', errors = '';
  child.stdout.on('data', (d: Buffer) => { text += d.toString(); });
  child.stderr.on('data', (d: Buffer) => { errors += d.toString(); });
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
  return new Promise((resolve) => {
    child.on('close', () => { clearTimeout(timer); resolve(`${text}\n${errors}`); });
  });
}
