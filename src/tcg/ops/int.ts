// Integer ops: each row's `emit` is the op's meaning; `fold` repeats it on constants for the optimiser.
import { Type, Cond } from '../types.ts';
import { defOp, OpFlag, type Emit, type OpDef } from './def.ts';

const INT = [Type.I32, Type.I64] as const;
const I64 = [Type.I64] as const;
const I32 = [Type.I32] as const;

export const bitsOf = (t: Type): number => (t === Type.I32 ? 32 : t === Type.I64 ? 64 : 128);
const mask = (t: Type): bigint => (t === Type.I32 ? 0xffffffffn : 0xffffffffffffffffn);
const signed = (t: Type, v: bigint): bigint => BigInt.asIntN(bitsOf(t), v);

const p = (e: Emit): 'i32' | 'i64' => (e.type === Type.I32 ? 'i32' : 'i64');
type BinName = 'add' | 'sub' | 'mul' | 'and' | 'or' | 'xor' | 'shl' | 'shr_s' | 'shr_u' | 'rotl' | 'rotr';

function binary(name: string, wasm: BinName, doc: string, fold: (t: Type, a: bigint, b: bigint) => bigint, commutative = false): OpDef {
  return defOp(name, {
    doc, types: INT, outs: ['T'], ins: ['T', 'T'], constIns: [1],
    flags: commutative ? OpFlag.COMMUTATIVE : 0,
    fold: (t, [a, b]) => fold(t, a, b) & mask(t),
    emit: (e) => e.out(0, () => { e.in(0); e.in(1); e.w.op(`${p(e)}_${wasm}`); }),
  });
}

const constant = (e: Emit, v: bigint | number): void => {
  if (e.type === Type.I32) e.w.i32Const(Number(BigInt.asIntN(32, BigInt(v))));
  else e.w.i64Const(v);
};

/** a op ~b, or ~(a op b). */
function withNot(name: string, wasm: 'and' | 'or' | 'xor', which: 'b' | 'result', doc: string): OpDef {
  const f = { and: (a: bigint, b: bigint) => a & b, or: (a: bigint, b: bigint) => a | b, xor: (a: bigint, b: bigint) => a ^ b }[wasm];
  return defOp(name, {
    doc, types: INT, outs: ['T'], ins: ['T', 'T'], constIns: [1],
    fold: (t, [a, b]) => (which === 'b' ? f(a, ~b & mask(t)) : ~f(a, b)) & mask(t),
    emit: (e) => e.out(0, () => {
      const not = () => { constant(e, -1); e.w.op(`${p(e)}_xor`); };
      e.in(0); e.in(1);
      if (which === 'b') not();
      e.w.op(`${p(e)}_${wasm}`);
      if (which === 'result') not();
    }),
  });
}

/** Pushes the i32 truth value of `in(a) cond in(b)`. */
export function emitCompare(e: Emit, cond: number, a: number, b: number, type: Type = e.type): void {
  const q = type === Type.I32 ? 'i32' : 'i64';
  const suffix = ['eq', 'ne', 'lt_s', 'ge_s', 'le_s', 'gt_s', 'lt_u', 'ge_u', 'le_u', 'gt_u'] as const;
  e.in(a); e.in(b);
  if (cond === Cond.TSTEQ || cond === Cond.TSTNE) {
    e.w.op(`${q}_and`);
    if (cond === Cond.TSTEQ) e.w.op(`${q}_eqz`);
    else if (q === 'i64') { e.w.op('i64_eqz'); e.w.op('i32_eqz'); }
    else { e.w.op('i32_eqz'); e.w.op('i32_eqz'); }
  } else e.w.op(`${q}_${suffix[cond]}`);
}

