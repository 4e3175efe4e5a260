// Directives: data, layout, symbols, conditionals. Each is a function of the assembly and its operands.

import type { Assembly, Frame } from './assembler.ts'
import { AsmError } from './error.ts'
import type { Expr } from './expr.ts'
import { Cursor, parseExpr } from './expr.ts'
import { defineMacro, repeat, repeatChars, repeatList } from './macro.ts'
import { leadingWord } from './source.ts'

export type Directive = (a: Assembly, c: Cursor, frame: Frame) => void

const commaList = (c: Cursor, item: () => void): void => {
  if (c.atEnd()) return
  do item()
  while (c.take(','))
  c.end()
}

const integers = (width: number): Directive => (a, c) => commaList(c, () => a.integer(width, parseExpr(c, a)))

/** 128-bit numbers, written out: expressions have 64 bits. */
const octa: Directive = (a, c) => commaList(c, () => {
  c.peek()
  const number = /0[xX][0-9a-fA-F]+|\d+/y
  number.lastIndex = c.i
  const g = number.exec(c.s)
  if (g === null) throw new AsmError(`expected a number${c.found()}`)
  c.i = number.lastIndex
  const v = BigInt(g[0])
  if (v >> 128n !== 0n) throw new AsmError(`number '${g[0]}' does not fit 128 bits`)
  for (const part of [v, v >> 64n]) a.integer(8, { v: BigInt.asIntN(64, part), rel: 0, late: null })
})

const floats = (width: 4 | 8): Directive => (a, c) => commaList(c, () => {
  c.peek()
  const number = /[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf(?:inity)?|nan)/iy
  number.lastIndex = c.i
  const g = number.exec(c.s)
  if (g === null) throw new AsmError(`expected a floating-point number${c.found()}`)
  c.i = number.lastIndex
  const text = g[0].toLowerCase()
  a.float(width, text.includes('nan') ? NaN : text.includes('inf') ? (text[0] === '-' ? -Infinity : Infinity) : Number(text))
})

const strings = (zero: boolean): Directive => (a, c) => commaList(c, () => {
  a.bytes(c.string())
  if (zero) a.bytes([0])
})

const MAX_BYTES = 1 << 30

/** Optional fill value after a comma. */
const fillValue = (a: Assembly, c: Cursor): bigint | null => {
  return c.atEnd() || c.s[c.i] === ',' ? null : a.absolute(c)
}

const alignment = (power: boolean, unit: number): Directive => (a, c) => {
  const n = c.atEnd() ? 0 : a.absoluteNumber(c, 0, power ? 30 : MAX_BYTES)
  const to = power ? 2 ** n : n === 0 ? 1 : n
  if ((to & (to - 1)) !== 0) throw new AsmError(`alignment ${to} is not a power of two`)
  const value = c.take(',') ? fillValue(a, c) : null
  const max = c.take(',') ? a.absoluteNumber(c, 0, MAX_BYTES) : 0
  c.end()
  a.align(to, value === null ? null : { value, unit }, max === 0 ? to : max)
}

const space: Directive = (a, c) => {
  const n = a.absoluteNumber(c, 0, MAX_BYTES)
  const value = c.take(',') ? a.absolute(c) : 0n
  c.end()
  a.fill(n, value)
}

const fill: Directive = (a, c) => {
  const times = a.absoluteNumber(c, 0, MAX_BYTES)
  const size = c.take(',') ? a.absoluteNumber(c, 0, 8) : 1
  const value = c.take(',') ? a.absolute(c) : 0n
  c.end()
  // GNU as fills with the low 4 bytes of the value.
  if (size > 0) a.fill(times * size, BigInt.asUintN(32, value), size)
}

const assignment = (fixed: boolean): Directive => (a, c) => {
  const name = c.ident()
  if (name === '') throw new AsmError(`expected a symbol${c.found()}`)
  c.expect(',')
  const e = parseExpr(c, a)
  c.end()
  a.define(name, e, fixed)
}

const instructionWords: Directive = (a, c) => {
  a.alignInstruction()
  commaList(c, () => a.integer(4, parseExpr(c, a)))
}

const section = (code: boolean): Directive => a => {
  a.inCode = code
}

const namedSection: Directive = (a, c) => {
  const rest = c.s.slice(c.i)
  a.inCode = /^\s*"?\.(?:text|init|fini)\b/.test(rest) || /,\s*"\w*x\w*"/.test(rest)
}

/** Directives that change nothing in a flat image: linkage, debugging, architecture. */
const IGNORED = [
  '.global', '.globl', '.local', '.weak', '.hidden', '.protected', '.internal', '.type', '.size', '.file', '.ident',
  '.loc', '.arch', '.arch_extension', '.cpu', '.variant_pcs', '.version', '.addrsig', '.previous', '.popsection',
  '.cfi_startproc', '.cfi_endproc', '.cfi_def_cfa', '.cfi_def_cfa_offset', '.cfi_def_cfa_register', '.cfi_offset',
  '.cfi_rel_offset', '.cfi_restore', '.cfi_adjust_cfa_offset', '.cfi_remember_state', '.cfi_restore_state',
  '.cfi_sections', '.cfi_undefined', '.cfi_same_value', '.cfi_negate_ra_state', '.cfi_b_key_frame', '.title', '.print',
]

