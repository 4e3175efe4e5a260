// Rows of scalar floating point (Arm ARM C4.1: data processing, scalar floating-point).

import type { Row } from './rows.ts'

const oneSource: Row[] = [
  ...([['fmov', 0], ['fabs', 1], ['fneg', 2], ['fsqrt', 3], ['frintn', 8], ['frintp', 9], ['frintm', 10], ['frintz', 11],
    ['frinta', 12], ['frintx', 14], ['frinti', 15]] as const)
    .map(([name, op]): Row => [`${name} Fd, Fn`, 0x1e204000 | (op << 15)]),
  ...(['frint32z', 'frint32x', 'frint64z', 'frint64x'] as const).flatMap((name, i): Row[] => [
    [`${name} Sd, Sn`, 0x1e284000 | (i << 15)],
    [`${name} Dd, Dn`, 0x1e684000 | (i << 15)],
  ]),
  ['fcvt Dd, Sn', 0x1e22c000],
  ['fcvt Hd, Sn', 0x1e23c000],
  ['fcvt Sd, Dn', 0x1e624000],
  ['fcvt Hd, Dn', 0x1e63c000],
  ['fcvt Sd, Hn', 0x1ee24000],
  ['fcvt Dd, Hn', 0x1ee2c000],
  ['bfcvt Hd, Sn', 0x1e634000],
]

const twoSource: Row[] = ['fmul', 'fdiv', 'fadd', 'fsub', 'fmax', 'fmin', 'fmaxnm', 'fminnm', 'fnmul']
  .map((name, op): Row => [`${name} Fd, Fn, Fm`, 0x1e200800 | (op << 12)])

const threeSource: Row[] = [
  ['fmadd Fd, Fn, Fm, Fa', 0x1f000000],
  ['fmsub Fd, Fn, Fm, Fa', 0x1f008000],
  ['fnmadd Fd, Fn, Fm, Fa', 0x1f200000],
  ['fnmsub Fd, Fn, Fm, Fa', 0x1f208000],
]

const compare: Row[] = [
  ['fcmp Fn, Fm', 0x1e202000],
  ['fcmp Fn, #0.0', 0x1e202008],
  ['fcmpe Fn, Fm', 0x1e202010],
  ['fcmpe Fn, #0.0', 0x1e202018],
  ['fccmp Fn, Fm, #u4@0, cond@12', 0x1e200400],
  ['fccmpe Fn, Fm, #u4@0, cond@12', 0x1e200410],
  ['fcsel Fd, Fn, Fm, cond@12', 0x1e200c00],
]

const move: Row[] = [
  ['fmov Fd, #fp$F@13', 0x1e201000],
  ['fmov Wd, Sn', 0x1e260000],
  ['fmov Sd, Wn', 0x1e270000],
  ['fmov Xd, Dn', 0x9e660000],
  ['fmov Dd, Xn', 0x9e670000],
  ['fmov Rd, Hn', 0x1ee60000],
  ['fmov Hd, Rn', 0x1ee70000],
  ['fmov Xd, Vn.D[=1]', 0x9eae0000],
  ['fmov Vd.D[=1], Xn', 0x9eaf0000],
]

/** Conversions to integers: rounding mode in bits 20:19, opcode in 18:16. */
const convert: Row[] = [
  ...(['n', 'p', 'm', 'z'] as const).flatMap((mode, rmode): Row[] => [
    [`fcvt${mode}s Rd, Fn`, 0x1e200000 | (rmode << 19)],
    [`fcvt${mode}u Rd, Fn`, 0x1e210000 | (rmode << 19)],
  ]),
  ['fcvtas Rd, Fn', 0x1e240000],
  ['fcvtau Rd, Fn', 0x1e250000],
  ['scvtf Fd, Rn', 0x1e220000],
  ['ucvtf Fd, Rn', 0x1e230000],
  ['scvtf Fd, Rn, #fbits$N', 0x1e020000],
  ['ucvtf Fd, Rn, #fbits$N', 0x1e030000],
  ['fcvtzs Rd, Fn, #fbits$N', 0x1e180000],
  ['fcvtzu Rd, Fn, #fbits$N', 0x1e190000],
  ['fjcvtzs Wd, Dn', 0x1e7e0000],
]

export const FLOAT: readonly Row[] = [...oneSource, ...twoSource, ...threeSource, ...compare, ...move, ...convert]
