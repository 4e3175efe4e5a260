// SYS instructions: cache, TLB and address-translation operations, as rows of the system register table (op0 = 1).
import type { Vcpu } from '../../../accel/vcpu.ts';
import { MMU_DATA_LOAD, MMU_DATA_STORE, type Translation } from '../../../accel/target.ts';
import { ARMMMUIdx, ARM_MMU_MODES, envOff } from '../env.ts';
import { SCTLR } from '../hflags.ts';
import type { SysregContext, SysregDef, SysregKey } from './def.ts';
import type { ArmCpu } from '../arm-cpu.ts';

const ALL = (1 << ARM_MMU_MODES) - 1;

/** Virtual address of a TLBI by VA operand: bits 43…0 are VA[55:12], sign-extended. */
function tlbiAddress(v: bigint): { lo: number; hi: number } {
  const va = BigInt.asIntN(56, (v & 0xfffffffffffn) << 12n);
  return { lo: Number(BigInt.asIntN(32, va)), hi: Number(BigInt.asIntN(32, va >> 32n)) };
}

/** Pages and start of a range TLBI operand (Arm ARM C5.5, TLBI RVAE1). */
function tlbiRange(v: bigint): { lo: number; hi: number; pages: number } {
  const tg = Number((v >> 46n) & 3n), scale = Number((v >> 44n) & 3n), num = Number((v >> 39n) & 31n);
  const granule = [12, 12, 14, 16][tg];
  const base = BigInt.asIntN(37 + granule, (v & 0x1fffffffffn) << BigInt(granule));
  const pages = (num + 1) * 2 ** (5 * scale + 1) * 2 ** (granule - 12);
  return { lo: Number(BigInt.asIntN(32, base)), hi: Number(BigInt.asIntN(32, base >> 32n)), pages };
}

type Tlbi = (cpu: Vcpu, v: bigint, broadcast: boolean) => void;
const flushAll: Tlbi = (cpu, _v, all) => (all ? cpu.services.tlbFlushAllCpusSynced(ALL) : cpu.services.tlbFlush(ALL));
const flushVa: Tlbi = (cpu, v, all) => {
  const { lo, hi } = tlbiAddress(v);
  if (all) cpu.services.tlbFlushPageAllCpusSynced(lo, hi, ALL); else cpu.services.tlbFlushPage(lo, hi, ALL);
};
const flushRange: Tlbi = (cpu, v, all) => {
  const { lo, hi, pages } = tlbiRange(v);
  if (all) cpu.services.tlbFlushRangeAllCpusSynced(lo, hi, pages, ALL); else cpu.services.tlbFlushRange(lo, hi, pages, ALL);
};

/** Non-shareable, inner-shareable and outer-shareable forms: CRm = own, 3 or 1 (ranges 6, 2, 5). */
const TLBI: readonly { name: string; op2: number; fn: Tlbi }[] = [
  { name: 'VMALLE1', op2: 0, fn: flushAll }, { name: 'VAE1', op2: 1, fn: flushVa }, { name: 'ASIDE1', op2: 2, fn: flushAll },
  { name: 'VAAE1', op2: 3, fn: flushVa }, { name: 'VALE1', op2: 5, fn: flushVa }, { name: 'VAALE1', op2: 7, fn: flushVa },
];
const RANGES = [{ name: 'RVAE1', op2: 1 }, { name: 'RVAAE1', op2: 3 }, { name: 'RVALE1', op2: 5 }, { name: 'RVAALE1', op2: 7 }] as const;

const sys = (name: string, key: SysregKey, write: NonNullable<SysregDef['write']>, more: Partial<SysregDef> = {}): SysregDef =>
  ({ name, key, wo: true, endsTb: true, write, ...more });

const uci = (cpu: Vcpu): boolean => (cpu.ld32(envOff.sctlr_el1) & SCTLR.UCI) !== 0;
const nop = (): void => {};

