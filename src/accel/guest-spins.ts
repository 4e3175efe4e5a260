// The lock profiler's guest side: what one vCPU's code tried in vain, where, for how long, called by whom.
import { probeNow } from '#atomics-sync';
import { CPUState } from '../memory/layout/cpu.ts';
import { GUEST_SPINS, GuestSpin, ProfileSlot, SPAN_SPIN, SPIN_LOAD, SPIN_STACK, SpinTable } from '../memory/layout/profile.ts';
import type { Machine } from './machine-view.ts';
import { Random } from './random.ts';
import { bucketOf } from './sync-profile.ts';
import type { Vcpu } from './vcpu.ts';

const G = GuestSpin.off;
const { spin_at, spin_tries, spin_limit, spin_waits } = CPUState.off;
/** The half of the word whose sign says that a wait is under way. */
const OPEN = CPUState.off.spin_word + 4;
/**
 * Without a try for so long the wait was over before: something else happened in between, ns. In a loop, which so many
 * tries show, a longer pause is the host's, which ran another thread.
 */
const GAP_NS = 30_000, LOOP_GAP_NS = 100_000_000, LOOP_TRIES = 3;
/** Shorter waits are counted without a call stack, ns: walking one takes about as long. */
const STACK_NS = 1000;
/** A wait that goes on is booked this often, ns: one that never ends must show, too. */
const BOOK_NS = 1_000_000;
/** A location is only read often, not polled, whose loads are fewer than that and further apart, ns. */
const POLLS = 16, POLL_NS = 500;
/** Entries looked at for a key. */
const PROBES = 16;
/**
 * Measuring a wait takes half a microsecond, of which others see a part: it may be while a lock is held. Where waits are
 * short and many, one in up to MAX_PERIOD is measured and stands for those since the last one, so that a vCPU's samples
 * are SAMPLE_NS apart in the mean; BURST of them may follow each other. One that sleeps or comes to LONG_TRIES is always
 * measured, and stands for itself.
 */
const SAMPLE_NS = 100_000, BURST = 100, MAX_PERIOD = 256, LONG_TRIES = 4096;
/** So many tries say how long those took that went before, at most MAX_GUESS_NS. */
const GUESS_TRIES = 64, MAX_GUESS_NS = 100_000;
/** Far below what the count of tries holds. */
const MANY_TRIES = 2 ** 30;
/** In a wait that is measured the clock is looked at this often, ns; at most so many tries lie between. */
const LOOK_NS = 10_000, MAX_STEP = 4096;
/** Without a sample for so long the next wait is one, ns. */
const STALE_NS = 10_000_000;

/** Where a call stack starts: frame pointer (of records of previous frame pointer and return address) and link register. */
export interface CallFrame { readonly fp: bigint; readonly lr: bigint }

/** Reads guest memory of the running code without faulting: 8 aligned bytes, undefined when they are not there. */
export type Peek = (address: bigint) => bigint | undefined;

