// query-qmp-schema: the schemas as QEMU's SchemaInfo list, types under numbers so that nobody depends on their names.
import type { SchemaInfo } from './types.ts';
import type { QmpSchema, TypeSchema } from './schema.ts';

const BUILTINS = { string: 'str', integer: 'int', number: 'number', boolean: 'bool', null: 'null' } as const;
const JSON_TYPES = { str: 'string', int: 'int', number: 'number', bool: 'boolean', null: 'null', any: 'value' } as const;

type Builtin = keyof typeof JSON_TYPES;

export function introspect(schema: QmpSchema): SchemaInfo[] {
  const types: SchemaInfo[] = [];
  const ids = new Map<string, string>();
  const builtins = new Set<Builtin>();
  let next = 0;

  const builtin = (name: Builtin): string => {
    builtins.add(name);
    return name;
  };

  /** Number of a type; equal types have one. `key`: its name, or its text. */
  const numbered = (key: string, make: (id: string) => SchemaInfo): string => {
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = `${next++}`;
    ids.set(key, id);
    types.push(make(id));
    return id;
  };

  const object = (key: string, t: TypeSchema): string => numbered(key, (name) => ({ 'meta-type': 'object', name, ...members(t) }));

  const member = (name: string, t: TypeSchema, required: readonly string[]) => ({
    name, type: typeOf(t), ...(required.includes(name) ? {} : { default: null }), ...(t.features ? { features: [...t.features] } : {}),
  });

  const members = (t: TypeSchema) => {
    if (!t.oneOf) return { members: Object.entries(t.properties ?? {}).map(([name, p]) => member(name, p, t.required ?? [])) };
    const tag = t.discriminator!.propertyName;
    const [first] = t.oneOf;
    const base = Object.keys(first.properties!).filter((name) => t.oneOf!.every((b) => name in b.properties!));
    const cases = (b: TypeSchema): readonly string[] => b.properties![tag].enum ?? [b.properties![tag].const!];
    const tagType: TypeSchema = { enum: t.oneOf.flatMap(cases) };
    return {
      members: base.map((name) => member(name, name === tag ? tagType : first.properties![name], first.required ?? [])),
      tag,
      variants: t.oneOf.flatMap((b) => {
        const own = Object.fromEntries(Object.entries(b.properties!).filter(([name]) => !base.includes(name)));
        const of: TypeSchema = { type: 'object', properties: own, required: (b.required ?? []).filter((name) => name in own) };
        const type = object(JSON.stringify(of), of);
        return cases(b).map((value) => ({ case: value, type }));
      }),
    };
  };

  const typeOf = (t: TypeSchema): string => {
    if (t.$ref !== undefined) return named(t.$ref, schema.definitions.get(t.$ref)!);
    return named(JSON.stringify(t), t);
  };

  const named = (key: string, t: TypeSchema): string => {
    if (t.enum || t.const !== undefined) {
      const values = [...(t.enum ?? [t.const!])];
      return numbered(key, (name) => ({ 'meta-type': 'enum', name, members: values.map((v) => ({ name: v })), values }));
    }
    if (t.anyOf) return numbered(key, (name) => ({ 'meta-type': 'alternate', name, members: t.anyOf!.map((a) => ({ type: typeOf(a) })) }));
    if (t.type === 'array') {
      const element = typeOf(t.items!), name = `[${element}]`;
      if (!ids.has(name)) {
        ids.set(name, name);
        types.push({ 'meta-type': 'array', name, 'element-type': element });
      }
      return name;
    }
    if (t.oneOf || t.type === 'object') return object(key, t);
    return builtin(t.type === undefined ? 'any' : BUILTINS[t.type as keyof typeof BUILTINS]);
  };

  const empty = object('{}', { type: 'object', properties: {} });
  const entries: SchemaInfo[] = [];
  for (const [name, c] of schema.commands) {
    entries.push({
      'meta-type': 'command', name, 'arg-type': c.arguments ? typeOf(c.arguments) : empty, 'ret-type': c.returns ? typeOf(c.returns) : empty,
      ...(c['allow-oob'] ? { 'allow-oob': true } : {}), ...(c.features ? { features: [...c.features] } : {}),
    });
  }
  for (const [name, e] of schema.events) entries.push({ 'meta-type': 'event', name, 'arg-type': e.data ? typeOf(e.data) : empty });
  for (const name of builtins) entries.push({ 'meta-type': 'builtin', name, 'json-type': JSON_TYPES[name] });
  return [...entries, ...types];
}
