// qemu-aarch64 as the oracle of operand sets: builds fp-loop.c and runs batches through it.
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { assemble } from '../../src/asm/index.ts';
import { LOOP, LOOP_SLOT, MODES, OUT, SETS, type WordRun } from '../../test/support/fp-sets.ts';

/** Builds the oracle in a folder; returns its path. */
export function buildLoopOracle(dir: string): string {
  const exe = join(dir, 'fp-loop');
  execFileSync('aarch64-linux-gnu-gcc', ['-O1', '-static', '-Wall', '-Werror', '-o', exe, join(import.meta.dirname, 'fp-loop.c')]);
  return exe;
}

/** Results of each run, in order. Error: Error when the program died, as at an undefined instruction. */
export function runLoopOracle(exe: string, runs: readonly WordRun[]): Uint8Array[] {
  const { code } = assemble(LOOP), chunks: Uint8Array[] = [new Uint8Array(new Uint32Array([code.length / 4, LOOP_SLOT]).buffer), code];
  for (const { word, fpcrs, sets } of runs) {
    const bytes = sets.length / MODES;
    fpcrs.forEach((fpcr, m) => chunks.push(new Uint8Array(new Uint32Array([word, fpcr, SETS, 0]).buffer), sets.subarray(m * bytes, (m + 1) * bytes)));
  }
  const perRun = MODES * SETS * OUT.size, r = spawnSync('qemu-aarch64', ['-cpu', 'max,sve=off,sme=off', exe], { input: Buffer.concat(chunks), maxBuffer: runs.length * perRun + 4096 });
  if (r.status !== 0 || r.stdout.length !== runs.length * perRun) throw new Error(`oracle: status ${r.status} ${r.signal ?? ''}, ${r.stdout.length} bytes ${r.stderr}`);
  const out = new Uint8Array(r.stdout);
  return runs.map((_, i) => out.subarray(i * perRun, (i + 1) * perRun));
}
