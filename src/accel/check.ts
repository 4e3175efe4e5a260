// `-accel tcg,check=on`: a region is run, then the same stretch is interpreted; both must do the same accesses and leave the same state.
import { CPUState, TLBDesc, NB_MMU_MODES } from '../memory/layout/cpu.ts';
import { TB, TB_EXIT_HOT, TB_EXIT_MASK, TB_EXIT_STUB } from '../memory/layout/tb.ts';
import { SLOW_DONE, SLOW_FAULT, SLOW_PATHS, SLOW_RETRY } from '../tcg/ops/mem.ts';
import { MemOp } from '../tcg/types.ts';
import { moduleText } from '../tcg/wasm/text.ts';
import { CheckedState, type Changes, type Snapshot } from './check-state.ts';
import type { Engine, TbFunction } from './engine.ts';
import { Random } from './random.ts';
import type { SoftMmu } from './softmmu.ts';
import type { Vcpu } from './vcpu.ts';

const off = CPUState.off;
type SlowPath = (typeof SLOW_PATHS)[number];
/** Operands of each, beside the address; a helper's are in env, all of which is compared. */
const OPERANDS: Readonly<Record<SlowPath | 'helper', number>> = { slow_ld: 0, slow_st: 1, slow_rmw: 2, slow_ll: 0, slow_sc: 1, slow_cas128: 2, helper: 0 };
export type SlowFunction = (env: number, tb: number, ref: number, lo: number, hi: number, memop: number, tlb: number) => number;

/** One thing the first run did outside its registers: an access, or a call of a helper. */
interface Event {
  readonly what: SlowPath | 'helper';
  /** Page offset of the guest instruction. */
  readonly pc: number;
  readonly lo: number;
  readonly hi: number;
  /** memop as the slow path got it; the helper's number. */
  readonly memop: number;
  readonly tlb: number;
  /** Operands: helper_arg. */
  readonly arg: readonly bigint[];
  status: number;
  /** helper_ret. */
  ret: readonly bigint[];
  /** What it changed in env, apart from what restoreState restores: a fault, a helper. */
  changes: Changes;
  /** env when a helper was called: it may read all of it. */
  readonly before: Snapshot | undefined;
}

/** How a run is cut short; each is a number of events. */
export interface CheckLimits {
  /** The run is stopped at this access or call, before it is done: the state must be exact there. */
  readonly stopAt: number;
  /** exit_request is set at this one: the region leaves at its next back edge. */
  readonly kickAt: number;
}

/** What a check came to. `skipped`: the code changed under it. */
export type CheckResult = 'same' | 'skipped';

/** Bytes of guest memory that a store overwrote, and the ram offset. */
interface Overwritten { readonly at: number; readonly bytes: Uint8Array }

/** The two tiers differ: an error of the emulator. The message is the whole report. */
export class CheckFailure extends Error {}

/** The first entries of a region are all checked, then one of so many of those that come by the execution loop. */
const FIRST = 24, EVERY = 256;
const STEPS_MAX = 5e7;
const MAX_STOP = 300;
const KINDS = 4;

/**
 * The first run is the region's and real; the TLB it sees matches nothing, so that every access comes to the slow path and
 * is written down. The second run is the interpreter's, one TB at a time, on the state the first began with; its accesses are
 * compared with those written down and answered from there: nothing happens twice, and what other vCPUs and devices
 * do meanwhile cannot make a difference. A third run, where it is possible, takes the region's fast paths: stores are
 * undone, and the region runs again with the real TLB; registers and memory must end the same.
 */
export class Checker {
  readonly #engine: Engine;
  readonly #state: CheckedState;
  readonly #step: TbFunction;
  readonly #random = new Random();
  readonly #entries = new Map<number, number>();
  #gen = -1;
  /** What accesses do now: really happen; really happen and are written down; are answered from what was written down. */
  #mode: 'off' | 'record' | 'replay' = 'off';
  #cpu!: Vcpu;
  #mmu!: SoftMmu;
  #events: Event[] = [];
  #undo: Overwritten[] = [];
  #rerun = true;
  #limits: CheckLimits = { stopAt: Infinity, kickAt: Infinity };
  /** Where the first run was stopped. */
  #stopped: Event | undefined;
  #scratch: Int32Array | undefined;
  /** Position of the replay in the events; a fault or the end was reached. */
  #at = 0;
  #left = false;
  #wrong: string | undefined;
  #tlb: number[] = [];
  #trace: number[] = [];

