// DisasContext: what every trans_* function works with while one TB is translated.
import { GotoPtr } from '../../../tcg/ops/control.ts';
import type { TCGContext } from '../../../tcg/context.ts';
import { Cond, Type, type Label, type Temp } from '../../../tcg/types.ts';
import type { HelperRef } from '../../../tcg/context.ts';
import type { ArmFeatures } from '../features.ts';
import { CC } from '../flags.ts';
import { ARMMMUIdx, envOff, getFlag, putFlag, TBFlag } from '../env.ts';
import { EXCP, synSwStep } from '../syndrome.ts';
import { CPUState } from '../../../memory/layout/cpu.ts';
import { CF_NO_GOTO_PTR, CF_NO_GOTO_TB, CF_SINGLE_STEP } from '../../../memory/layout/tb.ts';
import type { CoreHelpers } from './core-helpers.ts';
import type { ExclusiveScheme } from './exclusive.ts';

/** How a TB ends after the current instruction. */
export const Jmp = {
  /** Go on with the next instruction. */
  NEXT: 0,
  /** End of TB; go to the next instruction, chained. */
  TOO_MANY: 1,
  /** Ops that leave have been emitted. */
  NORETURN: 2,
  /** pc is in env: look it up and go on (goto_ptr). */
  JUMP: 3,
  /** pc is not yet updated; state changed: return to cpuExec and look at interrupts. */
  UPDATE_EXIT: 4,
  /** pc is not yet updated; state (tb_flags) changed: goto_ptr. */
  UPDATE_NOCHAIN: 5,
} as const;
export type Jmp = (typeof Jmp)[keyof typeof Jmp];

/** TCG globals of AArch64, made once a thread. */
export interface ArmGlobals {
  /** x[31] is SP. */
  readonly x: readonly Temp[];
  readonly pc: Temp;
  readonly ccOp: Temp;
  readonly ccA: Temp;
  readonly ccB: Temp;
  readonly v: readonly Temp[];
}

export function makeGlobals(tcg: TCGContext): ArmGlobals {
  return {
    x: Array.from({ length: 32 }, (_, i) => tcg.global(Type.I64, envOff.x + 8 * i, i === 31 ? 'sp' : `x${i}`)),
    pc: tcg.global(Type.I64, envOff.pc, 'pc'),
    ccOp: tcg.global(Type.I64, envOff.cc_op, 'cc_op'),
    ccA: tcg.global(Type.I64, envOff.cc_a, 'cc_a'),
    ccB: tcg.global(Type.I64, envOff.cc_b, 'cc_b'),
    v: Array.from({ length: 32 }, (_, i) => tcg.global(Type.V128, envOff.v + 16 * i, `v${i}`)),
  };
}

/** A condition ready to branch on: `a cond b`. */
export interface Compare { cond: Cond; a: Temp; b: Temp }

export class DisasContext {
  readonly tcg: TCGContext;
  readonly g: ArmGlobals;
  readonly feat: ArmFeatures;
  readonly helpers: CoreHelpers;
  readonly flags: number;
  readonly cflags: number;
  readonly el: number;
  readonly mmuIdx: number;
  /** MMU index of LDTR/STTR. */
  readonly unprivMmuIdx: number;
  /** MO_ALIGN when SCTLR_ELx.A is set. */
  readonly alignMem: number;
  /** MO_BSWAP when data accesses are big-endian. */
  readonly beData: number;
  /** Software step is active: every instruction ends in a step exception. */
  readonly ssActive: boolean;
  /** How LDXR and STXR are translated. */
  readonly exclusive: ExclusiveScheme;
  /** The current instruction is a Load-Exclusive (ESR.EX of a step exception). */
  isLdex = false;
  /** Page offset of the current instruction's PC. */
  pcCurr = 0;
  /** Page offset env.pc stands for now (it is exact at TB start and after updatePc). */
  pcSave = 0;
  /** The instruction word. */
  insn = 0;
  isJmp: Jmp = Jmp.NEXT;
  /** What is known of the target when isJmp is JUMP. */
  jumpKind: GotoPtr = GotoPtr.LOOKUP;
  /** Lazy-flag kind known for cc_a/cc_b, and what env.cc_op holds. */
  ccOp: number = CC.DYNAMIC;
  ccOpEnv: number = CC.DYNAMIC;
  /** PSTATE.BTYPE before the current instruction; -1 once the instruction has set it. */
  btype = 0;