/** Reference comparison of two zero-extended values. */
export function compare(t: Type, cond: number, a: bigint, b: bigint): boolean {
  const sa = signed(t, a), sb = signed(t, b);
  switch (cond) {
    case Cond.EQ: return a === b;
    case Cond.NE: return a !== b;
    case Cond.LT: return sa < sb;
    case Cond.GE: return sa >= sb;
    case Cond.LE: return sa <= sb;
    case Cond.GT: return sa > sb;
    case Cond.LTU: return a < b;
    case Cond.GEU: return a >= b;
    case Cond.LEU: return a <= b;
    case Cond.GTU: return a > b;
    case Cond.TSTEQ: return (a & b) === 0n;
    default: return (a & b) !== 0n;
  }
}
export const COND_IMM = { name: 'cond', values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] } as const;

/** Division that never traps: x / 0 = 0 and MIN / -1 = MIN (QEMU leaves both undefined). */
function division(name: string, kind: 'div_s' | 'div_u' | 'rem_s' | 'rem_u', doc: string): OpDef {
  const isSigned = kind.endsWith('_s');
  const isRem = kind.startsWith('rem');
  return defOp(name, {
    doc, types: INT, outs: ['T'], ins: ['T', 'T'],
    fold: (t, [a, b]) => {
      if (b === 0n) return isRem ? a : 0n;
      const [x, y] = isSigned ? [signed(t, a), signed(t, b)] : [a, b];
      return (isRem ? x % y : x / y) & mask(t);
    },
    emit: (e) => e.out(0, () => {
      const q = p(e), d = e.scratch(q, 0), n = e.scratch(q, 1);
      e.in(0); e.w.localSet(n);
      e.in(1); e.w.localTee(d); e.w.op(`${q}_eqz`);
      e.w.if(q);
      if (isRem) e.w.localGet(n); else constant(e, 0);
      e.w.else();
      if (kind === 'div_s') {
        e.w.localGet(d); constant(e, -1); e.w.op(`${q}_eq`);
        e.w.if(q); constant(e, 0); e.w.localGet(n); e.w.op(`${q}_sub`);
        e.w.else(); e.w.localGet(n); e.w.localGet(d); e.w.op(`${q}_div_s`); e.w.end();
      } else { e.w.localGet(n); e.w.localGet(d); e.w.op(`${q}_${kind}`); }
      e.w.end();
    }),
  });
}

function unary(name: string, doc: string, types: readonly Type[], fold: (t: Type, a: bigint) => bigint, emit: (e: Emit) => void): OpDef {
  return defOp(name, {
    doc, types, outs: ['T'], ins: ['T'], fold: (t, [a]) => fold(t, a) & mask(t),
    emit: (e) => e.out(0, () => emit(e)),
  });
}

const extS = (t: Type, v: bigint, n: number) => BigInt.asIntN(n, v) & mask(t);
const bswapBytes = (v: bigint, n: number): bigint => {
  let r = 0n;
  for (let i = 0; i < n; i++) r |= ((v >> BigInt(8 * i)) & 0xffn) << BigInt(8 * (n - 1 - i));
  return r;
};

/** Swaps bytes of the i64 or i32 on the stack: neighbours first, then halves, then words. */
export function emitBswap(e: Emit, q: 'i32' | 'i64', bytes: 2 | 4 | 8): void {
  const x = e.scratch(q, 7), w = e.w;
  const c = (v: bigint) => (q === 'i32' ? w.i32Const(Number(BigInt.asIntN(32, v))) : w.i64Const(v));
  w.localSet(x);
  const step = (m: bigint, s: bigint) => {
    w.localGet(x); c(s); w.op(`${q}_shr_u`); c(m); w.op(`${q}_and`);
    w.localGet(x); c(m); w.op(`${q}_and`); c(s); w.op(`${q}_shl`); w.op(`${q}_or`);
  };
  step(bytes === 2 ? 0xffn : bytes === 4 ? 0x00ff00ffn : 0x00ff00ff00ff00ffn, 8n);
  if (bytes === 2) return;
  w.localSet(x);
  if (bytes === 4) {
    if (q === 'i32') { w.localGet(x); w.i32Const(16); w.op('i32_rotl'); }
    else step(0xffffn, 16n);
    return;
  }
  step(0x0000ffff0000ffffn, 16n);
  c(32n); w.op('i64_rotl');
}

