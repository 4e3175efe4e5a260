// Expressions: a cursor over one statement's text, and GNU-as-compatible expression evaluation.
//
// Values are 64-bit two's complement, kept signed. What is known is evaluated while it is parsed;
// a forward reference leaves a closure that is called once all symbols are defined.

import { AsmError } from './error.ts'

/** An expression's value, or (when `v` is null) how to get it later. `rel` is 1 for an address, 0 for a number. */
export interface Expr {
  v: bigint | null
  rel: number
  late: (() => bigint) | null
}

/** Where identifiers in expressions get their meaning. */
export interface Scope {
  symbol(name: string): Expr
  /** The current location, `.` */
  dot(): Expr
  /** A numeric local label: `1f` (forward) or `1b`. */
  local(n: number, forward: boolean): Expr
  /** The register that `.req` gave this name, if any. */
  alias(name: string): string | undefined
}

export const constant = (v: bigint): Expr => ({ v, rel: 0, late: null })

const circular = (): never => {
  throw new AsmError('the value depends on itself')
}

/** The expression's value once every symbol is defined; throws AsmError for an undefined symbol. */
export const resolve = (e: Expr): bigint => {
  if (e.v === null) {
    const late = e.late!
    e.late = circular
    try {
      e.v = late()
    } finally {
      e.late = late
    }
  }
  return e.v
}

const s64 = (v: bigint): bigint => BigInt.asIntN(64, v)
const u64 = (v: bigint): bigint => BigInt.asUintN(64, v)
const truth = (b: boolean): bigint => (b ? -1n : 0n)

const nonZero = (v: bigint): bigint => {
  if (v === 0n) throw new AsmError('division by zero')
  return v
}

interface Binary {
  /** Binding strength, GNU as's own order: `* / % << >>` over `| & ^ !` over `+ -` over comparisons over `&&` over `||`. */
  rank: number
  fn: (a: bigint, b: bigint) => bigint
}

const shiftCount = (b: bigint): bigint => (b < 0n || b > 63n ? 64n : b)

const BINARY: Record<string, Binary> = {
  '*': { rank: 6, fn: (a, b) => a * b },
  '/': { rank: 6, fn: (a, b) => a / nonZero(b) },
  '%': { rank: 6, fn: (a, b) => a % nonZero(b) },
  '<<': { rank: 6, fn: (a, b) => a << shiftCount(b) },
  '>>': { rank: 6, fn: (a, b) => u64(a) >> shiftCount(b) },
  '|': { rank: 5, fn: (a, b) => a | b },
  '&': { rank: 5, fn: (a, b) => a & b },
  '^': { rank: 5, fn: (a, b) => a ^ b },
  '!': { rank: 5, fn: (a, b) => a | ~b },
  '+': { rank: 4, fn: (a, b) => a + b },
  '-': { rank: 4, fn: (a, b) => a - b },
  '==': { rank: 3, fn: (a, b) => truth(a === b) },
  '!=': { rank: 3, fn: (a, b) => truth(a !== b) },
  '<>': { rank: 3, fn: (a, b) => truth(a !== b) },
  '<': { rank: 3, fn: (a, b) => truth(a < b) },
  '<=': { rank: 3, fn: (a, b) => truth(a <= b) },
  '>': { rank: 3, fn: (a, b) => truth(a > b) },
  '>=': { rank: 3, fn: (a, b) => truth(a >= b) },
  '&&': { rank: 2, fn: (a, b) => (a !== 0n && b !== 0n ? 1n : 0n) },
  '||': { rank: 1, fn: (a, b) => (a !== 0n || b !== 0n ? 1n : 0n) },
}

const UNARY: Record<string, (a: bigint) => bigint> = {
  '-': a => -a,
  '~': a => ~a,
  '!': a => (a === 0n ? 1n : 0n),
  '+': a => a,
}

/** Relocation operators (AAELF64 names) as plain functions of the address: there is no linker behind us. */
const RELOC: Record<string, (a: bigint) => bigint> = {
  lo12: a => a & 0xfffn,
  pg_hi21: a => a,
  pg_hi21_nc: a => a,
  abs_g0: a => a & 0xffffn,
  abs_g1: a => (u64(a) >> 16n) & 0xffffn,
  abs_g2: a => (u64(a) >> 32n) & 0xffffn,
  abs_g3: a => u64(a) >> 48n,
}
/** Left shift that `:abs_gN:` implies in a move-wide instruction. */
const RELOC_HW: Record<string, number> = { abs_g0: 0, abs_g1: 1, abs_g2: 2, abs_g3: 3 }

