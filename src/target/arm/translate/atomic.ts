// Single-instruction atomics (FEAT_LSE): CAS, CASP, SWP, LD<op>. All orders are sequentially consistent.
import type { DecodeRow } from '../../../tcg/decode.ts';
import { Cond, MemOp, type Temp } from '../../../tcg/types.ts';
import type { RmwKind } from '../../../tcg/ops/mem.ts';
import type { DisasContext } from './context.ts';
import { pairFromMemory, pairToMemory } from './exclusive.ts';

type S = DisasContext;
type Kind = Exclude<RmwKind, 'cmpxchg'>;
interface Rmw { size: number; rs: number; rn: number; rt: number }

const swap = (s: S, d: Temp, v: Temp, size: number): void => {
  if (size === 1) s.tcg.bswap16(d, v); else if (size === 2) s.tcg.bswap32(d, v); else s.tcg.bswap64(d, v);
};

/** old = [addr]; [addr] = old `kind` operand. */
function readModifyWrite(s: S, kind: Kind, old: Temp, addr: Temp, operand: Temp, size: number): void {
  const { tcg } = s;
  if (s.beData && size > 0) return bigEndianRmw(s, kind, old, addr, operand, size);
  if (kind === 'xchg') tcg.atomicXchg(old, addr, operand, size, s.mmuIdx);
  else tcg.atomicFetch(kind, old, addr, operand, size, s.mmuIdx);
}

/** The same on big-endian data: a compare-and-swap loop over the bytes as they lie in memory. */
function bigEndianRmw(s: S, kind: Kind, old: Temp, addr: Temp, operand: Temp, size: number): void {
  const { tcg } = s, again = s.label(), bits = 8 << size;
  const base = tcg.tempTb(), result = tcg.tempTb(), value = tcg.tempTb();
  const isSigned = kind === 'smin' || kind === 'smax';
  tcg.mov(base, addr);
  if (isSigned) tcg.sextract(value, operand, 0, bits); else tcg.extract(value, operand, 0, bits);
  tcg.setLabel(again);
  const raw = tcg.i64(), next = tcg.i64(), seen = tcg.i64();
  tcg.qemuLd(raw, base, size | MemOp.MO_SEQCST, s.mmuIdx);
  swap(s, result, raw, size);
  switch (kind) {
    case 'xchg': tcg.mov(next, value); break;
    case 'add': case 'and': case 'or': case 'xor': tcg[kind](next, result, value); break;
    default: {
      const x = tcg.i64();
      if (isSigned) tcg.sextract(x, result, 0, bits); else tcg.mov(x, result);
      const cond = { smin: Cond.LT, smax: Cond.GT, umin: Cond.LTU, umax: Cond.GTU }[kind];
      tcg.movcond(cond, next, x, value, x, value);
    }
  }
  swap(s, next, next, size);
  tcg.atomicCmpxchg(seen, base, raw, next, size, s.mmuIdx);
  tcg.brcond(Cond.NE, seen, raw, again);
  tcg.mov(old, result);
}

const fetchOp = (kind: Kind, invert = false) => (s: S, a: Rmw): boolean => {
  if (!s.feat.lse) return false;
  let v = s.xr(a.rs);
  if (invert) {
    const t = s.tcg.i64();
    s.tcg.not(t, v);
    v = t;
  }
  readModifyWrite(s, kind, s.xd(a.rt), s.xsp(a.rn), v, a.size);
  return true;
};

function trans_CAS(s: S, a: Rmw): boolean {
  if (!s.feat.lse) return false;
  const { tcg } = s, old = s.xd(a.rs);
  if (s.beData && a.size > 0) {
    const e = tcg.i64(), v = tcg.i64();
    swap(s, e, s.xr(a.rs), a.size);
    swap(s, v, s.xr(a.rt), a.size);
    const raw = tcg.i64();
    tcg.atomicCmpxchg(raw, s.xsp(a.rn), e, v, a.size, s.mmuIdx);
    swap(s, old, raw, a.size);
  } else tcg.atomicCmpxchg(old, s.xsp(a.rn), s.xr(a.rs), s.xr(a.rt), a.size, s.mmuIdx);
  return true;
}

function trans_CASP(s: S, a: { sz: number; rs: number; rn: number; rt: number }): boolean {
  if (!s.feat.lse || (a.rs | a.rt) & 1) return false;
  const { tcg } = s, addr = s.xsp(a.rn);
  const pair = (r: number): [Temp, Temp] => [s.xr(r), s.xr(r + 1)];
  if (!a.sz) {
    const raw = tcg.i64();
    tcg.atomicCmpxchg(raw, addr, pairToMemory(s, ...pair(a.rs)), pairToMemory(s, ...pair(a.rt)), 3, s.mmuIdx);
    pairFromMemory(s, a.rs, a.rs + 1, raw);
    return true;
  }
  const inMemory = (v: Temp): Temp => {
    if (!s.beData) return v;
    const t = tcg.i64();
    tcg.bswap64(t, v);
    return t;
  };
  const halves = (r: number): [Temp, Temp] => { const [x, y] = pair(r); return [inMemory(x), inMemory(y)]; };
  const [lo, hi] = tcg.qemuCas128(addr, halves(a.rs), halves(a.rt), s.mmuIdx);
  tcg.mov(s.xd(a.rs), inMemory(lo));
  tcg.mov(s.xd(a.rs + 1), inMemory(hi));
  return true;
}

const atomic = (name: string, opcode: string, trans: DecodeRow<S>['trans']): DecodeRow<S> =>
  ({ name, pattern: `size:2 111 0 00 xx 1 rs:5 ${opcode} 00 rn:5 rt:5`, trans });

export const atomicRows: DecodeRow<DisasContext>[] = [
  { name: 'CAS', pattern: 'size:2 001000 1 x 1 rs:5 x 11111 rn:5 rt:5', trans: trans_CAS },
  { name: 'CASP', pattern: '0 sz:1 001000 0 x 1 rs:5 x 11111 rn:5 rt:5', trans: trans_CASP },
  atomic('LDADD', '0 000', fetchOp('add')),
  atomic('LDCLR', '0 001', fetchOp('and', true)),
  atomic('LDEOR', '0 010', fetchOp('xor')),
  atomic('LDSET', '0 011', fetchOp('or')),
  atomic('LDSMAX', '0 100', fetchOp('smax')),
  atomic('LDSMIN', '0 101', fetchOp('smin')),
  atomic('LDUMAX', '0 110', fetchOp('umax')),
  atomic('LDUMIN', '0 111', fetchOp('umin')),
  atomic('SWP', '1 000', fetchOp('xchg')),
];
