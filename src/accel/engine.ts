// One thread's execution engine: wasm instances, the translator, and the vCPUs this thread runs.
import { BytecodeEncoder, TempOverflow } from '../tcg/bytecode.ts';
import { TCGContext, type Op } from '../tcg/context.ts';
import { printOps } from '../tcg/text.ts';
import { optimize } from '../tcg/optimize.ts';
import { CF_COUNT_MASK, MAX_REGIONS, TB } from '../memory/layout/tb.ts';
import { CPUState, TARGET_PAGE_SIZE } from '../memory/layout/cpu.ts';
import { Checker } from './check.ts';
import { DebugView } from './debug.ts';
import { Exclusive } from './exclusive.ts';
import { granulePaths } from '../tcg/granule-paths.ts';
import { GuestSpins } from './guest-spins.ts';
import { ARCHIVED_HOT_ENTRIES, HOT_ENTRIES, HotQueue } from './hot-queue.ts';
import { IoPort, type LocalDevice } from './io.ts';
import type { Machine } from './machine-view.ts';
import { Sampler } from './sampler.ts';
import { SoftMmu } from './softmmu.ts';
import type { TargetCpu, TbRequest } from './target.ts';
import type { RegionArchive } from './region-archive.ts';
import type { TbArchive } from './tb-archive.ts';
import { TbStore, type TbKey } from './tb-store.ts';
import { tempOffset, Vcpu } from './vcpu.ts';

/** Guest instructions a TB holds at most (QEMU: TCG_MAX_INSNS). */
const MAX_INSNS = 512;

export interface EngineOptions {
  machine: Machine;
  target: TargetCpu;
  /** Bytes of the interpreter module (src/tcg/interpreter.ts), generated once by the main thread. */
  interpreter: Uint8Array<ArrayBuffer>;
  /** vCPUs this thread runs. */
  own: readonly number[];
  /** Devices served by vCPU threads, by I/O region number. */
  localDevices: ReadonlyMap<number, LocalDevice>;
  /** Hot code is compiled to regions. */
  regions?: boolean;
  /** Translations of earlier runs. */
  archive?: TbArchive;
  /** Regions of earlier runs. */
  regionArchive?: RegionArchive;
  /** Count where the vCPUs are. */
  profile?: boolean;
  /** Regions are compared with this interpreter, made with `oneTb`. */
  checkInterpreter?: Uint8Array<ArrayBuffer> | undefined;
  /** Hook of `-d in_asm,op,op_opt`: called twice for each TB translated. */
  onTranslate?: (stage: 'op' | 'op_opt', ops: readonly Op[], tb: { key: TbKey; pcLo: number; pcHi: number; size: number }) => void;
  /** Hook of `-d exec,cpu`: a TB is about to be run. */
  onExec?: (cpu: Vcpu, tb: number) => void;
}

/** Region instances a thread keeps; beyond that it starts over (v86 stops near 900 modules, here an instance costs some KiB). */
const MAX_INSTANCES = 8192;

/** The wasm paths of exclusives and of pages with granules that count, which stand in front of the TypeScript ones. */
function granuleExports(m: Machine, imports: Record<string, unknown>): Record<string, unknown> {
  const { state, ram, granuleBits, layout } = m.spec;
  const pages = (memory: WebAssembly.Memory) => memory.buffer.byteLength / 65536;
  const bytes = granulePaths({
    statePages: pages(state), ramPages: pages(ram), granuleBits, granuleBase: layout.granuleBase, pageDescBase: layout.pageDescBase, marksPages: layout.nrCpus > 1,
  });
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: imports }).exports;
}

export type TbFunction = (env: number, tb: number) => number;

