// Granule words, the pages whose stores count them on, and sweeps: for 16-byte atomics and the global exclusive monitor.
import { CPUState, TARGET_PAGE_BITS, TLB_EXCLUSIVE } from '../memory/layout/cpu.ts';
import { GRANULE_COUNT, GRANULE_LOCKED, GRANULE_SPREAD, GRANULE_WATCHED, GRANULE_WORDS, LL_MARKED, LL_MARKING, LL_NONE, LL_USED } from '../memory/layout/exclusive.ts';
import { PAGE_EXCLUSIVE, PageDesc } from '../memory/layout/tb.ts';
import type { Machine } from './machine-view.ts';
import { Tlb } from './tlb.ts';
import type { Vcpu } from './vcpu.ts';

const off = CPUState.off, P = PageDesc.off;
const PAGE_SIZE = 2 ** TARGET_PAGE_BITS;
const FLAGS = GRANULE_LOCKED | GRANULE_WATCHED;
/** Looks at a locked word, some 40 ns each, before the thread sleeps a little: its holder may have lost its core. */
const SPIN = 64, NAP_MS = 0.05;
/** Least time between two sweeps, ms. */
const SWEEP_MS = 50;

/**
 * A store to a marked page holds its granule's word and counts it on; so a 16-byte compare-and-swap that holds it is
 * alone, and a store-exclusive succeeds when the word still is what the load-exclusive saw. Marks are set before the
 * first of them on a page reads: see SoftMmu#markPage.
 */
export class Granules {
  readonly #m: Machine;
  readonly #i32: Int32Array;
  readonly #cpus: readonly Vcpu[];
  readonly #bits: number;
  /** False: nobody but this vCPU stores through a TLB. */
  readonly marksPages: boolean;

  constructor(m: Machine, cpus: readonly Vcpu[]) {
    this.#m = m;
    this.#i32 = m.i32;
    this.#cpus = cpus;
    this.#bits = m.spec.granuleBits;
    this.marksPages = m.layout.nrCpus > 1;
  }

  // --- granule words -----------------------------------------------------------------------------------------------

