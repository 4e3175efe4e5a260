// -machine, -cpu, -accel, -m: the parts of the machine, checked against the catalog.
import { CPU_PROPERTIES } from './catalog.ts';
import type { Catalog, MachineInfo } from './catalog.ts';
import { UserError } from '../errors.ts';
import type { AccelOptions, MachineOptions, VirtProperties } from '../machine/options.ts';
import { QemuOpts } from './qemu-opts.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
/** The only accelerator. */
export const ACCELERATORS = ['tcg'] as const;
/** RAM of `virt` begins at 1 GiB: what is left below 4 GiB with highmem=off. */
const LOWMEM_RAM = 3 * GiB;
/** QEMU rounds RAM up to this. */
const RAM_ALIGN = 8192;

type Merged<T> = { -readonly [K in keyof T]?: T[K] };

/** All -machine options together; file names and accelerators given as machine properties are handed back. */
export interface MachineArgs {
  readonly machine: MachineInfo;
  /** The user named a machine. */
  readonly named: boolean;
  readonly virt: VirtProperties;
  readonly accel: string | undefined;
  readonly files: { readonly kernel?: string; readonly initrd?: string; readonly append?: string; readonly dtb?: string; readonly firmware?: string };
  /** What `smp.cpus=`, `memory.size=` and `boot.order=` say, as arguments of -smp, -m and -boot. */
  readonly options: { readonly smp: readonly string[]; readonly m: readonly string[]; readonly boot: readonly string[] };
}

interface PropertyRow {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** The values that describe what is there: anything else is refused, these change nothing. */
  readonly only?: readonly string[];
  /** Accepted without effect, as here nothing reads it; `length`: most bytes. */
  readonly unused?: { readonly length: number };
}

/** Properties of `virt`: `-machine virt,help`. */
export const VIRT_PROPERTIES: readonly PropertyRow[] = [
  { name: 'accel', type: 'string', help: 'accelerator (tcg)' },
  { name: 'acpi', type: 'OnOffAuto', help: 'ACPI tables', only: ['off', 'auto'] },
  { name: 'append', type: 'string', help: 'Linux kernel command line' },
  { name: 'boot', type: 'BootConfiguration', help: 'boot configuration: boot.order= and others, as of -boot' },
  { name: 'default-bus-bypass-iommu', type: 'bool', help: 'the root bus bypasses the IOMMU', only: ['on', 'off'] },
  { name: 'dt-compatible', type: 'string', help: 'accepted without effect, as in QEMU', unused: { length: Infinity } },
  { name: 'dtb', type: 'string', help: 'Linux kernel device tree file' },
  { name: 'dtb-randomness', type: 'bool', help: 'pass random seeds in the device tree' },
  { name: 'dump-guest-core', type: 'bool', help: 'guest memory in core dumps', only: ['on', 'off'] },
  { name: 'dumpdtb', type: 'string', help: 'dump current dtb to a file and quit' },
  { name: 'firmware', type: 'string', help: 'firmware image' },
  { name: 'gic-version', type: 'string', help: 'GIC version: 2, 3 or max' },
  { name: 'graphics', type: 'bool', help: 'graphics emulation', only: ['on', 'off'] },
  { name: 'highmem', type: 'bool', help: 'use physical address space above 32 bits' },
  { name: 'initrd', type: 'string', help: 'Linux initial ramdisk file' },
  { name: 'iommu', type: 'string', help: 'IOMMU', only: ['none'] },
  { name: 'its', type: 'bool', help: 'interrupt translation service', only: ['off'] },
  { name: 'kernel', type: 'string', help: 'Linux kernel image file' },
  { name: 'mem-merge', type: 'bool', help: 'memory merging by the host', only: ['on', 'off'] },
  { name: 'memory', type: 'MemorySizeConfiguration', help: 'memory.size=, memory.slots=, memory.max-size=, as of -m' },
  { name: 'mte', type: 'bool', help: 'Memory Tagging Extension', only: ['off'] },
  { name: 'phandle-start', type: 'int', help: 'first phandle of the generated device tree' },
  { name: 'ras', type: 'bool', help: 'reporting of host memory errors', only: ['off'] },
  { name: 'secure', type: 'bool', help: 'Security Extensions (TrustZone)', only: ['off'] },
  { name: 'smp', type: 'SMPConfiguration', help: 'smp.cpus= and others, as of -smp' },
  { name: 'suppress-vmdesc', type: 'bool', help: 'no self-description in migration', only: ['on', 'off'] },
  { name: 'usb', type: 'bool', help: 'USB', only: ['off'] },
  { name: 'virtualization', type: 'bool', help: 'Virtualization Extensions', only: ['off'] },
  { name: 'x-oem-id', type: 'string', help: 'OEMID of ACPI tables (there are none)', unused: { length: 6 } },
  { name: 'x-oem-table-id', type: 'string', help: 'OEM Table ID of ACPI tables (there are none)', unused: { length: 8 } },
];

