// QHT: the TB hash table. Lock-free readers (a seqlock a bucket, chained bucket lines), writers lock one bucket, resizable.
import { SpinLock } from '#atomics-sync';
import type { Machine } from './machine-view.ts';
import { SyncSite } from '../memory/layout/profile.ts';
import { QHT_ENTRIES, QHTBucket } from '../memory/layout/tb.ts';

const B = QHTBucket.off;
const LINE = QHTBucket.size;
/** Chained lines, as a share of the buckets, beyond which the table doubles. */
const RESIZE_SHARE = 1 / 4;
const INITIAL_BUCKETS = 1 << 10;

/**
 * A map is an array of head buckets followed by the pool its chained lines come from. Maps are bump-allocated from the
 * QHT region and never reused before reset(), so a reader still inside an old map reads valid (perhaps stale) lines:
 * a stale miss sends it to the insert path, which looks again under the lock.
 *
 * Order: a writer makes `sequence` odd, changes the chain, makes it even; all accesses are sequentially consistent.
 * A reader that saw an odd or changed sequence looks again. pairs with src/accel/qht.ts#lookup
 * Resize: takes qht_lock, then every bucket lock of the old map, copies, publishes map and mask, releases. A writer
 * that got a bucket lock re-reads the map and starts over when it changed.
 */
export class Qht {
  readonly #i32: Int32Array;
  readonly #map: number;
  readonly #mask: number;
  readonly #added: number;
  readonly #lock: SpinLock;
  readonly #region: { base: number; end: number };
  readonly #alloc: number;

  constructor(m: Machine) {
    this.#i32 = m.i32;
    this.#map = m.global('qht_map');
    this.#mask = m.global('qht_mask');
    this.#added = m.global('qht_added');
    this.#alloc = m.global('qht_alloc');
    this.#lock = new SpinLock(m.i32, m.global('qht_lock'), SyncSite.QHT_RESIZE);
    this.#region = { base: m.layout.qhtBase, end: m.layout.qhtBase + m.layout.qhtBytes };
  }

