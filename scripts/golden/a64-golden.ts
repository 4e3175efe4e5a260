// Makes test/fixtures/a64/*.vec.gz: random cases of every A64 decode row, with the outcomes qemu-aarch64 gives.
//
// node scripts/golden/a64-golden.ts [GROUP…]   needs qemu-aarch64 (qemu-user) and aarch64-linux-gnu-gcc
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DecodeRow } from '../../src/tcg/decode.ts';
import { CASE, drawState, encodeChanges, encodeFile, END, Rng, rowFields, SLOT, type Vector, type VectorFile } from '../../test/support/a64-vectors.ts';
import { goldenGroups, type GoldenGroup } from './a64-classes.ts';

const OUT = join(import.meta.dirname, '../../test/fixtures/a64');
/** Undefined encodings kept of a class. */
const KEEP_UNDEFINED = 6;
/** Candidates tried in one run of the oracle, and at most of a class. */
const BATCH = 480, MAX_CANDIDATES = 8 * BATCH;

/** The guest's memory map: two pages that the test machine has too, and the program elsewhere. */
const LINKER_SCRIPT = `ENTRY(_start)
PHDRS { guest PT_LOAD FLAGS(7); text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }
SECTIONS {
  .guestmem 0x80000 : { *(.guestmem) } :guest
  .guestcode 0x90000 : { *(.guestcode) } :guest
  .text 0x400000 : { *(.text*) *(.rodata*) *(.eh_frame*) } :text
  .data 0x500000 : { *(.data*) *(.bss*) } :data
}
`;

/** Builds the oracle; returns its path. */
function buildOracle(dir: string): string {
  const exe = join(dir, 'a64-oracle'), lds = join(dir, 'a64-oracle.ld');
  writeFileSync(lds, LINKER_SCRIPT);
  execFileSync('aarch64-linux-gnu-gcc', [
    '-O1', '-nostdlib', '-static', '-ffreestanding', '-fno-pic', '-no-pie', '-fno-builtin', '-mno-outline-atomics', '-Wall', '-Werror',
    '-Wl,-z,max-page-size=4096', '-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments', `-Wl,-T,${lds}`, '-o', exe,
    join(import.meta.dirname, 'a64-oracle.c'),
  ]);
  return exe;
}

const SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGSEGV = 11;

/** Runs cases; returns the states after. */
function runOracle(exe: string, cases: Uint8Array): DataView[] {
  // SVE off: its signal-frame record would hide the FP registers'.
  const r = spawnSync('qemu-aarch64', ['-cpu', 'max,sve=off,sme=off', exe], { input: cases, maxBuffer: 1 << 28 });
  if (r.status !== 0 || r.stdout.length !== cases.length) throw new Error(`oracle: status ${r.status} ${r.signal ?? ''}, ${r.stdout.length} of ${cases.length} bytes ${r.stderr}`);
  const out = r.stdout;
  return Array.from({ length: out.length / CASE.size }, (_, i) => new DataView(out.buffer, out.byteOffset + i * CASE.size, CASE.size));
}

/** The vectors of one class. */
function makeClass(exe: string, group: GoldenGroup, row: DecodeRow<any>): Vector[] {
  const f = rowFields(row), kept: Vector[] = [], bad: Vector[] = [];
  for (let next = 0; next < MAX_CANDIDATES && kept.length < group.keep;) {
    const batch: { words: number[]; seed: number }[] = [];
    while (batch.length < BATCH && next < MAX_CANDIDATES) {
      const seed = next++, words = group.draw(row, f, new Rng(seed * 2654435761 + row.pattern.length));
      if (words) batch.push({ words, seed });
    }
    const cases = new Uint8Array(batch.length * CASE.size);
    const before = batch.map((c, i) => {
      const d = new DataView(cases.buffer, i * CASE.size, CASE.size);
      drawState(d, row, f, c.words, c.seed, group);
      return d;
    });
    runOracle(exe, cases).forEach((after, i) => {
      const { words, seed } = batch[i], signal = after.getUint32(0, true), pc = after.getBigUint64(CASE.pc, true);
      if (![SIGILL, SIGTRAP, SIGBUS, SIGSEGV].includes(signal)) throw new Error(`${row.name}: signal ${signal}`);
      const last = BigInt(SLOT + 4 * (words.length - 1));
      const end = signal === SIGILL && pc === last ? END.UNDEFINED : signal === SIGILL ? END.NEXT : END.FAULT;
      const v = { words, seed, end, pc, changes: encodeChanges(before[i], after, group.vectors) };
      if (end === END.UNDEFINED) { if (bad.length < KEEP_UNDEFINED) bad.push(v); } else if (kept.length < group.keep) kept.push(v);
    });
  }
  if (kept.length < group.keep) throw new Error(`${group.name} ${row.name}: only ${kept.length} vectors in ${MAX_CANDIDATES} candidates`);
  return [...kept, ...bad];
}

const dir = mkdtempSync(join(tmpdir(), 'a64-'));
try {
  const exe = buildOracle(dir);
  mkdirSync(OUT, { recursive: true });
  const wanted = process.argv.slice(2);
  for (const group of goldenGroups) {
    if (wanted.length && !wanted.includes(group.name)) continue;
    const file: VectorFile = new Map();
    for (const row of group.rows) file.set(row.name, makeClass(exe, group, row));
    const raw = encodeFile(file), gz = gzipSync(raw, { level: 9 });
    writeFileSync(join(OUT, `${group.name}.vec.gz`), gz);
    console.log(`${group.name}: ${file.size} classes, ${[...file.values()].flat().length} vectors, ${gz.length} bytes`);
  }
} finally {
  rmSync(dir, { recursive: true });
}
