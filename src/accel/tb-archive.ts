// Translations kept from one run to the next: bytecode by the instruction words it was made of.
import { CF_COUNT_MASK, INSN_START_WORDS, TB, TB_INVALID } from '../memory/layout/tb.ts';
import { TARGET_PAGE_SIZE } from '../memory/layout/cpu.ts';
import type { Machine } from './machine-view.ts';
import type { TbImage, TbKey } from './tb-store.ts';

const T = TB.off;
/**
 * What a cold translation depends on, beside the words: offset in the page, flags, cs_base, cflags. Bytecode holds no
 * address: PCs are distances, and what belongs to a TB lies in its descriptor. In 32-bit words: magic, slots of the hash
 * table (2^n), words in use; the table, an entry's index or 0 each; the entries. Nothing changes once it is made.
 */
const HEADER = 3, MAGIC = 0x4254_4d31;
/** An entry: next of its chain, offset in the page, flags, cs_base, cflags, guest bytes, guest instructions, bytes of bytecode; then guest words, insn_start words, bytecode. */
const NEXT = 0, START = 1, FLAGS = 2, CS_BASE = 3, CFLAGS = 4, SIZE = 5, ICOUNT = 6, CODE_SIZE = 7, WORDS = 8;

function slotOf(slots: number, start: number, flags: number, csBase: number, cflags: number, word: number): number {
  let h = Math.imul(word ^ start << 19, 0x9e3779b1);
  h = Math.imul(h ^ h >>> 15 ^ flags, 0x85ebca6b);
  h = Math.imul(h ^ h >>> 13 ^ csBase ^ cflags << 5, 0xc2b2ae35);
  return (h ^ h >>> 16) & slots - 1;
}

/** True when `n` words of `a` from `i` on are those of `b` from `k` on. */
export function sameWords(a: Int32Array, i: number, b: Int32Array, k: number, n: number): boolean {
  for (const end = i + n; i < end; i++, k++) if (a[i] !== b[k]) return false;
  return true;
}

/** Words an entry takes. */
const entryWords = (size: number, icount: number, codeSize: number): number => WORDS + size / 4 + icount * INSN_START_WORDS + Math.ceil(codeSize / 4);

/** Index of the entry for a TB whose guest words start at `guest[at]`; 0 when there is none. */
function find(words: Int32Array, key: TbKey, guest: Int32Array, at: number): number {
  const start = key.phys % TARGET_PAGE_SIZE;
  for (let e = words[HEADER + slotOf(words[1], start, key.flags, key.csBase, key.cflags, guest[at])]; e !== 0; e = words[e + NEXT]) {
    if (words[e + START] !== start || words[e + FLAGS] !== key.flags || words[e + CS_BASE] !== key.csBase || words[e + CFLAGS] !== key.cflags) continue;
    if (sameWords(words, e + WORDS, guest, at, words[e + SIZE] >>> 2)) return e;
  }
  return 0;
}

export class TbArchive {
  readonly words: Int32Array;
  readonly #u8: Uint8Array;

  /** Error: RangeError when `words` is no archive. */
  constructor(words: Int32Array) {
    if (words.length < HEADER || words[0] !== MAGIC || words[2] !== words.length || words[1] < 1 || (words[1] & words[1] - 1) !== 0 || HEADER + words[1] > words.length) {
      throw new RangeError('not an archive of translations');
    }
    this.words = words;
    this.#u8 = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  }

  /** The translation of a TB whose guest words start at `guest[at]`. */
  find(key: TbKey, guest: Int32Array, at: number): TbImage | undefined {
    const { words } = this, e = find(words, key, guest, at);
    if (e === 0) return undefined;
    const size = words[e + SIZE], icount = words[e + ICOUNT], insns = e + WORDS + (size >>> 2), code = insns + icount * INSN_START_WORDS;
    return { size, icount, guest: words.subarray(e + WORDS, insns), insns: words.subarray(insns, code), code: this.#u8.subarray(code * 4, code * 4 + words[e + CODE_SIZE]) };
  }
}

/**
 * The machine's TBs since the last tb_flush, valid or not, added to an archive. The machine runs no guest code any more.
 * `limit`: bytes; an archive that would outgrow it starts over with this run's.
 */
export function extendArchive(m: Machine, old: TbArchive | undefined, limit: number): TbArchive {
  const { i32, u8, layout } = m, count = Math.min(Atomics.load(i32, m.global('tb_count')), Math.floor(layout.tbBytes / TB.size));
  const before = old ? [...entries(old.words)] : [], slots = 2 ** Math.ceil(Math.log2(Math.max(1024, before.length + count)));
  // No more than the code buffer holds: it has all of an entry but its head.
  const most = HEADER + slots + (old?.words.length ?? 0) + ((Atomics.load(i32, m.global('code_ptr')) >>> 0) - layout.codeBase >>> 2) + WORDS * count;
  const words = new Int32Array(most), bytes = new Uint8Array(words.buffer);
  words[1] = slots;
  let end = HEADER + slots;
  const link = (n: number): void => {
    const slot = HEADER + slotOf(slots, words[end + START], words[end + FLAGS], words[end + CS_BASE], words[end + CFLAGS], words[end + WORDS]);
    words[end + NEXT] = words[slot];
    words[slot] = end;
    end += n;
  };
  for (const { at, n } of before) {
    words.set(old!.words.subarray(at, at + n), end);
    link(n);
  }
  for (let k = 0; k < count; k++) {
    const w = layout.tbBase + k * TB.size >>> 2, field = (name: keyof typeof T) => i32[w + (T[name] >>> 2)];
    const size = field('size'), icount = field('icount'), insns = field('insn_data') >>> 2, code = field('code') >>> 0, codeSize = field('code_size');
    const key = { phys: m.u32[w + (T.phys_pc >>> 2)], flags: field('flags') & ~TB_INVALID, csBase: field('cs_base'), cflags: field('cflags') };
    if (size === 0 || key.cflags & CF_COUNT_MASK || key.phys % 4 !== 0 || find(words, key, i32, code - size >>> 2) !== 0) continue;
    words.set([0, key.phys % TARGET_PAGE_SIZE, key.flags, key.csBase, key.cflags, size, icount, codeSize], end);
    words.set(i32.subarray(code - size >>> 2, code >>> 2), end + WORDS);
    words.set(i32.subarray(insns, insns + icount * INSN_START_WORDS), end + WORDS + size / 4);
    bytes.set(u8.subarray(code, code + codeSize), 4 * (end + WORDS + size / 4 + icount * INSN_START_WORDS));
    link(entryWords(size, icount, codeSize));
  }
  if (old && end * 4 > limit) return extendArchive(m, undefined, limit);
  const whole = new Int32Array(new SharedArrayBuffer(4 * end));
  whole.set(words.subarray(0, end));
  whole.set([MAGIC, slots, end]);
  return new TbArchive(whole);
}

/** Entries in the order they were added: index and length in words. */
function* entries(words: Int32Array): Generator<{ at: number; n: number }> {
  for (let at = HEADER + words[1]; at < words.length;) {
    const n = entryWords(words[at + SIZE], words[at + ICOUNT], words[at + CODE_SIZE]);
    yield { at, n };
    at += n;
  }
}
