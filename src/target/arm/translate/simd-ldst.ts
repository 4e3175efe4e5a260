// SIMD and FP loads and stores: decode rows.
import type { DecodeRow } from '../../../tcg/decode.ts';
import type { DisasContext } from './context.ts';

export const simdLdstRows: DecodeRow<DisasContext>[] = [];