  constructor(tcg: TCGContext, g: ArmGlobals, feat: ArmFeatures, helpers: CoreHelpers, exclusive: ExclusiveScheme,
    flags: number, cflags: number, pcOffset: number) {
    this.tcg = tcg;
    this.g = g;
    this.feat = feat;
    this.helpers = helpers;
    this.exclusive = exclusive;
    this.flags = flags;
    this.cflags = cflags;
    this.el = getFlag(flags, TBFlag.EL);
    this.mmuIdx = getFlag(flags, TBFlag.MMUIDX);
    this.unprivMmuIdx = getFlag(flags, TBFlag.UNPRIV) ? ARMMMUIdx.E10_0 : this.mmuIdx;
    this.alignMem = getFlag(flags, TBFlag.ALIGN_MEM) ? 0x20 : 0;
    this.beData = getFlag(flags, TBFlag.BE_DATA) ? 0x10 : 0;
    this.ssActive = getFlag(flags, TBFlag.SS_ACTIVE) === 1;
    this.btype = getFlag(flags, TBFlag.BTYPE);
    this.pcCurr = pcOffset;
    this.pcSave = pcOffset;
  }

  // --- registers -------------------------------------------------------------------------------------------------

  /** Xn as an input: n = 31 reads zero. */
  xr(n: number): Temp { return n === 31 ? this.tcg.constI64(0) : this.g.x[n]; }
  /** Xn or SP as an input. */
  xsp(n: number): Temp { return this.g.x[n]; }
  /** Xn (sf) or zero-extended Wn as an input. */
  r(n: number, sf: number): Temp {
    if (sf || n === 31) return this.xr(n);
    const t = this.tcg.i64();
    this.tcg.ext32u(t, this.g.x[n]);
    return t;
  }
  /** Where an instruction may write Xn: a discarded temporary for XZR. */
  xd(n: number): Temp { return n === 31 ? this.tcg.i64() : this.g.x[n]; }
  /** Xn|SP as a destination. */
  xdsp(n: number): Temp { return this.g.x[n]; }
  /** Writes Xn, or Wn zero-extended when sf = 0. */
  setR(n: number, sf: number, value: Temp): void {
    if (n === 31) return;
    if (sf) this.tcg.mov(this.g.x[n], value);
    else this.tcg.ext32u(this.g.x[n], value);
  }

  // --- PC and exits ----------------------------------------------------------------------------------------------

