// The lock profiler's report: what it says (schemas/lock-profile.json), and how raw figures become it.

/** Lengths of one sort, ns; quantiles are upper bounds of their histogram bucket (two to an octave). */
export interface Times { readonly total: number; readonly mean: number; readonly p50: number; readonly p99: number; readonly max: number }

/** Part of one thread in a figure. */
export interface ThreadShare { readonly thread: string; readonly acquisitions: number; readonly contended: number; readonly wait: number; readonly hold: number }

/** A call site of the emulator that takes a lock, starts an exclusive section, or waits for other threads. */
export interface HostSite {
  readonly lock: string;
  readonly site: string;
  readonly kind: string;
  readonly acquisitions: number;
  readonly contended: number;
  readonly wait: Times;
  readonly hold: Times;
  readonly threads: readonly ThreadShare[];
}

/** Accesses to the registers of a device on the main thread. */
export interface MmioRegion {
  readonly region: number;
  readonly device: string;
  readonly requests: number;
  readonly roundTrip: Times;
  /** In the device, on main; posted writes too. */
  readonly service: Times;
  readonly threads: readonly ThreadShare[];
}

/** One stop of the world. `at`: ns since the profile began. */
export interface StopEntry {
  readonly at: number;
  readonly who: string;
  readonly why: string;
  /** Until the last vCPU had parked, ns. */
  readonly wait: number;
  readonly hold: number;
  /** vCPUs that had to leave guest code. */
  readonly running: number;
  /** The one that left last; null when none had to. */
  readonly late: string | null;
}

export interface Frame { readonly pc: string; readonly symbol: string }

/** A guest instruction that waited for a location, as called from one place. */
export interface GuestSite {
  readonly pc: string;
  readonly symbol: string;
  readonly address: string;
  /** Name of the location; its address where there is none; '' when none is known. */
  readonly lock: string;
  readonly kind: string;
  readonly el: number;
  readonly failures: number;
  readonly waits: number;
  readonly time: Times;
  readonly vcpus: readonly { readonly vcpu: number; readonly failures: number; readonly time: number }[];
  /** The instruction's function first, then its callers. */
  readonly stack: readonly Frame[];
}

/** All waits for one location. */
export interface GuestLock {
  readonly address: string;
  readonly lock: string;
  readonly failures: number;
  readonly waits: number;
  readonly time: Times;
  /** Functions that waited, the one that lost most first. */
  readonly waiters: readonly { readonly symbol: string; readonly time: number }[];
}

export interface TimelineSpan { readonly at: number; readonly ns: number; readonly kind: 'lock' | 'hold' | 'mmio' | 'exclusive' | 'spin'; readonly what: string }

export interface LockReport {
  readonly version: 1;
  /** ns the profiler was on. */
  readonly measured: number;
  readonly vcpus: number;
  readonly host: readonly HostSite[];
  readonly mmio: readonly MmioRegion[];
  readonly stops: { readonly count: number; readonly late: readonly { readonly vcpu: string; readonly count: number; readonly wait: number }[]; readonly last: readonly StopEntry[] };
  /** `symbols`: where names come from. `lost`: waits that no table had room for. */
  readonly guest: { readonly symbols: number; readonly lost: number; readonly locks: readonly GuestLock[]; readonly sites: readonly GuestSite[] };
  readonly timeline: readonly { readonly thread: string; readonly spans: readonly TimelineSpan[] }[];
}

/** Sum, longest and histogram of lengths in ns. */
export interface Lengths { readonly ns: number; readonly max: number; readonly histogram: readonly number[] }

export function addLengths(all: readonly Lengths[]): Lengths {
  return {
    ns: all.reduce((s, l) => s + l.ns, 0), max: all.reduce((s, l) => Math.max(s, l.max), 0),
    histogram: (all[0]?.histogram ?? []).map((_, k) => all.reduce((s, l) => s + l.histogram[k], 0)),
  };
}

/** Upper end of a histogram bucket, ns. */
const bucketEnd = (k: number): number => 2 ** (k >> 1) * (1 + ((k & 1) + 1) / 2);

function quantile({ histogram, max }: Lengths, q: number): number {
  const count = histogram.reduce((a, b) => a + b, 0);
  let seen = 0;
  const k = histogram.findIndex((n) => { seen += n; return n > 0 && seen >= count * q; });
  return k < 0 ? 0 : Math.min(max, bucketEnd(k));
}

/** `count`: what the mean is over; the histogram's count when absent. */
export function times(l: Lengths, count = l.histogram.reduce((a, b) => a + b, 0)): Times {
  const round = Math.round;
  return { total: round(l.ns), mean: count === 0 ? 0 : round(l.ns / count), p50: round(quantile(l, 0.5)), p99: round(quantile(l, 0.99)), max: round(l.max) };
}

/** What a site lost: waiting, for an exclusive section both waiting and the section, in which nobody else runs. */
export const lostAt = (s: HostSite): number => s.wait.total + (s.kind === 'exclusive' ? s.hold.total : 0);
