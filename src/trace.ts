// Trace events of the main thread: declared once, switched by monitors, written to the log as QEMU's `log` back end does.
import { qemuLog } from './log.ts';

const enabled = new Map<string, boolean>([
  'runstate_set', 'qemu_system_shutdown_request', 'qemu_system_powerdown_request', 'vm_state_notify',
  'handle_qmp_command', 'monitor_protocol_event_emit', 'monitor_qmp_cmd_in_band', 'monitor_qmp_cmd_out_of_band',
].map((name) => [name, false]));

/** Where more names come from when somebody first asks: most runs never do. */
const sources = new Set<() => Iterable<string>>();
/** Makes more events known, switched off. `names`: a function of a module; one made for a machine would keep that machine. */
export function declareTraceEvents(names: () => Iterable<string>): void { sources.add(names); }

/** `*` and `?` as in file names. */
export function matchTraceEvents(pattern: string): { name: string; enabled: boolean }[] {
  for (const names of sources) for (const name of names()) if (!enabled.has(name)) enabled.set(name, false);
  const expression = new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`);
  return [...enabled].filter(([name]) => expression.test(name)).map(([name, on]) => ({ name, enabled: on }));
}

/** Switches the events that match; how many there were. */
export function setTraceEvents(pattern: string, on: boolean): number {
  const found = matchTraceEvents(pattern);
  for (const { name } of found) enabled.set(name, on);
  return found.length;
}

/** Writes the event when it is enabled. */
export function trace(name: string, text: string | (() => string) = ''): void {
  if (enabled.get(name) !== true) return;
  qemuLog(`${name} ${typeof text === 'string' ? text : text()}`.trimEnd());
}