/** Properties that are objects: their members become arguments of an option, under the option's names. */
const NESTED = { smp: {}, m: { 'max-size': 'maxmem' }, boot: {} } as const;
const NESTED_PREFIX = { smp: 'smp.', m: 'memory.', boot: 'boot.' } as const;

function nestedOptions(opts: QemuOpts, key: keyof typeof NESTED): string[] {
  const prefix = NESTED_PREFIX[key], names: Readonly<Record<string, string>> = NESTED[key];
  const members = opts.rest.filter((name) => name.startsWith(prefix));
  if (opts.rest.includes(prefix.slice(0, -1))) throw opts.error(`Invalid parameter type for '${prefix.slice(0, -1)}', expected: object`, 'bad-parameter', `write ${prefix}NAME=VALUE`);
  const text = members.map((name) => {
    const member = name.slice(prefix.length);
    return `${names[member] ?? member}=${opts.string(name)!.replaceAll(',', ',,')}`;
  }).join(',');
  return text === '' ? [] : [text];
}

export function findMachine(catalog: Catalog, name: string): MachineInfo | undefined {
  return catalog.machines.find((m) => m.name === name || m.aliases.includes(name));
}

export function parseMachine(texts: readonly string[], catalog: Catalog): MachineArgs {
  let machine: MachineInfo | undefined;
  const virt: Merged<VirtProperties> = {};
  let accel: string | undefined;
  const files: Merged<MachineArgs['files']> = {};
  const options = { smp: [] as string[], m: [] as string[], boot: [] as string[] };
  for (const text of texts) {
    const opts = new QemuOpts('-machine', text, 'type');
    const name = opts.string('type');
    if (name !== undefined) {
      machine = findMachine(catalog, name);
      if (!machine) throw new UserError('unknown-machine', `-machine ${text}: unsupported machine type '${name}'`, `Use -machine help to list supported machines: ${catalog.machines.map((m) => m.name).join(', ')}`);
    }
    accel = opts.string('accel') ?? accel;
    for (const key of ['kernel', 'initrd', 'append', 'dtb', 'firmware'] as const) files[key] = opts.string(key) ?? files[key];
    virt.gicVersion = gicVersion(opts) ?? virt.gicVersion;
    virt.highmem = opts.bool('highmem') ?? virt.highmem;
    virt.dtbRandomness = opts.bool('dtb-randomness') ?? opts.bool('dtb-kaslr-seed') ?? virt.dtbRandomness;
    virt.dumpdtb = opts.string('dumpdtb') ?? virt.dumpdtb;
    virt.phandleStart = opts.integer('phandle-start') ?? virt.phandleStart;
    for (const key of ['smp', 'm', 'boot'] as const) options[key].push(...nestedOptions(opts, key));
    for (const { name: key, only, unused } of VIRT_PROPERTIES) {
      const ignored = unused && opts.string(key);
      if (unused && ignored !== undefined && Buffer.byteLength(ignored) > unused.length) throw opts.error(`${key} is bigger than ${unused.length} bytes in size`);
      const value = only && opts.string(key);
      if (only && value !== undefined && !only.includes(value)) throw new UserError('not-available', `-machine ${text}: ${key}=${value} is not available yet`, `it can be ${only.join(' or ')}`);
    }
    const [unknown] = opts.rest;
    if (unknown !== undefined) throw opts.error(`Property 'virt-machine.${unknown}' not found`, 'bad-parameter', "'-machine virt,help' lists the properties");
  }
  return {
    machine: machine ?? catalog.machines[0], named: machine !== undefined, accel, files, options,
    virt: { gicVersion: virt.gicVersion ?? 3, highmem: virt.highmem ?? true, dtbRandomness: virt.dtbRandomness ?? true, phandleStart: virt.phandleStart, dumpdtb: virt.dumpdtb },
  };
}

function gicVersion(opts: QemuOpts): 2 | 3 | undefined {
  const text = opts.string('gic-version');
  switch (text) {
    case undefined: return undefined;
    case '2': return 2;
    case '3': case 'max': return 3;
    case 'host': throw opts.error('gic-version=host requires KVM', 'not-available', 'use 2, 3 or max');
    case '4': throw opts.error('gic-version=4 is not available yet', 'not-available', 'use 2, 3 or max');
    default: throw opts.error(`Invalid gic-version value '${text}'`, 'bad-parameter', 'Valid values are 2, 3, max');
  }
}

