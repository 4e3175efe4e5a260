// Rows of Advanced SIMD arithmetic, vector and scalar (Arm ARM C4.1: three same, two-register misc, …, by element).
//
// A vector row and its scalar twin share opcode bits: the scalar one has bits 30 and 28 set.

import type { Row } from './rows.ts'

const SCALAR = 0x50000000
const U = 1 << 29
const A = 1 << 23

/** [name, U, opcode<15:11>, vector element sizes, scalar element sizes]. */
const THREE_SAME: [string, 0 | 1, number, string, string][] = [
  ['shadd', 0, 0x00, 'bhs', ''], ['uhadd', 1, 0x00, 'bhs', ''],
  ['sqadd', 0, 0x01, 'bhsd', 'bhsd'], ['uqadd', 1, 0x01, 'bhsd', 'bhsd'],
  ['srhadd', 0, 0x02, 'bhs', ''], ['urhadd', 1, 0x02, 'bhs', ''],
  ['shsub', 0, 0x04, 'bhs', ''], ['uhsub', 1, 0x04, 'bhs', ''],
  ['sqsub', 0, 0x05, 'bhsd', 'bhsd'], ['uqsub', 1, 0x05, 'bhsd', 'bhsd'],
  ['cmgt', 0, 0x06, 'bhsd', 'd'], ['cmhi', 1, 0x06, 'bhsd', 'd'],
  ['cmge', 0, 0x07, 'bhsd', 'd'], ['cmhs', 1, 0x07, 'bhsd', 'd'],
  ['sshl', 0, 0x08, 'bhsd', 'd'], ['ushl', 1, 0x08, 'bhsd', 'd'],
  ['sqshl', 0, 0x09, 'bhsd', 'bhsd'], ['uqshl', 1, 0x09, 'bhsd', 'bhsd'],
  ['srshl', 0, 0x0a, 'bhsd', 'd'], ['urshl', 1, 0x0a, 'bhsd', 'd'],
  ['sqrshl', 0, 0x0b, 'bhsd', 'bhsd'], ['uqrshl', 1, 0x0b, 'bhsd', 'bhsd'],
  ['smax', 0, 0x0c, 'bhs', ''], ['umax', 1, 0x0c, 'bhs', ''],
  ['smin', 0, 0x0d, 'bhs', ''], ['umin', 1, 0x0d, 'bhs', ''],
  ['sabd', 0, 0x0e, 'bhs', ''], ['uabd', 1, 0x0e, 'bhs', ''],
  ['saba', 0, 0x0f, 'bhs', ''], ['uaba', 1, 0x0f, 'bhs', ''],
  ['add', 0, 0x10, 'bhsd', 'd'], ['sub', 1, 0x10, 'bhsd', 'd'],
  ['cmtst', 0, 0x11, 'bhsd', 'd'], ['cmeq', 1, 0x11, 'bhsd', 'd'],
  ['mla', 0, 0x12, 'bhs', ''], ['mls', 1, 0x12, 'bhs', ''],
  ['mul', 0, 0x13, 'bhs', ''], ['pmul', 1, 0x13, 'b', ''],
  ['smaxp', 0, 0x14, 'bhs', ''], ['umaxp', 1, 0x14, 'bhs', ''],
  ['sminp', 0, 0x15, 'bhs', ''], ['uminp', 1, 0x15, 'bhs', ''],
  ['sqdmulh', 0, 0x16, 'hs', 'hs'], ['sqrdmulh', 1, 0x16, 'hs', 'hs'],
  ['addp', 0, 0x17, 'bhsd', ''],
]
const threeSame = THREE_SAME.flatMap(([name, u, op, vector, scalar]): Row[] => {
  const bits = 0x0e200400 | (u ? U : 0) | (op << 11)
  return [
    [`${name} Vd.$T, Vn.$T, Vm.$T`, bits, `v:${vector}`],
    ...(scalar === '' ? [] : [[`${name} $Td, $Tn, $Tm`, bits | SCALAR, `e:${scalar}`] as Row]),
  ]
})
const logical: Row[] = [
  ...['and', 'bic', 'orr', 'orn'].map((name, i): Row => [`${name} Vd.$T, Vn.$T, Vm.$T`, 0x0e201c00 | (i << 22), 'b']),
  ...['eor', 'bsl', 'bit', 'bif'].map((name, i): Row => [`${name} Vd.$T, Vn.$T, Vm.$T`, 0x2e201c00 | (i << 22), 'b']),
  ['mov Vd.$T, Vnm.$T', 0x0ea01c00, 'b'],
]

