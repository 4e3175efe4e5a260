// Advanced SIMD data processing: every group's rows in one list.
import type { Row } from './fp-common.ts';
import { simdThreeRows } from './simd-three.ts';

export const simdRows: Row[] = [...simdThreeRows];
