// CPUARMState: the architectural state of an AArch64 vCPU, declared once.
import { struct, owned, shared, type FieldSpec } from '../../memory/layout/struct.ts';
import { ARCH_OFFSET } from '../../accel/vcpu.ts';

const reg64 = (doc: string, count = 1): FieldSpec => owned('u64', doc, count);
const reg32 = (doc: string): FieldSpec => owned('u32', doc);

export const CPUARMState = struct('CPUARMState', 'architectural state of an AArch64 vCPU', {
  // General registers. TCG globals.
  x: reg64('X0…X30; [31] = the current SP', 32),
  pc: reg64('PC'),
  cc_a: reg64('lazy flags: first operand, result or packed NZCV, as cc_op says'),
  cc_b: reg64('lazy flags: second operand'),
  cc_op: reg64('lazy flags: CC_* of src/target/arm/flags.ts; the high half is 0'),
  // Vector registers. TCG globals (v128).
  v: { type: 'v128', count: 32, writer: 'owner', order: 'plain', doc: 'V0…V31' },
  fpcr: reg32('FPCR'),
  fpsr: reg32('FPSR: QC and cumulative flags'),
  // PSTATE fields that are not flags.
  daif: reg32('PSTATE.{D,A,I,F} in bits 9…6'),
  el: reg32('PSTATE.EL'),
  spsel: reg32('PSTATE.SP'),
  pan: reg32('PSTATE.PAN, 0 or 1'),
  uao: reg32('PSTATE.UAO'),
  dit: reg32('PSTATE.DIT'),
  ssbs: reg32('PSTATE.SSBS'),
  il: reg32('PSTATE.IL'),
  ss: reg32('PSTATE.SS'),
  btype: reg32('PSTATE.BTYPE'),
  tco: reg32('PSTATE.TCO'),
  // Exclusive monitor (scheme cmpxchg).
  exclusive_addr: reg64('address of the open reservation, -1 = none'),
  exclusive_val: reg64('value LDXR read'),
  exclusive_high: reg64('second half of an LDXP'),
  // Banked and system registers.
  sp_el: reg64('SP_EL0, SP_EL1 while not the current SP', 2),
  elr_el1: reg64('ELR_EL1'),
  spsr_el1: reg64('SPSR_EL1'),
  esr_el1: reg64('ESR_EL1'),
  far_el1: reg64('FAR_EL1'),
  vbar_el1: reg64('VBAR_EL1'),
  sctlr_el1: reg64('SCTLR_EL1'),
  actlr_el1: reg64('ACTLR_EL1'),
  cpacr_el1: reg64('CPACR_EL1'),
  ttbr0_el1: reg64('TTBR0_EL1'),
  ttbr1_el1: reg64('TTBR1_EL1'),
  tcr_el1: reg64('TCR_EL1'),
  mair_el1: reg64('MAIR_EL1'),
  amair_el1: reg64('AMAIR_EL1'),
  contextidr_el1: reg64('CONTEXTIDR_EL1'),
  afsr0_el1: reg64('AFSR0_EL1'),
  afsr1_el1: reg64('AFSR1_EL1'),
  par_el1: reg64('PAR_EL1'),
  tpidr_el0: reg64('TPIDR_EL0'),
  tpidrro_el0: reg64('TPIDRRO_EL0'),
  tpidr_el1: reg64('TPIDR_EL1'),
  csselr_el1: reg64('CSSELR_EL1'),
  mdscr_el1: reg64('MDSCR_EL1'),
  oslsr_el1: reg64('OSLSR_EL1'),
  osdlr_el1: reg64('OSDLR_EL1'),
  mdccint_el1: reg64('MDCCINT_EL1'),
  dbgbvr: reg64('DBGBVR<n>_EL1', 16),
  dbgbcr: reg64('DBGBCR<n>_EL1', 16),
  dbgwvr: reg64('DBGWVR<n>_EL1', 16),
  dbgwcr: reg64('DBGWCR<n>_EL1', 16),
  cntkctl_el1: reg64('CNTKCTL_EL1'),
  // Pointer authentication keys: low then high half.
  apia: reg64('APIAKey', 2),
  apib: reg64('APIBKey', 2),
  apda: reg64('APDAKey', 2),
  apdb: reg64('APDBKey', 2),
  apga: reg64('APGAKey', 2),
  // Performance monitors.
  pmcr_el0: reg64('PMCR_EL0'),
  pmcnten: reg64('PMCNTENSET_EL0'),
  pmovs: reg64('PMOVSSET_EL0'),
  pmuserenr: reg64('PMUSERENR_EL0'),
  pminten: reg64('PMINTENSET_EL1'),
  pmselr: reg64('PMSELR_EL0'),
  pmccfiltr: reg64('PMCCFILTR_EL0'),
  pmccntr: reg64('PMCCNTR_EL0 as of pm_last'),
  // Generic timers: owner writes; the timer thread reads `deadline`.
  cntv_ctl: reg64('CNTV_CTL_EL0 ENABLE, IMASK'),
  cntv_cval: reg64('CNTV_CVAL_EL0'),
  cntp_ctl: reg64('CNTP_CTL_EL0 ENABLE, IMASK'),
  cntp_cval: reg64('CNTP_CVAL_EL0'),
  timer_deadline: shared('i64', 'owner', 'virtual time (ns) of the next timer event, or INT64_MAX. pairs with workers/timer.ts'),
  timer_fired: shared('i32', 'timer; owner clears', 'the timer thread saw the deadline pass'),
  // Event register and power.
  event_register: shared('i32', 'any', 'WFE/SEV event register'),
  power_state: { type: 'i32', writer: 'any', lock: 'bql', order: 'seqcst', doc: 'PSCI_ON 0, PSCI_OFF 1, PSCI_ON_PENDING 2; read without the lock by its owner' },
  on_entry: { type: 'i64', writer: 'the CPU_ON winner', lock: 'bql', order: 'seqcst', doc: 'entry point of a pending CPU_ON' },
  on_context: { type: 'i64', writer: 'the CPU_ON winner', lock: 'bql', order: 'seqcst', doc: 'its context id' },
  // Pending exception.
  exc_syndrome: reg32('ESR value of the pending exception'),
  exc_target_el: reg32('EL it goes to'),
  exc_vaddress: reg64('FAR value'),
  mpidr_el1: reg64('MPIDR_EL1, fixed per vCPU'),
  vec_scratch: { type: 'v128', count: 4, writer: 'owner', order: 'plain', doc: 'operands of a wasm vector helper while it loops over lanes' },
  scxtnum_el0: reg64('SCXTNUM_EL0'),
  scxtnum_el1: reg64('SCXTNUM_EL1'),
  disr_el1: reg64('DISR_EL1'),
  cntfrq_el0: reg64('CNTFRQ_EL0: what software says the counter runs at'),
  pmevcntr: reg64('PMEVCNTR<n>_EL0', 6),
  pmevtyper: reg64('PMEVTYPER<n>_EL0', 6),
  pm_last: { type: 'f64', writer: 'owner', order: 'plain', doc: 'virtual time (ns) the performance counters were brought up to' },
  guarded_seen: reg32('1 once a guarded page (FEAT_BTI) has been translated: indirect branches are checked from then on'),
  timer_lines: reg32('levels of the timer and PMU interrupt lines as last driven: bit n = line of PPI 16 + n'),
}, 64);

