// The assembler proper: statements in order, symbols, forward references, literal pools.
//
// One pass lays out and encodes; what refers forward is encoded again at the end. Every instruction
// is 4 bytes, so nothing moves. There is one flat section: `.text`, `.data` and `.section` only
// decide how `.align` pads.

import { CONDITIONALS, DIRECTIVES } from './directives.ts'
import { encode } from './encode.ts'
import { AsmError } from './error.ts'
import type { Expr, Scope } from './expr.ts'
import { Cursor, parseExpr, resolve } from './expr.ts'
import type { Macro } from './macro.ts'
import { callMacro } from './macro.ts'
import type { Operand } from './operand.ts'
import { Kind, immediateOperand, isRegister, parseOperands } from './operand.ts'
import type { Statement } from './source.ts'
import { splitStatements } from './source.ts'

export interface AssembleOptions {
  /** Address of the first byte (default 0). */
  base?: bigint | number
  /** Also report which statement made which bytes. */
  lines?: boolean
}

/** Bytes `address` … `address + size` come from this statement on source line `line` (1-based). */
export interface LineEntry {
  address: bigint
  size: number
  line: number
  text: string
}

export interface Program {
  code: Uint8Array
  base: bigint
  /** Labels (addresses) and `.equ` symbols, unsigned. */
  symbols: Map<string, bigint>
  lines?: LineEntry[]
}

interface Symbol {
  e: Expr
  /** A label, or a name that `.equiv` fixed: it may be defined once only. */
  fixed: boolean
}

interface PoolEntry {
  e: Expr
  /** Offset once the pool is laid out. */
  off: number
  statement: Statement
}

/** A run through one list of statements: the program, a macro body, a repeated block. */
export interface Frame {
  statements: Statement[]
  i: number
  /** Nesting of `.if` blocks whose taken branch is being assembled. */
  conditions: number
  /** `.exitm` or `.end` was met. */
  left: boolean
}

const NOP = 0xd503201f
const MAX_DEPTH = 200
const MAX_SIZE = 1 << 30

/** The state of one assembly. Directives work on it through the methods here. */
export class Assembly implements Scope {
  readonly base: bigint
  size = 0
  /** `.align` pads with NOPs here and with zeros in data. */
  inCode = true
  readonly macros = new Map<string, Macro>()
  readonly aliases = new Map<string, string>()
  macroCalls = 0
  ended = false
  private buffer = new Uint8Array(4096)
  private view = new DataView(this.buffer.buffer)
  private readonly symbols = new Map<string, Symbol>()
  private readonly locals = new Map<number, number>()
  private readonly fixups: { statement: Statement; run: () => void }[] = []
  private pools = new Map<number, Map<string, PoolEntry>>()
  private statement: Statement = { text: '', line: 0 }
  private depth = 0
  private readonly lines: LineEntry[] | undefined

  constructor(options: AssembleOptions) {
    this.base = BigInt.asUintN(64, BigInt(options.base ?? 0))
    if (options.lines === true) this.lines = []
  }

  // Symbols

  dot(): Expr {
    return { v: BigInt.asIntN(64, this.base + BigInt(this.size)), rel: 1, late: null }
  }

  symbol(name: string): Expr {
    const s = this.symbols.get(name)
    if (s !== undefined) return s.e
    return {
      v: null,
      rel: 1,
      late: () => {
        const found = this.symbols.get(name)
        if (found === undefined) throw new AsmError(`undefined symbol '${name}'`)
        return resolve(found.e)
      },
    }
  }

  local(n: number, forward: boolean): Expr {
    const count = this.locals.get(n) ?? 0
    if (!forward && count === 0) throw new AsmError(`no local label '${n}:' before '${n}b'`)
    const key = `${n}\0${forward ? count + 1 : count}`
    const e = this.symbol(key)
    if (e.v !== null) return e
    return { ...e, late: () => {
      if (!this.symbols.has(key)) throw new AsmError(`no local label '${n}:' after '${n}f'`)
      return e.late!()
    } }
  }

  alias(name: string): string | undefined {
    return this.aliases.size === 0 ? undefined : this.aliases.get(name)
  }

  isDefined(name: string): boolean {
    return this.symbols.has(name)
  }

  /** Gives `name` a value. A label or an `.equiv` name (`fixed`) cannot be given another. */
  define(name: string, e: Expr, fixed: boolean): void {
    const old = this.symbols.get(name)
    if (old !== undefined && (old.fixed || fixed)) throw new AsmError(`symbol '${name}' is already defined`)
    this.symbols.set(name, { e, fixed })
  }

