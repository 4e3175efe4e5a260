// Operand patterns of the base instruction set: registers, immediates, shifts, branch targets, names.
//
//   Xd Wn Sm …    register of a class in a field (d t: 0, n: 5, a t2: 10, m s: 16; nm: both)
//   Xd|SP         31 is the stack pointer instead of the zero register;  Xm|NZ  31 is not allowed
//   SP@5          exactly SP
//   Xs+1          an even register, and the next operand its successor;  Xd!  register written back;
//                 Xn!/distinct  and different from those in the other fields
//   #u6@10        unsigned immediate; #i signed; #u4*16@10 in units of 16;  #=8*2  exactly 16
//   cond@12       condition; ncond@12 inverted (never al, nv)
//   shift32 shiftr64 ext32 ext64 ext64w   shifted and extended register modifiers
//   pc26 pc19 pc14 adr adrp lit           PC-relative targets
//   sysreg, pstate, tlbi0 …               names, from tables/system-names.ts

import { fits32, floatFromBits, floatImmediate, logicalImmediate, wideImmediate } from './immediate.ts'
import type { Family, Match, Matcher } from './match.ts'
import { Severity, field, integer, integer64, rangeText, valueOf } from './match.ts'
import type { Operand } from './operand.ts'
import { Kind, likeRegister } from './operand.ts'
import { CONDITIONS, NAMES, pstateField, systemRegister } from './tables/system-names.ts'

const FIELDS: Record<string, number[]> = {
  d: [0], t: [0], n: [5], a: [10], t2: [10], m: [16], s: [16], nm: [5, 16], dn: [0, 5],
}

/** Bits of register `n` in the named field. */
export const fieldBits = (name: string): ((n: number) => number) => {
  const [first, second] = FIELDS[name]
  return second === undefined ? n => n << first : n => (n << first) | (n << second)
}

const unfit = (m: Match, o: Operand | undefined, wanted: string): false => {
  if (o !== undefined && o.k === Kind.IMM && likeRegister(o.name)) return m.no(`unknown register '${o.name}'`, Severity.range)
  return m.no(wanted, o !== undefined && o.k === Kind.REG ? Severity.form : Severity.kind)
}

const register = (cls: string, place: string, last: '' | '|SP' | '|NZ', bang: boolean): Matcher => {
  const sp = last === '|SP'
  const bits = fieldBits(place)
  const general = cls === 'X' || cls === 'W'
  const wanted = `expected ${general ? `a ${cls === 'X' ? '64' : '32'}-bit register (${cls}${sp ? ' or SP' : ''})` : `a ${cls} register`}`
  return m => {
    const o = m.op
    if (o === undefined || o.k !== Kind.REG || o.cls !== cls || o.arr !== '') return unfit(m, o, wanted)
    if (sp ? o.zr : o.sp || (o.zr && last === '|NZ')) return m.no(o.zr ? 'the zero register does not fit here' : 'the stack pointer does not fit here', Severity.form)
    if (o.pre !== bang) return m.no(bang ? "expected '!' after the register" : "unexpected '!' after the register", Severity.form)
    return m.yes(bits(o.n))
  }
}

const stackPointer = (pos: number): Matcher => m =>
  m.op !== undefined && m.op.sp && m.op.cls === 'X' ? m.yes(31 << pos) : m.no('expected SP')

const registerPair = (cls: string, place: string): Matcher => {
  const first = register(cls, place, '', false)
  return m => {
    const { n } = m.op ?? { n: 0 }
    if (!first(m)) return false
    if ((n & 1) !== 0) {
      m.i--
      return m.no('a register pair must start with an even register', Severity.range)
    }
    const o = m.op
    if (o === undefined || o.k !== Kind.REG || o.cls !== cls || o.sp || o.n !== n + 1) {
      return m.no('a register pair must be consecutive', Severity.range)
    }
    return m.yes(0)
  }
}

/** LD64B's eight-register group: even, and at most x22. */
const registerGroup: Matcher = m => {
  const { n } = m.op ?? { n: 0 }
  if ((n & 1) !== 0 || n > 22) return m.no('expected an even register from x0 to x22', Severity.range)
  return register('X', 't', '', false)(m)
}

