// The library: a machine created, run, looked into and ended from code. `import { Machine } from 'mttcg'`.
import { openChardevs, type Chardevs } from '../chardev/open.ts';
import { CPU_PROPERTIES, EXCLUSIVE_SCHEMES, MACHINES } from '../cli/catalog.ts';
import { parseChardev } from '../cli/chardev-args.ts';
import { parseObject } from '../cli/object-args.ts';
import { VERSION } from '../cli/help.ts';
import { parseCommandLine } from '../cli/parse.ts';
import { UserError } from '../errors.ts';
import { configureLog } from '../log.ts';
import type { MachineOptions } from '../machine/options.ts';
import { bootImages, createVm } from '../machine/run.ts';
import type { RunState } from '../machine/runstate.ts';
import type { Vm } from '../machine/vm.ts';
import { Management } from '../monitor/management.ts';
import { QmpError } from '../qmp/errors.ts';
import type { QmpCommands, QmpEvents } from '../qmp/types.ts';
import { cpuModelList } from '../target/arm/cpu-models.ts';
import { Console } from './console.ts';

export { Console, QmpError, UserError };
export type { QmpCommands, QmpEvents, RunState };

const MiB = 2 ** 20;

/** What a machine is made from. All of it may be left out. */
export interface MachineConfig {
  /** CPU model, with properties as in `-cpu`; default `max`. */
  readonly cpu?: string;
  /** vCPUs; default 1. */
  readonly cpus?: number;
  /** RAM in bytes; default 128 MiB. */
  readonly memory?: number;
  /** 2 or 3 (default). */
  readonly gicVersion?: 2 | 3;
  /** One host thread a vCPU (default), or one for all. */
  readonly thread?: 'multi' | 'single';
  /** Bytes of the code buffer; default 32 MiB. */
  readonly tbSize?: number;
  /** What is booted: images, or paths of their files. Without kernel and bios the embedded guest. */
  readonly kernel?: Uint8Array | string;
  readonly initrd?: Uint8Array | string;
  readonly dtb?: Uint8Array | string;
  readonly bios?: Uint8Array | string;
  /** Kernel command line. */
  readonly append?: string;
  /** Makes random numbers given to the guest deterministic. */
  readonly seed?: bigint;
  /** Semihosting calls are carried out. */
  readonly semihosting?: boolean;
  /** Further options, as on the command line: `['-name', 'foo']`. */
  readonly args?: readonly string[];
}

type CallArguments<K extends keyof QmpCommands> = Record<string, never> extends QmpCommands[K]['arguments'] ? [QmpCommands[K]['arguments']?] : [QmpCommands[K]['arguments']];

/** Options of the command line that say the same as a configuration. */
function toArgs(c: MachineConfig): string[] {
  const path = (name: string, v: Uint8Array | string | undefined) => (typeof v === 'string' ? [`-${name}`, v] : []);
  return [
    '-M', `virt,gic-version=${c.gicVersion ?? 3}`, '-cpu', c.cpu ?? 'max', '-smp', `${c.cpus ?? 1}`, '-m', `${(c.memory ?? 128 * MiB) / 1024}K`,
    '-accel', `tcg,thread=${c.thread ?? 'multi'},tb-size=${Math.max(1, Math.round((c.tbSize ?? 32 * MiB) / MiB))}`, '-display', 'none', '-serial', 'none', '-monitor', 'none', '-S',
    ...path('kernel', c.kernel), ...path('initrd', c.initrd), ...path('dtb', c.dtb), ...path('bios', c.bios),
    ...(typeof c.kernel === 'string' && c.append !== undefined ? ['-append', c.append] : []),
    ...(c.seed === undefined ? [] : ['-seed', `${c.seed}`]), ...(c.semihosting ? ['-semihosting'] : []), ...(c.args ?? []),
  ];
}

/**
 * A machine. It is created stopped; `run()` starts it. End it with `dispose()`, or declare it with `await using`.
 *
 * ```ts
 * await using machine = await Machine.create({ cpus: 4 });
 * machine.console.pipe(process.stdout);
 * await machine.run();
 * await machine.exited;
 * ```
 */
export class Machine {
  /** The serial port: a stream of bytes in both directions. */
  readonly console: Console;
  /** Resolves to the exit code when the guest or somebody else has ended the machine. */
  readonly exited: Promise<number>;
  readonly #vm: Vm;
  readonly #management: Management;
  readonly #chardevs: Chardevs;
  readonly #options: MachineOptions;

  /** Builds a machine. UserErrors of the configuration and of files. */
  static async create(config: MachineConfig = {}): Promise<Machine> {
    const catalog = { machines: MACHINES, cpuModels: cpuModelList(), exclusiveSchemes: EXCLUSIVE_SCHEMES };
    const request = parseCommandLine(toArgs(config), catalog);
    if (request.kind !== 'run') throw new UserError('bad-parameter', 'this option prints a list and makes no machine');
    const { options } = request;
    configureLog(options.log);
    const console = new Console();
    let ended!: (code: number) => void;
    const exited = new Promise<number>((resolve) => { ended = resolve; });
    const given = [config.kernel, config.initrd, config.dtb, config.bios];
    const embedded = given.every((v) => v === undefined);
    const images = bootImages({ ...options.boot, defaultGuest: embedded });
    const bytes = (name: 'kernel' | 'initrd' | 'dtb' | 'bios') => (config[name] instanceof Uint8Array ? { [name]: config[name] } : {});
    const boot = { ...images, ...bytes('kernel'), ...bytes('initrd'), ...bytes('dtb'), ...bytes('bios'), append: config.append };
    const vm = createVm({ ...options, boot: { ...options.boot, defaultGuest: embedded } }, boot, console.backend, (code) => {
      console.finish();
      ended(code);
    });
    const management = new Management(vm, options, { product: `mttcg ${VERSION}`, catalog: { ...catalog, cpuProperties: CPU_PROPERTIES }, parseChardev, parseObject });
    const chardevs = await openChardevs(options, { quit: () => vm.quit('host-ui'), monitor: (...monitor) => management.attach(...monitor) });
    management.connect(chardevs);
    const machine = new Machine({ vm, management, chardevs, options, console, exited });
    await vm.start();
    return machine;
  }

