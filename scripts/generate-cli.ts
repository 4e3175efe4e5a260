// Makes docs/command-line.md from the tables of the command line: `node scripts/generate-cli.ts`.
import { writeFileSync } from 'node:fs';
import { CPU_PROPERTIES, EXCLUSIVE_SCHEMES, MACHINES } from '../src/cli/catalog.ts';
import { BACKENDS } from '../src/cli/chardev-args.ts';
import { VIRT_PROPERTIES } from '../src/cli/machine-args.ts';
import { objectTypes } from '../src/cli/object-args.ts';
import { IMPLEMENTED, REFUSED, type OptionRow } from '../src/cli/option-table.ts';
import { LOG_ITEMS } from '../src/log.ts';
import { OPTION_GROUPS } from '../src/qmp/option-groups.ts';
import { cpuModelList } from '../src/target/arm/cpu-models.ts';

const cell = (text: string) => text.replaceAll('|', '\\|');
const code = (text: string) => `\`${text}\``;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) => [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map((r) => `| ${r.map(cell).join(' | ')} |`), ''];

/** One option: its spellings with the argument, then its help. */
function option(row: OptionRow): string[] {
  const spellings = [row.name, ...(row.aliases ?? [])].map((name) => code(`-${name}${row.arg === undefined ? '' : ` ${row.arg}`}`));
  return [`### -${row.name}`, '', spellings.join(', '), '', ...row.help.map((line) => `- ${line.replaceAll('<', '\\<').replaceAll('|', '\\|')}`), ''];
}

/** The text of docs/command-line.md. */
export function commandLineText(): string {
  const rows: readonly OptionRow[] = IMPLEMENTED, models = cpuModelList();
  const sections = [...new Set(rows.map((row) => row.section))];
  const out = [
    '# Command line reference', '',
    'Made from the option table (`src/cli/option-table.ts`) and the tables beside it by `scripts/generate-cli.ts`. How options are read is in [design/cli.md](design/cli.md); what the monitors do is in the [QMP reference](qmp.md).', '',
    'Options are QEMU\'s, with one dash or two. Lists of parameters are separated by commas; `,,` is a comma. Sizes take the suffixes K, M, G and T.', '',
    ...sections.flatMap((section) => [`## ${section} options`, '', ...rows.filter((row) => row.section === section).flatMap(option)]),
    '## Machines', '', ...table(['name', 'aliases', 'default CPU', 'vCPUs', 'RAM'], MACHINES.map((m) => [code(m.name), m.aliases.map(code).join(', '), code(m.defaultCpu), `up to ${m.maxCpus}`, `${m.defaultRam / 2 ** 20} MiB, up to ${m.maxRam / 2 ** 30} GiB`])),
    '## Properties of -machine virt', '', ...table(['property', 'type', ''], VIRT_PROPERTIES.map((p) => [code(p.name), p.type, `${p.help}${p.only ? `: ${p.only.map(code).join(' or ')} only` : ''}`])),
    '## CPU models', '', ...table(['model', ''], models.map((m) => [code(m.name), m.description])),
    ...table(['property', 'models', 'default', ''], CPU_PROPERTIES.map((p) => [code(p.name), p.models === 'all' ? 'all' : p.models.map(code).join(', '), p.default ? 'on' : 'off', `${p.help}${p.only === undefined ? '' : `: ${p.only ? 'on' : 'off'} only`}`])),
    '## Schemes of -accel tcg,exclusive=', '', `${EXCLUSIVE_SCHEMES.map(code).join(', ')}; the first is the default.`, '',
    '## Character devices', '', `${BACKENDS.map(code).join(', ')}.`, '',
    '## Objects', '', `${objectTypes().map(code).join(', ')}; their properties are the arguments of [object-add](qmp.md#object-add).`, '',
    '## Log items of -d', '', ...table(['item', ''], LOG_ITEMS.map((i) => [code(i.name), i.help])),
    '## Groups of -readconfig', '', ...table(['group', 'option', 'parameters'], Object.entries(OPTION_GROUPS).map(([name, g]) => [code(name), code(`-${g.option}`), Object.keys(g.parameters).map(code).join(', ') || 'those of the option'])),
    '## Options of QEMU that are refused by name', '', ...table(['option', ''], REFUSED.map((row) => [code(`-${row.name}`), row.help.join('; ')])),
  ];
  return `${out.join('\n').trimEnd()}\n`;
}

if (import.meta.main) writeFileSync(new URL('../docs/command-line.md', import.meta.url), commandLineText());
