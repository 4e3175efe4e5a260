// Runs the bare-metal test guests on QEMU and keeps their output: `node scripts/golden/guest-golden.ts [NAME…]`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { GUESTS, maskKeys } from '../../test/guests/index.ts';
import { sysregGuest } from '../../test/guests/sysregs.ts';
import { QEMU } from './qtest.ts';

const FIXTURES = join(import.meta.dirname, '../../test/fixtures/guests');
const dir = mkdtempSync(join(tmpdir(), 'guest-golden-'));

/** Serial output of a flat image. Error: Error when it has not powered off after 60 s. */
function runQemu(image: Uint8Array, cpu: string, cpus: number, more: readonly string[] = []): string {
  const file = join(dir, 'guest.bin'), out = join(dir, 'serial');
  writeFileSync(file, image);
  execFileSync(QEMU, [
    '-M', 'virt,gic-version=3', '-cpu', cpu, '-smp', `${cpus}`, '-m', '128M', '-display', 'none', '-monitor', 'none', '-serial', `file:${out}`,
    '-no-reboot', '-nodefaults', '-kernel', file, ...more,
  ], { timeout: 60_000, stdio: ['ignore', 'ignore', 'inherit'] });
  return readFileSync(out, 'latin1');
}

/** Registers by pass letter, from the lines of the sysregs guest; refused ones left out. */
function keysOf(output: string, pass: string): Set<number> {
  return new Set(output.split('\n').map((l) => l.split(' ')).filter((w) => w[0] === pass && !w[2]?.startsWith('!')).map((w) => parseInt(w[1], 16)));
}

const wanted = process.argv.slice(2);
mkdirSync(FIXTURES, { recursive: true });
try {
  for (const g of GUESTS) {
    if (wanted.length > 0 && !wanted.includes(g.name)) continue;
    for (const model of g.models) {
      const off = g.without?.[model];
      let output = runQemu(g.image(model), off === undefined ? model : `${model},${off}`, g.cpus ?? 1, g.semihosting ? ['-semihosting'] : []);
      // The writable bits are found out in a second run, for the registers that the first one found.
      if (g.name === 'sysregs') output += runQemu(sysregGuest([], maskKeys(keysOf(output, 'R'), keysOf(output, 'W'))), model, 1);
      writeFileSync(join(FIXTURES, `${g.name}.${model}.gz`), gzipSync(output, { level: 9 }));
      console.log(`${g.name} ${model}: ${output.split('\n').length - 1} lines`);
    }
  }
} finally {
  rmSync(dir, { recursive: true });
}
