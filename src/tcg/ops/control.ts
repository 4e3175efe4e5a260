// Control flow, calls and TB exits.
import { Type } from '../types.ts';
import { defOp, OpFlag, type Emit } from './def.ts';
import { emitCompare, COND_IMM } from './int.ts';
import { CPUState } from '../../memory/layout/cpu.ts';

const INT = [Type.I32, Type.I64] as const;
const I64 = [Type.I64] as const;
const END = OpFlag.SIDE_EFFECTS | OpFlag.BB_END | OpFlag.BB_EXIT;

/** Typed calls of wasm helpers: (env: i32, a…: i64) → i64, through the helper table. */
const WCALL_ARGS = [0, 1, 2, 3, 4] as const;
/** Vector calls: (env: i32, a…: v128) → v128. */
const VCALL_ARGS = [1, 2, 3] as const;
/** Slots of the wasm type section that every engine reserves for helper signatures, found by op name. */
export const helperSignature = (name: string): { params: ('i32' | 'i64' | 'v128')[]; result: 'i64' | 'v128' } => {
  const n = Number(name.at(-1));
  const t = name.startsWith('callv') ? 'v128' : 'i64';
  return { params: ['i32', ...Array.from({ length: n }, () => t as 'i64' | 'v128')], result: t };
};

/** Engine hook of wasm-helper calls: table index is immediate 0, arguments are on the stack. */
export interface WasmCallEmit extends Emit { callWasm(signature: string): void }

const wcall = (n: number) => defOp(`callw${n}`, {
  doc: `t0 = wasm helper (env, ${n} × i64); it may read and write env but raises no exception`, types: I64,
  outs: ['i64'], ins: Array.from({ length: n }, () => 'i64' as const), imms: [{ name: 'helper', width: 'u16' }],
  flags: OpFlag.SIDE_EFFECTS | OpFlag.CALL,
  emit: (e) => e.out(0, () => {
    e.env();
    for (let i = 0; i < n; i++) e.in(i);
    (e as WasmCallEmit).callWasm(`callw${n}`);
  }),
});
const vcall = (n: number) => defOp(`callv${n}`, {
  doc: `t0 = wasm helper (env, ${n} × v128)`, types: [Type.V128],
  outs: ['v128'], ins: Array.from({ length: n }, () => 'v128' as const), imms: [{ name: 'helper', width: 'u16' }],
  flags: OpFlag.SIDE_EFFECTS | OpFlag.CALL,
  emit: (e) => e.out(0, () => {
    e.env();
    for (let i = 0; i < n; i++) e.in(i);
    (e as WasmCallEmit).callWasm(`callv${n}`);
  }),
});

/**
 * What is known of an indirect jump. LOOKUP: the flags of the next TB may differ from this one's. RETURN, JUMP: they do
 * not, and the target may be what follows a call, or any code of this page. CALL: they do not either, and it has often
 * been where it was last (TB.targets).
 */
export const GotoPtr = { LOOKUP: 0, RETURN: 1, JUMP: 2, CALL: 3 } as const;
export type GotoPtr = (typeof GotoPtr)[keyof typeof GotoPtr];

export const controlOps = [
  defOp('set_label', { doc: 'target of branches', types: I64, label: true, flags: OpFlag.SIDE_EFFECTS | OpFlag.BB_END | OpFlag.META, emit: () => {} }),
  defOp('br', { doc: 'go to label', types: I64, label: true, flags: END, emit: (e) => e.branch() }),
  defOp('brcond', {
    doc: 'go to label if t0 cond t1', types: INT, ins: ['T', 'T'], constIns: [1], imms: [COND_IMM], label: true,
    flags: OpFlag.SIDE_EFFECTS | OpFlag.BB_END | OpFlag.COND_BRANCH,
    emit: (e) => e.branchIf(() => emitCompare(e, e.stat(0), 0, 1)),
  }),
  defOp('insn_start', {
    doc: 'a guest instruction begins; immediates: what restoreState needs to know (page offset of its PC, one target word)', types: I64,
    imms: [{ name: 'pc', width: 'i32' }, { name: 'data', width: 'i32' }], flags: OpFlag.SIDE_EFFECTS | OpFlag.META, emit: () => {},
  }),
  defOp('insn_sync', {
    doc: 'context synchronisation (ISB): the goto_tb after it runs no code that a kick, seen by now, has dropped', types: I64,
    flags: OpFlag.SIDE_EFFECTS | OpFlag.META, emit: () => {},
  }),
  defOp('call_arg', {
    doc: 'argument of the next call; immediate: offset of its helper_arg slot', types: [Type.I32, Type.I64], ins: ['T'], constIns: [0],
    imms: [{ name: 'slot', width: 'u16' }], flags: OpFlag.SIDE_EFFECTS,
    emit: (e) => {
      const at = e.envAt(0);
      e.in(0);
      e.w.mem(e.type === Type.I32 ? 'i32_store' : 'i64_store', at);
    },
  }),
  defOp('call', {
    doc: 'calls the TypeScript helper of that number; it may raise a guest exception, read and write all of env', types: I64,
    imms: [{ name: 'helper', width: 'u16' }], flags: OpFlag.SIDE_EFFECTS | OpFlag.CALL | OpFlag.MAY_FAULT,
    emit: (e) => e.callHelper(),
  }),
  defOp('call_ret', {
    doc: 't0 = result of the last call', types: INT, outs: ['T'], flags: OpFlag.SIDE_EFFECTS,
    emit: (e) => e.out(0, () => { e.env(); e.w.mem(e.type === Type.I32 ? 'i32_load' : 'i64_load', CPUState.off.helper_ret); }),
  }),
  ...WCALL_ARGS.map(wcall),
  ...VCALL_ARGS.map(vcall),
  defOp('goto_tb', {
    doc: 'go to the TB linked in the slot, or return to cpuExec asking for a link; pc is set already. dest: page offset of the target', types: I64,
    imms: [{ name: 'slot', values: [0, 1] }, { name: 'dest', width: 'u16' }], flags: END, emit: (e) => e.gotoTb(e.stat(0)),
  }),
  defOp('goto_ptr', {
    doc: 'look the pc up in tb_jmp_cache and go there; kind: what a region may guess of the target (GotoPtr)', types: I64,
    imms: [{ name: 'kind', values: Object.values(GotoPtr) }], flags: END, emit: (e) => e.gotoPtr(),
  }),
  defOp('goto_far', {
    doc: 'go to a known place on another page by tb_jmp_cache; pc is set already. dest: its distance from the first byte of this page', types: I64,
    imms: [{ name: 'dest', width: 'i32' }], flags: END, emit: (e) => e.gotoPtr(),
  }),
  defOp('exit_tb', {
    doc: 'return to cpuExec with a TB_EXIT_* code', types: I64, imms: [{ name: 'code', values: [0, 1, 2, 3] }], flags: END,
    emit: (e) => e.exitTb(e.stat(0)),
  }),
];
