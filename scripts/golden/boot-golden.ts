// Regenerates test/fixtures/boot/placements.json: where qemu-system-aarch64 puts kernel, initrd and tree for the cases in cases.ts.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFdt } from '../../src/machine/fdt.ts';
import { BOOT_CASES, filler } from '../../test/fixtures/boot/cases.ts';
import type { Placement } from '../../test/fixtures/boot/cases.ts';
import { QEMU, runQtest } from './qtest.ts';

const RAM = 0x40000000;
/** QEMU's boot stub keeps the tree's address and the entry point behind its six instructions. */
const STUB_DTB = RAM + 24;
const STUB_ENTRY = RAM + 32;

const folder = mkdtempSync(join(tmpdir(), 'boot-golden-'));
const placements: Placement[] = [];
try {
  for (const c of BOOT_CASES) {
    const [kernel, initrd, dtb] = ['kernel', 'initrd', 'dtb'].map((n) => join(folder, n));
    writeFileSync(kernel, c.kernel());
    writeFileSync(initrd, filler(c.initrd));
    const machine = 'virt,gic-version=3';
    const args = ['-cpu', 'cortex-a72', '-smp', '2', '-m', `${c.ram / 2 ** 20}M`, '-kernel', kernel,
      ...(c.initrd ? ['-initrd', initrd] : []), ...(c.append ? ['-append', c.append] : [])];
    execFileSync(QEMU, ['-M', `${machine},dumpdtb=${dtb}`, ...args, '-display', 'none'], { stdio: 'pipe' });
    const chosen = parseFdt(readFileSync(dtb)).root.child('chosen');
    const start = chosen?.getCells('linux,initrd-start')?.[0];
    const end = chosen?.getCells('linux,initrd-end')?.[0];
    const common = {
      name: c.name,
      ...(start !== undefined && end !== undefined ? { initrd: [start, end] as const } : {}),
      ...(chosen?.props.has('bootargs') ? { bootargs: chosen.getStrings('bootargs')?.[0] } : {}),
    };
    if (c.elf) {
      const [magic] = await runQtest(['-M', machine, ...args], [`readl ${RAM}`]);
      if (magic !== 0xedfe0dd0n) throw new Error(`${c.name}: no tree at the start of RAM`);
      placements.push({ ...common, dtbAddr: RAM });
    } else {
      const [dtbAddr, entry] = await runQtest(['-M', machine, ...args], [`readq ${STUB_DTB}`, `readq ${STUB_ENTRY}`]);
      const [magic, first] = await runQtest(['-M', machine, ...args], [`readl ${dtbAddr}`, `readq ${entry}`]);
      if (magic !== 0xedfe0dd0n) throw new Error(`${c.name}: no tree at ${dtbAddr.toString(16)}`);
      placements.push({ ...common, dtbAddr: Number(dtbAddr), entry: Number(entry), firstWords: first.toString(16) });
    }
    console.log(placements.at(-1));
  }
} finally {
  rmSync(folder, { recursive: true });
}
writeFileSync(join(import.meta.dirname, '../../test/fixtures/boot/placements.json'), `${JSON.stringify(placements, null, 1)}\n`);
