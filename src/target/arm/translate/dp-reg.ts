// Data processing, register: add/subtract, logical, carry, conditional compare and select, multiply, divide, shifts, bits, CRC32.
import type { DecodeRow } from '../../../tcg/decode.ts';
import { Cond, invertCond, type Temp } from '../../../tcg/types.ts';
import { CC } from '../flags.ts';
import { condition, isAlways } from './cond.ts';
import type { DisasContext } from './context.ts';
import { ASR, extendedReg, finishReg, LSL, LSR, resultReg, ROR, shiftedReg } from './operand.ts';

type S = DisasContext;

// --- add, subtract -------------------------------------------------------------------------------------------------

/** d = n ± m; n may be XZR */
function subtractOrAdd(s: S, subtract: boolean, d: Temp, n: Temp, m: Temp): void {
  if (!subtract) s.tcg.add(d, n, m);
  else if (n.kind === 'const') s.tcg.neg(d, m);
  else s.tcg.sub(d, n, m);
}

/** Flags and result of n ± m; m is right in its low half only when sf = 0. */
function addSubFlags(s: S, sf: number, subtract: boolean, n: Temp, m: Temp, rd: number): void {
  const { tcg, g } = s;
  if (sf) {
    const d = resultReg(s, rd, sf);
    // The copies come first: Rd may be an operand.
    tcg.mov(g.ccA, n);
    tcg.mov(g.ccB, m);
    if (rd !== 31) subtractOrAdd(s, subtract, d, n, m);
    s.ccOp = subtract ? CC.SUB64 : CC.ADD64;
  } else {
    tcg.ext32u(g.ccA, n);
    tcg.ext32u(g.ccB, m);
    s.ccOp = subtract ? CC.SUB32 : CC.ADD32;
    if (rd === 31) return;
    const t = tcg.i64();
    subtractOrAdd(s, subtract, t, n, m);
    tcg.ext32u(g.x[rd], t);
  }
}

interface Shifted { sf: number; shift: number; rm: number; imm: number; rn: number; rd: number }

const addSubShifted = (subtract: boolean, flags: boolean) => (s: S, a: Shifted): boolean => {
  if (a.shift === ROR || (!a.sf && a.imm > 31)) return false;
  const m = shiftedReg(s, a.rm, a.shift, a.imm, a.sf), n = s.xr(a.rn);
  if (flags) { addSubFlags(s, a.sf, subtract, n, m, a.rd); return true; }
  const d = resultReg(s, a.rd, a.sf);
  subtractOrAdd(s, subtract, d, n, m);
  finishReg(s, a.rd, a.sf, d);
  return true;
};

interface Extended { sf: number; rm: number; option: number; imm: number; rn: number; rd: number }

const addSubExtended = (subtract: boolean, flags: boolean) => (s: S, a: Extended): boolean => {
  if (a.imm > 4) return false;
  const m = extendedReg(s, a.rm, a.option, a.imm), n = s.xsp(a.rn);
  if (flags) { addSubFlags(s, a.sf, subtract, n, m, a.rd); return true; }
  const d = a.sf ? s.xdsp(a.rd) : s.tcg.i64();
  if (subtract) s.tcg.sub(d, n, m); else s.tcg.add(d, n, m);
  if (!a.sf) s.tcg.ext32u(s.xdsp(a.rd), d);
  return true;
};

// --- logical -------------------------------------------------------------------------------------------------------

type Logic = 'and' | 'or' | 'xor' | 'andc' | 'orc' | 'eqv';

