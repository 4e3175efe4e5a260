// The translator thread: takes hot TBs, gathers the TBs around them, compiles a region, publishes it.
import { TCGContext } from '../tcg/context.ts';
import { narrow } from '../tcg/opt/narrow.ts';
import { optimize } from '../tcg/optimize.ts';
import { compileRegions, type RegionOptions } from '../tcg/region.ts';
import type { RegionTb } from '../tcg/region-graph.ts';
import { GotoPtr } from '../tcg/ops/control.ts';
import { opDef } from '../tcg/ops/index.ts';
import { TARGET_PAGE_SIZE } from '../memory/layout/cpu.ts';
import { CF_COUNT_MASK, TB, TB_INVALID } from '../memory/layout/tb.ts';
import { HotQueue } from './hot-queue.ts';
import type { Machine } from './machine-view.ts';
import type { TargetCpu, TbRequest } from './target.ts';
import { TbStore } from './tb-store.ts';

const T = TB.off;
const GOTO_TB = opDef('goto_tb'), GOTO_PTR = opDef('goto_ptr');
/** A region takes in at most this many TBs. */
const MAX_TBS = 64;
/** A successor joins the region when it ran at least this share of the seed's executions. */
const HEAT_SHARE = 1 / 64;
const MAX_INSNS = 512;

/** A TB of a region in the making. */
interface Translated extends RegionTb { readonly entryState: number | undefined; readonly exitState: number | undefined }

/** Page offsets a TB goes to by goto_tb. */
const jumps = (t: RegionTb): number[] => t.ops.filter((op) => op.def === GOTO_TB).map((op) => op.imms[1]);

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
};

export class RegionCompiler {
  readonly #m: Machine;
  readonly #target: TargetCpu;
  readonly #store: TbStore;
  readonly #queue: HotQueue;
  readonly #tcg = new TCGContext();
  readonly #opt: RegionOptions;
  readonly #onCompile: RegionCompilerOptions['onCompile'];
  #modules: WebAssembly.Module[] = [];
  #tbGen = -1;

  constructor(m: Machine, target: TargetCpu, opt: RegionCompilerOptions) {
    this.#m = m;
    this.#target = target;
    this.#store = new TbStore(m, []);
    this.#queue = new HotQueue(m);
    target.initTcg(this.#tcg);
    this.#onCompile = opt.onCompile;
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
    const { i32 } = this.#m, page = Math.floor(this.#store.phys(seed) / TARGET_PAGE_SIZE);
    if (Atomics.load(i32, seed + T.flags >>> 2) & TB_INVALID || Atomics.load(i32, seed + T.fn >>> 2) !== 0) return;
    if (i32[seed + T.cflags >>> 2] & CF_COUNT_MASK) return;
    const gen = this.#store.codeGen(page), began = performance.now();
    const tbs = this.#gather(seed, page);
    if (tbs.length === 0) return;
    const module = compileRegions([tbs], this.#opt);
    this.#onCompile?.({ pc, tbs, module });
    if (Atomics.load(i32, this.#m.global('tb_gen')) !== tbGen) return;
    // Compiles it: V8 shares native code by the module's bytes as long as some Module of them lives.
    if (tbGen !== this.#tbGen) { this.#modules = []; this.#tbGen = tbGen; }
    this.#modules.push(new WebAssembly.Module(module));
    const published = this.#store.publishRegion(seed, module, tbs.length, page, gen) === true;
    this.#m.count('compile_ns', (performance.now() - began) * 1e6);
    if (!published) return this.#m.count('dropped_regions', 1);
    this.#m.count('compiled_regions', 1);
    this.#m.count('compiled_tbs', tbs.length);
    this.#m.count('compiled_bytes', module.length);
  }

  /** The seed and the TBs reachable from it by goto_tb on the same page with the same flags that are warm themselves. */
  #gather(seed: number, page: number): RegionTb[] {
    const { i32 } = this.#m;
    const word = (tb: number, f: number) => i32[tb + f >>> 2];
    const flags = word(seed, T.flags), cflags = word(seed, T.cflags), csBase = word(seed, T.cs_base);
    const heat = (word(seed, T.exec_count) >>> 0) * HEAT_SHARE;
    const at = new Map<number, number>(), next = this.#target.chainFlags(flags);
    for (const tb of this.#store.tbsOfPage(page)) {
      if (word(tb, T.flags) === next && word(tb, T.cflags) === cflags && word(tb, T.cs_base) === csBase) {
        at.set(this.#store.phys(tb) % TARGET_PAGE_SIZE, tb);
      }
    }
    const out: Translated[] = [];
    const queue = [seed], seen = new Set(queue);
    const join = (tb: number | undefined): void => {
      if (tb === undefined || seen.has(tb) || this.#store.phys(tb) === this.#store.phys(seed) || (word(tb, T.exec_count) >>> 0) < heat) return;
      seen.add(tb);
      queue.push(tb);
    };
    const translate = (tb: number, entryState?: number) => this.#translate(tb, { flags: tb === seed ? flags : next, csBase, cflags, entryState }, page);
    while (queue.length && out.length < MAX_TBS) {
      const tb = queue.shift()!, t = translate(tb);
      if (!t) { if (tb === seed) return []; continue; }
      out.push(t);
      // Jumps, and what follows in memory: a call returns there.
      for (const to of [...jumps(t), t.start + t.size]) join(at.get(to));
      // A jump table: whatever is warm on the page may be its target.
      if (t.ops.some((op) => op.def === GOTO_PTR && op.imms[0] === GotoPtr.JUMP)) at.forEach(join);
    }
    this.#passState(out, translate);
    return out;
  }

  /** Translates TBs again that are reached by goto_tb only, from TBs that all leave the same known state. */
  #passState(tbs: Translated[], translate: (tb: number, entryState: number) => Translated | undefined): void {
    const afterCall = new Set(tbs.filter((t) => !jumps(t).includes(t.start + t.size)).map((t) => t.start + t.size));
    for (let changed = true; changed;) {
      changed = false;
      for (let k = 1; k < tbs.length; k++) {
        const t = tbs[k];
        if (t.entryState !== undefined || afterCall.has(t.start)) continue;
        const from = tbs.filter((p) => jumps(p).includes(t.start)), state = from[0]?.exitState;
        if (state === undefined || from.some((p) => p.exitState !== state)) continue;
        const again = translate(t.tb, state);
        if (!again) continue;
        tbs[k] = again;
        changed = true;
      }
    }
  }

  /** Ops of an existing TB, translated again; undefined when that gives another TB (the code has changed). */
  #translate(tb: number, how: Pick<TbRequest, 'flags' | 'csBase' | 'cflags' | 'entryState'>, page: number): Translated | undefined {
    const { ram32, i32 } = this.#m, start = this.#store.phys(tb) % TARGET_PAGE_SIZE, base = page * (TARGET_PAGE_SIZE / 4);
    const tcg = this.#tcg;
    tcg.reset();
    const r = this.#target.translate(tcg, {
      ...how,
      // Only the page offset of the PC may matter.
      pcLo: start, pcHi: 0, maxInsns: MAX_INSNS,
      ldl: (offset) => Atomics.load(ram32, base + (offset >>> 2)),
    });
    if (r.icount !== i32[tb + T.icount >>> 2] || r.size !== i32[tb + T.size >>> 2]) return undefined;
    return { tb, phys: this.#store.phys(tb), start, size: r.size, ops: narrow(tcg, optimize(tcg)), entryState: how.entryState, exitState: r.exitState };
  }
}
