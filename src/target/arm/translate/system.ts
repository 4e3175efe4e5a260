// System instructions: hints, barriers, PSTATE and system register moves, SYS, exception generation and return.
import type { DecodeRow } from '../../../tcg/decode.ts';
import { Bar, Cond, MemOp, Type } from '../../../tcg/types.ts';
import { CPUState } from '../../../memory/layout/cpu.ts';
import { TB_EXIT_NOCHAIN } from '../../../memory/layout/tb.ts';
import { envOff } from '../env.ts';
import { SCTLR } from '../hflags.ts';
import { EC, EXCP, syndrome } from '../syndrome.ts';
import { keyNumber, type SysregDef } from '../sysregs/def.ts';
import { Jmp, type DisasContext } from './context.ts';

type S = DisasContext;

/** Registers the translator may use inline, set once a thread by the CPU model's wiring. */
export interface SystemEnvironment { readonly regs: ReadonlyMap<number, SysregDef>; readonly semihosting: boolean; readonly onUnknown: (key: number, isRead: boolean) => void }
let environment: SystemEnvironment | undefined;
export function setSystemEnvironment(e: SystemEnvironment): void { environment = e; }

// --- hints and barriers --------------------------------------------------------------------------------------------

const HINT = { YIELD: 1, WFE: 2, WFI: 3, SEV: 4, SEVL: 5 } as const;

/** Calls a helper that may put the vCPU to sleep after this instruction. */
function sleepHelper(s: S, name: 'wfi' | 'wfe' | 'yield'): boolean {
  s.syncCc();
  s.updatePc(4);
  s.tcg.call(s.helpers[name], null, s.insn & 0xffffffff);
  s.gotoPtrOrExit();
  s.isJmp = Jmp.NORETURN;
  return true;
}

function trans_HINT(s: S, a: { crm: number; op2: number }): boolean {
  switch ((a.crm << 3) | a.op2) {
    case HINT.YIELD: return sleepHelper(s, 'yield');
    case HINT.WFE: return sleepHelper(s, 'wfe');
    case HINT.WFI: return sleepHelper(s, 'wfi');
    case HINT.SEV: s.tcg.call(s.helpers.sev, null); return true;
    case HINT.SEVL: s.tcg.st(1, envOff.event_register, 'st32'); return true;
    default: return true;
  }
}

/** DMB and DSB: CRm<1:0> 1 = loads, 2 = stores, 3 = all (Arm ARM C6, DMB). */
function trans_DMB(s: S, a: { dom: number; types: number }): boolean {
  const bits = a.types === 1 ? Bar.TCG_MO_LD_LD | Bar.TCG_MO_LD_ST : a.types === 2 ? Bar.TCG_MO_ST_ST : Bar.TCG_MO_ALL;
  s.tcg.mb(bits | Bar.TCG_BAR_SC);
  return true;
}
/** A DSB waits for completion, not only order: always a full barrier. */
function trans_DSB(s: S): boolean {
  s.tcg.mb(Bar.TCG_MO_ALL | Bar.TCG_BAR_SC);
  return true;
}
/** Ends the TB, so that what follows is fetched and translated anew and interrupts are seen. */
function trans_ISB(s: S): boolean {
  s.isJmp = Jmp.TOO_MANY;
  return true;
}
function trans_SB(s: S): boolean {
  if (!s.feat.sb) return false;
  s.tcg.mb(Bar.TCG_MO_ALL | Bar.TCG_BAR_SC);
  s.isJmp = Jmp.TOO_MANY;
  return true;
}

// --- PSTATE --------------------------------------------------------------------------------------------------------

/** Trap of an EL0 access that SCTLR_EL1 or another control forbids (EC 0x18). */
const sysTrap = (s: S, isRead: boolean): number => {
  const i = s.insn, op0 = (i >> 19) & 3, op1 = (i >> 16) & 7, crn = (i >> 12) & 15, crm = (i >> 8) & 15, op2 = (i >> 5) & 7, rt = i & 31;
  return syndrome(EC.SYSTEMREGISTERTRAP, (op0 << 20) | (op2 << 17) | (op1 << 14) | (crn << 10) | (rt << 5) | (crm << 1) | (isRead ? 1 : 0));
};