const logicShifted = (op: Logic) => (s: S, a: Shifted): boolean => {
  if (!a.sf && a.imm > 31) return false;
  const { tcg } = s, m = shiftedReg(s, a.rm, a.shift, a.imm, a.sf);
  // MOV and MVN
  if (a.rn === 31 && op === 'or') {
    if (a.sf) tcg.mov(s.xd(a.rd), m); else tcg.ext32u(s.xd(a.rd), m);
    return true;
  }
  const d = resultReg(s, a.rd, a.sf);
  if (a.rn === 31 && op === 'orc') tcg.not(d, m); else tcg[op](d, s.xr(a.rn), m);
  finishReg(s, a.rd, a.sf, d);
  return true;
};
const logicShiftedFlags = (op: 'and' | 'andc') => (s: S, a: Shifted): boolean => {
  if (!a.sf && a.imm > 31) return false;
  const { tcg, g } = s, m = shiftedReg(s, a.rm, a.shift, a.imm, a.sf), n = s.xr(a.rn);
  if (a.sf) tcg[op](g.ccA, n, m);
  else {
    const t = tcg.i64();
    tcg[op](t, n, m);
    tcg.ext32u(g.ccA, t);
  }
  s.ccOp = a.sf ? CC.LOGIC64 : CC.LOGIC32;
  if (a.rd !== 31) tcg.mov(g.x[a.rd], g.ccA);
  return true;
};

// --- with carry ----------------------------------------------------------------------------------------------------

const CS = 2, CC_COND = 3;
interface Rrr { sf: number; rm: number; rn: number; rd: number }

/** 1 when the condition holds, else 0. */
function boolean(s: S, cond: number): Temp {
  const c = condition(s, cond), t = s.tcg.i64();
  s.tcg.setcond(c.cond, t, c.a, c.b);
  return t;
}

const adcSbc = (subtract: boolean) => (s: S, a: Rrr): boolean => {
  const { tcg } = s;
  const c = boolean(s, subtract ? CC_COND : CS), t = tcg.i64(), d = resultReg(s, a.rd, a.sf);
  // n + ~m + C = n - m - !C
  if (subtract) { tcg.sub(t, s.xr(a.rn), s.xr(a.rm)); tcg.sub(d, t, c); } else { tcg.add(t, s.xr(a.rn), s.xr(a.rm)); tcg.add(d, t, c); }
  finishReg(s, a.rd, a.sf, d);
  return true;
};
const adcsSbcs = (subtract: boolean) => (s: S, a: Rrr): boolean => {
  const { tcg } = s;
  const c = boolean(s, CS), n = s.xr(a.rn), t = tcg.i64(), nzcv = tcg.i64();
  let m = s.xr(a.rm);
  if (subtract) {
    const inverted = tcg.i64();
    tcg.not(inverted, m);
    m = inverted;
  }
  tcg.callW(a.sf ? s.helpers.adc_nzcv64 : s.helpers.adc_nzcv32, nzcv, n, m, c);
  tcg.add(t, n, m);
  const d = resultReg(s, a.rd, a.sf);
  tcg.add(d, t, c);
  finishReg(s, a.rd, a.sf, d);
  s.setNzcv(nzcv);
  return true;
};

// --- conditional compare -------------------------------------------------------------------------------------------

/** Operands a, b whose a - b has the flags N:Z:C:V; undefined where no subtraction does. */
const SUB_OPERANDS: readonly (readonly ['0' | '1' | '-1' | 'max' | 'min', '0' | '1' | '-1'] | undefined)[] = [
  ['0', '-1'], undefined, ['1', '0'], ['min', '1'], undefined, undefined, ['0', '0'], undefined,
  ['0', '1'], ['max', '-1'], ['-1', '0'], undefined, undefined, undefined, undefined, undefined,
];
const operandValue = (name: string, sf: number): bigint => {
  const bits = sf ? 64n : 32n;
  if (name === 'min') return 1n << (bits - 1n);
  if (name === 'max') return (1n << (bits - 1n)) - 1n;
  return BigInt.asUintN(Number(bits), BigInt(name));
};

interface CondCompare { sf: number; cond: number; nzcv: number; rn: number }

