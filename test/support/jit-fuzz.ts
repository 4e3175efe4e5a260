// Runs a random program on the interpreter and as regions, with faults, flushes and devices in its way, and compares.
import { createHash } from 'node:crypto';
import { findTb } from '../../src/accel/cpu-exec.ts';
import { GuestSpins } from '../../src/accel/guest-spins.ts';
import type { LocalDevice } from '../../src/accel/io.ts';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import { assemble } from '../../src/asm/index.ts';
import { CPUState } from '../../src/memory/layout/cpu.ts';
import { CF_PROFILE, TB } from '../../src/memory/layout/tb.ts';
import { envOff, putFlag, TBFlag } from '../../src/target/arm/env.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';
import { registerSpinHelpers } from '../../src/target/arm/helpers/spin.ts';
import { EXCP } from '../../src/target/arm/syndrome.ts';
import { keyNumber } from '../../src/target/arm/sysregs/def.ts';
import { pstateRegs } from '../../src/target/arm/sysregs/pstate.ts';
import { setSystemEnvironment } from '../../src/target/arm/translate/sysreg.ts';
import { A64Bench, allFeatures, DEVICE } from './a64-bench.ts';
import { BACK_EDGES, BASES, CODE, DATA, DEVICE_PAGE, Draw, program, SIDE, SIDE_CODE } from './jit-programs.ts';

/** Stops of one run at most. */
const MAX_STOPS = 200;
/** Accesses at which a checked run is stopped: each up to this, so many of the later ones. */
const EACH_STOP = 12, LATER_STOPS = 4, LATEST_STOP = 80;
const ALL_MODES = 7;
const RET = 0xd65f03c0;

/** What is seen at a stop: the exception, and a digest of registers, flags and memory. */
interface Stop { readonly excp: number; readonly syndrome: number; readonly vaddress: string; readonly pc: string; readonly state: string; readonly registers: string }

/** A device that changes the mapping while the block that accesses it runs. */
class Meddler implements LocalDevice {
  #n = 0;
  meddle: (what: number) => void = () => {};
  reset(): void { this.#n = 0; }
  read(offset: number, size: number): number {
    this.#n++;
    this.meddle(this.#n * 3 + offset);
    return Math.imul(this.#n * 8 + size, 0x9e3779b1) >>> 0;
  }
  write(offset: number, _size: number, value: number): void {
    this.#n += value & 7;
    this.meddle(value ^ offset);
  }
}

/** Half of the programs without FEAT_LSE2: pairs are accessed by halves. */
const FEATURES = [allFeatures(true), new Proxy(allFeatures(true), { get: (_, name) => name !== 'lse2' })];

export class JitFuzz {
  readonly #device = new Meddler();
  readonly #bench: A64Bench;
  readonly #compiler: RegionCompiler;
  /** Figures. */
  programs = 0;
  regions = 0;
  stops = 0;
  checks = 0;

  constructor() {
    const bench = this.#bench = new A64Bench(allFeatures(true), (t) => ({ ...registerFpHelpers(t), ...registerSpinHelpers(t) }), 1, true, undefined, undefined, { check: true, device: this.#device });
    const { machine, target } = bench, pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
    this.#compiler = new RegionCompiler(machine, target, { pcOffset: envOff.pc, statePages: pages(machine.spec.state), ramPages: pages(machine.spec.ram) });
    setSystemEnvironment({ regs: new Map(pstateRegs.map((r) => [keyNumber(r.key), r])), semihosting: false, psciConduit: 'none', onUnknown: () => {} });
    this.#device.meddle = (what) => {
      // Every fourth access of the device unmaps a page; every second flushes.
      if (what % 4 === 0) this.#unmap(DATA[(what >>> 2) % DATA.length]);
      else if (what % 2 === 0) bench.engine.mmu(bench.cpu).tlbFlush(ALL_MODES);
    };
  }

  #mapped = new Set<number>();
  #setPages(): void { this.#bench.target.pages = [CODE, DEVICE_PAGE, ...this.#mapped]; }
  #unmap(page: number): void {
    this.#mapped.delete(page);
    this.#setPages();
    this.#bench.engine.mmu(this.#bench.cpu).tlbFlushPage(page, 0, ALL_MODES);
  }

  /** Registers, memory and mapping at the start of a run. */
  #reset(seed: number): void {
    const { cpu, bytes, engine, target } = this.#bench, d = new Draw(seed ^ 0x5bd1e995), flags = new Draw(seed ^ 0x1b873593);
    target.feat = FEATURES[seed & 1];
    for (const page of DATA) for (let k = 0; k < 4096; k += 4) this.#bench.ram.setUint32(page + k, d.next(), true);
    bytes.set(new Uint8Array(new Uint32Array([0x91000400, RET]).buffer), SIDE + SIDE_CODE);
    for (let r = 0; r < 31; r++) this.#bench.setX(r, d.below(3) === 0 ? BigInt(d.below(64)) : d.u64());
    for (const [r, at] of BASES) this.#bench.setX(r, BigInt(at));
    this.#bench.setX(28, BigInt(BACK_EDGES));
    for (let v = 0; v < 32; v++) this.#bench.setV(v, d.u64() << 64n | d.u64());
    this.#bench.nzcv = d.below(16);
    cpu.st32(envOff.fpsr, 0);
    cpu.st64(envOff.exclusive_addr, 0xffffffffffffffffn);
    this.#bench.flags = putFlag(TBFlag.TBII, 1) | putFlag(TBFlag.FP_DEFAULT, 1) | putFlag(TBFlag.ALIGN_MEM, flags.below(4) === 0 ? 1 : 0);
    // Every fourth program with the lock profiler's ops.
    cpu.st32(CPUState.off.cflags, new Draw(seed ^ 0x68e31da4).below(4) === 0 ? CF_PROFILE : 0);
    for (const f of ['spin_word', 'spin_at'] as const) cpu.st64(CPUState.off[f], 0n);
    for (const f of ['spin_tries', 'spin_limit', 'spin_waits'] as const) cpu.st32(CPUState.off[f], 0);
    cpu.spins = new GuestSpins(cpu, () => undefined, () => 0);
    this.#bench.target.moved = new Map([[DEVICE_PAGE, DEVICE]]);
    this.#device.reset();
    this.#mapped = new Set(DATA.filter(() => flags.below(3) !== 0));
    this.#setPages();
    engine.mmu(cpu).tlbFlush(ALL_MODES);
    // Code on a data page: stores to that page take the slow path.
    if (flags.below(2)) {
      const mapped = this.#mapped;
      this.#mapped = new Set(DATA);
      this.#setPages();
      const x0 = this.#bench.x(0), lr = this.#bench.x(30);
      this.#bench.setX(30, 0x30000n);
      this.#bench.run(SIDE + SIDE_CODE);
      this.#bench.setX(0, x0); this.#bench.setX(30, lr);
      this.#mapped = mapped;
      this.#setPages();
      engine.mmu(cpu).tlbFlush(ALL_MODES);
    }
  }

