// Condition codes: turns the lazy flags into one comparison wherever their kind is known.
import { Cond, invertCond, type Temp } from '../../../tcg/types.ts';
import { CC } from '../flags.ts';
import type { Compare, DisasContext } from './context.ts';

/** Condition pairs by cond<3:1>; cond<0> inverts all but AL. */
const EQ = 0, CS = 1, MI = 2, VS = 3, HI = 4, GE = 5, GT = 6;

/** AL and NV. */
export const isAlways = (cond: number): boolean => cond >= 14;

const SIGN32 = 0x80000000n;
const N = 0x80000000n, Z = 0x40000000n, C = 0x20000000n, V = 0x10000000n;

const cmp = (s: DisasContext, cond: Cond, a: Temp, b: Temp | bigint | number): Compare =>
  ({ cond, a, b: typeof b === 'object' ? b : s.tcg.constI64(b) });
const constant = (s: DisasContext, truth: boolean): Compare => cmp(s, truth ? Cond.EQ : Cond.NE, s.tcg.constI64(0), 0);

/** flags of a - b */
function subTest(s: DisasContext, test: number, is32: boolean): Compare {
  const { tcg, g: { ccA: a, ccB: b } } = s;
  switch (test) {
    case EQ: return cmp(s, Cond.EQ, a, b);
    case CS: return cmp(s, Cond.GEU, a, b);
    case HI: return cmp(s, Cond.GTU, a, b);
    case GE: case GT: {
      const cond = test === GE ? Cond.GE : Cond.GT;
      if (!is32) return cmp(s, cond, a, b);
      const x = tcg.i64(), y = tcg.i64();
      tcg.ext32s(x, a);
      tcg.ext32s(y, b);
      return cmp(s, cond, x, y);
    }
    case MI: {
      const r = tcg.i64();
      tcg.sub(r, a, b);
      return signTest(s, r, is32);
    }
    default: {
      // V = (a ^ b) & (a ^ r)
      const r = tcg.i64(), x = tcg.i64();
      tcg.sub(r, a, b);
      tcg.xor(r, r, a);
      tcg.xor(x, a, b);
      tcg.and(r, r, x);
      return signTest(s, r, is32);
    }
  }
}

/** flags of a + b; undefined where no single comparison does it */
function addTest(s: DisasContext, test: number, is32: boolean): Compare | undefined {
  const { tcg, g: { ccA: a, ccB: b } } = s;
  const t = tcg.i64();
  if (test === VS) {
    // V = (a ^ r) & (b ^ r)
    const x = tcg.i64();
    tcg.add(t, a, b);
    tcg.xor(x, t, a);
    tcg.xor(t, t, b);
    tcg.and(t, t, x);
    return signTest(s, t, is32);
  }
  if (is32) {
    // The zero-extended operands' sum is exact in 64 bits, and so is the sign-extended ones'.
    if (test === GE || test === GT) {
      const x = tcg.i64();
      tcg.ext32s(t, a);
      tcg.ext32s(x, b);
      tcg.add(t, t, x);
      return cmp(s, test === GE ? Cond.GE : Cond.GT, t, 0);
    }
    tcg.add(t, a, b);
    switch (test) {
      case EQ: return cmp(s, Cond.TSTEQ, t, 0xffffffffn);
      case CS: return cmp(s, Cond.GTU, t, 0xffffffffn);
      case HI: return cmp(s, Cond.GTU, t, 0x100000000n);
      default: return cmp(s, Cond.TSTNE, t, SIGN32);
    }
  }
  switch (test) {
    case EQ: tcg.add(t, a, b); return cmp(s, Cond.EQ, t, 0);
    case MI: tcg.add(t, a, b); return cmp(s, Cond.LT, t, 0);
    // a + b carries when a > ~b, and is not negative (before truncation) when a > ~b as signed numbers.
    case CS: tcg.not(t, b); return cmp(s, Cond.GTU, a, t);
    case GE: tcg.not(t, b); return cmp(s, Cond.GT, a, t);
    default: return undefined;
  }
}

/** N and Z of a, C = V = 0 */
function logicTest(s: DisasContext, test: number, is32: boolean): Compare {
  const { tcg, g: { ccA: a } } = s;
  switch (test) {
    case EQ: return cmp(s, Cond.EQ, a, 0);
    case CS: case VS: case HI: return constant(s, false);
    case MI: return signTest(s, a, is32);
    case GE: return is32 ? cmp(s, Cond.TSTEQ, a, SIGN32) : cmp(s, Cond.GE, a, 0);
    default: {
      if (!is32) return cmp(s, Cond.GT, a, 0);
      const t = tcg.i64();
      tcg.ext32s(t, a);
      return cmp(s, Cond.GT, t, 0);
    }
  }
}

/** packed N:Z:C:V in bits 31…28 of `a`, other bits 0 */
function nzcvTest(s: DisasContext, test: number, a: Temp): Compare {
  const { tcg } = s;
  switch (test) {
    case EQ: return cmp(s, Cond.TSTNE, a, Z);
    case CS: return cmp(s, Cond.TSTNE, a, C);
    case MI: return cmp(s, Cond.TSTNE, a, N);
    case VS: return cmp(s, Cond.TSTNE, a, V);
    case HI: {
      const t = tcg.i64();
      tcg.and(t, a, C | Z);
      return cmp(s, Cond.EQ, t, C);
    }
    default: {
      // Bit 31 of a ^ (a << 3) is N ^ V; bit 30 stays Z.
      const t = tcg.i64();
      tcg.shl(t, a, 3);
      tcg.xor(t, t, a);
      return cmp(s, Cond.TSTEQ, t, test === GE ? N : N | Z);
    }
  }
}

/** r is negative */
const signTest = (s: DisasContext, r: Temp, is32: boolean): Compare =>
  is32 ? cmp(s, Cond.TSTNE, r, SIGN32) : cmp(s, Cond.LT, r, 0);

/** NZCV now, in bits 31…28 of a new temporary. */
export function packedNzcv(s: DisasContext): Temp {
  const t = s.tcg.i64();
  if (s.ccOp === CC.NZCV) s.tcg.mov(t, s.g.ccA);
  else s.tcg.callW(s.helpers.pack_nzcv, t, s.ccOp === CC.DYNAMIC ? s.g.ccOp : s.ccOp, s.g.ccA, s.g.ccB);
  return t;
}

/**
 * The comparison that is true when the condition holds (Arm ARM, ConditionHolds). `cond` is 0…13; AL and NV are the
 * caller's. `last`: nothing in this TB tests the flags again, so that computed ones need not be kept.
 */
export function condition(s: DisasContext, cond: number, last = false): Compare {
  const test = cond >> 1;
  let c: Compare | undefined;
  switch (s.ccOp) {
    case CC.SUB32: case CC.SUB64: c = subTest(s, test, s.ccOp === CC.SUB32); break;
    case CC.ADD32: case CC.ADD64: c = addTest(s, test, s.ccOp === CC.ADD32); break;
    case CC.LOGIC32: case CC.LOGIC64: c = logicTest(s, test, s.ccOp === CC.LOGIC32); break;
    case CC.NZCV: c = nzcvTest(s, test, s.g.ccA); break;
  }
  if (!c) {
    const t = packedNzcv(s);
    if (!last) s.setNzcv(t);
    c = nzcvTest(s, test, t);
  }
  return cond & 1 ? { ...c, cond: invertCond(c.cond) } : c;
}
