// TCGContext: what a translator calls to build the ops of one TB.
import { Type, MemOp, type Cond, type Label, type Temp, type TempKind } from './types.ts';
import { OPS, opDef } from './ops/index.ts';
import { GotoPtr } from './ops/control.ts';
import type { OpDef } from './ops/def.ts';
import { CPUState, TLBDesc, HELPER_ARGS } from '../memory/layout/cpu.ts';

/** One op of a TB. */
export interface Op {
  readonly def: OpDef;
  readonly type: Type;
  outs: Temp[];
  ins: Temp[];
  imms: number[];
  label?: Label;
}

/** Operand of a gen function: a temporary, or a constant of the op's type. */
export type Arg = Temp | bigint | number;

/** A TypeScript helper: called with the vCPU block's address; arguments are in helper_arg, the result goes to helper_ret. */
export interface HelperRef { readonly id: number; readonly name: string }

const D = Object.fromEntries(OPS.map((d) => [d.name, d])) as Record<string, OpDef>;
const MASKS = [0xffffffffn, (1n << 64n) - 1n, (1n << 128n) - 1n];

export class TCGContext {
  /** Guest state known as temporaries, shared by every TB. */
  readonly globals: Temp[] = [];
  ops: Op[] = [];
  temps: Temp[] = [];
  labels: Label[] = [];
  #consts = new Map<string, Temp>();

  /** Declares guest state at `offset` bytes of the vCPU block as a global. Only before the first TB. */
  global(type: Type, offset: number, name: string): Temp {
    const t: Temp = { index: this.globals.length, kind: 'global', type, name, offset, value: 0n };
    this.globals.push(t);
    return t;
  }

  /** Starts a new TB. */
  reset(): void {
    this.ops = [];
    this.temps = [...this.globals];
    this.labels = [];
    this.#consts.clear();
  }