export const DIRECTIVES: Record<string, Directive> = {
  ...Object.fromEntries(IGNORED.map(name => [name, () => {}])),
  '.byte': integers(1),
  '.hword': integers(2),
  '.short': integers(2),
  '.2byte': integers(2),
  '.word': integers(4),
  '.long': integers(4),
  '.int': integers(4),
  '.4byte': integers(4),
  '.quad': integers(8),
  '.xword': integers(8),
  '.dword': integers(8),
  '.8byte': integers(8),
  '.octa': octa,
  '.float': floats(4),
  '.single': floats(4),
  '.double': floats(8),
  '.ascii': strings(false),
  '.asciz': strings(true),
  '.string': strings(true),
  '.align': alignment(true, 1),
  '.p2align': alignment(true, 1),
  '.p2alignw': alignment(true, 2),
  '.p2alignl': alignment(true, 4),
  '.balign': alignment(false, 1),
  '.balignw': alignment(false, 2),
  '.balignl': alignment(false, 4),
  '.space': space,
  '.skip': space,
  '.zero': space,
  '.fill': fill,
  '.org': (a, c) => {
    const e: Expr = parseExpr(c, a)
    const value = c.take(',') ? a.absolute(c) : 0n
    c.end()
    a.origin(e, value)
  },
  '.equ': assignment(false),
  '.set': assignment(false),
  '.equiv': assignment(true),
  '.inst': instructionWords,
  '.ltorg': a => a.flushPools(),
  '.pool': a => a.flushPools(),
  '.text': section(true),
  '.data': section(false),
  '.rodata': section(false),
  '.bss': section(false),
  '.section': namedSection,
  '.pushsection': namedSection,
  '.unreq': (a, c) => {
    const name = c.ident()
    c.end()
    if (!a.aliases.delete(name)) throw new AsmError(`'${name}' is no register alias`)
  },
  '.macro': defineMacro,
  '.endm': () => { throw new AsmError("'.endm' without '.macro'") },
  '.exitm': (_a, _c, frame) => {
    frame.left = true
  },
  '.purgem': (a, c) => {
    const name = c.ident()
    c.end()
    if (!a.macros.delete(name.toLowerCase())) throw new AsmError(`no macro '${name}'`)
  },
  '.rept': repeat,
  '.irp': repeatList,
  '.irpc': repeatChars,
  '.endr': () => { throw new AsmError("'.endr' without '.rept'") },
  '.error': (_a, c) => { throw new AsmError(c.atEnd() ? '.error' : new TextDecoder().decode(Uint8Array.from(c.string()))) },
  '.err': () => { throw new AsmError('.err') },
  '.end': a => {
    a.ended = true
  },
}

const holds = (a: Assembly, text: string): boolean => {
  const c = new Cursor(text)
  const v = a.absolute(c)
  c.end()
  return v !== 0n
}

const OPENERS = /^\.if\w*$/

/** Moves past the statements of a branch not taken, to after `.else`, a true `.elseif`, or `.endif`. */
const skipBranch = (a: Assembly, frame: Frame, lookForElse: boolean): void => {
  let depth = 0
  while (frame.i < frame.statements.length) {
    const s = frame.statements[frame.i++]
    const word = leadingWord(s.text)
    if (OPENERS.test(word)) {
      depth++
    } else if (word === '.endif') {
      if (depth-- === 0) return
    } else if (depth === 0 && lookForElse && (word === '.else' || word === '.elseif')) {
      if (word === '.else' || holds(a, s.text.slice(s.text.toLowerCase().indexOf('.elseif') + 7))) {
        frame.conditions++
        return
      }
    }
  }
  throw new AsmError("'.if' without '.endif'")
}

const branch = (test: (a: Assembly, c: Cursor) => boolean): Directive => (a, c, frame) => {
  if (test(a, c)) frame.conditions++
  else skipBranch(a, frame, true)
}

const compare = (test: (v: bigint) => boolean) => branch((a, c) => {
  const v = a.absolute(c)
  c.end()
  return test(v)
})
const defined = (want: boolean) => branch((a, c) => a.isDefined(c.ident()) === want)
const blankText = (want: boolean) => branch((_a, c) => c.atEnd() === want)
const sameText = (want: boolean) => branch((_a, c) => {
  const [x, y] = c.s.slice(c.i).split(',')
  return (x.trim() === (y ?? '').trim()) === want
})

const endBranch = (directive: string): Directive => (a, _c, frame) => {
  if (frame.conditions === 0) throw new AsmError(`'${directive}' without '.if'`)
  frame.conditions--
  if (directive !== '.endif') skipBranch(a, frame, false)
}

/** `.if` and its relatives, which steer the frame. */
export const CONDITIONALS: Record<string, Directive> = {
  '.if': compare(v => v !== 0n),
  '.ifne': compare(v => v !== 0n),
  '.ifeq': compare(v => v === 0n),
  '.ifgt': compare(v => v > 0n),
  '.ifge': compare(v => v >= 0n),
  '.iflt': compare(v => v < 0n),
  '.ifle': compare(v => v <= 0n),
  '.ifdef': defined(true),
  '.ifndef': defined(false),
  '.ifnotdef': defined(false),
  '.ifb': blankText(true),
  '.ifnb': blankText(false),
  '.ifc': sameText(true),
  '.ifnc': sameText(false),
  '.else': endBranch('.else'),
  '.elseif': endBranch('.elseif'),
  '.endif': endBranch('.endif'),
}
