// The translator thread: takes hot TBs, gathers the TBs around them, compiles a region, publishes it.
import { TCGContext, type Op } from '../tcg/context.ts';
import { OpFlag } from '../tcg/ops/def.ts';
import { narrow } from '../tcg/opt/narrow.ts';
import { optimize } from '../tcg/optimize.ts';
import { compileRegion, type RegionOptions } from '../tcg/region.ts';
import { jmpCacheIndex } from '../tcg/interpreter.ts';
import { jumpsOf, type RegionTb } from '../tcg/region-graph.ts';
import { GotoPtr } from '../tcg/ops/control.ts';
import { opDef } from '../tcg/ops/index.ts';
import { CPUState, JmpCacheEntry, TARGET_PAGE_SIZE } from '../memory/layout/cpu.ts';
import { CF_COUNT_MASK, REGION_PAGES, TB, TB_INVALID } from '../memory/layout/tb.ts';
import { cacheAddresses } from '../memory/state-layout.ts';
import { ARCHIVED_HOT_ENTRIES, HOT_ENTRIES, HotQueue } from './hot-queue.ts';
import type { Machine } from './machine-view.ts';
import type { TargetCpu, TbRequest } from './target.ts';
import type { ArchivedRegion, RegionArchive } from './region-archive.ts';
import { sameWords } from './tb-archive.ts';
import { TbStore, type RegionMember } from './tb-store.ts';

const T = TB.off;
const GOTO_PTR = opDef('goto_ptr'), INSN_START = opDef('insn_start');
/** A region takes in at most this many TBs. */
const MAX_TBS = 32;
/** A successor joins the region when it ran at least this share of the seed's executions. */
const HEAT_SHARE = 1 / 64;
/** The same for TBs of other pages than the seed's, and how many of them: most crossings are calls of functions with regions of their own. */
const FAR_HEAT_SHARE = 1 / 2, MAX_FAR_TBS = 8;
const MAX_INSNS = 512;
/** A region is compiled again with a TB it is left for, once that is hot, so many times. */
const MAX_GROWTH = 4;
/** Times that a region of an earlier run waits for its TBs, four times as long each. */
const MAX_TRIES = 3;

/** A TB of a region in the making. */
interface Translated extends RegionTb { readonly entryState: number | undefined; readonly exitState: number | undefined }

const pageOf = (phys: number): number => Math.floor(phys / TARGET_PAGE_SIZE);

/** A region that was compiled, for logs. */
export interface CompiledRegion {
  /** Virtual PC its entry was hot at; undefined: compiled without a vCPU's asking. */
  readonly pc: bigint | undefined;
  /** The entry first. */
  readonly tbs: readonly RegionTb[];
  readonly module: Uint8Array;
}

export type RegionCompilerOptions = Omit<RegionOptions, 'globals' | 'restored'> & {
  /** Hook of `-d op_opt,out_asm`. */
  readonly onCompile?: ((region: CompiledRegion) => void) | undefined;
  /** Regions of earlier runs. */
  readonly archive?: RegionArchive | undefined;
};

/** A published region that may grow: entered at `seed`, which was hot at `pc`. */
interface Growing { readonly seed: number; readonly pc: bigint; readonly tbs: ReadonlySet<number>; readonly growth: number; readonly module: WebAssembly.Module }

/** A module, its TBs (the entry first), the pages they are on with their code generations (the entry's first), and where it jumps to outside. */
interface Made { readonly module: Uint8Array<ArrayBuffer>; readonly tbs: readonly RegionMember[]; readonly pages: ReadonlyMap<number, number>; readonly exits?: readonly number[] }

/**
 * The TBs that may join a region: those that `fits` lets in of the seed's page and of pages that a vCPU has been seen to go
 * to, each page with its code generation from before it was looked at.
 */
class Neighbours {
  /** By bytes from the seed's page. */
  readonly at = new Map<number, number>();
  /** Virtual address of the seed's page. */
  readonly base: bigint | undefined;
  readonly #store: TbStore;
  readonly #fits: (tb: number) => boolean;
  readonly #cachedTb: (pc: bigint) => number;
  /** Pages of the ram memory by distance from the seed's in virtual addresses; their generations. */
  readonly #opened = new Map<number, number>();
  readonly #gens = new Map<number, number>();

