// Helpers of the lock profiler's extra ops: attempts in vain, successes after them, waits.
import type { HelperTable } from '../../../accel/target.ts';
import type { Vcpu } from '../../../accel/vcpu.ts';
import { SPIN_WFE } from '../../../memory/layout/profile.ts';
import type { HelperRef } from '../../../tcg/context.ts';
import { envOff } from '../env.ts';

const el = (cpu: Vcpu): number => cpu.ld32(envOff.el);

/** (address, kind << 12 | page offset of the instruction): it did not get what it wanted. */
const spin_vain = (cpu: Vcpu): void => { cpu.spins.vain(cpu.argLo(1) >>> 12, cpu.argLo(1) & 0xfff, cpu.argLo(0), cpu.argHi(0), el(cpu)); };
/** (address): it did; the wait is one that is measured, or the last before one. */
const spin_success = (cpu: Vcpu): void => { cpu.spins.success(cpu.argLo(0), cpu.argHi(0)); };
/** The polled location that a wait being measured is for has another value than before. */
const spin_changed = (cpu: Vcpu): void => { cpu.spins.changed(); };
/** Before a WFE or YIELD gives its core away. */
export function sleeps(cpu: Vcpu): void { if (cpu.machine.profile.on) cpu.spins.sleeps(); }

/**
 * A WFE or YIELD that is a wait while the profiler is on. What WFE waits for is the location that the monitor is open
 * for; YIELD does not say. One that halts is over when the vCPU runs again (src/accel/cpu-exec.ts#cpuExec).
 */
export const watched = (kind: number, wait: (cpu: Vcpu) => boolean) => (cpu: Vcpu): boolean => {
  if (!cpu.machine.profile.on) return wait(cpu);
  const lo = cpu.ld32(envOff.exclusive_addr), hi = cpu.ld32(envOff.exclusive_addr + 4), isOpen = kind === SPIN_WFE && (lo !== -1 || hi !== -1);
  // PC is past the instruction.
  cpu.spins.tried(kind, cpu.ld32(envOff.pc) - 4 & 0xfff, isOpen ? lo : 0, isOpen ? hi : 0, el(cpu));
  const left = wait(cpu);
  if (!left) cpu.spins.woke();
  return left;
};

/** Registers them. */
export function registerSpinHelpers(t: HelperTable): Record<string, HelperRef> {
  return Object.fromEntries(Object.entries({ spin_vain, spin_success, spin_changed }).map(([name, fn]) => [name, t.add(name, fn)]));
}