/** The last operand of memory copy and set: Rd, Rn and Rs must differ. */
const distinct = (last: Matcher): Matcher => m => {
  if (!last(m)) return false
  const [d, n, s] = [m.w & 31, (m.w >> 5) & 31, (m.w >> 16) & 31]
  if (d !== n && d !== s && n !== s) return true
  m.i--
  return m.no('the three registers must differ', Severity.range)
}

const plain = (signed: boolean, width: number, scale: number, pos: number): Matcher => {
  const lo = signed ? -(2 ** (width - 1)) : 0
  const hi = signed ? 2 ** (width - 1) - 1 : 2 ** width - 1
  return integer(rangeText(lo, hi, scale), v => field(v, lo, hi, scale, width, pos))
}

const exactly = (wanted: number): Matcher => {
  const reason = `the immediate must be ${wanted}`
  const match = integer(reason, v => (v === wanted ? 0 : NaN))
  return m => (m.op !== undefined && m.op.k === Kind.IMM && m.op.name !== '' && m.op.e!.v === null ? m.no(reason) : match(m))
}

/** 12 bits, shifted left by 0 or 12: from an explicit `lsl`, or chosen by the value. */
const arithmetic = (negative: boolean): Matcher => m => {
  const raw = valueOf(m, m.op, 'expected an immediate')
  if (raw === null) return false
  if (raw !== undefined && negative !== raw < 0n) return m.no('immediate out of range 0 to 4095, or that shifted left by 12', Severity.range)
  const v = raw === undefined ? 0 : Math.abs(Number(raw))
  const shift = m.ops[m.i + 1]
  if (shift !== undefined) {
    if (v > 4095) return m.no('immediate out of range 0 to 4095', Severity.range)
    m.yes(v << 10)
    return leftShift([0, 12], 22)(m)
  }
  if (v <= 4095) return m.yes(v << 10)
  return v % 4096 === 0 && v <= 0xfff000 ? m.yes((v >> 2) | (1 << 22)) : m.no('immediate out of range 0 to 4095, or that shifted left by 12', Severity.range)
}

/** `lsl #k` for k in `amounts`; encodes k's index at `pos`. */
export const leftShift = (amounts: number[], pos: number, name = 'lsl'): Matcher => {
  const reason = `the shift must be ${name} ${amounts.map(a => `#${a}`).join(' or ')}`
  return m => {
    const o = m.op
    if (o === undefined || o.k !== Kind.SHIFT || o.name !== name || o.e === null) return m.no(reason, Severity.form)
    if (o.e.v === null) m.unresolved = true
    const at = amounts.indexOf(Number(o.e.v ?? 0n))
    return at < 0 ? m.no(reason, Severity.range) : m.yes(at << pos)
  }
}

/** MOVZ/MOVN/MOVK's 16 bits with their shift, written or implied by `:abs_gN:`. */
const moveWide = (width: number): Matcher => {
  const amounts = width === 32 ? [0, 16] : [0, 16, 32, 48]
  const imm16 = plain(false, 16, 1, 5)
  const lsl = leftShift(amounts, 21)
  return m => {
    const hw = m.op?.e as { hw?: number } | null | undefined
    if (!imm16(m)) return false
    if (hw?.hw !== undefined) {
      if (hw.hw >= amounts.length) return m.no('relocation does not fit a 32-bit register', Severity.range)
      m.w |= hw.hw << 21
      return true
    }
    return m.i < m.ops.length ? lsl(m) : true
  }
}

const CANNOT_MOVE = 'immediate cannot be moved by a single instruction'

/** MOV's immediate as MOVZ (or, inverted, as MOVN). */
const moveAlias = (width: number, invert: boolean): Matcher => integer64(CANNOT_MOVE, v => {
  if (width === 32 && !fits32(v)) return NaN
  const code = wideImmediate(BigInt.asUintN(width, invert ? ~v : v), width)
  return code === code ? ((code & 0xffff) << 5) | ((code >> 16) << 21) : NaN
})