/** Flags = cond ? n ± m : nzcv. `m` is a register, or an immediate of 5 bits. */
function condCompare(s: S, a: CondCompare, subtract: boolean, m: Temp | number): boolean {
  const { tcg, g } = s;
  const zeroExtend = (t: Temp): Temp => {
    if (a.sf || t.kind === 'const') return t;
    const e = tcg.i64();
    tcg.ext32u(e, t);
    return e;
  };
  const kind = subtract ? (a.sf ? CC.SUB64 : CC.SUB32) : a.sf ? CC.ADD64 : CC.ADD32;
  const x = zeroExtend(s.xr(a.rn)), y = typeof m === 'number' ? tcg.constI64(m) : zeroExtend(m);
  if (isAlways(a.cond)) { s.setCc(kind, x, y); return true; }
  const c = condition(s, a.cond, true), ra = tcg.i64(), rb = tcg.i64();
  const other = subtract ? SUB_OPERANDS[a.nzcv] : undefined;
  if (other) {
    // Choosing operands keeps the kind known.
    tcg.movcond(c.cond, ra, c.a, c.b, x, operandValue(other[0], a.sf));
    tcg.movcond(c.cond, rb, c.a, c.b, y, operandValue(other[1], a.sf));
    s.setCc(kind, ra, rb);
    return true;
  }
  const op = tcg.i64();
  tcg.negsetcond(c.cond, op, c.a, c.b);
  tcg.movcond(c.cond, ra, c.a, c.b, x, BigInt(a.nzcv) << 28n);
  tcg.and(g.ccOp, op, kind); // CC.NZCV is 0
  tcg.mov(g.ccA, ra);
  tcg.mov(g.ccB, y);
  s.forgetCc();
  return true;
}
const condCompareReg = (subtract: boolean) => (s: S, a: CondCompare & { rm: number }) => condCompare(s, a, subtract, s.xr(a.rm));
const condCompareImm = (subtract: boolean) => (s: S, a: CondCompare & { imm: number }) => condCompare(s, a, subtract, a.imm);

// --- conditional select --------------------------------------------------------------------------------------------

interface Select extends Rrr { cond: number }

const condSelect = (invert: boolean, increment: boolean) => (s: S, a: Select): boolean => {
  const { tcg } = s;
  if (isAlways(a.cond)) { s.setR(a.rd, a.sf, s.xr(a.rn)); return true; }
  const c = condition(s, a.cond);
  if (a.rn === 31 && a.rm === 31 && invert !== increment) {
    // CSET, CSETM
    const t = invert ? resultReg(s, a.rd, a.sf) : s.xd(a.rd);
    if (invert) { tcg.negsetcond(invertCond(c.cond), t, c.a, c.b); finishReg(s, a.rd, a.sf, t); } else tcg.setcond(invertCond(c.cond), t, c.a, c.b);
    return true;
  }
  let m = s.xr(a.rm);
  if (invert || increment) {
    const t = tcg.i64();
    if (invert && increment) tcg.neg(t, m); else if (invert) tcg.not(t, m); else tcg.add(t, m, 1);
    m = t;
  }
  const d = resultReg(s, a.rd, a.sf);
  tcg.movcond(c.cond, d, c.a, c.b, s.xr(a.rn), m);
  finishReg(s, a.rd, a.sf, d);
  return true;
};

// --- multiply, divide ----------------------------------------------------------------------------------------------

interface Rrrr extends Rrr { ra: number }

/** Rd = Ra ± n × m */
function accumulate(s: S, a: Rrrr, sf: number, subtract: boolean, n: Temp, m: Temp): boolean {
  const { tcg } = s, d = resultReg(s, a.rd, sf);
  if (a.ra === 31 && !subtract) tcg.mul(d, n, m);
  else {
    const p = tcg.i64();
    tcg.mul(p, n, m);
    if (a.ra === 31) tcg.neg(d, p); else if (subtract) tcg.sub(d, s.xr(a.ra), p); else tcg.add(d, s.xr(a.ra), p);
  }
  finishReg(s, a.rd, sf, d);
  return true;
}
const mulAdd = (subtract: boolean) => (s: S, a: Rrrr): boolean => accumulate(s, a, a.sf, subtract, s.xr(a.rn), s.xr(a.rm));
const mulAddLong = (subtract: boolean, signed: boolean) => (s: S, a: Rrrr): boolean => {
  const n = s.tcg.i64(), m = s.tcg.i64(), ext = signed ? 'ext32s' : 'ext32u';
  s.tcg[ext](n, s.xr(a.rn));
  s.tcg[ext](m, s.xr(a.rm));
  return accumulate(s, a, 1, subtract, n, m);
};
const mulHigh = (op: 'mulsh' | 'muluh') => (s: S, a: Rrr): boolean => {
  s.tcg[op](s.xd(a.rd), s.xr(a.rn), s.xr(a.rm));
  return true;
};

