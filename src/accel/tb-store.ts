// The TB store: descriptors, code buffer, page lists, chaining, invalidation, flush. Shared by all vCPU threads.
import { SpinLock } from '#atomics-sync';
import { CPUState, TARGET_PAGE_BITS, TLB_NOTDIRTY } from '../memory/layout/cpu.ts';
import { INSN_START_WORDS, MAX_REGIONS, PAGE_CODE, PAGE_ENTRY, PAGE_MARKED, PAGE_PART, PAGE_UNMARKED, PageDesc, REGION_PAGES, RegionDesc, TB, TB_INVALID } from '../memory/layout/tb.ts';
import { SyncSite } from '../memory/layout/profile.ts';
import type { Machine } from './machine-view.ts';
import { Qht } from './qht.ts';
import { Tlb } from './tlb.ts';
import type { Vcpu } from './vcpu.ts';

const T = TB.off, P = PageDesc.off, R = RegionDesc.off;
/** jmp_dest of a TB that was invalidated: never linked again. */
const JMP_DEAD = 1;
/** jmp_list_head of a TB that was invalidated: nobody links to it any more. */
const LIST_DEAD = 8;

/** What a TB is found by. `phys` is an offset in the ram memory, so that aliases of RAM share TBs. */
export interface TbKey { phys: number; flags: number; csBase: number; cflags: number }

/** A translated TB, ready to be stored. */
export interface TbImage {
  size: number;
  icount: number;
  code: Uint8Array;
  insns: ArrayLike<number>;
  /** The instruction words it was made of, as they were read. */
  guest: ArrayLike<number>;
  /** The TB starts as if it had been entered so often: it asks for a region sooner. */
  entries?: number;
}

/** A TB of a region, and where it starts: bytes from the page of the region's entry, in virtual addresses. */
export interface RegionMember { readonly tb: number; readonly start: number }

/** What has been translated and compiled, since the start unless it says now; times in ms. */
export interface JitStats {
  /** Now. */
  tbs: number; regions: number; codeBytes: number; flushes: number;
  translatedTbs: number; archivedTbs: number; archivedRegions: number; translateMs: number;
  /** A region is a module of its own. */
  compiledRegions: number; compiledTbs: number; regionBytes: number; droppedRegions: number; compileMs: number;
  /** Now, over all threads. */
  instances: number;
  instancesMade: number; instantiateMs: number;
  /** Guest instructions interpreted; run by regions (0 unless they are counted). */
  coldInsns: number; hotInsns: number;
  /** Requests to leave that found a vCPU in a region, in the interpreter. */
  hotSamples: number; coldSamples: number;
  /** Runs of regions compared with the interpreter, of these run again through the fast paths; not compared. */
  checks: number; checkReruns: number; checkSkipped: number;
}

/** Outcome of an insertion: the TB to run, or why there is none. */
export type Inserted = { tb: number } | { retry: 'code changed' } | { full: true };

/** Hash of a TB key. */
export function tbHash(phys: number, flags: number, csBase: number, cflags: number): number {
  let h = Math.imul((phys >>> 2) | 0, 0x9e3779b1) ^ Math.imul(Math.floor(phys / 2 ** 32) + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ flags, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13) ^ csBase ^ (cflags << 7), 0x27d4eb2f);
  return (h ^ (h >>> 16)) | 0;
}

/**
 * Lock order: page lock → QHT bucket lock; page lock → jmp_lock of one TB at a time. Never two TBs; two pages only to
 * publish a region that is on both, in the order of their numbers.
 */
export class TbStore {
  readonly #m: Machine;
  readonly #i32: Int32Array;
  readonly #cpus: readonly Vcpu[];
  readonly qht: Qht;
  readonly #codePtr: number;
  readonly #tbCount: number;
  readonly #maxTbs: number;
  /** TBs this thread has taken out of use. */
  invalidated = 0;

  constructor(m: Machine, cpus: readonly Vcpu[]) {
    this.#m = m;
    this.#i32 = m.i32;
    this.#cpus = cpus;
    this.qht = new Qht(m);
    this.#codePtr = m.global('code_ptr');
    this.#tbCount = m.global('tb_count');
    this.#maxTbs = Math.floor(m.layout.tbBytes / TB.size);
  }

