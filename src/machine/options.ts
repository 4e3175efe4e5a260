// What a machine is run with: everything that can be said about it, checked and with defaults filled in.
import type { ChardevOptions } from '../chardev/spec.ts';
import type { LogOptions } from '../log.ts';
import type { NumaArgument } from './numa.ts';
import type { ObjectOption } from './objects.ts';

export interface SmpOptions {
  /** vCPUs present at start. */
  readonly cpus: number;
  readonly maxcpus: number;
  /** sockets × clusters × cores × threads = maxcpus. */
  readonly sockets: number;
  readonly clusters: number;
  readonly cores: number;
  readonly threads: number;
}

export interface VirtProperties {
  readonly gicVersion: 2 | 3;
  /** Physical addresses above 4 GiB may be used. */
  readonly highmem: boolean;
  /** Random seeds in the device tree. */
  readonly dtbRandomness: boolean;
  /** First phandle of the device tree. */
  readonly phandleStart: number | undefined;
  /** Write the device tree there and end with code 0. */
  readonly dumpdtb: string | undefined;
}

export interface AccelOptions {
  readonly thread: 'multi' | 'single';
  /** Bytes of the code buffer; undefined: the accelerator's default. */
  readonly tbSize: number | undefined;
  /** How LDXR/STXR are emulated: one of Catalog.exclusiveSchemes. */
  readonly exclusive: string;
  readonly oneInsnPerTb: boolean;
  /** Instructions are counted in both tiers; the figures of the JIT are written at the end. */
  readonly stats: boolean;
  /** Self-checks of the translator. */
  readonly check: boolean;
}

/** Paths of readable files; the contents are checked when the machine loads them. */
export interface BootSources {
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly append: string | undefined;
  readonly dtb: string | undefined;
  readonly bios: string | undefined;
  /** No machine, kernel or firmware was asked for: run the embedded guest. */
  readonly defaultGuest: boolean;
}

export interface SemihostingOptions {
  readonly enable: boolean;
  readonly target: 'auto' | 'native';
}

export interface RtcOptions {
  /** A number is the start of the clock in ms since 1970 UTC. */
  readonly base: 'utc' | 'localtime' | number;
  readonly clock: 'host' | 'rt' | 'vm';
}

/** Plain data, structured-cloneable. */
export interface MachineOptions extends ChardevOptions {
  readonly machine: 'virt';
  readonly virt: VirtProperties;
  readonly cpu: {
    readonly model: string;
    /** on|off properties that were given: `pmu`, `pauth`, … (CPU_PROPERTIES). */
    readonly props: Readonly<Record<string, boolean>>;
  };
  readonly smp: SmpOptions;
  /** Bytes. `maxmem` equals `size` unless given. */
  readonly memory: { readonly size: number; readonly slots: number; readonly maxmem: number };
  /** `-object`, `-numa`, in the order given. */
  readonly objects: readonly ObjectOption[];
  readonly numa: readonly NumaArgument[];
  readonly accel: AccelOptions;
  readonly boot: BootSources;
  /** Console on standard streams, no display (fw_cfg tells firmware so). */
  readonly nographic: boolean;
  readonly nodefaults: boolean;
  /** What a guest's reset and power-off do. */
  readonly onReboot: 'reset' | 'shutdown';
  readonly onShutdown: 'poweroff' | 'pause';
  readonly onPanic: 'pause' | 'shutdown' | 'exit-failure' | 'none';
  readonly onWatchdog: 'reset' | 'shutdown' | 'poweroff' | 'pause' | 'debug' | 'none' | 'inject-nmi';
  /** Monitors answer before the machine is created; `x-exit-preconfig` creates it. */
  readonly preconfig: boolean;
  /** The process goes to the background when everything is open. */
  readonly daemonize: boolean;
  /** Configuration files to write; path `-` is standard output. */
  readonly writeConfig: readonly { readonly path: string; readonly text: string }[];
  /** `-S`: vCPUs wait for the monitor's `cont`. */
  readonly startPaused: boolean;
  readonly name: string | undefined;
  /** What the host's process list calls the emulator. */
  readonly processName: string | undefined;
  readonly uuid: string | undefined;
  readonly semihosting: SemihostingOptions | undefined;
  readonly rtc: RtcOptions;
  /** Makes random numbers given to the guest deterministic. */
  readonly seed: bigint | undefined;
  readonly log: LogOptions;
  readonly pidfile: string | undefined;
  /** `--profile[=FILE]`. */
  readonly profile: { readonly file: string | undefined } | undefined;
  /** `--profile-locks[=FILE]`. */
  readonly profileLocks: { readonly file: string | undefined } | undefined;
  /** `--symbols`: paths of ELF files and System.maps. */
  readonly symbols: readonly string[];
}
