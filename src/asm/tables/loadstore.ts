// Rows of loads and stores on general-purpose and scalar FP registers (Arm ARM C4.1: loads and stores).

import type { Row } from './rows.ts'

/** One transfer: mnemonic stem, register pattern, size<31:30>, V<26>, opc<23:22>, bytes. */
interface Transfer {
  /** "ldr", and what follows it in every addressing form: "" , "b", "sh" … */
  stem: 'ld' | 'st'
  suffix: string
  reg: string
  bits: number
  bytes: number
}

const transfer = (stem: 'ld' | 'st', suffix: string, reg: string, size: number, v: number, opc: number, bytes: number): Transfer =>
  ({ stem, suffix, reg, bits: (size << 30) | (v << 26) | (opc << 22), bytes })

const GENERAL: Transfer[] = [
  transfer('st', 'b', 'Wt', 0, 0, 0, 1),
  transfer('ld', 'b', 'Wt', 0, 0, 1, 1),
  transfer('ld', 'sb', 'Xt', 0, 0, 2, 1),
  transfer('ld', 'sb', 'Wt', 0, 0, 3, 1),
  transfer('st', 'h', 'Wt', 1, 0, 0, 2),
  transfer('ld', 'h', 'Wt', 1, 0, 1, 2),
  transfer('ld', 'sh', 'Xt', 1, 0, 2, 2),
  transfer('ld', 'sh', 'Wt', 1, 0, 3, 2),
  transfer('st', '', 'Wt', 2, 0, 0, 4),
  transfer('ld', '', 'Wt', 2, 0, 1, 4),
  transfer('ld', 'sw', 'Xt', 2, 0, 2, 4),
  transfer('st', '', 'Xt', 3, 0, 0, 8),
  transfer('ld', '', 'Xt', 3, 0, 1, 8),
]
const FLOATING: Transfer[] = [
  transfer('st', '', 'Bt', 0, 1, 0, 1),
  transfer('ld', '', 'Bt', 0, 1, 1, 1),
  transfer('st', '', 'Ht', 1, 1, 0, 2),
  transfer('ld', '', 'Ht', 1, 1, 1, 2),
  transfer('st', '', 'St', 2, 1, 0, 4),
  transfer('ld', '', 'St', 2, 1, 1, 4),
  transfer('st', '', 'Dt', 3, 1, 0, 8),
  transfer('ld', '', 'Dt', 3, 1, 1, 8),
  transfer('st', '', 'Qt', 0, 1, 2, 16),
  transfer('ld', '', 'Qt', 0, 1, 3, 16),
]

/** Unsigned offset first: an offset that does not fit it falls through to the unscaled form, as in GNU as. */
const single = [...GENERAL, ...FLOATING].flatMap(({ stem, suffix, reg, bits, bytes }): Row[] => [
  [`${stem}r${suffix} ${reg}, [n,u12*${bytes}]`, 0x39000000 | bits],
  [`${stem}r${suffix} ${reg}, [n,i9]`, 0x38000000 | bits],
  [`${stem}r${suffix} ${reg}, [n], #i9@12`, 0x38000400 | bits],
  [`${stem}r${suffix} ${reg}, [n,i9]!`, 0x38000c00 | bits],
  [`${stem}r${suffix} ${reg}, [n,R${bytes}]`, 0x38200800 | bits],
  [`${stem}ur${suffix} ${reg}, [n,i9]`, 0x38000000 | bits],
])

const unprivileged = GENERAL.map(({ stem, suffix, reg, bits }): Row => [`${stem}tr${suffix} ${reg}, [n,i9]`, 0x38000800 | bits])

const literal: Row[] = [
  ['ldr Wt, lit', 0x18000000],
  ['ldr Xt, lit', 0x58000000],
  ['ldrsw Xt, lit', 0x98000000],
  ['ldr St, lit', 0x1c000000],
  ['ldr Dt, lit', 0x5c000000],
  ['ldr Qt, lit', 0x9c000000],
]

const prefetch: Row[] = [
  ['prfm <prefetch>, [n,u12*8]', 0xf9800000],
  ['prfm <prefetch>, [n,i9]', 0xf8800000],
  ['prfm <prefetch>, [n,R8]', 0xf8a00800],
  ['prfm <prefetch>, pc19', 0xd8000000],
  ['prfum <prefetch>, [n,i9]', 0xf8800000],
]

