// JSON as QMP monitors read and write it: a streaming reader with QEMU's limits and error texts, and QEMU's two output forms.

/** A JSON value. Integers beyond 2^53 are bigint. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Limits of one message, QEMU's: bytes of its tokens, tokens, depth. */
export const MAX_TOKEN_SIZE = 64 << 20;
export const MAX_TOKEN_COUNT = 2 << 20;
export const MAX_NESTING = 1 << 10;

/** What was wrong with the input; `message` is QEMU's text. */
export class JsonError extends Error {}

type TokenType = '{' | '}' | '[' | ']' | ':' | ',' | 'string' | 'number' | 'keyword';
interface Token { readonly type: TokenType; readonly text: Buffer }

const S = { START: 0, DQ: 1, DQ_ESC: 2, SQ: 3, SQ_ESC: 4, MINUS: 5, ZERO: 6, DIGITS: 7, POINT: 8, FRACTION: 9, E: 10, E_SIGN: 11, E_DIGITS: 12, KEYWORD: 13, RECOVERY: 14 } as const;
type State = (typeof S)[keyof typeof S];

const isDigit = (c: number) => c >= 0x30 && c <= 0x39;
const isLower = (c: number) => c >= 0x61 && c <= 0x7a;
const PUNCTUATION: Readonly<Record<number, TokenType>> = { 0x7b: '{', 0x7d: '}', 0x5b: '[', 0x5d: ']', 0x3a: ':', 0x2c: ',' };

/** State after a character inside a token; undefined: the token ended before it; 'error': it cannot be there. */
function advance(state: State, c: number): State | 'error' | undefined {
  switch (state) {
    case S.DQ: case S.SQ:
      if (c < 0x20 || c >= 0xfe) return 'error';
      return c === 0x5c ? (state === S.DQ ? S.DQ_ESC : S.SQ_ESC) : state;
    case S.DQ_ESC: case S.SQ_ESC: return c < 0x20 || c >= 0xfe ? 'error' : state === S.DQ_ESC ? S.DQ : S.SQ;
    case S.MINUS: return c === 0x30 ? S.ZERO : isDigit(c) ? S.DIGITS : 'error';
    case S.ZERO: case S.DIGITS:
      if (isDigit(c)) return state === S.ZERO ? 'error' : state;
      return c === 0x2e ? S.POINT : c === 0x65 || c === 0x45 ? S.E : undefined;
    case S.POINT: return isDigit(c) ? S.FRACTION : 'error';
    case S.FRACTION: return isDigit(c) ? state : c === 0x65 || c === 0x45 ? S.E : undefined;
    case S.E: return c === 0x2b || c === 0x2d ? S.E_SIGN : isDigit(c) ? S.E_DIGITS : 'error';
    case S.E_SIGN: return isDigit(c) ? S.E_DIGITS : 'error';
    case S.E_DIGITS: return isDigit(c) ? state : undefined;
    case S.KEYWORD: return isLower(c) ? state : undefined;
    default: return 'error';
  }
}

/**
 * Cuts a byte stream into JSON values. Values need nothing between them. After an error the reader goes on behind the
 * offending text at the next bracket, brace, colon, comma or control character.
 */
export class JsonReader {
  readonly #emit: (value: Json | JsonError) => void;
  #state: State = S.START;
  /** What the token has of earlier chunks. */
  #pieces: Buffer[] = [];
  #piecesLength = 0;
  #tokens: Token[] = [];
  #size = 0;
  #braces = 0;
  #brackets = 0;

  /** `emit` is called for every value and every error, in order. It must not throw. */
  constructor(emit: (value: Json | JsonError) => void) {
    this.#emit = emit;
  }

  /** True between messages. */
  get idle(): boolean {
    return this.#state === S.START && this.#tokens.length === 0;
  }

