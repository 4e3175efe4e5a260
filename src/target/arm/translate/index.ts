// The A64 decoder: every group's rows in one table.
import { Decoder, type DecodeRow } from '../../../tcg/decode.ts';
import { atomicRows } from './atomic.ts';
import { branchRows } from './branch.ts';
import type { DisasContext } from './context.ts';
import { dpFlagRows } from './dp-flags.ts';
import { dpImmRows } from './dp-imm.ts';
import { dpRegRows } from './dp-reg.ts';
import { exclusiveRows } from './exclusive.ts';
import { fpRows } from './fp.ts';
import { ldstRows } from './ldst.ts';
import { simdLdstRows } from './simd-ldst.ts';
import { simdRows } from './simd.ts';
import { systemRows } from './system.ts';

/** Rows of the base integer set, by group. */
export const integerGroups: Readonly<Record<string, readonly DecodeRow<DisasContext>[]>> = {
  dpImm: dpImmRows, dpReg: dpRegRows, dpFlag: dpFlagRows, branch: branchRows, ldst: ldstRows, exclusive: exclusiveRows, atomic: atomicRows,
};

let decoder: Decoder<DisasContext> | undefined;
/** The decoder of all of A64, built at first use. */
export function a64Decoder(): Decoder<DisasContext> {
  return (decoder ??= new Decoder([...Object.values(integerGroups).flat(), ...systemRows, ...fpRows, ...simdRows, ...simdLdstRows]));
}
