// Loads and stores of general registers: every addressing form, pairs, ordered (acquire, release, RCpc), prefetch.
import type { DecodeRow } from '../../../tcg/decode.ts';
import { Bar, MemOp, type Temp } from '../../../tcg/types.ts';
import { extractVec, insertVec, zextVec } from '../../../tcg/vec-gen.ts';
import { getFlag, TBFlag } from '../env.ts';
import type { DisasContext } from './context.ts';
import { checkAligned } from './exclusive.ts';
import { extendedReg } from './operand.ts';
import { auth } from './pauth.ts';

type S = DisasContext;
const { MO_SIGN, MO_ALIGN, MO_SEQCST } = MemOp;

/** What a load does with the value: zero-extends, or sign-extends to 64 or 32 bits. */
export const ZERO = 0, SIGN64 = 1, SIGN32 = 2;

/** Order bits of an acquire or release access: misaligned ones fault, with FEAT_LSE2 unless they stay in 16 bytes. */
export const ordered = (s: S): number => MO_SEQCST | (s.feat.lse2 && !s.alignMem ? 0 : MO_ALIGN);

/** Wt or Xt = memory at base + disp. `order`: MO_SEQCST, MO_ALIGN. */
export function loadReg(s: S, rt: number, base: Temp, disp: number, size: number, extend: number, order = 0, mmuIdx = s.mmuIdx): void {
  const memop = size | (extend === ZERO ? 0 : MO_SIGN) | s.beData | s.alignMem | order;
  if (extend !== SIGN32) { s.tcg.qemuLd(s.xd(rt), base, memop, mmuIdx, disp); return; }
  const t = s.tcg.i64();
  s.tcg.qemuLd(t, base, memop, mmuIdx, disp);
  s.setR(rt, 0, t);
}
export function storeReg(s: S, rt: number, base: Temp, disp: number, size: number, order = 0, mmuIdx = s.mmuIdx): void {
  s.tcg.qemuSt(s.xr(rt), base, size | s.beData | s.alignMem | order, mmuIdx, disp);
}

/** Extension of a sign-extending load of that size; undefined where unallocated. */
const signExtension = (size: number, w: number): number | undefined =>
  (w ? (size < 2 ? SIGN32 : undefined) : size < 3 ? SIGN64 : undefined);

// --- addressing forms ----------------------------------------------------------------------------------------------

interface Single { size: number; rn: number; rt: number }
type Access = (s: S, a: Single & { w: number }, base: Temp, disp: number, discard: boolean) => boolean;

/** `discard`: the loaded value is lost, for Rt = Rn with write-back (CONSTRAINED UNPREDICTABLE: write-back wins). */
const store: Access = (s, a, base, disp) => { storeReg(s, a.rt, base, disp, a.size); return true; };
const load: Access = (s, a, base, disp, discard) => { loadReg(s, discard ? 31 : a.rt, base, disp, a.size, ZERO); return true; };
const loadSigned: Access = (s, a, base, disp, discard) => {
  const e = signExtension(a.size, a.w);
  if (e === undefined) return false;
  loadReg(s, discard ? 31 : a.rt, base, disp, a.size, e);
  return true;
};

const unsignedOffset = (access: Access) => (s: S, a: Single & { w: number; imm: number }): boolean =>
  access(s, a, s.xsp(a.rn), a.imm << a.size, false);
const unscaledOffset = (access: Access) => (s: S, a: Single & { w: number; imm: number }): boolean =>
  access(s, a, s.xsp(a.rn), a.imm, false);
const indexed = (access: Access, pre: boolean) => (s: S, a: Single & { w: number; imm: number }): boolean => {
  const x = s.xsp(a.rn);
  if (!access(s, a, x, pre ? a.imm : 0, a.rt === a.rn && a.rn !== 31)) return false;
  s.tcg.add(x, x, a.imm);
  return true;
};
const registerOffset = (access: Access) => (s: S, a: Single & { w: number; rm: number; option: number; shift: number }): boolean => {
  if (!(a.option & 2)) return false;
  const m = extendedReg(s, a.rm, a.option, a.shift ? a.size : 0), t = s.tcg.i64();
  s.tcg.add(t, s.xsp(a.rn), m);
  return access(s, a, t, 0, false);
};

// --- unprivileged --------------------------------------------------------------------------------------------------

