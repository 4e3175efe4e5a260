// Every vector op and every static form of it: the interpreter against lane-by-lane arithmetic in BigInt.
import t from 'tap';
import { Cond, Type } from '../../src/tcg/types.ts';
import { compare } from '../../src/tcg/ops/int.ts';
import { vecOps } from '../../src/tcg/ops/vec.ts';
import { VARIANTS } from '../../src/tcg/variants.ts';
import { optimize } from '../../src/tcg/optimize.ts';
import { TcgBench } from '../support/tcg-bench.ts';

let seed = 7n;
const rnd64 = () => { seed = (seed * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn; return seed ^ (seed >> 31n); };
const rndBytes = (pick: () => number) => Array.from({ length: 16 }, (_, i) => BigInt(pick()) << BigInt(8 * i)).reduce((x, y) => x | y);
const EDGE = [0, 0, 1, 0x7f, 0x80, 0x81, 0xfe, 0xff];
/** Random bytes, or runs of edge bytes so that whole lanes become extreme values. */
function rndVec(): bigint {
  if (rnd64() & 1n) return rndBytes(() => Number(rnd64() & 0xffn));
  let b = 0;
  return rndBytes(() => { if (rnd64() & 4n) b = EDGE[Number(rnd64() & 7n)]; return b; });
}

const bitsOf = (size: number) => 8n << BigInt(size);
const split = (v: bigint, size: number): bigint[] => Array.from({ length: 16 >> size }, (_, i) => (v >> (bitsOf(size) * BigInt(i))) & ((1n << bitsOf(size)) - 1n));
const join = (lanes: bigint[], size: number): bigint =>
  lanes.reduce((r, x, i) => r | (BigInt.asUintN(Number(bitsOf(size)), x) << (bitsOf(size) * BigInt(i))), 0n);
const s = (size: number, x: bigint) => BigInt.asIntN(Number(bitsOf(size)), x);
const clamp = (x: bigint, lo: bigint, hi: bigint) => (x < lo ? lo : x > hi ? hi : x);
const satS = (size: number, x: bigint) => clamp(x, -(1n << (bitsOf(size) - 1n)), (1n << (bitsOf(size) - 1n)) - 1n);
const satU = (size: number, x: bigint) => clamp(x, 0n, (1n << bitsOf(size)) - 1n);
const ones = (1n << 128n) - 1n;
const byteAt = (v: bigint, i: number) => (v >> BigInt(8 * i)) & 0xffn;

/** Lane-wise reference: (size, a, b) with zero-extended lanes. */
const lane2: Record<string, (n: number, a: bigint, b: bigint) => bigint> = {
  add_vec: (_n, a, b) => a + b, sub_vec: (_n, a, b) => a - b, mul_vec: (_n, a, b) => a * b,
  neg_vec: (_n, a) => -a, abs_vec: (n, a) => (s(n, a) < 0n ? -a : a),
  ssadd_vec: (n, a, b) => satS(n, s(n, a) + s(n, b)), sssub_vec: (n, a, b) => satS(n, s(n, a) - s(n, b)),
  usadd_vec: (n, a, b) => satU(n, a + b), ussub_vec: (n, a, b) => satU(n, a - b),
  smin_vec: (n, a, b) => (s(n, a) < s(n, b) ? a : b), smax_vec: (n, a, b) => (s(n, a) > s(n, b) ? a : b),
  umin_vec: (_n, a, b) => (a < b ? a : b), umax_vec: (_n, a, b) => (a > b ? a : b),
  avgr_vec: (_n, a, b) => (a + b + 1n) >> 1n,
  popcnt_vec: (_n, a) => BigInt(a.toString(2).replaceAll('0', '').length),
};
const ext = (x: bigint, size: number, half: number) => (half & 2 ? x : s(size, x));
/** What an op gives; imms as in the op. */
function reference(name: string, imms: number[], v: bigint[], x: bigint): bigint {
  const [n, k] = imms, [a, b, c] = v;
  if (lane2[name]) return join(split(a, n).map((p, i) => lane2[name](n, p, split(b ?? 0n, n)[i])), n);
  const halves = (p: bigint, half: number) => split(p, n - 1).slice(half & 1 ? 16 >> n : 0).slice(0, 16 >> n).map((q) => ext(q, n - 1, half));
  switch (name) {
    case 'and_vec': return a & b;
    case 'or_vec': return a | b;
    case 'xor_vec': return a ^ b;
    case 'andc_vec': return a & (b ^ ones);
    case 'orc_vec': return a | (b ^ ones);
    case 'not_vec': return a ^ ones;
    case 'bitsel_vec': return (a & b) | ((a ^ ones) & c);
    case 'shli_vec': return join(split(a, n).map((p) => p << BigInt(k)), n);
    case 'shri_vec': return join(split(a, n).map((p) => p >> BigInt(k)), n);
    case 'sari_vec': return join(split(a, n).map((p) => s(n, p) >> BigInt(k)), n);
    case 'cmp_vec': return join(split(a, n).map((p, i) => {
      const q = split(b, n)[i], signed = k === Cond.GE || k === Cond.GT;
      return compare(Type.I64, k, signed ? BigInt.asUintN(64, s(n, p)) : p, signed ? BigInt.asUintN(64, s(n, q)) : q) ? -1n : 0n;
    }), n);
    case 'extend_vec': return join(halves(a, k), n);
    case 'extmul_vec': return join(halves(a, k).map((p, i) => p * halves(b, k)[i]), n);
    case 'extadd_vec': { const l = split(a, n - 1).map((p) => ext(p, n - 1, k ? 2 : 0)); return join(Array.from({ length: 16 >> n }, (_, i) => l[2 * i] + l[2 * i + 1]), n); }
    case 'narrow_vec': return join([...split(a, n + 1), ...split(b, n + 1)].map((p) => (k ? satU : satS)(n, s(n + 1, p))), n);
    case 'swizzle_vec': return join(split(b, 0).map((i) => (i > 15n ? 0n : byteAt(a, Number(i)))), 0);
    case 'shuffle_vec': return join(split(c, 0).map((i) => (i > 31n ? 0n : byteAt(a | (b << 128n), Number(i)))), 0);
    case 'dup_vec': return join(Array.from({ length: 16 >> n }, () => x), n);
    case 'zext_i64_v128': return x;
    case 'extract_vec': return split(a, n >> 4)[n & 15];
    case 'sextract_vec': return BigInt.asUintN(64, s(n >> 4, split(a, n >> 4)[n & 15]));
    case 'insert_vec': { const l = split(a, n >> 4); l[n & 15] = x; return join(l, n >> 4); }
    default: throw new Error(`no reference for ${name}`);
  }
}

t.test('vector ops match lane-by-lane arithmetic', (t) => {
  const b = new TcgBench();
  const defs = new Set(vecOps);
  let cases = 0;
  for (const variant of VARIANTS) {
    const { def } = variant;
    if (!defs.has(def)) continue;
    cases++;
    for (let round = 0; round < 25; round++) {
      const v = [rndVec(), rndVec(), rndVec()], x = rnd64();
      if (/shuffle|swizzle/.test(def.name)) v[def.ins.length - 1] = rndBytes(() => Number(rnd64() % (round & 1 ? 40n : 256n)));
      const imms = variant.stat.map((k) => k ?? Number(rnd64() % bitsOf(variant.stat[0]!)));
      b.tcg.reset();
      v.forEach((p, i) => b.setV(i, p));
      b.set(0, x);
      const ins = def.ins.map((k, i) => (k === 'i64' ? b.g[0] : variant.constMask >> i & 1 ? b.tcg.const(Type.V128, v[i]) : b.v[i]));
      const toVec = variant.type === Type.V128;
      b.tcg.emit(def, variant.type, [toVec ? b.v[7] : b.g[1]], ins, imms);
      b.tcg.exitTb(2);
      const want = reference(def.name, imms, v, x);
      for (const ops of [b.tcg.ops.map((o) => ({ ...o })), optimize(b.tcg)]) {
        b.setV(7, 0n); b.set(1, 0n);
        b.exec(ops);
        const got = toVec ? b.getV(7) : b.get(1);
        if (got !== want) { t.equal(got.toString(16), want.toString(16), `${def.name} ${imms} ${v.map((p) => p.toString(16))}`); return t.end(); }
      }
    }
  }
  t.ok(cases > 200, `${cases} forms`);
  t.end();
});
