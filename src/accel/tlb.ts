// The softmmu TLB of one vCPU: look-up, fill, victim entries, resizing, flushing. All numbers are 32-bit halves.
import {
  CPUState, CPU_TLB_DEFAULT_BITS, CPU_TLB_MAX_BITS, CPU_TLB_MIN_BITS, CPU_VTLB_SIZE, JmpCacheEntry, NB_MMU_MODES,
  TARGET_PAGE_BITS, TARGET_PAGE_SIZE, TB_JMP_CACHE_SIZE, TLB_CONTEXTS, TLBDesc, TLBEntry, TLBEntryFull, TLB_EXCLUSIVE, TLB_INVALID_MASK,
} from '../memory/layout/cpu.ts';
import { PAGE_BLOCK_BITS } from '../memory/layout/tb.ts';
import { cacheAddresses } from '../memory/state-layout.ts';
import { jmpCacheIndex } from '../tcg/interpreter.ts';
import type { Vcpu } from './vcpu.ts';

const E = TLBEntry.off, F = TLBEntryFull.off, D = TLBDesc.off;
const ENTRY_SHIFT = Math.log2(TLBEntry.size);
const PAGE_MASK = -1 << TARGET_PAGE_BITS;
const ALL_MODES = (1 << NB_MMU_MODES) - 1;
/** Resizing window (ms): the peak use in it decides whether the table shrinks. */
const WINDOW_MS = 100;

/** Tag offsets by MMUAccessType. */
export const TAG = [E.addr_read, E.addr_write, E.addr_code] as const;

/** Top byte of an address: ignored when flushing, so that tagged pointers (TBI) are flushed with their page. */
const VA_HI = 0x00ffffff;

/** Number of a virtual page, whatever its tag. */
const pageNumber = (lo: number, hi: number): number => (hi & VA_HI) * 2 ** (32 - TARGET_PAGE_BITS) + (lo >>> TARGET_PAGE_BITS);

/** An aligned block of 2^lg bytes of virtual addresses, by any address in it. */
interface Block { readonly lo: number; readonly hi: number; lg: number }
/** Blocks kept: a kernel has its linear map, its image, its page descriptors, and what it maps now and then. */
const LARGE_BLOCKS = 4;

/** Number of the highest bit, plus one, in which an address differs from a block's; tags (TBI) do not count. */
function differAt(b: Block, lo: number, hi: number): number {
  const h = (b.hi ^ hi) & VA_HI;
  return h !== 0 ? 64 - Math.clz32(h) : 32 - Math.clz32(b.lo ^ lo);
}

/** What the owner knows of the TLBs of one address space. */
class Context {
  readonly index: number;
  /** It can be come back to: nothing was flushed since that may concern it. */
  kept = false;
  /** Registers that name its translation tables and ASID. */
  key: AddressSpace = NOWHERE;
  /** When it was left. */
  left = 0;
  /** Its jump-cache entries carry this. */
  jmpGen = 0;
  /** Pages the jump cache may hold code of: most page flushes are of data. */
  readonly jmpPages = new Set<number>();
  /** Blocks with large pages, by MMU index. */
  readonly large: Block[][] = Array.from({ length: NB_MMU_MODES }, () => []);
  /** Entries pushed out since the table was emptied, by MMU index. */
  readonly evictions: number[] = new Array<number>(NB_MMU_MODES).fill(0);

  constructor(index: number) { this.index = index; }
}

/** Words of the registers that name an address space. */
export type AddressSpace = readonly [number, number, number, number];
const NOWHERE: AddressSpace = [0, 0, 0, 0];
const sameSpace = (a: AddressSpace, b: AddressSpace): boolean => a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3];

export class Tlb {
  readonly cpu: Vcpu;
  readonly #i32: Int32Array;
  readonly #jmpCache: number;
  readonly #storage: number[];
  readonly #contexts = Array.from({ length: TLB_CONTEXTS }, (_, n) => new Context(n));
  /** The context tlb_d is of. */
  #now = this.#contexts[0];
  #epoch = -1;
  /** Times a context was left. */
  #left = 0;
  /** Address spaces are kept; false: a change empties the TLBs. */
  keepsContexts = true;
  /** An entry on its way to the victim table. */
  readonly #swapped = new Int32Array(TLBEntry.size / 4);

