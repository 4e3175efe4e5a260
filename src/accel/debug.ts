// Breakpoints, watchpoints and debug stops: the main thread's table of them, and how a vCPU thread looks at it.
import { CPUState, TARGET_PAGE_BITS, TARGET_PAGE_SIZE } from '../memory/layout/cpu.ts';
import { DebugTable, MAX_BREAKPOINTS, MAX_WATCHPOINTS, WatchpointEntry } from '../memory/layout/debug.ts';
import { EVENT_DEBUG } from '../memory/layout/tb.ts';
import { ringDoorbell } from './io.ts';
import type { Machine } from './machine-view.ts';
import { Tlb } from './tlb.ts';
import type { Vcpu } from './vcpu.ts';

const T = DebugTable.off, W = WatchpointEntry.off;

/** A watched range of virtual addresses; `flags`: BP_MEM_*. */
export interface Watchpoint { readonly addr: bigint; readonly len: bigint; readonly flags: number }

/** The debugger's side. Main thread, every vCPU parked: its tables and TLBs may be written then. */
export class DebugControl {
  readonly #m: Machine;
  readonly #cpus: readonly Vcpu[];
  #breakpoints: bigint[] = [];
  #watchpoints: Watchpoint[] = [];

  constructor(m: Machine, cpus: readonly Vcpu[]) {
    this.#m = m;
    this.#cpus = cpus;
  }

