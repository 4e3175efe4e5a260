// Generic timers of one vCPU (Arm ARM D12): CNTV and CNTP count virtual time at 62.5 MHz.
import type { Vcpu } from '../../accel/vcpu.ts';
import { envOff } from './env.ts';
import type { ArmPorts } from './ports.ts';

/** CNTFRQ_EL0 and the clock it divides: one tick is 16 ns, as QEMU 7.2 has it. */
export const CNTFRQ = 62_500_000;
const NS_PER_TICK = 16;
const ENABLE = 1, IMASK = 2, ISTATUS = 4;
const NEVER = 0x7fffffffffffffffn;

interface TimerRegs { ctl: number; cval: number; ppi: number }
/** Virtual and EL1 physical timer, with their private interrupts. */
export const TIMERS = {
  virt: { ctl: envOff.cntv_ctl, cval: envOff.cntv_cval, ppi: 27 },
  phys: { ctl: envOff.cntp_ctl, cval: envOff.cntp_cval, ppi: 30 },
} as const satisfies Record<string, TimerRegs>;

/** Counter value now. CNTVOFF is 0 without EL2, so both counters agree. */
export const counter = (ports: ArmPorts): bigint => BigInt(Math.floor(ports.clockNs() / NS_PER_TICK));

const met = (count: bigint, cval: bigint): boolean => BigInt.asUintN(64, cval) <= count;

/** CTL with ISTATUS as of now. */
export function readCtl(cpu: Vcpu, t: TimerRegs, ports: ArmPorts): number {
  const ctl = cpu.ld32(t.ctl) & (ENABLE | IMASK);
  return ctl & ENABLE && met(counter(ports), cpu.ld64(t.cval)) ? ctl | ISTATUS : ctl;
}

/** TVAL: CVAL minus the counter, 32 bits, signed. */
export const readTval = (cpu: Vcpu, t: TimerRegs, ports: ArmPorts): bigint => BigInt.asUintN(32, cpu.ld64(t.cval) - counter(ports));
export function writeTval(cpu: Vcpu, t: TimerRegs, v: bigint, ports: ArmPorts): void {
  cpu.st64(t.cval, BigInt.asUintN(64, counter(ports) + BigInt.asIntN(32, v)));
}

/**
 * After any change of a timer, and when its deadline has passed: drives both interrupt lines and publishes the next
 * deadline. Owner thread. pairs with src/accel/timer-thread.ts#timerThread
 */
export function updateTimers(cpu: Vcpu, ports: ArmPorts): void {
  const now = counter(ports);
  let deadline = NEVER;
  for (const t of [TIMERS.virt, TIMERS.phys]) {
    const ctl = cpu.ld32(t.ctl), cval = cpu.ld64(t.cval), on = (ctl & ENABLE) !== 0;
    const fired = on && met(now, cval);
    ports.setPpi(cpu.index, t.ppi, fired && !(ctl & IMASK));
    if (on && !fired) {
      const at = cval * BigInt(NS_PER_TICK);
      if (at < deadline) deadline = at;
    }
  }
  const { i64 } = cpu.machine, w = (cpu.base + envOff.timer_deadline) >>> 3;
  // Before `fired` is cleared the timer thread does not look at the deadline, afterwards it finds the new one.
  Atomics.store(i64, w, deadline);
  cpu.store(envOff.timer_fired, 0);
  if (deadline !== NEVER) ports.timerChanged();
}