function trans_STTR(s: S, a: Single & { imm: number }): boolean {
  storeReg(s, a.rt, s.xsp(a.rn), a.imm, a.size, 0, s.unprivMmuIdx);
  return true;
}
function trans_LDTR(s: S, a: Single & { imm: number }): boolean {
  loadReg(s, a.rt, s.xsp(a.rn), a.imm, a.size, ZERO, 0, s.unprivMmuIdx);
  return true;
}
function trans_LDTRS(s: S, a: Single & { w: number; imm: number }): boolean {
  const e = signExtension(a.size, a.w);
  if (e === undefined) return false;
  loadReg(s, a.rt, s.xsp(a.rn), a.imm, a.size, e, 0, s.unprivMmuIdx);
  return true;
}

// --- literal -------------------------------------------------------------------------------------------------------

const literal = (size: number, extend: number) => (s: S, a: { imm: number; rt: number }): boolean => {
  loadReg(s, a.rt, s.g.pc, s.pcCurr - s.pcSave + a.imm * 4, size, extend);
  return true;
};

/** PRFM in all forms: a hint. */
const prefetch = (): boolean => true;

// --- pairs ---------------------------------------------------------------------------------------------------------

interface Pair { x: number; imm: number; rt2: number; rn: number; rt: number }
const OFFSET = 0, PRE = 1, POST = 2;

/** A register's bytes as memory has them, or the other way round. */
function inByteOrder(s: S, t: Temp, size: number): Temp {
  if (!s.beData) return t;
  const r = s.tcg.i64();
  if (size === 3) s.tcg.bswap64(r, t);
  else s.tcg.bswap32(r, t);
  return r;
}
/**
 * A pair is one access of twice the size: one TLB look-up, and with FEAT_LSE2 it must be single-copy atomic (words inside 16
 * bytes, doublewords aligned to 16). With SCTLR_ELx.A each half must be aligned.
 */
function checkPair(s: S, base: Temp, disp: number, size: number, isStore: boolean): void {
  if (!s.alignMem) return;
  const t = s.tcg.i64();
  s.tcg.add(t, base, disp);
  checkAligned(s, t, 1 << size, isStore);
}

/** A pair of doublewords that need not be single-copy atomic together. */
const inHalves = (s: S, size: number): boolean => size === 3 && !s.feat.lse2;

const storePair = (mode: number) => (s: S, a: Pair): boolean => {
  const { tcg } = s, size = a.x ? 3 : 2, imm = a.imm << size, base = s.xsp(a.rn), disp = mode === POST ? 0 : imm;
  checkPair(s, base, disp, size, true);
  const first = inByteOrder(s, s.xr(a.rt), size), second = inByteOrder(s, s.xr(a.rt2), size);
  if (inHalves(s, size)) {
    tcg.qemuStPair(first, second, base, s.mmuIdx, disp);
  } else {
    const both = a.x ? tcg.vec() : tcg.i64();
    if (a.x) {
      zextVec(tcg, both, first);
      insertVec(tcg, 3, both, both, second, 1);
    } else tcg.deposit(both, first, second, 32, 32);
    tcg.qemuSt(both, base, a.x ? MemOp.MO_128 : MemOp.MO_64, s.mmuIdx, disp);
  }
  if (mode !== OFFSET) tcg.add(base, base, imm);
  return true;
};

function loadPair(s: S, a: Pair, size: number, extend: number, mode: number): boolean {
  const { tcg } = s, imm = a.imm << size, base = s.xsp(a.rn), disp = mode === POST ? 0 : imm;
  checkPair(s, base, disp, size, false);
  const out = [a.rt, a.rt2].map((r) => s.xd(mode !== OFFSET && r === a.rn && r !== 31 ? 31 : r));
  if (inHalves(s, size)) {
    tcg.qemuLdPair(out[0], out[1], base, s.mmuIdx, disp);
    if (s.beData) for (const d of out) tcg.mov(d, inByteOrder(s, d, size));
  } else {
    const both = size === 3 ? tcg.vec() : tcg.i64();
    tcg.qemuLd(both, base, size === 3 ? MemOp.MO_128 : MemOp.MO_64, s.mmuIdx, disp);
    out.forEach((d, k) => {
      if (size === 3) extractVec(tcg, 3, d, both, k);
      else if (extend === ZERO || s.beData) tcg.extract(d, both, 32 * k, 32);
      else tcg.sextract(d, both, 32 * k, 32);
      if (!s.beData) return;
      tcg.mov(d, inByteOrder(s, d, size));
      if (extend !== ZERO) tcg.sextract(d, d, 0, 32);
    });
  }
  if (mode !== OFFSET) tcg.add(base, base, imm);
  return true;
}
const trans_LDP = (mode: number) => (s: S, a: Pair): boolean => loadPair(s, a, a.x ? 3 : 2, ZERO, mode);
const trans_LDPSW = (mode: number) => (s: S, a: Pair): boolean => loadPair(s, a, 2, SIGN64, mode);

