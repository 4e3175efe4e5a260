// The options of the command line that have parameters, as query-command-line-options and -readconfig know them.
import { QmpError } from './errors.ts';
import type { CommandLineOptionInfo } from './types.ts';

type ParameterType = 'string' | 'boolean' | 'number' | 'size';

/** QEMU's name of each group, its option on the command line, its first parameter without `=`, and the parameters known here. */
export interface OptionGroup {
  readonly option: string;
  readonly implied?: string;
  readonly parameters: Readonly<Record<string, ParameterType>>;
}

/** Groups whose parameters depend on a driver have none of their own, as in QEMU. */
export const OPTION_GROUPS: Readonly<Record<string, OptionGroup>> = {
  machine: {
    option: 'machine', implied: 'type',
    parameters: {
      type: 'string', accel: 'string', kernel: 'string', initrd: 'string', append: 'string', dtb: 'string', dumpdtb: 'string', phandle_start: 'number', firmware: 'string',
      'dump-guest-core': 'boolean', 'mem-merge': 'boolean', usb: 'boolean', iommu: 'boolean', 'suppress-vmdesc': 'boolean',
    },
  },
  accel: { option: 'accel', implied: 'accel', parameters: {} },
  memory: { option: 'm', implied: 'size', parameters: { size: 'size', slots: 'number', maxmem: 'size' } },
  'smp-opts': { option: 'smp', implied: 'cpus', parameters: { cpus: 'number', sockets: 'number', dies: 'number', clusters: 'number', cores: 'number', threads: 'number', maxcpus: 'number' } },
  'boot-opts': {
    option: 'boot', implied: 'order',
    parameters: { order: 'string', once: 'string', menu: 'boolean', splash: 'string', 'splash-time': 'number', 'reboot-timeout': 'number', strict: 'boolean' },
  },
  object: { option: 'object', implied: 'qom-type', parameters: {} },
  numa: { option: 'numa', implied: 'type', parameters: {} },
  name: { option: 'name', implied: 'guest', parameters: { guest: 'string', process: 'string', 'debug-threads': 'boolean' } },
  rtc: { option: 'rtc', parameters: { base: 'string', clock: 'string', driftfix: 'string' } },
  chardev: {
    option: 'chardev', implied: 'backend',
    parameters: {
      backend: 'string', path: 'string', host: 'string', port: 'string', to: 'number', wait: 'boolean', server: 'boolean', nodelay: 'boolean', reconnect: 'number',
      mux: 'boolean', signal: 'boolean', size: 'size', append: 'boolean',
    },
  },
  mon: { option: 'mon', implied: 'chardev', parameters: { mode: 'string', chardev: 'string', pretty: 'boolean' } },
  'semihosting-config': { option: 'semihosting-config', implied: 'enable', parameters: { enable: 'boolean', userspace: 'boolean', target: 'string', chardev: 'string', arg: 'string' } },
  action: { option: 'action', parameters: { shutdown: 'string', reboot: 'string', panic: 'string', watchdog: 'string' } },
};

/** The groups, or one of them. QmpError for an unknown name. */
export function commandLineOptions(option?: string): CommandLineOptionInfo[] {
  if (option !== undefined && !Object.hasOwn(OPTION_GROUPS, option)) throw new QmpError(`invalid option name: ${option}`);
  return Object.entries(OPTION_GROUPS).filter(([name]) => option === undefined || name === option)
    .map(([name, g]) => ({ option: name, parameters: Object.entries(g.parameters).map(([p, type]) => ({ name: p, type })) }));
}
