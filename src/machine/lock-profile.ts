// Gathers the lock profiler's tables into a report: sums threads up, names devices, guest code and guest locks.
import { BQL_SITES } from '../memory/layout/tb.ts';
import type { Machine } from '../accel/machine-view.ts';
import { readSpins, type SpinFigures } from '../accel/guest-spins.ts';
import type { RowFigures } from '../accel/sync-profile.ts';
import { REGION_ROWS, SITE_ROWS, SPAN_EXCLUSIVE, SPAN_HOLD, SPAN_LOCK, SPAN_MMIO, SPAN_SPIN, SPIN_KINDS, SPIN_LOAD, SYNC_SITES } from '../memory/layout/profile.ts';
import { addLengths, lostAt, times, type Frame, type GuestLock, type GuestSite, type HostSite, type LockReport, type MmioRegion, type ThreadShare, type TimelineSpan } from '../profile/lock-report.ts';
import { guestSymbols } from '../profile/symbols.ts';
import type { ArmCpu } from '../target/arm/arm-cpu.ts';
import { envOff } from '../target/arm/env.ts';
import { GuestNames } from './guest-names.ts';
import type { VirtMachine } from './virt.ts';

const hex = (v: bigint): string => `0x${v.toString(16)}`;
const SPAN_KIND: Readonly<Record<number, TimelineSpan['kind']>> = { [SPAN_LOCK]: 'lock', [SPAN_HOLD]: 'hold', [SPAN_MMIO]: 'mmio', [SPAN_EXCLUSIVE]: 'exclusive', [SPAN_SPIN]: 'spin' };

/** Names of the guest's code and data as they are now: Linux's from its memory, others from the kernel file and `--symbols`. */
export function guestNames(vm: VirtMachine): GuestNames {
  const { machine: m } = vm, [cpu] = vm.cpus, arm = cpu.target as ArmCpu;
  const symbols = guestSymbols({ ram: m.ram8, files: vm.symbols, vectors: cpu.ld64(envOff.vbar_el1) });
  return new GuestNames(symbols, m.layout.nrCpus, (address) => {
    const pa = arm.debugTranslate(cpu, Number(address & 0xffffffffn) | 0, Number(address >> 32n) | 0);
    const read = pa === undefined ? undefined : vm.inspect.readPhysical(pa, 8);
    return read?.mapped ? new DataView(read.bytes.buffer, read.bytes.byteOffset).getBigUint64(0, true) : undefined;
  });
}

