// The lock profiler's host side on one thread: writes its figures of locks, MMIO round trips and stops of the world.
import { probeNow, setLockProbe, type LockProbe } from '#atomics-sync';
import {
  HISTOGRAM_BUCKETS, mainSlot, ProfileControl, ProfileSlot, ProfileSpan, PROFILE_SPANS, profileSlots, SITE_ROWS, SPAN_EXCLUSIVE, SPAN_HOLD, SPAN_LOCK, SPAN_MIN_NS, SPAN_MMIO,
  SpinTable, STOP_RECORDS, StopRecord, SyncRow, TRANSLATOR_SLOTS,
} from '../memory/layout/profile.ts';
import type { StateLayout } from '../memory/state-layout.ts';
import { monotonicNs } from './monotonic.ts';

const R = SyncRow.off, C = ProfileControl.off, S = ProfileSpan.off, W = StopRecord.off;

/** Histogram bucket of a length in ns: two to an octave. */
export function bucketOf(ns: number): number {
  const n = ns >= 4294967295 ? 4294967295 : ns >>> 0, e = 31 - Math.clz32(n | 1);
  return 2 * e + (e === 0 ? 0 : (n >>> (e - 1)) & 1);
}

/** What this needs of a machine. */
interface ProfiledMachine {
  readonly layout: StateLayout;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
}

/**
 * One thread's handle. Off, it costs each of its users a look at `on`. The thread writes its own slot only, plainly;
 * main reads all slots without stopping anybody.
 */
export class SyncProfile implements LockProbe {
  /** Figures are taken on this thread. */
  on = false;
  /** This thread's slot; -1: it has none, and takes no figures. */
  slot = -1;
  readonly #m: ProfiledMachine;
  readonly #control: number;
  #generation = 0;
  #vcpus = 0;
  /** This thread's clock + offset = monotonic time. */
  #offset = 0;

  constructor(m: ProfiledMachine) {
    this.#m = m;
    this.#control = m.layout.profileBase;
  }