const apply1 = (fn: (a: bigint) => bigint, a: Expr): Expr =>
  a.v !== null
    ? { v: s64(fn(a.v)), rel: 0, late: null }
    : { v: null, rel: 0, late: () => s64(fn(resolve(a))) }

const apply2 = (op: string, a: Expr, b: Expr): Expr => {
  const fn = BINARY[op].fn
  const rel = op === '+' ? a.rel + b.rel : op === '-' ? a.rel - b.rel : 0
  return a.v !== null && b.v !== null
    ? { v: s64(fn(a.v, b.v)), rel, late: null }
    : { v: null, rel, late: () => s64(fn(resolve(a), resolve(b))) }
}

const isDigit = (c: number): boolean => c >= 48 && c <= 57
/** Character classes of identifiers: bit 0 may start one, bit 1 may continue one. */
const IDENT = new Uint8Array(128)
for (let c = 0; c < 128; c++) {
  const ch = String.fromCharCode(c)
  if (/[A-Za-z_.$]/.test(ch)) IDENT[c] = 3
  else if (isDigit(c)) IDENT[c] = 2
}
export const startsIdent = (c: number): boolean => (c < 128 ? IDENT[c] & 1 : 0) !== 0
export const continuesIdent = (c: number): boolean => (c < 128 ? IDENT[c] & 2 : 0) !== 0

const utf8 = new TextEncoder()
const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

/** A position in one statement's text, with the lexical helpers every parser here uses. */
export class Cursor {
  s: string
  i: number

  constructor(s: string, i = 0) {
    this.s = s
    this.i = i
  }

  /** Skips blanks and returns the next character's code, or 0 at the end. */
  peek(): number {
    const { s } = this
    let { i } = this
    let c = 0
    while (i < s.length && ((c = s.charCodeAt(i)) === 32 || c === 9 || c === 13)) i++
    this.i = i
    return i < s.length ? s.charCodeAt(i) : 0
  }

  atEnd(): boolean {
    return this.peek() === 0
  }

  /** Takes the character `ch` if it comes next. */
  take(ch: string): boolean {
    if (this.peek() !== ch.charCodeAt(0)) return false
    this.i++
    return true
  }

  expect(ch: string): void {
    if (!this.take(ch)) throw new AsmError(`expected '${ch}'${this.found()}`)
  }

  /** Takes an identifier, or returns '' when none comes next. */
  ident(): string {
    const c = this.peek()
    const start = this.i
    if (!startsIdent(c)) return ''
    let i = start + 1
    while (i < this.s.length && continuesIdent(this.s.charCodeAt(i))) i++
    this.i = i
    return this.s.slice(start, i)
  }

  /** For messages: what stands here. */
  found(): string {
    return this.atEnd() ? ' at the end' : `, found '${this.s.slice(this.i)}'`
  }

  end(): void {
    if (!this.atEnd()) throw new AsmError(`unexpected '${this.s.slice(this.i)}'`)
  }

  /** Takes a "string" with its C escapes undone, as bytes: text is UTF-8, an octal or hex escape is one byte. */
  string(): number[] {
    this.expect('"')
    const out: number[] = []
    for (;;) {
      const ch = String.fromCodePoint(this.s.codePointAt(this.i) ?? 34)
      if (this.i >= this.s.length) throw new AsmError('unterminated string')
      this.i += ch.length
      if (ch === '"') return out
      if (ch === '\\') out.push(this.escape())
      else if (ch < '\x80') out.push(ch.charCodeAt(0))
      else out.push(...utf8.encode(ch))
    }
  }

  private escape(): number {
    const code = /([0-7]{1,3})|[xX]([0-9a-fA-F]+)/y
    code.lastIndex = this.i
    const g = code.exec(this.s)
    if (g !== null) {
      this.i = code.lastIndex
      return (g[1] !== undefined ? parseInt(g[1], 8) : parseInt(g[2].slice(-2), 16)) & 0xff
    }
    const ch = this.s[this.i++] ?? ''
    return (ESCAPES[ch] ?? ch).charCodeAt(0)
  }
}

