// Makes test/fixtures/fp/scalar.bin.gz: results and flags of every scalar FP instruction, from qemu-aarch64.
// Needs aarch64-linux-gnu-gcc and qemu-aarch64: `node scripts/golden/fp-golden.ts`.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FP_OPS } from '../../test/support/fp-ops.ts';
import { fpCases } from '../../test/support/fp-cases.ts';

/** Bytes of a state of fp-runner.c, and where its fields are. */
export const STATE = { size: 432, insn: 0, fpcr: 4, fpsr: 8, nzcv: 12, x: 16, v: 48, mem: 176 } as const;

/** Instruction words of assembler lines, in order. */
export function assemble(lines: readonly string[], dir: string): number[] {
  writeFileSync(join(dir, 'ops.s'), `.arch armv8.6-a+fp16+crypto+sha3+sm4\n${lines.join('\n')}\n`);
  execFileSync('aarch64-linux-gnu-as', ['-o', join(dir, 'ops.o'), join(dir, 'ops.s')], { stdio: ['ignore', 'inherit', 'inherit'] });
  execFileSync('aarch64-linux-gnu-objcopy', ['-O', 'binary', join(dir, 'ops.o'), join(dir, 'ops.bin')]);
  const b = readFileSync(join(dir, 'ops.bin'));
  return Array.from({ length: b.length / 4 }, (_, i) => b.readUInt32LE(4 * i));
}

/** Runs states (STATE layout, concatenated) through qemu-aarch64; returns the states afterwards. */
export function runStates(states: Buffer, dir: string): Buffer {
  const exe = join(dir, 'runner');
  execFileSync('aarch64-linux-gnu-gcc', ['-O1', '-static', '-o', exe, join(import.meta.dirname, 'fp-runner.c')]);
  const r = spawnSync('qemu-aarch64', ['-cpu', 'max', exe], { input: states, maxBuffer: states.length + 4096 });
  if (r.status !== 0 || r.stdout.length !== states.length) throw new Error(`the runner failed: ${r.signal ?? r.status} ${r.stderr}`);
  return r.stdout;
}

export function withTempDir<R>(body: (dir: string) => R): R {
  const dir = mkdtempSync(join(tmpdir(), 'fp-golden-'));
  try { return body(dir); } finally { rmSync(dir, { recursive: true }); }
}

/** Bytes of one stored result: value (8), FPSR (2). Operands are made again by the test (test/support/fp-cases.ts). */
if (import.meta.main) {
  const n = Number(process.argv[2] ?? 200), seed = BigInt(process.argv[3] ?? 1);
  const file = process.argv[4] ?? join(import.meta.dirname, '../../test/fixtures/fp/scalar.bin.gz');
  const cases = [...fpCases(FP_OPS, n, seed)];
  const results = withTempDir((dir) => {
    const words = new Map(assemble(FP_OPS.map((o) => o.asm), dir).map((w, i) => [FP_OPS[i], w]));
    const states = Buffer.alloc(STATE.size * cases.length);
    cases.forEach(({ op, c }, i) => {
      const at = i * STATE.size;
      states.writeUInt32LE(words.get(op)!, at + STATE.insn);
      states.writeUInt32LE(c.fpcr, at + STATE.fpcr);
      states.writeUInt32LE(c.fpsr, at + STATE.fpsr);
      states.writeBigUInt64LE(c.x, at + STATE.x + 8);
      c.v.forEach((v, j) => states.writeBigUInt64LE(v, at + STATE.v + 16 * (j + 1)));
    });
    const out = runStates(states, dir);
    const b = Buffer.alloc(cases.length * 10);
    cases.forEach(({ op }, i) => {
      const at = i * STATE.size;
      const raw = op.out === 'v0' ? out.readBigUInt64LE(at + STATE.v) : op.out === 'x0' ? out.readBigUInt64LE(at + STATE.x) : BigInt(out.readUInt32LE(at + STATE.nzcv));
      b.writeBigUInt64LE(BigInt.asUintN(op.bits, raw), 10 * i);
      b.writeUInt16LE(out.readUInt32LE(at + STATE.fpsr) & 0xffff, 10 * i + 8);
    });
    return b;
  });
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, gzipSync(results, { level: 9 }));
  console.log(`${FP_OPS.length} instructions, ${n} vectors each`);
}