/** TCG's divisions have A64's results for zero divisors and overflow. */
const divide = (signed: boolean) => (s: S, a: Rrr): boolean => {
  const { tcg } = s, op = signed ? 'div' : 'divu';
  if (a.sf) { tcg[op](s.xd(a.rd), s.xr(a.rn), s.xr(a.rm)); return true; }
  const n = tcg.i64(), m = tcg.i64(), ext = signed ? 'ext32s' : 'ext32u';
  tcg[ext](n, s.xr(a.rn));
  tcg[ext](m, s.xr(a.rm));
  const d = signed ? tcg.i64() : s.xd(a.rd);
  tcg[op](d, n, m);
  if (signed) finishReg(s, a.rd, 0, d);
  return true;
};

// --- variable shifts -----------------------------------------------------------------------------------------------

const variableShift = (type: number) => (s: S, a: Rrr): boolean => {
  const { tcg } = s, n = s.xr(a.rn), m = s.xr(a.rm), d = s.xd(a.rd);
  const op = (['shl', 'shr', 'sar', 'rotr'] as const)[type];
  if (a.sf) { tcg[op](d, n, m); return true; }
  if (type === ROR) {
    const x = tcg.i32(), c = tcg.i32();
    tcg.extrl(x, n);
    tcg.extrl(c, m);
    tcg.rotr(x, x, c);
    tcg.extuI32(d, x);
    return true;
  }
  const count = tcg.i64(), x = tcg.i64(), t = tcg.i64();
  tcg.and(count, m, 31);
  if (type === LSR) { tcg.ext32u(x, n); tcg.shr(d, x, count); return true; }
  if (type === ASR) { tcg.ext32s(x, n); tcg.sar(t, x, count); } else tcg.shl(t, n, count);
  tcg.ext32u(d, t);
  return true;
};

// --- one source ----------------------------------------------------------------------------------------------------

interface Rr { sf: number; rn: number; rd: number }

function trans_RBIT(s: S, a: Rr): boolean {
  const t = a.sf ? s.xd(a.rd) : s.tcg.i64();
  s.tcg.callW(s.helpers.rbit64, t, s.xr(a.rn));
  if (!a.sf) s.tcg.shr(s.xd(a.rd), t, 32);
  return true;
}
/** REV16: bytes swapped in each halfword. */
function trans_REV16(s: S, a: Rr): boolean {
  const { tcg } = s, x = s.xr(a.rn), even = tcg.i64(), odd = tcg.i64(), m = a.sf ? 0x00ff00ff00ff00ffn : 0x00ff00ffn;
  tcg.shr(odd, x, 8);
  tcg.and(odd, odd, m);
  tcg.and(even, x, m);
  tcg.shl(even, even, 8);
  tcg.or(s.xd(a.rd), odd, even);
  return true;
}
function trans_REV32(s: S, a: Rr): boolean {
  const t = s.tcg.i64();
  s.tcg.bswap64(t, s.xr(a.rn));
  s.tcg.rotr(s.xd(a.rd), t, 32);
  return true;
}
function trans_REV(s: S, a: Rr): boolean {
  if (a.sf) s.tcg.bswap64(s.xd(a.rd), s.xr(a.rn)); else s.tcg.bswap32(s.xd(a.rd), s.xr(a.rn));
  return true;
}
function trans_CLZ(s: S, a: Rr): boolean {
  const { tcg } = s, d = s.xd(a.rd);
  if (a.sf) { tcg.clz(d, s.xr(a.rn)); return true; }
  const x = tcg.i32();
  tcg.extrl(x, s.xr(a.rn));
  tcg.clz(x, x);
  tcg.extuI32(d, x);
  return true;
}
/** CLS: leading zeros of (x ^ (x << 1)) | 1. */
function trans_CLS(s: S, a: Rr): boolean {
  const { tcg } = s, d = s.xd(a.rd);
  const t = a.sf ? tcg.i64() : tcg.i32(), u = a.sf ? tcg.i64() : tcg.i32();
  if (a.sf) tcg.mov(t, s.xr(a.rn)); else tcg.extrl(t, s.xr(a.rn));
  tcg.shl(u, t, 1);
  tcg.xor(u, u, t);
  tcg.or(u, u, 1);
  if (a.sf) tcg.clz(d, u);
  else { tcg.clz(u, u); tcg.extuI32(d, u); }
  return true;
}

