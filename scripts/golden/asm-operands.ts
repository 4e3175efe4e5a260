// Random operands for the assembler's golden file: one text generator per operand pattern of src/asm.

import { CONDITIONS, NAMES } from '../../src/asm/tables/system-names.ts'
import { SYSTEM_REGISTERS } from '../../src/asm/tables/sysregs.ts'

/** A small deterministic generator (xorshift32): the golden file must come out the same every time. */
export class Random {
  private state: number
  constructor(seed: number) {
    this.state = seed
  }

  bits(): number {
    let x = this.state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.state = x
    return x >>> 0
  }

  /** A whole number from lo to hi; the ends come up more often. */
  range(lo: number, hi: number): number {
    const r = this.bits() % 8
    return r === 0 ? lo : r === 1 ? hi : lo + (this.bits() % (hi - lo + 1))
  }

  pick<T>(list: readonly T[]): T {
    return list[this.bits() % list.length]
  }
}

type Generator = (r: Random, g: string[]) => string

const register = (r: Random, cls: string, sp: boolean): string => {
  const n = r.range(0, 31)
  const c = cls.toLowerCase()
  if (n < 31 || !'xw'.includes(c)) return c + n
  return sp ? (c === 'x' ? 'sp' : 'wsp') : `${c}zr`
}
const base = (r: Random): string => register(r, 'X', true)
const vector = (r: Random, arr: string, max = 31): string => `v${r.range(0, max)}.${arr.toLowerCase()}`
const signed = (r: Random, signed_: boolean, width: number, scale: number): number =>
  (signed_ ? r.range(-(2 ** (width - 1)), 2 ** (width - 1) - 1) : r.range(0, 2 ** width - 1)) * scale

const offset = (r: Random, v: number): string => (v === 0 && r.bits() % 2 === 0 ? '' : `, #${v}`)

const logical = (r: Random, width: number): string => {
  const size = r.pick([2, 4, 8, 16, 32, 64].filter(s => s <= width))
  const ones = r.range(1, size - 1)
  const rot = r.range(0, size - 1)
  const run = (1n << BigInt(ones)) - 1n
  let v = ((run >> BigInt(rot)) | (run << BigInt(size - rot))) & ((1n << BigInt(size)) - 1n)
  for (let w = size; w < width; w *= 2) v |= v << BigInt(w)
  return `0x${v.toString(16)}`
}

const fp8 = (r: Random): string => {
  const v = (16 + r.range(0, 15)) / 16 * 2 ** r.range(-3, 4) * (r.bits() % 2 === 0 ? 1 : -1)
  return Number.isInteger(v) ? v.toFixed(1) : String(v)
}

const laneMax: Record<string, number> = { hlm: 7, hl: 3, h: 1, l: 1, s2: 3 }
const laneIndex = (r: Random, size: string, mode: string): number =>
  mode === '=1' ? 1 : r.range(0, laneMax[mode] ?? 16 / { B: 1, H: 2, S: 4, D: 8 }[size]! - 1)

const list = (r: Random, arr: string, count: number): string => {
  const n = r.range(0, 31)
  const name = (i: number): string => `v${(n + i) & 31}.${arr.toLowerCase()}`
  if (count > 1 && r.bits() % 2 === 0 && n + count <= 32) return `{${name(0)}-${name(count - 1)}}`
  return `{${Array.from({ length: count }, (_, i) => name(i)).join(', ')}}`
}

const relative = (r: Random, width: number): string => {
  const v = r.range(-(2 ** (width - 1)), 2 ** (width - 1) - 1) * 4
  return `.${v < 0 ? '-' : '+'}${Math.abs(v)}`
}

