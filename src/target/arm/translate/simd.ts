// Advanced SIMD data processing: decode rows.
import type { DecodeRow } from '../../../tcg/decode.ts';
import type { DisasContext } from './context.ts';

export const simdRows: DecodeRow<DisasContext>[] = [];