/** [name, U, a (bit 23), opcode<15:11>, has a scalar form]. */
const FP_THREE_SAME: [string, 0 | 1, 0 | 1, number, boolean][] = [
  ['fmaxnm', 0, 0, 0x18, false], ['fminnm', 0, 1, 0x18, false],
  ['fmla', 0, 0, 0x19, false], ['fmls', 0, 1, 0x19, false],
  ['fadd', 0, 0, 0x1a, false], ['fsub', 0, 1, 0x1a, false],
  ['fmulx', 0, 0, 0x1b, true], ['fcmeq', 0, 0, 0x1c, true],
  ['fmax', 0, 0, 0x1e, false], ['fmin', 0, 1, 0x1e, false],
  ['frecps', 0, 0, 0x1f, true], ['frsqrts', 0, 1, 0x1f, true],
  ['fmaxnmp', 1, 0, 0x18, false], ['fminnmp', 1, 1, 0x18, false],
  ['faddp', 1, 0, 0x1a, false], ['fabd', 1, 1, 0x1a, true],
  ['fmul', 1, 0, 0x1b, false],
  ['fcmge', 1, 0, 0x1c, true], ['fcmgt', 1, 1, 0x1c, true],
  ['facge', 1, 0, 0x1d, true], ['facgt', 1, 1, 0x1d, true],
  ['fmaxp', 1, 0, 0x1e, false], ['fminp', 1, 1, 0x1e, false],
  ['fdiv', 1, 0, 0x1f, false],
]
const fpThreeSame: Row[] = [
  ...FP_THREE_SAME.flatMap(([name, u, a, op, scalar]): Row[] => {
    const high = (u ? U : 0) | (a ? A : 0)
    const single = 0x0e200400 | high | (op << 11)
    const half = 0x0e400400 | high | ((op & 7) << 11)
    return [
      [`${name} Vd.$T, Vn.$T, Vm.$T`, single, 'f'],
      [`${name} Vd.$T, Vn.$T, Vm.$T`, half, 'h'],
      ...(scalar
        ? [[`${name} $Td, $Tn, $Tm`, single | SCALAR, 'ef'], [`${name} Hd, Hn, Hm`, half | SCALAR]] as Row[]
        : []),
    ]
  }),
  ...([['fmlal', 0x0e20ec00], ['fmlsl', 0x0ea0ec00], ['fmlal2', 0x2e20cc00], ['fmlsl2', 0x2ea0cc00]] as const).flatMap(([name, bits]): Row[] => [
    [`${name} Vd.2S, Vn.2H, Vm.2H`, bits],
    [`${name} Vd.4S, Vn.4H, Vm.4H`, bits | (1 << 30)],
  ]),
]

const extra: Row[] = [
  ...([['sqrdmlah', 0x2e008400], ['sqrdmlsh', 0x2e008c00]] as const).flatMap(([name, bits]): Row[] => [
    [`${name} Vd.$T, Vn.$T, Vm.$T`, bits, 'v:hs'],
    [`${name} $Td, $Tn, $Tm`, bits | SCALAR, 'e:hs'],
  ]),
  ...([['sdot', 0x0e809400], ['udot', 0x2e809400], ['usdot', 0x0e809c00]] as const).flatMap(([name, bits]): Row[] => [
    [`${name} Vd.2S, Vn.8B, Vm.8B`, bits],
    [`${name} Vd.4S, Vn.16B, Vm.16B`, bits | (1 << 30)],
  ]),
  ['fcmla Vd.$T, Vn.$T, Vm.$T, #rot4@11', 0x2e00c400, 'v:hsd'],
  ['fcadd Vd.$T, Vn.$T, Vm.$T, #rot2@12', 0x2e00e400, 'v:hsd'],
  ['bfdot Vd.2S, Vn.4H, Vm.4H', 0x2e40fc00],
  ['bfdot Vd.4S, Vn.8H, Vm.8H', 0x6e40fc00],
  ['bfmlalb Vd.4S, Vn.8H, Vm.8H', 0x2ec0fc00],
  ['bfmlalt Vd.4S, Vn.8H, Vm.8H', 0x6ec0fc00],
  ['bfmmla Vd.4S, Vn.8H, Vm.8H', 0x6e40ec00],
  ['smmla Vd.4S, Vn.16B, Vm.16B', 0x4e80a400],
  ['ummla Vd.4S, Vn.16B, Vm.16B', 0x6e80a400],
  ['usmmla Vd.4S, Vn.16B, Vm.16B', 0x4e80ac00],
]

