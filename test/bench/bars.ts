// The bars that the project set itself, against what a run of the benchmarks gave.
import type { EmulatorName } from './emulators.ts';
import { geometricMean, type Result } from './measure.ts';
import { digits, means, scaling, times } from './report.ts';

export interface Bar { readonly measure: string; readonly bar: string; readonly value: string; readonly met: boolean }

/** All bars for which `results` have figures; ours come first in `emulators`. */
export function bars(results: readonly Result[], emulators: readonly EmulatorName[]): Bar[] {
  const out: Bar[] = [], [ours, other] = emulators;
  const add = (measure: string, bar: string, value: string, met: boolean) => { out.push({ measure, bar, value, met }); };
  const atLeast = (measure: string, bar: number, value: number | undefined) => { if (value !== undefined) add(measure, `≥ ${bar}`, value.toFixed(2), value >= bar); };
  const atMost = (measure: string, bar: number, value: number | undefined, unit: string) => {
    if (value !== undefined) add(measure, `≤ ${bar} ${unit}`.trim(), `${digits(value)} ${unit}`.trim(), value <= bar);
  };
  const own = (name: string) => results.find((r) => r.name === name && r.error === undefined)?.figures[ours]?.median;
  const computing = means(results).find((m) => m.of.includes('+'));
  if (computing && other === 'qemu') {
    atLeast('compute programs, 1 vCPU, ours : QEMU, geometric mean', 1, computing.ratio);
    add('  the slowest of them', '≥ 0.6', `${times(computing.worstRatio)}`, computing.worstRatio >= 0.6);
  }
  if (computing && other === 'interpreter') atLeast('hot tier : interpreter, geometric mean', 8, computing.ratio);
  const locking = results.flatMap((r) => (r.group === 'smp' && r.ratio !== undefined ? [r.ratio] : []));
  if (locking.length && other === 'profiled') atMost('lock programs, time under --profile-locks : without, geometric mean', 1.15, geometricMean(locking), '');
  const scaled = scaling(results, [ours]);
  atLeast('two independent compute vCPUs : one', 1.85, scaled.find((s) => s.to === 2)?.ratio);
  atLeast('four vCPUs : two, throughput', 0.8, scaled.find((s) => s.to === 4)?.ratio);
  const boot = results.find((r) => r.name === 'linux-boot')?.ratio;
  if (other === 'qemu') atMost('Debian to the shell prompt, time, ours : QEMU', 2, boot && 1 / boot, '');
  const micro = (ns: number | undefined) => ns && ns / 1000;
  atMost('MMIO read from a main-thread device while spinning, median', 5, micro(own('mmio-spin')), 'µs');
  atMost('MMIO read from a main-thread device, idle, median', 30, micro(own('mmio-idle')), 'µs');
  atMost('resident after boot beyond guest pages, -smp 2 -m 1G', 500, own('memory'), 'MiB');
  return out;
}
