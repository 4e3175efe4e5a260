// Rows of Advanced SIMD data movement: copies, permutes, shifts by immediate, modified immediates,
// structure loads and stores, and the cryptographic extensions.

import type { Row } from './rows.ts'

const SCALAR = 0x50000000
const U = 1 << 29
const Q = 1 << 30

const copies: Row[] = [
  ['dup Vd.$T, Vn.$U[i5]', 0x0e000400, 'copy:bhsd'],
  ...['B', 'H', 'S', 'D'].flatMap((e, log2): Row[] => {
    const r = log2 === 3 ? 'X' : 'W'
    return [
      [`dup ${e}d, Vn.${e}[i5]`, 0x5e000400],
      [`mov ${e}d, Vn.${e}[i5]`, 0x5e000400],
      [`ins Vd.${e}[i5], ${r}n`, 0x4e001c00],
      [`mov Vd.${e}[i5], ${r}n`, 0x4e001c00],
      [`ins Vd.${e}[i5], Vn.${e}[i4]`, 0x6e000400],
      [`mov Vd.${e}[i5], Vn.${e}[i4]`, 0x6e000400],
      ...(log2 === 3 ? [] : [[`dup Vd.$T, Wn`, 0x0e000c00 | (0x10000 << log2), `copy:${e}`] as Row]),
      [`umov ${r}d, Vn.${e}[i5]`, 0x0e003c00 | (log2 === 3 ? Q : 0)],
      ...(log2 < 2 ? [[`smov Wd, Vn.${e}[i5]`, 0x0e002c00] as Row] : [[`mov ${r}d, Vn.${e}[i5]`, 0x0e003c00 | (log2 === 3 ? Q : 0)] as Row]),
      ...(log2 < 3 ? [[`smov Xd, Vn.${e}[i5]`, 0x4e002c00] as Row] : []),
    ]
  }),
  ['dup Vd.2D, Xn', 0x4e080c00],
]

const permutes: Row[] = [
  ...([['uzp1', 1], ['trn1', 2], ['zip1', 3], ['uzp2', 5], ['trn2', 6], ['zip2', 7]] as const)
    .map(([name, op]): Row => [`${name} Vd.$T, Vn.$T, Vm.$T`, 0x0e000800 | (op << 12), 'v:bhsd']),
  ['ext Vd.8B, Vn.8B, Vm.8B, #u3@11', 0x2e000000],
  ['ext Vd.16B, Vn.16B, Vm.16B, #u4@11', 0x6e000000],
  ...[1, 2, 3, 4].flatMap((count): Row[] => [
    [`tbl Vd.$T, {Vn.16B*${count}}, Vm.$T`, 0x0e000000 | ((count - 1) << 13), 'b'],
    [`tbx Vd.$T, {Vn.16B*${count}}, Vm.$T`, 0x0e001000 | ((count - 1) << 13), 'b'],
  ]),
]

