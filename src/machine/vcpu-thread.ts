// Wires target and devices together on one thread: the only place that knows both the Arm target and the GIC.
import { AbaMeter } from '../accel/aba-meter.ts';
import { TbArchive } from '../accel/tb-archive.ts';
import { VirtualClock } from '../accel/clock.ts';
import { Engine } from '../accel/engine.ts';
import { ringDoorbell, type LocalDevice } from '../accel/io.ts';
import { Machine, type MachineSpec } from '../accel/machine-view.ts';
import { RegionArchive } from '../accel/region-archive.ts';
import { RegionCompiler } from '../accel/region-compiler.ts';
import { notifyTimer } from '../accel/timer-thread.ts';
import { Vcpu } from '../accel/vcpu.ts';
import { GicV2, gicv2StateSize } from '../hw/intc/gicv2.ts';
import { GicV3, gicv3StateSize } from '../hw/intc/gicv3.ts';
import { IccReg } from '../hw/intc/icc-regs.ts';
import { CPU_INTERRUPT_FIQ, CPU_INTERRUPT_HARD } from '../memory/layout/cpu.ts';
import type { ExclusiveSchemeName } from '../memory/layout/exclusive.ts';
import { EVENT_RESET, EVENT_SHUTDOWN } from '../memory/layout/tb.ts';
import { ArmCpu } from '../target/arm/arm-cpu.ts';
import { cpuModel } from '../target/arm/cpu-models.ts';
import { envOff } from '../target/arm/env.ts';
import type { ArmPorts } from '../target/arm/ports.ts';
import { regionHook, traceHooks } from './tb-log.ts';
import { mpAffinity, NUM_IRQS, VIRT_REGION, type GicVersion } from './virt-map.ts';
import { CPU_LOG_INT, CPU_LOG_MMU, joinLog, LOG_GUEST_ERROR, LOG_UNIMP, qemuLogMask, type LogConfig } from '../log.ts';

/** Configuration that every thread of an Arm machine needs. */
export interface ArmConfig {
  cpuModel: string;
  cpuProps: Readonly<Record<string, boolean>>;
  gicVersion: GicVersion;
  nrCpus: number;
  semihosting: boolean;
  /** For semihosting: the guest program's command line, and RAM that it may use. */
  program: { cmdline: string; heap: { base: number; limit: number } };
  /** Hot code is compiled to regions. */
  regions: boolean;
  /** `--profile`: the timer thread asks where the vCPUs are. */
  profile: boolean;
  /** Regions count the instructions they run. */
  jitStats: boolean;
  /** `-accel tcg,exclusive=`. */
  exclusive: ExclusiveSchemeName;
  /** `-d`, `-D`, `-dfilter`. */
  log?: LogConfig;
}

/** What a worker thread is started with. */
export interface VcpuThreadData {
  readonly spec: MachineSpec;
  readonly interpreter: Uint8Array<ArrayBuffer>;
  /** Words of the archive of translations. */
  readonly archive?: Int32Array | undefined;
  /** Words of the archive of regions. */
  readonly regionArchive?: Int32Array | undefined;
  /** With check=on: runs one TB at a time. */
  readonly checkInterpreter?: Uint8Array<ArrayBuffer> | undefined;
  /** vCPUs this thread runs. */
  readonly own: readonly number[];
}

export type Gic = GicV2 | GicV3;

/** SPIs and private interrupts of the board. */
const NR_IRQS = NUM_IRQS + 32;

const LOG_MASK = { unimp: LOG_UNIMP, guest_errors: LOG_GUEST_ERROR, int: CPU_LOG_INT, mmu: CPU_LOG_MMU } as const;

/** Bytes of shared state the interrupt controller takes at layout.deviceBase. */
export const gicStateSize = (c: ArmConfig): number => (c.gicVersion === 3 ? gicv3StateSize : gicv2StateSize)(c.nrCpus, NR_IRQS);

/** This thread's handle on the interrupt controller. */
export function createGic(m: Machine, c: ArmConfig): Gic {
  const cpus = Array.from({ length: c.nrCpus }, (_, n) => new Vcpu(m, undefined!, n));
  const options = {
    words: m.i32, base: m.layout.deviceBase, nrCpus: c.nrCpus, nrIrqs: NR_IRQS,
    affinity: (n: number) => mpAffinity(n, c.gicVersion),
    // Called under the GIC's lock whenever an output changes: bits and levels cannot get out of step.
    cpuSignal: (n: number, irq: boolean, fiq: boolean) => {
      const up = (irq ? CPU_INTERRUPT_HARD : 0) | (fiq ? CPU_INTERRUPT_FIQ : 0);
      const down = (CPU_INTERRUPT_HARD | CPU_INTERRUPT_FIQ) & ~up;
      if (down) cpus[n].resetInterrupt(down);
      if (up) cpus[n].interrupt(up);
    },
  };
  return c.gicVersion === 3 ? new GicV3(options) : new GicV2(options);
}

