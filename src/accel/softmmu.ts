// softmmu slow paths of one vCPU: TLB misses, page-crossing and misaligned accesses, MMIO, stores to code pages, atomics.
import { MemOp } from '../tcg/types.ts';
import { LOOK_AFTER_STORES } from '../tcg/granule-paths.ts';
import { RMW_KINDS, SLOW_DONE, SLOW_FAULT, SLOW_RETRY } from '../tcg/ops/mem.ts';
import {
  CPUState, TARGET_PAGE_BITS, TARGET_PAGE_SIZE, TLBDesc, TLBEntry, TLBEntryFull, TLB_DISCARD_WRITE, TLB_EXCLUSIVE, TLB_FLAGS_MASK, TLB_MMIO, TLB_NOTDIRTY, TLB_WATCHPOINT,
} from '../memory/layout/cpu.ts';
import { GRANULE_WATCHED } from '../memory/layout/exclusive.ts';
import { BP_MEM_ACCESS, BP_MEM_READ, BP_MEM_WRITE } from '../memory/layout/debug.ts';
import { SyncSite } from '../memory/layout/profile.ts';
import { findRange, type FlatRange } from '../memory/flat-view.ts';
import type { DebugView } from './debug.ts';
import type { Exclusive } from './exclusive.ts';
import { Granules } from './granules.ts';
import type { IoPort } from './io.ts';
import { EXCP_ATOMIC, EXCP_DEBUG, MMU_DATA_LOAD, MMU_DATA_STORE, MMU_INST_FETCH, PAGE_EXEC, PAGE_READ, PAGE_WRITE, type MMUAccessType, type Translation } from './target.ts';
import { RamCopy } from './ram-copy.ts';
import type { TbStore } from './tb-store.ts';
import { TAG, Tlb, type AddressSpace } from './tlb.ts';
import type { TargetServices } from './target-services.ts';
import type { Vcpu } from './vcpu.ts';
import { asyncRunOnCpu, runQueuedWork, workFunction } from './work.ts';

const off = CPUState.off;
const PAGE_MASK = -1 << TARGET_PAGE_BITS;
const E = TLBEntry.off;

/** Work functions: TLB flushes asked for by another vCPU. */
const WORK_FLUSH = workFunction('tlb_flush', (cpu, [idxmap]) => cpu.services.tlbFlush(idxmap));
const WORK_FLUSH_PAGE = workFunction('tlb_flush_page', (cpu, [idxmap, lo, hi]) => cpu.services.tlbFlushPage(lo, hi, idxmap));
/** Nothing to do: by the time it is done, no store is under way that began before it was queued. */
const WORK_SETTLE = workFunction('settle', () => {});
const WORK_SWEEP = workFunction('sweep', (cpu) => { cpu.services.sweepMonitors(); }, true);
const WORK_FLUSH_RANGE = workFunction('tlb_flush_range', (cpu, [idxmap, lo, hi, pages]) => cpu.services.tlbFlushRange(lo, hi, pages, idxmap));

export class SoftMmu implements TargetServices {
  readonly cpu: Vcpu;
  readonly tlb: Tlb;
  readonly #store: TbStore;
  readonly #io: IoPort;
  readonly #cpus: readonly Vcpu[];
  readonly #sections: Exclusive;
  readonly #flat: readonly FlatRange[];
  readonly #debug: DebugView;
  readonly #granules: Granules;
  readonly #tr: Translation = { phys: 0, prot: 0, lgPageSize: 0, attrs: 0 };
  readonly #dv: DataView;
  readonly #copy: RamCopy;
  physLo = 0;
  physHi = 0;
  /** This vCPU runs one instruction in an exclusive section. */
  exclusive = false;
  /** The largest RAM range: most physical accesses go there. */
  readonly #ramRange: FlatRange | undefined;

  constructor(cpu: Vcpu, store: TbStore, io: IoPort, cpus: readonly Vcpu[], sections: Exclusive, debug: DebugView) {
    this.cpu = cpu;
    this.tlb = new Tlb(cpu);
    this.#store = store;
    this.#io = io;
    this.#cpus = cpus;
    this.#sections = sections;
    this.#debug = debug;
    this.#granules = new Granules(cpu.machine, cpus);
    this.#flat = cpu.machine.spec.flat;
    this.#ramRange = this.#flat.filter((r) => r.kind === 'ram').sort((a, b) => b.size - a.size)[0];
    this.#dv = new DataView(cpu.machine.spec.state.buffer);
    this.#copy = new RamCopy(cpu.machine);
  }

  #range(pa: number): FlatRange | undefined {
    const r = this.#ramRange;
    return r && pa >= r.base && pa < r.base + r.size ? r : findRange(this.#flat, pa);
  }

  // --- look-up and fill ------------------------------------------------------------------------------------------

