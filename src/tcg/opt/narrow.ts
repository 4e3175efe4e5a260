// For regions: a 64-bit op of which only the low word is kept becomes a 32-bit op. The host's 32-bit ops zero-extend for nothing.
import { Type, type Temp } from '../types.ts';
import { OpFlag } from '../ops/def.ts';
import { opDef } from '../ops/index.ts';
import type { Op, TCGContext } from '../context.ts';

const EXT32U = opDef('ext32u'), EXTRL = opDef('extrl_i64_i32'), EXTU = opDef('extu_i32_i64');
/** Ops whose low word depends on the low words of their inputs only. */
const LOW = new Set(['add', 'sub', 'mul', 'and', 'or', 'xor', 'andc', 'orc', 'eqv', 'nand', 'nor', 'neg', 'not'].map(opDef));

/** `op.i64 t, a, b; ext32u d, t` with no other use of t: `op.i32` on the low words. */
export function narrow(tcg: TCGContext, ops: readonly Op[]): Op[] {
  const uses = new Map<Temp, number>(), defs = new Map<Temp, number>();
  for (const op of ops) {
    for (const t of op.ins) if (t.kind === 'ebb') uses.set(t, (uses.get(t) ?? 0) + 1);
    for (const t of op.outs) if (t.kind === 'ebb') defs.set(t, (defs.get(t) ?? 0) + 1);
  }
  const out: Op[] = [];
  /** Where `out` has the op that defined a temporary, since the last basic-block end. */
  let at = new Map<Temp, number>();
  for (const op of ops) {
    const t = op.ins[0], k = op.def === EXT32U ? at.get(t) : undefined;
    if (k !== undefined && uses.get(t) === 1 && defs.get(t) === 1 && LOW.has(out[k].def)) {
      const wide = out[k], low = tcg.i32();
      const before: Op[] = [];
      const lowOf = (a: Temp): Temp => {
        if (a.kind === 'const') return tcg.const(Type.I32, a.value);
        const l = tcg.i32();
        before.push({ def: EXTRL, type: Type.I32, outs: [l], ins: [a], imms: [] });
        return l;
      };
      out[k] = { ...wide, type: Type.I32, outs: [low], ins: wide.ins.map(lowOf) };
      if (before.length) {
        out.splice(k, 0, ...before);
        at = new Map([...at].map(([x, n]) => [x, n >= k ? n + before.length : n]));
      }
      out.push({ ...op, def: EXTU, ins: [low] });
    } else out.push(op);
    for (const x of op.outs) if (x.kind === 'ebb') at.set(x, out.length - 1);
    if (op.def.flags & OpFlag.BB_END) at.clear();
  }
  return out;
}