const pairs = ([['W', 0x28000000, 4], ['X', 0xa8000000, 8], ['S', 0x2c000000, 4], ['D', 0x6c000000, 8], ['Q', 0xac000000, 16]] as const)
  .flatMap(([r, bits, bytes]): Row[] => (['st', 'ld'] as const).flatMap((stem, l): Row[] => [
    [`${stem}np ${r}t, ${r}t2, [n,i7*${bytes}]`, bits | (l << 22)],
    [`${stem}p ${r}t, ${r}t2, [n], #i7*${bytes}@15`, bits | 0x00800000 | (l << 22)],
    [`${stem}p ${r}t, ${r}t2, [n,i7*${bytes}]`, bits | 0x01000000 | (l << 22)],
    [`${stem}p ${r}t, ${r}t2, [n,i7*${bytes}]!`, bits | 0x01800000 | (l << 22)],
  ]))
const otherPairs = ([['ldpsw', 0x68400000, 4], ['stgp', 0x68000000, 16]] as const).flatMap(([name, bits, bytes]): Row[] => [
  [`${name} Xt, Xt2, [n], #i7*${bytes}@15`, bits | 0x00800000],
  [`${name} Xt, Xt2, [n,i7*${bytes}]`, bits | 0x01000000],
  [`${name} Xt, Xt2, [n,i7*${bytes}]!`, bits | 0x01800000],
])

/** The four access sizes of exclusives, ordered accesses and atomics: suffix, register class, size field. */
const SIZES = [['b', 'W', 0], ['h', 'W', 1], ['', 'W', 2], ['', 'X', 3]] as const

const ordered = SIZES.flatMap(([suffix, r, size]): Row[] => {
  const s = size << 30
  return [
    [`stxr${suffix} Ws, ${r}t, [n]`, 0x08007c00 | s],
    [`stlxr${suffix} Ws, ${r}t, [n]`, 0x0800fc00 | s],
    [`ldxr${suffix} ${r}t, [n]`, 0x085f7c00 | s],
    [`ldaxr${suffix} ${r}t, [n]`, 0x085ffc00 | s],
    [`stllr${suffix} ${r}t, [n]`, 0x089f7c00 | s],
    [`stlr${suffix} ${r}t, [n]`, 0x089ffc00 | s],
    [`ldlar${suffix} ${r}t, [n]`, 0x08df7c00 | s],
    [`ldar${suffix} ${r}t, [n]`, 0x08dffc00 | s],
    [`ldapr${suffix} ${r}t, [n]`, 0x38bfc000 | s],
    [`stlur${suffix} ${r}t, [n,i9]`, 0x19000000 | s],
    [`ldapur${suffix} ${r}t, [n,i9]`, 0x19400000 | s],
  ]
})
const orderedSigned: Row[] = [
  ['ldapursb Xt, [n,i9]', 0x19800000],
  ['ldapursb Wt, [n,i9]', 0x19c00000],
  ['ldapursh Xt, [n,i9]', 0x59800000],
  ['ldapursh Wt, [n,i9]', 0x59c00000],
  ['ldapursw Xt, [n,i9]', 0x99800000],
]

const exclusivePairs = ([['W', 0x80000000], ['X', 0xc0000000]] as const).flatMap(([r, bits]): Row[] => [
  [`stxp Ws, ${r}t, ${r}t2, [n]`, 0x08200000 | bits],
  [`stlxp Ws, ${r}t, ${r}t2, [n]`, 0x08208000 | bits],
  [`ldxp ${r}t, ${r}t2, [n]`, 0x087f0000 | bits],
  [`ldaxp ${r}t, ${r}t2, [n]`, 0x087f8000 | bits],
])

/** Ordering suffixes of LSE: name, acquire, release. */
const ORDERS = [['', 0, 0], ['a', 1, 0], ['l', 0, 1], ['al', 1, 1]] as const
const ATOMICS = ['add', 'clr', 'eor', 'set', 'smax', 'smin', 'umax', 'umin']

