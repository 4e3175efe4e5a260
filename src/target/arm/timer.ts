// Generic timers of one vCPU (Arm ARM D12): CNTV and CNTP count virtual time at 62.5 MHz.
import type { Vcpu } from '../../accel/vcpu.ts';
import { envOff } from './env.ts';
import type { ArmPorts } from './ports.ts';
import { PMU_PPI, pmuLevel, pmuDeadline, pmuRunning, pmuSync } from './sysregs/pmu-counters.ts';

/** CNTFRQ_EL0 and the clock it divides: one tick is 16 ns, as QEMU 7.2 has it. */
export const CNTFRQ = 62_500_000;
const NS_PER_TICK = 16;
const ENABLE = 1, IMASK = 2, ISTATUS = 4;
export const NO_DEADLINE = 0x7fffffffffffffffn;
/** Beyond this many ns (285 years) a deadline never comes; doubles are exact below 2^53. */
const FAR_AWAY = 2 ** 53;

interface TimerRegs { ctl: number; cval: number; ppi: number }
/** Virtual and EL1 physical timer, with their private interrupts. */
export const TIMERS = {
  virt: { ctl: envOff.cntv_ctl, cval: envOff.cntv_cval, ppi: 27 },
  phys: { ctl: envOff.cntp_ctl, cval: envOff.cntp_cval, ppi: 30 },
} as const satisfies Record<string, TimerRegs>;
const BOTH: readonly TimerRegs[] = [TIMERS.virt, TIMERS.phys];

/** Counter value now. CNTVOFF is 0 without EL2, so both counters agree. */
export const counter = (ports: ArmPorts): number => Math.floor(ports.clockNs() / NS_PER_TICK);

/** CVAL; values above 2^53 lose bits that no counter reaches. */
const cval = (cpu: Vcpu, t: TimerRegs): number => (cpu.ld32(t.cval + 4) >>> 0) * 2 ** 32 + (cpu.ld32(t.cval) >>> 0);

/** CTL with ISTATUS as of now. */
export function readCtl(cpu: Vcpu, t: TimerRegs, ports: ArmPorts): number {
  const ctl = cpu.ld32(t.ctl) & (ENABLE | IMASK);
  return ctl & ENABLE && counter(ports) >= cval(cpu, t) ? ctl | ISTATUS : ctl;
}

/** TVAL: the low word of CVAL minus the counter. */
export const readTval = (cpu: Vcpu, t: TimerRegs, ports: ArmPorts): number => (cpu.ld32(t.cval) - (counter(ports) | 0)) >>> 0;
/** CVAL = the counter plus a signed 32-bit value. */
export function writeTval(cpu: Vcpu, t: TimerRegs, v: number, ports: ArmPorts): void {
  const at = counter(ports) + (v | 0), hi = Math.floor(at / 2 ** 32);
  cpu.st64p(t.cval, at - hi * 2 ** 32 | 0, hi | 0);
}

/** Drives an interrupt line if its level changed. */
function drive(cpu: Vcpu, ppi: number, level: boolean, ports: ArmPorts): void {
  const bit = 1 << (ppi - 16), lines = cpu.ld32(envOff.timer_lines);
  if (((lines & bit) !== 0) === level) return;
  cpu.st32(envOff.timer_lines, lines ^ bit);
  ports.setPpi(cpu.index, ppi, level);
}

/**
 * After any change of a timer or performance counter, and when their deadline has passed: drives the interrupt lines and
 * publishes the next deadline. Owner thread.
 */
export function updateTimers(cpu: Vcpu, ports: ArmPorts): void {
  const now = counter(ports);
  let next = FAR_AWAY;
  for (const t of BOTH) {
    const ctl = cpu.ld32(t.ctl), at = cval(cpu, t), on = (ctl & ENABLE) !== 0;
    drive(cpu, t.ppi, on && now >= at && !(ctl & IMASK), ports);
    if (on && now < at) next = Math.min(next, at * NS_PER_TICK);
  }
  if (pmuRunning(cpu)) pmuSync(cpu, ports);
  drive(cpu, PMU_PPI, pmuLevel(cpu), ports);
  next = Math.min(next, pmuDeadline(cpu));
  publish(cpu, next < FAR_AWAY ? BigInt(next) : NO_DEADLINE, ports);
}

/**
 * The timer thread sleeps to the earliest deadline it saw: it need not be told of a later one, it wakes, looks and
 * sleeps again. A vCPU whose deadline has fired is left out until `timer_fired` is cleared: then it must be told.
 * pairs with src/accel/timer-thread.ts#timerThread
 */
function publish(cpu: Vcpu, deadline: bigint, ports: ArmPorts): void {
  const { i64 } = cpu.machine, w = (cpu.base + envOff.timer_deadline) >>> 3;
  const before = Atomics.exchange(i64, w, deadline);
  const fired = cpu.load(envOff.timer_fired) !== 0;
  if (fired) cpu.store(envOff.timer_fired, 0);
  if (deadline !== NO_DEADLINE && (fired || deadline < before)) ports.timerChanged();
}