/** Name of the form that works on the upper half: "2" goes at the end. */
const both = (make: (name2: string, set: string) => Row): Row[] => [make('', 'long'), make('2', 'long2')]

/** [name, U, opcode<15:12>, sizes, shape]: wide result, wide first operand, or narrow result. */
const THREE_DIFFERENT: [string, 0 | 1, number, string, 'long' | 'wide' | 'narrow'][] = [
  ['saddl', 0, 0, 'bhs', 'long'], ['uaddl', 1, 0, 'bhs', 'long'],
  ['saddw', 0, 1, 'bhs', 'wide'], ['uaddw', 1, 1, 'bhs', 'wide'],
  ['ssubl', 0, 2, 'bhs', 'long'], ['usubl', 1, 2, 'bhs', 'long'],
  ['ssubw', 0, 3, 'bhs', 'wide'], ['usubw', 1, 3, 'bhs', 'wide'],
  ['addhn', 0, 4, 'bhs', 'narrow'], ['raddhn', 1, 4, 'bhs', 'narrow'],
  ['sabal', 0, 5, 'bhs', 'long'], ['uabal', 1, 5, 'bhs', 'long'],
  ['subhn', 0, 6, 'bhs', 'narrow'], ['rsubhn', 1, 6, 'bhs', 'narrow'],
  ['sabdl', 0, 7, 'bhs', 'long'], ['uabdl', 1, 7, 'bhs', 'long'],
  ['smlal', 0, 8, 'bhs', 'long'], ['umlal', 1, 8, 'bhs', 'long'],
  ['sqdmlal', 0, 9, 'hs', 'long'],
  ['smlsl', 0, 10, 'bhs', 'long'], ['umlsl', 1, 10, 'bhs', 'long'],
  ['sqdmlsl', 0, 11, 'hs', 'long'],
  ['smull', 0, 12, 'bhs', 'long'], ['umull', 1, 12, 'bhs', 'long'],
  ['sqdmull', 0, 13, 'hs', 'long'],
  ['pmull', 0, 14, 'b', 'long'],
]
const threeDifferent: Row[] = [
  ...THREE_DIFFERENT.flatMap(([name, u, op, sizes, shape]) => both((two, set) => {
    const operands = shape === 'long' ? 'Vd.$T, Vn.$U, Vm.$U' : shape === 'wide' ? 'Vd.$T, Vn.$T, Vm.$U' : 'Vd.$U, Vn.$T, Vm.$T'
    return [`${name}${two} ${operands}`, 0x0e200000 | (u ? U : 0) | (op << 12), `${set}:${sizes}`]
  })),
  ['pmull Vd.1Q, Vn.1D, Vm.1D', 0x0ee0e000],
  ['pmull2 Vd.1Q, Vn.2D, Vm.2D', 0x4ee0e000],
  ...([['sqdmlal', 9], ['sqdmlsl', 11], ['sqdmull', 13]] as const)
    .map(([name, op]): Row => [`${name} $Ud, $Tn, $Tm`, 0x5e200000 | (op << 12), 'e:hs']),
]

