// More than 10,000 operand sets of every FP and SIMD encoding class, in both tiers: results, flags and FPSR are qemu-aarch64's.
import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARM_DECIDES, fpClasses, isOfRow } from '../../scripts/golden/fp-classes.ts';
import { rowFields } from '../support/a64-vectors.ts';
import { FpLoopBench } from '../support/fp-loop-bench.ts';
import { digest, drawRun, WORDS } from '../support/fp-sets.ts';

/** Words of a class that also run as compiled regions. */
const HOT = 4;

const file = readFileSync(join(import.meta.dirname, '../fixtures/fp/digests.bin'));
const want = new Uint32Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));

t.test('results are those of the oracle', (t) => {
  t.equal(want.length, fpClasses.length * WORDS, 'a digest a word: run scripts/golden/fp-digest-golden.ts after adding rows');
  const bench = new FpLoopBench();
  fpClasses.forEach((row, n) => {
    const fields = rowFields(row), accepts = isOfRow(row), wrong: string[] = [];
    for (let i = 0; i < WORDS; i++) {
      const run = drawRun(row, fields, i, 0, accepts), expected = want[n * WORDS + i];
      bench.load(run.word);
      if (digest(bench.run(run)) !== expected) wrong.push(`word ${i}, interpreter`);
      if (i >= HOT) continue;
      bench.compile();
      if (digest(bench.run(run)) !== expected) wrong.push(`word ${i}, region`);
    }
    bench.flush();
    if (wrong.length) t.fail(`${row.name}: npm run fuzz:fp -- --seed 0 ${row.name} shows the sets`, { wrong });
  });
  t.ok(bench.compiled >= fpClasses.length * HOT, `${bench.compiled} regions`);
  t.end();
});

t.test('where the architecture overrules the oracle, a reason is given', (t) => {
  for (const [name, { why }] of Object.entries(ARM_DECIDES)) {
    t.ok(fpClasses.some((row) => row.name === name), name);
    t.ok(why);
  }
  t.end();
});