/** [name, U, opcode<15:11>, 'l'eft or 'r'ight, vector sizes, scalar sizes]. */
const SHIFTS: [string, 0 | 1, number, 'l' | 'r', string, string][] = [
  ['sshr', 0, 0x00, 'r', 'bhsd', 'd'], ['ushr', 1, 0x00, 'r', 'bhsd', 'd'],
  ['ssra', 0, 0x02, 'r', 'bhsd', 'd'], ['usra', 1, 0x02, 'r', 'bhsd', 'd'],
  ['srshr', 0, 0x04, 'r', 'bhsd', 'd'], ['urshr', 1, 0x04, 'r', 'bhsd', 'd'],
  ['srsra', 0, 0x06, 'r', 'bhsd', 'd'], ['ursra', 1, 0x06, 'r', 'bhsd', 'd'],
  ['sri', 1, 0x08, 'r', 'bhsd', 'd'],
  ['shl', 0, 0x0a, 'l', 'bhsd', 'd'], ['sli', 1, 0x0a, 'l', 'bhsd', 'd'],
  ['sqshlu', 1, 0x0c, 'l', 'bhsd', 'bhsd'],
  ['sqshl', 0, 0x0e, 'l', 'bhsd', 'bhsd'], ['uqshl', 1, 0x0e, 'l', 'bhsd', 'bhsd'],
  ['scvtf', 0, 0x1c, 'r', 'hsd', 'hsd'], ['ucvtf', 1, 0x1c, 'r', 'hsd', 'hsd'],
  ['fcvtzs', 0, 0x1f, 'r', 'hsd', 'hsd'], ['fcvtzu', 1, 0x1f, 'r', 'hsd', 'hsd'],
]
const NARROWING: [string, 0 | 1, number, boolean][] = [
  ['shrn', 0, 0x10, false], ['rshrn', 0, 0x11, false], ['sqshrn', 0, 0x12, true], ['sqrshrn', 0, 0x13, true],
  ['sqshrun', 1, 0x10, true], ['sqrshrun', 1, 0x11, true], ['uqshrn', 1, 0x12, true], ['uqrshrn', 1, 0x13, true],
]
const both = (make: (two: string, set: string) => Row): Row[] => [make('', 'immlong'), make('2', 'immlong2')]
const shifts: Row[] = [
  ...SHIFTS.flatMap(([name, u, op, dir, vector, scalar]): Row[] => {
    const bits = 0x0f000400 | (u ? U : 0) | (op << 11)
    return [
      [`${name} Vd.$T, Vn.$T, #sh${dir}$U`, bits, `imm:${vector}`],
      [`${name} $Td, $Tn, #sh${dir}$U`, bits | SCALAR, `eimm:${scalar}`],
    ]
  }),
  ...NARROWING.flatMap(([name, u, op, scalar]): Row[] => {
    const bits = 0x0f000400 | (u ? U : 0) | (op << 11)
    return [
      ...both((two, set) => [`${name}${two} Vd.$U, Vn.$T, #shr$I`, bits, `${set}:bhs`]),
      ...(scalar ? [[`${name} $Td, $In, #shr$U`, bits | SCALAR, 'eimm:bhs'] as Row] : []),
    ]
  }),
  ...([['sshll', 'sxtl', 0], ['ushll', 'uxtl', U]] as const).flatMap(([name, alias, u]): Row[] => [
    ...both((two, set) => [`${name}${two} Vd.$T, Vn.$U, #shl$I`, 0x0f00a400 | u, `${set}:bhs`]),
    ...[8, 16, 32].flatMap((esize, i): Row[] =>
      both((two, set) => [`${alias}${two} Vd.$T, Vn.$U`, 0x0f00a400 | u | (esize << 16), `${set}:${'bhs'[i]}`])),
  ]),
]

const modifiedImmediates: Row[] = [
  ['movi Vd.$T, #abc', 0x0f00e400, 'b'],
  ['movi Dd, #mask', 0x2f00e400],
  ['movi Vd.2D, #mask', 0x6f00e400],
  ...([['movi', 0x0f000400], ['mvni', 0x2f000400], ['orr', 0x0f001400], ['bic', 0x2f001400]] as const).flatMap(([name, bits]): Row[] =>
    ([['4H', '16', 0x8000], ['8H', '16', 0x8000 | Q], ['2S', '32', 0], ['4S', '32', Q]] as const)
      .map(([arr, lsl, b]): Row => [`${name} Vd.${arr}, #abc, lsl${lsl}?`, bits | b])),
  ...([['movi', 0x0f00c400], ['mvni', 0x2f00c400]] as const).flatMap(([name, bits]): Row[] => [
    [`${name} Vd.2S, #abc, msl`, bits],
    [`${name} Vd.4S, #abc, msl`, bits | Q],
  ]),
  ['fmov Vd.2S, #vfp32', 0x0f00f400],
  ['fmov Vd.4S, #vfp32', 0x4f00f400],
  ['fmov Vd.2D, #vfp64', 0x6f00f400],
  ['fmov Vd.4H, #vfp16', 0x0f00fc00],
  ['fmov Vd.8H, #vfp16', 0x4f00fc00],
]

const POST = 1 << 23
/** Loads and stores of whole vectors: [registers per structure, list length, opcode<15:12>]. */
const MULTIPLE = [[1, 1, 7], [1, 2, 10], [1, 3, 6], [1, 4, 2], [2, 2, 8], [3, 3, 4], [4, 4, 0]] as const
const structures: Row[] = (['st', 'ld'] as const).flatMap((stem, l) => MULTIPLE.flatMap(([n, count, op]): Row[] => {
  const bits = 0x0c000000 | (l << 22) | (op << 12)
  // Only LD1 and ST1 know the 1D arrangement.
  return (n === 1 ? ['list:bhsd'] : ['list:bhs', 'list2d']).flatMap((set): Row[] => [
    [`${stem}${n} {Vt.$T*${count}}, [n]`, bits, set],
    [`${stem}${n} {Vt.$T*${count}}, [n], #=$U*${count}`, bits | POST | (31 << 16), set],
    [`${stem}${n} {Vt.$T*${count}}, [n], Xm|NZ`, bits | POST, set],
  ])
}))

