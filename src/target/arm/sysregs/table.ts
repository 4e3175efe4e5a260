// The system registers an EL1 and EL0 guest sees, as one table (Arm ARM D19).
import type { Vcpu } from '../../../accel/vcpu.ts';
import { CPUState } from '../../../memory/layout/cpu.ts';
import { ARM_MMU_MODES, envOff } from '../env.ts';
import { rebuildHflags, SCTLR } from '../hflags.ts';
import { readBankedSp, writeBankedSp, readPstate, setElSp, DAIF } from '../state.ts';
import { readNzcv, writeNzcv } from '../flags.ts';
import { CNTFRQ, counter, readCtl, readTval, TIMERS, updateTimers, writeTval } from '../timer.ts';
import type { ArmFeatures } from '../features.ts';
import { keyNumber, type SysregContext, type SysregDef, type SysregKey } from './def.ts';
import { maintenance } from './maintenance.ts';

const INTERRUPT_REQUEST = CPUState.off.interrupt_request;
const ALL_MMU = (1 << ARM_MMU_MODES) - 1;
const low = (cpu: Vcpu, off: number) => cpu.ld32(off);

/** A register that is a field of env and nothing else. */
const plain = (name: string, key: SysregKey, field: number, more: Partial<SysregDef> = {}): SysregDef => ({ name, key, field, ...more });
/** A field whose change shows in tb_flags. */
const withFlags = (name: string, key: SysregKey, field: number): SysregDef => ({
  name, key, endsTb: true, read: (cpu) => cpu.ld64(field), write: (cpu, v) => { cpu.st64(field, v); rebuildHflags(cpu); },
});
const raz = (name: string, key: SysregKey, more: Partial<SysregDef> = {}): SysregDef => ({ name, key, const: 0n, ...more });

/** ID registers: op0 3, op1 0, CRn 0. Unnamed ones of the ID space read as zero. */
function idSpace(c: { idregs: Readonly<Record<string, bigint>> }): SysregDef[] {
  const named: Record<string, string> = {
    '0.0': 'MIDR_EL1', '0.6': 'REVIDR_EL1', '4.0': 'ID_AA64PFR0_EL1', '4.1': 'ID_AA64PFR1_EL1', '4.4': 'ID_AA64ZFR0_EL1', '4.5': 'ID_AA64SMFR0_EL1',
    '5.0': 'ID_AA64DFR0_EL1', '5.1': 'ID_AA64DFR1_EL1', '5.4': 'ID_AA64AFR0_EL1', '5.5': 'ID_AA64AFR1_EL1',
    '6.0': 'ID_AA64ISAR0_EL1', '6.1': 'ID_AA64ISAR1_EL1', '6.2': 'ID_AA64ISAR2_EL1',
    '7.0': 'ID_AA64MMFR0_EL1', '7.1': 'ID_AA64MMFR1_EL1', '7.2': 'ID_AA64MMFR2_EL1', '7.3': 'ID_AA64MMFR3_EL1',
  };
  const out: SysregDef[] = [];
  for (let crm = 0; crm < 8; crm++) {
    for (let op2 = 0; op2 < 8; op2++) {
      if (crm === 0 && op2 !== 0 && op2 !== 6) continue;
      const name = named[`${crm}.${op2}`] ?? `ID_RESERVED_${crm}_${op2}`;
      out.push({ name, key: [3, 0, 0, crm, op2], ro: true, const: c.idregs[name] ?? 0n });
    }
  }
  return out;
}

/** CNTKCTL_EL1 bits that open the timers to EL0. */
const cntkctl = (bit: number) => (cpu: Vcpu) => (low(cpu, envOff.cntkctl_el1) & bit) !== 0;
const timer = (t: keyof typeof TIMERS, prefix: string, crm: number, bit: number): SysregDef[] => {
  const r = TIMERS[t], allowEl0 = cntkctl(bit);
  return [
    { name: `${prefix}_TVAL_EL0`, key: [3, 3, 14, crm, 0], el0: 'rw', allowEl0, read: (cpu, c) => readTval(cpu, r, c.ports), write: (cpu, v, c) => { writeTval(cpu, r, v, c.ports); updateTimers(cpu, c.ports); } },
    { name: `${prefix}_CTL_EL0`, key: [3, 3, 14, crm, 1], el0: 'rw', allowEl0, read: (cpu, c) => BigInt(readCtl(cpu, r, c.ports)), write: (cpu, v, c) => { cpu.st64(r.ctl, v & 3n); updateTimers(cpu, c.ports); } },
    { name: `${prefix}_CVAL_EL0`, key: [3, 3, 14, crm, 2], el0: 'rw', allowEl0, read: (cpu) => cpu.ld64(r.cval), write: (cpu, v, c) => { cpu.st64(r.cval, v); updateTimers(cpu, c.ports); } },
  ];
};

