// Scalar floating point: data processing, comparison, selection, moves, conversions (Arm ARM C4.1, Data Processing - Scalar FP).
import { invertCond, type Temp } from '../../../tcg/types.ts';
import { fcmp, fcvtVec, fmaVec, fp2Vec, fpFromInt, FpCvt, fpToInt, FromInt, fsqrtVec, hostFuses, ToInt, type RoundTo } from '../../../tcg/fp-gen.ts';
import { andVec, extractVec, insertVec, xorVec, zextVec } from '../../../tcg/vec-gen.ts';
import { CC } from '../flags.ts';
import { condition, isAlways } from './cond.ts';
import {
  constVec, convInfo, expandImm, FP_STATUS, fpInsn, ftypeSize, helper, HOST_FP2, onHost, PREC, readLane, readScalar, Rounding, scalarForm, writeScalar,
  type Row, type S,
} from './fp-common.ts';

interface Regs { ftype: number; rm: number; rn: number; rd: number }

const signBit = (size: number): bigint => 1n << BigInt((8 << size) - 1);
const allOnes = (size: number): bigint => (1n << BigInt(8 << size)) - 1n;

/** Calls a scalar helper of that precision on values. */
function call(s: S, name: string, size: number, ...args: (Temp | bigint)[]): Temp {
  const t = s.tcg.i64();
  s.tcg.callW(helper(s, `${name}_${PREC[size]}`), t, ...args);
  return t;
}
/** The low element of a vector, zero-extended. */
function low(s: S, size: number, v: Temp): Temp {
  const t = s.tcg.i64();
  extractVec(s.tcg, size, t, v, 0);
  return t;
}
/** Runs `body` with the size of `ftype`; false where it is reserved. */
const sized = (s: S, ftype: number, body: (size: number) => void): boolean => {
  const size = ftypeSize(s, ftype);
  return size !== undefined && fpInsn(s, () => body(size));
};

// --- arithmetic --------------------------------------------------------------------------------------------------------

/** v = name(Vn, Vm) on scalars, zeros above. */
export function scalarFp2(s: S, name: string, size: number, v: Temp, n: Temp, m: Temp): void {
  const op = HOST_FP2[name];
  if (op !== undefined && onHost(s, size)) fp2Vec(s.tcg, op, scalarForm(size), helper(s, `${name}_${PREC[size]}`), FP_STATUS, v, n, m);
  else zextVec(s.tcg, v, call(s, name, size, low(s, size, n), low(s, size, m)));
}

const binary = (name: string, negated = false) => (s: S, a: Regs): boolean => sized(s, a.ftype, (size) => {
  if (!negated) return scalarFp2(s, name, size, s.g.v[a.rd], s.g.v[a.rn], s.g.v[a.rm]);
  const t = s.tcg.vec();
  scalarFp2(s, name, size, t, s.g.v[a.rn], s.g.v[a.rm]);
  xorVec(s.tcg, s.g.v[a.rd], t, signBit(size));
});

/** FMADD, FMSUB, FNMADD, FNMSUB: the addend and the first factor are negated, NaNs included, then one fused addition. */
function trans_FMADD(s: S, a: Regs & { o1: number; o0: number; ra: number }): boolean {
  return sized(s, a.ftype, (size) => {
    const operand = (n: number, negate: boolean): Temp => {
      if (!negate) return s.g.v[n];
      const t = s.tcg.vec();
      xorVec(s.tcg, t, s.g.v[n], signBit(size));
      return t;
    };
    scalarFma(s, size, s.g.v[a.rd], operand(a.ra, a.o1 === 1), operand(a.rn, a.o1 !== a.o0), operand(a.rm, false));
  });
}
/** v = c + n × m on scalars, zeros above. */
export function scalarFma(s: S, size: number, v: Temp, c: Temp, n: Temp, m: Temp): void {
  if (onHost(s, size) && hostFuses()) fmaVec(s.tcg, scalarForm(size), helper(s, `fmadd_${PREC[size]}`), FP_STATUS, v, c, n, m);
  else zextVec(s.tcg, v, call(s, 'fmadd', size, low(s, size, c), low(s, size, n), low(s, size, m)));
}

