// Operand sets that love edges, drawn from seeds: what the FP and SIMD fuzzer and the digest test run each instruction on.
import type { DecodeRow } from '../../src/tcg/decode.ts';
import { field, hasField, Rng, withField, type RowFields } from './a64-vectors.ts';

/** An operand set as the guest loop reads it, and what it writes: byte offsets. */
export const SET = { size: 112, fpsr: 0, nzcv: 8, x1: 16, x0: 24, v: 32 } as const;
export const OUT = { size: 32, v0: 0, x0: 16, fpsr: 24, nzcv: 28 } as const;
/** Shape of a class: words × FPCR modes × sets are its ≥ 10,000 operand sets. */
export const WORDS = 20, MODES = 8, SETS = 64;

/** The guest loop on X22 sets: X20 = sets, X21 = results. The word under test takes the place of its NOP. */
export const LOOP = `
loop: ldr w9, [x20]
  ldr w10, [x20, #8]
  ldp x1, x0, [x20, #16]
  ldp q0, q1, [x20, #32]
  ldp q2, q3, [x20, #64]
  ldr q4, [x20, #96]
  msr fpsr, x9
  msr nzcv, x10
  nop
  str q0, [x21]
  str x0, [x21, #16]
  mrs x9, fpsr
  mrs x10, nzcv
  stp w9, w10, [x21, #24]
  add x20, x20, #112
  add x21, x21, #32
  sub x22, x22, #1
  cbnz x22, loop
  ret`;
/** Number of the NOP. */
export const LOOP_SLOT = 8;

// --- formats ---------------------------------------------------------------------------------------------------------

/** Lanes a register is made of: halves, singles, doubles, BFloat16, integers, words and doublewords of integers that convert. */
export type Format = 'h' | 's' | 'd' | 'b' | 'i';
const FORMATS: readonly Format[] = ['h', 's', 'd', 'b', 'i'];

/** The format an FP instruction's sources have, where its row and word tell. */
export function formatOf(row: DecodeRow<any>, f: RowFields, word: number): Format | undefined {
  const { name } = row;
  if (/^[SU]CVTF/.test(name)) return 'i';
  if (/^BF(CVT|CVTN_v)$/.test(name)) return 's';
  if (/^BF/.test(name)) return 'b';
  if (/^FML[AS]L/.test(name)) return 'h';
  if (!/^F/.test(name)) return undefined;
  if (hasField(f, 'ftype')) return (['s', 'd', undefined, 'h'] as const)[field(f, word, 'ftype')];
  if (/^(FCVTL|FCVTN)_v$/.test(name)) return field(f, word, 'sz') ? (name[4] === 'L' ? 's' : 'd') : name[4] === 'L' ? 'h' : 's';
  if (/^FCVTXN/.test(name) || name === 'FJCVTZS') return 'd';
  if (hasField(f, 'sz')) return field(f, word, 'sz') ? 'd' : 's';
  if (/_(vh|sh|h)$/.test(name)) return 'h';
  if (/^FC(ADD|MLA)/.test(name)) return (['h', 'h', 's', 'd'] as const)[field(f, word, 'size')];
  if (hasField(f, 'size')) return (['h', undefined, 's', 'd'] as const)[field(f, word, 'size')];
  const fixed = /_fixed_([hsd])/.exec(name);
  return fixed ? fixed[1] as Format : 's';
}

// --- lanes -------------------------------------------------------------------------------------------------------------

/** Exponent and fraction bits; doubles are drawn as their upper word and 32 more fraction bits. */
const SHAPES = { h: [5, 10], s: [8, 23], d: [11, 20], b: [8, 7] } as const;

/** Classes of values that `float` draws from. */
export const KINDS = 24;

class Drawer {
  readonly r: Rng;
  /** The lane just drawn: of a double, its upper word. */
  hi = 0;
  lo = 0;
  constructor(seed: number) { this.r = new Rng(seed); }

