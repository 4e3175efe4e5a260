// Data processing, immediate: ADR, add/subtract, logical, move wide, bitfield, extract.
import type { DecodeRow } from '../../../tcg/decode.ts';
import type { Temp } from '../../../tcg/types.ts';
import { CC } from '../flags.ts';
import type { DisasContext } from './context.ts';
import { bitmaskImmediate, depositSign, depositZero, finishReg, resultReg, rotateWord } from './operand.ts';

type S = DisasContext;

// --- PC-relative addresses -----------------------------------------------------------------------------------------

function trans_ADR(s: S, a: { immlo: number; immhi: number; rd: number }): boolean {
  s.pcPlus(s.xd(a.rd), (a.immhi << 2) | a.immlo);
  return true;
}
function trans_ADRP(s: S, a: { immlo: number; immhi: number; rd: number }): boolean {
  const pages = BigInt((a.immhi << 2) | a.immlo);
  s.pcPlus(s.xd(a.rd), (pages << 12n) - BigInt(s.pcCurr));
  return true;
}

// --- add, subtract -------------------------------------------------------------------------------------------------

interface AddSub { sf: number; sh: number; imm: number; rn: number; rd: number }

const addSubImm = (subtract: boolean) => (s: S, a: AddSub): boolean => {
  const imm = BigInt(a.imm) << (a.sh ? 12n : 0n), x = s.xsp(a.rn);
  const d = a.sf ? s.xdsp(a.rd) : s.tcg.i64();
  if (a.sf || imm) (subtract ? s.tcg.sub(d, x, imm) : s.tcg.add(d, x, imm));
  if (!a.sf) s.tcg.ext32u(s.xdsp(a.rd), imm ? d : x);
  return true;
};

/**
 * Flags of x + imm are those of x - (-imm) unless imm is 0: comparisons follow from subtractions directly. Adding 0
 * leaves C = V = 0, as a logical operation does.
 */
const addSubImmFlags = (subtract: boolean) => (s: S, a: AddSub): boolean => {
  const { tcg, g } = s;
  const imm = BigInt(a.imm) << (a.sh ? 12n : 0n), x = s.xsp(a.rn);
  const extend = (d: Temp, v: Temp) => (a.sf ? tcg.mov(d, v) : tcg.ext32u(d, v));
  if (!subtract && imm === 0n) {
    extend(g.ccA, x);
    s.ccOp = a.sf ? CC.LOGIC64 : CC.LOGIC32;
  } else {
    extend(g.ccA, x);
    tcg.mov(g.ccB, (subtract ? imm : -imm) & (a.sf ? 0xffffffffffffffffn : 0xffffffffn));
    s.ccOp = a.sf ? CC.SUB64 : CC.SUB32;
  }
  if (a.rd === 31) return true;
  const d = resultReg(s, a.rd, a.sf);
  if (subtract) tcg.sub(d, g.ccA, imm); else tcg.add(d, g.ccA, imm);
  finishReg(s, a.rd, a.sf, d);
  return true;
};

// --- logical -------------------------------------------------------------------------------------------------------

interface LogicImm { sf: number; n: number; immr: number; imms: number; rn: number; rd: number }

const logicImm = (op: 'and' | 'or' | 'xor') => (s: S, a: LogicImm): boolean => {
  const imm = bitmaskImmediate(a.sf, a.n, a.immr, a.imms);
  if (imm === undefined) return false;
  const d = s.xdsp(a.rd);
  if (a.rn === 31) s.tcg.mov(d, op === 'and' ? 0 : imm);
  // A zero-extended mask zero-extends the result.
  else if (a.sf || op === 'and') s.tcg[op](d, s.xr(a.rn), imm);
  else {
    const t = s.tcg.i64();
    s.tcg[op](t, s.xr(a.rn), imm);
    s.tcg.ext32u(d, t);
  }
  return true;
};
function trans_ANDS_i(s: S, a: LogicImm): boolean {
  const imm = bitmaskImmediate(a.sf, a.n, a.immr, a.imms);
  if (imm === undefined) return false;
  s.tcg.and(s.g.ccA, s.xr(a.rn), imm);
  s.ccOp = a.sf ? CC.LOGIC64 : CC.LOGIC32;
  if (a.rd !== 31) s.tcg.mov(s.g.x[a.rd], s.g.ccA);
  return true;
}

// --- move wide -----------------------------------------------------------------------------------------------------

interface MoveWide { sf: number; hw: number; imm: number; rd: number }
const wide = (a: MoveWide): bigint | undefined => (!a.sf && a.hw > 1 ? undefined : BigInt(a.imm) << BigInt(16 * a.hw));
const width = (sf: number): bigint => (sf ? 0xffffffffffffffffn : 0xffffffffn);

function trans_MOVZ(s: S, a: MoveWide): boolean {
  const v = wide(a);
  if (v === undefined) return false;
  s.tcg.mov(s.xd(a.rd), v);
  return true;
}
function trans_MOVN(s: S, a: MoveWide): boolean {
  const v = wide(a);
  if (v === undefined) return false;
  s.tcg.mov(s.xd(a.rd), ~v & width(a.sf));
  return true;
}
function trans_MOVK(s: S, a: MoveWide): boolean {
  const v = wide(a);
  if (v === undefined) return false;
  if (a.rd === 31) return true;
  const d = s.g.x[a.rd], hole = 0xffffn << BigInt(16 * a.hw);
  s.tcg.and(d, d, width(a.sf) & ~hole);
  if (v) s.tcg.or(d, d, v);
  return true;
}

// --- bitfield ------------------------------------------------------------------------------------------------------