// --- CRC32 ---------------------------------------------------------------------------------------------------------

const crc = (castagnoli: boolean) => (s: S, a: { sf: number; rm: number; sz: number; rn: number; rd: number }): boolean => {
  if (!s.feat.crc32 || a.sf !== (a.sz === 3 ? 1 : 0)) return false;
  s.tcg.callW(s.helpers[`crc32${castagnoli ? 'c' : ''}${'bhwx'[a.sz]}`], s.xd(a.rd), s.xr(a.rn), s.xr(a.rm));
  return true;
};

// --- FEAT_CSSC -----------------------------------------------------------------------------------------------------

/** An operand as a full 64-bit value of the right signedness. */
function widened(s: S, n: number, sf: number, signed: boolean): Temp {
  if (sf || n === 31) return s.xr(n);
  const t = s.tcg.i64();
  if (signed) s.tcg.ext32s(t, s.xr(n)); else s.tcg.ext32u(t, s.xr(n));
  return t;
}
function minMax(s: S, sf: number, rd: number, cond: Cond, n: Temp, m: Temp | bigint): boolean {
  if (!s.feat.cssc) return false;
  const d = resultReg(s, rd, sf);
  s.tcg.movcond(cond, d, n, m, n, m);
  finishReg(s, rd, sf, d);
  return true;
}
const isSigned = (cond: Cond): boolean => cond === Cond.LT || cond === Cond.GT;
const minMaxReg = (cond: Cond) => (s: S, a: Rrr): boolean =>
  minMax(s, a.sf, a.rd, cond, widened(s, a.rn, a.sf, isSigned(cond)), widened(s, a.rm, a.sf, isSigned(cond)));
const minMaxImm = (cond: Cond) => (s: S, a: Rr & { imm: number }): boolean =>
  minMax(s, a.sf, a.rd, cond, widened(s, a.rn, a.sf, isSigned(cond)), BigInt(a.imm));
function trans_ABS(s: S, a: Rr): boolean {
  if (!s.feat.cssc) return false;
  const { tcg } = s, x = widened(s, a.rn, a.sf, true), t = tcg.i64(), d = resultReg(s, a.rd, a.sf);
  tcg.neg(t, x);
  tcg.movcond(Cond.LT, d, x, 0, t, x);
  finishReg(s, a.rd, a.sf, d);
  return true;
}
function trans_CTZ(s: S, a: Rr): boolean {
  if (!s.feat.cssc) return false;
  const { tcg } = s, d = s.xd(a.rd);
  if (a.sf) { tcg.ctz(d, s.xr(a.rn)); return true; }
  const t = tcg.i64();
  tcg.or(t, s.xr(a.rn), 1n << 32n);
  tcg.ctz(d, t);
  return true;
}
function trans_CNT(s: S, a: Rr): boolean {
  if (!s.feat.cssc) return false;
  s.tcg.ctpop(s.xd(a.rd), widened(s, a.rn, a.sf, false));
  return true;
}

