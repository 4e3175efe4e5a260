// tb_flags from the architectural state: called after every change of a field that the translator assumes constant.
import type { Vcpu } from '../../accel/vcpu.ts';
import { ARMMMUIdx, envOff, putFlag, TBFlag } from './env.ts';

/** SCTLR_EL1 bits used here: low word, then high word. */
export const SCTLR = {
  M: 1, A: 1 << 1, C: 1 << 2, SA: 1 << 3, SA0: 1 << 4, NAA: 1 << 6, UMA: 1 << 9, ENRCTX: 1 << 10, I: 1 << 12, ENDB: 1 << 13, DZE: 1 << 14, UCT: 1 << 15,
  NTWI: 1 << 16, NTWE: 1 << 18, WXN: 1 << 19, TSCXT: 1 << 20, SPAN: 1 << 23, E0E: 1 << 24, EE: 1 << 25, UCI: 1 << 26, ENDA: 1 << 27, ENIB: 1 << 30, ENIA: 1 << 31,
} as const;
/** SCTLR_EL1.BT0, BT1, DSSBS (bits 35, 36, 44). */
const SCTLR_HI_BT0 = 1 << 3, SCTLR_HI_BT1 = 1 << 4;
export const SCTLR_HI_DSSBS = 1 << 12;
/** MDSCR_EL1.SS, KDE; OSLSR_EL1.OSLK. */
const MDSCR_SS = 1, MDSCR_KDE = 1 << 13, OSLSR_OSLK = 2;
const PSTATE_D = 1 << 9;

/** Software step is enabled and active at an exception level (Arm ARM D2.12.1: AArch64.GenerateDebugExceptions). */
export function singleStepActive(cpu: Vcpu, el: number): boolean {
  const mdscr = cpu.ld32(envOff.mdscr_el1);
  if (!(mdscr & MDSCR_SS) || cpu.ld32(envOff.oslsr_el1) & OSLSR_OSLK || cpu.ld32(envOff.osdlr_el1) & 1) return false;
  return el === 0 || ((mdscr & MDSCR_KDE) !== 0 && !(cpu.ld32(envOff.daif) & PSTATE_D));
}

/** FPCR.RMode and FZ: host arithmetic rounds to nearest and flushes nothing. DN, AHP and FZ16 concern NaNs and half precision, which helpers compute. */
export const FPCR_UNLIKE_HOST = 3 << 22 | 1 << 24;

/** Recomputes cpu.tb_flags. */
export function rebuildHflags(cpu: Vcpu): void {
  const el = cpu.ld32(envOff.el), sctlr = cpu.ld32(envOff.sctlr_el1), sctlrHi = cpu.ld32(envOff.sctlr_el1 + 4), tcrHi = cpu.ld32(envOff.tcr_el1 + 4);
  const mmu = el === 0 ? ARMMMUIdx.E10_0 : cpu.ld32(envOff.pan) ? ARMMMUIdx.E10_1_PAN : ARMMMUIdx.E10_1;
  const fpen = (cpu.ld32(envOff.cpacr_el1) >> 20) & 3;
  // CPACR_EL1.FPEN: 0b11 no trap, 0b01 traps EL0 only, otherwise both.
  const fpTrap = fpen === 3 || (fpen === 1 && el === 1) ? 0 : 1;
  // TCR_EL1.TBI0, TBI1 (bits 37, 38) less TBID0, TBID1 (51, 52; RES0 without pointer authentication).
  const tbi = ((tcrHi >> 5) & 3) & ~((tcrHi >> 19) & 3);
  const ss = singleStepActive(cpu, el);
  let f = putFlag(TBFlag.EL, el) | putFlag(TBFlag.MMUIDX, mmu) | putFlag(TBFlag.FPEXC_EL, fpTrap)
    | putFlag(TBFlag.ALIGN_MEM, sctlr & SCTLR.A ? 1 : 0) | putFlag(TBFlag.NAA, sctlr & SCTLR.NAA ? 1 : 0) | putFlag(TBFlag.TBII, tbi)
    | putFlag(TBFlag.UNPRIV, el === 1 && !cpu.ld32(envOff.uao) ? 1 : 0)
    | putFlag(TBFlag.SS_ACTIVE, ss ? 1 : 0) | putFlag(TBFlag.BT, sctlrHi & (el ? SCTLR_HI_BT1 : SCTLR_HI_BT0) ? 1 : 0)
    | putFlag(TBFlag.BTYPE, cpu.ld32(envOff.btype)) | putFlag(TBFlag.PSTATE_IL, cpu.ld32(envOff.il))
    | putFlag(TBFlag.BE_DATA, sctlr & (el ? SCTLR.EE : SCTLR.E0E) ? 1 : 0)
    | putFlag(TBFlag.PAUTH_ACTIVE, sctlr & (SCTLR.ENIA | SCTLR.ENIB | SCTLR.ENDA | SCTLR.ENDB) ? 1 : 0)
    | putFlag(TBFlag.FP_DEFAULT, cpu.ld32(envOff.fpcr) & FPCR_UNLIKE_HOST ? 0 : 1) | putFlag(TBFlag.SPSEL, cpu.ld32(envOff.spsel));
  if (ss) f |= putFlag(TBFlag.PSTATE_SS, cpu.ld32(envOff.ss));
  cpu.tbFlags = f;
}
