// The lock profiler's report as text: tables sorted by time lost.
import { lostAt, type LockReport, type Times } from './lock-report.ts';

/** Rows of each table. */
export interface TextOptions { readonly rows?: number }

const DEFAULT_ROWS = 25;

/** ns as the unit that suits it. */
export function duration(ns: number): string {
  if (ns >= 1e9) return `${(ns / 1e9).toFixed(2)} s`;
  if (ns >= 1e6) return `${(ns / 1e6).toFixed(1)} ms`;
  if (ns >= 1e3) return `${(ns / 1e3).toFixed(1)} µs`;
  return `${Math.round(ns)} ns`;
}

/** Columns aligned, the last `left` ones to the left. */
function table(head: readonly string[], rows: readonly (readonly string[])[], left: number): string {
  const width = head.map((h, k) => Math.max(h.length, ...rows.map((r) => r[k].length)));
  const line = (r: readonly string[]) => r.map((c, k) => (k < head.length - left ? c.padStart(width[k]) : c.padEnd(width[k]))).join('  ').trimEnd();
  return [line(head), ...rows.map(line)].join('\n');
}

const spread = (t: Times): string[] => [duration(t.mean), duration(t.p99), duration(t.max)];

/** Text of a report; ends with a newline. */
export function lockText(r: LockReport, o: TextOptions = {}): string {
  const rows = o.rows ?? DEFAULT_ROWS, share = (ns: number) => `${(100 * ns / Math.max(1, r.measured * r.vcpus)).toFixed(2)} %`;
  const out = [`Lock profile of ${duration(r.measured)} on ${r.vcpus} vCPU${r.vcpus > 1 ? 's' : ''}; shares are of the vCPUs' time.`];
  const section = (title: string, head: readonly string[], all: readonly (readonly string[])[], left: number): void => {
    if (all.length === 0) return;
    const more = all.length > rows ? `\n… ${all.length - rows} more` : '';
    out.push(`${title}\n${table(head, all.slice(0, rows), left)}${more}`);
  };
  const spreadHead = ['mean', 'p99', 'max'];
  section('Guest locks, by time lost', ['lost', 'share', 'waits', 'failures', ...spreadHead, 'lock', 'waiters'], r.guest.locks.map((l) => [
    duration(l.time.total), share(l.time.total), String(l.waits), String(l.failures), ...spread(l.time), l.lock, l.waiters.slice(0, 3).map((w) => w.symbol).join(', '),
  ]), 2);
  section('Guest code that waited, by time lost', ['lost', 'share', 'waits', 'failures', ...spreadHead, 'kind', 'where', 'lock', 'called by'], r.guest.sites.map((s) => [
    duration(s.time.total), share(s.time.total), String(s.waits), String(s.failures), ...spread(s.time), s.kind, s.symbol, s.lock || '-', s.stack.slice(1, 4).map((f) => f.symbol).join(' < '),
  ]), 4);
  section('Emulator, by time lost', ['waited', 'share', 'times', 'contended', ...spreadHead, 'held', 'mean', 'max', 'lock', 'for'], r.host.filter((h) => lostAt(h) > 0 || h.acquisitions > 0).map((h) => [
    duration(h.wait.total), share(lostAt(h)), String(h.acquisitions), String(h.contended), ...spread(h.wait), duration(h.hold.total), duration(h.hold.mean), duration(h.hold.max), h.lock, h.site,
  ]), 2);
  section('MMIO round trips', ['waited', 'share', 'requests', ...spreadHead, 'in the device', 'device'], r.mmio.map((m) => [
    duration(m.roundTrip.total), share(m.roundTrip.total), String(m.requests), ...spread(m.roundTrip), duration(m.service.total), m.device,
  ]), 1);
  section('Stops of the world that took longest to begin', ['at', 'waited', 'held', 'running', 'asked by', 'late', 'why'],
    [...r.stops.last].sort((a, b) => b.wait - a.wait).slice(0, 10).map((s) => [
      duration(s.at), duration(s.wait), duration(s.hold), String(s.running), s.who, s.late ?? '-', s.why,
    ]), 3);
  section('vCPUs that were the last to stop', ['times', 'waited for', 'vCPU'], r.stops.late.map((l) => [String(l.count), duration(l.wait), l.vcpu]), 1);
  if (r.guest.symbols === 0) out.push('No symbols: Linux keeps them in memory (CONFIG_KALLSYMS); for other guests name an ELF file or a System.map.');
  if (r.guest.lost > 0) out.push(`${r.guest.lost} waits of the guest found the tables full and are missing.`);
  return `${out.join('\n\n')}\n`;
}

export interface SyncProfileOptions {
  /** Sorted by the mean wait instead of the total. */
  readonly mean?: boolean;
  /** A row for each thread instead of one for all. */
  readonly perThread?: boolean;
  readonly max?: number;
}

/** `info sync-profile`: one table of emulator and guest in QEMU's columns. */
export function syncProfileLines(r: LockReport, o: SyncProfileOptions = {}): string[] {
  interface Row { readonly type: string; readonly object: string; readonly site: string; readonly wait: number; readonly count: number }
  const host = r.host.flatMap((h): Row[] => (o.perThread
    ? h.threads.map((t) => ({ type: h.lock, object: t.thread, site: h.site, wait: t.wait, count: t.acquisitions }))
    : [{ type: h.lock, object: h.threads.length > 1 ? `[${h.threads.length}]` : h.threads[0]?.thread ?? '', site: h.site, wait: h.wait.total, count: h.acquisitions }]));
  const mmio = r.mmio.map((m): Row => ({ type: 'mmio', object: m.device, site: 'round trip', wait: m.roundTrip.total, count: m.requests }));
  const guest = r.guest.sites.map((s): Row => ({ type: `guest ${s.kind}`, object: s.lock || '-', site: s.symbol, wait: s.time.total, count: s.failures }));
  const mean = (x: Row): number => (x.count === 0 ? 0 : x.wait / x.count);
  const rows = [...host, ...mmio, ...guest].sort((a, b) => (o.mean ? mean(b) - mean(a) : b.wait - a.wait) || b.count - a.count).slice(0, o.max ?? 20);
  const text = table(['Wait Time (s)', 'Count', 'Average (us)', 'Type', 'Object', 'Call site'],
    rows.map((x) => [(x.wait / 1e9).toFixed(6), String(x.count), (mean(x) / 1e3).toFixed(2), x.type, x.object, x.site]), 3);
  const [head, ...lines] = text.split('\n');
  return [head, '-'.repeat(Math.max(head.length, ...lines.map((l) => l.length))), ...lines];
}
