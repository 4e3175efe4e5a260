// The interface a guest ISA implements. `accel` runs it and never imports a target.
import type { StructLayout } from '../memory/layout/struct.ts';
import type { TCGContext, HelperRef } from '../tcg/context.ts';
import type { CallFrame } from './guest-spins.ts';
import type { Vcpu } from './vcpu.ts';

/** Kinds of access the MMU is asked about. */
export const MMU_DATA_LOAD = 0;
export const MMU_DATA_STORE = 1;
export const MMU_INST_FETCH = 2;
export type MMUAccessType = 0 | 1 | 2;

/** Page protections of a translation. */
export const PAGE_READ = 1;
export const PAGE_WRITE = 2;
export const PAGE_EXEC = 4;

/** Exception numbers of the core (QEMU: EXCP_INTERRUPT …); targets use numbers below 0x10000. */
export const EXCP_INTERRUPT = 0x10000;
export const EXCP_HLT = 0x10001;
export const EXCP_DEBUG = 0x10002;
export const EXCP_HALTED = 0x10003;
export const EXCP_YIELD = 0x10004;
/** The instruction must run again in an exclusive section. */
export const EXCP_ATOMIC = 0x10005;

/** Outcome of a page-table walk, filled in by the target: reused object, no allocation a miss. */
export interface Translation {
  /** Physical address of the accessed byte's page (bytes; exact up to 2^52). */
  phys: number;
  prot: number;
  /** log2 of the page or block mapped. */
  lgPageSize: number;
  attrs: number;
}

/** A helper written in TypeScript. Returns true when it raised a guest exception (cpu.exception_index is set): the TB is left. */
export type HelperFn = (cpu: Vcpu) => boolean | void;

/** Numbered helpers: TypeScript ones and wasm ones have separate number spaces. */
export class HelperTable {
  readonly js: { name: string; fn: HelperFn }[] = [];
  readonly wasm: { name: string; module: string; signature: string }[] = [];

  /** Registers a TypeScript helper; arguments through cpu.argLo/argHi/arg64, result through cpu.ret*. */
  add(name: string, fn: HelperFn): HelperRef {
    this.js.push({ name, fn });
    return { id: this.js.length - 1, name };
  }
  /** Registers export `name` of the target's wasm helper module; `signature` is the calling op: callw0…4, callv1…3. */
  addWasm(name: string, signature: string, module = 'helpers'): HelperRef {
    this.wasm.push({ name, module, signature });
    return { id: this.wasm.length - 1, name };
  }
}

/** What the translator is asked for. */
export interface TbRequest {
  /** Virtual PC: only its page offset may go into the ops (TBs are position independent by page). */
  pcLo: number;
  pcHi: number;
  flags: number;
  csBase: number;
  cflags: number;
  maxInsns: number;
  /** The exitState of every TB that leads here; undefined: not known. */
  entryState?: number | undefined;
  /** Reads the instruction word at a page offset of the TB's page. The page is RAM, or I/O read through. */
  ldl(pageOffset: number): number;
}
export interface TbResult {
  /** Guest bytes and instructions covered. */
  size: number;
  icount: number;
  /** What the translator knows of the state where control leaves by goto_tb, for TBs that are entered from here only. */
  exitState?: number | undefined;
}

/** One guest ISA on one vCPU thread. */
export interface TargetCpu {
  readonly name: string;
  readonly helpers: HelperTable;
  /** Layout of the architectural state, placed at cpu.archOffset of the vCPU block. */
  readonly env: StructLayout;
  /** MMU indexes in use: 0 … mmuModes-1. */
  readonly mmuModes: number;
  /** Bytes of wasm modules holding wasm helpers, by module name (imports: env.state memory). */
  readonly wasmModules: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

  /** Names of the globals that restoreState writes. */
  readonly restoredGlobals: readonly string[];
  /** Fields of env that hold no state from one instruction to the next. */
  readonly scratchFields?: readonly string[];
  /** Fields that count by what they stand for together: lazyState, by the name lazyName. */
  readonly lazyFields?: readonly string[];
  readonly lazyName?: string;
  lazyState?(cpu: Vcpu): number;
  /** Fields of env that others write, too, but not while a region is checked: put back with the rest, not compared. */
  readonly carriedFields?: readonly string[];
  /** Declares the globals. Called once a thread. */
  initTcg(tcg: TCGContext): void;
  /** Emits the ops of one TB into `tcg`. */
  translate(tcg: TCGContext, req: TbRequest): TbResult;
  /** Flags of the TBs that a TB with these flags reaches by goto_tb. */
  chainFlags(flags: number): number;
  /** Puts a vCPU into its reset state. Runs on the vCPU's thread, or before the threads start. */
  reset(cpu: Vcpu): void;
  /** PC as two 32-bit halves. */
  pcLo(cpu: Vcpu): number;
  pcHi(cpu: Vcpu): number;
  setPc(cpu: Vcpu, lo: number, hi: number): void;
  /** Restores the exact state of a fault inside a TB from its insn_start words. */
  restoreState(cpu: Vcpu, pc: number, data: number): void;
  /** MMU index of the running code, for fetches. */
  mmuIndex(cpu: Vcpu): number;
  /** Walks the page tables. True: `out` is filled. False: the exception is raised in env (unless probe). */
  tlbFill(cpu: Vcpu, addrLo: number, addrHi: number, access: MMUAccessType, mmuIdx: number, probe: boolean, out: Translation): boolean;
  /** Raises the alignment fault of an access. */
  unalignedAccess(cpu: Vcpu, addrLo: number, addrHi: number, access: MMUAccessType, mmuIdx: number): void;
  /** True when an access marked MO_SEQCST may be misaligned without faulting (given its size). */
  allowsUnalignedAtomic(cpu: Vcpu, addrLo: number, size: number): boolean;
  /** Raises the bus fault of a failed I/O access (external abort). */
  transactionFailed(cpu: Vcpu, addrLo: number, addrHi: number, phys: number, access: MMUAccessType, mmuIdx: number): void;
  /** Enters the exception in cpu.exceptionIndex. */
  doInterrupt(cpu: Vcpu): void;
  /** Takes a pending interrupt if it is not masked; true when it did. */
  execInterrupt(cpu: Vcpu, request: number): boolean;
  /** True when a halted vCPU must wake. */
  hasWork(cpu: Vcpu): boolean;
  /** The monitor a vCPU waits on was opened by a store: makes it wake. Any thread. */
  monitorCleared?(cpu: Vcpu): void;
  /** Where the running code's call stack starts, for profilers; absent: none can be walked. */
  callFrame?(cpu: Vcpu): CallFrame;
  /** Text of the registers, for logs and monitors; `fpu`: with the vector registers, unless they are disabled. */
  dumpState(cpu: Vcpu, fpu?: boolean): string;
  /** Value of a register by the name a debugger gives it (`pc`, `x0`), for monitors; undefined: no such register. */
  registerByName?(cpu: Vcpu, name: string): bigint | undefined;
  /** Sets it, while the vCPU is parked; false: no such register. */
  setRegisterByName?(cpu: Vcpu, name: string, value: bigint): boolean;
}
