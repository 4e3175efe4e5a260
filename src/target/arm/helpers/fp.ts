// Registers the FP and SIMD helpers: exports of the AssemblyScript module, by the signature they are called with.
import type { HelperRef } from '../../../tcg/context.ts';
import type { HelperTable } from '../../../accel/target.ts';

const each = (names: string, suffixes: string): string[] => names.split(' ').flatMap((n) => suffixes.split('').map((p) => `${n}_${p}`));

const V2 = 'fadd fsub fmul fdiv fmulx fmax fmin fmaxnm fminnm fabd fcmeq fcmge fcmgt facge facgt frecps frsqrts';

/** Helpers by calling op: callwN takes N i64 and gives one, callvN the same with vectors. */
export const FP_HELPERS: Readonly<Record<string, readonly string[]>> = {
  callw1: [...each('fsqrt frecpe frsqrte frecpx', 'hsd'), 'fcvt_hs', 'fcvt_hd', 'fcvt_sh', 'fcvt_sd', 'fcvt_dh', 'fcvt_ds', 'fcvtxn', 'fjcvtzs', 'bfcvt'],
  callw2: [...each(`${V2} forder fordere`, 'hsd'), ...each('frint frintn fcvt_int int_fcvt', 'hsd')],
  callw3: each('fmadd', 'hsd'),
  callv1: [
    ...each('vfsqrt vfrecpe vfrsqrte', 'hsd'), ...each('vfcvtl vfcvtn', 'hs'), 'vfcvtxn',
    ...each('sqabs sqneg', 'bhsd'), ...each('clz cls addv uaddlv saddlv smaxv sminv umaxv uminv', 'bhs'), 'urecpe', 'ursqrte',
    'aesmc', 'aesimc', 'sha1h', 'vbfcvtn', 'fhm_widen',
  ],
  callv2: [
    ...each(V2.replaceAll(/\bf/g, 'vf'), 'hsd'), ...each('vfrint vfrintn vfcvt_int vint_fcvt', 'hsd'),
    ...each('sqadd uqadd sqsub uqsub suqadd usqadd sshl ushl srshl urshl sqshl uqshl sqrshl uqrshl sqshlu', 'bhsd'),
    ...each('sqshrn uqshrn sqshrun sqrshrn uqrshrn sqrshrun', 'bhs'), ...each('sqdmulh sqrdmulh sqdmull', 'hs'),
    'pmul_b', 'pmull_b', 'pmull_d', 'aese', 'aesd', 'sha1su1', 'sha256su0', 'sha512su0', 'sm4e', 'sm4ekey',
  ],
  callv3: [
    ...each('vfmla', 'hsd'), ...each('sqrdmlah sqrdmlsh sqdmlal sqdmlsl', 'hs'), 'sdot', 'udot', 'usdot', 'sudot',
    'sha1c', 'sha1p', 'sha1m', 'sha1su0', 'sha256h', 'sha256h2', 'sha256su1',
    'sha512h', 'sha512h2', 'sha512su1', 'sm3ss1', 'sm3tt1a', 'sm3tt1b', 'sm3tt2a', 'sm3tt2b', 'sm3partw1', 'sm3partw2',
    'smmla', 'ummla', 'usmmla', 'bfdot', 'bfmmla',
  ],
};

/** Registers them all. */
export function registerFpHelpers(t: HelperTable): Record<string, HelperRef> {
  return Object.fromEntries(Object.entries(FP_HELPERS).flatMap(([op, names]) => names.map((n) => [n, t.addWasm(n, op)])));
}