/** `-cpu model,prop=on`. UserErrors `unknown-cpu`, `bad-parameter`. */
export function parseCpu(text: string, catalog: Catalog): MachineOptions['cpu'] {
  const opts = new QemuOpts('-cpu', text, 'model');
  const model = opts.string('model') ?? '';
  if (!catalog.cpuModels.some((m) => m.name === model)) {
    throw new UserError('unknown-cpu', `-cpu ${text}: unable to find CPU model '${model}'`, `available are ${catalog.cpuModels.map((m) => m.name).join(', ')}`);
  }
  const props: Record<string, boolean> = {};
  for (const key of opts.rest) {
    const known = CPU_PROPERTIES.find((p) => p.name === key && (p.models === 'all' || p.models.includes(model)));
    if (!known) throw opts.error(`Property '${model}-arm-cpu.${key}' not found`, 'bad-parameter', "'-cpu help' lists models and properties");
    const value = opts.bool(key)!;
    if (known.only !== undefined && value !== known.only) throw opts.error(`${key}=${value ? 'on' : 'off'} is not available yet`, 'not-available');
    // the rest only says what is so anyway
    if (known.only === undefined) props[key] = value;
  }
  return { model, props };
}

/** `-accel` options and the machine's accel property together. */
export function parseAccel(texts: readonly string[], machineAccel: string | undefined, catalog: Catalog): AccelOptions {
  const accel: Merged<AccelOptions> = {};
  // accel=kvm:tcg: the first that is there
  if (machineAccel !== undefined && !machineAccel.split(':').some((a) => a === 'tcg')) throw badAccelerator(`-machine accel=${machineAccel}`, machineAccel);
  for (const text of texts) {
    const opts = new QemuOpts('-accel', text, 'accel');
    const name = opts.string('accel');
    if (name !== undefined && name !== 'tcg') throw badAccelerator(opts.where, name);
    const thread = opts.string('thread');
    if (thread !== undefined && thread !== 'single' && thread !== 'multi') throw opts.error(`Invalid 'thread' setting ${thread}`, 'bad-parameter', 'it is single or multi');
    accel.thread = thread ?? accel.thread;
    const tbSize = opts.integer('tb-size');
    if (tbSize !== undefined && (tbSize < 1 || tbSize > 2048)) throw opts.error(`tb-size ${tbSize} is not from 1 to 2048 MiB`);
    accel.tbSize = tbSize === undefined ? accel.tbSize : tbSize * MiB;
    accel.exclusive = opts.choice('exclusive', catalog.exclusiveSchemes) ?? accel.exclusive;
    accel.oneInsnPerTb = opts.bool('one-insn-per-tb') ?? accel.oneInsnPerTb;
    accel.stats = opts.bool('stats') ?? accel.stats;
    accel.check = opts.bool('check') ?? accel.check;
    if (opts.bool('split-wx')) throw opts.error('split-wx=on is not available yet', 'not-available');
    const [unknown] = opts.rest;
    if (unknown !== undefined) throw opts.error(`Property 'tcg-accel.${unknown}' not found`);
  }
  return {
    thread: accel.thread ?? 'multi', tbSize: accel.tbSize, exclusive: accel.exclusive ?? catalog.exclusiveSchemes[0],
    oneInsnPerTb: accel.oneInsnPerTb ?? false, stats: accel.stats ?? false, check: accel.check ?? false,
  };
}

const badAccelerator = (where: string, name: string) => new UserError('unknown-accel', `${where}: invalid accelerator ${name}`, 'the accelerator is tcg');

/** `-m`. UserErrors `bad-memory`, `bad-parameter`. */
export function parseMemory(texts: readonly string[], machine: MachineInfo, highmem: boolean): MachineOptions['memory'] {
  let size: number | undefined, slots: number | undefined, maxmem: number | undefined;
  for (const text of texts) {
    const opts = new QemuOpts('-m', text, 'size');
    size = opts.size('size', 'M') ?? size;
    slots = opts.integer('slots') ?? slots;
    maxmem = opts.size('maxmem', 'B') ?? maxmem;
    opts.finish();
  }
  const fail = (message: string, hint?: string) => new UserError('bad-memory', `-m ${texts.join(',')}: ${message}`, hint);
  size ??= machine.defaultRam;
  if (size === 0) throw fail('a machine needs some memory');
  size = Math.ceil(size / RAM_ALIGN) * RAM_ALIGN;
  const limit = highmem ? machine.maxRam : Math.min(machine.maxRam, LOWMEM_RAM);
  if (size > limit) {
    throw fail(`${mib(size)} is more memory than machine '${machine.name}' can have here (${mib(limit)}${highmem ? '' : ' with highmem=off'})`);
  }
  if (slots && maxmem === undefined) throw fail('slots specified but no maxmem');
  if (maxmem !== undefined && maxmem < size) throw fail(`invalid value of maxmem: maximum memory size (${mib(maxmem)}) must be at least the initial memory size (${mib(size)})`);
  return { size, slots: slots ?? 0, maxmem: maxmem ?? size };
}

const mib = (bytes: number) => `${+(bytes / MiB).toFixed(2)} MiB`;