const atomics = SIZES.flatMap(([suffix, r, size]): Row[] => ORDERS.flatMap(([order, a, l]): Row[] => [
  ...ATOMICS.map((op, o): Row => [`ld${op}${order}${suffix} ${r}s, ${r}t, [n]`, 0x38200000 | (size << 30) | (a << 23) | (l << 22) | (o << 12)]),
  // The result is dropped: no acquire form.
  ...(a === 1 ? [] : ATOMICS.map((op, o): Row => [`st${op}${order}${suffix} ${r}s, [n]`, 0x3820001f | (size << 30) | (l << 22) | (o << 12)])),
  [`swp${order}${suffix} ${r}s, ${r}t, [n]`, 0x38208000 | (size << 30) | (a << 23) | (l << 22)],
  [`cas${order}${suffix} ${r}s, ${r}t, [n]`, 0x08a07c00 | (size << 30) | (a << 22) | (l << 15)],
]))
const casp = ORDERS.flatMap(([order, a, l]): Row[] => [
  [`casp${order} Ws+1, Wt+1, [n]`, 0x08207c00 | (a << 22) | (l << 15)],
  [`casp${order} Xs+1, Xt+1, [n]`, 0x48207c00 | (a << 22) | (l << 15)],
])

const authenticated: Row[] = [
  ['ldraa Xt, [n,ldra]', 0xf8200400],
  ['ldraa Xt, [n,ldra]!', 0xf8200c00],
  ['ldrab Xt, [n,ldra]', 0xf8a00400],
  ['ldrab Xt, [n,ldra]!', 0xf8a00c00],
]

const tags = ([['stg', 0xd9200000], ['stzg', 0xd9600000], ['st2g', 0xd9a00000], ['stz2g', 0xd9e00000]] as const).flatMap(([name, bits]): Row[] => [
  [`${name} Xt|SP, [n], #i9*16@12`, bits | 0x400],
  [`${name} Xt|SP, [n,i9*16]`, bits | 0x800],
  [`${name} Xt|SP, [n,i9*16]!`, bits | 0xc00],
])
const tagBlocks: Row[] = [
  ['ldg Xt, [n,i9*16]', 0xd9600000],
  ['stzgm Xt, [n]', 0xd9200000],
  ['stgm Xt, [n]', 0xd9a00000],
  ['ldgm Xt, [n]', 0xd9e00000],
]

const blocks64: Row[] = [
  ['ld64b X8t, [n]', 0xf83fd000],
  ['st64b X8t, [n]', 0xf83f9000],
  ['st64bv Xs, X8t, [n]', 0xf820b000],
  ['st64bv0 Xs, X8t, [n]', 0xf820a000],
]

/** Memory copy and set (FEAT_MOPS): the stage, then read/write option suffixes in bits 15:12. */
const STAGES = ['p', 'm', 'e']
const COPY_OPTIONS = [
  '', 'wt', 'rt', 't', 'wn', 'wtwn', 'rtwn', 'twn', 'rn', 'wtrn', 'rtrn', 'trn', 'n', 'wtn', 'rtn', 'tn',
]
const SET_OPTIONS = ['', 't', 'n', 'tn']
const mops: Row[] = STAGES.flatMap((stage, op): Row[] => [
  ...COPY_OPTIONS.flatMap((o, i): Row[] => [
    [`cpyf${stage}${o} [d]!, [s]!, Xn!/distinct`, 0x19000400 | (op << 22) | (i << 12)],
    [`cpy${stage}${o} [d]!, [s]!, Xn!/distinct`, 0x1d000400 | (op << 22) | (i << 12)],
  ]),
  ...SET_OPTIONS.flatMap((o, i): Row[] => [
    [`set${stage}${o} [d]!, Xn|NZ!, Xs/distinct`, 0x19c00400 | (op << 14) | (i << 12)],
    [`setg${stage}${o} [d]!, Xn|NZ!, Xs/distinct`, 0x1dc00400 | (op << 14) | (i << 12)],
  ]),
])

export const LOADSTORE: readonly Row[] = [
  ...single, ...unprivileged, ...literal, ...prefetch, ...pairs, ...otherPairs,
  ...ordered, ...orderedSigned, ...exclusivePairs, ...atomics, ...casp,
  ...authenticated, ...tags, ...tagBlocks, ...blocks64, ...mops,
]
