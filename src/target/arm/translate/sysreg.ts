// MRS, MSR and SYS: what the system register table says, inline where it can be; PSTATE moves; DC ZVA.
import type { DecodeRow } from '../../../tcg/decode.ts';
import { Cond, MemOp, Type, type Temp } from '../../../tcg/types.ts';
import { CPUState } from '../../../memory/layout/cpu.ts';
import { TB_EXIT_NOCHAIN } from '../../../memory/layout/tb.ts';
import { ARMMMUIdx, envOff, getFlag, putFlag, TBFlag } from '../env.ts';
import { SCTLR } from '../hflags.ts';
import { DAIF } from '../state.ts';
import { EC, EXCP, syndrome } from '../syndrome.ts';
import { keyNumber, type SysregDef, type SysregKey } from '../sysregs/def.ts';
import { Jmp, type DisasContext } from './context.ts';

type S = DisasContext;

/** What the translator needs to know of the machine, set once a thread. */
export interface SystemEnvironment {
  readonly regs: ReadonlyMap<number, SysregDef>;
  readonly semihosting: boolean;
  readonly psciConduit: 'hvc' | 'smc' | 'none';
  readonly onUnknown: (key: number, isRead: boolean) => void;
}
let environment: SystemEnvironment | undefined;
export function setSystemEnvironment(e: SystemEnvironment): void { environment = e; }
export const systemEnvironment = (): SystemEnvironment => environment!;

// --- traps ---------------------------------------------------------------------------------------------------------

/** ESR of a trapped system register access (EC 0x18): the fields are the instruction's. */
function sysTrap(s: S, isRead: boolean): number {
  const i = s.insn, op0 = (i >> 19) & 3, op1 = (i >> 16) & 7, crn = (i >> 12) & 15, crm = (i >> 8) & 15, op2 = (i >> 5) & 7, rt = i & 31;
  return syndrome(EC.SYSTEMREGISTERTRAP, (op0 << 20) | (op2 << 17) | (op1 << 14) | (crn << 10) | (rt << 5) | (crm << 1) | (isRead ? 1 : 0));
}

/** Emits code that leaves the TB unless `a cond b`; afterwards the translator's state is what it was before. */
function unless(s: S, cond: Cond, a: Temp, b: bigint | number, leave: () => void): void {
  const go = s.label();
  s.syncCc();
  s.tcg.brcond(cond, a, b, go);
  const { pcSave, isJmp } = s;
  leave();
  s.pcSave = pcSave;
  s.isJmp = isJmp;
  s.tcg.setLabel(go);
}

/** Traps at EL0 unless a bit of SCTLR_EL1 is set. */
function requireAtEl0(s: S, bit: number): void {
  if (s.el !== 0) return;
  const t = s.tcg.i64();
  s.tcg.ld(t, envOff.sctlr_el1);
  unless(s, Cond.TSTNE, t, bit, () => s.exceptionInsn(EXCP.UDEF, sysTrap(s, false), 1));
}

/** Leaves the TB after this instruction, for cpuExec to look at interrupts and flags. */
function leaveAfter(s: S): void {
  if (s.btype > 0) s.writeBtype(0);
  s.updatePc(4);
  s.tcg.exitTb(TB_EXIT_NOCHAIN);
}

/** UNDEFINED; reads in the ID space trap like registers instead where FEAT_IDST is implemented. */
function undefinedAccess(s: S, key: number, isRead: boolean, unknown: boolean): boolean {
  if (unknown) environment!.onUnknown(key, isRead);
  const op1 = (key >> 11) & 7;
  if (!s.feat.ids || !isRead || key >> 14 !== 3 || ((key >> 7) & 15) !== 0 || ((key >> 3) & 15) > 7 || ![0, 1, 3].includes(op1)) return false;
  s.exceptionInsn(EXCP.UDEF, sysTrap(s, true), 1);
  return true;
}

// --- PSTATE --------------------------------------------------------------------------------------------------------

/** After DAIF has changed: `maySetD` when PSTATE.D may have, on which software step depends. */
function daifChanged(s: S, maySetD: boolean, maySetPending: boolean): void {
  const { tcg } = s;
  if (s.ssActive) { s.isJmp = Jmp.UPDATE_EXIT; return; }
  if (maySetD) {
    const mdscr = tcg.i64();
    tcg.ld(mdscr, envOff.mdscr_el1);
    unless(s, Cond.TSTEQ, mdscr, 1, () => { tcg.call(s.helpers.rebuild_hflags, null); leaveAfter(s); });
  }
  if (!maySetPending) return;
  // An interrupt that comes later kicks.
  const request = tcg.i64();
  tcg.ld(request, CPUState.off.interrupt_request, 'ld32u');
  unless(s, Cond.EQ, request, 0, () => leaveAfter(s));
}

function setDaif(s: S, imm: number, set: boolean): boolean {
  const { tcg } = s, t = tcg.i64(), m = imm << 6;
  requireAtEl0(s, SCTLR.UMA);
  tcg.ld(t, envOff.daif, 'ld32u');
  if (set) tcg.or(t, t, m); else tcg.and(t, t, ~m >>> 0);
  tcg.st(t, envOff.daif, 'st32');
  daifChanged(s, (imm & 8) !== 0, !set);
  return true;
}