const logical = (width: number, invert: boolean): Matcher => integer64(
  `immediate is no ${width}-bit logical constant (a rotated run of ones, repeated)`,
  v => {
    const code = logicalImmediate(invert ? ~v : v, width)
    return code === code ? code << 10 : NaN
  },
)

/** Two operands of a bit-field alias, lsb and width, turned into immr and imms. */
const bitField = (width: number, encode: (lsb: number, w: number) => number): Matcher => m => {
  const lsb = valueOf(m, m.op, 'expected an immediate')
  if (lsb === null) return false
  if (lsb !== undefined && (lsb < 0n || lsb >= BigInt(width))) return m.no(rangeText(0, width - 1, 1), Severity.range)
  m.i++
  const w = valueOf(m, m.op, 'expected a field width')
  if (w === null) return false
  if (lsb === undefined || w === undefined) return m.yes(0)
  if (w < 1n || w > BigInt(width) - lsb) return m.no(`field width out of range 1 to ${BigInt(width) - lsb}`, Severity.range)
  return m.yes(encode(Number(lsb), Number(w)))
}

const BIT_FIELD: Record<string, (width: number) => Matcher> = {
  bfi: width => bitField(width, (lsb, w) => (((width - lsb) % width) << 16) | ((w - 1) << 10)),
  bfx: width => bitField(width, (lsb, w) => (lsb << 16) | ((lsb + w - 1) << 10)),
  lsl: width => integer(rangeText(0, width - 1, 1), v => field(v, 0, width - 1, 1, 6, 0) >= 0 ? (((width - v) % width) << 16) | ((width - 1 - v) << 10) : NaN),
}

const SHIFT_TYPES = ['lsl', 'lsr', 'asr', 'ror']
const shifted = (width: number, types: string[]): Matcher => {
  const reason = `expected a shift (${types.join(', ')})`
  return m => {
    const o = m.op
    const type = o !== undefined && o.k === Kind.SHIFT ? types.indexOf(o.name) : -1
    if (type < 0) return m.no(reason, Severity.form)
    if (o!.e === null) return m.no('missing shift amount', Severity.range)
    const { v } = o!.e
    if (v === null) {
      m.unresolved = true
      return m.yes(type << 22)
    }
    if (v < 0n || v >= BigInt(width)) return m.no(`shift amount out of range 0 to ${width - 1}`, Severity.range)
    return m.yes((type << 22) | (Number(v) << 10))
  }
}

const EXTENDS = ['uxtb', 'uxth', 'uxtw', 'uxtx', 'sxtb', 'sxth', 'sxtw', 'sxtx']
/** Extended register: `lslAs` is the option that `lsl` stands for (-1 where it may not be written). */
const extended = (lslAs: number): Matcher => m => {
  const o = m.op
  if (o === undefined || o.k !== Kind.SHIFT) return m.no('expected an extend operator', Severity.form)
  const option = o.name === 'lsl' && lslAs >= 0 ? lslAs : EXTENDS.indexOf(o.name)
  if (option < 0) return m.no(`'${o.name}' is no extend operator for this register`, Severity.form)
  if (o.e === null) return o.name === 'lsl' ? m.no('missing shift amount', Severity.range) : m.yes(option << 13)
  const { v } = o.e
  if (v === null) m.unresolved = true
  if (v !== null && (v < 0n || v > 4n)) return m.no('shift amount out of range 0 to 4', Severity.range)
  return m.yes((option << 13) | (Number(v ?? 0n) << 10))
}

/** Bytes from the instruction to v, the short way round the 64-bit address space. */
const distance = (m: Match, v: bigint): number => Number(BigInt.asIntN(64, v - m.base)) - m.off

/** A branch or load target: signed distance in words in `width` bits at `pos`. */
const target = (width: number, pos: number): Matcher => {
  const reach = 2 ** (width + 1)
  return m => {
    const v = valueOf(m, m.op, 'expected a label or address')
    if (v === null) return false
    if (v === undefined) return m.yes(0)
    const d = distance(m, v)
    if ((d & 3) !== 0) return m.no('the target is not word-aligned', Severity.range)
    if (!(d >= -reach && d < reach)) return m.no(`target out of range (distance ${d}, at most ±${reach})`, Severity.range)
    return m.yes(((d >> 2) & (2 ** width - 1)) << pos)
  }
}

