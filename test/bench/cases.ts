// All benchmark cases: each guest program on each number of vCPUs, and what is measured from the host's side.
import { buildGuest } from './build.ts';
import { EMULATORS } from './emulators.ts';
import { runGuest, type Windows } from './guest-run.ts';
import type { Case } from './measure.ts';
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

export const cases = (windows: Windows): Case[] => PROGRAMS.flatMap((p) => p.cpus.map((n) => guestCase(p, n, windows)));
