// System control, translation, exception, thread and error registers of EL1 and EL0.
import type { Vcpu } from '../../../accel/vcpu.ts';
import { CPU_INTERRUPT_FIQ, CPU_INTERRUPT_HARD, CPUState } from '../../../memory/layout/cpu.ts';
import { ARM_MMU_MODES, envOff } from '../env.ts';
import { rebuildHflags, SCTLR } from '../hflags.ts';
import { plain, raz, type SysregDef, type SysregKey } from './def.ts';

const ALL_MMU = (1 << ARM_MMU_MODES) - 1;

/** SCTLR_EL1.BT0, BT1 (high word), RES0 without FEAT_BTI; DSSBS likewise. */
const SCTLR_HI_BT = 3 << 3, SCTLR_HI_DSSBS = 1 << 12;

const sctlr: SysregDef = {
  name: 'SCTLR_EL1', key: [3, 0, 1, 0, 0], endsTb: true, read64: (cpu) => cpu.ld64(envOff.sctlr_el1),
  write: (cpu, lo, hi, { feat }) => {
    if (!feat.lse2) lo &= ~SCTLR.NAA;
    const changed = cpu.ld32(envOff.sctlr_el1) ^ lo;
    cpu.st64p(envOff.sctlr_el1, lo, hi & (feat.bti ? -1 : ~SCTLR_HI_BT) & (feat.ssbs ? -1 : ~SCTLR_HI_DSSBS));
    // What changes the meaning of translations.
    if (changed & (SCTLR.M | SCTLR.WXN | SCTLR.EE)) cpu.services.tlbFlush(ALL_MMU);
    rebuildHflags(cpu);
  },
};

/** TCR_EL1.A1: the ASID is TTBR1_EL1's. */
const TCR_A1 = 1 << 22;
/** Software must invalidate for all changes but that of the ASID. */
const ttbr = (name: string, key: SysregKey, field: number, asidWhen: number): SysregDef => ({
  name, key, endsTb: true, read64: (cpu) => cpu.ld64(field),
  write: (cpu, lo, hi) => {
    const before = cpu.ld32(field + 4);
    cpu.st64p(field, lo, hi);
    const asidChanged = (before ^ hi) >>> 16 !== 0 && (cpu.ld32(envOff.tcr_el1) & TCR_A1) === asidWhen, word = (at: number) => cpu.ld32(at);
    cpu.services.tlbEnter([word(envOff.ttbr0_el1), word(envOff.ttbr0_el1 + 4), word(envOff.ttbr1_el1), word(envOff.ttbr1_el1 + 4)], asidChanged);
  },
});

const tcr: SysregDef = {
  name: 'TCR_EL1', key: [3, 0, 2, 0, 2], endsTb: true, read64: (cpu) => cpu.ld64(envOff.tcr_el1),
  write: (cpu, lo, hi) => {
    const same = cpu.ld32(envOff.tcr_el1) === lo && cpu.ld32(envOff.tcr_el1 + 4) === hi;
    cpu.st64p(envOff.tcr_el1, lo, hi);
    if (same) return;
    cpu.services.tlbFlush(ALL_MMU);
    rebuildHflags(cpu);
  },
};

/** CPACR_EL1.FPEN. */
const cpacr: SysregDef = {
  name: 'CPACR_EL1', key: [3, 0, 1, 0, 2], endsTb: true, read64: (cpu) => cpu.ld64(envOff.cpacr_el1),
  write: (cpu, lo) => { cpu.st64p(envOff.cpacr_el1, lo & 0x300000, 0); rebuildHflags(cpu); },
};

/** ISR_EL1: interrupts pending at the CPU interface, masked or not. */
const isr = (cpu: Vcpu): number => {
  const r = cpu.load(CPUState.off.interrupt_request);
  return (r & CPU_INTERRUPT_HARD ? 1 << 7 : 0) | (r & CPU_INTERRUPT_FIQ ? 1 << 6 : 0);
};