interface Bitfield { sf: number; n: number; immr: number; imms: number; rn: number; rd: number }
const badField = (a: Bitfield): boolean => a.sf !== a.n || (!a.sf && (a.immr > 31 || a.imms > 31));

function trans_UBFM(s: S, a: Bitfield): boolean {
  if (badField(a)) return false;
  const d = s.xd(a.rd), x = s.xr(a.rn), bits = a.sf ? 64 : 32;
  if (a.imms >= a.immr) s.tcg.extract(d, x, a.immr, a.imms - a.immr + 1);
  // The field ends at bits - immr + imms, inside the register.
  else depositZero(s, d, x, bits - a.immr, a.imms + 1);
  return true;
}
function trans_SBFM(s: S, a: Bitfield): boolean {
  if (badField(a)) return false;
  const x = s.xr(a.rn), bits = a.sf ? 64 : 32;
  if (a.rd === 31) return true;
  const d = resultReg(s, a.rd, a.sf);
  if (a.imms >= a.immr) s.tcg.sextract(d, x, a.immr, a.imms - a.immr + 1);
  else depositSign(s, d, x, bits - a.immr, a.imms + 1);
  finishReg(s, a.rd, a.sf, d);
  return true;
}
function trans_BFM(s: S, a: Bitfield): boolean {
  if (badField(a)) return false;
  if (a.rd === 31) return true;
  const { tcg } = s, bits = a.sf ? 64 : 32, old = s.g.x[a.rd];
  let src = s.xr(a.rn), ofs = 0, len: number;
  if (a.imms >= a.immr) {
    // BFXIL
    len = a.imms - a.immr + 1;
    if (a.immr) {
      const t = tcg.i64();
      tcg.shr(t, src, a.immr);
      src = t;
    }
  } else {
    // BFI
    ofs = bits - a.immr;
    len = a.imms + 1;
  }
  const d = resultReg(s, a.rd, a.sf);
  tcg.deposit(d, old, src, ofs, len);
  finishReg(s, a.rd, a.sf, d);
  return true;
}

// --- extract -------------------------------------------------------------------------------------------------------

function trans_EXTR(s: S, a: { sf: number; n: number; rm: number; imms: number; rn: number; rd: number }): boolean {
  if (a.sf !== a.n || (!a.sf && a.imms > 31)) return false;
  const { tcg } = s, d = s.xd(a.rd);
  if (a.sf) {
    if (a.rn === a.rm) tcg.rotr(d, s.xr(a.rn), a.imms);
    else tcg.extract2(d, s.xr(a.rm), s.xr(a.rn), a.imms);
  } else if (a.imms === 0) tcg.ext32u(d, s.xr(a.rm));
  else if (a.rn === a.rm) rotateWord(s, d, s.xr(a.rn), a.imms);
  else {
    const t = tcg.i64();
    tcg.deposit(t, s.xr(a.rm), s.xr(a.rn), 32, 32);
    tcg.extract(d, t, a.imms, 32);
  }
  return true;
}

export const dpImmRows: DecodeRow<DisasContext>[] = [
  { name: 'ADR', pattern: '0 immlo:2 10000 immhi:s19 rd:5', trans: trans_ADR },
  { name: 'ADRP', pattern: '1 immlo:2 10000 immhi:s19 rd:5', trans: trans_ADRP },
  { name: 'ADD_i', pattern: 'sf:1 00 100010 sh:1 imm:12 rn:5 rd:5', trans: addSubImm(false) },
  { name: 'ADDS_i', pattern: 'sf:1 01 100010 sh:1 imm:12 rn:5 rd:5', trans: addSubImmFlags(false) },
  { name: 'SUB_i', pattern: 'sf:1 10 100010 sh:1 imm:12 rn:5 rd:5', trans: addSubImm(true) },
  { name: 'SUBS_i', pattern: 'sf:1 11 100010 sh:1 imm:12 rn:5 rd:5', trans: addSubImmFlags(true) },
  { name: 'AND_i', pattern: 'sf:1 00 100100 n:1 immr:6 imms:6 rn:5 rd:5', trans: logicImm('and') },
  { name: 'ORR_i', pattern: 'sf:1 01 100100 n:1 immr:6 imms:6 rn:5 rd:5', trans: logicImm('or') },
  { name: 'EOR_i', pattern: 'sf:1 10 100100 n:1 immr:6 imms:6 rn:5 rd:5', trans: logicImm('xor') },
  { name: 'ANDS_i', pattern: 'sf:1 11 100100 n:1 immr:6 imms:6 rn:5 rd:5', trans: trans_ANDS_i },
  { name: 'MOVN', pattern: 'sf:1 00 100101 hw:2 imm:16 rd:5', trans: trans_MOVN },
  { name: 'MOVZ', pattern: 'sf:1 10 100101 hw:2 imm:16 rd:5', trans: trans_MOVZ },
  { name: 'MOVK', pattern: 'sf:1 11 100101 hw:2 imm:16 rd:5', trans: trans_MOVK },
  { name: 'SBFM', pattern: 'sf:1 00 100110 n:1 immr:6 imms:6 rn:5 rd:5', trans: trans_SBFM },
  { name: 'BFM', pattern: 'sf:1 01 100110 n:1 immr:6 imms:6 rn:5 rd:5', trans: trans_BFM },
  { name: 'UBFM', pattern: 'sf:1 10 100110 n:1 immr:6 imms:6 rn:5 rd:5', trans: trans_UBFM },
  { name: 'EXTR', pattern: 'sf:1 00 100111 n:1 0 rm:5 imms:6 rn:5 rd:5', trans: trans_EXTR },
];