  feed(bytes: Uint8Array): void {
    const buf = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let from = 0;
    for (let i = 0; i < buf.length;) {
      const c = buf[i];
      if (this.#state === S.START || this.#state === S.RECOVERY) {
        from = i;
        i += this.#begin(c, buf, i);
        continue;
      }
      // A string's closing quote belongs to it.
      if ((this.#state === S.DQ && c === 0x22) || (this.#state === S.SQ && c === 0x27)) {
        this.#token('string', this.#take(buf, from, ++i));
        continue;
      }
      const next = advance(this.#state, c);
      if (next === 'error') {
        this.#stray(this.#take(buf, from, ++i));
        this.#state = S.RECOVERY;
      } else if (next === undefined) this.#token(this.#state === S.KEYWORD ? 'keyword' : 'number', this.#take(buf, from, i));
      else {
        this.#state = next;
        i++;
        if (this.#piecesLength + i - from > MAX_TOKEN_SIZE) {
          this.#take(buf, from, i);
          this.#fail('JSON token size limit exceeded');
          this.#state = S.RECOVERY;
        }
      }
    }
    if (this.#state !== S.START && this.#state !== S.RECOVERY) {
      const rest = Buffer.from(buf.subarray(from));
      this.#pieces.push(rest);
      this.#piecesLength += rest.length;
    }
  }

  /** First character of a token, or what is between tokens; how many characters it took. */
  #begin(c: number, buf: Buffer, at: number): number {
    const recovering = this.#state === S.RECOVERY;
    this.#state = S.START;
    const type = PUNCTUATION[c];
    if (type !== undefined) this.#token(type, buf.subarray(at, at + 1));
    else if (c === 0x20 || c === 0x09 || c === 0x0a || c === 0x0d) {
      if (recovering && c === 0x20) this.#state = S.RECOVERY;
    } else if (recovering && c >= 0x20 && c < 0xfe) this.#state = S.RECOVERY;
    else if (c === 0x22) this.#state = S.DQ;
    else if (c === 0x27) this.#state = S.SQ;
    else if (c === 0x2d) this.#state = S.MINUS;
    else if (c === 0x30) this.#state = S.ZERO;
    else if (isDigit(c)) this.#state = S.DIGITS;
    else if (isLower(c)) this.#state = S.KEYWORD;
    else {
      this.#stray(buf.subarray(at, at + 1));
      this.#state = S.RECOVERY;
    }
    return 1;
  }

  /** The token's bytes; the next one begins afresh. */
  #take(buf: Buffer, from: number, to: number): Buffer {
    const last = buf.subarray(from, to);
    this.#state = S.START;
    if (this.#pieces.length === 0) return last;
    const whole = Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    this.#piecesLength = 0;
    return whole;
  }

  #stray(text: Buffer): void {
    const end = text.indexOf(0);
    this.#fail(`JSON parse error, stray '${(end < 0 ? text : text.subarray(0, end)).toString('utf8')}'`);
  }

