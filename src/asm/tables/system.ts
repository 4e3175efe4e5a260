// Rows of branches, exceptions, hints, barriers and system instructions (Arm ARM C4.1: branches, exception generating, system).

import type { Row } from './rows.ts'
import { CONDITIONS } from './system-names.ts'

/** Conditions that may follow `b` without a dot. */
const PLAIN_CONDITIONS = new Set('eq ne cs hs cc lo mi pl vs vc hi ls ge lt gt le'.split(' '))

const branches: Row[] = [
  ['b pc26', 0x14000000],
  ['bl pc26', 0x94000000],
  ...[...CONDITIONS].flatMap(([name, code]): Row[] => [
    [`b.${name} pc19`, 0x54000000 | code],
    ...(PLAIN_CONDITIONS.has(name) ? [[`b${name} pc19`, 0x54000000 | code] as Row] : []),
    [`bc.${name} pc19`, 0x54000010 | code],
  ]),
  ['cbz Rt, pc19', 0x34000000],
  ['cbnz Rt, pc19', 0x35000000],
  ['tbz Wt, #u5@19, pc14', 0x36000000],
  ['tbnz Wt, #u5@19, pc14', 0x37000000],
  ['tbz Xt, #bit, pc14', 0x36000000],
  ['tbnz Xt, #bit, pc14', 0x37000000],
  ['br Xn', 0xd61f0000],
  ['blr Xn', 0xd63f0000],
  ['ret', 0xd65f03c0],
  ['ret Xn', 0xd65f0000],
  ['eret', 0xd69f03e0],
  ['drps', 0xd6bf03e0],
  ['braaz Xn', 0xd61f081f],
  ['brabz Xn', 0xd61f0c1f],
  ['blraaz Xn', 0xd63f081f],
  ['blrabz Xn', 0xd63f0c1f],
  ['retaa', 0xd65f0bff],
  ['retab', 0xd65f0fff],
  ['eretaa', 0xd69f0bff],
  ['eretab', 0xd69f0fff],
  ['braa Xn, Xd|SP', 0xd71f0800],
  ['brab Xn, Xd|SP', 0xd71f0c00],
  ['blraa Xn, Xd|SP', 0xd73f0800],
  ['blrab Xn, Xd|SP', 0xd73f0c00],
]

const exceptions: Row[] = [
  ['svc #u16@5', 0xd4000001],
  ['hvc #u16@5', 0xd4000002],
  ['smc #u16@5', 0xd4000003],
  ['brk #u16@5', 0xd4200000],
  ['hlt #u16@5', 0xd4400000],
  ['tcancel #u16@5', 0xd4600000],
  ...[1, 2, 3].flatMap((level): Row[] => [
    [`dcps${level}`, 0xd4a00000 | level],
    [`dcps${level} #u16@5`, 0xd4a00000 | level],
  ]),
  ['udf #u16@0', 0x00000000],
]

/** Hints with a name of their own: HINT #n. */
const HINTS: Record<string, number> = {
  nop: 0, yield: 1, wfe: 2, wfi: 3, sev: 4, sevl: 5, dgh: 6, xpaclri: 7,
  pacia1716: 8, pacib1716: 10, autia1716: 12, autib1716: 14, esb: 16, csdb: 20, clearbhb: 22,
  paciaz: 24, paciasp: 25, pacibz: 26, pacibsp: 27, autiaz: 28, autiasp: 29, autibz: 30, autibsp: 31, bti: 32,
}

const system: Row[] = [
  ['hint #u7@5', 0xd503201f],
  ...Object.entries(HINTS).map(([name, n]): Row => [name, 0xd503201f | (n << 5)]),
  ['bti <bti>', 0xd503241f],
  ['psb <csync>', 0xd503223f],
  ['tsb <csync>', 0xd503225f],
  ['clrex', 0xd5033f5f],
  ['clrex #u4@8', 0xd503305f],
  ['dsb <barrier>', 0xd503309f],
  ['dsb <nxs>', 0xd503323f],
  ...[16, 20, 24, 28].map((n, i): Row => [`dsb #=${n}`, 0xd503323f | (i << 10)]),
  ['dmb <barrier>', 0xd50330bf],
  ['isb', 0xd5033fdf],
  ['isb <isb>', 0xd50330df],
  ['ssbb', 0xd503309f],
  ['pssbb', 0xd503349f],
  ['sb', 0xd50330ff],
  ['cfinv', 0xd500401f],
  ['xaflag', 0xd500403f],
  ['axflag', 0xd500405f],
  ['wfet Xt', 0xd5031000],
  ['wfit Xt', 0xd5031020],
  ['tcommit', 0xd503307f],
  ['tstart Xt', 0xd5233060],
  ['ttest Xt', 0xd5233160],
  ['msr pstate', 0xd500401f],
  ['msr sysreg, Xt', 0xd5000000],
  ['mrs Xt, sysreg', 0xd5200000],
  ['sys #u3@16, C@12, C@8, #u3@5', 0xd508001f],
  ['sys #u3@16, C@12, C@8, #u3@5, Xt', 0xd5080000],
  ['sysl Xt, #u3@16, C@12, C@8, #u3@5', 0xd5280000],
  ['at <at>, Xt', 0xd5080000],
  ['dc <dc>, Xt', 0xd5080000],
  ['ic <ic0>', 0xd508001f],
  ['ic <ic1>, Xt', 0xd5080000],
  ['tlbi <tlbi0>', 0xd508001f],
  ['tlbi <tlbi1>, Xt', 0xd5080000],
  ['cfp <rctx>, Xt', 0xd50b7380],
  ['dvp <rctx>, Xt', 0xd50b73a0],
  ['cpp <rctx>, Xt', 0xd50b73e0],
]

export const SYSTEM: readonly Row[] = [...branches, ...exceptions, ...system]
