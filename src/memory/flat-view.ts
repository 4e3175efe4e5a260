// The flat view of an address space: sorted, non-overlapping ranges, as plain data every thread gets.

/**
 * In the word of a shadowed register: writes still queued for the device would change it, so a reader waits for them.
 * Without it, the register reads the same before and after they are done.
 */
export const SHADOW_FOLLOWS_POSTED = 1 << 31;

/** What a range of physical addresses is. `local`: device state in `state`, served by the vCPU thread. `main`: served by the main thread. */
export type RangeKind = 'ram' | 'rom' | 'local' | 'main';

export interface FlatRange {
  /** First physical address and length, bytes (exact: below 2^52). */
  readonly base: number;
  readonly size: number;
  readonly kind: RangeKind;
  readonly name: string;
  /** ram, rom: offset in the ram memory. */
  readonly ramOffset?: number;
  /** local, main: region number, index into the machine's list of I/O regions. */
  readonly region?: number;
  /** main: byte offsets of registers whose writes are queued without waiting. */
  readonly posted?: readonly number[];
  /** main: registers whose value is read from shared memory: register offset and its address in `state`. */
  readonly shadowed?: readonly { readonly offset: number; readonly addr: number }[];
  /** rom: address in `state` of a word that is not 0 while reads go to the device (flash that shows its status). Main writes it; a vCPU whose store changed it flushes the TLBs. */
  readonly readsDevice?: number;
}

/** Finds the range of a physical address by bisection; undefined when nothing is mapped there. */
export function findRange(flat: readonly FlatRange[], pa: number): FlatRange | undefined {
  let lo = 0, hi = flat.length - 1;
  while (lo <= hi) {
    const mid = (lo + hi) >>> 1;
    const r = flat[mid];
    if (pa < r.base) hi = mid - 1;
    else if (pa >= r.base + r.size) lo = mid + 1;
    else return r;
  }
  return undefined;
}
