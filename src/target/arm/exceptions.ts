// Exception entry and return at EL1 (Arm ARM D1.10, D1.11), pending interrupts, faults raised by the MMU.
import type { Vcpu } from '../../accel/vcpu.ts';
import { CPU_INTERRUPT_FIQ, CPU_INTERRUPT_HARD, CPU_INTERRUPT_TIMER, CPUState } from '../../memory/layout/cpu.ts';
import { MMU_DATA_STORE, MMU_INST_FETCH, type MMUAccessType } from '../../accel/target.ts';
import { envOff } from './env.ts';
import { rebuildHflags, SCTLR, SCTLR_HI_DSSBS, singleStepActive } from './hflags.ts';
import type { ArmFeatures } from './features.ts';
import { copy64, DAIF, PSTATE, pstateMask, readPstate, setElSp, writePstateFields } from './state.ts';
import { EC, EXCP, syndrome } from './syndrome.ts';

/** Fault status codes (Arm ARM, ESR_ELx DFSC); the first five have a level (see faultAtLevel). */
export const FSC = { ADDRESS_SIZE: 0x00, TRANSLATION: 0x04, ACCESS_FLAG: 0x08, PERMISSION: 0x0c, EXTERNAL_WALK: 0x14, EXTERNAL: 0x10, ALIGNMENT: 0x21 } as const;
/** Codes of level -1 (FEAT_LPA2) stand apart. */
const LEVEL_MINUS_1: Readonly<Record<number, number>> = { [FSC.ADDRESS_SIZE]: 0x29, [FSC.TRANSLATION]: 0x2b, [FSC.EXTERNAL_WALK]: 0x13 };
export const faultAtLevel = (fsc: number, level: number): number => (level < 0 ? LEVEL_MINUS_1[fsc] : fsc | level);
/** ISS of a data abort: the access wrote; it was cache maintenance or address translation. */
export const ISS_WNR = 1 << 6, ISS_CM = 1 << 8;

/** Makes an exception pending; taken before the next instruction. */
export function raise(cpu: Vcpu, excp: number, syn: number, targetEl = 1): void {
  cpu.exceptionIndex = excp;
  cpu.st32(envOff.exc_syndrome, syn);
  cpu.st32(envOff.exc_target_el, targetEl);
}

/** Raises the abort of an access. `iss`: extra ISS bits. */
export function raiseAbort(cpu: Vcpu, lo: number, hi: number, access: MMUAccessType, fsc: number, iss = 0): void {
  const same = cpu.ld32(envOff.el) === 1;
  cpu.st64p(envOff.exc_vaddress, lo, hi);
  if (access === MMU_INST_FETCH) raise(cpu, EXCP.PREFETCH_ABORT, syndrome(same ? EC.INSNABORT_SAME_EL : EC.INSNABORT, fsc | iss));
  else raise(cpu, EXCP.DATA_ABORT, syndrome(same ? EC.DATAABORT_SAME_EL : EC.DATAABORT, fsc | iss | (access === MMU_DATA_STORE || iss & ISS_CM ? ISS_WNR : 0)));
}

/** Enters EL1 at VBAR_EL1 + offset (AArch64.TakeException). */
function enter(cpu: Vcpu, offset: number, feat: ArmFeatures): void {
  const el = cpu.ld32(envOff.el), sctlr = cpu.ld32(envOff.sctlr_el1);
  const base = el === 1 ? (cpu.ld32(envOff.spsel) ? 0x200 : 0) : 0x400;
  cpu.st64p(envOff.spsr_el1, readPstate(cpu), 0);
  copy64(cpu, envOff.elr_el1, envOff.pc);
  setElSp(cpu, 1, 1);
  cpu.st32(envOff.daif, DAIF);
  if (feat.pan && !(sctlr & SCTLR.SPAN)) cpu.st32(envOff.pan, 1);
  for (const cleared of [envOff.uao, envOff.il, envOff.ss, envOff.btype]) cpu.st32(cleared, 0);
  if (feat.ssbs) cpu.st32(envOff.ssbs, cpu.ld32(envOff.sctlr_el1 + 4) & SCTLR_HI_DSSBS ? 1 : 0);
  // VBAR_EL1 is 2 KiB aligned: no carry.
  cpu.st64p(envOff.pc, (cpu.ld32(envOff.vbar_el1) & ~0x7ff) | (base + offset), cpu.ld32(envOff.vbar_el1 + 4));
  rebuildHflags(cpu);
}

