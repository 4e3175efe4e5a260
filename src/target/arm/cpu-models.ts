// CPU models: their ID registers as QEMU 7.2 shows them, less what this emulator does not have; features follow from the fields.
import { UserError } from '../../errors.ts';
import type { ArmFeatures, CpuModel } from './features.ts';

type IdRegs = Record<string, bigint>;

/** Registers that are 0 in a model unless it says otherwise. */
const ZERO: IdRegs = Object.fromEntries([
  'REVIDR_EL1', 'AIDR_EL1', 'ID_AA64PFR1_EL1', 'ID_AA64ZFR0_EL1', 'ID_AA64SMFR0_EL1', 'ID_AA64DFR1_EL1', 'ID_AA64AFR0_EL1', 'ID_AA64AFR1_EL1',
  'ID_AA64ISAR1_EL1', 'ID_AA64ISAR2_EL1', 'ID_AA64MMFR1_EL1', 'ID_AA64MMFR2_EL1', 'PMCEID1_EL0',
].map((name) => [name, 0n]));

/** What the Armv8.0 cores here have in common. */
const V8_0: IdRegs = {
  ...ZERO,
  ID_AA64PFR0_EL1: 0x22n, ID_AA64DFR0_EL1: 0x10305106n, ID_AA64ISAR0_EL1: 0x11120n,
  CLIDR_EL1: 0x0a200023n, CTR_EL0: 0x8444c004n, DCZID_EL0: 4n, SCTLR_EL1: 0x00c50838n, PMCEID0_EL0: 0x20001n,
};
/** Cortex-A76 and Neoverse N1: Armv8.2 with atomics, dot product and half precision. */
const V8_2: IdRegs = {
  ...V8_0,
  ID_AA64PFR0_EL1: 0x1100000010110012n, ID_AA64DFR0_EL1: 0x10305408n, ID_AA64ISAR0_EL1: 0x0000100010211120n, ID_AA64ISAR1_EL1: 0x100001n,
  ID_AA64MMFR1_EL1: 0x10212122n, ID_AA64MMFR2_EL1: 0x1011n,
  CCSIDR_L1D: 0x701fe01an, CCSIDR_L1I: 0x201fe01an, CLIDR_EL1: 0x82000023n, SCTLR_EL1: 0x30c50838n, PMCEID1_EL0: 0x18n,
};

interface Model { readonly description: string; readonly regs: IdRegs }

const MODELS: Readonly<Record<string, Model>> = {
  'cortex-a53': {
    description: 'Arm Cortex-A53 (Armv8.0-A)',
    regs: {
      ...V8_0, MIDR_EL1: 0x410fd034n, ID_AA64MMFR0_EL1: 0x1122n, CTR_EL0: 0x84448004n, PMCR_EL0: 0x41033000n,
      CCSIDR_L1D: 0x700fe01an, CCSIDR_L1I: 0x201fe00an, CCSIDR_L2: 0x707fe07an,
    },
  },
  'cortex-a57': {
    description: 'Arm Cortex-A57 (Armv8.0-A)',
    regs: { ...V8_0, MIDR_EL1: 0x411fd070n, ID_AA64MMFR0_EL1: 0x1124n, PMCR_EL0: 0x41013000n, CCSIDR_L1D: 0x701fe00an, CCSIDR_L1I: 0x201fe012n, CCSIDR_L2: 0x70ffe07an },
  },
  'cortex-a72': {
    description: 'Arm Cortex-A72 (Armv8.0-A)',
    regs: { ...V8_0, MIDR_EL1: 0x410fd083n, ID_AA64MMFR0_EL1: 0x1124n, PMCR_EL0: 0x41023000n, CCSIDR_L1D: 0x701fe00an, CCSIDR_L1I: 0x201fe012n, CCSIDR_L2: 0x707fe07an },
  },
  'cortex-a76': {
    description: 'Arm Cortex-A76 (Armv8.2-A)',
    regs: { ...V8_2, MIDR_EL1: 0x414fd0b1n, ID_AA64PFR1_EL1: 0x10n, ID_AA64MMFR0_EL1: 0x101122n, PMCR_EL0: 0x410b3000n, CCSIDR_L2: 0x707fe03an },
  },
  'neoverse-n1': {
    description: 'Arm Neoverse N1 (Armv8.2-A)',
    regs: { ...V8_2, MIDR_EL1: 0x414fd0c1n, ID_AA64PFR1_EL1: 0x20n, ID_AA64MMFR0_EL1: 0x101125n, PMCR_EL0: 0x410c3000n, CCSIDR_L2: 0x70ffe03an },
  },
  max: {
    description: 'Everything this emulator implements',
    regs: {
      ...V8_0, MIDR_EL1: 0x000f0510n, PMCR_EL0: 0x41013000n, PMCEID1_EL0: 0x10000018n, CLIDR_EL1: 0x02000023n,
      ID_AA64PFR0_EL1: 0x1201001120110022n, ID_AA64PFR1_EL1: 0x01000021n, ID_AA64DFR0_EL1: 0x10305609n,
      ID_AA64ISAR0_EL1: 0x1221111110212120n, ID_AA64ISAR1_EL1: 0x0011111101211012n,
      ID_AA64MMFR0_EL1: 0x0000032310201126n, ID_AA64MMFR1_EL1: 0x0000011010211122n, ID_AA64MMFR2_EL1: 0x1021011110011011n,
      CCSIDR_L1D: 0x701fe00an, CCSIDR_L1I: 0x201fe012n, CCSIDR_L2: 0x70ffe07an,
    },
  },
};

