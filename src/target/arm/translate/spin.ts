// Extra ops around exclusives, compare-and-swaps, test-and-sets and acquiring loads while the lock profiler is on.
import { SPIN_CAS, SPIN_LDXR, SPIN_LOAD, SPIN_STXR, SPIN_TAS, SPIN_YIELD } from '../../../memory/layout/profile.ts';
import { CF_CROWDED } from '../../../memory/layout/tb.ts';
import { Cond, type Temp } from '../../../tcg/types.ts';
import { envOff } from '../env.ts';
import { Jmp, type DisasContext } from './context.ts';

type S = DisasContext;
/** Emits what comes after the instruction. */
type After = () => void;

const rt = (insn: number): number => insn & 31, rn = (insn: number): number => (insn >> 5) & 31, rs = (insn: number): number => (insn >> 16) & 31;
const size = (insn: number): number => insn >>> 30;

/** What the helper is told of a try. */
const what = (s: S, kind: number): number => kind << 12 | s.pcCurr;

/** A success: ends the wait under way, if there is one. */
const success = (s: S, address: Temp): void => s.tcg.spinSuccess(address, s.helpers.spin_success);

/** A copy of a register for after the instruction, `bits` of it. */
function copy(s: S, from: Temp, bits = 64): Temp {
  const t = s.tcg.tempTb();
  if (bits === 64) s.tcg.mov(t, from);
  else s.tcg.extract(t, from, 0, bits);
  return t;
}

/** The address that RN had before the instruction, which writes `written`. */
function addressOf(s: S, insn: number, ...written: readonly number[]): () => Temp {
  const n = rn(insn);
  if (n === 31 || !written.includes(n)) return () => s.xsp(n);
  const t = copy(s, s.xsp(n));
  return () => t;
}

/** What RS had, `bits` of it; a register that the instruction does not write is read after it. */
function valueOf(s: S, insn: number, bits: number, ...written: readonly number[]): () => Temp {
  const n = rs(insn);
  if (bits === 64 && !written.includes(n)) return () => s.xr(n);
  const t = copy(s, s.xr(n), bits);
  return () => t;
}

/** In vain if a cond b. */
function outcome(s: S, cond: Cond, a: Temp, b: Temp | number, kind: number, address: Temp): void {
  s.tcg.spinOutcome(cond, a, b, address, s.helpers.spin_vain, what(s, kind), s.helpers.spin_success);
}

/** STXR, STXP: the status register says. */
function storeExclusive(s: S, insn: number): After | undefined {
  if (rs(insn) === 31) return undefined;
  return () => outcome(s, Cond.NE, s.xr(rs(insn)), 0, SPIN_STXR, s.xsp(rn(insn)));
}

/** LDXR with the reservation still open there: nothing was stored since, it looks again. */
function loadExclusive(s: S, insn: number): undefined {
  const t = s.tcg.i64(), address = s.xsp(rn(insn));
  s.tcg.ld(t, envOff.exclusive_addr);
  s.tcg.spinVain(Cond.EQ, t, address, address, s.helpers.spin_vain, what(s, SPIN_LDXR));
  return undefined;
}

function compareAndSwap(s: S, insn: number): After | undefined {
  if (rs(insn) === 31) return undefined;
  const expected = valueOf(s, insn, 8 << size(insn), rs(insn)), address = addressOf(s, insn, rs(insn));
  return () => outcome(s, Cond.NE, s.xr(rs(insn)), expected(), SPIN_CAS, address());
}

/** CASP: the first register of the pair tells, mostly. */
function compareAndSwapPair(s: S, insn: number): After {
  const bits = insn >>> 30 & 1 ? 64 : 32, a = rs(insn), address = addressOf(s, insn, a, a + 1);
  const lo = copy(s, s.xr(a), bits), hi = copy(s, s.xr(a + 1), bits);
  return () => {
    const t = s.tcg.i64(), u = s.tcg.i64();
    s.tcg.xor(t, s.xr(a), lo);
    s.tcg.xor(u, s.xr(a + 1), hi);
    s.tcg.or(t, t, u);
    outcome(s, Cond.NE, t, 0, SPIN_CAS, address());
  };
}