/** Pointer authentication keys, low and high halves. */
const keys: SysregDef[] = ([['APIA', 1, 0, envOff.apia], ['APIB', 1, 2, envOff.apib], ['APDA', 2, 0, envOff.apda], ['APDB', 2, 2, envOff.apdb], ['APGA', 3, 0, envOff.apga]] as const)
  .flatMap(([name, crm, op2, at]) => [
    plain(`${name}KeyLo_EL1`, [3, 0, 2, crm, op2], at, { feature: 'pauth' }), plain(`${name}KeyHi_EL1`, [3, 0, 2, crm, op2 + 1], at + 8, { feature: 'pauth' }),
  ]);

export const controlRegs: readonly SysregDef[] = [
  sctlr, cpacr, tcr, ...keys,
  raz('ACTLR_EL1', [3, 0, 1, 0, 1]),
  ttbr('TTBR0_EL1', [3, 0, 2, 0, 0], envOff.ttbr0_el1, 0), ttbr('TTBR1_EL1', [3, 0, 2, 0, 1], envOff.ttbr1_el1, TCR_A1),
  plain('MAIR_EL1', [3, 0, 10, 2, 0], envOff.mair_el1),
  raz('AMAIR_EL1', [3, 0, 10, 3, 0]),
  ...([['LORSA', 0], ['LOREA', 1], ['LORN', 2], ['LORC', 3]] as const).map(([name, op2]) => raz(`${name}_EL1`, [3, 0, 10, 4, op2], { feature: 'lor' })),
  raz('LORID_EL1', [3, 0, 10, 4, 7], { feature: 'lor', ro: true }),
  plain('CONTEXTIDR_EL1', [3, 0, 13, 0, 1], envOff.contextidr_el1),
  plain('SPSR_EL1', [3, 0, 4, 0, 0], envOff.spsr_el1), plain('ELR_EL1', [3, 0, 4, 0, 1], envOff.elr_el1),
  plain('ESR_EL1', [3, 0, 5, 2, 0], envOff.esr_el1), plain('FAR_EL1', [3, 0, 6, 0, 0], envOff.far_el1),
  raz('AFSR0_EL1', [3, 0, 5, 1, 0]), raz('AFSR1_EL1', [3, 0, 5, 1, 1]),
  plain('PAR_EL1', [3, 0, 7, 4, 0], envOff.par_el1),
  plain('VBAR_EL1', [3, 0, 12, 0, 0], envOff.vbar_el1, { mask: 0xfffffffffffff800n }),
  raz('RVBAR_EL1', [3, 0, 12, 0, 1], { ro: true }),
  { name: 'ISR_EL1', key: [3, 0, 12, 1, 0], ro: true, read: isr },
  // RAS: no error records.
  raz('ERRIDR_EL1', [3, 0, 5, 3, 0], { feature: 'ras', ro: true }),
  plain('DISR_EL1', [3, 0, 12, 1, 1], envOff.disr_el1, { feature: 'ras' }),
  // Thread pointers and context numbers.
  plain('TPIDR_EL0', [3, 3, 13, 0, 2], envOff.tpidr_el0, { el0: 'rw' }), plain('TPIDRRO_EL0', [3, 3, 13, 0, 3], envOff.tpidrro_el0, { el0: 'r' }),
  plain('TPIDR_EL1', [3, 0, 13, 0, 4], envOff.tpidr_el1),
  plain('SCXTNUM_EL0', [3, 3, 13, 0, 7], envOff.scxtnum_el0, { feature: 'csv2_2', el0: 'rw', allowEl0: (cpu) => !(cpu.ld32(envOff.sctlr_el1) & SCTLR.TSCXT) }),
  plain('SCXTNUM_EL1', [3, 0, 13, 0, 7], envOff.scxtnum_el1, { feature: 'csv2_2' }),
];
