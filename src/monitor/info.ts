// `info`: what the human monitor can show of the machine.
import { QEMU_VERSION, type QmpContext } from '../qmp/context.ts';
import { numaLines, ramBlockLines, romLines } from '../qmp/commands/text.ts';
import { syncProfileLines } from '../profile/lock-text.ts';
import { toJson, type Json } from '../qmp/json.ts';
import type { QomObject } from '../qmp/qom.ts';
import { threadIds } from '../qmp/host-threads.ts';
import { matchTraceEvents } from '../trace.ts';
import type { ArgSpec, ArgValues } from './args.ts';
import { HmpError } from './errors.ts';
import type { HmpState } from './hmp.ts';

export interface InfoRow {
  readonly name: string;
  readonly args?: readonly ArgSpec[];
  readonly params?: string;
  readonly help: string;
  readonly run: (c: QmpContext, args: ArgValues, state: HmpState) => readonly string[] | Promise<readonly string[]>;
}

const hex16 = (n: number) => n.toString(16).padStart(16, '0');

/** QEMU's names of the kinds of memory regions. */
const KINDS = { ram: 'ram', rom: 'romd', local: 'i/o', main: 'i/o' } as const;

function mtree(c: QmpContext, flat: boolean): string[] {
  const { machine } = c.vm.machine!;
  const rows = machine.spec.flat.map((r) => `${hex16(r.base)}-${hex16(r.base + r.size - 1)} (prio 0, ${KINDS[r.kind]}): ${r.name}`);
  const cpus = Array.from({ length: c.options.smp.cpus }, (_, n) => `cpu-memory-${n}`);
  if (flat) return ['FlatView #0', ' AS "memory", root: system', ...cpus.map((n) => ` AS "${n}", root: system`), ' Root memory region: system', ...rows.map((r) => `  ${r}`), ''];
  return [...cpus.map((n) => `address-space: ${n}`), 'address-space: memory', '  0000000000000000-ffffffffffffffff (prio 0, i/o): system', ...rows.map((r) => `    ${r}`), ''];
}

function qomTree(name: string, o: QomObject, depth: number): string[] {
  const children = [...o.children].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [`${'  '.repeat(depth)}/${name} (${o.type})`, ...children.flatMap(([n, child]) => qomTree(n, child, depth + 1))];
}

function qtree(c: QmpContext): string[] {
  const machine = c.qom.find('/machine');
  const devices = [...machine.children.values(), ...machine.children.get('unattached')!.children.values()].filter((o) => o.properties.has('realized') && !o.type.endsWith('-cpu'));
  const own = (o: QomObject) => [...o.properties].filter(([name]) => !['type', 'realized', 'hotplugged', 'hotpluggable'].includes(name));
  return ['bus: main-system-bus', '  type System', ...devices.flatMap((d) => [`  dev: ${d.type}, id ""`, ...own(d).map(([name, p]) => `    ${name} = ${toJson(p.get!())}`)])];
}

const ACCESS = { read: 'r', write: 'w', code: 'x' } as const;

/** The pages a vCPU has in its TLB, by virtual address. */
function tlbPages(c: QmpContext, cpu: number) {
  return c.vm.machine!.tlbPages(cpu).toSorted((a, b) => (a.va < b.va ? -1 : a.va > b.va ? 1 : a.mmuIdx - b.mmuIdx));
}

const rights = (p: { read: boolean; write: boolean; code: boolean }) => (['read', 'write', 'code'] as const).map((k) => (p[k] ? ACCESS[k] : '-')).join('');
const address = (va: bigint) => va.toString(16).padStart(16, '0');

/** Neighbouring pages with the same rights, as ranges. */
function memRanges(c: QmpContext, cpu: number): string[] {
  const ranges: { start: bigint; end: bigint; rights: string }[] = [];
  for (const p of tlbPages(c, cpu)) {
    const last = ranges.at(-1), end = p.va + 4096n;
    if (last && last.rights === rights(p) && p.va <= last.end) last.end = end > last.end ? end : last.end;
    else ranges.push({ start: p.va, end, rights: rights(p) });
  }
  return ranges.map((r) => `${address(r.start)}-${address(r.end)} ${address(r.end - r.start)} ${r.rights}`);
}

