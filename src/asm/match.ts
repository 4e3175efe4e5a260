// Matching state and the compiler from operand patterns ("Xd|SP", "#i9@12", "[n,u12*8]") to matchers.
//
// A matcher looks at the operand at `m.i`, ORs its bits into `m.w`, steps over what it used and
// returns true; or it leaves a reason with `m.no` and returns false. The pattern families live in
// specs-core.ts, specs-mem.ts and specs-simd.ts; each documents its own patterns.

import { Kind, likeRegister } from './operand.ts'
import type { Operand } from './operand.ts'

export type Matcher = (m: Match) => boolean
/** One pattern: a matcher, whether the operand may be missing, and the bits that stand for its absence. */
export interface Spec {
  text: string
  optional: boolean
  absent: number
  match: Matcher
}
/** A regular expression over pattern texts and the function that makes the matcher. */
export type Family = readonly [RegExp, (groups: string[]) => Matcher]

/** How precise a reason is: the most precise one for the furthest operand is what the user sees. */
export const Severity = { kind: 0, form: 1, range: 2 } as const

/** The state of matching one instruction's operands against one row. */
export class Match {
  ops: Operand[] = []
  i = 0
  w = 0
  /** Address of offset 0, and the instruction's offset from it. */
  base = 0n
  off = 0
  /** Set when a value was not known yet: the word is only provisional. */
  unresolved = false
  reason = ''
  rank = -1
  at = 0

  /** Records why the current operand does not fit. Always false. */
  no(reason: string, severity: number = Severity.kind): false {
    const rank = this.i * 4 + severity
    if (rank > this.rank) {
      this.rank = rank
      this.reason = reason
      this.at = this.i
    }
    return false
  }

  /** Accepts the current operand with these bits. Always true. */
  yes(bits: number): true {
    this.w |= bits
    this.i++
    return true
  }

  /** The current operand, or undefined past the last. */
  get op(): Operand | undefined {
    return this.ops[this.i]
  }
}

/** Reads an operand's value for a matcher: null when not an integer, undefined while a symbol in it is unknown. */
export const valueOf = (m: Match, o: Operand | undefined, what: string): bigint | null | undefined => {
  if (o === undefined || o.k !== Kind.IMM) {
    m.no(what)
    return null
  }
  const { v } = o.e!
  if (v === null) {
    if (o.name !== '' && likeRegister(o.name)) {
      m.no(`unknown register '${o.name}'`, Severity.range)
      return null
    }
    m.unresolved = true
    return undefined
  }
  return v
}

/** A matcher for an integer: `encode` gives the bits, or NaN to refuse. An unknown value passes for now. */
export const integer = (reason: string, encode: (v: number) => number): Matcher => m => {
  const v = valueOf(m, m.op, 'expected an immediate')
  if (v === null) return false
  if (v === undefined) return m.yes(0)
  const bits = encode(Number(v))
  return bits === bits ? m.yes(bits) : m.no(reason, Severity.range)
}

/** As `integer`, for values that need all 64 bits. */
export const integer64 = (reason: string, encode: (v: bigint) => number): Matcher => m => {
  const v = valueOf(m, m.op, 'expected an immediate')
  if (v === null) return false
  if (v === undefined) return m.yes(0)
  const bits = encode(v)
  return bits === bits ? m.yes(bits) : m.no(reason, Severity.range)
}

/** A whole number between lo and hi in units of `scale`, shifted to `pos` and cut to `width` bits; else NaN. */
export const field = (v: number, lo: number, hi: number, scale: number, width: number, pos: number): number => {
  const q = v / scale
  if (!(q >= lo && q <= hi) || Math.floor(q) !== q) return NaN
  return ((q & (2 ** width - 1)) << pos) | 0
}

/** For messages: the range of a scaled field. */
export const rangeText = (lo: number, hi: number, scale: number): string =>
  `immediate out of range ${lo * scale} to ${hi * scale}${scale > 1 ? ` in steps of ${scale}` : ''}`

/** Compiles operand patterns once each, from the families given. */
export class SpecCompiler {
  private readonly families: readonly Family[]
  private readonly cache = new Map<string, Spec>()

  constructor(families: readonly Family[]) {
    this.families = families
  }

  /** `text?` is an optional operand, `text?=N` one whose absence stands for the bits N. */
  compile(text: string): Spec {
    let spec = this.cache.get(text)
    if (spec === undefined) {
      const opt = /^(.*)\?(?:=(\w+))?$/.exec(text)
      spec = { text, optional: opt !== null, absent: Number(opt?.[2] ?? 0), match: this.matcher(opt?.[1] ?? text) }
      this.cache.set(text, spec)
    }
    return spec
  }

  private matcher(text: string): Matcher {
    for (const [pattern, make] of this.families) {
      const groups = pattern.exec(text)
      if (groups !== null) return make(groups)
    }
    throw new Error(`assembler table: unknown operand pattern '${text}'`)
  }
}
