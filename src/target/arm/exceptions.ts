// Exception entry and return at EL1 (Arm ARM D1.10, D1.11), pending interrupts, faults raised by the MMU.
import type { Vcpu } from '../../accel/vcpu.ts';
import { CPU_INTERRUPT_FIQ, CPU_INTERRUPT_HARD, CPU_INTERRUPT_TIMER, CPUState } from '../../memory/layout/cpu.ts';
import { MMU_INST_FETCH, type MMUAccessType } from '../../accel/target.ts';
import { envOff } from './env.ts';
import { rebuildHflags, SCTLR, SCTLR_HI_DSSBS } from './hflags.ts';
import type { ArmFeatures } from './features.ts';
import { DAIF, PSTATE, readPstate, setElSp, writePstateFields } from './state.ts';
import { EC, EXCP, syndrome } from './syndrome.ts';

/** Fault status codes (Arm ARM, ESR_ELx DFSC); level in the low two bits of the first five. */
export const FSC = { ADDRESS_SIZE: 0x00, TRANSLATION: 0x04, ACCESS_FLAG: 0x08, PERMISSION: 0x0c, EXTERNAL_WALK: 0x14, EXTERNAL: 0x10, ALIGNMENT: 0x21 } as const;
const ISS_WNR = 1 << 6;
export const ISS_CM = 1 << 8;

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
  else raise(cpu, EXCP.DATA_ABORT, syndrome(same ? EC.DATAABORT_SAME_EL : EC.DATAABORT, fsc | iss | (access === 1 || iss & ISS_CM ? ISS_WNR : 0)));
}

/** Enters EL1 at VBAR_EL1 + offset (AArch64.TakeException). */
function enter(cpu: Vcpu, offset: number, feat: ArmFeatures): void {
  const el = cpu.ld32(envOff.el), spsr = readPstate(cpu);
  const base = el === 1 ? (cpu.ld32(envOff.spsel) ? 0x200 : 0) : 0x400;
  cpu.st64(envOff.spsr_el1, BigInt(spsr));
  cpu.st64(envOff.elr_el1, cpu.ld64(envOff.pc));
  const sctlr = cpu.ld32(envOff.sctlr_el1);
  setElSp(cpu, 1, 1);
  cpu.st32(envOff.daif, DAIF);
  if (feat.pan && !(sctlr & SCTLR.SPAN)) cpu.st32(envOff.pan, 1);
  cpu.st32(envOff.uao, 0);
  cpu.st32(envOff.il, 0);
  cpu.st32(envOff.ss, 0);
  cpu.st32(envOff.btype, 0);
  cpu.st32(envOff.tco, 1);
  if (feat.ssbs) cpu.st32(envOff.ssbs, cpu.ld32(envOff.sctlr_el1 + 4) & SCTLR_HI_DSSBS ? 1 : 0);
  const vbar = cpu.ld64(envOff.vbar_el1) & ~0x7ffn;
  cpu.st64(envOff.pc, BigInt.asUintN(64, vbar + BigInt(base + offset)));
  rebuildHflags(cpu);
}

/** Enters the pending synchronous exception or interrupt `excp`. */
export function takeException(cpu: Vcpu, excp: number, feat: ArmFeatures): void {
  if (excp === EXCP.IRQ) return enter(cpu, 0x80, feat);
  if (excp === EXCP.FIQ) return enter(cpu, 0x100, feat);
  cpu.st64(envOff.esr_el1, BigInt(cpu.ld32(envOff.exc_syndrome) >>> 0));
  if (excp === EXCP.PREFETCH_ABORT || excp === EXCP.DATA_ABORT) cpu.st64(envOff.far_el1, cpu.ld64(envOff.exc_vaddress));
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

/** ERET at EL1: PC and PSTATE from ELR_EL1 and SPSR_EL1; an illegal return sets PSTATE.IL instead (AArch64.ExceptionReturn). */
export function exceptionReturn(cpu: Vcpu, pc: bigint): void {
  const spsr = cpu.ld32(envOff.spsr_el1);
  const el = (spsr >> PSTATE.EL_SHIFT) & 3, sp = spsr & 1;
  const illegal = (spsr & PSTATE.NRW) !== 0 || el > 1 || (el === 0 && sp === 1) || (spsr & 2) !== 0;
  cpu.st64(envOff.exclusive_addr, 0xffffffffffffffffn);
  cpu.store(envOff.event_register, 1);
  if (illegal) {
    // EL, SP and the execution state stay; flags and masks come from SPSR.
    const keep = readPstate(cpu);
    writePstateFields(cpu, (spsr & ~(PSTATE.SS | PSTATE.PAN | PSTATE.UAO)) | (keep & (PSTATE.SS | PSTATE.PAN | PSTATE.UAO)) | PSTATE.IL);
    cpu.st64(envOff.pc, pc);
  } else {
    writePstateFields(cpu, spsr);
    setElSp(cpu, el, sp);
    cpu.st64(envOff.pc, pc);
  }
  rebuildHflags(cpu);
}
