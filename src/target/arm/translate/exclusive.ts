// Load-Exclusive and Store-Exclusive: the interface of their schemes, the `cmpxchg` scheme, and the decode rows.
import type { DecodeRow } from '../../../tcg/decode.ts';
import { Cond, MemOp, type Temp } from '../../../tcg/types.ts';
import type { ExclusiveSchemeName } from '../../../memory/layout/exclusive.ts';
import { envOff } from '../env.ts';
import type { DisasContext } from './context.ts';
import { ordered } from './ldst.ts';

type S = DisasContext;

/** Operands of LDXR, LDXP, STXR, STXP. `size`: log2 of one register's bytes. */
export interface ExclusiveAccess {
  readonly size: number;
  readonly pair: boolean;
  /** Acquire for loads, release for stores. */
  readonly ordered: boolean;
  /** Status register of a store. */
  readonly rs: number;
  readonly rt: number;
  readonly rt2: number;
  readonly rn: number;
}

/** How the exclusive monitors are done (`-accel tcg,exclusive=NAME`). */
export interface ExclusiveScheme {
  readonly name: string;
  /** Rt (and Rt2) = memory at [Rn]; opens a reservation. */
  load(s: S, a: ExclusiveAccess): void;
  /** Stores Rt (and Rt2) to [Rn] if the reservation is open there: Rs = 0, else 1; closes it. */
  store(s: S, a: ExclusiveAccess): void;
  /** CLREX. */
  clear(s: S): void;
}

// --- byte order of what the schemes keep ---------------------------------------------------------------------------

/** A guest value of `size` as it lies in little-endian memory. */
function toMemory(s: S, value: Temp, size: number): Temp {
  if (!s.beData || size === 0) return value;
  const t = s.tcg.i64();
  if (size === 1) s.tcg.bswap16(t, value); else if (size === 2) s.tcg.bswap32(t, value); else s.tcg.bswap64(t, value);
  return t;
}
/** Two 32-bit registers as the 8 bytes they are in memory. Rt has the lower address. */
export function pairToMemory(s: S, rt: Temp, rt2: Temp): Temp {
  const t = s.tcg.i64();
  s.tcg.deposit(t, toMemory(s, rt, 2), toMemory(s, rt2, 2), 32, 32);
  return t;
}
/** Writes registers from 8 bytes of memory holding two words. */
export function pairFromMemory(s: S, rt: number, rt2: number, raw: Temp): void {
  const high = s.tcg.i64();
  s.tcg.shr(high, raw, 32);
  if (s.beData) {
    s.tcg.bswap32(s.xd(rt), raw);
    s.tcg.bswap32(s.xd(rt2), high);
  } else {
    s.setR(rt, 0, raw);
    s.tcg.mov(s.xd(rt2), high);
  }
}

/** Raises the alignment fault of an access of `bytes` (with FEAT_LSE2, of one that leaves its 16 bytes). Ends the basic block. */
export function checkAligned(s: S, address: Temp, bytes: number, isStore: boolean): void {
  const { tcg } = s, ok = s.label(), { pcSave, ccOpEnv } = s;
  if (s.feat.lse2 && !s.alignMem && bytes < 16) {
    const t = tcg.i64();
    tcg.add(t, address, bytes - 1);
    tcg.xor(t, t, address);
    tcg.brcond(Cond.LTU, t, 16, ok);
  } else tcg.brcond(Cond.TSTEQ, address, bytes - 1, ok);
  s.callHelper(s.helpers.unaligned_access, null, address, isStore ? 1 : 0, s.mmuIdx);
  tcg.setLabel(ok);
  // The helper always leaves: at the label env holds what it held before.
  s.pcSave = pcSave;
  s.ccOpEnv = ccOpEnv;
}

// --- the cmpxchg scheme --------------------------------------------------------------------------------------------

const NO_RESERVATION = -1n;

