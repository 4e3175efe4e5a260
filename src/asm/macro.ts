// Macros and repeated blocks: .macro, .rept, .irp, .irpc, by substitution in the statements' text.

import type { Assembly, Frame } from './assembler.ts'
import { AsmError } from './error.ts'
import type { Cursor } from './expr.ts'
import type { Statement } from './source.ts'
import { blockEnd, splitStatements } from './source.ts'

interface Parameter {
  name: string
  fallback: string
  required: boolean
  vararg: boolean
}

export interface Macro {
  name: string
  parameters: Parameter[]
  body: Statement[]
}

const MAX_REPEAT = 10_000_000

/** Takes the statements up to the directive that closes this block. */
const takeBlock = (frame: Frame, opener: string, open: readonly string[], close: string): Statement[] => {
  const end = blockEnd(frame.statements, frame.i, open, close)
  if (end < 0) throw new AsmError(`'${opener}' without '${close}'`)
  const body = frame.statements.slice(frame.i, end)
  frame.i = end + 1
  return body
}

/**
 * Splits macro arguments: at commas, and at blanks that no operator joins. Brackets and quotes hold
 * an argument together; the quotes around a whole argument go away.
 */
const splitArguments = (text: string, limit: number): string[] => {
  const out: string[] = []
  let depth = 0
  let from = 0
  let i = 0
  const push = (to: number): void => {
    const arg = text.slice(from, to).trim()
    out.push(/^"(?:[^"\\]|\\.)*"$/.test(arg) ? arg.slice(1, -1) : arg)
  }
  while (i < text.length) {
    if (out.length === limit - 1) break
    const ch = text[i]
    if (ch === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
    } else if ('([{'.includes(ch)) {
      depth++
    } else if (')]}'.includes(ch)) {
      depth--
    } else if (depth === 0 && ch === ',') {
      push(i)
      from = i + 1
    } else if (depth === 0 && (ch === ' ' || ch === '\t') && /[\w$.)\]}"']$/.test(text.slice(from, i))) {
      const next = /\S/.exec(text.slice(i))
      if (next !== null && /[\w$."\\]/.test(next[0])) {
        push(i)
        from = i + 1
      }
    }
    i++
  }
  if (text.trim() !== '') push(text.length)
  return out
}

/** Replaces `\name` by the argument, `\()` by nothing and `\@` by the number of macros called so far. */
const substitute = (text: string, values: Map<string, string>, count: number): string =>
  text.includes('\\')
    ? text.replace(/\\(?:(@)|(\(\))|([A-Za-z_$][\w$]*))/g, (all, at, empty, name) => {
      if (at !== undefined) return String(count)
      if (empty !== undefined) return ''
      return values.get(name) ?? all
    })
    : text

const instantiate = (body: Statement[], values: Map<string, string>, count: number, via: string): Statement[] =>
  body.flatMap(s => {
    const text = substitute(s.text, values, count)
    if (text === s.text) return [{ text, line: s.line, via }]
    return splitStatements(text).map(part => ({ text: part.text, line: s.line, via }))
  })

/** `.macro name a, b=default, c:req, d:vararg` up to `.endm`. */
export const defineMacro = (a: Assembly, c: Cursor, frame: Frame): void => {
  const name = c.ident()
  if (name === '') throw new AsmError(`expected a macro name${c.found()}`)
  const parameters: Parameter[] = []
  c.take(',')
  while (!c.atEnd()) {
    const p: Parameter = { name: c.ident(), fallback: '', required: false, vararg: false }
    if (p.name === '') throw new AsmError(`expected a parameter name${c.found()}`)
    if (c.take(':')) {
      const kind = c.ident().toLowerCase()
      if (kind !== 'req' && kind !== 'vararg') throw new AsmError(`unknown parameter kind ':${kind}'`)
      p.required = kind === 'req'
      p.vararg = kind === 'vararg'
    }
    if (c.take('=')) {
      c.peek()
      const value = /"((?:[^"\\]|\\.)*)"|[^\s,]*/y
      value.lastIndex = c.i
      const g = value.exec(c.s)!
      c.i = value.lastIndex
      p.fallback = g[1] ?? g[0]
    }
    parameters.push(p)
    c.take(',')
  }
  const body = takeBlock(frame, '.macro', ['.macro'], '.endm')
  const key = name.toLowerCase()
  if (a.macros.has(key)) throw new AsmError(`macro '${name}' is already defined`)
  a.macros.set(key, { name, parameters, body })
}

export const callMacro = (a: Assembly, macro: Macro, c: Cursor, at: Statement): void => {
  const { parameters } = macro
  const vararg = parameters.length > 0 && parameters[parameters.length - 1].vararg
  const args = splitArguments(c.s.slice(c.i), vararg ? parameters.length : Infinity)
  const values = new Map<string, string>()
  let position = 0
  for (const arg of args) {
    const keyword = /^([A-Za-z_$][\w$]*)\s*=(?!=)\s*(.*)$/.exec(arg)
    const named = keyword === null ? undefined : parameters.find(p => p.name === keyword[1])
    if (named !== undefined) {
      values.set(named.name, keyword![2])
      continue
    }
    const p = parameters[position++]
    if (p === undefined) throw new AsmError(`too many arguments for macro '${macro.name}'`)
    if (arg !== '') values.set(p.name, arg)
  }
  for (const p of parameters) {
    if (values.has(p.name)) continue
    if (p.required) throw new AsmError(`macro '${macro.name}' needs its argument '${p.name}'`)
    values.set(p.name, p.fallback)
  }
  a.run(instantiate(macro.body, values, a.macroCalls++, ` (in macro '${macro.name}' called on line ${at.line})`))
}

const REPEATS = ['.rept', '.irp', '.irpc']

export const repeat = (a: Assembly, c: Cursor, frame: Frame): void => {
  const times = a.absoluteNumber(c, 0, MAX_REPEAT)
  c.end()
  const body = takeBlock(frame, '.rept', REPEATS, '.endr')
  for (let n = 0; n < times; n++) a.run(body)
}

const forEach = (directive: string, split: (text: string) => string[]) => (a: Assembly, c: Cursor, frame: Frame): void => {
  const name = c.ident()
  if (name === '') throw new AsmError(`expected a parameter name${c.found()}`)
  c.take(',')
  const list = split(c.s.slice(c.i))
  const body = takeBlock(frame, directive, REPEATS, '.endr')
  for (const value of list.length === 0 ? [''] : list) a.run(instantiate(body, new Map([[name, value]]), a.macroCalls, ''))
}

export const repeatList = forEach('.irp', text => splitArguments(text, Infinity))
export const repeatChars = forEach('.irpc', text => [...text.trim()])