  /** Empties the table. Only while no other thread uses it (machine creation, tb_flush in an exclusive section). */
  reset(): void {
    Atomics.store(this.#i32, this.#alloc, this.#region.base);
    // A tiny code buffer has a tiny table: leave most of the region to chained lines.
    let buckets = INITIAL_BUCKETS;
    while (buckets > 1 && buckets * LINE * 4 > this.#region.end - this.#region.base) buckets /= 2;
    this.#publish(this.#newMap(buckets), buckets);
  }

  #publish(map: number, buckets: number): void {
    // A reader pairs mask and map by reading map, mask, map again.
    Atomics.store(this.#i32, this.#map, 0);
    Atomics.store(this.#i32, this.#mask, buckets - 1);
    Atomics.store(this.#i32, this.#added, 0);
    Atomics.store(this.#i32, this.#map, map);
  }

  /** Head buckets of a new map, zeroed; 0 when the region is full. */
  #newMap(buckets: number): number {
    const bytes = buckets * LINE, i32 = this.#i32;
    for (let at = Atomics.load(i32, this.#alloc); (at >>> 0) + bytes <= this.#region.end;) {
      // Never past the end, not even for a moment: what another thread takes meanwhile is its own for good.
      const seen = Atomics.compareExchange(i32, this.#alloc, at, at + bytes | 0);
      if (seen === at) {
        i32.fill(0, at >>> 2, (at + bytes) >>> 2);
        return at;
      }
      at = seen;
    }
    return 0;
  }

  /** Address of the head bucket of `hash` in the current map. */
  #head(hash: number): { map: number; head: number } {
    for (;;) {
      const map = Atomics.load(this.#i32, this.#map);
      const mask = Atomics.load(this.#i32, this.#mask);
      if (map !== 0 && Atomics.load(this.#i32, this.#map) === map) return { map, head: map + (hash & mask) * LINE };
    }
  }

  /** Finds the entry with that hash for which `equal` holds; 0 when there is none. Takes no lock. */
  lookup(hash: number, equal: (tb: number) => boolean): number {
    const i32 = this.#i32;
    for (;;) {
      const { head } = this.#head(hash);
      const seq = Atomics.load(i32, (head + B.sequence) >>> 2); // pairs with src/accel/qht.ts#change
      if (seq & 1) continue;
      const found = this.#scan(head, hash, equal);
      if (Atomics.load(i32, (head + B.sequence) >>> 2) === seq) return found;
    }
  }

  #scan(head: number, hash: number, equal: (tb: number) => boolean): number {
    const i32 = this.#i32;
    for (let b = head; b !== 0; b = Atomics.load(i32, (b + B.next) >>> 2)) {
      for (let k = 0; k < QHT_ENTRIES; k++) {
        const tb = Atomics.load(i32, (b + B.pointers + 4 * k) >>> 2);
        if (tb !== 0 && Atomics.load(i32, (b + B.hashes + 4 * k) >>> 2) === (hash | 0) && equal(tb)) return tb;
      }
    }
    return 0;
  }

  /** Runs `fn` on the head bucket of `hash` with its lock held. */
  #locked<T>(hash: number, fn: (head: number) => T): T {
    for (;;) {
      const { map, head } = this.#head(hash);
      const lock = new SpinLock(this.#i32, (head + B.lock) >>> 2, SyncSite.QHT_BUCKET);
      lock.lock();
      try {
        if (Atomics.load(this.#i32, this.#map) === map) return fn(head);
      } finally {
        lock.unlock();
      }
    }
  }

  /** A change of a chain, between an odd and an even sequence. */
  #change(head: number, fn: () => void): void {
    const s = (head + B.sequence) >>> 2;
    Atomics.add(this.#i32, s, 1);
    fn();
    Atomics.add(this.#i32, s, 1); // pairs with src/accel/qht.ts#lookup
  }

  /** Inserts unless an equal entry exists; returns that entry, or 0 when `tb` went in. Insertion is the synchronisation point of translation. */
  insert(hash: number, tb: number, equal: (other: number) => boolean): number {
    const existing = this.#locked(hash, (head) => {
      const other = this.#scan(head, hash, equal);
      if (other === 0) this.#put(head, hash, tb);
      return other;
    });
    if (existing === 0 && Atomics.load(this.#i32, this.#added) > Atomics.load(this.#i32, this.#mask) * RESIZE_SHARE) this.#grow();
    return existing;
  }

  #put(head: number, hash: number, tb: number): void {
    const i32 = this.#i32;
    let last = head;
    for (let b = head; b !== 0; last = b, b = Atomics.load(i32, (b + B.next) >>> 2)) {
      for (let k = 0; k < QHT_ENTRIES; k++) {
        if (Atomics.load(i32, (b + B.pointers + 4 * k) >>> 2) !== 0) continue;
        this.#change(head, () => {
          Atomics.store(i32, (b + B.hashes + 4 * k) >>> 2, hash);
          Atomics.store(i32, (b + B.pointers + 4 * k) >>> 2, tb);
        });
        return;
      }
    }
    const line = this.#newMap(1);
    if (line === 0) throw new Error('the TB hash table is full');
    Atomics.store(i32, (line + B.hashes) >>> 2, hash);
    Atomics.store(i32, (line + B.pointers) >>> 2, tb);
    this.#change(head, () => Atomics.store(i32, (last + B.next) >>> 2, line));
    Atomics.add(i32, this.#added, 1);
  }

  /** Removes an entry; false when it was not there. */
  remove(hash: number, tb: number): boolean {
    return this.#locked(hash, (head) => {
      const i32 = this.#i32;
      for (let b = head; b !== 0; b = Atomics.load(i32, (b + B.next) >>> 2)) {
        for (let k = 0; k < QHT_ENTRIES; k++) {
          const p = (b + B.pointers + 4 * k) >>> 2;
          if (Atomics.load(i32, p) !== tb) continue;
          this.#change(head, () => Atomics.store(i32, p, 0));
          return true;
        }
      }
      return false;
    });
  }

  /** Doubles the number of buckets; nothing happens when another thread is at it or the region is used up. */
  #grow(): void {
    if (!this.#lock.tryLock()) return;
    try {
      const i32 = this.#i32;
      const old = Atomics.load(i32, this.#map), buckets = Atomics.load(i32, this.#mask) + 1;
      if (Atomics.load(i32, this.#added) <= (buckets - 1) * RESIZE_SHARE) return;
      const map = this.#newMap(buckets * 2);
      if (map === 0) { Atomics.store(i32, this.#added, -0x40000000); return; }
      const locks = Array.from({ length: buckets }, (_, i) => new SpinLock(i32, (old + i * LINE + B.lock) >>> 2, -1));
      for (const l of locks) l.lock();
      for (let i = 0; i < buckets; i++) {
        for (let b = old + i * LINE; b !== 0; b = i32[(b + B.next) >>> 2]) {
          for (let k = 0; k < QHT_ENTRIES; k++) {
            const tb = i32[(b + B.pointers + 4 * k) >>> 2], hash = i32[(b + B.hashes + 4 * k) >>> 2];
            if (tb !== 0) this.#put(map + (hash & (buckets * 2 - 1)) * LINE, hash, tb);
          }
        }
      }
      this.#publish(map, buckets * 2);
      for (const l of locks) l.unlock();
    } finally {
      this.#lock.unlock();
    }
  }

  /** Entries and buckets, for figures and tests; exact only while nobody writes. */
  stats(): { buckets: number; entries: number; lines: number } {
    const i32 = this.#i32;
    const { map } = this.#head(0), buckets = Atomics.load(i32, this.#mask) + 1;
    let entries = 0, lines = 0;
    for (let i = 0; i < buckets; i++) {
      for (let b = map + i * LINE; b !== 0; b = Atomics.load(i32, (b + B.next) >>> 2)) {
        lines++;
        for (let k = 0; k < QHT_ENTRIES; k++) if (Atomics.load(i32, (b + B.pointers + 4 * k) >>> 2) !== 0) entries++;
      }
    }
    return { buckets, entries, lines };
  }
}
