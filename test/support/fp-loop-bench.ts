// Runs the guest loop of fp-sets.ts on the bench machine, in the interpreter or as a compiled region.
import { assemble } from '../../src/asm/index.ts';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import { TB } from '../../src/memory/layout/tb.ts';
import { envOff, putFlag, TBFlag } from '../../src/target/arm/env.ts';
import { FPCR_UNLIKE_HOST } from '../../src/target/arm/hflags.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';
import { keyNumber } from '../../src/target/arm/sysregs/def.ts';
import { pstateRegs } from '../../src/target/arm/sysregs/pstate.ts';
import { setSystemEnvironment } from '../../src/target/arm/translate/sysreg.ts';
import { A64Bench, allFeatures } from './a64-bench.ts';
import { LOOP, LOOP_SLOT, MODES, OUT, SET, SETS, type WordRun } from './fp-sets.ts';

const CODE = 0x10000, STOP = 0x18000, INPUT = 0x20000, OUTPUT = 0x40000;

export class FpLoopBench {
  readonly bench = new A64Bench(allFeatures(true), registerFpHelpers, 1, true);
  readonly #compiler: RegionCompiler;
  readonly #loop: number[];
  /** Regions compiled so far. */
  compiled = 0;

  constructor() {
    const { machine, target } = this.bench, pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
    this.#compiler = new RegionCompiler(machine, target, { pcOffset: envOff.pc, statePages: pages(machine.spec.state), ramPages: pages(machine.spec.ram) });
    setSystemEnvironment({ regs: new Map(pstateRegs.map((r) => [keyNumber(r.key), r])), semihosting: false, psciConduit: 'none', onUnknown: () => {} });
    const { code } = assemble(LOOP);
    this.#loop = [...new Int32Array(code.buffer, code.byteOffset, code.length / 4)];
    this.bench.load(STOP, [0]);
  }

  /** Puts the word under test into the loop. */
  load(word: number): void { this.bench.load(CODE, this.#loop.map((w, i) => (i === LOOP_SLOT ? word : w))); }

  /** Results of the loaded word on all its sets. `hot`: as a compiled region where it has one already, see `compile`. */
  run({ fpcrs, sets }: WordRun): Uint8Array {
    const { bench } = this, { cpu } = bench, out = new Uint8Array(MODES * SETS * OUT.size);
    fpcrs.forEach((fpcr, m) => {
      bench.bytes.set(sets.subarray(m * SETS * SET.size, (m + 1) * SETS * SET.size), INPUT);
      cpu.st32(envOff.fpcr, fpcr);
      cpu.tbFlags = putFlag(TBFlag.TBII, 1) | putFlag(TBFlag.FP_DEFAULT, fpcr & FPCR_UNLIKE_HOST ? 0 : 1);
      bench.setX(20, BigInt(INPUT)); bench.setX(21, BigInt(OUTPUT)); bench.setX(22, BigInt(SETS)); bench.setX(30, BigInt(STOP));
      const stop = bench.run(CODE);
      if (stop.pc !== BigInt(STOP)) throw new Error(`stopped at ${stop.pc.toString(16)}, exception ${stop.excp}`);
      out.set(bench.bytes.subarray(OUTPUT, OUTPUT + SETS * OUT.size), m * SETS * OUT.size);
    });
    return out;
  }

  /** Compiles the loop that has just run: the next `run` is one of regions. */
  compile(): void {
    const { machine, engine } = this.bench, generation = Atomics.load(machine.i32, machine.global('tb_gen'));
    for (const tb of engine.store.tbsOfPage(CODE / 4096)) {
      if (engine.store.phys(tb) !== CODE) continue;
      this.#compiler.compileNow(tb, generation);
      if (Atomics.load(machine.i32, tb + TB.off.fn >>> 2) !== 0) this.compiled++;
    }
  }
  /** Forgets TBs and regions: both are finite. */
  flush(): void { this.bench.engine.store.flush(); }
}
