// Translates one TB of A64 code: the instruction loop and the ways a TB ends.
import { CC } from '../flags.ts';
import { GotoPtr } from '../../../tcg/ops/control.ts';
import type { HelperRef, TCGContext } from '../../../tcg/context.ts';
import type { Decoder } from '../../../tcg/decode.ts';
import type { TbRequest, TbResult } from '../../../accel/target.ts';
import { OpFlag } from '../../../tcg/ops/def.ts';
import { Cond } from '../../../tcg/types.ts';
import { CF_PROFILE, CF_SINGLE_STEP, TB_EXIT_NOCHAIN } from '../../../memory/layout/tb.ts';
import { TARGET_PAGE_SIZE } from '../../../memory/layout/cpu.ts';
import { envOff, getFlag, TBFlag } from '../env.ts';
import type { ArmFeatures } from '../features.ts';
import { EXCP, synBtiTrap, synIllegalState, synSwStep, synUncategorized } from '../syndrome.ts';
import { Jmp, DisasContext, type ArmGlobals } from './context.ts';
import type { CoreHelpers } from './core-helpers.ts';
import { cmpxchgScheme, type ExclusiveScheme } from './exclusive.ts';
import { a64Decoder } from './index.ts';
import { afterInsn, watchInsn } from './spin.ts';

/** What a translation may be told beside its request. */
export interface TranslateOptions {
  /** How LDXR and STXR work; `cmpxchg` when absent. */
  readonly exclusive?: ExclusiveScheme;
  /** `-d unimp`: an encoding was found that nothing here translates. PC as two halves. */
  readonly onUnallocated?: (insn: number, pcLo: number, pcHi: number) => void;
  /** The page is guarded (GP bit of its descriptor): indirect branches must land on BTI. Absent: asked when the code runs. */
  readonly guarded?: boolean;
  readonly decoder?: Decoder<DisasContext>;
}

/** Instructions an indirect branch with `btype` may land on in a guarded page (Arm ARM, BranchTargetCheck). */
function isBranchTarget(s: DisasContext, insn: number, btype: number): boolean {
  // PACIASP and PACIBSP count as BTI c, or jc with SCTLR_ELx.BT clear.
  if (insn === (0xd503233f | 0) || insn === (0xd503237f | 0)) return btype !== 3 || !getFlag(s.flags, TBFlag.BT);
  // BTI c, j, jc: HINT #32 + 2n
  if ((insn & ~0xc0) === (0xd503241f | 0)) {
    const target = (insn >> 6) & 3;
    return target === 3 || (target === 1 && btype !== 3) || (target === 2 && btype !== 2);
  }
  // BRK and HLT trap by themselves.
  return (insn & 0xffe0001f) >>> 0 === 0xd4200000 || (insn & 0xffe0001f) >>> 0 === 0xd4400000;
}

/** Before an instruction that an indirect branch may not land on: traps if the page is guarded, where any page is. */
function checkGuarded(s: DisasContext): void {
  const t = s.tcg.i64(), open = s.label();
  s.tcg.ld(t, envOff.guarded_seen, 'ld32u');
  s.tcg.brcond(Cond.EQ, t, 0, open);
  s.tcg.call(s.helpers.branch_target_check, null, synBtiTrap(s.btype));
  s.tcg.setLabel(open);
}

/** What precedes the first instruction: pending step, misaligned PC, PSTATE.IL. True when the TB is over. */
function beforeFirst(s: DisasContext, req: TbRequest): boolean {
  const el = Math.max(1, s.el);
  if (s.ssActive && !getFlag(s.flags, TBFlag.PSTATE_SS)) {
    s.exceptionInsn(EXCP.UDEF, synSwStep(s.el === 1, 0, 0), 1);
  } else if (req.pcLo & 3) {
    s.callHelper(s.helpers.exception_pc_alignment, null, el);
    s.isJmp = Jmp.NORETURN;
  } else if (getFlag(s.flags, TBFlag.PSTATE_IL)) {
    s.exceptionInsn(EXCP.UDEF, synIllegalState(), el);
  }
  return s.isJmp !== Jmp.NEXT;
}

