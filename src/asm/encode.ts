// The instruction encoder: rows by mnemonic, tried in order until one takes all operands.

import { AsmError } from './error.ts'
import { Match, Severity, SpecCompiler } from './match.ts'
import type { Spec } from './match.ts'
import type { Operand } from './operand.ts'
import { CORE } from './specs-core.ts'
import { MEMORY } from './specs-mem.ts'
import { SIMD } from './specs-simd.ts'
import { FLOAT } from './tables/float.ts'
import { INTEGER } from './tables/integer.ts'
import { LOADSTORE } from './tables/loadstore.ts'
import type { Row } from './tables/rows.ts'
import { expand } from './tables/rows.ts'
import { SIMD_MOVES } from './tables/simd-move.ts'
import { SIMD_ARITHMETIC } from './tables/simd.ts'
import { SYSTEM } from './tables/system.ts'

/** All instruction rows. Order matters within one mnemonic: the first row that fits is the encoding. */
export const ROWS: readonly Row[] = [...INTEGER, ...SYSTEM, ...LOADSTORE, ...FLOAT, ...SIMD_ARITHMETIC, ...SIMD_MOVES]

interface Form {
  specs: Spec[]
  bits: number
}

const compiler = new SpecCompiler([...CORE, ...MEMORY, ...SIMD])
const mnemonicOf = (row: Row): string => row[0].split(' ', 1)[0]

const rowsByMnemonic = new Map<string, Row[]>()
for (const row of ROWS) {
  const name = mnemonicOf(row)
  const rows = rowsByMnemonic.get(name)
  if (rows === undefined) rowsByMnemonic.set(name, [row])
  else rows.push(row)
}

/** Rows are expanded and compiled when their mnemonic is first used. */
const compiled = new Map<string, Form[]>()
const formsOf = (mnemonic: string): Form[] | undefined => {
  let forms = compiled.get(mnemonic)
  if (forms === undefined) {
    const name = mnemonic.toLowerCase()
    const rows = rowsByMnemonic.get(name)
    if (rows === undefined) return undefined
    forms = rows.flatMap(expand).map(e => ({ specs: e.operands.map(o => compiler.compile(o)), bits: e.bits }))
    compiled.set(mnemonic, forms)
  }
  return forms
}

export const isMnemonic = (name: string): boolean => rowsByMnemonic.has(name.toLowerCase())

const tryForm = (m: Match, form: Form): boolean => {
  const { specs } = form
  m.i = 0
  m.w = form.bits
  m.unresolved = false
  for (let s = 0; s < specs.length; s++) {
    const spec = specs[s]
    if (m.i < m.ops.length) {
      if (!spec.match(m)) return false
    } else if (spec.optional) {
      m.w |= spec.absent
    } else {
      return m.no('missing operand', Severity.form)
    }
  }
  return m.i === m.ops.length || m.no('too many operands', Severity.form)
}

/** An instruction word, and whether it still waits for a symbol (it must then be encoded again). */
export interface Encoded {
  word: number
  unresolved: boolean
}

const result: Encoded = { word: 0, unresolved: false }

/**
 * Encodes one instruction at address `base` + `off`. The result object is reused by the next call.
 * Throws AsmError when the mnemonic is unknown or no form takes these operands.
 */
export const encode = (mnemonic: string, ops: Operand[], base: bigint, off: number): Encoded => {
  const forms = formsOf(mnemonic)
  if (forms === undefined) throw new AsmError(`unknown mnemonic '${mnemonic}'`)
  const m = new Match()
  m.ops = ops
  m.base = base
  m.off = off
  for (let f = 0; f < forms.length; f++) {
    if (tryForm(m, forms[f])) {
      result.word = m.w >>> 0
      result.unresolved = m.unresolved
      return result
    }
  }
  const where = m.at < ops.length ? ` at operand ${m.at + 1}` : ''
  throw new AsmError(m.reason.startsWith('unknown') ? m.reason : `${m.reason}${where}`)
}