  #reset(): void {
    this.#tokens = [];
    this.#size = this.#braces = this.#brackets = 0;
  }

  #fail(message: string): void {
    this.#reset();
    this.#emit(new JsonError(message));
  }

  #token(type: TokenType, text: Buffer): void {
    if (type === '{') this.#braces++;
    else if (type === '}') this.#braces--;
    else if (type === '[') this.#brackets++;
    else if (type === ']') this.#brackets--;
    this.#size += text.length;
    if (this.#size + 1 > MAX_TOKEN_SIZE) return this.#fail('JSON token size limit exceeded');
    if (this.#tokens.length + 1 > MAX_TOKEN_COUNT) return this.#fail('JSON token count limit exceeded');
    if (this.#braces + this.#brackets > MAX_NESTING) return this.#fail('JSON nesting depth limit exceeded');
    // Copied: the chunk it lies in is the caller's. Punctuation says it all by its type.
    this.#tokens.push({ type, text: type.length === 1 ? text.subarray(0, 0) : Buffer.from(text) });
    if ((this.#braces > 0 || this.#brackets > 0) && this.#braces >= 0 && this.#brackets >= 0) return;
    const tokens = this.#tokens;
    this.#reset();
    let value: Json;
    try {
      value = new Parser(tokens).value();
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      this.#emit(error);
      return;
    }
    this.#emit(value);
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  value(): Json {
    const token = this.#next();
    switch (token.type) {
      case '{': return this.#object();
      case '[': return this.#array();
      case 'string': return parseString(token.text);
      case 'number': return parseNumber(token.text.toString('latin1'));
      case 'keyword': return parseKeyword(token.text.toString('latin1'));
      default: throw bad('expecting value');
    }
  }

  #peek(): TokenType {
    if (this.#at >= this.#tokens.length) throw bad('premature EOI');
    return this.#tokens[this.#at].type;
  }

  #next(): Token {
    this.#peek();
    return this.#tokens[this.#at++];
  }

  #object(): Json {
    const out: Record<string, Json> = Object.create(null) as Record<string, Json>;
    if (this.#peek() === '}') this.#at++;
    else {
      for (;;) {
        const key = this.value();
        if (typeof key !== 'string') throw bad('key is not a string in object');
        if (this.#next().type !== ':') throw bad('missing : in object pair');
        const value = this.value();
        if (key in out) throw bad('duplicate key');
        out[key] = value;
        const { type } = this.#next();
        if (type === '}') break;
        if (type !== ',') throw bad('expected separator in dict');
      }
    }
    return out;
  }

  #array(): Json {
    const out: Json[] = [];
    if (this.#peek() === ']') {
      this.#at++;
      return out;
    }
    for (;;) {
      out.push(this.value());
      const { type } = this.#next();
      if (type === ']') return out;
      if (type !== ',') throw bad('expected separator in list');
    }
  }
}

const bad = (what: string) => new JsonError(`JSON parse error, ${what}`);

const KEYWORDS: Readonly<Record<string, Json>> = { true: true, false: false, null: null };

function parseKeyword(text: string): Json {
  if (!Object.hasOwn(KEYWORDS, text)) throw bad(`invalid keyword '${text}'`);
  return KEYWORDS[text];
}

/** int64, else uint64, else double, as QEMU's QNum. */
function parseNumber(text: string): Json {
  if (!/^-?\d+$/.test(text)) return Number(text);
  const n = Number(text);
  if (Number.isSafeInteger(n)) return n === 0 ? 0 : n;
  const big = BigInt(text);
  return big >= -(2n ** 63n) && big < 2n ** 64n ? big : n;
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '"': '"', "'": "'", '/': '/', '\\': '\\' };
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const notCharacter = (cp: number) => (cp >= 0xd800 && cp <= 0xdfff) || (cp >= 0xfdd0 && cp <= 0xfdef) || (cp & 0xfffe) === 0xfffe;

/** A string token with its quotes. */
function parseString(token: Buffer): string {
  let text: string;
  try {
    text = utf8.decode(token.subarray(1, token.length - 1));
  } catch {
    throw bad('invalid UTF-8 sequence in string');
  }
  if (/[\ufdd0-\ufdef\ufffe\uffff]/.test(text)) throw bad('invalid UTF-8 sequence in string');
  if (!text.includes('\\')) return text;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') {
      out += text[i];
      continue;
    }
    const c = text[++i];
    if (c !== 'u') {
      if (!Object.hasOwn(ESCAPES, c)) throw bad('invalid escape sequence in string');
      out += ESCAPES[c];
      continue;
    }
    const start = i - 1, hex = (at: number) => (/^[0-9a-f]{4}$/i.test(text.slice(at, at + 4)) ? parseInt(text.slice(at, at + 4), 16) : undefined);
    let cp = hex(i + 1);
    if (cp === undefined) throw bad(`invalid hex escape '${text.slice(start, start + 6)}' in string`);
    i += 4;
    if (cp >= 0xd800 && cp <= 0xdbff && text[i + 1] === '\\' && text[i + 2] === 'u') {
      const low = hex(i + 3);
      if (low !== undefined && low >= 0xdc00 && low <= 0xdfff) {
        cp = 0x10000 + ((cp & 0x3ff) << 10 | low & 0x3ff);
        i += 6;
      }
    }
    if (notCharacter(cp)) throw bad(`${text.slice(start, i + 1)} is not a valid Unicode character`);
    out += String.fromCodePoint(cp);
  }
  return out;
}

/** ASCII only, other characters as \uXXXX. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/\\\\|[\x7f-\uffff]|\\u[0-9a-f]{4}/g, (c) => (c === '\\\\' ? c : `\\u${(c.length > 1 ? c.slice(2) : c.charCodeAt(0).toString(16).padStart(4, '0')).toUpperCase()}`));
}

/** A value as QEMU writes it: on one line with `: ` and `, `, or, pretty, with four spaces a level. Members that are undefined are left out. */
export function toJson(value: Json | undefined, pretty = false, indent = ''): string {
  switch (typeof value) {
    case 'string': return quote(value);
    // JSON has no infinity: a client's 1e999 comes back as the largest number there is.
    case 'number': return `${Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE)}`;
    case 'bigint': case 'boolean': return `${value}`;
    case 'object': break;
    default: return 'null';
  }
  if (value === null) return 'null';
  const inner = `${indent}    `;
  const isArray = Array.isArray(value);
  const parts = isArray
    ? (value as readonly Json[]).map((v) => toJson(v, pretty, inner))
    : Object.entries(value as JsonObject).filter(([, v]) => v !== undefined).map(([k, v]) => `${quote(k)}: ${toJson(v, pretty, inner)}`);
  const [open, close] = isArray ? '[]' : '{}';
  if (!pretty) return `${open}${parts.join(', ')}${close}`;
  return `${open}\n${parts.map((p) => inner + p).join(',\n')}${parts.length > 0 ? '\n' : ''}${indent}${close}`;
}
