// Pointer authentication (FEAT_PAuth): PAC*, AUT*, XPAC*, PACGA and their forms in the hint space.
import type { HelperTable } from '../../../accel/target.ts';
import type { DecodeRow } from '../../../tcg/decode.ts';
import type { HelperRef } from '../../../tcg/context.ts';
import type { Temp } from '../../../tcg/types.ts';
import { getFlag, TBFlag } from '../env.ts';
import type { DisasContext } from './context.ts';

type S = DisasContext;

const ADD_AUTH = ['pacia', 'pacib', 'pacda', 'pacdb', 'autia', 'autib', 'autda', 'autdb'] as const;
export type PauthOp = (typeof ADD_AUTH)[number];

/** Registers the helpers of src/target/arm/assembly/pauth.ts; `impdef`: FEAT_PAuth with an IMPLEMENTATION DEFINED algorithm. */
export function registerPauthHelpers(t: HelperTable, impdef: boolean): Record<string, HelperRef> {
  const suffix = impdef ? '_impdef' : '';
  return Object.fromEntries([
    ...[...ADD_AUTH, 'pacga'].map((name) => [name, t.addWasm(name + suffix, 'callw2')]),
    ...['xpaci', 'xpacd'].map((name) => [name, t.addWasm(name, 'callw1')]),
  ]);
}

/** The pointer with its code added (pac*) or checked and removed (aut*); unchanged while its key is disabled. */
export function auth(s: S, op: PauthOp, pointer: Temp, modifier: Temp): Temp {
  // Each key's own enable is looked at by the helper.
  if (!getFlag(s.flags, TBFlag.PAUTH_ACTIVE)) return pointer;
  const t = s.tcg.i64();
  s.tcg.callW(s.helpers[op], t, pointer, modifier);
  return t;
}
function strip(s: S, op: 'xpaci' | 'xpacd', n: number): void { s.tcg.callW(s.helpers[op], s.xd(n), s.xr(n)); }

/** Hint numbers with pointer, modifier and operation; SP and zero as modifiers are 31 and undefined. */
const HINTS: Readonly<Record<number, readonly [op: PauthOp, pointer: number, modifier: number | undefined]>> = {
  8: ['pacia', 17, 16], 10: ['pacib', 17, 16], 12: ['autia', 17, 16], 14: ['autib', 17, 16],
  24: ['pacia', 30, undefined], 25: ['pacia', 30, 31], 26: ['pacib', 30, undefined], 27: ['pacib', 30, 31],
  28: ['autia', 30, undefined], 29: ['autia', 30, 31], 30: ['autib', 30, undefined], 31: ['autib', 30, 31],
};
const HINT_XPACLRI = 7;

/** A hint that is pointer authentication on CPUs which have it, and a NOP on others. */
export function hintPauth(s: S, hint: number): void {
  if (!s.feat.pauth) return;
  if (hint === HINT_XPACLRI) strip(s, 'xpaci', 30);
  const h = HINTS[hint];
  if (!h) return;
  const [op, pointer, modifier] = h;
  s.tcg.mov(s.g.x[pointer], auth(s, op, s.g.x[pointer], modifier === undefined ? s.tcg.constI64(0) : s.g.x[modifier]));
}

/** PACIA Xd, Xn|SP … AUTDZB Xd: Xd is the pointer. */
function trans_PAC_AUT(s: S, a: { z: number; op: number; rn: number; rd: number }): boolean {
  if (!s.feat.pauth || (a.z && a.rn !== 31)) return false;
  const t = auth(s, ADD_AUTH[a.op], s.xr(a.rd), a.z ? s.tcg.constI64(0) : s.xsp(a.rn));
  s.setR(a.rd, 1, t);
  return true;
}
function trans_XPAC(s: S, a: { d: number; rd: number }): boolean {
  if (!s.feat.pauth) return false;
  strip(s, a.d ? 'xpacd' : 'xpaci', a.rd);
  return true;
}
/** PACGA has no enable: its key always works. */
function trans_PACGA(s: S, a: { rm: number; rn: number; rd: number }): boolean {
  if (!s.feat.pauth) return false;
  s.tcg.callW(s.helpers.pacga, s.xd(a.rd), s.xr(a.rn), s.xsp(a.rm));
  return true;
}

export const pauthRows: DecodeRow<DisasContext>[] = [
  { name: 'PAC_AUT', pattern: '1 1 0 11010110 00001 00 z:1 op:3 rn:5 rd:5', trans: trans_PAC_AUT },
  { name: 'XPAC', pattern: '1 1 0 11010110 00001 01000 d:1 11111 rd:5', trans: trans_XPAC },
  { name: 'PACGA', pattern: '1 0 0 11010110 rm:5 001100 rn:5 rd:5', trans: trans_PACGA },
];
