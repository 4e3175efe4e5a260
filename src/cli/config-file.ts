// -readconfig and -writeconfig: QEMU's INI form of the options that have parameters.
import { readFileSync } from 'node:fs';
import { systemMessage, UserError } from '../errors.ts';
import { OPTION_GROUPS } from '../qmp/option-groups.ts';
import { splitCommas } from './qemu-opts.ts';

/** An option as the command line would have it: `chardev`, `null,id=x`. */
export interface ConfigOption {
  readonly option: string;
  readonly text: string;
  /** `FILE:LINE` of its last line, as QEMU counts. */
  readonly where: string;
}

const escape = (value: string) => value.replaceAll(',', ',,');

/** The option groups that take drivers, of which there are none to add yet. */
const DRIVER_GROUPS: Readonly<Record<string, { key: string; error: (driver: string) => string }>> = {
  device: { key: 'driver', error: (d) => `'${d}' is not a valid device model name` },
  netdev: { key: 'type', error: (d) => `Parameter 'type' does not accept value '${d}'` },
  drive: { key: 'file', error: (d) => `Could not open '${d}': drives are not available yet` },
};

/**
 * `[group]` or `[group "id"]`, then `key = "value"` lines; `#` begins a comment line. UserErrors `config-file`, with file and
 * line as QEMU gives them.
 */
export function readConfig(path: string): ConfigOption[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError('config-file', `-readconfig ${path}: Could not open '${path}': ${systemMessage(error)}`);
  }
  return parseConfig(path, text);
}

/** The same of a file's text. */
export function parseConfig(path: string, text: string): ConfigOption[] {
  const options: ConfigOption[] = [];
  let group: { name: string; id: string | undefined; values: [string, string][]; line: number } | undefined;
  const fail = (line: number, message: string) => new UserError('config-file', `${path}:${line}: ${message}`);
  const finish = () => {
    if (!group) return;
    if (!Object.hasOwn(OPTION_GROUPS, group.name) && !Object.hasOwn(DRIVER_GROUPS, group.name)) throw fail(group.line, `There is no option group '${group.name}'`);
    const driver = DRIVER_GROUPS[group.name];
    if (driver) {
      const value = group.values.find(([key]) => key === driver.key)?.[1];
      throw fail(group.line, value === undefined ? `Parameter '${driver.key}' is missing` : driver.error(value));
    }
    if (group.name === 'object' && !group.values.some(([key]) => key === 'qom-type')) throw fail(group.line, "Parameter 'qom-type' is missing");
    const { option, implied } = OPTION_GROUPS[group.name];
    // the parameter that may stand without its name comes first
    const values = group.values.toSorted(([a], [b]) => Number(b === implied) - Number(a === implied));
    const parts = values.map(([key, value]) => `${key}=${escape(value)}`);
    if (group.id !== undefined && (group.name === 'chardev' || group.name === 'object')) parts.push(`id=${escape(group.id)}`);
    if (parts.length > 0) options.push({ option, text: parts.join(','), where: `${path}:${group.line}` });
  };
  text.split('\n').forEach((raw, i) => {
    const line = i + 1, content = raw.trim();
    if (content === '' || content.startsWith('#')) return;
    const header = /^\[\s*([^\s"\]]+)(?:\s+"([^"]*)")?\s*\]$/.exec(content);
    if (header) {
      finish();
      const [, name, id] = header;
      group = { name, id, values: [], line };
      return;
    }
    const pair = /^([^\s=]+)\s*=\s*"([^"]*)"$/.exec(content);
    if (!pair) throw fail(line, 'parse error');
    if (!group) throw fail(line, 'no group defined');
    const known = OPTION_GROUPS[group.name]?.parameters;
    if (known && Object.keys(known).length > 0 && !(pair[1] in known) && group.name !== 'machine') throw fail(line, `Invalid parameter '${pair[1]}'`);
    group.line = line;
    group.values.push([pair[1], pair[2]]);
  });
  finish();
  return options;
}

/** The text of -writeconfig: the options given, of all groups that there are. */
export function configText(given: Readonly<Record<string, readonly string[]>>): string {
  const out = ['# qemu config file', ''];
  for (const [name, { option, implied }] of Object.entries(OPTION_GROUPS)) {
    for (const text of given[option] ?? []) {
      // JSON has no INI form
      if (text.startsWith('{')) continue;
      const values = splitCommas(text).filter((p) => p !== '').map((part, i) => {
        const eq = part.indexOf('=');
        if (eq > 0) return [part.slice(0, eq), part.slice(eq + 1)] as const;
        if (i === 0 && implied !== undefined) return [implied, part] as const;
        return part.startsWith('no') ? [part.slice(2), 'off'] as const : [part, 'on'] as const;
      });
      const id = values.find(([key]) => key === 'id')?.[1];
      out.push(id === undefined ? `[${name}]` : `[${name} "${id}"]`, ...values.filter(([key]) => key !== 'id').map(([key, value]) => `  ${key} = "${value}"`), '');
    }
  }
  return out.join('\n');
}
