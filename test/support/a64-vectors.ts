// Golden vectors of A64 instructions: how a case's starting state is drawn from its seed, and how outcomes are stored.
import { compilePattern, type DecodeRow } from '../../src/tcg/decode.ts';

/** Where the case's memory and code are: the same in the tests' machine and in scripts/golden/a64-oracle.c. */
export const MEM = 0x80000, MEM_BYTES = 1024;
export const CODE_PAGE = 0x90000, SLOT = 0x90800;

/** `struct Case` of the oracle: byte offsets. */
export const CASE = { words: 0, x: 128, pc: 384, pstate: 392, fault: 400, fpsr: 408, fpcr: 412, v: 416, mem: 928, size: 1952 } as const;
export const MAX_WORDS = 32;

export class Rng {
  #s: number;
  constructor(seed: number) {
    this.#s = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
    for (let i = 0; i < 4; i++) this.next();
  }
  /** A signed 32-bit number. */
  next(): number {
    let s = this.#s;
    s ^= s << 13; s ^= s >>> 17; s ^= s << 5;
    this.#s = s;
    return Math.imul(s, 0x2c9277b5) ^ (s >>> 7);
  }
  /** 0 … n-1 */
  below(n: number): number { return (this.next() >>> 0) % n; }
}

// --- fields --------------------------------------------------------------------------------------------------------

export type RowFields = ReturnType<typeof compilePattern>;
export const rowFields = (row: DecodeRow<any>): RowFields => compilePattern(row.pattern);
/** Value of a field in a word; 0 when the row has none of that name. */
export function field(f: RowFields, word: number, name: string): number {
  const d = f.fields.find((x) => x.name === name);
  if (!d) return 0;
  let v = 0;
  for (const p of d.parts) v = (v << p.width) | ((word >>> p.shift) & ((1 << p.width) - 1));
  return d.signed ? (v << (32 - d.width)) >> (32 - d.width) : v;
}
/** The word with a field set. */
export function withField(f: RowFields, word: number, name: string, value: number): number {
  const d = f.fields.find((x) => x.name === name)!;
  let left = d.width;
  for (const p of d.parts) {
    left -= p.width;
    const m = (1 << p.width) - 1;
    word = (word & ~(m << p.shift)) | ((value >>> left & m) << p.shift);
  }
  return word;
}
export const hasField = (f: RowFields, name: string): boolean => f.fields.some((x) => x.name === name);

// --- starting state ------------------------------------------------------------------------------------------------

const hex64 = (v: DataView, at: number): bigint => v.getBigUint64(at, true);

/** A 64-bit value of the kinds that find bugs: random, small, near powers of two, 32-bit, a copy of another, runs of ones. */
function drawX(b: DataView, n: number, r: Rng): void {
  const at = CASE.x + 8 * n, set = (lo: number, hi: number) => { b.setInt32(at, lo, true); b.setInt32(at + 4, hi, true); };
  switch (r.below(9)) {
    case 0: case 1: case 2: return set(r.next(), r.next());
    case 3: { const v = r.below(17) - 8; return set(v, v >> 31); }
    case 4: return b.setBigInt64(at, BigInt.asIntN(64, (1n << BigInt(r.below(64))) + BigInt(r.below(3) - 1)), true);
    case 5: return set(r.next(), r.below(2) - 1);
    case 6: return n === 0 ? set(0, 0) : b.setBigUint64(at, hex64(b, CASE.x + 8 * r.below(n)), true);
    case 7: return b.setBigInt64(at, BigInt.asIntN(64, ((1n << BigInt(r.below(65))) - 1n) << BigInt(r.below(64))), true);
    default: { const v = [0, -1, 0x7fffffff, -0x80000000][r.below(4)]; return set(v, [0, -1, 0x7fffffff, -0x80000000][r.below(4)]); }
  }
}

const F32 = [0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff, 0x4effffff, 0x4f000000, 0xcf000000, 0x4f800000, 0x3f000000, 0x3fc00000, 0x40200000, 0xffc12345];
const F64 = [0n, 0x8000000000000000n, 0x3ff0000000000000n, 0xbff0000000000000n, 0x7ff0000000000000n, 0xfff0000000000000n, 0x7ff8000000000000n, 0x7ff0000000000001n, 1n, 0x800fffffffffffffn, 0x0010000000000000n, 0x7fefffffffffffffn, 0x43dfffffffffffffn, 0x43e0000000000000n, 0xc3e0000000000000n, 0x41dfffffffc00000n, 0x41e0000000000000n, 0x3fe0000000000000n, 0x3ff8000000000000n, 0x4004000000000000n];
const F16 = [0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0x7c01, 0x0001, 0x83ff, 0x0400, 0x7bff, 0x7800, 0x3800, 0x3e00, 0x4100];

