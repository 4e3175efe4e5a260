// The interface as declared in schemas/: what commands, events and types there are, and validation of what goes over the wire.
import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { invalidType, QmpError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';

/** The part of JSON Schema that schemas/ uses. */
export interface TypeSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null';
  readonly $ref?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly items?: TypeSchema;
  readonly properties?: Readonly<Record<string, TypeSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly anyOf?: readonly TypeSchema[];
  /** A union: one branch a value of the discriminator, every branch with all its members. */
  readonly oneOf?: readonly TypeSchema[];
  readonly discriminator?: { readonly propertyName: string };
  readonly features?: readonly string[];
}

export interface CommandSchema {
  readonly description: string;
  readonly since: string;
  /** May be executed out of band. */
  readonly 'allow-oob'?: boolean;
  /** May be executed before the machine is created. */
  readonly 'allow-preconfig'?: boolean;
  readonly features?: readonly string[];
  readonly arguments?: TypeSchema;
  readonly returns?: TypeSchema;
}

export interface EventSchema {
  readonly description: string;
  readonly since: string;
  readonly data?: TypeSchema;
}

export interface SchemaModule {
  readonly title: string;
  readonly description: string;
  readonly definitions?: Readonly<Record<string, TypeSchema>>;
  readonly commands?: Readonly<Record<string, CommandSchema>>;
  readonly events?: Readonly<Record<string, EventSchema>>;
}

/** The files of schemas/ that make up QMP, in the order they are documented. */
const MODULES = ['control', 'introspect', 'run-state', 'machine', 'machine-target', 'misc', 'qom', 'qdev', 'char', 'trace', 'yank', 'job', 'block', 'net', 'pci', 'ui'];

export class QmpSchema {
  readonly modules: readonly SchemaModule[];
  readonly commands: ReadonlyMap<string, CommandSchema>;
  readonly events: ReadonlyMap<string, EventSchema>;
  readonly definitions: ReadonlyMap<string, TypeSchema>;
  readonly #ajv: Ajv;
  readonly #validators = new Map<TypeSchema, ValidateFunction>();

  constructor(modules: readonly SchemaModule[]) {
    this.modules = modules;
    const all = <K extends 'commands' | 'events' | 'definitions'>(part: K) => new Map(modules.flatMap((m) => Object.entries(m[part] ?? {}))) as ReadonlyMap<string, NonNullable<SchemaModule[K]>[string]>;
    this.commands = all('commands');
    this.events = all('events');
    this.definitions = all('definitions');
    this.#ajv = new Ajv({ allErrors: true, discriminator: true, verbose: true, strict: true, strictTypes: false, strictRequired: false, keywords: ['features'] });
    for (const [name, schema] of this.definitions) this.#ajv.addSchema(schema, name);
  }

  /** A type behind its `$ref`. */
  resolve(type: TypeSchema): TypeSchema {
    return type.$ref === undefined ? type : this.definitions.get(type.$ref)!;
  }

  /** Checks a command's arguments. QmpError with QEMU's text. */
  checkArguments(command: CommandSchema, args: JsonObject): void {
    if (!command.arguments) {
      const [name] = Object.keys(args);
      if (name !== undefined) throw unexpected(name);
      return;
    }
    const errors = this.#errors(command.arguments, args);
    if (errors.length > 0) throw asQmpError(errors, command.arguments);
  }

  /** What is wrong with a value of that type, for tests: empty when nothing is. */
  explain(type: TypeSchema | undefined, value: Json | undefined): string[] {
    if (!type) return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0) ? [] : ['unexpected value'];
    return this.#errors(type, value as Json).map((e) => `${e.instancePath} ${e.message}`);
  }

  #errors(type: TypeSchema, value: Json): readonly ErrorObject[] {
    let validate = this.#validators.get(type);
    if (!validate) this.#validators.set(type, validate = this.#ajv.compile(type));
    return validate(plain(value)) ? [] : validate.errors!;
  }
}

/** Numbers as ajv can judge them: what does not fit int64 is no integer. */
function plain(value: Json): unknown {
  if (typeof value === 'bigint') return value < 2n ** 63n ? Number(value) : `${value}`;
  if (typeof value === 'number') return Math.abs(value) < 2 ** 63 ? value : `${value}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  return value;
}

const unexpected = (name: string) => new QmpError(`Parameter '${name}' is unexpected`);

/** `/backend/data/0` as QEMU writes it: `backend.data[0]`. */
const fullName = (path: string, last?: string): string => {
  const parts = path.split('/').slice(1).map((p) => p.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (last !== undefined) parts.push(last);
  return parts.reduce((name, p) => (/^\d+$/.test(p) ? `${name}[${p}]` : name === '' ? p : `${name}.${p}`), '');
};

/** QEMU's name of an enum's parameter in messages: no path, and none at all in a list. */
const bareName = (path: string): string => {
  const last = path.split('/').at(-1)!;
  return /^\d+$/.test(last) ? 'null' : last;
};

/** The error QEMU would have met first: it visits members in their order, and complains about further ones last. */
function asQmpError(errors: readonly ErrorObject[], type: TypeSchema): QmpError {
  const order = Object.keys(type.properties ?? {});
  const rank = (e: ErrorObject): number => {
    if (e.keyword === 'additionalProperties') return order.length + e.instancePath.length;
    const name = e.keyword === 'required' && e.instancePath === '' ? (e.params as { missingProperty: string }).missingProperty : e.instancePath.split('/')[1];
    return order.indexOf(name);
  };
  const e = errors.filter((x) => !['oneOf', 'anyOf'].includes(x.keyword) || errors.length === 1).toSorted((a, b) => rank(a) - rank(b))[0] ?? errors[0];
  switch (e.keyword) {
    case 'required': return new QmpError(`Parameter '${fullName(e.instancePath, (e.params as { missingProperty: string }).missingProperty)}' is missing`);
    case 'additionalProperties': return unexpected(fullName(e.instancePath, (e.params as { additionalProperty: string }).additionalProperty));
    case 'type': return invalidType(fullName(e.instancePath), `${(e.params as { type: string }).type}`);
    case 'enum': case 'const':
      return typeof e.data === 'string' ? new QmpError(`Parameter '${bareName(e.instancePath)}' does not accept value '${e.data}'`) : invalidType(fullName(e.instancePath), 'string');
    case 'discriminator': {
      const { tag, tagValue } = e.params as { tag: string; tagValue: unknown };
      if (tagValue === undefined) return new QmpError(`Parameter '${fullName(e.instancePath, tag)}' is missing`);
      return typeof tagValue === 'string' ? new QmpError(`Parameter '${tag}' does not accept value '${tagValue}'`) : invalidType(fullName(e.instancePath, tag), 'string');
    }
    case 'minimum': case 'maximum': return invalidType(fullName(e.instancePath), 'integer');
    default: return invalidType(fullName(e.instancePath), 'value');
  }
}

let loaded: QmpSchema | undefined;

/** The schemas that come with the emulator. Read once. */
export function qmpSchema(): QmpSchema {
  if (loaded) return loaded;
  const folder = new URL('../../schemas/', import.meta.url);
  loaded = new QmpSchema(MODULES.map((name) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as SchemaModule));
  return loaded;
}
