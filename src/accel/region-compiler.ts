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
import type { TargetCpu } from './target.ts';
import { TbStore } from './tb-store.ts';

const T = TB.off;
const GOTO_TB = opDef('goto_tb'), GOTO_PTR = opDef('goto_ptr');
/** A region takes in at most this many TBs. */
const MAX_TBS = 64;
/** A successor joins the region when it ran at least this share of the seed's executions. */
const HEAT_SHARE = 1 / 64;
const MAX_INSNS = 512;

export class RegionCompiler {
  readonly #m: Machine;
  readonly #target: TargetCpu;
  readonly #store: TbStore;
  readonly #queue: HotQueue;
  readonly #tcg = new TCGContext();
  readonly #opt: RegionOptions;
  #modules: WebAssembly.Module[] = [];
  #tbGen = -1;

  constructor(m: Machine, target: TargetCpu, opt: Omit<RegionOptions, 'globals' | 'restored'>) {
    this.#m = m;
    this.#target = target;
    this.#store = new TbStore(m, []);
    this.#queue = new HotQueue(m);
    target.initTcg(this.#tcg);
    this.#opt = { ...opt, globals: this.#tcg.globals, restored: this.#tcg.globals.filter((g) => target.restoredGlobals.includes(g.name)) };
  }

  /** Works until the machine shuts down. */
  run(): void {
    const { i32 } = this.#m, gen = this.#m.global('tb_gen');
    for (let job = this.#queue.pop(); job; job = this.#queue.pop()) {
      if (Atomics.load(i32, gen) === job.gen) this.compileNow(job.tb, job.gen);
    }
  }

  /** Compiles the region entered at `seed`. Whatever changes meanwhile makes the publication fail, nothing worse. */
  compileNow(seed: number, tbGen: number): void {
    const { i32 } = this.#m, page = Math.floor(this.#store.phys(seed) / TARGET_PAGE_SIZE);
    if (Atomics.load(i32, seed + T.flags >>> 2) & TB_INVALID || Atomics.load(i32, seed + T.fn >>> 2) !== 0) return;
    if (i32[seed + T.cflags >>> 2] & CF_COUNT_MASK) return;
    const gen = this.#store.codeGen(page);
    const tbs = this.#gather(seed, page);
    if (tbs.length === 0) return;
    const module = compileRegions([tbs], this.#opt);
    if (Atomics.load(i32, this.#m.global('tb_gen')) !== tbGen) return;
    // Compiles it: V8 shares native code by the module's bytes as long as some Module of them lives.
    if (tbGen !== this.#tbGen) { this.#modules = []; this.#tbGen = tbGen; }
    this.#modules.push(new WebAssembly.Module(module));
    this.#store.publishRegion(seed, module, tbs.length, page, gen);
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
    const out: RegionTb[] = [];
    const queue = [seed], seen = new Set(queue);
    const join = (tb: number | undefined): void => {
      if (tb === undefined || seen.has(tb) || this.#store.phys(tb) === this.#store.phys(seed) || (word(tb, T.exec_count) >>> 0) < heat) return;
      seen.add(tb);
      queue.push(tb);
    };
    while (queue.length && out.length < MAX_TBS) {
      const tb = queue.shift()!;
      const ops = this.#translate(tb, tb === seed ? flags : next, csBase, cflags, page);
      if (!ops) { if (tb === seed) return []; continue; }
      out.push(ops);
      // Jumps, and what follows in memory: a call returns there.
      const targets = ops.ops.filter((op) => op.def === GOTO_TB).map((op) => op.imms[1]);
      for (const to of [...targets, ops.start + ops.size]) join(at.get(to));
      // A jump table: whatever is warm on the page may be its target.
      if (ops.ops.some((op) => op.def === GOTO_PTR && op.imms[0] === GotoPtr.JUMP)) at.forEach(join);
    }
    return out;
  }

  /** Ops of an existing TB, translated again; undefined when that gives another TB (the code has changed). */
  #translate(tb: number, flags: number, csBase: number, cflags: number, page: number): RegionTb | undefined {
    const { ram32, i32 } = this.#m, start = this.#store.phys(tb) % TARGET_PAGE_SIZE, base = page * (TARGET_PAGE_SIZE / 4);
    const tcg = this.#tcg;
    tcg.reset();
    const r = this.#target.translate(tcg, {
      // Only the page offset of the PC may matter.
      pcLo: start, pcHi: 0, flags, csBase, cflags, maxInsns: MAX_INSNS,
      ldl: (offset) => Atomics.load(ram32, base + (offset >>> 2)),
    });
    if (r.icount !== i32[tb + T.icount >>> 2] || r.size !== i32[tb + T.size >>> 2]) return undefined;
    return { tb, phys: this.#store.phys(tb), start, size: r.size, ops: narrow(tcg, optimize(tcg)) };
  }
}
