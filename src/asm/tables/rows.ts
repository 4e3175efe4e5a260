// Instruction rows and their expansion: how one table line stands for a family of encodings.
//
// A row is [pattern, bits] or [pattern, bits, set]. The pattern is "mnemonic operand, operand, …"
// (operand patterns: specs-core.ts, specs-mem.ts, specs-simd.ts). Expansion replaces
//   Rd Rn …   by W and X registers, setting bit 31 for X; $N is then 32 or 64
//   Fd Fn …   by H, S and D registers, with ftype in bits 23:22; $F is then 16, 32 or 64
//   $T $U $I  by the members of the named set, each with its bits (below)

export type Row = readonly [pattern: string, bits: number, set?: string]

/** One encoding: a mnemonic, its operand patterns, and the word without operands. */
export interface Encoding {
  mnemonic: string
  operands: string[]
  bits: number
}

interface Member {
  T: string
  U: string
  I: string
  bits: number
}

const Q = 1 << 30
const SIZES = 'BHSD'
const LANE: Record<string, string> = { H: 'H[hlm]', S: 'S[hl]', D: 'D[h]' }
const member = (bits: number, T: string, U = '', I = ''): Member => ({ T, U, I, bits })

/** Per element size (0 = B … 3 = D): arrangement of a 64- or 128-bit vector, letter of it and of the next larger one. */
interface Size {
  log2: number
  bits: number
  half: string
  full: string
  letter: string
  wide: string
  wideVector: string
}
const sizeOf = (log2: number): Size => ({
  log2,
  bits: 8 << log2,
  half: `${8 >> log2}${SIZES[log2]}`,
  full: `${16 >> log2}${SIZES[log2]}`,
  letter: SIZES[log2],
  wide: SIZES[log2 + 1],
  wideVector: `${8 >> log2}${SIZES[log2 + 1]}`,
})

/** Both vector lengths; a 64-bit vector of one doubleword does not exist here. */
const lengths = (s: Size, make: (arr: string, q: number) => Member): Member[] =>
  s.log2 === 3 ? [make(s.full, Q)] : [make(s.half, 0), make(s.full, Q)]

/** The sets. "size" means log2 of the element size at bit 22; `:bhs` lists the element sizes meant. */
const SETS: Record<string, (s: Size) => Member[]> = {
  // T arrangement; Q, size.
  v: s => lengths(s, (arr, q) => member(q | (s.log2 << 22), arr)),
  // T arrangement, U element bits; Q.
  imm: s => lengths(s, (arr, q) => member(q, arr, String(s.bits))),
  // T letter, U next larger letter; size.
  e: s => [member(s.log2 << 22, s.letter, s.wide)],
  // T letter, U element bits, I the next larger letter; nothing.
  eimm: s => [member(0, s.letter, String(s.bits), s.wide)],
  // T wide arrangement, U narrow arrangement; size. long2: upper half of the narrow vector, Q.
  long: s => [member(s.log2 << 22, s.wideVector, s.half)],
  long2: s => [member(Q | (s.log2 << 22), s.wideVector, s.full)],
  // T arrangement of half as many, twice as wide elements; U arrangement; Q, size.
  pair: s => [member(s.log2 << 22, `${4 >> s.log2}${s.wide}`, s.half), member(Q | (s.log2 << 22), s.wideVector, s.full)],
  // T letter of the wide result, U arrangement of the source, I letter of its elements; Q, size (reductions).
  across: s => [
    ...(s.log2 < 2 ? [member(s.log2 << 22, s.wide, s.half, s.letter)] : []),
    member(Q | (s.log2 << 22), s.wide, s.full, s.letter),
  ],
  // T wide arrangement, U narrow arrangement, I narrow element bits.
  immlong: s => [member(0, s.wideVector, s.half, String(s.bits))],
  immlong2: s => [member(Q, s.wideVector, s.full, String(s.bits))],
  // By element. T arrangement, U lane; Q, size.
  x: s => lengths(s, (arr, q) => member(q | (s.log2 << 22), arr, LANE[s.letter])),
  // T wide arrangement, U narrow arrangement, I lane; size.
  xlong: s => [member(s.log2 << 22, s.wideVector, s.half, LANE[s.letter])],
  xlong2: s => [member(Q | (s.log2 << 22), s.wideVector, s.full, LANE[s.letter])],
  // T letter, U lane, I wide letter; size.
  xe: s => [member(s.log2 << 22, s.letter, LANE[s.letter], s.wide)],
  // Lists of one lane. T letter, U its bytes; opcode<15:14> (0, 1, 2, 2) and, for D, size 1.
  one: s => [member((Math.min(s.log2, 2) << 14) | (s.log2 === 3 ? 1 << 10 : 0), s.letter, String(1 << s.log2))],
  // Whole-vector lists. T arrangement (1D too), U its bytes, I the element's; Q, size at bit 10.
  list: s => [
    member(s.log2 << 10, s.half, '8', String(1 << s.log2)),
    member(Q | (s.log2 << 10), s.full, '16', String(1 << s.log2)),
  ],
  // T arrangement, U element letter; Q.
  copy: s => lengths(s, (arr, q) => member(q, arr, s.letter)),
}

