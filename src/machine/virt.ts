// The `virt` board: memories, flat view, devices, boot; the main thread's owner of a running machine.
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { AbaMeter } from '../accel/aba-meter.ts';
import { SyncSite } from '../memory/layout/profile.ts';
import { announceProfile } from '../accel/cpu-exec.ts';
import { VirtualClock } from '../accel/clock.ts';
import { Engine } from '../accel/engine.ts';
import { Granules } from '../accel/granules.ts';
import { Machine, type MachineSpec } from '../accel/machine-view.ts';
import { HOT_ENTRIES } from '../accel/hot-queue.ts';
import { extendRegions, RegionArchive } from '../accel/region-archive.ts';
import { extendArchive, TbArchive } from '../accel/tb-archive.ts';
import { TbStore } from '../accel/tb-store.ts';
import { Tlb } from '../accel/tlb.ts';
import type { PcSamples } from '../accel/sampler.ts';
import { notifyTimer, PROFILE_MS } from '../accel/timer-thread.ts';
import { hotSpots, type HotSpotReport, type VcpuSamples } from '../profile/hot-spots.ts';
import { type Vcpu, cpuBlockSize } from '../accel/vcpu.ts';
import { createRam } from '../memory/ram.ts';
import type { LockReport } from '../profile/lock-report.ts';
import { elfSymbols, isElf, type GuestSymbol } from '../profile/symbols.ts';
import { UserError } from '../errors.ts';
import { NullBackend, type CharBackend } from '../chardev/backend.ts';
import { log, type LogConfig } from '../log.ts';
import { HostClock } from '../hw/core/clock.ts';
import type { IrqLine, MmioDevice } from '../hw/core/device.ts';
import type { GuestMemory } from '../hw/core/guest-memory.ts';
import { PFlashCfi01 } from '../hw/block/pflash-cfi01.ts';
import { Pl011 } from '../hw/char/pl011.ts';
import { GpioKey } from '../hw/gpio/gpio-key.ts';
import { Pl061 } from '../hw/gpio/pl061.ts';
import { addMachineItems, FwCfg } from '../hw/nvram/fw-cfg.ts';
import { Pl031 } from '../hw/rtc/pl031.ts';
import { VirtioMmioSlot } from '../hw/virtio/virtio-mmio.ts';
import { CF_CROWDED, CF_NO_GOTO_TB, CF_PROFILE, EVENT_DEBUG, EVENT_PANIC, EVENT_RESET, EVENT_SHUTDOWN } from '../memory/layout/tb.ts';
import { CPUState } from '../memory/layout/cpu.ts';
import { DEFAULT_EXCLUSIVE, EXCLUSIVE_GRANULE_BITS, hasGlobalMonitor, type ExclusiveSchemeName } from '../memory/layout/exclusive.ts';
import { findRange, type FlatRange } from '../memory/flat-view.ts';
import { stateLayout, type StateLayout } from '../memory/state-layout.ts';

import { generateInterpreter } from '../tcg/interpreter.ts';
import { CPUARMState, envOff } from '../target/arm/env.ts';
import { isCrowded } from '../target/arm/helpers/sleep.ts';
import { firmwareItems, largestGap, loadFirmware, loadKernel, writeBlobs, type BootInfo, type BootOptions, type BootRam } from './boot.ts';
import { exclusiveLines, type ExclusiveFigures } from './exclusive-report.ts';
import { guestNames, lockReport } from './lock-profile.ts';
import { heapLimits } from './heap-limits.ts';
import { Inspector } from './inspect.ts';
import { jitLines } from './jit-report.ts';
import { IoServer } from './io-server.ts';
import type { RtcOptions } from './options.ts';
import { rtcClock, VmClock } from './rtc-clock.ts';
import { traceCflags } from './tb-log.ts';
import { ARCHIVE_LIMIT, archiveFile, loadArchive, saveArchive } from './archive-file.ts';
import { Translators, translatorThreads, WORKER_ARGV } from './translators.ts';
import { createTarget, createGic, gicStateSize, type ArmConfig, type Gic, type VcpuThreadData } from './vcpu-thread.ts';
import type { NumaTopology } from './numa.ts';
import { virtTree, type CpuTopology } from './virt-dtb.ts';
import { GPIO_PIN_POWER, mpAffinity, NUM_VIRTIO_TRANSPORTS, VIRT_FLASH_SECTOR_SIZE, VIRT_FLASH_SIZE, VIRT_IRQMAP, VIRT_MEMMAP, VIRT_REGION, type GicVersion } from './virt-map.ts';

