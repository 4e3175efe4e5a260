// Runs one machine from the command line's options to its end.
import { writeFileSync } from 'node:fs';
import { DeferredBackend, type CharBackend } from '../chardev/backend.ts';
import { openChardevs } from '../chardev/open.ts';
import { systemMessage, UserError } from '../errors.ts';
import { log, logConfig, qemuLog } from '../log.ts';
import { Management, type ManagementOptions } from '../monitor/management.ts';
import { smpHello, smpHelloSymbols } from '../stress/guests/smp-hello.ts';
import { lockText } from '../profile/lock-text.ts';
import { fileSymbols } from '../profile/symbols.ts';
import { readBootFile } from './boot.ts';
import { checkHotSpotFiles, writeHotSpots } from './hot-spot-files.ts';
import { checkReportFiles, writeReport } from './lock-profile-files.ts';
import { abaReport, exclusiveScheme } from './exclusive-report.ts';
import { GdbService, type GdbServiceOptions } from './gdb-service.ts';
import type { BootSources, MachineOptions } from './options.ts';
import { tracesExecution } from './tb-log.ts';
import { VirtMachine, type VirtOptions } from './virt.ts';
import { Vm } from './vm.ts';

const MiB = 2 ** 20;
/** Default code buffer: bytecode and wasm of about half a million TBs. */
const DEFAULT_TB_SIZE = 128 * MiB;

/** What readBootFile() read, with names for messages. */
export function bootImages({ kernel, initrd, dtb, bios, append, defaultGuest }: BootSources): VirtOptions['boot'] {
  if (defaultGuest) return { kernel: smpHello(), names: { kernel: 'the embedded guest' } };
  const read = (what: 'kernel' | 'initrd' | 'dtb' | 'bios', path: string | undefined) => (path === undefined ? undefined : readBootFile(what, path));
  return {
    kernel: read('kernel', kernel), initrd: read('initrd', initrd), dtb: read('dtb', dtb), bios: read('bios', bios), append,
    names: { kernel, initrd, dtb, bios },
  };
}

/** The controls of a machine made from options; the machine itself too, unless it waits in preconfig. UserErrors. */
export function createVm(o: MachineOptions, boot: VirtOptions['boot'], serial: CharBackend, onExit: (code: number) => void, created = (_machine: VirtMachine) => {}): Vm {
  const symbols = [...o.symbols.flatMap((path) => fileSymbols(readBootFile('symbols', path), path)), ...o.boot.defaultGuest ? smpHelloSymbols() : []];
  const create = (onGuest: VirtOptions['onGuest'], numa: VirtOptions['numa']): VirtMachine => {
    const machine = new VirtMachine({
      symbols, profileLocks: o.profileLocks !== undefined,
      cpus: o.smp.cpus, cpuModel: o.cpu.model, cpuProps: o.cpu.props, gicVersion: o.virt.gicVersion, ramSize: o.memory.size,
      topology: { sockets: o.smp.sockets, clusters: o.smp.clusters, cores: o.smp.cores, threads: o.smp.threads }, numa,
      thread: o.smp.cpus > 1 ? o.accel.thread : 'multi', tbSize: o.accel.tbSize ?? DEFAULT_TB_SIZE, oneInsnPerTb: o.accel.oneInsnPerTb,
      profile: o.profile !== undefined, check: o.accel.check, jitStats: o.accel.stats, regions: process.env.MTTCG_REGIONS !== '0' && !tracesExecution(o.log.items), serial, boot, nographic: o.nographic, uuid: o.uuid, rtc: o.rtc,
      exclusive: exclusiveScheme(o.accel.exclusive), semihosting: o.semihosting?.enable === true || o.boot.defaultGuest,
      randomness: o.virt.dtbRandomness, phandleStart: o.virt.phandleStart, seed: o.seed, log: logConfig(), onGuest, onExit,
    });
    created(machine);
    return machine;
  };
  return new Vm({
    create, smp: o.smp, ramSize: o.memory.size, objects: o.objects, numa: o.numa, preconfig: o.preconfig, autostart: !o.startPaused, onExit,
    actions: { reboot: o.onReboot, shutdown: o.onShutdown, panic: o.onPanic, watchdog: o.onWatchdog },
  });
}