/** QEMU's scheme: the store is a compare-and-swap against the value loaded, so it does not notice A-B-A changes. */
export const cmpxchgScheme: ExclusiveScheme = {
  name: 'cmpxchg',

  load(s, a) {
    const { tcg } = s, addr = s.xsp(a.rn), order = a.ordered || s.feat.lse2 ? ordered(s) : MemOp.MO_ALIGN;
    if (a.pair && a.size === 3) {
      // Two single loads: the store compares both halves, so a torn pair cannot be stored back.
      checkAligned(s, addr, 16, false);
      const lo = tcg.i64(), hi = tcg.i64();
      tcg.qemuLd(lo, addr, 3 | order, s.mmuIdx);
      tcg.qemuLd(hi, addr, 3 | order, s.mmuIdx, 8);
      tcg.st(addr, envOff.exclusive_addr);
      tcg.st(lo, envOff.exclusive_val);
      tcg.st(hi, envOff.exclusive_high);
      tcg.mov(s.xd(a.rt), toMemory(s, lo, 3));
      tcg.mov(s.xd(a.rt2), toMemory(s, hi, 3));
      return;
    }
    const size = a.pair ? 3 : a.size;
    const direct = !a.pair && !s.beData && a.rt !== 31 && a.rt !== a.rn;
    const raw = direct ? s.g.x[a.rt] : tcg.i64();
    tcg.qemuLd(raw, addr, size | order, s.mmuIdx);
    tcg.st(addr, envOff.exclusive_addr);
    tcg.st(raw, envOff.exclusive_val);
    if (a.pair) pairFromMemory(s, a.rt, a.rt2, raw);
    else if (!direct) tcg.mov(s.xd(a.rt), toMemory(s, raw, size));
  },

  store(s, a) {
    const { tcg } = s, addr = s.xsp(a.rn), wide = a.pair && a.size === 3;
    const size = a.pair ? 3 : a.size, bytes = wide ? 16 : 1 << size;
    const fail = s.label(), done = s.label(), status = s.xd(a.rs);
    const open = tcg.i64(), expected = tcg.i64(), failed = tcg.i64();
    tcg.ld(open, envOff.exclusive_addr);
    tcg.brcond(Cond.NE, open, addr, fail);
    tcg.ld(expected, envOff.exclusive_val);
    if (wide) {
      const high = tcg.i64(), t = tcg.i64();
      tcg.ld(high, envOff.exclusive_high);
      const [lo, hi] = tcg.qemuCas128(addr, [expected, high], [toMemory(s, s.xr(a.rt), 3), toMemory(s, s.xr(a.rt2), 3)], s.mmuIdx);
      tcg.xor(t, lo, expected);
      tcg.xor(failed, hi, high);
      tcg.or(t, t, failed);
      tcg.setcond(Cond.NE, status, t, 0);
    } else {
      const old = tcg.i64();
      const value = a.pair ? pairToMemory(s, s.xr(a.rt), s.xr(a.rt2)) : toMemory(s, s.xr(a.rt), size);
      tcg.atomicCmpxchg(old, addr, expected, value, size, s.mmuIdx);
      tcg.setcond(Cond.NE, status, old, expected);
    }
    tcg.br(done);
    tcg.setLabel(fail);
    // The monitor does not save a misaligned store from its fault.
    if (bytes > 1) checkAligned(s, addr, bytes, true);
    tcg.mov(status, 1);
    tcg.setLabel(done);
    tcg.st(NO_RESERVATION, envOff.exclusive_addr);
  },

  clear(s) { s.tcg.st(NO_RESERVATION, envOff.exclusive_addr); },
};

// --- the schemes with a monitor ------------------------------------------------------------------------------------

/**
 * A global monitor on granules of physical memory (src/accel/granules.ts): the store fails when anybody else stored to
 * the granule in between. exclusive_addr says that the local monitor is open, and for which address.
 */
