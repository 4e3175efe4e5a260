// Memory ops: env accesses, guest loads and stores through the softmmu TLB, guest atomics, barriers.
import { Type, MemOp, Bar } from '../types.ts';
import { defOp, OpFlag, type Emit, type OpDef } from './def.ts';
import { MEM, ATOMIC, type ValType } from '../wasm/opcodes.ts';
import { MEM_RAM, type BlockDepth } from '../wasm/code.ts';
import { CPUState, TLBDesc, TLBEntry, TARGET_PAGE_BITS, TARGET_PAGE_SIZE } from '../../memory/layout/cpu.ts';

const INT = [Type.I32, Type.I64] as const;
const I64 = [Type.I64] as const;
const OFS = { name: 'offset', width: 'u16' } as const;

function envLoad(name: string, types: readonly Type[], doc: string, w32: keyof typeof MEM | null, w64: keyof typeof MEM | null): OpDef {
  return defOp(name, {
    doc: `t0 = ${doc} at the vCPU block + offset`, types, outs: ['T'], imms: [OFS], flags: 0,
    emit: (e) => e.out(0, () => {
      const at = e.envAt(0);
      if (e.type === Type.V128) e.w.vmem('v128_load', at);
      else e.w.mem((e.type === Type.I32 ? w32 : w64)!, at);
    }),
  });
}
function envStore(name: string, types: readonly Type[], doc: string, w32: keyof typeof MEM | null, w64: keyof typeof MEM | null): OpDef {
  return defOp(name, {
    doc: `${doc} at the vCPU block + offset = t0`, types, ins: ['T'], constIns: types[0] === Type.V128 ? [] : [0], imms: [OFS], flags: OpFlag.SIDE_EFFECTS,
    emit: (e) => {
      const at = e.envAt(0);
      e.in(0);
      if (e.type === Type.V128) e.w.vmem('v128_store', at);
      else e.w.mem((e.type === Type.I32 ? w32 : w64)!, at);
    },
  });
}

const envExchange = defOp('env_xchg', {
  doc: 't0 = word at the vCPU block + offset, which becomes t1, atomically: other threads write it, too', types: [Type.I32], outs: ['T'], ins: ['T'], constIns: [0], imms: [OFS],
  flags: OpFlag.SIDE_EFFECTS,
  emit: (e) => e.out(0, () => {
    const at = e.envAt(0);
    e.in(0);
    e.w.atomic('i32_rmw_xchg', at);
  }),
});

/** Memory-access immediates: MemOp (static), offset of the TLBDesc in the vCPU block, displacement added to the address. */
const memImms = (values: number[]) => [
  { name: 'memop', values }, { name: 'tlb', width: 'u16' }, { name: 'disp', width: 'i32' },
] as const;

const ORDERS = [0, MemOp.MO_ALIGN, MemOp.MO_SEQCST, MemOp.MO_SEQCST | MemOp.MO_ALIGN];
const LD_OPS = [0, 1, 2, 3, 8, 9, 10].flatMap((s) => ORDERS.map((o) => s | o));
const ST_OPS = [0, 1, 2, 3].flatMap((s) => ORDERS.map((o) => s | o));
const V_OPS = [MemOp.MO_128, MemOp.MO_128 | MemOp.MO_ALIGN];
const RMW_OPS = [0, 1, 2, 3];

/** Host address minus guest address of a window that is closed: no addend, which are multiples of the page size. */
export const WINDOW_CLOSED = 1;

/**
 * A guest access through the TLB. Emits `hit`, which finds the address in scratch i64 0 and calls `hostAddr` first, and
 * `slow` for what misses or has flags; both leave a `result`.
 *   a = addr + disp; entry = table + ((a >> (page_bits - 5)) & mask)
 *   hit: entry.addr_xx == (a + size-1 when unaligned is allowed) & (page_mask | align_mask)
 * An engine may have a guess of the entry, tried first: any entry of the same table will do, and what it holds is
 * compared all the same, so that flushes and marks are seen. It may know of further accesses to the bytes around
 * (TlbHint.window): then one comparison serves all. A write that `readsToo` wants a page that is readable.
 */
