// The timer thread of an Arm machine. It loads neither target nor devices: half the memory of a thread that does.
import { Machine } from '../accel/machine-view.ts';
import { timerThread } from '../accel/timer-thread.ts';
import { Vcpu } from '../accel/vcpu.ts';
import { envOff } from '../target/arm/env.ts';
import type { ArmConfig, VcpuThreadData } from './vcpu-thread.ts';

/** The timer thread's life. */
export function runTimerThread(data: VcpuThreadData): void {
  const machine = new Machine(data.spec);
  const cpus = Array.from({ length: machine.layout.nrCpus }, (_, n) => new Vcpu(machine, undefined!, n));
  timerThread(machine, cpus, envOff.timer_deadline, envOff.timer_fired, (data.spec.config as unknown as ArmConfig).profile);
}