/** The Arm target on this thread. `vcpu`: handle on a vCPU of the machine. */
export function createTarget(m: Machine, clock: VirtualClock, c: ArmConfig, gic: Gic, vcpu: (n: number) => Vcpu): ArmCpu {
  const raise = (event: number) => {
    Atomics.or(m.i32, m.global('event'), event);
    ringDoorbell(m.i32, m.global('doorbell'), m.global('main_sleeping'));
  };
  const aba = new AbaMeter(m);
  const ports: ArmPorts = {
    onStoreExclusiveFailed: (_cpu, f) => { if (f.sameValue) aba.count(f.pc, f.address, f.bytes); },
    gic: gic instanceof GicV3 ? {
      iccRead: (cpu, reg) => gic.iccRead(cpu, IccReg[reg.slice(4) as keyof typeof IccReg]),
      iccWrite: (cpu, reg, lo, hi) => gic.iccWrite(cpu, IccReg[reg.slice(4) as keyof typeof IccReg], lo, hi),
    } : undefined,
    setPpi: (cpu, intid, level) => gic.setPpi(cpu, intid, level),
    clockNs: () => clock.now(),
    timerChanged: () => notifyTimer(m),
    systemOff: (code = 0) => { Atomics.store(m.i32, m.global('exit_code'), code); raise(EVENT_SHUTDOWN); },
    systemReset: () => raise(EVENT_RESET),
    vcpu,
    cpuCount: c.nrCpus,
    affinity: (n) => mpAffinity(n, c.gicVersion),
    semihost: c.semihosting ? { write: (bytes) => { process.stderr.write(bytes); }, ...c.program } : undefined,
    log: (item, text) => { qemuLogMask(LOG_MASK[item], text); },
  };
  return new ArmCpu({ model: cpuModel(c.cpuModel, c.cpuProps, c.gicVersion === 3), ports, gicv3: c.gicVersion === 3, semihosting: c.semihosting, exclusive: c.exclusive });
}

function open(data: VcpuThreadData) {
  const machine = new Machine(data.spec), config = data.spec.config as unknown as ArmConfig;
  if (config.log) joinLog(config.log);
  const clock = new VirtualClock(machine), gic = createGic(machine, config);
  return { machine, config, clock, gic };
}

/** Devices whose registers vCPU threads serve themselves, by I/O region number. */
export const localDevices = (gic: Gic): ReadonlyMap<number, LocalDevice> => new Map<number, LocalDevice>([
  [VIRT_REGION.GIC_DIST, gic.distributor], [VIRT_REGION.GIC_CPU, gic instanceof GicV3 ? gic.redistributor : gic.cpuInterface],
]);

/** The engine of a vCPU thread. */
export function createEngine(data: VcpuThreadData): Engine {
  const { machine, config, clock, gic } = open(data);
  machine.profile.join(data.own[0], data.own.length);
  const target = createTarget(machine, clock, config, gic, (n) => engine.cpus[n]);
  const engine: Engine = new Engine({ machine, target, interpreter: data.interpreter, checkInterpreter: data.checkInterpreter, own: data.own, localDevices: localDevices(gic), regions: config.regions, profile: config.profile, archive: data.archive && new TbArchive(data.archive), regionArchive: data.regionArchive && new RegionArchive(data.regionArchive), ...traceHooks(config.log?.items ?? 0, machine) });
  return engine;
}

/** A translator thread's life. */
export function runTranslator(data: VcpuThreadData): void {
  const { machine, config, clock, gic } = open(data);
  machine.profile.joinTranslator();
  const target = createTarget(machine, clock, config, gic, (n) => new Vcpu(machine, undefined!, n));
  const pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
  new RegionCompiler(machine, target, { pcOffset: envOff.pc, statePages: pages(data.spec.state), ramPages: pages(data.spec.ram), countInsns: config.jitStats, onCompile: regionHook(config.log?.items ?? 0), archive: data.regionArchive && new RegionArchive(data.regionArchive) }).run();
}
