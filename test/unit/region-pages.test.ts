// Accesses across a page border in compiled regions, where neighbouring pages lie apart in memory.
import t from 'tap';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import { assemble } from '../../src/asm/index.ts';
import { TB } from '../../src/memory/layout/tb.ts';
import { envOff } from '../../src/target/arm/env.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';

const CODE = 0x1000, FIRST = 0x20000, SECOND = 0x21000, FIRST_PHYS = 0x50000, SECOND_PHYS = 0x80000, ROUNDS = 8;

/** Each round reads wholly inside the second page, then across the border, off the same base register. */
const LOADS: Readonly<Record<string, string>> = {
  'ldr x': 'ldr x3, [x1, #8]\n ldr x4, [x1, #-4]\n add x5, x5, x4',
  'ldrh w': 'ldrh w3, [x1, #8]\n ldrh w4, [x1, #-1]\n add x5, x5, x4',
  'ldr q': 'ldr q0, [x1, #16]\n ldur q1, [x1, #-8]\n fmov x4, d1\n add x5, x5, x4\n mov x4, v1.d[1]\n add x5, x5, x4',
  'str x': 'str x2, [x1, #8]\n stur x2, [x1, #-4]\n ldr w4, [x1]\n add x5, x5, x4\n ldur w4, [x1, #-4]\n add x5, x5, x4',
};

for (const [name, body] of Object.entries(LOADS)) {
  t.test(name, (t) => {
    const bench = new A64Bench(allFeatures(true), registerFpHelpers, 1, true), { machine, engine, target, ram } = bench, { state, ram: memory } = machine.spec;
    target.moved = new Map([[FIRST, FIRST_PHYS], [SECOND, SECOND_PHYS]]);
    const pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
    const compiler = new RegionCompiler(machine, target, { pcOffset: envOff.pc, statePages: pages(state), ramPages: pages(memory) });
    bench.load(CODE, [...new Int32Array(assemble(`loop: ${body}\n subs x0, x0, #1\n b.ne loop\n udf #0\n`, { base: CODE }).code.slice().buffer)]);
    const run = (): bigint => {
      // The end of the first page, the start of the second, and what lies before that in memory.
      for (let i = 0; i < 16; i++) { ram.setUint8(FIRST_PHYS + 0xff0 + i, 0x10 + i); ram.setUint8(SECOND_PHYS + i, 0x80 + i); ram.setUint8(SECOND_PHYS - 16 + i, 0xee); }
      [ROUNDS, SECOND, 0x0123456789abcdefn].forEach((v, i) => bench.setX(i, BigInt(v)));
      bench.setX(5, 0n);
      bench.run(CODE);
      t.equal(ram.getUint8(SECOND_PHYS - 1), 0xee, 'the neighbour in memory is left alone');
      return bench.x(5);
    };
    const cold = run(), entry = engine.store.tbsOfPage(CODE / 4096).find((tb) => engine.store.phys(tb) === CODE)!;
    compiler.compileNow(entry, Atomics.load(machine.i32, machine.global('tb_gen')));
    t.not(Atomics.load(machine.i32, entry + TB.off.fn >>> 2), 0, 'compiled');
    t.equal(run(), cold, 'as in the interpreter');
    t.end();
  });
}