  constructor(cpu: Vcpu) {
    this.cpu = cpu;
    this.#i32 = cpu.machine.i32;
    const at = cacheAddresses(cpu.machine.layout, cpu.index);
    this.#jmpCache = at.jmpCache;
    this.#storage = at.tlb;
  }

  /** Lays the tables out, empty. Before the vCPU runs. */
  init(): void {
    const { cpu } = this, i32 = this.#i32;
    cpu.st32(CPUState.off.jmp_cache, this.#jmpCache);
    cpu.st32(CPUState.off.tlb_epoch, cpu.ld32(CPUState.off.tlb_epoch) + 1);
    for (const c of this.#contexts) {
      for (let i = 0; i < NB_MMU_MODES; i++) {
        const d = this.#saved(i, c), table = this.#storage[c.index * NB_MMU_MODES + i];
        const full = table + (1 << CPU_TLB_MAX_BITS) * TLBEntry.size;
        const vtable = full + (1 << CPU_TLB_MAX_BITS) * TLBEntryFull.size;
        i32.fill(0, d >>> 2, d + TLBDesc.size >>> 2);
        i32[d + D.mask >>> 2] = ((1 << CPU_TLB_DEFAULT_BITS) - 1) << ENTRY_SHIFT;
        i32[d + D.table >>> 2] = table;
        i32[d + D.full >>> 2] = full;
        i32[d + D.vtable >>> 2] = vtable;
        i32[d + D.vfull >>> 2] = vtable + CPU_VTLB_SIZE * TLBEntry.size;
        // Whatever is in there: emptied when the context is taken.
        i32[d + D.n_used >>> 2] = 1;
      }
    }
    this.#sync();
    this.#load(this.#contexts[0]);
    for (let i = 0; i < NB_MMU_MODES; i++) this.#clear(i);
    this.clearJmpCache();
  }

  /** After init() or forgetTbs() on another thread: contexts cannot be come back to. */
  #sync(): void {
    const epoch = this.cpu.ld32(CPUState.off.tlb_epoch);
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#drop();
    this.#now = this.#contexts[this.cpu.ld32(CPUState.off.tlb_context)];
  }

  /** Address of the TLBDesc of an MMU index. */
  #desc(mmuIdx: number, c = this.#now): number { return c === this.#now ? this.cpu.base + CPUState.off.tlb_d + mmuIdx * TLBDesc.size : this.#saved(mmuIdx, c); }
  #saved(mmuIdx: number, c: Context): number { return this.cpu.base + CPUState.off.tlb_saved + (c.index * NB_MMU_MODES + mmuIdx) * TLBDesc.size; }

  /** Contexts that are not the present one cannot be come back to. */
  #drop(): void { for (const c of this.#contexts) c.kept = false; }