  /** False: regions run unchecked. */
  enabled = true;

  /** `interpreter`: a module made with `oneTb`. `imports`: of the engine, not wrapped. */
  constructor(engine: Engine, interpreter: Uint8Array<ArrayBuffer>, imports: Record<string, unknown>) {
    this.#engine = engine;
    this.#state = new CheckedState(engine.target);
    this.#step = new WebAssembly.Instance(new WebAssembly.Module(interpreter), { env: imports }).exports.run as TbFunction;
  }

  /** The imports of generated code with every way to the outside going through `checker()`. */
  static wrap(imports: Record<string, unknown>, checker: () => Checker): Record<string, unknown> {
    const out = { ...imports };
    for (const name of SLOW_PATHS) {
      const real = imports[name] as SlowFunction;
      out[name] = (env: number, tb: number, ref: number, lo: number, hi: number, memop: number, tlb: number): number =>
        checker().#access(name, real, env, tb, ref, lo, hi, memop, tlb);
    }
    const helper = imports.helper as (env: number, id: number, tb: number, ref: number) => number;
    out.helper = (env: number, id: number, tb: number, ref: number): number => checker().#helper(helper, env, id, tb, ref);
    return out;
  }

  /** True when the entry of this TB's region is to be checked. */
  wants(tb: number): boolean {
    const { i32 } = this.#engine.machine, fn = Atomics.load(i32, tb + TB.off.fn >>> 2);
    if (fn === 0 || !this.enabled) return false;
    const gen = Atomics.load(i32, this.#engine.machine.global('tb_gen'));
    if (gen !== this.#gen) { this.#entries.clear(); this.#gen = gen; }
    const n = this.#entries.get(fn) ?? 0;
    this.#entries.set(fn, n + 1);
    return n < FIRST || n % EVERY === 0;
  }

  /** Limits for the next check: none, a stop at an access, a kick. */
  draw(): CheckLimits {
    const kind = this.#random.below(KINDS);
    return { stopAt: kind === 0 ? this.#random.below(40) : kind === 1 ? this.#random.below(MAX_STOP) : MAX_STOP, kickAt: kind === 2 ? this.#random.below(60) : Infinity };
  }

  /** Interrupt requests, and regions there were, when the check began. */
  #requests = 0;
  #regions = 0;

  /**
   * Runs the region of `tb`, entered now, and leaves the vCPU as the region did. Every other vCPU is outside guest code.
   * `findTb`: the TB for the vCPU's present state, as of the execution loop. CheckFailure.
   */
  check(cpu: Vcpu, tb: number, findTb: () => number, limits: CheckLimits): CheckResult {
    const fn = Atomics.load(this.#engine.machine.i32, tb + TB.off.fn >>> 2);
    this.#engine.instantiate(fn);
    this.#engine.unpark(fn);
    try {
      return this.#check(cpu, tb, fn, findTb, limits);
    } finally {
      if ((this.#entries.get(fn) ?? FIRST) < FIRST) this.#engine.park(fn);
    }
  }

  #check(cpu: Vcpu, tb: number, fn: number, findTb: () => number, limits: CheckLimits): CheckResult {
    const { machine, store } = this.#engine, state = this.#state;
    this.#cpu = cpu;
    this.#mmu = this.#engine.mmu(cpu);
    this.#events = [];
    this.#undo = [];
    this.#stopped = undefined;
    this.#wrong = undefined;
    this.#rerun = true;
    this.#limits = limits;
    const { invalidated } = store, before = state.take(cpu);
    this.#requests = cpu.load(off.interrupt_request);
    this.#regions = store.lastRegion;
    cpu.store(off.exit_request, 0);
    // So that the last run finds no more than this one does.
    this.#mmu.tlb.clearJmpCache();
    const ret = this.#run('record', () => this.#engine.tbFunction(fn)(cpu.base, tb));
    const after = state.take(cpu), kicked = cpu.load(off.exit_request) !== 0;
    // The region may go on with its old code up to its next back edge; the interpreter would take the new one.
    if (store.invalidated !== invalidated) { machine.count('check_skipped', 1); return 'skipped'; }
    state.putBack(cpu, before);
    this.#replay(tb, after, findTb, before);
    state.putBack(cpu, after);
    machine.count('checks', 1);
    // An interpreted TB behind the region counts its executions and may come back for that.
    if (this.#rerun && !this.#stopped && !kicked && (ret & TB_EXIT_MASK) !== TB_EXIT_HOT) this.#runAgain(fn, tb, before, after, ret);
    return 'same';
  }

  /** Interprets until the state of `after` is reached. */
  #replay(first: number, after: Snapshot, findTb: () => number, before: Snapshot): void {
    const { engine, cpu } = { engine: this.#engine, cpu: this.#cpu }, pcLo = (): number => engine.target.pcLo(cpu);
    const tbs = new Map<number, number>();
    this.#at = 0;
    this.#left = false;
    this.#trace = [];
    for (let steps = 0; ; steps++) {
      if (!this.#stopped && this.#at === this.#events.length) {
        const now = this.#state.take(cpu);
        if (now.words.every((v, k) => v === after.words[k]) || this.#state.differences(after, now).length === 0) return;
        if (this.#left) this.#fail(first, 'the state is another one after the exception', before, after);
      } else if (this.#left) this.#fail(first, this.#wrong ?? 'the interpreter left early', before, after);
      if (this.#left || steps > STEPS_MAX) this.#fail(first, 'the interpreter never comes to the state the region left', before, after);
      // While nothing but registers changes a PC is always the same TB.
      let tb = tbs.get(pcLo());
      if (tb === undefined) {
        tb = steps === 0 ? first : findTb();
        if (tb <= 0) this.#fail(first, 'the interpreter went where no code is', before, after);
        tbs.set(pcLo(), tb);
      }
      const events = this.#at;
      if (this.#trace.length < 64) this.#trace.push(tb);
      const at = tb;
      this.#run('replay', () => this.#step(cpu.base, at));
      if (this.#at !== events) tbs.clear();
      if (this.#wrong !== undefined) this.#fail(first, this.#wrong, before, after);
      if (this.#left && this.#stopped && this.#at === this.#events.length) {
        const d = this.#state.differences(after, this.#state.take(cpu));
        if (d.length) this.#fail(first, 'the state is not exact at an access', before, after);
        return;
      }
    }
  }

  /** The region once more, through its fast paths, with memory as it was. */
  #runAgain(fn: number, tb: number, before: Snapshot, after: Snapshot, first: number): void {
    const { machine: { ram8 }, store } = this.#engine, cpu = this.#cpu;
    const want = this.#undo.map(({ at, bytes }) => ram8.slice(at, at + bytes.length));
    for (const { at, bytes } of this.#undo.toReversed()) ram8.set(bytes, at);
    this.#state.putBack(cpu, before);
    cpu.store(off.exit_request, 0);
    this.#engine.machine.count('check_reruns', 1);
    this.#mmu.tlb.clearJmpCache();
    cpu.store(off.running, 1);
    const ret = this.#engine.tbFunction(fn)(cpu.base, tb);
    cpu.store(off.running, 0);
    // Asked to leave meanwhile (unmasking interrupts looks at the request itself), or come to a TB that became hot or has got
    // a region: it has done part of it, which is a state to go on from.
    const code = ret & TB_EXIT_MASK, published = store.lastRegion !== this.#regions;
    if (cpu.load(off.exit_request) !== 0 || cpu.load(off.interrupt_request) !== this.#requests || code === TB_EXIT_HOT || (code === TB_EXIT_STUB && published)) return;
    const now = this.#state.take(cpu);
    const wrong = this.#undo.findIndex(({ at }, k) => Buffer.compare(ram8.slice(at, at + want[k].length), want[k]) !== 0);
    if (wrong >= 0) this.#fail(tb, `with the TLB in use (left with code ${code}, before ${first & TB_EXIT_MASK}) it stores something else at ram offset 0x${this.#undo[wrong].at.toString(16)}`, before, after);
    if (this.#state.differences(after, now).length) this.#fail(tb, `with the TLB in use (left with code ${code}, before ${first & TB_EXIT_MASK}) it leaves another state`, before, after);
  }

  /** Runs generated code with a TLB that matches nothing. */
  #run(mode: 'record' | 'replay', run: () => number): number {
    const cpu = this.#cpu;
    this.#mode = mode;
    this.#hideTlb();
    // Kicks of the timer thread are for vCPUs that run.
    cpu.store(off.running, 1);
    try {
      return run();
    } finally {
      cpu.store(off.running, 0);
      this.#showTlb();
      this.#mode = 'off';
    }
  }
  #hideTlb(): void {
    const cpu = this.#cpu, { i32 } = cpu.machine, none = cpu.base + off.no_tlb;
    i32.fill(-1, none >>> 2, none + CPUState.elem.no_tlb >>> 2);
    this.#tlb = [];
    for (let k = 0; k < NB_MMU_MODES; k++) {
      const d = off.tlb_d + k * TLBDesc.size;
      this.#tlb.push(cpu.ld32(d + TLBDesc.off.mask), cpu.ld32(d + TLBDesc.off.table));
      cpu.st32(d + TLBDesc.off.mask, 0);
      cpu.st32(d + TLBDesc.off.table, none);
    }
  }
  #showTlb(): void {
    for (let k = 0; k < NB_MMU_MODES; k++) {
      const d = off.tlb_d + k * TLBDesc.size;
      this.#cpu.st32(d + TLBDesc.off.mask, this.#tlb[2 * k]);
      this.#cpu.st32(d + TLBDesc.off.table, this.#tlb[2 * k + 1]);
    }
  }
  #really<T>(f: () => T): T {
    this.#showTlb();
    try {
      return f();
    } finally {
      this.#hideTlb();
    }
  }

  #event(what: Event['what'], tb: number, ref: number, lo: number, hi: number, memop: number, tlb: number): Event {
    const cpu = this.#cpu;
    return {
      what, pc: this.#engine.store.insnStart(tb, ref).pc, lo, hi, memop, tlb, arg: [0, 1, 2, 3].map((n) => cpu.arg64(n)), status: SLOW_DONE, ret: [], changes: [],
      before: what === 'helper' ? this.#state.take(cpu) : undefined,
    };
  }
  #result(e: Event): void { e.ret = [this.#cpu.ld64(off.helper_ret), this.#cpu.ld64(off.helper_ret + 8)]; }

  /** True when the first run is to stop here. */
  #limit(e: Event): boolean {
    if (this.#events.length >= this.#limits.kickAt) this.#cpu.store(off.exit_request, 1);
    if (this.#events.length < this.#limits.stopAt) return false;
    this.#stopped = e;
    return true;
  }

  #access(what: SlowPath, real: SlowFunction, env: number, tb: number, ref: number, lo: number, hi: number, memop: number, tlb: number): number {
    if (this.#mode === 'off') return real(env, tb, ref, lo, hi, memop, tlb);
    const e = this.#event(what, tb, ref, lo, hi, memop, tlb), mmu = this.#mmu, cpu = this.#cpu;
    if (this.#mode === 'replay') return this.#answer(e, () => mmu.restore(tb, ref));
    if (this.#limit(e)) { mmu.restore(tb, ref); return SLOW_FAULT; }
    this.#events.push(e);
    const { store } = this.#engine, { invalidated } = store;
    return this.#really(() => {
      this.#keep(e);
      const before = this.#state.take(cpu, this.#scratch);
      this.#scratch = before.words;
      e.status = real(env, tb, ref, lo, hi, memop, tlb);
      if (e.status === SLOW_RETRY) { mmu.rmwPage(lo, hi, memop, tlb); e.status = SLOW_DONE; }
      // Code changed: the run, which will not be compared, ends soon.
      if (store.invalidated !== invalidated) cpu.store(off.exit_request, 1);
      this.#result(e);
      if (e.status === SLOW_FAULT) {
        this.#rerun = false;
        e.changes = this.#state.changes(before, this.#state.take(cpu), this.#engine.target.restoredGlobals);
      }
      return e.status;
    });
  }

  /** Keeps what an access is about to overwrite; one that cannot be undone bars the third run. */
  #keep(e: Event): void {
    const n = 1 << (e.memop & MemOp.MO_SIZE), write = e.what !== 'slow_ld';
    const at = e.what === 'slow_ll' || e.what === 'slow_sc' || e.what === 'slow_cas128' ? -1 : this.#mmu.plainRam(e.lo, e.hi, n, write, (e.tlb - off.tlb_d) / TLBDesc.size);
    if (at < 0) this.#rerun = false;
    else if (write) this.#undo.push({ at, bytes: this.#engine.machine.ram8.slice(at, at + n) });
  }

  #helper(real: (env: number, id: number, tb: number, ref: number) => number, env: number, id: number, tb: number, ref: number): number {
    if (this.#mode === 'off') return real(env, id, tb, ref);
    const e = this.#event('helper', tb, ref, 0, 0, id, 0), cpu = this.#cpu;
    if (this.#mode === 'replay') return this.#answer(e, () => {});
    // A call is no place to stop at: nothing would be restored.
    if (this.#events.length >= this.#limits.kickAt) cpu.store(off.exit_request, 1);
    this.#events.push(e);
    this.#rerun = false;
    return this.#really(() => {
      e.status = real(env, id, tb, ref);
      this.#result(e);
      e.changes = this.#state.changes(e.before!, this.#state.take(cpu));
      return e.status;
    });
  }

  /** Answers the interpreter from what the region did. */
  #answer(e: Event, restore: () => void): number {
    const cpu = this.#cpu;
    if (this.#at === this.#events.length) {
      this.#left = true;
      if (!this.#stopped) this.#wrong = `the interpreter goes on with ${describe(e)}; the region had left`;
      else {
        this.#compare(this.#stopped, e);
        restore();
      }
      return SLOW_FAULT;
    }
    const was = this.#events[this.#at++];
    this.#compare(was, e);
    if (was.status === SLOW_FAULT) {
      this.#left = true;
      restore();
    }
    was.ret.forEach((v, k) => cpu.st64(off.helper_ret + 8 * k, v));
    this.#state.apply(cpu, was.changes);
    return was.status;
  }

  #compare(was: Event, is: Event): void {
    if (this.#wrong !== undefined) return;
    const bits = 8 << (was.memop & MemOp.MO_SIZE), args = OPERANDS[was.what] * (bits > 64 ? 2 : 1);
    const cut = (v: bigint) => BigInt.asUintN(Math.min(64, bits), v);
    // The second operand of a read-modify-write is that of a compare-and-swap only (kind 0).
    const same = was.what === is.what && was.pc === is.pc && was.lo === is.lo && was.hi === is.hi && was.memop === is.memop && was.tlb === is.tlb
      && was.arg.every((v, k) => k >= args || (was.what === 'slow_rmw' && k === 1 && was.memop >> 8 !== 0) || cut(v) === cut(is.arg[k]));
    if (!same) this.#wrong = `event ${this.#at}: the region did ${describe(was)}, the interpreter ${describe(is)}`;
    else if (was.before) {
      const d = this.#state.differences(was.before, is.before!);
      if (d.length) this.#wrong = `event ${this.#at}: the state at ${describe(was)} differs (region, interpreter): ${d.join('; ')}`;
    }
  }

  /** Throws the report. */
  #fail(tb: number, why: string, before: Snapshot, after: Snapshot): never {
    const cpu = this.#cpu, { machine, target, store } = this.#engine;
    const now = this.#state.take(cpu), nowText = target.dumpState(cpu, true), differences = this.#state.differences(after, now);
    this.#state.putBack(cpu, after);
    const afterText = target.dumpState(cpu, true);
    this.#state.putBack(cpu, before);
    const pc = (BigInt(target.pcHi(cpu) >>> 0) << 32n | BigInt(target.pcLo(cpu) >>> 0)).toString(16).padStart(16, '0'), beforeText = target.dumpState(cpu, true);
    const seen = [...new Set([tb, ...this.#trace])], hex = (n: number) => n.toString(16);
    throw new CheckFailure([
      `check: vCPU ${cpu.index}: a region and the interpreter differ, guest PC 0x${pc} (ram offset 0x${hex(store.phys(tb))})`, why,
      ...(differences.length ? [`differences (region, interpreter): ${differences.join('; ')}`] : []),
      `accesses and calls: ${this.#events.length}; the last: ${this.#events.slice(-8).map(describe).join(', ')}${this.#stopped ? `; stopped at ${describe(this.#stopped)}` : ''}`,
      '', 'before:', beforeText, 'region:', afterText, 'interpreter:', nowText,
      '', `interpreted: ${this.#trace.map((t) => `0x${hex(store.phys(t))}`).join(' ')}`,
      ...seen.map((t) => `\nTB at ram offset 0x${hex(store.phys(t))}:\n${this.#engine.opsText(t)}`),
      moduleText(store.region(Atomics.load(machine.i32, tb + TB.off.fn >>> 2)).module),
    ].join('\n'));
  }
}

const describe = (e: Event): string =>
  (e.what === 'helper' ? `helper ${e.memop}` : `${e.what} of ${1 << (e.memop & MemOp.MO_SIZE)} bytes at 0x${(BigInt(e.hi >>> 0) << 32n | BigInt(e.lo >>> 0)).toString(16)}`)
  + ` (page offset 0x${e.pc.toString(16)}, operands ${e.arg.map((v) => `0x${v.toString(16)}`).join(' ')}, status ${e.status})`;