/** PSTATE.PAN selects the MMU index of EL1: both change together. */
function setPan(s: S, pan: Temp): void {
  const { tcg } = s, f = tcg.i64(), idx = tcg.i64();
  tcg.st(pan, envOff.pan, 'st32');
  tcg.add(idx, pan, ARMMMUIdx.E10_1);
  tcg.shl(idx, idx, TBFlag.MMUIDX.shift);
  tcg.ld(f, CPUState.off.tb_flags, 'ld32u');
  tcg.and(f, f, BigInt(~putFlag(TBFlag.MMUIDX, -1) >>> 0));
  tcg.or(f, f, idx);
  tcg.st(f, CPUState.off.tb_flags, 'st32');
  s.isJmp = Jmp.UPDATE_NOCHAIN;
}

/** One bit of a register operand. */
function bitOf(s: S, x: Temp, bit: number): Temp {
  const t = s.tcg.i64();
  s.tcg.extract(t, x, bit, 1);
  return t;
}
/** A PSTATE flag kept as 0 or 1 in a 32-bit field, at its bit. */
function readBit(s: S, d: Temp, field: number, bit: number): void {
  s.tcg.ld(d, field, 'ld32u');
  s.tcg.shl(d, d, bit);
}

/** FPCR and FPSR trap as the instructions do that use them (CPACR_EL1.FPEN). True when the trap was emitted. */
function fpRegisterTraps(s: S, name: string): boolean {
  const el = name === 'FPCR' || name === 'FPSR' ? getFlag(s.flags, TBFlag.FPEXC_EL) : 0;
  if (el) s.exceptionInsn(EXCP.UDEF, syndrome(EC.FP_TRAP, 0x1e00000), el);
  return el > 0;
}

interface Inline { read?: (s: S, d: Temp, def: SysregDef) => boolean | void; write?: (s: S, x: Temp) => boolean | void }
const flagRegister = (field: number, bit: number): Inline => ({
  read: (s, d) => readBit(s, d, field, bit), write: (s, x) => s.tcg.st(bitOf(s, x, bit), field, 'st32'),
});
/** Registers translated without the table; returning false makes the instruction UNDEFINED. */
const INLINE: Readonly<Record<string, Inline>> = {
  NZCV: {
    read: (s, d) => { s.syncCc(); s.tcg.callW(s.helpers.pack_nzcv, d, s.g.ccOp, s.g.ccA, s.g.ccB); },
    write: (s, x) => { const t = s.tcg.i64(); s.tcg.and(t, x, 0xf0000000n); s.setNzcv(t); },
  },
  DAIF: {
    read: (s, d) => s.tcg.ld(d, envOff.daif, 'ld32u'),
    write: (s, x) => { const t = s.tcg.i64(); s.tcg.and(t, x, DAIF); s.tcg.st(t, envOff.daif, 'st32'); daifChanged(s, true, true); },
  },
  CURRENTEL: { read: (s, d) => s.tcg.mov(d, s.el << 2) },
  SPSEL: { read: (s, d) => s.tcg.mov(d, getFlag(s.flags, TBFlag.SPSEL)) },
  SP_EL0: {
    read: (s, d) => { if (!getFlag(s.flags, TBFlag.SPSEL)) return false; s.tcg.ld(d, envOff.sp_el); },
    write: (s, x) => { if (!getFlag(s.flags, TBFlag.SPSEL)) return false; s.tcg.st(x, envOff.sp_el); },
  },
  PAN: { read: (s, d) => readBit(s, d, envOff.pan, 22), write: (s, x) => setPan(s, bitOf(s, x, 22)) },
  UAO: { read: (s, d) => readBit(s, d, envOff.uao, 23) },
  // Neither has an effect on translation.
  DIT: flagRegister(envOff.dit, 24), SSBS: flagRegister(envOff.ssbs, 12),
  FPCR: { read: (s, d) => s.tcg.ld(d, envOff.fpcr, 'ld32u') },
  // DZP, bit 4: DC ZVA is not for EL0 while SCTLR_EL1.DZE is clear.
  DCZID_EL0: {
    read: (s, d, def) => {
      if (s.el > 0) return s.tcg.mov(d, def.const!);
      const off = s.tcg.i64();
      s.tcg.ld(off, envOff.sctlr_el1);
      s.tcg.setcond(Cond.TSTEQ, off, off, SCTLR.DZE);
      s.tcg.shl(off, off, 4);
      s.tcg.or(d, off, def.const!);
    },
  },
};