const adrBits = (d: number): number => ((d & 3) << 29) | (((d >> 2) & 0x7ffff) << 5)
const adr: Matcher = m => {
  const v = valueOf(m, m.op, 'expected a label or address')
  if (v === null) return false
  if (v === undefined) return m.yes(0)
  const d = distance(m, v)
  return d >= -0x100000 && d <= 0xfffff ? m.yes(adrBits(d)) : m.no(`target out of range (distance ${d}, at most ±1048576)`, Severity.range)
}
const adrp: Matcher = m => {
  const v = valueOf(m, m.op, 'expected a label or address')
  if (v === null) return false
  if (v === undefined) return m.yes(0)
  const d = Number(BigInt.asIntN(64, (v >> 12n) - ((m.base + BigInt(m.off)) >> 12n)))
  return d >= -0x100000 && d <= 0xfffff ? m.yes(adrBits(d)) : m.no('target page out of range (at most ±4 GiB)', Severity.range)
}

/** TBZ/TBNZ bit number: b5 at 31, b40 at 19. */
const testBit = integer(rangeText(0, 63, 1), v => {
  const bit = field(v, 0, 63, 1, 6, 0)
  return bit === bit ? ((bit >> 5) << 31) | ((bit & 31) << 19) : NaN
})

const condition = (pos: number, invert: boolean): Matcher => m => {
  const code = m.op === undefined ? undefined : CONDITIONS.get(m.op.name)
  if (code === undefined) return m.no('expected a condition')
  if (invert && code >= 14) return m.no('al and nv do not fit here', Severity.range)
  return m.yes((code ^ (invert ? 1 : 0)) << pos)
}

/** A name from one of the tables; some also take a plain number. */
const named = (table: string): Matcher => {
  const { names, what, number } = NAMES[table]
  return m => {
    const o = m.op
    const bits = o === undefined ? undefined : names.get(o.name)
    if (bits !== undefined) return m.yes(bits)
    if (number !== undefined && o !== undefined && o.k === Kind.IMM && o.name === '') {
      const v = valueOf(m, o, '')
      if (v === null) return false
      const b = field(Number(v ?? 0n), 0, number.max, 1, 32, number.pos)
      return b === b ? m.yes(b) : m.no(rangeText(0, number.max, 1), Severity.range)
    }
    return m.no(`expected ${what}`, o !== undefined && o.name !== '' ? Severity.form : Severity.kind)
  }
}

const sysreg: Matcher = m => {
  const bits = m.op === undefined || m.op.name === '' ? undefined : systemRegister(m.op.name)
  return bits === undefined ? m.no('unknown system register', Severity.form) : m.yes(bits)
}

/** MSR (immediate): the field's name and its value. */
const pstate: Matcher = m => {
  const f = m.op === undefined ? undefined : pstateField(m.op.name)
  if (f === undefined) return m.no('unknown PSTATE field')
  m.yes(f.bits)
  return integer(rangeText(0, f.max, 1), v => field(v, 0, f.max, 1, 4, 8))(m)
}

const controlRegister = (pos: number): Matcher => m => {
  const g = /^c(\d+)$/.exec(m.op?.name ?? '')
  const n = g === null ? 16 : Number(g[1])
  return n < 16 ? m.yes(n << pos) : m.no('expected c0 to c15')
}

/** A floating-point constant that fits 8 bits, as a number or as the hex pattern of `width` bits. */
export const floatConstant = (width: number, bits: (imm8: number) => number): Matcher => m => {
  const o = m.op
  if (o === undefined || (o.k !== Kind.FLOAT && o.k !== Kind.IMM)) return m.no('expected a floating-point constant')
  let { f } = o
  if (o.k === Kind.IMM) {
    const v = valueOf(m, o, '')
    if (v === null) return false
    if (v === undefined) return m.yes(0)
    f = /^#?\s*0x/i.test(o.text) && width !== 16 ? floatFromBits(v, width) : Number(v)
  }
  const imm8 = floatImmediate(f)
  return imm8 === imm8 ? m.yes(bits(imm8)) : m.no('floating-point constant does not fit 8 bits (±n/16 × 2^r)', Severity.range)
}

