// Control-flow graph of a region: basic blocks of several TBs, ordered and dominator-analysed for structured emission.
import { OpFlag } from './ops/def.ts';
import { GotoPtr } from './ops/control.ts';
import { opDef } from './ops/index.ts';
import type { Op } from './context.ts';
import type { Label, Temp } from './types.ts';
import { TARGET_PAGE_SIZE } from '../memory/layout/cpu.ts';

const ADD = opDef('add'), CALL = opDef('call'), GOTO_FAR = opDef('goto_far');
const SET_LABEL = opDef('set_label'), GOTO_TB = opDef('goto_tb'), GOTO_PTR = opDef('goto_ptr'), BR = opDef('br'), INSN_START = opDef('insn_start');

/** Calls whose successors a return compares with before it looks the pc up. */
const MAX_RETURNS = 4;
/** Targets of a region's jump tables. */
const MAX_TARGETS = 64;

/** One TB of a region. */
export interface RegionTb {
  /** Address of its descriptor in `state`. */
  tb: number;
  /** Address of its code in the ram memory, and distance from the first byte of the entry's page: another page's TB lies outside it. */
  phys: number;
  start: number;
  /** Bytes of guest code. */
  size: number;
  ops: readonly Op[];
  /** Where it was seen to go by an indirect call or jump, counted as `start` is. */
  targets?: readonly number[];
}

/** A basic block. `ops` end with the terminator, if any; a block without one falls through to `next[0]`. */
export interface Node {
  readonly tb: RegionTb;
  readonly ops: readonly Op[];
  /** The node its TB begins with; `head`: it is that one. */
  readonly tbHead: number;
  readonly head: boolean;
  /** Where all jump tables of the region meet: no ops, the pc tells which of `next` comes next. */
  readonly dispatch?: boolean;
  /** Index of the guest instruction under way where the block starts, -1 before the first. */
  readonly insn: number;
  /**
   * Successors: [taken, fall-through] of a brcond, [target] of goto_tb, guesses of goto_ptr or the dispatch node, what
   * follows else; empty when control leaves the region.
   */
  next: number[];
  /** Position in reverse post-order; -1: unreachable. */
  rpo: number;
  /** Immediate dominator. */
  idom: number;
  loop: boolean;
  merge: boolean;
  /** Of a loop header: the nodes of its natural loop. */
  body: ReadonlySet<number> | undefined;
  /** Control may come back here without leaving the region. */
  inLoop: boolean;
  /** Seldom comes here: a helper call that the other side of the branch does without, or nothing but ways out of the region. */
  cold: boolean;
}

export interface Graph { nodes: Node[]; entry: number; order: number[]; crossesPages: boolean }

/** The page of a TB: 0 is the entry's, -1 the one before. */
export const pageOf = (tb: RegionTb): number => Math.floor(tb.start / TARGET_PAGE_SIZE);

/** Where a TB goes, but for returns, as far as that is known; counted as `start` is. */
export function jumpsOf(tb: RegionTb): number[] {
  const page = pageOf(tb) * TARGET_PAGE_SIZE;
  return [...tb.ops.filter((op) => op.def === GOTO_TB || op.def === GOTO_FAR).map((op) => page + destOf(op)), ...tb.targets ?? []];
}
const isGoto = (op: Op | undefined, kind: GotoPtr): boolean => op?.def === GOTO_PTR && op.imms[0] === kind;
const destOf = (op: Op): number => op.imms[op.def === GOTO_FAR ? 0 : 1];

/** A TB that puts the address of what follows it into a register: it calls. */
function isCall(tb: RegionTb, pc: Temp | undefined): boolean {
  let at = 0;
  for (const op of tb.ops) {
    if (op.def !== ADD || op.ins[0] !== pc || op.ins[1].kind !== 'const') continue;
    const to = at + Number(BigInt.asIntN(64, op.ins[1].value));
    if (op.outs[0] === pc) at = to;
    else if (op.outs[0].kind === 'global' && to === tb.size) return true;
  }
  return false;
}

/**
 * Builds the graph of TBs entered at `tbs[0]`. Jumps to TBs of the list stay inside the region. `pc`: the register of
 * that name, by which calls are known.
 */