/** Ends a TB after its last instruction, as isJmp says. */
function tbStop(s: DisasContext): void {
  if (s.isJmp !== Jmp.NORETURN) leave(s);
  // After a helper that always raises: the ops must end in an exit, if one that is never reached.
  if (!(s.tcg.ops[s.tcg.ops.length - 1].def.flags & OpFlag.BB_EXIT)) s.tcg.exitTb(TB_EXIT_NOCHAIN);
}
function leave(s: DisasContext): void {
  if (s.isJmp === Jmp.NEXT || s.isJmp === Jmp.TOO_MANY) { s.gotoTb(0, 4); return; }
  s.syncCc();
  if (s.isJmp !== Jmp.JUMP) s.updatePc(4);
  if (s.isJmp === Jmp.UPDATE_EXIT && !s.ssActive) s.tcg.exitTb(TB_EXIT_NOCHAIN);
  else s.gotoPtrOrExit(s.isJmp === Jmp.JUMP ? s.jumpKind : GotoPtr.LOOKUP);
}

/**
 * Emits the ops of one TB into `tcg`: from req's PC to the first branch, state change, page end, or maxInsns.
 * Encodings that nothing translates raise an UNDEFINED exception when they are executed.
 */
export function translateBlock(tcg: TCGContext, g: ArmGlobals, feat: ArmFeatures, helpers: CoreHelpers & Readonly<Record<string, HelperRef>>,
  req: TbRequest, options: TranslateOptions = {}): TbResult {
  const start = req.pcLo & (TARGET_PAGE_SIZE - 1);
  const s = new DisasContext(tcg, g, feat, helpers, options.exclusive ?? cmpxchgScheme, req.flags, req.cflags, start);
  s.ccOp = s.ccOpEnv = req.entryState ?? CC.DYNAMIC;
  const decoder = options.decoder ?? a64Decoder();
  const maxInsns = s.ssActive || req.cflags & CF_SINGLE_STEP ? 1 : req.maxInsns;
  tcg.insnStart(start, s.insnStartData);
  if (beforeFirst(s, req)) {
    tbStop(s);
    return { size: 4, icount: 1 };
  }
  let icount = 0;
  for (;;) {
    if (icount > 0) {
      s.pcCurr += 4;
      tcg.insnStart(s.pcCurr, s.insnStartData);
    }
    icount++;
    s.insn = req.ldl(s.pcCurr);
    const bad = s.btype > 0 && options.guarded !== false && !isBranchTarget(s, s.insn, s.btype);
    if (bad && options.guarded === undefined && s.helpers.branch_target_check) checkGuarded(s);
    const after = req.cflags & CF_PROFILE ? watchInsn(s, s.insn) : undefined;
    if (bad && options.guarded === true) s.exceptionInsn(EXCP.UDEF, synBtiTrap(s.btype));
    else if (!decoder.decode(s, s.insn)) {
      options.onUnallocated?.(s.insn, (req.pcLo & ~(TARGET_PAGE_SIZE - 1)) | s.pcCurr, req.pcHi);
      s.exceptionInsn(EXCP.UDEF, synUncategorized());
    }
    if (after) afterInsn(s, after);
    if (s.isJmp !== Jmp.NORETURN && s.btype > 0) s.writeBtype(0);
    s.btype = 0;
    if (s.isJmp !== Jmp.NEXT || icount >= maxInsns || s.pcCurr + 4 >= TARGET_PAGE_SIZE) break;
  }
  tbStop(s);
  return { size: s.pcCurr + 4 - start, icount, exitState: s.ccOp === CC.DYNAMIC ? undefined : s.ccOp };
}
