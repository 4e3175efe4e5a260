// System instructions: hints, barriers, exception generation and return. Register moves are in sysreg.ts.
import type { DecodeRow } from '../../../tcg/decode.ts';
import { Bar, Cond, type Temp } from '../../../tcg/types.ts';
import { CPUState } from '../../../memory/layout/cpu.ts';
import { CF_CROWDED, CF_NO_GOTO_PTR, CF_SINGLE_STEP, TB_EXIT_NOCHAIN } from '../../../memory/layout/tb.ts';
import { envOff } from '../env.ts';
import { EC, EXCP, syndrome } from '../syndrome.ts';
import { Jmp, type DisasContext } from './context.ts';
import { auth, hintPauth, pauthRows } from './pauth.ts';
import { systemEnvironment, sysregRows } from './sysreg.ts';

export { setSystemEnvironment } from './sysreg.ts';

type S = DisasContext;

// --- hints and barriers --------------------------------------------------------------------------------------------

const HINT = { YIELD: 1, WFE: 2, WFI: 3, SEV: 4, SEVL: 5 } as const;

/** Calls a helper that may put the vCPU to sleep after this instruction. */
function sleepHelper(s: S, name: 'wfi' | 'wfe' | 'yield'): boolean {
  s.syncCc();
  s.updatePc(4);
  s.tcg.call(s.helpers[name], null);
  s.gotoPtrOrExit();
  s.isJmp = Jmp.NORETURN;
  return true;
}

/** WFE goes on at once when there is an event, which it takes; else it may sleep, or trap. */
function waitForEvent(s: S): boolean {
  const event = s.tcg.i32(), done = s.label(), { pcSave } = s;
  s.syncCc();
  s.tcg.xchgEnv(event, 0, envOff.event_register);
  s.tcg.brcond(Cond.NE, event, 0, done);
  sleepHelper(s, 'wfe');
  s.isJmp = Jmp.NEXT;
  s.pcSave = pcSave;
  s.tcg.setLabel(done);
  return true;
}

function trans_HINT(s: S, a: { crm: number; op2: number }): boolean {
  const hint = (a.crm << 3) | a.op2;
  switch (hint) {
    case HINT.YIELD: return s.cflags & CF_CROWDED ? sleepHelper(s, 'yield') : true;
    case HINT.WFE: return waitForEvent(s);
    case HINT.WFI: return sleepHelper(s, 'wfi');
    case HINT.SEV: s.tcg.call(s.helpers.sev, null); return true;
    case HINT.SEVL: s.tcg.st(1, envOff.event_register, 'st32'); return true;
    // Everything else without pointer authentication: NOP, DGH, ESB (no SError is ever pending), PSB, TSB, CSDB, BTI.
    default: hintPauth(s, hint); return true;
  }
}

/** DMB and DSB: CRm<1:0> 1 = loads, 2 = stores, 3 = all (Arm ARM C6, DMB). */
function trans_DMB(s: S, a: { types: number }): boolean {
  const bits = a.types === 1 ? Bar.TCG_MO_LD_LD | Bar.TCG_MO_LD_ST : a.types === 2 ? Bar.TCG_MO_ST_ST : Bar.TCG_MO_ALL;
  s.tcg.mb(bits | Bar.TCG_BAR_SC);
  return true;
}
/** A DSB waits for completion, not only order: always a full barrier. SSBB and PSSBB are DSBs. */
function trans_DSB(s: S): boolean {
  s.tcg.mb(Bar.TCG_MO_ALL | Bar.TCG_BAR_SC);
  return true;
}
/** Ends the TB, so that what follows is fetched and translated anew and interrupts are seen. */
function trans_ISB(s: S): boolean {
  s.tcg.insnSync();
  s.isJmp = Jmp.TOO_MANY;
  return true;
}
function trans_SB(s: S): boolean {
  if (!s.feat.sb) return false;
  s.tcg.mb(Bar.TCG_MO_ALL | Bar.TCG_BAR_SC);
  s.tcg.insnSync();
  s.isJmp = Jmp.TOO_MANY;
  return true;
}

// --- exceptions ----------------------------------------------------------------------------------------------------

