// The vCPU block: common state, TLB headers, mailbox and work queue of one vCPU, then its architectural env.
import { struct, owned, shared, locked, constant } from './struct.ts';

/** Guest page size that TBs, TLBs and page descriptors use (the smallest granule), as a power of two. */
export const TARGET_PAGE_BITS = 12;
export const TARGET_PAGE_SIZE = 1 << TARGET_PAGE_BITS;

/** MMU indexes a target may use. */
export const NB_MMU_MODES = 4;

/** TLB flag bits, below the page bits of addr_read/addr_write/addr_code: any set one forces the slow path. */
export const TLB_INVALID_MASK = 1 << 11;
export const TLB_NOTDIRTY = 1 << 10;
export const TLB_MMIO = 1 << 9;
export const TLB_WATCHPOINT = 1 << 8;
export const TLB_DISCARD_WRITE = 1 << 7;
export const TLB_BSWAP = 1 << 6;
/** Exclusives are used on the page: stores count the granule on (src/accel/granules.ts). addr_write only. */
export const TLB_EXCLUSIVE = 1 << 5;
export const TLB_FLAGS_MASK = TLB_INVALID_MASK | TLB_NOTDIRTY | TLB_MMIO | TLB_WATCHPOINT | TLB_DISCARD_WRITE | TLB_BSWAP | TLB_EXCLUSIVE;

/** One softmmu TLB entry (QEMU: CPUTLBEntry). Entry i of a table caches the page whose number is i modulo the table. */
export const TLBEntry = struct('TLBEntry', 'softmmu TLB entry: one guest page', {
  addr_read: owned('i64', 'page address of a readable page, or -1; flag bits below the page bits'),
  addr_write: { type: 'i64', writer: 'owner; any vCPU may set TLB_NOTDIRTY and TLB_EXCLUSIVE', order: 'seqcst', doc: 'the same for writes' },
  addr_code: owned('i64', 'the same for instruction fetch'),
  addend: owned('i64', 'guest virtual address + addend = offset in the ram memory'),
}, 8);

/** Slow-path companion of a TLBEntry, same index (QEMU: CPUTLBEntryFull). */
export const TLBEntryFull = struct('TLBEntryFull', 'what the slow path needs to know of a TLB entry', {
  phys: owned('u64', 'physical page address (bytes)'),
  attrs: owned('u32', 'target-defined attributes: memory type, shareability'),
}, 8);

/** TLB of one MMU index: sizes change under dynamic resizing, storage does not move. */
export const TLBDesc = struct('TLBDesc', 'TLB header of one MMU index', {
  mask: owned('u32', '(entries - 1) * sizeof(TLBEntry)'),
  table: owned('u32', 'address of entry 0'),
  full: owned('u32', 'address of TLBEntryFull 0'),
  n_used: owned('u32', 'entries in use since the last flush, for resizing'),
  vtable: owned('u32', 'address of the victim TLB (CPU_VTLB_SIZE entries)'),
  vfull: owned('u32', 'address of the victim TLBEntryFull table'),
  vindex: owned('u32', 'next victim slot'),
  window_max: owned('u32', 'peak use in the current resizing window'),
  window_begin: owned('u32', 'start of the resizing window, ms'),
  pad: owned('u32', 'unused'),
}, 8);
/** Address spaces whose TLBs a vCPU keeps, the present one among them. */
export const TLB_CONTEXTS = 4;
export const CPU_VTLB_SIZE = 8;
export const CPU_TLB_MIN_BITS = 8;
export const CPU_TLB_DEFAULT_BITS = 10;
export const CPU_TLB_MAX_BITS = 14;