  #look(stop: { excp: number; syndrome: number; vaddress: bigint; pc: bigint }): Stop {
    const b = this.#bench, h = createHash('md5');
    for (const page of DATA) h.update(b.bytes.slice(page, page + 4096));
    const registers = [...Array.from({ length: 31 }, (_, r) => b.x(r).toString(16)), ...Array.from({ length: 32 }, (_, v) => b.v(v).toString(16)), `nzcv ${b.nzcv}`, `fpsr ${b.cpu.ld32(envOff.fpsr)}`].join(' ');
    return { excp: stop.excp, syndrome: stop.syndrome, vaddress: stop.vaddress.toString(16), pc: stop.pc.toString(16), registers, state: h.update(registers).digest('hex') };
  }

  /** Runs to the end; what a fault asks for is mapped, what is misaligned skipped. */
  #run(seed: number): Stop[] {
    const d = new Draw(seed ^ 0x2545f491), stops: Stop[] = [];
    this.#reset(seed);
    for (let pc = BigInt(CODE); stops.length < MAX_STOPS;) {
      const stop = this.#bench.run(pc), page = Number(stop.vaddress & ~0xfffn);
      stops.push(this.#look(stop));
      if (stop.excp !== EXCP.DATA_ABORT) break;
      pc = stop.pc;
      if ((stop.syndrome & 63) === 33 || !DATA.includes(page)) pc += 4n;
      else {
        if (d.below(3) === 0) this.#unmap(d.of(DATA));
        this.#mapped.add(page);
        this.#setPages();
        if (d.below(4) === 0) this.#bench.engine.mmu(this.#bench.cpu).tlbFlush(ALL_MODES);
      }
    }
    return stops;
  }

  /** Compiles regions at the entries of the code page. */
  #compile(): number {
    const { machine, engine } = this.#bench, gen = Atomics.load(machine.i32, machine.global('tb_gen'));
    let n = 0;
    for (const tb of engine.store.tbsOfPage(CODE / 4096).sort((a, b) => engine.store.phys(a) - engine.store.phys(b)).slice(0, 6)) {
      this.#compiler.compileNow(tb, gen);
      if (Atomics.load(machine.i32, tb + TB.off.fn >>> 2) !== 0) n++;
    }
    return n;
  }

  /** What is wrong with the program of a seed; undefined: nothing. */
  try(seed: number): string | undefined {
    const b = this.#bench, source = program(seed), { code } = assemble(source, { base: CODE });
    b.engine.store.flush();
    b.load(CODE, [...new Int32Array(code.buffer, code.byteOffset, code.length / 4)]);
    const cold = this.#run(seed);
    this.programs++;
    this.regions += this.#compile();
    try {
      // Through the fast paths, with faults as they come; then each entry of a region compared; then stopped at each access.
      for (const checked of [false, true]) {
        b.engine.checker!.enabled = checked;
        const hot = this.#run(seed), wrong = Math.max(cold.findIndex((c, k) => JSON.stringify(c) !== JSON.stringify(hot[k])), hot.length === cold.length ? -1 : 0);
        this.stops += hot.length;
        if (wrong >= 0) return `seed ${seed}: stop ${wrong} of ${cold.length}\n interpreter ${JSON.stringify(cold[wrong])}\n regions     ${JSON.stringify(hot[wrong])}\n${source}`;
      }
      this.#stopEverywhere(seed);
    } catch (e) {
      return `seed ${seed}: ${(e as Error).message}\n${source}`;
    }
    return undefined;
  }

  /** The region at the program's start, stopped at each access: the state must be exact there. */
  #stopEverywhere(seed: number): void {
    const { engine, cpu, machine } = this.#bench, d = new Draw(seed ^ 0x27d4eb2f), find = () => findTb(engine, cpu, 0);
    for (let k = 0; k < EACH_STOP + LATER_STOPS; k++) {
      const stopAt = k < EACH_STOP ? k : EACH_STOP + d.below(LATEST_STOP);
      this.#reset(seed);
      cpu.st64(envOff.pc, BigInt(CODE));
      cpu.exceptionIndex = -1;
      engine.syncGeneration();
      const tb = find();
      if (tb <= 0 || Atomics.load(machine.i32, tb + TB.off.fn >>> 2) === 0) return;
      engine.checker!.check(cpu, tb, find, { stopAt, kickAt: k % 3 === 2 ? d.below(20) : Infinity });
      this.checks++;
      if (cpu.exceptionIndex >= 0) cpu.exceptionIndex = -1;
    }
  }
}
