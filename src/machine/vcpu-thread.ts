// Wires target and devices together on one thread: the only place that knows both the Arm target and the GIC.
import { VirtualClock } from '../accel/clock.ts';
import { Engine } from '../accel/engine.ts';
import type { LocalDevice } from '../accel/io.ts';
import { Machine, type MachineSpec } from '../accel/machine-view.ts';
import { timerThread } from '../accel/timer-thread.ts';
import { Vcpu } from '../accel/vcpu.ts';
export interface VcpuThreadData {
  readonly spec: MachineSpec;
  readonly interpreter: Uint8Array<ArrayBuffer>;
  /** vCPUs this thread runs. */
  readonly own: readonly number[];
}
export {};
void VirtualClock; void Engine; void Machine; void timerThread; void Vcpu;
export type { LocalDevice };