/** tb_jmp_cache entry: virtual PC to TB. */
export const JmpCacheEntry = struct('JmpCacheEntry', 'one slot of tb_jmp_cache', {
  pc: owned('i64', 'virtual PC the TB was looked up with'),
  tb: { type: 'i32', writer: 'owner; others only clear it', order: 'seqcst', doc: 'TB address, 0 = empty' },
  gen: owned('u32', 'jmp_gen when it was stored: another one makes it empty'),
}, 8);
/** Bits of a slot's number. */
export const TB_JMP_CACHE_BITS = 15;
export const TB_JMP_CACHE_SIZE = 1 << TB_JMP_CACHE_BITS;

/** One queued work item: `fn` indexes the work-function table, the arguments are its own. */
export const WorkItem = struct('WorkItem', 'entry of the async_run_on_cpu ring', {
  fn: locked('u32', 'work_lock', 'work-function number'),
  flags: locked('u32', 'work_lock', 'bit 0: needs exclusive (safe work)'),
  arg: locked('u32', 'work_lock', 'arguments', 6),
});
export const WORK_RING = 256;

/** cpu.interrupt_request bits (QEMU's names). */
export const CPU_INTERRUPT_HARD = 0x0002;
export const CPU_INTERRUPT_EXITTB = 0x0004;
/** The timer thread saw the vCPU's next deadline pass (QEMU: a CPU_INTERRUPT_TGT_EXT bit). */
export const CPU_INTERRUPT_TIMER = 0x0008;
export const CPU_INTERRUPT_HALT = 0x0020;
export const CPU_INTERRUPT_FIQ = 0x0040;
export const CPU_INTERRUPT_RESET = 0x0400;

/** MMIO mailbox states. */
export const MBOX_IDLE = 0;
export const MBOX_REQUEST = 1;
export const MBOX_DONE = 2;

export const HELPER_ARGS = 8;