export class Engine {
  readonly machine: Machine;
  readonly target: TargetCpu;
  /** All vCPUs of the machine, by index. */
  readonly cpus: readonly Vcpu[];
  readonly own: readonly Vcpu[];
  readonly store: TbStore;
  readonly exclusive: Exclusive;
  readonly debug: DebugView;
  readonly tbs: WebAssembly.Table;
  readonly #tcg = new TCGContext();
  readonly #encoder: BytecodeEncoder;
  readonly #mmus: (SoftMmu | undefined)[] = [];
  /** Functions by table index; holes are regions without an instance on this thread. */
  #run: TbFunction[] = [];
  readonly #imports: Record<string, unknown>;
  readonly #stub: TbFunction;
  /** Present with `check=on`. */
  readonly checker: Checker | undefined;
  /** Present with --profile. */
  readonly sampler: Sampler | undefined;
  #tbGen = -1;
  readonly hot: HotQueue;
  readonly #onTranslate: EngineOptions['onTranslate'];
  readonly onExec: EngineOptions['onExec'];
  /**
   * Cold code is interpreted as it was translated: the optimiser takes as long as translator and encoder together and
   * removes one op in sixty from kernel code. Hot code is translated and optimised again for its region.
   */
  readonly #optimize: boolean;
  readonly #archive: TbArchive | undefined;
  readonly #regionArchive: RegionArchive | undefined;