const trans_FSQRT = (s: S, a: Regs): boolean => sized(s, a.ftype, (size) => {
  if (onHost(s, size)) fsqrtVec(s.tcg, scalarForm(size), helper(s, `fsqrt_${PREC[size]}`), FP_STATUS, s.g.v[a.rd], s.g.v[a.rn]);
  else writeScalar(s, a.rd, call(s, 'fsqrt', size, readScalar(s, a.rn, size)));
});
const trans_FMOV = (s: S, a: Regs): boolean => sized(s, a.ftype, (size) => andVec(s.tcg, s.g.v[a.rd], s.g.v[a.rn], allOnes(size)));
const trans_FABS = (s: S, a: Regs): boolean => sized(s, a.ftype, (size) => andVec(s.tcg, s.g.v[a.rd], s.g.v[a.rn], allOnes(size) ^ signBit(size)));
const trans_FNEG = (s: S, a: Regs): boolean => sized(s, a.ftype, (size) => {
  const t = s.tcg.vec();
  andVec(s.tcg, t, s.g.v[a.rn], allOnes(size));
  xorVec(s.tcg, s.g.v[a.rd], t, signBit(size));
});
const round = (rounding: number, exact = false) => (s: S, a: Regs): boolean => sized(s, a.ftype, (size) =>
  writeScalar(s, a.rd, call(s, 'frint', size, readScalar(s, a.rn, size), convInfo(rounding, false, exact))));
const roundN = (rounding: number, bits: number) => (s: S, a: Regs): boolean => s.feat.frintts && a.ftype < 2 && sized(s, a.ftype, (size) =>
  writeScalar(s, a.rd, call(s, 'frintn', size, readScalar(s, a.rn, size), convInfo(rounding, false, false, 0, bits))));

/** FCVT between formats: half precision is always there. `opc` is the destination's ftype. */
function trans_FCVT(s: S, a: Regs & { opc: number }): boolean {
  const sizes = [2, 3, undefined, 1] as const, from = sizes[a.ftype], to = sizes[a.opc];
  if (from === undefined || to === undefined || from === to) return false;
  return fpInsn(s, () => {
    const t = s.tcg.i64(), h = helper(s, `fcvt_${PREC[from]}${PREC[to]}`);
    if (onHost(s, from) && to !== 1) return fcvtVec(s.tcg, from === 2 ? FpCvt.WIDEN : FpCvt.NARROW, h, FP_STATUS, s.g.v[a.rd], s.g.v[a.rn]);
    s.tcg.callW(h, t, readScalar(s, a.rn, from));
    writeScalar(s, a.rd, t);
  });
}

const trans_FMOV_imm = (s: S, a: { ftype: number; imm: number; rd: number }): boolean =>
  sized(s, a.ftype, (size) => writeScalar(s, a.rd, s.tcg.constI64(expandImm(a.imm, size))));

// --- comparison and selection ------------------------------------------------------------------------------------------

interface Compare extends Regs { e: number; z: number }
/** NZCV are the flags of this value - 1. */
function order(s: S, a: { rn: number; rm: number; e: number }, size: number, withZero: boolean): Temp {
  const name = a.e ? 'fordere' : 'forder';
  if (!onHost(s, size)) return call(s, name, size, readScalar(s, a.rn, size), withZero ? 0n : readScalar(s, a.rm, size));
  const t = s.tcg.i64();
  fcmp(s.tcg, scalarForm(size), helper(s, `${name}_${PREC[size]}`), t, s.g.v[a.rn], withZero ? constVec(s, 0n) : s.g.v[a.rm]);
  return t;
}
const trans_FCMP = (s: S, a: Compare): boolean => sized(s, a.ftype, (size) => s.setCc(CC.SUB64, order(s, a, size, a.z === 1), s.tcg.constI64(1)));