  /** Gives this thread its slot: that of the first vCPU it runs, of so many. */
  join(slot: number, vcpus = 1): void {
    this.slot = slot;
    this.#vcpus = vcpus;
    this.sync();
  }
  joinMain(): void { this.join(mainSlot(this.#m.layout.nrCpus)); }
  joinTranslator(): void {
    const n = Atomics.add(this.#m.i32, this.#control + C.next_translator >>> 2, 1);
    this.join(mainSlot(this.#m.layout.nrCpus) + 1 + n % TRANSLATOR_SLOTS);
  }

  /** True when the machine's profiler is on, whatever this thread has heard of it. */
  get enabled(): boolean { return Atomics.load(this.#m.i32, this.#control + C.enabled >>> 2) !== 0; }

  /** Does as the switch says, and empties this thread's slot after a reset. pairs with src/accel/sync-profile.ts#set */
  sync(): void {
    if (this.slot < 0) return;
    const generation = Atomics.load(this.#m.i32, this.#control + C.generation >>> 2), was = this.on;
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#clear();
    }
    this.on = this.enabled;
    if (this.on) {
      this.#offset = monotonicNs() - probeNow();
      setLockProbe(this);
    } else if (was) setLockProbe(null);
  }

  #clear(): void {
    const { i32, layout } = this.#m, base = this.#base(this.slot) >>> 2;
    i32.fill(0, base, base + ProfileSlot.size / 4);
    if (this.slot >= layout.nrCpus) return;
    const spins = layout.spinBase + this.slot * SpinTable.size >>> 2;
    i32.fill(0, spins, spins + this.#vcpus * SpinTable.size / 4);
  }

  /** Main thread: switches the profiler on or off for all. The vCPUs hear of it by queued work. */
  set(on: boolean): void {
    const { f64, i32 } = this.#m, at = this.#control + C.started >>> 3;
    if (on === this.enabled) return;
    if (on) f64[at] = monotonicNs();
    else f64[this.#control + C.measured >>> 3] += monotonicNs() - f64[at];
    Atomics.store(i32, this.#control + C.enabled >>> 2, on ? 1 : 0); // pairs with src/accel/sync-profile.ts#sync
    this.sync();
  }

  /** Main thread: everything starts from nothing. */
  reset(): void {
    const { f64, i32 } = this.#m;
    f64[this.#control + C.started >>> 3] = monotonicNs();
    f64[this.#control + C.measured >>> 3] = 0;
    Atomics.store(i32, this.#control + C.stop_count >>> 2, 0);
    Atomics.add(i32, this.#control + C.generation >>> 2, 1);
    this.sync();
  }

  /** ns the profiler has been on since the last reset. */
  get measuredNs(): number {
    const { f64 } = this.#m;
    return f64[this.#control + C.measured >>> 3] + (this.enabled ? monotonicNs() - f64[this.#control + C.started >>> 3] : 0);
  }

  #base(slot: number): number { return this.#m.layout.profileSlotBase + slot * ProfileSlot.size; }
  #row(row: number): number { return this.#base(this.slot) + ProfileSlot.off.rows + row * SyncRow.size; }

  /** Counts something that took `ns`: totals at `total`, histogram at `histogram` of the row. */
  #add(row: number, total: number, max: number, histogram: number, ns: number): void {
    const { f64, u32 } = this.#m;
    f64[row + total >>> 3] += ns;
    if (ns > f64[row + max >>> 3]) f64[row + max >>> 3] = ns;
    u32[(row + histogram >>> 2) + bucketOf(ns)]++;
  }

  /** An interval of this thread for the timeline; `end` on its own clock. */
  span(kind: number, what: number, end: number, ns: number): void {
    if (ns < SPAN_MIN_NS) return;
    const { f64, u32 } = this.#m, slot = this.#base(this.slot), n = f64[slot + ProfileSlot.off.span_count >>> 3]++;
    const at = slot + ProfileSlot.off.spans + (n % PROFILE_SPANS) * ProfileSpan.size;
    f64[at + S.start >>> 3] = end - ns + this.#offset;
    f64[at + S.ns >>> 3] = ns;
    u32[at + S.kind >>> 2] = kind;
    u32[at + S.what >>> 2] = what;
  }

  // --- what the locks say ------------------------------------------------------------------------------------------

  acquired(i32: Int32Array, site: number, waitNs: number, at: number): void {
    // Another machine of this process; a lock that is part of another one.
    if (i32 !== this.#m.i32 || site < 0) return;
    const row = this.#row(site), { f64 } = this.#m;
    f64[row + R.acquisitions >>> 3]++;
    if (waitNs < 0) return;
    f64[row + R.contended >>> 3]++;
    this.#add(row, R.wait_ns, R.wait_max, R.wait_histogram, waitNs);
    this.span(SPAN_LOCK, site, at, waitNs);
  }

  released(i32: Int32Array, site: number, holdNs: number): void {
    if (i32 !== this.#m.i32 || site < 0 || !this.on) return;
    this.#add(this.#row(site), R.hold_ns, R.hold_max, R.hold_histogram, holdNs);
    if (holdNs >= SPAN_MIN_NS) this.span(SPAN_HOLD, site, probeNow(), holdNs);
  }

  /** This thread's time while the profiler is on, for the calls below; 0: it is off. */
  begin(): number { return this.on ? probeNow() : 0; }

  // --- waits that are no locks -------------------------------------------------------------------------------------

  /** A wait at a call site began at `start` (probeNow) and is over. */
  waited(site: number, start: number): void {
    const now = probeNow();
    this.acquired(this.#m.i32, site, now - start, now);
  }

  /** A vCPU's MMIO request began at `start` and is answered. */
  mmioDone(region: number, start: number): void {
    const now = probeNow(), row = this.#row(SITE_ROWS + region), { f64 } = this.#m;
    f64[row + R.acquisitions >>> 3]++;
    f64[row + R.contended >>> 3]++;
    this.#add(row, R.wait_ns, R.wait_max, R.wait_histogram, now - start);
    this.span(SPAN_MMIO, region, now, now - start);
  }

  /** Main: a device has served a request that began at `start`. */
  mmioServed(region: number, start: number): void {
    const row = this.#row(SITE_ROWS + region);
    this.#m.f64[row + R.acquisitions >>> 3]++;
    this.#add(row, R.hold_ns, R.hold_max, R.hold_histogram, probeNow() - start);
  }

  // --- stops of the world ------------------------------------------------------------------------------------------

  /** The vCPU that just left guest code for who waits for it, or parked: the last one to say so is the late one. */
  left(cpu: number): void { this.#m.i32[this.#control + C.late >>> 2] = cpu; }

  /** A stop asked for at `start`, everybody out at `parked`, is over now; `running`: vCPUs that had to leave guest code. */
  stopped(site: number, start: number, parked: number, running: number, late: number): void {
    const { i32, f64 } = this.#m, now = probeNow(), row = this.#row(site);
    f64[row + R.acquisitions >>> 3]++;
    if (running > 0) f64[row + R.contended >>> 3]++;
    this.#add(row, R.wait_ns, R.wait_max, R.wait_histogram, parked - start);
    this.#add(row, R.hold_ns, R.hold_max, R.hold_histogram, now - parked);
    this.span(SPAN_EXCLUSIVE, site, now, now - start);
    const n = Atomics.add(i32, this.#control + C.stop_count >>> 2, 1);
    const at = this.#control + C.stops + (n % STOP_RECORDS) * StopRecord.size;
    f64[at + W.start >>> 3] = start + this.#offset;
    f64[at + W.wait_ns >>> 3] = parked - start;
    f64[at + W.hold_ns >>> 3] = now - parked;
    i32[at + W.who >>> 2] = this.slot;
    i32[at + W.site >>> 2] = site;
    i32[at + W.running >>> 2] = running;
    i32[at + W.late >>> 2] = running > 0 ? late : -1;
  }
  /** The vCPU that was the last to leave. */
  get late(): number { return this.#m.i32[this.#control + C.late >>> 2]; }

  // --- reading -----------------------------------------------------------------------------------------------------

  /** Figures of a row on a thread. */
  read(slot: number, row: number): RowFigures {
    const { f64, u32 } = this.#m, at = this.#base(slot) + ProfileSlot.off.rows + row * SyncRow.size;
    const f = (o: number) => f64[at + o >>> 3], h = (o: number) => [...u32.subarray(at + o >>> 2, (at + o >>> 2) + HISTOGRAM_BUCKETS)];
    return {
      acquisitions: f(R.acquisitions), contended: f(R.contended), wait: { ns: f(R.wait_ns), max: f(R.wait_max), histogram: h(R.wait_histogram) },
      hold: { ns: f(R.hold_ns), max: f(R.hold_max), histogram: h(R.hold_histogram) },
    };
  }

  /** The spans of a thread that are kept, oldest first. */
  spans(slot: number): Span[] {
    const { f64, u32 } = this.#m, base = this.#base(slot), count = f64[base + ProfileSlot.off.span_count >>> 3];
    return Array.from({ length: Math.min(count, PROFILE_SPANS) }, (_, k) => {
      const n = Math.max(0, count - PROFILE_SPANS) + k, at = base + ProfileSlot.off.spans + (n % PROFILE_SPANS) * ProfileSpan.size;
      return { start: f64[at + S.start >>> 3], ns: f64[at + S.ns >>> 3], kind: u32[at + S.kind >>> 2], what: u32[at + S.what >>> 2] };
    });
  }

  /** Waits in the guest that found its table full. */
  spinsLost(slot: number): number { return this.#m.f64[this.#base(slot) + ProfileSlot.off.spins_lost >>> 3]; }

  /** The stops that are kept, oldest first, and how many there were. */
  stops(): { count: number; kept: Stop[] } {
    const { i32, f64 } = this.#m, count = Atomics.load(i32, this.#control + C.stop_count >>> 2);
    const kept = Array.from({ length: Math.min(count, STOP_RECORDS) }, (_, k) => {
      const at = this.#control + C.stops + ((Math.max(0, count - STOP_RECORDS) + k) % STOP_RECORDS) * StopRecord.size;
      const f = (o: number) => f64[at + o >>> 3], w = (o: number) => i32[at + o >>> 2];
      return { start: f(W.start), waitNs: f(W.wait_ns), holdNs: f(W.hold_ns), who: w(W.who), site: w(W.site), running: w(W.running), late: w(W.late) };
    });
    return { count, kept };
  }

  get slots(): number { return profileSlots(this.#m.layout.nrCpus); }
}

/** Lengths of one sort: sum and longest in ns, count by bucket. */
export interface Lengths { readonly ns: number; readonly max: number; readonly histogram: readonly number[] }
export interface RowFigures { readonly acquisitions: number; readonly contended: number; readonly wait: Lengths; readonly hold: Lengths }
export interface Span { readonly start: number; readonly ns: number; readonly kind: number; readonly what: number }
export interface Stop {
  readonly start: number; readonly waitNs: number; readonly holdNs: number; readonly who: number; readonly site: number; readonly running: number; readonly late: number;
}
