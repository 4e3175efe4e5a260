// What accesses of a region share of the TLB: a guess of the entry by base register, one comparison for neighbours.
import type { Op } from './context.ts';
import { opDef } from './ops/index.ts';
import type { Graph } from './region-graph.ts';
import { MemOp, type Temp } from './types.ts';

const ADD = opDef('add'), MOV = opDef('mov'), CALL = opDef('call');

/** Accesses to so many bytes share a comparison: the longer, the more often it fails at the end of a page. */
const MAX_WINDOW = 256;

/** Accesses of a basic block off one value of a register: `from`, `bytes` as in TlbHint. */
export interface Window { readonly key: string; readonly opens: boolean; readonly closes: boolean; readonly from: number; readonly bytes: number }

/** An access's guess: accesses with equal keys share a local; `warm`: it holds an entry on every path to the access. */
export interface TlbGuess { readonly key: string; readonly warm: boolean; readonly window: Window | undefined }

interface Access { readonly addr: Temp; readonly tlb: number; readonly disp: number; readonly memop: number; readonly write: boolean; readonly simple: boolean }

/** What is known of an op that accesses guest memory through a TLB; undefined: it does not. `simple`: neither atomic nor of an alignment of its own. */
function accessOf(op: Op): Access | undefined {
  const { imms, name } = op.def, imm = (what: string) => op.imms[imms.findIndex((i) => i.name === what)];
  if (!imms.some((i) => i.name === 'tlb')) return undefined;
  const load = name.startsWith('qemu_ld'), write = name.startsWith('qemu_st'), memop = imm('memop');
  return {
    addr: write ? op.ins.at(-1)! : op.ins[0], tlb: imm('tlb'), disp: imm('disp'), memop, write,
    simple: (load || write) && (memop & (MemOp.MO_ALIGN | MemOp.MO_SEQCST)) === 0,
  };
}

/** The value of a temporary, as far as it is another's plus a constant: equal roots are equal values. */
class Values {
  readonly #of = new Map<Temp, { root: number; plus: number }>();
  #roots = 0;
  of(t: Temp): { root: number; plus: number } {
    let v = this.#of.get(t);
    if (!v) this.#of.set(t, (v = { root: this.#roots++, plus: 0 }));
    return v;
  }
  after(op: Op): void {
    const [a, b] = op.ins, known = op.def === MOV && a.kind !== 'const' ? { ...this.of(a) }
      : op.def === ADD && b.kind === 'const' ? { root: this.of(a).root, plus: this.of(a).plus + Number(BigInt.asIntN(64, b.value)) } : undefined;
    for (const t of op.outs) this.#of.delete(t);
    if (known && Number.isSafeInteger(known.plus)) this.#of.set(op.outs[0], known);
  }
}

/** Windows of a basic block, by access. Nothing between a window's first and last access calls a helper. */
function windowsOf(ops: readonly Op[], name: string): Map<Op, Window> {
  const out = new Map<Op, Window>(), values = new Values();
  const open = new Map<string, { op: Op; from: number; to: number }[]>();
  const close = (members: { op: Op; from: number; to: number }[]): void => {
    if (members.length < 2) return;
    const low = Math.min(...members.map((m) => m.from)), bytes = Math.max(...members.map((m) => m.to)) - low, key = `${name}_${out.size}`;
    members.forEach((m, k) => out.set(m.op, { key, opens: k === 0, closes: k === members.length - 1, from: low - m.from, bytes }));
  };
  for (const op of ops) {
    const access = accessOf(op);
    if (access?.simple) {
      const { root, plus } = values.of(access.addr), id = `${root} ${access.tlb} ${access.write}`, from = plus + access.disp, to = from + (1 << (access.memop & MemOp.MO_SIZE));
      const members = open.get(id) ?? [];
      if (members.some((m) => Math.max(m.to, to) - Math.min(m.from, from) > MAX_WINDOW)) close(members.splice(0));
      members.push({ op, from, to });
      open.set(id, members);
    } else if (op.def === CALL) {
      open.forEach(close);
      open.clear();
    }
    values.after(op);
  }
  open.forEach(close);
  return out;
}

export class TlbGuesses {
  readonly #of = new Map<Op, TlbGuess>();
  /** Guesses that loops use, to be set where the region is entered: key, offset of the TLBDesc. */
  readonly initial = new Map<string, number>();

  constructor(g: Graph) {
    const accesses = new Map<Op, { key: string; tlb: number; base: Temp; window: Window | undefined }>();
    /** Registers that loops load from memory, wide enough for a pointer, with the base registers of those loads. */
    const loaded = new Map<Temp, Set<Temp>>();
    for (const n of g.order) {
      // Temporaries that are a register plus something.
      const { ops, inLoop } = g.nodes[n], bases = new Map<Temp, Temp>(), windows = windowsOf(ops, `window${n}`);
      const baseOf = (t: Temp): Temp | undefined => (t.kind === 'global' ? t : bases.get(t));
      for (const op of ops) {
        const access = accessOf(op);
        if (access) {
          const base = baseOf(access.addr) ?? (inLoop || windows.has(op) ? access.addr : undefined);
          if (!base) continue;
          accesses.set(op, { key: `tlb${access.tlb}_${base.name}`, tlb: access.tlb, base, window: windows.get(op) });
          if (inLoop && !access.write && (access.memop & MemOp.MO_SIZE) >= MemOp.MO_64) for (const t of op.outs) if (t.kind === 'global') loaded.set(t, (loaded.get(t) ?? new Set()).add(base));
        } else if (op.def === ADD || op.def === MOV) {
          const base = baseOf(op.ins[0]) ?? (op.def === ADD ? baseOf(op.ins[1]) : undefined);
          if (base && op.outs[0].kind !== 'global') bases.set(op.outs[0], base);
        }
      }
    }
    // A pointer that is followed may lead to any page, and its entry is best looked up: registers loaded off themselves, or off one that is.
    for (let n = -1; n !== loaded.size;) {
      n = loaded.size;
      for (const [t, from] of loaded) if (![...from].some((base) => loaded.has(base))) loaded.delete(t);
    }
    for (const n of g.order) {
      if (!g.nodes[n].inLoop) continue;
      for (const op of g.nodes[n].ops) {
        const a = accesses.get(op);
        if (a && !loaded.has(a.base)) this.initial.set(a.key, a.tlb);
      }
    }
    const followed = (t: Temp): string[] => (loaded.has(t) ? [...accesses.values()].filter((a) => a.base === t).map((a) => a.key) : []);
    // Forward: keys that hold an entry at the end of each node, on every path.
    const at = new Map<number, Set<string>>();
    const preds = new Map<number, number[]>();
    for (const n of g.order) for (const s of g.nodes[n].next) preds.set(s, [...(preds.get(s) ?? []), n]);
    for (const n of g.order) {
      const sets = (preds.get(n) ?? []).map((p) => at.get(p) ?? new Set<string>());
      const warm = new Set(n === g.entry || sets.length === 0 ? [] : [...sets[0]].filter((k) => sets.every((s) => s.has(k))));
      for (const op of g.nodes[n].ops) {
        const a = accesses.get(op);
        if (a) {
          this.#of.set(op, { key: a.key, window: a.window, warm: warm.has(a.key) || this.initial.has(a.key) });
          // Inside an open window nothing is looked up.
          if (!a.window || a.window.opens) warm.add(a.key);
        }
        for (const t of op.outs) for (const key of followed(t)) warm.delete(key);
      }
      at.set(n, warm);
    }
  }

  of(op: Op): TlbGuess | undefined { return this.#of.get(op); }
}
