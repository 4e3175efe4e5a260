// VMSAv8-64 stage 1 translation of the EL1&0 regime (Arm ARM D8), on 32-bit halves and doubles: no BigInt on a TLB miss.
import { MMU_DATA_STORE, MMU_INST_FETCH, PAGE_EXEC, PAGE_READ, PAGE_WRITE, type MMUAccessType, type Translation } from '../../../accel/target.ts';
import type { Vcpu } from '../../../accel/vcpu.ts';
import { ARMMMUIdx, envOff } from '../env.ts';
import { FSC } from '../exceptions.ts';
import type { ArmFeatures } from '../features.ts';
import { SCTLR } from '../hflags.ts';

/** Bits of a stage 1 descriptor's high word: UXN, PXN, DBM, table attributes. */
const HI_UXN = 1 << 22, HI_PXN = 1 << 21, HI_DBM = 1 << 19, HI_UXNTABLE = 1 << 28, HI_PXNTABLE = 1 << 27, HI_APTABLE_RO = 1 << 30, HI_APTABLE_NOEL0 = 1 << 29;
const AF = 1 << 10, AP_EL0 = 1 << 6, AP_RO = 1 << 7;
/** ID_AA64MMFR0_EL1.PARange / TCR_EL1.IPS to bits. */
const PA_BITS = [32, 36, 40, 42, 44, 48, 52];

/** Fault of the last failed walk: FSC with its level. */
export interface WalkFault { fsc: number }

/** 2^n for 0 ≤ n ≤ 64: Math.pow is a library call. */
const POW2 = Float64Array.from({ length: 65 }, (_, n) => 2 ** n);
const pow2 = (n: number): number => POW2[n];

/** Page size (log2) of the granule field of one half of TCR_EL1; reserved values act as 4 KiB. */
function granuleBits(tcr: number, upper: boolean): number {
  if (upper) return [12, 14, 12, 16][(tcr >>> 30) & 3];
  return [12, 16, 14, 12][(tcr >>> 14) & 3];
}

/**
 * Translates a virtual address. True: `out` is filled. False: `fault.fsc` says why.
 * `paRange`: the model's ID_AA64MMFR0_EL1.PARange.
 */
