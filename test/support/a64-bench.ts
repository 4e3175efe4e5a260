// Runs A64 code on the real engine with a bare target: flat memory, EL0, exceptions stop the run instead of being taken.
import { createRam } from '../../src/memory/ram.ts';
import { Engine } from '../../src/accel/engine.ts';
import { cpuExec } from '../../src/accel/cpu-exec.ts';
import type { LocalDevice } from '../../src/accel/io.ts';
import { Machine } from '../../src/accel/machine-view.ts';
import type { RegionArchive } from '../../src/accel/region-archive.ts';
import type { TbArchive } from '../../src/accel/tb-archive.ts';
import { HelperTable, PAGE_EXEC, PAGE_READ, PAGE_WRITE, type TargetCpu, type TbRequest, type TbResult, type Translation } from '../../src/accel/target.ts';
import { cpuBlockSize, type Vcpu } from '../../src/accel/vcpu.ts';
import { CPUState } from '../../src/memory/layout/cpu.ts';
import { EXCLUSIVE_GRANULE_BITS, hasGlobalMonitor, type ExclusiveSchemeName } from '../../src/memory/layout/exclusive.ts';
import { stateLayout } from '../../src/memory/state-layout.ts';
import { TCGContext, type Op } from '../../src/tcg/context.ts';
import { generateInterpreter } from '../../src/tcg/interpreter.ts';
import { optimize } from '../../src/tcg/optimize.ts';
import { CPUARMState, envOff } from '../../src/target/arm/env.ts';
import { CC, readNzcv, writeNzcv } from '../../src/target/arm/flags.ts';
import type { ArmFeatures } from '../../src/target/arm/features.ts';
import { registerExclusiveHelpers, type OnStoreExclusiveFailed } from '../../src/target/arm/helpers/exclusive.ts';
import { registerIntHelpers } from '../../src/target/arm/helpers/int.ts';
import { loadArmHelpers } from '../../src/target/arm/helpers/wasm-module.ts';
import { EXCP } from '../../src/target/arm/syndrome.ts';
import { makeGlobals, type ArmGlobals } from '../../src/target/arm/translate/context.ts';
import type { CoreHelpers } from '../../src/target/arm/translate/core-helpers.ts';
import { EXCLUSIVE_SCHEMES } from '../../src/target/arm/translate/exclusive.ts';
import { translateBlock, type TranslateOptions } from '../../src/target/arm/translate/translate-block.ts';

/** Every feature the translator knows, as one switch. */
export const allFeatures = (on: boolean): ArmFeatures => new Proxy({} as ArmFeatures, { get: () => on });

const RAM_BYTES = 1 << 20;

/** An exception that stopped a run. */
export interface Stopped { excp: number; syndrome: number; vaddress: bigint; pc: bigint }

/** Registers helpers of further groups (FP, system) and says where they are. */
export type MoreHelpers = (t: HelperTable) => Record<string, { id: number; name: string }>;

class BenchTarget implements TargetCpu {
  readonly name = 'a64-bench';
  readonly helpers = new HelperTable();
  readonly env = CPUARMState;
  readonly mmuModes = 3;
  readonly wasmModules = { helpers: loadArmHelpers() };
  readonly restoredGlobals = ['pc', 'cc_op'];
  readonly scratchFields = ['vec_scratch'];
  readonly lazyFields = ['cc_op', 'cc_a', 'cc_b'];
  readonly lazyName = 'NZCV';
  lazyState(cpu: Vcpu): number { return readNzcv(cpu); }
  chainFlags(flags: number): number { return flags; }
  readonly core: CoreHelpers;
  g!: ArmGlobals;
  feat: ArmFeatures;
  options: TranslateOptions = {};
  stopped: Stopped | undefined;
  onStoreExclusiveFailed: OnStoreExclusiveFailed | undefined;
  /** Physical address of a page that is not mapped to itself. */
  moved: ReadonlyMap<number, number> = new Map();
  /** Pages that are mapped; the whole RAM when absent. */
  pages: readonly number[] | undefined;

