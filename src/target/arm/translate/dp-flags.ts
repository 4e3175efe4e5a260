// Flag manipulation (FEAT_FlagM, FEAT_FlagM2): CFINV, RMIF, SETF8, SETF16, XAFLAG, AXFLAG. All work on packed NZCV.
import type { DecodeRow } from '../../../tcg/decode.ts';
import { Cond } from '../../../tcg/types.ts';
import { packedNzcv } from './cond.ts';
import type { DisasContext } from './context.ts';

type S = DisasContext;
const N = 0x80000000n, Z = 0x40000000n, C = 0x20000000n, V = 0x10000000n;

function trans_CFINV(s: S): boolean {
  if (!s.feat.flagm) return false;
  const p = packedNzcv(s);
  s.tcg.xor(p, p, C);
  s.setNzcv(p);
  return true;
}

/** The flags in `mask` from the low bits of Xn rotated right. */
function trans_RMIF(s: S, a: { imm: number; rn: number; mask: number }): boolean {
  if (!s.feat.flagm) return false;
  const { tcg } = s, p = packedNzcv(s), t = tcg.i64(), m = BigInt(a.mask) << 28n;
  tcg.rotr(t, s.xr(a.rn), a.imm);
  tcg.shl(t, t, 28);
  tcg.and(t, t, m);
  tcg.and(p, p, (N | Z | C | V) & ~m);
  tcg.or(p, p, t);
  s.setNzcv(p);
  return true;
}

/** N, Z of the low 8 or 16 bits; V = overflow into the bit above; C stays. */
function trans_SETF(s: S, a: { sz: number; rn: number }): boolean {
  if (!s.feat.flagm) return false;
  const { tcg } = s, p = packedNzcv(s), x = s.xr(a.rn), t = tcg.i64(), z = tcg.i64();
  const bits = a.sz ? 16 : 8;
  tcg.and(p, p, C);
  tcg.shl(t, x, 32 - bits);
  tcg.and(z, t, N);
  tcg.or(p, p, z);
  // bit msb+1 ^ msb, moved to bit 28
  tcg.shr(z, x, 1);
  tcg.xor(z, z, x);
  tcg.shl(z, z, 28 - (bits - 1));
  tcg.and(z, z, V);
  tcg.or(p, p, z);
  tcg.and(t, x, (1n << BigInt(bits)) - 1n);
  tcg.setcond(Cond.EQ, t, t, 0);
  tcg.shl(t, t, 30);
  tcg.or(p, p, t);
  s.setNzcv(p);
  return true;
}

/** Arm flags of a floating-point compare from the alternative format: N = !C & !Z, Z = Z & C, C = C | Z, V = !C & Z. */
function trans_XAFLAG(s: S): boolean {
  if (!s.feat.flagm2) return false;
  const { tcg } = s, p = packedNzcv(s), r = tcg.i64(), t = tcg.i64(), u = tcg.i64();
  tcg.shl(t, p, 1);
  tcg.shl(u, p, 2);
  tcg.nor(r, t, u);
  tcg.and(r, r, N);
  tcg.and(t, t, p);
  tcg.and(t, t, Z);
  tcg.or(r, r, t);
  tcg.shr(t, p, 1);
  tcg.shr(u, p, 2);
  tcg.andc(u, u, t);
  tcg.and(u, u, V);
  tcg.or(r, r, u);
  tcg.or(t, t, p);
  tcg.and(t, t, C);
  tcg.or(r, r, t);
  s.setNzcv(r);
  return true;
}

/** The reverse: Z = Z | V, C = C & !V, N = V = 0. */
function trans_AXFLAG(s: S): boolean {
  if (!s.feat.flagm2) return false;
  const { tcg } = s, p = packedNzcv(s), r = tcg.i64(), t = tcg.i64();
  tcg.shl(t, p, 2);
  tcg.or(r, p, t);
  tcg.and(r, r, Z);
  tcg.shl(t, p, 1);
  tcg.andc(t, p, t);
  tcg.and(t, t, C);
  tcg.or(r, r, t);
  s.setNzcv(r);
  return true;
}

export const dpFlagRows: DecodeRow<DisasContext>[] = [
  { name: 'CFINV', pattern: '1101010100 0 00 000 0100 0000 000 11111', trans: trans_CFINV },
  { name: 'XAFLAG', pattern: '1101010100 0 00 000 0100 0000 001 11111', trans: trans_XAFLAG },
  { name: 'AXFLAG', pattern: '1101010100 0 00 000 0100 0000 010 11111', trans: trans_AXFLAG },
  { name: 'RMIF', pattern: '1 0 1 11010000 imm:6 00001 rn:5 0 mask:4', trans: trans_RMIF },
  { name: 'SETF', pattern: '0 0 1 11010000 000000 sz:1 0010 rn:5 0 1101', trans: trans_SETF },
];
