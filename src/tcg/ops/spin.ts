// The lock profiler's ops: they count tries in vain and waits that end, and tell a helper of those that are to be measured.
import { CPUState } from '../../memory/layout/cpu.ts';
import { Cond, Type } from '../types.ts';
import { defOp, OpFlag, type Emit } from './def.ts';
import { emitCompare } from './int.ts';

const { spin_word, spin_at, spin_tries, spin_limit, spin_waits, helper_arg } = CPUState.off;

/** A helper that reads registers, for the call stack, and changes none: one op, no basic block ends at it. */
const flags = OpFlag.SIDE_EFFECTS | OpFlag.MAY_FAULT;
const IS_VAIN = { name: 'cond', values: [Cond.EQ, Cond.NE] } as const;
/** What the helper is to know of the try: kind << 12 | page offset of the instruction. */
const WHAT = { name: 'what', width: 'i32' } as const;
const VAIN = { name: 'vain', width: 'u16' } as const, SUCCESS = { name: 'success', width: 'u16' } as const, CHANGED = { name: 'changed', width: 'u16' } as const;

/** field += by; the sum is left on the stack. */
function count(e: Emit, field: number, by: number): void {
  const { w } = e, sum = e.scratch('i32', 'count');
  e.env();
  e.env(); w.mem('i32_load', field); w.i32Const(by); w.op('i32_add'); w.localTee(sum);
  w.mem('i32_store', field);
  w.localGet(sum);
}

/** `if` that hardly ever holds. */
function unlikely(e: Emit, body: () => void): void {
  e.w.hint(false); e.w.if();
  body();
  e.w.end();
}

function address(e: Emit, input: number): void { e.env(); e.in(input); e.w.mem('i64_store', helper_arg); }

/** A try in vain at the address that is input `at`; immediate `imm`: the helper, the next one: WHAT. pairs with src/accel/guest-spins.ts#tried */
function vain(e: Emit, at: number, imm: number): void {
  const { w } = e;
  count(e, spin_tries, 1);
  e.env(); w.mem('i32_load', spin_limit); w.op('i32_ge_s');
  unlikely(e, () => {
    address(e, at);
    e.env(); e.imm(imm + 1); w.mem('i32_store', helper_arg + 8);
    e.tellHelper(imm);
  });
}

/** A success at the address that is input `at`; immediate `imm`: the helper. pairs with src/accel/guest-spins.ts#success */
function success(e: Emit, at: number, imm: number): void {
  const { w } = e;
  e.env(); w.mem('i32_load', spin_tries);
  unlikely(e, () => {
    count(e, spin_waits, -1);
    w.i32Const(0); w.op('i32_gt_s');
    w.if();
    e.env(); w.i32Const(0); w.mem('i32_store', spin_tries);
    w.else();
    address(e, at);
    e.tellHelper(imm);
    w.end();
  });
}

/**
 * What the polling load read, plus half its address, against the same sum of the last one. That is spin_word, whose top
 * bit is set while a wait is being measured: one comparison finds that neither is the case. Two pairs that agree in their
 * sum by chance are no loop; a sum with the top bit set is looked at as if there were a wait.
 */
function look(e: Emit): void {
  const { w } = e, seen = e.scratch('i64', 'seen'), old = e.scratch('i64', 'old');
  e.in(0); w.i64Const(1n); w.op('i64_shr_u'); e.in(1); w.op('i64_add'); w.localSet(seen);
  e.env(); w.mem('i64_load', spin_word); w.localTee(old); w.localGet(seen); w.op('i64_xor');
  w.i64Const(0n); w.op('i64_gt_s');
  w.hint(true); w.if();
  e.env(); w.localGet(seen); w.mem('i64_store', spin_word);
  w.else();
  w.localGet(old); w.localGet(seen); w.op('i64_xor'); w.i64Const(1n); w.op('i64_shl'); w.op('i64_eqz');
  w.if();
  vain(e, 0, 0);
  w.else();
  e.env(); w.localGet(seen); w.i64Const(-1n << 63n); w.op('i64_or'); w.mem('i64_store', spin_word);
  e.env(); w.mem('i64_load', spin_at); e.in(0); w.op('i64_eq');
  unlikely(e, () => e.tellHelper(2));
  w.end();
  w.end();
}

export const spinOps = [
  defOp('spin_vain', {
    doc: 'a try at t2 was in vain if t0 cond t1', types: [Type.I64], ins: ['i64', 'i64', 'i64'], constIns: [1], imms: [IS_VAIN, VAIN, WHAT], flags,
    emit: (e) => { emitCompare(e, e.stat(0), 0, 1); unlikely(e, () => vain(e, 2, 1)); },
  }),
  defOp('spin_outcome', {
    doc: 'a try at t2 was in vain if t0 cond t1, else it got what it wanted', types: [Type.I64], ins: ['i64', 'i64', 'i64'], constIns: [1],
    imms: [IS_VAIN, VAIN, WHAT, SUCCESS], flags,
    emit: (e) => {
      emitCompare(e, e.stat(0), 0, 1);
      e.w.hint(false); e.w.if();
      vain(e, 2, 1);
      e.w.else();
      success(e, 2, 3);
      e.w.end();
    },
  }),
  defOp('spin_success', { doc: 'what was tried at t0 succeeded', types: [Type.I64], ins: ['i64'], imms: [SUCCESS], flags, emit: (e) => success(e, 0, 0) }),
  defOp('spin_look', { doc: 'a load that may be polling read t1 at t0', types: [Type.I64], ins: ['i64', 'i64'], imms: [VAIN, WHAT, CHANGED], flags, emit: look }),
];