function trans_SVC(s: S, a: { imm: number }): boolean {
  s.exceptionInsn(EXCP.SWI, syndrome(EC.AA64_SVC, a.imm), 1, 4);
  return true;
}
/** A helper that does the call in x0…x3 and may stop the vCPU. */
function firmwareCall(s: S, name: 'psci' | 'semihosting'): boolean {
  s.syncCc();
  s.updatePc(4);
  s.tcg.call(s.helpers[name], null);
  if (s.ssActive) s.stepComplete(); else s.tcg.exitTb(TB_EXIT_NOCHAIN);
  s.isJmp = Jmp.NORETURN;
  return true;
}
/** HVC, SMC: PSCI and SMCCC calls on the machine's conduit; without EL2 and EL3 anything else is undefined. At EL0 always. */
const conduit = (insn: 'hvc' | 'smc') => (s: S): boolean => s.el > 0 && systemEnvironment().psciConduit === insn && firmwareCall(s, 'psci');

function trans_BRK(s: S, a: { imm: number }): boolean {
  s.exceptionInsn(EXCP.BKPT, syndrome(EC.AA64_BKPT, a.imm), 1);
  return true;
}
/** HLT: semihosting's number when that is on, undefined otherwise. */
const trans_HLT = (s: S, a: { imm: number }): boolean =>
  s.el > 0 && a.imm === 0xf000 && systemEnvironment().semihosting && firmwareCall(s, 'semihosting');

/** Returns to `address`; goes on in the TB found there unless an interrupt waits that may be unmasked now. */
function exceptionReturn(s: S, address: Temp): true {
  const { tcg } = s, pending = s.label(), r = tcg.i64();
  s.callHelper(s.helpers.exception_return, null, address);
  tcg.ld(r, CPUState.off.interrupt_request, 'ld32u');
  if (!(s.cflags & (CF_NO_GOTO_PTR | CF_SINGLE_STEP))) {
    tcg.brcond(Cond.NE, r, 0, pending);
    tcg.gotoPtr();
    tcg.setLabel(pending);
  }
  tcg.exitTb(TB_EXIT_NOCHAIN);
  s.isJmp = Jmp.NORETURN;
  return true;
}
function elr(s: S): Temp {
  const t = s.tcg.i64();
  s.tcg.ld(t, envOff.elr_el1);
  return t;
}
const trans_ERET = (s: S): boolean => s.el > 0 && exceptionReturn(s, elr(s));
const trans_ERETA = (s: S, a: { m: number }): boolean => s.el > 0 && s.feat.pauth && exceptionReturn(s, auth(s, a.m ? 'autib' : 'autia', elr(s), s.g.x[31]));

export const systemRows: DecodeRow<DisasContext>[] = [
  { name: 'HINT', pattern: '1101010100 0 00 011 0010 crm:4 op2:3 11111', trans: trans_HINT },
  { name: 'DSB', pattern: '1101010100 0 00 011 0011 xxxx 100 11111', trans: trans_DSB },
  { name: 'DMB', pattern: '1101010100 0 00 011 0011 xx types:2 101 11111', trans: trans_DMB },
  { name: 'ISB', pattern: '1101010100 0 00 011 0011 xxxx 110 11111', trans: trans_ISB },
  { name: 'SB', pattern: '1101010100 0 00 011 0011 0000 111 11111', trans: trans_SB },
  ...sysregRows,
  ...pauthRows,
  { name: 'SVC', pattern: '11010100 000 imm:16 000 01', trans: trans_SVC },
  { name: 'HVC', pattern: '11010100 000 xxxxxxxxxxxxxxxx 000 10', trans: conduit('hvc') },
  { name: 'SMC', pattern: '11010100 000 xxxxxxxxxxxxxxxx 000 11', trans: conduit('smc') },
  { name: 'BRK', pattern: '11010100 001 imm:16 000 00', trans: trans_BRK },
  { name: 'HLT', pattern: '11010100 010 imm:16 000 00', trans: trans_HLT },
  // DCPS1…3 and DRPS: UNDEFINED outside debug state, which does not exist here.
  { name: 'ERET', pattern: '1101011 0100 11111 000000 11111 00000', trans: trans_ERET },
  { name: 'ERETA', pattern: '1101011 0100 11111 00001 m:1 11111 11111', trans: trans_ERETA },
];
