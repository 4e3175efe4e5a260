// Makes test/fixtures/fp/digests.bin: for each FP and SIMD encoding class and word, the digest of qemu-aarch64's results on its operand sets.
//
// node scripts/golden/fp-digest-golden.ts   needs qemu-aarch64 and aarch64-linux-gnu-gcc
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rowFields } from '../../test/support/a64-vectors.ts';
import { digest, drawRun, MODES, SETS, WORDS } from '../../test/support/fp-sets.ts';
import { corrected, fpClasses, isOfRow } from './fp-classes.ts';
import { buildLoopOracle, runLoopOracle } from './fp-loop-oracle.ts';

const dir = mkdtempSync(join(tmpdir(), 'fp-digest-'));
try {
  const exe = buildLoopOracle(dir), digests = new Uint32Array(fpClasses.length * WORDS);
  fpClasses.forEach((row, n) => {
    const fields = rowFields(row), accepts = isOfRow(row), runs = Array.from({ length: WORDS }, (_, i) => drawRun(row, fields, i, 0, accepts));
    runLoopOracle(exe, runs).forEach((results, i) => { digests[n * WORDS + i] = digest(corrected(row, runs[i], results)); });
  });
  writeFileSync(join(import.meta.dirname, '../../test/fixtures/fp/digests.bin'), new Uint8Array(digests.buffer));
  console.log(`${fpClasses.length} classes, ${fpClasses.length * WORDS * MODES * SETS} operand sets, ${digests.byteLength} bytes`);
} finally {
  rmSync(dir, { recursive: true });
}