function setDaif(s: S, imm: number, set: boolean): boolean {
  const { tcg } = s;
  if (s.el === 0) {
    const ok = s.label(), t = tcg.i64();
    tcg.ld(t, envOff.sctlr_el1);
    s.syncCc();
    tcg.brcond(Cond.TSTNE, t, SCTLR.UMA, ok);
    const save = s.pcSave, jmp = s.isJmp;
    s.exceptionInsn(EXCP.UDEF, sysTrap(s, false), 1);
    s.pcSave = save;
    s.isJmp = jmp;
    tcg.setLabel(ok);
  }
  const t = tcg.i64(), m = imm << 6;
  tcg.ld(t, envOff.daif, 'ld32u');
  if (set) tcg.or(t, t, m); else tcg.and(t, t, ~m >>> 0);
  tcg.st(t, envOff.daif, 'st32');
  // PSTATE.D decides whether software step is active.
  if (imm & 8) { s.callHelper(s.helpers.rebuild_hflags, null); s.isJmp = Jmp.UPDATE_EXIT; return true; }
  if (set) return true;
  // Unmasking: look at interrupts only when one is pending; a later one kicks.
  const pending = s.label(), r = tcg.i64();
  tcg.ld(r, CPUState.off.interrupt_request, 'ld32u');
  s.syncCc();
  tcg.brcond(Cond.NE, r, 0, pending);
  s.gotoTb(0, 4);
  tcg.setLabel(pending);
  s.updatePc(4);
  tcg.exitTb(TB_EXIT_NOCHAIN);
  s.isJmp = Jmp.NORETURN;
  return true;
}

/** MSR (immediate): op1:op2 selects the field. */
function trans_MSR_imm(s: S, a: { op1: number; crm: number; op2: number }): boolean {
  const byHelper = (key: [number, number, number, number, number], value: number): boolean => {
    const def = environment!.regs.get(keyNumber(key));
    if (!def || (s.el === 0 && !def.el0)) return false;
    s.callHelper(s.helpers.sysreg_write, null, keyNumber(key), 0, value);
    s.isJmp = Jmp.UPDATE_EXIT;
    return true;
  };
  switch ((a.op1 << 3) | a.op2) {
    case 0o05: return s.el > 0 && byHelper([3, 0, 4, 2, 0], a.crm & 1);
    case 0o36: return setDaif(s, a.crm, true);
    case 0o37: return setDaif(s, a.crm, false);
    case 0o03: return byHelper([3, 0, 4, 2, 4], (a.crm & 1) << 23);
    case 0o04: return byHelper([3, 0, 4, 2, 3], (a.crm & 1) << 22);
    case 0o32: return byHelper([3, 3, 4, 2, 5], (a.crm & 1) << 24);
    case 0o31: return byHelper([3, 3, 4, 2, 6], (a.crm & 1) << 12);
    default: return false;
  }
}

// --- system registers and SYS --------------------------------------------------------------------------------------

function trans_MRS_MSR(s: S, a: { l: number; op0: number; op1: number; crn: number; crm: number; op2: number; rt: number }): boolean {
  const { tcg } = s, key = keyNumber([a.op0, a.op1, a.crn, a.crm, a.op2]), isRead = a.l === 1;
  const def = environment!.regs.get(key);
  const refuse = (): boolean => { if (!def) environment!.onUnknown(key, isRead); return false; };
  if (!def || (isRead ? def.wo : def.ro)) return refuse();
  if (s.el === 0 && !(isRead ? def.el0?.startsWith('r') : def.el0?.endsWith('w'))) return refuse();
  if (a.op0 === 1 && isRead) return false;
  const checked = s.el === 0 && def.allowEl0 !== undefined;
  if (isRead && !checked && def.const !== undefined) { tcg.mov(s.xd(a.rt), def.const); return true; }
  if (!isRead && !checked && def.const !== undefined) return true;
  if (!checked && def.field !== undefined && !(isRead ? def.read : def.write)) {
    if (isRead) tcg.ld(s.xd(a.rt), def.field); else tcg.st(s.xr(a.rt), def.field);
    return true;
  }
  const syn = checked ? BigInt(sysTrap(s, isRead)) : 0n;
  if (isRead) {
    const t = s.xd(a.rt);
    s.callHelper(s.helpers.sysreg_read, t, key, syn);
    if (def.endsTb) s.isJmp = Jmp.UPDATE_NOCHAIN;
    return true;
  }
  s.callHelper(s.helpers.sysreg_write, null, key, syn, s.xr(a.rt));
  // FPSR, NZCV: flags changed under the translator.
  s.forgetCc();
  if (def.endsTb) s.isJmp = Jmp.UPDATE_EXIT;
  return true;
}