function emitAccess(e: Emit, addrIn: number, write: boolean, sizeLog2: number, aligned: boolean, result: ValType | undefined, hit: (hostAddr: () => void) => void, slow: () => void, readsToo = false): void {
  const w = e.w, a = e.scratch('i64', 0), hint = e.tlbHint(addrIn), size = 1 << sizeLog2;
  const entry = e.scratch('i32', 0), tag = write ? TLBEntry.off.addr_write : TLBEntry.off.addr_read, delta = e.wideRam ? 'i64' : 'i32';
  /** Pushes whether the entry in a local is that of a page, which `page` pushes. */
  const compare = (local: number, page: () => void) => {
    w.localGet(local); w.mem('i64_load', tag); page(); w.op('i64_eq');
    if (!readsToo) return;
    w.localGet(local); w.mem('i64_load', TLBEntry.off.addr_read);
    w.localGet(local); w.mem('i64_load', TLBEntry.off.addr_write); w.op('i64_eq'); w.op('i32_and');
  };
  const addend = (local: number) => { w.localGet(local); w.mem(e.wideRam ? 'i64_load' : 'i32_load', TLBEntry.off.addend); };
  /** Page of the last byte at local `at` + `bytes`; with bits below it when `mask` keeps some and they are set. */
  const pageOf = (at: number, bytes: number, mask = 0) => () => {
    w.localGet(at);
    if (bytes > 1) { w.i64Const(bytes - 1); w.op('i64_add'); }
    w.i64Const(-TARGET_PAGE_SIZE | mask); w.op('i64_and');
  };
  /** Branches when `bytes` bytes at local `at` end on another page. */
  const crosses = (at: number, bytes: number, to: BlockDepth) => {
    w.localGet(at); w.i64Const(TARGET_PAGE_SIZE - 1); w.op('i64_and'); w.i64Const(TARGET_PAGE_SIZE - bytes); w.op('i64_gt_u');
    w.hint(false); w.brIf(to);
  };
  /** The usual look-up of the page at local `at`. */
  const lookUp = (at: number) => {
    const desc = e.scratch('i32', 1), d = e.envAt(1);
    w.localTee(desc);
    w.mem('i32_load', d + TLBDesc.off.table);
    w.localGet(at); w.i64Const(TARGET_PAGE_BITS - 5); w.op('i64_shr_u'); w.op('i32_wrap_i64');
    w.localGet(desc); w.mem('i32_load', d + TLBDesc.off.mask);
    w.op('i32_and'); w.op('i32_add'); w.localSet(entry);
    if (hint) { w.localGet(entry); w.localSet(hint.guess); }
  };
  e.in(addrIn);
  if (e.immValue(2) !== 0) { e.imm(2); w.op('i64_extend_i32_s'); w.op('i64_add'); }
  w.localSet(a);
  const window = hint?.window;
  if (hint && window?.opens) {
    const low = e.scratch('i64', 'low'), ready = w.block();
    w.i32Const(WINDOW_CLOSED); if (e.wideRam) w.op('i64_extend_i32_u'); w.localSet(window.delta);
    w.localGet(a); w.i64Const(window.from); w.op('i64_add'); w.localSet(low);
    crosses(low, window.bytes, ready);
    if (hint.warm) {
      compare(hint.guess, pageOf(low, 1));
      w.hint(true); w.if(); addend(hint.guess); w.localSet(window.delta); w.br(ready); w.end();
    }
    lookUp(low);
    compare(entry, pageOf(low, 1));
    w.hint(true); w.if(); addend(entry); w.localSet(window.delta); w.end();
    w.end();
  }
  const done = w.block(result), found = w.block(delta);
  if (window) {
    w.localGet(window.delta);
    w.localGet(window.delta); if (e.wideRam) w.op('i32_wrap_i64'); w.i32Const(WINDOW_CLOSED); w.op('i32_and'); w.op('i32_eqz');
    w.hint(true); w.brIf(found); w.op('drop');
  } else if (hint?.warm) {
    // An entry that was looked up is that of the first byte; a guess may be that of the second page. Misaligned ones are looked up.
    const miss = w.block(), pair = !aligned && size === 16;
    if (pair) crosses(a, size, miss);
    addend(hint.guess);
    compare(hint.guess, pageOf(a, 1, pair ? 0 : size - 1));
    w.hint(true); w.brIf(found); w.op('drop');
    w.end();
  }
  lookUp(a);
  addend(entry);
  compare(entry, aligned ? pageOf(a, 1, size - 1) : pageOf(a, size));
  w.hint(true); w.brIf(found); w.op('drop');
  slow();
  w.br(done);
  w.end();
  hit(() => {
    w.localGet(a);
    if (!e.wideRam) w.op('i32_wrap_i64');
    w.op(e.wideRam ? 'i64_add' : 'i32_add');
  });
  w.end();
}