function monitorScheme(name: string, metered: boolean): ExclusiveScheme {
  const memopOf = (s: S, a: ExclusiveAccess): number => (a.pair && a.size === 3 ? MemOp.MO_128 | MemOp.MO_ALIGN
    : (a.pair ? 3 : a.size) | (a.ordered || s.feat.lse2 ? ordered(s) : MemOp.MO_ALIGN));
  return {
    name,

    load(s, a) {
      const { tcg } = s, addr = s.xsp(a.rn), wide = a.pair && a.size === 3;
      const raw = tcg.i64(), high = wide ? tcg.i64() : null;
      tcg.qemuLl(raw, high, addr, memopOf(s, a), s.mmuIdx);
      tcg.st(addr, envOff.exclusive_addr);
      if (metered) {
        tcg.st(raw, envOff.exclusive_val);
        if (high) tcg.st(high, envOff.exclusive_high);
      }
      if (high) {
        tcg.mov(s.xd(a.rt), toMemory(s, raw, 3));
        tcg.mov(s.xd(a.rt2), toMemory(s, high, 3));
      } else if (a.pair) pairFromMemory(s, a.rt, a.rt2, raw);
      else tcg.mov(s.xd(a.rt), toMemory(s, raw, a.size));
    },

    store(s, a) {
      const { tcg } = s, addr = s.xsp(a.rn), wide = a.pair && a.size === 3, memop = memopOf(s, a), bytes = 1 << (memop & MemOp.MO_SIZE);
      const fail = s.label(), done = s.label(), failed = tcg.tempTb(), open = tcg.i64();
      if (metered) {
        // The helper needs both; the way past it must agree.
        s.syncCc();
        s.updatePc(0);
      }
      tcg.ld(open, envOff.exclusive_addr);
      tcg.brcond(Cond.NE, open, addr, fail);
      const value = wide ? toMemory(s, s.xr(a.rt), 3) : a.pair ? pairToMemory(s, s.xr(a.rt), s.xr(a.rt2)) : toMemory(s, s.xr(a.rt), a.size);
      tcg.qemuSc(failed, addr, value, wide ? toMemory(s, s.xr(a.rt2), 3) : 0, memop, s.mmuIdx);
      if (metered) {
        tcg.brcond(Cond.EQ, failed, 0, done);
        tcg.call(s.helpers.store_exclusive_failed, null, addr, bytes);
      }
      tcg.br(done);
      tcg.setLabel(fail);
      // The monitor does not save a misaligned store from its fault.
      if (bytes > 1) checkAligned(s, addr, bytes, true);
      tcg.mov(failed, 1);
      tcg.setLabel(done);
      tcg.mov(s.xd(a.rs), failed);
      tcg.st(NO_RESERVATION, envOff.exclusive_addr);
    },

    clear(s) { s.tcg.st(NO_RESERVATION, envOff.exclusive_addr); },
  };
}

/** `-accel tcg,exclusive=NAME`. */
export const EXCLUSIVE_SCHEMES: Readonly<Record<ExclusiveSchemeName, ExclusiveScheme>> = {
  cmpxchg: cmpxchgScheme,
  softmmu: monitorScheme('softmmu', false),
  check: monitorScheme('check', true),
};

// --- decode --------------------------------------------------------------------------------------------------------

interface Encoding { size: number; rs: number; o0: number; rt2: number; rn: number; rt: number }
const access = (a: Encoding, pair: boolean): ExclusiveAccess =>
  ({ size: a.size, pair, ordered: a.o0 === 1, rs: a.rs, rt: a.rt, rt2: a.rt2, rn: a.rn });

const loadExclusive = (pair: boolean) => (s: S, a: Encoding): boolean => {
  s.isLdex = true;
  s.exclusive.load(s, access({ ...a, size: pair ? 2 + a.size : a.size }, pair));
  return true;
};
const storeExclusive = (pair: boolean) => (s: S, a: Encoding): boolean => {
  s.exclusive.store(s, access({ ...a, size: pair ? 2 + a.size : a.size }, pair));
  return true;
};

export const exclusiveRows: DecodeRow<DisasContext>[] = [
  { name: 'STXR', pattern: 'size:2 001000 0 0 0 rs:5 o0:1 xxxxx rn:5 rt:5', trans: storeExclusive(false) },
  { name: 'LDXR', pattern: 'size:2 001000 0 1 0 xxxxx o0:1 xxxxx rn:5 rt:5', trans: loadExclusive(false) },
  { name: 'STXP', pattern: '1 size:1 001000 0 0 1 rs:5 o0:1 rt2:5 rn:5 rt:5', trans: storeExclusive(true) },
  { name: 'LDXP', pattern: '1 size:1 001000 0 1 1 xxxxx o0:1 rt2:5 rn:5 rt:5', trans: loadExclusive(true) },
  { name: 'CLREX', pattern: '1101010100 0 00 011 0011 xxxx 010 11111', trans: (s) => { s.exclusive.clear(s); return true; } },
];