/**
 * A wait (episode) begins with a vain try and lasts while tries for the same address follow each other; it ends with
 * success there, a try for another address, or a gap. Generated code counts tries and waits (CPUState.spin_tries, spin_waits)
 * and calls for those that are to be measured; bit 63 of CPUState.spin_word tells it that one is being measured.
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
  /** Tries before it was measured. */
  #first = 0;
  /** It would have been measured in any case. */
  #isLong = false;
  /** Time spent here, which was not waited, ns. */
  #own = 0;
  /** Waits from one sample to the next, for which it stands; those of them that were left when a wait that is none was to be measured. */
  #period = 1;
  #left = 0;
  #tokens = BURST;
  #sampledAt = 0;
  readonly #random: Random;
  /** Tries until the next look at the clock; when that was, and when a polled value was seen to change. */
  #step = 1;
  #lookedAt = 0;
  #changedAt = 0;
  readonly #tried = { kind: 0, pc: 0, lo: 0, hi: 0, el: 0 };

  /** `clock`: ns of this thread. */
  constructor(cpu: Vcpu, peek: Peek, clock: () => number = probeNow) {
    this.#clock = clock;
    this.#cpu = cpu;
    this.#m = cpu.machine;
    this.#table = cpu.machine.layout.spinBase + cpu.index * SpinTable.size;
    this.#peek = peek;
    this.#random = new Random(cpu.index + 1);
  }

  /** The wait under way has not been over for long. */
  #isFresh(now: number): boolean {
    return this.#isOpen && (this.#isAsleep || now - this.#last < (this.#tries - this.#first >= LOOP_TRIES ? LOOP_GAP_NS : GAP_NS));
  }
  #isHere(lo: number, hi: number, now: number): boolean { return this.#lo === lo && this.#hi === hi && this.#isFresh(now); }

  /** A try in vain, as generated code counts it. pairs with src/tcg/ops/spin.ts#vain */
  tried(kind: number, pc: number, lo: number, hi: number, el: number): void {
    const tries = this.#cpu.ld32(spin_tries) + 1, last = this.#tried;
    last.kind = kind; last.pc = pc; last.lo = lo; last.hi = hi; last.el = el;
    this.#cpu.st32(spin_tries, tries);
    if (tries >= this.#cpu.ld32(spin_limit)) this.vain(kind, pc, lo, hi, el);
  }

  /**
   * One try of a wait that is to be measured was in vain: at page offset `pc` of the running code, for the location at
   * (lo, hi); 0: for none that is known.
   */
  vain(kind: number, pc: number, lo: number, hi: number, el: number, isLong = false): void {
    const cpu = this.#cpu, now = this.#clock();
    // WFE and YIELD do not say what they wait for.
    const isBlind = lo === 0 && hi === 0 && this.#isFresh(now);
    if (!isBlind && !this.#isHere(lo, hi, now)) {
      // It waited without saying for what; now it does.
      const isKnownNow = this.#lo === 0 && this.#hi === 0 && this.#isFresh(now);
      if (this.#isOpen && !isKnownNow) {
        this.#tries = cpu.ld32(spin_tries) - 1;
        this.#close(this.#last);
        cpu.st32(spin_tries, 1);
        if (!isLong && cpu.ld32(spin_limit) > 1) return;
      }
      this.#kind = kind;
      this.#el = el;
      this.#pcLo = cpu.target.pcLo(cpu) & ~0xfff | pc;
      this.#pcHi = cpu.target.pcHi(cpu);
      this.#lo = lo;
      this.#hi = hi;
      if (!isKnownNow) this.#open(now);
    }
    this.#isLong ||= isLong;
    const tries = cpu.ld32(spin_tries), told = tries - this.#first;
    this.#step = now - this.#lookedAt < LOOK_NS ? Math.min(MAX_STEP, 2 * this.#step) : Math.ceil(this.#step / 2);
    this.#lookedAt = now;
    this.#tries = tries;
    this.#last = now;
    this.#isAsleep = false;
    if (told >= LONG_TRIES) this.#isLong = true;
    if (this.#first > 0 && told >= GUESS_TRIES) this.#guessStart(now, told);
    if (!this.#hasStack && now - this.#start > STACK_NS) this.#walk();
    if (now - this.#booked > BOOK_NS) this.#book(now, false);
    if (tries > MANY_TRIES) this.#forget(tries - LONG_TRIES);
    cpu.st32(spin_limit, this.#tries + (told < LOOP_TRIES ? 1 : this.#step));
    cpu.st64p(spin_at, this.#lo, this.#hi);
    if (!this.#isLong) this.#own += this.#clock() - now;
  }

  #open(now: number): void {
    const cpu = this.#cpu, tries = cpu.ld32(spin_tries), isSample = cpu.ld32(spin_limit) <= 1;
    this.#isOpen = true;
    this.#start = this.#booked = now;
    this.#step = 1;
    this.#first = isSample ? 0 : tries - 1;
    this.#isLong = !isSample;
    this.#left = isSample ? 0 : cpu.ld32(spin_waits);
    this.#counted = 0;
    this.#own = 0;
    this.#hasStack = false;
    this.#depth = 0;
    cpu.st32(OPEN, cpu.ld32(OPEN) | 1 << 31);
    cpu.st32(spin_waits, 1);
  }

  /** One that was not measured from its first try on: as those that were take their time, so did the others. */
  #guessStart(now: number, told: number): void {
    const before = Math.min(MAX_GUESS_NS, this.#first * (now - this.#start) / told);
    if (this.#booked === this.#start) this.#booked -= before;
    this.#start -= before;
    this.#first = 0;
  }

  /** Counts on from `n` less: a poll that never ends must not overflow. */
  #forget(n: number): void {
    this.#tries -= n;
    this.#first -= n;
    this.#counted -= n;
    this.#cpu.st32(spin_tries, this.#tries);
  }

  /** A wait is over, with success at (lo, hi): the one that was measured, or the last before the next sample. pairs with src/tcg/ops/spin.ts#success */
  success(lo: number, hi: number): void {
    const cpu = this.#cpu;
    if (this.#isOpen) {
      const now = this.#clock(), isHere = this.#isHere(lo, hi, now);
      this.#tries = cpu.ld32(spin_tries);
      if (isHere && !this.#hasStack && now - this.#start > STACK_NS) this.#walk();
      this.#close(isHere ? now : this.#last);
    } else cpu.st32(spin_limit, 1);
    cpu.st32(spin_tries, 0);
  }

  /** What is waited for has changed: the wait lasts until here at least. */
  changed(): void {
    const now = this.#clock();
    if (this.#isFresh(now)) this.#last = now;
    // It changes all the time: that it does is told again after the next look.
    if (now - this.#changedAt < LOOK_NS) this.#cpu.st64p(spin_at, -1, -1);
    this.#changedAt = now;
  }

  /** The vCPU goes to sleep in the wait of the last tried(). */
  sleeps(): void {
    const { kind, pc, lo, hi, el } = this.#tried;
    this.vain(kind, pc, lo, hi, el, true);
    // Now, while nobody waits for it.
    if (!this.#hasStack) this.#walk();
    this.#isAsleep = true;
  }

  /** It woke. */
  woke(): void {
    if (!this.#isAsleep) return;
    this.#last = this.#clock();
    this.#isAsleep = false;
  }

  /** Now and then: after a time with many waits there may be few, each of which counts. */
  refresh(): void {
    const cpu = this.#cpu, now = this.#clock();
    if (this.#isOpen || cpu.ld32(spin_limit) <= 1 || now - this.#sampledAt < STALE_NS) return;
    this.#period -= cpu.ld32(spin_waits);
    cpu.st32(spin_waits, 0);
    cpu.st32(spin_limit, 1);
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
    if (this.#kind !== SPIN_LOAD || this.#tries >= POLLS || end - this.#start - this.#own < POLL_NS * this.#tries) this.#book(end, true);
    this.#isOpen = false;
    const cpu = this.#cpu;
    cpu.st32(OPEN, cpu.ld32(OPEN) & ~(1 << 31));
    if (!this.#isLong) this.#left = this.#toNextSample(end);
    cpu.st32(spin_waits, this.#left);
    cpu.st32(spin_limit, this.#left > 0 ? LONG_TRIES : 1);
  }

  /** After a sample that ended at `end`: waits until the next one. */
  #toNextSample(end: number): number {
    const tokens = (end - this.#sampledAt) / SAMPLE_NS;
    this.#sampledAt = end;
    this.#tokens = Math.max(0, Math.min(BURST, this.#tokens + tokens) - 1);
    const mean = this.#tokens > BURST / 2 ? 1 : Math.min(MAX_PERIOD, Math.ceil(this.#period / tokens));
    // The same number each time would go with the guest's own rhythm.
    this.#period = 1 + this.#random.below(2 * mean - 1);
    return this.#period - 1;
  }

  /** Counts what has not been counted. `over`: the wait has ended. */
  #book(last: number, over: boolean): void {
    const { f64, u32, profile } = this.#m, at = this.#find(), weight = this.#isLong ? 1 : this.#period;
    const end = Math.max(this.#booked, this.#isLong ? last : last - this.#own);
    if (at === 0) {
      if (profile.slot >= 0) f64[this.#m.layout.profileSlotBase + profile.slot * ProfileSlot.size + ProfileSlot.off.spins_lost >>> 3]++;
      return;
    }
    f64[at + G.failures >>> 3] += weight * (this.#tries - this.#counted);
    f64[at + G.ns >>> 3] += weight * (end - this.#booked);
    const whole = end - this.#start;
    if (whole > f64[at + G.max_ns >>> 3]) f64[at + G.max_ns >>> 3] = whole;
    if (profile.slot >= 0) profile.span(SPAN_SPIN, (at - this.#table) / GuestSpin.size, end, end - this.#booked);
    this.#booked = end;
    this.#counted = this.#tries;
    if (!over) return;
    f64[at + G.episodes >>> 3] += weight;
    u32[(at + G.histogram >>> 2) + bucketOf(whole)] += weight;
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
