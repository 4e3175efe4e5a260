// LockStats: who waited for a lock, how often and how long, by call site. The raw data of the lock profiler.
import { checkWords } from './words.ts';

/** One site's figures. Times in nanoseconds. */
export interface SiteStats {
  readonly acquisitions: number;
  /** Acquisitions that found the lock held by another thread. */
  readonly contended: number;
  readonly waitNs: number;
  readonly maxWaitNs: number;
}

const FIELDS = 4; // float64 each: acquisitions, contended, waitNs, maxWaitNs

/**
 * A table of `sites` rows in shared memory, one table a lock.
 * Layout: rows of four float64 (integers, exact to 2^53), 8-byte aligned.
 * Written by the thread that holds the lock, `plain`, just after it got it: the lock itself orders the writes, so no
 * count is lost. Read under the lock for exact figures, or without it for figures that may be an update behind.
 * Site 0 is "not told"; a site outside the table counts as 0.
 */
export class LockStats {
  readonly sites: number;
  readonly #rows: Float64Array;

  /** Bytes of a table of `sites` rows. */
  static size(sites: number): number {
    return sites * FIELDS * Float64Array.BYTES_PER_ELEMENT;
  }

  /** Errors: RangeError when element `index` of `i32` is not 8-byte aligned, or the table does not fit. */
  constructor(i32: Int32Array, index: number, sites: number) {
    if (!Number.isSafeInteger(sites) || sites < 1) throw new RangeError('a lock statistics table needs at least one site');
    checkWords(i32, index, LockStats.size(sites) / 4);
    this.sites = sites;
    this.#rows = new Float64Array(i32.buffer, i32.byteOffset + index * 4, sites * FIELDS);
  }

  /** An acquisition that did not wait. For the holder of the lock only. */
  acquired(site: number): void {
    this.#rows[this.#row(site)]++;
  }

  /** An acquisition after `waitNs` of waiting. For the holder of the lock only. */
  waited(site: number, waitNs: number): void {
    const rows = this.#rows;
    const row = this.#row(site);
    rows[row]++;
    rows[row + 1]++;
    rows[row + 2] += waitNs;
    if (waitNs > rows[row + 3]) rows[row + 3] = waitNs;
  }

  read(site: number): SiteStats {
    const row = this.#row(site);
    const [acquisitions, contended, waitNs, maxWaitNs] = this.#rows.subarray(row, row + FIELDS);
    return { acquisitions, contended, waitNs, maxWaitNs };
  }

  /** Zeroes the table. Call with the lock held. */
  reset(): void {
    this.#rows.fill(0);
  }

  #row(site: number): number {
    return (site > 0 && site < this.sites ? site : 0) * FIELDS;
  }
}
