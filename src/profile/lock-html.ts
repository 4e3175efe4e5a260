// The lock profiler's report as one HTML page: lock tables, a timeline of each thread, a flame graph. No other file is loaded.
import { duration } from './lock-text.ts';
import { lostAt, type LockReport } from './lock-report.ts';
import { lostStacks } from './lock-trace.ts';
import { PAGE_SCRIPT, PAGE_STYLE } from './lock-page.ts';

const escape = (s: string): string => s.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

type Cell = string | { readonly text: string; readonly sort: number };
const time = (ns: number): Cell => ({ text: duration(ns), sort: ns });
const count = (n: number): Cell => ({ text: n.toLocaleString('en'), sort: n });

/** A table whose columns sort on a click. */
function table(id: string, title: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return '';
  const cell = (c: Cell): string => (typeof c === 'string' ? `<td>${escape(c)}</td>` : `<td class="n" data-sort="${c.sort}">${escape(c.text)}</td>`);
  return `<section id="${id}"><h2>${escape(title)}</h2><div class="scroll"><table><thead><tr>${head.map((h) => `<th>${escape(h)}</th>`).join('')}</tr></thead>`
    + `<tbody>${rows.map((r) => `<tr>${r.map(cell).join('')}</tr>`).join('\n')}</tbody></table></div></section>`;
}

/** The page. `title`: what was profiled. */
export function lockHtml(r: LockReport, title: string): string {
  const share = (ns: number): Cell => ({ text: `${(100 * ns / Math.max(1, r.measured * r.vcpus)).toFixed(2)} %`, sort: ns });
  const lost = r.guest.sites.reduce((n, s) => n + s.time.total, 0), waited = r.host.reduce((n, h) => n + lostAt(h), 0);
  // "</script>" in a name must not end the data.
  const data = JSON.stringify({ timeline: r.timeline, stacks: lostStacks(r) }).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${PAGE_STYLE}</style></head>
<body><h1>${escape(title)}</h1>
<p class="sum"><b>${duration(r.measured)}</b> on <b>${r.vcpus}</b> vCPUs · guest waits <b>${duration(lost)}</b> · emulator waits <b>${duration(waited)}</b> · stops of the world <b>${r.stops.count}</b> · symbols <b>${r.guest.symbols}</b></p>
${table('guest-locks', 'Guest locks', ['lost', 'share', 'waits', 'failures', 'mean', 'p99', 'max', 'lock', 'waiters'], r.guest.locks.slice(0, 200).map((l) => [
    time(l.time.total), share(l.time.total), count(l.waits), count(l.failures), time(l.time.mean), time(l.time.p99), time(l.time.max), l.lock, l.waiters.slice(0, 3).map((w) => w.symbol).join(', '),
  ]))}
<section id="timeline"><h2>Timeline</h2><p class="hint">Drag to zoom, double-click for all. <span class="k spin">guest spin</span> <span class="k mmio">MMIO</span> <span class="k lock">lock wait</span> <span class="k hold">lock held</span> <span class="k exclusive">stop of the world</span></p><canvas></canvas><div class="tip"></div></section>
<section id="flame"><h2>Time lost, by call stack</h2><p class="hint">Click a frame to see it alone, the top one to go back.</p><div class="graph"></div></section>
${table('guest-sites', 'Guest code that waited', ['lost', 'share', 'waits', 'failures', 'mean', 'p99', 'max', 'kind', 'where', 'lock', 'called by'], r.guest.sites.slice(0, 300).map((s) => [
    time(s.time.total), share(s.time.total), count(s.waits), count(s.failures), time(s.time.mean), time(s.time.p99), time(s.time.max), s.kind, s.symbol, s.lock || '–', s.stack.slice(1, 6).map((f) => f.symbol).join(' ← '),
  ]))}
${table('host', 'Emulator: locks, exclusive sections, waits', ['waited', 'share', 'times', 'contended', 'mean', 'p99', 'max', 'held', 'mean', 'p99', 'max', 'lock', 'for', 'threads'], r.host.map((h) => [
    time(h.wait.total), share(lostAt(h)), count(h.acquisitions), count(h.contended), time(h.wait.mean), time(h.wait.p99), time(h.wait.max),
    time(h.hold.total), time(h.hold.mean), time(h.hold.p99), time(h.hold.max), h.lock, h.site, [...h.threads].sort((a, b) => b.wait - a.wait).slice(0, 4).map((t) => t.thread).join(', '),
  ]))}
${table('mmio', 'MMIO round trips', ['waited', 'share', 'requests', 'mean', 'p99', 'max', 'in the device', 'device'], r.mmio.map((m) => [
    time(m.roundTrip.total), share(m.roundTrip.total), count(m.requests), time(m.roundTrip.mean), time(m.roundTrip.p99), time(m.roundTrip.max), time(m.service.total), m.device,
  ]))}
${table('stops', 'Stops of the world', ['at', 'waited', 'held', 'running', 'asked by', 'late', 'why'], [...r.stops.last].sort((a, b) => b.wait - a.wait).slice(0, 200).map((s) => [
    time(s.at), time(s.wait), time(s.hold), count(s.running), s.who, s.late ?? '–', s.why,
  ]))}
<script type="application/json" id="data">${data}</script><script>${PAGE_SCRIPT}</script></body></html>
`;
}
