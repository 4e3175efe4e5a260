// What a system register is: one row of the table in table.ts.
import type { Vcpu } from '../../../accel/vcpu.ts';
import type { ArmFeatures } from '../features.ts';
import type { ArmPorts } from '../ports.ts';

/** What registers need beside the vCPU. */
export interface SysregContext {
  readonly ports: ArmPorts;
  readonly feat: ArmFeatures;
  readonly idregs: Readonly<Record<string, bigint>>;
}

/** op0, op1, CRn, CRm, op2. */
export type SysregKey = readonly [number, number, number, number, number];

export interface SysregDef {
  readonly name: string;
  readonly key: SysregKey;
  /** What EL0 may do. EL1 may always read, and write unless `ro`. */
  readonly el0?: 'r' | 'rw' | 'w';
  readonly ro?: boolean;
  readonly wo?: boolean;
  /** Offset in the vCPU block of a plain register: read and written inline. */
  readonly field?: number;
  readonly const?: bigint;
  /** Extra check, at EL0 only: false traps to EL1 as a system register access. */
  readonly allowEl0?: (cpu: Vcpu) => boolean;
  readonly read?: (cpu: Vcpu, c: SysregContext) => bigint;
  readonly write?: (cpu: Vcpu, v: bigint, c: SysregContext) => void;
  /** The write changes state that later instructions of the TB depend on. */
  readonly endsTb?: boolean;
  /** Present only with this feature. */
  readonly feature?: keyof ArmFeatures;
}

export const keyNumber = ([op0, op1, crn, crm, op2]: SysregKey): number => (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
/** S<op0>_<op1>_C<n>_C<m>_<op2> */
export const keyName = (k: number): string => `S${k >> 14}_${(k >> 11) & 7}_C${(k >> 7) & 15}_C${(k >> 3) & 15}_${k & 7}`;
