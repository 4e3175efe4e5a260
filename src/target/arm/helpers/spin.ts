// Helpers of the lock profiler's extra ops: attempts in vain, successes after them, waits.
import type { HelperTable } from '../../../accel/target.ts';
import type { Vcpu } from '../../../accel/vcpu.ts';
import { SPIN_WFE, SPIN_YIELD } from '../../../memory/layout/profile.ts';
import type { HelperRef } from '../../../tcg/context.ts';
import { envOff } from '../env.ts';

const el = (cpu: Vcpu): number => cpu.ld32(envOff.el);

/** (address, kind << 12 | page offset of the instruction): it did not get what it wanted. */
const spin_vain = (cpu: Vcpu): void => { cpu.spins.vain(cpu.argLo(1) >>> 12, cpu.argLo(1) & 0xfff, cpu.argLo(0), cpu.argHi(0), el(cpu)); };
/** (address): it did, and a wait is under way. */
const spin_success = (cpu: Vcpu): void => { cpu.spins.success(cpu.argLo(0), cpu.argHi(0)); };
/** (address): a polled location has another value than before. */
const spin_changed = (cpu: Vcpu): void => { cpu.spins.changed(cpu.argLo(0), cpu.argHi(0)); };
/** (page offset): WFE comes; the location it waits for is the one the monitor is open for. */
const spin_sleeps = (cpu: Vcpu): void => {
  const lo = cpu.ld32(envOff.exclusive_addr), hi = cpu.ld32(envOff.exclusive_addr + 4), isOpen = lo !== -1 || hi !== -1;
  cpu.spins.vain(SPIN_WFE, cpu.argLo(0), isOpen ? lo : 0, isOpen ? hi : 0, el(cpu));
  cpu.spins.sleeps();
};
/** (page offset): YIELD comes; what is waited for is not known, unless other tries say so. */
const spin_yields = (cpu: Vcpu): void => {
  cpu.spins.vain(SPIN_YIELD, cpu.argLo(0), 0, 0, el(cpu));
  cpu.spins.sleeps();
};
const spin_woke = (cpu: Vcpu): void => { cpu.spins.woke(); };

/** Registers them. */
export function registerSpinHelpers(t: HelperTable): Record<string, HelperRef> {
  return Object.fromEntries(Object.entries({ spin_vain, spin_success, spin_changed, spin_sleeps, spin_yields, spin_woke }).map(([name, fn]) => [name, t.add(name, fn)]));
}
