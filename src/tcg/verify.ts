// The verifier: what every pass may rely on, checked after each one in debug runs and tests.
import type { Op } from './context.ts';
import { OpFlag } from './ops/def.ts';
import { opDef } from './ops/index.ts';
import { printOp } from './text.ts';
import type { Label, Temp } from './types.ts';
import { operandType } from './variants.ts';

const SET_LABEL = opDef('set_label');

/**
 * Throws with the offending op's text unless: operand counts and types fit the op table; static immediates have
 * declared values; constants are never written; every label used is set exactly once; ebb temporaries are written
 * before they are read in their extended basic block; tb temporaries before they are read on the way down; nothing
 * falls off the end.
 */
export function verify(ops: readonly Op[]): void {
  const set = new Set<Label>(), used = new Map<Label, Op>();
  const written = new Set<Temp>(), writtenTb = new Set<Temp>();
  let reachable = true;
  const fail = (op: Op, why: string): never => { throw new Error(`${why}: ${printOp(op)}`); };
  for (const op of ops) {
    const { def } = op;
    if (!def.types.includes(op.type)) fail(op, 'type not in the op table');
    if (op.outs.length !== def.outs.length || op.ins.length !== def.ins.length || op.imms.length !== def.imms.length) fail(op, 'operand count');
    op.outs.forEach((t, i) => {
      if (t.kind === 'const') fail(op, 'a constant is written');
      if (t.type !== operandType(def.outs[i], op.type)) fail(op, `output ${i} has the wrong type`);
    });
    op.ins.forEach((t, i) => {
      if (t.type !== operandType(def.ins[i], op.type)) fail(op, `input ${i} has the wrong type`);
      if (!reachable) return;
      if (t.kind === 'ebb' && !written.has(t)) fail(op, `'${t.name}' is read before it is written in its block`);
      if (t.kind === 'tb' && !writtenTb.has(t)) fail(op, `'${t.name}' is read before it is written`);
    });
    def.imms.forEach((d, i) => { if (d.values && !d.values.includes(op.imms[i])) fail(op, `immediate '${d.name}' = ${op.imms[i]} is not in the op table`); });
    if (def.label !== (op.label !== undefined)) fail(op, 'label');
    if (def === SET_LABEL) {
      if (set.has(op.label!)) fail(op, 'label set twice');
      set.add(op.label!);
      reachable = true;
    } else if (op.label) used.set(op.label, op);
    for (const t of op.outs) (t.kind === 'tb' ? writtenTb : written).add(t);
    if (def.flags & OpFlag.BB_END && !(def.flags & OpFlag.COND_BRANCH)) for (const t of written) if (t.kind === 'ebb') written.delete(t);
    if (def.flags & OpFlag.BB_EXIT) reachable = false;
  }
  for (const [l, op] of used) if (!set.has(l)) fail(op, 'label is never set');
  if (reachable && ops.length) throw new Error('control falls off the end of the block');
}
