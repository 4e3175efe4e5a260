// All benchmark cases: each guest program on each number of vCPUs, and what is measured from the host's side.
import { linuxFigures, type LinuxFigures } from './boot.ts';
import { buildGuest } from './build.ts';
import { EMULATORS, type EmulatorName } from './emulators.ts';
import { runGuest, type Windows } from './guest-run.ts';
import type { Case } from './measure.ts';
import { missingGuest } from '../system/guest.ts';
import { PROGRAMS, type Program } from './programs.ts';

function guestCase(p: Program, cpus: number, windows: Windows): Case {
  const [ops, op] = p.ops ?? [1, 'iteration'];
  return {
    name: cpus === p.cpus[0] ? p.name : `${p.name}/${cpus}`, program: p.name, group: p.group, cpus, unit: `ns/${op}`,
    async sample(emulator) {
      const r = await runGuest(EMULATORS[emulator], buildGuest(p), cpus, windows);
      if (r.value !== undefined) return { cost: r.value, checksums: r.checksums };
      return { cost: 1e9 / r.rate / ops, first: 1e9 / r.firstRate / ops, checksums: r.checksums };
    },
  };
}

/** What one boot of Debian gives: each figure is a case of its own. The factor turns it into the unit. */
const LINUX: readonly (readonly [figure: keyof LinuxFigures, name: string, group: string, unit: string, factor: number])[] = [
  ['boot', 'linux-boot', 'linux', 's', 1],
  ['syscalls', 'linux-syscall', 'linux', 'ns/call', 1e9],
  ['forks', 'linux-fork', 'linux', 'ms/process', 1e3],
  ['sha256', 'linux-sha256sum', 'linux', 'ns/byte', 1e9],
  ['memory', 'memory', 'memory', 'MiB', 1],
];

/** Cases that share boots: a boot made for one of them is kept for the others. */
function linuxCases(): Case[] {
  const kept = new Map<string, LinuxFigures[]>();
  return LINUX.map(([figure, name, group, unit, factor]) => ({
    name, program: name, group, cpus: 2, unit, skip: missingGuest,
    async sample(emulator: EmulatorName) {
      const own = `${name} ${emulator}`;
      let figures = kept.get(own)?.shift();
      if (!figures) {
        figures = await linuxFigures(EMULATORS[emulator]);
        for (const [, other] of LINUX) if (other !== name) kept.set(`${other} ${emulator}`, [...kept.get(`${other} ${emulator}`) ?? [], figures]);
      }
      return { cost: figures[figure] * factor };
    },
  }));
}

export const cases = (windows: Windows): Case[] => [...PROGRAMS.flatMap((p) => p.cpus.map((n) => guestCase(p, n, windows))), ...linuxCases()];