/** What the caller of runMachine() sees to. */
export interface RunHooks extends ManagementOptions {
  readonly parseGdb: GdbServiceOptions['parse'];
  /** Everything is open, the threads not yet started. */
  readonly opened: () => void;
  /** The machine's controls: what ends it early. */
  readonly controlled?: (vm: Vm) => void;
}

/**
 * Builds the machine, runs it, resolves to the process's exit code. UserErrors come before anything runs, and those of the
 * machine before anything is opened: sockets, files and the terminal follow when it stands. With --preconfig the machine is
 * built when a monitor says so.
 */
export async function runMachine(o: MachineOptions, hooks: RunHooks): Promise<number> {
  if (o.profile?.file !== undefined) checkHotSpotFiles(o.profile.file);
  if (o.profileLocks?.file !== undefined) checkReportFiles('--profile-locks', o.profileLocks.file);
  const serial = new DeferredBackend();
  let ended!: (code: number) => void;
  const end = new Promise<number>((resolve) => { ended = resolve; });
  let startGdb: ((machine: VirtMachine) => void) | undefined;
  const vm = createVm(o, bootImages(o.boot), serial, ended, (machine) => startGdb?.(machine));
  if (o.virt.dumpdtb !== undefined) {
    dumpDtb(vm.machine!.bootInfo.dtb, o.virt.dumpdtb);
    return 0;
  }
  let stub: GdbService | undefined;
  const management = new Management(vm, o, { ...hooks, gdbserver: async (device) => { await stub?.open(device); } });
  const chardevs = await openChardevs(o, { quit: () => vm.quit('host-ui'), opened: hooks.opened, monitor: (...monitor) => management.attach(...monitor) });
  try {
    hooks.controlled?.(vm);
    stub = new GdbService(vm, chardevs, o.gdb === undefined ? undefined : { id: o.gdb, own: o.chardevs.some((c) => c.id === o.gdb && c.option.startsWith('-gdb')) }, {
      parse: hooks.parseGdb,
      monitor: (line) => management.hmp(line),
      killed: () => log().warn('Terminated via GDBstub'),
    });
    management.connect(chardevs);
    serial.connect(chardevs.serial(0));
    startGdb = (machine) => stub!.start(machine);
    // With --preconfig there is no machine yet.
    if (vm.machine) startGdb(vm.machine);
    await vm.start();
    const code = await end;
    if (vm.machine) writeAbaReport(vm.machine);
    if (o.profileLocks && vm.machine) reportLocks(o.profileLocks.file, vm.machine, o.name ?? o.boot.kernel);
    if (o.profile && vm.machine) writeHotSpots(o.profile.file, vm.machine.hotSpots());
    if (o.accel.stats && vm.machine) process.stderr.write(vm.machine.jitReport().map((line) => `${line}\n`).join(''));
    return code;
  } finally {
    management.close();
    await chardevs.close();
  }
}

/** The lock profiler's report, at the end: to its file, or printed. */
function reportLocks(file: string | undefined, machine: VirtMachine, what = 'the embedded guest'): void {
  const report = machine.lockReport();
  if (file === undefined) process.stderr.write(lockText(report));
  else writeReport('--profile-locks', file, report, `Locks of ${what}`);
}

/** `exclusive=check`: what the ABA meter counted goes to the log (`-D`), else to standard error. */
function writeAbaReport(machine: VirtMachine): void {
  const report = abaReport(machine.exclusives());
  if (report !== undefined) qemuLog(report);
}

function dumpDtb(dtb: Uint8Array, path: string): void {
  try {
    writeFileSync(path, dtb);
  } catch (error) {
    throw new UserError('dumpdtb', `-machine dumpdtb=${path}: cannot write the device tree: ${systemMessage(error)}`);
  }
}
