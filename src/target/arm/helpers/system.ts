// Helpers of system instructions: register access, PSCI, exception return, semihosting; registers those of sleep.ts.
import { MMU_INST_FETCH, type HelperTable, type Translation } from '../../../accel/target.ts';
import type { HelperRef } from '../../../tcg/context.ts';
import type { Vcpu } from '../../../accel/vcpu.ts';
import { envOff } from '../env.ts';
import { exceptionReturn, raise } from '../exceptions.ts';
import { rebuildHflags } from '../hflags.ts';
import { logCall, logReturn } from '../int-log.ts';
import { ATTR_GUARDED } from '../mmu/walk.ts';
import { psciCall } from '../psci.ts';
import { semihostingCall } from '../semihosting.ts';
import { EXCP } from '../syndrome.ts';
import type { SysregContext, SysregDef } from '../sysregs/def.ts';
import { pmuRunning, pmuSync } from '../sysregs/pmu-counters.ts';
import { halt, sleepHelpers, wfi } from './sleep.ts';

export function registerSystemHelpers(t: HelperTable, c: SysregContext, regs: ReadonlyMap<number, SysregDef>): Record<string, HelperRef> {
  const { ports, feat } = c;

  /** EL0 accesses a control register forbids trap with the syndrome the translator made. */
  const refused = (cpu: Vcpu, def: SysregDef, isRead: boolean): boolean => {
    if (cpu.ld32(envOff.el) !== 0 || !def.allowEl0 || def.allowEl0(cpu, isRead)) return false;
    raise(cpu, EXCP.UDEF, cpu.argLo(1));
    return true;
  };
  /** (key, syndrome) → value */
  const sysreg_read = (cpu: Vcpu): boolean => {
    const def = regs.get(cpu.argLo(0))!;
    if (refused(cpu, def, true)) return true;
    if (def.read) {
      const v = def.read(cpu, c);
      cpu.ret(v | 0, Math.floor(v / 2 ** 32));
    } else if (def.read64) cpu.ret64(def.read64(cpu, c));
    else if (def.field !== undefined) cpu.ret(cpu.ld32(def.field), cpu.ld32(def.field + 4));
    else if (def.field32 !== undefined) cpu.ret(cpu.ld32(def.field32));
    else cpu.ret64(def.const!);
    return false;
  };
  /** (key, syndrome, value) */
  const sysreg_write = (cpu: Vcpu): boolean => {
    const def = regs.get(cpu.argLo(0))!;
    if (refused(cpu, def, false)) return true;
    const lo = cpu.argLo(2), hi = cpu.argHi(2);
    if (def.write) return def.write(cpu, lo, hi, c) === true;
    const mask = def.mask ?? -1n, maskLo = Number(BigInt.asIntN(32, mask)), maskHi = Number(BigInt.asIntN(32, mask >> 32n));
    if (def.field !== undefined) cpu.st64p(def.field, lo & maskLo, hi & maskHi);
    else if (def.field32 !== undefined) cpu.st32(def.field32, lo & maskLo);
    return false;
  };

  const psci = (cpu: Vcpu): boolean => {
    logCall(cpu, ports.psciConduit === 'smc' ? EXCP.SMC : EXCP.HVC, '...handled as PSCI call', ports);
    switch (psciCall(cpu, ports)) {
      case 'return': return false;
      case 'suspend': return wfi(cpu);
      case 'off': return halt(cpu);
    }
  };
  /** (address): ERET and its authenticated forms. */
  const exception_return = (cpu: Vcpu): void => {
    if (pmuRunning(cpu)) pmuSync(cpu, ports);
    logReturn(cpu, !exceptionReturn(cpu, cpu.argLo(0), cpu.argHi(0), feat), ports);
  };
  /** True when the running code's page is guarded. */
  const isGuarded = (cpu: Vcpu): boolean => {
    const t: Translation = { phys: 0, prot: 0, lgPageSize: 0, attrs: 0 };
    return cpu.target.tlbFill(cpu, cpu.ld32(envOff.pc), cpu.ld32(envOff.pc + 4), MMU_INST_FETCH, cpu.target.mmuIndex(cpu), true, t) && (t.attrs & ATTR_GUARDED) !== 0;
  };
  /** (syndrome): Branch Target exception on a guarded page. */
  const branch_target_check = (cpu: Vcpu): boolean => {
    if (!isGuarded(cpu)) return false;
    raise(cpu, EXCP.UDEF, cpu.argLo(0));
    return true;
  };
  /** (BTYPE of a branch from a guarded page, from another one) */
  const branch_btype = (cpu: Vcpu): void => {
    cpu.st32(envOff.btype, cpu.argLo(isGuarded(cpu) ? 0 : 1));
    rebuildHflags(cpu);
  };
  const semihosting = (cpu: Vcpu): boolean => {
    logCall(cpu, EXCP.SEMIHOST, `...handling as semihosting call 0x${cpu.ld64(envOff.x).toString(16)}`, ports);
    return semihostingCall(cpu, ports) ? false : halt(cpu);
  };

  const js = { sysreg_read, sysreg_write, wfi, ...sleepHelpers(ports), psci, exception_return, semihosting, branch_target_check, branch_btype, rebuild_hflags: rebuildHflags };
  return Object.fromEntries(Object.entries(js).map(([name, fn]) => [name, t.add(name, fn)]));
}