/** MSR (immediate): op1:op2 selects the field. */
function trans_MSR_imm(s: S, a: { op1: number; crm: number; op2: number }): boolean {
  const def = (key: SysregKey): SysregDef | undefined => {
    const d = environment!.regs.get(keyNumber(key));
    return d && (s.el > 0 || d.el0) ? d : undefined;
  };
  const set = (key: SysregKey, bit: number): boolean => {
    const d = def(key);
    if (!d) return false;
    const value = s.tcg.constI64((a.crm & 1) * 2 ** bit), inline = INLINE[d.name]?.write;
    if (inline) return inline(s, value) !== false;
    s.callHelper(s.helpers.sysreg_write, null, keyNumber(key), 0, value);
    s.isJmp = Jmp.UPDATE_NOCHAIN;
    return true;
  };
  switch ((a.op1 << 3) | a.op2) {
    case 0o03: return set([3, 0, 4, 2, 4], 23);
    case 0o04: return set([3, 0, 4, 2, 3], 22);
    case 0o05: return set([3, 0, 4, 2, 0], 0);
    case 0o31: return set([3, 3, 4, 2, 6], 12);
    case 0o32: return set([3, 3, 4, 2, 5], 24);
    case 0o36: return setDaif(s, a.crm, true);
    case 0o37: return setDaif(s, a.crm, false);
    default: return false;
  }
}

// --- system registers and SYS --------------------------------------------------------------------------------------

interface Access { l: number; op0: number; op1: number; crn: number; crm: number; op2: number; rt: number }

/** Reads a register that is a value or a field of env; false when it takes a helper. */
function readPlain(s: S, def: SysregDef, d: Temp): boolean {
  if (def.read || def.read64) return false;
  if (def.const !== undefined) s.tcg.mov(d, def.const);
  else if (def.field !== undefined) s.tcg.ld(d, def.field);
  else s.tcg.ld(d, def.field32!, 'ld32u');
  return true;
}
function writePlain(s: S, def: SysregDef, x: Temp): boolean {
  if (def.write) return false;
  if (def.const !== undefined) return true;
  let v = x;
  if (def.mask !== undefined) s.tcg.and(v = s.tcg.i64(), x, def.mask);
  if (def.field !== undefined) s.tcg.st(v, def.field); else s.tcg.st(v, def.field32!, 'st32');
  return true;
}

function trans_MRS_MSR(s: S, a: Access): boolean {
  const key = keyNumber([a.op0, a.op1, a.crn, a.crm, a.op2]), isRead = a.l === 1;
  const def = environment!.regs.get(key);
  if (!def || (isRead ? def.wo : def.ro) || (s.el === 0 && !def.el0?.includes(isRead ? 'r' : 'w'))) return undefinedAccess(s, key, isRead, !def);
  if (fpRegisterTraps(s, def.name)) return true;
  const checked = s.el === 0 && def.allowEl0 !== undefined, inline = INLINE[def.name];
  if (isRead) {
    const d = s.xd(a.rt);
    if (!checked && inline?.read) return inline.read(s, d, def) !== false;
    if (!checked && readPlain(s, def, d)) return true;
    s.callHelper(s.helpers.sysreg_read, d, key, checked ? BigInt(sysTrap(s, true)) : 0n);
    // RNDR sets the flags.
    if (def.feature === 'rng') s.forgetCc();
    return true;
  }
  const x = s.xr(a.rt);
  if (!checked && inline?.write) return inline.write(s, x) !== false;
  if (!checked && writePlain(s, def, x)) return true;
  s.callHelper(s.helpers.sysreg_write, null, key, checked ? BigInt(sysTrap(s, false)) : 0n, x);
  if (def.endsTb) s.isJmp = Jmp.UPDATE_NOCHAIN;
  return true;
}
/** SYSL: nothing that reads is defined at EL1. */
const trans_SYS = (s: S, a: Access): boolean => a.l === 0 && trans_MRS_MSR(s, { ...a, op0: 1 });

/** DC ZVA: 64 bytes of zeros. The first store faults with the address as it was given. */
function trans_DC_ZVA(s: S, a: { rt: number }): boolean {
  const { tcg } = s;
  requireAtEl0(s, SCTLR.DZE);
  const addr = tcg.i64(), zero = tcg.const(Type.V128, 0);
  tcg.qemuSt(0, s.xr(a.rt), MemOp.MO_8, s.mmuIdx);
  tcg.and(addr, s.xr(a.rt), -64);
  for (let k = 0; k < 64; k += 16) tcg.qemuSt(zero, addr, MemOp.MO_128, s.mmuIdx, k);
  return true;
}

export const sysregRows: DecodeRow<DisasContext>[] = [
  { name: 'MSR_imm', pattern: '1101010100 0 00 op1:3 0100 crm:4 op2:3 11111', trans: trans_MSR_imm },
  { name: 'SYS', pattern: '1101010100 l:1 01 op1:3 crn:4 crm:4 op2:3 rt:5', trans: trans_SYS },
  { name: 'DC_ZVA', pattern: '1101010100 0 01 011 0111 0100 001 rt:5', trans: trans_DC_ZVA },
  { name: 'MRS_MSR', pattern: '1101010100 l:1 1 o0:1 op1:3 crn:4 crm:4 op2:3 rt:5', trans: (s, a) => trans_MRS_MSR(s, { ...a, op0: 2 | a.o0 }) },
];