/** A vector of bits, or of special and ordinary numbers of one floating-point size, or of integers at the edges. */
function drawV(b: DataView, n: number, r: Rng): void {
  const at = CASE.v + 16 * n;
  const kind = r.below(10);
  for (let i = 0; i < 4; i++) b.setInt32(at + 4 * i, r.next(), true);
  switch (kind) {
    case 0: case 1: break;
    case 2: case 3:
      // Exponents near 1, so that sums cancel and products stay finite.
      for (let i = 0; i < 4; i++) b.setUint32(at + 4 * i, r.below(3) ? (r.next() & 0x807fffff | (119 + r.below(17)) << 23) >>> 0 : F32[r.below(F32.length)], true);
      break;
    case 4: case 5:
      for (let i = 0; i < 2; i++) {
        if (r.below(3)) b.setInt32(at + 8 * i + 4, r.next() & 0x800fffff | (1015 + r.below(17)) << 20, true);
        else b.setBigUint64(at + 8 * i, F64[r.below(F64.length)], true);
      }
      break;
    case 6: case 7:
      for (let i = 0; i < 8; i++) b.setUint16(at + 2 * i, r.below(3) ? r.next() & 0x83ff | (10 + r.below(11)) << 10 : F16[r.below(F16.length)], true);
      break;
    case 8: {
      const size = 1 << r.below(4);
      for (let i = 0; i < 16; i += size) {
        const edge = r.below(5);
        for (let k = 0; k < size; k++) b.setUint8(at + i + k, edge === 0 ? 0 : edge === 1 ? 255 : edge === 2 ? (k === size - 1 ? 0x80 : 0) : edge === 3 ? (k === size - 1 ? 0x7f : 255) : r.next() & 255);
      }
      break;
    }
    default:
      for (let i = 0; i < 16; i++) b.setUint8(at + i, r.below(40));
  }
}

/** FNV-1a of a class name: its cases' seeds start there. */
const nameHash = (name: string): number => { let h = 0x811c9dc5; for (const c of name) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193); return h; };

/** What a class of instructions needs of the state beyond random registers. */
export interface StateOptions {
  /** V registers, FPCR and FPSR are drawn too. */
  readonly vectors: boolean;
}

/**
 * Draws the state of a class's case number `seed`. A row that addresses memory gets a base register that leads into the block; a
 * register branch gets a target on the code page.
 */
export function drawState(block: DataView, row: DecodeRow<any>, f: RowFields, words: readonly number[], seed: number, o: StateOptions): void {
  const r = new Rng(nameHash(row.name) + Math.imul(seed, 0x9e3779b1));
  for (let i = 0; i < MAX_WORDS; i++) block.setInt32(CASE.words + 4 * i, words[i] ?? 0, true);
  for (let i = 0; i < 31; i++) drawX(block, i, r);
  block.setBigUint64(CASE.x + 8 * 31, BigInt(r.next() >>> 0) << 4n, true);
  block.setBigUint64(CASE.pstate, BigInt(r.below(16)) << 28n, true);
  for (let i = 0; i < MEM_BYTES; i += 4) block.setInt32(CASE.mem + i, r.next(), true);
  if (o.vectors) {
    for (let i = 0; i < 32; i++) drawV(block, i, r);
    // RMode, FZ, DN, AHP, FZ16: mostly the default.
    block.setUint32(CASE.fpcr, r.below(2) ? 0 : (r.below(8) << 22) | (r.below(4) === 0 ? 1 << 25 : 0) | (r.below(4) === 0 ? 1 << 26 : 0) | (r.below(4) === 0 ? 1 << 19 : 0), true);
    block.setUint32(CASE.fpsr, r.below(4) ? 0 : 0x0800009f & r.next(), true);
  } else {
    block.setUint32(CASE.fpcr, 0, true);
    block.setUint32(CASE.fpsr, 0, true);
  }
  placeBase(block, row.name, f, words[words.length - 1], r);
}

const getX = (b: DataView, n: number): bigint => b.getBigUint64(CASE.x + 8 * n, true);
const setX = (b: DataView, n: number, v: bigint): void => b.setBigUint64(CASE.x + 8 * n, BigInt.asUintN(64, v), true);