/** Sets that do not go by element size. */
const FIXED: Record<string, Member[]> = {
  // Single and double vectors: sz at bit 22. U lane, I element bits.
  f: [member(0, '2S', 'S[hl]', '32'), member(Q, '4S', 'S[hl]', '32'), member(Q | (1 << 22), '2D', 'D[h]', '64')],
  // Half-precision vectors.
  h: [member(0, '4H', 'H[hlm]', '16'), member(Q, '8H', 'H[hlm]', '16')],
  // Single and double scalars: sz at bit 22. U pair arrangement, I lane.
  ef: [member(0, 'S', '2S', 'S[hl]'), member(1 << 22, 'D', '2D', 'D[h]')],
  // The list set's 2D alone.
  list2d: [member(Q | (3 << 10), '2D', '16', '8')],
  // Bytes only.
  b: [member(0, '8B'), member(Q, '16B')],
}

const members = (set: string): Member[] => {
  const [name, sizes] = set.split(':')
  if (sizes === undefined) {
    const fixed = FIXED[name]
    if (fixed === undefined) throw new Error(`assembler table: unknown set '${set}'`)
    return fixed
  }
  return [...sizes].flatMap(letter => SETS[name](sizeOf(SIZES.indexOf(letter.toUpperCase()))))
}

/** Splits on the commas that are outside brackets. */
const splitOperands = (text: string): string[] => {
  const out: string[] = []
  let depth = 0
  let from = 0
  for (let i = 0; i <= text.length; i++) {
    const ch = text[i]
    if (ch === '[' || ch === '{') depth++
    else if (ch === ']' || ch === '}') depth--
    else if ((ch === ',' && depth === 0) || ch === undefined) {
      out.push(text.slice(from, i).trim())
      from = i + 1
    }
  }
  return out
}

const GENERAL = /\bR(?=(?:nm|dn|t2|[dtnams])\b)/g
const FLOATS = /\bF(?=[dtnam]\b)/g
const WX: [string, string, number][] = [['W', '32', 0], ['X', '64', 1 << 31]]
const HSD: [string, string, number][] = [['S', '32', 0], ['D', '64', 1 << 22], ['H', '16', 3 << 22]]

/** All encodings a row stands for. */
export const expand = (row: Row): Encoding[] => {
  const [pattern, bits, set] = row
  let variants: { text: string; bits: number }[] = [{ text: pattern, bits }]
  if (set !== undefined) {
    variants = members(set).map(m => ({
      text: pattern.replaceAll('$T', m.T).replaceAll('$U', m.U).replaceAll('$I', m.I),
      bits: bits | m.bits,
    }))
  }
  const each = (find: RegExp, number: string, choices: [string, string, number][]): void => {
    if (pattern.search(find) < 0 && !pattern.includes(number)) return
    variants = variants.flatMap(v => choices.map(([cls, n, b]) => ({ text: v.text.replace(find, cls).replaceAll(number, n), bits: v.bits | b })))
  }
  each(GENERAL, '$N', WX)
  each(FLOATS, '$F', HSD)
  return variants.map(v => {
    const space = v.text.indexOf(' ')
    return space < 0
      ? { mnemonic: v.text, operands: [], bits: v.bits | 0 }
      : { mnemonic: v.text.slice(0, space), operands: splitOperands(v.text.slice(space + 1)), bits: v.bits | 0 }
  })
}
