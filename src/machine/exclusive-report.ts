// What monitors and logs say of the exclusive monitor and its ABA meter.
import type { AbaPlace } from '../accel/aba-meter.ts';
import { EXCLUSIVE_GRANULE_BITS, isExclusiveScheme, type ExclusiveSchemeName } from '../memory/layout/exclusive.ts';
import { UserError } from '../errors.ts';

export interface ExclusiveFigures {
  readonly scheme: ExclusiveSchemeName;
  readonly granuleBytes: number;
  /** Pages marked now; blocks of them marked, stores to marked pages, sweeps so far. */
  readonly pages: number;
  readonly marks: number;
  readonly stores: number;
  readonly sweeps: number;
  readonly aba: { readonly places: readonly AbaPlace[]; readonly lost: number };
}

const hex = (v: bigint) => `0x${v.toString(16).padStart(16, '0')}`;

/** The ABA meter's table; empty where it is off. */
function abaLines(f: ExclusiveFigures): string[] {
  if (f.scheme !== 'check') return [];
  const { places, lost } = f.aba, total = places.reduce((n, p) => n + p.count, lost);
  const lines = [`store-exclusives that only exclusive=cmpxchg would have let pass: ${total}`];
  if (places.length > 0) lines.push('     count  bytes  PC                  address');
  for (const p of places) lines.push(`${String(p.count).padStart(10)}  ${String(p.bytes).padStart(5)}  ${hex(p.pc)}  ${hex(p.address)}`);
  if (lost > 0) lines.push(`${String(lost).padStart(10)}  at further places`);
  return lines;
}

/** `info exclusive`. */
export function exclusiveLines(f: ExclusiveFigures): string[] {
  return [`scheme: ${f.scheme}`, `granule: ${f.granuleBytes} bytes`, `marked pages: ${f.pages} (so far: ${f.marks} blocks marked, ${f.stores} stores to marked pages, ${f.sweeps} sweeps)`, ...abaLines(f)];
}

/** The report at the end of a run; undefined when there is none. */
export const abaReport = (f: ExclusiveFigures): string | undefined => {
  const lines = abaLines(f);
  return lines.length === 0 ? undefined : `${lines.join('\n')}\n`;
};

/** UserError: there is no such scheme. */
export function exclusiveScheme(name: string | undefined): ExclusiveSchemeName | undefined {
  if (name === undefined || isExclusiveScheme(name)) return name;
  throw new UserError('exclusive-unknown', `there is no exclusive=${name}`, `the schemes are ${Object.keys(EXCLUSIVE_GRANULE_BITS).join(', ')}`);
}
