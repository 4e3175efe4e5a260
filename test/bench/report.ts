// The benchmark report as text: a table, means by group, scaling over vCPUs.
import { geometricMean, type Result } from './measure.ts';
import type { EmulatorName } from './emulators.ts';

/** Three significant digits. */
export const digits = (v: number | undefined): string => (v === undefined || !Number.isFinite(v) ? '–' : v >= 1000 ? v.toFixed(0) : v.toPrecision(3));
export const times = (v: number | undefined): string => (v === undefined ? '–' : `${v < 0.1 ? v.toPrecision(2) : v.toFixed(2)} ×`);

const WIDTHS = [22, 14, 14, 18, 10, 12];
const row = (cells: readonly string[]): string => cells.map((c, i) => (i === 0 || i === 3 ? c.padEnd(WIDTHS[i]) : c.padStart(WIDTHS[i]))).join(' ').trimEnd();

export const heading = (emulators: readonly EmulatorName[]): string =>
  row(['', emulators[0], emulators[1] ?? '', '', 'speed', '1st second']);
export const line = (r: Result, emulators: readonly EmulatorName[]): string =>
  (r.error === undefined
    ? row([r.name, ...[0, 1].map((k) => digits(emulators[k] && r.figures[emulators[k]]?.median)), `  ${r.unit}`, times(r.ratio), times(r.firstRatio)])
    : `${r.name.padEnd(WIDTHS[0])} ERROR ${r.error.split('\n').slice(0, 3).join('\n    ')}`);

export interface Mean { readonly of: string; readonly programs: number; readonly ratio: number; readonly worst: string; readonly worstRatio: number }

/** Geometric mean of each group on the fewest vCPUs, and of what the bar is set on: vectors are left out, where QEMU is slow enough to lift any mean. */
export function means(results: readonly Result[]): Mean[] {
  const single = results.filter((r) => r.ratio !== undefined && (r.cpus === 1 || !results.some((o) => o.program === r.program && o.cpus < r.cpus)));
  const mean = (of: string, groups: readonly string[]): Mean[] => {
    const of1 = single.filter((r) => groups.includes(r.group)).sort((a, b) => a.ratio! - b.ratio!);
    return of1.length ? [{ of, programs: of1.length, ratio: geometricMean(of1.map((r) => r.ratio!)), worst: of1[0].name, worstRatio: of1[0].ratio! }] : [];
  };
  const groups = [...new Set(single.map((r) => r.group))];
  return [...groups.flatMap((g) => mean(g, [g])), ...mean('compute + float', ['compute', 'float'])];
}

export interface Scaling { readonly emulator: EmulatorName; readonly from: number; readonly to: number; readonly programs: number; readonly ratio: number }

/** Throughput on `to` vCPUs in units of that on `from`, geometric mean over the programs run on both. */
export function scaling(results: readonly Result[], emulators: readonly EmulatorName[]): Scaling[] {
  const computing = results.filter((r) => r.error === undefined && ['compute', 'float', 'vector'].includes(r.group));
  return ([[1, 2], [2, 4]] as const).flatMap(([from, to]) => emulators.flatMap((emulator) => {
    const ratios = computing.filter((r) => r.cpus === to).flatMap((r) => {
      const one = computing.find((o) => o.program === r.program && o.cpus === from)?.figures[emulator];
      return one && r.figures[emulator] ? [one.median / r.figures[emulator].median] : [];
    });
    return ratios.length ? [{ emulator, from, to, programs: ratios.length, ratio: geometricMean(ratios) }] : [];
  }));
}

/** What follows the table. */
export function summary(results: readonly Result[], emulators: readonly EmulatorName[]): string {
  const lines: string[] = [];
  for (const m of means(results)) lines.push(`${`mean of ${m.of}`.padEnd(40)} ${times(m.ratio)}   (${m.programs}; worst ${m.worst} ${times(m.worstRatio)})`);
  for (const s of scaling(results, emulators)) lines.push(`${`${s.emulator}, throughput of ${s.to} vCPUs : ${s.from}`.padEnd(40)} ${s.ratio.toFixed(2)}     (${s.programs})`);
  const failed = results.filter((r) => r.error !== undefined);
  if (failed.length) lines.push(`${failed.length} failed: ${failed.map((r) => r.name).join(', ')}`);
  return lines.join('\n');
}
