// The emulators that are measured against each other, and how each starts a guest.
import { spawnSync } from 'node:child_process';
import { Console, mttcg } from '../support/console.ts';

export type EmulatorName = 'mttcg' | 'interpreter' | 'profiled' | 'qemu';

export interface Emulator {
  readonly name: EmulatorName;
  readonly title: string;
  /** Starts it with QEMU's options, `-M` and `-accel` excepted. */
  start(args: readonly string[]): Console;
}

const BOARD = ['-M', 'virt,gic-version=3', '-accel', 'tcg,thread=multi'];
/** The hot tier on or off. */
const ours = (regions: '0' | '1') => (args: readonly string[]): Console => mttcg([...BOARD, ...args], { ...process.env, MTTCG_REGIONS: regions });

/** What `--tier` names: ours in another way. */
export const TIERS = ['interpreter', 'profiled'] as const satisfies readonly EmulatorName[];

export const EMULATORS: Readonly<Record<EmulatorName, Emulator>> = {
  mttcg: { name: 'mttcg', title: 'mttcg', start: ours('1') },
  interpreter: { name: 'interpreter', title: 'mttcg, interpreter only', start: ours('0') },
  profiled: { name: 'profiled', title: 'mttcg --profile-locks', start: (args) => ours('1')([...args, '--profile-locks']) },
  qemu: { name: 'qemu', title: 'qemu-system-aarch64', start: (args) => new Console('qemu-system-aarch64', [...BOARD, ...args]) },
};

/** First line of its version, or undefined when it is not installed. */
export function qemuVersion(): string | undefined {
  const { status, stdout } = spawnSync('qemu-system-aarch64', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0] : undefined;
}