/** High 64 bits of the unsigned 128-bit product of inputs 0 and 1, from 32-bit halves. */
function emitMulUH(e: Emit): void {
  const w = e.w, a = e.scratch('i64', 0), b = e.scratch('i64', 1), al = e.scratch('i64', 2), bl = e.scratch('i64', 3), m = e.scratch('i64', 4);
  const lo32 = () => { w.i64Const(0xffffffffn); w.op('i64_and'); };
  const hi32 = () => { w.i64Const(32); w.op('i64_shr_u'); };
  e.in(0); w.localTee(a); lo32(); w.localSet(al);
  w.localGet(a); hi32(); w.localSet(a);
  e.in(1); w.localTee(b); lo32(); w.localSet(bl);
  w.localGet(b); hi32(); w.localSet(b);
  // m = a*bl + (al*bl >> 32)
  w.localGet(a); w.localGet(bl); w.op('i64_mul');
  w.localGet(al); w.localGet(bl); w.op('i64_mul'); hi32(); w.op('i64_add'); w.localSet(m);
  // a*b + (m >> 32) + ((al*b + lo32(m)) >> 32)
  w.localGet(a); w.localGet(b); w.op('i64_mul');
  w.localGet(m); hi32(); w.op('i64_add');
  w.localGet(al); w.localGet(b); w.op('i64_mul');
  w.localGet(m); lo32(); w.op('i64_add'); hi32(); w.op('i64_add');
}

const select = (e: Emit, type: Type, cond: number, push1: () => void, push0: () => void): void => {
  push1(); push0(); emitCompare(e, cond, 0, 1, type); e.w.op('select');
};

