// Interleaved runs of one case on all emulators, and the figures that come out of them.
import type { EmulatorName } from './emulators.ts';

/** What one run gives; `cost` is what is compared: ns (or bytes) of one operation, smaller is better. */
export interface Sample { readonly cost: number; readonly first?: number; readonly checksums?: readonly string[] }

export interface Case {
  /** `crc32`, `crc32/2`. */
  readonly name: string;
  readonly program: string;
  readonly group: string;
  readonly cpus: number;
  /** What `cost` is of: `ns/byte`. */
  readonly unit: string;
  /** Why it cannot run here, or false. */
  readonly skip?: () => string | false;
  readonly sample: (emulator: EmulatorName) => Promise<Sample>;
}

export interface Figures { readonly costs: number[]; readonly first: number[]; median: number; firstMedian: number | undefined }
export interface Result {
  readonly name: string;
  readonly program: string;
  readonly group: string;
  readonly cpus: number;
  readonly unit: string;
  readonly figures: Partial<Record<EmulatorName, Figures>>;
  checksums: readonly string[] | undefined;
  /** Speed of the first emulator in units of the second's, settled and in the first second. */
  ratio: number | undefined;
  firstRatio: number | undefined;
  /** What went wrong, if something did. */
  error: string | undefined;
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const v = [...values].sort((a, b) => a - b), k = v.length >> 1;
  return v.length % 2 ? v[k] : (v[k - 1] + v[k]) / 2;
}
export const geometricMean = (values: readonly number[]): number => Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length);

/** `runs` rounds; in each, every emulator once, the order turned round each time. */
export async function measure(c: Case, emulators: readonly EmulatorName[], runs: number): Promise<Result> {
  const { name, program, group, cpus, unit } = c;
  const result: Result = { name, program, group, cpus, unit, figures: {}, checksums: undefined, ratio: undefined, firstRatio: undefined, error: undefined };
  try {
    for (let run = 0; run < runs; run++) {
      for (const e of run % 2 ? emulators.toReversed() : emulators) {
        const s = await c.sample(e).catch((error: Error) => { throw new Error(`${e}: ${error.message}`); });
        const f = result.figures[e] ??= { costs: [], first: [], median: 0, firstMedian: undefined };
        f.costs.push(s.cost);
        if (s.first !== undefined) f.first.push(s.first);
        if (!s.checksums) continue;
        result.checksums ??= s.checksums;
        if (s.checksums.join() !== result.checksums.join()) throw new Error(`${e}: checksums ${s.checksums.join()}, not ${result.checksums.join()} as in the first run`);
      }
    }
  } catch (error) {
    result.error = (error as Error).message;
  }
  for (const f of Object.values(result.figures)) {
    f.median = median(f.costs);
    f.firstMedian = f.first.length ? median(f.first) : undefined;
  }
  const [a, b] = emulators.map((e) => result.figures[e]);
  if (a && b && result.error === undefined) {
    result.ratio = b.median / a.median;
    if (a.firstMedian && b.firstMedian) result.firstRatio = b.firstMedian / a.firstMedian;
  }
  return result;
}
