// Deterministic operands of the scalar FP tests: the golden-vector script and the test that replays it make the same ones.
import type { FpOp } from './fp-ops.ts';

let seed = 1n;
const rnd = (): bigint => {
  seed = (seed * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
  const x = seed ^ (seed >> 33n);
  return (x * 0xff51afd7ed558ccdn & 0xffffffffffffffffn) ^ (x >> 29n);
};
const below = (n: number): number => Number(rnd() % BigInt(n));

const FORMATS = { h: [5, 10], s: [8, 23], d: [11, 52] } as const;
type Prec = keyof typeof FORMATS;

/** A value chosen to hit corner cases, near `other` now and then. */
function interesting(p: Prec, other?: bigint): bigint {
  const [e, f] = FORMATS[p].map(BigInt), bits = 1n + e + f, all = (1n << bits) - 1n, expMax = (1n << e) - 1n, bias = expMax >> 1n;
  const make = (s: bigint, x: bigint, m: bigint) => (s << (bits - 1n)) | (x << f) | (m & ((1n << f) - 1n));
  const s = rnd() & 1n;
  if (other !== undefined) {
    switch (below(10)) {
      case 0: return other & all;
      case 1: return (other ^ (1n << (bits - 1n))) & all;
      case 2: return (other + rnd() % 5n - 2n) & all;
      case 3: case 4: return ((other & ~((1n << f) - 1n)) + (rnd() & ((1n << f) - 1n)) + ((rnd() % 5n - 2n) << f)) & all;
    }
  }
  switch (below(16)) {
    case 0: return make(s, 0n, 0n);
    case 1: return make(s, expMax, 0n);
    case 2: return make(s, expMax, rnd() | (rnd() & 1n) << (f - 1n) | 1n);
    case 3: return make(s, 0n, rnd() >> (rnd() & 63n));
    case 4: return make(s, rnd() & 1n, (rnd() % 5n) - 2n);
    case 5: return make(s, expMax - 1n, (rnd() % 5n) - 2n);
    case 6: return make(s, bias + rnd() % 5n - 2n, (rnd() % 5n) - 2n);
    // Integers and halves around the limits of integer types.
    case 7: case 8: return make(s, (bias + rnd() % 68n - 2n) & expMax, rnd() & (((1n << f) - 1n) << (rnd() % (f + 1n))));
    case 9: return make(s, (bias + [7n, 8n, 15n, 16n, 31n, 32n, 63n, 64n][below(8)] - rnd() % 2n) & expMax, rnd() % 3n - 1n);
    case 10: return make(s, bias + rnd() % 9n - 4n, rnd());
    case 11: return make(s, rnd() % (f + 3n) & expMax, rnd());
    default: return rnd() & all;
  }
}

const FPCRS = [0, 0, 0, 1 << 22, 2 << 22, 3 << 22, 1 << 24, 1 << 25, 1 << 24 | 1 << 22, 1 << 19, 1 << 26, 1 << 26 | 3 << 22];

/** -(a × b) in double precision, as a pattern of the format: what makes a fused addition cancel. */
function product(p: Prec, a: bigint, b: bigint): bigint {
  const d = new DataView(new ArrayBuffer(8));
  const get = (x: bigint): number => {
    if (p === 'd') { d.setBigUint64(0, x); return d.getFloat64(0); }
    if (p === 's') { d.setUint32(0, Number(x)); return d.getFloat32(0); }
    d.setUint16(0, Number(x)); return d.getFloat16(0);
  };
  const r = -get(a) * get(b);
  if (p === 'd') { d.setFloat64(0, r); return d.getBigUint64(0); }
  if (p === 's') { d.setFloat32(0, r); return BigInt(d.getUint32(0)); }
  d.setFloat16(0, r); return BigInt(d.getUint16(0));
}

/** What one run starts from. */
export interface FpCase { fpcr: number; fpsr: number; v: readonly [bigint, bigint, bigint]; x: bigint }

/** `n` cases of each op, the same on every call. */
export function* fpCases(ops: readonly FpOp[], n: number, start = 1n): Generator<{ op: FpOp; c: FpCase }> {
  seed = start;
  for (const op of ops) {
    const p = op.prec === 'i' ? 'd' : op.prec;
    for (let i = 0; i < n; i++) {
      const a = interesting(p), b = interesting(p, a), c = interesting(p, rnd() & 1n ? a : product(p, a, b));
      const x = op.prec === 'i' ? BigInt.asUintN(64, rnd() >> BigInt(below(64)) ^ (rnd() & 1n ? -1n : 0n)) : rnd();
      // Half of the runs start with IXC set: the helpers' native paths depend on it.
      yield { op, c: { fpcr: FPCRS[below(FPCRS.length)], fpsr: rnd() & 1n ? 16 : 0, v: [a, b, c], x } };
    }
  }
}