const GENERATORS: [RegExp, Generator][] = [
  [/^([WXBHSDQ])(nm|dn|t2|[dtnams])(\|SP|\|NZ)?(!?)(?:\/distinct)?$/, (r, g) => register(r, g[1], g[3] === '|SP') + g[4]],
  [/^([WX])[ts]\+1$/, (r, g) => {
    const n = r.range(0, 14) * 2
    const c = g[1].toLowerCase()
    return `${c}${n}, ${c}${n + 1}`
  }],
  [/^SP@/, () => 'sp'],
  [/^X8t$/, r => `x${r.range(0, 11) * 2}`],
  [/^#([ui])(\d+)(?:\*(\d+))?@(\d+)$/, (r, g) => `#${signed(r, g[1] === 'i', Number(g[2]), Number(g[3] ?? 1))}`],
  [/^#=(\d+)(?:\*(\d+))?$/, (_r, g) => `#${Number(g[1]) * Number(g[2] ?? 1)}`],
  [/^#fbits(\d+)$/, (r, g) => `#${r.range(1, Number(g[1]))}`],
  [/^#arith(-?)$/, (r, g) => r.pick([`#${g[1]}${r.range(1, 4095)}`, `#${g[1]}${r.range(1, 4095) * 4096}`, ...(g[1] === '' ? [`#${r.range(0, 4095)}, lsl #${r.pick([0, 12])}`] : [])])],
  [/^#wide(32|64)$/, (r, g) => `#0x${r.range(0, 65535).toString(16)}${r.pick(['', `, lsl #${r.range(0, Number(g[1]) / 16 - 1) * 16}`])}`],
  [/^#mov([zn])(32|64)$/, (r, g) => {
    const v = BigInt(r.range(0, 65535)) << BigInt(16 * r.range(0, Number(g[2]) / 16 - 1))
    return `#${g[1] === 'z' ? v : BigInt.asIntN(64, ~v)}`
  }],
  [/^#(n?)logical(32|64)$/, (r, g) => `#${logical(r, Number(g[2]))}`],
  [/^#bf[ix](32|64)$/, (r, g) => {
    const lsb = r.range(0, Number(g[1]) - 1)
    return `#${lsb}, #${r.range(1, Number(g[1]) - lsb)}`
  }],
  [/^#lsl(32|64)$/, (r, g) => `#${r.range(0, Number(g[1]) - 1)}`],
  [/^#bit$/, r => `#${r.range(0, 63)}`],
  [/^#fp(16|32|64)@(\d+)$/, r => `#${fp8(r)}`],
  [/^#vfp(16|32|64)$/, r => `#${fp8(r)}`],
  [/^#0\.0$/, () => '#0.0'],
  [/^(n?)cond@(\d+)$/, (r, g) => r.pick([...CONDITIONS.keys()].slice(0, g[1] === 'n' ? -2 : undefined))],
  [/^shift(r?)(32|64)$/, (r, g) => `${r.pick(['lsl', 'lsr', 'asr', ...(g[1] === 'r' ? ['ror'] : [])])} #${r.range(0, Number(g[2]) - 1)}`],
  [/^ext(32|64|64w|64wsp)$/, (r, g) => {
    const names = ['uxtb', 'uxth', 'uxtw', 'uxtx', 'sxtb', 'sxth', 'sxtw', 'sxtx', ...(g[1] === '64w' ? [] : ['lsl'])]
    const name = r.pick(names)
    return name === 'lsl' ? `lsl #${r.range(0, 4)}` : `${name}${r.pick(['', ` #${r.range(0, 4)}`])}`
  }],
  [/^pc(26|19|14)$/, (r, g) => relative(r, Number(g[1]))],
  [/^lit$/, r => relative(r, 19)],
  [/^adr$/, r => `.+${r.range(0, 0xfffff)}`],
  [/^adrp$/, r => `.+${r.range(0, 0xffff) * 4096}`],
  [/^sysreg$/, r => r.pick([...SYSTEM_REGISTERS.keys(), 's3_3_c15_c2_7', 's2_1_c0_c3_4'])],
  [/^pstate$/, r => `${r.pick(['daifset', 'daifclr'])}, #${r.range(0, 15)}`],
  [/^C@(\d+)$/, r => `c${r.range(0, 15)}`],
  [/^<(\w+)>$/, (r, g) => {
    const { names, number } = NAMES[g[1]]
    return number !== undefined && r.bits() % 4 === 0 ? `#${r.range(0, number.max)}` : r.pick([...names.keys()])
  }],
  [/^\[n\]$/, r => `[${base(r)}]`],
  [/^\[n,([ui])(\d+)(?:\*(\d+))?\](!?)$/, (r, g) => `[${base(r)}${offset(r, signed(r, g[1] === 'i', Number(g[2]), Number(g[3] ?? 1)))}]${g[4]}`],
  [/^\[([ds])\]!$/, r => `[x${r.range(0, 30)}]!`],
  [/^\[n,R(\d+)\]$/, (r, g) => {
    const amount = r.pick([0, Math.log2(Number(g[1]))])
    if (r.bits() % 2 === 0) return `[${base(r)}, ${register(r, 'W', false)}, ${r.pick(['uxtw', 'sxtw'])}${r.pick(['', ` #${amount}`])}]`
    return `[${base(r)}, ${register(r, 'X', false)}${r.pick(['', `, lsl #${amount}`, `, sxtx #${amount}`, ', sxtx'])}]`
  }],
  [/^\[n,ldra\](!?)$/, (r, g) => `[${base(r)}${offset(r, signed(r, true, 10, 8))}]${g[1]}`],
  [/^V(nm|[dtnam])\.(\d+[BHSDQ])$/, (r, g) => vector(r, g[2])],
  [/^V(nm|[dtnam])\.(\d?[BHSD])\[([\w=]+)\]$/, (r, g) => `${vector(r, g[2], g[3] === 'hlm' ? 15 : 31)}[${laneIndex(r, g[2], g[3])}]`],
  [/^\{V([tn])\.(\w+)\*(\d)\}(?:\[(\w)\])?$/, (r, g) => list(r, g[2], Number(g[3])) + (g[4] === undefined ? '' : `[${laneIndex(r, g[2], g[4])}]`)],
  [/^#sh([lr])(\d+)$/, (r, g) => `#${g[1] === 'l' ? r.range(0, Number(g[2]) - 1) : r.range(1, Number(g[2]))}`],
  [/^#abc$/, r => `#${r.range(0, 255)}`],
  [/^#mask$/, r => `#0x${Array.from({ length: 8 }, () => r.pick(['00', 'ff'])).join('')}`],
  [/^lsl(16|32)$/, (r, g) => `lsl #${r.range(0, Number(g[1]) / 8 - 1) * 8}`],
  [/^msl$/, r => `msl #${r.pick([8, 16])}`],
  [/^#rot4@(\d+)$/, r => `#${r.pick([0, 90, 180, 270])}`],
  [/^#rot2@(\d+)$/, r => `#${r.pick([90, 270])}`],
]

/** Text of an operand that fits the pattern, '' for an optional one that is left out. */
export const randomOperand = (pattern: string, r: Random): string => {
  const optional = /^(.*)\?(?:=\w+)?$/.exec(pattern)
  if (optional !== null && r.bits() % 3 === 0) return ''
  for (const [re, make] of GENERATORS) {
    const g = re.exec(optional?.[1] ?? pattern)
    if (g !== null) return make(r, g)
  }
  throw new Error(`no generator for operand pattern '${pattern}'`)
}
