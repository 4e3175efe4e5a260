// CPU models: their ID registers, and the features that follow from them.
import { UserError } from '../../cli/errors.ts';
import type { ArmFeatures, CpuModel } from './features.ts';

type IdRegs = Record<string, bigint>;
/** Field of an ID register. */
const field = (v: bigint | undefined, lsb: number): number => Number(((v ?? 0n) >> BigInt(lsb)) & 15n);

/** EL0 and EL1 in AArch64 only; EL2, EL3 and AArch32 absent (ID_AA64PFR0_EL1). */
const PFR0_ELS = 0x11n;

const base: IdRegs = {
  REVIDR_EL1: 0n, AIDR_EL1: 0n, CLIDR_EL1: 0x0a200023n, CTR_EL0: 0x8444c004n, DCZID_EL0: 4n,
  CCSIDR_L1D: 0x701fe00an, CCSIDR_L1I: 0x201fe012n, CCSIDR_L2: 0x707fe07an,
  ID_AA64PFR0_EL1: PFR0_ELS, ID_AA64PFR1_EL1: 0n, ID_AA64ZFR0_EL1: 0n, ID_AA64SMFR0_EL1: 0n,
  // Debug v8, 6 breakpoints, 4 watchpoints, 2 context-aware; no PMU.
  ID_AA64DFR0_EL1: 0x10305006n, ID_AA64DFR1_EL1: 0n, ID_AA64AFR0_EL1: 0n, ID_AA64AFR1_EL1: 0n,
  ID_AA64ISAR0_EL1: 0x11120n, ID_AA64ISAR1_EL1: 0n, ID_AA64ISAR2_EL1: 0n,
  ID_AA64MMFR0_EL1: 0x1124n, ID_AA64MMFR1_EL1: 0n, ID_AA64MMFR2_EL1: 0n, ID_AA64MMFR3_EL1: 0n,
};

const MODELS: Record<string, { description: string; regs: IdRegs }> = {
  'cortex-a53': { description: 'Arm Cortex-A53', regs: { MIDR_EL1: 0x410fd034n, CTR_EL0: 0x84448004n, ID_AA64MMFR0_EL1: 0x1122n, CCSIDR_L1D: 0x700fe01an, CCSIDR_L1I: 0x201fe00an, CCSIDR_L2: 0x707fe07an } },
  'cortex-a57': { description: 'Arm Cortex-A57', regs: { MIDR_EL1: 0x411fd070n } },
  'cortex-a72': { description: 'Arm Cortex-A72', regs: { MIDR_EL1: 0x410fd083n, CCSIDR_L2: 0x707fe07an } },
  'neoverse-n1': {
    description: 'Arm Neoverse N1 (Armv8.2-A with LSE)',
    regs: {
      MIDR_EL1: 0x414fd0c1n, ID_AA64PFR0_EL1: PFR0_ELS | 0x110000n, ID_AA64PFR1_EL1: 0x20n,
      ID_AA64ISAR0_EL1: 0x0000100010211120n, ID_AA64ISAR1_EL1: 0x100001n,
      ID_AA64MMFR0_EL1: 0x101125n, ID_AA64MMFR1_EL1: 0x10212022n & ~0xf00n, ID_AA64MMFR2_EL1: 0x1011n & ~0xfn,
    },
  },
  max: {
    description: 'Everything this emulator implements',
    regs: {
      MIDR_EL1: 0x000f0510n, CTR_EL0: 0x80038003n, ID_AA64PFR0_EL1: PFR0_ELS | (1n << 48n), ID_AA64PFR1_EL1: 0x20n,
      // AES+PMULL, SHA1, SHA256, CRC32, LSE, RDM, DotProd, FlagM2, TLBI range+OS
      ID_AA64ISAR0_EL1: 0x0220100010211120n,
      // DPB2, LRCPC2, SB
      ID_AA64ISAR1_EL1: 0x1000200002n,
      // 48-bit PA, 16-bit ASID, all granules
      ID_AA64MMFR0_EL1: 0x101125n,
      // HAFDBS with dirty state, PAN2, HPDS
      ID_AA64MMFR1_EL1: 0x00201002n,
      // UAO, LSE2 (AT)
      ID_AA64MMFR2_EL1: 0x100000010n,
    },
  },
};

