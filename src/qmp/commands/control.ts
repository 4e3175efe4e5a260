// Commands about monitors themselves, file descriptors and trace events.
import { matchTraceEvents, setTraceEvents } from '../../trace.ts';
import type { QmpContext } from '../context.ts';
import { QmpError } from '../errors.ts';
import { introspect } from '../introspect.ts';
import { commandLineOptions } from '../option-groups.ts';
import type { QmpHandlers } from '../server.ts';
import type { SchemaInfo } from '../types.ts';

let schemaInfo: SchemaInfo[] | undefined;

// File descriptors come beside the bytes of a UNIX socket, where Node does not see them.
const noDescriptor = () => new QmpError('No file descriptor supplied via SCM_RIGHTS');

function checkVcpu(c: QmpContext, vcpu: number | undefined): void {
  if (vcpu !== undefined && (vcpu < 0 || vcpu >= c.options.smp.cpus)) throw new QmpError(`invalid vCPU index ${vcpu}`);
}

/** Events that match; QmpError when a plain name is not one. */
function traceEvents(pattern: string) {
  const events = matchTraceEvents(pattern);
  if (events.length === 0 && !/[*?]/.test(pattern)) throw new QmpError(`unknown event "${pattern}"`);
  return events;
}

/** A vCPU was named: QmpError for a plain name, as no event has a state of its own for each vCPU. */
function noVcpuEvents(pattern: string): void {
  if (!/[*?]/.test(pattern)) throw new QmpError(traceEvents(pattern).length > 0 ? `event "${pattern}" is not vCPU-specific` : `unknown event "${pattern}"`);
}

export const controlCommands = {
  qmp_capabilities: (_c, { enable }, { session }) => { session?.negotiate(enable ?? []); },
  'query-version': (_c, _a, { server }) => server.version(),
  'query-commands': (_c, _a, { server }) => [...server.schema.commands.keys()].map((name) => ({ name })),
  'query-events': (_c, _a, { server }) => [...server.schema.events.keys()].map((name) => ({ name })),
  'query-qmp-schema': (_c, _a, { server }) => (schemaInfo ??= introspect(server.schema)),
  'query-command-line-options': (_c, { option }) => commandLineOptions(option),
  'human-monitor-command': (c, a) => {
    const cpu = a['cpu-index'];
    if (cpu !== undefined && (cpu < 0 || cpu >= c.options.smp.cpus)) throw new QmpError("Parameter 'cpu-index' expects a CPU number");
    return c.hmp(a['command-line'], cpu);
  },
  getfd: () => { throw noDescriptor(); },
  closefd: (_c, { fdname }) => { throw new QmpError(`File descriptor named '${fdname}' not found`); },
  'add-fd': () => { throw noDescriptor(); },
  'remove-fd': (_c, a) => { throw new QmpError(`File descriptor named 'fdset-id:${a['fdset-id']}${a.fd === undefined ? '' : `, fd:${a.fd}`}' not found`); },
  'query-fdsets': () => [],
  'trace-event-get-state': (c, { name, vcpu }) => {
    checkVcpu(c, vcpu);
    if (vcpu !== undefined) noVcpuEvents(name);
    return traceEvents(name).map((e) => ({ name: e.name, state: e.enabled ? 'enabled' as const : 'disabled' as const, vcpu: false }));
  },
  'trace-event-set-state': (c, { name, enable, vcpu }) => {
    checkVcpu(c, vcpu);
    if (vcpu !== undefined) noVcpuEvents(name);
    traceEvents(name);
    setTraceEvents(name, enable);
  },
} satisfies Partial<QmpHandlers<QmpContext>>;