/** The report as of now; the machine goes on. */
export function lockReport(vm: VirtMachine, names = guestNames(vm)): LockReport {
  const m = vm.machine, { profile } = m, { nrCpus } = m.layout;
  const thread = (slot: number): string => (slot < nrCpus ? `vCPU ${slot}` : slot === nrCpus ? 'main' : `translator ${slot - nrCpus - 1}`);
  const slots = Array.from({ length: profile.slots }, (_, n) => n);
  const device = (region: number): string => m.spec.flat.find((r) => r.region === region)?.name ?? `region ${region}`;
  const shares = (rows: readonly RowFigures[]): ThreadShare[] => rows.flatMap((r, slot) =>
    (r.acquisitions === 0 ? [] : [{ thread: thread(slot), acquisitions: r.acquisitions, contended: r.contended, wait: Math.round(r.wait.ns), hold: Math.round(r.hold.ns) }]));
  const total = (rows: readonly RowFigures[], f: 'acquisitions' | 'contended') => rows.reduce((s, r) => s + r[f], 0);

  const host = SYNC_SITES.flatMap(({ lock, what, kind }, site): HostSite[] => {
    const rows = slots.map((slot) => profile.read(slot, site)), acquisitions = total(rows, 'acquisitions');
    if (acquisitions === 0) return site > 0 && site < BQL_SITES ? countedAlways(m, site) : [];
    return [{
      lock, site: what, kind, acquisitions, contended: total(rows, 'contended'), wait: times(addLengths(rows.map((r) => r.wait))),
      hold: times(addLengths(rows.map((r) => r.hold))), threads: shares(rows),
    }];
  }).sort((a, b) => lostAt(b) - lostAt(a) || b.acquisitions - a.acquisitions);

  const mmio = Array.from({ length: REGION_ROWS }, (_, region) => region).flatMap((region): MmioRegion[] => {
    const rows = slots.map((slot) => profile.read(slot, SITE_ROWS + region)), service = addLengths(rows.map((r) => r.hold));
    const requests = total(rows.slice(0, nrCpus), 'acquisitions');
    if (requests === 0 && service.ns === 0) return [];
    return [{ region, device: device(region), requests, roundTrip: times(addLengths(rows.map((r) => r.wait))), service: times(service), threads: shares(rows) }];
  }).sort((a, b) => b.roundTrip.total - a.roundTrip.total);

  const spins = Array.from({ length: nrCpus }, (_, n) => readSpins(m, n).filter(isWait)), sites = guestSites(spins, names);
  const spans = slots.map((slot) => profile.spans(slot)), { count, kept } = profile.stops();
  const begin = Math.min(...spans.flat().map((s) => s.start), ...kept.map((s) => s.start));
  const what = (slot: number, s: { kind: number; what: number }): string => {
    if (s.kind === SPAN_MMIO) return device(s.what);
    if (s.kind !== SPAN_SPIN) return `${SYNC_SITES[s.what].lock}: ${SYNC_SITES[s.what].what}`;
    const spin = spins[slot]?.find((x) => x.index === s.what);
    return spin ? `${names.lock(spin.address) || 'no location'} in ${names.code(spin.pc)}` : 'guest';
  };
  const late = new Map<number, { count: number; wait: number }>();
  for (const s of kept) {
    if (s.late < 0) continue;
    const l = late.get(s.late) ?? { count: 0, wait: 0 };
    late.set(s.late, { count: l.count + 1, wait: l.wait + s.waitNs });
  }
  return {
    version: 1, measured: Math.round(profile.measuredNs), vcpus: nrCpus, host, mmio,
    stops: {
      count, late: [...late].map(([n, l]) => ({ vcpu: thread(n), count: l.count, wait: Math.round(l.wait) })).sort((a, b) => b.count - a.count),
      last: kept.map((s) => ({
        at: Math.round(s.start - begin), who: thread(s.who), why: SYNC_SITES[s.site].what, wait: Math.round(s.waitNs), hold: Math.round(s.holdNs), running: s.running,
        late: s.late < 0 ? null : thread(s.late),
      })),
    },
    guest: { symbols: names.count, lost: slots.reduce((n, slot) => n + profile.spinsLost(slot), 0), locks: guestLocks(spins, sites, names), sites },
    timeline: slots.flatMap((slot) => (spans[slot].length === 0 ? [] : [{
      thread: thread(slot),
      spans: spans[slot].map((s) => ({ at: Math.round(s.start - begin), ns: Math.round(s.ns), kind: SPAN_KIND[s.kind], what: what(slot, s) })).sort((a, b) => a.at - b.at),
    }])),
  };
}

/** What the BQL counts without the profiler, since the machine was made. */
function countedAlways(m: Machine, site: number): HostSite[] {
  const s = m.bql.stats(site), { lock, what, kind } = SYNC_SITES[site];
  if (s.acquisitions === 0) return [];
  const wait = { ns: s.waitNs, max: s.maxWaitNs, histogram: [] };
  return [{ lock, site: what, kind, acquisitions: s.acquisitions, contended: s.contended, wait: times(wait, s.contended), hold: times({ ns: 0, max: 0, histogram: [] }), threads: [] }];
}

/** The instruction's function, then its callers. A return address that only says the function called somebody before is left out. */
function stackOf(s: SpinFigures, names: GuestNames): Frame[] {
  const frame = (pc: bigint, at = pc): Frame => ({ pc: hex(pc), symbol: names.code(at) });
  const own = names.function(s.pc), [first, ...rest] = s.stack;
  const callers = first !== undefined && own !== undefined && names.function(first - 4n) === own ? rest : s.stack;
  // A return address may be the first one of the next function: what called is in front of it.
  return [frame(s.pc), ...callers.map((pc) => frame(pc, pc - 4n))];
}

