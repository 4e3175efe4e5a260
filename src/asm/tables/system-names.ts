// Names that stand for bits: conditions, barriers, prefetch, cache and TLB operations, PSTATE fields.

import { SYSTEM_REGISTERS } from './sysregs.ts'

/** Condition names and synonyms, by code. */
const CONDITION_NAMES = [
  'eq none', 'ne any', 'cs hs nlast', 'cc lo ul last', 'mi first', 'pl nfrst', 'vs', 'vc',
  'hi pmore', 'ls plast', 'ge tcont', 'lt tstop', 'gt', 'le', 'al', 'nv',
]
export const CONDITIONS: ReadonlyMap<string, number> = new Map(
  CONDITION_NAMES.flatMap((names, code) => names.split(' ').map(name => [name, code] as const)),
)

/** One table of names: what they are called in messages, and whether a plain number will do. */
interface NameTable {
  names: Map<string, number>
  what: string
  number?: { max: number; pos: number }
}

/** SYS operations as `op1.CRn` groups of `name:CRm.op2`, to the bits of SYS. */
const sysOps = (groups: Record<string, string>): Map<string, number> => {
  const out = new Map<string, number>()
  for (const [group, entries] of Object.entries(groups)) {
    const [op1, crn] = group.split('.').map(Number)
    for (const entry of entries.split(' ')) {
      const [, name, crm, op2] = /^(\w+):(\d+)\.(\d)$/.exec(entry)!
      out.set(name, (op1 << 16) | (crn << 12) | (Number(crm) << 8) | (Number(op2) << 5))
    }
  }
  return out
}

/** Adds FEAT_XS's nXS variants: the same operation with CRn 9. */
const withNxs = (ops: Map<string, number>): Map<string, number> => {
  for (const [name, bits] of [...ops]) ops.set(`${name}nxs`, bits | (1 << 12))
  return ops
}

const TLBI_ALL = withNxs(sysOps({
  '0.8': 'vmalle1:7.0 vmalle1is:3.0 vmalle1os:1.0',
  '4.8': 'alle1:7.4 alle1is:3.4 alle1os:1.4 alle2:7.0 alle2is:3.0 alle2os:1.0 ' +
    'vmalls12e1:7.6 vmalls12e1is:3.6 vmalls12e1os:1.6',
  '6.8': 'alle3:7.0 alle3is:3.0 alle3os:1.0 paall:7.4 paallos:1.4',
}))
for (const name of ['paallnxs', 'paallosnxs']) TLBI_ALL.delete(name)

const TLBI_ADDRESS = withNxs(sysOps({
  '0.8': 'aside1:7.2 aside1is:3.2 aside1os:1.2 rvaae1:6.3 rvaae1is:2.3 rvaae1os:5.3 rvaale1:6.7 rvaale1is:2.7 ' +
    'rvaale1os:5.7 rvae1:6.1 rvae1is:2.1 rvae1os:5.1 rvale1:6.5 rvale1is:2.5 rvale1os:5.5 vaae1:7.3 vaae1is:3.3 ' +
    'vaae1os:1.3 vaale1:7.7 vaale1is:3.7 vaale1os:1.7 vae1:7.1 vae1is:3.1 vae1os:1.1 vale1:7.5 vale1is:3.5 vale1os:1.5',
  '4.8': 'ipas2e1:4.1 ipas2e1is:0.1 ipas2e1os:4.0 ipas2le1:4.5 ipas2le1is:0.5 ipas2le1os:4.4 ripas2e1:4.2 ' +
    'ripas2e1is:0.2 ripas2e1os:4.3 ripas2le1:4.6 ripas2le1is:0.6 ripas2le1os:4.7 rvae2:6.1 rvae2is:2.1 rvae2os:5.1 ' +
    'rvale2:6.5 rvale2is:2.5 rvale2os:5.5 vae2:7.1 vae2is:3.1 vae2os:1.1 vale2:7.5 vale2is:3.5 vale2os:1.5',
  '6.8': 'rpalos:4.7 rpaos:4.3 rvae3:6.1 rvae3is:2.1 rvae3os:5.1 rvale3:6.5 rvale3is:2.5 rvale3os:5.5 ' +
    'vae3:7.1 vae3is:3.1 vae3os:1.1 vale3:7.5 vale3is:3.5 vale3os:1.5',
}))
for (const name of ['rpalosnxs', 'rpaosnxs']) TLBI_ADDRESS.delete(name)

const BARRIERS: [string, number][] = [
  ['oshld', 1], ['oshst', 2], ['osh', 3], ['nshld', 5], ['nshst', 6], ['nsh', 7],
  ['ishld', 9], ['ishst', 10], ['ish', 11], ['ld', 13], ['st', 14], ['sy', 15],
]