/** DC ZVA: 64 bytes of zeros; DC GVA and GZVA need MTE. */
function trans_DC_ZVA(s: S, a: { rt: number }): boolean {
  const { tcg } = s;
  if (s.el === 0) {
    const ok = s.label(), t = tcg.i64();
    tcg.ld(t, envOff.sctlr_el1);
    s.syncCc();
    tcg.brcond(Cond.TSTNE, t, SCTLR.DZE, ok);
    const save = s.pcSave;
    s.exceptionInsn(EXCP.UDEF, sysTrap(s, false), 1);
    s.pcSave = save;
    s.isJmp = Jmp.NEXT;
    tcg.setLabel(ok);
  }
  const addr = tcg.i64(), zero = tcg.const(Type.V128, 0);
  tcg.and(addr, s.xr(a.rt), -64);
  for (let k = 0; k < 64; k += 16) tcg.qemuSt(zero, addr, MemOp.MO_128, s.mmuIdx, k);
  return true;
}

// --- exceptions ----------------------------------------------------------------------------------------------------

function trans_SVC(s: S, a: { imm: number }): boolean {
  s.exceptionInsn(EXCP.SWI, syndrome(EC.AA64_SVC, a.imm), 1, 4);
  return true;
}
/** HVC: PSCI and SMCCC calls; without EL2 anything else is undefined. At EL0 it is always undefined. */
function trans_HVC(s: S): boolean {
  if (s.el === 0) return false;
  s.syncCc();
  s.updatePc(4);
  s.tcg.call(s.helpers.psci, null);
  s.tcg.exitTb(TB_EXIT_NOCHAIN);
  s.isJmp = Jmp.NORETURN;
  return true;
}
function trans_BRK(s: S, a: { imm: number }): boolean {
  s.exceptionInsn(EXCP.BKPT, syndrome(EC.AA64_BKPT, a.imm), 1);
  return true;
}
/** HLT: semihosting's number when that is on, undefined otherwise. */
function trans_HLT(s: S, a: { imm: number }): boolean {
  if (a.imm !== 0xf000 || !environment!.semihosting) return false;
  s.syncCc();
  s.updatePc(4);
  s.tcg.call(s.helpers.semihosting, null);
  s.tcg.exitTb(TB_EXIT_NOCHAIN);
  s.isJmp = Jmp.NORETURN;
  return true;
}
function trans_ERET(s: S): boolean {
  if (s.el === 0) return false;
  s.callHelper(s.helpers.exception_return, null);
  s.tcg.exitTb(TB_EXIT_NOCHAIN);
  s.isJmp = Jmp.NORETURN;
  return true;
}

export const systemRows: DecodeRow<DisasContext>[] = [
  { name: 'HINT', pattern: '1101010100 0 00 011 0010 crm:4 op2:3 11111', trans: trans_HINT },
  { name: 'DSB', pattern: '1101010100 0 00 011 0011 xxxx 100 11111', trans: trans_DSB },
  { name: 'DMB', pattern: '1101010100 0 00 011 0011 dom:2 types:2 101 11111', trans: trans_DMB },
  { name: 'ISB', pattern: '1101010100 0 00 011 0011 xxxx 110 11111', trans: trans_ISB },
  { name: 'SB', pattern: '1101010100 0 00 011 0011 0000 111 11111', trans: trans_SB },
  { name: 'MSR_imm', pattern: '1101010100 0 00 op1:3 0100 crm:4 op2:3 11111', trans: trans_MSR_imm },
  { name: 'SYS', pattern: '1101010100 l:1 01 op1:3 crn:4 crm:4 op2:3 rt:5', trans: (s, a) => trans_MRS_MSR(s, { ...a, op0: 1 }) },
  { name: 'DC_ZVA', pattern: '1101010100 0 01 011 0111 0100 001 rt:5', trans: trans_DC_ZVA },
  { name: 'MRS_MSR', pattern: '1101010100 l:1 1 o0:1 op1:3 crn:4 crm:4 op2:3 rt:5', trans: (s, a) => trans_MRS_MSR(s, { ...a, op0: 2 | a.o0 }) },
  { name: 'SVC', pattern: '11010100 000 imm:16 000 01', trans: trans_SVC },
  { name: 'HVC', pattern: '11010100 000 xxxxxxxxxxxxxxxx 000 10', trans: trans_HVC },
  // SMC: no EL3, undefined.
  { name: 'BRK', pattern: '11010100 001 imm:16 000 00', trans: trans_BRK },
  { name: 'HLT', pattern: '11010100 010 imm:16 000 00', trans: trans_HLT },
  { name: 'ERET', pattern: '1101011 0100 11111 000000 11111 00000', trans: trans_ERET },
];
