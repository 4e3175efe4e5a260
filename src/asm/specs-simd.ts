// Operand patterns of Advanced SIMD.
//
//   Vd.4S             vector register with an arrangement (fields as for scalar registers)
//   Vm.H[hlm]         one lane; the index goes to bits H (11), L (21), M (20) or, with i5, to imm5
//                     (bit 16), with i4 to imm4 (bit 11), with s2 to bit 12;  Vd.D[=1] exactly lane 1
//   {Vt.4S*2}         list of 2 registers;  {Vt.B*2}[q]  one lane, index in Q:S:size
//   #shl8 #shr8       left and right shift by an element of 8 bits, in immh:immb
//   #abc              8-bit modified immediate;  lsl16 lsl32 msl  its shift;  #mask  a 64-bit byte mask
//   #rot4 #rot2       rotation by a multiple of 90 degrees

import { byteMask } from './immediate.ts'
import type { Family, Matcher } from './match.ts'
import { Severity, field, integer, integer64, rangeText } from './match.ts'
import { Kind, likeRegister } from './operand.ts'
import type { Expr } from './expr.ts'
import { fieldBits, floatConstant, leftShift } from './specs-core.ts'

const unknownRegister = (name: string, wanted: string): string => (likeRegister(name) ? `unknown register '${name}'` : wanted)

const vector = (place: string, arr: string): Matcher => {
  const bits = fieldBits(place)
  const wanted = `expected a vector register with arrangement .${arr}`
  return m => {
    const o = m.op
    if (o === undefined || o.k !== Kind.REG || o.cls !== 'V') return m.no(unknownRegister(o?.name ?? '', wanted))
    if (o.arr !== arr || o.idx !== null) return m.no(wanted, Severity.form)
    return m.yes(bits(o.n))
  }
}

/** How an index is spread over an instruction: its largest value, and its bits. */
interface Index {
  max: number
  bits: (i: number) => number
  /** The lane's register must be V0 to V15 (bit M belongs to the index). */
  low?: boolean
}

const LOG2: Record<string, number> = { B: 0, H: 1, S: 2, D: 3 }
const indexOf = (mode: string, size: string): Index => {
  const log2 = LOG2[size] ?? 0
  switch (mode) {
    case 'hlm': return { max: 7, low: true, bits: i => ((i >> 2) << 11) | (((i >> 1) & 1) << 21) | ((i & 1) << 20) }
    case 'hl': return { max: 3, bits: i => ((i >> 1) << 11) | ((i & 1) << 21) }
    case 'h': return { max: 1, bits: i => i << 11 }
    case 'l': return { max: 1, bits: i => i << 21 }
    case 'i5': return { max: (16 >> log2) - 1, bits: i => ((i << (log2 + 1)) | (1 << log2)) << 16 }
    case 'i4': return { max: (16 >> log2) - 1, bits: i => (i << log2) << 11 }
    case 's2': return { max: 3, bits: i => i << 12 }
    default: return { max: (16 >> log2) - 1, bits: i => { const x = i << log2; return ((x >> 3) << 30) | ((x & 7) << 10) } }
  }
}

/** Bits of an index operand; NaN (with the reason left in m) when out of range. */
const indexBits = (m: Parameters<Matcher>[0], idx: Expr | null, index: Index): number => {
  if (idx === null) {
    m.no('expected a lane index', Severity.form)
    return NaN
  }
  if (idx.v === null) {
    m.unresolved = true
    return 0
  }
  if (idx.v < 0n || idx.v > BigInt(index.max)) {
    m.no(`lane index out of range 0 to ${index.max}`, Severity.range)
    return NaN
  }
  return index.bits(Number(idx.v))
}

const lane = (place: string, size: string, mode: string): Matcher => {
  const bits = fieldBits(place)
  const index = mode === '=1' ? { max: 1, bits: (i: number) => (i === 1 ? 0 : NaN) } : indexOf(mode, size)
  const wanted = `expected a vector lane .${size}[index]`
  return m => {
    const o = m.op
    if (o === undefined || o.k !== Kind.REG || o.cls !== 'V') return m.no(unknownRegister(o?.name ?? '', wanted))
    if (o.arr !== size) return m.no(wanted, Severity.form)
    const i = indexBits(m, o.idx, index)
    if (i !== i) return m.no('the lane index must be 1', Severity.form)
    if (index.low === true && o.n > 15) return m.no('the lane must be of V0 to V15', Severity.range)
    return m.yes(bits(o.n) | i)
  }
}

const list = (place: string, arr: string, count: number, mode: string | undefined): Matcher => {
  const bits = fieldBits(place)
  const index = mode === undefined ? null : indexOf(mode, arr)
  const wanted = `expected a list of ${count} register${count > 1 ? 's' : ''} .${arr}${index === null ? '' : ' with an index'}`
  return m => {
    const o = m.op
    if (o === undefined || o.k !== Kind.LIST) return m.no(wanted)
    if (o.arr !== arr || o.count !== count || (o.idx === null) !== (index === null)) return m.no(wanted, Severity.form)
    const i = index === null ? 0 : indexBits(m, o.idx, index)
    return i === i ? m.yes(bits(o.n) | i) : false
  }
}

const shiftImmediate = (left: boolean, esize: number): Matcher => {
  const [lo, hi] = left ? [0, esize - 1] : [1, esize]
  return integer(rangeText(lo, hi, 1), v => {
    const n = field(v, lo, hi, 1, 7, 0)
    return n === n ? (left ? esize + n : 2 * esize - n) << 16 : NaN
  })
}

/** a:b:c at 16, d:e:f:g:h at 5. */
const abcdefgh = (imm8: number): number => ((imm8 >> 5) << 16) | ((imm8 & 31) << 5)

const rotation = (values: number[], pos: number): Matcher =>
  integer(`the rotation must be ${values.map(v => `#${v}`).join(' or ')}`, v => (values.includes(v) ? values.indexOf(v) << pos : NaN))

export const SIMD: readonly Family[] = [
  [/^V(nm|[dtnam])\.(\d+[BHSDQ])$/, g => vector(g[1], g[2])],
  [/^V(nm|[dtnam])\.(\d?[BHSD])\[([\w=]+)\]$/, g => lane(g[1], g[2], g[3])],
  [/^\{V([tn])\.(\w+)\*(\d)\}(?:\[(\w)\])?$/, g => list(g[1], g[2], Number(g[3]), g[4])],
  [/^#sh([lr])(\d+)$/, g => shiftImmediate(g[1] === 'l', Number(g[2]))],
  // SHLL's shift, which is the element size.
  [/^#abc$/, () => integer(rangeText(0, 255, 1), v => { const b = field(v, 0, 255, 1, 8, 0); return b === b ? abcdefgh(b) : NaN })],
  [/^#mask$/, () => integer64('every byte of the immediate must be 0x00 or 0xff', v => { const b = byteMask(v); return b === b ? abcdefgh(b) : NaN })],
  [/^#vfp(16|32|64)$/, g => floatConstant(Number(g[1]), abcdefgh)],
  [/^lsl(16|32)$/, g => leftShift(g[1] === '16' ? [0, 8] : [0, 8, 16, 24], 13)],
  [/^msl$/, () => leftShift([8, 16], 12, 'msl')],
  [/^#rot4@(\d+)$/, g => rotation([0, 90, 180, 270], Number(g[1]))],
  [/^#rot2@(\d+)$/, g => rotation([90, 270], Number(g[1]))],
]