// --- the table -----------------------------------------------------------------------------------------------------

const shifted = (name: string, opc: string, bits: string, n: string, trans: DecodeRow<S>['trans']): DecodeRow<S> =>
  ({ name, pattern: `sf:1 ${opc} ${bits} shift:2 ${n} rm:5 imm:6 rn:5 rd:5`, trans });
const extended = (name: string, opc: string, trans: DecodeRow<S>['trans']): DecodeRow<S> =>
  ({ name, pattern: `sf:1 ${opc} 01011 00 1 rm:5 option:3 imm:3 rn:5 rd:5`, trans });
const twoSource = (name: string, opcode: string, trans: DecodeRow<S>['trans']): DecodeRow<S> =>
  ({ name, pattern: `sf:1 0 0 11010110 rm:5 ${opcode} rn:5 rd:5`, trans });
const oneSource = (name: string, sf: string, opcode: string, trans: DecodeRow<S>['trans']): DecodeRow<S> =>
  ({ name, pattern: `${sf} 1 0 11010110 00000 ${opcode} rn:5 rd:5`, trans });
const minMaxRow = (name: string, opc: string, value: string, cond: Cond): DecodeRow<S> =>
  ({ name, pattern: `sf:1 0 0 1000111 00 ${opc} ${value} rn:5 rd:5`, trans: minMaxImm(cond) });

