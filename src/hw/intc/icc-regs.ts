// The GICv3 CPU interface's system registers: names, encodings and directions, for a target's register table.

/** Numbers of the ICC_*_EL1 registers, for GicV3.iccRead and iccWrite. */
export const IccReg = {
  PMR: 0, IAR0: 1, EOIR0: 2, HPPIR0: 3, BPR0: 4, AP0R0: 5, AP1R0: 6, DIR: 7, RPR: 8, SGI1R: 9, ASGI1R: 10, SGI0R: 11,
  IAR1: 12, EOIR1: 13, HPPIR1: 14, BPR1: 15, CTLR: 16, SRE: 17, IGRPEN0: 18, IGRPEN1: 19,
} as const;
export type IccReg = (typeof IccReg)[keyof typeof IccReg];

export interface IccRegInfo {
  readonly name: string;
  readonly reg: IccReg;
  readonly op0: number;
  readonly op1: number;
  readonly crn: number;
  readonly crm: number;
  readonly op2: number;
  /** An access in a direction not named here is UNDEFINED. */
  readonly access: 'r' | 'w' | 'rw';
  /** A write takes 64 bits. */
  readonly wide?: true;
}

const row = (
  name: string, reg: IccReg, crn: number, crm: number, op2: number, access: IccRegInfo['access'], wide?: true,
): IccRegInfo => ({ name, reg, op0: 3, op1: 0, crn, crm, op2, access, wide });

/** Every register of the CPU interface at EL1 (Arm IHI 0069, section 12.2). */
export const ICC_REGS: readonly IccRegInfo[] = [
  row('ICC_PMR_EL1', IccReg.PMR, 4, 6, 0, 'rw'),
  row('ICC_IAR0_EL1', IccReg.IAR0, 12, 8, 0, 'r'),
  row('ICC_EOIR0_EL1', IccReg.EOIR0, 12, 8, 1, 'w'),
  row('ICC_HPPIR0_EL1', IccReg.HPPIR0, 12, 8, 2, 'r'),
  row('ICC_BPR0_EL1', IccReg.BPR0, 12, 8, 3, 'rw'),
  row('ICC_AP0R0_EL1', IccReg.AP0R0, 12, 8, 4, 'rw'),
  row('ICC_AP1R0_EL1', IccReg.AP1R0, 12, 9, 0, 'rw'),
  // ICC_AP0R1_EL1…ICC_AP0R3_EL1 (12, 8, 5…7) and ICC_AP1R1_EL1…ICC_AP1R3_EL1 (12, 9, 1…3) exist only with more than
  // five bits of preemption priority: UNDEFINED here.
  row('ICC_DIR_EL1', IccReg.DIR, 12, 11, 1, 'w'),
  row('ICC_RPR_EL1', IccReg.RPR, 12, 11, 3, 'r'),
  row('ICC_SGI1R_EL1', IccReg.SGI1R, 12, 11, 5, 'w', true),
  row('ICC_ASGI1R_EL1', IccReg.ASGI1R, 12, 11, 6, 'w', true),
  row('ICC_SGI0R_EL1', IccReg.SGI0R, 12, 11, 7, 'w', true),
  row('ICC_IAR1_EL1', IccReg.IAR1, 12, 12, 0, 'r'),
  row('ICC_EOIR1_EL1', IccReg.EOIR1, 12, 12, 1, 'w'),
  row('ICC_HPPIR1_EL1', IccReg.HPPIR1, 12, 12, 2, 'r'),
  row('ICC_BPR1_EL1', IccReg.BPR1, 12, 12, 3, 'rw'),
  row('ICC_CTLR_EL1', IccReg.CTLR, 12, 12, 4, 'rw'),
  row('ICC_SRE_EL1', IccReg.SRE, 12, 12, 5, 'rw'),
  row('ICC_IGRPEN0_EL1', IccReg.IGRPEN0, 12, 12, 6, 'rw'),
  row('ICC_IGRPEN1_EL1', IccReg.IGRPEN1, 12, 12, 7, 'rw'),
];