function features(r: IdRegs): ArmFeatures {
  const isar0 = r.ID_AA64ISAR0_EL1, isar1 = r.ID_AA64ISAR1_EL1, isar2 = r.ID_AA64ISAR2_EL1, pfr0 = r.ID_AA64PFR0_EL1, pfr1 = r.ID_AA64PFR1_EL1;
  const mmfr0 = r.ID_AA64MMFR0_EL1, mmfr1 = r.ID_AA64MMFR1_EL1, mmfr2 = r.ID_AA64MMFR2_EL1;
  const at = (v: bigint, lsb: number, least = 1) => field(v, lsb) >= least && field(v, lsb) !== 15;
  return {
    aes: at(isar0, 4), pmull: at(isar0, 4, 2), sha1: at(isar0, 8), sha256: at(isar0, 12), sha512: at(isar0, 12, 2), crc32: at(isar0, 16),
    lse: at(isar0, 20, 2), rdm: at(isar0, 28), sha3: at(isar0, 32), sm3: at(isar0, 36), sm4: at(isar0, 40), dotprod: at(isar0, 44), fhm: at(isar0, 48),
    flagm: at(isar0, 52), flagm2: at(isar0, 52, 2), tlbios: at(isar0, 56), tlbirange: at(isar0, 56, 2), rng: at(isar0, 60),
    dpb: at(isar1, 0), dpb2: at(isar1, 0, 2), pauth: at(isar1, 4) || at(isar1, 8), pauth2: at(isar1, 4, 3), jscvt: at(isar1, 12), fcma: at(isar1, 16),
    rcpc: at(isar1, 20), rcpc2: at(isar1, 20, 2), frintts: at(isar1, 32), sb: at(isar1, 36), specres: at(isar1, 40), bf16: at(isar1, 44), i8mm: at(isar1, 52),
    wfxt: at(isar2, 0, 2), mops: at(isar2, 16), cssc: at(isar2, 52),
    fp16: field(pfr0, 16) === 1, dit: at(pfr0, 48), bti: at(pfr1, 0), ssbs: at(pfr1, 4),
    pan: at(mmfr1, 20), pan2: at(mmfr1, 20, 2), hafs: at(mmfr1, 0), hdbs: at(mmfr1, 0, 2), hpds: at(mmfr1, 12),
    ttcnp: at(mmfr2, 0), uao: at(mmfr2, 4), lva: at(mmfr2, 16), lse2: at(mmfr2, 32), evt: at(mmfr2, 56), e0pd: at(mmfr2, 60),
    lpa: field(mmfr0, 0) >= 6,
  };
}

/** Names and one-line descriptions, for `-cpu help`. */
export const cpuModelList = (): { name: string; description: string }[] => Object.entries(MODELS).map(([name, m]) => ({ name, description: m.description }));

/** `-cpu NAME,PROP=on|off`: the model. `gicv3`: the GIC system registers exist. Error: UserError for unknown names and properties. */
export function cpuModel(name: string, props: Readonly<Record<string, boolean>> = {}, gicv3 = true): CpuModel {
  const m = MODELS[name];
  if (!m) throw new UserError('cpu-unknown', `unknown CPU model '${name}'`, `known models: ${Object.keys(MODELS).join(', ')}`);
  const idregs: IdRegs = { ...base, ...m.regs };
  if (gicv3) idregs.ID_AA64PFR0_EL1 |= 1n << 24n;
  for (const [prop, on] of Object.entries(props)) {
    if (prop === 'pauth' && name === 'max') { if (!on) idregs.ID_AA64ISAR1_EL1 &= ~0xff000ff0n; }
    else if (!['pmu', 'aarch64', 'sve', 'lpa2', 'pauth-impdef', 'kvm-no-adjvtime'].includes(prop)) {
      throw new UserError('cpu-property', `CPU model '${name}' has no property '${prop}'`);
    }
  }
  return { name, description: m.description, features: features(idregs), idregs };
}
