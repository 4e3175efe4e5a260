// The lock profiler's report for other viewers: speedscope (call stacks by time lost) and Chrome's trace format (timeline).
import type { LockReport } from './lock-report.ts';

/** Name of a frame without the offset in it: what flame graphs put together. */
export const frameName = (symbol: string): string => symbol.replace(/\+0x[0-9a-f]+(?= |$)/, '');

/** A call stack, outermost first, and the time lost there, ns. */
export interface LostStack { readonly frames: readonly string[]; readonly ns: number }

/** Time lost in the guest and in the emulator as stacks; the lock is the innermost frame. */
export function lostStacks(r: LockReport): LostStack[] {
  const guest = r.guest.sites.filter((s) => s.time.total > 0).map((s) => ({
    frames: ['guest', ...s.stack.map((f) => frameName(f.symbol)).reverse(), s.lock === '' ? `[${s.kind}]` : `[${s.lock}]`], ns: s.time.total,
  }));
  const host = r.host.filter((h) => h.wait.total > 0).map((h) => ({ frames: ['emulator', h.lock, h.site], ns: h.wait.total }));
  const mmio = r.mmio.filter((m) => m.roundTrip.total > 0).map((m) => ({ frames: ['emulator', 'MMIO', m.device], ns: m.roundTrip.total }));
  return [...guest, ...host, ...mmio];
}

/** A speedscope file (speedscope.app's file-format schema): one profile a vCPU of the guest's stacks, one of everything. */
export function speedscope(r: LockReport, name: string): object {
  const frames: { name: string }[] = [], index = new Map<string, number>();
  const frame = (n: string): number => {
    let k = index.get(n);
    if (k === undefined) {
      k = frames.push({ name: n }) - 1;
      index.set(n, k);
    }
    return k;
  };
  const profile = (title: string, stacks: readonly LostStack[]): object => ({
    type: 'sampled', name: title, unit: 'nanoseconds', startValue: 0, endValue: stacks.reduce((n, s) => n + s.ns, 0),
    samples: stacks.map((s) => s.frames.map(frame)), weights: stacks.map((s) => s.ns),
  });
  const stacks = lostStacks(r);
  const vcpus = Array.from({ length: r.vcpus }, (_, n) => ({
    n, stacks: lostStacks({ ...r, host: [], mmio: [], guest: { ...r.guest, sites: r.guest.sites.flatMap((s) => {
      const mine = s.vcpus.find((v) => v.vcpu === n);
      return mine ? [{ ...s, time: { ...s.time, total: mine.time } }] : [];
    }) } }),
  })).filter((v) => v.stacks.length > 0);
  return {
    $schema: 'https://www.speedscope.app/file-format-schema.json', exporter: 'mttcg', name, activeProfileIndex: 0,
    shared: { frames }, profiles: [profile('time lost', stacks), ...vcpus.map((v) => profile(`vCPU ${v.n}, guest`, v.stacks))],
  };
}

/** Trace events (Chrome's JSON Object Format): a thread a row, complete events in µs. */
export function chromeTrace(r: LockReport): object {
  const event = (tid: number, e: { name: string; cat: string; at: number; ns: number }, args: object = {}) =>
    ({ ph: 'X', pid: 1, tid, name: e.name, cat: e.cat, ts: e.at / 1000, dur: e.ns / 1000, args });
  const threads = r.timeline.map((t) => t.thread), stops = threads.length;
  return {
    displayTimeUnit: 'ns',
    traceEvents: [
      { ph: 'M', pid: 1, name: 'process_name', args: { name: 'mttcg' } },
      ...[...threads, 'stops of the world'].map((name, tid) => ({ ph: 'M', pid: 1, tid, name: 'thread_name', args: { name } })),
      ...r.timeline.flatMap((t, tid) => t.spans.map((s) => event(tid, { name: s.what, cat: s.kind, at: s.at, ns: s.ns }))),
      ...r.stops.last.map((s) => event(stops, { name: s.why, cat: 'stop', at: s.at, ns: s.wait + s.hold }, { who: s.who, late: s.late, wait_ns: s.wait, running: s.running })),
    ],
  };
}