// --- ordered -------------------------------------------------------------------------------------------------------

/**
 * Load-acquire and store-release. With SCTLR_ELx.nAA they may be unaligned anywhere, which sequentially consistent ops may
 * not: plain ones between barriers stand in.
 */
function loadAcquire(s: S, rt: number, base: Temp, disp: number, size: number, extend: number): void {
  if (!getFlag(s.flags, TBFlag.NAA)) return loadReg(s, rt, base, disp, size, extend, ordered(s));
  loadReg(s, rt, base, disp, size, extend);
  s.tcg.mb(Bar.TCG_MO_ALL | Bar.TCG_BAR_LDAQ);
}
function storeRelease(s: S, rt: number, base: Temp, disp: number, size: number): void {
  if (!getFlag(s.flags, TBFlag.NAA)) return storeReg(s, rt, base, disp, size, ordered(s));
  s.tcg.mb(Bar.TCG_MO_ALL | Bar.TCG_BAR_STRL);
  storeReg(s, rt, base, disp, size);
  s.tcg.mb(Bar.TCG_MO_ALL | Bar.TCG_BAR_SC);
}

/** LDLAR and STLLR came with Armv8.1, as FEAT_LSE did. */
const loadOrdered = (limited: boolean) => (s: S, a: Single): boolean => {
  if (limited && !s.feat.lse) return false;
  loadAcquire(s, a.rt, s.xsp(a.rn), 0, a.size, ZERO);
  return true;
};
const storeOrdered = (limited: boolean) => (s: S, a: Single): boolean => {
  if (limited && !s.feat.lse) return false;
  storeRelease(s, a.rt, s.xsp(a.rn), 0, a.size);
  return true;
};
function trans_LDAPR(s: S, a: Single): boolean {
  if (!s.feat.rcpc) return false;
  loadAcquire(s, a.rt, s.xsp(a.rn), 0, a.size, ZERO);
  return true;
}
function trans_STLUR(s: S, a: Single & { imm: number }): boolean {
  if (!s.feat.rcpc2) return false;
  storeRelease(s, a.rt, s.xsp(a.rn), a.imm, a.size);
  return true;
}
function trans_LDAPUR(s: S, a: Single & { imm: number }): boolean {
  if (!s.feat.rcpc2) return false;
  loadAcquire(s, a.rt, s.xsp(a.rn), a.imm, a.size, ZERO);
  return true;
}
function trans_LDAPURS(s: S, a: Single & { imm: number; w: number }): boolean {
  const e = signExtension(a.size, a.w);
  if (!s.feat.rcpc2 || e === undefined) return false;
  loadAcquire(s, a.rt, s.xsp(a.rn), a.imm, a.size, e);
  return true;
}

// --- with pointer authentication -----------------------------------------------------------------------------------

function trans_LDRA(s: S, a: { m: number; imm: number; w: number; rn: number; rt: number }): boolean {
  if (!s.feat.pauth) return false;
  const { tcg } = s, disp = a.imm * 8;
  const base = auth(s, a.m ? 'autdb' : 'autda', s.xsp(a.rn), tcg.constI64(0));
  loadReg(s, a.w && a.rt === a.rn ? 31 : a.rt, base, disp, 3, ZERO);
  if (a.w) tcg.add(s.xsp(a.rn), base, disp);
  return true;
}

// --- the table -----------------------------------------------------------------------------------------------------

type Row = DecodeRow<DisasContext>;
/** The three rows of an addressing form: store, load, sign-extending load. `rest`: bits below opc. */
const form = (suffix: string, major: string, rest: string, wrap: (access: Access) => Row['trans']): Row[] => [
  { name: `STR_${suffix}`, pattern: `size:2 111 0 ${major} 00 ${rest}`, trans: wrap(store) },
  { name: `LDR_${suffix}`, pattern: `size:2 111 0 ${major} 01 ${rest}`, trans: wrap(load) },
  { name: `LDRS_${suffix}`, pattern: `size:2 111 0 ${major} 1 w:1 ${rest}`, trans: wrap(loadSigned) },
];
const pair = (suffix: string, idx: string, mode: number): Row[] => [
  { name: `STP_${suffix}`, pattern: `x:1 0 101 0 ${idx} 0 imm:s7 rt2:5 rn:5 rt:5`, trans: storePair(mode) },
  { name: `LDP_${suffix}`, pattern: `x:1 0 101 0 ${idx} 1 imm:s7 rt2:5 rn:5 rt:5`, trans: trans_LDP(mode) },
];
const order = (name: string, l: string, o0: string, trans: Row['trans']): Row =>
  ({ name, pattern: `size:2 001000 1 ${l} 0 xxxxx ${o0} xxxxx rn:5 rt:5`, trans });

