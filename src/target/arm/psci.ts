// PSCI 1.1 and SMCCC 1.1 calls over HVC or SMC (Arm DEN 0022, DEN 0028).
import { SyncSite } from '../../memory/layout/profile.ts';
import type { Vcpu } from '../../accel/vcpu.ts';
import { CPUState } from '../../memory/layout/cpu.ts';
import { envOff } from './env.ts';
import type { ArmPorts } from './ports.ts';
import { updateTimers } from './timer.ts';

/** env.power_state. */
export const PSCI_ON = 0, PSCI_OFF = 1, PSCI_ON_PENDING = 2;

const RET = { SUCCESS: 0, NOT_SUPPORTED: -1, INVALID_PARAMETERS: -2, ALREADY_ON: -4 } as const;

const FN64 = 0x40000000;
const FN = {
  VERSION: 0x84000000, CPU_SUSPEND: 0x84000001, CPU_OFF: 0x84000002, CPU_ON: 0x84000003, AFFINITY_INFO: 0x84000004,
  MIGRATE_INFO_TYPE: 0x84000006, SYSTEM_OFF: 0x84000008, SYSTEM_RESET: 0x84000009, FEATURES: 0x8400000a,
} as const;
const SMCCC_VERSION = 0x80000000, SMCCC_ARCH_FEATURES = 0x80000001;
const VERSION_1_1 = 0x00010001;
/** MIGRATE_INFO_TYPE: no Trusted OS, or one that needs no migration. */
const TOS_NONE = 2;
/** CPU_SUSPEND's power_state: the bits that must be zero, affinity levels among them. */
const POWER_STATE_RESERVED = 0xfffe0000;

/** Functions that also have a 64-bit number. */
const WITH_64: readonly number[] = [FN.CPU_SUSPEND, FN.CPU_ON, FN.AFFINITY_INFO];
const KNOWN = new Set<number>([...Object.values(FN), ...WITH_64.map((f) => (f | FN64) >>> 0), SMCCC_VERSION]);

/** What the caller's vCPU does next. */
export type PsciOutcome = 'return' | 'off' | 'suspend';

/**
 * Serves the call in x0…x3; the result goes to x0. Unknown functions get NOT_SUPPORTED.
 * Power states change under the BQL: OFF → ON_PENDING by exactly one caller of CPU_ON, with the entry words, then a kick;
 * ON_PENDING → ON and ON → OFF by the target's own thread. They are read without it to see whether a vCPU has to start.
 */
export function psciCall(cpu: Vcpu, ports: ArmPorts): PsciOutcome {
  const fn = cpu.ld32(envOff.x) >>> 0;
  const is64 = (fn & FN64) !== 0;
  const arg = (n: number): bigint => cpu.ld64(envOff.x + 8 * n) & (is64 ? 0xffffffffffffffffn : 0xffffffffn);
  const ret = (v: number): PsciOutcome => { cpu.st64(envOff.x, BigInt.asUintN(64, BigInt(v))); return 'return'; };
  const base = WITH_64.includes((fn & ~FN64) >>> 0) ? (fn & ~FN64) >>> 0 : fn;
  switch (base) {
    case SMCCC_VERSION: case FN.VERSION: return ret(VERSION_1_1);
    case SMCCC_ARCH_FEATURES: {
      const asked = Number(arg(1) & 0xffffffffn);
      return ret(asked === SMCCC_VERSION || asked === SMCCC_ARCH_FEATURES ? RET.SUCCESS : RET.NOT_SUPPORTED);
    }
    case FN.FEATURES: return ret(KNOWN.has(Number(arg(1) & 0xffffffffn)) ? RET.SUCCESS : RET.NOT_SUPPORTED);
    case FN.MIGRATE_INFO_TYPE: return ret(TOS_NONE);
    case FN.CPU_ON: return ret(cpuOn(arg(1), arg(2), arg(3), ports));
    case FN.AFFINITY_INFO: {
      // Everything above single vCPUs is always on.
      if (arg(2) !== 0n) return ret(PSCI_ON);
      const target = findCpu(arg(1), ports);
      return ret(target ? target.machine.bql.run(SyncSite.BQL_PSCI_AFFINITY_INFO, () => target.load(envOff.power_state)) : RET.INVALID_PARAMETERS);
    }
    case FN.CPU_SUSPEND:
      if (Number(arg(1) & 0xffffffffn) & POWER_STATE_RESERVED) return ret(RET.INVALID_PARAMETERS);
      // Every power state is a standby state here: wait for an interrupt and return.
      ret(RET.SUCCESS);
      return 'suspend';
    case FN.CPU_OFF:
      cpu.machine.bql.run(SyncSite.BQL_PSCI_CPU_OFF, () => cpu.store(envOff.power_state, PSCI_OFF));
      return 'off';
    case FN.SYSTEM_OFF: ports.systemOff(); return 'off';
    case FN.SYSTEM_RESET: ports.systemReset(); return 'off';
    default: return ret(RET.NOT_SUPPORTED);
  }
}