export const dpRegRows: DecodeRow<DisasContext>[] = [
  shifted('AND_r', '00', '01010', '0', logicShifted('and')),
  shifted('BIC_r', '00', '01010', '1', logicShifted('andc')),
  shifted('ORR_r', '01', '01010', '0', logicShifted('or')),
  shifted('ORN_r', '01', '01010', '1', logicShifted('orc')),
  shifted('EOR_r', '10', '01010', '0', logicShifted('xor')),
  shifted('EON_r', '10', '01010', '1', logicShifted('eqv')),
  shifted('ANDS_r', '11', '01010', '0', logicShiftedFlags('and')),
  shifted('BICS_r', '11', '01010', '1', logicShiftedFlags('andc')),
  shifted('ADD_r', '00', '01011', '0', addSubShifted(false, false)),
  shifted('ADDS_r', '01', '01011', '0', addSubShifted(false, true)),
  shifted('SUB_r', '10', '01011', '0', addSubShifted(true, false)),
  shifted('SUBS_r', '11', '01011', '0', addSubShifted(true, true)),
  extended('ADD_ext', '00', addSubExtended(false, false)),
  extended('ADDS_ext', '01', addSubExtended(false, true)),
  extended('SUB_ext', '10', addSubExtended(true, false)),
  extended('SUBS_ext', '11', addSubExtended(true, true)),
  { name: 'ADC', pattern: 'sf:1 00 11010000 rm:5 000000 rn:5 rd:5', trans: adcSbc(false) },
  { name: 'ADCS', pattern: 'sf:1 01 11010000 rm:5 000000 rn:5 rd:5', trans: adcsSbcs(false) },
  { name: 'SBC', pattern: 'sf:1 10 11010000 rm:5 000000 rn:5 rd:5', trans: adcSbc(true) },
  { name: 'SBCS', pattern: 'sf:1 11 11010000 rm:5 000000 rn:5 rd:5', trans: adcsSbcs(true) },
  { name: 'CCMN_r', pattern: 'sf:1 01 11010010 rm:5 cond:4 00 rn:5 0 nzcv:4', trans: condCompareReg(false) },
  { name: 'CCMN_i', pattern: 'sf:1 01 11010010 imm:5 cond:4 10 rn:5 0 nzcv:4', trans: condCompareImm(false) },
  { name: 'CCMP_r', pattern: 'sf:1 11 11010010 rm:5 cond:4 00 rn:5 0 nzcv:4', trans: condCompareReg(true) },
  { name: 'CCMP_i', pattern: 'sf:1 11 11010010 imm:5 cond:4 10 rn:5 0 nzcv:4', trans: condCompareImm(true) },
  { name: 'CSEL', pattern: 'sf:1 00 11010100 rm:5 cond:4 00 rn:5 rd:5', trans: condSelect(false, false) },
  { name: 'CSINC', pattern: 'sf:1 00 11010100 rm:5 cond:4 01 rn:5 rd:5', trans: condSelect(false, true) },
  { name: 'CSINV', pattern: 'sf:1 10 11010100 rm:5 cond:4 00 rn:5 rd:5', trans: condSelect(true, false) },
  { name: 'CSNEG', pattern: 'sf:1 10 11010100 rm:5 cond:4 01 rn:5 rd:5', trans: condSelect(true, true) },
  { name: 'MADD', pattern: 'sf:1 00 11011000 rm:5 0 ra:5 rn:5 rd:5', trans: mulAdd(false) },
  { name: 'MSUB', pattern: 'sf:1 00 11011000 rm:5 1 ra:5 rn:5 rd:5', trans: mulAdd(true) },
  { name: 'SMADDL', pattern: '1 00 11011001 rm:5 0 ra:5 rn:5 rd:5', trans: mulAddLong(false, true) },
  { name: 'SMSUBL', pattern: '1 00 11011001 rm:5 1 ra:5 rn:5 rd:5', trans: mulAddLong(true, true) },
  { name: 'UMADDL', pattern: '1 00 11011101 rm:5 0 ra:5 rn:5 rd:5', trans: mulAddLong(false, false) },
  { name: 'UMSUBL', pattern: '1 00 11011101 rm:5 1 ra:5 rn:5 rd:5', trans: mulAddLong(true, false) },
  { name: 'SMULH', pattern: '1 00 11011010 rm:5 0 xxxxx rn:5 rd:5', trans: mulHigh('mulsh') },
  { name: 'UMULH', pattern: '1 00 11011110 rm:5 0 xxxxx rn:5 rd:5', trans: mulHigh('muluh') },
  twoSource('UDIV', '000010', divide(false)),
  twoSource('SDIV', '000011', divide(true)),
  twoSource('LSLV', '001000', variableShift(LSL)),
  twoSource('LSRV', '001001', variableShift(LSR)),
  twoSource('ASRV', '001010', variableShift(ASR)),
  twoSource('RORV', '001011', variableShift(ROR)),
  twoSource('CRC32', '0100 sz:2', crc(false)),
  twoSource('CRC32C', '0101 sz:2', crc(true)),
  oneSource('RBIT', 'sf:1', '000000', trans_RBIT),
  oneSource('REV16', 'sf:1', '000001', trans_REV16),
  oneSource('REV_w', '0', '000010', (s: S, a: Rr) => trans_REV(s, { ...a, sf: 0 })),
  oneSource('REV32', '1', '000010', trans_REV32),
  oneSource('REV_x', '1', '000011', (s: S, a: Rr) => trans_REV(s, { ...a, sf: 1 })),
  oneSource('CLZ', 'sf:1', '000100', trans_CLZ),
  oneSource('CLS', 'sf:1', '000101', trans_CLS),
  oneSource('CTZ', 'sf:1', '000110', trans_CTZ),
  oneSource('CNT', 'sf:1', '000111', trans_CNT),
  oneSource('ABS', 'sf:1', '001000', trans_ABS),
  twoSource('SMAX_r', '011000', minMaxReg(Cond.GT)),
  twoSource('UMAX_r', '011001', minMaxReg(Cond.GTU)),
  twoSource('SMIN_r', '011010', minMaxReg(Cond.LT)),
  twoSource('UMIN_r', '011011', minMaxReg(Cond.LTU)),
  minMaxRow('SMAX_i', '00', 'imm:s8', Cond.GT),
  minMaxRow('UMAX_i', '01', 'imm:8', Cond.GTU),
  minMaxRow('SMIN_i', '10', 'imm:s8', Cond.LT),
  minMaxRow('UMIN_i', '11', 'imm:8', Cond.LTU),
];
