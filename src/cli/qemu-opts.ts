// QEMU's option syntax: `value,key=value,flag=on`, `,,` for a comma, sizes with suffixes, booleans.
import { UserError } from '../errors.ts';

const TRUE = ['on', 'yes', 'true', 'y'];
const FALSE = ['off', 'no', 'false', 'n'];
const SUFFIXES = 'BKMGTPE';

/** Splits at single commas; `,,` is a literal comma. */
export function splitCommas(text: string): string[] {
  const parts: string[] = [''];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== ',') parts[parts.length - 1] += text[i];
    else if (text[i + 1] === ',') {
      parts[parts.length - 1] += ',';
      i++;
    } else parts.push('');
  }
  return parts;
}

/** An unsigned integer as C writes it (decimal, 0x, leading-0 octal); undefined when it is none or above 2^53. */
export function parseInteger(text: string): number | undefined {
  const body = text.replace(/^\+/, '');
  const value = /^0x[0-9a-f]+$/i.test(body) ? Number(body) : /^0[0-7]+$/.test(body) ? parseInt(body, 8) : /^\d+$/.test(body) ? Number(body) : NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Bytes of a size with QEMU's suffixes B, K, M, G, T, P, E (powers of 1024); a bare number counts in `unit`. Undefined when malformed. */
export function parseSize(text: string, unit: 'B' | 'K' | 'M' | 'G' = 'B'): number | undefined {
  const m = /^(0x[0-9a-f]+|\d+(?:\.\d+)?)([bkmgtpe]?)$/i.exec(text.trim());
  if (!m) return undefined;
  const scale = 1024 ** SUFFIXES.indexOf(m[2].toUpperCase() || unit);
  return Math.floor(Number(m[1]) * scale);
}

/** `on` or `off` and their synonyms; undefined for anything else. */
export function parseBool(text: string): boolean | undefined {
  return TRUE.includes(text) ? true : FALSE.includes(text) ? false : undefined;
}

/**
 * The parameters of one option. Getters take a parameter away; `finish()` complains about what nobody took.
 * Every error is a UserError `bad-parameter` that begins with the option as it was typed. A repeated key: the last one counts.
 */
export class QemuOpts {
  /** `-smp 4,foo=1`: how the option was typed, for messages. */
  readonly where: string;
  readonly #values = new Map<string, string>();
  readonly #repeated = new Map<string, string[]>();

  /**
   * @param implied the key of a first parameter without `=`.
   * @param shortBools accept `server` and `nowait` for `server=on` and `wait=off`, as QEMU's chardev options still do.
   */
  constructor(option: string, text: string, implied?: string, shortBools: readonly string[] = []) {
    this.where = option.endsWith(':') ? option + text : `${option} ${text}`;
    splitCommas(text).forEach((part, i) => {
      const eq = part.indexOf('=');
      if (eq > 0) this.#set(part.slice(0, eq), part.slice(eq + 1));
      else if (i === 0 && implied) this.#set(implied, part);
      else if (shortBools.includes(part)) this.#set(part, 'on');
      else if (part.startsWith('no') && shortBools.includes(part.slice(2))) this.#set(part.slice(2), 'off');
      else if (part !== '' || i === 0) throw this.error(`Expected '=' after parameter '${part}'`);
    });
  }

  #set(key: string, value: string): void {
    this.#values.set(key, value);
    this.#repeated.set(key, [...(this.#repeated.get(key) ?? []), value]);
  }

  error(message: string, code = 'bad-parameter', hint?: string): UserError {
    return new UserError(code, `${this.where}: ${message}`, hint);
  }

  string(key: string): string | undefined {
    const value = this.#values.get(key);
    this.#values.delete(key);
    return value;
  }

  /** All values of a key that may be repeated. */
  strings(key: string): string[] {
    this.#values.delete(key);
    return this.#repeated.get(key) ?? [];
  }

  bool(key: string): boolean | undefined {
    const text = this.string(key);
    if (text === undefined) return undefined;
    const value = parseBool(text);
    if (value === undefined) throw this.error(`Parameter '${key}' expects 'on' or 'off'`);
    return value;
  }

  integer(key: string): number | undefined {
    const text = this.string(key);
    if (text === undefined) return undefined;
    const value = parseInteger(text);
    if (value === undefined) throw this.error(`Parameter '${key}' expects a non-negative integer, not '${text}'`);
    return value;
  }

  /** Bytes. */
  size(key: string, unit: 'B' | 'K' | 'M' | 'G' = 'B'): number | undefined {
    const text = this.string(key);
    if (text === undefined) return undefined;
    const value = parseSize(text, unit);
    if (value === undefined) {
      throw this.error(`Parameter '${key}' expects a non-negative number below 2^64`, 'bad-parameter', 'suffix K, M, G or T means kilo-, mega-, giga- or terabytes');
    }
    if (value >= 2 ** 64) throw this.error(`Value '${text}' is out of range for parameter '${key}'`);
    return value;
  }

  /** One of `choices`. */
  choice<const T extends string>(key: string, choices: readonly T[]): T | undefined {
    const text = this.string(key);
    if (text === undefined) return undefined;
    if (!(choices as readonly string[]).includes(text)) {
      throw this.error(`Parameter '${key}' does not accept value '${text}'`, 'bad-parameter', `it takes ${choices.join(', ')}`);
    }
    return text as T;
  }

  /** Keys nobody has taken yet, in the order typed. */
  get rest(): string[] {
    return [...this.#values.keys()];
  }

  /** UserError when parameters are left; `keyval`: with the words of options that QEMU reads as objects. */
  finish(keyval = false): void {
    const [key] = this.rest;
    if (key !== undefined) throw this.error(keyval ? `Parameter '${key}' is unexpected` : `Invalid parameter '${key}'`);
  }
}