/** Slow-path functions every engine imports, in this order: (env, tb, insnRef, addrLo, addrHi, memop, tlbOffset) → status. */
export const SLOW_PATHS = ['slow_ld', 'slow_st', 'slow_rmw', 'slow_ll', 'slow_sc', 'slow_cas128'] as const;
/** Status of a slow path: done, guest exception raised, TLB filled: look up again (slow_rmw only). */
export const SLOW_DONE = 0;
export const SLOW_FAULT = 1;
export const SLOW_RETRY = 2;

/** Calls a slow path; pushes its status. */
function emitSlow(e: Emit, which: (typeof SLOW_PATHS)[number], memop: number): void {
  const w = e.w, a = e.scratch('i64', 0);
  e.env(); e.tb(); e.insnRef();
  w.localGet(a); w.op('i32_wrap_i64');
  w.localGet(a); w.i64Const(32); w.op('i64_shr_u'); w.op('i32_wrap_i64');
  w.i32Const(memop); e.imm(1);
  w.call(SLOW_PATHS.indexOf(which));
  e.tlbChanged();
}

const isAligned = (memop: number) => (memop & (MemOp.MO_ALIGN | MemOp.MO_SEQCST)) !== 0;
const sizeOf = (memop: number) => memop & MemOp.MO_SIZE;
const signExtends = (memop: number) => (memop & MemOp.MO_SIGN) !== 0;

/** Sign-extends the i64 on the stack from the size of `memop`. */
function emitExtend(e: Emit, memop: number): void {
  if (!signExtends(memop)) return;
  e.w.op((['i64_extend8_s', 'i64_extend16_s', 'i64_extend32_s'] as const)[sizeOf(memop)]);
}

const loadName = (memop: number): keyof typeof MEM => {
  const n = sizeOf(memop);
  return n === 3 ? 'i64_load' : `i64_load${(8 << n) as 8 | 16 | 32}_${signExtends(memop) ? 's' : 'u'}`;
};
const atomicLoadName = (n: number): keyof typeof ATOMIC => (n === 3 ? 'i64_load' : `i64_load${(8 << n) as 8 | 16 | 32}_u`);
const storeName = (n: number) => (n === 3 ? 'i64_store' : `i64_store${(8 << n) as 8 | 16 | 32}`) as 'i64_store' | 'i64_store8';

const ldst = OpFlag.SIDE_EFFECTS | OpFlag.MAY_FAULT;

const qemuLd = defOp('qemu_ld', {
  doc: 't0 = guest memory at t1 + disp, extended as memop says', types: I64, outs: ['T'], ins: ['i64'], imms: memImms(LD_OPS), flags: ldst,
  emit: (e) => e.out(0, () => {
    const memop = e.stat(0), w = e.w;
    emitAccess(e, 0, false, sizeOf(memop), isAligned(memop), 'i64', (hostAddr) => {
      hostAddr();
      if (memop & MemOp.MO_SEQCST) { w.atomic(atomicLoadName(sizeOf(memop)), 0, MEM_RAM); emitExtend(e, memop); }
      else w.mem(loadName(memop), 0, MEM_RAM);
    }, () => {
      emitSlow(e, 'slow_ld', memop);
      w.hint(false); w.if(); e.fault(); w.end();
      e.env(); w.mem(loadName(memop), CPUState.off.helper_ret);
    });
  }),
});

const qemuSt = defOp('qemu_st', {
  doc: 'guest memory at t1 + disp = t0', types: I64, ins: ['T', 'i64'], constIns: [0], imms: memImms(ST_OPS), flags: ldst,
  emit: (e) => {
    const memop = e.stat(0), w = e.w;
    emitAccess(e, 1, true, sizeOf(memop), isAligned(memop), undefined, (hostAddr) => {
      hostAddr();
      e.in(0);
      if (memop & MemOp.MO_SEQCST) w.atomic(storeName(sizeOf(memop)), 0, MEM_RAM);
      else w.mem(storeName(sizeOf(memop)), 0, MEM_RAM);
    }, () => {
      e.env(); e.in(0); w.mem('i64_store', CPUState.off.helper_arg);
      emitSlow(e, 'slow_st', memop);
      w.hint(false); w.if(); e.fault(); w.end();
    });
  },
});

