// Operands: turns the text after a mnemonic into register, immediate, memory, list and shift operands.
//
// The parser is generic: it knows what a register or an address looks like, never which instruction
// it belongs to. Condition names, barrier names and system registers arrive as IMM with a `name`.

import { AsmError } from './error.ts'
import type { Expr, Scope } from './expr.ts'
import type { Cursor } from './expr.ts'
import { continuesIdent, parseExpr, startsIdent } from './expr.ts'

export const Kind = { REG: 0, IMM: 1, FLOAT: 2, SHIFT: 3, MEM: 4, LIST: 5, LIT: 6 } as const
export type Kind = (typeof Kind)[keyof typeof Kind]

/**
 * One operand. Which fields count depends on `k`:
 * REG `cls n arr idx pre`; IMM `e name`; FLOAT `f`; SHIFT `name e`; MEM `base off sh pre`;
 * LIST `cls n count arr idx`; LIT (`=expr`) `e`.
 */
export interface Operand {
  k: Kind
  text: string
  /** Register class: W X B H S D Q V, or 'P' for sp/wsp (with `wide` telling which). */
  cls: string
  n: number
  /** sp or wsp: only where the architecture takes the stack pointer. */
  sp: boolean
  /** xzr or wzr: only where register 31 reads as zero. */
  zr: boolean
  /** Arrangement, upper case: '16B', '4S', … or an element size 'B' … 'D'; '' without one. */
  arr: string
  idx: Expr | null
  e: Expr | null
  name: string
  f: number
  base: Operand | null
  off: Operand | null
  sh: Operand | null
  /** `]!` on an address, or `Xn!`. */
  pre: boolean
  count: number
}

const blank = (k: Kind, text: string): Operand => ({
  k, text, cls: '', n: 0, sp: false, zr: false, arr: '', idx: null, e: null, name: '', f: 0,
  base: null, off: null, sh: null, pre: false, count: 0,
})

interface Reg {
  cls: string
  n: number
  sp: boolean
  zr: boolean
  arr: string
}

const REGS = new Map<string, Reg>()
const addReg = (name: string, cls: string, n: number, sp = false, zr = false): void => {
  REGS.set(name, { cls, n, sp, zr, arr: '' })
}
for (const cls of 'WXBHSDQV') {
  for (let n = 0; n < (cls === 'W' || cls === 'X' ? 31 : 32); n++) addReg(cls.toLowerCase() + n, cls, n)
}
addReg('sp', 'X', 31, true)
addReg('wsp', 'W', 31, true)
addReg('xzr', 'X', 31, false, true)
addReg('wzr', 'W', 31, false, true)
addReg('ip0', 'X', 16)
addReg('ip1', 'X', 17)
addReg('fp', 'X', 29)
addReg('lr', 'X', 30)
const ARRANGEMENT = /^(?:8b|16b|4b|2h|4h|8h|2s|4s|1d|2d|1q|b|h|s|d|q)$/
const SCALARS = [...REGS]
for (const [name, r] of SCALARS) {
  if (r.cls === 'V') {
    for (const arr of ['8b', '16b', '4b', '2h', '4h', '8h', '2s', '4s', '1d', '2d', '1q', 'b', 'h', 's', 'd', 'q']) {
      REGS.set(`${name}.${arr}`, { ...r, arr: arr.toUpperCase() })
    }
  }
}
for (const [name, r] of [...REGS]) REGS.set(name.toUpperCase(), r)

const lookupReg = (name: string, scope: Scope): Reg | undefined => {
  const r = REGS.get(name) ?? REGS.get(name.toLowerCase())
  if (r !== undefined) return r
  const dot = name.indexOf('.')
  const alias = scope.alias(dot > 0 ? name.slice(0, dot) : name)
  return alias === undefined ? undefined : lookupReg(dot > 0 ? alias + name.slice(dot) : alias, scope)
}

/** True for a name that looks like a register but is none, such as x31 or v40. */
export const likeRegister = (name: string): boolean => {
  const m = /^[wxbhsdqv]\d+(?:\.(\w+))?$/i.exec(name)
  return m !== null && (m[1] === undefined || ARRANGEMENT.test(m[1].toLowerCase()) || /^\d+[bhsdq]$/i.test(m[1]))
}

/** True when the assembler itself gives `name` a meaning as a register (so it cannot be a `.req` source only). */
export const isRegister = (name: string): boolean => REGS.has(name.toLowerCase())

