// What a system register is: one row of the tables in this folder.
import type { Vcpu } from '../../../accel/vcpu.ts';
import type { ArmFeatures } from '../features.ts';
import type { ArmPorts } from '../ports.ts';

/** What registers need beside the vCPU. */
export interface SysregContext {
  readonly ports: ArmPorts;
  readonly feat: ArmFeatures;
  readonly idregs: Readonly<Record<string, bigint>>;
}
/** What decides which registers a CPU has. */
export type SysregModel = Pick<SysregContext, 'feat' | 'idregs'>;

/** op0, op1, CRn, CRm, op2. */
export type SysregKey = readonly [number, number, number, number, number];

export interface SysregDef {
  readonly name: string;
  readonly key: SysregKey;
  /** What EL0 may do. EL1 may always read unless `wo`, and write unless `ro`. */
  readonly el0?: 'r' | 'rw' | 'w';
  readonly ro?: boolean;
  readonly wo?: boolean;
  /** Offset in the vCPU block of a 64-bit register without further effect: read and written inline. */
  readonly field?: number;
  /** The same, 32 bits wide. */
  readonly field32?: number;
  /** Bits of `field` that a write changes; the others read as zero. */
  readonly mask?: bigint;
  /** Reads as this; writes do nothing. */
  readonly const?: bigint;
  /** A constant of the model, by its name in CpuModel.idregs: `const` once the table is made. */
  readonly idreg?: string;
  /** Extra check, at EL0 only: false traps to EL1 as a system register access. */
  readonly allowEl0?: (cpu: Vcpu, isRead: boolean) => boolean;
  /** A value below 2^53. */
  readonly read?: (cpu: Vcpu, c: SysregContext) => number;
  readonly read64?: (cpu: Vcpu, c: SysregContext) => bigint;
  /** `lo`, `hi`: signed 32-bit halves. True: an exception was raised. */
  readonly write?: (cpu: Vcpu, lo: number, hi: number, c: SysregContext) => void | boolean;
  /** The write changes state that later instructions of the TB depend on. */
  readonly endsTb?: boolean;
  /** Present only with this feature, or when the model says so. */
  readonly feature?: keyof ArmFeatures;
  readonly present?: (m: SysregModel) => boolean;
}

export const keyNumber = ([op0, op1, crn, crm, op2]: SysregKey): number => (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
/** Its fields as QEMU's log names them. */
export const keyFields = (k: number): string => `op0:${k >> 14} op1:${(k >> 11) & 7} crn:${(k >> 7) & 15} crm:${(k >> 3) & 15} op2:${k & 7}`;
/** S<op0>_<op1>_C<n>_C<m>_<op2> */
export const keyName = (k: number): string => `S${k >> 14}_${(k >> 11) & 7}_C${(k >> 7) & 15}_C${(k >> 3) & 15}_${k & 7}`;

/** A register that is a field of env and nothing else. */
export const plain = (name: string, key: SysregKey, field: number, more: Partial<SysregDef> = {}): SysregDef => ({ name, key, field, ...more });
/** Reads as zero, ignores writes. */
export const raz = (name: string, key: SysregKey, more: Partial<SysregDef> = {}): SysregDef => ({ name, key, const: 0n, ...more });
/** A constant of the model, by its name in CpuModel.idregs. */
export const modelConst = (name: string, key: SysregKey, more: Partial<SysregDef> = {}): SysregDef =>
  ({ name, key, ro: true, idreg: name, ...more });