/** SWP that finds what it writes: a lock that was taken already. One that writes 0 gives a lock back. */
function swap(s: S, insn: number): After | undefined {
  if (rt(insn) === 31) return undefined;
  if (rs(insn) === 31) return fetchAndOp(s, insn);
  const value = valueOf(s, insn, 8 << size(insn), rt(insn)), address = addressOf(s, insn, rt(insn));
  return () => outcome(s, Cond.EQ, s.xr(rt(insn)), value(), SPIN_TAS, address());
}

/** Any other: nothing it could fail at; what was waited for before is over. One that only releases gives back what it got by another. */
function fetchAndOp(s: S, insn: number): After | undefined {
  if ((insn >>> 22 & 3) === 1) return undefined;
  const address = addressOf(s, insn, rt(insn));
  return () => success(s, address());
}

/** LDSET of bits that are set already. */
function setBits(s: S, insn: number): After | undefined {
  if (rt(insn) === 31) return fetchAndOp(s, insn);
  const bits = valueOf(s, insn, 8 << size(insn), rt(insn)), address = addressOf(s, insn, rt(insn));
  return () => {
    const t = s.tcg.i64();
    s.tcg.not(t, s.xr(rt(insn)));
    s.tcg.and(t, t, bits());
    outcome(s, Cond.EQ, t, 0, SPIN_TAS, address());
  };
}

/** LDAR that reads the same from the same place as the last one: it polls. */
function acquire(s: S, insn: number): After | undefined {
  if (rt(insn) === 31) return undefined;
  const address = addressOf(s, insn, rt(insn));
  return () => s.tcg.spinLook(address(), s.xr(rt(insn)), s.helpers.spin_vain, what(s, SPIN_LOAD), s.helpers.spin_changed);
}

/** YIELD that only says that it waits; one that gives the core away tells by its helper. */
function yields(s: S): undefined {
  if (s.cflags & CF_CROWDED) return undefined;
  const none = s.tcg.i64();
  s.tcg.mov(none, 0);
  s.tcg.spinVain(Cond.EQ, none, 0, none, s.helpers.spin_vain, what(s, SPIN_YIELD));
  return undefined;
}

/** Encodings (Arm ARM C4.1): mask, value, what to emit. The first that fits counts. */
const ROWS: readonly (readonly [mask: number, value: number, emit: (s: S, insn: number) => After | undefined])[] = [
  [0x3fe00000, 0x08000000, storeExclusive],
  [0x3fe00000, 0x08400000, loadExclusive],
  [0xbfe00000, 0x88200000, storeExclusive],
  [0xbfe00000, 0x88600000, loadExclusive],
  [0x3fa07c00, 0x08a07c00, compareAndSwap],
  [0xbfa07c00, 0x08207c00, compareAndSwapPair],
  [0x3fe08000, 0x08c08000, acquire],
  [0x3ffffc00, 0x38bfc000, acquire],
  [0x3f20fc00, 0x38208000, swap],
  [0x3f20fc00, 0x38203000, setBits],
  [0x3f208c00, 0x38200000, fetchAndOp],
  [0xffffffff, 0xd503203f, yields],
];

/** Before an instruction is translated: emits what precedes it; the result, what follows it. */
export function watchInsn(s: S, insn: number): After | undefined {
  const word = insn >>> 0;
  const row = ROWS.find(([mask, value]) => (word & mask) >>> 0 === value);
  return row?.[2](s, insn);
}

/** After it was translated. */
export function afterInsn(s: S, after: After | undefined): void {
  if (after && s.isJmp !== Jmp.NORETURN) after();
}