  /** A floating-point value of one of the classes that behave alike, or lie next to each other across a border. */
  float(f: 'h' | 's' | 'd' | 'b'): void {
    const { r } = this, [e, m] = SHAPES[f], max = (1 << e) - 1, bias = max >> 1, ones = 2 ** m - 1, sign = r.below(2);
    const wide = f === 'd', fraction = wide ? 52 : m;
    let exp = 0, hi = 0, lo = 0;
    // A fraction of the form …0000 or …1111 with a little added: next to a power of two, or to the end of a binade.
    const near = (): void => {
      const d = r.below(5) - 2;
      hi = d < 0 ? ones : 0;
      if (wide) lo = d; else hi = (hi + d + (d < 0 ? 1 : 0)) & ones;
    };
    const random = (): void => { hi = r.next() & ones; lo = r.next(); };
    // Few bits set, from the top: products and sums of such are exact, or halfway between two numbers.
    const short = (): void => {
      random();
      const keep = r.below(fraction + 1);
      if (wide) { if (keep <= 20) { hi &= -1 << 20 - keep; lo = 0; } else lo &= keep === 52 ? -1 : -1 << 52 - keep; } else hi &= -1 << m - keep;
    };
    switch (r.below(KINDS)) {
      case 0: break;
      case 1: exp = max; break;
      case 2: exp = max; random(); hi |= 1 << m - 1; break;
      case 3: exp = max; random(); hi &= ~(1 << m - 1); lo |= 1; if (!wide) hi |= 1; break;
      case 4: exp = max; hi = 1 << m - 1; break;
      case 5: if (wide) lo = 1 + r.below(3); else hi = 1 + r.below(3); break;
      case 6: random(); if (wide && r.below(3) === 0) { hi = 0; lo >>>= r.below(32); } else hi >>>= r.below(m); break;
      case 7: exp = r.below(2); near(); break;
      case 8: exp = 1 + r.below(3); random(); break;
      case 9: exp = max - 1; near(); break;
      case 10: exp = max - 1 - r.below(3); random(); break;
      case 11: exp = bias + r.below(3) - 1; near(); break;
      case 12: exp = bias + r.below(3) - 1; random(); break;
      case 13: exp = bias + r.below(9) - 4; short(); break;
      case 14: exp = r.below(max); short(); break;
      case 15: exp = r.below(max); hi = 0; break;
      // Around the ends of integer types and of other formats.
      case 16: exp = bias + [7, 8, 15, 16, 31, 32, 63, 64][r.below(8)] - r.below(2); near(); break;
      case 17: exp = bias + r.below(68) - 2; short(); break;
      case 18: exp = bias + [-14, -15, -24, -25, -126, -127, -149, -150, 15, 16, 127, 128][r.below(12)]; near(); break;
      case 19: exp = bias + [-14, -15, -24, -25, -126, -127, -149, -150, 15, 16, 127, 128][r.below(12)]; short(); break;
      case 20: exp = (bias >> 1) + r.below(5) - 2; random(); break;
      case 21: exp = bias + (bias >> 1) + r.below(5) - 2; random(); break;
      default: exp = r.below(max + 1); random();
    }
    exp = Math.max(0, Math.min(max, exp));
    this.hi = (sign << e | exp) << m | hi & ones;
    this.lo = lo | 0;
  }
  /** Words and doublewords of integers: small, near powers of two, runs of ones, any. */
  integer(): void {
    const { r } = this, k = r.below(64), d = r.below(5) - 2;
    const power = (s: number): [number, number] => (s < 32 ? [0, 1 << s] : [1 << s - 32, 0]);
    switch (r.below(8)) {
      case 0: this.lo = r.below(17) - 8; this.hi = this.lo >> 31; return;
      case 1: [this.hi, this.lo] = power(k); break;
      case 2: [this.hi, this.lo] = power(k); this.lo += d; this.hi -= this.lo < 0 && k >= 32 && d < 0 ? 1 : 0; break;
      case 3: this.lo = [0x7fffffff, -0x80000000, -1, 0x01010101, 0x7f7f7f7f, -0x7f7f7f80, 0x7fff7fff, -0x7fff8000][r.below(8)]; this.hi = r.below(2) ? this.lo : r.next(); return;
      case 4: this.hi = r.next() >> r.below(32); this.lo = r.next(); return;
      case 5: this.lo = r.next() >> r.below(32); this.hi = r.below(2) ? this.lo >> 31 : r.next() >> r.below(32); return;
      default: this.hi = r.next(); this.lo = r.next(); return;
    }
    this.lo |= 0; this.hi |= 0;
    if (r.below(2)) { this.hi = ~this.hi; this.lo = ~this.lo; }
  }
}

/** What a lane of a later register has to do with that of an earlier one. */
const FRESH = 0, COPY = 1, NEGATED = 2, NEIGHBOUR = 3, SAME_BINADE = 4, PRODUCT = 5;

/** -(a × b), rounded to the format: what makes a fused addition cancel. */
function negatedProduct(d: DataView, f: Format, at: number, a: number, b: number): void {
  if (f === 'd') d.setFloat64(at, -d.getFloat64(a, true) * d.getFloat64(b, true), true);
  else if (f === 's') d.setFloat32(at, -d.getFloat32(a, true) * d.getFloat32(b, true), true);
  else if (f === 'h') d.setFloat16(at, -d.getFloat16(a, true) * d.getFloat16(b, true), true);
}

