// The performance monitor's counters (Arm ARM D11, PMUv3): cycles, taken as nanoseconds of virtual time, and software increments.
import type { Vcpu } from '../../../accel/vcpu.ts';
import { envOff } from '../env.ts';
import type { ArmPorts } from '../ports.ts';

/** Event counters of every model here (PMCR_EL0.N). */
export const PM_COUNTERS = 6;
/** Number of the cycle counter in PMCNTENSET, PMOVSSET, PMINTENSET. */
export const CYCLE = 31;
export const PMU_PPI = 23;
/** PMCR_EL0 bits. */
export const PMCR = { E: 1, P: 2, C: 4, D: 8, X: 16, DP: 32, LC: 64, LP: 128 } as const;
/** The events that count (PMCEID0_EL0): software increment, cycles; the stall events of Armv8.1 never do. */
const SW_INCR = 0x00, CPU_CYCLES = 0x11;
/** PMEVTYPER and PMCCFILTR: do not count at EL1, at EL0. */
const FILTER_P = 0x80000000, FILTER_U = 0x40000000;
const EVENT_MASK = 0xffff;

export const counterField = (n: number): number => (n === CYCLE ? envOff.pmccntr : envOff.pmevcntr + 8 * n);
const typeField = (n: number): number => (n === CYCLE ? envOff.pmccfiltr : envOff.pmevtyper + 8 * n);
const ALL: readonly number[] = [...Array.from({ length: PM_COUNTERS }, (_, n) => n), CYCLE];

/** Nothing counts while PMCR_EL0.E is clear. */
export const pmuRunning = (cpu: Vcpu): boolean => (cpu.ld32(envOff.pmcr_el0) & PMCR.E) !== 0;

/** Width of a counter: the event counters are 64 bits long from PMUv3p5 on when PMCR_EL0.LP says so. */
const overflowBits = (cpu: Vcpu, n: number): bigint => (cpu.ld32(envOff.pmcr_el0) & (n === CYCLE ? PMCR.LC : PMCR.LP) ? 64n : 32n);

/** True when counter n is enabled and its filter lets the present EL count. */
function isCounting(cpu: Vcpu, n: number): boolean {
  if (!pmuRunning(cpu) || !(cpu.ld32(envOff.pmcnten) & (1 << n))) return false;
  return !(cpu.ld32(typeField(n)) & (cpu.ld32(envOff.el) ? FILTER_P : FILTER_U));
}
/** Cycles a tick of counter n takes; 0 when it does not count time. */
function cyclesPerTick(cpu: Vcpu, n: number): number {
  if (n === CYCLE) return cpu.ld32(envOff.pmcr_el0) & PMCR.D && !(cpu.ld32(envOff.pmcr_el0) & PMCR.LC) ? 64 : 1;
  return (cpu.ld32(typeField(n)) & EVENT_MASK) === CPU_CYCLES ? 1 : 0;
}

function advance(cpu: Vcpu, n: number, by: bigint): void {
  const field = counterField(n), bits = overflowBits(cpu, n), old = cpu.ld64(field), next = old + by;
  if (next >> bits !== old >> bits) cpu.or(envOff.pmovs, 1 << n);
  cpu.st64(field, BigInt.asUintN(64, next));
}

/** Brings the counters up to now. Before anything that they depend on changes: their registers, the EL. */
export function pmuSync(cpu: Vcpu, ports: ArmPorts): void {
  const { f64 } = cpu.machine, w = (cpu.base + envOff.pm_last) >>> 3;
  const now = Math.floor(ports.clockNs()), elapsed = now - f64[w];
  f64[w] = now;
  if (elapsed <= 0) return;
  for (const n of ALL) {
    const per = isCounting(cpu, n) ? cyclesPerTick(cpu, n) : 0;
    if (per > 0) advance(cpu, n, BigInt(Math.floor(elapsed / per)));
  }
}

/** PMSWINC_EL0. */
export function softwareIncrement(cpu: Vcpu, mask: number): void {
  for (let n = 0; n < PM_COUNTERS; n++) {
    if (mask & (1 << n) && isCounting(cpu, n) && (cpu.ld32(typeField(n)) & EVENT_MASK) === SW_INCR) advance(cpu, n, 1n);
  }
}

/** Level of the overflow interrupt. */
export const pmuLevel = (cpu: Vcpu): boolean => pmuRunning(cpu) && (cpu.ld32(envOff.pmovs) & cpu.ld32(envOff.pminten)) !== 0;

/** Virtual time (ns) of the next overflow that would interrupt; Infinity when there is none. Counters are up to date. */
export function pmuDeadline(cpu: Vcpu): number {
  let next = Infinity;
  if (!pmuRunning(cpu)) return next;
  for (const n of ALL) {
    const per = cpu.ld32(envOff.pminten) & (1 << n) && isCounting(cpu, n) ? cyclesPerTick(cpu, n) : 0;
    if (per === 0) continue;
    const bits = overflowBits(cpu, n), left = (1n << bits) - BigInt.asUintN(Number(bits), cpu.ld64(counterField(n)));
    next = Math.min(next, cpu.machine.f64[(cpu.base + envOff.pm_last) >>> 3] + Number(left) * per);
  }
  return Math.ceil(next);
}
