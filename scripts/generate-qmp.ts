// Makes src/qmp/types.ts and docs/qmp.md from schemas/: `node scripts/generate-qmp.ts`.
import { writeFileSync } from 'node:fs';
import { qmpSchema, type TypeSchema } from '../src/qmp/schema.ts';

const schema = qmpSchema();
const ident = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`);

function tsType(t: TypeSchema): string {
  if (t.$ref !== undefined) return t.$ref;
  if (t.enum) return t.enum.map((v) => `'${v}'`).join(' | ');
  if (t.const !== undefined) return `'${t.const}'`;
  if (t.anyOf ?? t.oneOf) return (t.anyOf ?? t.oneOf)!.map(tsType).join(' | ');
  switch (t.type) {
    case 'string': case 'number': case 'boolean': case 'null': return t.type;
    case 'integer': return 'number';
    case 'array': {
      const item = tsType(t.items!);
      return /[ |]/.test(item) ? `readonly (${item})[]` : `readonly ${item}[]`;
    }
    case 'object': {
      const members = Object.entries(t.properties ?? {}).map(([name, p]) => `${ident(name)}${t.required?.includes(name) ? '' : '?'}: ${tsType(p)}`);
      if (t.additionalProperties) members.push('[property: string]: unknown');
      return members.length === 0 ? 'Record<string, never>' : `{ ${members.join('; ')} }`;
    }
    default: return 'unknown';
  }
}

/** The text of src/qmp/types.ts. */
export function typesText(): string {
  const out = ['// Generated from schemas/ by scripts/generate-qmp.ts: the types of QMP, its commands and its events.', ''];
  for (const [name, t] of schema.definitions) out.push(`export type ${name} = ${tsType(t)};`);
  out.push('', '/** Arguments and return value of each command. */', 'export interface QmpCommands {');
  for (const [name, c] of schema.commands) {
    out.push(`  /** ${c.description} */`, `  ${ident(name)}: { arguments: ${c.arguments ? tsType(c.arguments) : 'Record<string, never>'}; returns: ${c.returns ? tsType(c.returns) : 'void'} };`);
  }
  out.push('}', '', '/** Data of each event. */', 'export interface QmpEvents {');
  for (const [name, e] of schema.events) out.push(`  /** ${e.description} */`, `  ${ident(name)}: ${e.data ? tsType(e.data) : 'undefined'};`);
  out.push('}', '');
  return out.join('\n');
}

/** A type in words, for tables. */
function docType(t: TypeSchema): string {
  if (t.$ref !== undefined) return `[${t.$ref}](#${t.$ref.toLowerCase()})`;
  if (t.enum) return t.enum.map((v) => `\`${v}\``).join(', ');
  if (t.const !== undefined) return `\`${t.const}\``;
  if (t.anyOf) return t.anyOf.map(docType).join(' or ');
  if (t.type === 'array') return `list of ${docType(t.items!)}`;
  return t.type ?? 'any value';
}

function docMembers(t: TypeSchema): string[] {
  if (t.oneOf) return t.oneOf.flatMap((b) => [`With \`${t.discriminator!.propertyName}\` ${docType(b.properties![t.discriminator!.propertyName])}:`, '', ...docMembers(b)]);
  const rows = Object.entries(t.properties ?? {}).map(([name, p]) => `| \`${name}\` | ${docType(p)} | ${t.required?.includes(name) ? '' : 'optional'} |`);
  return rows.length === 0 ? [] : ['| member | type | |', '|---|---|---|', ...rows, ''];
}

/** The text of docs/qmp.md. */
export function docsText(): string {
  const out = ['# QMP reference', '', 'Made from `schemas/` by `scripts/generate-qmp.ts`. How monitors work is in [design/management.md](design/management.md).', ''];
  for (const m of schema.modules) {
    out.push(`## ${m.title}`, '', m.description, '');
    for (const [name, c] of Object.entries(m.commands ?? {})) {
      const flags = [c['allow-preconfig'] ? 'also in preconfig' : '', c['allow-oob'] ? 'also out of band' : ''].filter((f) => f !== '');
      out.push(`### ${name}`, '', `${c.description} Since QEMU ${c.since}${flags.length > 0 ? `; ${flags.join('; ')}` : ''}.`, '');
      if (c.arguments) out.push('Arguments:', '', ...docMembers(c.arguments));
      if (c.returns) out.push(`Returns: ${docType(c.returns)}.`, '');
    }
    for (const [name, e] of Object.entries(m.events ?? {})) {
      out.push(`### ${name} (event)`, '', `${e.description} Since QEMU ${e.since}.`, '');
      if (e.data) out.push(...docMembers(e.data));
    }
    for (const [name, t] of Object.entries(m.definitions ?? {})) {
      out.push(`### ${name}`, '');
      if (t.enum) out.push(`One of ${docType(t)}.`, '');
      else if (t.anyOf) out.push(`${docType(t)}.`, '');
      else out.push(...(docMembers(t).length > 0 ? docMembers(t) : ['No members.', '']));
    }
  }
  return `${out.join('\n').trimEnd()}\n`;
}

if (import.meta.main) {
  writeFileSync(new URL('../src/qmp/types.ts', import.meta.url), typesText());
  writeFileSync(new URL('../docs/qmp.md', import.meta.url), docsText());
}
