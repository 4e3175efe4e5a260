// tb_flags from the architectural state: called after every change of a field that the translator assumes constant.
import type { Vcpu } from '../../accel/vcpu.ts';
import { ARMMMUIdx, envOff, putFlag, TBFlag } from './env.ts';

/** SCTLR_EL1 bits used here. */
export const SCTLR = {
  M: 1, A: 1 << 1, C: 1 << 2, SA: 1 << 3, SA0: 1 << 4, UMA: 1 << 9, I: 1 << 12, ENDB: 1 << 13, DZE: 1 << 14, UCT: 1 << 15,
  NTWI: 1 << 16, NTWE: 1 << 18, WXN: 1 << 19, SPAN: 1 << 23, E0E: 1 << 24, EE: 1 << 25, UCI: 1 << 26, ENDA: 1 << 27, ENIB: 1 << 30, ENIA: 1 << 31,
} as const;
/** SCTLR_EL1.BT0, BT1 (bits 35, 36) and TCR_EL1.TBI0/1, TBID0/1 (bits 37, 38, 51, 52), in the high word. */
const SCTLR_HI_BT0 = 1 << 3, SCTLR_HI_BT1 = 1 << 4, SCTLR_HI_DSSBS = 1 << 12;
export { SCTLR_HI_DSSBS };

/** Recomputes cpu.tb_flags. */
export function rebuildHflags(cpu: Vcpu): void {
  const el = cpu.ld32(envOff.el), sctlr = cpu.ld32(envOff.sctlr_el1), sctlrHi = cpu.ld32(envOff.sctlr_el1 + 4), tcrHi = cpu.ld32(envOff.tcr_el1 + 4);
  const mmu = el === 0 ? ARMMMUIdx.E10_0 : cpu.ld32(envOff.pan) ? ARMMMUIdx.E10_1_PAN : ARMMMUIdx.E10_1;
  const fpen = (cpu.ld32(envOff.cpacr_el1) >> 20) & 3;
  // CPACR_EL1.FPEN: 0b11 no trap, 0b01 traps EL0 only, otherwise both.
  const fpTrap = fpen === 3 || (fpen === 1 && el === 1) ? 0 : 1;
  const mdscr = cpu.ld32(envOff.mdscr_el1), daif = cpu.ld32(envOff.daif);
  // Software step: MDSCR_EL1.SS, and at EL1 also KDE with PSTATE.D clear.
  const ss = mdscr & 1 && (cpu.ld32(envOff.oslsr_el1) & 2) === 0 && (el === 0 || (mdscr & (1 << 13) && !(daif & 0x200))) ? 1 : 0;
  const tbi = ((tcrHi >> 5) & 3) & ~((tcrHi >> 19) & 3);
  let f = putFlag(TBFlag.EL, el) | putFlag(TBFlag.MMUIDX, mmu) | putFlag(TBFlag.FPEXC_EL, fpTrap)
    | putFlag(TBFlag.ALIGN_MEM, sctlr & SCTLR.A ? 1 : 0) | putFlag(TBFlag.TBII, tbi)
    | putFlag(TBFlag.UNPRIV, el === 1 && !cpu.ld32(envOff.uao) ? 1 : 0)
    | putFlag(TBFlag.SS_ACTIVE, ss) | putFlag(TBFlag.BT, sctlrHi & (el ? SCTLR_HI_BT1 : SCTLR_HI_BT0) ? 1 : 0)
    | putFlag(TBFlag.BTYPE, cpu.ld32(envOff.btype)) | putFlag(TBFlag.PSTATE_IL, cpu.ld32(envOff.il))
    | putFlag(TBFlag.BE_DATA, sctlr & (el ? SCTLR.EE : SCTLR.E0E) ? 1 : 0)
    | putFlag(TBFlag.PAUTH_ACTIVE, sctlr & (SCTLR.ENIA | SCTLR.ENIB | SCTLR.ENDA | SCTLR.ENDB) ? 1 : 0)
    | putFlag(TBFlag.FP_DEFAULT, cpu.ld32(envOff.fpcr) === 0 ? 1 : 0);
  if (ss) f |= putFlag(TBFlag.PSTATE_SS, cpu.ld32(envOff.ss));
  cpu.tbFlags = f;
}
