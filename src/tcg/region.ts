// The region compiler: several TBs as one wasm function, loops as wasm loops, guest registers in locals.
import { isWideRam } from '../memory/ram.ts';
import { CPUState, JmpCacheEntry, TLBDesc } from '../memory/layout/cpu.ts';
import { TB, TB_EXIT_HOT_REQUESTED, TB_EXIT_NOCHAIN, TB_EXIT_REQUESTED } from '../memory/layout/tb.ts';
import { declareImports, emitJmpCacheProbe, emitJmpCacheSlot, valType, type InterpreterOptions } from './interpreter.ts';
import { SLOW_PATHS, WINDOW_CLOSED } from './ops/mem.ts';
import type { WasmCallEmit } from './ops/control.ts';
import { OpFlag, type TlbHint } from './ops/def.ts';
import { opDef } from './ops/index.ts';
import type { Op } from './context.ts';
import { buildGraph, pageOf, type Graph, type RegionTb } from './region-graph.ts';
import { bit, dirtyAfter, members, RegionFlow, type Registers } from './region-flow.ts';
import { TlbGuesses } from './region-tlb.ts';
import { Type, type Temp } from './types.ts';
import { MEM_RAM, WasmCode, type BlockDepth } from './wasm/code.ts';
import { WasmModule } from './wasm/module.ts';
import type { ValType } from './wasm/opcodes.ts';

const INSN_START = opDef('insn_start'), INSN_SYNC = opDef('insn_sync'), GOTO_TB = opDef('goto_tb'), GOTO_FAR = opDef('goto_far');

/** Parameters, then fixed locals of a region function: CODE is what a failed look-up of the pc returns. */
const ENV = 0, CODE = 2, FIRST_LOCAL = 3;

export interface RegionOptions extends InterpreterOptions {
  /** Guest registers, by index. */
  globals: readonly Temp[];
  /** Those that restoreState writes to env. */
  restored: readonly Temp[];
  /** Count the instructions run, TB by TB. */
  countInsns?: boolean;
}

/**
 * The module of a region, entered by `tbs[0]`, exported as `region`. It imports the addresses of the TBs' descriptors, in
 * their order, as globals of module `tb`: the same TBs give the same bytes in every run.
 */
export function compileRegion(tbs: readonly RegionTb[], opt: RegionOptions): Uint8Array<ArrayBuffer> {
  const m = new WasmModule();
  const { tbFunc, signatures } = declareImports(m, opt, MEM_RAM);
  const tbGlobals = new Map(tbs.map((t, k) => [t, m.importGlobal('tb', String(k), 'i32')]));
  const r = new RegionEmit(buildGraph(tbs, opt.globals.find((t) => t.offset === opt.pcOffset)), tbGlobals, signatures, tbFunc, opt);
  r.function();
  m.func(tbFunc, ['i32', ...r.locals], r.w, 'region', `tb_${tbs[0].start.toString(16)}`);
  return m.encode();
}

/** A point in a region. */
interface Place {
  node: number;
  op: Op;
  /** Index of the op in its node. */
  at: number;
  /** Index of the guest instruction in its TB. */
  insn: number;
  /** Registers whose locals are newer than env. */
  dirty: Registers;
  /** The PC is in its local; else it is that of the TB's start. */
  pcLocal: boolean;
  /** The next TB must not run when it was dropped by now. */
  sync: boolean;
}

class RegionEmit implements WasmCallEmit {
  readonly w = new WasmCode(4096, MEM_RAM);
  readonly locals: ValType[] = [];
  readonly #g: Graph;
  readonly #tbGlobals: ReadonlyMap<RegionTb, number>;
  readonly #signatures: ReadonlyMap<string, number>;
  readonly #tbFunc: number;
  readonly #opt: RegionOptions;
  readonly #flow: RegionFlow;
  readonly #guess: TlbGuesses;
  readonly #pc: Temp | undefined;
  /** Registers restoreState writes to env when an access faults. */
  readonly #restored: Registers;
  /** Locals of guest registers and temporaries. */
  readonly #local = new Map<Temp, number>();
  readonly #scratch = new Map<string, number>();
  /** Open wasm loop of each loop header, open block in front of each merge node. */
  readonly #loopOf: BlockDepth[] = [];
  readonly #blockOf: BlockDepth[] = [];
  /** Block whose end looks the pc in env up. */
  #lookup!: BlockDepth;
  /** Windows (TlbHint) that were opened and have accesses to come. */
  readonly #windows = new Set<string>();
  /** Where emission is. */
  #where!: Place;

