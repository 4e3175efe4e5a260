// Arguments of human monitor commands, read as each command declares them.
import { HmpError } from './errors.ts';
import { Cursor, parseExpression, type Registers } from './expression.ts';

/** What an argument is: a word, the rest of the line, an expression (of 64 or 32 bits), on|off, a /format, a -flag. */
export type ArgKind = 'string' | 'filename' | 'rest' | 'integer' | 'int32' | 'bool' | 'format' | 'flag';

export interface ArgSpec {
  readonly name: string;
  readonly kind: ArgKind;
  readonly optional?: boolean;
}

/** `/4xw`: how many, how shown (x d u o c i), and bytes each; letters left out are those used last. */
export interface Format {
  readonly count: number;
  readonly format: string;
  readonly size: number;
}

/** What a `/format` leaves out is as it was last time. One a monitor. */
export interface FormatDefaults {
  format: string;
  size: number;
}

export type ArgValues = Readonly<Record<string, string | bigint | boolean | Format | undefined>>;

const SIZES: Readonly<Record<string, number>> = { b: 1, h: 2, w: 4, g: 8, L: 8 };

/** A word, or text in double quotes with backslash escapes. Undefined at the end of the line. */
function word(c: Cursor): string | undefined {
  const first = c.peek();
  if (first === '') return undefined;
  if (first !== '"') {
    const [text] = /^\S+/.exec(c.text.slice(c.at))!;
    c.at += text.length;
    return text;
  }
  let out = '';
  for (let i = c.at + 1; i < c.text.length; i++) {
    const ch = c.text[i];
    if (ch === '"') {
      c.at = i + 1;
      return out;
    }
    if (ch !== '\\') {
      out += ch;
      continue;
    }
    const escaped = c.text[++i];
    const known: Readonly<Record<string, string>> = { n: '\n', r: '\r', '\\': '\\', "'": "'", '"': '"' };
    if (escaped === undefined || !(escaped in known)) throw new HmpError(`unsupported escape code: '\\${escaped ?? ''}'`);
    out += known[escaped];
  }
  throw new HmpError('unterminated string');
}

function parseFormat(c: Cursor, defaults: FormatDefaults): Format {
  let count = 1, format: string | undefined, size: number | undefined;
  if (c.peek() === '/') {
    c.at++;
    const digits = /^\d+/.exec(c.text.slice(c.at));
    if (digits) {
      count = Number(digits[0]);
      c.at += digits[0].length;
    }
    for (;; c.at++) {
      const ch = c.text[c.at] ?? '';
      if ('oduxic'.includes(ch) && ch !== '') format = ch;
      else if (ch in SIZES) size = SIZES[ch];
      else break;
    }
    const ch = c.text[c.at] ?? '';
    if (ch !== '' && !/\s/.test(ch)) throw new HmpError(`invalid char in format: '${ch}'`);
  }
  format ??= defaults.format;
  if (format !== 'i') defaults.size = size ?? defaults.size;
  defaults.format = format;
  return { count, format, size: defaults.size };
}

/** Reads the arguments of a command. HmpErrors with QEMU's texts; `name` is how the command was called. */
export function parseArgs(name: string, allNames: string, specs: readonly ArgSpec[], text: string, registers: Registers, defaults: FormatDefaults): ArgValues {
  const c = new Cursor(text);
  const values: Record<string, ArgValues[string]> = {};
  for (const spec of specs) {
    switch (spec.kind) {
      case 'flag': {
        if (c.peek() !== '-') break;
        const letter = c.text[c.at + 1] ?? '';
        if (letter !== spec.name) {
          if (specs.some((s) => s.kind === 'flag' && s.name === letter)) break;
          throw new HmpError(`${name}: unsupported option -${letter}`);
        }
        values[spec.name] = true;
        c.at += 2;
        break;
      }
      case 'format': values[spec.name] = parseFormat(c, defaults); break;
      case 'rest': {
        const rest = c.text.slice(c.at).trim();
        if (rest === '' && !spec.optional) throw new HmpError(`${name}: string expected`);
        if (rest !== '') values[spec.name] = rest;
        c.at = c.text.length;
        break;
      }
      case 'integer': case 'int32': {
        if (c.peek() === '' && spec.optional) break;
        const value = parseExpression(c, registers);
        if (spec.kind === 'int32' && value >> 32n !== 0n) throw new HmpError(`'${allNames}' has failed: integer is for 32-bit values`);
        values[spec.name] = value;
        break;
      }
      case 'bool': {
        const value = word(c);
        if (value === undefined && spec.optional) break;
        if (value !== 'on' && value !== 'off') throw new HmpError("Expected 'on' or 'off'");
        values[spec.name] = value === 'on';
        break;
      }
      case 'string': case 'filename': {
        const value = word(c);
        if (value === undefined && !spec.optional) throw new HmpError(`${name}: ${spec.kind} expected`);
        if (value !== undefined) values[spec.name] = value;
      }
    }
  }
  if (c.peek() !== '') throw new HmpError(`${allNames}: extraneous characters at the end of line`);
  return values;
}