function registers(c: QmpContext, args: ArgValues, state: HmpState): string[] {
  const machine = c.vm.machine!;
  const dump = (n: number) => ['', `CPU#${n}`, ...machine.cpus[n].target.dumpState(machine.cpus[n], true).split('\n')];
  if (args.a) return machine.cpus.flatMap((cpu) => dump(cpu.index));
  const n = args.vcpu === undefined ? state.cpu : Number(args.vcpu);
  if (n < 0 || n >= machine.cpus.length) throw new HmpError(`CPU#${n} not available`);
  return dump(n);
}

const VCPU: ArgSpec = { name: 'vcpu', kind: 'int32', optional: true };

/** There is no such part: QEMU's text without it. */
const none = (error: string) => () => { throw new HmpError(`Error: ${error}`); };

export const INFO: readonly InfoRow[] = [
  { name: 'balloon', help: 'show balloon information', run: none('No balloon device has been activated') },
  { name: 'block', help: 'show info of one block device or all block devices', run: () => [] },
  { name: 'block-jobs', help: 'show progress of ongoing block device operations', run: () => ['No active jobs'] },
  { name: 'blockstats', help: 'show block device statistics', run: () => [] },
  { name: 'chardev', help: 'show the character devices', run: ({ chardevs }) => chardevs.list() },
  {
    name: 'cpus', help: 'show infos for each CPU',
    run: ({ options, vm }, _a, state) => threadIds(options.smp.cpus, vm.machine!.threadName).map((tid, n) => `${n === state.cpu ? '*' : ' '} CPU #${n}: thread_id=${tid}`),
  },
  { name: 'exclusive', help: 'show the exclusive monitor: scheme, marked pages, ABA meter', run: ({ vm }) => vm.machine!.exclusiveReport() },
  { name: 'history', help: 'show the command line history', run: (_c, _a, state) => state.history.map((line, i) => `${i}: '${line}'`) },
  { name: 'hotpluggable-cpus', help: 'Show information about hotpluggable CPUs', run: none("The feature 'query-hotpluggable-cpus' is not enabled") },
  { name: 'iothreads', help: 'show iothreads', run: () => [] },
  { name: 'irq', help: 'show the interrupts statistics (if available)', run: () => [] },
  { name: 'jit', help: 'show dynamic compiler info', run: ({ vm }) => vm.machine!.jitReport() },
  { name: 'kvm', help: 'show KVM information', run: () => ['kvm support: not compiled'] },
  { name: 'mem', help: 'show the virtual memory mappings that the TLB of the current CPU holds', run: (c, _a, state) => memRanges(c, state.cpu) },
  {
    name: 'memdev', help: 'show memory backends',
    run: ({ qom }) => qom.memdevs().flatMap((m) => [
      `memory backend: ${m.id}`, `  size:  ${m.size}`, '  merge: true', '  dump: true', '  prealloc: false', '  share: false', '  reserve: true', '  policy: default', '  host nodes: ', '',
    ]),
  },
  { name: 'memory-devices', help: 'show memory devices', run: () => [] },
  { name: 'memory_size_summary', help: 'show the amount of initially allocated and present hotpluggable memory in bytes', run: ({ options }) => [`base memory: ${options.memory.size}`, 'plugged memory: 0'] },
  { name: 'mice', help: 'show which guest mouse is receiving events', run: () => ['No mouse devices connected'] },
  {
    name: 'mtree', args: [{ name: 'f', kind: 'flag' }], params: '[-f]', help: 'show memory tree (-f: dump flat view for address spaces)',
    run: (c, a) => mtree(c, a.f === true),
  },
  { name: 'name', help: 'show the current VM name', run: ({ options }) => (options.name === undefined ? [] : [options.name]) },
  { name: 'network', help: 'show the network state', run: () => [] },
  { name: 'numa', help: 'show NUMA information', run: ({ vm }) => numaLines(vm) },
  { name: 'opcount', help: 'show dynamic compiler opcode counters', run: () => ['[TCG profiler not compiled]'] },
  { name: 'pci', help: 'show PCI info', run: () => ['PCI not supported'] },
  { name: 'pic', help: 'show PIC state', run: ({ vm }) => vm.machine!.gicLines() },
  { name: 'profile', help: 'show profiling information', run: none('Internal profiler not compiled') },
  {
    name: 'qom-tree', args: [{ name: 'path', kind: 'string', optional: true }], params: '[path]', help: 'show QOM composition tree',
    run: ({ qom }, { path }) => qomTree(path === undefined ? 'machine' : `${path as string}`.split('/').filter((p) => p !== '').at(-1) ?? '', qom.find((path as string | undefined) ?? '/machine'), 0),
  },
  { name: 'qtree', help: 'show device tree', run: qtree },
  { name: 'ramblock', help: 'Display system ramblock information', run: ({ vm }) => ramBlockLines(vm.machine!) },
  {
    name: 'registers', args: [{ name: 'a', kind: 'flag' }, VCPU], params: '[-a|vcpu]',
    help: "show the cpu registers (-a: show register info for all cpus; vcpu: specific vCPU to query; show the current CPU's registers if no argument is specified)", run: registers,
  },
  { name: 'roms', help: 'show roms', run: ({ vm }) => romLines(vm.machine!) },
  {
    name: 'sync-profile', args: [{ name: 'm', kind: 'flag' }, { name: 'n', kind: 'flag' }, { name: 'max', kind: 'int32', optional: true }], params: '[-m] [-n] [max]',
    help: 'show synchronization profiling info, up to max entries (default: 20), sorted by total wait time. (-m: sort by mean wait time; -n: do not coalesce threads)',
    run: ({ vm }, { m, n, max }) => syncProfileLines(vm.machine!.lockReport(), { mean: m === true, perThread: n === true, max: max === undefined ? undefined : Number(max as bigint) }),
  },
  { name: 'snapshots', help: 'show the currently saved VM snapshots', run: () => ['no block device can store vmstate for snapshot'] },
  {
    name: 'status', help: 'show the current VM status (running|paused)',
    run: ({ vm, options }) => [`VM status: ${vm.running ? 'running' : 'paused'}${options.accel.oneInsnPerTb ? ' (single step mode)' : ''}${vm.running || vm.state === 'paused' ? '' : ` (${vm.state})`}`],
  },
  {
    name: 'tlb', help: 'show virtual to physical memory mappings that the TLB of the current CPU holds',
    run: (c, _a, state) => tlbPages(c, state.cpu).map((p) => `${address(p.va)}: ${p.phys.toString(16).padStart(16, '0')} ${rights(p)} mmu_idx=${p.mmuIdx}`),
  },
  {
    name: 'trace-events', args: [{ name: 'name', kind: 'string', optional: true }], params: '[name]', help: 'show available trace-events & their state (name: event name pattern)',
    run: (_c, { name }) => matchTraceEvents((name as string | undefined) ?? '*').map((e) => `${e.name} : state ${e.enabled ? 1 : 0}`),
  },
  { name: 'usb', help: 'show guest USB devices', run: none('USB support not enabled') },
  { name: 'uuid', help: 'show the current VM UUID', run: ({ options }) => [options.uuid ?? '00000000-0000-0000-0000-000000000000'] },
  { name: 'version', help: 'show the version', run: ({ product }) => [`${Object.values(QEMU_VERSION).join('.')} (${product})`] },
  { name: 'vm-generation-id', help: 'Show Virtual Machine Generation ID', run: none('this feature or command is not currently supported') },
  { name: 'vnc', help: 'show the vnc server status', run: () => ['None'] },
];

/** A property's value as qom-get shows it. */
export const shownValue = (value: Json): string[] => toJson(value, true).split('\n');
