// The region compiler: several TBs of one page as one wasm function, loops as wasm loops, guest registers in locals.
import { CPUState, JmpCacheEntry, TLBDesc } from '../memory/layout/cpu.ts';
import { TB, TB_EXIT_NOCHAIN, TB_EXIT_REQUESTED } from '../memory/layout/tb.ts';
import { declareImports, emitJmpCacheIndex, valType, type InterpreterOptions } from './interpreter.ts';
import { SLOW_PATHS } from './ops/mem.ts';
import type { WasmCallEmit } from './ops/control.ts';
import { OpFlag } from './ops/def.ts';
import { opDef } from './ops/index.ts';
import type { Op } from './context.ts';
import { buildGraph, type Graph, type RegionTb } from './region-graph.ts';
import { TlbGuesses } from './region-tlb.ts';
import { Type, type Temp } from './types.ts';
import { MEM_RAM, WasmCode, type BlockDepth } from './wasm/code.ts';
import { WasmModule } from './wasm/module.ts';
import type { ValType } from './wasm/opcodes.ts';

const INSN_START = opDef('insn_start'), GOTO_TB = opDef('goto_tb');

/** Parameters, then fixed locals of a region function. */
const ENV = 0, CODE = 2, KIND = 3, FIRST_LOCAL = 4;
/** Ways out, in local KIND: return CODE, chain through the goto_tb slot in CODE, look the pc up. */
const KIND_RETURN = 0, KIND_CHAIN = 1, KIND_LOOKUP = 2;

export interface RegionOptions extends InterpreterOptions {
  /** Globals that restoreState writes to env: read back after a fault instead of being written over. */
  restored: readonly Temp[];
}

/** Several regions become one module; region k is exported as `r<k>`. */
export function compileRegions(regions: readonly (readonly RegionTb[])[], opt: RegionOptions): Uint8Array<ArrayBuffer> {
  const m = new WasmModule();
  const { tbFunc, signatures } = declareImports(m, opt, MEM_RAM);
  regions.forEach((tbs, k) => {
    const r = new RegionEmit(buildGraph(tbs), signatures, tbFunc, opt);
    r.function();
    m.func(tbFunc, ['i32', 'i32', ...r.locals], r.w, `r${k}`);
  });
  return m.encode();
}

class RegionEmit implements WasmCallEmit {
  readonly w = new WasmCode(4096, MEM_RAM);
  readonly locals: ValType[] = [];
  readonly #g: Graph;
  readonly #signatures: ReadonlyMap<string, number>;
  readonly #tbFunc: number;
  readonly #opt: RegionOptions;
  /** Locals of guest registers and temporaries. */
  readonly #local = new Map<Temp, number>();
  readonly #scratch = new Map<string, number>();
  readonly #used: Temp[] = [];
  readonly #written: Temp[] = [];
  /** Open wasm loop of each loop header, open block in front of each merge node. */
  readonly #loopOf: BlockDepth[] = [];
  readonly #blockOf: BlockDepth[] = [];
  #exit!: BlockDepth;
  readonly #guess: TlbGuesses;
  #op!: Op;
  #node = 0;
  #insn = 0;