/** [name, U, opcode<16:12>, vector sizes, scalar sizes, extra operand]. */
const TWO_MISC: [string, 0 | 1, number, string, string, string][] = [
  ['rev64', 0, 0x00, 'bhs', '', ''], ['rev32', 1, 0x00, 'bh', '', ''], ['rev16', 0, 0x01, 'b', '', ''],
  ['suqadd', 0, 0x03, 'bhsd', 'bhsd', ''], ['usqadd', 1, 0x03, 'bhsd', 'bhsd', ''],
  ['cls', 0, 0x04, 'bhs', '', ''], ['clz', 1, 0x04, 'bhs', '', ''], ['cnt', 0, 0x05, 'b', '', ''],
  ['sqabs', 0, 0x07, 'bhsd', 'bhsd', ''], ['sqneg', 1, 0x07, 'bhsd', 'bhsd', ''],
  ['cmgt', 0, 0x08, 'bhsd', 'd', ', #=0'], ['cmge', 1, 0x08, 'bhsd', 'd', ', #=0'],
  ['cmeq', 0, 0x09, 'bhsd', 'd', ', #=0'], ['cmle', 1, 0x09, 'bhsd', 'd', ', #=0'],
  ['cmlt', 0, 0x0a, 'bhsd', 'd', ', #=0'],
  ['abs', 0, 0x0b, 'bhsd', 'd', ''], ['neg', 1, 0x0b, 'bhsd', 'd', ''],
]
const twoMisc: Row[] = [
  ...TWO_MISC.flatMap(([name, u, op, vector, scalar, extraOperand]): Row[] => {
    const bits = 0x0e200800 | (u ? U : 0) | (op << 12)
    return [
      [`${name} Vd.$T, Vn.$T${extraOperand}`, bits, `v:${vector}`],
      ...(scalar === '' ? [] : [[`${name} $Td, $Tn${extraOperand}`, bits | SCALAR, `e:${scalar}`] as Row]),
    ]
  }),
  ['not Vd.$T, Vn.$T', 0x2e205800, 'b'],
  ['mvn Vd.$T, Vn.$T', 0x2e205800, 'b'],
  ['rbit Vd.$T, Vn.$T', 0x2e605800, 'b'],
  ...([['saddlp', 0, 2], ['uaddlp', 1, 2], ['sadalp', 0, 6], ['uadalp', 1, 6]] as const)
    .map(([name, u, op]): Row => [`${name} Vd.$T, Vn.$U`, 0x0e200800 | (u ? U : 0) | (op << 12), 'pair:bhs']),
  ...([['xtn', 0x0e212800, false], ['sqxtn', 0x0e214800, true], ['sqxtun', 0x2e212800, true], ['uqxtn', 0x2e214800, true]] as const)
    .flatMap(([name, bits, scalar]): Row[] => [
      ...both((two, set) => [`${name}${two} Vd.$U, Vn.$T`, bits, `${set}:bhs`]),
      ...(scalar ? [[`${name} $Td, $Un`, bits | SCALAR, 'e:bhs'] as Row] : []),
    ]),
  ...['8', '16', '32'].flatMap((shift, i): Row[] => both((two, set) => [`shll${two} Vd.$T, Vn.$U, #=${shift}`, 0x2e213800, `${set}:${'bhs'[i]}`])),
  ['fcvtn Vd.4H, Vn.4S', 0x0e216800],
  ['fcvtn2 Vd.8H, Vn.4S', 0x4e216800],
  ['fcvtn Vd.2S, Vn.2D', 0x0e616800],
  ['fcvtn2 Vd.4S, Vn.2D', 0x4e616800],
  ['fcvtl Vd.4S, Vn.4H', 0x0e217800],
  ['fcvtl2 Vd.4S, Vn.8H', 0x4e217800],
  ['fcvtl Vd.2D, Vn.2S', 0x0e617800],
  ['fcvtl2 Vd.2D, Vn.4S', 0x4e617800],
  ['fcvtxn Vd.2S, Vn.2D', 0x2e616800],
  ['fcvtxn2 Vd.4S, Vn.2D', 0x6e616800],
  ['fcvtxn Sd, Dn', 0x7e616800],
  ['bfcvtn Vd.4H, Vn.4S', 0x0ea16800],
  ['bfcvtn2 Vd.8H, Vn.4S', 0x4ea16800],
  ['urecpe Vd.2S, Vn.2S', 0x0ea1c800],
  ['urecpe Vd.4S, Vn.4S', 0x4ea1c800],
  ['ursqrte Vd.2S, Vn.2S', 0x2ea1c800],
  ['ursqrte Vd.4S, Vn.4S', 0x6ea1c800],
]