/** N:Z:C:V in bits 31…28 from `order`: 8, 6, 2 for 0, 1, 2; 3 for the lowest integer, whose lower bits are those of 0. */
function orderNzcv(s: S, x: Temp): Temp {
  const { tcg } = s, t = tcg.i64(), unordered = tcg.i64();
  tcg.shl(t, x, 2);
  tcg.shr(t, tcg.constI64(0x268), t);
  tcg.and(t, t, 15);
  tcg.sar(unordered, x, 63);
  tcg.and(unordered, unordered, 8 ^ 3);
  tcg.xor(t, t, unordered);
  tcg.shl(t, t, 28);
  return t;
}
function trans_FCCMP(s: S, a: Compare & { cond: number; nzcv: number }): boolean {
  return sized(s, a.ftype, (size) => {
    const { tcg } = s;
    if (isAlways(a.cond)) return s.setNzcv(orderNzcv(s, order(s, a, size, false)));
    const flags = tcg.tempTb(), done = s.label();
    tcg.mov(flags, BigInt(a.nzcv) << 28n);
    const c = condition(s, a.cond);
    tcg.brcond(invertCond(c.cond), c.a, c.b, done);
    tcg.mov(flags, orderNzcv(s, order(s, a, size, false)));
    tcg.setLabel(done);
    s.setNzcv(flags);
  });
}

function trans_FCSEL(s: S, a: Regs & { cond: number }): boolean {
  return sized(s, a.ftype, (size) => {
    const n = readScalar(s, a.rn, size);
    if (isAlways(a.cond)) return writeScalar(s, a.rd, n);
    const m = readScalar(s, a.rm, size), c = condition(s, a.cond), t = s.tcg.i64();
    s.tcg.movcond(c.cond, t, c.a, c.b, n, m);
    writeScalar(s, a.rd, t);
  });
}

// --- integers and fixed point ------------------------------------------------------------------------------------------

interface Conv { sf: number; ftype: number; rn: number; rd: number }
const bitsOf = (sf: number) => (sf ? 64 : 32);

/** x = an element as an integer of so many bits, zero-extended. */
export function scalarToInt(s: S, size: number, x: Temp, n: Temp, rounding: number, unsigned: boolean, bits: number, fbits = 0): void {
  const info = convInfo(rounding, unsigned, false, fbits, bits), h = helper(s, `fcvt_int_${PREC[size]}`);
  if (onHost(s, size) && !fbits && rounding <= Rounding.ZERO) {
    // Rounding's first four are RoundTo's.
    const to = (unsigned ? ToInt.UNSIGNED : 0) | (bits === 64 ? ToInt.BITS64 : 0) | (size === 3 ? ToInt.DOUBLE : 0);
    fpToInt(s.tcg, to, rounding as RoundTo, h, info, FP_STATUS, x, n);
  } else s.tcg.callW(h, x, low(s, size, n), info);
}
/** v = an integer of so many bits, extended to 64, as an element. */
export function scalarFromInt(s: S, size: number, v: Temp, x: Temp, unsigned: boolean, bits: number, fbits = 0): void {
  const info = convInfo(Rounding.FPCR, unsigned, false, fbits), h = helper(s, `int_fcvt_${PREC[size]}`);
  if (onHost(s, size) && !fbits) {
    const kind = bits === 32 ? (size === 3 ? FromInt.D_EXACT : FromInt.S_I64) : size === 3 ? (unsigned ? FromInt.D_U64 : FromInt.D_I64) : unsigned ? FromInt.S_U64 : FromInt.S_I64;
    return fpFromInt(s.tcg, kind, h, info, FP_STATUS, v, x);
  }
  const t = s.tcg.i64();
  s.tcg.callW(h, t, x, info);
  zextVec(s.tcg, v, t);
}

const toInt = (rounding: number, unsigned: boolean) => (s: S, a: Conv & { scale?: number }): boolean => {
  const fbits = a.scale === undefined ? 0 : 64 - a.scale;
  if (fbits > bitsOf(a.sf)) return false;
  return sized(s, a.ftype, (size) => scalarToInt(s, size, s.xd(a.rd), s.g.v[a.rn], rounding, unsigned, bitsOf(a.sf), fbits));
};