const prefetchNames = (): Map<string, number> => {
  const out = new Map<string, number>()
  for (const [type, t] of [['pld', 0], ['pli', 1], ['pst', 2]] as const) {
    for (let level = 1; level <= 3; level++) {
      for (const [policy, p] of [['keep', 0], ['strm', 1]] as const) {
        out.set(`${type}l${level}${policy}`, (t << 3) | ((level - 1) << 1) | p)
      }
    }
  }
  return out
}

const shiftAll = (entries: [string, number][], pos: number): Map<string, number> =>
  new Map(entries.map(([name, code]) => [name, code << pos]))

/** The tables behind the operand patterns `<tlbi0>`, `<barrier>` and so on. */
export const NAMES: Record<string, NameTable> = {
  tlbi0: { what: 'a TLBI operation without a register', names: TLBI_ALL },
  tlbi1: { what: 'a TLBI operation', names: TLBI_ADDRESS },
  dc: {
    what: 'a DC operation',
    names: sysOps({
      '0.7': 'ivac:6.1 isw:6.2 igvac:6.3 igsw:6.4 igdvac:6.5 igdsw:6.6 csw:10.2 cgsw:10.4 cgdsw:10.6 ' +
        'cisw:14.2 cigsw:14.4 cigdsw:14.6',
      '3.7': 'zva:4.1 gva:4.3 gzva:4.4 cvac:10.1 cgvac:10.3 cgdvac:10.5 cvau:11.1 cvap:12.1 cgvap:12.3 cgdvap:12.5 ' +
        'cvadp:13.1 cgvadp:13.3 cgdvadp:13.5 civac:14.1 cigvac:14.3 cigdvac:14.5',
      '6.7': 'cipapa:14.1 cigdpapa:14.5',
    }),
  },
  ic0: { what: 'an IC operation without a register', names: sysOps({ '0.7': 'iallu:5.0 ialluis:1.0' }) },
  ic1: { what: 'an IC operation', names: sysOps({ '3.7': 'ivau:5.1' }) },
  at: {
    what: 'an AT operation',
    names: sysOps({
      '0.7': 's1e1r:8.0 s1e1w:8.1 s1e0r:8.2 s1e0w:8.3 s1e1rp:9.0 s1e1wp:9.1',
      '4.7': 's1e2r:8.0 s1e2w:8.1 s12e1r:8.4 s12e1w:8.5 s12e0r:8.6 s12e0w:8.7',
      '6.7': 's1e3r:8.0 s1e3w:8.1',
    }),
  },
  rctx: { what: "'rctx'", names: new Map([['rctx', 0]]) },
  barrier: { what: 'a barrier option', names: shiftAll(BARRIERS, 8), number: { max: 15, pos: 8 } },
  nxs: { what: 'a barrier option', names: shiftAll([['oshnxs', 0], ['nshnxs', 1], ['ishnxs', 2], ['synxs', 3]], 10) },
  isb: { what: "'sy' or a number", names: new Map([['sy', 15 << 8]]), number: { max: 15, pos: 8 } },
  prefetch: { what: 'a prefetch operation', names: prefetchNames(), number: { max: 31, pos: 0 } },
  bti: { what: 'c, j or jc', names: shiftAll([['c', 1], ['j', 2], ['jc', 3]], 6) },
  csync: { what: "'csync'", names: new Map([['csync', 0]]) },
}

/** MSR (immediate): op1 at 16, CRm at 8, op2 at 5; the largest value that fits CRm beside the fixed bits. */
const PSTATE = new Map<string, { bits: number; max: number }>([
  ['spsel', { bits: 5 << 5, max: 15 }],
  ['daifset', { bits: (3 << 16) | (6 << 5), max: 15 }],
  ['daifclr', { bits: (3 << 16) | (7 << 5), max: 15 }],
  ['uao', { bits: 3 << 5, max: 15 }],
  ['pan', { bits: 4 << 5, max: 15 }],
  ['ssbs', { bits: (3 << 16) | (1 << 5), max: 15 }],
  ['dit', { bits: (3 << 16) | (2 << 5), max: 15 }],
  ['tco', { bits: (3 << 16) | (4 << 5), max: 15 }],
  ['allint', { bits: 1 << 16, max: 1 }],
])
export const pstateField = (name: string): { bits: number; max: number } | undefined => PSTATE.get(name)

/** Bits of a system register by name or as s<op0>_<op1>_c<n>_c<m>_<op2>; undefined when there is none. */
export const systemRegister = (name: string): number | undefined => {
  const known = SYSTEM_REGISTERS.get(name)
  if (known !== undefined) return known
  const g = /^s([0-3])_([0-7])_c(\d+)_c(\d+)_([0-7])$/.exec(name)
  if (g === null) return undefined
  const [op0, op1, crn, crm, op2] = g.slice(1).map(Number)
  return crn < 16 && crm < 16 ? (op0 << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5) : undefined
}