/** [name, U, a (bit 23), opcode<16:12>, has a scalar form, extra operand]; the half-precision twin is derived. */
const FP_MISC: [string, 0 | 1, 0 | 1, number, boolean, string][] = [
  ['frintn', 0, 0, 0x18, false, ''], ['frintm', 0, 0, 0x19, false, ''],
  ['fcvtns', 0, 0, 0x1a, true, ''], ['fcvtms', 0, 0, 0x1b, true, ''], ['fcvtas', 0, 0, 0x1c, true, ''],
  ['scvtf', 0, 0, 0x1d, true, ''],
  ['fcmgt', 0, 1, 0x0c, true, ', #0.0'], ['fcmeq', 0, 1, 0x0d, true, ', #0.0'], ['fcmlt', 0, 1, 0x0e, true, ', #0.0'],
  ['fabs', 0, 1, 0x0f, false, ''],
  ['frintp', 0, 1, 0x18, false, ''], ['frintz', 0, 1, 0x19, false, ''],
  ['fcvtps', 0, 1, 0x1a, true, ''], ['fcvtzs', 0, 1, 0x1b, true, ''],
  ['frecpe', 0, 1, 0x1d, true, ''],
  ['frinta', 1, 0, 0x18, false, ''], ['frintx', 1, 0, 0x19, false, ''],
  ['fcvtnu', 1, 0, 0x1a, true, ''], ['fcvtmu', 1, 0, 0x1b, true, ''], ['fcvtau', 1, 0, 0x1c, true, ''],
  ['ucvtf', 1, 0, 0x1d, true, ''],
  ['fcmge', 1, 1, 0x0c, true, ', #0.0'], ['fcmle', 1, 1, 0x0d, true, ', #0.0'],
  ['fneg', 1, 1, 0x0f, false, ''],
  ['frinti', 1, 1, 0x19, false, ''],
  ['fcvtpu', 1, 1, 0x1a, true, ''], ['fcvtzu', 1, 1, 0x1b, true, ''],
  ['frsqrte', 1, 1, 0x1d, true, ''], ['fsqrt', 1, 1, 0x1f, false, ''],
]
const fpMisc: Row[] = [
  ...FP_MISC.flatMap(([name, u, a, op, scalar, extraOperand]): Row[] => {
    const single = 0x0e200800 | (u ? U : 0) | (a ? A : 0) | (op << 12)
    const half = single | 0x00580000
    return [
      [`${name} Vd.$T, Vn.$T${extraOperand}`, single, 'f'],
      [`${name} Vd.$T, Vn.$T${extraOperand}`, half, 'h'],
      ...(scalar
        ? [[`${name} $Td, $Tn${extraOperand}`, single | SCALAR, 'ef'], [`${name} Hd, Hn${extraOperand}`, half | SCALAR]] as Row[]
        : []),
    ]
  }),
  ['frecpx $Td, $Tn', 0x5ea1f800, 'ef'],
  ['frecpx Hd, Hn', 0x5ef9f800],
  ...([['frint32z', 0x0e21e800], ['frint64z', 0x0e21f800], ['frint32x', 0x2e21e800], ['frint64x', 0x2e21f800]] as const)
    .map(([name, bits]): Row => [`${name} Vd.$T, Vn.$T`, bits, 'f']),
]

const across: Row[] = [
  ...([['saddlv', 0x0e303800], ['uaddlv', 0x2e303800]] as const)
    .flatMap(([name, bits]): Row[] => [[`${name} $Td, Vn.$U`, bits, 'across:bh'], [`${name} Dd, Vn.4S`, bits | 0x40800000]]),
  ...([['smaxv', 0x0e30a800], ['sminv', 0x0e31a800], ['addv', 0x0e31b800], ['umaxv', 0x2e30a800], ['uminv', 0x2e31a800]] as const)
    .flatMap(([name, bits]): Row[] => [[`${name} $Id, Vn.$U`, bits, 'across:bh'], [`${name} Sd, Vn.4S`, bits | 0x40800000]]),
  ...([['fmaxnmv', 0xc800, 0], ['fminnmv', 0xc800, A], ['fmaxv', 0xf800, 0], ['fminv', 0xf800, A]] as const).flatMap(([name, op, a]): Row[] => [
    [`${name} Sd, Vn.4S`, 0x6e300000 | op | a],
    [`${name} Hd, Vn.$T`, 0x0e300000 | op | a, 'h'],
  ]),
  ['addp Dd, Vn.2D', 0x5ef1b800],
  ...([['fmaxnmp', 0xc800, 0], ['faddp', 0xd800, 0], ['fmaxp', 0xf800, 0], ['fminnmp', 0xc800, A], ['fminp', 0xf800, A]] as const).flatMap(([name, op, a]): Row[] => [
    [`${name} $Td, Vn.$U`, 0x7e300000 | op | a, 'ef'],
    [`${name} Hd, Vn.2H`, 0x5e300000 | op | a],
  ]),
]

