// What a region must keep of the guest registers: which are newer in locals than in env, which are read later on.
import type { Op } from './context.ts';
import { OpFlag } from './ops/def.ts';
import { opDef } from './ops/index.ts';
import type { Graph } from './region-graph.ts';
import type { Temp } from './types.ts';

const CALL = opDef('call'), SYNC = opDef('insn_sync'), GOTO_PTR = opDef('goto_ptr'), GOTO_FAR = opDef('goto_far');

/** Goes where the PC says. */
const looksUp = (op: Op): boolean => op.def === GOTO_PTR || op.def === GOTO_FAR;

/** A set of guest registers: bit n for the global of index n. */
export type Registers = bigint;
const BIT = Array.from({ length: 256 }, (_, n) => 1n << BigInt(n));
export const bit = (t: Temp): Registers => (t.kind === 'global' ? BIT[t.index] : 0n);
const reads = (op: Op): Registers => op.ins.reduce((s, t) => s | bit(t), 0n);
const writes = (op: Op): Registers => op.outs.reduce((s, t) => s | bit(t), 0n);

/** The registers in a set. */
export function* members(s: Registers, globals: readonly Temp[]): Generator<Temp> {
  for (let n = 0; s; s >>= 1n, n++) if (s & 1n) yield globals[n];
}

/** Registers in locals that env does not have yet, after an op. A helper finds all of them in env and may change any. */
export const dirtyAfter = (op: Op, dirty: Registers): Registers => (op.def === CALL ? 0n : dirty) | writes(op);

/**
 * Data flow over the nodes of a region. The guest PC is special where it can be: a TB starts at a known distance from
 * the region's, so what reads the PC before the TB changes it takes that sum, and no register is carried along.
 */
export class RegionFlow {
  /** Registers that may be newer in locals than in env where a node begins. */
  readonly dirtyIn: Registers[] = [];
  /**
   * Of a loop header: registers the loop writes before it reads them. They go to env wherever control comes to the
   * header, so that only what an iteration hands to the next one is carried in locals.
   */
  readonly flush: Registers[] = [];
  /** Registers whose locals are read after a node's end, on some path. */
  #liveOut: Registers[] = [];
  /** Registers to load where the region is entered. */
  readonly entry: Registers;
  /** TBs (by head node) that keep the PC in its local throughout. */
  readonly #keepsPc = new Set<number>();
  readonly #g: Graph;
  readonly #pc: Temp | undefined;

  constructor(g: Graph, pc: Temp | undefined) {
    this.#g = g;
    this.#pc = pc;
    const { nodes, order } = g;
    for (const n of order) {
      // The PC must be known to be as at the TB's start, or not, wherever control may be.
      const goesOn = nodes[n].next.some((d) => !nodes[d].head && !nodes[d].dispatch);
      if (nodes[n].dispatch) this.#keepsPc.add(n);
      else if (goesOn && nodes[n].ops.some((op) => op.def === CALL || (pc && op.outs.includes(pc)))) this.#keepsPc.add(nodes[n].tbHead);
    }
    for (const n of order) this.dirtyIn[n] = this.flush[n] = 0n;
    const needed = this.#liveness(false), pcBit = pc ? bit(pc) : 0n;
    for (const n of order) {
      for (const i of nodes[n].body ?? []) this.flush[n] |= nodes[i].ops.reduce((s, op) => s | writes(op), 0n);
      this.flush[n] &= ~(needed[n] | pcBit);
    }
    this.#untilStable(order, (n) => {
      let changed = false;
      const out = this.#dirtyOut(n);
      for (const d of nodes[n].next) {
        const into = this.dirtyIn[d] | (out & ~this.flush[d] & (nodes[d].head ? ~pcBit : -1n));
        if (into !== this.dirtyIn[d]) { this.dirtyIn[d] = into; changed = true; }
      }
      return changed;
    });
    this.entry = this.#liveness(true)[g.entry];
  }

  /** Registers whose locals are read from each node on; `exits`: also to make env exact where control leaves. */
  #liveness(exits: boolean): Registers[] {
    const { nodes, order } = this.#g, pc = this.#pc ? bit(this.#pc) : 0n, live: Registers[] = [];
    this.#liveOut = [];
    this.#untilStable([...order].reverse(), (n) => {
      let out = 0n;
      for (const d of nodes[n].next) {
        out |= live[d] ?? 0n;
        if (!exits) continue;
        // A back edge may leave instead, and so may a jump after insn_sync.
        if (nodes[d].rpo <= nodes[n].rpo || nodes[n].ops.some((op) => op.def === SYNC)) out |= this.#dirtyOut(n) & (nodes[d].dispatch ? -1n : ~pc);
        out |= this.#dirtyOut(n) & this.flush[d];
      }
      this.#liveOut[n] = out;
      const before = this.#liveBefore(n, 0, exits);
      if (before === live[n]) return false;
      live[n] = before;
      return true;
    });
    return live;
  }

  #untilStable(order: readonly number[], step: (n: number) => boolean): void {
    for (let changed = true; changed;) {
      changed = false;
      for (const n of order) if (step(n)) changed = true;
    }
  }

  /** Whether a TB's local of the PC is set where the TB begins. */
  keepsPc(head: number): boolean { return this.#keepsPc.has(head); }

  /** Dirty registers where node n's first op stands. */
  dirtyAtStart(n: number): Registers {
    const node = this.#g.nodes[n];
    return node.head && this.#pc && this.#keepsPc.has(n) ? this.dirtyIn[n] | bit(this.#pc) : this.dirtyIn[n];
  }
  #dirtyOut(n: number): Registers {
    return this.#g.nodes[n].ops.reduce((d, op) => dirtyAfter(op, d), this.dirtyAtStart(n));
  }

  /** Registers whose locals are read from op `k` of node n on. */
  #liveBefore(n: number, k: number, exits: boolean): Registers {
    const { ops, tbHead, head, next } = this.#g.nodes[n], pc = this.#pc ? bit(this.#pc) : 0n;
    const keeps = this.#keepsPc.has(tbHead);
    const dirty: Registers[] = [], local: boolean[] = [];
    let d = this.dirtyAtStart(n), isLocal = keeps;
    for (const op of ops) {
      dirty.push(d);
      local.push(isLocal);
      d = dirtyAfter(op, d);
      if (op.def === CALL || (this.#pc && op.outs.includes(this.#pc))) isLocal = true;
    }
    let live = this.#liveOut[n];
    if (this.#g.nodes[n].dispatch) live |= pc | (exits ? this.dirtyIn[n] : 0n);
    for (let i = ops.length - 1; i >= k; i--) {
      const op = ops[i], { flags } = op.def;
      live &= ~writes(op);
      if (op.def === CALL) live = 0n;
      if (exits && (flags & OpFlag.MAY_FAULT || (flags & OpFlag.BB_EXIT && next.length === 0) || looksUp(op))) live |= dirty[i];
      live |= local[i] ? reads(op) | (looksUp(op) ? pc : 0n) : reads(op) & ~pc;
    }
    return head && keeps && k === 0 ? live & ~pc : live;
  }

  /** Registers to load again after the helper call that is op `k` of node n. */
  liveAfter(n: number, k: number): Registers { return this.#liveBefore(n, k + 1, true); }
}
