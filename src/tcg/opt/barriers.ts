// Merges memory barriers with no memory access between them into the strongest one.
import { OpFlag } from '../ops/def.ts';
import { opDef } from '../ops/index.ts';
import type { Op } from '../context.ts';

const MB = opDef('mb');

/** A barrier orders what stands before against what stands behind: two with nothing ordered between them are one with both sets of bits. */
export function mergeBarriers(ops: readonly Op[]): Op[] {
  const out: Op[] = [];
  let last: Op | undefined;
  for (const op of ops) {
    if (op.def === MB) {
      if (last) { last.imms = [last.imms[0] | op.imms[0]]; continue; }
      last = { ...op, imms: [...op.imms] };
      out.push(last);
      continue;
    }
    if (op.def.flags & (OpFlag.MAY_FAULT | OpFlag.BB_END | OpFlag.CALL)) last = undefined;
    out.push(op);
  }
  return out;
}
