// VMSAv8-64 stage 1 translation of the EL1&0 regime (Arm ARM D8), on 32-bit halves: no BigInt on a TLB miss.
import { MMU_DATA_STORE, MMU_INST_FETCH, PAGE_EXEC, PAGE_READ, PAGE_WRITE, type MMUAccessType, type Translation } from '../../../accel/target.ts';
import type { Vcpu } from '../../../accel/vcpu.ts';
import { ARMMMUIdx, envOff } from '../env.ts';
import { FSC, faultAtLevel } from '../exceptions.ts';
import type { ArmFeatures } from '../features.ts';
import { SCTLR } from '../hflags.ts';

/** Bits of a stage 1 descriptor's high word: UXN, PXN, DBM, GP; of a table descriptor's. */
const HI_UXN = 1 << 22, HI_PXN = 1 << 21, HI_DBM = 1 << 19, HI_GP = 1 << 18;
const HI_NSTABLE_SHIFT = 27, TABLE_PXN = 1, TABLE_UXN = 2, TABLE_NO_EL0 = 4, TABLE_RO = 8;
const AF = 1 << 10, AP_EL0 = 1 << 6, AP_RO = 1 << 7;
/** ID_AA64MMFR0_EL1.PARange and TCR_EL1.IPS to bits. */
const PA_BITS = [32, 36, 40, 42, 44, 48, 52] as const;

/** `attrs` of a translation: MAIR attribute byte, shareability, guarded page (FEAT_BTI). */
export const ATTR_SH_SHIFT = 8, ATTR_GUARDED = 1 << 10;
/** Device-nGnRnE, and what instruction fetches get, while the MMU is off; outer shareable. */
const FLAT_DATA = 2 << ATTR_SH_SHIFT, FLAT_CODE_CACHED = 0xee | (2 << ATTR_SH_SHIFT), FLAT_CODE = 0x44 | (2 << ATTR_SH_SHIFT);

/** Fault of the last failed walk: FSC with its level. */
export interface WalkFault { fsc: number }

/** What of a CPU model the walk depends on. */
export interface MmuModel {
  readonly feat: ArmFeatures;
  /** ID_AA64MMFR0_EL1.PARange. */
  readonly paRange: number;
}

const granuleBits = (tcr: number, upper: boolean): number =>
  // TG1 and TG0 are coded differently; reserved values act as 4 KiB.
  (upper ? [12, 14, 12, 16][(tcr >>> 30) & 3] : [12, 16, 14, 12][(tcr >>> 14) & 3]);

const bswap32 = (v: number): number => ((v & 0xff) << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);

/** Bits shift+width-1 … shift of a 64-bit value; width ≤ 16. */
const bits = (lo: number, hi: number, shift: number, width: number): number =>
  (shift >= 32 ? hi >>> (shift - 32) : shift + width <= 32 ? lo >>> shift : (lo >>> shift) | (hi << (32 - shift))) & ((1 << width) - 1);

/**
 * Translates a virtual address. True: `out` is filled. False: `fault.fsc` says why. Sets the access flag and the dirty
 * state in the descriptor where TCR_EL1.HA and HD ask for it.
 */