const floatZero: Matcher = m => {
  const o = m.op
  if (o === undefined) return m.no('expected #0.0')
  const isZero = o.k === Kind.FLOAT ? Object.is(o.f, 0) : o.k === Kind.IMM && o.e!.v === 0n
  return isZero ? m.yes(0) : m.no('expected #0.0', Severity.form)
}

const literal: Matcher = m =>
  m.op !== undefined && m.op.k === Kind.LIT ? m.no("'=' needs the literal pool of a whole program", Severity.form) : target(19, 5)(m)

export const CORE: readonly Family[] = [
  [/^([WXBHSDQ])(nm|dn|t2|[dtnams])(\|SP|\|NZ)?(!?)$/, g => register(g[1], g[2], (g[3] ?? '') as '' | '|SP' | '|NZ', g[4] === '!')],
  [/^SP@(\d+)$/, g => stackPointer(Number(g[1]))],
  [/^([WX])([ts])\+1$/, g => registerPair(g[1], g[2])],
  [/^X([ns])(!?)\/distinct$/, g => distinct(register('X', g[1], g[2] === '!' ? '|NZ' : '', g[2] === '!'))],
  [/^X8t$/, () => registerGroup],
  [/^#([ui])(\d+)(?:\*(\d+))?@(\d+)$/, g => plain(g[1] === 'i', Number(g[2]), Number(g[3] ?? 1), Number(g[4]))],
  [/^#=(\d+)(?:\*(\d+))?$/, g => exactly(Number(g[1]) * Number(g[2] ?? 1))],
  // Fraction bits of fixed-point conversions: 64 - n at bit 10, n in 1..width.
  [/^#fbits(\d+)$/, g => integer(rangeText(1, Number(g[1]), 1), v => { const b = field(v, 1, Number(g[1]), 1, 7, 0); return b === b ? (64 - b) << 10 : NaN })],
  [/^#arith(-?)$/, g => arithmetic(g[1] === '-')],
  [/^#wide(32|64)$/, g => moveWide(Number(g[1]))],
  [/^#mov([zn])(32|64)$/, g => moveAlias(Number(g[2]), g[1] === 'n')],
  [/^#(n?)logical(32|64)$/, g => logical(Number(g[2]), g[1] === 'n')],
  [/^#(bfi|bfx|lsl)(32|64)$/, g => BIT_FIELD[g[1]](Number(g[2]))],
  [/^#bit$/, () => testBit],
  [/^#fp(16|32|64)@(\d+)$/, g => floatConstant(Number(g[1]), imm8 => imm8 << Number(g[2]))],
  [/^#0\.0$/, () => floatZero],
  [/^(n?)cond@(\d+)$/, g => condition(Number(g[2]), g[1] === 'n')],
  [/^shift(r?)(32|64)$/, g => shifted(Number(g[2]), g[1] === 'r' ? SHIFT_TYPES : SHIFT_TYPES.slice(0, 3))],
  [/^ext32$/, () => extended(2)],
  [/^ext64$/, () => extended(3)],
  [/^ext64w$/, () => extended(-1)],
  // A W register beside SP: lsl is uxtw.
  [/^ext64wsp$/, () => extended(2)],
  [/^pc(26|19|14)$/, g => target(Number(g[1]), g[1] === '26' ? 0 : 5)],
  [/^adr$/, () => adr],
  [/^adrp$/, () => adrp],
  [/^lit$/, () => literal],
  [/^sysreg$/, () => sysreg],
  [/^pstate$/, () => pstate],
  [/^C@(\d+)$/, g => controlRegister(Number(g[1]))],
  [/^<(\w+)>$/, g => named(g[1])],
]