const qemuLdV = defOp('qemu_ld_v128', {
  doc: 't0 = 16 bytes of guest memory at t1 + disp', types: [Type.V128], outs: ['v128'], ins: ['i64'], imms: memImms(V_OPS), flags: ldst,
  emit: (e) => e.out(0, () => {
    const memop = e.stat(0), w = e.w;
    emitAccess(e, 0, false, 4, isAligned(memop), 'v128', (hostAddr) => { hostAddr(); w.vmem('v128_load', 0, MEM_RAM); }, () => {
      emitSlow(e, 'slow_ld', memop);
      w.hint(false); w.if(); e.fault(); w.end();
      e.env(); w.vmem('v128_load', CPUState.off.helper_ret);
    });
  }),
});

const qemuStV = defOp('qemu_st_v128', {
  doc: '16 bytes of guest memory at t1 + disp = t0', types: [Type.V128], ins: ['v128', 'i64'], imms: memImms(V_OPS), flags: ldst,
  emit: (e) => {
    const memop = e.stat(0), w = e.w;
    emitAccess(e, 1, true, 4, isAligned(memop), undefined, (hostAddr) => { hostAddr(); e.in(0); w.vmem('v128_store', 0, MEM_RAM); }, () => {
      e.env(); e.in(0); w.vmem('v128_store', CPUState.off.helper_arg);
      emitSlow(e, 'slow_st', memop);
      w.hint(false); w.if(); e.fault(); w.end();
    });
  },
});

const half = (e: Emit, n: number) => e.scratch('i64', `half${n}`);

const qemuLdPair = defOp('qemu_ld_pair', {
  doc: 't0, t1 = the two doublewords of guest memory at t2 + disp, each single-copy atomic', types: I64, outs: ['T', 'T'], ins: ['i64'], imms: memImms([MemOp.MO_128]), flags: ldst,
  emit: (e) => {
    const { w } = e, host = e.scratch(e.wideRam ? 'i64' : 'i32', 'host');
    emitAccess(e, 0, false, 4, false, undefined, (hostAddr) => {
      hostAddr(); w.localTee(host);
      w.mem('i64_load', 0, MEM_RAM); w.localSet(half(e, 0));
      w.localGet(host); w.mem('i64_load', 8, MEM_RAM); w.localSet(half(e, 1));
    }, () => {
      emitSlow(e, 'slow_ld', MemOp.MO_128);
      w.hint(false); w.if(); e.fault(); w.end();
      for (const n of [0, 1]) { e.env(); w.mem('i64_load', CPUState.off.helper_ret + 8 * n); w.localSet(half(e, n)); }
    });
    for (const n of [0, 1]) e.out(n, () => w.localGet(half(e, n)));
  },
});

const qemuStPair = defOp('qemu_st_pair', {
  doc: 'the two doublewords of guest memory at t2 + disp = t0, t1, each single-copy atomic', types: I64, ins: ['T', 'T', 'i64'], constIns: [0, 1], imms: memImms([MemOp.MO_128]), flags: ldst,
  emit: (e) => {
    const { w } = e, host = e.scratch(e.wideRam ? 'i64' : 'i32', 'host');
    emitAccess(e, 2, true, 4, false, undefined, (hostAddr) => {
      hostAddr(); w.localTee(host); e.in(0); w.mem('i64_store', 0, MEM_RAM);
      w.localGet(host); e.in(1); w.mem('i64_store', 8, MEM_RAM);
    }, () => {
      for (const n of [0, 1]) { e.env(); e.in(n); w.mem('i64_store', CPUState.off.helper_arg + 8 * n); }
      emitSlow(e, 'slow_st', MemOp.MO_128);
      w.hint(false); w.if(); e.fault(); w.end();
    });
  },
});

/** Kinds of read-modify-write, numbered for the slow path. */
export const RMW_KINDS = ['cmpxchg', 'xchg', 'add', 'and', 'or', 'xor', 'smin', 'smax', 'umin', 'umax'] as const;
export type RmwKind = (typeof RMW_KINDS)[number];

