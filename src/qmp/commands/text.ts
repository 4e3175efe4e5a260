// Commands whose answer is text for people: the translator, memory blocks, images, interrupts.
import type { VirtMachine } from '../../machine/virt.ts';
import type { Vm } from '../../machine/vm.ts';
import { lockText } from '../../profile/lock-text.ts';
import type { QmpContext } from '../context.ts';
import { QmpError } from '../errors.ts';
import type { QmpHandlers } from '../server.ts';

const hex = (n: number, digits: number) => `0x${n.toString(16).padStart(digits, '0')}`;
const text = (lines: readonly string[]) => ({ 'human-readable-text': lines.map((l) => `${l}\n`).join('') });

/** `info ramblock`. */
export function ramBlockLines(machine: VirtMachine): string[] {
  const blocks = machine.machine.spec.flat.filter((r) => r.ramOffset !== undefined).toSorted((a, b) => b.size - a.size);
  const cell = (n: number) => hex(n, 16);
  return [
    `${'Block Name'.padStart(24)}    PSize  ${'Offset'.padStart(18)}  ${'Used'.padStart(17)}  ${'Total'.padStart(17)}`,
    ...blocks.map((r) => `${(r.name ?? '').padStart(24)}    4 KiB  ${cell(r.ramOffset!)} ${cell(r.size)} ${cell(r.size)}`),
  ];
}

/** `info numa`. */
export function numaLines({ numa, cpuCount }: Vm): string[] {
  const cpus = Array.from({ length: cpuCount }, (_, n) => n);
  return [`${numa.nodes.size} nodes`, ...[...numa.nodes.values()].flatMap((n) => [
    `node ${n.id} cpus:${cpus.filter((c) => numa.nodeOf(c) === n.id).map((c) => ` ${c}`).join('')}`, `node ${n.id} size: ${Math.floor(n.mem / 2 ** 20)} MB`, `node ${n.id} plugged: 0 MB`,
  ])];
}

/** `info roms`: what reset puts into memory. */
export const romLines = (machine: VirtMachine): string[] =>
  machine.bootInfo.blobs.map((b) => `addr=${b.pa.toString(16).padStart(16, '0')} size=${hex(b.bytes.length, 6)} mem=ram name="${b.name}"`);

export const textCommands = {
  'x-query-exclusive': ({ vm }) => text(vm.machine!.exclusiveReport()),
  'x-query-jit': ({ vm }) => text(vm.machine!.jitReport()),
  'x-query-opcount': () => text(['[TCG profiler not compiled]']),
  'x-query-profile': () => { throw new QmpError('Internal profiler not compiled'); },
  'x-query-irq': () => text([]),
  'x-query-numa': ({ vm }) => text(numaLines(vm)),
  'x-query-ramblock': ({ vm }) => text(ramBlockLines(vm.machine!)),
  'x-query-sync-profile': ({ vm }) => {
    const report = vm.machine!.lockReport();
    return { enabled: vm.machine!.machine.profile.enabled, 'human-readable-text': lockText(report), report };
  },
  'x-query-roms': ({ vm }) => text(romLines(vm.machine!)),
} satisfies Partial<QmpHandlers<QmpContext>>;