const NUMBER = /0[xX][0-9a-fA-F]+|0[bB][01]+|\d+/y

const number = (c: Cursor, scope: Scope): Expr => {
  NUMBER.lastIndex = c.i
  const text = NUMBER.exec(c.s)![0]
  c.i += text.length
  const next = c.s.charCodeAt(c.i) | 32
  if ((next === 98 || next === 102) && !continuesIdent(c.s.charCodeAt(c.i + 1))) {
    if (/^\d+$/.test(text)) {
      c.i++
      return scope.local(Number(text), next === 102)
    }
  }
  if (c.i < c.s.length && continuesIdent(c.s.charCodeAt(c.i))) throw new AsmError(`bad number '${text}${c.ident() || c.s[c.i]}'`)
  if (text.length > 1 && text[0] === '0' && isDigit(text.charCodeAt(1))) {
    if (/[89]/.test(text)) throw new AsmError(`bad octal number '${text}'`)
    return constant(s64(BigInt(`0o${text}`)))
  }
  const v = text.length < 10 ? BigInt(+text) : BigInt(text)
  if (v >> 64n !== 0n) throw new AsmError(`number '${text}' does not fit 64 bits`)
  return constant(s64(v))
}

const character = (c: Cursor): Expr => {
  c.i++
  let ch = c.s[c.i++]
  if (ch === undefined) throw new AsmError('unterminated character')
  if (ch === '\\') {
    const e = c.s[c.i++] ?? ''
    ch = ESCAPES[e] ?? e
  }
  if (c.s[c.i] === "'") c.i++
  return constant(BigInt(ch.charCodeAt(0)))
}

const primary = (c: Cursor, scope: Scope): Expr => {
  const ch = c.peek()
  if (isDigit(ch)) return number(c, scope)
  if (startsIdent(ch)) {
    const name = c.ident()
    return name === '.' ? scope.dot() : scope.symbol(name)
  }
  const t = c.s[c.i]
  if (t === '(') {
    c.i++
    const e = binary(c, scope, 0)
    c.expect(')')
    return e
  }
  if (t === "'") return character(c)
  if (t in UNARY && ch !== 0) {
    c.i++
    return apply1(UNARY[t], primary(c, scope))
  }
  throw new AsmError(`expected an expression${c.found()}`)
}

const operator = (c: Cursor): string => {
  const ch = c.peek()
  // Fast way out for the usual ends of an operand: end of text, comma, closing brackets.
  if (ch === 0 || ch === 44 || ch === 93 || ch === 41) return ''
  const two = c.s.slice(c.i, c.i + 2)
  if (two in BINARY) return two
  return c.s[c.i] in BINARY ? c.s[c.i] : ''
}

const binary = (c: Cursor, scope: Scope, min: number): Expr => {
  let a = primary(c, scope)
  for (;;) {
    const op = operator(c)
    if (op === '' || BINARY[op].rank <= min) return a
    c.i += op.length
    a = apply2(op, a, binary(c, scope, BINARY[op].rank))
  }
}

/** Parses one expression at the cursor. `:lo12:` and the other relocation operators apply to all of it. */
export const parseExpr = (c: Cursor, scope: Scope): Expr & { hw?: number } => {
  if (c.peek() !== 58) return binary(c, scope, 0)
  c.i++
  const name = c.ident().toLowerCase()
  c.expect(':')
  const plain = name.replace(/_(nc|s)$/, '')
  if (!Object.hasOwn(RELOC, plain)) throw new AsmError(`unknown relocation operator ':${name}:'`)
  const fn = RELOC[plain]
  const hw: number | undefined = RELOC_HW[plain]
  const checked = hw === undefined || plain !== name ? fn : (a: bigint) => {
    if (u64(a) >> BigInt(16 * hw + 16) !== 0n) throw new AsmError(`value 0x${u64(a).toString(16)} overflows ':${name}:'`)
    return fn(a)
  }
  return { ...apply1(checked, binary(c, scope, 0)), hw }
}
