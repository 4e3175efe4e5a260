// Identification and cache registers, and what Arm cores define beside the architecture.
import type { Vcpu } from '../../../accel/vcpu.ts';
import { envOff } from '../env.ts';
import { SCTLR } from '../hflags.ts';
import { modelConst, plain, raz, type SysregDef, type SysregModel } from './def.ts';

/** Names of the ID space, op0 3, op1 0, CRn 0: by CRm and op2. */
const ID_NAMES: Readonly<Record<string, string>> = {
  '0.0': 'MIDR_EL1', '0.6': 'REVIDR_EL1',
  // AArch32: all zero without it.
  '1.0': 'ID_PFR0_EL1', '1.1': 'ID_PFR1_EL1', '1.2': 'ID_DFR0_EL1', '1.3': 'ID_AFR0_EL1', '1.4': 'ID_MMFR0_EL1', '1.5': 'ID_MMFR1_EL1', '1.6': 'ID_MMFR2_EL1', '1.7': 'ID_MMFR3_EL1',
  '2.0': 'ID_ISAR0_EL1', '2.1': 'ID_ISAR1_EL1', '2.2': 'ID_ISAR2_EL1', '2.3': 'ID_ISAR3_EL1', '2.4': 'ID_ISAR4_EL1', '2.5': 'ID_ISAR5_EL1', '2.6': 'ID_MMFR4_EL1', '2.7': 'ID_ISAR6_EL1',
  '3.0': 'MVFR0_EL1', '3.1': 'MVFR1_EL1', '3.2': 'MVFR2_EL1', '3.4': 'ID_PFR2_EL1', '3.5': 'ID_DFR1_EL1', '3.6': 'ID_MMFR5_EL1',
  '4.0': 'ID_AA64PFR0_EL1', '4.1': 'ID_AA64PFR1_EL1', '4.4': 'ID_AA64ZFR0_EL1', '4.5': 'ID_AA64SMFR0_EL1',
  '5.0': 'ID_AA64DFR0_EL1', '5.1': 'ID_AA64DFR1_EL1', '5.4': 'ID_AA64AFR0_EL1', '5.5': 'ID_AA64AFR1_EL1',
  '6.0': 'ID_AA64ISAR0_EL1', '6.1': 'ID_AA64ISAR1_EL1', '6.2': 'ID_AA64ISAR2_EL1',
  '7.0': 'ID_AA64MMFR0_EL1', '7.1': 'ID_AA64MMFR1_EL1', '7.2': 'ID_AA64MMFR2_EL1', '7.3': 'ID_AA64MMFR3_EL1',
};

/** The ID space; encodings without a name read as zero. */
export function idSpace({ idregs }: SysregModel): SysregDef[] {
  const out: SysregDef[] = [];
  for (let crm = 0; crm < 8; crm++) {
    for (let op2 = 0; op2 < 8; op2++) {
      if (crm === 0 && op2 !== 0 && op2 !== 6) continue;
      const name = ID_NAMES[`${crm}.${op2}`] ?? `ID_RESERVED_${crm}_${op2}`;
      out.push({ name, key: [3, 0, 0, crm, op2], ro: true, const: idregs[name] ?? 0n });
    }
  }
  return out;
}

const CCSIDR = ['CCSIDR_L1D', 'CCSIDR_L1I', 'CCSIDR_L2'] as const;
const el0Without = (cpu: Vcpu, bit: number): boolean => cpu.ld32(envOff.el) === 0 && !(cpu.ld32(envOff.sctlr_el1) & bit);

export const idRegs: readonly SysregDef[] = [
  plain('MPIDR_EL1', [3, 0, 0, 0, 5], envOff.mpidr_el1, { ro: true }),
  { name: 'CCSIDR_EL1', key: [3, 1, 0, 0, 0], ro: true, read64: (cpu, c) => c.idregs[CCSIDR[cpu.ld32(envOff.csselr_el1)]] ?? 0n },
  modelConst('CLIDR_EL1', [3, 1, 0, 0, 1]),
  modelConst('AIDR_EL1', [3, 1, 0, 0, 7]),
  plain('CSSELR_EL1', [3, 2, 0, 0, 0], envOff.csselr_el1, { mask: 15n }),
  modelConst('CTR_EL0', [3, 3, 0, 0, 1], { el0: 'r', allowEl0: (cpu) => !el0Without(cpu, SCTLR.UCT) }),
  modelConst('DCZID_EL0', [3, 3, 0, 0, 7], { el0: 'r' }),
];

/** Part number of MIDR_EL1, by which the implementation-defined registers go. */
const part = ({ idregs }: SysregModel): number => Number((idregs.MIDR_EL1 >> 4n) & 0xfffn);
const CORTEX_A53 = 0xd03, CORTEX_A57 = 0xd07, CORTEX_A72 = 0xd08;
/** QEMU's `max` began as a Cortex-A57 and kept its registers. */
const MAX = 0x051;
const isA5x = (m: SysregModel): boolean => [CORTEX_A53, CORTEX_A57, CORTEX_A72, MAX].includes(part(m));

/** Registers of the cores' technical reference manuals that Linux and firmware touch. */
export const implementationDefined: readonly SysregDef[] = [
  // L2CTLR: number of cores of the cluster, less one, in bits 25…24.
  { name: 'L2CTLR_EL1', key: [3, 1, 11, 0, 2], present: isA5x, read: (_cpu, c) => (Math.min(c.ports.cpuCount, 4) - 1) * 2 ** 24, write: () => {} },
  raz('L2ECTLR_EL1', [3, 1, 11, 0, 3], { present: isA5x }),
  raz('L2ACTLR_EL1', [3, 1, 15, 0, 0], { present: isA5x }),
  raz('CPUACTLR_EL1', [3, 1, 15, 2, 0], { present: isA5x }),
  raz('CPUECTLR_EL1', [3, 1, 15, 2, 1], { present: isA5x }),
  raz('CPUMERRSR_EL1', [3, 1, 15, 2, 2], { present: isA5x }),
  raz('L2MERRSR_EL1', [3, 1, 15, 2, 3], { present: isA5x }),
  // CBAR: where the GIC's registers are.
  { name: 'CBAR_EL1', key: [3, 1, 15, 3, 0], ro: true, const: 0x08000000n },
];
