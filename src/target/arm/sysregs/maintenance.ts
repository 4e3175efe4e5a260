// SYS instructions: cache, TLB and address-translation operations, as rows of the system register table (op0 = 1).
import type { Vcpu } from '../../../accel/vcpu.ts';
import { MMU_DATA_LOAD, MMU_DATA_STORE, type MMUAccessType, type Translation } from '../../../accel/target.ts';
import type { ArmCpu } from '../arm-cpu.ts';
import { ARMMMUIdx, ARM_MMU_MODES, envOff } from '../env.ts';
import { FSC, ISS_CM, ISS_WNR, raiseAbort } from '../exceptions.ts';
import { SCTLR } from '../hflags.ts';
import { ATTR_SH_SHIFT } from '../mmu/walk.ts';
import type { SysregDef, SysregKey } from './def.ts';

const ALL = (1 << ARM_MMU_MODES) - 1;

const sys = (name: string, key: SysregKey, write: NonNullable<SysregDef['write']>, more: Partial<SysregDef> = {}): SysregDef =>
  ({ name, key, wo: true, endsTb: true, write, ...more });
const nop = (): void => {};

// --- TLB -----------------------------------------------------------------------------------------------------------

/** Does one invalidation on this vCPU, or on all of them (inner and outer shareable forms). */
type Tlbi = (cpu: Vcpu, lo: number, hi: number, broadcast: boolean) => void;

const flushAll: Tlbi = (cpu, _lo, _hi, all) => (all ? cpu.services.tlbFlushAllCpusSynced(ALL) : cpu.services.tlbFlush(ALL));
/** Operand bits 43…0 are VA[55:12]. */
const flushVa: Tlbi = (cpu, lo, hi, all) => {
  const vaLo = lo << 12, vaHi = (((hi << 12) | (lo >>> 20)) << 8) >> 8;
  if (all) cpu.services.tlbFlushPageAllCpusSynced(vaLo, vaHi, ALL); else cpu.services.tlbFlushPage(vaLo, vaHi, ALL);
};
/** Operand: BaseADDR in 36…0 (in granules), TTL 38…37, NUM 43…39, SCALE 45…44, TG 47…46 (Arm ARM C5.5, TLBI RVAE1). */
const flushRange: Tlbi = (cpu, lo, hi, all) => {
  const granule = [12, 12, 14, 16][(hi >>> 14) & 3], scale = (hi >>> 12) & 3, num = (hi >>> 7) & 31;
  const base = ((((hi & 31) << 27) >> 27) * 2 ** 32 + (lo >>> 0)) * 2 ** granule;
  const vaHi = Math.floor(base / 2 ** 32), vaLo = base - vaHi * 2 ** 32 | 0;
  const pages = (num + 1) * 2 ** (5 * scale + 1) * 2 ** (granule - 12);
  if (all) cpu.services.tlbFlushRangeAllCpusSynced(vaLo, vaHi | 0, pages, ALL); else cpu.services.tlbFlushRange(vaLo, vaHi | 0, pages, ALL);
};

/** Operations by op2. TLB entries carry no ASID, so all of these act on every ASID: more than asked is allowed. */
const TLBI: readonly (readonly [string, number, Tlbi])[] = [
  ['VMALLE1', 0, flushAll], ['VAE1', 1, flushVa], ['ASIDE1', 2, flushAll], ['VAAE1', 3, flushVa], ['VALE1', 5, flushVa], ['VAALE1', 7, flushVa],
];
const RANGES = [['RVAE1', 1], ['RVAAE1', 3], ['RVALE1', 5], ['RVAALE1', 7]] as const;
/** CRm: this PE, inner shareable, outer shareable. */
const tlbi = (name: string, op2: number, fn: Tlbi, [own, is, os]: readonly [number, number, number], feature?: 'tlbirange'): SysregDef[] => [
  sys(`TLBI_${name}`, [1, 0, 8, own, op2], (cpu, lo, hi) => fn(cpu, lo, hi, false), { feature }),
  sys(`TLBI_${name}IS`, [1, 0, 8, is, op2], (cpu, lo, hi) => fn(cpu, lo, hi, true), { feature }),
  sys(`TLBI_${name}OS`, [1, 0, 8, os, op2], (cpu, lo, hi) => fn(cpu, lo, hi, true), { feature: feature ?? 'tlbios' }),
];

// --- caches --------------------------------------------------------------------------------------------------------

const uci = (cpu: Vcpu): boolean => (cpu.ld32(envOff.sctlr_el1) & SCTLR.UCI) !== 0;

/**
 * Cache maintenance by address translates it: no entry is a fault with CM and WnR set; EL0 needs read permission. There
 * is no cache. Returns what probeAccess does; -1: an exception was raised.
 */
function translateForCache(cpu: Vcpu, lo: number, hi: number, access: MMUAccessType = MMU_DATA_LOAD): number {
  const mmuIdx = cpu.ld32(envOff.el) === 0 ? ARMMMUIdx.E10_0 : ARMMMUIdx.E10_1;
  const at = cpu.services.probeAccess(lo, hi, 1, access, mmuIdx);
  if (at === -1) cpu.st32(envOff.exc_syndrome, cpu.ld32(envOff.exc_syndrome) | ISS_CM | ISS_WNR);
  return at;
}
const dcByVa = (name: string, crm: number, feature?: 'dpb' | 'dpb2'): SysregDef =>
  sys(`DC_${name}`, [1, 3, 7, crm, 1], (cpu, lo, hi) => translateForCache(cpu, lo, hi) === -1, { el0: 'w', allowEl0: uci, endsTb: false, feature });

