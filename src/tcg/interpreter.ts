// Generates the interpreter: one wasm function, a br_table over all variants, each case emitted by its op's own `emit`.
import { Type } from './types.ts';
import { MEM_STATE, WasmCode, type BlockDepth } from './wasm/code.ts';
import { WasmModule } from './wasm/module.ts';
import type { ValType } from './wasm/opcodes.ts';
import { SLOW_PATHS } from './ops/mem.ts';
import type { Emit } from './ops/def.ts';
import { GotoPtr, helperSignature, type WasmCallEmit } from './ops/control.ts';
import { OPS } from './ops/index.ts';
import { VARIANTS, operandType, type Variant } from './variants.ts';
import { isWideRam } from '../memory/ram.ts';
import { CPUState, JmpCacheEntry, TB_JMP_CACHE_BITS } from '../memory/layout/cpu.ts';
import { TB, TB_EXIT_HOT, TB_EXIT_NOCHAIN, TB_EXIT_REQUESTED, TB_EXIT_STUB } from '../memory/layout/tb.ts';

/** Parameters and locals of a TB function. */
const ENV = 0, TBP = 1, PC = 2, DEST = 3, FIRST_SCRATCH = 4;

export const valType = (t: Type): 'i32' | 'i64' | 'v128' => (t === Type.I32 ? 'i32' : t === Type.I64 ? 'i64' : 'v128');

/** What the generated module must know of the guest. */
export interface InterpreterOptions {
  /** Offset of the guest PC in the vCPU block. */
  pcOffset: number;
  statePages: number;
  ramPages: number;
  /** A TB leaves with TB_EXIT_HOT each time its execution count has these bits (2^n - 1) all zero; 0 = never. */
  hotMask?: number;
  /** Each TB returns at its end, and runs whatever is asked of the vCPU. */
  oneTb?: boolean;
}

/** Index of a virtual PC in tb_jmp_cache (multiplicative hashing, Knuth 6.4). `emitJmpCacheProbe` holds its wasm twin. */
export const jmpCacheIndex = (pcLo: number): number => Math.imul(pcLo, JMP_HASH) >>> 32 - TB_JMP_CACHE_BITS;
/** 2^32 divided by the golden ratio. */
const JMP_HASH = 0x9e3779b1;

/** Scratch locals shared by all cases of a function. */
class Locals {
  readonly types: ValType[] = [];
  readonly #first: number;
  readonly #map = new Map<string, number>();
  constructor(first: number) { this.#first = first; }
  get(type: ValType, k: string | number): number {
    const key = `${type}${k}`;
    let n = this.#map.get(key);
    if (n === undefined) {
      this.#map.set(key, (n = this.#first + this.types.length));
      this.types.push(type);
    }
    return n;
  }
}

class InterpreterEmit implements WasmCallEmit {
  readonly w: WasmCode;
  readonly #locals: Locals;
  readonly #signatures: ReadonlyMap<string, number>;
  readonly #tbFunc: number;
  readonly #opt: InterpreterOptions;
  v!: Variant;
  next!: BlockDepth;
  enter!: BlockDepth;

  constructor(w: WasmCode, locals: Locals, signatures: ReadonlyMap<string, number>, tbFunc: number, opt: InterpreterOptions) {
    this.w = w;
    this.#locals = locals;
    this.#signatures = signatures;
    this.#tbFunc = tbFunc;
    this.#opt = opt;
  }