export function walk(cpu: Vcpu, lo: number, hi: number, access: MMUAccessType, mmuIdx: number, feat: ArmFeatures, paRange: number,
  out: Translation, fault: WalkFault): boolean {
  const sctlr = cpu.ld32(envOff.sctlr_el1), tcr = cpu.ld32(envOff.tcr_el1), tcrHi = cpu.ld32(envOff.tcr_el1 + 4);
  const upper = ((hi >>> 23) & 1) === 1;
  const tbi = (tcrHi >>> (upper ? 6 : 5)) & 1;
  const no = (fsc: number, level: number): false => { fault.fsc = fsc | level; return false; };
  if (!(sctlr & SCTLR.M)) {
    // Flat map: the address must fit the physical address size, top byte aside when ignored.
    const top = (tbi ? hi & 0x00ffffff : hi) >>> 0;
    const pa = top * pow2(32) + (lo >>> 0);
    if (pa >= pow2(PA_BITS[paRange])) return no(FSC.ADDRESS_SIZE, 0);
    out.phys = pa - pa % 4096;
    out.prot = PAGE_READ | PAGE_WRITE | PAGE_EXEC;
    out.lgPageSize = 12;
    out.attrs = 0;
    return true;
  }
  if ((tcr >>> (upper ? 23 : 7)) & 1) return no(FSC.TRANSLATION, 0);
  const g = granuleBits(tcr, upper), stride = g - 3;
  const tsz = Math.min((tcr >>> (upper ? 16 : 0)) & 63, 39);
  const inputBits = Math.min(64 - tsz, 48);
  // Bits from the top of the input range to the top of the address must all equal bit 55.
  const topBit = tbi ? 55 : 63;
  const highMask = (topBit === 63 ? -1 : (1 << (topBit - 31)) - 1) & ~(inputBits >= 32 ? (inputBits === 64 ? -1 : pow2(inputBits - 32) - 1) : 0);
  if ((hi & highMask) !== (upper ? highMask : 0)) return no(FSC.TRANSLATION, 0);
  if (inputBits < 32 && (upper ? ~lo : lo) >>> inputBits !== 0) return no(FSC.TRANSLATION, 0);
  const va = (((hi & 0xffff) >>> 0) * pow2(32) + (lo >>> 0)) % pow2(inputBits);
  const ttbr = upper ? envOff.ttbr1_el1 : envOff.ttbr0_el1;
  const ttLo = cpu.ld32(ttbr), ttHi = cpu.ld32(ttbr + 4);
  const firstLevel = 4 - Math.floor((inputBits - 4) / stride);
  let level = firstLevel;
  const paBits = PA_BITS[Math.min((tcrHi & 7), paRange, 5)];
  let shift = g + stride * (3 - level);
  const tableBits = inputBits - shift + 3;
  let base = (ttHi & 0xffff) * pow2(32) + ((ttLo & ~1) >>> 0);
  base -= base % pow2(tableBits);
  if (base >= pow2(paBits)) return no(FSC.ADDRESS_SIZE, 0);
  let tableRo = false, tableNoEl0 = false, tablePxn = false, tableUxn = false;
  const hpd = feat.hpds && ((tcrHi >>> (upper ? 10 : 9)) & 1) === 1;
  const { services } = cpu;
  for (;;) {
    const index = Math.floor(va / pow2(shift)) % pow2(level === firstLevel ? tableBits - 3 : stride);
    const at = base + index * 8;
    if (!services.physRead64(at)) return no(FSC.EXTERNAL_WALK, level);
    const dLo = services.physLo, dHi = services.physHi;
    if (!(dLo & 1) || (level === 3 && !(dLo & 2))) return no(FSC.TRANSLATION, level);
    if (level < 3 && dLo & 2) {
      base = (dHi & 0xffff) * pow2(32) + (dLo >>> 0);
      base -= base % pow2(g);
      if (base >= pow2(paBits)) return no(FSC.ADDRESS_SIZE, level);
      if (!hpd) {
        tableRo ||= (dHi & HI_APTABLE_RO) !== 0;
        tableNoEl0 ||= (dHi & HI_APTABLE_NOEL0) !== 0;
        tableUxn ||= (dHi & HI_UXNTABLE) !== 0;
        tablePxn ||= (dHi & HI_PXNTABLE) !== 0;
      }
      level++;
      shift -= stride;
      continue;
    }
    // Blocks: level 1 and 2 with 4 KiB, level 2 with 16 and 64 KiB.
    if (level === 0 || (level === 1 && g !== 12)) return no(FSC.TRANSLATION, level);
    let pa = (dHi & 0xffff) * pow2(32) + (dLo >>> 0);
    pa -= pa % pow2(shift);
    if (pa >= pow2(paBits)) return no(FSC.ADDRESS_SIZE, level);
    let newLo = dLo;
    if (!(dLo & AF)) {
      if (!(feat.hafs && (tcrHi >>> 7) & 1)) return no(FSC.ACCESS_FLAG, level);
      newLo |= AF;
    }
    const el0 = mmuIdx === ARMMMUIdx.E10_0;
    const isWrite = access === MMU_DATA_STORE;
    // Hardware dirty state: a writable-clean page (DBM set, read-only) becomes writable on a store.
    const dbm = feat.hdbs && (tcrHi >>> 8) & 1 && dHi & HI_DBM && !tableRo;
    if (dbm && isWrite && newLo & AP_RO) newLo &= ~AP_RO;
    const ro = tableRo || (newLo & AP_RO) !== 0;
    const userOk = !tableNoEl0 && (newLo & AP_EL0) !== 0;
    const uxn = tableUxn || (dHi & HI_UXN) !== 0, pxn = tablePxn || (dHi & HI_PXN) !== 0;
    let prot = 0;
    if (el0) {
      if (userOk) prot |= PAGE_READ | (ro ? 0 : PAGE_WRITE);
      if (!uxn) prot |= PAGE_EXEC;
    } else {
      if (!(userOk && mmuIdx === ARMMMUIdx.E10_1_PAN)) prot |= PAGE_READ | (ro ? 0 : PAGE_WRITE);
      if (!pxn && !(userOk && !ro)) prot |= PAGE_EXEC;
    }
    if (sctlr & SCTLR.WXN && !ro && (el0 ? userOk : true)) prot &= ~PAGE_EXEC;
    const need = access === MMU_INST_FETCH ? PAGE_EXEC : isWrite ? PAGE_WRITE : PAGE_READ;
    if (!(prot & need)) return no(FSC.PERMISSION, level);
    if (newLo !== dLo && !services.physCas64(at, dLo, dHi, newLo, dHi)) {
      // Somebody changed the descriptor: look again.
      continue;
    }
    // A clean page stays write-protected in the TLB, so that its first store comes here and marks it dirty.
    out.prot = prot;
    out.phys = pa + (va % pow2(shift)) - (va % 4096);
    out.lgPageSize = shift;
    out.attrs = (dLo >>> 2) & 7;
    return true;
  }
}