/** In random programs (classes BLOCK_*) this register leads into the memory block, sometimes so near its start that negative offsets fault; it is never written. */
export const BLOCK_BASE = 28;

/** The displacement of an addressing form from its base register. */
function displacement(block: DataView, name: string, f: RowFields, word: number): bigint {
  const get = (n: string) => field(f, word, n);
  if (/^(LDR|STR|LDRS)_ui/.test(name)) return BigInt(get('imm') << get('size'));
  if (/^(STP|LDP|LDPSW)_(offset|pre|nontemporal)/.test(name)) return BigInt(get('imm') << (2 + get('x')));
  if (/_post$/.test(name) || /^LDST_(structures|one)/.test(name)) return 0n;
  // FP and SIMD registers: opc<1> makes a Q register of size 0; pairs have their size in opc.
  const vectorSize = get('q') ? 4 : get('size');
  if (name === 'LDST_v_ui') return BigInt(get('imm') << vectorSize);
  if (/^LDSTP_v/.test(name)) return BigInt(get('imm') << (2 + get('opc')));
  if (/_reg$/.test(name)) {
    const rm = get('rm'), x = rm === 31 ? 0n : getX(block, rm), option = get('option'), bits = 8 << (option & 3);
    const v = option & 4 ? BigInt.asIntN(bits, x) : BigInt.asUintN(bits, x);
    return v << BigInt(get('shift') ? (name === 'LDST_v_reg' ? vectorSize : get('size')) : 0);
  }
  return BigInt(get('imm'));
}

/** Rows whose accesses must be aligned. */
export const isAligned = (name: string): boolean => /^(ST?LL?[UA]?R|LD?LAR|LDAR|LDAPU?RS?|LDAPR|STLUR|STLR|STLLR|[LS][DT]X[RP]|CASP?|SWP|LD(ADD|CLR|EOR|SET|[SU]M(AX|IN)))$/.test(name);
const isMemory = (name: string): boolean => /_(ui|unscaled|pre|post|reg|offset|nontemporal|structures|one)$/.test(name) || /^(STTR|LDTRS?)$/.test(name) || isAligned(name);

function placeBase(b: DataView, name: string, f: RowFields, word: number, r: Rng): void {
  if (name.startsWith('BLOCK_')) return setX(b, BLOCK_BASE, BigInt(MEM + (r.below(4) ? 512 : 64)));
  const rn = field(f, word, 'rn');
  if (/^(BR|BLR|RET)$/.test(name)) {
    if (rn === 31) return;
    // Mostly the code page, sometimes nowhere or misaligned; never the instruction itself.
    const kind = r.below(8), target = CODE_PAGE + 4 * r.below(1024);
    setX(b, rn, kind === 0 ? getX(b, rn) | 1n << 45n : BigInt((target === SLOT ? SLOT + 4 : target) | (kind === 1 ? 2 : 0)));
    return;
  }
  if (!isMemory(name) || !hasField(f, 'rn')) return;
  const target = MEM + 256 + (isAligned(name) ? r.below(32) * 16 : r.below(512));
  setX(b, rn, BigInt(target) - displacement(b, name, f, word));
}

// --- outcomes ------------------------------------------------------------------------------------------------------

/** How a case ended: at undefined words after it, by a memory fault, or undefined itself. */
export const END = { NEXT: 0, FAULT: 1, UNDEFINED: 2 } as const;

/** One golden vector. */
export interface Vector { words: readonly number[]; seed: number; end: number; pc: bigint; changes: Uint8Array }