/** A field of an ID register. */
interface Field { readonly reg: string; readonly lsb: number; readonly width?: number }
const field = (regs: IdRegs, { reg, lsb, width = 4 }: Field): number => Number(((regs[reg] ?? 0n) >> BigInt(lsb)) & ((1n << BigInt(width)) - 1n));
function setField(regs: IdRegs, { reg, lsb, width = 4 }: Field, value: number): void {
  const mask = ((1n << BigInt(width)) - 1n) << BigInt(lsb);
  regs[reg] = ((regs[reg] ?? 0n) & ~mask) | ((BigInt(value) << BigInt(lsb)) & mask);
}

const F = {
  EL0: { reg: 'ID_AA64PFR0_EL1', lsb: 0 }, EL1: { reg: 'ID_AA64PFR0_EL1', lsb: 4 }, GIC: { reg: 'ID_AA64PFR0_EL1', lsb: 24 }, SVE: { reg: 'ID_AA64PFR0_EL1', lsb: 32 },
  MTE: { reg: 'ID_AA64PFR1_EL1', lsb: 8 }, SME: { reg: 'ID_AA64PFR1_EL1', lsb: 24 },
  APA: { reg: 'ID_AA64ISAR1_EL1', lsb: 4 }, API: { reg: 'ID_AA64ISAR1_EL1', lsb: 8 }, GPA: { reg: 'ID_AA64ISAR1_EL1', lsb: 24 }, GPI: { reg: 'ID_AA64ISAR1_EL1', lsb: 28 },
  PMUVer: { reg: 'ID_AA64DFR0_EL1', lsb: 8 },
  TGran4: { reg: 'ID_AA64MMFR0_EL1', lsb: 28 }, TGran16: { reg: 'ID_AA64MMFR0_EL1', lsb: 20 },
  TGran4_2: { reg: 'ID_AA64MMFR0_EL1', lsb: 40 }, TGran16_2: { reg: 'ID_AA64MMFR0_EL1', lsb: 32 },
} as const satisfies Record<string, Field>;

/** What the models lose here, and why. */
const REDUCED: readonly (readonly [Field, number])[] = [
  // EL0 and EL1 execute AArch64 only.
  [F.EL0, 1], [F.EL1, 1],
  // No scalable vectors or matrices, no memory tags.
  [F.SVE, 0], [F.SME, 0], [F.MTE, 0],
];

/** Features (by the names of ArmFeatures) and the least value of the ID field that announces each. */
const FEATURE_FIELDS: Readonly<Record<keyof ArmFeatures, readonly [string, number, number]>> = {
  aes: ['ISAR0', 4, 1], pmull: ['ISAR0', 4, 2], sha1: ['ISAR0', 8, 1], sha256: ['ISAR0', 12, 1], sha512: ['ISAR0', 12, 2], crc32: ['ISAR0', 16, 1],
  lse: ['ISAR0', 20, 2], rdm: ['ISAR0', 28, 1], sha3: ['ISAR0', 32, 1], sm3: ['ISAR0', 36, 1], sm4: ['ISAR0', 40, 1], dotprod: ['ISAR0', 44, 1],
  fhm: ['ISAR0', 48, 1], flagm: ['ISAR0', 52, 1], flagm2: ['ISAR0', 52, 2], tlbios: ['ISAR0', 56, 1], tlbirange: ['ISAR0', 56, 2], rng: ['ISAR0', 60, 1],
  dpb: ['ISAR1', 0, 1], dpb2: ['ISAR1', 0, 2], pauth: ['ISAR1', 4, 1], pauth2: ['ISAR1', 4, 3], jscvt: ['ISAR1', 12, 1], fcma: ['ISAR1', 16, 1],
  rcpc: ['ISAR1', 20, 1], rcpc2: ['ISAR1', 20, 2], frintts: ['ISAR1', 32, 1], sb: ['ISAR1', 36, 1], specres: ['ISAR1', 40, 1], bf16: ['ISAR1', 44, 1], i8mm: ['ISAR1', 52, 1],
  wfxt: ['ISAR2', 0, 2], mops: ['ISAR2', 16, 1], cssc: ['ISAR2', 52, 1],
  fp16: ['PFR0', 16, 1], ras: ['PFR0', 28, 1], dit: ['PFR0', 48, 1], csv2_2: ['PFR0', 56, 2], bti: ['PFR1', 0, 1], ssbs: ['PFR1', 4, 1],
  hafs: ['MMFR1', 0, 1], hdbs: ['MMFR1', 0, 2], hpds: ['MMFR1', 12, 1], lor: ['MMFR1', 16, 1], pan: ['MMFR1', 20, 1], pan2: ['MMFR1', 20, 2],
  ttcnp: ['MMFR2', 0, 1], uao: ['MMFR2', 4, 1], lva: ['MMFR2', 16, 1], ttst: ['MMFR2', 28, 1], lse2: ['MMFR2', 32, 1], ids: ['MMFR2', 36, 1], evt: ['MMFR2', 56, 1], e0pd: ['MMFR2', 60, 1],
  lpa: ['MMFR0', 0, 6], lpa2_4k: ['MMFR0', 28, 1], lpa2_16k: ['MMFR0', 20, 2],
  pmu: ['DFR0', 8, 1], pmuv3p1: ['DFR0', 8, 4], pmuv3p4: ['DFR0', 8, 5], pmuv3p5: ['DFR0', 8, 6],
};