const fromInt = (unsigned: boolean) => (s: S, a: Conv & { scale?: number }): boolean => {
  const fbits = a.scale === undefined ? 0 : 64 - a.scale;
  if (fbits > bitsOf(a.sf)) return false;
  return sized(s, a.ftype, (size) => {
    let x = s.xr(a.rn);
    if (!a.sf && a.rn !== 31) {
      const t = s.tcg.i64();
      if (unsigned) s.tcg.ext32u(t, x); else s.tcg.ext32s(t, x);
      x = t;
    }
    scalarFromInt(s, size, s.g.v[a.rd], x, unsigned, bitsOf(a.sf), fbits);
  });
};

/** FMOV between a general and an FP register: W with S, X with D, both with H. */
const moveSize = (s: S, a: Conv): number | undefined => {
  const size = ftypeSize(s, a.ftype);
  return size === undefined || (size !== 1 && size !== (a.sf ? 3 : 2)) ? undefined : size;
};
function trans_FMOV_to_gpr(s: S, a: Conv): boolean {
  const size = moveSize(s, a);
  return size !== undefined && fpInsn(s, () => extractVec(s.tcg, size, s.xd(a.rd), s.g.v[a.rn], 0));
}
function trans_FMOV_from_gpr(s: S, a: Conv): boolean {
  const size = moveSize(s, a);
  return size !== undefined && fpInsn(s, () => {
    const t = s.tcg.i64();
    s.tcg.extract(t, s.xr(a.rn), 0, 8 << size);
    writeScalar(s, a.rd, t);
  });
}
const trans_FMOV_top_to_gpr = (s: S, a: Conv): boolean => fpInsn(s, () => s.tcg.mov(s.xd(a.rd), readLane(s, a.rn, 3, 1)));
const trans_FMOV_top_from_gpr = (s: S, a: Conv): boolean => fpInsn(s, () => insertVec(s.tcg, 3, s.g.v[a.rd], s.g.v[a.rd], s.xr(a.rn), 1));

/** FJCVTZS: Z tells whether the conversion was exact. */
function trans_FJCVTZS(s: S, a: Conv): boolean {
  if (!s.feat.jscvt) return false;
  return fpInsn(s, () => {
    const { tcg } = s, t = tcg.i64(), flags = tcg.i64();
    tcg.callW(helper(s, 'fjcvtzs'), t, readScalar(s, a.rn, 3));
    tcg.shr(flags, t, 32);
    tcg.shl(flags, flags, 30);
    tcg.ext32u(s.xd(a.rd), t);
    s.setNzcv(flags);
  });
}

// --- the table ---------------------------------------------------------------------------------------------------------

const two = (name: string, opcode: string, trans: Row['trans']): Row => ({ name, pattern: `000 11110 ftype:2 1 rm:5 ${opcode} 10 rn:5 rd:5`, trans });
const one = (name: string, opcode: string, trans: Row['trans']): Row => ({ name, pattern: `000 11110 ftype:2 1 ${opcode} 10000 rn:5 rd:5`, trans });
const conv = (name: string, rmode: string, opcode: string, trans: Row['trans']): Row =>
  ({ name, pattern: `sf:1 00 11110 ftype:2 1 ${rmode} ${opcode} 000000 rn:5 rd:5`, trans });
const fixed = (name: string, rmode: string, opcode: string, trans: Row['trans']): Row =>
  ({ name, pattern: `sf:1 00 11110 ftype:2 0 ${rmode} ${opcode} scale:6 rn:5 rd:5`, trans });
const { TIEEVEN, POSINF, NEGINF, ZERO, TIEAWAY, FPCR } = Rounding;

