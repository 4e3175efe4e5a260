// Appends WebAssembly instructions to a growing byte buffer: the hot end of the JIT's back end.
import { OP, MEM, ATOMIC, SIMD, LANE, VMEM, VALTYPE, type ValType } from './opcodes.ts';

/** The two memories every generated module imports. */
export const MEM_STATE = 0;
export const MEM_RAM = 1;
/** A branch hint: byte offset of the branch in the code, and whether it is taken as a rule. */
export interface BranchHint { at: number; taken: boolean }

/** A label depth counted from the outermost open block, so that it stays valid while blocks nest. */
export type BlockDepth = number & { readonly __block: unique symbol };

export class WasmCode {
  #bytes: Uint8Array;
  #len = 0;
  #depth = 0;
  readonly hints: BranchHint[] = [];
  /** 1: the module imports MEM_RAM first. V8 keeps the base address of the first memory at hand, that of others it loads. */
  readonly #firstMemory: number;

  constructor(capacity = 1024, firstMemory: typeof MEM_STATE | typeof MEM_RAM = MEM_STATE) {
    this.#bytes = new Uint8Array(capacity);
    this.#firstMemory = firstMemory;
  }

  get length(): number { return this.#len; }
  /** View of the bytes so far; valid until the next append. */
  bytes(): Uint8Array { return this.#bytes.subarray(0, this.#len); }
  reset(): void { this.#len = 0; this.#depth = 0; this.hints.length = 0; }

  #room(n: number): void {
    if (this.#len + n <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#len + n));
    grown.set(this.#bytes.subarray(0, this.#len));
    this.#bytes = grown;
  }

  u8(b: number): void {
    if (this.#len === this.#bytes.length) this.#room(1);
    this.#bytes[this.#len++] = b;
  }

  raw(b: Uint8Array): void {
    this.#room(b.length);
    this.#bytes.set(b, this.#len);
    this.#len += b.length;
  }

  /** Unsigned LEB128 of a non-negative number up to 2^53. */
  uleb(n: number): void {
    while (n > 0x7f) {
      this.u8((n % 128) | 0x80);
      n = Math.floor(n / 128);
    }
    this.u8(n);
  }

  /** Signed LEB128 of an i32. */
  sleb(n: number): void {
    for (;;) {
      const b = n & 0x7f;
      n >>= 7;
      if ((n === 0 && !(b & 0x40)) || (n === -1 && (b & 0x40))) return this.u8(b);
      this.u8(b | 0x80);
    }
  }

  /** Signed LEB128 of a 64-bit value (taken modulo 2^64). */
  sleb64(v: bigint): void {
    v = BigInt.asIntN(64, v);
    if (v >= -0x80000000n && v <= 0x7fffffffn) return this.sleb(Number(v));
    for (;;) {
      const b = Number(v & 0x7fn);
      v >>= 7n;
      if ((v === 0n && !(b & 0x40)) || (v === -1n && (b & 0x40))) return this.u8(b);
      this.u8(b | 0x80);
    }
  }

  op(name: keyof typeof OP): void { this.u8(OP[name]); }

  simd(name: keyof typeof SIMD): void { this.u8(0xfd); this.uleb(SIMD[name]); }
  lane(name: keyof typeof LANE, lane: number): void { this.u8(0xfd); this.uleb(LANE[name]); this.u8(lane); }
  shuffle(lanes: ArrayLike<number>): void { this.u8(0xfd); this.uleb(13); for (let i = 0; i < 16; i++) this.u8(lanes[i]); }

  i32Const(n: number): void { this.u8(0x41); this.sleb(n | 0); }
  i64Const(v: bigint | number): void { this.u8(0x42); if (typeof v === 'number' && (v | 0) === v) this.sleb(v); else this.sleb64(BigInt(v)); }
  f32Const(x: number): void { this.u8(0x43); this.#float(4, (d) => d.setFloat32(0, x, true)); }
  f64Const(x: number): void { this.u8(0x44); this.#float(8, (d) => d.setFloat64(0, x, true)); }
  #float(bytes: number, set: (d: DataView) => void): void {
    const d = new DataView(new ArrayBuffer(bytes));
    set(d);
    for (let i = 0; i < bytes; i++) this.u8(d.getUint8(i));
  }
  v128Const(v: bigint): void {
    this.u8(0xfd); this.uleb(12);
    for (let i = 0n; i < 128n; i += 8n) this.u8(Number((v >> i) & 0xffn));
  }

  localGet(n: number): void { this.u8(0x20); this.uleb(n); }
  localSet(n: number): void { this.u8(0x21); this.uleb(n); }
  localTee(n: number): void { this.u8(0x22); this.uleb(n); }
  globalGet(n: number): void { this.u8(0x23); this.uleb(n); }

  #memarg(alignLog2: number, offset: number, mem: number): void {
    if (mem === this.#firstMemory) this.uleb(alignLog2);
    else { this.uleb(alignLog2 | 0x40); this.uleb(1); }
    this.uleb(offset);
  }

  /** Plain load or store; `align` (log2) defaults to 0 so that no host assumption is made. */
  mem(name: keyof typeof MEM, offset = 0, mem = MEM_STATE): void {
    this.u8(MEM[name][0]);
    this.#memarg(0, offset, mem);
  }
  vmem(name: keyof typeof VMEM, offset = 0, mem = MEM_STATE): void {
    this.u8(0xfd); this.uleb(VMEM[name][0]);
    this.#memarg(0, offset, mem);
  }
  /** Atomic access: sequentially consistent, traps when misaligned. */
  atomic(name: keyof typeof ATOMIC, offset = 0, mem = MEM_STATE): void {
    this.u8(0xfe); this.uleb(ATOMIC[name][0]);
    this.#memarg(ATOMIC[name][1], offset, mem);
  }
  fence(): void { this.u8(0xfe); this.u8(0x03); this.u8(0x00); }

  /** Says how the next `if` or `br_if` goes as a rule (branch-hinting proposal, section metadata.code.branch_hint). */
  hint(taken: boolean): void { this.hints.push({ at: this.#len, taken }); }

  /** Opens a block, loop or if; returns its depth for `br`. */
  #open(opcode: number, result?: ValType): BlockDepth {
    this.u8(opcode);
    this.u8(result ? VALTYPE[result] : 0x40);
    return ++this.#depth as BlockDepth;
  }
  block(result?: ValType): BlockDepth { return this.#open(0x02, result); }
  loop(result?: ValType): BlockDepth { return this.#open(0x03, result); }
  if(result?: ValType): BlockDepth { return this.#open(0x04, result); }
  else(): void { this.u8(0x05); }
  end(): void { this.u8(0x0b); this.#depth--; }
  /** Open blocks now. */
  get depth(): number { return this.#depth; }

  br(to: BlockDepth): void { this.u8(0x0c); this.uleb(this.#depth - to); }
  brIf(to: BlockDepth): void { this.u8(0x0d); this.uleb(this.#depth - to); }
  brTable(to: readonly BlockDepth[], dflt: BlockDepth): void {
    this.u8(0x0e);
    this.uleb(to.length);
    for (const t of to) this.uleb(this.#depth - t);
    this.uleb(this.#depth - dflt);
  }
  call(fn: number): void { this.u8(0x10); this.uleb(fn); }
  callIndirect(type: number, table = 0): void { this.u8(0x11); this.uleb(type); this.uleb(table); }
  returnCall(fn: number): void { this.u8(0x12); this.uleb(fn); }
  returnCallIndirect(type: number, table = 0): void { this.u8(0x13); this.uleb(type); this.uleb(table); }
  return(): void { this.u8(0x0f); }
}