  #temp(kind: TempKind, type: Type, value: bigint, name: string): Temp {
    const t: Temp = { index: this.temps.length, kind, type, name, offset: -1, value };
    this.temps.push(t);
    return t;
  }
  /** Temporary that dies at the next basic-block end (labels, branches). */
  temp(type: Type = Type.I64): Temp { return this.#temp('ebb', type, 0n, `tmp${this.temps.length}`); }
  /** Temporary that keeps its value across branches inside the TB. */
  tempTb(type: Type = Type.I64): Temp { return this.#temp('tb', type, 0n, `loc${this.temps.length}`); }
  i64(): Temp { return this.temp(Type.I64); }
  i32(): Temp { return this.temp(Type.I32); }
  vec(): Temp { return this.temp(Type.V128); }

  /** The constant temporary of that type and value (taken modulo its width). */
  const(type: Type, value: bigint | number): Temp {
    const v = BigInt(value) & MASKS[type];
    const key = `${type}:${v}`;
    let t = this.#consts.get(key);
    if (!t) this.#consts.set(key, (t = this.#temp('const', type, v, `$${v}`)));
    return t;
  }
  constI64(v: bigint | number): Temp { return this.const(Type.I64, v); }

  arg(a: Arg, type: Type): Temp { return typeof a === 'object' ? a : this.const(type, a); }

  emit(def: OpDef, type: Type, outs: Temp[], ins: Temp[], imms: number[] = [], label?: Label): Op {
    const op: Op = { def, type, outs, ins, imms, label };
    this.ops.push(op);
    if (label && def !== D.set_label) label.refs++;
    return op;
  }

  // --- integer ---------------------------------------------------------------------------------------------------

  #un(name: string, d: Temp, a: Arg, inType: Type = d.type): void { this.emit(D[name], d.type, [d], [this.arg(a, inType)]); }
  #bin(name: string, d: Temp, a: Arg, b: Arg): void { this.emit(D[name], d.type, [d], [this.arg(a, d.type), this.arg(b, d.type)]); }

  mov(d: Temp, a: Arg): void { if (d !== a) this.#un('mov', d, a); }
  add(d: Temp, a: Arg, b: Arg): void { if (b === 0 || b === 0n) this.mov(d, a); else this.#bin('add', d, a, b); }
  sub(d: Temp, a: Arg, b: Arg): void { if (b === 0 || b === 0n) this.mov(d, a); else this.#bin('sub', d, a, b); }
  mul(d: Temp, a: Arg, b: Arg): void { this.#bin('mul', d, a, b); }
  muluh(d: Temp, a: Arg, b: Arg): void { this.#bin('muluh', d, a, b); }
  mulsh(d: Temp, a: Arg, b: Arg): void { this.#bin('mulsh', d, a, b); }
  and(d: Temp, a: Arg, b: Arg): void { this.#bin('and', d, a, b); }
  or(d: Temp, a: Arg, b: Arg): void { this.#bin('or', d, a, b); }
  xor(d: Temp, a: Arg, b: Arg): void { this.#bin('xor', d, a, b); }
  andc(d: Temp, a: Arg, b: Arg): void { this.#bin('andc', d, a, b); }
  orc(d: Temp, a: Arg, b: Arg): void { this.#bin('orc', d, a, b); }
  eqv(d: Temp, a: Arg, b: Arg): void { this.#bin('eqv', d, a, b); }
  nand(d: Temp, a: Arg, b: Arg): void { this.#bin('nand', d, a, b); }
  nor(d: Temp, a: Arg, b: Arg): void { this.#bin('nor', d, a, b); }
  shl(d: Temp, a: Arg, b: Arg): void { this.#bin('shl', d, a, b); }
  shr(d: Temp, a: Arg, b: Arg): void { this.#bin('shr', d, a, b); }
  sar(d: Temp, a: Arg, b: Arg): void { this.#bin('sar', d, a, b); }
  rotl(d: Temp, a: Arg, b: Arg): void { this.#bin('rotl', d, a, b); }
  rotr(d: Temp, a: Arg, b: Arg): void { this.#bin('rotr', d, a, b); }
  div(d: Temp, a: Arg, b: Arg): void { this.#bin('div', d, a, b); }
  divu(d: Temp, a: Arg, b: Arg): void { this.#bin('divu', d, a, b); }
  rem(d: Temp, a: Arg, b: Arg): void { this.#bin('rem', d, a, b); }
  remu(d: Temp, a: Arg, b: Arg): void { this.#bin('remu', d, a, b); }
  neg(d: Temp, a: Arg): void { this.#un('neg', d, a); }
  not(d: Temp, a: Arg): void { this.#un('not', d, a); }
  ext8s(d: Temp, a: Arg): void { this.#un('ext8s', d, a); }
  ext8u(d: Temp, a: Arg): void { this.#un('ext8u', d, a); }
  ext16s(d: Temp, a: Arg): void { this.#un('ext16s', d, a); }
  ext16u(d: Temp, a: Arg): void { this.#un('ext16u', d, a); }
  ext32s(d: Temp, a: Arg): void { this.#un('ext32s', d, a); }
  ext32u(d: Temp, a: Arg): void { this.#un('ext32u', d, a); }
  bswap16(d: Temp, a: Arg): void { this.#un('bswap16', d, a); }
  bswap32(d: Temp, a: Arg): void { this.#un('bswap32', d, a); }
  bswap64(d: Temp, a: Arg): void { this.#un('bswap64', d, a); }
  clz(d: Temp, a: Arg): void { this.#un('clz', d, a); }
  ctz(d: Temp, a: Arg): void { this.#un('ctz', d, a); }
  ctpop(d: Temp, a: Arg): void { this.#un('ctpop', d, a); }
  extrl(d: Temp, a: Arg): void { this.#un('extrl_i64_i32', d, a, Type.I64); }
  extrh(d: Temp, a: Arg): void { this.#un('extrh_i64_i32', d, a, Type.I64); }
  extI32(d: Temp, a: Arg): void { this.#un('ext_i32_i64', d, a, Type.I32); }
  extuI32(d: Temp, a: Arg): void { this.#un('extu_i32_i64', d, a, Type.I32); }

  /** d = a<ofs+len-1:ofs>, zero-extended. */
  extract(d: Temp, a: Arg, ofs: number, len: number): void {
    const bits = d.type === Type.I32 ? 32 : 64;
    if (ofs === 0 && len === bits) return this.mov(d, a);
    if (ofs === 0 && len === 8) return this.ext8u(d, a);
    if (ofs === 0 && len === 16) return this.ext16u(d, a);
    if (ofs === 0 && len === 32) return this.ext32u(d, a);
    if (ofs === 0) return this.and(d, a, (1n << BigInt(len)) - 1n);
    if (ofs + len === bits) return this.shr(d, a, ofs);
    this.emit(D.extract, d.type, [d], [this.arg(a, d.type)], [bits - len - ofs, bits - len]);
  }
  /** d = a<ofs+len-1:ofs>, sign-extended. */
  sextract(d: Temp, a: Arg, ofs: number, len: number): void {
    const bits = d.type === Type.I32 ? 32 : 64;
    if (ofs === 0 && len === bits) return this.mov(d, a);
    if (ofs === 0 && len === 8) return this.ext8s(d, a);
    if (ofs === 0 && len === 16) return this.ext16s(d, a);
    if (ofs === 0 && len === 32) return this.ext32s(d, a);
    if (ofs + len === bits) return this.sar(d, a, ofs);
    this.emit(D.sextract, d.type, [d], [this.arg(a, d.type)], [bits - len - ofs, bits - len]);
  }
  /** d = a with the low `len` bits of b inserted at `ofs`. */
  deposit(d: Temp, a: Arg, b: Arg, ofs: number, len: number): void {
    const bits = d.type === Type.I32 ? 32 : 64;
    if (len === bits) return this.mov(d, b);
    this.emit(D.deposit, d.type, [d], [this.arg(a, d.type), this.arg(b, d.type)], [ofs, len]);
  }
  /** d = 0 with the low `len` bits of b at `ofs`. */
  depositZ(d: Temp, b: Arg, ofs: number, len: number): void {
    const bits = d.type === Type.I32 ? 32 : 64;
    if (ofs + len === bits) return this.shl(d, b, ofs);
    this.extract(d, b, 0, len);
    if (ofs) this.shl(d, d, ofs);
  }
  /** d = (hi:lo >> ofs), low half; 0 <= ofs < bits. */
  extract2(d: Temp, lo: Arg, hi: Arg, ofs: number): void {
    if (ofs === 0) return this.mov(d, lo);
    this.emit(D.extract2, d.type, [d], [this.arg(lo, d.type), this.arg(hi, d.type)], [ofs]);
  }
  /** d = (a cond b) ? 1 : 0. `a` decides the type compared; d has the same. */
  setcond(cond: Cond, d: Temp, a: Temp, b: Arg): void { this.emit(D.setcond, d.type, [d], [a, this.arg(b, a.type)], [cond]); }
  negsetcond(cond: Cond, d: Temp, a: Temp, b: Arg): void { this.emit(D.negsetcond, d.type, [d], [a, this.arg(b, a.type)], [cond]); }
  /** d = (c1 cond c2) ? v1 : v2; all of one type. */
  movcond(cond: Cond, d: Temp, c1: Arg, c2: Arg, v1: Arg, v2: Arg): void {
    this.emit(D.movcond, d.type, [d], [c1, c2, v1, v2].map((x) => this.arg(x, d.type)), [cond]);
  }

  // --- env accesses ----------------------------------------------------------------------------------------------

  /** d = env value at `offset` bytes of the vCPU block. Not for state declared as a global. */
  ld(d: Temp, offset: number, width: 'ld' | 'ld8u' | 'ld8s' | 'ld16u' | 'ld16s' | 'ld32u' | 'ld32s' = 'ld'): void {
    this.emit(D[width], d.type, [d], [], [offset]);
  }
  st(v: Arg, offset: number, width: 'st' | 'st8' | 'st16' | 'st32' = 'st', type: Type = typeof v === 'object' ? v.type : Type.I64): void {
    const t = this.arg(v, type);
    this.emit(t.type === Type.V128 ? D.st_v128 : D[width], t.type, [], [t], [offset]);
  }

  /** d = the word at `offset` of the vCPU block, which becomes `v`, atomically; both are i32. */
  xchgEnv(d: Temp, v: Arg, offset: number): void { this.emit(D.env_xchg, Type.I32, [d], [this.arg(v, Type.I32)], [offset]); }

  // --- guest memory ----------------------------------------------------------------------------------------------

  #memImms(memop: number, mmuIdx: number, disp: number): number[] {
    return [memop, CPUState.off.tlb_d + mmuIdx * TLBDesc.size, disp];
  }
  /** d = guest memory at addr + disp. `memop`: MemOp bits; MO_BSWAP is split into a load and a swap. v128 for MO_128. */
  qemuLd(d: Temp, addr: Arg, memop: number, mmuIdx: number, disp = 0): void {
    const a = this.arg(addr, Type.I64);
    const size = memop & MemOp.MO_SIZE;
    if (d.type === Type.V128) { this.emit(D.qemu_ld_v128, d.type, [d], [a], this.#memImms(memop, mmuIdx, disp)); return; }
    if (!(memop & MemOp.MO_BSWAP) || size === 0) {
      this.emit(D.qemu_ld, d.type, [d], [a], this.#memImms(memop & ~MemOp.MO_BSWAP, mmuIdx, disp));
      return;
    }
    this.emit(D.qemu_ld, d.type, [d], [a], this.#memImms(memop & ~(MemOp.MO_BSWAP | MemOp.MO_SIGN), mmuIdx, disp));
    if (size === 1) { this.bswap16(d, d); if (memop & MemOp.MO_SIGN) this.ext16s(d, d); }
    else if (size === 2) { this.bswap32(d, d); if (memop & MemOp.MO_SIGN) this.ext32s(d, d); }
    else this.bswap64(d, d);
  }
  /** Guest memory at addr + disp = v. */
  qemuSt(v: Arg, addr: Arg, memop: number, mmuIdx: number, disp = 0): void {
    const a = this.arg(addr, Type.I64);
    let t = this.arg(v, Type.I64);
    const size = memop & MemOp.MO_SIZE;
    if (t.type === Type.V128) { this.emit(D.qemu_st_v128, t.type, [], [t, a], this.#memImms(memop, mmuIdx, disp)); return; }
    if (memop & MemOp.MO_BSWAP && size > 0) {
      const s = this.i64();
      if (size === 1) this.bswap16(s, t); else if (size === 2) this.bswap32(s, t); else this.bswap64(s, t);
      t = s;
    }
    this.emit(D.qemu_st, t.type, [], [t, a], this.#memImms(memop & MemOp.MO_SIZE | memop & (MemOp.MO_ALIGN | MemOp.MO_SEQCST), mmuIdx, disp));
  }
  /** first, second = the doublewords at addr + disp, one access of which each half is single-copy atomic. */
  qemuLdPair(first: Temp, second: Temp, addr: Arg, mmuIdx: number, disp = 0): void {
    this.emit(D.qemu_ld_pair, Type.I64, [first, second], [this.arg(addr, Type.I64)], this.#memImms(MemOp.MO_128, mmuIdx, disp));
  }
  /** The doublewords at addr + disp = first, second. */
  qemuStPair(first: Arg, second: Arg, addr: Arg, mmuIdx: number, disp = 0): void {
    this.emit(D.qemu_st_pair, Type.I64, [], [first, second, addr].map((a) => this.arg(a, Type.I64)), this.#memImms(MemOp.MO_128, mmuIdx, disp));
  }
  /** old = guest memory at addr; replaced by `value` when it equals `expected`. memop: size and MO_SIGN (of the result). */
  atomicCmpxchg(old: Temp, addr: Arg, expected: Arg, value: Arg, memop: number, mmuIdx: number, disp = 0): void {
    this.#rmw('qemu_atomic_cmpxchg', old, [addr, expected, value], memop, mmuIdx, disp);
  }
  /** d = guest memory at addr, exclusively. `high`: upper half of MO_128. */
  qemuLl(d: Temp, high: Temp | null, addr: Arg, memop: number, mmuIdx: number): void {
    this.emit(D.qemu_ll, d.type, [d], [this.arg(addr, Type.I64)], this.#exclusiveImms(memop, mmuIdx));
    if (high) this.ld(high, CPUState.off.helper_ret + 8);
  }
  /** failed = 0 when the monitor was open and value (with `high`, of MO_128) is stored at addr, else 1. */
  qemuSc(failed: Temp, addr: Arg, value: Arg, high: Arg, memop: number, mmuIdx: number): void {
    this.emit(D.qemu_sc, failed.type, [failed], [addr, value, high].map((a) => this.arg(a, Type.I64)), this.#exclusiveImms(memop, mmuIdx));
  }
  /** [low, high] = the 16 bytes at addr; replaced by `value` when they equal `expected`. Faults when misaligned. */
  qemuCas128(addr: Arg, expected: readonly [Arg, Arg], value: readonly [Arg, Arg], mmuIdx: number): [Temp, Temp] {
    const low = this.i64(), high = this.i64();
    this.emit(D.qemu_cas128, Type.I64, [low], [addr, ...value, ...expected].map((a) => this.arg(a, Type.I64)), this.#exclusiveImms(MemOp.MO_128 | MemOp.MO_ALIGN, mmuIdx));
    this.ld(high, CPUState.off.helper_ret + 8);
    return [low, high];
  }
  #exclusiveImms(memop: number, mmuIdx: number): number[] { return this.#memImms(memop, mmuIdx, 0).slice(0, 2); }
  atomicXchg(old: Temp, addr: Arg, value: Arg, memop: number, mmuIdx: number, disp = 0): void {
    this.#rmw('qemu_atomic_xchg', old, [addr, value], memop, mmuIdx, disp);
  }
  atomicFetch(kind: 'add' | 'and' | 'or' | 'xor' | 'smin' | 'smax' | 'umin' | 'umax', old: Temp, addr: Arg, value: Arg, memop: number, mmuIdx: number, disp = 0): void {
    this.#rmw(`qemu_atomic_fetch_${kind}`, old, [addr, value], memop, mmuIdx, disp);
  }
  #rmw(name: string, old: Temp, ins: Arg[], memop: number, mmuIdx: number, disp: number): void {
    const size = memop & MemOp.MO_SIZE;
    this.emit(D[name], Type.I64, [old], ins.map((x) => this.arg(x, Type.I64)), this.#memImms(size, mmuIdx, disp));
    if (memop & MemOp.MO_SIGN && size < 3) this.sextract(old, old, 0, 8 << size);
  }
  /** Barrier: Bar.TCG_MO_* | Bar.TCG_BAR_* bits. */
  mb(bits: number): void { this.emit(D.mb, Type.I64, [], [], [bits]); }

  // --- control ---------------------------------------------------------------------------------------------------

  newLabel(): Label {
    const l: Label = { id: this.labels.length, refs: 0 };
    this.labels.push(l);
    return l;
  }
  setLabel(l: Label): void { this.emit(D.set_label, Type.I64, [], [], [], l); }
  br(l: Label): void { this.emit(D.br, Type.I64, [], [], [], l); }
  brcond(cond: Cond, a: Temp, b: Arg, l: Label): void { this.emit(D.brcond, a.type, [], [a, this.arg(b, a.type)], [cond], l); }
  insnSync(): void { this.emit(D.insn_sync, Type.I64, [], []); }
  /** Begins a guest instruction: `pc` = offset of its PC in the guest page, `data` = target word for restoreState. */
  insnStart(pc: number, data: number): void { this.emit(D.insn_start, Type.I64, [], [], [pc, data]); }

  // --- the lock profiler (ops/spin.ts) -----------------------------------------------------------------------------

  spinVain(cond: Cond, a: Temp, b: Arg, address: Temp, vain: HelperRef, what: number): void { this.emit(D.spin_vain, Type.I64, [], [a, this.arg(b, Type.I64), address], [cond, vain.id, what]); }
  spinOutcome(cond: Cond, a: Temp, b: Arg, address: Temp, vain: HelperRef, what: number, success: HelperRef): void {
    this.emit(D.spin_outcome, Type.I64, [], [a, this.arg(b, Type.I64), address], [cond, vain.id, what, success.id]);
  }
  spinSuccess(address: Temp, success: HelperRef): void { this.emit(D.spin_success, Type.I64, [], [address], [success.id]); }
  spinLook(address: Temp, value: Temp, vain: HelperRef, what: number, changed: HelperRef): void { this.emit(D.spin_look, Type.I64, [], [address, value], [vain.id, what, changed.id]); }

  // --- calls -------------------------------------------------------------------------------------------------------

  /** Calls a TypeScript helper with up to 8 arguments; `ret` gets its result. i32 arguments leave the slot's high half unspecified. */
  call(helper: HelperRef, ret: Temp | null, ...args: Arg[]): void {
    if (args.length > HELPER_ARGS) throw new Error(`${helper.name}: too many arguments`);
    args.forEach((a, i) => {
      const t = this.arg(a, Type.I64);
      this.emit(D.call_arg, t.type, [], [t], [CPUState.off.helper_arg + 8 * i]);
    });
    this.emit(D.call, Type.I64, [], [], [helper.id]);
    if (ret) this.emit(D.call_ret, ret.type, [ret], []);
  }
  /** Calls a wasm helper on i64 values: ret = f(env, …args), up to 4 arguments. */
  callW(helper: HelperRef, ret: Temp, ...args: Arg[]): void {
    this.emit(opDef(`callw${args.length}`), Type.I64, [ret], args.map((a) => this.arg(a, Type.I64)), [helper.id]);
  }
  /** Calls a wasm helper on vectors: ret = f(env, …args), 1 to 3 arguments. */
  callV(helper: HelperRef, ret: Temp, ...args: Temp[]): void {
    this.emit(opDef(`callv${args.length}`), Type.V128, [ret], args, [helper.id]);
  }
  /** `dest`: page offset of the target, which is in the TB's own page. */
  gotoTb(slot: 0 | 1, dest: number): void { this.emit(D.goto_tb, Type.I64, [], [], [slot, dest]); }
  gotoPtr(kind: GotoPtr = GotoPtr.LOOKUP): void { this.emit(D.goto_ptr, Type.I64, [], [], [kind]); }
  /** `dest`: distance of the target, which is on another page, from the first byte of the TB's page. */
  gotoFar(dest: number): void { this.emit(D.goto_far, Type.I64, [], [], [dest]); }
  exitTb(code: number): void { this.emit(D.exit_tb, Type.I64, [], [], [code]); }
}