  /** Entry for an access to one page, filling the TLB when needed; 0 when the exception was raised (or probing failed). */
  #lookup(lo: number, hi: number, access: MMUAccessType, mmuIdx: number, probe = false): number {
    const { tlb } = this, tag = TAG[access];
    const entry = tlb.entry(lo, mmuIdx);
    if (tlb.hit(entry, tag, lo, hi) || tlb.victimHit(entry, mmuIdx, tag, lo, hi)) return entry;
    const t = this.#tr;
    if (!this.cpu.target.tlbFill(this.cpu, lo, hi, access, mmuIdx, probe, t)) return 0;
    return this.#fill(lo, hi, mmuIdx, t);
  }

  #fill(lo: number, hi: number, mmuIdx: number, t: Translation): number {
    const r = this.#range(t.phys);
    let read = t.prot & PAGE_READ ? 0 : -1, write = t.prot & PAGE_WRITE ? 0 : -1, code = t.prot & PAGE_EXEC ? 0 : -1;
    let addLo = 0, addHi = 0;
    if (r && (r.kind === 'ram' || r.kind === 'rom')) {
      const ram = r.ramOffset! + (t.phys - r.base);
      // addend = ram offset - page address, in 64 bits
      const page = lo & PAGE_MASK;
      addLo = (ram - page) | 0;
      addHi = (Math.floor(ram / 2 ** 32) - hi - ((ram >>> 0) < (page >>> 0) ? 1 : 0)) | 0;
      if (r.kind === 'rom' && write === 0) write = r.region === undefined ? TLB_DISCARD_WRITE : TLB_MMIO;
      if (read === 0 && this.#readsDevice(r)) read = TLB_MMIO;
    } else {
      if (read === 0) read = TLB_MMIO;
      if (write === 0) write = TLB_MMIO;
      if (code === 0) code = TLB_MMIO;
    }
    if (this.#debug.hasWatchpoints && this.#debug.watchesPage(lo, hi)) {
      if (read >= 0) read |= TLB_WATCHPOINT;
      if (write >= 0) write |= TLB_WATCHPOINT;
    }
    return this.tlb.fill(lo, hi, mmuIdx, { read, write, code }, addLo, addHi, t.phys, t.attrs, t.lgPageSize);
  }

  /** Offset in the ram memory of an address the entry covers. */
  #ramAddr(entry: number, lo: number, hi: number): number {
    const i32 = this.cpu.machine.i32, a = entry + E.addend >>> 2;
    const sum = (lo >>> 0) + (i32[a] >>> 0);
    return ((hi + i32[a + 1] + (sum >= 2 ** 32 ? 1 : 0)) | 0) * 2 ** 32 + (sum % 2 ** 32);
  }

  #physAddr(entry: number, lo: number, mmuIdx: number): number {
    const w = this.tlb.full(entry, mmuIdx) + TLBEntryFull.off.phys >>> 2, u32 = this.cpu.machine.u32;
    return u32[w] + u32[w + 1] * 2 ** 32 + (lo & ~PAGE_MASK);
  }

  /** Restores the exact state of an instruction that was left at an access. */
  restore(tb: number, insnRef: number): void {
    const s = this.#store.insnStart(tb, insnRef);
    this.cpu.target.restoreState(this.cpu, s.pc, s.data);
  }

  // --- single pieces within a page -------------------------------------------------------------------------------

  /** Copies `n` guest bytes on one page to `state` at `dst`; false on a fault. */
  #readPiece(lo: number, hi: number, n: number, mmuIdx: number, dst: number): boolean {
    const entry = this.#lookup(lo, hi, MMU_DATA_LOAD, mmuIdx);
    if (entry === 0) return false;
    const flags = this.cpu.machine.i32[entry + E.addr_read >>> 2] & TLB_FLAGS_MASK;
    if (flags & TLB_MMIO) return this.#ioAccess(entry, lo, hi, n, mmuIdx, MMU_DATA_LOAD, dst);
    this.#copy.read(this.#ramAddr(entry, lo, hi), n, dst);
    return true;
  }

  /** Copies `n` bytes of `state` at `src` to guest memory on one page; false on a fault. */
  #writePiece(lo: number, hi: number, n: number, mmuIdx: number, src: number): boolean {
    const entry = this.#lookup(lo, hi, MMU_DATA_STORE, mmuIdx);
    if (entry === 0) return false;
    const m = this.cpu.machine, w = entry + E.addr_write >>> 2;
    const flags = Atomics.load(m.i32, w) & TLB_FLAGS_MASK;
    if (flags & TLB_MMIO) return this.#ioAccess(entry, lo, hi, n, mmuIdx, MMU_DATA_STORE, src);
    if (flags & TLB_DISCARD_WRITE) return true;
    const at = this.#ramAddr(entry, lo, hi);
    const store = flags & TLB_EXCLUSIVE ? () => this.#copyOutCounted(at, n, src) : () => this.#copy.write(at, n, src);
    if (flags & TLB_NOTDIRTY) this.#storeNotDirty(entry, at, n, store);
    else store();
    return true;
  }

  /** To a page where exclusives are used. */
  #copyOutCounted(at: number, n: number, src: number): void {
    this.#granules.pieces(at, n, (done, k) => this.#copy.write(at + done, k, src + done), this.cpu);
    if ((this.cpu.ld32(off.ll_stores) & (LOOK_AFTER_STORES - 1)) === 0) this.#askForSweep();
  }
  /** Marked pages cost: this vCPU has paid for a while. */
  #askForSweep(): void {
    this.cpu.st32(off.ll_stores, this.cpu.ld32(off.ll_stores) + 1);
    if (this.#granules.marksPages && this.#granules.sweepDue) asyncRunOnCpu(this.cpu, WORK_SWEEP, [], this.cpu);
  }
  sweepMonitors(): void { this.#granules.sweep(); }

  /** A store to a page that may hold code; drops the mark when none is left. */
  #storeNotDirty(entry: number, at: number, n: number, store: () => void): void {
    if (this.#store.storeToCodePage(at, n, store)) this.#unmark(entry);
  }
  #unmark(entry: number): void {
    const m = this.cpu.machine;
    Atomics.and(m.i32, entry + E.addr_write >>> 2, ~TLB_NOTDIRTY);
    m.recheckDirty(entry);
  }

  /** MMIO of `n` bytes, split into aligned 4-, 2- and 1-byte accesses; data at `data` in `state`. */
  #ioAccess(entry: number, lo: number, hi: number, n: number, mmuIdx: number, access: MMUAccessType, data: number): boolean {
    const pa = this.#physAddr(entry, lo, mmuIdx);
    const r = this.#range(pa);
    if (!r) {
      this.cpu.target.transactionFailed(this.cpu, lo, hi, pa, access, mmuIdx);
      return false;
    }
    const d = this.#dv;
    for (let done = 0; done < n;) {
      const at = pa - r.base + done;
      const size = n - done >= 4 && at % 4 === 0 ? 4 : n - done >= 2 && at % 2 === 0 ? 2 : 1;
      if (access === MMU_DATA_LOAD) {
        const v = this.#io.read(r, at, size);
        if (size === 4) d.setUint32(data + done, v, true); else if (size === 2) d.setUint16(data + done, v, true); else d.setUint8(data + done, v);
      } else {
        const v = size === 4 ? d.getUint32(data + done, true) : size === 2 ? d.getUint16(data + done, true) : d.getUint8(data + done);
        const before = this.#readsDevice(r);
        this.#io.write(r, at, size, v);
        if (this.#readsDevice(r) !== before) this.tlbFlushAllCpusSynced(-1);
      }
      done += size;
    }
    return true;
  }

  /** True while reads of a ROM are its device's. */
  #readsDevice(r: FlatRange): boolean { return r.readsDevice !== undefined && Atomics.load(this.cpu.machine.i32, r.readsDevice >>> 2) !== 0; }

  /**
   * True when an access that would succeed hits a watchpoint: a debug stop is pending then, before the access; or the
   * fault of an access that would not. `access`: BP_MEM_*.
   */
  #watched(lo: number, hi: number, n: number, access: number, mmuIdx: number): boolean {
    if (!this.#debug.hasWatchpoints) return false;
    const hit = this.#debug.watchHit(lo, hi, n, access);
    if (hit === 0) return false;
    const allowed = (l: number, h: number) => ((access & BP_MEM_READ) === 0 || this.#lookup(l, h, MMU_DATA_LOAD, mmuIdx) !== 0)
      && ((access & BP_MEM_WRITE) === 0 || this.#lookup(l, h, MMU_DATA_STORE, mmuIdx) !== 0);
    if (!this.#pieces(lo, hi, n, allowed)) return true;
    this.cpu.st32(off.watch_hit, hit);
    this.cpu.exceptionIndex = EXCP_DEBUG;
    return true;
  }

  /** Runs `piece` on each page an access of n bytes touches. */
  #pieces(lo: number, hi: number, n: number, piece: (lo: number, hi: number, n: number, done: number) => boolean): boolean {
    const first = Math.min(n, TARGET_PAGE_SIZE - (lo & ~PAGE_MASK));
    if (first === n) return piece(lo, hi, n, 0);
    const lo2 = (lo + first) | 0, hi2 = (hi + (lo2 === 0 ? 1 : 0)) | 0;
    return piece(lo, hi, first, 0) && piece(lo2, hi2, n - first, first);
  }

  /** Alignment rules; false when the fault was raised. */
  #aligned(lo: number, hi: number, memop: number, access: MMUAccessType, mmuIdx: number): boolean {
    const size = 1 << (memop & MemOp.MO_SIZE);
    if ((lo & (size - 1)) === 0) return true;
    if (memop & MemOp.MO_ALIGN) { this.cpu.target.unalignedAccess(this.cpu, lo, hi, access, mmuIdx); return false; }
    if (memop & MemOp.MO_SEQCST && !this.cpu.target.allowsUnalignedAtomic(this.cpu, lo, size)) {
      this.cpu.target.unalignedAccess(this.cpu, lo, hi, access, mmuIdx);
      return false;
    }
    return true;
  }

  // --- entry points from generated code --------------------------------------------------------------------------

  /** Slow load: the value goes to helper_ret. */
  slowLd(tb: number, insnRef: number, lo: number, hi: number, memop: number, tlbOffset: number): number {
    const mmuIdx = (tlbOffset - off.tlb_d) / TLBDesc.size;
    const dst = this.cpu.base + off.helper_ret;
    const ok = this.#aligned(lo, hi, memop, MMU_DATA_LOAD, mmuIdx) && !this.#watched(lo, hi, 1 << (memop & MemOp.MO_SIZE), BP_MEM_READ, mmuIdx)
      && this.#pieces(lo, hi, 1 << (memop & MemOp.MO_SIZE), (l, h, n, done) => this.#readPiece(l, h, n, mmuIdx, dst + done));
    if (ok) {
      if (memop & MemOp.MO_SEQCST) this.#fence();
      return SLOW_DONE;
    }
    this.restore(tb, insnRef);
    return SLOW_FAULT;
  }

  /** Slow store of the value in helper_arg. Both pages of a crossing store are checked before either is written. */
  slowSt(tb: number, insnRef: number, lo: number, hi: number, memop: number, tlbOffset: number): number {
    const mmuIdx = (tlbOffset - off.tlb_d) / TLBDesc.size;
    const src = this.cpu.base + off.helper_arg, n = 1 << (memop & MemOp.MO_SIZE);
    if (memop & MemOp.MO_SEQCST) this.#fence();
    const ok = this.#aligned(lo, hi, memop, MMU_DATA_STORE, mmuIdx) && !this.#watched(lo, hi, n, BP_MEM_WRITE, mmuIdx)
      && ((lo & ~PAGE_MASK) + n <= TARGET_PAGE_SIZE || this.#pieces(lo, hi, n, (l, h) => this.#lookup(l, h, MMU_DATA_STORE, mmuIdx) !== 0))
      && this.#pieces(lo, hi, n, (l, h, k, done) => this.#writePiece(l, h, k, mmuIdx, src + done));
    if (ok) {
      if (memop & MemOp.MO_SEQCST) this.#fence();
      return SLOW_DONE;
    }
    this.restore(tb, insnRef);
    return SLOW_FAULT;
  }

  /** A sequentially consistent point: any read-modify-write is one. */
  #fence(): void { Atomics.add(this.cpu.machine.i32, this.cpu.word(off.fence_word), 0); }

  /** Slow read-modify-write: fills the TLB and asks for another try, or does misaligned, MMIO and watched ones alone. */
  slowRmw(tb: number, insnRef: number, lo: number, hi: number, memopKind: number, tlbOffset: number): number {
    const memop = memopKind & 0xff, kind = RMW_KINDS[memopKind >> 8];
    const mmuIdx = (tlbOffset - off.tlb_d) / TLBDesc.size;
    const n = 1 << (memop & MemOp.MO_SIZE);
    const fault = () => { this.restore(tb, insnRef); return SLOW_FAULT; };
    const misaligned = (lo & (n - 1)) !== 0;
    if (misaligned && !this.cpu.target.allowsUnalignedAtomic(this.cpu, lo, n)) {
      this.cpu.target.unalignedAccess(this.cpu, lo, hi, MMU_DATA_LOAD, mmuIdx);
      return fault();
    }
    // Both halves of the access must be allowed; what a read would have faulted on too is reported as a read.
    const check = (l: number, h: number) => this.#lookup(l, h, MMU_DATA_LOAD, mmuIdx) !== 0 && this.#lookup(l, h, MMU_DATA_STORE, mmuIdx) !== 0;
    if (!this.#pieces(lo, hi, n, check) || this.#watched(lo, hi, n, BP_MEM_ACCESS, mmuIdx)) return fault();
    const entry = this.tlb.entry(lo, mmuIdx), m = this.cpu.machine;
    const flags = (Atomics.load(m.i32, entry + E.addr_write >>> 2) | m.i32[entry + E.addr_read >>> 2]) & TLB_FLAGS_MASK;
    if (!misaligned && flags === 0) return SLOW_RETRY;
    if (!misaligned && (flags & ~(TLB_NOTDIRTY | TLB_EXCLUSIVE)) === 0) {
      const at = this.#ramAddr(entry, lo, hi), doIt = () => this.#rmwInRam(at, n, kind);
      const store = flags & TLB_EXCLUSIVE ? () => this.#granules.store(at, doIt, this.cpu) : doIt;
      if (flags & TLB_NOTDIRTY) this.#storeNotDirty(entry, at, n, store);
      else store();
      if (flags & TLB_EXCLUSIVE && (this.cpu.ld32(off.ll_stores) & (LOOK_AFTER_STORES - 1)) === 0) this.#askForSweep();
      return SLOW_DONE;
    }
    let done = false;
    return this.runExclusive(() => { done = this.#rmwPlain(lo, hi, n, kind, mmuIdx); }) && done ? SLOW_DONE : fault();
  }

  /** An aligned read-modify-write whose slow path said SLOW_RETRY. */
  rmwPage(lo: number, hi: number, memopKind: number, tlbOffset: number): void {
    const entry = this.#lookup(lo, hi, MMU_DATA_STORE, (tlbOffset - off.tlb_d) / TLBDesc.size);
    this.#rmwInRam(this.#ramAddr(entry, lo, hi), 1 << (memopKind & MemOp.MO_SIZE), RMW_KINDS[memopKind >> 8]);
  }

  /** Ram offset of an access of `n` bytes to plain memory on one page, without code when it is a write; -1: anything else. Raises nothing. */
  plainRam(lo: number, hi: number, n: number, write: boolean, mmuIdx: number): number {
    if ((lo & ~PAGE_MASK) + n > TARGET_PAGE_SIZE) return -1;
    const access = write ? MMU_DATA_STORE : MMU_DATA_LOAD, entry = this.#lookup(lo, hi, access, mmuIdx, true);
    return entry === 0 || Atomics.load(this.cpu.machine.i32, entry + TAG[access] >>> 2) & TLB_FLAGS_MASK ? -1 : this.#ramAddr(entry, lo, hi);
  }

  /** An aligned read-modify-write on RAM, atomic: a compare-exchange loop on the aligned word around it. */
  #rmwInRam(at: number, n: number, kind: string): void {
    const m = this.cpu.machine, { cpu } = this;
    const operand = cpu.arg64(0), second = cpu.arg64(1);
    const view = n === 8 ? m.ramI64 : n === 4 ? m.ram32 : n === 2 ? m.ramI16 : m.ramI8;
    for (;;) {
      const old = Atomics.load(view as Int32Array, at / n) as number | bigint;
      const oldU = BigInt.asUintN(8 * n, BigInt(old));
      const next = rmw(kind, oldU, operand, second, 8 * n);
      const value = n === 8 ? BigInt.asIntN(64, next) : Number(BigInt.asIntN(8 * n, next));
      if (Atomics.compareExchange(view as Int32Array, at / n, old as number, value as number) === (old as number)) {
        cpu.ret64(oldU);
        return;
      }
    }
  }

  /** A read-modify-write as a load and a store, in an exclusive section. */
  #rmwPlain(lo: number, hi: number, n: number, kind: string, mmuIdx: number): boolean {
    const { cpu } = this, operand = cpu.arg64(0), second = cpu.arg64(1);
    const ret = cpu.base + off.helper_ret, arg = cpu.base + off.helper_arg;
    cpu.ret64(0n);
    if (!this.#pieces(lo, hi, n, (l, h, k, done) => this.#readPiece(l, h, k, mmuIdx, ret + done))) return false;
    const old = BigInt.asUintN(8 * n, cpu.ld64(off.helper_ret));
    cpu.st64(off.helper_arg, rmw(kind, old, operand, second, 8 * n));
    return this.#pieces(lo, hi, n, (l, h, k, done) => this.#writePiece(l, h, k, mmuIdx, arg + done));
  }

  // --- exclusives and 16-byte atomics ------------------------------------------------------------------------------

  /** Before a page's first load-exclusive or 16-byte atomic reads: from now on every store there counts its granules on. */
  #markPage(page: number): void {
    this.#granules.mark(page);
    // Stores that looked at their TLB entry before the mark end before the others have done this.
    if (!this.cpu.machine.spec.single) this.#broadcast(WORK_SETTLE, []);
    this.#granules.marked(page);
  }

  /** Slow load-exclusive: the value goes to helper_ret, 16 bytes of it for MO_128. */
  slowLl(tb: number, insnRef: number, lo: number, hi: number, memop: number, tlbOffset: number): number {
    const mmuIdx = (tlbOffset - off.tlb_d) / TLBDesc.size, { cpu } = this, n = 1 << (memop & MemOp.MO_SIZE), ret = cpu.base + off.helper_ret;
    const fault = () => { this.restore(tb, insnRef); return SLOW_FAULT; };
    if (!this.#aligned(lo, hi, memop | MemOp.MO_SEQCST, MMU_DATA_LOAD, mmuIdx) || this.#watched(lo, hi, n, BP_MEM_READ, mmuIdx)) return fault();
    cpu.st64(off.helper_ret, 0n);
    let entry = this.#lookup(lo, hi, MMU_DATA_LOAD, mmuIdx);
    if (entry === 0) return fault();
    const granules = this.#granules, { i32 } = cpu.machine;
    if (i32[entry + E.addr_read >>> 2] & TLB_MMIO) {
      // No monitor for devices.
      cpu.st64p(off.ll_host, -1, -1);
      return this.#ioAccess(entry, lo, hi, n, mmuIdx, MMU_DATA_LOAD, ret) ? SLOW_DONE : fault();
    }
    let at = this.#ramAddr(entry, lo, hi);
    if (!granules.isMarked(Math.floor(at / TARGET_PAGE_SIZE))) {
      this.#markPage(Math.floor(at / TARGET_PAGE_SIZE));
      // Flushes may have been done meanwhile; the page is marked if it is still the same.
      entry = this.#lookup(lo, hi, MMU_DATA_LOAD, mmuIdx);
      if (entry === 0) return fault();
      if (this.#ramAddr(entry, lo, hi) !== at) return this.slowLl(tb, insnRef, lo, hi, memop, tlbOffset);
      at = this.#ramAddr(entry, lo, hi);
    }
    const w = granules.wordAt(at);
    for (;;) {
      const count = granules.read(w) & ~GRANULE_WATCHED;
      for (let done = 0; done < n; done += 8) this.#readPiece((lo + done) | 0, hi, Math.min(8, n - done), mmuIdx, ret + done);
      if ((Atomics.load(i32, w) & ~GRANULE_WATCHED) !== count) continue;
      cpu.st32(off.ll_word, w << 2);
      cpu.st32(off.ll_count, count);
      cpu.st64(off.ll_host, BigInt(at));
      return SLOW_DONE;
    }
  }

  /** Slow store-exclusive of the value in helper_arg: helper_ret = 0 when the monitor was open there, else 1. */
  slowSc(tb: number, insnRef: number, lo: number, hi: number, memop: number, tlbOffset: number): number {
    const mmuIdx = (tlbOffset - off.tlb_d) / TLBDesc.size, { cpu } = this, n = 1 << (memop & MemOp.MO_SIZE);
    const fault = () => { this.restore(tb, insnRef); return SLOW_FAULT; };
    if (!this.#aligned(lo, hi, memop | MemOp.MO_SEQCST, MMU_DATA_STORE, mmuIdx) || this.#watched(lo, hi, n, BP_MEM_WRITE, mmuIdx)) return fault();
    const entry = this.#lookup(lo, hi, MMU_DATA_STORE, mmuIdx);
    if (entry === 0) return fault();
    const m = cpu.machine, flags = Atomics.load(m.i32, entry + E.addr_write >>> 2) & TLB_FLAGS_MASK, at = this.#ramAddr(entry, lo, hi);
    cpu.ret64(1n);
    if (flags & TLB_MMIO || cpu.ld64(off.ll_host) !== BigInt(at)) return SLOW_DONE;
    const tryIt = () => {
      const w = cpu.ld32(off.ll_word) >>> 2, before = this.#granules.lock(w);
      if ((before & ~GRANULE_WATCHED) !== cpu.ld32(off.ll_count)) return this.#granules.unlockUnchanged(w, before);
      if (!(flags & TLB_DISCARD_WRITE)) for (let done = 0; done < n; done += 8) this.#copy.write(at + done, Math.min(8, n - done), cpu.base + off.helper_arg + done);
      this.#granules.unlock(w, before);
      cpu.ret64(0n);
    };
    if (flags & TLB_NOTDIRTY) this.#storeNotDirty(entry, at, n, tryIt);
    else tryIt();
    return SLOW_DONE;
  }

  /** Slow compare-and-swap of 16 bytes: the new ones and the expected ones in helper_arg; what was there goes to helper_ret. */
  slowCas128(tb: number, insnRef: number, lo: number, hi: number, memop: number, tlbOffset: number): number {
    const mmuIdx = (tlbOffset - off.tlb_d) / TLBDesc.size, { cpu } = this, m = cpu.machine, granules = this.#granules;
    const fault = () => { this.restore(tb, insnRef); return SLOW_FAULT; };
    // What a read would have faulted on too is reported as a read (ESR_ELx.WnR).
    if (!this.#aligned(lo, hi, memop, MMU_DATA_LOAD, mmuIdx) || this.#lookup(lo, hi, MMU_DATA_LOAD, mmuIdx) === 0) return fault();
    const entry = this.#lookup(lo, hi, MMU_DATA_STORE, mmuIdx);
    if (entry === 0 || this.#watched(lo, hi, 16, BP_MEM_ACCESS, mmuIdx)) return fault();
    const flags = Atomics.load(m.i32, entry + E.addr_write >>> 2) & TLB_FLAGS_MASK, at = this.#ramAddr(entry, lo, hi);
    if (flags & (TLB_MMIO | TLB_DISCARD_WRITE)) {
      cpu.target.transactionFailed(cpu, lo, hi, 0, MMU_DATA_STORE, mmuIdx);
      return fault();
    }
    if (!granules.isMarked(Math.floor(at / TARGET_PAGE_SIZE))) {
      this.#markPage(Math.floor(at / TARGET_PAGE_SIZE));
      // Flushes may have been done meanwhile.
      return this.slowCas128(tb, insnRef, lo, hi, memop, tlbOffset);
    }
    const swap = () => {
      const w = granules.wordAt(at), before = granules.lock(w), low = m.ram64[at / 8], high = m.ram64[at / 8 + 1];
      if (low === cpu.arg64(2) && high === cpu.arg64(3)) {
        this.#copy.write(at, 16, cpu.base + off.helper_arg);
        granules.unlock(w, before, cpu);
      } else granules.unlockUnchanged(w, before);
      cpu.ret64(low);
      cpu.st64(off.helper_ret + 8, high);
    };
    if (flags & TLB_NOTDIRTY) this.#storeNotDirty(entry, at, 16, swap);
    else swap();
    if ((cpu.ld32(off.ll_stores) & (LOOK_AFTER_STORES - 1)) === 0) this.#askForSweep();
    return SLOW_DONE;
  }

  watchMonitor(): boolean { return this.#granules.watch(this.cpu); }
  get hasMonitor(): boolean { return this.cpu.machine.spec.hasMonitor; }

  storeRam(at: number, store: () => void): void { this.#granules.store(at, store, this.cpu); }

  // --- instruction fetch -----------------------------------------------------------------------------------------

  /**
   * Ram offset of the instruction at a virtual PC; -1: the exception was raised; -2: not RAM (the fetch is an external
   * abort, raised).
   */
  codeAddr(lo: number, hi: number, mmuIdx: number): number {
    const entry = this.#lookup(lo, hi, MMU_INST_FETCH, mmuIdx);
    if (entry === 0) return -1;
    if (this.cpu.machine.i32[entry + E.addr_code >>> 2] & TLB_MMIO) {
      this.cpu.target.transactionFailed(this.cpu, lo, hi, this.#physAddr(entry, lo, mmuIdx), MMU_INST_FETCH, mmuIdx);
      return -2;
    }
    return this.#ramAddr(entry, lo, hi);
  }

  // --- services to the target ------------------------------------------------------------------------------------

  tlbFlush(idxmap: number): void { this.tlb.flush(idxmap); }
  tlbEnter(key: AddressSpace, asidChanged: boolean): void { this.tlb.enter(key, asidChanged); }
  tlbFlushPage(lo: number, hi: number, idxmap: number): void { this.tlb.flushPage(lo, hi, idxmap); }
  tlbFlushRange(lo: number, hi: number, pages: number, idxmap: number): void {
    // Past some pages clearing everything costs less than looking for each.
    if (pages > 512) return this.tlb.flush(idxmap);
    for (let i = 0, l = lo | 0, h = hi | 0; i < pages; i++) {
      this.tlb.flushPage(l, h, idxmap);
      l = (l + TARGET_PAGE_SIZE) | 0;
      if ((l >>> 0) < TARGET_PAGE_SIZE) h = (h + 1) | 0;
    }
  }
  tlbFlushAllCpusSynced(idxmap: number): void { this.tlbFlush(idxmap); this.#broadcast(WORK_FLUSH, [idxmap]); }
  tlbFlushPageAllCpusSynced(lo: number, hi: number, idxmap: number): void {
    this.tlbFlushPage(lo, hi, idxmap);
    this.#broadcast(WORK_FLUSH_PAGE, [idxmap, lo, hi]);
  }
  tlbFlushRangeAllCpusSynced(lo: number, hi: number, pages: number, idxmap: number): void {
    this.tlbFlushRange(lo, hi, pages, idxmap);
    this.#broadcast(WORK_FLUSH_RANGE, [idxmap, lo, hi, pages]);
  }

  /**
   * Queues work at every other vCPU and waits until each has done it or is outside guest code: a vCPU drains its queue
   * after it set `running` and before its first TB, so one that sleeps is left asleep. While waiting this vCPU drains its own queue, so that two that
   * broadcast to each other both get on. pairs with src/accel/cpu-exec.ts#cpuExec
   */
  #broadcast(fn: number, args: number[]): void {
    const waiting: { cpu: Vcpu; tail: number }[] = [];
    for (const other of this.#cpus) {
      if (other === this.cpu) continue;
      asyncRunOnCpu(other, fn, args, this.cpu, false);
      waiting.push({ cpu: other, tail: other.load(off.work_tail) });
    }
    const { i32, profile } = this.cpu.machine, start = profile.begin();
    for (const { cpu: other, tail } of waiting) {
      for (let spins = 0; other.load(off.running) !== 0 && (other.load(off.work_head) - tail | 0) < 0; spins++) {
        runQueuedWork(this.cpu, false);
        if (spins < 200) Atomics.pause();
        else Atomics.wait(i32, other.word(off.work_head), other.load(off.work_head), 1);
      }
    }
    if (start !== 0) profile.waited(SyncSite.TLB_BROADCAST, start);
  }

  invalidateCode(at: number, bytes: number): void { this.#store.invalidateRange(at, bytes); }

  physRead64(pa: number): boolean {
    const r = this.#range(pa);
    if (!r || (r.kind !== 'ram' && r.kind !== 'rom')) return false;
    const w = (r.ramOffset! + pa - r.base) / 4, { ram32 } = this.cpu.machine;
    // Descriptors change under other vCPUs: read again until both halves belong together.
    for (;;) {
      const lo = ram32[w], hi = ram32[w + 1];
      if (ram32[w] !== lo || ram32[w + 1] !== hi) continue;
      this.physLo = lo;
      this.physHi = hi;
      return true;
    }
  }

  physCas64(pa: number, oldLo: number, oldHi: number, newLo: number, newHi: number): boolean {
    const r = this.#range(pa);
    if (r?.kind !== 'ram') return false;
    const at = r.ramOffset! + pa - r.base;
    const big = (lo: number, hi: number) => BigInt.asIntN(64, (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0));
    let stored = false;
    const cas = () => { stored = Atomics.compareExchange(this.cpu.machine.ramI64, at / 8, big(oldLo, oldHi), big(newLo, newHi)) === big(oldLo, oldHi); };
    const store = () => this.storeRam(at, cas);
    if (this.#store.hasCode(Math.floor(at / 4096))) this.#store.storeToCodePage(at, 8, store);
    else store();
    return stored;
  }

  probeAccess(lo: number, hi: number, size: number, access: MMUAccessType, mmuIdx: number): number {
    const entry = this.#lookup(lo, hi, access, mmuIdx);
    if (entry === 0) return -1;
    if (size > 1 && this.#watched(lo, hi, size, access === MMU_DATA_STORE ? BP_MEM_WRITE : BP_MEM_READ, mmuIdx)) return -1;
    const flags = Atomics.load(this.cpu.machine.i32, entry + TAG[access] >>> 2) & TLB_FLAGS_MASK;
    if (flags & (TLB_MMIO | TLB_DISCARD_WRITE)) return -2;
    const at = this.#ramAddr(entry, lo, hi);
    // A helper writes behind the store path's back: code on the page goes first.
    if (access === MMU_DATA_STORE && flags & TLB_NOTDIRTY) this.#store.invalidateRange(at, size);
    return at;
  }

  runExclusive(fn: () => void): boolean {
    const { spec, layout } = this.cpu.machine;
    // One thread that runs all vCPUs is alone already.
    if (this.exclusive || spec.single || layout.nrCpus === 1) fn();
    else if (!this.#sections.runInside(this.cpu, fn)) {
      this.cpu.exceptionIndex = EXCP_ATOMIC;
      return false;
    }
    return true;
  }
  /** 8 aligned bytes of the running code's memory, without a fault or a side effect; undefined: not RAM, or not mapped. */
  peek64(address: bigint): bigint | undefined {
    const lo = Number(address & 0xffffffffn) | 0, hi = Number(address >> 32n & 0xffffffffn) | 0, { cpu } = this;
    const entry = this.#lookup(lo, hi, MMU_DATA_LOAD, cpu.target.mmuIndex(cpu), true);
    if (entry === 0 || cpu.machine.i32[entry + E.addr_read >>> 2] & TLB_MMIO) return undefined;
    return cpu.machine.ram64[this.#ramAddr(entry, lo, hi) / 8];
  }
}

/** New value of a read-modify-write on `bits`-wide unsigned values. */
function rmw(kind: string, old: bigint, a: bigint, b: bigint, bits: number): bigint {
  const u = BigInt.asUintN(bits, a), s = BigInt.asIntN(bits, a), os = BigInt.asIntN(bits, old);
  switch (kind) {
    case 'cmpxchg': return old === u ? BigInt.asUintN(bits, b) : old;
    case 'xchg': return u;
    case 'add': return BigInt.asUintN(bits, old + u);
    case 'and': return old & u;
    case 'or': return old | u;
    case 'xor': return old ^ u;
    case 'smin': return os < s ? old : u;
    case 'smax': return os > s ? old : u;
    case 'umin': return old < u ? old : u;
    default: return old > u ? old : u;
  }
}
