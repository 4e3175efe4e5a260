// Commands about the machine: what it is, its vCPUs, the kinds of machines and CPUs there are, and what is not on it.
import { threadIds } from '../host-threads.ts';
import type { MachineCatalog, QmpContext } from '../context.ts';
import { deviceNotFound, invalidType, QmpError, unsupported } from '../errors.ts';
import type { QmpHandlers } from '../server.ts';
import { cpuPlace } from '../topology.ts';

const noBalloon = () => new QmpError('No balloon device has been activated', 'DeviceNotActive');

/** The properties of a CPU model with their values. */
function cpuProperties(catalog: MachineCatalog, model: string): Record<string, boolean> {
  const has = catalog.cpuProperties.filter((p) => p.models === 'all' || p.models.includes(model));
  return Object.fromEntries(has.map((p) => [p.name, p.only ?? p.default]));
}

export const machineCommands = {
  'query-name': ({ options }) => (options.name === undefined ? {} : { name: options.name }),
  'query-uuid': ({ options }) => ({ UUID: options.uuid ?? '00000000-0000-0000-0000-000000000000' }),
  'query-target': () => ({ arch: 'aarch64' as const }),
  'query-kvm': () => ({ enabled: false, present: false }),
  'query-current-machine': () => ({ 'wakeup-suspend-support': false }),
  'query-machines': ({ catalog }) => catalog.machines.map((m) => ({
    name: m.aliases[0] ?? m.name, alias: m.name, 'cpu-max': m.maxCpus, 'hotpluggable-cpus': false, 'numa-mem-supported': true, deprecated: false,
    'default-cpu-type': `${m.defaultCpu}-arm-cpu`, 'default-ram-id': 'mach-virt.ram',
  })),
  'query-cpus-fast': ({ vm, options }) => {
    const threads = threadIds(options.smp.cpus, vm.machine?.threadName);
    return Array.from({ length: options.smp.cpus }, (_, n) => ({
      'cpu-index': n, 'qom-path': `/machine/unattached/device[${n}]`, 'thread-id': threads[n], props: { ...cpuPlace(options.smp, n), ...vm.numa.propsOf(n) }, target: 'aarch64' as const,
    }));
  },
  'query-hotpluggable-cpus': () => { throw new QmpError("The feature 'query-hotpluggable-cpus' is not enabled"); },
  'query-cpu-definitions': ({ catalog }) => catalog.cpuModels.map(({ name }) => ({ name, typename: `${name}-arm-cpu`, static: false, deprecated: false })),
  'query-cpu-model-expansion': ({ catalog }, { type, model }) => {
    if (type !== 'full') throw new QmpError('The requested expansion type is not supported');
    if (!catalog.cpuModels.some((m) => m.name === model.name)) throw new QmpError(`The CPU type '${model.name}' is not a recognized ARM CPU type`);
    const props = cpuProperties(catalog, model.name);
    for (const [name, value] of Object.entries((model.props ?? {}) as Record<string, unknown>)) {
      if (!(name in props)) throw new QmpError(`Parameter '${name}' is unexpected`);
      if (typeof value !== 'boolean') throw invalidType(name, 'boolean');
      const { only } = catalog.cpuProperties.find((p) => p.name === name)!;
      if (only !== undefined && value !== only) throw new QmpError(`CPU property '${name}' cannot be ${value ? 'on' : 'off'} yet`);
      props[name] = value;
    }
    return { model: { name: model.name, props } };
  },
  'query-gic-capabilities': () => [3, 2].map((version) => ({ version, emulated: true, kernel: false })),
  'query-memory-devices': () => [],
  'query-balloon': () => { throw noBalloon(); },
  balloon: () => { throw noBalloon(); },
  'query-vm-generation-id': () => { throw unsupported(); },
  'query-iothreads': () => [],
  'query-jobs': () => [],
  'query-block': () => [],
  'query-named-block-nodes': () => [],
  'query-pci': () => [],
  'query-rx-filter': (_c, { name }) => {
    if (name !== undefined) throw new QmpError(`invalid net client name: ${name}`);
    return [];
  },
  screendump: (_c, { device }) => { throw device === undefined ? new QmpError('There is no console to take a screendump from') : deviceNotFound(device); },
  // Without a keyboard the keys go nowhere, as in QEMU.
  'send-key': () => {},
  'query-mice': () => [],
  'query-display-options': () => ({ type: 'none' as const }),
  'query-vnc': () => ({ enabled: false }),
} satisfies Partial<QmpHandlers<QmpContext>>;