/** Entry file of a thread: beside us as TypeScript, in a build as JavaScript. */
const worker = (name: string): URL => new URL(`../../workers/${name}${extname(import.meta.url)}`, import.meta.url);

const PAGE = 65536;
const roundUp = (n: number, a: number) => Math.ceil(n / a) * a;

/** Name of the host thread that runs a vCPU, QEMU's. */
export const vcpuThreadName = (thread: 'multi' | 'single', cpu: number): string => (thread === 'single' ? 'ALL CPUs/TCG' : `CPU ${cpu}/TCG`);

/** TBs translated, regions compiled in a run that make it worth while to keep them. */
const WORTH_KEEPING = 2000, REGIONS_WORTH_KEEPING = 16;
/** HOT_ENTRIES with check=on: more code becomes hot. */
const CHECK_HOT_ENTRIES = 1024;

/** What a guest can ask of the machine as a whole. */
export type GuestRequest = 'shutdown' | 'reset' | 'panic';

export interface VirtOptions {
  cpus: number;
  cpuModel: string;
  cpuProps?: Readonly<Record<string, boolean>>;
  gicVersion: GicVersion;
  /** Bytes. */
  ramSize: number;
  topology?: CpuTopology;
  numa?: NumaTopology;
  /** One worker a vCPU, or all on one. */
  thread: 'multi' | 'single';
  /** Code buffer, bytes. */
  tbSize: number;
  /** Absent: nothing is connected. */
  serial?: CharBackend;
  /** Random seeds in the device tree; `seed` makes them deterministic. */
  randomness?: boolean;
  phandleStart?: number;
  seed?: bigint;
  /** `-uuid`. */
  uuid?: string;
  /** `-rtc`; UTC on the host's clock when absent. */
  rtc?: RtcOptions;
  /** One guest instruction a TB. */
  oneInsnPerTb?: boolean;
  /** `-S`. */
  startPaused?: boolean;
  boot: { kernel?: Uint8Array; initrd?: Uint8Array; append?: string; dtb?: Uint8Array; bios?: Uint8Array; names?: BootOptions['names'] };
  nographic?: boolean;
  noReboot?: boolean;
  noShutdown?: boolean;
  semihosting?: boolean;
  /** What every thread needs of the QEMU-style log: items and destination. */
  log?: LogConfig;
  /** Symbols of files the user names. */
  symbols?: readonly GuestSymbol[];
  /** The lock profiler is on from the start. */
  profileLocks?: boolean;
  /** Hot code is compiled to wasm regions; off: interpreter only. */
  regions?: boolean;
  /** Guest code is profiled. */
  profile?: boolean;
  /** Regions are compared with the interpreter. */
  check?: boolean;
  /** Regions count the instructions they run. */
  jitStats?: boolean;
  /** `-accel tcg,exclusive=`. */
  exclusive?: ExclusiveSchemeName;
  /** What becomes of a guest's own reset, power-off or panic; absent: `noReboot` and `noShutdown` decide. */
  onGuest?: (request: GuestRequest, code: number) => void;
  /** Called when the machine has ended, with the process's exit code. */
  onExit: (code: number) => void;
}

/** Machines with their own memories: guest memory begins with the flash, RAM follows. */
export class VirtMachine {
  readonly machine: Machine;
  readonly clock: VirtualClock;
  readonly #vmClock: VmClock;
  readonly gic: Gic;
  readonly powerKey: GpioKey;
  readonly devices = new Map<number, MmioDevice>();
  readonly bootInfo: BootInfo;
  readonly #o: VirtOptions;
  readonly #cpus: readonly Vcpu[];
  readonly #io: IoServer;
  readonly #data: Omit<VcpuThreadData, 'own'>;
  readonly #engine: Engine;
  readonly #granules: Granules;
  /** Ends of the vCPU and timer threads. */
  readonly #exits: Promise<void>[] = [];
  /** Translations and regions of earlier runs. */
  readonly #kept: { readonly tbs?: string | undefined; readonly regions?: string | undefined; readonly tbArchive?: TbArchive | undefined; readonly regionArchive?: RegionArchive | undefined };
  #translators: Promise<Translators | undefined> | undefined;
  /** What the vCPU threads counted; they say so when they end. */
  readonly #samples: PcSamples[] = [];
  #ended = false;
  #resetting = false;
  /** Called when a vCPU came to a debug stop; the others still run. */
  onDebugStop: (() => void) | undefined;
  /** The next resume() leaves these vCPUs parked, and the virtual clock too unless `clock`. */
  partial: { readonly hold: ReadonlySet<number>; readonly clock: boolean } | undefined;

