// What -help, -version and the `help` argument of options print, made from the tables.
import { createRequire } from 'node:module';
import { LOG_ITEMS } from '../log.ts';
import { CPU_PROPERTIES } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import { BACKENDS } from './chardev-args.ts';
import { ACCELERATORS, VIRT_PROPERTIES } from './machine-args.ts';
import { objectTypes } from './object-args.ts';
import { OPTIONS } from './option-table.ts';
import type { OptionRow } from './option-table.ts';

/** The package's version: the one place that knows it is package.json. */
export const VERSION: string = (createRequire(import.meta.url)('../../package.json') as { version: string }).version;

const WIDTH = 16;
const lines = (list: readonly string[]) => `${list.join('\n')}\n`;

/** `-smp [cpus=]n…` and its help, on one line when it fits. */
function optionHelp(row: OptionRow): string {
  const spellings = [row.name, ...(row.aliases ?? [])].sort((a, b) => a.length - b.length).map((name) => `-${name}`).join(' or ');
  const head = row.value !== undefined ? `${spellings}[=${row.value}]` : row.arg === undefined ? spellings : `${spellings} ${row.arg}`;
  const body = row.help.map((line) => ' '.repeat(WIDTH) + line);
  return head.length < WIDTH ? [head.padEnd(WIDTH) + row.help[0], ...body.slice(1)].join('\n') : [head, ...body].join('\n');
}

/** The text of -help. */
export function helpText(): string {
  const shown = OPTIONS.filter((row) => row.implemented);
  const sections = [...new Set(shown.map((row) => row.section))];
  return lines([
    'usage: mttcg [options]',
    '',
    'Without options, an embedded guest shows four vCPUs at work.',
    ...sections.flatMap((section) => ['', `${section} options:`, ...shown.filter((row) => row.section === section).map(optionHelp)]),
    '',
    'During emulation, with the console on the terminal, Ctrl-A h lists the keys; Ctrl-A x ends the emulator.',
    '',
    `Options of QEMU that are not available yet: ${OPTIONS.filter((row) => !row.implemented).map((row) => `-${row.name}`).join(' ')}`,
  ]);
}

export type ListingName = 'help' | 'version' | 'machine' | 'machine-properties' | 'cpu' | 'accel' | 'd' | 'chardev' | 'display' | 'object';

/** The text that a request for help on `name` prints. */
export function listing(name: ListingName, catalog: Catalog): string {
  switch (name) {
    case 'help': return helpText();
    case 'version': return lines([`mttcg emulator version ${VERSION}`, `Node.js ${process.version}, V8 ${process.versions.v8}, ${process.platform} ${process.arch}`]);
    case 'machine': return lines(['Supported machines are:', ...catalog.machines.flatMap((m) => [
      `${m.name.padEnd(20)} ${m.description}`, ...m.aliases.map((alias) => `${alias.padEnd(20)} ${m.description} (alias of ${m.name})`),
    ])]);
    case 'machine-properties': return lines(['virt-machine options:', ...VIRT_PROPERTIES.map((p) => `  ${`${p.name}=<${p.type}>`.padEnd(24)} - ${p.help}${p.only ? ` (${p.only.join(' or ')})` : ''}`)]);
    case 'cpu': return lines([
      'Available CPUs:', ...catalog.cpuModels.map((m) => `  ${m.name.padEnd(16)} ${m.description}`.trimEnd()),
      '', 'Properties (on|off):', ...CPU_PROPERTIES.map((p) => `  ${p.name.padEnd(16)} ${p.help}${p.models === 'all' ? '' : ` (${p.models.join(', ')})`}${p.only === undefined ? '' : p.only ? ' (on)' : ' (off)'}`),
    ]);
    case 'accel': return lines(['Accelerators supported:', ...ACCELERATORS]);
    case 'chardev': return lines(['Available chardev backend types:', ...BACKENDS.map((b) => `  ${b}`)]);
    case 'object': return lines(['List of user creatable objects:', ...objectTypes().map((type) => `  ${type}`)]);
    case 'display': return lines(['Available display backend types:', 'none']);
    case 'd': return lines(['Log items (comma separated):', ...LOG_ITEMS.map((item) => `${item.name.padEnd(15)} ${item.help}`)]);
  }
}
