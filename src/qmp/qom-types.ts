// The types of objects: their parents, and what can be set on device models.
import type { Json } from './json.ts';

interface TypeRow { readonly parent: string; readonly abstract?: boolean }

/** Every type but CPU models, which the catalog lists. */
export const TYPES: Readonly<Record<string, TypeRow>> = {
  object: { parent: '', abstract: true },
  container: { parent: 'object' },
  machine: { parent: 'object', abstract: true },
  'virt-machine': { parent: 'machine', abstract: true },
  'virt-7.2-machine': { parent: 'virt-machine' },
  device: { parent: 'object', abstract: true },
  cpu: { parent: 'device', abstract: true },
  'arm-cpu': { parent: 'cpu', abstract: true },
  'aarch64-cpu': { parent: 'arm-cpu', abstract: true },
  'sys-bus-device': { parent: 'device', abstract: true },
  arm_gic_common: { parent: 'sys-bus-device', abstract: true },
  arm_gic: { parent: 'arm_gic_common' },
  'arm-gicv3-common': { parent: 'sys-bus-device', abstract: true },
  'arm-gicv3': { parent: 'arm-gicv3-common' },
  pl011: { parent: 'sys-bus-device' },
  pl031: { parent: 'sys-bus-device' },
  pl061: { parent: 'sys-bus-device' },
  'gpio-key': { parent: 'sys-bus-device' },
  'cfi.pflash01': { parent: 'sys-bus-device' },
  fw_cfg: { parent: 'sys-bus-device', abstract: true },
  fw_cfg_mem: { parent: 'fw_cfg' },
  'virtio-mmio': { parent: 'sys-bus-device' },
  'memory-backend': { parent: 'object', abstract: true },
  'memory-backend-ram': { parent: 'memory-backend' },
  'rng-backend': { parent: 'object', abstract: true },
  'rng-builtin': { parent: 'rng-backend' },
  'rng-random': { parent: 'rng-backend' },
  secret_common: { parent: 'object', abstract: true },
  secret: { parent: 'secret_common' },
  chardev: { parent: 'object', abstract: true },
  'chardev-mux': { parent: 'chardev' },
  'chardev-null': { parent: 'chardev' },
  'chardev-fd': { parent: 'chardev', abstract: true },
  'chardev-file': { parent: 'chardev-fd' },
  'chardev-stdio': { parent: 'chardev-fd' },
  'chardev-socket': { parent: 'chardev' },
  'chardev-ringbuf': { parent: 'chardev' },
};

export interface DevicePropertyRow { readonly name: string; readonly type: string; readonly description?: string; readonly 'default-value'?: Json }

const gic: readonly DevicePropertyRow[] = [
  { name: 'num-cpu', type: 'uint32', 'default-value': 1 }, { name: 'num-irq', type: 'uint32', 'default-value': 32 }, { name: 'revision', type: 'uint32' },
];

/** Properties of device models, as device-list-properties has them. */
export const DEVICE_TYPES: Readonly<Record<string, readonly DevicePropertyRow[]>> = {
  pl011: [{ name: 'chardev', type: 'str', description: 'ID of a chardev to use as a backend' }],
  pl031: [],
  pl061: [{ name: 'pullups', type: 'uint32', 'default-value': 255 }, { name: 'pulldowns', type: 'uint32', 'default-value': 0 }],
  'gpio-key': [],
  arm_gic: gic,
  'arm-gicv3': gic,
  'cfi.pflash01': [
    { name: 'num-blocks', type: 'uint32', 'default-value': 0 }, { name: 'sector-length', type: 'uint64', 'default-value': 0 },
    { name: 'width', type: 'uint8', 'default-value': 0 }, { name: 'device-width', type: 'uint8', 'default-value': 0 },
  ],
  fw_cfg_mem: [],
  'virtio-mmio': [{ name: 'force-legacy', type: 'bool', 'default-value': true }, { name: 'ioeventfd', type: 'bool', 'default-value': false }],
};

/** Properties that every CPU model has. */
export const CPU_TYPE_PROPERTIES: readonly DevicePropertyRow[] = [
  { name: 'start-powered-off', type: 'bool' }, { name: 'core-count', type: 'int32', 'default-value': -1 }, { name: 'mp-affinity', type: 'uint64' },
  { name: 'node-id', type: 'int32', 'default-value': -1 }, { name: 'aarch64', type: 'bool', description: 'Set on/off to enable/disable aarch64 execution state ' },
  { name: 'pmu', type: 'bool' }, { name: 'psci-conduit', type: 'uint32' }, { name: 'cntfrq', type: 'uint64', 'default-value': 62500000 },
];
