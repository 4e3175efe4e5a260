// Helpers of system instructions: register access, sleeping, events, PSCI, exception return, semihosting.
import { availableParallelism } from 'node:os';
import type { HelperTable } from '../../../accel/target.ts';
import type { HelperRef } from '../../../tcg/context.ts';
import type { Vcpu } from '../../../accel/vcpu.ts';
import { EXCP_HLT } from '../../../accel/target.ts';
import { CPUState } from '../../../memory/layout/cpu.ts';
import { envOff } from '../env.ts';
import { exceptionReturn, raise, wakesFromWfi } from '../exceptions.ts';
import { rebuildHflags, SCTLR } from '../hflags.ts';
import { psciCall } from '../psci.ts';
import { semihostingCall } from '../semihosting.ts';
import { EC, EXCP, syndrome } from '../syndrome.ts';
import type { SysregContext, SysregDef } from '../sysregs/def.ts';

/** How long WFE and YIELD give the core away when vCPUs outnumber host cores, ms. */
const NAP_MS = 0.02;

export function registerSystemHelpers(t: HelperTable, c: SysregContext, regs: ReadonlyMap<number, SysregDef>): Record<string, HelperRef> {
  const { ports } = c;
  const crowded = ports.cpuCount > availableParallelism();

  /** EL0 accesses a control register forbids trap with the syndrome the translator made. */
  const refused = (cpu: Vcpu, def: SysregDef): boolean => {
    if (cpu.ld32(envOff.el) !== 0 || !def.allowEl0 || def.allowEl0(cpu)) return false;
    raise(cpu, EXCP.UDEF, cpu.argLo(1));
    return true;
  };
  /** (key, syndrome) → value */
  const sysreg_read = (cpu: Vcpu): boolean => {
    const def = regs.get(cpu.argLo(0))!;
    if (refused(cpu, def)) return true;
    cpu.ret64(def.read ? def.read(cpu, c) : def.const ?? cpu.ld64(def.field!));
    return false;
  };
  /** (key, syndrome, value) */
  const sysreg_write = (cpu: Vcpu): boolean => {
    const def = regs.get(cpu.argLo(0))!;
    if (refused(cpu, def)) return true;
    const v = cpu.arg64(2);
    if (def.write) def.write(cpu, v, c);
    else if (def.field !== undefined) cpu.st64(def.field, v);
    return false;
  };

  const halt = (cpu: Vcpu): true => {
    cpu.store(CPUState.off.halted, 1);
    cpu.exceptionIndex = EXCP_HLT;
    return true;
  };
  /** PC is past the instruction already; a trap goes back to it. */
  const trapWfx = (cpu: Vcpu, isWfe: boolean): true => {
    cpu.st64(envOff.pc, cpu.ld64(envOff.pc) - 4n);
    raise(cpu, EXCP.UDEF, syndrome(EC.WFX_TRAP, (1 << 24) | (0xe << 20) | (isWfe ? 1 : 0)));
    return true;
  };
  const el0Without = (cpu: Vcpu, bit: number) => cpu.ld32(envOff.el) === 0 && !(cpu.ld32(envOff.sctlr_el1) & bit);
  const wfi = (cpu: Vcpu): boolean => {
    if (el0Without(cpu, SCTLR.NTWI)) return trapWfx(cpu, false);
    return halt(cpu);
  };
  /**
   * Gives the core to another vCPU when there are more of them than cores. Ends early on a kick or a SEV: both move the
   * halt word, which is read before the reasons to stay awake.
   */
  const nap = (cpu: Vcpu): void => {
    if (!crowded) return Atomics.pause();
    const { i32 } = cpu.machine, seen = Atomics.load(i32, cpu.haltWord);
    if (cpu.load(CPUState.off.exit_request) || cpu.load(envOff.event_register)) return;
    Atomics.wait(i32, cpu.haltWord, seen, NAP_MS);
  };
  const wfe = (cpu: Vcpu): boolean => {
    if (el0Without(cpu, SCTLR.NTWE)) return trapWfx(cpu, true);
    // A set event register is consumed; otherwise wait, for a bounded time: the architecture lets WFE end at any time,
    // and the monitor-clear events that would end it exactly are not tracked by the cmpxchg scheme.
    if (Atomics.exchange(cpu.machine.i32, cpu.word(envOff.event_register), 0) === 0 && !wakesFromWfi(cpu)) nap(cpu);
    return false;
  };
  const yieldHelper = (cpu: Vcpu): boolean => {
    nap(cpu);
    return false;
  };
  const sev = (cpu: Vcpu): void => {
    const { i32 } = cpu.machine;
    for (let n = 0; n < ports.cpuCount; n++) {
      const other = ports.vcpu(n);
      other.store(envOff.event_register, 1);
      Atomics.add(i32, other.haltWord, 1);
      Atomics.notify(i32, other.haltWord);
    }
  };
  const psci = (cpu: Vcpu): boolean => {
    const outcome = psciCall(cpu, ports);
    return outcome === 'return' ? false : halt(cpu);
  };
  const exception_return = (cpu: Vcpu): void => exceptionReturn(cpu, cpu.ld64(envOff.elr_el1));
  const semihosting = (cpu: Vcpu): boolean => (semihostingCall(cpu, ports) ? false : halt(cpu));

  const js = { sysreg_read, sysreg_write, wfi, wfe, yield: yieldHelper, sev, psci, exception_return, semihosting, rebuild_hflags: rebuildHflags };
  return Object.fromEntries(Object.entries(js).map(([name, fn]) => [name, t.add(name, fn)]));
}
