// The benchmark report as one HTML file without anything from outside: bars of speed against the other emulator, on a logarithmic scale.
import type { EmulatorName } from './emulators.ts';
import type { Result } from './measure.ts';
import { bars as barsOf } from './bars.ts';
import { digits, means, scaling, times } from './report.ts';

export interface Report {
  readonly date: string;
  readonly host: Readonly<Record<string, string | number>>;
  readonly runs: number;
  readonly emulators: readonly EmulatorName[];
  readonly results: readonly Result[];
}

const escape = (s: string): string => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const ROW = 22, LEFT = 170, WIDTH = 620, RIGHT = 330, TOP = 34;
/** What lies beyond is drawn at the edge, or one odd figure would flatten all others. */
const SCALE = { low: 0.05, high: 20 } as const;

/** Ticks of the scale that lie within [low, high]. */
const ticks = (low: number, high: number): number[] => [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].filter((v) => v >= low && v <= high);

function bars(results: readonly Result[], emulators: readonly EmulatorName[]): string {
  const shown = results.filter((r) => r.ratio !== undefined);
  if (shown.length === 0) return '<p>Nothing to compare with.</p>';
  const all = shown.flatMap((r) => [r.ratio!, r.firstRatio ?? r.ratio!]);
  const low = Math.max(SCALE.low, Math.min(0.5, ...all)) / 1.1, high = Math.min(SCALE.high, Math.max(2, ...all)) * 1.1;
  const x = (v: number) => LEFT + WIDTH * Math.log(Math.min(Math.max(v, low), high) / low) / Math.log(high / low);
  const rows: string[] = [];
  let y = TOP, group = '';
  for (const r of shown) {
    if (r.group !== group) { group = r.group; rows.push(`<text x="4" y="${y + 16}" class="group">${escape(group)}</text>`); y += ROW; }
    const [a, b] = [Math.min(x(1), x(r.ratio!)), Math.max(x(1), x(r.ratio!))];
    const figures = emulators.map((e) => digits(r.figures[e]?.median)).join(' : ');
    rows.push(`<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${escape(r.name)}</text>`
      + `<rect x="${a.toFixed(1)}" y="${y + 3}" width="${Math.max(b - a, 1).toFixed(1)}" height="15" class="${r.ratio! >= 1 ? 'faster' : 'slower'}"/>`
      + (r.firstRatio === undefined ? '' : `<line x1="${x(r.firstRatio).toFixed(1)}" x2="${x(r.firstRatio).toFixed(1)}" y1="${y + 1}" y2="${y + 20}" class="first"/>`)
      + `<text x="${LEFT + WIDTH + 8}" y="${y + 15}">${times(r.ratio)} <tspan class="small">${figures} ${escape(r.unit)}</tspan></text>`);
    y += ROW;
  }
  const grid = ticks(low, high).map((v) => `<line x1="${x(v).toFixed(1)}" x2="${x(v).toFixed(1)}" y1="${TOP - 6}" y2="${y + 4}" class="${v === 1 ? 'one' : 'grid'}"/><text x="${x(v).toFixed(1)}" y="${TOP - 12}" text-anchor="middle" class="small">${v}</text>`);
  return `<svg width="${LEFT + WIDTH + RIGHT}" height="${y + 8}" role="img" aria-label="speed ratios">${grid.join('')}${rows.join('')}</svg>`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><tr>${head.map((h) => `<th>${escape(h)}</th>`).join('')}</tr>${rows.map((r) => `<tr>${r.map((c) => `<td>${escape(c)}</td>`).join('')}</tr>`).join('')}</table>`;

/** The page. */
export function html(report: Report): string {
  const { results, emulators } = report, failed = results.filter((r) => r.error !== undefined);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Benchmarks: ${emulators.join(' and ')}</title>
<style>
body{font:14px system-ui,sans-serif;margin:24px;color:#1c2430;background:#fff}svg text{font:13px system-ui,sans-serif;fill:#1c2430}svg .small,.small{font-size:11px;fill:#687385;color:#687385}svg .group{font-weight:600}
.faster{fill:#2f8f5b}.slower{fill:#c7672e}.grid{stroke:#e3e7ec}.one{stroke:#1c2430}.first{stroke:#1c2430;stroke-width:2}table{border-collapse:collapse;margin:12px 0}td,th{padding:3px 14px 3px 0;text-align:left;border-bottom:1px solid #e3e7ec}
</style>
<h1>${escape(emulators.join(' : '))}</h1>
<p>Speed of ${escape(emulators[0])} in units of ${escape(emulators[1] ?? '–')}; right of 1 is faster. The upright mark is the first second, translation and compilation included. Medians of ${report.runs} interleaved runs.</p>
<p class="small">${escape(report.date)} · ${Object.entries(report.host).map(([k, v]) => escape(`${k} ${v}`)).join(' · ')}</p>
${bars(results, emulators)}
${table(['geometric mean, 1 vCPU', 'speed', 'programs', 'worst'], means(results).map((m) => [m.of, times(m.ratio), String(m.programs), `${m.worst} ${times(m.worstRatio)}`]))}
${table(['throughput', 'ratio', 'programs'], scaling(results, emulators).map((s) => [`${s.emulator}: ${s.to} vCPUs : ${s.from}`, s.ratio.toFixed(2), String(s.programs)]))}
${table(['bar', 'asked for', 'measured', ''], barsOf(results, emulators).map((b) => [b.measure, b.bar, b.value, b.met ? 'met' : 'missed']))}
${failed.length ? table(['failed', ''], failed.map((r) => [r.name, r.error!])) : ''}
</html>
`;
}