export function walk(cpu: Vcpu, lo: number, hi: number, access: MMUAccessType, mmuIdx: number, model: MmuModel, out: Translation, fault: WalkFault): boolean {
  const { feat } = model;
  const sctlr = cpu.ld32(envOff.sctlr_el1), tcr = cpu.ld32(envOff.tcr_el1), tcrHi = cpu.ld32(envOff.tcr_el1 + 4);
  const isUpper = ((hi >>> 23) & 1) === 1, half = isUpper ? 1 : 0;
  const isFetch = access === MMU_INST_FETCH, isUser = mmuIdx === ARMMMUIdx.E10_0;
  // TBI0, TBI1; instruction addresses keep their tags with TBID0, TBID1.
  const tbid = feat.pauth ? (tcrHi >>> (19 + half)) & 1 : 0, tbi = ((tcrHi >>> (5 + half)) & 1) & (isFetch ? ~tbid : 1);
  const no = (fsc: number, level: number): false => { fault.fsc = faultAtLevel(fsc, level); return false; };

  if (!(sctlr & SCTLR.M)) {
    // Flat map: the address must fit the physical address size, the tag aside.
    const top = (tbi ? hi & 0x00ffffff : hi) >>> 0, paBits = PA_BITS[model.paRange];
    if (top >>> (paBits - 32) !== 0) return no(FSC.ADDRESS_SIZE, 0);
    out.phys = top * 2 ** 32 + ((lo & ~0xfff) >>> 0);
    out.prot = PAGE_READ | PAGE_WRITE | PAGE_EXEC;
    out.lgPageSize = 12;
    out.attrs = isFetch ? (sctlr & SCTLR.I ? FLAT_CODE_CACHED : FLAT_CODE) : FLAT_DATA;
    return true;
  }

  // --- parameters of this half of the address space --------------------------------------------------------------
  if ((tcr >>> (isUpper ? 23 : 7)) & 1) return no(FSC.TRANSLATION, 0);
  if (isUser && feat.e0pd && (tcrHi >>> (23 + half)) & 1) return no(FSC.TRANSLATION, 0);
  const g = granuleBits(tcr, isUpper), stride = g - 3;
  const ds = g !== 16 && (tcrHi >>> 27) & 1 && (g === 12 ? feat.lpa2_4k : feat.lpa2_16k);
  const tsz = (tcr >>> (isUpper ? 16 : 0)) & 63;
  const maxTsz = feat.ttst ? (g === 16 ? 47 : 48) : 39, minTsz = (g === 16 && feat.lva) || ds ? 12 : 16;
  if (tsz < minTsz || tsz > maxTsz) return no(FSC.TRANSLATION, 0);
  const inputBits = 64 - tsz;
  // Every bit from the top of the input range to the top of the address must equal bit 55.
  const sign = isUpper ? -1 : 0, tagMask = tbi ? 0x00ffffff : -1;
  const highMask = inputBits >= 32 ? tagMask & (-1 << (inputBits - 32)) : tagMask;
  if (((hi ^ sign) & highMask) !== 0 || (inputBits < 32 && (lo ^ sign) >>> inputBits !== 0)) return no(FSC.TRANSLATION, 0);

  let level = 4 - Math.floor((inputBits - 4) / stride);
  const ips = Math.min(tcrHi & 7, model.paRange, 6), big = PA_BITS[ips] === 52 && (g === 16 || ds !== 0 && ds !== false);
  const paBits = big ? 52 : Math.min(PA_BITS[ips], 48);
  /** True for output addresses beyond the physical address size. */
  const tooBig = (outHi: number): boolean => (paBits === 32 ? outHi !== 0 : outHi >>> (paBits - 32) !== 0);
  const ttbr = isUpper ? envOff.ttbr1_el1 : envOff.ttbr0_el1;
  const ttLo = cpu.ld32(ttbr), ttHi = cpu.ld32(ttbr + 4) & 0xffff;
  let shift = g + stride * (3 - level), width = inputBits - shift;
  let baseHi = big ? ttHi | ((ttLo >>> 2) & 15) << 16 : ttHi;
  if (tooBig(baseHi)) return no(FSC.ADDRESS_SIZE, 0);
  let baseLo = ttLo & (-1 << (big ? Math.max(6, width + 3) : width + 3));
  let table = 0;
  const hpd = feat.hpds && ((tcrHi >>> (9 + half)) & 1) === 1;
  const { services } = cpu, swap = (sctlr & SCTLR.EE) !== 0;

  // --- the walk --------------------------------------------------------------------------------------------------
  for (;;) {
    const at = baseHi * 2 ** 32 + (baseLo >>> 0) + bits(lo, hi, shift, width) * 8;
    if (!services.physRead64(at)) return no(FSC.EXTERNAL_WALK, level);
    const dLo = swap ? bswap32(services.physHi) : services.physLo, dHi = swap ? bswap32(services.physLo) : services.physHi;
    const isTable = level < 3 && (dLo & 2) !== 0;
    if (!(dLo & 1) || (level === 3 && !(dLo & 2))) return no(FSC.TRANSLATION, level);
    // Blocks: level 1 and 2 with 4 KiB, level 2 with 16 and 64 KiB; one level more with 52-bit addresses.
    if (level < 3 && !isTable && level < (g === 12 ? (ds ? 0 : 1) : g === 14 ? (ds ? 1 : 2) : feat.lpa ? 1 : 2)) return no(FSC.TRANSLATION, level);
    let outHi = dHi & 0xffff;
    if (big) outHi = g === 16 ? outHi | ((dLo >>> 12) & 15) << 16 : (dHi & 0x3ffff) | ((dLo >>> 8) & 3) << 18;
    else if (tooBig(outHi)) return no(FSC.ADDRESS_SIZE, level);
    if (isTable) {
      baseHi = outHi;
      baseLo = dLo & (-1 << g);
      if (!hpd) table |= dHi >>> HI_NSTABLE_SHIFT;
      level++;
      shift -= stride;
      width = stride;
      continue;
    }

    // --- leaf ----------------------------------------------------------------------------------------------------
    let leaf = dLo;
    if (!(leaf & AF)) {
      if (!(feat.hafs && (tcrHi >>> 7) & 1)) return no(FSC.ACCESS_FLAG, level);
      leaf |= AF;
    }
    const isWrite = access === MMU_DATA_STORE;
    // Hardware dirty state: a writable-clean page (DBM set, read-only) becomes writable on a store, and only then: until
    // that the TLB entry stays read-only.
    if (isWrite && feat.hdbs && (tcrHi >>> 7 & tcrHi >>> 8) & 1 && dHi & HI_DBM) leaf &= ~AP_RO;
    const ro = (leaf & AP_RO) !== 0 || (table & TABLE_RO) !== 0;
    const el0 = (leaf & AP_EL0) !== 0 && (table & TABLE_NO_EL0) === 0;
    const uxn = (dHi & HI_UXN) !== 0 || (table & TABLE_UXN) !== 0, pxn = (dHi & HI_PXN) !== 0 || (table & TABLE_PXN) !== 0;
    const mayRead = isUser ? el0 : !(el0 && mmuIdx === ARMMMUIdx.E10_1_PAN);
    // PAN does not affect execution, nor what WXN thinks is writable.
    const writable = !ro && (isUser ? el0 : true);
    const mayExec = !(isUser ? uxn : pxn || (el0 && !ro)) && !(sctlr & SCTLR.WXN && writable)
      // A tagged address that only data accesses may use.
      && !(tbid && !isFetch && hi >> 24 !== sign);
    const prot = (mayRead ? PAGE_READ : 0) | (mayRead && writable ? PAGE_WRITE : 0) | (mayExec ? PAGE_EXEC : 0);
    if (!(prot & (isFetch ? PAGE_EXEC : isWrite ? PAGE_WRITE : PAGE_READ))) return no(FSC.PERMISSION, level);
    if (leaf !== dLo) {
      const stored = swap ? services.physCas64(at, bswap32(dHi), bswap32(dLo), bswap32(dHi), bswap32(leaf)) : services.physCas64(at, dLo, dHi, leaf, dHi);
      // Somebody changed the descriptor: look again.
      if (!stored) continue;
    }
    const inLo = shift >= 32 ? -1 : (1 << shift) - 1, inHi = shift > 32 ? (1 << (shift - 32)) - 1 : 0;
    out.phys = ((outHi & ~inHi) | (hi & inHi)) * 2 ** 32 + ((((dLo & ~inLo) | (lo & inLo)) & ~0xfff) >>> 0);
    out.prot = prot;
    out.lgPageSize = shift;
    const attr = (leaf >>> 2) & 7, mair = cpu.ld32(envOff.mair_el1 + (attr & 4));
    const sh = ds ? (tcr >>> (isUpper ? 28 : 12)) & 3 : (leaf >>> 8) & 3;
    out.attrs = ((mair >>> (8 * (attr & 3))) & 0xff) | sh << ATTR_SH_SHIFT;
    if (feat.bti && dHi & HI_GP) {
      out.attrs |= ATTR_GUARDED;
      cpu.st32(envOff.guarded_seen, 1);
    }
    return true;
  }
}
