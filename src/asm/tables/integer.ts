// Rows of the data-processing instructions on general-purpose registers (Arm ARM C4.1: immediate and register).

import type { Row } from './rows.ts'

const addSub: Row[] = [
  ['add Rd|SP, Rn|SP, #arith', 0x11000000],
  ['add Rd|SP, Rn|SP, #arith-', 0x51000000],
  ['sub Rd|SP, Rn|SP, #arith', 0x51000000],
  ['sub Rd|SP, Rn|SP, #arith-', 0x11000000],
  ['adds Rd, Rn|SP, #arith', 0x31000000],
  ['adds Rd, Rn|SP, #arith-', 0x71000000],
  ['subs Rd, Rn|SP, #arith', 0x71000000],
  ['subs Rd, Rn|SP, #arith-', 0x31000000],
  ['cmn Rn|SP, #arith', 0x3100001f],
  ['cmn Rn|SP, #arith-', 0x7100001f],
  ['cmp Rn|SP, #arith', 0x7100001f],
  ['cmp Rn|SP, #arith-', 0x3100001f],
  ...(['add', 'adds', 'sub', 'subs'] as const).flatMap((name, op): Row[] => {
    const bits = op << 29
    const d = op & 1 ? '' : '|SP'
    return [
      [`${name} Rd, Rn, Rm, shift$N?`, 0x0b000000 | bits],
      [`${name} Wd${d}, Wn|SP, Wm, ext32?=0x4000`, 0x0b200000 | bits],
      [`${name} Xd${d}, Xn|SP, Xm, ext64?=0x6000`, 0x8b200000 | bits],
      [`${name} Xd${d}, Xn|SP, Wm, ext64w`, 0x8b200000 | bits],
      // Beside SP, UXTW may be left out or be called LSL.
      [`${name} Xd${d}, SP@5, Wm, ext64wsp?=0x4000`, 0x8b200000 | bits],
      ...(d === '' ? [] : [[`${name} SP@0, Xn|SP, Wm, ext64wsp?=0x4000`, 0x8b200000 | bits] as Row]),
    ]
  }),
  ...([['cmn', 1], ['cmp', 3]] as const).flatMap(([name, op]): Row[] => [
    [`${name} Rn, Rm, shift$N?`, 0x0b00001f | (op << 29)],
    [`${name} Wn|SP, Wm, ext32?=0x4000`, 0x0b20001f | (op << 29)],
    [`${name} Xn|SP, Xm, ext64?=0x6000`, 0x8b20001f | (op << 29)],
    [`${name} Xn|SP, Wm, ext64w`, 0x8b20001f | (op << 29)],
    [`${name} SP@5, Wm, ext64wsp?=0x4000`, 0x8b20001f | (op << 29)],
  ]),
  ['neg Rd, Rm, shift$N?', 0x4b0003e0],
  ['negs Rd, Rm, shift$N?', 0x6b0003e0],
  ['adc Rd, Rn, Rm', 0x1a000000],
  ['adcs Rd, Rn, Rm', 0x3a000000],
  ['sbc Rd, Rn, Rm', 0x5a000000],
  ['sbcs Rd, Rn, Rm', 0x7a000000],
  ['ngc Rd, Rm', 0x5a0003e0],
  ['ngcs Rd, Rm', 0x7a0003e0],
  ['adr Xd, adr', 0x10000000],
  ['adrp Xd, adrp', 0x90000000],
  ['addg Xd|SP, Xn|SP, #u6*16@16, #u4@10', 0x91800000],
  ['subg Xd|SP, Xn|SP, #u6*16@16, #u4@10', 0xd1800000],
]

const logical: Row[] = [
  ...(['and', 'orr', 'eor', 'ands'] as const).flatMap((name, op): Row[] => [
    [`${name} Rd${name === 'ands' ? '' : '|SP'}, Rn, #logical$N`, 0x12000000 | (op << 29)],
    [`${name} Rd, Rn, Rm, shiftr$N?`, 0x0a000000 | (op << 29)],
  ]),
  ...(['bic', 'orn', 'eon', 'bics'] as const).map((name, op): Row => [`${name} Rd, Rn, Rm, shiftr$N?`, 0x0a200000 | (op << 29)]),
  ['bic Rd|SP, Rn, #nlogical$N', 0x12000000],
  ['tst Rn, #logical$N', 0x7200001f],
  ['tst Rn, Rm, shiftr$N?', 0x6a00001f],
  ['mvn Rd, Rm, shiftr$N?', 0x2a2003e0],
]