export function buildGraph(tbs: readonly RegionTb[], pc?: Temp): Graph {
  const nodes: Node[] = [];
  const head = new Map<number, number>();
  for (const tb of tbs) {
    const labels = new Map<Label, number>(), tbHead = nodes.length;
    head.set(tb.start, tbHead);
    let ops: Op[] = [], insn = -1, first = -1, falls = false;
    const fixups: { node: number; slot: number; label: Label }[] = [];
    const close = (): number => {
      const node: Node = { tb, ops, tbHead, head: nodes.length === tbHead, insn: first, next: [], rpo: -1, idom: -1, loop: false, merge: false, body: undefined, inLoop: false, cold: false };
      nodes.push(node);
      ops = [];
      first = insn;
      return nodes.length - 1;
    };
    for (const op of tb.ops) {
      if (op.def === INSN_START) insn++;
      if (op.def === SET_LABEL) {
        if (ops.length || falls) {
          const n = close();
          nodes[n].next = [nodes.length];
        }
        labels.set(op.label!, nodes.length);
        falls = true;
        first = insn;
        continue;
      }
      ops.push(op);
      if (!(op.def.flags & OpFlag.BB_END)) continue;
      const n = close();
      falls = false;
      if (op.def.flags & OpFlag.COND_BRANCH) {
        nodes[n].next = [-1, nodes.length];
        fixups.push({ node: n, slot: 0, label: op.label! });
        falls = true;
      } else if (op.def === BR) {
        nodes[n].next = [-1];
        fixups.push({ node: n, slot: 0, label: op.label! });
      }
    }
    if (ops.length) close();
    for (const f of fixups) nodes[f.node].next[f.slot] = labels.get(f.label)!;
  }
  const returns = returnsOf(tbs, pc);
  for (const node of nodes) {
    const last = node.ops.at(-1), { tb } = node;
    if (last?.def === GOTO_TB || last?.def === GOTO_FAR) {
      const to = head.get(pageOf(tb) * TARGET_PAGE_SIZE + destOf(last));
      if (to !== undefined) node.next = [to];
    } else if (isGoto(last, GotoPtr.CALL)) node.next = (tb.targets ?? []).flatMap((to) => head.get(to) ?? []);
    else if (isGoto(last, GotoPtr.RETURN)) node.next = (returns.get(tb) ?? []).slice(0, MAX_RETURNS).map((start) => head.get(start)!);
  }
  addDispatch(nodes, tbs, head);
  const graph: Graph = { nodes, entry: head.get(tbs[0].start)!, order: [], crossesPages: tbs.some((tb) => pageOf(tb) !== 0) };
  // Edges into the middle of a loop become exits, one at a time, until every retreating edge ends at a dominator.
  for (;;) {
    analyse(graph);
    const bad = nodes.find((x, i) => x.rpo >= 0 && x.next.some((d) => nodes[d].rpo <= x.rpo && !dominates(graph, d, i)));
    if (!bad) break;
    const last = bad.ops.at(-1)?.def;
    if (!bad.dispatch && last !== GOTO_TB && last !== GOTO_PTR && last !== GOTO_FAR) throw new Error('irreducible control flow inside a TB');
    bad.next = bad.next.filter((d) => nodes[d].rpo > bad.rpo || dominates(graph, d, nodes.indexOf(bad)));
  }
  findCold(graph);
  return graph;
}

/**
 * Where each TB that returns may return to: behind the calls that lead to it, without passing another call's callee.
 * A call through a register of which nothing is known may have led to any of them.
 */
function returnsOf(tbs: readonly RegionTb[], pc: Temp | undefined): Map<RegionTb, number[]> {
  const at = new Map(tbs.map((tb) => [tb.start, tb])), out = new Map<RegionTb, number[]>(), unknown: number[] = [];
  const returning = tbs.filter((tb) => isGoto(tb.ops.at(-1), GotoPtr.RETURN));
  const calls = new Set(tbs.filter((tb) => isCall(tb, pc)));
  for (const tb of returning) out.set(tb, []);
  for (const call of calls) {
    const back = call.start + call.size;
    if (!at.has(back) || jumpsOf(call).includes(back)) continue;
    const callees = jumpsOf(call).map((to) => at.get(to));
    if (callees.length === 0) { unknown.push(back); continue; }
    const seen = new Set(callees);
    for (const tb of seen) {
      if (!tb) continue;
      out.get(tb)?.push(back);
      for (const to of calls.has(tb) ? [tb.start + tb.size] : jumpsOf(tb)) seen.add(at.get(to));
    }
  }
  for (const list of out.values()) list.push(...unknown);
  return out;
}

