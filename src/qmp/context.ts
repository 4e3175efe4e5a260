// What QMP commands work on: the machine and what it was made from.
import type { Chardevs } from '../chardev/open.ts';
import type { ChardevSpec } from '../chardev/spec.ts';
import type { ObjectOption } from '../machine/objects.ts';
import type { MachineOptions } from '../machine/options.ts';
import type { Vm } from '../machine/vm.ts';
import type { QomTree } from './qom.ts';

/** The version of QEMU whose interface this is. */
export const QEMU_VERSION = { major: 7, minor: 2, micro: 0 } as const;

/** What can be chosen, for the commands that list it. */
export interface MachineCatalog {
  readonly machines: readonly { readonly name: string; readonly aliases: readonly string[]; readonly maxCpus: number; readonly defaultCpu: string }[];
  readonly cpuModels: readonly { readonly name: string }[];
  readonly cpuProperties: readonly { readonly name: string; readonly models: 'all' | readonly string[]; readonly only?: boolean; readonly default: boolean }[];
}

export interface QmpContext {
  readonly vm: Vm;
  readonly options: MachineOptions;
  readonly catalog: MachineCatalog;
  /** `mttcg 0.1.0`. */
  readonly product: string;
  readonly chardevs: Chardevs;
  readonly qom: QomTree;
  /** Options of `-chardev`, for the human monitor's chardev-add. UserErrors. */
  readonly parseChardev: (text: string) => ChardevSpec;
  /** Options of `-object`, for object_add; `where` begins the messages. UserErrors. */
  readonly parseObject: (text: string, where: string) => ObjectOption;
  /** Serves gdb on a device, as -gdb does; `none` ends that. UserErrors. Absent where there is no stub. */
  readonly gdbserver?: (device: string) => Promise<void>;
  /** Runs a command of the human monitor; what it prints. */
  readonly hmp: (line: string, cpuIndex: number | undefined) => Promise<string>;
}