  /** Empties everything. Machine creation, or an exclusive section. */
  reset(): void {
    const { i32, layout } = this.#m;
    Atomics.store(i32, this.#codePtr, layout.codeBase);
    Atomics.store(i32, this.#tbCount, 0);
    Atomics.store(i32, this.#m.global('region_count'), 0);
    this.qht.reset();
    Atomics.add(i32, this.#m.global('tb_gen'), 1);
  }

  /** tb_flush: drops every TB of the machine. Inside an exclusive section only. */
  flush(): void {
    const { layout } = this.#m, i32 = this.#i32;
    const count = Math.min(Atomics.load(i32, this.#tbCount), this.#maxTbs);
    this.#m.count('cold_insns', this.#interpreted());
    for (let k = 0; k < count; k++) {
      const page = this.#pageOf(layout.tbBase + k * TB.size), d = this.#m.pageDesc(page);
      // No vCPU is at work, but translators of regions may be: what they have under way ends with 'code changed'.
      this.#pageLock(page, SyncSite.PAGE_FLUSH).withLock(() => {
        i32[d + P.first_tb >>> 2] = 0;
        i32[d + P.has_regions >>> 2] = 0;
        i32[d + P.code_gen >>> 2]++;
      });
    }
    for (const cpu of this.#cpus) new Tlb(cpu).forgetTbs();
    this.reset();
  }

  phys(tb: number): number {
    const w = tb + T.phys_pc >>> 2;
    return this.#m.u32[w] + this.#m.u32[w + 1] * 2 ** 32;
  }
  #pageOf(tb: number): number { return Math.floor(this.phys(tb) / (1 << TARGET_PAGE_BITS)); }

  #matches(tb: number, phys: number, flags: number, csBase: number, cflags: number): boolean {
    const i32 = this.#i32, w = tb >>> 2;
    // flags carries TB_INVALID: an invalidated TB matches nothing.
    return Atomics.load(i32, w + (T.flags >>> 2)) === flags && i32[w + (T.phys_pc >>> 2)] === (phys | 0)
      && i32[w + (T.phys_pc + 4 >>> 2)] === Math.floor(phys / 2 ** 32)
      && i32[w + (T.cs_base >>> 2)] === csBase && i32[w + (T.cflags >>> 2)] === cflags;
  }

  /** Finds a TB; 0 when there is none. Takes no lock. */
  lookup(phys: number, flags: number, csBase: number, cflags: number): number {
    return this.qht.lookup(tbHash(phys, flags, csBase, cflags), (tb) => this.#matches(tb, phys, flags, csBase, cflags));
  }

  #pageLock(page: number, site: number): SpinLock { return new SpinLock(this.#i32, (this.#m.pageDesc(page) + P.lock) >>> 2, site); }
  #jmpLock(tb: number, site: number): SpinLock { return new SpinLock(this.#i32, (tb + T.jmp_lock) >>> 2, site); }

  /**
   * Before a page's code is read for translation: makes every store to it take the NOTDIRTY slow path. Returns the
   * page's code generation, which insert() checks: a store in between has raised it. The pages of its block are marked
   * with it; one without code loses its mark at the first store.
   */
  protectPage(page: number): number {
    const i32 = this.#i32, d = this.#m.pageDesc(page);
    return this.#pageLock(page, SyncSite.PAGE_PROTECT).withLock(() => {
      if ((~Atomics.load(i32, d + P.dirty >>> 2) & (PAGE_CODE | PAGE_MARKED)) !== 0) this.#markBlock(page);
      return i32[d + P.code_gen >>> 2];
    });
  }

  /**
   * PAGE_CODE first, then the TLBs, then PAGE_MARKED, by which protectPage knows that this is done. Of all these pages
   * only one is locked: another's mark may be taken off meanwhile, its TLB entries too. That counts the word on, and
   * PAGE_MARKED stays away.
   */
  #markBlock(page: number): void {
    const i32 = this.#i32, [first, end] = this.#m.pageBlock(page);
    const words: number[] = [], seen: number[] = [];
    for (let p = first; p < end; p++) {
      const w = this.#m.pageDesc(p) + P.dirty >>> 2;
      words.push(w);
      seen.push(Atomics.or(i32, w, PAGE_CODE)); // pairs with src/accel/machine-view.ts#recheckDirty
    }
    for (const cpu of this.#cpus) Tlb.protectBlock(cpu, first, TLB_NOTDIRTY);
    words.forEach((w, k) => {
      for (let now = Atomics.load(i32, w); (now ^ seen[k]) < PAGE_UNMARKED && (now ^ seen[k]) >= 0;) {
        const found = Atomics.compareExchange(i32, w, now, now | PAGE_MARKED);
        if (found === now) break;
        now = found;
      }
    });
  }

  /** Address of so many bytes of the code buffer (a multiple of 16); 0 when they are not left. */
  #allocCode(bytes: number): number {
    const i32 = this.#i32, { layout } = this.#m, end = layout.codeBase + layout.codeBytes;
    for (let at = Atomics.load(i32, this.#codePtr); (at >>> 0) + bytes <= end;) {
      // Never past the end, not even for a moment: what another thread takes meanwhile is its own for good.
      const seen = Atomics.compareExchange(i32, this.#codePtr, at, at + bytes | 0);
      if (seen === at) return at >>> 0;
      at = seen;
    }
    return 0;
  }

  /** Stores a translated TB and makes it findable, unless the page changed since `gen` or another thread was first. */
  insert(key: TbKey, image: TbImage, gen: number): Inserted {
    const i32 = this.#i32, { layout, u8 } = this.#m;
    // insn_start words, guest words, bytecode.
    const insnBytes = image.insns.length * 4, codeAt = insnBytes + image.size;
    const bytes = (codeAt + image.code.length + 15) & ~15;
    const at = this.#allocCode(bytes);
    if (at === 0) return { full: true };
    const k = Atomics.add(i32, this.#tbCount, 1);
    if (k >= this.#maxTbs) { Atomics.sub(i32, this.#tbCount, 1); return { full: true }; }
    const tb = layout.tbBase + k * TB.size;
    i32.set(image.insns, at >>> 2);
    i32.set(image.guest, at + insnBytes >>> 2);
    u8.set(image.code, at + codeAt);
    const w = tb >>> 2;
    i32.fill(0, w, w + TB.size / 4);
    const hash = tbHash(key.phys, key.flags, key.csBase, key.cflags);
    i32[w + (T.code >>> 2)] = at + codeAt;
    i32[w + (T.code_size >>> 2)] = image.code.length;
    i32[w + (T.insn_data >>> 2)] = at;
    i32[w + (T.cs_base >>> 2)] = key.csBase;
    i32[w + (T.cflags >>> 2)] = key.cflags;
    i32[w + (T.size >>> 2)] = image.size;
    i32[w + (T.icount >>> 2)] = image.icount;
    i32[w + (T.phys_pc >>> 2)] = key.phys | 0;
    i32[w + (T.phys_pc + 4 >>> 2)] = Math.floor(key.phys / 2 ** 32);
    i32[w + (T.hash >>> 2)] = hash;
    if (image.entries) this.setEntries(tb, image.entries);
    Atomics.store(i32, w + (T.flags >>> 2), key.flags);
    const page = this.#pageOf(tb), d = this.#m.pageDesc(page);
    return this.#pageLock(page, SyncSite.PAGE_INSERT).withLock((): Inserted => {
      if (i32[d + P.code_gen >>> 2] !== gen) {
        // Words and bytecode may not belong together: nothing to keep (src/accel/tb-archive.ts).
        i32[w + (T.size >>> 2)] = 0;
        return { retry: 'code changed' };
      }
      const first = this.qht.insert(hash, tb, (o) => this.#matches(o, key.phys, key.flags, key.csBase, key.cflags));
      if (first !== 0) return { tb: first };
      i32[w + (T.page_next >>> 2)] = i32[d + P.first_tb >>> 2];
      i32[d + P.first_tb >>> 2] = tb;
      return { tb };
    });
  }

  /** Links goto_tb slot n of `src` to `dest`, unless either is being invalidated. Any vCPU. */
  link(src: number, n: number, dest: number): void {
    const i32 = this.#i32;
    this.#jmpLock(dest, SyncSite.JMP_LINK).withLock(() => {
      const head = dest + T.jmp_list_head >>> 2;
      if (i32[head] & LIST_DEAD) return;
      if (Atomics.compareExchange(i32, (src + T.jmp_dest + 4 * n) >>> 2, 0, dest) !== 0) return;
      i32[(src + T.jmp_list_next + 4 * n) >>> 2] = i32[head];
      i32[head] = src | n;
    });
  }

  /** Takes a TB out of use. The page lock is held. vCPUs inside it leave at its end. */
  #invalidateLocked(tb: number): void {
    const i32 = this.#i32;
    this.invalidated++;
    Atomics.or(i32, (tb + T.flags) >>> 2, TB_INVALID);
    this.qht.remove(i32[tb + T.hash >>> 2], tb);
    for (const n of [0, 1]) this.#unlinkOutgoing(tb, n);
    this.#jmpLock(tb, SyncSite.JMP_INVALIDATE).withLock(() => {
      const head = tb + T.jmp_list_head >>> 2;
      let e = i32[head];
      i32[head] = LIST_DEAD;
      while (e & ~15) {
        const src = e & ~15, n = e & 1;
        e = i32[(src + T.jmp_list_next + 4 * n) >>> 2];
        // The source may be marking itself dead meanwhile: only our own link is taken back.
        Atomics.compareExchange(i32, (src + T.jmp_dest + 4 * n) >>> 2, tb, 0);
      }
    });
  }

