// WFI, WFE, SEV, YIELD: how a vCPU waits without burning the host's core and without losing a wake-up.
import { availableParallelism } from 'node:os';
import { EXCP_HLT, EXCP_YIELD, MMU_DATA_LOAD } from '../../../accel/target.ts';
import type { Vcpu } from '../../../accel/vcpu.ts';
import { CPUState } from '../../../memory/layout/cpu.ts';
import { SPIN_WFE, SPIN_YIELD } from '../../../memory/layout/profile.ts';
import { envOff } from '../env.ts';
import { raise, wakesFromWfi } from '../exceptions.ts';
import { SCTLR } from '../hflags.ts';
import type { ArmPorts } from '../ports.ts';
import { sleeps, watched } from './spin.ts';
import { EC, EXCP, syndrome } from '../syndrome.ts';
import { CNTFRQ } from '../timer.ts';

const off = CPUState.off;
/** CPUState.halted: in WFI or powered off; in WFE, which the event register wakes too. */
const HALTED = 1, HALTED_WFE = 2;

/** Polls of a monitored location before the vCPU sleeps: some microseconds, what a short critical section takes. */
const SPIN = 100;
/** A sleeping WFE looks at its monitored location this often at first, then more and more seldom, ms. */
const FIRST_NAP_MS = 0.02, LAST_NAP_MS = 1;
/** How long YIELD gives the core away when vCPUs outnumber host cores, ms. */
const YIELD_MS = 0.02;

/** Stops the vCPU after this instruction until it has work. */
export function halt(cpu: Vcpu, how = HALTED): true {
  cpu.store(off.halted, how);
  cpu.exceptionIndex = EXCP_HLT;
  return true;
}

/**
 * True when a halted vCPU must go on. A WFE consumes the event that wakes it and so is over at once: the question is
 * asked again before the vCPU runs, and the answer must not change.
 */
export function wakesFromHalt(cpu: Vcpu): boolean {
  if (wakesFromWfi(cpu)) return true;
  if (cpu.load(off.halted) !== HALTED_WFE) return cpu.load(off.halted) === 0;
  if (Atomics.exchange(cpu.machine.i32, cpu.word(envOff.event_register), 0) === 0) return false;
  cpu.store(off.halted, 0);
  return true;
}

/** Traps WFI or WFE at EL0 to EL1. PC is past the instruction already; the exception goes back to it. */
function trapWfx(cpu: Vcpu, isWfe: boolean): true {
  const lo = cpu.ld32(envOff.pc), hi = cpu.ld32(envOff.pc + 4);
  cpu.st64p(envOff.pc, lo - 4, hi - ((lo >>> 0) < 4 ? 1 : 0));
  // ISS: CV = 1, COND = always, TI.
  raise(cpu, EXCP.UDEF, syndrome(EC.WFX_TRAP, (1 << 24) | (0xe << 20) | (isWfe ? 1 : 0)));
  return true;
}
const el0Without = (cpu: Vcpu, bit: number): boolean => cpu.ld32(envOff.el) === 0 && !(cpu.ld32(envOff.sctlr_el1) & bit);

export function wfi(cpu: Vcpu): boolean {
  if (el0Without(cpu, SCTLR.NTWI)) return trapWfx(cpu, false);
  return wakesFromWfi(cpu) ? false : halt(cpu);
}

/** Round robin: the next vCPU of this thread runs. */
function nextVcpu(cpu: Vcpu): true {
  Atomics.add(cpu.machine.i32, cpu.machine.global('rr_slice'), 1);
  cpu.exceptionIndex = EXCP_YIELD;
  return true;
}

/** CNTKCTL_EL1: EVNTEN, EVNTI. */
const EVNTEN = 1 << 2, EVNTI_SHIFT = 4;
/** Period of the timer's event stream, ms; Infinity when it is off. */
function eventPeriod(cpu: Vcpu): number {
  const ctl = cpu.ld32(envOff.cntkctl_el1);
  return ctl & EVNTEN ? (2 ** (((ctl >> EVNTI_SHIFT) & 15) + 1) * 1000) / CNTFRQ : Infinity;
}

/** What is in memory where this vCPU's exclusive monitor is open; undefined when it cannot be seen or has changed already. */
function monitored(cpu: Vcpu): (() => boolean) | undefined {
  const lo = cpu.ld32(envOff.exclusive_addr), hi = cpu.ld32(envOff.exclusive_addr + 4);
  const at = cpu.services.probeAccess(lo, hi, 1, MMU_DATA_LOAD, cpu.target.mmuIndex(cpu));
  cpu.exceptionIndex = -1;
  if (at < 0) return undefined;
  const { ram64, ram32, ram16, ram8 } = cpu.machine, value = cpu.ld64(envOff.exclusive_val);
  // The size of the LDXR is not kept: the widest aligned read that still shows its value is compared.
  if (at % 8 === 0 && ram64[at / 8] === value) return () => ram64[at / 8] === value;
  const v = Number(value & 0xffffffffn);
  if (at % 4 === 0 && ram32[at / 4] >>> 0 === v) return () => ram32[at / 4] >>> 0 === v;
  if (at % 2 === 0 && ram16[at / 2] === v) return () => ram16[at / 2] === v;
  return ram8[at] === v ? () => ram8[at] === v : undefined;
}