  constructor(o: EngineOptions) {
    const { machine, target } = o;
    this.machine = machine;
    this.target = target;
    this.cpus = Array.from({ length: machine.layout.nrCpus }, (_, i) => new Vcpu(machine, target, i));
    this.own = o.own.map((i) => this.cpus[i]);
    this.store = new TbStore(machine, this.cpus);
    this.exclusive = new Exclusive(machine, this.cpus);
    this.debug = new DebugView(machine);
    this.#encoder = new BytecodeEncoder(tempOffset(target.env));
    this.#onTranslate = o.onTranslate;
    this.onExec = o.onExec;
    this.#archive = o.onTranslate ? undefined : o.archive;
    this.#regionArchive = o.regionArchive;
    this.#optimize = !o.regions || o.onTranslate !== undefined;
    for (const cpu of this.own) {
      const mmu = new SoftMmu(cpu, this.store, new IoPort(cpu, o.localDevices, this.cpus), this.cpus, this.exclusive, this.debug);
      this.#mmus[cpu.index] = mmu;
      cpu.services = mmu;
      cpu.spins = new GuestSpins(cpu, (address) => mmu.peek64(address));
    }
    target.initTcg(this.#tcg);

    const helpers = new WebAssembly.Table({ element: 'anyfunc', initial: Math.max(1, target.helpers.wasm.length) });
    this.tbs = new WebAssembly.Table({ element: 'anyfunc', initial: o.regions ? MAX_REGIONS : 1 });
    this.hot = new HotQueue(machine);
    const byBase = new Map(this.own.map((c) => [c.base, c]));
    // Almost every thread runs one vCPU: skip the map then.
    const only = this.own.length === 1 ? this.own[0] : undefined;
    const cpuAt = (env: number): Vcpu => only ?? byBase.get(env)!;
    const js = target.helpers.js.map((h) => h.fn);
    const imports = {
      state: machine.spec.state,
      ram: machine.spec.ram,
      tbs: this.tbs,
      helpers,
      slow_ld: (env: number, tb: number, ref: number, lo: number, hi: number, memop: number, tlb: number) =>
        this.#mmus[cpuAt(env).index]!.slowLd(tb, ref, lo, hi, memop, tlb),
      slow_st: (env: number, tb: number, ref: number, lo: number, hi: number, memop: number, tlb: number) =>
        this.#mmus[cpuAt(env).index]!.slowSt(tb, ref, lo, hi, memop, tlb),
      slow_rmw: (env: number, tb: number, ref: number, lo: number, hi: number, memop: number, tlb: number) =>
        this.#mmus[cpuAt(env).index]!.slowRmw(tb, ref, lo, hi, memop, tlb),
      slow_ll: (env: number, tb: number, ref: number, lo: number, hi: number, memop: number, tlb: number) =>
        this.#mmus[cpuAt(env).index]!.slowLl(tb, ref, lo, hi, memop, tlb),
      slow_sc: (env: number, tb: number, ref: number, lo: number, hi: number, memop: number, tlb: number) =>
        this.#mmus[cpuAt(env).index]!.slowSc(tb, ref, lo, hi, memop, tlb),
      slow_cas128: (env: number, tb: number, ref: number, lo: number, hi: number, memop: number, tlb: number) =>
        this.#mmus[cpuAt(env).index]!.slowCas128(tb, ref, lo, hi, memop, tlb),
      helper: (env: number, id: number): number => (js[id](cpuAt(env)) === true ? 1 : 0),
    };
    for (const [name, bytes] of Object.entries(target.wasmModules)) {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { ...imports, memory: machine.spec.state } });
      target.helpers.wasm.forEach((h, i) => {
        if (h.module !== name) return;
        const f = exports[h.name];
        if (typeof f !== 'function') throw new Error(`wasm helper module '${name}' has no function '${h.name}'`);
        helpers.set(i, f);
      });
    }
    const real = { ...imports, ...granuleExports(machine, imports) };
    this.#imports = o.checkInterpreter ? Checker.wrap(real, () => this.checker!) : real;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(o.interpreter), { env: this.#imports });
    this.checker = o.checkInterpreter && new Checker(this, o.checkInterpreter, this.#imports);
    // A checked region finds a TLB of its own in the headers.
    if (this.checker) for (const cpu of this.own) this.mmu(cpu).tlb.keepsContexts = false;
    this.sampler = o.profile ? new Sampler() : undefined;
    this.#stub = exports.stub;
    this.tbs.set(0, exports.run);
    this.#run[0] = exports.run;
    for (let n = 1; n < this.tbs.length; n++) this.tbs.set(n, this.#stub);
  }

  /** After a tb_flush the region numbers start over: drops the instances of the old ones. Before each entry into guest code. */
  syncGeneration(): void {
    const gen = Atomics.load(this.machine.i32, this.machine.global('tb_gen'));
    if (gen === this.#tbGen) return;
    this.#tbGen = gen;
    this.dropInstances();
  }

  /** Forgets all region instances of this thread; they are made again when called. */
  dropInstances(): void {
    this.#run.forEach((_, n) => { if (n > 0) this.tbs.set(n, this.#stub); });
    this.#run = [this.#run[0]];
    Atomics.sub(this.machine.i32, this.machine.global('instances'), this.instances);
    this.instances = 0;
  }
  /** Live region instances of this thread. */
  instances = 0;

  /** Creates this thread's instance of region n. */
  instantiate(n: number): void {
    if (this.#run[n]) return;
    if (this.instances >= MAX_INSTANCES) this.dropInstances();
    const { i32 } = this.machine, began = performance.now(), { module, tbs } = this.store.region(n);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: this.#imports, tb: Object.fromEntries(tbs.map(({ tb }, k) => [k, tb])) });
    this.#run[n] = exports.region;
    this.tbs.set(n, exports.region);
    this.instances++;
    Atomics.add(i32, this.machine.global('instances'), 1);
    this.machine.count('instances_made', 1);
    this.machine.count('instantiate_ns', (performance.now() - began) * 1e6);
  }

  /** Makes generated code come back when it is to enter region n; this thread's instance stays. */
  park(n: number): void { this.tbs.set(n, this.#stub); }
  /** Lets generated code enter this thread's instance of region n. */
  unpark(n: number): void { this.tbs.set(n, this.#run[n] ?? this.#stub); }

  mmu(cpu: Vcpu): SoftMmu { return this.#mmus[cpu.index]!; }

  /** The function behind a TB's `fn` index on this thread. */
  tbFunction(fn: number): TbFunction { return this.#run[fn] ?? this.#stub; }

  /** Translates the TB at ram offset `key.phys`, whose virtual PC is (pcLo, pcHi). 0: the code buffer is full, flush and try again. */
  translate(key: TbKey, pcLo: number, pcHi: number): number {
    const began = performance.now(), kept = this.#fromArchive(key);
    try {
      return kept ?? this.#translate(key, pcLo, pcHi);
    } finally {
      this.machine.count('translate_ns', (performance.now() - began) * 1e6);
      this.machine.count(kept === undefined ? 'translated_tbs' : 'archived_tbs', 1);
    }
  }

  /** The TB made from what an earlier run kept. 0: the code buffer is full; undefined: it is to be translated. */
  #fromArchive(key: TbKey): number | undefined {
    if (!this.#archive || key.cflags & CF_COUNT_MASK || key.phys % 4 !== 0) return undefined;
    const gen = this.store.protectPage(Math.floor(key.phys / TARGET_PAGE_SIZE));
    const image = this.#archive.find(key, this.machine.ram32, key.phys / 4);
    if (!image) return undefined;
    const done = this.store.insert(key, { ...image, entries: this.#entries(key) }, gen);
    return 'tb' in done ? done.tb : 'full' in done ? 0 : undefined;
  }

  /** Entries a new TB starts with. */
  #entries(key: TbKey): number { return this.#regionArchive?.has(key, this.machine.ram32, key.phys / 4) ? HOT_ENTRIES - ARCHIVED_HOT_ENTRIES : 0; }

  #translate(key: TbKey, pcLo: number, pcHi: number): number {
    const { ram32 } = this.machine;
    const page = Math.floor(key.phys / TARGET_PAGE_SIZE), pageStart = page * (TARGET_PAGE_SIZE / 4);
    const start = key.phys % TARGET_PAGE_SIZE & ~3;
    let maxInsns = key.cflags & CF_COUNT_MASK || MAX_INSNS;
    for (;;) {
      const guest: number[] = [];
      const gen = this.store.protectPage(page);
      const req: TbRequest = {
        pcLo, pcHi, flags: key.flags, csBase: key.csBase, cflags: key.cflags, maxInsns,
        ldl: (offset) => (guest[offset - start >>> 2] = Atomics.load(ram32, pageStart + (offset >>> 2))),
      };
      const tcg = this.#tcg;
      tcg.reset();
      const r = this.target.translate(tcg, req);
      this.#onTranslate?.('op', tcg.ops, { key, pcLo, pcHi, size: r.size });
      const ops = this.#optimize ? optimize(tcg) : tcg.ops;
      this.#onTranslate?.('op_opt', ops, { key, pcLo, pcHi, size: r.size });
      let encoded;
      try {
        encoded = this.#encoder.encode(ops);
      } catch (e) {
        if (!(e instanceof TempOverflow) || maxInsns === 1) throw e;
        maxInsns = Math.max(1, Math.floor(r.icount / 2));
        continue;
      }
      const done = this.store.insert(key, { size: r.size, icount: r.icount, code: this.#encoder.bytes(encoded.size), insns: encoded.insns, guest, entries: this.#entries(key) }, gen);
      if ('tb' in done) return done.tb;
      if ('full' in done) return 0;
      // The page was written while we translated it: do it over.
    }
  }

  /** The ops of a TB, translated again, for reports. */
  opsText(tb: number): string {
    const { i32, ram32 } = this.machine, word = (f: number) => i32[tb + f >>> 2], T = TB.off, phys = this.store.phys(tb), start = phys % TARGET_PAGE_SIZE;
    const tcg = this.#tcg, page = (phys - start) / 4;
    tcg.reset();
    this.target.translate(tcg, {
      pcLo: start, pcHi: 0, flags: word(T.flags), csBase: word(T.cs_base), cflags: word(T.cflags), maxInsns: word(T.icount),
      ldl: (offset) => Atomics.load(ram32, page + (offset >>> 2)),
    });
    return printOps(tcg.ops);
  }

  /** Prepares the vCPUs this thread owns: empty TLBs, no pending anything. Before they run. */
  initCpu(cpu: Vcpu): void {
    cpu.st32(CPUState.off.cpu_index, cpu.index);
    cpu.exceptionIndex = -1;
    this.mmu(cpu).tlb.init();
  }
}
