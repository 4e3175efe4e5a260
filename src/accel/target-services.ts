// What the accelerator offers to a target on the vCPU's own thread: TLB maintenance, physical memory, 128-bit atomics.
import type { AddressSpace } from './tlb.ts';

/** TLB maintenance. `idxmap`: bit n = MMU index n. Addresses are virtual, as two 32-bit halves. Owner thread only. */
export interface TlbServices {
  tlbFlush(idxmap: number): void;
  /** Another address space is named by these words, low halves first; see Tlb.enter. */
  tlbEnter(key: AddressSpace, asidChanged: boolean): void;
  tlbFlushPage(lo: number, hi: number, idxmap: number): void;
  /** Flushes `pages` pages of 4 KiB from an address on. */
  tlbFlushRange(lo: number, hi: number, pages: number, idxmap: number): void;
  /** The same on every vCPU; when the call returns, no vCPU uses the old entries any more. */
  tlbFlushAllCpusSynced(idxmap: number): void;
  tlbFlushPageAllCpusSynced(lo: number, hi: number, idxmap: number): void;
  tlbFlushRangeAllCpusSynced(lo: number, hi: number, pages: number, idxmap: number): void;
  /** Drops translated code (instruction-cache maintenance). `at`: offset in the ram memory, as probeAccess gives it. */
  invalidateCode(at: number, bytes: number): void;
}

/** Physical memory for page-table walks. Values are left in physLo/physHi: no allocation. */
export interface PhysServices {
  physLo: number;
  physHi: number;
  /** Reads 8 aligned bytes; false when nothing (or a device) is there. */
  physRead64(pa: number): boolean;
  /** Compare-exchange of 8 aligned bytes; true when it stored. RAM only. */
  physCas64(pa: number, oldLo: number, oldHi: number, newLo: number, newHi: number): boolean;
}

/** Accesses of helpers to guest virtual memory. */
export interface GuestMemoryServices {
  /**
   * Looks an access up, filling the TLB: offset in the ram memory, or -1 when the exception has been raised
   * (the helper returns true), or -2 when it is not RAM. Probes of one byte ask for the translation only: watchpoints
   * stop the others.
   */
  probeAccess(lo: number, hi: number, size: number, access: 0 | 1 | 2, mmuIdx: number): number;
  /**
   * Runs `fn` with every other vCPU outside guest code, so that it may touch guest memory non-atomically. False when
   * that cannot be had in the middle of a TB: the helper returns true, and the instruction is run again, alone.
   */
  runExclusive(fn: () => void): boolean;
}

/** The global exclusive monitor, of schemes that have one. */
export interface MonitorServices {
  readonly hasMonitor: boolean;
  /**
   * Asks for the event (TargetCpu.monitorCleared) of a store to the granule of the last load-exclusive; false: there has
   * been one already.
   */
  watchMonitor(): boolean;
  /** Runs `store`, which writes up to 16 aligned bytes at a ram offset, with their granule's word held: the monitors there open. */
  storeRam(at: number, store: () => void): void;
  /** Forgets pages where no exclusives have been used lately. In an exclusive section. */
  sweepMonitors(): void;
}

/** Everything a target may ask of its vCPU thread: `cpu.services`. */
export interface TargetServices extends TlbServices, PhysServices, GuestMemoryServices, MonitorServices {}
