// Operand patterns for addresses.
//
//   [n]           base register only (an offset of 0 may be written)
//   [n,u12*8]     unsigned 12-bit offset in units of 8, at bit 10
//   [n,i9]        signed 9-bit byte offset at bit 12; [n,i9*16] in units of 16
//   [n,i7*8]      signed 7-bit offset in units of 8, at bit 15
//   …]!           the same, written back before the access (pre-index)
//   [n,R8]        register offset, shifted by 0 or log2(8)
//   [d]! [s]!     write-back base alone, in Rd or Rs (memory copy and set)
//   [n,ldra]      signed 10-bit offset in units of 8 (LDRAA, LDRAB)
// The base register is Rn, SP allowed, unless said otherwise.

import type { Family, Match, Matcher } from './match.ts'
import { Severity, field, rangeText, valueOf } from './match.ts'
import { Kind } from './operand.ts'
import { fieldBits } from './specs-core.ts'
import type { Operand } from './operand.ts'

/** The memory operand under the cursor, when it has the wanted write-back and a fitting base register. */
const address = (m: Match, pre: boolean): Operand | null => {
  const o = m.op
  if (o === undefined || o.k !== Kind.MEM) {
    m.no('expected an address')
    return null
  }
  const base = o.base!
  if (base.cls !== 'X' || base.zr) {
    m.no('the base register must be X0 to X30 or SP', Severity.form)
    return null
  }
  if (o.pre !== pre) {
    m.no(pre ? "expected '!' after the address" : "unexpected '!' after the address", Severity.form)
    return null
  }
  return o
}

const immediateOffset = (pre: boolean, reason: string, encode: (v: number) => number, bare = !pre): Matcher => m => {
  const o = address(m, pre)
  if (o === null) return false
  const n = o.base!.n << 5
  if (o.off === null) return bare ? m.yes(n | encode(0)) : m.no('missing offset in the pre-indexed address', Severity.form)
  if (o.sh !== null) return m.no('unexpected shift in the address', Severity.form)
  const v = valueOf(m, o.off, 'expected an immediate offset')
  if (v === null) return false
  const bits = v === undefined ? 0 : encode(Number(v))
  return bits === bits ? m.yes(n | bits) : m.no(reason, Severity.range)
}

const scaled = (signed: boolean, width: number, scale: number, pos: number, pre: boolean): Matcher => {
  const lo = signed ? -(2 ** (width - 1)) : 0
  const hi = signed ? 2 ** (width - 1) - 1 : 2 ** width - 1
  return immediateOffset(pre, rangeText(lo, hi, scale), v => field(v, lo, hi, scale, width, pos))
}

const OPTION: Record<string, number> = { uxtw: 2, lsl: 3, sxtw: 6, sxtx: 7 }

const registerOffset = (size: number): Matcher => {
  const log2 = Math.log2(size)
  const badAmount = `the shift amount must be ${size === 1 ? '0' : `0 or ${log2}`}`
  return m => {
    const o = address(m, false)
    if (o === null) return false
    const { off, sh } = o
    if (off === null || off.k !== Kind.REG) return m.no('expected a register offset')
    if (off.sp || (off.cls !== 'X' && off.cls !== 'W')) return m.no('the offset register must be general-purpose', Severity.form)
    const name = sh === null ? 'lsl' : sh.k === Kind.SHIFT ? sh.name : ''
    const option = OPTION[name]
    if (option === undefined || ((option & 1) !== 0) !== (off.cls === 'X')) {
      return m.no(off.cls === 'X' ? 'expected lsl or sxtx' : 'expected uxtw or sxtw', Severity.form)
    }
    let s = 0
    if (sh !== null) {
      if (sh.e === null && name === 'lsl') return m.no('lsl needs an amount', Severity.form)
      if (sh.e !== null) {
        const amount = Number(sh.e.v ?? 0n)
        if (sh.e.v === null) m.unresolved = true
        if (amount !== 0 && amount !== log2) return m.no(badAmount, Severity.range)
        s = amount === log2 ? 1 << 12 : 0
      }
    }
    return m.yes((o.base!.n << 5) | (off.n << 16) | (option << 13) | s)
  }
}

const authenticated = (pre: boolean): Matcher =>
  immediateOffset(pre, rangeText(-512, 511, 8), v => {
    const imm10 = field(v, -512, 511, 8, 10, 0)
    return imm10 === imm10 ? ((imm10 & 0x200) << 13) | ((imm10 & 0x1ff) << 12) : NaN
  }, true)

const copyPointer = (place: string): Matcher => {
  const bits = fieldBits(place)
  return m => {
    const o = address(m, true)
    if (o === null) return false
    if (o.off !== null || o.base!.n === 31) return m.no('expected a general-purpose register alone', Severity.form)
    return m.yes(bits(o.base!.n))
  }
}

export const MEMORY: readonly Family[] = [
  [/^\[n\]$/, () => immediateOffset(false, 'this address takes no offset', v => (v === 0 ? 0 : NaN))],
  [/^\[n,([ui])(\d+)(?:\*(\d+))?\](!?)$/, g => {
    const width = Number(g[2])
    return scaled(g[1] === 'i', width, Number(g[3] ?? 1), width === 12 ? 10 : width === 9 ? 12 : 15, g[4] === '!')
  }],
  [/^\[([ds])\]!$/, g => copyPointer(g[1])],
  [/^\[n,R(\d+)\]$/, g => registerOffset(Number(g[1]))],
  [/^\[n,ldra\](!?)$/, g => authenticated(g[1] === '!')],
]
