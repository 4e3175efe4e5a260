// Backward pass: removes unreachable ops and ops whose results nobody reads.
import type { Temp } from '../types.ts';
import { OpFlag } from '../ops/def.ts';
import { opDef } from '../ops/index.ts';
import type { Op } from '../context.ts';

const SET_LABEL = opDef('set_label'), CALL = opDef('call');

/** Drops ops after an unconditional exit, up to the next referenced label, and labels nobody jumps to. */
export function removeUnreachable(ops: readonly Op[]): Op[] {
  const out: Op[] = [];
  let dead = false;
  for (const op of ops) {
    if (op.def === SET_LABEL) {
      if (op.label!.refs === 0) continue;
      dead = false;
    }
    if (dead) { if (op.label) op.label.refs--; continue; }
    out.push(op);
    if (op.def.flags & OpFlag.BB_EXIT) dead = true;
  }
  return out;
}

/**
 * Removes dead ops. Globals are live wherever control leaves the block, at every op that may fault and at calls;
 * tb temporaries wherever a basic block ends; ebb temporaries only inside theirs.
 */
export function removeDead(ops: readonly Op[]): Op[] {
  // A temp is live unless it is in `dead` (globals, tb) or absent from `liveEbb`.
  const deadState = new Set<Temp>();
  const liveEbb = new Set<Temp>();
  const keep: Op[] = [];
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = ops[i];
    const { flags } = op.def;
    if (flags & OpFlag.BB_END) {
      deadState.clear();
      if (!(flags & OpFlag.COND_BRANCH)) liveEbb.clear();
    }
    const isLive = (t: Temp) => (t.kind === 'ebb' ? liveEbb.has(t) : !deadState.has(t));
    if (!(flags & OpFlag.SIDE_EFFECTS) && !op.outs.some(isLive)) continue;
    for (const t of op.outs) { if (t.kind === 'ebb') liveEbb.delete(t); else deadState.add(t); }
    if (flags & OpFlag.MAY_FAULT || op.def === CALL) {
      for (const t of deadState) if (t.kind === 'global') deadState.delete(t);
    }
    for (const t of op.ins) { if (t.kind === 'ebb') liveEbb.add(t); else deadState.delete(t); }
    keep.push(op);
  }
  return keep.reverse();
}