function features(regs: IdRegs): ArmFeatures {
  const out = Object.fromEntries(Object.entries(FEATURE_FIELDS).map(([name, [reg, lsb, least]]) => {
    const v = field(regs, { reg: `ID_AA64${reg}_EL1`, lsb });
    // 0b1111: not there, in the fields of FP, AdvSIMD, TGran4 and PMUVer.
    return [name, v >= least && v !== 15];
  })) as unknown as { -readonly [K in keyof ArmFeatures]: boolean };
  out.pauth = field(regs, F.APA) > 0 || field(regs, F.API) > 0;
  out.pauth2 = field(regs, F.APA) >= 3 || field(regs, F.API) >= 3;
  return out;
}

/** on|off properties: what each does to the registers. Others are refused. */
const PROPERTIES: Readonly<Record<string, { models?: readonly string[]; set(regs: IdRegs, on: boolean): void; only?: boolean }>> = {
  aarch64: { only: true, set() {} },
  pmu: { set(r, on) { if (!on) setField(r, F.PMUVer, 0); } },
  pauth: { models: ['max'], set(r, on) { if (!on) for (const f of [F.APA, F.API, F.GPA, F.GPI]) setField(r, f, 0); } },
  'pauth-impdef': {
    models: ['max'],
    set(r, on) {
      if (!on || field(r, F.APA) === 0) return;
      for (const [from, to] of [[F.APA, F.API], [F.GPA, F.GPI]] as const) { setField(r, to, field(r, from)); setField(r, from, 0); }
    },
  },
  lpa2: { models: ['max'], set(r, on) { if (!on) { setField(r, F.TGran4, 0); setField(r, F.TGran4_2, 2); setField(r, F.TGran16, 1); setField(r, F.TGran16_2, 2); } } },
  sve: { models: ['max'], only: false, set() {} },
  sme: { models: ['max'], only: false, set() {} },
};

/** Names and one-line descriptions, for `-cpu help`. */
export const cpuModelList = (): { name: string; description: string }[] => Object.entries(MODELS).map(([name, m]) => ({ name, description: m.description }));

/**
 * The model of `-cpu NAME,PROP=on|off`. `gicv3`: the GIC's system registers exist.
 * Errors: UserError `cpu-unknown`, `cpu-property`.
 */
export function cpuModel(name: string, props: Readonly<Record<string, boolean>> = {}, gicv3 = true): CpuModel {
  const m = MODELS[name];
  if (!m) throw new UserError('cpu-unknown', `unknown CPU model '${name}'`, `known models: ${Object.keys(MODELS).join(', ')}`);
  const idregs: IdRegs = { ...m.regs };
  for (const [f, v] of REDUCED) setField(idregs, f, v);
  setField(idregs, F.GIC, gicv3 ? 1 : 0);
  // pauth before pauth-impdef, which moves its fields.
  for (const [prop, on] of Object.entries(props).sort(([a], [b]) => a.localeCompare(b))) {
    const p = PROPERTIES[prop];
    if (!p || (p.models && !p.models.includes(name))) throw new UserError('cpu-property', `CPU model '${name}' has no property '${prop}'`);
    if (p.only !== undefined && on !== p.only) throw new UserError('cpu-property', `CPU model '${name}' cannot have ${prop}=${on ? 'on' : 'off'}`);
    p.set(idregs, on);
  }
  return { name, description: m.description, features: features(idregs), pauthImpdef: field(idregs, F.API) > 0, idregs };
}