/** Byte offset of an env field in the vCPU block: what TCG globals, `ld`/`st` and Vcpu accessors take. */
export const envOff = Object.fromEntries(
  Object.entries(CPUARMState.off).map(([k, v]) => [k, ARCH_OFFSET + (v as number)]),
) as Record<keyof typeof CPUARMState.off, number>;

/** MMU indexes. */
export const ARMMMUIdx = { E10_0: 0, E10_1: 1, E10_1_PAN: 2 } as const;
export const ARM_MMU_MODES = 3;

/** Bits of cpu.tb_flags: state the translator assumes constant. Bit 31 is TB_INVALID's. */
export const TBFlag = {
  EL: { shift: 0, width: 2 },
  MMUIDX: { shift: 2, width: 3 },
  /** EL an FP/SIMD access traps to, 0 = none. */
  FPEXC_EL: { shift: 5, width: 2 },
  /** SCTLR_ELx.A: all accesses must be aligned. */
  ALIGN_MEM: { shift: 7, width: 1 },
  /** Top-byte-ignore for instruction addresses: bit 0 lower half, bit 1 upper half. */
  TBII: { shift: 8, width: 2 },
  /** LDTR/STTR act as EL0. */
  UNPRIV: { shift: 10, width: 1 },
  SS_ACTIVE: { shift: 11, width: 1 },
  PSTATE_SS: { shift: 12, width: 1 },
  /** SCTLR_ELx.BT for the current EL. */
  BT: { shift: 13, width: 1 },
  BTYPE: { shift: 14, width: 2 },
  PSTATE_IL: { shift: 16, width: 1 },
  /** SCTLR_ELx.EE / E0E: data is big-endian. */
  BE_DATA: { shift: 17, width: 1 },
  /** Some pointer-authentication key is enabled. */
  PAUTH_ACTIVE: { shift: 18, width: 1 },
  /** FPCR asks for what host arithmetic does: rounding to nearest, no flushing. */
  FP_DEFAULT: { shift: 19, width: 1 },
  /** SCTLR_EL1.UMA, UCI, UCT, DZE, nTWI, nTWE are checked by helpers, not here. */
  GCS: { shift: 20, width: 1 },
  /** PSTATE.SP: at EL1 SP_EL0 is accessible as a register only when it is not the current SP. */
  SPSEL: { shift: 21, width: 1 },
  /** SCTLR_EL1.nAA: ordered accesses may be unaligned wherever they are (FEAT_LSE2). */
  NAA: { shift: 22, width: 1 },
} as const;
export const getFlag = (flags: number, f: { shift: number; width: number }): number => (flags >>> f.shift) & ((1 << f.width) - 1);
export const flagMask = (f: { shift: number; width: number }): number => ((1 << f.width) - 1) << f.shift;
export const putFlag = (f: { shift: number; width: number }, v: number): number => (v & ((1 << f.width) - 1)) << f.shift;
