// System instructions: decode rows.
import type { DecodeRow } from '../../../tcg/decode.ts';
import type { DisasContext } from './context.ts';

export const systemRows: DecodeRow<DisasContext>[] = [];