/** One lane of each register: R (bit 21) and opcode<13> tell 1 to 4 registers. */
const lanes: Row[] = (['st', 'ld'] as const).flatMap((stem, l) => [1, 2, 3, 4].flatMap((n): Row[] => {
  const bits = 0x0d000000 | (l << 22) | (n % 2 === 0 ? 1 << 21 : 0) | (n > 2 ? 1 << 13 : 0)
  return [
    [`${stem}${n} {Vt.$T*${n}}[q], [n]`, bits, 'one:bhsd'],
    [`${stem}${n} {Vt.$T*${n}}[q], [n], #=$U*${n}`, bits | POST | (31 << 16), 'one:bhsd'],
    [`${stem}${n} {Vt.$T*${n}}[q], [n], Xm|NZ`, bits | POST, 'one:bhsd'],
  ]
}))

const replicate: Row[] = [1, 2, 3, 4].flatMap((n): Row[] => {
  const bits = 0x0d40c000 | (n % 2 === 0 ? 1 << 21 : 0) | (n > 2 ? 1 << 13 : 0)
  return [
    [`ld${n}r {Vt.$T*${n}}, [n]`, bits, 'list:bhsd'],
    [`ld${n}r {Vt.$T*${n}}, [n], #=$I*${n}`, bits | POST | (31 << 16), 'list:bhsd'],
    [`ld${n}r {Vt.$T*${n}}, [n], Xm|NZ`, bits | POST, 'list:bhsd'],
  ]
})

const crypto: Row[] = [
  ...['aese', 'aesd', 'aesmc', 'aesimc'].map((name, i): Row => [`${name} Vd.16B, Vn.16B`, 0x4e284800 | (i << 12)]),
  ...['sha1c', 'sha1p', 'sha1m'].map((name, i): Row => [`${name} Qd, Sn, Vm.4S`, 0x5e000000 | (i << 12)]),
  ['sha1su0 Vd.4S, Vn.4S, Vm.4S', 0x5e003000],
  ['sha256h Qd, Qn, Vm.4S', 0x5e004000],
  ['sha256h2 Qd, Qn, Vm.4S', 0x5e005000],
  ['sha256su1 Vd.4S, Vn.4S, Vm.4S', 0x5e006000],
  ['sha1h Sd, Sn', 0x5e280800],
  ['sha1su1 Vd.4S, Vn.4S', 0x5e281800],
  ['sha256su0 Vd.4S, Vn.4S', 0x5e282800],
  ['sha512h Qd, Qn, Vm.2D', 0xce608000],
  ['sha512h2 Qd, Qn, Vm.2D', 0xce608400],
  ['sha512su1 Vd.2D, Vn.2D, Vm.2D', 0xce608800],
  ['sha512su0 Vd.2D, Vn.2D', 0xcec08000],
  ['rax1 Vd.2D, Vn.2D, Vm.2D', 0xce608c00],
  ['eor3 Vd.16B, Vn.16B, Vm.16B, Va.16B', 0xce000000],
  ['bcax Vd.16B, Vn.16B, Vm.16B, Va.16B', 0xce200000],
  ['xar Vd.2D, Vn.2D, Vm.2D, #u6@10', 0xce800000],
  ['sm3ss1 Vd.4S, Vn.4S, Vm.4S, Va.4S', 0xce400000],
  ...['sm3tt1a', 'sm3tt1b', 'sm3tt2a', 'sm3tt2b'].map((name, i): Row => [`${name} Vd.4S, Vn.4S, Vm.S[s2]`, 0xce408000 | (i << 10)]),
  ['sm3partw1 Vd.4S, Vn.4S, Vm.4S', 0xce60c000],
  ['sm3partw2 Vd.4S, Vn.4S, Vm.4S', 0xce60c400],
  ['sm4e Vd.4S, Vn.4S', 0xcec08400],
  ['sm4ekey Vd.4S, Vn.4S, Vm.4S', 0xce60c800],
]

export const SIMD_MOVES: readonly Row[] = [
  ...copies, ...permutes, ...shifts, ...modifiedImmediates, ...structures, ...lanes, ...replicate, ...crypto,
]