/** Sends jump tables to a node of their own, which goes to where they were seen to go, to the TBs that nothing else leads to, and to the entry. */
function addDispatch(nodes: Node[], tbs: readonly RegionTb[], head: ReadonlyMap<number, number>): void {
  const jumps = nodes.filter((x) => isGoto(x.ops.at(-1), GotoPtr.JUMP));
  const reached = new Set(nodes.flatMap((x) => x.next)), seen = new Set(jumps.flatMap((x) => x.tb.targets ?? []));
  const targets = tbs.filter((tb) => tb === tbs[0] || seen.has(tb.start) || !reached.has(head.get(tb.start)!)).slice(0, MAX_TARGETS).map((tb) => head.get(tb.start)!);
  if (jumps.length === 0 || targets.length < 2) return;
  targets.sort((a, b) => nodes[a].tb.start - nodes[b].tb.start);
  const d = nodes.length;
  nodes.push({ tb: tbs[0], ops: [], tbHead: d, head: false, dispatch: true, insn: -1, next: targets, rpo: -1, idom: -1, loop: false, merge: false, body: undefined, inLoop: false, cold: false });
  for (const x of jumps) x.next = [d];
}

/** Reverse post-order, dominators (Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm"), loop headers, merge points. */
function analyse(g: Graph): void {
  const { nodes } = g;
  for (const n of nodes) { n.rpo = -1; n.idom = -1; n.loop = n.merge = n.inLoop = false; n.body = undefined; }
  const post: number[] = [];
  const seen = new Set<number>();
  const visit = (n: number): void => {
    seen.add(n);
    // The fall-through first, so that it comes last in the order: hot paths follow taken loop branches.
    for (const s of nodes[n].next) if (!seen.has(s)) visit(s);
    post.push(n);
  };
  visit(g.entry);
  g.order = post.reverse();
  g.order.forEach((n, i) => { nodes[n].rpo = i; });
  const preds = new Map<number, number[]>();
  for (const n of g.order) for (const s of nodes[n].next) preds.set(s, [...(preds.get(s) ?? []), n]);
  nodes[g.entry].idom = g.entry;
  const meet = (a: number, b: number): number => {
    while (a !== b) {
      while (nodes[a].rpo > nodes[b].rpo) a = nodes[a].idom;
      while (nodes[b].rpo > nodes[a].rpo) b = nodes[b].idom;
    }
    return a;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const n of g.order) {
      if (n === g.entry) continue;
      let dom = -1;
      for (const p of preds.get(n) ?? []) if (nodes[p].idom >= 0) dom = dom < 0 ? p : meet(dom, p);
      if (nodes[n].idom !== dom) { nodes[n].idom = dom; changed = true; }
    }
  }
  for (const n of g.order) {
    const ps = preds.get(n) ?? [];
    nodes[n].loop = ps.some((p) => nodes[p].rpo >= nodes[n].rpo);
    nodes[n].merge = ps.filter((p) => nodes[p].rpo < nodes[n].rpo).length > 1;
    // Natural loop: what reaches a back edge without passing the header.
    const work = ps.filter((p) => nodes[p].rpo >= nodes[n].rpo), inside = new Set([n, ...work]);
    for (let p = work.pop(); p !== undefined; p = work.pop()) {
      if (p === n) continue;
      for (const q of preds.get(p) ?? []) if (!inside.has(q)) { inside.add(q); work.push(q); }
    }
    if (!nodes[n].loop) continue;
    nodes[n].body = inside;
    for (const i of inside) nodes[i].inLoop = true;
  }
}

/** Sets `cold`, which is false everywhere. */
function findCold({ nodes, order }: Graph): void {
  for (const n of order.toReversed()) {
    const { ops, next } = nodes[n];
    // A successor by a back edge has not been looked at and is not cold.
    nodes[n].cold = ops.some((op) => op.def === CALL) || next.every((d) => nodes[d].cold);
  }
}

function dominates(g: Graph, a: number, b: number): boolean {
  for (;;) {
    if (a === b) return true;
    if (b === g.entry) return false;
    b = g.nodes[b].idom;
  }
}