/**
 * A guest read-modify-write. The slow path gets memop | kind << 8, does misaligned, MMIO and watched accesses itself
 * (in an exclusive section), and answers SLOW_RETRY after a mere TLB fill.
 */
function atomic(kind: RmwKind): OpDef {
  const cas = kind === 'cmpxchg';
  const minmax = /^[su](min|max)$/.test(kind);
  return defOp(cas ? 'qemu_atomic_cmpxchg' : kind === 'xchg' ? 'qemu_atomic_xchg' : `qemu_atomic_fetch_${kind}`, {
    doc: cas ? 't0 = old value at t1 + disp; t3 is stored when it equals t2' : `t0 = old value at t1 + disp; ${kind} with t2 is stored`,
    types: I64, outs: ['T'], ins: cas ? ['i64', 'T', 'T'] : ['i64', 'T'], imms: memImms(RMW_OPS), flags: ldst,
    emit: (e) => e.out(0, () => {
      const memop = e.stat(0), n = sizeOf(memop), w = e.w;
      const ended = w.block('i64'), retry = w.loop();
      emitAccess(e, 0, true, n, true, undefined, (hostAddr) => {
        hostAddr();
        if (minmax) emitMinMaxLoop(e, kind, n);
        else {
          e.in(1);
          if (cas) {
            // The narrow forms compare the whole i64 operand: cut the expected value to the access.
            if (n < 3) { w.i64Const((1n << BigInt(8 << n)) - 1n); w.op('i64_and'); }
            e.in(2);
          }
          const base = n === 3 ? `i64_rmw_${kind}` : `i64_rmw${8 << n}_${kind}_u`;
          w.atomic(base as 'i64_rmw_add', 0, MEM_RAM);
        }
        w.br(ended);
      }, () => {
        e.env(); e.in(1); w.mem('i64_store', CPUState.off.helper_arg);
        if (cas) { e.env(); e.in(2); w.mem('i64_store', CPUState.off.helper_arg + 8); }
        emitSlow(e, 'slow_rmw', memop | (RMW_KINDS.indexOf(kind) << 8));
        const st = e.scratch('i32', 2);
        w.localTee(st); w.i32Const(SLOW_RETRY); w.op('i32_eq'); w.brIf(retry);
        w.localGet(st); w.hint(false); w.if(); e.fault(); w.end();
        e.env(); w.mem(loadName(memop), CPUState.off.helper_ret); w.br(ended);
      }, true);
      w.op('unreachable');
      w.end();
      w.op('unreachable');
      w.end();
    }),
  });
}

/** wasm has no atomic min/max: a compare-and-swap loop. Takes the address from the stack, pushes the old value. */
function emitMinMaxLoop(e: Emit, kind: string, n: number): void {
  const w = e.w, host = e.scratch(e.wideRam ? 'i64' : 'i32', 'host'), old = e.scratch('i64', 2), seen = e.scratch('i64', 3), v = e.scratch('i64', 4);
  const isSigned = kind[0] === 's';
  const load = atomicLoadName(n);
  const cas = (n === 3 ? 'i64_rmw_cmpxchg' : `i64_rmw${8 << n}_cmpxchg_u`) as 'i64_rmw_cmpxchg';
  const ext = () => { if (isSigned && n < 3) w.op((['i64_extend8_s', 'i64_extend16_s', 'i64_extend32_s'] as const)[n]); };
  const cut = () => { if (n < 3) { w.i64Const((1n << BigInt(8 << n)) - 1n); w.op('i64_and'); } };
  w.localTee(host); w.atomic(load, 0, MEM_RAM); w.localSet(old);
  e.in(1); if (isSigned) ext(); else cut(); w.localSet(v);
  const again = w.loop();
  w.localGet(host); w.localGet(old);
  w.localGet(v); w.localGet(old); w.localGet(v); w.localGet(old); ext();
  w.op(`i64_${kind.endsWith('min') ? 'lt' : 'gt'}_${isSigned ? 's' : 'u'}`);
  w.op('select'); cut();
  w.atomic(cas, 0, MEM_RAM); w.localTee(seen);
  w.localGet(old);
  w.localGet(seen); w.localSet(old);
  w.op('i64_ne'); w.brIf(again);
  w.end();
  w.localGet(old);
}

