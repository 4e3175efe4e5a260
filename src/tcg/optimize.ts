// The optimiser's pipeline: one visible list of passes over the ops of a TB.
import type { Op, TCGContext } from './context.ts';
import { propagate } from './opt/propagate.ts';
import { removeDead, removeUnreachable } from './opt/liveness.ts';
import { coalesce } from './opt/coalesce.ts';

/** Optimises the ops built in `tcg`; the context's list is replaced. */
export function optimize(tcg: TCGContext): readonly Op[] {
  let ops: Op[] = tcg.ops;
  ops = propagate(tcg, ops);
  ops = removeUnreachable(ops);
  ops = removeDead(ops);
  ops = coalesce(ops);
  tcg.ops = ops;
  return ops;
}