  private defineLocal(n: number): void {
    const count = (this.locals.get(n) ?? 0) + 1
    this.locals.set(n, count)
    this.symbols.set(`${n}\0${count}`, { e: this.dot(), fixed: true })
  }

  // Values

  /** Parses an expression whose value must be known now, as for `.skip`. */
  absolute(c: Cursor): bigint {
    const e = parseExpr(c, this)
    if (e.v === null) {
      try {
        return resolve(e)
      } catch (err) {
        if (err instanceof AsmError) throw new AsmError(`${err.detail}: the value must be known here`)
        throw err
      }
    }
    return e.v
  }

  /** As `absolute`, for counts and sizes: a number from lo to hi. */
  absoluteNumber(c: Cursor, lo: number, hi: number): number {
    const v = this.absolute(c)
    if (v < BigInt(lo) || v > BigInt(hi)) throw new AsmError(`value ${v} out of range ${lo} to ${hi}`)
    return Number(v)
  }

  // Output

  /** Makes room for n more bytes (zeros) and returns their offset. */
  reserve(n: number): number {
    const at = this.size
    const end = at + n
    if (end > MAX_SIZE) throw new AsmError('the program is larger than 1 GiB')
    if (end > this.buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.buffer.length * 2))
      grown.set(this.buffer)
      this.buffer = grown
      this.view = new DataView(grown.buffer)
    }
    this.size = end
    return at
  }

  bytes(data: ArrayLike<number>): void {
    // reserve() may replace the buffer
    const at = this.reserve(data.length)
    this.buffer.set(data, at)
  }

  /** n bytes of a repeated little-endian `unit`-byte value. */
  fill(n: number, value: bigint, unit = 1): void {
    const at = this.reserve(n)
    if (value === 0n) return
    for (let i = 0; i + unit <= n; i += unit) {
      for (let b = 0; b < unit; b++) this.buffer[at + i + b] = b < 8 ? Number((value >> BigInt(8 * b)) & 0xffn) : 0
    }
  }

  private put(at: number, width: number, v: bigint): void {
    if (width < 8 && (v < -(1n << BigInt(8 * width - 1)) || v >= 1n << BigInt(8 * width))) {
      throw new AsmError(`value ${v < 0n ? v : `0x${v.toString(16)}`} does not fit ${width} byte${width > 1 ? 's' : ''}`)
    }
    for (let b = 0; b < width; b++) this.buffer[at + b] = Number((v >> BigInt(8 * b)) & 0xffn)
  }

  /** One little-endian integer of `width` bytes, now or when its symbols are known. */
  integer(width: number, e: Expr): void {
    const at = this.reserve(width)
    if (e.v !== null) this.put(at, width, e.v)
    else this.later(() => this.put(at, width, resolve(e)))
  }

  float(width: 4 | 8, f: number): void {
    const at = this.reserve(width)
    if (width === 4) this.view.setFloat32(at, f, true)
    else this.view.setFloat64(at, f, true)
  }

  word(v: number): void {
    const at = this.reserve(4)
    this.view.setUint32(at, v, true)
  }

  /** Zeros up to a multiple of 4: instructions are always aligned. */
  alignInstruction(): void {
    if ((this.size & 3) !== 0) this.reserve(4 - (this.size & 3))
  }

  /** Bytes up to the next multiple of `to` (a power of two), unless that takes more than `max` of them. */
  align(to: number, fill: { value: bigint; unit: number } | null, max: number): void {
    const here = Number(this.base & BigInt(to - 1)) + this.size
    const n = (to - (here % to)) % to
    if (n > max) return
    if (fill !== null || !this.inCode) {
      const unit = fill?.unit ?? 1
      if (n % unit !== 0) throw new AsmError(`alignment padding (${n} bytes) is no multiple of ${unit}`)
      this.fill(n, fill?.value ?? 0n, unit)
    } else {
      this.reserve(n & 3)
      for (let i = n >> 2; i > 0; i--) this.word(NOP)
    }
  }

  private later(run: () => void): void {
    this.fixups.push({ statement: this.statement, run })
  }

  // Instructions and literal pools

  private instruction(name: string, c: Cursor): void {
    this.alignInstruction()
    const ops = parseOperands(c, this)
    if (ops.length === 2 && ops[1].k === Kind.LIT) ops[1] = this.literal(name.toLowerCase(), ops[0], ops[1])
    const at = this.size
    const { word, unresolved } = encode(name, ops, this.base, at)
    this.word(word)
    if (unresolved) this.later(() => this.view.setUint32(at, encodeLate(name, ops, this.base, at), true))
  }

  /** The pool slot for `ldr reg, =e`, as an operand whose value is the slot's address. */
  private literal(name: string, reg: Operand, lit: Operand): Operand {
    const size = name === 'ldrsw' ? 4 : name === 'ldr' ? { W: 4, S: 4, X: 8, D: 8, Q: 16 }[reg.cls] : undefined
    if (size === undefined) throw new AsmError("'=' (the literal pool) goes with ldr or ldrsw and a register")
    const e = lit.e!
    const text = lit.text.slice(1).trim()
    const key = /^[A-Za-z_.$][\w.$]*$/.test(text) && text !== '.' && e.rel !== 0 ? text : e.v !== null ? `${e.rel}=${e.v}` : `${text} at ${this.size}`
    let pool = this.pools.get(size)
    if (pool === undefined) this.pools.set(size, (pool = new Map()))
    let entry = pool.get(key)
    if (entry === undefined) pool.set(key, (entry = { e, off: -1, statement: this.statement }))
    const slot = entry
    return immediateOperand({ v: null, rel: 1, late: () => this.base + BigInt(slot.off) }, lit.text)
  }

  /** Lays out the literals collected so far, smallest first, each size aligned. */
  flushPools(): void {
    const { statement } = this
    for (const size of [4, 8, 16]) {
      const pool = this.pools.get(size)
      if (pool === undefined) continue
      this.align(size, { value: 0n, unit: 1 }, size)
      for (const entry of pool.values()) {
        entry.off = this.size
        this.statement = entry.statement
        if (size === 16 && entry.e.v !== null) {
          this.integer(8, entry.e)
          this.fill(8, entry.e.v < 0n ? 0xffn : 0n)
        } else {
          this.integer(size, entry.e)
        }
      }
    }
    this.pools = new Map()
    this.statement = statement
  }

  // Statements

  /** Assembles a list of statements in a frame of its own. */
  run(statements: Statement[]): void {
    if (++this.depth > MAX_DEPTH) throw new AsmError('macros or blocks are nested too deeply')
    const frame: Frame = { statements, i: 0, conditions: 0, left: false }
    while (frame.i < statements.length && !frame.left && !this.ended) {
      const s = statements[frame.i++]
      this.statement = s
      const at = this.size
      try {
        this.one(s.text, frame)
      } catch (err) {
        throw located(err, s)
      }
      if (this.lines !== undefined && this.size > at) this.listing(s, at)
    }
    this.depth--
    if (frame.conditions > 0 && !frame.left && !this.ended) throw located(new AsmError("'.if' without '.endif'"), statements[statements.length - 1])
  }

  /** A macro call's or block's bytes are already listed by the statements inside it. */
  private listing(s: Statement, at: number): void {
    const lines = this.lines!
    const last = lines[lines.length - 1]
    const from = last === undefined ? at : Math.max(at, Number(last.address - this.base) + last.size)
    if (from < this.size) lines.push({ address: this.base + BigInt(from), size: this.size - from, line: s.line, text: s.text })
  }

  private one(text: string, frame: Frame): void {
    const c = new Cursor(text)
    let name: string
    for (;;) {
      const ch = c.peek()
      if (ch === 0) return
      if (ch >= 48 && ch <= 57) {
        const label = /(\d+)\s*:/y
        label.lastIndex = c.i
        const g = label.exec(text)
        if (g === null) throw new AsmError(`expected an instruction${c.found()}`)
        c.i = label.lastIndex
        this.defineLocal(Number(g[1]))
        continue
      }
      name = c.ident()
      if (name === '') throw new AsmError(`expected an instruction${c.found()}`)
      // "foo :" is a label too, but ".word :lo12:x" is none.
      const after = c.i
      if (c.peek() !== 58 || (c.i > after && name.toLowerCase() in DIRECTIVES)) break
      c.i++
      this.define(name, this.dot(), true)
    }
    if (c.peek() === 61) {
      this.assign(name, c)
      return
    }
    const directive = name.charCodeAt(0) === 46 ? name.toLowerCase() : ''
    if (directive !== '') {
      const conditional = CONDITIONALS[directive]
      const handler = DIRECTIVES[directive]
      if (conditional !== undefined) conditional(this, c, frame)
      else if (handler === undefined) throw new AsmError(`unknown directive '${name}'`)
      else handler(this, c, frame)
      return
    }
    const macro = this.macros.size === 0 ? undefined : this.macros.get(name.toLowerCase())
    if (macro !== undefined) {
      callMacro(this, macro, c, this.statement)
      return
    }
    if (/^\s*\.req\s/i.test(text.slice(c.i))) {
      this.request(name, text.slice(c.i).trim().slice(4).trim())
      return
    }
    this.instruction(name, c)
  }

  /** `name = expr` and `name == expr`; `. = expr` is `.org`. */
  private assign(name: string, c: Cursor): void {
    c.expect('=')
    const fixed = c.take('=')
    if (name === '.') {
      this.origin(parseExpr(c, this), 0n)
    } else {
      this.define(name, parseExpr(c, this), fixed)
    }
    c.end()
  }

  /** Moves on to an address, or (for a plain number) to that offset from the start. */
  origin(e: Expr, fill: bigint): void {
    if (e.v === null) throw new AsmError('the value must be known here')
    const to = e.rel === 0 ? e.v : BigInt.asIntN(64, e.v - this.base)
    if (to < BigInt(this.size)) throw new AsmError(`cannot move backwards, from offset ${this.size} to ${to}`)
    if (to > BigInt(MAX_SIZE)) throw new AsmError('the program is larger than 1 GiB')
    this.fill(Number(to) - this.size, fill)
  }

  private request(name: string, register: string): void {
    const target = this.aliases.get(register) ?? register
    if (!isRegister(target)) throw new AsmError(`unknown register '${register}'`)
    this.aliases.set(name, target)
  }

  /** The finished program: last literal pool, forward references, symbols. */
  finish(): Program {
    this.flushPools()
    for (const { statement, run } of this.fixups) {
      try {
        run()
      } catch (err) {
        throw located(err, statement)
      }
    }
    const symbols = new Map<string, bigint>()
    for (const [name, { e }] of this.symbols) {
      if (!name.includes('\0')) symbols.set(name, BigInt.asUintN(64, resolve(e)))
    }
    const program: Program = { code: this.buffer.slice(0, this.size), base: this.base, symbols }
    if (this.lines !== undefined) program.lines = this.lines
    return program
  }
}

