// Branches: immediate, conditional, compare-and-branch, test-and-branch, register, and with pointer authentication.
import { GotoPtr } from '../../../tcg/ops/control.ts';
import type { DecodeRow } from '../../../tcg/decode.ts';
import { Cond, type Temp } from '../../../tcg/types.ts';
import { envOff, getFlag, TBFlag } from '../env.ts';
import { condition, isAlways } from './cond.ts';
import { Jmp, type Compare, type DisasContext } from './context.ts';
import { auth } from './pauth.ts';

type S = DisasContext;

// --- immediate -----------------------------------------------------------------------------------------------------

function trans_B(s: S, a: { imm: number }): boolean {
  s.gotoTb(0, a.imm * 4);
  return true;
}
function trans_BL(s: S, a: { imm: number }): boolean {
  s.pcPlus(s.g.x[30], 4);
  s.gotoTb(0, a.imm * 4);
  return true;
}

/** Ends the TB: to the current instruction + offset when the comparison holds, else to the next one. */
function branchIf(s: S, c: Compare, offset: number): boolean {
  const taken = s.label();
  s.syncCc();
  s.tcg.brcond(c.cond, c.a, c.b, taken);
  s.gotoTb(0, 4);
  s.tcg.setLabel(taken);
  s.gotoTb(1, offset);
  return true;
}

function trans_B_cond(s: S, a: { imm: number; cond: number }): boolean {
  if (isAlways(a.cond)) return trans_B(s, a);
  return branchIf(s, condition(s, a.cond, true), a.imm * 4);
}
function trans_CBZ(s: S, a: { sf: number; nz: number; imm: number; rt: number }): boolean {
  const x = s.xr(a.rt);
  const c = a.sf
    ? { cond: a.nz ? Cond.NE : Cond.EQ, a: x, b: s.tcg.constI64(0) }
    : { cond: a.nz ? Cond.TSTNE : Cond.TSTEQ, a: x, b: s.tcg.constI64(0xffffffffn) };
  return branchIf(s, c, a.imm * 4);
}
function trans_TBZ(s: S, a: { bit: number; nz: number; imm: number; rt: number }): boolean {
  const b = s.tcg.constI64(1n << BigInt(a.bit));
  return branchIf(s, { cond: a.nz ? Cond.TSTNE : Cond.TSTEQ, a: s.xr(a.rt), b }, a.imm * 4);
}

// --- register ------------------------------------------------------------------------------------------------------

/** d = branch target with its tag byte removed where TCR_ELx.TBI says so (Arm ARM, BranchTo and AddrTop). */
function cleanTarget(s: S, d: Temp, target: Temp): void {
  const { tcg } = s, tbii = getFlag(s.flags, TBFlag.TBII);
  if (tbii === 0) { tcg.mov(d, target); return; }
  if (tbii === 3) { tcg.sextract(d, target, 0, 56); return; }
  // Only one half of the address space ignores tags: bit 55 tells the half.
  const t = tcg.i64();
  tcg.sextract(t, target, 0, 56);
  if (tbii === 1) tcg.and(d, t, target); else tcg.or(d, t, target);
}

/** Ends the TB at a register branch; `btype` for the next instruction (FEAT_BTI). */
function jumpTo(s: S, target: Temp, link: boolean, btype: number): boolean {
  if (link) {
    let t = target;
    if (t === s.g.x[30]) {
      t = s.tcg.i64();
      s.tcg.mov(t, target);
    }
    s.pcPlus(s.g.x[30], 4);
    target = t;
  }
  cleanTarget(s, s.g.pc, target);
  if (s.feat.bti) s.setBtype(btype);
  s.isJmp = Jmp.JUMP;
  // With FEAT_BTI a jump changes BTYPE and so the flags; a return leaves it 0.
  s.jumpKind = btype === 0 ? GotoPtr.RETURN : s.feat.bti ? GotoPtr.LOOKUP : link ? GotoPtr.CALL : GotoPtr.JUMP;
  return true;
}
/** BTYPE after BR from a page that is not guarded, or through X16 and X17; from a guarded one. */
const BTYPE_BR = 1, BTYPE_BR_GUARDED = 3;
const BTYPE_BLR = 2;

