// FP and SIMD kernels as compiled regions, beside qemu-aarch64 on the same code: `node test/bench/fp.ts [NAME…]`.
// Interleaved, the fastest of several short runs each: the machine does other things too.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import { assemble } from '../../src/asm/index.ts';
import { envOff, putFlag, TBFlag } from '../../src/target/arm/env.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';
import { KERNELS, source, type Kernel } from './fp-kernels.ts';

const CODE = 0x10000, STOP = 0x18000, BUFFERS = [0x20000, 0x22000], PASSES = 3;
const pages = (m: WebAssembly.Memory): number => m.buffer.byteLength / 65536;

/** ns a round of a region. */
function ours(k: Kernel, rounds: number): number {
  const bench = new A64Bench(allFeatures(true), registerFpHelpers, 1, true), { machine, engine, cpu, ram } = bench, { state, ram: memory } = machine.spec;
  const compiler = new RegionCompiler(machine, bench.target, { pcOffset: envOff.pc, statePages: pages(state), ramPages: pages(memory) });
  const { code } = assemble(source(k, false)), fpcr = k.fpcr ?? 0;
  bench.load(CODE, [...new Int32Array(code.slice().buffer)]);
  bench.load(STOP, [0]);
  for (let i = 0; i < 514; i++) { ram.setFloat64(BUFFERS[0] + 8 * i, 1 + i / 512, true); ram.setFloat64(BUFFERS[1] + 8 * i, 2 - i / 513, true); }
  cpu.tbFlags = putFlag(TBFlag.TBII, 1) | putFlag(TBFlag.FP_DEFAULT, fpcr ? 0 : 1);
  cpu.st32(envOff.fpcr, fpcr);
  cpu.st32(envOff.fpsr, 0);
  const run = (n: number): number => {
    [n, BUFFERS[0], BUFFERS[1]].forEach((v, i) => bench.setX(i, BigInt(v)));
    bench.setX(30, BigInt(STOP));
    const t = performance.now();
    bench.run(CODE);
    return (performance.now() - t) * 1e6 / n;
  };
  run(3000);
  for (const tb of engine.store.tbsOfPage(CODE / 4096)) compiler.compileNow(tb, Atomics.load(machine.i32, machine.global('tb_gen')));
  const until = performance.now() + 150;
  while (performance.now() < until) run(3000);
  return Math.min(...Array.from({ length: 5 }, () => run(rounds)));
}

const dir = mkdtempSync(join(tmpdir(), 'bench-fp-'));
try {
  const exe = join(dir, 'kernel');
  execFileSync('aarch64-linux-gnu-gcc', ['-O1', '-static', '-o', exe, join(import.meta.dirname, 'fp-kernel.c')]);
  const wanted = process.argv.slice(2), logs = new Map<string, number[]>();
  for (const k of KERNELS.filter((x) => wanted.length === 0 || wanted.some((w) => x.name.includes(w) || x.group === w))) {
    const theirs = (rounds: number): number => {
      const r = spawnSync('qemu-aarch64', ['-cpu', 'max', exe, String(rounds)], { input: assemble(source(k)).code, encoding: 'utf8' });
      if (r.status !== 0) throw new Error(`${k.name}: ${r.signal ?? r.status} ${r.stderr}`);
      return Number(r.stdout);
    };
    let here = Infinity, qemu = Infinity;
    for (let pass = 0; pass < PASSES; pass++) {
      here = Math.min(here, ours(k, 100_000));
      qemu = Math.min(qemu, theirs(100_000));
    }
    console.log(`${k.group.padEnd(8)} ${k.name.padEnd(24)} ${here.toFixed(1).padStart(7)} ns here ${qemu.toFixed(1).padStart(7)} ns QEMU  ratio ${(qemu / here).toFixed(2)}`);
    for (const g of [k.group, 'all']) logs.set(g, [...logs.get(g) ?? [], Math.log(qemu / here)]);
  }
  for (const [g, l] of logs) console.log(`${g}: geometric mean ${Math.exp(l.reduce((a, b) => a + b) / l.length).toFixed(2)} × QEMU`);
} finally {
  rmSync(dir, { recursive: true });
}