const located = (err: unknown, s: Statement): unknown => (err instanceof AsmError ? err.at(s.line, s.text, s.via) : err)

/** Encodes again with every symbol known. A name that is no symbol (a condition, say) stays unknown. */
const encodeLate = (name: string, ops: Operand[], base: bigint, off: number): number => {
  let missing: unknown
  const settle = (e: Expr | null | undefined): void => {
    if (e === null || e === undefined || e.v !== null) return
    try {
      resolve(e)
    } catch (err) {
      missing ??= err
    }
  }
  for (const o of ops) for (const e of [o.e, o.idx, o.off?.e, o.sh?.e]) settle(e)
  const { word, unresolved } = encode(name, ops, base, off)
  if (unresolved) throw missing
  return word
}

/**
 * Assembles GNU-syntax A64 source into one flat image.
 * Throws AsmError with the line, its text and the reason for the first mistake found.
 */
export const assemble = (source: string, options: AssembleOptions = {}): Program => {
  const a = new Assembly(options)
  a.run(splitStatements(source))
  return a.finish()
}

class OneScope implements Scope {
  private readonly pc: bigint
  constructor(pc: bigint) {
    this.pc = pc
  }

  dot(): Expr {
    return { v: this.pc, rel: 1, late: null }
  }

  symbol(name: string): Expr {
    return { v: null, rel: 1, late: () => { throw new AsmError(`undefined symbol '${name}'`) } }
  }

  local(n: number, forward: boolean): Expr {
    throw new AsmError(`no local label '${n}${forward ? 'f' : 'b'}' here`)
  }

  alias(): undefined {
    return undefined
  }
}

/** Assembles a single instruction at address `pc` (default 0), without labels. Throws AsmError. */
export const assembleOne = (text: string, pc: bigint | number = 0): number => {
  const base = BigInt.asIntN(64, BigInt(pc))
  try {
    const c = new Cursor(text)
    const name = c.ident()
    if (name === '') throw new AsmError(`expected an instruction${c.found()}`)
    const ops = parseOperands(c, new OneScope(base))
    const { word, unresolved } = encode(name, ops, base, 0)
    return unresolved ? encodeLate(name, ops, base, 0) : word
  } catch (err) {
    throw located(err, { text: text.trim(), line: 0 })
  }
}
