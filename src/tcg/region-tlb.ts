// Which accesses of a region share a guess of their TLB entry: those with the same base register.
import type { Op } from './context.ts';
import { opDef } from './ops/index.ts';
import type { Graph } from './region-graph.ts';
import type { Temp } from './types.ts';

const ADD = opDef('add'), MOV = opDef('mov');

/** An access's guess: accesses with equal keys share a local; `warm`: it holds an entry on every path to the access. */
export interface TlbGuess { readonly key: string; readonly warm: boolean }

/** Position of the address among the inputs, and of the TLBDesc offset among the immediates; undefined: not an access. */
function accessOf(op: Op): { addr: Temp; tlb: number } | undefined {
  const tlb = op.def.imms.findIndex((i) => i.name === 'tlb');
  if (tlb < 0) return undefined;
  return { addr: op.ins[op.def.name.startsWith('qemu_st') ? 1 : 0], tlb: op.imms[tlb] };
}

export class TlbGuesses {
  readonly #of = new Map<Op, TlbGuess>();
  /** Guesses that loops use, to be set where the region is entered: key, offset of the TLBDesc. */
  readonly initial = new Map<string, number>();

  constructor(g: Graph) {
    const accesses: { op: Op; key: string; node: number }[] = [];
    for (const n of g.order) {
      // Temporaries that are a register plus something.
      const base = new Map<Temp, Temp>();
      const baseOf = (t: Temp): Temp | undefined => (t.kind === 'global' ? t : base.get(t));
      for (const op of g.nodes[n].ops) {
        const access = accessOf(op);
        if (access) {
          const b = baseOf(access.addr) ?? (g.nodes[n].inLoop ? access.addr : undefined);
          if (b) {
            const key = `tlb${access.tlb}_${b.name}`;
            accesses.push({ op, key, node: n });
            if (g.nodes[n].inLoop) this.initial.set(key, access.tlb);
          }
        } else if (op.def === ADD || op.def === MOV) {
          const b = baseOf(op.ins[0]) ?? (op.def === ADD ? baseOf(op.ins[1]) : undefined);
          if (b && op.outs[0].kind !== 'global') base.set(op.outs[0], b);
        }
      }
    }
    // Forward: keys that hold an entry at the end of each node, on every path.
    const at = new Map<number, Set<string>>();
    const preds = new Map<number, number[]>();
    for (const n of g.order) for (const s of g.nodes[n].next) preds.set(s, [...(preds.get(s) ?? []), n]);
    for (const n of g.order) {
      const sets = (preds.get(n) ?? []).map((p) => at.get(p) ?? new Set<string>());
      const warm = new Set(n === g.entry || sets.length === 0 ? [] : [...sets[0]].filter((k) => sets.every((s) => s.has(k))));
      for (const a of accesses) {
        if (a.node !== n) continue;
        this.#of.set(a.op, { key: a.key, warm: warm.has(a.key) || this.initial.has(a.key) });
        warm.add(a.key);
      }
      at.set(n, warm);
    }
  }

  of(op: Op): TlbGuess | undefined { return this.#of.get(op); }
}