  constructor(g: Graph, signatures: ReadonlyMap<string, number>, tbFunc: number, opt: RegionOptions) {
    this.#g = g;
    this.#signatures = signatures;
    this.#tbFunc = tbFunc;
    this.#opt = opt;
    const used = new Set<Temp>(), written = new Set<Temp>();
    for (const n of g.order) {
      for (const op of g.nodes[n].ops) {
        for (const t of op.ins) if (t.kind === 'global') used.add(t);
        for (const t of op.outs) if (t.kind === 'global') { used.add(t); written.add(t); }
      }
    }
    this.#guess = new TlbGuesses(g);
    this.#used = [...used];
    this.#written = [...written];
    for (const t of this.#used) this.#local.set(t, this.#newLocal(valType(t.type)));
  }

  #newLocal(type: ValType): number { return FIRST_LOCAL + this.locals.push(type) - 1; }

  /** The whole body. */
  function(): void {
    const { w } = this;
    // As the interpreter does before each TB: regions may enter each other for ever.
    w.localGet(ENV); w.atomic('i32_load', CPUState.off.exit_request);
    w.hint(false); w.if(); w.i32Const(this.#g.nodes[this.#g.entry].tb.tb | TB_EXIT_REQUESTED); w.return(); w.end();
    this.#reload();
    for (const [key, tlb] of this.#guess.initial) {
      w.localGet(ENV); w.mem('i32_load', tlb + TLBDesc.off.table); w.localSet(this.scratch('i32', key));
    }
    this.#exit = w.block();
    this.#tree(this.#g.entry);
    w.op('unreachable');
    w.end();
    this.#writeBack();
    this.#epilogue();
  }

  #loadEnv(t: Temp): void {
    this.w.localGet(ENV);
    if (t.type === Type.V128) this.w.vmem('v128_load', t.offset);
    else this.w.mem(t.type === Type.I32 ? 'i32_load' : 'i64_load', t.offset);
    this.w.localSet(this.#local.get(t)!);
  }
  #reload(): void { for (const t of this.#used) this.#loadEnv(t); }
  #storeEnv(t: Temp): void {
    this.w.localGet(ENV);
    this.w.localGet(this.#local.get(t)!);
    if (t.type === Type.V128) this.w.vmem('v128_store', t.offset);
    else this.w.mem(t.type === Type.I32 ? 'i32_store' : 'i64_store', t.offset);
  }
  #writeBack(): void { for (const t of this.#written) this.#storeEnv(t); }

  /** Registers are in env again; leaves the way KIND says. */
  #epilogue(): void {
    const { w } = this, dest = this.scratch('i32', 'dest');
    const enter = () => {
      w.localGet(ENV); w.localGet(dest);
      w.localGet(dest); w.atomic('i32_load', TB.off.fn);
      w.returnCallIndirect(this.#tbFunc, 0);
    };
    // Chain: CODE = tb | slot.
    w.localGet(KIND); w.i32Const(KIND_CHAIN); w.op('i32_eq');
    w.if();
    w.localGet(CODE); w.i32Const(~15); w.op('i32_and');
    w.localGet(CODE); w.i32Const(1); w.op('i32_and'); w.i32Const(2); w.op('i32_shl');
    w.op('i32_add'); w.atomic('i32_load', TB.off.jmp_dest); w.localTee(dest);
    w.i32Const(1); w.op('i32_gt_u');
    w.if(); enter(); w.end();
    w.localGet(CODE); w.return();
    w.end();
    w.localGet(KIND); w.i32Const(KIND_LOOKUP); w.op('i32_eq');
    w.if();
    const pc = this.scratch('i64', 'pc'), entry = this.scratch('i32', 'jc'), p = this.scratch('i32', 'pclo');
    const miss = w.block();
    w.localGet(ENV); w.mem('i64_load', this.#opt.pcOffset); w.localTee(pc); w.op('i32_wrap_i64'); w.localSet(p);
    emitJmpCacheIndex(w, p);
    w.i32Const(Math.log2(JmpCacheEntry.size)); w.op('i32_shl');
    w.localGet(ENV); w.mem('i32_load', CPUState.off.jmp_cache); w.op('i32_add'); w.localTee(entry);
    w.mem('i64_load', JmpCacheEntry.off.pc); w.localGet(pc); w.op('i64_ne'); w.brIf(miss);
    w.localGet(entry); w.atomic('i32_load', JmpCacheEntry.off.tb); w.localTee(dest); w.op('i32_eqz'); w.brIf(miss);
    w.localGet(dest); w.atomic('i32_load', TB.off.flags);
    w.localGet(ENV); w.mem('i32_load', CPUState.off.tb_flags); w.op('i32_ne'); w.brIf(miss);
    w.localGet(dest); w.mem('i32_load', TB.off.cflags);
    w.localGet(ENV); w.mem('i32_load', CPUState.off.cflags); w.op('i32_ne'); w.brIf(miss);
    enter();
    w.end();
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
    this.#node = n;
    this.#insn = node.insn;
    for (const op of node.ops) {
      if (op.def === INSN_START) { this.#insn++; continue; }
      this.#op = op;
      if (op.def === GOTO_TB && node.next.length) { this.#edge(n, node.next[0]); return; }
      op.def.emit(this);
      if (op.def.flags & OpFlag.COND_BRANCH) return;
    }
    if (node.next.length && !(node.ops.at(-1)?.def.flags! & OpFlag.BB_EXIT)) this.#edge(n, node.next[0]);
  }

  /** Control goes from node n to node d. */
  #edge(n: number, d: number): void {
    const { w } = this, { nodes } = this.#g;
    if (nodes[d].rpo <= nodes[n].rpo) {
      // Back edge: pc stands for d's TB already; leave when asked to.
      w.localGet(ENV); w.atomic('i32_load', CPUState.off.exit_request);
      w.hint(false); w.if(); this.#leave(nodes[d].tb.tb | TB_EXIT_REQUESTED, KIND_RETURN); w.end();
      w.br(this.#loopOf[d]);
    } else if (nodes[d].merge) w.br(this.#blockOf[d]);
    else {
      const [node, insn, op] = [this.#node, this.#insn, this.#op];
      this.#tree(d);
      [this.#node, this.#insn, this.#op] = [node, insn, op];
    }
  }

  #leave(code: number, kind: number): void {
    const { w } = this;
    w.i32Const(code); w.localSet(CODE);
    if (kind !== KIND_RETURN) { w.i32Const(kind); w.localSet(KIND); }
    w.br(this.#exit);
  }

  // --- operands --------------------------------------------------------------------------------------------------

  #localOf(t: Temp): number {
    let l = this.#local.get(t);
    if (l === undefined) this.#local.set(t, (l = this.#newLocal(valType(t.type))));
    return l;
  }

  get type(): Type { return this.#op.type; }
  env(): void { this.w.localGet(ENV); }
  tb(): void { this.w.i32Const(this.#g.nodes[this.#node].tb.tb); }
  stat(n: number): number { return this.#op.imms[n]; }
  constIn(n: number): bigint | undefined { const t = this.#op.ins[n]; return t.kind === 'const' ? t.value : undefined; }
  scratch(type: 'i32' | 'i64' | 'v128', k: number | string = 0): number {
    const key = `${type}${k}`;
    let l = this.#scratch.get(key);
    if (l === undefined) this.#scratch.set(key, (l = this.#newLocal(type)));
    return l;
  }
  in(n: number): void {
    const t = this.#op.ins[n];
    if (t.kind !== 'const') this.w.localGet(this.#localOf(t));
    else if (t.type === Type.I32) this.w.i32Const(Number(BigInt.asIntN(32, t.value)));
    else if (t.type === Type.I64) this.w.i64Const(t.value);
    else this.w.v128Const(t.value);
  }
  out(n: number, body: () => void): void {
    body();
    this.w.localSet(this.#localOf(this.#op.outs[n]));
  }
  imm(n: number): void { this.w.i32Const(this.#op.imms[n]); }
  envAt(n: number): number { this.env(); return this.#op.imms[n]; }
  tlbGuess(): { local: number; warm: boolean } | undefined {
    const g = this.#guess.of(this.#op);
    return g && { local: this.scratch('i32', g.key), warm: g.warm };
  }
  /** Slow paths ask for it: what restoreState may leave as it is must be in env before they run. */
  insnRef(): void {
    for (const t of this.#opt.restored) if (this.#written.includes(t)) this.#storeEnv(t);
    this.w.i32Const(this.#insn);
  }

  // --- control ---------------------------------------------------------------------------------------------------

  branchIf(cond: () => void): void {
    const n = this.#node, [taken, fall] = this.#g.nodes[n].next;
    cond();
    this.w.if();
    this.#edge(n, taken);
    this.w.else();
    this.#edge(n, fall);
    this.w.end();
    this.w.op('unreachable');
  }
  branch(): void { this.#edge(this.#node, this.#g.nodes[this.#node].next[0]); }
  /** restoreState has put the faulting instruction's state into env. */
  fault(): void {
    for (const t of this.#opt.restored) if (this.#local.has(t)) this.#loadEnv(t);
    this.#leave(this.#g.nodes[this.#node].tb.tb | TB_EXIT_REQUESTED, KIND_RETURN);
  }
  gotoTb(slot: number): void { this.#leave(this.#g.nodes[this.#node].tb.tb | slot, KIND_CHAIN); }
  gotoPtr(): void { this.#leave(this.#g.nodes[this.#node].tb.tb | TB_EXIT_NOCHAIN, KIND_LOOKUP); }
  exitTb(code: number): void { this.#leave(this.#g.nodes[this.#node].tb.tb | code, KIND_RETURN); }
  callHelper(): void {
    const { w } = this, tb = this.#g.nodes[this.#node].tb.tb;
    this.#writeBack();
    w.localGet(ENV); this.imm(0); w.i32Const(tb); this.insnRef();
    w.call(SLOW_PATHS.length);
    w.hint(false); w.if(); w.i32Const(tb | TB_EXIT_REQUESTED); w.return(); w.end();
    this.#reload();
  }
  callWasm(signature: string): void {
    this.imm(0);
    this.w.callIndirect(this.#signatures.get(signature)!, 1);
  }
}