  constructor(feat: ArmFeatures, more?: MoreHelpers) {
    this.feat = feat;
    this.core = { ...registerIntHelpers(this.helpers), ...registerExclusiveHelpers(this.helpers, (cpu, f) => this.onStoreExclusiveFailed?.(cpu, f)), ...more?.(this.helpers) };
  }
  initTcg(tcg: TCGContext): void { this.g = makeGlobals(tcg); }
  translate(tcg: TCGContext, req: TbRequest): TbResult { return translateBlock(tcg, this.g, this.feat, this.core, req, this.options); }
  reset(): void {}
  pcLo(cpu: Vcpu): number { return cpu.ld32(envOff.pc); }
  pcHi(cpu: Vcpu): number { return cpu.ld32(envOff.pc + 4); }
  setPc(cpu: Vcpu, lo: number, hi: number): void { cpu.st64p(envOff.pc, lo, hi); }
  restoreState(cpu: Vcpu, pc: number, data: number): void {
    cpu.st32(envOff.pc, cpu.ld32(envOff.pc) & ~4095 | pc);
    if (data !== CC.DYNAMIC) cpu.st32(envOff.cc_op, data);
  }
  mmuIndex(): number { return 0; }
  tlbFill(cpu: Vcpu, lo: number, hi: number, access: number, _mmuIdx: number, probe: boolean, out: Translation): boolean {
    const page = (lo >>> 12) * 4096;
    if (hi !== 0 || page >= RAM_BYTES || this.pages?.includes(page) === false) {
      if (!probe) this.#raise(cpu, access === 2 ? EXCP.PREFETCH_ABORT : EXCP.DATA_ABORT, 0x92000004 | (access === 1 ? 0x40 : 0), lo, hi);
      return false;
    }
    out.phys = this.moved.get(page) ?? page;
    out.prot = PAGE_READ | PAGE_WRITE | PAGE_EXEC;
    out.lgPageSize = 12;
    out.attrs = 0;
    return true;
  }
  #raise(cpu: Vcpu, excp: number, syndrome: number, lo: number, hi: number): void {
    cpu.exceptionIndex = excp;
    cpu.st32(envOff.exc_syndrome, syndrome);
    cpu.st64p(envOff.exc_vaddress, lo, hi);
  }
  unalignedAccess(cpu: Vcpu, lo: number, hi: number, access: number): void {
    this.#raise(cpu, EXCP.DATA_ABORT, 0x92000021 | (access === 1 ? 0x40 : 0), lo, hi);
  }
  allowsUnalignedAtomic(_cpu: Vcpu, lo: number, size: number): boolean { return this.feat.lse2 && (lo & 15) + size <= 16; }
  transactionFailed(cpu: Vcpu, lo: number, hi: number): void { this.#raise(cpu, EXCP.DATA_ABORT, 0x92000010, lo, hi); }
  doInterrupt(cpu: Vcpu): void {
    this.stopped = {
      excp: cpu.exceptionIndex, syndrome: cpu.ld32(envOff.exc_syndrome) >>> 0, vaddress: cpu.ld64(envOff.exc_vaddress), pc: cpu.ld64(envOff.pc),
    };
    cpu.store(CPUState.off.stop, 1);
    cpu.store(CPUState.off.exit_request, 1);
  }
  execInterrupt(): boolean { return false; }
  hasWork(): boolean { return true; }
  dumpState(cpu: Vcpu): string { return Array.from({ length: 32 }, (_, r) => `x${r}=${cpu.ld64(envOff.x + 8 * r).toString(16)}`).join(' '); }
}

/** Physical address of the page of a bench's device. */
export const DEVICE = 0x200000;

export interface BenchOptions { readonly check?: boolean; readonly device?: LocalDevice; readonly regionArchive?: RegionArchive }

export class A64Bench {
  readonly target: BenchTarget;
  readonly machine: Machine;
  readonly engine: Engine;
  readonly cpu: Vcpu;
  /** Guest memory: 1 MiB at address 0. */
  readonly ram: DataView;
  readonly bytes: Uint8Array;