  /** Makes env.pc exact: the current instruction plus `diff` bytes. */
  updatePc(diff: number): void {
    const to = this.pcCurr + diff;
    if (to !== this.pcSave) this.tcg.add(this.g.pc, this.g.pc, to - this.pcSave);
    this.pcSave = to;
  }
  /** d = address of the current instruction + diff. */
  pcPlus(d: Temp, diff: number | bigint): void {
    this.tcg.add(d, this.g.pc, BigInt(this.pcCurr - this.pcSave) + BigInt(diff));
  }
  /** Ends the TB at a direct branch to the current instruction + diff, through goto_tb slot n. */
  gotoTb(slot: 0 | 1, diff: number): void {
    const to = this.pcCurr + diff;
    this.syncCc();
    if (this.btype > 0) this.writeBtype(0);
    const save = this.pcSave;
    this.updatePc(diff);
    if (this.ssActive) this.stepComplete();
    else if (to >= 0 && to < 4096 && !(this.cflags & (CF_NO_GOTO_TB | CF_SINGLE_STEP))) this.tcg.gotoTb(slot, to);
    else if (this.cflags & (CF_NO_GOTO_TB | CF_NO_GOTO_PTR | CF_SINGLE_STEP)) this.gotoPtrOrExit();
    else this.tcg.gotoFar(to);
    // Only this path moved env.pc: the other side of a branch starts from the old value.
    this.pcSave = save;
    this.isJmp = Jmp.NORETURN;
  }
  /** Ends the TB with pc in env already. */
  gotoPtrOrExit(kind: GotoPtr = GotoPtr.LOOKUP): void {
    if (this.ssActive) this.stepComplete();
    else if (this.cflags & (CF_NO_GOTO_PTR | CF_SINGLE_STEP)) this.tcg.exitTb(2);
    else this.tcg.gotoPtr(kind);
  }
  /** Software step: the machine advances to active-pending (SSAdvance) when an instruction completes. */
  ssAdvance(): void {
    if (!this.ssActive) return;
    this.tcg.st(0, envOff.ss, 'st32');
    this.#putTbFlag(TBFlag.PSTATE_SS, 0);
  }
  /** Ends the TB with the software step exception of a completed instruction; pc is in env already. */
  stepComplete(): void {
    this.ssAdvance();
    this.tcg.call(this.helpers.exception_with_syndrome, null, EXCP.UDEF, synSwStep(this.el === 1, 1, this.isLdex ? 1 : 0), 1);
  }
  /** Changes a field of the vCPU's tb_flags, which select the next TB. */
  #putTbFlag(f: { shift: number; width: number }, v: number): void {
    const t = this.tcg.i64();
    this.tcg.ld(t, CPUState.off.tb_flags, 'ld32u');
    this.tcg.and(t, t, BigInt(~putFlag(f, -1) >>> 0));
    if (v) this.tcg.or(t, t, putFlag(f, v));
    this.tcg.st(t, CPUState.off.tb_flags, 'st32');
  }
  /** Emits PSTATE.BTYPE = v. */
  writeBtype(v: number): void {
    this.tcg.st(v, envOff.btype, 'st32');
    this.#putTbFlag(TBFlag.BTYPE, v);
  }
  /** The current instruction sets PSTATE.BTYPE for the next one (FEAT_BTI). */
  setBtype(v: number): void {
    if (v !== 0 || this.btype > 0) this.writeBtype(v);
    this.btype = -1;
  }
  /** Raises an exception at the current instruction + diff with that syndrome (ESR value) and target EL; ends the TB. */
  exceptionInsn(excp: number, syndrome: number, targetEl = Math.max(1, this.el), diff = 0): void {
    this.syncCc();
    // Past the instruction it is complete: its BTYPE is consumed and the step is done.
    if (diff > 0) {
      if (this.btype > 0) this.writeBtype(0);
      this.ssAdvance();
    }
    this.updatePc(diff);
    this.tcg.call(this.helpers.exception_with_syndrome, null, excp, BigInt(syndrome >>> 0), targetEl);
    this.isJmp = Jmp.NORETURN;
  }
  /** Calls a TypeScript helper that may raise an exception or read the PC or flags: state is made exact first. */
  callHelper(h: HelperRef, ret: Temp | null, ...args: (Temp | bigint | number)[]): void {
    this.syncCc();
    this.updatePc(0);
    this.tcg.call(h, ret, ...args);
  }

  // --- flags -----------------------------------------------------------------------------------------------------

  /** Sets the flags lazily from an operation on a and b. The operands must not be the registers about to change. */
  setCc(op: number, a: Temp, b?: Temp): void {
    this.tcg.mov(this.g.ccA, a);
    if (b) this.tcg.mov(this.g.ccB, b);
    this.ccOp = op;
  }
  /** Sets the flags from packed NZCV in bits 31…28 of an i64. */
  setNzcv(nzcv: Temp): void {
    this.tcg.mov(this.g.ccA, nzcv);
    this.ccOp = CC.NZCV;
  }
  /** Makes env.cc_op right: before anything that leaves or looks at it. */
  syncCc(): void {
    if (this.ccOp !== CC.DYNAMIC && this.ccOp !== this.ccOpEnv) {
      this.tcg.mov(this.g.ccOp, this.ccOp);
      this.ccOpEnv = this.ccOp;
    }
  }
  /** After a label where paths meet: nothing is known. Every path into it must have called syncCc. */
  forgetCc(): void { this.ccOp = this.ccOpEnv = CC.DYNAMIC; }
  /** The word insn_start carries for restoreState: the flag kind at this instruction, DYNAMIC = as in env. */
  get insnStartData(): number { return this.ccOp; }

  label(): Label { return this.tcg.newLabel(); }
}