  /** False: there is no room. The same address may be inserted several times. */
  insertBreakpoint(pc: bigint): boolean {
    if (this.#breakpoints.length === MAX_BREAKPOINTS) return false;
    this.#breakpoints.push(pc);
    this.#publish();
    return true;
  }

  /** False: there is none. */
  removeBreakpoint(pc: bigint): boolean {
    const i = this.#breakpoints.indexOf(pc);
    if (i < 0) return false;
    this.#breakpoints.splice(i, 1);
    this.#publish();
    return true;
  }

  /** False: there is no room. */
  insertWatchpoint(w: Watchpoint): boolean {
    if (this.#watchpoints.length === MAX_WATCHPOINTS) return false;
    this.#watchpoints.push(w);
    this.#publish();
    return true;
  }

  /** False: there is none. */
  removeWatchpoint(w: Watchpoint): boolean {
    const i = this.#watchpoints.findIndex((o) => o.addr === w.addr && o.len === w.len && o.flags === w.flags);
    if (i < 0) return false;
    this.#watchpoints.splice(i, 1);
    this.#publish();
    return true;
  }

  clear(): void {
    if (this.#breakpoints.length + this.#watchpoints.length === 0) return;
    this.#breakpoints = [];
    this.#watchpoints = [];
    this.#publish();
  }

  /**
   * Writes the tables. TBs need no invalidation: those of a page with breakpoints are found under other cflags from now
   * on, and nothing enters the page but by way of findTb() once the jump caches are empty. TLB entries of watched pages
   * carry TLB_WATCHPOINT from their next fill.
   */
  #publish(): void {
    const m = this.#m, base = m.layout.debugBase;
    m.u32[base + T.breakpoint_count >>> 2] = this.#breakpoints.length;
    m.u32[base + T.watchpoint_count >>> 2] = this.#watchpoints.length;
    m.u64.set(this.#breakpoints, base + T.breakpoints >>> 3);
    this.#watchpoints.forEach((w, i) => {
      const at = base + T.watchpoints + i * WatchpointEntry.size;
      m.u64[at + W.addr >>> 3] = w.addr;
      m.u64[at + W.len >>> 3] = w.len;
      m.u32[at + W.flags >>> 2] = w.flags;
    });
    for (const cpu of this.#cpus) new Tlb(cpu).flush(-1);
    Atomics.add(m.i32, base + T.generation >>> 2, 1);
  }

  /** What the vCPU stopped for since this was last asked: the watchpoint it hit, if one. */
  takeWatchHit(cpu: Vcpu): Watchpoint | undefined {
    const n = cpu.ld32(CPUState.off.watch_hit);
    cpu.st32(CPUState.off.watch_hit, 0);
    return n === 0 ? undefined : this.#watchpoints[n - 1];
  }
}

/** Number of a virtual page, exact. */
const pageOf = (lo: number, hi: number): number => (hi >>> 0) * 2 ** (32 - TARGET_PAGE_BITS) + (lo >>> TARGET_PAGE_BITS);
const address = (lo: number, hi: number): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
const overlaps = (w: Watchpoint, at: bigint, bytes: bigint): boolean => at < w.addr + w.len && w.addr < at + bytes;

/** One thread's copy of the tables. Costs a load per entry into guest code while nothing is set. */
export class DebugView {
  readonly #m: Machine;
  #generation = 0;
  /** Low words of the breakpoints by page number; undefined when there are none. */
  #breakpoints: ReadonlyMap<number, ReadonlySet<number>> | undefined;
  #watchpoints: readonly Watchpoint[] = [];

  constructor(m: Machine) { this.#m = m; }

  /** Before each entry into guest code: the tables change only while all vCPUs are parked. */
  sync(): void {
    const m = this.#m, base = m.layout.debugBase;
    const generation = Atomics.load(m.i32, base + T.generation >>> 2);
    if (generation === this.#generation) return;
    this.#generation = generation;
    const pages = new Map<number, Set<number>>();
    for (let i = 0; i < m.u32[base + T.breakpoint_count >>> 2]; i++) {
      const w = (base + T.breakpoints >>> 2) + 2 * i, page = pageOf(m.i32[w], m.i32[w + 1]);
      if (!pages.has(page)) pages.set(page, new Set());
      pages.get(page)!.add(m.i32[w]);
    }
    this.#breakpoints = pages.size === 0 ? undefined : pages;
    this.#watchpoints = Array.from({ length: m.u32[base + T.watchpoint_count >>> 2] }, (_, i) => {
      const at = base + T.watchpoints + i * WatchpointEntry.size;
      return { addr: m.u64[at + W.addr >>> 3], len: m.u64[at + W.len >>> 3], flags: m.u32[at + W.flags >>> 2] };
    });
  }

  get hasBreakpoints(): boolean { return this.#breakpoints !== undefined; }
  get hasWatchpoints(): boolean { return this.#watchpoints.length > 0; }

  /** What there is for a PC: a breakpoint at it, one somewhere on its page, or nothing. */
  breakpointAt(lo: number, hi: number): 'hit' | 'page' | undefined {
    const page = this.#breakpoints!.get(pageOf(lo, hi));
    return page && (page.has(lo) ? 'hit' : 'page');
  }

  /** True when part of the page is watched. */
  watchesPage(lo: number, hi: number): boolean {
    const page = address(lo & -TARGET_PAGE_SIZE, hi);
    return this.#watchpoints.some((w) => overlaps(w, page, BigInt(TARGET_PAGE_SIZE)));
  }

  /** Number of the watchpoint that an access (BP_MEM_*) of n bytes hits, counted from 1; 0: none. */
  watchHit(lo: number, hi: number, bytes: number, access: number): number {
    const at = address(lo, hi);
    return this.#watchpoints.findIndex((w) => (w.flags & access) !== 0 && overlaps(w, at, BigInt(bytes))) + 1;
  }
}

/** The vCPU has come to a debug stop: it parks itself and tells main, which parks the others. Owner thread. */
export function debugStop(cpu: Vcpu): void {
  const m = cpu.machine;
  cpu.store(CPUState.off.stop, 1);
  // The first of several wins; the others meet their breakpoints again when they go on.
  Atomics.compareExchange(m.i32, m.global('debug_cpu'), 0, cpu.index + 1); // pairs with src/machine/virt.ts#takeDebugCpu
  Atomics.or(m.i32, m.global('event'), EVENT_DEBUG);
  ringDoorbell(m.i32, m.global('doorbell'), m.global('main_sleeping'));
}
