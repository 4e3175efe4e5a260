// The lock profiler's guest side: what one vCPU's code tried in vain, where, for how long, called by whom.
import { probeNow } from '#atomics-sync';
import { CPUState } from '../memory/layout/cpu.ts';
import { GUEST_SPINS, GuestSpin, ProfileSlot, SPAN_SPIN, SPIN_STACK, SpinTable } from '../memory/layout/profile.ts';
import type { Machine } from './machine-view.ts';
import { bucketOf } from './sync-profile.ts';
import type { Vcpu } from './vcpu.ts';

const G = GuestSpin.off;
/**
 * Without a try for so long the wait was over before: something else happened in between, ns. In a loop, which so many
 * tries show, a longer pause is the host's, which ran another thread.
 */
const GAP_NS = 30_000, LOOP_GAP_NS = 100_000_000, LOOP_TRIES = 3;
/** Shorter waits are counted without a call stack, ns: walking one takes about as long. */
const STACK_NS = 1000;
/** A wait that goes on is booked this often, ns: one that never ends must show, too. */
const BOOK_NS = 1_000_000;
/** Entries looked at for a key. */
const PROBES = 16;

/** Where a call stack starts: frame pointer (of records of previous frame pointer and return address) and link register. */
export interface CallFrame { readonly fp: bigint; readonly lr: bigint }

/** Reads guest memory of the running code without faulting: 8 aligned bytes, undefined when they are not there. */
export type Peek = (address: bigint) => bigint | undefined;

/**
 * A wait (episode) begins with a vain try and lasts while tries for the same address follow each other; it ends with
 * success there, a try for another address, or a gap. CPUState.spin_open tells generated code that one is under way.
 */
export class GuestSpins {
  readonly #cpu: Vcpu;
  readonly #m: Machine;
  readonly #table: number;
  readonly #peek: Peek;
  readonly #clock: () => number;
  #isOpen = false;
  #kind = 0;
  #el = 0;
  #pcLo = 0;
  #pcHi = 0;
  #lo = 0;
  #hi = 0;
  #start = 0;
  #booked = 0;
  #last = 0;
  #tries = 0;
  /** Tries that were counted. */
  #counted = 0;
  /** In WFE: there is no gap. */
  #isAsleep = false;
  /** Low and high halves; the first #depth addresses count. */
  readonly #stack = new Int32Array(2 * SPIN_STACK);
  #depth = 0;
  #hasStack = false;

  /** `clock`: ns of this thread. */
  constructor(cpu: Vcpu, peek: Peek, clock: () => number = probeNow) {
    this.#clock = clock;
    this.#cpu = cpu;
    this.#m = cpu.machine;
    this.#table = cpu.machine.layout.spinBase + cpu.index * SpinTable.size;
    this.#peek = peek;
  }