const SHIFTS = new Set(['lsl', 'lsr', 'asr', 'ror', 'msl', 'uxtb', 'uxth', 'uxtw', 'uxtx', 'sxtb', 'sxth', 'sxtw', 'sxtx'])
const FLOAT = /[-+]?(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\d+[eE][-+]?\d+/y

const register = (c: Cursor, scope: Scope, start: number, r: Reg): Operand => {
  const o = blank(Kind.REG, '')
  o.cls = r.cls
  o.n = r.n
  o.sp = r.sp
  o.zr = r.zr
  o.arr = r.arr
  if (r.arr !== '' && c.take('[')) {
    o.idx = parseExpr(c, scope)
    c.expect(']')
  }
  // Only `Xn!` (memory copy and set): elsewhere a '!' after a register is an error that matching reports.
  if (r.cls === 'X' && c.s[c.i] === '!') {
    c.i++
    o.pre = true
  }
  o.text = c.s.slice(start, c.i)
  return o
}

const immediate = (c: Cursor, scope: Scope, start: number): Operand => {
  const hash = c.take('#')
  c.peek()
  FLOAT.lastIndex = c.i
  const f = FLOAT.exec(c.s)
  if (f !== null && !continuesIdent(c.s.charCodeAt(c.i + f[0].length))) {
    c.i += f[0].length
    const o = blank(Kind.FLOAT, c.s.slice(start, c.i))
    o.f = Number(f[0])
    return o
  }
  const from = c.i
  const name = !hash && startsIdent(c.s.charCodeAt(from)) ? c.ident() : ''
  c.i = from
  const o = blank(Kind.IMM, '')
  o.e = parseExpr(c, scope)
  o.text = c.s.slice(start, c.i).trimEnd()
  if (o.text === name && name !== '.') o.name = name.toLowerCase()
  return o
}

const shift = (c: Cursor, scope: Scope, start: number, name: string): Operand => {
  const o = blank(Kind.SHIFT, '')
  o.name = name
  const next = c.peek()
  if (next !== 0 && next !== 44 && next !== 93) {
    c.take('#')
    o.e = parseExpr(c, scope)
  }
  o.text = c.s.slice(start, c.i)
  return o
}

const memory = (c: Cursor, scope: Scope, start: number): Operand => {
  const o = blank(Kind.MEM, '')
  c.expect('[')
  o.base = operand(c, scope)
  if (o.base.k !== Kind.REG) throw new AsmError(baseMessage(o.base))
  if (c.take(',')) {
    o.off = operand(c, scope)
    if (c.take(',')) o.sh = operand(c, scope)
  }
  c.expect(']')
  if (c.s[c.i] === '!') {
    c.i++
    o.pre = true
  }
  o.text = c.s.slice(start, c.i)
  return o
}

const baseMessage = (o: Operand): string =>
  likeRegister(o.text) ? `unknown register '${o.text}'` : `expected a base register, found '${o.text}'`

const listMember = (c: Cursor, scope: Scope): Reg => {
  const name = c.ident()
  const r = lookupReg(name, scope)
  if (r === undefined || r.cls !== 'V') throw new AsmError(name !== '' && likeRegister(name) ? `unknown register '${name}'` : `expected a vector register in the list${name === '' ? c.found() : `, found '${name}'`}`)
  return r
}

const list = (c: Cursor, scope: Scope, start: number): Operand => {
  const o = blank(Kind.LIST, '')
  c.expect('{')
  const first = listMember(c, scope)
  o.cls = first.cls
  o.n = first.n
  o.arr = first.arr
  o.count = 1
  if (c.take('-')) {
    const last = listMember(c, scope)
    if (last.arr !== first.arr) throw new AsmError('registers of a list must have one arrangement')
    o.count = ((last.n - first.n + 32) & 31) + 1
  } else {
    while (c.take(',')) {
      const r = listMember(c, scope)
      if (r.arr !== first.arr) throw new AsmError('registers of a list must have one arrangement')
      if (r.n !== ((first.n + o.count) & 31)) throw new AsmError('registers of a list must be consecutive')
      o.count++
    }
  }
  c.expect('}')
  if (o.count > 4) throw new AsmError('a register list has at most 4 registers')
  if (c.take('[')) {
    o.idx = parseExpr(c, scope)
    c.expect(']')
  }
  o.text = c.s.slice(start, c.i)
  return o
}

const operand = (c: Cursor, scope: Scope): Operand => {
  const ch = c.peek()
  const start = c.i
  if (startsIdent(ch)) {
    const name = c.ident()
    const r = lookupReg(name, scope)
    if (r !== undefined) return register(c, scope, start, r)
    const lower = name.toLowerCase()
    if (SHIFTS.has(lower)) return shift(c, scope, start, lower)
    c.i = start
    return immediate(c, scope, start)
  }
  if (ch === 91) return memory(c, scope, start)
  if (ch === 123) return list(c, scope, start)
  if (ch === 61) {
    c.i++
    c.take('#')
    const o = blank(Kind.LIT, '')
    o.e = parseExpr(c, scope)
    o.text = c.s.slice(start, c.i).trimEnd()
    return o
  }
  return immediate(c, scope, start)
}

/** Parses the comma-separated operands from the cursor to the end of the statement. */
export const parseOperands = (c: Cursor, scope: Scope): Operand[] => {
  const out: Operand[] = []
  if (c.atEnd()) return out
  do {
    out.push(operand(c, scope))
  } while (c.take(','))
  c.end()
  return out
}

/** An operand that stands for a known number, in place of one from the source. */
export const immediateOperand = (e: Expr, text: string): Operand => {
  const o = blank(Kind.IMM, text)
  o.e = e
  return o
}