/** TTBR and TCR writes drop the TLB: entries carry no ASID here. */
const translationBase = (name: string, key: SysregKey, field: number): SysregDef => ({
  name, key, endsTb: true, read: (cpu) => cpu.ld64(field),
  write: (cpu, v) => {
    const changed = cpu.ld64(field) !== v;
    cpu.st64(field, v);
    if (changed) { cpu.services.tlbFlush(ALL_MMU); rebuildHflags(cpu); }
  },
});

/** Bits that always read as one: 11, 20, 22 (their features are absent). */
const SCTLR_RES1 = 0x00500800n;
const sctlrWrite = (cpu: Vcpu, v: bigint): void => {
  const old = cpu.ld64(envOff.sctlr_el1), next = v | SCTLR_RES1;
  cpu.st64(envOff.sctlr_el1, next);
  // M, WXN change what translations mean.
  if ((old ^ next) & BigInt(SCTLR.M | SCTLR.WXN)) cpu.services.tlbFlush(ALL_MMU);
  rebuildHflags(cpu);
};

const icc = (name: string, crm: number, op2: number, more: Partial<SysregDef> = {}, crn = 12): SysregDef => ({
  name: `${name}_EL1`, key: [3, 0, crn, crm, op2], endsTb: true,
  read: (cpu, c) => BigInt(c.ports.gic!.iccRead(cpu.index, name) >>> 0),
  write: (cpu, v, c) => c.ports.gic!.iccWrite(cpu.index, name, Number(v & 0xffffffffn) | 0, Number(v >> 32n) | 0),
  ...more,
});
const iccRegs: SysregDef[] = [
  icc('ICC_PMR', 6, 0, {}, 4), icc('ICC_IAR0', 8, 0, { ro: true }), icc('ICC_EOIR0', 8, 1, { wo: true }), icc('ICC_HPPIR0', 8, 2, { ro: true }), icc('ICC_BPR0', 8, 3),
  // AP0R1…3 and AP1R1…3 exist only with more than five priority bits.
  icc('ICC_AP0R0', 8, 4), icc('ICC_AP1R0', 9, 0),
  icc('ICC_DIR', 11, 1, { wo: true }), icc('ICC_RPR', 11, 3, { ro: true }), icc('ICC_SGI1R', 11, 5, { wo: true }), icc('ICC_ASGI1R', 11, 6, { wo: true }), icc('ICC_SGI0R', 11, 7, { wo: true }),
  icc('ICC_IAR1', 12, 0, { ro: true }), icc('ICC_EOIR1', 12, 1, { wo: true }), icc('ICC_HPPIR1', 12, 2, { ro: true }), icc('ICC_BPR1', 12, 3),
  icc('ICC_CTLR', 12, 4), icc('ICC_SRE', 12, 5), icc('ICC_IGRPEN0', 12, 6), icc('ICC_IGRPEN1', 12, 7),
];

/** PSTATE fields as registers. */
const pstateField = (name: string, key: SysregKey, field: number, bit: number, feature: keyof ArmFeatures): SysregDef => ({
  name, key, feature, endsTb: true, el0: name === 'DIT' || name === 'SSBS' ? 'rw' : undefined,
  read: (cpu) => BigInt(cpu.ld32(field)) << BigInt(bit),
  write: (cpu, v) => { cpu.st32(field, Number((v >> BigInt(bit)) & 1n)); rebuildHflags(cpu); },
});