class Writer {
  #b: number[] = [];
  u8(v: number): void { this.#b.push(v & 255); }
  u16(v: number): void { this.u8(v); this.u8(v >> 8); }
  u32(v: number): void { this.u16(v); this.u16(v >>> 16); }
  raw(b: ArrayLike<number>): void { for (let i = 0; i < b.length; i++) this.#b.push(b[i]); }
  get length(): number { return this.#b.length; }
  bytes(): Uint8Array { return Uint8Array.from(this.#b); }
}

/**
 * What differs between the state before and after, compactly: NZCV; X registers; V registers, FPSR; runs of memory
 * bytes. Equal strings mean equal states.
 */
export function encodeChanges(before: DataView, after: DataView, vectors: boolean): Uint8Array {
  const w = new Writer(), bytes = (d: DataView, at: number, n: number) => new Uint8Array(d.buffer, d.byteOffset + at, n);
  w.u8(after.getUint32(CASE.pstate, true) >>> 28);
  const changed = (at: number, size: number, count: number) => Array.from({ length: count }, (_, i) => i).filter((i) => {
    for (let k = 0; k < size; k++) if (before.getUint8(at + i * size + k) !== after.getUint8(at + i * size + k)) return true;
    return false;
  });
  const list = (at: number, size: number, indexes: number[]) => {
    w.u8(indexes.length);
    for (const i of indexes) { w.u8(i); w.raw(bytes(after, at + i * size, size)); }
  };
  list(CASE.x, 8, changed(CASE.x, 8, 32));
  if (vectors) {
    list(CASE.v, 16, changed(CASE.v, 16, 32));
    w.u32(after.getUint32(CASE.fpsr, true));
  }
  const cells = changed(CASE.mem, 1, MEM_BYTES), runs: [start: number, end: number][] = [];
  for (const c of cells) {
    const last = runs[runs.length - 1];
    if (last && c - last[1] < 4) last[1] = c + 1; else runs.push([c, c + 1]);
  }
  w.u8(runs.length);
  for (const [s, e] of runs) { w.u16(s); w.u8(e - s); w.raw(bytes(after, CASE.mem + s, e - s)); }
  return w.bytes();
}

/** A file of vectors, by class name. */
export type VectorFile = Map<string, Vector[]>;

export function encodeFile(classes: VectorFile): Uint8Array {
  const w = new Writer();
  w.u16(classes.size);
  for (const [name, vectors] of classes) {
    w.u8(name.length);
    w.raw(new TextEncoder().encode(name));
    w.u16(vectors.length);
    for (const v of vectors) {
      w.u8(v.words.length << 2 | v.end);
      for (const x of v.words) w.u32(x);
      w.u16(v.seed);
      const delta = v.pc - BigInt(SLOT);
      // Two bytes unless the PC went far.
      if (delta >= -0x8000n && delta < 0x7fffn) w.u16(Number(delta));
      else { w.u16(0x7fff); w.u32(Number(v.pc & 0xffffffffn)); w.u32(Number(v.pc >> 32n)); }
      w.u16(v.changes.length);
      w.raw(v.changes);
    }
  }
  return w.bytes();
}

export function decodeFile(bytes: Uint8Array): VectorFile {
  const d = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), out: VectorFile = new Map();
  let at = 0;
  const u8 = () => d.getUint8(at++), u16 = () => { at += 2; return d.getUint16(at - 2, true); }, u32 = () => { at += 4; return d.getUint32(at - 4, true); };
  for (let classes = u16(); classes > 0; classes--) {
    const n = u8(), name = new TextDecoder().decode(bytes.subarray(at, at + n));
    at += n;
    const list: Vector[] = [];
    for (let count = u16(); count > 0; count--) {
      const head = u8(), words = Array.from({ length: head >> 2 }, () => u32() | 0), seed = u16();
      const delta = u16() << 16 >> 16;
      const pc = delta === 0x7fff ? BigInt(u32()) | BigInt(u32()) << 32n : BigInt(SLOT + delta);
      const length = u16();
      list.push({ words, seed, end: head & 3, pc, changes: bytes.subarray(at, at + length) });
      at += length;
    }
    out.set(name, list);
  }
  return out;
}

/** The encoded changes in words, for failure messages. */
export function describeChanges(c: Uint8Array, vectors: boolean): string {
  const d = new DataView(c.buffer, c.byteOffset, c.length), out: string[] = [];
  let at = 0;
  const hex = (n: number) => { let s = ''; for (let i = n - 1; i >= 0; i--) s += d.getUint8(at + i).toString(16).padStart(2, '0'); at += n; return s; };
  out.push(`nzcv=${d.getUint8(at++).toString(2).padStart(4, '0')}`);
  for (let n = d.getUint8(at++); n > 0; n--) { const i = d.getUint8(at++); out.push(`${i === 31 ? 'sp' : `x${i}`}=${hex(8)}`); }
  if (vectors) {
    for (let n = d.getUint8(at++); n > 0; n--) { const i = d.getUint8(at++); out.push(`v${i}=${hex(16)}`); }
    out.push(`fpsr=${hex(4)}`);
  }
  for (let n = d.getUint8(at++); n > 0; n--) { const s = d.getUint16(at, true), len = d.getUint8(at + 2); at += 3; out.push(`[${s}]=${hex(len)}`); }
  return out.join(' ');
}
