// Regions kept from one run to the next: a module by the instruction words of its TBs and how they lie to each other.
import { TARGET_PAGE_SIZE } from '../memory/layout/cpu.ts';
import type { Machine } from './machine-view.ts';
import { sameWords } from './tb-archive.ts';
import { TbStore, type TbKey } from './tb-store.ts';

/**
 * In 32-bit words: magic, words in use, entries. An entry: its words, offset of the entry TB in its page, flags, cs_base,
 * cflags, TBs, bytes of the module; of each TB its start (bytes from the page of the entry TB), its size in bytes and its
 * instructions; the module. A module names no address (src/tcg/region.ts#compileRegion).
 */
const HEADER = 2, MAGIC = 0x4752_4d31;
const START = 1, FLAGS = 2, CS_BASE = 3, CFLAGS = 4, TBS = 5, MODULE_SIZE = 6, WORDS = 7;
/** Regions kept of one entry TB: what is hot around it is not the same in each run. */
const VARIANTS = 4;

/** A TB of an archived region: bytes from the page of the entry TB, instruction words. */
export interface ArchivedTb { readonly start: number; readonly words: Int32Array }
/** A region, the entry TB first. */
export interface ArchivedRegion { readonly tbs: readonly ArchivedTb[]; readonly module: Uint8Array<ArrayBuffer> }

const hashOf = (start: number, flags: number, csBase: number, cflags: number, word: number): number =>
  Math.imul(Math.imul(word ^ start << 19, 0x9e3779b1) ^ flags, 0x85ebca6b) ^ Math.imul(csBase ^ cflags << 5, 0xc2b2ae35);

export class RegionArchive {
  readonly words: Int32Array;
  readonly #u8: Uint8Array;
  /** Entries by hash of key and first instruction, in the order they were added. */
  readonly #at = new Map<number, number[]>();

  /** Error: RangeError when `words` is no archive. */
  constructor(words: Int32Array) {
    this.words = words;
    this.#u8 = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    let at = HEADER;
    if (words[0] === MAGIC && words[1] === words.length) for (; at < words.length && words[at] >= WORDS; at += words[at]) this.#index(at);
    if (at !== words.length) throw new RangeError('not an archive of regions');
  }

  #index(at: number): void {
    const { words } = this, hash = hashOf(words[at + START], words[at + FLAGS], words[at + CS_BASE], words[at + CFLAGS], words[at + WORDS + 2]);
    const known = this.#at.get(hash);
    if (known) known.push(at); else this.#at.set(hash, [at]);
  }

  /** Entries that may be of a TB with this key and first instruction. */
  #candidates(key: TbKey, word: number): readonly number[] { return this.#at.get(hashOf(key.phys % TARGET_PAGE_SIZE, key.flags, key.csBase, key.cflags, word)) ?? []; }
  /** True when an entry's entry TB has this key and the instructions that start at `guest[at]`. */
  #isFor(e: number, key: TbKey, guest: Int32Array, at: number): boolean {
    const { words } = this;
    return words[e + START] === key.phys % TARGET_PAGE_SIZE && words[e + FLAGS] === key.flags && words[e + CS_BASE] === key.csBase && words[e + CFLAGS] === key.cflags
      && sameWords(words, e + WORDS + 2, guest, at, words[e + WORDS + 1] >>> 2);
  }

  /** Whether there may be a region for a TB whose instructions start at `guest[at]`. Asked for each TB that is made. */
  has(key: TbKey, guest: Int32Array, at: number): boolean {
    for (const e of this.#candidates(key, guest[at])) if (this.#isFor(e, key, guest, at)) return true;
    return false;
  }

  /** Regions for it, the last one first. */
  find(key: TbKey, guest: Int32Array, at: number): ArchivedRegion[] {
    return this.#candidates(key, guest[at]).filter((e) => this.#isFor(e, key, guest, at)).reverse().map((e) => this.#region(e));
  }

  #region(e: number): ArchivedRegion {
    const { words } = this, tbs: ArchivedTb[] = [];
    let at = e + WORDS;
    for (let n = words[e + TBS]; n > 0; n--) {
      const end = at + 2 + (words[at + 1] >>> 2);
      tbs.push({ start: words[at], words: words.subarray(at + 2, end) });
      at = end;
    }
    return { tbs, module: this.#u8.slice(at * 4, at * 4 + words[e + MODULE_SIZE]) as Uint8Array<ArrayBuffer> };
  }

  /** The entries, as they are: words of each. */
  * entries(): Generator<Int32Array> {
    for (let at = HEADER; at < this.words.length; at += this.words[at]) yield this.words.subarray(at, at + this.words[at]);
  }
}

/**
 * The machine's regions since the last tb_flush, dropped ones too, added to an archive. The machine runs no guest code any
 * more. `limit`: bytes; an archive that would outgrow it starts over with this run's.
 */
export function extendRegions(m: Machine, old: RegionArchive | undefined, limit: number): RegionArchive {
  const store = new TbStore(m, []), entries = new Set<Int32Array>(), bySeed = new Map<string, Int32Array[]>();
  const add = (e: Int32Array): void => {
    const seed = [...e.subarray(START, TBS), ...e.subarray(WORDS + 2, WORDS + 2 + (e[WORDS + 1] >>> 2))].join(), others = bySeed.get(seed) ?? [];
    if (others.some((o) => o.length === e.length && sameWords(o, 0, e, 0, e.length))) return;
    entries.add(e);
    others.push(e);
    if (others.length > VARIANTS) entries.delete(others.shift()!);
    bySeed.set(seed, others);
  };
  for (const e of old?.entries() ?? []) add(e);
  for (let n = 1; n <= store.lastRegion; n++) add(entryOf(store, n));
  let length = HEADER;
  for (const e of entries) length += e.length;
  if (old && length * 4 > limit) return extendRegions(m, undefined, limit);
  const whole = new Int32Array(new SharedArrayBuffer(4 * length));
  whole.set([MAGIC, length]);
  let at = HEADER;
  for (const e of entries) { whole.set(e, at); at += e.length; }
  return new RegionArchive(whole);
}

/** Region n as an entry. */
function entryOf(store: TbStore, n: number): Int32Array {
  const { module, tbs } = store.region(n), key = store.key(tbs[0].tb);
  const bodies = tbs.map(({ tb, start }) => { const words = store.guestWords(tb); return [start, 4 * words.length, ...words]; });
  const before = WORDS + bodies.reduce((sum, b) => sum + b.length, 0), e = new Int32Array(before + Math.ceil(module.length / 4));
  e.set([e.length, key.phys % TARGET_PAGE_SIZE, key.flags, key.csBase, key.cflags, tbs.length, module.length, ...bodies.flat()]);
  new Uint8Array(e.buffer).set(module, before * 4);
  return e;
}