export const fpRows: Row[] = [
  two('FMUL', '0000', binary('fmul')), two('FDIV', '0001', binary('fdiv')), two('FADD', '0010', binary('fadd')), two('FSUB', '0011', binary('fsub')),
  two('FMAX', '0100', binary('fmax')), two('FMIN', '0101', binary('fmin')), two('FMAXNM', '0110', binary('fmaxnm')), two('FMINNM', '0111', binary('fminnm')),
  two('FNMUL', '1000', binary('fmul', true)),
  { name: 'FMADD', pattern: '000 11111 ftype:2 o1:1 rm:5 o0:1 ra:5 rn:5 rd:5', trans: trans_FMADD },
  one('FMOV', '000000', trans_FMOV), one('FABS', '000001', trans_FABS), one('FNEG', '000010', trans_FNEG), one('FSQRT', '000011', trans_FSQRT),
  one('FCVT', '0001 opc:2', trans_FCVT),
  one('FRINTN', '001000', round(TIEEVEN)), one('FRINTP', '001001', round(POSINF)), one('FRINTM', '001010', round(NEGINF)), one('FRINTZ', '001011', round(ZERO)),
  one('FRINTA', '001100', round(TIEAWAY)), one('FRINTX', '001110', round(FPCR, true)), one('FRINTI', '001111', round(FPCR)),
  one('FRINT32Z', '010000', roundN(ZERO, 32)), one('FRINT32X', '010001', roundN(FPCR, 32)), one('FRINT64Z', '010010', roundN(ZERO, 64)), one('FRINT64X', '010011', roundN(FPCR, 64)),
  { name: 'FCMP', pattern: '000 11110 ftype:2 1 rm:5 00 1000 rn:5 e:1 z:1 000', trans: trans_FCMP },
  { name: 'FCCMP', pattern: '000 11110 ftype:2 1 rm:5 cond:4 01 rn:5 e:1 nzcv:4', trans: trans_FCCMP },
  { name: 'FCSEL', pattern: '000 11110 ftype:2 1 rm:5 cond:4 11 rn:5 rd:5', trans: trans_FCSEL },
  { name: 'FMOV_imm', pattern: '000 11110 ftype:2 1 imm:8 100 00000 rd:5', trans: trans_FMOV_imm },
  conv('FCVTNS', '00', '000', toInt(TIEEVEN, false)), conv('FCVTNU', '00', '001', toInt(TIEEVEN, true)),
  conv('FCVTPS', '01', '000', toInt(POSINF, false)), conv('FCVTPU', '01', '001', toInt(POSINF, true)),
  conv('FCVTMS', '10', '000', toInt(NEGINF, false)), conv('FCVTMU', '10', '001', toInt(NEGINF, true)),
  conv('FCVTZS', '11', '000', toInt(ZERO, false)), conv('FCVTZU', '11', '001', toInt(ZERO, true)),
  conv('FCVTAS', '00', '100', toInt(TIEAWAY, false)), conv('FCVTAU', '00', '101', toInt(TIEAWAY, true)),
  conv('SCVTF', '00', '010', fromInt(false)), conv('UCVTF', '00', '011', fromInt(true)),
  conv('FMOV_to_gpr', '00', '110', trans_FMOV_to_gpr), conv('FMOV_from_gpr', '00', '111', trans_FMOV_from_gpr),
  { name: 'FMOV_top_to_gpr', pattern: '1 00 11110 10 1 01 110 000000 rn:5 rd:5', trans: trans_FMOV_top_to_gpr },
  { name: 'FMOV_top_from_gpr', pattern: '1 00 11110 10 1 01 111 000000 rn:5 rd:5', trans: trans_FMOV_top_from_gpr },
  { name: 'FJCVTZS', pattern: '0 00 11110 01 1 11 110 000000 rn:5 rd:5', trans: trans_FJCVTZS },
  fixed('SCVTF_fixed', '00', '010', fromInt(false)), fixed('UCVTF_fixed', '00', '011', fromInt(true)),
  fixed('FCVTZS_fixed', '11', '000', toInt(ZERO, false)), fixed('FCVTZU_fixed', '11', '001', toInt(ZERO, true)),
];
