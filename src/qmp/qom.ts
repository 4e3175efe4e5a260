// The object tree: /machine with its devices, /objects, /chardevs; properties that can be read, some that can be written.
import type { Chardevs } from '../chardev/open.ts';
import type { MachineOptions } from '../machine/options.ts';
import type { Vm } from '../machine/vm.ts';
import { deviceNotFound, invalidType, QmpError } from './errors.ts';
import type { Json } from './json.ts';
import { DEVICE_TYPES, TYPES } from './qom-types.ts';

export interface QomProperty {
  readonly type: string;
  readonly get?: () => Json;
  readonly set?: (value: Json) => void;
}

export interface QomObject {
  readonly type: string;
  readonly properties: ReadonlyMap<string, QomProperty>;
  readonly children: ReadonlyMap<string, QomObject>;
}

const constant = (type: string, value: Json): QomProperty => ({ type, get: () => value });

function object(type: string, properties: Readonly<Record<string, QomProperty>> = {}, children: Readonly<Record<string, QomObject>> = {}): QomObject {
  return { type, properties: new Map(Object.entries({ type: constant('string', type), ...properties })), children: new Map(Object.entries(children)) };
}

/** A property of an object that a user has made: it stays as it was made. */
function objectProperty(owner: string, name: string, value: Json): QomProperty {
  const type = name === 'policy' ? 'HostMemPolicy' : typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : 'int';
  const fixed = () => { throw new QmpError(`cannot change property ${name} of ${owner} `); };
  return { ...constant(type, value), ...(name === 'size' || name === 'host-nodes' || name === 'policy' ? { set: fixed } : {}) };
}

/** A device: realized, and whatever it adds. */
const device = (type: string, properties: Readonly<Record<string, QomProperty>> = {}): QomObject => object(type, {
  realized: constant('bool', true), hotplugged: constant('bool', false), hotpluggable: constant('bool', false), ...properties,
});

/** Kinds of chardev back ends as QOM names them. */
const chardevType = (description: string): string => {
  const kind = description.replace(/^disconnected:/, '');
  return `chardev-${/^(tcp|unix):/.test(kind) ? 'socket' : kind.startsWith('file:') ? 'file' : kind}`;
};

export class QomTree {
  readonly #vm: Vm;
  readonly #o: MachineOptions;
  readonly #chardevs: Chardevs;

  constructor(vm: Vm, options: MachineOptions, chardevs: Chardevs) {
    this.#vm = vm;
    this.#o = options;
    this.#chardevs = chardevs;
  }

