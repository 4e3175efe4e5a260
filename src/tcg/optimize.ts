// The optimiser's pipeline: one visible list of passes over the ops of a TB.
import type { Op, TCGContext } from './context.ts';
import { propagate } from './opt/propagate.ts';
import { removeDead, removeUnreachable } from './opt/liveness.ts';
import { coalesce } from './opt/coalesce.ts';
import { mergeBarriers } from './opt/barriers.ts';
import { verify } from './verify.ts';

/** The passes, in order. Each takes and gives a list of ops. */
export const PASSES: readonly { name: string; run: (tcg: TCGContext, ops: readonly Op[]) => Op[] }[] = [
  { name: 'propagate', run: propagate },
  { name: 'removeUnreachable', run: (_, ops) => removeUnreachable(ops) },
  { name: 'mergeBarriers', run: (_, ops) => mergeBarriers(ops) },
  { name: 'removeDead', run: (_, ops) => removeDead(ops) },
  { name: 'coalesce', run: (_, ops) => coalesce(ops) },
];

/** MTTCG_VERIFY=1: the verifier runs on the translator's output and after each pass. */
const VERIFY = process.env.MTTCG_VERIFY === '1';

/** Optimises the ops built in `tcg`; the context's list is replaced. */
export function optimize(tcg: TCGContext, check = VERIFY): readonly Op[] {
  if (check) verify(tcg.ops);
  for (const pass of PASSES) {
    tcg.ops = pass.run(tcg, tcg.ops);
    if (check) {
      try { verify(tcg.ops); } catch (e) { throw new Error(`after ${pass.name}: ${(e as Error).message}`); }
    }
  }
  return tcg.ops;
}