/** BR, BRAA, BRAB through Xn: BTYPE depends on the page this instruction is on, once any guarded page has been seen. */
function branchTo(s: S, target: Temp, rn: number): boolean {
  if (s.feat.bti && rn !== 16 && rn !== 17 && s.helpers.branch_btype) {
    const { tcg } = s, seen = tcg.i64(), t = tcg.tempTb(), other = s.label();
    s.syncCc();
    tcg.mov(t, target);
    tcg.ld(seen, envOff.guarded_seen, 'ld32u');
    tcg.brcond(Cond.EQ, seen, 0, other);
    const { pcSave } = s;
    s.updatePc(0);
    // The helper sets BTYPE and tb_flags for 1 or 3.
    tcg.call(s.helpers.branch_btype, null, BTYPE_BR_GUARDED, BTYPE_BR);
    cleanTarget(s, s.g.pc, t);
    s.gotoPtrOrExit();
    s.pcSave = pcSave;
    tcg.setLabel(other);
    return jumpTo(s, t, false, BTYPE_BR);
  }
  return jumpTo(s, target, false, BTYPE_BR);
}
const trans_BR = (s: S, a: { rn: number }) => branchTo(s, s.xr(a.rn), a.rn);
const trans_BLR = (s: S, a: { rn: number }) => jumpTo(s, s.xr(a.rn), true, BTYPE_BLR);
const trans_RET = (s: S, a: { rn: number }) => jumpTo(s, s.xr(a.rn), false, 0);

/** The pointer, authenticated with an instruction key. */
const authenticated = (s: S, pointer: Temp, modifier: Temp, keyB: number): Temp => auth(s, keyB ? 'autib' : 'autia', pointer, modifier);

interface AuthBranch { m: number; rn: number; rm: number }

/** BRAA, BRAB, BLRAA, BLRAB and their zero-modifier forms. */
const authBranch = (link: boolean, zero: boolean) => (s: S, a: AuthBranch): boolean => {
  if (!s.feat.pauth) return false;
  const t = authenticated(s, s.xr(a.rn), zero ? s.tcg.constI64(0) : s.xsp(a.rm), a.m);
  return link ? jumpTo(s, t, true, BTYPE_BLR) : branchTo(s, t, a.rn);
};
function trans_RETA(s: S, a: { m: number }): boolean {
  if (!s.feat.pauth) return false;
  return jumpTo(s, authenticated(s, s.g.x[30], s.g.x[31], a.m), false, 0);
}

export const branchRows: DecodeRow<DisasContext>[] = [
  { name: 'B', pattern: '0 00101 imm:s26', trans: trans_B },
  { name: 'BL', pattern: '1 00101 imm:s26', trans: trans_BL },
  { name: 'B_cond', pattern: '0101010 0 imm:s19 0 cond:4', trans: trans_B_cond },
  { name: 'CBZ', pattern: 'sf:1 011010 nz:1 imm:s19 rt:5', trans: trans_CBZ },
  { name: 'TBZ', pattern: 'bit:1 011011 nz:1 bit:5 imm:s14 rt:5', trans: trans_TBZ },
  { name: 'BR', pattern: '1101011 0000 11111 000000 rn:5 00000', trans: trans_BR },
  { name: 'BLR', pattern: '1101011 0001 11111 000000 rn:5 00000', trans: trans_BLR },
  { name: 'RET', pattern: '1101011 0010 11111 000000 rn:5 00000', trans: trans_RET },
  { name: 'BRAZ', pattern: '1101011 0000 11111 00001 m:1 rn:5 11111', trans: authBranch(false, true) },
  { name: 'BLRAZ', pattern: '1101011 0001 11111 00001 m:1 rn:5 11111', trans: authBranch(true, true) },
  { name: 'BRA', pattern: '1101011 1000 11111 00001 m:1 rn:5 rm:5', trans: authBranch(false, false) },
  { name: 'BLRA', pattern: '1101011 1001 11111 00001 m:1 rn:5 rm:5', trans: authBranch(true, false) },
  { name: 'RETA', pattern: '1101011 0010 11111 00001 m:1 11111 11111', trans: trans_RETA },
];
