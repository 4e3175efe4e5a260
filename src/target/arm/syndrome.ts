// Exception numbers (QEMU: EXCP_*) and ESR syndromes that the translator raises itself (Arm ARM, ESR_ELx).

/** Values of cpu.exceptionIndex below the core's own numbers. Names and values are QEMU's. */
export const EXCP = {
  UDEF: 1, SWI: 2, PREFETCH_ABORT: 3, DATA_ABORT: 4, IRQ: 5, FIQ: 6, BKPT: 7, HVC: 11, SMC: 13, SEMIHOST: 16, SERROR: 24,
} as const;

/** ESR_ELx.EC values. */
export const EC = {
  UNCATEGORIZED: 0x00, WFX_TRAP: 0x01, FP_TRAP: 0x07, PACTRAP: 0x09, BTITRAP: 0x0d, ILLEGALSTATE: 0x0e,
  AA64_SVC: 0x15, AA64_HVC: 0x16, AA64_SMC: 0x17, SYSTEMREGISTERTRAP: 0x18, PACFAIL: 0x1c,
  INSNABORT: 0x20, INSNABORT_SAME_EL: 0x21, PCALIGNMENT: 0x22, DATAABORT: 0x24, DATAABORT_SAME_EL: 0x25, SPALIGNMENT: 0x26,
  AA64_FPTRAP: 0x2c, SERROR: 0x2f, BREAKPOINT: 0x30, BREAKPOINT_SAME_EL: 0x31, SOFTWARESTEP: 0x32, SOFTWARESTEP_SAME_EL: 0x33,
  WATCHPOINT: 0x34, WATCHPOINT_SAME_EL: 0x35, AA64_BKPT: 0x3c,
} as const;

/** ESR_ELx.IL: the instruction was 32 bits long. */
export const ESR_IL = 1 << 25;

/** ESR value of a class with IL set and an ISS. */
export const syndrome = (ec: number, iss = 0): number => ((ec << 26) | ESR_IL | iss) >>> 0;

export const synUncategorized = (): number => syndrome(EC.UNCATEGORIZED);
export const synIllegalState = (): number => syndrome(EC.ILLEGALSTATE);
export const synPcAlignment = (): number => syndrome(EC.PCALIGNMENT);
export const synBtiTrap = (btype: number): number => syndrome(EC.BTITRAP, btype);
/** Software step: `isv` = EX is valid; `ex` = the stepped instruction was a Load-Exclusive. */
export const synSwStep = (sameEl: boolean, isv: number, ex: number): number =>
  syndrome(sameEl ? EC.SOFTWARESTEP_SAME_EL : EC.SOFTWARESTEP, (isv << 24) | (ex << 6) | 0x22);
