// Generates the wasm paths of exclusives, 16-byte atomics, and of stores and atomics to marked pages.
import { CPUState, TARGET_PAGE_BITS, TARGET_PAGE_SIZE, TLBDesc, TLBEntry, TLB_EXCLUSIVE } from '../memory/layout/cpu.ts';
import { GRANULE_COUNT, GRANULE_LOCKED, GRANULE_SPREAD, GRANULE_WATCHED, GRANULE_WORDS, LL_MARKED, LL_USED } from '../memory/layout/exclusive.ts';
import { PageDesc } from '../memory/layout/tb.ts';
import { isWideRam } from '../memory/ram.ts';
import { RMW_KINDS, SLOW_DONE, SLOW_PATHS } from './ops/mem.ts';
import { MemOp } from './types.ts';
import { MEM_RAM, WasmCode, type BlockDepth } from './wasm/code.ts';
import { WasmModule } from './wasm/module.ts';
import type { ATOMIC, MEM, ValType } from './wasm/opcodes.ts';

export interface GranulePathOptions {
  statePages: number;
  ramPages: number;
  /** log2 of a granule. */
  granuleBits: number;
  /** Address of the granule words. */
  granuleBase: number;
  /** Address of the page descriptors. */
  pageDescBase: number;
  /** False with one vCPU: its own stores need not be seen, pages are not marked. */
  marksPages: boolean;
}

/** Stores to marked pages between two looks of the slow path (it may sweep). A power of two. */
export const LOOK_AFTER_STORES = 1 << 18;
/** Looks at a locked word before the slow path waits for it. */
const SPINS = 64;

/** Parameters of every slow path, then the locals used here. */
const ENV = 0, LO = 3, HI = 4, MEMOP = 5, TLB = 6, A = 7, ENTRY = 8, HOST = 9, WORD = 10, SEEN = 11, N = 12, SPUN = 13, OLD = 14, NEW = 15, X = 16, Y = 17;
const SHIFT = 18, COUNT = 19;
const SLOW_ARGS = 7;
const ARG = CPUState.off.helper_arg, RET = CPUState.off.helper_ret;

type Body = (slow: BlockDepth) => void;

