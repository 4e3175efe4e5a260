// Runs one benchmark guest once on one emulator and reads what it printed.
import type { Emulator } from './emulators.ts';

/** ms of the guest's windows: the first one counts from cold, the settling one is not reported. */
export interface Windows { readonly first: number; readonly settle: number; readonly measure: number }

export interface GuestRun {
  /** Iterations a second, all vCPUs together: from cold, and when the tiers have settled. */
  readonly firstRate: number;
  readonly rate: number;
  /** One for each vCPU that iterates. */
  readonly checksums: readonly string[];
  /** What the program measured itself, in ns. */
  readonly value: number | undefined;
}

/** Seconds a guest may take beyond its windows. */
const GRACE = 180;

/** Throws when the guest reports an error, the emulator ends early, or time is up. */
export async function runGuest(emulator: Emulator, image: string, cpus: number, windows: Windows): Promise<GuestRun> {
  const c = emulator.start(['-cpu', 'cortex-a72', '-smp', String(cpus), '-m', '512M', '-nographic', '-kernel', image,
    '-append', `cpus=${cpus} first=${windows.first} settle=${windows.settle} measure=${windows.measure}`]);
  let text: string;
  try {
    text = await c.expect(/^(?:END|ERROR .*)\r?\n/m, (windows.first + windows.settle + windows.measure) / 1000 + GRACE);
  } finally {
    c.kill();
    await c.exit;
  }
  const error = /^ERROR (.*)$/m.exec(text);
  if (error) throw new Error(`the guest says: ${error[1]}`);
  const lines = (what: string) => [...text.matchAll(new RegExp(`^${what} \\S+ ([0-9a-f]+) (\\d+) (\\d+) \\d+`, 'gm'))];
  const rate = (what: string) => lines(what).reduce((sum, [, , ns, n]) => sum + Number(n) / (Number(ns) / 1e9), 0);
  const value = /^VALUE \S+ (\d+)/m.exec(text);
  return { firstRate: rate('FIRST'), rate: rate('RESULT'), checksums: lines('RESULT').map((m) => m[1]), value: value ? Number(value[1]) : undefined };
}