/** Enters the pending synchronous exception or interrupt `excp`. */
export function takeException(cpu: Vcpu, excp: number, feat: ArmFeatures): void {
  if (excp === EXCP.IRQ) return enter(cpu, 0x80, feat);
  if (excp === EXCP.FIQ) return enter(cpu, 0x100, feat);
  cpu.st64p(envOff.esr_el1, cpu.ld32(envOff.exc_syndrome), 0);
  if (excp === EXCP.PREFETCH_ABORT || excp === EXCP.DATA_ABORT) copy64(cpu, envOff.far_el1, envOff.exc_vaddress);
  enter(cpu, excp === EXCP.SERROR ? 0x180 : 0, feat);
}

/** The interrupt to take now, as an EXCP number; 0 when none is pending and unmasked. */
export function pendingInterrupt(cpu: Vcpu, request: number): number {
  const daif = cpu.ld32(envOff.daif);
  if (request & CPU_INTERRUPT_FIQ && !(daif & PSTATE.F)) return EXCP.FIQ;
  if (request & CPU_INTERRUPT_HARD && !(daif & PSTATE.I)) return EXCP.IRQ;
  return 0;
}

/** WFI wakes for an interrupt even when it is masked (Arm ARM D1.16.2). */
export const wakesFromWfi = (cpu: Vcpu): boolean =>
  (cpu.load(CPUState.off.interrupt_request) & (CPU_INTERRUPT_HARD | CPU_INTERRUPT_FIQ | CPU_INTERRUPT_TIMER)) !== 0;

/**
 * Exception return at EL1 (AArch64.ExceptionReturn): PSTATE from SPSR_EL1, PC = `pcLo`, `pcHi`. An illegal return keeps
 * EL and SP and sets PSTATE.IL: then the result is false.
 */
export function exceptionReturn(cpu: Vcpu, pcLo: number, pcHi: number, feat: ArmFeatures): boolean {
  const raw = cpu.ld32(envOff.spsr_el1), spsr = raw & pstateMask(feat);
  const el = (raw >> PSTATE.EL_SHIFT) & 3, sp = raw & PSTATE.SP;
  // AArch32, reserved M[1], EL2 and EL3, EL0 with SP_EL1.
  const illegal = (raw & (PSTATE.NRW | 2)) !== 0 || el > 1 || (el === 0 && sp === 1);
  const stepping = singleStepActive(cpu, 1);
  cpu.st64p(envOff.exclusive_addr, -1, -1);
  cpu.store(envOff.event_register, 1);
  if (illegal) writePstateFields(cpu, spsr | PSTATE.IL);
  else {
    writePstateFields(cpu, spsr);
    setElSp(cpu, el, sp);
  }
  // PSTATE.SS is taken over only where stepping starts: disabled here, enabled at the target (DebugExceptionReturnSS).
  if (stepping || !singleStepActive(cpu, cpu.ld32(envOff.el))) cpu.st32(envOff.ss, 0);
  const tcrHi = cpu.ld32(envOff.tcr_el1 + 4), upper = (pcHi >>> 23) & 1;
  const tbi = ((tcrHi >> (5 + upper)) & 1) & ~(tcrHi >> (19 + upper));
  // The tag of the return address goes, as for branches (AArch64.BranchAddr).
  cpu.st64p(envOff.pc, pcLo, tbi ? (pcHi << 8) >> 8 : pcHi);
  rebuildHflags(cpu);
  return !illegal;
}