  private constructor(parts: { vm: Vm; management: Management; chardevs: Chardevs; options: MachineOptions; console: Console; exited: Promise<number> }) {
    this.#vm = parts.vm;
    this.#management = parts.management;
    this.#chardevs = parts.chardevs;
    this.#options = parts.options;
    this.console = parts.console;
    this.exited = parts.exited;
  }

  /** QEMU's name of the run state. */
  get state(): RunState {
    return this.#vm.state;
  }

  /** vCPUs. */
  get cpus(): number {
    return this.#options.smp.cpus;
  }

  /** Lets the guest run; resolves when it does. QmpError when only a reset helps. */
  async run(): Promise<void> {
    await this.qmp('cont');
  }

  /** Parks every vCPU and stops the virtual clock; resolves when all are parked. */
  async pause(): Promise<void> {
    await this.qmp('stop');
  }

  /** Resets the machine; it goes on as it was, running or stopped. */
  async reset(): Promise<void> {
    await this.qmp('system_reset');
  }

  /** A QMP command, with its arguments and return value typed. QmpError when it fails. */
  qmp<K extends keyof QmpCommands>(command: K, ...args: CallArguments<K>): Promise<QmpCommands[K]['returns']> {
    return this.#management.qmp.call(command, ...args);
  }

  /** Hears a QMP event; returns how to stop that. */
  on<K extends keyof QmpEvents>(event: K, listener: (data: QmpEvents[K]) => void): () => void {
    return this.#vm.onEvent((name, data) => { if (name === event) listener(data as QmpEvents[K]); });
  }

  /** Resolves with the data of the next such event. */
  once<K extends keyof QmpEvents>(event: K): Promise<QmpEvents[K]> {
    return new Promise((resolve) => {
      const off = this.on(event, (data) => {
        off();
        resolve(data);
      });
    });
  }

  /** Guest memory. Exact while the machine is stopped. */
  get memory(): MachineMemory {
    const machine = this.#vm.machine!;
    return {
      read: (address, length) => {
        const { bytes, mapped } = machine.inspect.readPhysical(address, length);
        if (!mapped) throw new RangeError(`0x${address.toString(16)} + ${length} is not memory`);
        return bytes;
      },
      write: (address, bytes) => machine.memory.write(address, bytes),
      readVirtual: (cpu, address, length) => machine.inspect.readVirtual(this.#cpu(cpu), BigInt.asUintN(64, address), length),
      translate: (cpu, address) => machine.inspect.translate(this.#cpu(cpu), BigInt.asUintN(64, address)),
    };
  }

  /** Registers of a vCPU. Exact, and writable, while the machine is stopped. */
  registers(cpu = 0): MachineRegisters {
    const v = this.#cpu(cpu), { target } = v;
    const stopped = () => { if (this.#vm.running) throw new UserError('running', 'registers can be written while the machine is stopped', 'call pause() first'); };
    return {
      read: (name) => {
        const value = target.registerByName?.(v, name);
        if (value === undefined) throw new RangeError(`no register '${name}'`);
        return value;
      },
      write: (name, value) => {
        stopped();
        if (!target.setRegisterByName?.(v, name, BigInt.asUintN(64, value))) throw new RangeError(`no register '${name}' that can be written`);
      },
      text: () => target.dumpState(v, true),
    };
  }

  #cpu(n: number) {
    const cpu = this.#vm.machine!.cpus[n];
    if (!cpu) throw new RangeError(`no vCPU ${n}`);
    return cpu;
  }

  /** Ends the machine: resolves when no thread, socket or file of it is left. Can be called again. */
  async dispose(): Promise<void> {
    this.#vm.quit();
    await this.exited;
    this.#management.close();
    await this.#chardevs.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

/** Addresses are physical unless said otherwise; lengths in bytes. */
export interface MachineMemory {
  /** RangeError when some of it is not RAM or ROM. */
  read(address: number, length: number): Uint8Array;
  /** RAM only: RangeError. Translated code there is dropped. */
  write(address: number, bytes: Uint8Array): void;
  /** By virtual address, as vCPU `cpu` translates it; undefined when a page is not mapped. */
  readVirtual(cpu: number, address: bigint, length: number): Uint8Array | undefined;
  /** Physical address behind a virtual one; undefined when it is not mapped. */
  translate(cpu: number, address: bigint): number | undefined;
}

/** Names are gdb's: `pc`, `sp`, `x0` … `x30`, `cpsr`. */
export interface MachineRegisters {
  /** RangeError for an unknown name. */
  read(name: string): bigint;
  /** RangeError for an unknown name; UserError `running` while the machine runs. */
  write(name: string, value: bigint): void;
  /** All of them, as `info registers` shows them. */
  text(): string;
}

