// Makes test/fixtures/fp/decode.bin: one bit a word of test/support/fp-decode-words.ts, set where GNU objdump knows an instruction.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fpDecodeWords } from '../../test/support/fp-decode-words.ts';

const dir = mkdtempSync(join(tmpdir(), 'fp-decode-'));
try {
  const words = fpDecodeWords(), bin = join(dir, 'words.bin'), bits = new Uint8Array(Math.ceil(words.length / 8));
  writeFileSync(bin, new Uint8Array(new Int32Array(words).buffer));
  const text = execFileSync('aarch64-linux-gnu-objdump', ['-D', '-b', 'binary', '-m', 'aarch64', '-M', 'no-notes', bin], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const lines = text.split('\n').map((l) => /^\s*[0-9a-f]+:\t[0-9a-f]{8} \t(.*)$/.exec(l)).filter((m) => m !== null);
  if (lines.length !== words.length) throw new Error(`objdump printed ${lines.length} of ${words.length} words`);
  lines.forEach(([, asm], i) => { if (!/^\.inst|undefined/.test(asm)) bits[i >> 3] |= 1 << (i & 7); });
  writeFileSync(join(import.meta.dirname, '../../test/fixtures/fp/decode.bin'), bits);
  console.log(`${words.length} words, ${bits.length} bytes`);
} finally {
  rmSync(dir, { recursive: true });
}
