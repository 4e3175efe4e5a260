// FP and SIMD encodings are allocated where GNU objdump says so.
import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAllocated } from '../../scripts/golden/a64-classes.ts';
import { fpDecodeWords, isObjdumpMistake } from '../support/fp-decode-words.ts';

t.test('allocated encodings', (t) => {
  const bits = readFileSync(join(import.meta.dirname, '../fixtures/fp/decode.bin')), words = fpDecodeWords();
  t.equal(bits.length, Math.ceil(words.length / 8), 'run scripts/golden/fp-decode-golden.ts after adding rows');
  const wrong = words.filter((w, i) => !isObjdumpMistake(w) && isAllocated(w) !== ((bits[i >> 3] >> (i & 7) & 1) === 1));
  t.same(wrong.map((w) => (w >>> 0).toString(16)), []);
  t.end();
});