/** Code that now and then reads a location twice does not wait for it: a loop tries more often. */
const isWait = (s: SpinFigures): boolean => s.kind !== SPIN_LOAD || s.failures > s.episodes;

/** All vCPUs' entries, those of one place, location and stack together. */
function guestSites(spins: readonly (readonly SpinFigures[])[], names: GuestNames): GuestSite[] {
  const groups = new Map<string, { vcpu: number; s: SpinFigures }[]>();
  spins.forEach((list, vcpu) => {
    for (const s of list) {
      const key = [s.pc, s.address, s.kind, ...s.stack].join();
      groups.set(key, [...groups.get(key) ?? [], { vcpu, s }]);
    }
  });
  return [...groups.values()].map((all): GuestSite => {
    const [{ s }] = all;
    return {
      pc: hex(s.pc), symbol: names.code(s.pc), address: hex(s.address), lock: names.lock(s.address), kind: SPIN_KINDS[s.kind], el: s.el,
      failures: all.reduce((n, e) => n + e.s.failures, 0), waits: all.reduce((n, e) => n + e.s.episodes, 0),
      time: times(addLengths(all.map((e) => ({ ns: e.s.ns, max: e.s.max, histogram: e.s.histogram })))),
      vcpus: all.map((e) => ({ vcpu: e.vcpu, failures: e.s.failures, time: Math.round(e.s.ns) })), stack: stackOf(s, names),
    };
  }).sort((a, b) => b.time.total - a.time.total || b.failures - a.failures);
}

function guestLocks(spins: readonly (readonly SpinFigures[])[], sites: readonly GuestSite[], names: GuestNames): GuestLock[] {
  const byAddress = Map.groupBy(spins.flat().filter((s) => s.address !== 0n), (s) => s.address);
  return [...byAddress].map(([address, all]): GuestLock => {
    const waiters = new Map<string, number>();
    for (const s of sites) {
      if (s.address !== hex(address)) continue;
      const symbol = waiter(s);
      waiters.set(symbol, (waiters.get(symbol) ?? 0) + s.time.total);
    }
    return {
      address: hex(address), lock: lockName(address, waiters, names), failures: all.reduce((n, s) => n + s.failures, 0), waits: all.reduce((n, s) => n + s.episodes, 0),
      time: times(addLengths(all.map((s) => ({ ns: s.ns, max: s.max, histogram: s.histogram })))),
      waiters: [...waiters].map(([symbol, time]) => ({ symbol, time })).sort((a, b) => b.time - a.time),
    };
  }).sort((a, b) => b.time.total - a.time.total || b.failures - a.failures);
}

/** A lock's name; one without is known by who takes it. */
function lockName(address: bigint, waiters: ReadonlyMap<string, number>, names: GuestNames): string {
  const name = names.lock(address), [by] = [...waiters].sort(([, a], [, b]) => b - a);
  return name === hex(address) && by !== undefined && !by[0].startsWith('0x') ? `${by[0]} @ ${name}` : name;
}

/** Functions that are the lock itself: who waits is whoever called them. */
const LOCK_FUNCTION = /^(_*(raw_)?_?(spin|read|write)_(try)?(un)?lock|queued_(spin|read|write)_|native_queued|mcs_spin|osq_|_raw_|arch_(spin|mcs)|do_raw_|__cmpwait|mutex_(lock|spin)|__mutex_lock|rwsem_|down_(read|write)|up_(read|write))/;

/** The function that waited, seen from outside the lock's own functions. */
function waiter(s: GuestSite): string {
  const name = (f: Frame): string => f.symbol.replace(/\+0x[0-9a-f]+$/, '');
  return name(s.stack.find((f) => !LOCK_FUNCTION.test(f.symbol)) ?? s.stack[0]);
}