/** By element, integer: [name, bits, sizes]. */
const byElement: Row[] = [
  ...([['mul', 0x0f008000], ['mla', 0x2f000000], ['mls', 0x2f004000]] as const)
    .map(([name, bits]): Row => [`${name} Vd.$T, Vn.$T, Vm.$U`, bits, 'x:hs']),
  ...([['sqdmulh', 0x0f00c000], ['sqrdmulh', 0x0f00d000], ['sqrdmlah', 0x2f00d000], ['sqrdmlsh', 0x2f00f000]] as const)
    .flatMap(([name, bits]): Row[] => [
      [`${name} Vd.$T, Vn.$T, Vm.$U`, bits, 'x:hs'],
      [`${name} $Td, $Tn, Vm.$U`, bits | SCALAR, 'xe:hs'],
    ]),
  ...([['smlal', 0x0f002000], ['smlsl', 0x0f006000], ['smull', 0x0f00a000],
    ['umlal', 0x2f002000], ['umlsl', 0x2f006000], ['umull', 0x2f00a000],
    ['sqdmlal', 0x0f003000], ['sqdmlsl', 0x0f007000], ['sqdmull', 0x0f00b000]] as const)
    .flatMap(([name, bits]): Row[] => [
      ...both((two, set) => [`${name}${two} Vd.$T, Vn.$U, Vm.$I`, bits, `x${set}:hs`]),
      ...(name.startsWith('sqd') ? [[`${name} $Id, $Tn, Vm.$U`, bits | SCALAR, 'xe:hs'] as Row] : []),
    ]),
  ...([['fmla', 0x0f001000], ['fmls', 0x0f005000], ['fmul', 0x0f009000], ['fmulx', 0x2f009000]] as const)
    .flatMap(([name, bits]): Row[] => [
      [`${name} Vd.$T, Vn.$T, Vm.$U`, bits | 0x00800000, 'f'],
      [`${name} Vd.$T, Vn.$T, Vm.$U`, bits, 'h'],
      [`${name} $Td, $Tn, Vm.$I`, bits | SCALAR | 0x00800000, 'ef'],
      [`${name} Hd, Hn, Vm.H[hlm]`, bits | SCALAR],
    ]),
  ...([['fmlal', 0x0f800000], ['fmlsl', 0x0f804000], ['fmlal2', 0x2f808000], ['fmlsl2', 0x2f80c000]] as const).flatMap(([name, bits]): Row[] => [
    [`${name} Vd.2S, Vn.2H, Vm.H[hlm]`, bits],
    [`${name} Vd.4S, Vn.4H, Vm.H[hlm]`, bits | (1 << 30)],
  ]),
  ...([['sdot', 0x0f80e000], ['udot', 0x2f80e000], ['usdot', 0x0f80f000], ['sudot', 0x0f00f000]] as const).flatMap(([name, bits]): Row[] => [
    [`${name} Vd.2S, Vn.8B, Vm.4B[hl]`, bits],
    [`${name} Vd.4S, Vn.16B, Vm.4B[hl]`, bits | (1 << 30)],
  ]),
  ['bfdot Vd.2S, Vn.4H, Vm.2H[hl]', 0x0f40f000],
  ['bfdot Vd.4S, Vn.8H, Vm.2H[hl]', 0x4f40f000],
  ['bfmlalb Vd.4S, Vn.8H, Vm.H[hlm]', 0x0fc0f000],
  ['bfmlalt Vd.4S, Vn.8H, Vm.H[hlm]', 0x4fc0f000],
  ['fcmla Vd.4H, Vn.4H, Vm.H[l], #rot4@13', 0x2f401000],
  ['fcmla Vd.8H, Vn.8H, Vm.H[hl], #rot4@13', 0x6f401000],
  ['fcmla Vd.4S, Vn.4S, Vm.S[h], #rot4@13', 0x6f801000],
]

export const SIMD_ARITHMETIC: readonly Row[] = [
  ...threeSame, ...logical, ...fpThreeSame, ...extra, ...threeDifferent, ...twoMisc, ...fpMisc, ...across, ...byElement,
]
