// What an op is: its signature, effects, reference semantics and the one function that emits its wasm.
import type { Type } from '../types.ts';
import type { WasmCode } from '../wasm/code.ts';

/** Immediate of an op. A static one selects an interpreter case; a dynamic one is read from the bytecode. */
export interface ImmDef {
  readonly name: string;
  /** Values a static immediate may take. */
  readonly values?: readonly number[];
  /** Dynamic immediates: how wide the bytecode holds it. */
  readonly width?: 'u8' | 'u16' | 'i32' | 'i64';
}

/** What an engine keeps of TLB entries between accesses: locals of the function it generates. */
export interface TlbHint {
  /** An entry of the right table; `warm`: it is set. */
  readonly guess: number;
  readonly warm: boolean;
  /**
   * Bytes around the access that others touch as well: `bytes` from the access's address + `from` on. `delta`: host
   * address minus guest address of all of them, or WINDOW_CLOSED. `opens`: this access finds it out.
   */
  readonly window?: { readonly delta: number; readonly opens: boolean; readonly from: number; readonly bytes: number } | undefined;
}

/** What the engines (interpreter generator, region compiler) offer to an emitting function. */
export interface Emit {
  readonly w: WasmCode;
  readonly type: Type;
  /** Addresses in the ram memory are i64, not i32. */
  readonly wideRam: boolean;
  /** Pushes input n. */
  in(n: number): void;
  /** Evaluates `body`, which pushes one value, and stores it in output n. Address operands are handled by the engine. */
  out(n: number, body: () => void): void;
  /** Pushes the address in `state` of the vCPU block. */
  env(): void;
  /** Value of a static immediate. */
  stat(n: number): number;
  /** Pushes a dynamic immediate, as i32 (u8, u16, i32 widths) or i64 (i64 width). */
  imm(n: number): void;
  /** Value of a dynamic immediate where the engine knows it. */
  immValue(n: number): number | undefined;
  /** Known value of an input when it is a compile-time constant in this engine. */
  constIn(n: number): bigint | undefined;
  /** Pushes an address whose sum with the result is the vCPU block + immediate n: i32. */
  envAt(n: number): number;
  /** What is known of the TLB entry of an access based on input n; undefined: nothing is kept between accesses. */
  tlbHint(n: number): TlbHint | undefined;
  /** A slow path has been called: the TLB may have changed. */
  tlbChanged(): void;
  /** A scratch local of wasm type 'i32' | 'i64' | 'v128'; `k` tells several apart. Valid inside one op. */
  scratch(type: 'i32' | 'i64' | 'v128', k?: number | string): number;
  /** Evaluates `cond`, which pushes an i32, and branches to the op's label when it is non-zero. */
  branchIf(cond: () => void): void;
  /** Branches to the op's label. */
  branch(): void;
  /** Leaves the TB: the exception state is in env already, the PC is not. Ends the emitted path. */
  fault(): void;
  /** Pushes the word that lets a slow path find the instruction again (see restoreState): i32. */
  insnRef(): void;
  /** Pushes the address of the current TB descriptor: i32. */
  tb(): void;
  /** Leaves through goto_tb slot n: jumps to the linked TB or returns to cpuExec. Ends the path. */
  gotoTb(slot: number): void;
  /** Leaves through a look-up of the env's pc. Ends the path. */
  gotoPtr(): void;
  /** Returns `tb | code` to cpuExec. Ends the path. */
  exitTb(code: number): void;
  /** Copies the call's arguments, calls the TypeScript helper `imm(0)`, leaves by fault path when it says so. */
  callHelper(): void;
  /** Calls the TypeScript helper `imm(n)`, which may read all of env, changes no register and goes on. Between `if` and `end`. */
  tellHelper(n: number): void;
}

/** Effects, as the optimiser needs to know them. */
export const OpFlag = {
  /** May be removed only if proven redundant: writes memory or leaves. */
  SIDE_EFFECTS: 1,
  /** May raise a guest exception: all globals must be in env before it. */
  MAY_FAULT: 2,
  /** Ends a basic block: ebb temporaries die, except at the fall-through of a conditional branch. */
  BB_END: 4,
  /** Control does not fall through. */
  BB_EXIT: 8,
  COND_BRANCH: 16,
  /** Reads or writes env behind the optimiser's back. */
  CALL: 32,
  COMMUTATIVE: 64,
  /** Emits nothing. */
  META: 128,
} as const;

export interface OpDef {
  readonly name: string;
  readonly doc: string;
  /** Types the op exists in; `type` of an op instance is one of them. */
  readonly types: readonly Type[];
  /** Type of each output: 'T' = the op's type. */
  readonly outs: readonly ('T' | 'i32' | 'i64' | 'v128')[];
  readonly ins: readonly ('T' | 'i32' | 'i64' | 'v128')[];
  readonly imms: readonly ImmDef[];
  /** Inputs that may be encoded as constants in the bytecode. Others are moved to a temporary first. */
  readonly constIns: readonly number[];
  readonly flags: number;
  /** The op takes a label. */
  readonly label: boolean;
  /** Reference semantics for constant folding: values zero-extended in the op's type. */
  readonly fold?: (type: Type, ins: bigint[], imms: number[]) => bigint;
  readonly emit: (e: Emit) => void;
}

type Spec = Partial<Omit<OpDef, 'name' | 'emit'>> & Pick<OpDef, 'doc' | 'types' | 'emit'>;

/** Builds an op table row; everything not named is empty. */
export function defOp(name: string, spec: Spec): OpDef {
  return { name, outs: [], ins: [], imms: [], constIns: [], flags: 0, label: false, ...spec };
}