  constructor(g: Graph, tbGlobals: ReadonlyMap<RegionTb, number>, signatures: ReadonlyMap<string, number>, tbFunc: number, opt: RegionOptions) {
    this.#g = g;
    this.#tbGlobals = tbGlobals;
    this.#signatures = signatures;
    this.#tbFunc = tbFunc;
    this.#opt = opt;
    this.#pc = opt.globals.find((t) => t.offset === opt.pcOffset);
    this.#restored = opt.restored.reduce((s, t) => s | bit(t), 0n);
    this.#flow = new RegionFlow(g, this.#pc);
    this.#guess = new TlbGuesses(g);
  }

  #newLocal(type: ValType): number { return FIRST_LOCAL + this.locals.push(type) - 1; }

  /** The whole body. */
  function(): void {
    const { w } = this, entry = this.#g.nodes[this.#g.entry];
    // As the interpreter does before each TB: regions may enter each other for ever.
    this.#exitRequest();
    w.hint(false); w.if(); this.#return(TB_EXIT_HOT_REQUESTED, entry.tb); w.end();
    // Virtual address of the page's first byte.
    w.localGet(ENV); w.mem('i64_load', this.#opt.pcOffset); w.i64Const(entry.tb.start); w.op('i64_sub'); w.localSet(this.scratch('i64', 'page'));
    this.#load(this.#flow.entry);
    for (const [key, tlb] of this.#guess.initial) {
      w.localGet(ENV); w.mem('i32_load', tlb + TLBDesc.off.table); w.localSet(this.scratch('i32', key));
    }
    this.#lookup = w.block();
    this.#tree(this.#g.entry);
    w.op('unreachable');
    w.end();
    this.#lookUp();
  }

  /** Pushes the request to leave; a byte of it needs no check of its alignment. */
  #exitRequest(): void { this.w.localGet(ENV); this.w.atomic('i32_load8_u', CPUState.off.exit_request); }

  #load(regs: Registers): void {
    for (const t of members(regs, this.#opt.globals)) {
      this.w.localGet(ENV);
      if (t.type === Type.V128) this.w.vmem('v128_load', t.offset);
      else this.w.mem(t.type === Type.I32 ? 'i32_load' : 'i64_load', t.offset);
      this.w.localSet(this.#localOf(t));
    }
  }
  #store(regs: Registers): void {
    for (const t of members(regs, this.#opt.globals)) {
      this.w.localGet(ENV);
      this.w.localGet(this.#localOf(t));
      if (t.type === Type.V128) this.w.vmem('v128_store', t.offset);
      else this.w.mem(t.type === Type.I32 ? 'i32_store' : 'i64_store', t.offset);
    }
  }
  /** Pushes the virtual PC of a TB's start. */
  #startPc(n: number): void { this.w.localGet(this.scratch('i64', 'page')); this.w.i64Const(this.#g.nodes[n].tb.start); this.w.op('i64_add'); }
  #storeStartPc(n: number): void {
    if (!this.#pc) return;
    this.w.localGet(ENV); this.#startPc(n); this.w.mem('i64_store', this.#opt.pcOffset);
  }
  /** Makes env exact: dirty registers, and the PC. */
  #writeBack(): void {
    this.#store(this.#where.dirty);
    if (!this.#where.pcLocal) this.#storeStartPc(this.#where.node);
  }

  /** Goes to the TB descriptor in local `dest`. */
  #enter(dest: number): void {
    const { w } = this;
    w.localGet(ENV); w.localGet(dest);
    w.localGet(dest); w.atomic('i32_load', TB.off.fn);
    w.returnCallIndirect(this.#tbFunc, 0);
  }

  /** Goes where the pc in env says, by tb_jmp_cache; a miss returns CODE. */
  #lookUp(): void {
    const { w } = this, dest = this.scratch('i32', 'dest'), miss = w.block();
    emitJmpCacheProbe(this, ENV, this.#opt.pcOffset, dest, miss);
    this.#enter(dest);
    w.end();
    w.localGet(CODE);
  }

  // --- structure (Ramsey, "Beyond Relooper", ICFP 2022) ------------------------------------------------------------

  #tree(n: number): void {
    const { w } = this, node = this.#g.nodes[n];
    // Merge nodes this one dominates are placed after it, each behind a block that ends where it begins.
    const merges = this.#g.order.filter((c) => c !== n && this.#g.nodes[c].idom === n && this.#g.nodes[c].merge).reverse();
    if (node.loop) {
      this.#loopOf[n] = w.loop();
      this.#within(n, merges);
      w.end();
      // A loop's end is never reached: every path branches.
      w.op('unreachable');
    } else this.#within(n, merges);
  }

  /** Emits node n with blocks around it for `merges` (last in order outermost). */
  #within(n: number, merges: number[]): void {
    const { w } = this;
    if (merges.length === 0) return this.#body(n);
    const [y, ...rest] = merges;
    this.#blockOf[y] = w.block();
    this.#within(n, rest);
    w.end();
    this.#tree(y);
  }

  #body(n: number): void {
    const node = this.#g.nodes[n];
    const here: Place = this.#where = { node: n, op: node.ops[0], at: 0, insn: node.insn, dirty: this.#flow.dirtyAtStart(n), pcLocal: this.#flow.keepsPc(node.tbHead), sync: false };
    if (node.dispatch) return this.#dispatch(n);
    if (node.head && this.#opt.countInsns) this.#count(node.tb);
    if (node.head && here.pcLocal) { this.#startPc(n); this.w.localSet(this.#localOf(this.#pc!)); }
    for (let k = 0; k < node.ops.length; k++) {
      const op = node.ops[k];
      if (op.def === INSN_START) { here.insn++; continue; }
      if (op.def === INSN_SYNC) { here.sync = true; continue; }
      here.op = op;
      here.at = k;
      if (op.def === GOTO_TB && node.next.length) { this.#edge(n, node.next[0]); return; }
      const window = this.#guess.of(op)?.window;
      if (window) this.#windows.delete(window.key);
      op.def.emit(this);
      if (window && !window.closes) this.#windows.add(window.key);
      if (op.def.flags & OpFlag.BB_END) return;
      here.dirty = dirtyAfter(op, here.dirty);
      if (op.outs.includes(this.#pc!)) here.pcLocal = true;
    }
    if (node.next.length) this.#edge(n, node.next[0]);
  }

  /** hot_insns += instructions of the TB. */
  #count(tb: RegionTb): void {
    const { w } = this;
    w.localGet(ENV);
    w.localGet(ENV); w.mem('i64_load', CPUState.off.hot_insns); w.i64Const(tb.ops.filter((op) => op.def === INSN_START).length); w.op('i64_add');
    w.mem('i64_store', CPUState.off.hot_insns);
  }

  /** Goes where the PC says by halving the targets, which are in order of their addresses. */
  #dispatch(n: number): void {
    const { w } = this, { nodes } = this.#g, at = this.scratch('i64', 'at');
    w.localGet(this.#localOf(this.#pc!)); w.localGet(this.scratch('i64', 'page')); w.op('i64_sub'); w.localSet(at);
    const search = (targets: readonly number[]): void => {
      if (targets.length === 1) {
        w.localGet(at); w.i64Const(nodes[targets[0]].tb.start); w.op('i64_eq');
        w.if(); this.#edgeTo(n, targets[0]); w.end();
        return;
      }
      const half = targets.length >> 1;
      w.localGet(at); w.i64Const(nodes[targets[half]].tb.start); w.op('i64_lt_s');
      w.if(); search(targets.slice(0, half)); w.else(); search(targets.slice(half)); w.end();
    };
    search(nodes[n].next);
    this.#leaveByLookup();
  }

  /**
   * Control goes from node n to node d, where the PC is in its local and says so. To a TB of another page only while the
   * jump cache knows it under that PC, or another of that page did since it was emptied last: then the page is mapped
   * as when the region was compiled. Else it falls through.
   */
  #edgeTo(n: number, d: number): void {
    const { w } = this, { nodes } = this.#g, page = pageOf(nodes[d].tb);
    if (page === pageOf(nodes[n].tb) && !(nodes[n].dispatch && this.#g.crossesPages)) return this.#edge(n, d);
    const known = this.scratch('i32', `page${page}`), gen = this.scratch('i32', 'gen'), entry = this.scratch('i32', 'jc'), moved = w.block();
    const missIf = () => { w.hint(false); w.brIf(moved); };
    w.localGet(ENV); w.mem('i32_load', CPUState.off.jmp_gen); w.localTee(gen); w.localGet(known); w.op('i32_ne');
    w.hint(false); w.if();
    const pc = this.#localOf(this.#pc!);
    emitJmpCacheSlot(w, ENV, pc); w.localTee(entry);
    w.mem('i64_load', JmpCacheEntry.off.pc); w.localGet(pc); w.op('i64_ne'); missIf();
    w.localGet(entry); w.mem('i32_load', JmpCacheEntry.off.gen); w.localGet(gen); w.op('i32_ne'); missIf();
    w.localGet(entry); w.atomic('i32_load', JmpCacheEntry.off.tb); this.#tbAddress(nodes[d].tb); w.op('i32_ne'); missIf();
    w.localGet(gen); w.localSet(known);
    w.end();
    this.#edge(n, d);
    w.end();
  }

  /** Control goes from node n to node d. */
  #edge(n: number, d: number): void {
    const { w } = this, { nodes } = this.#g, flush = this.#flow.flush[d], here = { ...this.#where };
    this.#store(here.dirty & flush);
    const back = nodes[d].rpo <= nodes[n].rpo;
    if ((nodes[d].head && (back || here.sync)) || (nodes[d].dispatch && back)) {
      // Leave when asked to.
      this.#exitRequest();
      w.hint(false); w.if();
      if (nodes[d].dispatch) this.#store(here.dirty & ~flush);
      else {
        this.#store(here.dirty & ~flush & (this.#pc ? ~bit(this.#pc) : -1n));
        this.#storeStartPc(d);
      }
      this.#return(TB_EXIT_HOT_REQUESTED, nodes[d].tb);
      w.end();
    }
    if (back) {
      w.br(this.#loopOf[d]);
    } else if (nodes[d].merge) w.br(this.#blockOf[d]);
    else {
      this.#tree(d);
      this.#where = here;
    }
  }

  // --- operands --------------------------------------------------------------------------------------------------

  #localOf(t: Temp): number {
    let l = this.#local.get(t);
    if (l === undefined) this.#local.set(t, (l = this.#newLocal(valType(t.type))));
    return l;
  }

  get type(): Type { return this.#where.op.type; }
  get wideRam(): boolean { return isWideRam(this.#opt.ramPages); }
  env(): void { this.w.localGet(ENV); }
  get #tb(): RegionTb { return this.#g.nodes[this.#where.node].tb; }
  #tbAddress(tb: RegionTb): void { this.w.globalGet(this.#tbGlobals.get(tb)!); }
  tb(): void { this.#tbAddress(this.#tb); }
  stat(n: number): number { return this.#where.op.imms[n]; }
  immValue(n: number): number { return this.#where.op.imms[n]; }
  constIn(n: number): bigint | undefined { const t = this.#where.op.ins[n]; return t.kind === 'const' ? t.value : undefined; }
  scratch(type: 'i32' | 'i64' | 'v128', k: number | string = 0): number {
    const key = `${type}${k}`;
    let l = this.#scratch.get(key);
    if (l === undefined) this.#scratch.set(key, (l = this.#newLocal(type)));
    return l;
  }
  in(n: number): void {
    const t = this.#where.op.ins[n];
    if (t === this.#pc && !this.#where.pcLocal) this.#startPc(this.#where.node);
    else if (t.kind !== 'const') this.w.localGet(this.#localOf(t));
    else if (t.type === Type.I32) this.w.i32Const(Number(BigInt.asIntN(32, t.value)));
    else if (t.type === Type.I64) this.w.i64Const(t.value);
    else this.w.v128Const(t.value);
  }
  out(n: number, body: () => void): void {
    body();
    this.w.localSet(this.#localOf(this.#where.op.outs[n]));
  }
  imm(n: number): void { this.w.i32Const(this.#where.op.imms[n]); }
  envAt(n: number): number { this.env(); return this.#where.op.imms[n]; }
  tlbHint(): TlbHint | undefined {
    const g = this.#guess.of(this.#where.op);
    if (!g) return undefined;
    const { key, warm, window } = g;
    return {
      guess: this.scratch('i32', key), warm,
      window: window && { ...window, delta: this.scratch(this.wideRam ? 'i64' : 'i32', window.key) },
    };
  }
  /** Windows that accesses to come rely on; that of the access under way is closed where the TLB can have changed. */
  tlbChanged(): void {
    const { w } = this;
    for (const key of this.#windows) {
      w.i32Const(WINDOW_CLOSED); if (this.wideRam) w.op('i64_extend_i32_u');
      w.localSet(this.scratch(this.wideRam ? 'i64' : 'i32', key));
    }
  }
  /** Slow paths ask for it: what restoreState goes by must be in env before they run. */
  insnRef(): void {
    this.#store(this.#where.dirty & this.#restored);
    if (!this.#where.pcLocal) this.#storeStartPc(this.#where.node);
    this.w.i32Const(this.#where.insn);
  }

  // --- control ---------------------------------------------------------------------------------------------------

  branchIf(cond: () => void): void {
    const n = this.#where.node, { nodes } = this.#g, [taken, fall] = nodes[n].next;
    cond();
    if (nodes[taken].cold !== nodes[fall].cold) this.w.hint(nodes[fall].cold);
    this.w.if();
    this.#edge(n, taken);
    this.w.else();
    this.#edge(n, fall);
    this.w.end();
    this.w.op('unreachable');
  }
  branch(): void { this.#edge(this.#where.node, this.#g.nodes[this.#where.node].next[0]); }
  /** restoreState has put the faulting instruction's state into env. */
  fault(): void {
    this.#store(this.#where.dirty & ~this.#restored);
    this.#return(TB_EXIT_REQUESTED);
  }
  #exitCode(code: number, tb = this.#tb): void {
    this.#tbAddress(tb);
    if (code !== 0) { this.w.i32Const(code); this.w.op('i32_or'); }
  }
  #return(code: number, tb = this.#tb): void { this.#exitCode(code, tb); this.w.return(); }
  gotoTb(slot: number): void {
    const { w } = this, dest = this.scratch('i32', 'dest');
    this.#writeBack();
    // 0 = unlinked, 1 = this TB was invalidated.
    this.tb(); w.atomic('i32_load', TB.off.jmp_dest + 4 * slot); w.localTee(dest);
    w.i32Const(1); w.op('i32_gt_u');
    w.hint(true); w.if(); this.#enter(dest); w.end();
    this.#return(slot);
  }
  gotoPtr(): void {
    const { w } = this, n = this.#where.node, { next } = this.#g.nodes[n];
    if (next.length === 1 && this.#g.nodes[next[0]].dispatch) return this.#edge(n, next[0]);
    const known = this.#where.op.def === GOTO_FAR;
    for (const d of next) {
      if (known) w.block();
      else { w.localGet(this.#localOf(this.#pc!)); this.#startPc(d); w.op('i64_eq'); w.if(); }
      this.#edgeTo(n, d);
      w.end();
    }
    this.#leaveByLookup();
  }
  #leaveByLookup(): void {
    const { w } = this;
    this.#writeBack();
    this.#exitCode(TB_EXIT_NOCHAIN); w.localSet(CODE);
    w.br(this.#lookup);
  }
  exitTb(code: number): void {
    this.#writeBack();
    this.#return(code);
  }
  /** Pushes whether the helper `imm(n)` says to leave; env is exact when it runs. */
  #call(n: number): void {
    const { w } = this;
    this.#writeBack();
    w.localGet(ENV); this.imm(n); this.tb(); w.i32Const(this.#where.insn);
    w.call(SLOW_PATHS.length);
  }
  callHelper(): void {
    const { w } = this;
    this.#call(0);
    w.hint(false); w.if(); this.#return(TB_EXIT_REQUESTED); w.end();
    this.#where.pcLocal = true;
    this.#load(this.#flow.liveAfter(this.#where.node, this.#where.at));
  }
  tellHelper(n: number): void {
    this.#call(n);
    this.w.op('drop');
    this.tlbChanged();
  }
  callWasm(signature: string): void {
    this.imm(0);
    this.w.callIndirect(this.#signatures.get(signature)!, 1);
  }
}
