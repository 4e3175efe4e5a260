// Forward pass over extended basic blocks: constant folding, copy propagation, algebraic identities.
import { Type, swapCond, type Cond, type Temp } from '../types.ts';
import { OpFlag } from '../ops/def.ts';
import { opDef } from '../ops/index.ts';
import { compare } from '../ops/int.ts';
import type { Op, TCGContext } from '../context.ts';

const MOV = opDef('mov'), BR = opDef('br'), BRCOND = opDef('brcond'), MOVCOND = opDef('movcond');

/** What is known of a temporary: the constant or older temporary it equals. */
class Values {
  readonly #is = new Map<Temp, Temp>();
  /** Who is a copy of a temporary: forgotten when that one changes. */
  readonly #copies = new Map<Temp, Set<Temp>>();

  resolve(t: Temp): Temp { return this.#is.get(t) ?? t; }
  kill(t: Temp): void {
    this.#drop(t);
    for (const c of this.#copies.get(t) ?? []) this.#is.delete(c);
    this.#copies.delete(t);
  }
  #drop(t: Temp): void {
    const of = this.#is.get(t);
    if (!of) return;
    this.#is.delete(t);
    this.#copies.get(of)?.delete(t);
  }
  set(t: Temp, value: Temp): void {
    this.#is.set(t, value);
    if (value.kind === 'const') return;
    let s = this.#copies.get(value);
    if (!s) this.#copies.set(value, (s = new Set()));
    s.add(t);
  }
  clear(): void { this.#is.clear(); this.#copies.clear(); }
  killIf(p: (t: Temp) => boolean): void {
    const hit = new Set<Temp>();
    for (const [t, v] of this.#is) { if (p(t)) hit.add(t); if (p(v)) hit.add(v); }
    for (const t of hit) this.kill(t);
  }
}

const isConst = (t: Temp, v: bigint): boolean => t.kind === 'const' && t.value === v;

/** The operand an op's result equals, by an algebraic identity; undefined when none applies. */
function identity(op: Op, tcg: TCGContext): Temp | undefined {
  const [a, b] = op.ins;
  const ones = op.type === Type.I32 ? 0xffffffffn : 0xffffffffffffffffn;
  switch (op.def.name) {
    case 'add': case 'sub': case 'or': case 'xor': case 'shl': case 'shr': case 'sar': case 'rotl': case 'rotr': case 'andc':
      if (isConst(b, 0n)) return a;
      if (a === b && (op.def.name === 'sub' || op.def.name === 'xor' || op.def.name === 'andc')) return tcg.const(op.type, 0);
      return op.def.name === 'or' && a === b ? a : undefined;
    case 'and':
      if (isConst(b, 0n)) return b;
      return isConst(b, ones) || a === b ? a : undefined;
    case 'mul':
      return isConst(b, 1n) ? a : isConst(b, 0n) ? b : undefined;
    case 'movcond':
      return op.ins[2] === op.ins[3] ? op.ins[2] : undefined;
    default: return undefined;
  }
}

/** Propagates what is known and folds what can be; returns the new op list. */
export function propagate(tcg: TCGContext, ops: readonly Op[]): Op[] {
  const known = new Values();
  const out: Op[] = [];
  for (const op of ops) {
    const { def } = op;
    op.ins = op.ins.map((t) => known.resolve(t));
    if (def.flags & OpFlag.COMMUTATIVE && op.ins[0].kind === 'const' && op.ins[1].kind !== 'const') op.ins.reverse();
    if (def.imms[0]?.name === 'cond' && op.ins[0].kind === 'const' && op.ins[1].kind !== 'const') {
      op.ins = [op.ins[1], op.ins[0], ...op.ins.slice(2)];
      op.imms = [swapCond(op.imms[0] as Cond)];
    }
    let next: Op = op;
    if (def === BRCOND && op.ins.every((t) => t.kind === 'const')) {
      if (!compare(op.type, op.imms[0], op.ins[0].value, op.ins[1].value)) { op.label!.refs--; continue; }
      next = { def: BR, type: Type.I64, outs: [], ins: [], imms: [], label: op.label };
    } else if (def === MOVCOND && op.ins[0].kind === 'const' && op.ins[1].kind === 'const') {
      next = { def: MOV, type: op.type, outs: op.outs, ins: [op.ins[compare(op.type, op.imms[0], op.ins[0].value, op.ins[1].value) ? 2 : 3]], imms: [] };
    } else if (def.fold && def !== MOV && def !== MOVCOND && op.ins.every((t) => t.kind === 'const')) {
      const resultType = def.outs[0] === 'T' ? op.type : def.outs[0] === 'i32' ? Type.I32 : Type.I64;
      const v = tcg.const(resultType, def.fold(op.type, op.ins.map((t) => t.value), op.imms));
      next = { def: MOV, type: resultType, outs: op.outs, ins: [v], imms: [] };
    } else {
      if (def.name === 'sub' && op.ins[1].kind === 'const' && op.ins[1].value !== 0n) {
        // One form for constant offsets: the interpreter and the region compiler see additions only.
        next = { def: opDef('add'), type: op.type, outs: op.outs, ins: [op.ins[0], tcg.const(op.type, -op.ins[1].value)], imms: [] };
      }
      const same = identity(next, tcg);
      if (same) next = { def: MOV, type: op.type, outs: op.outs, ins: [same], imms: [] };
    }
    if (next.def === MOV && next.ins[0] === next.outs[0]) continue;
    for (const t of next.outs) known.kill(t);
    if (next.def === MOV) known.set(next.outs[0], next.ins[0]);
    if (next.def.flags & OpFlag.CALL && next.def.name === 'call') known.killIf((t) => t.kind === 'global');
    out.push(next);
    if (next.def.flags & OpFlag.BB_END && !(next.def.flags & OpFlag.COND_BRANCH)) known.clear();
  }
  return out;
}