const move: Row[] = [
  ['mov Rd, Rm', 0x2a0003e0],
  ['mov Rd|SP, Rn|SP', 0x11000000],
  ['mov Rd, Rm, shiftr$N', 0x2a0003e0],
  ['mov Rd, #movz$N', 0x52800000],
  ['mov Rd, #movn$N', 0x12800000],
  ['mov Rd|SP, #logical$N', 0x320003e0],
  ['movn Rd, #wide$N', 0x12800000],
  ['movz Rd, #wide$N', 0x52800000],
  ['movk Rd, #wide$N', 0x72800000],
]

/** Signed and unsigned twins of the bit-field aliases; 64-bit forms have N (bit 22) set. */
const bitFields: Row[] = ([['W', '32', 0], ['X', '64', 0x80400000]] as const).flatMap(([r, n, x]): Row[] => [
  [`sbfm ${r}d, ${r}n, #u${n === '32' ? 5 : 6}@16, #u${n === '32' ? 5 : 6}@10`, 0x13000000 | x],
  [`bfm ${r}d, ${r}n, #u${n === '32' ? 5 : 6}@16, #u${n === '32' ? 5 : 6}@10`, 0x33000000 | x],
  [`ubfm ${r}d, ${r}n, #u${n === '32' ? 5 : 6}@16, #u${n === '32' ? 5 : 6}@10`, 0x53000000 | x],
  [`sbfiz ${r}d, ${r}n, #bfi${n}`, 0x13000000 | x],
  [`sbfx ${r}d, ${r}n, #bfx${n}`, 0x13000000 | x],
  [`bfi ${r}d, ${r}n, #bfi${n}`, 0x33000000 | x],
  [`bfc ${r}d, #bfi${n}`, 0x330003e0 | x],
  [`bfxil ${r}d, ${r}n, #bfx${n}`, 0x33000000 | x],
  [`ubfiz ${r}d, ${r}n, #bfi${n}`, 0x53000000 | x],
  [`ubfx ${r}d, ${r}n, #bfx${n}`, 0x53000000 | x],
  [`asr ${r}d, ${r}n, #u${n === '32' ? 5 : 6}@16`, 0x13000000 | x | ((Number(n) - 1) << 10)],
  [`lsr ${r}d, ${r}n, #u${n === '32' ? 5 : 6}@16`, 0x53000000 | x | ((Number(n) - 1) << 10)],
  [`lsl ${r}d, ${r}n, #lsl${n}`, 0x53000000 | x],
  [`sxtb ${r}d, Wn`, 0x13001c00 | x],
  [`sxth ${r}d, Wn`, 0x13003c00 | x],
  [`extr ${r}d, ${r}n, ${r}m, #u${n === '32' ? 5 : 6}@10`, 0x13800000 | x],
  [`ror ${r}d, ${r}nm, #u${n === '32' ? 5 : 6}@10`, 0x13800000 | x],
])

const extend: Row[] = [
  ['sxtw Xd, Wn', 0x93407c00],
  ['uxtb Wd, Wn', 0x53001c00],
  ['uxth Wd, Wn', 0x53003c00],
  ['uxtw Wd, Wm', 0x2a0003e0],
  // The upper half is cleared either way, so GNU as lets the destination be called X.
  ['uxtb Xd, Wn', 0x53001c00],
  ['uxth Xd, Wn', 0x53003c00],
  ['uxtw Xd, Wm', 0x2a0003e0],
]

const conditional: Row[] = [
  ['csel Rd, Rn, Rm, cond@12', 0x1a800000],
  ['csinc Rd, Rn, Rm, cond@12', 0x1a800400],
  ['csinv Rd, Rn, Rm, cond@12', 0x5a800000],
  ['csneg Rd, Rn, Rm, cond@12', 0x5a800400],
  ['cset Rd, ncond@12', 0x1a9f07e0],
  ['csetm Rd, ncond@12', 0x5a9f03e0],
  ['cinc Rd, Rnm, ncond@12', 0x1a800400],
  ['cinv Rd, Rnm, ncond@12', 0x5a800000],
  ['cneg Rd, Rnm, ncond@12', 0x5a800400],
  ['ccmn Rn, Rm, #u4@0, cond@12', 0x3a400000],
  ['ccmn Rn, #u5@16, #u4@0, cond@12', 0x3a400800],
  ['ccmp Rn, Rm, #u4@0, cond@12', 0x7a400000],
  ['ccmp Rn, #u5@16, #u4@0, cond@12', 0x7a400800],
  ['rmif Xn, #u6@15, #u4@0', 0xba000400],
  ['setf8 Wn', 0x3a00080d],
  ['setf16 Wn', 0x3a00480d],
]