/** The vCPU with these affinity fields (MPIDR_EL1 bits 39…32 and 23…0; all others must be zero). */
function findCpu(mpidr: bigint, ports: ArmPorts): Vcpu | undefined {
  if (mpidr & ~0xff00ffffffn) return undefined;
  const aff = Number(mpidr & 0xffffffn) + Number((mpidr >> 8n) & 0xff000000n);
  for (let n = 0; n < ports.cpuCount; n++) if (ports.affinity(n) >>> 0 === aff) return ports.vcpu(n);
  return undefined;
}

function cpuOn(mpidr: bigint, entry: bigint, context: bigint, ports: ArmPorts): number {
  const target = findCpu(mpidr, ports);
  if (!target) return RET.INVALID_PARAMETERS;
  if (entry & 3n) return RET.INVALID_PARAMETERS;
  const { bql, i64 } = target.machine;
  return bql.run(SyncSite.BQL_PSCI_CPU_ON, () => {
    // A vCPU on its way up counts as on: exactly one of concurrent callers gets SUCCESS.
    if (target.load(envOff.power_state) !== PSCI_OFF) return RET.ALREADY_ON;
    Atomics.store(i64, (target.base + envOff.on_entry) >>> 3, entry);
    Atomics.store(i64, (target.base + envOff.on_context) >>> 3, context);
    target.store(envOff.power_state, PSCI_ON_PENDING); // pairs with src/target/arm/psci.ts#startRequested
    target.kick();
    return RET.SUCCESS;
  });
}

/** True when a powered-off vCPU has been told to start. */
export const startRequested = (cpu: Vcpu): boolean => cpu.load(envOff.power_state) === PSCI_ON_PENDING;

/** On the target's thread: reset state, then the entry point and context CPU_ON gave. pairs with src/target/arm/psci.ts#cpuOn */
export function startPending(cpu: Vcpu, ports: ArmPorts): void {
  cpu.machine.bql.run(SyncSite.BQL_PSCI_START, () => start(cpu, ports));
}

function start(cpu: Vcpu, ports: ArmPorts): void {
  const { i64 } = cpu.machine;
  const entry = Atomics.load(i64, (cpu.base + envOff.on_entry) >>> 3), context = Atomics.load(i64, (cpu.base + envOff.on_context) >>> 3);
  // Reset disables the timers: their interrupt lines go low.
  for (const off of [envOff.cntv_ctl, envOff.cntp_ctl, envOff.pmcr_el0]) cpu.st64p(off, 0, 0);
  updateTimers(cpu, ports);
  cpu.target.reset(cpu);
  cpu.st64(envOff.pc, BigInt.asUintN(64, entry));
  cpu.st64(envOff.x, BigInt.asUintN(64, context));
  cpu.store(CPUState.off.halted, 0);
  cpu.store(envOff.power_state, PSCI_ON);
}
