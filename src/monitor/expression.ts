// Expressions of the human monitor: 64-bit integers with + - * / % & | ^ ~, parentheses, characters, $registers.
import { HmpError } from './errors.ts';

/** Value of `$name`; undefined: no such register. */
export type Registers = (name: string) => bigint | undefined;

const wrap = (v: bigint) => BigInt.asIntN(64, v);

/** A cursor over a command line. */
export class Cursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The next character that is no space; '' at the end. */
  peek(): string {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
    return this.text[this.at] ?? '';
  }
}

/** Reads one expression. HmpErrors with QEMU's texts. */
export function parseExpression(c: Cursor, registers: Registers): bigint {
  return sum(c, registers);
}

function sum(c: Cursor, r: Registers): bigint {
  let v = logic(c, r);
  for (let op = c.peek(); op === '+' || op === '-'; op = c.peek()) {
    c.at++;
    const w = logic(c, r);
    v = wrap(op === '+' ? v + w : v - w);
  }
  return v;
}

function logic(c: Cursor, r: Registers): bigint {
  let v = product(c, r);
  for (let op = c.peek(); op === '&' || op === '|' || op === '^'; op = c.peek()) {
    c.at++;
    const w = product(c, r);
    v = op === '&' ? v & w : op === '|' ? v | w : v ^ w;
  }
  return v;
}

function product(c: Cursor, r: Registers): bigint {
  let v = unary(c, r);
  for (let op = c.peek(); op === '*' || op === '/' || op === '%'; op = c.peek()) {
    c.at++;
    const w = unary(c, r);
    if (op !== '*' && w === 0n) throw new HmpError('division by zero');
    v = wrap(op === '*' ? v * w : op === '/' ? v / w : v % w);
  }
  return v;
}

function unary(c: Cursor, r: Registers): bigint {
  const ch = c.peek();
  switch (ch) {
    case '+': c.at++; return unary(c, r);
    case '-': c.at++; return wrap(-unary(c, r));
    case '~': c.at++; return ~unary(c, r);
    case '(': {
      c.at++;
      const v = sum(c, r);
      if (c.peek() !== ')') throw new HmpError("')' expected");
      c.at++;
      return v;
    }
    case "'": {
      const char = c.text[c.at + 1];
      if (char === undefined) throw new HmpError('character constant expected');
      if (c.text[c.at + 2] !== "'") throw new HmpError("missing terminating ' character");
      c.at += 3;
      return BigInt(char.charCodeAt(0));
    }
    case '$': {
      const [word, name] = /^\$([\w.:]*)/.exec(c.text.slice(c.at))!;
      const v = r(name);
      if (v === undefined) throw new HmpError('unknown register');
      c.at += word.length;
      return wrap(v);
    }
    case '': throw new HmpError('unexpected end of expression');
    default: {
      const m = /^(0x[0-9a-f]+|\d+)/i.exec(c.text.slice(c.at));
      if (!m) throw new HmpError(`invalid char '${ch}' in expression`);
      c.at += m[0].length;
      // a leading 0 means octal, as in C
      const v = /^0[0-7]+$/.test(m[0]) ? BigInt(`0o${m[0].slice(1)}`) : BigInt(m[0]);
      if (v >= 2n ** 64n) throw new HmpError('number too large');
      return wrap(v);
    }
  }
}
