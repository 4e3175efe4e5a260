// Lets an op write its final destination: `op t, …; mov g, t` with t dead afterwards becomes `op g, …`.
import type { Temp } from '../types.ts';
import { OpFlag } from '../ops/def.ts';
import { opDef } from '../ops/index.ts';
import type { Op } from '../context.ts';

const MOV = opDef('mov');

/**
 * Merges a mov into the op that computed its source when the two stand next to each other in effect: nothing between
 * reads or writes the destination, faults, or ends the block, and the source is an ebb temporary with that one use.
 */
export function coalesce(ops: readonly Op[]): Op[] {
  const uses = new Map<Temp, number>();
  for (const op of ops) for (const t of op.ins) if (t.kind === 'ebb') uses.set(t, (uses.get(t) ?? 0) + 1);
  const defs = new Map<Temp, number>();
  for (const op of ops) for (const t of op.outs) if (t.kind === 'ebb') defs.set(t, (defs.get(t) ?? 0) + 1);
  const out: Op[] = [];
  for (const op of ops) {
    if (op.def !== MOV || op.ins[0].kind !== 'ebb' || uses.get(op.ins[0]) !== 1 || defs.get(op.ins[0]) !== 1) { out.push(op); continue; }
    const src = op.ins[0], dst = op.outs[0];
    let k = out.length - 1;
    for (; k >= 0; k--) {
      const prev = out[k];
      if (prev.outs.includes(src)) break;
      if (prev.def.flags & (OpFlag.BB_END | OpFlag.MAY_FAULT | OpFlag.CALL | OpFlag.META)
        || prev.ins.includes(dst) || prev.outs.includes(dst)) { k = -1; break; }
    }
    // The defining op may itself read the destination, and may fault: outputs are written last.
    if (k < 0 || out[k].outs.length !== 1 || src.type !== dst.type) { out.push(op); continue; }
    out[k] = { ...out[k], outs: [dst] };
  }
  return out;
}