  /** Index in `i32` of the word of a ram offset. */
  wordAt(at: number): number {
    return (this.#m.layout.granuleBase >>> 2) + (Math.imul((at % 2 ** 32) >>> this.#bits, GRANULE_SPREAD) & (GRANULE_WORDS - 1));
  }

  /** Locks a word; returns what it was. */
  lock(w: number): number {
    for (;;) {
      const seen = this.read(w);
      if (Atomics.compareExchange(this.#i32, w, seen, seen | GRANULE_LOCKED) === seen) return seen;
    }
  }

  /** The word, once it is not locked. */
  read(w: number): number {
    for (let spins = 1; ; spins++) {
      const seen = Atomics.load(this.#i32, w);
      if (!(seen & GRANULE_LOCKED)) return seen;
      if (spins % SPIN !== 0) Atomics.pause();
      else Atomics.wait(this.#i32, w, seen, NAP_MS);
    }
  }

  /** Unlocks a word that was `before`, after a store: monitors of the granule are open from now on, but for the storer's own (`self`). */
  unlock(w: number, before: number, self?: Vcpu): void {
    const now = ((before & ~FLAGS) + GRANULE_COUNT) | 0;
    if (self?.ld32(off.ll_word) === w << 2 && self.ld32(off.ll_count) === (before & ~FLAGS)) self.st32(off.ll_count, now);
    Atomics.store(this.#i32, w, now); // pairs with src/tcg/granule-paths.ts#granulePaths
    if (before & GRANULE_WATCHED) this.#wake(w);
  }
  /** Unlocks it after nothing was stored. */
  unlockUnchanged(w: number, before: number): void { Atomics.store(this.#i32, w, before); }

  /** Runs `store`, which writes [at, at + n) inside one granule, as a store of vCPU `self` or of none. */
  store(at: number, store: () => void, self?: Vcpu): void {
    const w = this.wordAt(at), before = this.lock(w);
    store();
    this.unlock(w, before, self);
  }

  /** A store across granules, one piece each: `piece(done, n)` writes bytes done … done + n. */
  pieces(at: number, n: number, piece: (done: number, n: number) => void, self?: Vcpu): void {
    const size = 2 ** this.#bits;
    for (let done = 0; done < n;) {
      const k = Math.min(n - done, size - (at + done) % size), from = done;
      this.store(at + done, () => { piece(from, k); }, self);
      done += k;
    }
  }

  /** Writes bytes to the ram memory from outside the vCPUs (DMA, a debugger): opens the monitors, if there are any, of what it writes. Any thread. */
  write(at: number, bytes: Uint8Array): void {
    const { ram8 } = this.#m;
    if (!this.#m.spec.hasMonitor) ram8.set(bytes, at);
    else this.pieces(at, bytes.length, (done, n) => { ram8.set(bytes.subarray(done, done + n), at + done); });
  }

  /** True when the two stretches share a granule. */
  sameGranule(at: number, n: number): boolean { return at % 2 ** this.#bits + n <= 2 ** this.#bits; }

  // --- events ------------------------------------------------------------------------------------------------------

  /**
   * Asks for an event at the next store to the granule of the vCPU's monitor; false: it is open already. ll_watch is
   * set before the word, the storer sees the word before it looks for ll_watch. pairs with src/accel/granules.ts#wake
   */
  watch(cpu: Vcpu): boolean {
    const word = cpu.ld32(off.ll_word), count = cpu.ld32(off.ll_count), i32 = this.#i32;
    if (Number(cpu.ld64(off.ll_host)) >= 2 ** 63) return false;
    cpu.store(off.ll_watch, word);
    for (;;) {
      const seen = this.read(word >>> 2);
      if ((seen & ~FLAGS) !== count) break;
      if (seen & GRANULE_WATCHED || Atomics.compareExchange(i32, word >>> 2, seen, seen | GRANULE_WATCHED) === seen) return true;
    }
    cpu.store(off.ll_watch, 0);
    return false;
  }

  #wake(w: number): void {
    for (const cpu of this.#cpus) if (cpu.cas(off.ll_watch, w << 2, 0) === w << 2) cpu.target.monitorCleared?.(cpu);
  }

  // --- marked pages ------------------------------------------------------------------------------------------------

  #desc(page: number): number { return this.#m.pageDesc(page) >>> 2; }
  #state(page: number): number { return this.#desc(page) + (P.ll_state >>> 2); }

  /** Every store to the page counts its granules on, by now. */
  isMarked(page: number): boolean { return !this.marksPages || Atomics.load(this.#i32, this.#state(page)) >= LL_MARKED; }

  /**
   * First step, for the block a page is in: stores that begin from now on take the slow path. Then the caller waits for
   * those under way, and calls `marked`. Several vCPUs may mark a block at a time; each waits for itself.
   */
  mark(page: number): void {
    const i32 = this.#i32, head = this.#m.global('ll_pages'), [first, end] = this.#m.pageBlock(page);
    for (let p = first; p < end; p++) {
      Atomics.or(i32, this.#desc(p) + (P.dirty >>> 2), PAGE_EXCLUSIVE); // pairs with src/accel/machine-view.ts#recheckDirty
      if (Atomics.compareExchange(i32, this.#state(p), LL_NONE, LL_MARKING) !== LL_NONE) continue;
      const next = this.#desc(p) + (P.ll_next >>> 2);
      for (let n = Atomics.load(i32, head); ;) {
        Atomics.store(i32, next, n);
        const seen = Atomics.compareExchange(i32, head, n, p + 1);
        if (seen === n) break;
        n = seen;
      }
    }
    Atomics.add(i32, this.#m.global('ll_marks'), 1);
    for (const cpu of this.#cpus) Tlb.protectBlock(cpu, first, TLB_EXCLUSIVE);
  }
  marked(page: number): void {
    const [first, end] = this.#m.pageBlock(page);
    for (let p = first; p < end; p++) Atomics.compareExchange(this.#i32, this.#state(p), LL_MARKING, LL_USED);
  }

  /** True when it is time for a sweep again. */
  get sweepDue(): boolean { return ((performance.timeOrigin + performance.now()) >>> 0) - this.#m.u32[this.#m.global('ll_swept')] >>> 0 >= SWEEP_MS; }

  /**
   * Takes the marks off the pages without a load-exclusive in the last sweeps. In an exclusive section: no store and no
   * load-exclusive is under way, and the monitors of those pages are opened.
   */
  sweep(): void {
    const i32 = this.#i32, head = this.#m.global('ll_pages');
    if (!this.sweepDue) return;
    this.#m.u32[this.#m.global('ll_swept')] = (performance.timeOrigin + performance.now()) >>> 0;
    Atomics.add(i32, this.#m.global('ll_sweeps'), 1);
    let kept = 0, dropped = false;
    for (let n = Atomics.load(i32, head); n !== 0;) {
      const page = n - 1, next = this.#desc(page) + (P.ll_next >>> 2), after = Atomics.load(i32, next);
      const state = Atomics.load(i32, this.#state(page));
      if (state > LL_MARKED) {
        Atomics.store(i32, this.#state(page), state - 1);
        Atomics.store(i32, next, kept);
        kept = n;
      } else {
        Atomics.and(i32, this.#desc(page) + (P.dirty >>> 2), ~PAGE_EXCLUSIVE);
        Atomics.store(i32, this.#state(page), LL_NONE);
        dropped = true;
      }
      n = after;
    }
    Atomics.store(i32, head, kept);
    if (!dropped) return;
    for (const cpu of this.#cpus) {
      Tlb.unmark(cpu, (page) => this.isMarked(page));
      const at = Number(BigInt.asIntN(64, cpu.ld64(off.ll_host)));
      if (at < 0 || this.isMarked(Math.floor(at / PAGE_SIZE))) continue;
      cpu.st64p(off.ll_host, -1, -1);
      if (Atomics.exchange(i32, cpu.word(off.ll_watch), 0) !== 0) cpu.target.monitorCleared?.(cpu);
    }
  }

  /** Figures for monitors: pages marked now; blocks marked, stores to marked pages and sweeps so far. */
  stats(): { pages: number; marks: number; stores: number; sweeps: number } {
    const i32 = this.#i32;
    let pages = 0;
    // The list may change under us; it is a figure.
    for (let n = Atomics.load(i32, this.#m.global('ll_pages')); n !== 0 && pages < this.#m.layout.nrPages; pages++) n = Atomics.load(i32, this.#desc(n - 1) + (P.ll_next >>> 2));
    const stores = this.#cpus.reduce((n, cpu) => n + (cpu.ld32(off.ll_stores) >>> 0), 0);
    return { pages, stores, marks: Atomics.load(i32, this.#m.global('ll_marks')), sweeps: Atomics.load(i32, this.#m.global('ll_sweeps')) };
  }
}