const rows: SysregDef[] = [
  // Identity and caches.
  { name: 'MPIDR_EL1', key: [3, 0, 0, 0, 5], ro: true, field: envOff.mpidr_el1 },
  { name: 'CCSIDR_EL1', key: [3, 1, 0, 0, 0], ro: true, read: (cpu, c) => c.idregs[(['CCSIDR_L1D', 'CCSIDR_L1I', 'CCSIDR_L2'])[low(cpu, envOff.csselr_el1)] ?? ''] ?? 0n },
  { name: 'CLIDR_EL1', key: [3, 1, 0, 0, 1], ro: true, read: (_cpu, c) => c.idregs.CLIDR_EL1 },
  { name: 'AIDR_EL1', key: [3, 1, 0, 0, 7], ro: true, const: 0n },
  { name: 'CSSELR_EL1', key: [3, 2, 0, 0, 0], field: envOff.csselr_el1, read: (cpu) => cpu.ld64(envOff.csselr_el1), write: (cpu, v) => cpu.st64(envOff.csselr_el1, v & 15n) },
  { name: 'CTR_EL0', key: [3, 3, 0, 0, 1], ro: true, el0: 'r', allowEl0: (cpu) => (low(cpu, envOff.sctlr_el1) & SCTLR.UCT) !== 0, read: (_cpu, c) => c.idregs.CTR_EL0 },
  { name: 'DCZID_EL0', key: [3, 3, 0, 0, 7], ro: true, el0: 'r', read: (cpu, c) => c.idregs.DCZID_EL0 | (low(cpu, envOff.el) === 0 && !(low(cpu, envOff.sctlr_el1) & SCTLR.DZE) ? 16n : 0n) },
  // Control and translation.
  { name: 'SCTLR_EL1', key: [3, 0, 1, 0, 0], endsTb: true, read: (cpu) => cpu.ld64(envOff.sctlr_el1), write: sctlrWrite },
  plain('ACTLR_EL1', [3, 0, 1, 0, 1], envOff.actlr_el1),
  { ...withFlags('CPACR_EL1', [3, 0, 1, 0, 2], envOff.cpacr_el1), write: (cpu, v) => { cpu.st64(envOff.cpacr_el1, v & 0x10300000n); rebuildHflags(cpu); } },
  translationBase('TTBR0_EL1', [3, 0, 2, 0, 0], envOff.ttbr0_el1),
  translationBase('TTBR1_EL1', [3, 0, 2, 0, 1], envOff.ttbr1_el1),
  translationBase('TCR_EL1', [3, 0, 2, 0, 2], envOff.tcr_el1),
  plain('MAIR_EL1', [3, 0, 10, 2, 0], envOff.mair_el1),
  plain('AMAIR_EL1', [3, 0, 10, 3, 0], envOff.amair_el1),
  plain('CONTEXTIDR_EL1', [3, 0, 13, 0, 1], envOff.contextidr_el1),
  // Exceptions.
  plain('SPSR_EL1', [3, 0, 4, 0, 0], envOff.spsr_el1),
  plain('ELR_EL1', [3, 0, 4, 0, 1], envOff.elr_el1),
  { name: 'SP_EL0', key: [3, 0, 4, 1, 0], endsTb: true, read: (cpu) => readBankedSp(cpu, 0), write: (cpu, v) => writeBankedSp(cpu, 0, v) },
  { name: 'SPSEL', key: [3, 0, 4, 2, 0], endsTb: true, read: (cpu) => BigInt(cpu.ld32(envOff.spsel)), write: (cpu, v) => setElSp(cpu, cpu.ld32(envOff.el), Number(v & 1n)) },
  { name: 'CURRENTEL', key: [3, 0, 4, 2, 2], ro: true, read: (cpu) => BigInt(cpu.ld32(envOff.el) << 2) },
  { ...pstateField('PAN', [3, 0, 4, 2, 3], envOff.pan, 22, 'pan') },
  { ...pstateField('UAO', [3, 0, 4, 2, 4], envOff.uao, 23, 'uao') },
  { ...pstateField('DIT', [3, 3, 4, 2, 5], envOff.dit, 24, 'dit') },
  { ...pstateField('SSBS', [3, 3, 4, 2, 6], envOff.ssbs, 12, 'ssbs') },
  { name: 'NZCV', key: [3, 3, 4, 2, 0], el0: 'rw', read: (cpu) => BigInt(readNzcv(cpu)), write: (cpu, v) => writeNzcv(cpu, Number(v & 0xf0000000n)) },
  { name: 'DAIF', key: [3, 3, 4, 2, 1], el0: 'rw', allowEl0: (cpu) => (low(cpu, envOff.sctlr_el1) & SCTLR.UMA) !== 0, endsTb: true,
    read: (cpu) => BigInt(readPstate(cpu) & DAIF), write: (cpu, v) => { cpu.st32(envOff.daif, Number(v & BigInt(DAIF))); rebuildHflags(cpu); } },
  plain('ESR_EL1', [3, 0, 5, 2, 0], envOff.esr_el1),
  plain('AFSR0_EL1', [3, 0, 5, 1, 0], envOff.afsr0_el1),
  plain('AFSR1_EL1', [3, 0, 5, 1, 1], envOff.afsr1_el1),
  plain('FAR_EL1', [3, 0, 6, 0, 0], envOff.far_el1),
  plain('PAR_EL1', [3, 0, 7, 4, 0], envOff.par_el1),
  plain('VBAR_EL1', [3, 0, 12, 0, 0], envOff.vbar_el1),
  raz('RVBAR_EL1', [3, 0, 12, 0, 1], { ro: true }),
  raz('RMR_EL1', [3, 0, 12, 0, 2]),
  { name: 'ISR_EL1', key: [3, 0, 12, 1, 0], ro: true, read: (cpu) => {
    const r = cpu.load(INTERRUPT_REQUEST);
    return BigInt((r & 2 ? 1 << 7 : 0) | (r & 0x40 ? 1 << 6 : 0));
  } },
  // Thread pointers.
  plain('TPIDR_EL0', [3, 3, 13, 0, 2], envOff.tpidr_el0, { el0: 'rw' }),
  plain('TPIDRRO_EL0', [3, 3, 13, 0, 3], envOff.tpidrro_el0, { el0: 'r' }),
  plain('TPIDR_EL1', [3, 0, 13, 0, 4], envOff.tpidr_el1),
  // Floating point control.
  { name: 'FPCR', key: [3, 3, 4, 4, 0], el0: 'rw', endsTb: true, read: (cpu) => BigInt(cpu.ld32(envOff.fpcr) >>> 0),
    write: (cpu, v, c) => { cpu.st32(envOff.fpcr, Number(v & (c.feat.fp16 ? 0x07c80000n : 0x07c00000n))); rebuildHflags(cpu); } },
  { name: 'FPSR', key: [3, 3, 4, 4, 1], el0: 'rw', read: (cpu) => BigInt(cpu.ld32(envOff.fpsr) >>> 0), write: (cpu, v) => cpu.st32(envOff.fpsr, Number(v & 0x0800009fn)) },
  // Generic timers.
  plain('CNTKCTL_EL1', [3, 0, 14, 1, 0], envOff.cntkctl_el1),
  { name: 'CNTFRQ_EL0', key: [3, 3, 14, 0, 0], ro: true, el0: 'r', allowEl0: cntkctl(3), const: BigInt(CNTFRQ) },
  { name: 'CNTPCT_EL0', key: [3, 3, 14, 0, 1], ro: true, el0: 'r', allowEl0: cntkctl(1), read: (_cpu, c) => counter(c.ports) },
  { name: 'CNTVCT_EL0', key: [3, 3, 14, 0, 2], ro: true, el0: 'r', allowEl0: cntkctl(2), read: (_cpu, c) => counter(c.ports) },
  ...timer('phys', 'CNTP', 2, 1 << 9), ...timer('virt', 'CNTV', 3, 1 << 8),
  // Self-hosted debug.
  raz('OSDTRRX_EL1', [2, 0, 0, 0, 2]), raz('OSDTRTX_EL1', [2, 0, 0, 3, 2]), raz('OSECCR_EL1', [2, 0, 0, 6, 2]),
  plain('MDCCINT_EL1', [2, 0, 0, 2, 0], envOff.mdccint_el1),
  withFlags('MDSCR_EL1', [2, 0, 0, 2, 2], envOff.mdscr_el1),
  raz('MDRAR_EL1', [2, 0, 1, 0, 0], { ro: true }),
  { name: 'OSLAR_EL1', key: [2, 0, 1, 0, 4], wo: true, endsTb: true, write: (cpu, v) => { cpu.st64(envOff.oslsr_el1, 8n | (v & 1n) << 1n); rebuildHflags(cpu); } },
  { name: 'OSLSR_EL1', key: [2, 0, 1, 1, 4], ro: true, field: envOff.oslsr_el1 },
  plain('OSDLR_EL1', [2, 0, 1, 3, 4], envOff.osdlr_el1),
  raz('DBGPRCR_EL1', [2, 0, 1, 4, 4]), raz('DBGCLAIMSET_EL1', [2, 0, 7, 8, 6]), raz('DBGCLAIMCLR_EL1', [2, 0, 7, 9, 6]), raz('DBGAUTHSTATUS_EL1', [2, 0, 7, 14, 6], { ro: true }),
  raz('MDCCSR_EL0', [2, 3, 0, 1, 0], { ro: true, el0: 'r' }), raz('DBGDTR_EL0', [2, 3, 0, 4, 0]), raz('DBGDTRRX_EL0', [2, 3, 0, 5, 0]),
  ...Array.from({ length: 16 }, (_, n) => [
    ...(n < 6 ? [plain(`DBGBVR${n}_EL1`, [2, 0, 0, n, 4], envOff.dbgbvr + 8 * n), plain(`DBGBCR${n}_EL1`, [2, 0, 0, n, 5], envOff.dbgbcr + 8 * n)] : []),
    ...(n < 4 ? [plain(`DBGWVR${n}_EL1`, [2, 0, 0, n, 6], envOff.dbgwvr + 8 * n), plain(`DBGWCR${n}_EL1`, [2, 0, 0, n, 7], envOff.dbgwcr + 8 * n)] : []),
  ]).flat(),
];

/** The registers of a CPU model, by key number. */
export function sysregTable(c: Pick<SysregContext, 'feat' | 'idregs'>, gicv3: boolean): Map<number, SysregDef> {
  const out = new Map<number, SysregDef>();
  for (const r of [...idSpace(c), ...rows, ...(gicv3 ? iccRegs : []), ...maintenance]) {
    if (r.feature && !c.feat[r.feature]) continue;
    const k = keyNumber(r.key);
    if (out.has(k)) throw new Error(`system registers ${out.get(k)!.name} and ${r.name} have one encoding`);
    out.set(k, r);
  }
  return out;
}