export const CPUState = struct('CPUState', 'common part of a vCPU block (QEMU: CPUState + CPUNegativeOffsetState)', {
  exit_request: shared('i32', 'any', '1: leave generated code before the next TB; set by kicks, cleared by the owner. pairs with src/accel/cpu-exec.ts#runGuest'),
  interrupt_request: shared('i32', 'any', 'CPU_INTERRUPT_* bits, Atomics.or/and'),
  halted: shared('i32', 'owner', 'non-zero while the vCPU sleeps in WFI or is powered off'),
  halt_word: shared('i32', 'any', 'futex: incremented and notified by every kick; the halted vCPU waits on it'),
  running: shared('i32', 'owner', 'non-zero inside guest code. pairs with src/accel/exclusive.ts#start'),
  has_waiter: shared('i32', 'any', 'start_exclusive waits for this vCPU to leave guest code'),
  stop: shared('i32', 'any', 'requested to park'),
  stopped: shared('i32', 'owner; main clears it when it lets the vCPU go on', 'parked. pairs with src/machine/virt.ts#resume'),
  cpu_index: constant('u32', 'number of this vCPU'),
  tb_flags: owned('u32', 'target state that selects the TB (part of its hash key); kept up to date by the target'),
  cs_base: owned('u32', 'second word of that state'),
  cflags: owned('u32', 'CF_* of the TBs to run next (part of the key); set by main before the threads start'),
  exception_index: owned('i32', 'pending exception for cpuExec, -1 = none'),
  singlestep: shared('i32', 'main, while the vCPU is parked', 'SSTEP_* bits: one instruction, then a debug stop'),
  watch_hit: owned('u32', 'number of the watchpoint of the last debug stop, from 1; 0 = none; main clears it while the vCPU is parked'),
  fence_word: shared('i32', 'owner', 'always 0: adding 0 to it is a full fence'),
  ll_word: owned('u32', 'load-exclusive: address of the granule word'),
  ll_host: { type: 'i64', writer: 'owner; a sweep while no vCPU runs', order: 'plain', doc: 'load-exclusive: offset in the ram memory; -1 = that of an access without a monitor' },
  ll_count: owned('u32', 'load-exclusive: the granule word then, without GRANULE_WATCHED'),
  ll_stores: owned('u32', 'stores to marked pages, counted by the wasm path'),
  ll_watch: shared('i32', 'owner; who wakes it clears it', 'address of the granule word whose next store is an event, 0 = none. pairs with src/accel/granules.ts#wake'),
  hot_insns: owned('u64', 'guest instructions of the TBs that regions ran; counted with `stats=on` only'),
  hot_samples: owned('u32', 'requests to leave that found the vCPU in a region'),
  cold_samples: owned('u32', 'requests to leave that found it in the interpreter'),
  spin_word: owned('u64', 'lock profiler: bit 63, a wait of the guest is under way; below, half the address of the last acquiring load plus what it read. pairs with src/accel/guest-spins.ts#vain'),
  spin_at: owned('u64', 'lock profiler: location whose change is told to GuestSpins#changed'),
  spin_tries: owned('i32', 'lock profiler: tries in vain since the last success'),
  spin_limit: owned('i32', 'lock profiler: so many of them are told to GuestSpins#vain'),
  spin_waits: owned('i32', 'lock profiler: waits that end before one is told to GuestSpins#success'),
  profile_tick: shared('i32', 'timer; owner clears', '1: count where the vCPU is (--profile)'),
  profile_idle: { type: 'u32', writer: 'timer', order: 'plain', doc: 'times it was halted then' },
  no_tlb: { type: TLBEntry, writer: 'owner', order: 'plain', doc: 'an entry that matches nothing: the TLB that generated code sees while it is checked' },
  jmp_cache: constant('u32', 'address of tb_jmp_cache'),
  jmp_gen: { type: 'u32', writer: 'owner; tb_flush and the debugger while no vCPU runs', order: 'plain', doc: 'generation of tb_jmp_cache: another one empties the cache' },
  jmp_gens: { type: 'u32', writer: 'as jmp_gen', order: 'plain', doc: 'the last generation given out' },
  tlb_d: { type: TLBDesc, count: NB_MMU_MODES, writer: 'owner', order: 'plain', doc: 'TLB header of each MMU index' },

  helper_arg: { type: 'i64', count: HELPER_ARGS, writer: 'owner', order: 'plain', doc: 'arguments of a TypeScript helper', align: 16 },
  helper_ret: { type: 'i64', count: 2, writer: 'owner', order: 'plain', doc: 'its result; also the value of a slow-path load', align: 16 },

  mbox_state: shared('i32', 'owner and main', 'MBOX_*: owner IDLE→REQUEST, main REQUEST→DONE, owner DONE→IDLE'),
  mbox_write: owned('i32', '1 = write, 0 = read'),
  mbox_region: owned('u32', 'I/O region number'),
  mbox_offset: owned('u32', 'byte offset in the region'),
  mbox_size: owned('u32', 'access size in bytes: 1, 2, 4'),
  mbox_value: { type: 'u32', writer: 'owner for writes, main for reads', order: 'plain', doc: 'ordered by mbox_state' },

  work_lock: shared('i32', 'any', 'spin lock of the work ring', 4),
  work_head: locked('u32', 'work_lock', 'next item to run'),
  work_tail: locked('u32', 'work_lock', 'next free slot'),
  work: { type: WorkItem, count: WORK_RING, writer: 'any', lock: 'work_lock', order: 'plain', doc: 'async_run_on_cpu ring' },

  tlb_context: owned('u32', 'which context tlb_d is of'),
  tlb_epoch: { type: 'u32', writer: 'main while the vCPU is parked; tb_flush while no vCPU runs', order: 'plain', doc: 'counted up when contexts that were left must not be come back to' },
  tlb_saved: { type: TLBDesc, count: TLB_CONTEXTS * NB_MMU_MODES, writer: 'owner', order: 'plain', doc: 'TLB headers of each context as it was left; out of date for the present one. Stored before tlb_d is loaded from another one. pairs with src/accel/tlb.ts#protectBlock' },
}, 16);

/** Bytes reserved for TCG temporaries behind the architectural env. */
export const TCG_TEMP_BUF = 8192;
