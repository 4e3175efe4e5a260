// What every thread of one machine shares: the two memories, their views, and where things are in them.
import type { FlatRange } from '../memory/flat-view.ts';
import type { StateLayout } from '../memory/state-layout.ts';
import { GlobalPage, PAGE_BLOCK_BITS, PAGE_CODE, PAGE_EXCLUSIVE, PageDesc } from '../memory/layout/tb.ts';
import { Bql } from './bql.ts';
import { SyncProfile } from './sync-profile.ts';
import { TARGET_PAGE_BITS, TLBEntry, TLB_EXCLUSIVE, TLB_INVALID_MASK, TLB_MMIO, TLB_NOTDIRTY } from '../memory/layout/cpu.ts';

/** Structured-cloneable description of a machine: what a worker needs to take part in it. */
export interface MachineSpec {
  readonly state: WebAssembly.Memory;
  readonly ram: WebAssembly.Memory;
  readonly layout: StateLayout;
  readonly flat: readonly FlatRange[];
  /** One thread runs all vCPUs in turn (`-accel tcg,thread=single`). */
  readonly single: boolean;
  /** log2 of the granules that have words (src/accel/granules.ts). */
  readonly granuleBits: number;
  /** The exclusive scheme has a global monitor on them. */
  readonly hasMonitor: boolean;
  /** Model-specific configuration: CPU model, GIC version, … */
  readonly config: Readonly<Record<string, unknown>>;
}

/** One thread's view of a machine. */
export class Machine {
  readonly spec: MachineSpec;
  readonly layout: StateLayout;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly u8: Uint8Array;
  readonly u64: BigUint64Array;
  readonly i64: BigInt64Array;
  readonly f64: Float64Array;
  /** Guest memory: offset = FlatRange.ramOffset + (physical address - base). */
  readonly ram8: Uint8Array;
  readonly ram32: Int32Array;
  readonly ram64: BigUint64Array;
  readonly ram16: Uint16Array;
  readonly ramI8: Int8Array;
  readonly ramI16: Int16Array;
  readonly ramI64: BigInt64Array;
  /** This thread's handle on the Big QEMU Lock. */
  readonly bql: Bql;
  /** This thread's part of the lock profiler. */
  readonly profile: SyncProfile;

  constructor(spec: MachineSpec) {
    this.spec = spec;
    this.layout = spec.layout;
    const s = spec.state.buffer;
    this.i32 = new Int32Array(s);
    this.u32 = new Uint32Array(s);
    this.u8 = new Uint8Array(s);
    this.u64 = new BigUint64Array(s);
    this.i64 = new BigInt64Array(s);
    this.f64 = new Float64Array(s);
    const r = spec.ram.buffer;
    this.ram8 = new Uint8Array(r);
    this.ram32 = new Int32Array(r);
    this.ram64 = new BigUint64Array(r);
    this.ram16 = new Uint16Array(r);
    this.ramI8 = new Int8Array(r);
    this.ramI16 = new Int16Array(r);
    this.ramI64 = new BigInt64Array(r);
    this.bql = new Bql(this);
    this.profile = new SyncProfile(this);
  }

  /** Index in `i32` of a GlobalPage field. */
  global(field: keyof typeof GlobalPage.off): number {
    return (this.layout.globalBase + GlobalPage.off[field]) >>> 2;
  }

  /** Adds to a 64-bit counter of the global page. */
  count(field: keyof typeof GlobalPage.off, n: number): void { Atomics.add(this.i64, this.global(field) >>> 1, BigInt(Math.round(n))); }
  /** A 64-bit counter of the global page. */
  counter(field: keyof typeof GlobalPage.off): number { return Number(Atomics.load(this.i64, this.global(field) >>> 1)); }

  /** Address of the descriptor of a page of the ram memory, by page number. */
  pageDesc(page: number): number { return this.layout.pageDescBase + page * PageDesc.size; }

  /** First page of the block (PAGE_BLOCK_BITS) that a page is in, and the one behind it. */
  pageBlock(page: number): [number, number] {
    const first = page - page % 2 ** PAGE_BLOCK_BITS;
    return [first, Math.min(first + 2 ** PAGE_BLOCK_BITS, this.layout.nrPages)];
  }

  /**
   * After a TLB entry was stored or moved: marks it NOTDIRTY when its page holds code, EXCLUSIVE when exclusives are
   * used there. The entry's store comes before this load, the marker's flag store before its scan of the TLBs: one of the
   * two sees the other.
   * pairs with src/accel/tb-store.ts#protectPage, src/accel/granules.ts#mark
   */
  recheckDirty(entry: number): void {
    const w = (entry + TLBEntry.off.addr_write) >>> 2, a = (entry + TLBEntry.off.addend) >>> 2, { i32 } = this;
    const tag = i32[w];
    if (tag & (TLB_INVALID_MASK | TLB_MMIO)) return;
    const lo = (tag & (-1 << TARGET_PAGE_BITS)) >>> 0, sum = lo + (i32[a] >>> 0);
    const hi = (i32[w + 1] + i32[a + 1] + (sum >= 2 ** 32 ? 1 : 0)) | 0;
    const page = (hi * 2 ** 32 + (sum % 2 ** 32)) / 4096;
    const dirty = Atomics.load(i32, (this.pageDesc(page) + PageDesc.off.dirty) >>> 2);
    if (dirty & (PAGE_CODE | PAGE_EXCLUSIVE)) Atomics.or(i32, w, (dirty & PAGE_CODE ? TLB_NOTDIRTY : 0) | (dirty & PAGE_EXCLUSIVE ? TLB_EXCLUSIVE : 0));
  }
}
