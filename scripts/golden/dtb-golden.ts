// Regenerates test/fixtures/dtb/*.dtb: the trees qemu-system-aarch64 7.2 generates for the configurations in configs.ts.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DTB_CONFIGS } from '../../test/fixtures/dtb/configs.ts';
import { QEMU } from './qtest.ts';

const fixtures = join(import.meta.dirname, '../../test/fixtures/dtb');
const folder = mkdtempSync(join(tmpdir(), 'dtb-golden-'));

/** QEMU dumps 1 MiB, nearly all of it free space behind the strings block: cut it off and correct totalsize. */
function trim(dtb: Buffer): Buffer {
  const end = dtb.readUInt32BE(12) + dtb.readUInt32BE(32);
  const trimmed = Buffer.from(dtb.subarray(0, end));
  trimmed.writeUInt32BE(end, 4);
  return trimmed;
}

try {
  for (const { name, machine, args } of DTB_CONFIGS) {
    const file = join(folder, `${name}.dtb`);
    execFileSync(QEMU, ['-M', `virt,${machine},dumpdtb=${file}`, ...args, '-display', 'none'], { stdio: 'pipe' });
    writeFileSync(join(fixtures, `${name}.dtb`), trim(readFileSync(file)));
    console.log(name);
  }
} finally {
  rmSync(folder, { recursive: true });
}