/** IC IVAU: the translated code of the cache line goes. Stores have dropped it already; this closes the window of a store that overtook a translation. */
function icIvau(cpu: Vcpu, v: bigint): void {
  const lo = Number(BigInt.asIntN(32, v)), hi = Number(BigInt.asIntN(32, v >> 32n));
  const t: Translation = { phys: 0, prot: 0, lgPageSize: 0, attrs: 0 };
  if (cpu.target.tlbFill(cpu, lo, hi, MMU_DATA_LOAD, cpu.target.mmuIndex(cpu), true, t)) cpu.services.invalidateCode(t.phys + (lo & 0xfc0), 64);
}

/** Cache maintenance by address at EL0 faults like a load when the address does not translate. */
const dcByVa = (name: string, crm: number): SysregDef => sys(`DC_${name}`, [1, 3, 7, crm, 1], nop, { el0: 'w', allowEl0: uci, endsTb: false });

const at = (name: string, op2: number, mmuIdx: number, store: boolean): SysregDef => sys(`AT_${name}`, [1, 0, 7, 8, op2], (cpu: Vcpu, v: bigint, _c: SysregContext) => {
  const lo = Number(BigInt.asIntN(32, v)), hi = Number(BigInt.asIntN(32, v >> 32n));
  const t: Translation = { phys: 0, prot: 0, lgPageSize: 0, attrs: 0 };
  const target = cpu.target as ArmCpu;
  if (target.tlbFill(cpu, lo, hi, store ? MMU_DATA_STORE : MMU_DATA_LOAD, mmuIdx, true, t)) {
    const attr = (cpu.ld64(envOff.mair_el1) >> BigInt(8 * t.attrs)) & 0xffn;
    cpu.st64(envOff.par_el1, (attr << 56n) | BigInt(t.phys) | (1n << 11n));
  } else cpu.st64(envOff.par_el1, (1n << 11n) | BigInt(target.lastFault << 1) | 1n);
}, { endsTb: false });

export const maintenance: readonly SysregDef[] = [
  ...TLBI.flatMap(({ name, op2, fn }) => [
    sys(`TLBI_${name}`, [1, 0, 8, 7, op2], (cpu, v) => fn(cpu, v, false)),
    sys(`TLBI_${name}IS`, [1, 0, 8, 3, op2], (cpu, v) => fn(cpu, v, true)),
    sys(`TLBI_${name}OS`, [1, 0, 8, 1, op2], (cpu, v) => fn(cpu, v, true), { feature: 'tlbios' }),
  ]),
  ...RANGES.flatMap(({ name, op2 }) => [
    sys(`TLBI_${name}`, [1, 0, 8, 6, op2], (cpu, v) => flushRange(cpu, v, false), { feature: 'tlbirange' }),
    sys(`TLBI_${name}IS`, [1, 0, 8, 2, op2], (cpu, v) => flushRange(cpu, v, true), { feature: 'tlbirange' }),
    sys(`TLBI_${name}OS`, [1, 0, 8, 5, op2], (cpu, v) => flushRange(cpu, v, true), { feature: 'tlbirange' }),
  ]),
  sys('IC_IALLUIS', [1, 0, 7, 1, 0], nop), sys('IC_IALLU', [1, 0, 7, 5, 0], nop),
  sys('IC_IVAU', [1, 3, 7, 5, 1], icIvau, { el0: 'w', allowEl0: uci }),
  sys('DC_IVAC', [1, 0, 7, 6, 1], nop, { endsTb: false }), sys('DC_ISW', [1, 0, 7, 6, 2], nop, { endsTb: false }),
  sys('DC_CSW', [1, 0, 7, 10, 2], nop, { endsTb: false }), sys('DC_CISW', [1, 0, 7, 14, 2], nop, { endsTb: false }),
  dcByVa('CVAC', 10), dcByVa('CVAU', 11), dcByVa('CIVAC', 14), dcByVa('CVAP', 12), dcByVa('CVADP', 13),
  at('S1E1R', 0, ARMMMUIdx.E10_1, false), at('S1E1W', 1, ARMMMUIdx.E10_1, true), at('S1E0R', 2, ARMMMUIdx.E10_0, false), at('S1E0W', 3, ARMMMUIdx.E10_0, true),
];