  /** Marks slot n dead and takes it off the list of the TB it was linked to. */
  #unlinkOutgoing(tb: number, n: number): void {
    const i32 = this.#i32;
    const dest = Atomics.exchange(i32, (tb + T.jmp_dest + 4 * n) >>> 2, JMP_DEAD);
    if ((dest & ~15) === 0) return;
    this.#jmpLock(dest, SyncSite.JMP_UNLINK).withLock(() => {
      let link = dest + T.jmp_list_head >>> 2;
      for (let e = i32[link]; e & ~15; e = i32[link]) {
        const next = ((e & ~15) + T.jmp_list_next + 4 * (e & 1)) >>> 2;
        if (e === (tb | n)) { i32[link] = i32[next]; return; }
        link = next;
      }
    });
  }

  /**
   * A store of `bytes` at ram offset `at`, all on one page that may hold code: `store` does it, after the TBs it
   * overlaps are gone and before anybody can translate the page again. Returns true when no code is left on the page
   * and the caller may drop its NOTDIRTY mark.
   */
  storeToCodePage(at: number, bytes: number, store: () => void): boolean {
    const i32 = this.#i32, page = Math.floor(at / (1 << TARGET_PAGE_BITS)), d = this.#m.pageDesc(page);
    return this.#pageLock(page, SyncSite.PAGE_STORE).withLock(() => {
      i32[d + P.code_gen >>> 2]++;
      let link = d + P.first_tb >>> 2, invalidated = false;
      for (let tb = i32[link]; tb !== 0; tb = i32[link]) {
        const start = this.phys(tb), end = start + i32[tb + T.size >>> 2];
        if (at < end && at + bytes > start) {
          i32[link] = i32[tb + T.page_next >>> 2];
          this.#invalidateLocked(tb);
          invalidated = true;
        } else link = tb + T.page_next >>> 2;
      }
      if (invalidated) this.#dropRegionsLocked(page, d);
      store();
      if (i32[d + P.first_tb >>> 2] !== 0) return false;
      this.#unmark(d + P.dirty >>> 2);
      return true;
    });
  }

  /** Takes the mark off the page with this `dirty` word, whose lock is held. pairs with src/accel/tb-store.ts#markBlock */
  #unmark(w: number): void {
    const i32 = this.#i32;
    for (let now = Atomics.load(i32, w); ;) {
      const found = Atomics.compareExchange(i32, w, now, (now & ~(PAGE_CODE | PAGE_MARKED)) + PAGE_UNMARKED | 0);
      if (found === now) return;
      now = found;
    }
  }

  /**
   * Some TB of the page is gone: no region with TBs of the page is entered any more (any may have compiled it in), and
   * vCPUs inside one leave at their next back edge. The page lock is held.
   */
  #dropRegionsLocked(page: number, d: number): void {
    const i32 = this.#i32;
    let any = false;
    for (let tb = i32[d + P.first_tb >>> 2]; tb !== 0; tb = i32[tb + T.page_next >>> 2]) {
      if (Atomics.exchange(i32, tb + T.fn >>> 2, 0) !== 0) any = true;
    }
    const had = Atomics.exchange(i32, d + P.has_regions >>> 2, 0);
    if (had & PAGE_PART) this.#dropRegionsFromElsewhere(page);
    if (any || had !== 0) for (const cpu of this.#cpus) cpu.kick();
  }

  /** Drops regions that are entered on another page than this one, whose lock is held. None is being published: that takes this page's lock too. */
  #dropRegionsFromElsewhere(page: number): void {
    const i32 = this.#i32, { regionBase } = this.#m.layout, count = Math.min(Atomics.load(i32, this.#m.global('region_count')), MAX_REGIONS - 1);
    for (let n = 1; n <= count; n++) {
      const r = regionBase + n * RegionDesc.size;
      for (let k = 0; k < REGION_PAGES - 1; k++) {
        if (i32[r + R.pages + 4 * k >>> 2] === page + 1) Atomics.compareExchange(i32, i32[r + R.tb >>> 2] + T.fn >>> 2, n, 0);
      }
    }
  }

  /** Descriptors of the TBs of a page, as of now. */
  tbsOfPage(page: number): number[] {
    const i32 = this.#i32, d = this.#m.pageDesc(page);
    return this.#pageLock(page, SyncSite.PAGE_LIST).withLock(() => {
      const out: number[] = [];
      for (let tb = i32[d + P.first_tb >>> 2]; tb !== 0; tb = i32[tb + T.page_next >>> 2]) out.push(tb);
      return out;
    });
  }

  /** The page's code generation now. */
  codeGen(page: number): number { return Atomics.load(this.#i32, (this.#m.pageDesc(page) + P.code_gen) >>> 2); }

  /** Runs `body` with the locks of several pages, which are in ascending order. */
  #withPages<X>(pages: readonly number[], body: () => X): X {
    return pages.length === 0 ? body() : this.#pageLock(pages[0], SyncSite.PAGE_PUBLISH).withLock(() => this.#withPages(pages.slice(1), body));
  }

  /**
   * Publishes a compiled region as the function of its entry, `tbs[0]`, unless a page changed since its generation was
   * taken. `pages`: page number → code generation, the entry's page first. False: not published; 'full': out of room.
   */
  publishRegion(module: Uint8Array, tbs: readonly RegionMember[], pages: ReadonlyMap<number, number>): boolean | 'full' {
    const i32 = this.#i32, { layout, u8 } = this.#m, [, ...others] = pages.keys(), entry = tbs[0].tb, list = module.length + 3 & ~3;
    if (others.length >= REGION_PAGES) throw new RangeError(`a region of ${pages.size} pages`);
    // All under the page locks: a tb_flush, which no exclusive section keeps from the translators, takes them to raise
    // code_gen before it hands the code buffer out again.
    return this.#withPages([...pages.keys()].sort((a, b) => a - b), () => {
      for (const [page, gen] of pages) if (i32[this.#m.pageDesc(page) + P.code_gen >>> 2] !== gen) return false;
      if (Atomics.load(i32, entry + T.flags >>> 2) & TB_INVALID) return false;
      const at = this.#allocCode((list + 8 * tbs.length + 15) & ~15);
      if (at === 0) return 'full';
      const n = Atomics.add(i32, this.#m.global('region_count'), 1) + 1;
      if (n >= MAX_REGIONS) { Atomics.sub(i32, this.#m.global('region_count'), 1); return 'full'; }
      u8.set(module, at);
      i32.set(tbs.flatMap(({ tb, start }) => [tb, start]), at + list >>> 2);
      const r = layout.regionBase + n * RegionDesc.size >>> 2;
      i32[r + (R.addr >>> 2)] = at;
      i32[r + (R.bytes >>> 2)] = module.length;
      i32[r + (R.tb >>> 2)] = entry;
      i32[r + (R.tbs >>> 2)] = tbs.length;
      for (let k = 0; k < REGION_PAGES - 1; k++) i32[r + (R.pages >>> 2) + k] = k < others.length ? others[k] + 1 : 0;
      for (const page of pages.keys()) Atomics.or(i32, this.#m.pageDesc(page) + P.has_regions >>> 2, others.includes(page) ? PAGE_PART : PAGE_ENTRY);
      Atomics.store(i32, entry + T.fn >>> 2, n); // pairs with src/tcg/interpreter.ts#enterDest
      return true;
    });
  }

  /** Region n: its module, a copy, and its TBs, the entry first. */
  region(n: number): { module: Uint8Array<ArrayBuffer>; tbs: RegionMember[] } {
    const i32 = this.#i32, r = this.#m.layout.regionBase + n * RegionDesc.size >>> 2;
    const at = i32[r + (R.addr >>> 2)], end = at + i32[r + (R.bytes >>> 2)], list = end + 3 >>> 2;
    const tbs = Array.from({ length: i32[r + (R.tbs >>> 2)] }, (_, k) => ({ tb: i32[list + 2 * k], start: i32[list + 2 * k + 1] }));
    return { module: this.#m.u8.slice(at, end) as Uint8Array<ArrayBuffer>, tbs };
  }
  /** Regions published since the last tb_flush are numbers 1 to this. */
  get lastRegion(): number { return Math.min(Atomics.load(this.#i32, this.#m.global('region_count')), MAX_REGIONS - 1); }

  /** What a TB was translated for. */
  key(tb: number): TbKey {
    const word = (f: number) => this.#i32[tb + f >>> 2];
    return { phys: this.phys(tb), flags: word(T.flags) & ~TB_INVALID, csBase: word(T.cs_base), cflags: word(T.cflags) };
  }

  /** Instruction words of a TB, as it was translated. */
  guestWords(tb: number): Int32Array {
    const i32 = this.#i32, code = i32[tb + T.code >>> 2] >>> 0;
    return i32.subarray(code - i32[tb + T.size >>> 2] >>> 2, code >>> 2);
  }

  /** True when a page of the ram memory holds translated code. */
  hasCode(page: number): boolean { return (Atomics.load(this.#i32, (this.#m.pageDesc(page) + P.dirty) >>> 2) & PAGE_CODE) !== 0; }

  /** insn_start words of guest instruction `k` of a TB. */
  insnStart(tb: number, k: number): { pc: number; data: number } {
    const w = (this.#i32[tb + T.insn_data >>> 2] >>> 2) + k * INSN_START_WORDS;
    return { pc: this.#i32[w], data: this.#i32[w + 1] };
  }

  /** Invalidates every TB of a page overlapping [at, at + bytes) (instruction-cache maintenance). */
  invalidateRange(at: number, bytes: number): void {
    const end = at + bytes;
    for (let a = at; a < end;) {
      const pageEnd = (Math.floor(a / 4096) + 1) * 4096, n = Math.min(end, pageEnd) - a;
      if (this.hasCode(Math.floor(a / 4096))) this.storeToCodePage(a, n, () => {});
      a += n;
    }
  }

  /** Times the interpreter entered a TB, about. */
  entries(tb: number): number { return this.#i32[tb + T.exec_count >>> 2] - this.#i32[tb + T.exec_base >>> 2] >>> 0; }
  /** Sets the count that decides when a TB asks for a region. */
  setEntries(tb: number, count: number): void {
    this.#i32[tb + T.exec_base >>> 2] = count - this.entries(tb);
    this.#i32[tb + T.exec_count >>> 2] = count;
  }

  /** Guest instructions run by the interpreter since the last flush. */
  #interpreted(): number {
    const { layout, u32 } = this.#m, count = Math.min(Atomics.load(this.#i32, this.#tbCount), this.#maxTbs);
    let n = 0;
    for (let k = 0, tb = layout.tbBase; k < count; k++, tb += TB.size) n += this.entries(tb) * u32[tb + T.icount >>> 2];
    return n;
  }

  /** Figures for `info jit`. */
  stats(): JitStats {
    const i32 = this.#i32, m = this.#m, { cpuBase, cpuStride, nrCpus } = m.layout;
    const sum = (field: 'hot_samples' | 'cold_samples' | 'hot_insns'): number => {
      let n = 0;
      for (let k = 0; k < nrCpus; k++) {
        const w = cpuBase + k * cpuStride + CPUState.off[field] >>> 2;
        n += m.u32[w] + (field === 'hot_insns' ? m.u32[w + 1] * 2 ** 32 : 0);
      }
      return n;
    };
    return {
      translatedTbs: m.counter('translated_tbs'), archivedTbs: m.counter('archived_tbs'), archivedRegions: m.counter('archived_regions'), translateMs: m.counter('translate_ns') / 1e6,
      compiledRegions: m.counter('compiled_regions'), compiledTbs: m.counter('compiled_tbs'), regionBytes: m.counter('compiled_bytes'), droppedRegions: m.counter('dropped_regions'),
      compileMs: m.counter('compile_ns') / 1e6, instances: Atomics.load(i32, m.global('instances')), instancesMade: m.counter('instances_made'), instantiateMs: m.counter('instantiate_ns') / 1e6,
      coldInsns: m.counter('cold_insns') + this.#interpreted(), hotInsns: sum('hot_insns'), hotSamples: sum('hot_samples'), coldSamples: sum('cold_samples'),
      checks: m.counter('checks'), checkReruns: m.counter('check_reruns'), checkSkipped: m.counter('check_skipped'),
      tbs: Atomics.load(i32, this.#tbCount),
      codeBytes: (Atomics.load(i32, this.#codePtr) >>> 0) - this.#m.layout.codeBase,
      flushes: Atomics.load(i32, this.#m.global('tb_gen')) - 1,
      regions: Atomics.load(i32, this.#m.global('region_count')),
    };
  }
}
