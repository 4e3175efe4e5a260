// Loops of guest code with or without the lock profiler's ops, interpreted or compiled as a region.
import { syncProfile } from '../../src/accel/cpu-exec.ts';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import { assemble } from '../../src/asm/index.ts';
import { TB } from '../../src/memory/layout/tb.ts';
import { envOff } from '../../src/target/arm/env.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';
import { registerSpinHelpers } from '../../src/target/arm/helpers/spin.ts';
import { A64Bench, allFeatures } from './a64-bench.ts';

/** Where the loop is; what x10 points to (128 zero bytes), 64 bytes before x11. x1 holds 1. */
export const CODE = 0x2000, DATA = 0x80040;

export interface SpinBench { readonly b: A64Bench; run(): void }

/** A machine whose vCPU runs `body` `count` times a run. */
export function spinBench(body: string, count: number, profiled: boolean, hot: boolean): SpinBench {
  const b = new A64Bench(allFeatures(true), (t) => ({ ...registerFpHelpers(t), ...registerSpinHelpers(t) }), 1, true), { machine, cpu } = b, { spec, i32 } = machine;
  machine.profile.join(0);
  machine.profile.set(profiled);
  syncProfile(b.engine, cpu);
  const code = assemble(`1: ${body}; subs x0, x0, #1; b.ne 1b; udf #0`.replaceAll(';', '\n'), { base: CODE }).code;
  b.load(CODE, [...new Int32Array(code.slice().buffer)]);
  const run = (): void => {
    for (let n = 0; n < 128; n += 8) b.ram.setBigUint64(DATA + n, 0n, true);
    b.setX(0, BigInt(count)); b.setX(1, 1n); b.setX(10, BigInt(DATA)); b.setX(11, BigInt(DATA + 64));
    b.run(CODE);
  };
  run();
  if (hot) {
    const pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
    const compiler = new RegionCompiler(machine, b.target, { pcOffset: envOff.pc, statePages: pages(spec.state), ramPages: pages(spec.ram) });
    for (const tb of b.engine.store.tbsOfPage(CODE >>> 12)) compiler.compileNow(tb, Atomics.load(i32, machine.global('tb_gen')));
    if (!b.engine.store.tbsOfPage(CODE >>> 12).some((tb) => Atomics.load(i32, tb + TB.off.fn >>> 2) !== 0)) throw new Error('no region');
  }
  return { b, run };
}