/** Draws V0…V4 of a set at `at`. */
function drawVectors(d: DataView, at: number, f: Format, w: Drawer): void {
  const { r } = w, bytes = f === 'd' || f === 'i' ? 8 : f === 's' ? 4 : 2, V = (n: number, i: number) => at + 16 * n + i;
  // V1 and V2 are the factors, V0 and V3 addends.
  for (const n of [1, 2, 0, 3, 4]) {
    const byLane = r.below(2) === 0;
    let relation = 0;
    for (let i = 0; i < 16; i += bytes) {
      const p = V(n, i), q = V(n === 2 ? 1 : 1 + r.below(2), i);
      if (i === 0 || byLane) relation = n === 1 || f === 'i' ? FRESH : [FRESH, FRESH, FRESH, FRESH, COPY, NEGATED, NEIGHBOUR, SAME_BINADE, PRODUCT, PRODUCT][r.below(n === 2 ? 8 : 10)];
      if (relation === FRESH) {
        if (f === 'i') w.integer(); else w.float(f);
        if (bytes === 2) d.setUint16(p, w.hi, true);
        else if (bytes === 4) d.setInt32(p, w.hi, true);
        else { d.setInt32(p, w.lo, true); d.setInt32(p + 4, w.hi, true); }
        continue;
      }
      for (let k = 0; k < bytes; k++) d.setUint8(p + k, d.getUint8(q + k));
      if (relation === NEGATED) d.setUint8(p + bytes - 1, d.getUint8(p + bytes - 1) ^ 0x80);
      else if (relation === NEIGHBOUR) {
        d.setUint8(p, d.getUint8(p) + r.below(5) - 2);
        if (r.below(2)) d.setUint8(p + bytes - 1, d.getUint8(p + bytes - 1) ^ 0x80);
      } else if (relation === SAME_BINADE) {
        for (let k = 0; k < Math.max(1, bytes - 2); k++) d.setUint8(p + k, r.next());
        d.setUint8(p + bytes - 1, d.getUint8(p + bytes - 1) ^ (r.below(2) << 7));
      } else if (relation === PRODUCT) {
        negatedProduct(d, f, p, V(1, i), V(2, i));
        if (r.below(2)) d.setUint8(p, d.getUint8(p) + r.below(3) - 1);
      }
    }
  }
}

/** RMode, FZ, DN, AHP, FZ16. */
const FPCR_BITS = 3 << 22 | 1 << 24 | 1 << 25 | 1 << 26 | 1 << 19;
/** FPSR: QC, IDC and the cumulative flags. */
const FPSR_BITS = 0x0800009f;

const hash = (s: string): number => { let h = 0x811c9dc5; for (const c of s) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193); return h; };

/** One word of a class with its operand sets. */
export interface WordRun { readonly word: number; readonly fpcrs: readonly number[]; readonly sets: Uint8Array }

/**
 * Draws word `index` of a class: the destination is V0 or X0, the sources are among V0…V4, X0, X1. `seed` 0 is the digests'.
 * `accepts` tells whether a word is allocated.
 */
export function drawRun(row: DecodeRow<any>, f: RowFields, index: number, seed: number, accepts: (word: number) => boolean): WordRun {
  const w = new Drawer(hash(row.name) + Math.imul(index + 1, 0x9e3779b1) + Math.imul(seed, 0x7feb352d)), { r } = w;
  let word: number;
  for (let tries = 0; ; tries++) {
    if (tries === 1000) throw new Error(`${row.name}: no allocated word`);
    word = (r.next() & ~f.mask) | f.value;
    const aliased = r.below(4) === 0, put = (name: string, value: number) => { if (hasField(f, name)) word = withField(f, word, name, aliased ? r.below(4) : value); };
    put('rn', 1); put('rm', 2); put('ra', 3);
    if (hasField(f, 'rd')) word = withField(f, word, 'rd', 0);
    // A table of up to four registers lies in V0…V4.
    if (/^TB[LX]$/.test(row.name)) word = withField(f, word, 'rn', r.below(2));
    // General registers: X0 or X1.
    if (/^(SCVTF|UCVTF)(_fixed)?$|from_gpr|_general/.test(row.name)) word = withField(f, word, 'rn', r.below(2));
    if (accepts(word)) break;
  }
  const own = formatOf(row, f, word), fpcrs: number[] = [], sets = new Uint8Array(MODES * SETS * SET.size);
  for (let m = 0; m < MODES; m++) fpcrs.push(m < 2 ? 0 : r.next() & FPCR_BITS & (r.below(2) ? r.next() | 3 << 22 : -1));
  const d = new DataView(sets.buffer);
  for (let i = 0; i < MODES * SETS; i++) {
    const at = i * SET.size;
    d.setUint32(at + SET.fpsr, [0, 16, 16, r.next() & FPSR_BITS][r.below(4)], true);
    d.setUint32(at + SET.nzcv, r.below(16) << 28, true);
    for (const x of [SET.x0, SET.x1]) { w.integer(); d.setInt32(at + x, w.lo, true); d.setInt32(at + x + 4, w.hi, true); }
    drawVectors(d, at + SET.v, own !== undefined && r.below(8) ? own : FORMATS[r.below(5)], w);
  }
  return { word, fpcrs, sets };
}

/** FNV-1a over the 32-bit words of results. */
export function digest(results: Uint8Array): number {
  const words = new Int32Array(results.buffer, results.byteOffset, results.length >> 2);
  let h = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) { h = Math.imul(h ^ words[i], 0x01000193); h ^= h >>> 15; }
  return h >>> 0;
}