class PathEmit {
  readonly w = new WasmCode(1024);
  readonly #o: GranulePathOptions;
  readonly #js: number;
  constructor(o: GranulePathOptions, js: number) { this.#o = o; this.#js = js; }

  locals(): ValType[] { return ['i64', 'i32', isWideRam(this.#o.ramPages) ? 'i64' : 'i32', 'i32', 'i32', 'i32', 'i32', 'i64', 'i64', 'i64', 'i64', 'i64', 'i32']; }

  /** The whole function: what `body` leaves by the block it is given goes to the TypeScript path of the same name. */
  function(body: Body): void {
    const { w } = this;
    const slow = w.block();
    body(slow);
    w.end();
    for (let k = 0; k < SLOW_ARGS; k++) w.localGet(k);
    w.returnCall(this.#js);
  }
  done(): void { this.w.i32Const(SLOW_DONE); this.w.return(); }

  /** A = address; N = bytes; ENTRY = its TLB entry. Leaves when the access passes its granule or is misaligned and may not be. */
  address(slow: BlockDepth, mustAlign: boolean): void {
    const { w } = this;
    w.localGet(LO); w.op('i64_extend_i32_u'); w.localGet(HI); w.op('i64_extend_i32_u'); w.i64Const(32); w.op('i64_shl'); w.op('i64_or'); w.localSet(A);
    w.i32Const(1); w.localGet(MEMOP); w.i32Const(MemOp.MO_SIZE); w.op('i32_and'); w.op('i32_shl'); w.localSet(N);
    w.localGet(LO); w.localGet(N); w.i32Const(1); w.op('i32_sub'); w.op('i32_and');
    if (!mustAlign) { w.localGet(MEMOP); w.i32Const(MemOp.MO_ALIGN | MemOp.MO_SEQCST); w.op('i32_and'); w.i32Const(0); w.op('i32_ne'); w.i32Const(-1); w.op('i32_mul'); w.op('i32_and'); }
    w.brIf(slow);
    const size = 1 << this.#o.granuleBits;
    w.localGet(LO); w.i32Const(size - 1); w.op('i32_and'); w.localGet(N); w.op('i32_add'); w.i32Const(size); w.op('i32_gt_u'); w.brIf(slow);
    const desc = () => { w.localGet(ENV); w.localGet(TLB); w.op('i32_add'); };
    desc(); w.mem('i32_load', TLBDesc.off.table);
    w.localGet(A); w.i64Const(TARGET_PAGE_BITS - Math.log2(TLBEntry.size)); w.op('i64_shr_u'); w.op('i32_wrap_i64');
    desc(); w.mem('i32_load', TLBDesc.off.mask); w.op('i32_and'); w.op('i32_add'); w.localSet(ENTRY);
  }

  /** Leaves unless the entry's tag is the page with exactly these flags. */
  tag(slow: BlockDepth, tag: number, flags: number): void {
    const { w } = this;
    w.localGet(ENTRY); w.mem('i64_load', tag);
    w.localGet(A); w.i64Const(-TARGET_PAGE_SIZE); w.op('i64_and'); if (flags) { w.i64Const(flags); w.op('i64_or'); }
    w.op('i64_ne'); w.brIf(slow);
  }
  get #writeFlags(): number { return this.#o.marksPages ? TLB_EXCLUSIVE : 0; }
  writable(slow: BlockDepth): void { this.tag(slow, TLBEntry.off.addr_write, this.#writeFlags); }

  /** HOST = where the entry has the address in ram. */
  host(): void {
    const { w } = this, wide = isWideRam(this.#o.ramPages);
    w.localGet(A); if (!wide) w.op('i32_wrap_i64');
    w.localGet(ENTRY); w.mem(wide ? 'i64_load' : 'i32_load', TLBEntry.off.addend); w.op(wide ? 'i64_add' : 'i32_add'); w.localSet(HOST);
  }
  #hostLow(): void { this.w.localGet(HOST); if (isWideRam(this.#o.ramPages)) this.w.op('i32_wrap_i64'); }
  host64(): void { this.w.localGet(HOST); if (!isWideRam(this.#o.ramPages)) this.w.op('i64_extend_i32_u'); }

  /** WORD = the granule's. */
  word(): void {
    const { w } = this;
    this.#hostLow(); w.i32Const(this.#o.granuleBits); w.op('i32_shr_u'); w.i32Const(GRANULE_SPREAD); w.op('i32_mul'); w.i32Const(GRANULE_WORDS - 1); w.op('i32_and');
    w.i32Const(2); w.op('i32_shl'); w.i32Const(this.#o.granuleBase); w.op('i32_add'); w.localSet(WORD);
  }

  /** Locks WORD, which was SEEN. Leaves when it is watched, or stays locked. */
  lock(slow: BlockDepth): void {
    const { w } = this;
    const again = w.loop();
    w.localGet(SPUN); w.i32Const(1); w.op('i32_add'); w.localTee(SPUN); w.i32Const(SPINS); w.op('i32_gt_u'); w.brIf(slow);
    w.localGet(WORD); w.atomic('i32_load'); w.localTee(SEEN); w.i32Const(GRANULE_WATCHED); w.op('i32_and'); w.brIf(slow);
    w.localGet(SEEN); w.i32Const(GRANULE_LOCKED); w.op('i32_and'); w.brIf(again);
    w.localGet(WORD); w.localGet(SEEN); w.localGet(SEEN); w.i32Const(GRANULE_LOCKED); w.op('i32_or'); w.atomic('i32_rmw_cmpxchg'); w.localGet(SEEN); w.op('i32_ne'); w.brIf(again);
    w.end();
  }
  /** WORD = SEEN counted on: after a store. The vCPU's own monitor goes with it. */
  unlock(): void {
    const { w } = this, next = () => { w.localGet(SEEN); w.i32Const(GRANULE_COUNT); w.op('i32_add'); };
    w.localGet(ENV); w.mem('i32_load', CPUState.off.ll_word); w.localGet(WORD); w.op('i32_eq');
    w.localGet(ENV); w.mem('i32_load', CPUState.off.ll_count); w.localGet(SEEN); w.op('i32_eq'); w.op('i32_and');
    w.if(); w.localGet(ENV); next(); w.mem('i32_store', CPUState.off.ll_count); w.end();
    w.localGet(WORD); next(); w.atomic('i32_store');
  }
  unlockUnchanged(): void { this.w.localGet(WORD); this.w.localGet(SEEN); this.w.atomic('i32_store'); }

  /** Leaves unless every other vCPU knows that the page is marked; keeps the mark for longer. */
  marked(slow: BlockDepth): void {
    const { w } = this;
    if (!this.#o.marksPages) return;
    this.#page(); w.localTee(COUNT); w.atomic('i32_load', PageDesc.off.ll_state); w.localTee(SEEN); w.i32Const(LL_USED); w.op('i32_ne');
    w.if();
    w.localGet(SEEN); w.i32Const(LL_MARKED); w.op('i32_lt_u'); w.brIf(slow);
    w.localGet(COUNT); w.i32Const(LL_USED); w.atomic('i32_store', PageDesc.off.ll_state);
    w.end();
  }

  /** Counts a store to a marked page; leaves for a look now and then. */
  count(slow: BlockDepth): void {
    const { w } = this;
    w.localGet(ENV); w.localGet(ENV); w.mem('i32_load', CPUState.off.ll_stores); w.i32Const(1); w.op('i32_add'); w.localTee(COUNT); w.mem('i32_store', CPUState.off.ll_stores);
    w.localGet(COUNT); w.i32Const(LOOK_AFTER_STORES - 1); w.op('i32_and'); w.op('i32_eqz'); w.brIf(slow);
  }

  /** One branch for each size 2^0 … 2^last bytes; `other` for what is wider. */
  bySize(last: number, body: (log2: number) => void, other?: () => void): void {
    const { w } = this;
    for (let k = last; k >= 0; k--) { w.localGet(N); w.i32Const(1 << k); w.op('i32_eq'); w.if(); body(k); w.else(); }
    if (other) other(); else w.op('unreachable');
    for (let k = 0; k <= last; k++) w.end();
  }
  /** [HOST] = value in local `from`. */
  storeValue(from: number): void {
    this.bySize(3, (k) => { this.w.localGet(HOST); this.w.localGet(from); this.w.mem(STORES[k], 0, MEM_RAM); });
  }
  /** [HOST] = helper arguments 0 and 1, at once. */
  storePair(): void { this.w.localGet(HOST); this.w.localGet(ENV); this.w.vmem('v128_load', ARG); this.w.vmem('v128_store', 0, MEM_RAM); }
  /** local `to` = [HOST], zero-extended. */
  loadValue(to: number): void {
    this.bySize(3, (k) => { this.w.localGet(HOST); this.w.atomic(LOADS[k], 0, MEM_RAM); this.w.localSet(to); });
  }
  ret(value: () => void, at = 0): void { this.w.localGet(ENV); value(); this.w.mem('i64_store', RET + at); }
  /** Pushes helper argument n. */
  arg(n: number): void { this.w.localGet(ENV); this.w.mem('i64_load', ARG + 8 * n); }

  /** Pushes the address of the page's descriptor. */
  #page(): void {
    const { w } = this;
    if (isWideRam(this.#o.ramPages)) { w.localGet(HOST); w.i64Const(TARGET_PAGE_BITS); w.op('i64_shr_u'); w.op('i32_wrap_i64'); } else { w.localGet(HOST); w.i32Const(TARGET_PAGE_BITS); w.op('i32_shr_u'); }
    w.i32Const(PageDesc.size); w.op('i32_mul'); w.i32Const(this.#o.pageDescBase); w.op('i32_add');
  }
}

const STORES = ['i64_store8', 'i64_store16', 'i64_store32', 'i64_store'] as const satisfies (keyof typeof MEM)[];
const LOADS = ['i64_load8_u', 'i64_load16_u', 'i64_load32_u', 'i64_load'] as const satisfies (keyof typeof ATOMIC)[];

/** A store to a marked page. lock; [host] = value; unlock, counted on. */
function storePath(e: PathEmit): Body {
  const { w } = e;
  return (slow) => {
    e.address(slow, false);
    e.writable(slow);
    e.count(slow);
    e.host(); e.word(); e.lock(slow);
    e.bySize(3, (k) => { w.localGet(HOST); e.arg(0); w.mem(STORES[k], 0, MEM_RAM); }, () => e.storePair());
    e.unlock();
    e.done();
  };
}

/** An atomic on a marked page. lock; old = [host]; [host] = f(old); unlock, counted on unless a compare failed. */
function rmwPath(e: PathEmit): Body {
  const { w } = e;
  return (slow) => {
    e.address(slow, true);
    e.writable(slow);
    // What is written must be readable too.
    e.tag(slow, TLBEntry.off.addr_read, 0);
    e.count(slow);
    e.host(); e.word(); e.lock(slow);
    e.loadValue(OLD);
    // Operands moved up, so that comparisons of the narrow ones are those of 64 bits.
    w.i64Const(64); w.localGet(N); w.i32Const(3); w.op('i32_shl'); w.op('i64_extend_i32_u'); w.op('i64_sub'); w.localSet(SHIFT);
    const up = (push: () => void, to: number) => { push(); w.localGet(SHIFT); w.op('i64_shl'); w.localSet(to); };
    up(() => w.localGet(OLD), X);
    up(() => e.arg(0), Y);
    const merged = w.block();
    const cases: BlockDepth[] = [];
    for (let k = RMW_KINDS.length - 1; k >= 0; k--) cases[k] = w.block();
    w.localGet(MEMOP); w.i32Const(8); w.op('i32_shr_u');
    w.brTable(cases, cases[0]);
    for (const kind of RMW_KINDS) {
      w.end();
      switch (kind) {
        case 'cmpxchg':
          w.localGet(X); w.localGet(Y); w.op('i64_ne');
          w.if(); e.unlockUnchanged(); e.ret(() => w.localGet(OLD)); e.done(); w.end();
          e.arg(1);
          break;
        case 'xchg': e.arg(0); break;
        case 'add': case 'and': case 'or': case 'xor': w.localGet(OLD); e.arg(0); w.op(`i64_${kind}`); break;
        default:
          w.localGet(OLD); e.arg(0);
          w.localGet(X); w.localGet(Y); w.op(`i64_${kind.endsWith('min') ? 'lt' : 'gt'}_${kind[0] as 's' | 'u'}`);
          w.op('select');
      }
      w.localSet(NEW);
      w.br(merged);
    }
    w.end();
    e.storeValue(NEW);
    e.unlock();
    e.ret(() => w.localGet(OLD));
    e.done();
  };
}

/** Load-exclusive. word, value, and for 16 bytes the word again; leaves where the page is not marked yet. */
function loadExclusivePath(e: PathEmit): Body {
  const { w } = e, { off } = CPUState;
  return (slow) => {
    e.address(slow, true);
    e.tag(slow, TLBEntry.off.addr_read, 0);
    e.host();
    e.marked(slow);
    e.word();
    const again = w.loop();
    w.localGet(SPUN); w.i32Const(1); w.op('i32_add'); w.localTee(SPUN); w.i32Const(SPINS); w.op('i32_gt_u'); w.brIf(slow);
    w.localGet(WORD); w.atomic('i32_load'); w.localTee(SEEN); w.i32Const(GRANULE_LOCKED); w.op('i32_and'); w.brIf(again);
    w.localGet(SEEN); w.i32Const(~GRANULE_WATCHED); w.op('i32_and'); w.localSet(SEEN);
    e.bySize(3, (k) => { w.localGet(HOST); w.atomic(LOADS[k], 0, MEM_RAM); w.localSet(OLD); }, () => {
      for (const [half, to] of [[0, OLD], [8, NEW]]) { w.localGet(HOST); w.atomic('i64_load', half, MEM_RAM); w.localSet(to); }
      w.localGet(WORD); w.atomic('i32_load'); w.i32Const(~GRANULE_WATCHED); w.op('i32_and'); w.localGet(SEEN); w.op('i32_ne'); w.brIf(again);
      e.ret(() => w.localGet(NEW), 8);
    });
    w.end();
    e.ret(() => w.localGet(OLD));
    w.localGet(ENV); w.localGet(WORD); w.mem('i32_store', off.ll_word);
    w.localGet(ENV); w.localGet(SEEN); w.mem('i32_store', off.ll_count);
    w.localGet(ENV); e.host64(); w.mem('i64_store', off.ll_host);
    e.done();
  };
}

/** Store-exclusive. Succeeds when the word still is what the load-exclusive saw, which one compare-exchange asks and locks. */
function storeExclusivePath(e: PathEmit): Body {
  const { w } = e, { off } = CPUState;
  return (slow) => {
    e.address(slow, true);
    e.writable(slow);
    e.host();
    const failed = w.block();
    w.localGet(ENV); w.mem('i64_load', off.ll_host); e.host64(); w.op('i64_ne'); w.brIf(failed);
    w.localGet(ENV); w.mem('i32_load', off.ll_word); w.localSet(WORD);
    w.localGet(ENV); w.mem('i32_load', off.ll_count); w.localSet(SEEN);
    const again = w.loop(), locked = w.block();
    w.localGet(WORD); w.localGet(SEEN); w.localGet(SEEN); w.i32Const(GRANULE_LOCKED); w.op('i32_or'); w.atomic('i32_rmw_cmpxchg'); w.localTee(COUNT);
    w.localGet(SEEN); w.op('i32_eq'); w.brIf(locked);
    // Somebody counts on, wants an event, or is at work and may yet store nothing.
    w.localGet(COUNT); w.i32Const(~(GRANULE_LOCKED | GRANULE_WATCHED)); w.op('i32_and'); w.localGet(SEEN); w.op('i32_ne'); w.brIf(failed);
    w.localGet(COUNT); w.i32Const(GRANULE_WATCHED); w.op('i32_and'); w.brIf(slow);
    w.localGet(SPUN); w.i32Const(1); w.op('i32_add'); w.localTee(SPUN); w.i32Const(SPINS); w.op('i32_gt_u'); w.brIf(slow);
    w.br(again);
    w.end(); w.end();
    e.bySize(3, (k) => { w.localGet(HOST); e.arg(0); w.mem(STORES[k], 0, MEM_RAM); }, () => e.storePair());
    w.localGet(WORD); w.localGet(SEEN); w.i32Const(GRANULE_COUNT); w.op('i32_add'); w.atomic('i32_store');
    e.ret(() => w.i64Const(0));
    e.done();
    w.end();
    e.ret(() => w.i64Const(1));
    e.done();
  };
}

/** Compare-and-swap of 16 bytes. lock; old = [host]; [host] = new if old is what was expected; unlock, counted on if so. */
function compareAndSwapPath(e: PathEmit): Body {
  const { w } = e;
  return (slow) => {
    e.address(slow, true);
    e.writable(slow);
    e.tag(slow, TLBEntry.off.addr_read, 0);
    e.host();
    e.marked(slow);
    e.count(slow);
    e.word(); e.lock(slow);
    for (const [half, to] of [[0, OLD], [8, NEW]]) { w.localGet(HOST); w.mem('i64_load', half, MEM_RAM); w.localSet(to); }
    w.localGet(OLD); e.arg(2); w.op('i64_eq'); w.localGet(NEW); e.arg(3); w.op('i64_eq'); w.op('i32_and');
    w.if();
    e.storePair();
    e.unlock();
    w.else();
    e.unlockUnchanged();
    w.end();
    e.ret(() => w.localGet(OLD));
    e.ret(() => w.localGet(NEW), 8);
    e.done();
  };
}

const PATHS: Partial<Record<(typeof SLOW_PATHS)[number], (e: PathEmit) => Body>> = {
  slow_st: storePath, slow_rmw: rmwPath, slow_ll: loadExclusivePath, slow_sc: storeExclusivePath, slow_cas128: compareAndSwapPath,
};

/** Bytes of the module: exports functions named like the slow paths they stand in front of, and imports those. */
export function granulePaths(o: GranulePathOptions): Uint8Array<ArrayBuffer> {
  const m = new WasmModule();
  m.importMemory('env', 'state', o.statePages, o.statePages);
  m.importMemory('env', 'ram', o.ramPages, o.ramPages, isWideRam(o.ramPages));
  const type = m.type(Array.from({ length: SLOW_ARGS }, () => 'i32' as const), ['i32']);
  const names = SLOW_PATHS.filter((name) => PATHS[name]);
  const js = names.map((name) => m.importFunc('env', name, type));
  names.forEach((name, k) => {
    const e = new PathEmit(o, js[k]);
    e.function(PATHS[name]!(e));
    m.func(type, e.locals(), e.w, name);
  });
  return m.encode();
}