/** Immediates of the exclusives: no region keeps a guess of their TLB entry. */
const LL_IMMS = [{ name: 'memop', values: [0, 1, 2, 3, 4].flatMap((s) => ORDERS.map((o) => s | o)) }, { name: 'desc', width: 'u16' }] as const;

/** Calls the slow path of an exclusive access to the address in input 0; the value is in helper_ret. */
function emitExclusive(e: Emit, which: (typeof SLOW_PATHS)[number]): void {
  const { w } = e;
  e.in(0); w.localSet(e.scratch('i64', 0));
  emitSlow(e, which, e.stat(0));
  w.hint(false); w.if(); e.fault(); w.end();
  e.env(); w.mem('i64_load', CPUState.off.helper_ret);
}

const qemuLl = defOp('qemu_ll', {
  doc: 't0 = guest memory at t1, zero-extended; opens the monitor of its granule (CPUState.ll_*). The upper half of 16 bytes goes to helper_ret + 8', types: I64,
  outs: ['T'], ins: ['i64'], imms: LL_IMMS, flags: ldst,
  emit: (e) => e.out(0, () => emitExclusive(e, 'slow_ll')),
});
const qemuSc = defOp('qemu_sc', {
  doc: 'guest memory at t1 = t2 (and t3, of 16 bytes) if the monitor of its granule is open: t0 = 0, else 1', types: I64,
  outs: ['T'], ins: ['i64', 'T', 'T'], imms: LL_IMMS, flags: ldst,
  emit: (e) => e.out(0, () => {
    for (const n of [1, 2]) { e.env(); e.in(n); e.w.mem('i64_store', CPUState.off.helper_arg + 8 * (n - 1)); }
    emitExclusive(e, 'slow_sc');
  }),
});

const qemuCas128 = defOp('qemu_cas128', {
  doc: '16 aligned bytes at t1: t2, t3 (low, high) if they are t4, t5; t0 = the low half of what was there, the high one goes to helper_ret + 8', types: I64,
  outs: ['T'], ins: ['i64', 'T', 'T', 'T', 'T'], imms: LL_IMMS, flags: ldst,
  emit: (e) => e.out(0, () => {
    for (const n of [1, 2, 3, 4]) { e.env(); e.in(n); e.w.mem('i64_store', CPUState.off.helper_arg + 8 * (n - 1)); }
    emitExclusive(e, 'slow_cas128');
  }),
});

/** Whether the host orders loads and stores as TSO does, so that only store→load needs a fence. */
export const HOST_IS_TSO = process.arch === 'x64' || process.arch === 'ia32';

const mb = defOp('mb', {
  doc: 'memory barrier; immediate: TCG_MO_* | TCG_BAR_* bits', types: I64, imms: [{ name: 'bar', values: Array.from({ length: 64 }, (_, i) => i) }],
  flags: OpFlag.SIDE_EFFECTS,
  emit: (e) => { if (!HOST_IS_TSO || e.stat(0) & Bar.TCG_MO_ST_LD) e.w.fence(); },
});

export const memOps = [
  envLoad('ld8u', INT, 'zero-extended byte', 'i32_load8_u', 'i64_load8_u'),
  envLoad('ld8s', INT, 'sign-extended byte', 'i32_load8_s', 'i64_load8_s'),
  envLoad('ld16u', INT, 'zero-extended halfword', 'i32_load16_u', 'i64_load16_u'),
  envLoad('ld16s', INT, 'sign-extended halfword', 'i32_load16_s', 'i64_load16_s'),
  envLoad('ld32u', I64, 'zero-extended word', null, 'i64_load32_u'),
  envLoad('ld32s', I64, 'sign-extended word', null, 'i64_load32_s'),
  envLoad('ld', [Type.I32, Type.I64, Type.V128], 'value', 'i32_load', 'i64_load'),
  envStore('st8', INT, 'byte', 'i32_store8', 'i64_store8'),
  envStore('st16', INT, 'halfword', 'i32_store16', 'i64_store16'),
  envStore('st32', I64, 'word', null, 'i64_store32'),
  envStore('st', [Type.I32, Type.I64], 'value', 'i32_store', 'i64_store'),
  envStore('st_v128', [Type.V128], 'vector', null, null),
  envExchange,
  qemuLd, qemuSt, qemuLdV, qemuStV, qemuLdPair, qemuStPair,
  ...RMW_KINDS.map(atomic),
  qemuLl, qemuSc, qemuCas128,
  mb,
];
