// Where everything is in the `state` memory of a machine: computed once, passed to every thread.
import { CPU_TLB_MAX_BITS, CPU_VTLB_SIZE, JmpCacheEntry, NB_MMU_MODES, TB_JMP_CACHE_SIZE, TLB_CONTEXTS, TLBEntry, TLBEntryFull } from './layout/cpu.ts';
import { DebugTable } from './layout/debug.ts';
import { ABA_RECORDS, AbaRecord, GRANULE_WORDS } from './layout/exclusive.ts';
import { SEMIHOST_FILES, SemihostFile } from './layout/semihosting.ts';
import { ProfileControl, ProfileSlot, profileSlots, SpinTable } from './layout/profile.ts';
import { GlobalPage, HOT_RING, HotTb, MAX_REGIONS, PageDesc, POSTED_RING, PostedWrite, QHTBucket, RegionDesc, TB } from './layout/tb.ts';

const PAGE = 65536;
const roundUp = (n: number, a: number) => Math.ceil(n / a) * a;

/** Bytes of TLB storage of one MMU index: entries, slow-path companions, victim TLB. */
export const TLB_BYTES = ((1 << CPU_TLB_MAX_BITS) + CPU_VTLB_SIZE) * (TLBEntry.size + TLBEntryFull.size);
const JMP_CACHE_BYTES = TB_JMP_CACHE_SIZE * JmpCacheEntry.size;

/** Average bytecode of a TB, for sizing the descriptor table from the code buffer. */
const BYTES_PER_TB = 256;

/** Addresses of the regions of `state`, in bytes: computed once by stateLayout(), the same in all threads. */
export interface StateLayout {
  readonly globalBase: number;
  readonly cpuBase: number;
  readonly cpuStride: number;
  readonly nrCpus: number;
  /** Per-vCPU jump caches and TLB storage. */
  readonly cacheBase: number;
  readonly cacheStride: number;
  readonly qhtBase: number;
  readonly qhtBytes: number;
  readonly pageDescBase: number;
  readonly nrPages: number;
  readonly postedBase: number;
  readonly hotBase: number;
  readonly regionBase: number;
  readonly debugBase: number;
  readonly semihostBase: number;
  /** Granule words of the exclusive monitor, and the records of the ABA meter. */
  readonly granuleBase: number;
  readonly abaBase: number;
  /** Lock profiler: control, one slot a thread, one spin table a vCPU. */
  readonly profileBase: number;
  readonly profileSlotBase: number;
  readonly spinBase: number;
  /** State of CPU-adjacent devices (GIC, …). */
  readonly deviceBase: number;
  readonly deviceBytes: number;
  readonly tbBase: number;
  readonly tbBytes: number;
  readonly codeBase: number;
  readonly codeBytes: number;
  readonly totalBytes: number;
}

export interface StateLayoutOptions {
  nrCpus: number;
  /** Bytes of one vCPU block (cpuBlockSize of the target's env). */
  cpuBlockBytes: number;
  /** Bytes of the `ram` memory: one page descriptor a 4 KiB page. */
  ramBytes: number;
  /** Code buffer, bytes (`-accel tcg,tb-size=`). */
  tbSize: number;
  deviceBytes: number;
}

/** Lays `state` out. Error: RangeError when it would pass 4 GiB. */
export function stateLayout(o: StateLayoutOptions): StateLayout {
  let at = 4096;
  const take = (bytes: number, align = 4096) => { at = roundUp(at, align); const p = at; at += bytes; return p; };
  const maxTbs = Math.ceil(o.tbSize / BYTES_PER_TB);
  const globalBase = take(GlobalPage.size);
  const cpuStride = roundUp(o.cpuBlockBytes, 4096);
  const cpuBase = take(cpuStride * o.nrCpus);
  const deviceBase = take(o.deviceBytes);
  const postedBase = take(POSTED_RING * PostedWrite.size);
  const hotBase = take(HOT_RING * HotTb.size);
  const regionBase = take(MAX_REGIONS * RegionDesc.size);
  const debugBase = take(DebugTable.size);
  const semihostBase = take(SEMIHOST_FILES * SemihostFile.size);
  const granuleBase = take(4 * GRANULE_WORDS);
  const abaBase = take(ABA_RECORDS * AbaRecord.size);
  const profileBase = take(ProfileControl.size);
  const profileSlotBase = take(profileSlots(o.nrCpus) * ProfileSlot.size);
  const spinBase = take(o.nrCpus * SpinTable.size);
  const cacheStride = roundUp(JMP_CACHE_BYTES + TLB_CONTEXTS * NB_MMU_MODES * TLB_BYTES, 4096);
  const cacheBase = take(cacheStride * o.nrCpus);
  const nrPages = Math.ceil(o.ramBytes / 4096);
  const pageDescBase = take(nrPages * PageDesc.size);
  const tbBytes = maxTbs * TB.size;
  const tbBase = take(tbBytes);
  // Two maps (old and new) of the largest size, plus chained lines.
  const qhtBytes = roundUp(maxTbs / 2 * QHTBucket.size * 3, 4096);
  const qhtBase = take(qhtBytes);
  const codeBase = take(o.tbSize);
  const totalBytes = roundUp(at, PAGE);
  if (totalBytes > 2 ** 32 - PAGE) throw new RangeError(`the emulator's own state would take ${totalBytes} bytes, more than 4 GiB`);
  return {
    globalBase, cpuBase, cpuStride, nrCpus: o.nrCpus, cacheBase, cacheStride, qhtBase, qhtBytes, pageDescBase, nrPages,
    postedBase, hotBase, regionBase, debugBase, semihostBase, granuleBase, abaBase, profileBase, profileSlotBase, spinBase, deviceBase, deviceBytes: o.deviceBytes, tbBase, tbBytes, codeBase, codeBytes: o.tbSize, totalBytes,
  };
}

/** Addresses of a vCPU's jump cache and TLB storage, the latter by context and MMU index. */
export function cacheAddresses(l: StateLayout, cpu: number): { jmpCache: number; tlb: number[] } {
  const base = l.cacheBase + cpu * l.cacheStride;
  return { jmpCache: base, tlb: Array.from({ length: TLB_CONTEXTS * NB_MMU_MODES }, (_, i) => base + JMP_CACHE_BYTES + i * TLB_BYTES) };
}