/** Sets a vCPU's event register and wakes it. Any thread. */
export function setEvent(cpu: Vcpu): void {
  const { i32 } = cpu.machine;
  cpu.store(envOff.event_register, 1);
  Atomics.add(i32, cpu.haltWord, 1); // pairs with src/accel/cpu-exec.ts#waitHalted
  Atomics.notify(i32, cpu.haltWord);
}

/** vCPUs share cores, or a thread: who waits must let the others run. */
export const isCrowded = (vcpus: number, single: boolean): boolean => vcpus > (single ? 1 : availableParallelism());

export interface SleepHelpers { wfe(cpu: Vcpu): boolean; yield(cpu: Vcpu): boolean; sev(): void }

export function sleepHelpers(ports: ArmPorts): SleepHelpers {
  const crowded = isCrowded(ports.cpuCount, false);

  /** A reason to end a wait: it moved the halt word, which is read before. pairs with src/accel/vcpu.ts#kick */
  const disturbed = (cpu: Vcpu): boolean => cpu.load(off.exit_request) !== 0 || cpu.load(envOff.event_register) !== 0 || wakesFromWfi(cpu);

  /**
   * Waits for an event: SEV, an interrupt, the timer's event stream, or, with an open exclusive monitor, a change of the
   * monitored location. The schemes with a global monitor make an event of the store that clears it. The cmpxchg scheme
   * does not see that store, so the location is polled, first at once, then between sleeps of growing length; nothing is
   * lost, a change is seen at most LAST_NAP_MS late. Where nothing but the named events can come, the vCPU halts.
   */
  const wfe = (cpu: Vcpu): boolean => {
    if (el0Without(cpu, SCTLR.NTWE)) return trapWfx(cpu, true);
    const { i32 } = cpu.machine, { single } = cpu.machine.spec;
    if (Atomics.exchange(i32, cpu.word(envOff.event_register), 0) !== 0 || wakesFromWfi(cpu)) return false;
    let isOpen = cpu.ld32(envOff.exclusive_addr + 4) !== -1 || cpu.ld32(envOff.exclusive_addr) !== -1;
    const period = eventPeriod(cpu);
    if (isOpen && cpu.services.hasMonitor) {
      if (!cpu.services.watchMonitor()) {
        // The event of the store that cleared it is consumed.
        cpu.st64p(envOff.exclusive_addr, -1, -1);
        return false;
      }
      isOpen = false;
    }
    if (!isOpen && period === Infinity) { sleeps(cpu); return halt(cpu, HALTED_WFE); }
    if (single) { sleeps(cpu); return nextVcpu(cpu); }
    const unchanged = isOpen ? monitored(cpu) : () => true;
    if (!unchanged) return false;
    if (isOpen && !crowded) {
      for (let n = 0; n < SPIN; n++) {
        if (!unchanged() || disturbed(cpu)) break;
        Atomics.pause();
      }
    }
    const end = performance.now() + Math.min(period, isOpen ? 10 * LAST_NAP_MS : Infinity);
    for (let ms = FIRST_NAP_MS; ; ms = Math.min(2 * ms, LAST_NAP_MS)) {
      const seen = Atomics.load(i32, cpu.haltWord), left = end - performance.now();
      if (disturbed(cpu) || !unchanged() || left <= 0) break;
      if (ms === FIRST_NAP_MS) sleeps(cpu);
      Atomics.wait(i32, cpu.haltWord, seen, isOpen ? Math.min(ms, left) : left);
    }
    cpu.store(envOff.event_register, 0);
    return false;
  };

  /**
   * Gives the core to another vCPU: TBs with CF_CROWDED call it. Only what interrupts the vCPU ends that early; the event
   * register does not, which every exception return leaves set.
   */
  const yieldHelper = (cpu: Vcpu): boolean => {
    if (cpu.machine.spec.single) { sleeps(cpu); return nextVcpu(cpu); }
    const { i32 } = cpu.machine, seen = Atomics.load(i32, cpu.haltWord);
    if (cpu.load(off.exit_request) !== 0 || wakesFromWfi(cpu)) return false;
    sleeps(cpu);
    Atomics.wait(i32, cpu.haltWord, seen, YIELD_MS);
    return false;
  };

  /** Sets every event register and wakes who waits. */
  const sev = (): void => { for (let n = 0; n < ports.cpuCount; n++) setEvent(ports.vcpu(n)); };
  return { wfe: watched(SPIN_WFE, wfe), yield: watched(SPIN_YIELD, yieldHelper), sev };
}
