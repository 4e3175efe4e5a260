// Random operands for every FP and SIMD encoding class, against qemu-aarch64, in both tiers: results and FPSR must be equal.
//
// npm run fuzz:fp [-- [--seed N] [--rounds N] [CLASS…]]   needs qemu-aarch64 and aarch64-linux-gnu-gcc
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { DecodeRow } from '../src/tcg/decode.ts';
import { rowFields } from '../test/support/a64-vectors.ts';
import { FpLoopBench } from '../test/support/fp-loop-bench.ts';
import { drawRun, MODES, OUT, SET, SETS, WORDS, type WordRun } from '../test/support/fp-sets.ts';
import { corrected, fpClasses, isOfRow } from './golden/fp-classes.ts';
import { buildLoopOracle, runLoopOracle } from './golden/fp-loop-oracle.ts';

/** Differences printed a class and tier. */
const SHOWN = 3;

const { values, positionals } = parseArgs({ options: { seed: { type: 'string' }, rounds: { type: 'string', default: '1' } }, allowPositionals: true });
const firstSeed = values.seed === undefined ? Date.now() >>> 8 & 0xffffff : Number(values.seed), rounds = Number(values.rounds);
const rows = positionals.length ? fpClasses.filter((r) => positionals.includes(r.name)) : fpClasses;

const hex = (b: Uint8Array, at: number, n: number): string => Buffer.from(b.subarray(at, at + n)).reverse().toString('hex');
function describe({ word, fpcrs, sets }: WordRun, i: number, want: Uint8Array, got: Uint8Array): string {
  const s = i * SET.size, o = i * OUT.size, v = (n: number) => `v${n}=${hex(sets, s + SET.v + 16 * n, 16)}`;
  const result = (b: Uint8Array) => `v0=${hex(b, o, 16)} x0=${hex(b, o + OUT.x0, 8)} fpsr=${hex(b, o + OUT.fpsr, 4)} nzcv=${hex(b, o + OUT.nzcv, 4)}`;
  return `    ${(word >>> 0).toString(16).padStart(8, '0')} fpcr=${fpcrs[Math.floor(i / SETS)].toString(16)} fpsr=${hex(sets, s, 4)} ${[0, 1, 2, 3].map(v).join(' ')} x1=${hex(sets, s + SET.x1, 8)} x0=${hex(sets, s + SET.x0, 8)}
      QEMU ${result(want)}\n      here ${result(got)}`;
}

/** Compares one tier's results with QEMU's; returns how many sets differ. */
function compare(row: DecodeRow<any>, tier: string, run: WordRun, want: Uint8Array, got: Uint8Array, shown: { left: number }): number {
  let wrong = 0;
  for (let i = 0; i < MODES * SETS; i++) {
    if (Buffer.compare(want.subarray(i * OUT.size, (i + 1) * OUT.size), got.subarray(i * OUT.size, (i + 1) * OUT.size)) === 0) continue;
    if (wrong++ === 0 && shown.left-- > 0) console.log(`  ${row.name}, ${tier}:\n${describe(run, i, want, got)}`);
  }
  return wrong;
}

const dir = mkdtempSync(join(tmpdir(), 'fuzz-fp-')), bench = new FpLoopBench();
let sets = 0, failed = 0;
try {
  const exe = buildLoopOracle(dir);
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    for (const row of rows) {
      const fields = rowFields(row), accepts = isOfRow(row), shown = { left: SHOWN };
      const runs = Array.from({ length: WORDS }, (_, i) => drawRun(row, fields, i, seed, accepts));
      let wrong = 0;
      runLoopOracle(exe, runs).forEach((result, i) => {
        const run = runs[i], want = corrected(row, run, result);
        bench.load(run.word);
        wrong += compare(row, 'interpreter', run, want, bench.run(run), shown);
        bench.compile();
        wrong += compare(row, 'region', run, want, bench.run(run), shown);
      });
      bench.flush();
      sets += WORDS * MODES * SETS;
      if (wrong) { failed++; console.log(`${row.name}: ${wrong} of ${2 * WORDS * MODES * SETS} results differ`); }
    }
    console.log(`seed ${seed}: ${rows.length} classes, ${sets} operand sets so far, ${bench.compiled} regions, ${failed} classes failed`);
  }
} finally {
  rmSync(dir, { recursive: true });
}
process.exitCode = failed ? 1 : 0;
