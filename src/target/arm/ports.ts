// What the machine provides to the Arm target on one thread: interrupt controller, clock, power. hw and target never import each other.
import type { Vcpu } from '../../accel/vcpu.ts';
import type { Semihost } from './semihosting.ts';
import type { OnStoreExclusiveFailed } from './helpers/exclusive.ts';

/** GIC CPU interface system registers, by Arm name without the _EL1 suffix (ICC_IAR1, ICC_PMR, ICC_SGI1R, …). */
export interface GicCpuInterface {
  iccRead(cpu: number, reg: string): number;
  /** 64-bit value as two halves. */
  iccWrite(cpu: number, reg: string, lo: number, hi: number): void;
}

export interface ArmPorts {
  /** Absent without GICv3: the ICC registers are undefined. */
  readonly gic?: GicCpuInterface;
  /** Drives a private peripheral interrupt (intid 16…31). */
  setPpi(cpu: number, intid: number, level: boolean): void;
  /** Virtual time, ns. */
  clockNs(): number;
  /** A vCPU's timer_deadline moved to an earlier time. */
  timerChanged(): void;
  /** PSCI SYSTEM_OFF, SYSTEM_RESET; semihosting exit with a status. */
  systemOff(exitCode?: number): void;
  systemReset(): void;
  vcpu(n: number): Vcpu;
  readonly cpuCount: number;
  /** The instruction PSCI calls are made with; the other one is UNDEFINED. `hvc` when absent. */
  readonly psciConduit?: 'hvc' | 'smc' | 'none';
  /** MPIDR affinity fields of vCPU n. */
  affinity(n: number): number;
  /** `exclusive=check`: a store-exclusive failed. */
  onStoreExclusiveFailed?: OnStoreExclusiveFailed;
  /** `-semihosting`; absent when it is off. */
  readonly semihost?: Semihost;
  /** `-d unimp,guest_errors,int,mmu`: one line. */
  log?(item: 'unimp' | 'guest_errors' | 'int' | 'mmu', text: () => string): void;
}
