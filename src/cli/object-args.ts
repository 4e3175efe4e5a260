// -object: `type,id=…,prop=value` or JSON, checked against the schema of object-add.
import { UserError } from '../errors.ts';
import type { ObjectOption } from '../machine/objects.ts';
import { QmpError } from '../qmp/errors.ts';
import { JsonError, JsonReader, type Json, type JsonObject } from '../qmp/json.ts';
import { qmpSchema, type TypeSchema } from '../qmp/schema.ts';
import { parseBool, parseInteger, parseSize, splitCommas } from './qemu-opts.ts';

/** The kinds of objects there are. */
export const objectTypes = (): string[] => branches().map((b) => b.properties!['qom-type'].const!);

const branches = (): readonly TypeSchema[] => qmpSchema().commands.get('object-add')!.arguments!.oneOf!;

/** What -object and the monitor's object_add say. `where` begins the messages. UserErrors with QEMU's texts. */
export function parseObject(text: string, where = `-object ${text}`): ObjectOption {
  const fail = (message: string, hint?: string) => new UserError('bad-object', where === '' ? message : `${where}: ${message}`, hint);
  const args = text.startsWith('{') ? fromJson(text, fail) : fromOptions(text, fail);
  try {
    qmpSchema().checkArguments(qmpSchema().commands.get('object-add')!, args);
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    throw fail(error.message.replace(/^Parameter ('.*') is unexpected$/, 'Invalid parameter $1'));
  }
  const { 'qom-type': type, id, ...properties } = args as { 'qom-type': string; id: string };
  if (!/^[a-z][\w.-]*$/i.test(id)) throw fail("Parameter 'id' expects an identifier", "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter");
  return { where, type, id, properties };
}

type Fail = (message: string) => UserError;

function fromJson(text: string, fail: Fail): JsonObject {
  let value: Json | JsonError | undefined;
  const reader = new JsonReader((v) => { value ??= v; });
  reader.feed(Buffer.from(text));
  if (value === undefined || !reader.idle) throw fail('JSON parse error, premature EOI');
  if (value instanceof JsonError) throw fail(value.message);
  return value as JsonObject;
}

function fromOptions(text: string, fail: Fail): JsonObject {
  const pairs = new Map<string, string>();
  splitCommas(text).forEach((part, i) => {
    const eq = part.indexOf('=');
    if (eq > 0) pairs.set(part.slice(0, eq), part.slice(eq + 1));
    else if (i === 0 && part !== '') pairs.set('qom-type', part);
    else if (part !== '') throw fail(`Expected '=' after parameter '${part}'`);
  });
  const type = pairs.get('qom-type');
  if (type === undefined) throw fail("Parameter 'qom-type' is missing");
  const types = branches().find((b) => b.properties!['qom-type'].const === type)?.properties ?? {};
  return Object.fromEntries([...pairs].map(([name, value]) => [name, typed(name, value, qmpSchema().resolve(types[name] ?? {}), fail)]));
}

/** A value typed on a command line as the schema has it. */
function typed(name: string, value: string, type: TypeSchema, fail: Fail): Json {
  switch (type.type) {
    case 'boolean': {
      const b = parseBool(value);
      if (b === undefined) throw fail(`Parameter '${name}' expects 'on' or 'off'`);
      return b;
    }
    case 'integer': {
      const n = name === 'size' ? parseSize(value) : parseInteger(value);
      if (n === undefined) throw fail(`Parameter '${name}' expects ${name === 'size' ? 'a size value' : 'uint64'}`);
      return n;
    }
    case 'array': return value.split(':').map(Number);
    default: return value;
  }
}