  /** The wait under way has not been over for long. */
  #isFresh(now: number): boolean {
    return this.#isOpen && (this.#isAsleep || now - this.#last < (this.#tries >= LOOP_TRIES ? LOOP_GAP_NS : GAP_NS));
  }
  #isHere(lo: number, hi: number, now: number): boolean { return this.#lo === lo && this.#hi === hi && this.#isFresh(now); }

  /** A try in vain at page offset `pc` of the running code, for the location at (lo, hi); 0: for none that is known. */
  vain(kind: number, pc: number, lo: number, hi: number, el: number): void {
    const now = this.#clock();
    // WFE and YIELD do not say what they wait for.
    const isBlind = lo === 0 && hi === 0 && this.#isFresh(now);
    if (isBlind || this.#isHere(lo, hi, now)) {
      this.#tries++;
      this.#last = now;
      this.#isAsleep = false;
      if (!this.#hasStack && now - this.#start > STACK_NS) this.#walk();
      if (now - this.#booked > BOOK_NS) this.#book(now, false);
      return;
    }
    // It waited without saying for what; now it does.
    const isKnownNow = this.#lo === 0 && this.#hi === 0 && this.#isFresh(now);
    if (this.#isOpen && !isKnownNow) this.#close(this.#last);
    this.#isOpen = true;
    this.#kind = kind;
    this.#el = el;
    this.#pcLo = this.#cpu.target.pcLo(this.#cpu) & ~0xfff | pc;
    this.#pcHi = this.#cpu.target.pcHi(this.#cpu);
    this.#lo = lo;
    this.#hi = hi;
    if (isKnownNow) {
      this.#tries++;
      this.#last = now;
      this.#isAsleep = false;
      return;
    }
    this.#start = this.#booked = this.#last = now;
    this.#tries = 1;
    this.#counted = 0;
    this.#isAsleep = false;
    this.#hasStack = false;
    this.#depth = 0;
    this.#cpu.st32(CPUState.off.spin_open, 1);
  }

  /** It succeeded at (lo, hi). */
  success(lo: number, hi: number): void {
    if (!this.#isOpen) return;
    const now = this.#clock();
    if (!this.#isHere(lo, hi, now)) return this.#close(this.#last);
    if (!this.#hasStack && now - this.#start > STACK_NS) this.#walk();
    this.#close(now);
  }

  /** What is polled at (lo, hi) has changed: if that is what was waited for, the wait ends here. */
  changed(lo: number, hi: number): void {
    const now = this.#clock();
    if (this.#isHere(lo, hi, now)) this.#last = now;
  }

  /** The vCPU goes to sleep in the wait that vain() was just told of. */
  sleeps(): void { this.#isAsleep = true; }

  /** It woke. */
  woke(): void {
    if (!this.#isAsleep) return;
    this.#last = this.#clock();
    this.#isAsleep = false;
    if (!this.#hasStack && this.#last - this.#start > STACK_NS) this.#walk();
  }

  #walk(): void {
    this.#hasStack = true;
    const frame = this.#cpu.target.callFrame?.(this.#cpu), seen: bigint[] = [];
    if (!frame) return;
    if (frame.lr !== 0n) seen.push(address(frame.lr));
    for (let fp = frame.fp; seen.length < SPIN_STACK && fp !== 0n && (fp & 7n) === 0n;) {
      const next = this.#peek(fp), lr = this.#peek(fp + 8n);
      if (next === undefined || lr === undefined || lr === 0n) break;
      const to = address(lr);
      // A function that calls has its own link register in its frame.
      if (seen.length !== 1 || seen[0] !== to) seen.push(to);
      if (next <= fp) break;
      fp = next;
    }
    seen.forEach((a, n) => {
      this.#stack[2 * n] = Number(a & 0xffffffffn);
      this.#stack[2 * n + 1] = Number(a >> 32n);
    });
    this.#depth = seen.length;
  }

  #close(end: number): void {
    this.#book(end, true);
    this.#isOpen = false;
    this.#cpu.st32(CPUState.off.spin_open, 0);
  }

  /** Counts what has not been counted. `over`: the wait has ended. */
  #book(end: number, over: boolean): void {
    const { f64, u32, profile } = this.#m, at = this.#find();
    if (at === 0) {
      if (profile.slot >= 0) f64[this.#m.layout.profileSlotBase + profile.slot * ProfileSlot.size + ProfileSlot.off.spins_lost >>> 3]++;
      return;
    }
    f64[at + G.failures >>> 3] += this.#tries - this.#counted;
    f64[at + G.ns >>> 3] += end - this.#booked;
    const whole = end - this.#start;
    if (whole > f64[at + G.max_ns >>> 3]) f64[at + G.max_ns >>> 3] = whole;
    if (profile.slot >= 0) profile.span(SPAN_SPIN, (at - this.#table) / GuestSpin.size, end, end - this.#booked);
    this.#booked = end;
    this.#counted = this.#tries;
    if (!over) return;
    f64[at + G.episodes >>> 3]++;
    u32[(at + G.histogram >>> 2) + bucketOf(whole)]++;
  }

  /** The entry of the wait under way, made when there is none; 0: the table is full. */
  #find(): number {
    const { i32 } = this.#m, stack = this.#stack, words = 2 * this.#depth;
    let h = Math.imul(this.#pcLo, 0x9e3779b1) ^ Math.imul(this.#lo, 0x85ebca6b) ^ Math.imul(this.#hi + this.#kind, 0xc2b2ae35);
    for (let n = 0; n < words; n += 2) h = Math.imul(h ^ stack[n], 0x27d4eb2f) ^ h >>> 15;
    for (let n = 0; n < PROBES; n++) {
      const at = this.#table + ((h ^ h >>> 16) + n & (GUEST_SPINS - 1)) * GuestSpin.size, w = at >>> 2, s = at + G.stack >>> 2;
      if (i32[w + (G.kind >>> 2)] === 0) {
        i32[w + (G.pc >>> 2)] = this.#pcLo;
        i32[w + (G.pc >>> 2) + 1] = this.#pcHi;
        i32[w + (G.address >>> 2)] = this.#lo;
        i32[w + (G.address >>> 2) + 1] = this.#hi;
        i32[w + (G.el >>> 2)] = this.#el;
        i32.fill(0, s, s + 2 * SPIN_STACK);
        for (let k = 0; k < words; k++) i32[s + k] = stack[k];
        i32[w + (G.kind >>> 2)] = this.#kind;
        return at;
      }
      if (i32[w + (G.pc >>> 2)] === this.#pcLo && i32[w + (G.pc >>> 2) + 1] === this.#pcHi && i32[w + (G.address >>> 2)] === this.#lo
        && i32[w + (G.address >>> 2) + 1] === this.#hi && i32[w + (G.kind >>> 2)] === this.#kind && this.#sameStack(s)) return at;
    }
    return 0;
  }

  #sameStack(at: number): boolean {
    const { i32 } = this.#m, words = 2 * this.#depth;
    for (let k = 0; k < words; k++) if (i32[at + k] !== this.#stack[k]) return false;
    return this.#depth === SPIN_STACK || (i32[at + words] === 0 && i32[at + words + 1] === 0);
  }
}

/** A return address without its pointer authentication code: bits 63…48 as bit 55 says. */
function address(lr: bigint): bigint {
  return lr >> 55n & 1n ? lr | 0xffff000000000000n : lr & 0xffffffffffffn;
}

/** One entry of a vCPU's table. */
export interface SpinFigures {
  readonly index: number;
  readonly pc: bigint; readonly address: bigint; readonly kind: number; readonly el: number;
  readonly failures: number; readonly episodes: number; readonly ns: number; readonly max: number;
  readonly histogram: readonly number[];
  readonly stack: readonly bigint[];
}

/** The guest spins of a vCPU as main sees them, perhaps an update behind. */
export function readSpins(m: Machine, cpu: number): SpinFigures[] {
  const base = m.layout.spinBase + cpu * SpinTable.size, out: SpinFigures[] = [];
  for (let index = 0; index < GUEST_SPINS; index++) {
    const at = base + index * GuestSpin.size, kind = m.u32[at + G.kind >>> 2], f = (o: number) => m.f64[at + o >>> 3];
    if (kind === 0 || f(G.failures) === 0) continue;
    const stack = [...m.u64.subarray(at + G.stack >>> 3, (at + G.stack >>> 3) + SPIN_STACK)], end = stack.indexOf(0n);
    out.push({
      index, kind, pc: m.u64[at + G.pc >>> 3], address: m.u64[at + G.address >>> 3], el: m.u32[at + G.el >>> 2], failures: f(G.failures), episodes: f(G.episodes), ns: f(G.ns), max: f(G.max_ns),
      histogram: [...m.u32.subarray(at + G.histogram >>> 2, (at + G.histogram >>> 2) + 64)], stack: end < 0 ? stack : stack.slice(0, end),
    });
  }
  return out;
}