/**
 * IC IVAU: the translated code of the cache line goes. Stores have dropped it already; this closes the window of a store
 * that overtook a translation. This TB runs on: the instruction stream changes at an ISB.
 */
function icIvau(cpu: Vcpu, lo: number, hi: number): boolean {
  const at = translateForCache(cpu, lo, hi);
  if (at >= 0) cpu.services.invalidateCode(at - at % 64, 64);
  return at === -1;
}

// --- address translation -------------------------------------------------------------------------------------------

/** PAR_EL1: F, its format bit, NS (all memory is non-secure without EL3). */
const PAR_F = 1, PAR_FORMAT = 1 << 11, PAR_NS = 1 << 9;
/** Device memory and non-cacheable normal memory report outer shareable. */
const parShareability = (attr: number, sh: number): number => ((attr & 0xf0) === 0 || attr === 0x44 ? 2 : sh);

const at = (name: string, key: SysregKey, index: (cpu: Vcpu) => number, access: MMUAccessType, feature?: 'pan2'): SysregDef => sys(`AT_${name}`, key, (cpu, lo, hi) => {
  const t: Translation = { phys: 0, prot: 0, lgPageSize: 0, attrs: 0 };
  const target = cpu.target as ArmCpu;
  if (target.tlbFill(cpu, lo, hi, access, index(cpu), true, t)) {
    const attr = t.attrs & 0xff, high = Math.floor(t.phys / 2 ** 32);
    cpu.st64p(envOff.par_el1, t.phys - high * 2 ** 32 | PAR_FORMAT | PAR_NS | parShareability(attr, (t.attrs >> ATTR_SH_SHIFT) & 3) << 7, high | attr << 24);
    return false;
  }
  const fsc = target.lastFault;
  // An external abort of the walk is taken, everything else reported.
  if ((fsc & ~3) === FSC.EXTERNAL_WALK || fsc === 0x13) {
    raiseAbort(cpu, lo, hi, access, fsc, ISS_CM);
    return true;
  }
  cpu.st64p(envOff.par_el1, PAR_FORMAT | fsc << 1 | PAR_F, 0);
  return false;
}, { endsTb: false, feature });

const el1 = (): number => ARMMMUIdx.E10_1, el0 = (): number => ARMMMUIdx.E10_0;
const el1Pan = (cpu: Vcpu): number => (cpu.ld32(envOff.pan) ? ARMMMUIdx.E10_1_PAN : ARMMMUIdx.E10_1);

const enRctx = (cpu: Vcpu): boolean => (cpu.ld32(envOff.sctlr_el1) & SCTLR.ENRCTX) !== 0;

export const maintenance: readonly SysregDef[] = [
  ...TLBI.flatMap(([name, op2, fn]) => tlbi(name, op2, fn, [7, 3, 1])),
  ...RANGES.flatMap(([name, op2]) => tlbi(name, op2, flushRange, [6, 2, 5], 'tlbirange')),
  sys('IC_IALLUIS', [1, 0, 7, 1, 0], nop), sys('IC_IALLU', [1, 0, 7, 5, 0], nop),
  sys('IC_IVAU', [1, 3, 7, 5, 1], icIvau, { el0: 'w', allowEl0: uci, endsTb: false }),
  sys('DC_IVAC', [1, 0, 7, 6, 1], (cpu, lo, hi) => translateForCache(cpu, lo, hi, MMU_DATA_STORE) === -1, { endsTb: false }),
  sys('DC_ISW', [1, 0, 7, 6, 2], nop, { endsTb: false }), sys('DC_CSW', [1, 0, 7, 10, 2], nop, { endsTb: false }), sys('DC_CISW', [1, 0, 7, 14, 2], nop, { endsTb: false }),
  dcByVa('CVAC', 10), dcByVa('CVAU', 11), dcByVa('CIVAC', 14), dcByVa('CVAP', 12, 'dpb'), dcByVa('CVADP', 13, 'dpb2'),
  at('S1E1R', [1, 0, 7, 8, 0], el1, MMU_DATA_LOAD), at('S1E1W', [1, 0, 7, 8, 1], el1, MMU_DATA_STORE),
  at('S1E0R', [1, 0, 7, 8, 2], el0, MMU_DATA_LOAD), at('S1E0W', [1, 0, 7, 8, 3], el0, MMU_DATA_STORE),
  at('S1E1RP', [1, 0, 7, 9, 0], el1Pan, MMU_DATA_LOAD, 'pan2'), at('S1E1WP', [1, 0, 7, 9, 1], el1Pan, MMU_DATA_STORE, 'pan2'),
  // Prediction restriction: nothing is predicted across contexts.
  ...([['CFP', 4], ['DVP', 5], ['CPP', 7]] as const).map(([name, op2]) => sys(`${name}_RCTX`, [1, 3, 7, 3, op2], nop, { el0: 'w', allowEl0: enRctx, endsTb: false, feature: 'specres' })),
];