  get type(): Type { return this.v.type; }
  get wideRam(): boolean { return isWideRam(this.#opt.ramPages); }
  scratch(type: 'i32' | 'i64' | 'v128', k: number | string = 0): number { return this.#locals.get(type, k); }
  env(): void { this.w.localGet(ENV); }
  tb(): void { this.w.localGet(TBP); }
  stat(n: number): number { return this.v.stat[n]!; }
  immValue(): undefined { return undefined; }
  constIn(): undefined { return undefined; }

  /** Pushes the address of the register whose offset stands at `pos` of the op. */
  #operand(pos: number): void {
    const w = this.w;
    w.localGet(PC); w.mem('i32_load16_u', pos);
    w.localGet(ENV); w.op('i32_add');
  }
  #load(t: Type, offset = 0): void {
    if (t === Type.V128) this.w.vmem('v128_load', offset);
    else this.w.mem(t === Type.I32 ? 'i32_load' : 'i64_load', offset);
  }
  in(n: number): void {
    const v = this.v, t = operandType(v.def.ins[n], v.type);
    if (v.constMask >> n & 1) { this.w.localGet(PC); this.#load(t, v.inPos[n]); }
    else { this.#operand(v.inPos[n]); this.#load(t); }
  }
  out(n: number, body: () => void): void {
    const t = operandType(this.v.def.outs[n], this.v.type);
    this.#operand(this.v.outPos[n]);
    body();
    if (t === Type.V128) this.w.vmem('v128_store');
    else this.w.mem(t === Type.I32 ? 'i32_store' : 'i64_store');
  }
  imm(n: number): void {
    const width = this.v.def.imms[n].width;
    this.w.localGet(PC);
    this.w.mem(width === 'u8' ? 'i32_load8_u' : width === 'u16' ? 'i32_load16_u' : width === 'i32' ? 'i32_load' : 'i64_load', this.v.immPos[n]);
  }
  envAt(n: number): number { this.env(); this.imm(n); this.w.op('i32_add'); return 0; }
  tlbHint(): undefined { return undefined; }
  tlbChanged(): void {}
  insnRef(): void { this.w.localGet(PC); this.w.mem('i32_load16_u', this.v.insnPos); }

  branchIf(cond: () => void): void {
    const w = this.w;
    w.localGet(PC);
    w.localGet(PC); w.mem('i32_load', this.v.labelPos);
    w.i32Const(this.v.size);
    cond();
    w.op('select');
    w.op('i32_add'); w.localSet(PC);
    w.br(this.next);
  }
  branch(): void {
    const w = this.w;
    w.localGet(PC); w.localGet(PC); w.mem('i32_load', this.v.labelPos); w.op('i32_add'); w.localSet(PC);
    w.br(this.next);
  }
  fault(): void { this.exitTb(TB_EXIT_REQUESTED); }
  exitTb(code: number): void {
    this.w.localGet(TBP);
    if (code) { this.w.i32Const(code); this.w.op('i32_or'); }
    this.w.return();
  }
  /** Jumps to the TB in local DEST: interpreted ones without leaving the loop. */
  #enterDest(): void {
    const w = this.w;
    w.localGet(DEST); w.localSet(TBP);
    w.localGet(DEST); w.atomic('i32_load', TB.off.fn); w.op('i32_eqz'); w.brIf(this.enter);
    w.localGet(ENV); w.localGet(DEST);
    w.localGet(DEST); w.atomic('i32_load', TB.off.fn);
    w.returnCallIndirect(this.#tbFunc, 0);
  }
  gotoTb(slot: number): void {
    const w = this.w;
    if (this.#opt.oneTb) return this.exitTb(slot);
    // 0 = unlinked, 1 = this TB was invalidated: never linked again.
    w.localGet(TBP); w.atomic('i32_load', TB.off.jmp_dest + 4 * slot); w.localTee(DEST);
    w.i32Const(1); w.op('i32_le_u');
    w.if(); this.exitTb(slot); w.end();
    this.#enterDest();
  }
  gotoPtr(): void {
    if (this.#opt.oneTb) return this.exitTb(TB_EXIT_NOCHAIN);
    const { w } = this, miss = w.block();
    emitJmpCacheProbe(this, ENV, this.#opt.pcOffset, DEST, miss);
    const kind = this.v.stat[0];
    if (kind === GotoPtr.CALL || kind === GotoPtr.JUMP) this.#noteTarget();
    this.#enterDest();
    w.end();
    this.exitTb(TB_EXIT_NOCHAIN);
  }
  /** Notes the PC as the last target of this TB. */
  #noteTarget(): void {
    const { w } = this, pc = this.scratch('i64', 'pc'), at = TB.off.targets;
    w.localGet(TBP); w.mem('i64_load', at); w.localGet(pc); w.op('i64_ne');
    w.if();
    w.localGet(TBP); w.localGet(TBP); w.mem('i64_load', at); w.mem('i64_store', at + 8);
    w.localGet(TBP); w.localGet(pc); w.mem('i64_store', at);
    w.end();
  }
  /** Pushes whether the helper `imm(n)` says to leave. */
  #call(n: number): void {
    const w = this.w;
    w.localGet(ENV); this.imm(n); w.localGet(TBP); this.insnRef();
    w.call(SLOW_PATHS.length);
  }
  callHelper(): void {
    this.#call(0);
    this.w.hint(false); this.w.if(); this.fault(); this.w.end();
  }
  tellHelper(n: number): void { this.#call(n); this.w.op('drop'); }
  callWasm(signature: string): void {
    this.imm(0);
    this.w.callIndirect(this.#signatures.get(signature)!, 1);
  }
}

/** Pushes the address of the slot of tb_jmp_cache for the PC in local `pc`. */
export function emitJmpCacheSlot(w: WasmCode, env: number, pc: number): void {
  w.localGet(pc); w.op('i32_wrap_i64');
  w.i32Const(JMP_HASH | 0); w.op('i32_mul'); w.i32Const(32 - TB_JMP_CACHE_BITS); w.op('i32_shr_u');
  w.i32Const(Math.log2(JmpCacheEntry.size)); w.op('i32_shl');
  w.localGet(env); w.mem('i32_load', CPUState.off.jmp_cache); w.op('i32_add');
}

/** Looks the pc in env up in tb_jmp_cache: the TB's descriptor goes to local `dest`, without one control goes to `miss`. */
export function emitJmpCacheProbe(e: Pick<Emit, 'w' | 'scratch'>, env: number, pcOffset: number, dest: number, miss: BlockDepth): void {
  const { w } = e, pc = e.scratch('i64', 'pc'), entry = e.scratch('i32', 'jc');
  const missIf = () => { w.hint(false); w.brIf(miss); };
  w.localGet(env); w.mem('i64_load', pcOffset); w.localSet(pc);
  emitJmpCacheSlot(w, env, pc); w.localTee(entry);
  w.mem('i64_load', JmpCacheEntry.off.pc); w.localGet(pc); w.op('i64_ne'); missIf();
  w.localGet(entry); w.mem('i32_load', JmpCacheEntry.off.gen);
  w.localGet(env); w.mem('i32_load', CPUState.off.jmp_gen); w.op('i32_ne'); missIf();
  w.localGet(entry); w.atomic('i32_load', JmpCacheEntry.off.tb); w.localTee(dest); w.op('i32_eqz'); missIf();
  // An invalid TB has no vCPU's flags.
  w.localGet(dest); w.atomic('i32_load', TB.off.flags);
  w.localGet(env); w.mem('i32_load', CPUState.off.tb_flags); w.op('i32_ne'); missIf();
  w.localGet(dest); w.mem('i32_load', TB.off.cflags);
  w.localGet(env); w.mem('i32_load', CPUState.off.cflags); w.op('i32_ne'); missIf();
}

/** Imports every generated module has, in order: memories (`firstMemory` first), tables, slow paths, the helper trampoline. Returns type indexes. */
export function declareImports(m: WasmModule, opt: InterpreterOptions, firstMemory = MEM_STATE): { tbFunc: number; signatures: Map<string, number> } {
  const tbFunc = m.type(['i32', 'i32'], ['i32']);
  const slow = m.type(['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'], ['i32']);
  const helper = m.type(['i32', 'i32', 'i32', 'i32'], ['i32']);
  const signatures = new Map<string, number>();
  for (const def of OPS) {
    if (!/^call[wv]\d$/.test(def.name)) continue;
    const s = helperSignature(def.name);
    signatures.set(def.name, m.type(s.params, [s.result]));
  }
  const memories = [
    () => m.importMemory('env', 'state', opt.statePages, opt.statePages),
    () => m.importMemory('env', 'ram', opt.ramPages, opt.ramPages, isWideRam(opt.ramPages)),
  ];
  memories[firstMemory]();
  memories[1 - firstMemory]();
  m.importTable('env', 'tbs', 1);
  m.importTable('env', 'helpers', 1);
  for (const name of SLOW_PATHS) m.importFunc('env', name, slow);
  m.importFunc('env', 'helper', helper);
  return { tbFunc, signatures };
}

/** Bytes of the interpreter module; it exports two TB functions: `run`, and `stub` for regions not yet instantiated. */
export function generateInterpreter(opt: InterpreterOptions): Uint8Array<ArrayBuffer> {
  const m = new WasmModule();
  const { tbFunc, signatures } = declareImports(m, opt);
  const w = new WasmCode(1 << 18);
  const locals = new Locals(FIRST_SCRATCH);
  const e = new InterpreterEmit(w, locals, signatures, tbFunc, opt);

  e.enter = w.loop();
  if (!opt.oneTb) {
    // A byte of it needs no check of its alignment.
    w.localGet(ENV); w.atomic('i32_load8_u', CPUState.off.exit_request);
    w.hint(false); w.if(); e.exitTb(TB_EXIT_REQUESTED); w.end();
    w.localGet(TBP);
    w.localGet(TBP); w.mem('i32_load', TB.off.exec_count); w.i32Const(1); w.op('i32_add'); w.localTee(PC);
    w.mem('i32_store', TB.off.exec_count);
  }
  if (opt.hotMask) {
    w.localGet(PC); w.i32Const(opt.hotMask); w.op('i32_and'); w.op('i32_eqz');
    w.hint(false); w.if(); e.exitTb(TB_EXIT_HOT); w.end();
  }
  w.localGet(TBP); w.mem('i32_load', TB.off.code); w.localSet(PC);
  e.next = w.loop();
  const bad = w.block();
  // Case k is the code after the end of the k-th block from the inside.
  const cases: BlockDepth[] = [];
  for (let k = VARIANTS.length - 1; k >= 0; k--) cases[k] = w.block();
  w.localGet(PC); w.mem('i32_load16_u');
  w.brTable(cases, bad);
  for (const v of VARIANTS) {
    w.end();
    e.v = v;
    v.def.emit(e);
    w.localGet(PC); w.i32Const(v.size); w.op('i32_add'); w.localSet(PC);
    w.br(e.next);
  }
  w.end();
  w.op('unreachable');
  w.end();
  w.op('unreachable');
  w.end();
  w.op('unreachable');
  m.func(tbFunc, ['i32', 'i32', ...locals.types], w, 'run');
  const stub = new WasmCode(16);
  stub.localGet(TBP); stub.i32Const(TB_EXIT_STUB); stub.op('i32_or');
  m.func(tbFunc, [], stub, 'stub');
  return m.encode();
}