const twoSource: Row[] = [
  ['udiv Rd, Rn, Rm', 0x1ac00800],
  ['sdiv Rd, Rn, Rm', 0x1ac00c00],
  ...(['lsl', 'lsr', 'asr', 'ror'] as const).flatMap((name, op): Row[] => [
    [`${name}v Rd, Rn, Rm`, 0x1ac02000 | (op << 10)],
    [`${name} Rd, Rn, Rm`, 0x1ac02000 | (op << 10)],
  ]),
  ...['b', 'h', 'w'].flatMap((size, op): Row[] => [
    [`crc32${size} Wd, Wn, Wm`, 0x1ac04000 | (op << 10)],
    [`crc32c${size} Wd, Wn, Wm`, 0x1ac05000 | (op << 10)],
  ]),
  ['crc32x Wd, Wn, Xm', 0x9ac04c00],
  ['crc32cx Wd, Wn, Xm', 0x9ac05c00],
  ['pacga Xd, Xn, Xm|SP', 0x9ac03000],
  ['subp Xd, Xn|SP, Xm|SP', 0x9ac00000],
  ['subps Xd, Xn|SP, Xm|SP', 0xbac00000],
  ['cmpp Xn|SP, Xm|SP', 0xbac0001f],
  ['irg Xd|SP, Xn|SP', 0x9adf1000],
  ['irg Xd|SP, Xn|SP, Xm', 0x9ac01000],
  ['gmi Xd, Xn|SP, Xm', 0x9ac01400],
]

const oneSource: Row[] = [
  ['rbit Rd, Rn', 0x5ac00000],
  ['rev16 Rd, Rn', 0x5ac00400],
  ['rev Wd, Wn', 0x5ac00800],
  ['rev Xd, Xn', 0xdac00c00],
  ['rev32 Xd, Xn', 0xdac00800],
  ['rev64 Xd, Xn', 0xdac00c00],
  ['clz Rd, Rn', 0x5ac01000],
  ['cls Rd, Rn', 0x5ac01400],
  ...['pacia', 'pacib', 'pacda', 'pacdb', 'autia', 'autib', 'autda', 'autdb'].flatMap((name, op): Row[] => [
    [`${name} Xd, Xn|SP`, 0xdac10000 | (op << 10)],
    [`${name.slice(0, 4)}z${name.slice(4)} Xd`, 0xdac123e0 | (op << 10)],
  ]),
  ['xpaci Xd', 0xdac143e0],
  ['xpacd Xd', 0xdac147e0],
]

const threeSource: Row[] = [
  ['madd Rd, Rn, Rm, Ra', 0x1b000000],
  ['msub Rd, Rn, Rm, Ra', 0x1b008000],
  ['mul Rd, Rn, Rm', 0x1b007c00],
  ['mneg Rd, Rn, Rm', 0x1b00fc00],
  ...([['s', 0], ['u', 1]] as const).flatMap(([sign, u]): Row[] => [
    [`${sign}maddl Xd, Wn, Wm, Xa`, 0x9b200000 | (u << 23)],
    [`${sign}msubl Xd, Wn, Wm, Xa`, 0x9b208000 | (u << 23)],
    [`${sign}mull Xd, Wn, Wm`, 0x9b207c00 | (u << 23)],
    [`${sign}mnegl Xd, Wn, Wm`, 0x9b20fc00 | (u << 23)],
    [`${sign}mulh Xd, Xn, Xm`, 0x9b407c00 | (u << 23)],
  ]),
]

export const INTEGER: readonly Row[] = [
  ...addSub, ...logical, ...move, ...bitFields, ...extend, ...conditional, ...twoSource, ...oneSource, ...threeSource,
]