export const ldstRows: Row[] = [
  ...form('ui', '01', 'imm:12 rn:5 rt:5', unsignedOffset),
  ...form('unscaled', '00', '0 imm:s9 00 rn:5 rt:5', unscaledOffset),
  ...form('post', '00', '0 imm:s9 01 rn:5 rt:5', (access) => indexed(access, false)),
  ...form('pre', '00', '0 imm:s9 11 rn:5 rt:5', (access) => indexed(access, true)),
  ...form('reg', '00', '1 rm:5 option:3 shift:1 10 rn:5 rt:5', registerOffset),
  { name: 'STTR', pattern: 'size:2 111 0 00 00 0 imm:s9 10 rn:5 rt:5', trans: trans_STTR },
  { name: 'LDTR', pattern: 'size:2 111 0 00 01 0 imm:s9 10 rn:5 rt:5', trans: trans_LDTR },
  { name: 'LDTRS', pattern: 'size:2 111 0 00 1 w:1 0 imm:s9 10 rn:5 rt:5', trans: trans_LDTRS },
  { name: 'PRFM_ui', pattern: '11 111 0 01 10 imm:12 rn:5 rt:5', trans: prefetch },
  { name: 'PRFUM', pattern: '11 111 0 00 10 0 imm:s9 00 rn:5 rt:5', trans: prefetch },
  { name: 'PRFM_reg', pattern: '11 111 0 00 10 1 rm:5 x1x shift:1 10 rn:5 rt:5', trans: prefetch },
  { name: 'LDR_lit_w', pattern: '00 011 0 00 imm:s19 rt:5', trans: literal(2, ZERO) },
  { name: 'LDR_lit_x', pattern: '01 011 0 00 imm:s19 rt:5', trans: literal(3, ZERO) },
  { name: 'LDRSW_lit', pattern: '10 011 0 00 imm:s19 rt:5', trans: literal(2, SIGN64) },
  { name: 'PRFM_lit', pattern: '11 011 0 00 imm:s19 rt:5', trans: prefetch },
  ...pair('nontemporal', '000', OFFSET),
  ...pair('post', '001', POST),
  ...pair('offset', '010', OFFSET),
  ...pair('pre', '011', PRE),
  { name: 'LDPSW_post', pattern: '01 101 0 001 1 imm:s7 rt2:5 rn:5 rt:5', trans: trans_LDPSW(POST) },
  { name: 'LDPSW_offset', pattern: '01 101 0 010 1 imm:s7 rt2:5 rn:5 rt:5', trans: trans_LDPSW(OFFSET) },
  { name: 'LDPSW_pre', pattern: '01 101 0 011 1 imm:s7 rt2:5 rn:5 rt:5', trans: trans_LDPSW(PRE) },
  order('STLLR', '0', '0', storeOrdered(true)),
  order('STLR', '0', '1', storeOrdered(false)),
  order('LDLAR', '1', '0', loadOrdered(true)),
  order('LDAR', '1', '1', loadOrdered(false)),
  { name: 'LDAPR', pattern: 'size:2 111 0 00 10 1 11111 1 100 00 rn:5 rt:5', trans: trans_LDAPR },
  { name: 'STLUR', pattern: 'size:2 011001 00 0 imm:s9 00 rn:5 rt:5', trans: trans_STLUR },
  { name: 'LDAPUR', pattern: 'size:2 011001 01 0 imm:s9 00 rn:5 rt:5', trans: trans_LDAPUR },
  { name: 'LDAPURS', pattern: 'size:2 011001 1 w:1 0 imm:s9 00 rn:5 rt:5', trans: trans_LDAPURS },
  { name: 'LDRA', pattern: '11 111 0 00 m:1 imm:s1 1 imm:9 w:1 1 rn:5 rt:5', trans: trans_LDRA },
];
