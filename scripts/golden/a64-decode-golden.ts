// Makes test/fixtures/a64/decode.golden: random words of the base-instruction encoding space with objdump's verdict.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePattern } from '../../src/tcg/decode.ts';
import { integerGroups } from '../../src/target/arm/translate/index.ts';

const OUT = join(import.meta.dirname, '../../test/fixtures/a64/decode.golden');
/** Words a row: as it is, and with one fixed bit flipped. */
const PER_ROW = 16;
/** Words drawn uniformly from each major group. */
const PER_GROUP = 1500;

let seed = 0x2545f491;
const rnd = (): number => { seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5; return seed; };

/** Major groups by fixed bits: data processing immediate, branches, loads and stores without V, data processing register. */
const GROUPS: readonly (readonly [mask: number, value: number])[] = [
  [0x1c000000, 0x10000000], [0x7c000000, 0x14000000], [0xfe000000, 0x54000000], [0x7c000000, 0x34000000], [0xfe000000, 0xd6000000],
  [0x0e000000, 0x08000000], [0x0e000000, 0x0a000000],
];

function words(): number[] {
  const out = new Set<number>();
  for (const row of Object.values(integerGroups).flat()) {
    const { mask, value } = compilePattern(row.pattern);
    for (let k = 0; k < PER_ROW; k++) {
      const w = (rnd() & ~mask) | value;
      out.add(w >>> 0);
      let bit: number;
      do bit = 1 << (rnd() & 31); while (!(mask & bit));
      out.add((w ^ bit) >>> 0);
    }
  }
  for (const [mask, value] of GROUPS) for (let k = 0; k < PER_GROUP; k++) out.add(((rnd() & ~mask) | value) >>> 0);
  return [...out].filter((w) => GROUPS.some(([mask, value]) => (w & mask) === (value | 0) || ((w & mask) >>> 0) === value));
}

const dir = mkdtempSync(join(tmpdir(), 'a64-'));
try {
  const list = words(), bin = join(dir, 'words.bin');
  writeFileSync(bin, new Uint8Array(new Uint32Array(list).buffer));
  const text = execFileSync('aarch64-linux-gnu-objdump', ['-D', '-b', 'binary', '-m', 'aarch64', '-M', 'no-notes', bin], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const lines = text.split('\n').map((l) => /^\s*[0-9a-f]+:\t([0-9a-f]{8}) \t(.*)$/.exec(l)).filter((m) => m !== null);
  if (lines.length !== list.length) throw new Error(`objdump printed ${lines.length} of ${list.length} words`);
  const rows = lines.map(([, word, asm]) => `${word} ${asm.startsWith('.inst') || asm.includes('undefined') ? '-' : asm.split(/[\s]/)[0]}`);
  writeFileSync(OUT, `${rows.join('\n')}\n`);
  console.log(`${rows.length} words, ${rows.filter((r) => r.endsWith('-')).length} undefined, ${readFileSync(OUT).length} bytes`);
} finally {
  rmSync(dir, { recursive: true });
}
