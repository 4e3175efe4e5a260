// Advanced SIMD data processing: every group's rows in one list.
import type { Row } from './fp-common.ts';
import { simdCryptoRows } from './simd-crypto.ts';
import { simdFpRows } from './simd-fp.ts';
import { simdIndexedRows } from './simd-indexed.ts';
import { simdMatrixRows } from './simd-matrix.ts';
import { simdMiscRows } from './simd-misc.ts';
import { simdMoveRows } from './simd-move.ts';
import { simdShiftRows } from './simd-shift.ts';
import { simdThreeRows } from './simd-three.ts';

export const simdRows: Row[] = [
  ...simdThreeRows, ...simdMoveRows, ...simdShiftRows, ...simdMiscRows, ...simdFpRows, ...simdIndexedRows, ...simdMatrixRows, ...simdCryptoRows,
];
