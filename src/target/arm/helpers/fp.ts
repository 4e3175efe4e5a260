// Registers the FP and SIMD helpers: exports of the AssemblyScript module, by the signature they are called with.
import type { HelperRef } from '../../../tcg/context.ts';
import type { HelperTable } from '../../../accel/target.ts';

const each = (names: string, suffixes: string): string[] => names.split(' ').flatMap((n) => suffixes.split('').map((p) => `${n}_${p}`));

/** Helpers by calling op: callwN takes N i64 and gives one, callvN the same with vectors. */
export const FP_HELPERS: Readonly<Record<string, readonly string[]>> = {
  callw1: [...each('fsqrt frecpe frsqrte frecpx', 'hsd'), 'fcvt_hs', 'fcvt_hd', 'fcvt_sh', 'fcvt_sd', 'fcvt_dh', 'fcvt_ds', 'fcvtxn', 'fjcvtzs'],
  callw2: [
    ...each('fadd fsub fmul fdiv fmulx fabd fmax fmin fmaxnm fminnm fcmp fcmpe fcmeq fcmge fcmgt facge facgt frecps frsqrts', 'hsd'),
    ...each('frint frintn fcvt_int int_fcvt', 'hsd'),
  ],
  callw3: each('fmadd', 'hsd'),
};

/** Registers them all. */
export function registerFpHelpers(t: HelperTable): Record<string, HelperRef> {
  return Object.fromEntries(Object.entries(FP_HELPERS).flatMap(([op, names]) => names.map((n) => [n, t.addWasm(n, op)])));
}
