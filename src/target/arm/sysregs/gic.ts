// The GICv3 CPU interface's registers (Arm IHI 0069, 12.2), served by the machine's interrupt controller.
import type { SysregDef } from './def.ts';

const icc = (name: string, crm: number, op2: number, more: Partial<SysregDef> = {}, crn = 12): SysregDef => ({
  name: `${name}_EL1`, key: [3, 0, crn, crm, op2], endsTb: true,
  read: (cpu, c) => c.ports.gic!.iccRead(cpu.index, name) >>> 0,
  write: (cpu, lo, hi, c) => c.ports.gic!.iccWrite(cpu.index, name, lo, hi),
  ...more,
});
const RO = { ro: true, write: undefined } as const, WO = { wo: true, read: undefined } as const;

export const gicRegs: readonly SysregDef[] = [
  icc('ICC_PMR', 6, 0, {}, 4), icc('ICC_IAR0', 8, 0, RO), icc('ICC_EOIR0', 8, 1, WO), icc('ICC_HPPIR0', 8, 2, RO), icc('ICC_BPR0', 8, 3),
  // AP0R1…3 and AP1R1…3 exist only with more than five priority bits.
  icc('ICC_AP0R0', 8, 4), icc('ICC_AP1R0', 9, 0),
  icc('ICC_DIR', 11, 1, WO), icc('ICC_RPR', 11, 3, RO), icc('ICC_SGI1R', 11, 5, WO), icc('ICC_ASGI1R', 11, 6, WO), icc('ICC_SGI0R', 11, 7, WO),
  icc('ICC_IAR1', 12, 0, RO), icc('ICC_EOIR1', 12, 1, WO), icc('ICC_HPPIR1', 12, 2, RO), icc('ICC_BPR1', 12, 3),
  icc('ICC_CTLR', 12, 4), icc('ICC_SRE', 12, 5), icc('ICC_IGRPEN0', 12, 6), icc('ICC_IGRPEN1', 12, 7),
];