  /** The tree as it is now. */
  root(): QomObject {
    return object('container', {}, { objects: this.#objectsContainer(), machine: this.#machine(), chardevs: this.#chardevContainer() });
  }

  /** Absolute path, or a partial one that fits one object only. QmpError DeviceNotFound. */
  find(path: string): QomObject {
    const parts = path.split('/').filter((p) => p !== '');
    if (path.startsWith('/')) {
      const found = descend(this.root(), parts);
      if (found) return found;
    } else if (parts.length === 0) throw new QmpError(`Path '${path}' is ambiguous`);
    else {
      const found = new Set<QomObject>();
      const search = (o: QomObject) => {
        const hit = descend(o, parts);
        if (hit) found.add(hit);
        for (const child of o.children.values()) search(child);
      };
      search(this.root());
      if (found.size > 1) throw new QmpError(`Path '${path}' is ambiguous`);
      if (found.size === 1) return [...found][0];
    }
    throw deviceNotFound(path);
  }

  property(path: string, name: string): { object: QomObject; property: QomProperty } {
    const object = this.find(path), property = object.properties.get(name);
    if (property) return { object, property };
    const child = object.children.get(name);
    if (child) return { object, property: { type: `child<${child.type}>`, get: () => `${path.replace(/\/$/, '')}/${name}` } };
    throw new QmpError(`Property '${object.type}.${name}' not found`);
  }

  /** Memory back ends: those added, and the board's own unless NUMA nodes bring theirs. Sizes in bytes. */
  memdevs(): { id: string; size: number }[] {
    return [...this.#vm.objects.memdevs(), ...(this.#ownRam ? [{ id: 'mach-virt.ram', size: this.#o.memory.size }] : [])];
  }

  get #ownRam(): boolean {
    return [...this.#vm.numa.nodes.values()].every((n) => n.memdev === undefined);
  }

  #objectsContainer(): QomObject {
    const added = [...this.#vm.objects].map(([id, o]) => {
      // A secret stays one.
      const shown = Object.entries(o.properties).filter(([name]) => !(o.type === 'secret' && name === 'data'));
      return [id, object(o.type, Object.fromEntries(shown.map(([name, value]) => [name, objectProperty(o.type, name, value as Json)])))] as const;
    });
    const own = { 'mach-virt.ram': object('memory-backend-ram', { size: constant('int', this.#o.memory.size), share: constant('bool', false) }) };
    return object('container', {}, { ...Object.fromEntries(added), ...(this.#ownRam ? own : {}) });
  }

  #chardevContainer(): QomObject {
    return object('container', {}, Object.fromEntries(this.#chardevs.all().map(({ id, filename }) => [id, object(chardevType(filename))])));
  }

  #machine(): QomObject {
    const o = this.#o, flag = (value: boolean) => constant('bool', value);
    const { cpus, maxcpus, sockets, clusters, cores, threads } = o.smp;
    const properties: Record<string, QomProperty> = {
      kernel: constant('string', o.boot.kernel ?? ''), initrd: constant('string', o.boot.initrd ?? ''), append: constant('string', o.boot.append ?? ''),
      dtb: constant('string', o.boot.dtb ?? ''), firmware: constant('string', o.boot.bios ?? ''), dumpdtb: constant('string', o.virt.dumpdtb ?? ''),
      smp: constant('SMPConfiguration', { cpus, maxcpus, threads, cores, dies: 1, sockets, clusters }),
      memory: constant('MemorySizeConfiguration', { size: o.memory.size, ...(o.memory.slots > 0 ? { slots: o.memory.slots, 'max-size': o.memory.maxmem } : {}) }),
      'gic-version': constant('string', `${o.virt.gicVersion}`), highmem: flag(o.virt.highmem), 'dtb-randomness': flag(o.virt.dtbRandomness), 'dtb-kaslr-seed': flag(o.virt.dtbRandomness),
      secure: flag(false), virtualization: flag(false), its: flag(false), mte: flag(false), ras: flag(false), usb: flag(false), graphics: flag(!o.nographic),
      'dump-guest-core': flag(true), 'mem-merge': flag(true), iommu: constant('string', 'none'), acpi: constant('OnOffAuto', 'off'),
    };
    const built = this.#vm.machine !== undefined;
    return object('virt-7.2-machine', properties, {
      ...(built ? { 'virt.flash0': device('cfi.pflash01'), 'virt.flash1': device('cfi.pflash01'), fw_cfg: device('fw_cfg_mem') } : {}),
      unattached: object('container', {}, built ? this.#unattached() : {}), peripheral: object('container'), 'peripheral-anon': object('container'),
    });
  }

  /** What the board has made itself, in QEMU's order. */
  #unattached(): Record<string, QomObject> {
    const o = this.#o, cpuType = `${o.cpu.model}-arm-cpu`;
    const cpu = (n: number) => device(cpuType, {
      'core-count': constant('int32', -1), 'node-id': constant('int32', this.#vm.numa.propsOf(n)['node-id'] ?? -1), 'start-powered-off': constant('bool', n > 0),
      'mp-affinity': { type: 'uint64', get: () => this.#vm.machine!.affinity(n) }, aarch64: constant('bool', true), pmu: constant('bool', false),
      'psci-conduit': constant('uint32', 2), cntfrq: constant('uint64', 62500000),
    });
    const list: QomObject[] = [
      ...Array.from({ length: o.smp.cpus }, (_, n) => cpu(n)), device(o.virt.gicVersion === 3 ? 'arm-gicv3' : 'arm_gic', { 'num-cpu': constant('uint32', o.smp.cpus), 'num-irq': constant('uint32', 288) }),
      device('pl011', { chardev: constant('str', o.serials[0] ?? '') }), device('pl031'), device('pl061'), device('gpio-key'),
      ...Array.from({ length: 32 }, () => device('virtio-mmio', { 'force-legacy': constant('bool', true) })),
    ];
    return Object.fromEntries(list.map((d, i) => [`device[${i}]`, d]));
  }
}

function descend(from: QomObject, parts: readonly string[]): QomObject | undefined {
  let here: QomObject | undefined = from;
  for (const part of parts) here = here?.children.get(part);
  return here;
}

/** The properties of a type: those of an instance made by nobody. */
export function typeProperties(name: string): readonly { name: string; type: string; description?: string; 'default-value'?: Json }[] {
  return DEVICE_TYPES[name] ?? [];
}

/** `qom-set`. */
export function setProperty(o: QomObject, name: string, p: QomProperty, value: Json): void {
  if (!p.set) throw new QmpError(`Property '${o.type}.${name}' is not writable`);
  const expected: Readonly<Record<string, string>> = { bool: 'boolean', string: 'string', str: 'string' };
  if (expected[p.type] !== undefined && typeof value !== expected[p.type]) throw invalidType(name, expected[p.type]);
  p.set(value);
}

export { TYPES };