  constructor(o: VirtOptions) {
    this.#o = o;
    const config: ArmConfig = {
      cpuModel: o.cpuModel, cpuProps: o.cpuProps ?? {}, gicVersion: o.gicVersion, nrCpus: o.cpus, regions: o.regions ?? false, jitStats: o.jitStats ?? false, profile: o.profile ?? false,
      semihosting: o.semihosting ?? false, program: { cmdline: [o.boot.names?.kernel ?? '', ...(o.boot.append ? [o.boot.append] : [])].join(' '), heap: { base: 0, limit: 0 } },
      exclusive: this.exclusiveScheme, log: o.log,
    };
    const flashBytes = VIRT_MEMMAP.FLASH.size;
    const ramBytes = flashBytes + roundUp(o.ramSize, PAGE);
    const deviceBytes = gicStateSize(config);
    let layout: StateLayout;
    try {
      layout = stateLayout({ nrCpus: o.cpus, cpuBlockBytes: cpuBlockSize(CPUARMState), ramBytes, tbSize: o.tbSize, deviceBytes: deviceBytes + 4096 });
    } catch (e) {
      throw new UserError('memory', (e as Error).message, 'use a smaller -accel tcg,tb-size=, -m or -smp');
    }
    const statePages = Math.ceil(layout.totalBytes / PAGE), ramPages = Math.ceil(ramBytes / PAGE);
    let state: WebAssembly.Memory, ram: WebAssembly.Memory;
    try {
      state = new WebAssembly.Memory({ initial: statePages, maximum: statePages, shared: true });
      ram = createRam(ramPages);
    } catch (e) {
      throw new UserError('memory', `cannot set up guest memory of ${o.ramSize / 2 ** 20} MiB: ${(e as Error).message}`, 'use a smaller -m');
    }

    const flat = this.#flatView(flashBytes, layout.deviceBase + deviceBytes);
    const spec: MachineSpec = { state, ram, layout, flat, single: o.thread === 'single', granuleBits: EXCLUSIVE_GRANULE_BITS[config.exclusive], hasMonitor: hasGlobalMonitor(config.exclusive), config: config as unknown as Record<string, unknown> };
    const machine = this.machine = new Machine(spec);
    machine.profile.joinMain();
    if (o.profileLocks) machine.profile.set(true);
    this.clock = new VirtualClock(machine);
    this.clock.init();
    this.#vmClock = new VmClock(this.clock);
    this.gic = createGic(machine, config);
    this.gic.init();
    const target = createTarget(machine, this.clock, config, this.gic, (n) => this.#cpus[n]);
    const interpreter = generateInterpreter({ pcOffset: envOff.pc, statePages, ramPages, hotMask: o.regions ? (o.check ? CHECK_HOT_ENTRIES : HOT_ENTRIES) - 1 : 0 });
    const checkInterpreter = o.check && o.regions ? generateInterpreter({ pcOffset: envOff.pc, statePages, ramPages, oneTb: true }) : undefined;
    const { log: _log, program: _program, nrCpus, ...kind } = config;
    // Logs say what is met in translation.
    if (o.log?.items) this.#kept = {};
    else {
      const tbs = archiveFile(worker('vcpu'), { ...kind, single: spec.single, smp: nrCpus > 1 });
      // Regions reach into the vCPU blocks, and check=on wants to see them compiled.
      const regions = !o.regions || o.check ? undefined : archiveFile(worker('translator'), { ...kind, single: spec.single, layout, ramPages }, 'regions');
      this.#kept = {
        tbs, tbArchive: tbs === undefined ? undefined : loadArchive(tbs, (words) => new TbArchive(words)),
        regions, regionArchive: regions === undefined ? undefined : loadArchive(regions, (words) => new RegionArchive(words)),
      };
    }
    this.#data = { spec, interpreter, checkInterpreter, archive: this.#kept.tbArchive?.words, regionArchive: this.#kept.regionArchive?.words };
    // The main thread's engine never runs guest code: it prepares the vCPU blocks.
    this.#engine = new Engine({ machine, target, interpreter, own: Array.from({ length: o.cpus }, (_, i) => i), localDevices: new Map() });
    this.#cpus = this.#engine.cpus;
    this.#granules = new Granules(machine, this.#cpus);
    new TbStore(machine, this.#cpus).reset();
    this.powerKey = this.#createDevices();
    this.#bindShadows(flat);
    this.bootInfo = this.#boot();
    config.program.heap = largestGap(VIRT_MEMMAP.MEM.base, o.ramSize, this.bootInfo.blobs);
    this.#resetCpus();
    this.#io = new IoServer(machine, this.#cpus, this.devices, (bits) => { void this.#onEvent(bits); });
  }

  #flatView(flashBytes: number, shadowBase: number): FlatRange[] {
    const M = VIRT_MEMMAP, flat: FlatRange[] = [];
    for (const i of [0, 1]) {
      flat.push({ base: i * VIRT_FLASH_SIZE, size: VIRT_FLASH_SIZE, kind: 'rom', name: `virt.flash${i}`, ramOffset: i * VIRT_FLASH_SIZE, region: VIRT_REGION.FLASH0 + i, readsDevice: shadowBase + 4 + 4 * i });
    }
    flat.push({ ...M.GIC_DIST, kind: 'local', name: 'gic_dist', region: VIRT_REGION.GIC_DIST });
    if (this.#o.gicVersion === 2) flat.push({ ...M.GIC_CPU, kind: 'local', name: 'gic_cpu', region: VIRT_REGION.GIC_CPU });
    else flat.push({ ...M.GIC_REDIST, size: this.#o.cpus * 0x20000, kind: 'local', name: 'gicv3_redist', region: VIRT_REGION.GIC_CPU });
    flat.push({ ...M.UART, kind: 'main', name: 'pl011', region: VIRT_REGION.UART, posted: [0], shadowed: [{ offset: 0x18, addr: shadowBase }] });
    flat.push({ ...M.RTC, kind: 'main', name: 'pl031', region: VIRT_REGION.RTC });
    flat.push({ ...M.FW_CFG, kind: 'main', name: 'fwcfg', region: VIRT_REGION.FW_CFG });
    flat.push({ ...M.GPIO, kind: 'main', name: 'pl061', region: VIRT_REGION.GPIO });
    for (let i = 0; i < NUM_VIRTIO_TRANSPORTS; i++) {
      flat.push({ base: M.MMIO.base + i * M.MMIO.size, size: M.MMIO.size, kind: 'main', name: 'virtio-mmio', region: VIRT_REGION.VIRTIO + i });
    }
    flat.push({ base: M.MEM.base, size: this.#o.ramSize, kind: 'ram', name: 'mach-virt.ram', ramOffset: flashBytes });
    return flat.sort((a, b) => a.base - b.base);
  }

  #spi(n: number): IrqLine { return { set: (level) => this.gic.setSpi(n, level) }; }

  #createDevices(): GpioKey {
    const { machine } = this, o = this.#o, clock = new HostClock();
    const memory = this.#guestMemory();
    const d = this.devices, readsDevice = (i: number) => machine.spec.flat.find((r) => r.region === VIRT_REGION.FLASH0 + i)!.readsDevice!;
    for (const i of [0, 1]) {
      d.set(VIRT_REGION.FLASH0 + i, new PFlashCfi01({
        storage: machine.ram8.subarray(i * VIRT_FLASH_SIZE, (i + 1) * VIRT_FLASH_SIZE), sectorSize: VIRT_FLASH_SECTOR_SIZE,
        onRomd: (romd) => Atomics.store(machine.i32, readsDevice(i) >>> 2, romd ? 0 : 1), // pairs with src/accel/softmmu.ts#readsDevice
        onChange: (offset, bytes) => this.#engine.store.invalidateRange(i * VIRT_FLASH_SIZE + offset, bytes),
      }));
    }
    d.set(VIRT_REGION.UART, new Pl011({ irq: this.#spi(VIRT_IRQMAP.UART), chardev: o.serial ?? new NullBackend(), clock }));
    d.set(VIRT_REGION.RTC, new Pl031({ irq: this.#spi(VIRT_IRQMAP.RTC), ...rtcClock(o.rtc ?? { base: 'utc', clock: 'host' }, this.#vmClock) }));
    const fw = new FwCfg({ memory });
    addMachineItems(fw, { cpus: o.cpus, nographic: o.nographic, uuid: o.uuid === undefined ? undefined : Buffer.from(o.uuid.replaceAll('-', ''), 'hex') });
    for (const [key, bytes] of o.boot.bios ? firmwareItems(o.boot) : []) fw.addBytes(key, bytes);
    d.set(VIRT_REGION.FW_CFG, fw);
    const gpio = new Pl061({ irq: this.#spi(VIRT_IRQMAP.GPIO) });
    d.set(VIRT_REGION.GPIO, gpio);
    for (let i = 0; i < NUM_VIRTIO_TRANSPORTS; i++) d.set(VIRT_REGION.VIRTIO + i, new VirtioMmioSlot());
    return new GpioKey({ line: gpio.inputs[GPIO_PIN_POWER], clock });
  }

  /** Guest physical memory for DMA by main-thread devices; code on pages written is invalidated. */
  #guestMemory(): GuestMemory {
    const { machine } = this;
    const at = (pa: number, n: number): number => {
      const r = findRange(machine.spec.flat, pa);
      if (!r || r.kind !== 'ram' || pa + n > r.base + r.size) throw new RangeError(`0x${pa.toString(16)} + ${n} is not RAM`);
      return r.ramOffset! + pa - r.base;
    };
    return {
      read: (pa, n) => machine.ram8.slice(at(pa, n), at(pa, n) + n),
      write: (pa, bytes) => {
        const to = at(pa, bytes.length);
        this.writeRam(to, bytes);
      },
    };
  }

  #bindShadows(flat: readonly FlatRange[]): void {
    for (const r of flat) if (r.shadowed) this.devices.get(r.region!)!.bindShadow?.(this.machine.i32, r.shadowed.map((s) => s.addr >>> 2));
  }

  #bootRam(): BootRam {
    const r = this.machine.spec.flat.find((x) => x.kind === 'ram')!;
    return { base: r.base, size: r.size, write: (pa, bytes) => this.machine.ram8.set(bytes, r.ramOffset! + pa - r.base) };
  }

  #boot(): BootInfo {
    const o = this.#o;
    const tree = virtTree({
      cpus: o.cpus, cpuModel: o.cpuModel, gicVersion: o.gicVersion, ramSize: o.ramSize, topology: o.topology, numa: o.numa, psci: 'hvc',
      its: false, pcie: false, v2m: false, platformBus: false, pmu: false, randomness: o.randomness, phandleStart: o.phandleStart, seed: o.seed,
    });
    const options = { tree, psci: 'hvc' as const, ram: this.#bootRam(), ...o.boot };
    if (o.boot.kernel && !o.boot.bios) return loadKernel({ ...options, kernel: o.boot.kernel });
    return loadFirmware({ ...options, flash: this.machine.ram8.subarray(0, VIRT_FLASH_SIZE) });
  }

  /** Power-on state of every vCPU: the first one at the boot entry, the others parked for PSCI. */
  #resetCpus(): void {
    const o = this.#o, cflags = (o.oneInsnPerTb ? CF_NO_GOTO_TB | 1 : 0) | (this.machine.profile.enabled ? CF_PROFILE : 0)
      | (isCrowded(o.cpus, o.thread === 'single') ? CF_CROWDED : 0) | traceCflags(o.log?.items ?? 0);
    for (const cpu of this.#cpus) {
      this.#engine.initCpu(cpu);
      for (const f of ['interrupt_request', 'exit_request', 'halted'] as const) cpu.store(CPUState.off[f], 0);
      cpu.target.reset(cpu);
      cpu.st32(CPUState.off.cflags, cflags);
      if (cpu.index === 0) cpu.target.setPc(cpu, this.bootInfo.pc | 0, Math.floor(this.bootInfo.pc / 2 ** 32));
      cpu.store(envOff.power_state, cpu.index === 0 ? 0 : 1);
      cpu.store(CPUState.off.halted, cpu.index === 0 ? 0 : 1);
    }
  }

  /** Starts the threads; the guest runs unless `run` is false. */
  async start(run = !this.#o.startPaused): Promise<void> {
    if (this.#ended) return;
    this.#io.start();
    this.#spawn(run);
    if (!this.#o.regions) return;
    // Nobody waits for them: there is nothing hot before the vCPUs have run for a while.
    const count = translatorThreads(this.#threads().length), crash = (e: unknown) => this.#crash('translator', e);
    this.#translators = Translators.open(fileURLToPath(worker('translator')), { ...this.#data, own: [] }, count, crash)
      .then((t) => { t.start(); return t; }, (e) => { crash(e); return undefined; });
  }

  /** The vCPUs of each thread. */
  #threads(): number[][] {
    return this.#o.thread === 'single' ? [this.#cpus.map((c) => c.index)] : this.#cpus.map((c) => [c.index]);
  }

  /** Starts the vCPU and timer threads, with every vCPU parked unless `run`. */
  #spawn(run: boolean): void {
    const { i32 } = this.machine;
    Atomics.store(i32, this.machine.global('shutdown'), 0);
    this.#status = 'prelaunch';
    for (const cpu of this.#cpus) for (const f of ['stop', 'stopped'] as const) cpu.store(CPUState.off[f], run ? 0 : 1);
    if (run) this.resume();
    const spawn = (file: 'vcpu' | 'timer', name: string, data: VcpuThreadData) => {
      const w = new Worker(worker(file), { workerData: data, name, stdout: false, stderr: false, resourceLimits: heapLimits(file), ...(WORKER_ARGV && { execArgv: WORKER_ARGV }) });
      w.on('error', (e) => this.#crash(name, e));
      w.on('message', (m: { samples?: readonly PcSamples[] }) => this.#samples.push(...m.samples ?? []));
      this.#exits.push(new Promise((resolve) => { w.once('exit', () => resolve()); }));
    };
    for (const cpus of this.#threads()) spawn('vcpu', vcpuThreadName(this.#o.thread, cpus[0]), { ...this.#data, own: cpus });
    spawn('timer', 'timer', { ...this.#data, own: [] });
  }

  /** A fault of the emulator itself: say so and end. */
  #crash(thread: string, e: unknown): void {
    if (this.#ended) return;
    log().error({ err: e }, `internal error in the ${thread} thread: ${e instanceof Error ? e.stack : String(e)}`);
    void this.quit(70);
  }

  async #onEvent(bits: number): Promise<void> {
    if (bits & EVENT_DEBUG && Atomics.load(this.machine.i32, this.machine.global('debug_cpu')) !== 0) this.onDebugStop?.();
    const { onGuest } = this.#o;
    if (onGuest) {
      const code = Atomics.load(this.machine.i32, this.machine.global('exit_code'));
      if (bits & EVENT_SHUTDOWN) onGuest('shutdown', code);
      else if (bits & EVENT_RESET) onGuest('reset', 0);
      else if (bits & EVENT_PANIC) onGuest('panic', 0);
      return;
    }
    if (bits & EVENT_SHUTDOWN) {
      if (this.#o.noShutdown) { await this.pause(); this.#status = 'shutdown'; } else await this.quit(Atomics.load(this.machine.i32, this.machine.global('exit_code')));
    } else if (bits & EVENT_RESET) {
      if (this.#o.noReboot) await this.quit(0);
      else await this.reset();
    }
  }

  /** The vCPUs as the main thread sees them: their registers are exact while the machine is paused. */
  get cpus(): readonly Vcpu[] { return this.#cpus; }
  /** Physical memory, for what writes it from outside the guest. */
  get memory(): GuestMemory { return this.#guestMemory(); }
  /** Reads guest memory. */
  get inspect(): Inspector { return new Inspector(this.machine); }
  /** Bytes of the code buffer. */
  get tbSize(): number { return this.#o.tbSize; }
  /** `--profile`, once the machine has ended. */
  hotSpots(): HotSpotReport {
    const samples = this.#cpus.map((cpu): VcpuSamples => ({
      cpu: cpu.index, idle: cpu.ld32(CPUState.off.profile_idle) >>> 0,
      samples: this.#samples.filter((s) => s.cpu === cpu.index).flatMap(({ pcs, counts }) => [...pcs].map((pc, k) => [pc, counts[k]] as const)),
    }));
    return hotSpots(samples, guestNames(this), 1000 / PROFILE_MS);
  }
  /** `info jit`. */
  jitReport(): string[] { return jitLines(this.stats(), this.tbSize); }
  /** Symbols of the kernel file, when it is an ELF file, and of those the user named. */
  get symbols(): readonly GuestSymbol[] {
    const { kernel } = this.#o.boot;
    return [...this.#o.symbols ?? [], ...kernel && isElf(kernel) ? elfSymbols(kernel) : []];
  }
  /** Figures of the TB store. */
  stats(): ReturnType<TbStore['stats']> { return this.#engine.store.stats(); }
  /** The exclusive monitor's figures. */
  exclusives(): ExclusiveFigures {
    return { scheme: this.exclusiveScheme, granuleBytes: 2 ** EXCLUSIVE_GRANULE_BITS[this.exclusiveScheme], ...this.#granules.stats(), aba: new AbaMeter(this.machine).read() };
  }
  /** `info exclusive`. */
  exclusiveReport(): string[] { return exclusiveLines(this.exclusives()); }
  get exclusiveScheme(): ExclusiveSchemeName { return this.#o.exclusive ?? DEFAULT_EXCLUSIVE; }
  /** The pages in a vCPU's TLB. */
  tlbPages(cpu: number): ReturnType<Tlb['pages']> { return new Tlb(this.#cpus[cpu]).pages(); }

  /** Registers of a device on the main thread, as the guest would read them; undefined when there is none. */
  readDevice(pa: number, bytes: number, size: number): Uint8Array | undefined {
    const r = findRange(this.machine.spec.flat, pa), d = r?.kind === 'main' ? this.devices.get(r.region!) : undefined;
    if (!r || !d || pa + bytes > r.base + r.size || pa % size !== 0) return undefined;
    const out = Buffer.alloc(bytes);
    this.machine.bql.run(SyncSite.BQL_INSPECT, () => {
      for (let at = 0; at + size <= bytes; at += size) out.writeUIntLE(d.read(pa + at - r.base, size, -1) >>> 0 & (size === 4 ? -1 >>> 0 : 2 ** (8 * size) - 1), at, size);
    });
    return out;
  }

  /** The shared interrupts that are enabled, pending or active in the distributor. */
  gicLines(): string[] {
    const word = (base: number, n: number) => this.gic.distributor.read(base + 4 * n, 4, 0) >>> 0;
    const lines: string[] = [];
    for (let n = 1; n < 9; n++) {
      const enabled = word(0x100, n), pending = word(0x200, n), active = word(0x300, n);
      for (let bit = 0; bit < 32; bit++) {
        const is = (v: number) => ((v >>> bit) & 1 ? 1 : 0);
        if (is(enabled | pending | active)) lines.push(`irq ${32 * n + bit}: enabled=${is(enabled)} pending=${is(pending)} active=${is(active)}`);
      }
    }
    return lines;
  }

  /** MPIDR affinity of a vCPU. */
  affinity(cpu: number): number { return Number(mpAffinity(cpu, this.#o.gicVersion)); }
  /** Name of the host thread that runs a vCPU. */
  readonly threadName = (cpu: number): string => vcpuThreadName(this.#o.thread, cpu);

  /** QEMU's name of the run state. */
  get status(): string { return this.#ended ? 'shutdown' : this.#status; }
  #status = 'prelaunch';

  /** Resolves when every vCPU is parked: outside guest code, its state in shared memory, looking at nothing but its stop word. */
  async #park(): Promise<void> {
    const m = this.machine, { profile } = m, start = profile.begin();
    const counted = this.#cpus.filter((cpu) => cpu.load(CPUState.off.running) !== 0).length;
    await m.bql.runAsync(SyncSite.BQL_PARK, () => { for (const cpu of this.#cpus) cpu.store(CPUState.off.stop, 1); });
    for (const cpu of this.#cpus) cpu.kick();
    for (const cpu of this.#cpus) {
      while (cpu.load(CPUState.off.stopped) === 0 && !this.#ended) {
        const w = Atomics.waitAsync(m.i32, cpu.word(CPUState.off.stopped), 0); // notified by src/accel/cpu-exec.ts#vcpuThread
        if (w.async) await w.value;
      }
    }
    if (start !== 0) profile.stopped(SyncSite.STOP_VM, start, profile.begin(), counted, profile.late);
  }

  /** Parks every vCPU and stops the virtual clock; resolves when all are parked. */
  async pause(): Promise<void> {
    if (this.#status !== 'running') return;
    this.#status = 'paused';
    await this.#park();
    this.clock.stop();
    this.#vmClock.setRunning(false);
    Atomics.store(this.machine.i32, this.machine.global('vm_running'), 0);
  }

  /** Lets time and the vCPUs go on. */
  resume(): void {
    const m = this.machine;
    if (this.#status !== 'paused' && this.#status !== 'prelaunch') return;
    this.#status = 'running';
    Atomics.store(m.i32, m.global('debug_cpu'), 0);
    const { hold, clock } = this.partial ?? { hold: new Set(), clock: true };
    this.partial = undefined;
    if (clock) this.clock.start();
    this.#vmClock.setRunning(clock);
    Atomics.store(m.i32, m.global('vm_running'), 1);
    notifyTimer(m);
    const go = this.#cpus.filter((cpu) => !hold.has(cpu.index));
    m.bql.run(SyncSite.BQL_RESUME, () => {
      for (const cpu of go) {
        cpu.store(CPUState.off.stop, 0);
        // Not left to the vCPU, which may be in guest code before it says so: a #park() right behind would believe it parked.
        cpu.store(CPUState.off.stopped, 0);
      }
    });
    for (const cpu of go) cpu.kick();
  }

  /** The vCPU that came to a debug stop first since the machine was resumed; undefined: none did. */
  takeDebugCpu(): number | undefined {
    const m = this.machine, n = Atomics.exchange(m.i32, m.global('debug_cpu'), 0); // pairs with src/accel/debug.ts#debugStop
    return n === 0 ? undefined : n - 1;
  }

  /** Writes the ram memory from outside the vCPUs: exclusive monitors of what it writes open, translated code goes. */
  writeRam(at: number, bytes: Uint8Array): void {
    this.#granules.write(at, bytes);
    this.#engine.store.invalidateRange(at, bytes.length);
  }

  /** Ends the vCPU and timer threads and the tasks of the translators. */
  async #join(): Promise<void> {
    const m = this.machine;
    Atomics.store(m.i32, m.global('shutdown'), 1);
    for (const cpu of this.#cpus) {
      cpu.kick();
      Atomics.notify(m.i32, cpu.word(CPUState.off.mbox_state));
    }
    notifyTimer(m);
    this.#engine.hot.wake();
    await Promise.all([...this.#exits, this.#translators?.then((t) => t?.join())]);
    // Who waits for them to park waits no more.
    for (const cpu of this.#cpus) Atomics.notify(m.i32, cpu.word(CPUState.off.stopped));
  }

  /** System reset: devices, memory images and vCPUs back to their power-on state; then the guest runs again, if `run`. */
  async reset(run = this.#status === 'running'): Promise<void> {
    if (this.#resetting || this.#ended) return;
    this.#resetting = true;
    const m = this.machine;
    await this.#park();
    if (this.#ended) return;
    // The threads stay: all they know is in shared memory, and the flush makes them drop their compiled code.
    Atomics.store(m.i32, m.global('vm_running'), 0);
    await this.#io.drainPosted();
    await m.bql.runAsync(SyncSite.BQL_RESET, () => {
      Atomics.store(m.i32, m.global('event'), 0);
      for (const d of this.devices.values()) d.reset();
      this.powerKey.reset();
      this.gic.reset();
      this.#engine.store.flush();
      writeBlobs(this.#bootRam(), this.bootInfo.blobs);
      this.#resetCpus();
    });
    this.partial = undefined;
    this.#resetting = false;
    this.#status = 'prelaunch';
    if (run) this.resume();
  }

  /** Switches the lock profiler on or off. */
  profileLocks(on: boolean): void {
    this.machine.profile.set(on);
    announceProfile(this.#cpus);
  }
  /** Its report as of now. */
  lockReport(): LockReport { return lockReport(this); }
  /** Its figures start from nothing. */
  resetLockProfile(): void {
    this.machine.profile.reset();
    announceProfile(this.#cpus);
  }

  /** Asks the guest to power down (ACPI/GPIO power key). */
  powerdown(): void { this.powerKey.press(); }

  /** Keeps this run's translations and regions for the next, if there are enough new ones. */
  #keep(): void {
    const { translatedTbs, compiledRegions } = this.stats(), { tbs, regions, tbArchive, regionArchive } = this.#kept;
    if (tbs !== undefined && translatedTbs >= WORTH_KEEPING) saveArchive(tbs, extendArchive(this.machine, tbArchive, ARCHIVE_LIMIT));
    if (regions !== undefined && compiledRegions >= REGIONS_WORTH_KEEPING) saveArchive(regions, extendRegions(this.machine, regionArchive, ARCHIVE_LIMIT));
  }

  /** Ends the machine; `onExit` is called with the code. */
  async quit(code: number): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#io.drainPosted();
    await this.#join();
    await (await this.#translators)?.close();
    this.#keep();
    this.#io.stop();
    await this.#io.drainPosted();
    (this.devices.get(VIRT_REGION.UART) as Pl011).flush();
    this.#o.onExit(code);
  }
}