export const intOps = [
  defOp('mov', {
    doc: 't0 = t1', types: [Type.I32, Type.I64, Type.V128], outs: ['T'], ins: ['T'], constIns: [0],
    fold: (_t, [a]) => a, emit: (e) => e.out(0, () => e.in(0)),
  }),
  binary('add', 'add', 't0 = t1 + t2', (_t, a, b) => a + b, true),
  binary('sub', 'sub', 't0 = t1 - t2', (_t, a, b) => a - b),
  binary('mul', 'mul', 't0 = t1 * t2, low half', (_t, a, b) => a * b, true),
  binary('and', 'and', 't0 = t1 & t2', (_t, a, b) => a & b, true),
  binary('or', 'or', 't0 = t1 | t2', (_t, a, b) => a | b, true),
  binary('xor', 'xor', 't0 = t1 ^ t2', (_t, a, b) => a ^ b, true),
  withNot('andc', 'and', 'b', 't0 = t1 & ~t2'),
  withNot('orc', 'or', 'b', 't0 = t1 | ~t2'),
  withNot('eqv', 'xor', 'result', 't0 = ~(t1 ^ t2)'),
  withNot('nand', 'and', 'result', 't0 = ~(t1 & t2)'),
  withNot('nor', 'or', 'result', 't0 = ~(t1 | t2)'),
  binary('shl', 'shl', 't0 = t1 << (t2 mod bits)', (t, a, b) => a << (b & BigInt(bitsOf(t) - 1))),
  binary('shr', 'shr_u', 't0 = t1 >> (t2 mod bits), zeros shifted in', (t, a, b) => a >> (b & BigInt(bitsOf(t) - 1))),
  binary('sar', 'shr_s', 't0 = t1 >> (t2 mod bits), sign shifted in', (t, a, b) => signed(t, a) >> (b & BigInt(bitsOf(t) - 1))),
  binary('rotl', 'rotl', 't0 = t1 rotated left by t2', (t, a, b) => {
    const n = BigInt(bitsOf(t)), s = b & (n - 1n);
    return (a << s) | (a >> ((n - s) & (2n * n - 1n)));
  }),
  binary('rotr', 'rotr', 't0 = t1 rotated right by t2', (t, a, b) => {
    const n = BigInt(bitsOf(t)), s = b & (n - 1n);
    return (a >> s) | (a << (n - s));
  }),
  division('div', 'div_s', 't0 = t1 / t2 signed; 0 when t2 is 0, wraps on overflow'),
  division('divu', 'div_u', 't0 = t1 / t2 unsigned; 0 when t2 is 0'),
  division('rem', 'rem_s', 't0 = t1 % t2 signed; t1 when t2 is 0'),
  division('remu', 'rem_u', 't0 = t1 % t2 unsigned; t1 when t2 is 0'),
  defOp('muluh', {
    doc: 't0 = high half of t1 * t2, unsigned', types: I64, outs: ['T'], ins: ['T', 'T'], flags: OpFlag.COMMUTATIVE,
    fold: (_t, [a, b]) => (a * b) >> 64n,
    emit: (e) => e.out(0, () => emitMulUH(e)),
  }),
  defOp('mulsh', {
    doc: 't0 = high half of t1 * t2, signed', types: I64, outs: ['T'], ins: ['T', 'T'], flags: OpFlag.COMMUTATIVE,
    fold: (t, [a, b]) => ((signed(t, a) * signed(t, b)) >> 64n) & mask(t),
    emit: (e) => e.out(0, () => {
      // muluh(a,b) - (a<0 ? b : 0) - (b<0 ? a : 0)
      emitMulUH(e);
      for (const [x, y] of [[0, 1], [1, 0]]) {
        e.in(x); e.w.i64Const(63); e.w.op('i64_shr_s'); e.in(y); e.w.op('i64_and'); e.w.op('i64_sub');
      }
    }),
  }),
  unary('neg', 't0 = -t1', INT, (_t, a) => -a, (e) => { constant(e, 0); e.in(0); e.w.op(`${p(e)}_sub`); }),
  unary('not', 't0 = ~t1', INT, (_t, a) => ~a, (e) => { e.in(0); constant(e, -1); e.w.op(`${p(e)}_xor`); }),
  unary('ext8s', 't0 = sign-extended low 8 bits', INT, (t, a) => extS(t, a, 8), (e) => { e.in(0); e.w.op(`${p(e)}_extend8_s`); }),
  unary('ext16s', 't0 = sign-extended low 16 bits', INT, (t, a) => extS(t, a, 16), (e) => { e.in(0); e.w.op(`${p(e)}_extend16_s`); }),
  unary('ext32s', 't0 = sign-extended low 32 bits', I64, (t, a) => extS(t, a, 32), (e) => { e.in(0); e.w.op('i64_extend32_s'); }),
  unary('ext8u', 't0 = zero-extended low 8 bits', INT, (_t, a) => a & 0xffn, (e) => { e.in(0); constant(e, 0xff); e.w.op(`${p(e)}_and`); }),
  unary('ext16u', 't0 = zero-extended low 16 bits', INT, (_t, a) => a & 0xffffn, (e) => { e.in(0); constant(e, 0xffff); e.w.op(`${p(e)}_and`); }),
  unary('ext32u', 't0 = zero-extended low 32 bits', I64, (_t, a) => a & 0xffffffffn, (e) => { e.in(0); e.w.i64Const(0xffffffffn); e.w.op('i64_and'); }),
  unary('bswap16', 't0 = low 2 bytes swapped, zero-extended', INT, (_t, a) => bswapBytes(a, 2), (e) => { e.in(0); emitBswap(e, p(e), 2); }),
  unary('bswap32', 't0 = low 4 bytes reversed, zero-extended', INT, (_t, a) => bswapBytes(a, 4), (e) => { e.in(0); emitBswap(e, p(e), 4); }),
  unary('bswap64', 't0 = 8 bytes reversed', I64, (_t, a) => bswapBytes(a, 8), (e) => { e.in(0); emitBswap(e, 'i64', 8); }),
  unary('clz', 't0 = leading zeros of t1; all bits when t1 is 0', INT,
    (t, a) => BigInt(a === 0n ? bitsOf(t) : bitsOf(t) - a.toString(2).length), (e) => { e.in(0); e.w.op(`${p(e)}_clz`); }),
  unary('ctz', 't0 = trailing zeros of t1; all bits when t1 is 0', INT,
    (t, a) => BigInt(a === 0n ? bitsOf(t) : (a & -a).toString(2).length - 1), (e) => { e.in(0); e.w.op(`${p(e)}_ctz`); }),
  unary('ctpop', 't0 = bits set in t1', INT,
    (_t, a) => BigInt(a.toString(2).replaceAll('0', '').length), (e) => { e.in(0); e.w.op(`${p(e)}_popcnt`); }),
  defOp('extract', {
    doc: 't0 = t1[ofs+len-1:ofs], zero-extended; immediates: left and right shift', types: INT, outs: ['T'], ins: ['T'],
    imms: [{ name: 'shl', width: 'u8' }, { name: 'shr', width: 'u8' }],
    fold: (t, [a], [l, r]) => ((a << BigInt(l)) & mask(t)) >> BigInt(r),
    emit: (e) => e.out(0, () => {
      e.in(0);
      const r = e.immValue(1);
      if (e.type === Type.I64 && e.immValue(0) === 32 && r! >= 32) {
        // The top of the low word: a 32-bit shift extends for nothing.
        e.w.op('i32_wrap_i64'); e.w.i32Const(r! - 32); e.w.op('i32_shr_u'); e.w.op('i64_extend_i32_u');
        return;
      }
      for (const [k, s] of [[0, 'shl'], [1, 'shr_u']] as const) {
        e.imm(k); if (e.type === Type.I64) e.w.op('i64_extend_i32_u'); e.w.op(`${p(e)}_${s}`);
      }
    }),
  }),
  defOp('sextract', {
    doc: 't0 = t1[ofs+len-1:ofs], sign-extended; immediates: left and right shift', types: INT, outs: ['T'], ins: ['T'],
    imms: [{ name: 'shl', width: 'u8' }, { name: 'shr', width: 'u8' }],
    fold: (t, [a], [l, r]) => (signed(t, a << BigInt(l)) >> BigInt(r)) & mask(t),
    emit: (e) => e.out(0, () => {
      e.in(0);
      for (const [k, s] of [[0, 'shl'], [1, 'shr_s']] as const) {
        e.imm(k); if (e.type === Type.I64) e.w.op('i64_extend_i32_u'); e.w.op(`${p(e)}_${s}`);
      }
    }),
  }),
  defOp('deposit', {
    doc: 't0 = t1 with t2 inserted at ofs; immediates: ofs and the mask of the field before shifting', types: INT, outs: ['T'], ins: ['T', 'T'],
    imms: [{ name: 'ofs', width: 'u8' }, { name: 'len', width: 'u8' }],
    fold: (t, [a, b], [ofs, len]) => {
      const m = ((1n << BigInt(len)) - 1n) << BigInt(ofs);
      return ((a & ~m) | ((b << BigInt(ofs)) & m)) & mask(t);
    },
    emit: (e) => e.out(0, () => {
      // t1 ^ (((t1 >> ofs) ^ t2) & ones(len)) << ofs
      const q = p(e), s = e.scratch(q, 0), w = e.w;
      const imm = (k: number) => { e.imm(k); if (q === 'i64') w.op('i64_extend_i32_u'); };
      imm(0); w.localSet(s);
      e.in(0);
      e.in(0); w.localGet(s); w.op(`${q}_shr_u`); e.in(1); w.op(`${q}_xor`);
      constant(e, -1); constant(e, 0); imm(1); w.op(`${q}_sub`); w.op(`${q}_shr_u`);
      w.op(`${q}_and`); w.localGet(s); w.op(`${q}_shl`); w.op(`${q}_xor`);
    }),
  }),
  defOp('extract2', {
    doc: 't0 = low bits of (t2:t1 >> ofs)', types: INT, outs: ['T'], ins: ['T', 'T'], imms: [{ name: 'ofs', width: 'u8' }],
    fold: (t, [a, b], [ofs]) => ((a | (b << BigInt(bitsOf(t)))) >> BigInt(ofs)) & mask(t),
    emit: (e) => e.out(0, () => {
      // ofs in 1…bits-1
      const q = p(e), s = e.scratch(q, 0), w = e.w;
      e.imm(0); if (q === 'i64') w.op('i64_extend_i32_u'); w.localSet(s);
      e.in(0); w.localGet(s); w.op(`${q}_shr_u`);
      e.in(1); constant(e, 0); w.localGet(s); w.op(`${q}_sub`); w.op(`${q}_shl`);
      w.op(`${q}_or`);
    }),
  }),
  defOp('setcond', {
    doc: 't0 = (t1 cond t2) ? 1 : 0', types: INT, outs: ['T'], ins: ['T', 'T'], constIns: [1], imms: [COND_IMM],
    fold: (t, [a, b], [c]) => (compare(t, c, a, b) ? 1n : 0n),
    emit: (e) => e.out(0, () => { emitCompare(e, e.stat(0), 0, 1); if (e.type === Type.I64) e.w.op('i64_extend_i32_u'); }),
  }),
  defOp('negsetcond', {
    doc: 't0 = (t1 cond t2) ? -1 : 0', types: INT, outs: ['T'], ins: ['T', 'T'], constIns: [1], imms: [COND_IMM],
    fold: (t, [a, b], [c]) => (compare(t, c, a, b) ? mask(t) : 0n),
    emit: (e) => e.out(0, () => {
      constant(e, 0);
      emitCompare(e, e.stat(0), 0, 1); if (e.type === Type.I64) e.w.op('i64_extend_i32_u');
      e.w.op(`${p(e)}_sub`);
    }),
  }),
  defOp('movcond', {
    doc: 't0 = (t1 cond t2) ? t3 : t4', types: INT, outs: ['T'], ins: ['T', 'T', 'T', 'T'], constIns: [1], imms: [COND_IMM],
    fold: (t, [a, b, v1, v2], [c]) => (compare(t, c, a, b) ? v1 : v2),
    emit: (e) => e.out(0, () => select(e, e.type, e.stat(0), () => e.in(2), () => e.in(3))),
  }),
  defOp('extrl_i64_i32', {
    doc: 't0 = low half of t1', types: I32, outs: ['i32'], ins: ['i64'], fold: (_t, [a]) => a & 0xffffffffn,
    emit: (e) => e.out(0, () => { e.in(0); e.w.op('i32_wrap_i64'); }),
  }),
  defOp('extrh_i64_i32', {
    doc: 't0 = high half of t1', types: I32, outs: ['i32'], ins: ['i64'], fold: (_t, [a]) => a >> 32n,
    emit: (e) => e.out(0, () => { e.in(0); e.w.i64Const(32); e.w.op('i64_shr_u'); e.w.op('i32_wrap_i64'); }),
  }),
  defOp('ext_i32_i64', {
    doc: 't0 = t1, sign-extended', types: I64, outs: ['i64'], ins: ['i32'], fold: (t, [a]) => extS(t, a, 32),
    emit: (e) => e.out(0, () => { e.in(0); e.w.op('i64_extend_i32_s'); }),
  }),
  defOp('extu_i32_i64', {
    doc: 't0 = t1, zero-extended', types: I64, outs: ['i64'], ins: ['i32'], fold: (_t, [a]) => a,
    emit: (e) => e.out(0, () => { e.in(0); e.w.op('i64_extend_i32_u'); }),
  }),
];