  /**
   * `nrCpus` above 1: a machine of several vCPU threads of which only this one exists; it must leave to be alone.
   * `check`: regions can be compared with the interpreter. `device`: what is behind the physical page DEVICE.
   * `regions`: TBs may have compiled regions (a test makes them itself). `exclusive`: the scheme; with another one than
   * the default this thread has all vCPUs, run one at a time. `archive`: translations of another bench.
   */
  constructor(feat: ArmFeatures = allFeatures(true), more?: MoreHelpers, nrCpus = 1, regions = false, exclusive?: ExclusiveSchemeName, archive?: TbArchive, { check = false, device, regionArchive }: BenchOptions = {}) {
    this.target = new BenchTarget(feat, more);
    const layout = stateLayout({ nrCpus, cpuBlockBytes: cpuBlockSize(CPUARMState), ramBytes: RAM_BYTES, tbSize: 64 << 20, deviceBytes: 4096 });
    const statePages = layout.totalBytes / 65536, ramPages = RAM_BYTES / 65536;
    this.machine = new Machine({
      state: new WebAssembly.Memory({ initial: statePages, maximum: statePages, shared: true }),
      ram: createRam(ramPages),
      layout, flat: [{ base: 0, size: RAM_BYTES, kind: 'ram', name: 'ram', ramOffset: 0 }, ...(device ? [{ base: DEVICE, size: 4096, kind: 'local' as const, name: 'device', region: 1 }] : [])],
      single: nrCpus === 1 || exclusive !== undefined, config: {},
      granuleBits: EXCLUSIVE_GRANULE_BITS[exclusive ?? 'cmpxchg'], hasMonitor: hasGlobalMonitor(exclusive ?? 'cmpxchg'),
    });
    this.engine = new Engine({
      machine: this.machine, target: this.target, own: Array.from({ length: exclusive ? nrCpus : 1 }, (_, n) => n), localDevices: new Map(device ? [[1, device]] : []), regions, archive, regionArchive,
      checkInterpreter: check ? generateInterpreter({ pcOffset: envOff.pc, statePages, ramPages, oneTb: true }) : undefined,
      interpreter: generateInterpreter({ pcOffset: envOff.pc, statePages, ramPages }),
    });
    this.engine.store.reset();
    this.cpu = this.engine.cpus[0];
    if (exclusive) this.target.options = { exclusive: EXCLUSIVE_SCHEMES[exclusive] };
    this.ram = new DataView(this.machine.spec.ram.buffer);
    this.bytes = this.machine.ram8;
    for (const cpu of this.engine.own) {
      this.engine.initCpu(cpu);
      cpu.st64(envOff.exclusive_addr, 0xffffffffffffffffn);
    }
  }

  x(n: number): bigint { return this.cpu.ld64(envOff.x + 8 * n); }
  setX(n: number, v: bigint): void { this.cpu.st64(envOff.x + 8 * n, BigInt.asUintN(64, v)); }
  v(n: number): bigint { return this.cpu.ld64(envOff.v + 16 * n) | (this.cpu.ld64(envOff.v + 16 * n + 8) << 64n); }
  setV(n: number, v: bigint): void {
    this.cpu.st64(envOff.v + 16 * n, v & 0xffffffffffffffffn);
    this.cpu.st64(envOff.v + 16 * n + 8, v >> 64n);
  }
  get nzcv(): number { return readNzcv(this.cpu) >>> 28; }
  set nzcv(v: number) { writeNzcv(this.cpu, v << 28); }
  get flags(): number { return this.cpu.tbFlags; }
  set flags(v: number) { this.cpu.tbFlags = v; }

  /** Writes code; the TBs it overlaps are dropped. */
  load(at: number, words: readonly number[]): void {
    words.forEach((w, i) => this.ram.setInt32(at + 4 * i, w, true));
    this.engine.store.invalidateRange(at, 4 * words.length);
  }
  /** Runs from `pc` until an exception; returns it. */
  run(pc: number | bigint, cpu = this.cpu): Stopped {
    const { target } = this;
    cpu.st64(envOff.pc, BigInt(pc));
    cpu.store(CPUState.off.stop, 0);
    target.stopped = undefined;
    cpuExec(this.engine, cpu, () => false);
    if (!target.stopped) throw new Error('the run ended without an exception');
    return target.stopped;
  }
  /** Ops of one TB of these words as the interpreter gets them. */
  translate(words: readonly number[], flags = 0): readonly Op[] {
    const tcg = new TCGContext();
    this.target.initTcg(tcg);
    tcg.reset();
    this.target.translate(tcg, { pcLo: 0, pcHi: 0, flags, csBase: 0, cflags: 0, maxInsns: words.length, ldl: (o) => words[o >> 2] | 0 });
    return optimize(tcg);
  }
}
