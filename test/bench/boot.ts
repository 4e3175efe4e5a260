// Debian's kernel to the shell prompt and a few commands there. `node test/bench/boot.ts [RUNS]` measures the boot alone, `node test/bench/boot.ts memory [RUNS]` what is resident there, by kind.
import type { Console } from '../support/console.ts';
import { INITRD, KERNEL } from '../system/guest.ts';
import { EMULATORS, type Emulator } from './emulators.ts';
import { median } from './measure.ts';
import { resident } from './resident.ts';

const GUEST = ['-cpu', 'cortex-a72', '-smp', '2', '-m', '1G', '-nographic', '-kernel', KERNEL, '-initrd', INITRD, '-append', 'console=ttyAMA0 rdinit=/bin/sh'];
const RAM = 2 ** 30, MiB = 2 ** 20;
const PROMPT = /[~/] # (\x1b\[6n)?$/;

/** Boots to the prompt; the caller ends the emulator. */
async function boot(emulator: Emulator): Promise<{ console: Console; seconds: number }> {
  const begin = performance.now(), console = emulator.start(GUEST);
  try {
    await console.expect(/Run \/bin\/sh as init process/, 600);
    await console.expect(PROMPT, 120);
  } catch (error) {
    await end(console);
    throw error;
  }
  return { console, seconds: (performance.now() - begin) / 1000 };
}
async function end(c: Console): Promise<void> {
  c.kill();
  await c.exit;
}

/** Seconds from a command to its end, seen from outside. */
async function command(c: Console, line: string): Promise<number> {
  const begin = performance.now();
  c.type(`${line}; echo DO''NE\n`);
  await c.expect(/^DONE\r?\n/m, 300);
  const seconds = (performance.now() - begin) / 1000;
  await c.expect(PROMPT, 60);
  return seconds;
}

/** Commands at the prompt: what is run, how often it does its work. The first run of each warms up. */
const COMMANDS = {
  syscalls: [(n: number) => `dd if=/dev/zero of=/dev/null bs=1 count=${n / 2}`, 20_000],
  forks: [(n: number) => `i=0; while [ $i -lt ${n} ]; do /bin/date >/dev/null; i=$((i+1)); done`, 40],
  sha256: [(n: number) => `dd if=/dev/zero bs=65536 count=${n / 65536} 2>/dev/null | sha256sum`, 16 * MiB],
} as const;

/** Seconds to the prompt; MiB resident there beyond guest RAM; seconds of one system call, one fork and exec, one byte of sha256sum. */
export interface LinuxFigures { readonly boot: number; readonly memory: number; readonly syscalls: number; readonly forks: number; readonly sha256: number }

/** One boot with everything that is measured in it. */
export async function linuxFigures(emulator: Emulator): Promise<LinuxFigures> {
  const { console, seconds } = await boot(emulator);
  try {
    const memory = resident(console.child.pid!, RAM).beyondGuest / MiB, figures = { boot: seconds, memory, syscalls: 0, forks: 0, sha256: 0 };
    await command(console, 'mount -t devtmpfs none /dev');
    for (const name of ['syscalls', 'forks', 'sha256'] as const) {
      const [line, n] = COMMANDS[name];
      await command(console, line(n));
      figures[name] = await command(console, line(n)) / n;
    }
    return figures;
  } finally {
    await end(console);
  }
}

/** What is resident at the prompt, run by run. */
async function printMemory(runs: number): Promise<void> {
  for (let run = 0; run < runs; run++) {
    const { console: c } = await boot(EMULATORS.mttcg);
    const { beyondGuest, guest, kinds } = resident(c.child.pid!, RAM), mib = (bytes: number) => (bytes / MiB).toFixed(0);
    await end(c);
    console.log(`${mib(beyondGuest)} MiB beyond the guest's ${mib(guest)}: ${Object.entries(kinds).map(([kind, bytes]) => `${kind} ${mib(bytes)}`).join(', ')}`);
  }
}

if (import.meta.main && process.argv[2] === 'memory') await printMemory(Number(process.argv[3] ?? 1));
else if (import.meta.main) {
  const runs = Number(process.argv[2] ?? 3), times = { mttcg: [] as number[], qemu: [] as number[] };
  for (let run = 0; run < runs; run++) {
    for (const name of ['mttcg', 'qemu'] as const) {
      const { console: c, seconds } = await boot(EMULATORS[name]);
      await end(c);
      times[name].push(seconds);
      console.log(`run ${run + 1}: ${name} ${seconds.toFixed(1)} s to the prompt`);
    }
  }
  const [ours, theirs] = [median(times.mttcg), median(times.qemu)];
  console.log(`median: mttcg ${ours.toFixed(1)} s, qemu-system-aarch64 ${theirs.toFixed(1)} s, ratio ${(ours / theirs).toFixed(2)}`);
}