  constructor(store: TbStore, seed: number, base: bigint | undefined, fits: (tb: number) => boolean, cachedTb: (pc: bigint) => number) {
    this.#store = store;
    this.base = base;
    this.#fits = fits;
    this.#cachedTb = cachedTb;
    this.#open(0, pageOf(store.phys(seed)));
    this.at.set(store.phys(seed) % TARGET_PAGE_SIZE, seed);
  }

  #open(k: number, page: number): void {
    this.#gens.set(page, this.#store.codeGen(page));
    this.#opened.set(k, page);
    for (const tb of this.#store.tbsOfPage(page)) if (this.#fits(tb)) this.at.set(k * TARGET_PAGE_SIZE + this.#store.phys(tb) % TARGET_PAGE_SIZE, tb);
  }

  /** Opens the page of `start`, when a vCPU went just there and `good` agrees. */
  open(start: number, good: (tb: number) => boolean = () => true): void {
    const k = pageOf(start), store = this.#store;
    if (this.#opened.has(k) || this.#opened.size >= REGION_PAGES || this.base === undefined) return;
    const tb = this.#cachedTb(this.base + BigInt(start)), page = tb === 0 ? -1 : pageOf(store.phys(tb));
    if (tb !== 0 && store.phys(tb) - page * TARGET_PAGE_SIZE === start - k * TARGET_PAGE_SIZE && this.#fits(tb) && good(tb) && !this.#gens.has(page)) this.#open(k, page);
  }

  /** Generations of the pages that some of its TBs are on, the seed's first. */
  usedBy(tbs: readonly RegionMember[]): Map<number, number> {
    const used = new Set(tbs.map(({ start }) => this.#opened.get(pageOf(start))!));
    return new Map([...used].map((page) => [page, this.#gens.get(page)!]));
  }
}

export class RegionCompiler {
  readonly #m: Machine;
  readonly #target: TargetCpu;
  readonly #store: TbStore;
  readonly #queue: HotQueue;
  readonly #tcg = new TCGContext();
  readonly #opt: RegionOptions;
  readonly #onCompile: RegionCompilerOptions['onCompile'];
  readonly #archive: RegionArchive | undefined;
  /** Entries of archived regions whose other TBs were not there yet, and how often. */
  readonly #early = new Map<number, number>();
  readonly #modules = new Set<WebAssembly.Module>();
  /** Regions by the virtual PCs they jump to outside; of several the last. */
  readonly #exits = new Map<bigint, Growing>();
  /** TBs taken into a region since they last asked for one. */
  readonly #joined = new Set<number>();
  #tbGen = -1;

  constructor(m: Machine, target: TargetCpu, opt: RegionCompilerOptions) {
    this.#m = m;
    this.#target = target;
    this.#store = new TbStore(m, []);
    this.#queue = new HotQueue(m);
    target.initTcg(this.#tcg);
    this.#onCompile = opt.onCompile;
    this.#archive = opt.archive;
    this.#opt = { ...opt, globals: this.#tcg.globals, restored: this.#tcg.globals.filter((g) => target.restoredGlobals.includes(g.name)) };
  }

  /** Works until the machine shuts down. */
  run(): void {
    const { i32 } = this.#m, gen = this.#m.global('tb_gen');
    for (let job = this.#queue.pop(); job; job = this.#queue.pop()) {
      this.#m.profile.sync();
      if (Atomics.load(i32, gen) === job.gen) this.compileNow(job.tb, job.gen, job.pc);
    }
  }

  /** Compiles the region entered at `seed`. Whatever changes meanwhile makes the publication fail, nothing worse. */
  compileNow(seed: number, tbGen: number, pc?: bigint): void {
    const { i32 } = this.#m, began = performance.now();
    if (Atomics.load(i32, seed + T.flags >>> 2) & TB_INVALID || Atomics.load(i32, seed + T.fn >>> 2) !== 0) return;
    if (i32[seed + T.cflags >>> 2] & CF_COUNT_MASK) return;
    if (tbGen !== this.#tbGen) {
      for (const known of [this.#modules, this.#early, this.#exits, this.#joined]) known.clear();
      this.#tbGen = tbGen;
    }
    const kept = this.#fromArchive(seed, pc);
    if (kept === 'early') return;
    // Many TBs get hot at a time: it asked before that region was there. If it is run all the same, it asks again.
    if (!kept && pc !== undefined && this.#joined.delete(seed)) return;
    const grown = kept ? undefined : this.#grow(seed, pc), made = kept ?? grown?.made ?? this.#compile(seed, pc);
    if (!made || Atomics.load(i32, this.#m.global('tb_gen')) !== tbGen) return;
    // Compiles it: V8 shares native code by the module's bytes as long as some Module of them lives.
    const module = new WebAssembly.Module(made.module);
    this.#modules.add(module);
    const published = this.#store.publishRegion(made.module, made.tbs, made.pages) === true;
    this.#m.count('compile_ns', (performance.now() - began) * 1e6);
    if (!published) return this.#m.count('dropped_regions', 1);
    for (const { tb } of made.tbs.slice(1)) this.#joined.add(tb);
    if (grown) this.#modules.delete(grown.before.module);
    this.#noteExits(made, grown?.before.pc ?? pc, module, grown?.before);
    if (kept) return this.#m.count('archived_regions', 1);
    this.#m.count('compiled_regions', 1);
    this.#m.count('compiled_tbs', made.tbs.length);
    this.#m.count('compiled_bytes', made.module.length);
  }

  #compile(seed: number, pc: bigint | undefined, before?: ReadonlySet<number>, wanted?: number): Made | undefined {
    const { tbs, pages } = this.#gather(seed, pc, before, wanted);
    if (tbs.length === 0 || (wanted !== undefined && !tbs.some((t) => t.tb === wanted))) return undefined;
    const module = compileRegion(tbs, this.#opt), starts = new Set(tbs.map((t) => t.start));
    this.#onCompile?.({ pc, tbs, module });
    return { module, tbs, pages, exits: tbs.flatMap(jumpsOf).filter((to) => !starts.has(to)) };
  }

  /**
   * The region that is left for `tb` at `pc`, with that and what is warm behind it taken in: what a program did when the
   * region was made is not all it does. Undefined: there is none, or it is as large as it may get.
   */
  #grow(tb: number, pc: bigint | undefined): { made: Made; before: Growing } | undefined {
    const before = pc === undefined ? undefined : this.#exits.get(pc), { i32 } = this.#m;
    if (!before || Atomics.load(i32, before.seed + T.fn >>> 2) === 0 || Atomics.load(i32, before.seed + T.flags >>> 2) & TB_INVALID) return undefined;
    const made = this.#compile(before.seed, before.pc, before.tbs, tb);
    return made && { made, before };
  }

  /** Lets a published region grow, in the place of the one `before`. */
  #noteExits({ tbs, exits }: Made, pc: bigint | undefined, module: WebAssembly.Module, before: Growing | undefined): void {
    if (before) for (const [to, g] of this.#exits) if (g === before) this.#exits.delete(to);
    const growth = before ? before.growth + 1 : 0;
    if (!exits || pc === undefined || growth >= MAX_GROWTH || tbs.length >= MAX_TBS) return;
    const now: Growing = { seed: tbs[0].tb, pc, tbs: new Set(tbs.map((t) => t.tb)), growth, module };
    for (const to of exits) this.#exits.set(BigInt.asUintN(64, (pc & -BigInt(TARGET_PAGE_SIZE)) + BigInt(to)), now);
  }

  /**
   * A region of an earlier run for the seed, all of whose TBs are there; 'early': the seed will ask again, they may come
   * yet; undefined: there is none.
   */
  #fromArchive(seed: number, pc: bigint | undefined): Made | 'early' | undefined {
    if (!this.#archive || pc === undefined) return undefined;
    const regions = this.#archive.find(this.#store.key(seed), this.#store.guestWords(seed), 0);
    for (const region of regions) {
      const near = this.#near(seed, pc), tbs = this.#members(region, near);
      if (tbs) return { module: region.module, tbs, pages: near.usedBy(tbs) };
    }
    const tries = this.#early.get(seed) ?? 0;
    if (regions.length === 0 || tries >= MAX_TRIES) return undefined;
    this.#early.set(seed, tries + 1);
    this.#store.setEntries(seed, HOT_ENTRIES - ARCHIVED_HOT_ENTRIES * 4 ** (tries + 1));
    return 'early';
  }

  /** The TBs of this run that are those of an archived region. */
  #members({ tbs }: ArchivedRegion, near: Neighbours): RegionMember[] | undefined {
    for (const t of tbs) near.open(t.start);
    const out: RegionMember[] = [];
    for (const { start, words } of tbs) {
      const tb = near.at.get(start), now = tb === undefined ? undefined : this.#store.guestWords(tb);
      if (!now || now.length !== words.length || !sameWords(now, 0, words, 0, words.length)) return undefined;
      out.push({ tb: tb!, start });
    }
    return out;
  }

  /** What may join a region entered at `seed`, which is hot at `pc`. */
  #near(seed: number, pc: bigint | undefined): Neighbours {
    const { i32 } = this.#m, word = (tb: number, f: number) => i32[tb + f >>> 2];
    const { flags, cflags, csBase } = this.#store.key(seed), next = this.#target.chainFlags(flags);
    const fits = (tb: number) => word(tb, T.flags) === next && word(tb, T.cflags) === cflags && word(tb, T.cs_base) === csBase;
    return new Neighbours(this.#store, seed, pc === undefined ? undefined : pc & -BigInt(TARGET_PAGE_SIZE), fits, (at) => this.#cachedTb(at));
  }

  /**
   * The seed, hot at `pc`, and the TBs reachable from it with the same flags that are warm themselves: on its page, and
   * on others that a vCPU has been seen to go to. `pages`: the pages they are on with their code generations, the seed's
   * first. A region that grows had `before` and takes in `wanted`.
   */
  #gather(seed: number, pc: bigint | undefined, before?: ReadonlySet<number>, wanted?: number): { tbs: RegionTb[]; pages: Map<number, number> } {
    const store = this.#store, near = this.#near(seed, pc), { base } = near, { flags, cflags, csBase } = store.key(seed), next = this.#target.chainFlags(flags);
    // A region's TBs are counted no more.
    const heat = Math.min(store.entries(seed), wanted === undefined ? Infinity : store.entries(wanted)), maxFar = wanted === undefined ? MAX_FAR_TBS : MAX_TBS;
    const isWarm = (tb: number, k: number) => tb === wanted || before?.has(tb) === true || store.entries(tb) >= heat * (k === 0 ? HEAT_SHARE : FAR_HEAT_SHARE);
    const seedStart = store.phys(seed) % TARGET_PAGE_SIZE;
    const out: Translated[] = [], queue: (readonly [start: number, tb: number])[] = [[seedStart, seed]], seen = new Set([seedStart]);
    let far = 0;
    const join = (start: number): void => {
      const k = pageOf(start);
      if (k !== 0 && far >= maxFar) return;
      near.open(start, (tb) => isWarm(tb, k));
      const tb = near.at.get(start);
      if (tb === undefined || seen.has(start) || !isWarm(tb, k)) return;
      if (k !== 0) far++;
      seen.add(start);
      queue.push([start, tb]);
    };
    const translate = (tb: number, start: number, entryState?: number): Translated | undefined => {
      const t = this.#translate(tb, start, { flags: tb === seed ? flags : next, csBase, cflags, entryState });
      return t && base !== undefined && t.ops.at(-1)?.def === GOTO_PTR ? { ...t, targets: this.#targets(tb, base) } : t;
    };
    while (queue.length && out.length < MAX_TBS) {
      const [start, tb] = queue.shift()!, t = translate(tb, start);
      if (!t) { if (tb === seed) break; continue; }
      out.push(t);
      // Jumps, and what follows in memory: a call returns there.
      for (const to of [...jumpsOf(t), t.start + t.size]) join(to);
      // A jump table: whatever is warm on the page may be its target.
      if (t.ops.some((op) => op.def === GOTO_PTR && op.imms[0] === GotoPtr.JUMP)) for (const to of [...near.at.keys()]) join(to);
    }
    this.#passState(out, translate);
    return { tbs: out, pages: near.usedBy(out) };
  }

  /** TB.targets as distances from the page at `base`. */
  #targets(tb: number, base: bigint): number[] {
    const { u64 } = this.#m, w = tb + T.targets >>> 3;
    return [u64[w], u64[w + 1]].filter((pc) => pc !== 0n).map((pc) => Number(BigInt.asIntN(64, pc - base)));
  }

  /** The TB that some vCPU's jump cache has for a virtual PC, 0: none. A hint only: a region looks again before it goes there. */
  #cachedTb(pc: bigint): number {
    const { i32, layout } = this.#m, lo = Number(BigInt.asIntN(32, pc)), hi = Number(BigInt.asIntN(32, pc >> 32n));
    for (let cpu = 0; cpu < layout.nrCpus; cpu++) {
      const w = cacheAddresses(layout, cpu).jmpCache + jmpCacheIndex(lo) * JmpCacheEntry.size >>> 2;
      const gen = i32[layout.cpuBase + cpu * layout.cpuStride + CPUState.off.jmp_gen >>> 2];
      if (i32[w] === lo && i32[w + 1] === hi && i32[w + (JmpCacheEntry.off.gen >>> 2)] === gen) return Atomics.load(i32, w + (JmpCacheEntry.off.tb >>> 2));
    }
    return 0;
  }

  /**
   * Translates TBs again that are reached by goto_tb only, from TBs that all leave the same known state. What a TB leaves may
   * be another state once it has been translated so: those that went by the old one are translated without any for good.
   */
  #passState(tbs: Translated[], translate: (tb: number, start: number, entryState?: number) => Translated | undefined): void {
    /** Targets of jump tables are reached from any of them. */
    const tables = new Set(tbs.filter((t) => t.ops.at(-1)?.imms[0] === GotoPtr.JUMP && t.ops.at(-1)?.def === GOTO_PTR).flatMap((t) => t.targets ?? []));
    const afterCall = new Set(tbs.filter((t) => !jumpsOf(t).includes(t.start + t.size)).map((t) => t.start + t.size));
    const unknown = new Set([tbs[0]?.start, ...afterCall, ...tables]);
    for (let changed = true; changed;) {
      changed = false;
      for (const [k, t] of tbs.entries()) {
        if (unknown.has(t.start)) continue;
        const from = tbs.filter((p) => jumpsOf(p).includes(t.start)), left = from[0]?.exitState;
        const state = from.some((p) => p.exitState !== left) ? undefined : left;
        if (state === t.entryState) continue;
        if (t.entryState !== undefined) unknown.add(t.start);
        const again = translate(t.tb, t.start, t.entryState === undefined ? state : undefined);
        if (!again) continue;
        tbs[k] = again;
        changed = true;
      }
    }
  }

  /**
   * A fault restores state by the insn_start words of the TB, as it was translated without knowing how it is entered. False
   * when an instruction that may fault has others now: what flags are kept in would be read as something else.
   */
  #restoresAlike(tb: number, ops: readonly Op[]): boolean {
    const unknown = this.#store.insnStart(tb, 0).data;
    let n = -1, data = unknown;
    for (const op of ops) {
      if (op.def === INSN_START) { n++; data = op.imms[1]; continue; }
      if (!(op.def.flags & OpFlag.MAY_FAULT)) continue;
      const then = this.#store.insnStart(tb, n).data;
      if (then !== data && then !== unknown) return false;
    }
    return true;
  }

  /** Ops of an existing TB, translated again; undefined when that gives another TB (the code has changed). */
  #translate(tb: number, start: number, how: Pick<TbRequest, 'flags' | 'csBase' | 'cflags' | 'entryState'>): Translated | undefined {
    const { ram32, i32 } = this.#m, phys = this.#store.phys(tb), base = pageOf(phys) * (TARGET_PAGE_SIZE / 4);
    const tcg = this.#tcg;
    tcg.reset();
    const r = this.#target.translate(tcg, {
      ...how,
      // Only the page offset of the PC may matter.
      pcLo: phys % TARGET_PAGE_SIZE, pcHi: 0, maxInsns: MAX_INSNS,
      ldl: (offset) => Atomics.load(ram32, base + (offset >>> 2)),
    });
    if (r.icount !== i32[tb + T.icount >>> 2] || r.size !== i32[tb + T.size >>> 2]) return undefined;
    const ops = narrow(tcg, optimize(tcg));
    if (how.entryState !== undefined && !this.#restoresAlike(tb, ops)) return undefined;
    return { tb, phys, start, size: r.size, ops, entryState: how.entryState, exitState: r.exitState };
  }
}
