// What a CPU model implements: ID registers and the FEAT_ flags the translator asks about.

/** Features by their Arm names, lower case. Each follows from the model's ID registers. */
export interface ArmFeatures {
  readonly lse: boolean; readonly lse2: boolean; readonly rcpc: boolean; readonly rcpc2: boolean; readonly crc32: boolean;
  readonly pauth: boolean; readonly pauth2: boolean; readonly bti: boolean; readonly flagm: boolean; readonly flagm2: boolean; readonly sb: boolean;
  readonly fp16: boolean; readonly rdm: boolean; readonly dotprod: boolean; readonly fcma: boolean; readonly fhm: boolean;
  readonly jscvt: boolean; readonly frintts: boolean; readonly i8mm: boolean; readonly bf16: boolean;
  readonly aes: boolean; readonly pmull: boolean; readonly sha1: boolean; readonly sha256: boolean; readonly sha512: boolean;
  readonly sha3: boolean; readonly sm3: boolean; readonly sm4: boolean;
  readonly pan: boolean; readonly pan2: boolean; readonly uao: boolean; readonly dit: boolean; readonly ssbs: boolean;
  readonly hafs: boolean; readonly hdbs: boolean; readonly tlbios: boolean; readonly tlbirange: boolean; readonly dpb: boolean; readonly dpb2: boolean;
  readonly ttcnp: boolean; readonly hpds: boolean; readonly lva: boolean; readonly lpa: boolean; readonly rng: boolean; readonly specres: boolean; readonly evt: boolean; readonly e0pd: boolean; readonly cssc: boolean; readonly mops: boolean; readonly wfxt: boolean;
  /** RAS extension, FEAT_CSV2_2 (SCXTNUM), LORegions, ID traps, small translation tables, 52-bit addresses with small granules. */
  readonly ras: boolean; readonly csv2_2: boolean; readonly lor: boolean; readonly ids: boolean; readonly ttst: boolean;
  readonly lpa2_4k: boolean; readonly lpa2_16k: boolean;
  readonly pmu: boolean; readonly pmuv3p1: boolean; readonly pmuv3p4: boolean; readonly pmuv3p5: boolean;
}

export interface CpuModel {
  readonly name: string;
  readonly description: string;
  readonly features: ArmFeatures;
  /** Pointer authentication uses an IMPLEMENTATION DEFINED algorithm. */
  readonly pauthImpdef: boolean;
  /** ID and other fixed registers by Arm name: MIDR_EL1, ID_AA64ISAR0_EL1, CTR_EL0, … */
  readonly idregs: Readonly<Record<string, bigint>>;
}
