// Compiles benchmark guests to arm64 Images, once for each content of their sources: the hash of all of it names the file in .cache/bench.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Program } from './programs.ts';

const GUEST = fileURLToPath(new URL('guest/', import.meta.url));
const CACHE = fileURLToPath(new URL('../../.cache/bench/', import.meta.url));
const GCC = 'aarch64-linux-gnu-gcc', OBJCOPY = 'aarch64-linux-gnu-objcopy';
/** ARMv8.0 code with exclusives, as distributions build it; vectors only where a program asks for them. */
const FLAGS = [
  '-std=gnu11', '-O2', '-ffreestanding', '-nostdlib', '-static', '-fno-pic', '-no-pie', '-mcpu=cortex-a72', '-mno-outline-atomics',
  '-fno-tree-vectorize', '-fno-tree-slp-vectorize', '-fno-math-errno', '-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-Wall', '-Wextra', '-Werror',
  '-Wl,--build-id=none', '-Wl,-z,max-page-size=4096', '-Wl,--no-warn-rwx-segments', '-I.', '-T', 'guest.ld',
];
/** No vectors: it handles interrupts without saving them; aligned: it makes the page tables before the MMU is on. */
const RUNTIME_FLAGS = ['-mgeneral-regs-only', '-mstrict-align'];

let compiler: string | undefined;
function compilerVersion(): string {
  try {
    return compiler ??= execFileSync(GCC, ['--version'], { encoding: 'utf8' }).split('\n')[0];
  } catch {
    throw new Error(`${GCC} is missing: the benchmark guests are compiled with it (Debian: gcc-aarch64-linux-gnu)`);
  }
}

/** Path of the guest's Image; `NAME.elf` beside it has the symbols. Throws when there is no cross compiler or the source does not compile. */
export function buildGuest(p: Program): string {
  const flags = [...FLAGS, ...p.flags ?? []], hash = createHash('sha256');
  hash.update([compilerVersion(), ...flags, ...RUNTIME_FLAGS].join('\n'));
  for (const file of [...globSync('{*,programs/*.h}', { cwd: GUEST }), `programs/${p.name}.c`].filter((f) => /\.\w+$/.test(f)).sort()) {
    hash.update(`\n${file}\n`).update(readFileSync(GUEST + file));
  }
  const out = `${CACHE}${p.name}-${hash.digest('hex').slice(0, 16)}`;
  if (existsSync(out)) return out;
  mkdirSync(CACHE, { recursive: true });
  const temporary = `${out}.${process.pid}`;
  const gcc = (...args: string[]) => execFileSync(GCC, args, { cwd: GUEST, stdio: ['ignore', 'inherit', 'inherit'] });
  gcc(...FLAGS.filter((f) => !/^-Wl|^-T$|\.ld$|^-static|^-no-pie|^-nostdlib/.test(f)), ...RUNTIME_FLAGS, '-c', 'runtime.c', '-o', `${temporary}.o`);
  gcc(...flags, 'start.S', 'lib.S', `${temporary}.o`, `programs/${p.name}.c`, '-lgcc', '-o', `${out}.elf`);
  execFileSync(OBJCOPY, ['-O', 'binary', `${out}.elf`, temporary]);
  renameSync(temporary, out);
  return out;
}