  /** Copies the headers of all MMU indexes. */
  #copyHeaders(to: number, from: number): void {
    for (let w = 0; w < NB_MMU_MODES * TLBDesc.size / 4; w++) this.#i32[(to >>> 2) + w] = this.#i32[(from >>> 2) + w];
  }

  /** Makes a context the present one, with its headers as it was left. */
  #load(c: Context): void {
    this.#copyHeaders(this.cpu.base + CPUState.off.tlb_d, this.#saved(0, c));
    this.cpu.st32(CPUState.off.tlb_context, c.index);
    this.#now = c;
  }

  /**
   * The address space is another one now: `asidChanged`, entries of the old one must not be used. Entries of one left before
   * are still there when it was named by the same registers and nothing was flushed meanwhile that may concern it (Arm
   * ARM D8.13: entries belong to an ASID, and software invalidates what it changes). Without a change of ASID, and when
   * nothing is kept of the new one, the present TLBs go on.
   */
  enter(key: AddressSpace, asidChanged: boolean): void {
    if (!this.keepsContexts) {
      if (asidChanged) this.flush(ALL_MODES);
      return;
    }
    this.#sync();
    const old = this.#now;
    let next: Context | undefined, oldest: Context | undefined;
    for (const c of this.#contexts) {
      if (c === old) continue;
      if (c.kept && sameSpace(c.key, key)) next = c;
      if (!oldest || (c.kept ? c.left : -1) < (oldest.kept ? oldest.left : -1)) oldest = c;
    }
    if (!next && !asidChanged) { old.key = key; return; }
    this.#copyHeaders(this.#saved(0, old), this.cpu.base + CPUState.off.tlb_d);
    old.jmpGen = this.cpu.ld32(CPUState.off.jmp_gen);
    old.kept = true;
    old.left = ++this.#left;
    this.#load(next ?? oldest!);
    if (next) this.cpu.st32(CPUState.off.jmp_gen, next.jmpGen);
    else this.#empty(ALL_MODES);
    this.#now.key = key;
  }
  #size(d: number): number { return (this.#i32[d + D.mask >>> 2] >>> ENTRY_SHIFT) + 1; }

  /** The pages cached now, for monitors: from any thread, a vCPU that runs may change them meanwhile. Bytes. */
  pages(): { mmuIdx: number; va: bigint; phys: bigint; read: boolean; write: boolean; code: boolean }[] {
    const found: ReturnType<Tlb['pages']> = [], { i64, u64 } = this.cpu.machine;
    for (let mmuIdx = 0; mmuIdx < NB_MMU_MODES; mmuIdx++) {
      const d = this.#desc(mmuIdx), n = this.#size(d), at = (name: 'table' | 'full' | 'vtable' | 'vfull') => this.#i32[d + D[name] >>> 2];
      const entries = [...Array.from({ length: n }, (_, k) => [at('table') + k * TLBEntry.size, at('full') + k * TLBEntryFull.size]),
        ...Array.from({ length: CPU_VTLB_SIZE }, (_, k) => [at('vtable') + k * TLBEntry.size, at('vfull') + k * TLBEntryFull.size])];
      for (const [entry, full] of entries) {
        const tags = TAG.map((tag) => Atomics.load(i64, entry + tag >>> 3)), valid = tags.map((tag) => tag !== -1n && (tag & BigInt(TLB_INVALID_MASK)) === 0n);
        const k = valid.indexOf(true);
        if (k < 0) continue;
        const [read, write, code] = valid;
        found.push({ mmuIdx, va: BigInt.asUintN(64, tags[k] & BigInt(PAGE_MASK)), phys: u64[full + F.phys >>> 3] & BigInt(PAGE_MASK), read, write, code });
      }
    }
    return found;
  }

  /** Address of the entry an access uses. */
  entry(lo: number, mmuIdx: number, c = this.#now): number {
    const d = this.#desc(mmuIdx, c) >>> 2;
    return this.#i32[d + (D.table >>> 2)] + ((lo >>> (TARGET_PAGE_BITS - ENTRY_SHIFT)) & this.#i32[d + (D.mask >>> 2)]);
  }
  // The index above uses only the address's low word; wasm shifts the 64-bit address, but the mask keeps at most
  // CPU_TLB_MAX_BITS bits from bit 12 on, all of them in the low word.

  /** Address of the slow-path companion of an entry. */
  full(entry: number, mmuIdx: number): number {
    const d = this.#desc(mmuIdx) >>> 2;
    return this.#i32[d + (D.full >>> 2)] + ((entry - this.#i32[d + (D.table >>> 2)]) / TLBEntry.size) * TLBEntryFull.size;
  }

  /** True when the entry's tag matches the page of an address; flag bits other than INVALID are ignored. */
  hit(entry: number, tag: number, lo: number, hi: number): boolean {
    const i = entry + tag >>> 2;
    return (this.#i32[i] & (PAGE_MASK | TLB_INVALID_MASK)) === (lo & PAGE_MASK) && this.#i32[i + 1] === hi;
  }

  /** On a main-table miss: swaps a matching victim entry in. True when it did. */
  victimHit(entry: number, mmuIdx: number, tag: number, lo: number, hi: number): boolean {
    const i32 = this.#i32, d = this.#desc(mmuIdx) >>> 2;
    const vtable = i32[d + (D.vtable >>> 2)];
    for (let k = 0; k < CPU_VTLB_SIZE; k++) {
      const v = vtable + k * TLBEntry.size;
      if (!this.hit(v, tag, lo, hi)) continue;
      const full = this.full(entry, mmuIdx) >>> 2, vfull = i32[d + (D.vfull >>> 2)] + k * TLBEntryFull.size >>> 2;
      if (this.#isEmpty(entry >>> 2)) i32[d + (D.n_used >>> 2)]++;
      for (let w = 0; w < TLBEntry.size >>> 2; w++) this.#swapped[w] = i32[(entry >>> 2) + w];
      this.#move(entry >>> 2, i32, v >>> 2);
      this.#move(v >>> 2, this.#swapped, 0);
      for (let w = 0; w < TLBEntryFull.size >>> 2; w++) {
        const t = i32[full + w];
        i32[full + w] = i32[vfull + w]; i32[vfull + w] = t;
      }
      return true;
    }
    return false;
  }

  /**
   * Stores an entry moved from another slot. A NOTDIRTY mark may have hit either slot meanwhile and be lost, so this is
   * the same Dekker as a fill: entry stored, addr_write last and sequentially consistent, then the page's flag loaded.
   */
  #move(to: number, words: Int32Array, from: number): void {
    const i32 = this.#i32, tag = E.addr_write >>> 2;
    for (let w = 0; w < TLBEntry.size >>> 2; w++) if (w !== tag) i32[to + w] = words[from + w];
    Atomics.store(i32, to + tag, words[from + tag]); // pairs with src/accel/tb-store.ts#protectPage
    this.cpu.machine.recheckDirty(to << 2);
  }

  /**
   * Fills the entry of a page, evicting the old one to the victim table. Tags are 64-bit page addresses with flags, or
   * INVALID for accesses the page does not allow.
   */
  fill(lo: number, hi: number, mmuIdx: number, prot: { read: number; write: number; code: number }, addendLo: number, addendHi: number,
    phys: number, attrs: number, lgPageSize: number): number {
    const i32 = this.#i32, d = this.#desc(mmuIdx) >>> 2;
    if (this.#now.evictions[mmuIdx] > this.#size(d << 2)) this.#grow(mmuIdx);
    const entry = this.entry(lo, mmuIdx), e = entry >>> 2, f = this.full(entry, mmuIdx) >>> 2;
    if (lgPageSize > TARGET_PAGE_BITS) this.#noteLargePage(mmuIdx, lo, hi, lgPageSize);
    const used = !this.#isEmpty(e);
    if (used && !this.#samePage(e, lo, hi)) {
      this.#now.evictions[mmuIdx]++;
      const k = i32[d + (D.vindex >>> 2)]++ % CPU_VTLB_SIZE;
      const v = i32[d + (D.vtable >>> 2)] + k * TLBEntry.size >>> 2;
      const vf = i32[d + (D.vfull >>> 2)] + k * TLBEntryFull.size >>> 2;
      this.#move(v, i32, e);
      for (let w = 0; w < TLBEntryFull.size >>> 2; w++) i32[vf + w] = i32[f + w];
    } else if (!used) i32[d + (D.n_used >>> 2)]++;
    const page = lo & PAGE_MASK;
    i32[e + (E.addr_read >>> 2)] = prot.read < 0 ? -1 : page | prot.read;
    i32[e + (E.addr_read >>> 2) + 1] = prot.read < 0 ? -1 : hi;
    i32[e + (E.addr_code >>> 2)] = prot.code < 0 ? -1 : page | prot.code;
    i32[e + (E.addr_code >>> 2) + 1] = prot.code < 0 ? -1 : hi;
    i32[e + (E.addend >>> 2)] = addendLo;
    i32[e + (E.addend >>> 2) + 1] = addendHi;
    i32[e + (E.addr_write >>> 2) + 1] = prot.write < 0 ? -1 : hi;
    Atomics.store(i32, e + (E.addr_write >>> 2), prot.write < 0 ? -1 : page | prot.write);
    // Dekker with TbStore.protectPage: entry stored, then the page's code flag loaded.
    this.cpu.machine.recheckDirty(entry);
    i32[f + (F.phys >>> 2)] = phys >>> 0;
    i32[f + (F.phys >>> 2) + 1] = Math.floor(phys / 2 ** 32);
    i32[f + (F.attrs >>> 2)] = attrs;
    return entry;
  }

  #isEmpty(e: number): boolean {
    const i32 = this.#i32;
    return i32[e + 1] === -1 && i32[e] === -1 && i32[e + 2] === -1 && i32[e + 3] === -1 && i32[e + 4] === -1 && i32[e + 5] === -1;
  }
  #samePage(e: number, lo: number, hi: number): boolean {
    const page = lo & PAGE_MASK, i32 = this.#i32;
    for (let w = 0; w < 6; w += 2) if ((i32[e + w] & PAGE_MASK) === page && i32[e + w + 1] === hi && i32[e + w] !== -1) return true;
    return false;
  }

  /** Keeps a few blocks that cover every large page cached: flushing a page inside one flushes the index. */
  #noteLargePage(mmuIdx: number, lo: number, hi: number, lg: number): void {
    const blocks = this.#now.large[mmuIdx];
    let nearest: Block | undefined, size = 64;
    for (const b of blocks) {
      const both = Math.max(lg, b.lg, differAt(b, lo, hi));
      if (both === b.lg) return;
      if (both < size) { nearest = b; size = both; }
    }
    if (blocks.length < LARGE_BLOCKS || !nearest) blocks.push({ lo, hi, lg });
    else nearest.lg = size;
  }

  #clear(mmuIdx: number): void {
    const i32 = this.#i32, d = this.#desc(mmuIdx), table = i32[d + D.table >>> 2], vtable = i32[d + D.vtable >>> 2];
    i32.fill(-1, table >>> 2, (table >>> 2) + this.#size(d) * TLBEntry.size / 4);
    i32.fill(-1, vtable >>> 2, (vtable >>> 2) + CPU_VTLB_SIZE * TLBEntry.size / 4);
    i32[d + D.n_used >>> 2] = 0;
    i32[d + D.vindex >>> 2] = 0;
    this.#now.large[mmuIdx].length = 0;
    this.#now.evictions[mmuIdx] = 0;
  }

  /**
   * Empties a table; doubles one that was nearly full since the last flush, halves one that stayed nearly empty for a
   * window. It is cleared at both sizes: regions may go on comparing entries beyond a smaller one.
   */
  #resize(mmuIdx: number): void {
    const i32 = this.#i32, d = this.#desc(mmuIdx), size = this.#size(d), used = i32[d + D.n_used >>> 2];
    this.#clear(mmuIdx);
    const now = performance.now() | 0;
    i32[d + D.window_max >>> 2] = Math.max(i32[d + D.window_max >>> 2], used);
    const expired = now - i32[d + D.window_begin >>> 2] > WINDOW_MS;
    const peak = i32[d + D.window_max >>> 2] / size;
    let next = size;
    if (peak > 0.7 && size < 1 << CPU_TLB_MAX_BITS) next = size * 2;
    else if (peak < 0.3 && expired && size > 1 << CPU_TLB_MIN_BITS) next = size / 2;
    if (next !== size) {
      i32[d + D.mask >>> 2] = (next - 1) << ENTRY_SHIFT;
      if (next > size) this.#clear(mmuIdx);
    }
    if (next !== size || expired) {
      i32[d + D.window_begin >>> 2] = now;
      i32[d + D.window_max >>> 2] = 0;
    }
  }

  /** A program that flushes nothing and pushes out as many entries as there are gets a table of twice the size. */
  #grow(mmuIdx: number): void {
    const i32 = this.#i32, d = this.#desc(mmuIdx), size = this.#size(d);
    this.#now.evictions[mmuIdx] = 0;
    if (size === 1 << CPU_TLB_MAX_BITS) return;
    i32[d + D.mask >>> 2] = (2 * size - 1) << ENTRY_SHIFT;
    i32[d + D.window_begin >>> 2] = performance.now() | 0;
    i32[d + D.window_max >>> 2] = size;
    this.#clear(mmuIdx);
  }

  /** Drops every translation of the MMU indexes in `idxmap`, and the jump cache. */
  flush(idxmap: number): void {
    this.#drop();
    this.#empty(idxmap);
  }

  /** Empties the present context. */
  #empty(idxmap: number): void {
    for (let i = 0; i < NB_MMU_MODES; i++) {
      if (!(idxmap >> i & 1)) continue;
      // An index that holds nothing needs no clearing. Victims outlive the main entry that pushed them out.
      if ((this.#i32[this.#desc(i) + D.n_used >>> 2] | this.#i32[this.#desc(i) + D.vindex >>> 2]) === 0) continue;
      this.#resize(i);
    }
    this.clearJmpCache();
  }

  flushPage(lo: number, hi: number, idxmap: number): void {
    for (const c of this.#contexts) {
      if (c !== this.#now && !c.kept) continue;
      let all = false;
      for (let i = 0; i < NB_MMU_MODES; i++) if (idxmap >> i & 1 && this.#flushPageIdx(lo, hi, i, c)) all = true;
      // A large page has jump-cache entries at any of its pages.
      if (!all && !c.jmpPages.has(pageNumber(lo, hi))) continue;
      if (c === this.#now) this.clearJmpCache();
      else c.kept = false;
    }
  }

  /** True when the page may be part of a large one: the whole index was flushed. */
  #flushPageIdx(lo: number, hi: number, mmuIdx: number, c: Context): boolean {
    const i32 = this.#i32, d = this.#desc(mmuIdx, c) >>> 2;
    if (c.large[mmuIdx].some((b) => differAt(b, lo, hi) <= b.lg)) {
      if (c === this.#now) this.#clear(mmuIdx);
      return true;
    }
    const drop = (e: number) => {
      for (let w = 0; w < 6; w += 2) {
        if (i32[e + w] !== -1 && ((i32[e + w] ^ lo) & PAGE_MASK) === 0 && ((i32[e + w + 1] ^ hi) & VA_HI) === 0) {
          i32.fill(-1, e, e + TLBEntry.size / 4);
          return true;
        }
      }
      return false;
    };
    if (drop(this.entry(lo, mmuIdx, c) >>> 2)) i32[d + (D.n_used >>> 2)]--;
    const v = i32[d + (D.vtable >>> 2)] >>> 2;
    for (let k = 0; k < CPU_VTLB_SIZE; k++) drop(v + k * TLBEntry.size / 4);
    return false;
  }

  clearJmpCache(): void {
    const { cpu } = this, a = this.#jmpCache >>> 2;
    // Never 0: regions begin with that as what they know of other pages.
    const gen = (cpu.ld32(CPUState.off.jmp_gens) + 1) | 0 || 1;
    // An entry of 2^32 generations ago must not come back.
    if (gen === 1) {
      this.#i32.fill(0, a, a + TB_JMP_CACHE_SIZE * JmpCacheEntry.size / 4);
      this.#drop();
    }
    cpu.st32(CPUState.off.jmp_gens, gen);
    cpu.st32(CPUState.off.jmp_gen, gen);
    this.#now.jmpPages.clear();
  }

  /** TBs are gone: no jump cache of this vCPU may name one. Any thread, while no vCPU runs. */
  forgetTbs(): void {
    this.cpu.st32(CPUState.off.tlb_epoch, this.cpu.ld32(CPUState.off.tlb_epoch) + 1);
    this.clearJmpCache();
  }

  /** Remembers a TB for a virtual PC. */
  cacheJump(pcLo: number, pcHi: number, tb: number): void {
    const i = this.#jmpCache + jmpCacheIndex(pcLo) * JmpCacheEntry.size >>> 2;
    Atomics.store(this.#i32, i + 2, 0);
    this.#i32[i] = pcLo;
    this.#i32[i + 1] = pcHi;
    this.#i32[i + 3] = this.cpu.ld32(CPUState.off.jmp_gen);
    Atomics.store(this.#i32, i + 2, tb);
    this.#now.jmpPages.add(pageNumber(pcLo, pcHi));
  }
  /** TB remembered for a virtual PC, unchecked; 0 when none. */
  cachedJump(pcLo: number, pcHi: number): number {
    const i = this.#jmpCache + jmpCacheIndex(pcLo) * JmpCacheEntry.size >>> 2;
    return this.#i32[i] === pcLo && this.#i32[i + 1] === pcHi && this.#i32[i + 3] === this.cpu.ld32(CPUState.off.jmp_gen) ? Atomics.load(this.#i32, i + 2) : 0;
  }

  /** Takes TLB_EXCLUSIVE off the entries whose page of the ram memory `isMarked` denies. While no vCPU runs. */
  static unmark(cpu: Vcpu, isMarked: (page: number) => boolean): void {
    const { i32 } = cpu.machine, u = (w: number) => i32[w] >>> 0;
    const look = (table: number, n: number) => {
      for (let e = table >>> 2, end = e + n * (TLBEntry.size >>> 2); e < end; e += TLBEntry.size >>> 2) {
        const w = e + (E.addr_write >>> 2), a = e + (E.addend >>> 2);
        if (!(i32[w] & TLB_EXCLUSIVE) || i32[w] & TLB_INVALID_MASK) continue;
        const lo = ((i32[w] & PAGE_MASK) >>> 0) + u(a), hi = (i32[w + 1] + i32[a + 1] + (lo >= 2 ** 32 ? 1 : 0)) | 0;
        if (!isMarked((hi * 2 ** 32 + lo % 2 ** 32) / TARGET_PAGE_SIZE)) i32[w] &= ~TLB_EXCLUSIVE;
      }
    };
    for (const d of headers(cpu)) {
      if (!inUse(i32, d)) continue;
      look(i32[d + (D.table >>> 2)], (i32[d + (D.mask >>> 2)] >>> ENTRY_SHIFT) + 1);
      look(i32[d + (D.vtable >>> 2)], CPU_VTLB_SIZE);
    }
  }

  /** Sets TLB_NOTDIRTY or TLB_EXCLUSIVE on every entry of this vCPU that writes to the block of pages (PAGE_BLOCK_BITS) that begins with page `first` of the ram memory. Any thread. */
  static protectBlock(cpu: Vcpu, first: number, flag: number): void {
    const i32 = cpu.machine.i32, ramLo = (first << TARGET_PAGE_BITS) | 0, ramHi = Math.floor(first / 2 ** (32 - TARGET_PAGE_BITS));
    // The present context first: what is there and is left meanwhile is in tlb_saved before tlb_d names another one.
    for (const d of headers(cpu)) {
      // A fill counts before it stores its entry.
      if (!inUse(i32, d)) continue;
      // The owner may resize meanwhile; storage does not move, and scanning the larger of the sizes seen is enough:
      // entries filled after the page's code flag was set check it themselves.
      const n = (i32[d + (D.mask >>> 2)] >>> ENTRY_SHIFT) + 1;
      markBlock(i32, i32[d + (D.table >>> 2)], n, ramLo, ramHi, flag);
      markBlock(i32, i32[d + (D.vtable >>> 2)], CPU_VTLB_SIZE, ramLo, ramHi, flag);
    }
  }
}

/** Index of each TLBDesc of a vCPU: those of the present context, then those of all contexts as they were left. */
function* headers(cpu: Vcpu): Generator<number> {
  for (let k = 0; k < NB_MMU_MODES; k++) yield cpu.base + CPUState.off.tlb_d + k * TLBDesc.size >>> 2;
  for (let k = 0; k < TLB_CONTEXTS * NB_MMU_MODES; k++) yield cpu.base + CPUState.off.tlb_saved + k * TLBDesc.size >>> 2;
}
const inUse = (i32: Int32Array, d: number): boolean => (i32[d + (D.n_used >>> 2)] | i32[d + (D.vindex >>> 2)]) !== 0;

function markBlock(i32: Int32Array, table: number, n: number, ramLo: number, ramHi: number, flag: number): void {
  const block = PAGE_MASK << PAGE_BLOCK_BITS;
  for (let e = table >>> 2, end = e + n * (TLBEntry.size >>> 2); e < end; e += TLBEntry.size >>> 2) {
    const w = e + (E.addr_write >>> 2);
    const lo = i32[w];
    if (lo === -1 && i32[w + 1] === -1) continue;
    // page address + addend = page of the ram memory (64-bit sum of halves)
    const page = lo & PAGE_MASK;
    const sumLo = (page + i32[e + (E.addend >>> 2)]) | 0;
    if ((sumLo & block) !== ramLo) continue;
    const carry = (sumLo >>> 0) < (page >>> 0) ? 1 : 0;
    if (((i32[w + 1] + i32[e + (E.addend >>> 2) + 1] + carry) | 0) !== ramHi) continue;
    Atomics.or(i32, w, flag);
  }
}
