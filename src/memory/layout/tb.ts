// Translation blocks, the QHT, page descriptors and the global page.
import { struct, owned, shared, locked, constant } from './struct.ts';

/** tb.flags bit: the TB was invalidated; makes every look-up miss. */
export const TB_INVALID = 0x80000000 | 0;

/** tb.cflags bits (QEMU's names where it has them). */
export const CF_COUNT_MASK = 0x1ff;
export const CF_NO_GOTO_TB = 0x200;
export const CF_NO_GOTO_PTR = 0x400;
export const CF_SINGLE_STEP = 0x800;
/** The lock profiler is on: exclusives, compare-and-swaps and the like are watched. */
export const CF_PROFILE = 0x1000;
/** More vCPUs than cores for them: YIELD gives the core away. */
export const CF_CROWDED = 0x2000;

export const TB = struct('TB', 'translation block descriptor (QEMU: TranslationBlock)', {
  flags: shared('i32', 'translator; any sets TB_INVALID', 'target flags of the key | TB_INVALID'),
  fn: shared('i32', 'translator, region publisher', 'table index of the function that runs it; 0 = interpreter'),
  code: constant('u32', 'address of the bytecode, behind the guest words it was made of'),
  jmp_dest: { type: 'i32', count: 2, writer: 'any', lock: 'tb.jmp_lock of the destination', order: 'seqcst', doc: 'TB linked to each goto_tb slot, 0 = unlinked' },
  cs_base: constant('u32', 'second key word'),
  cflags: constant('u32', 'CF_*'),
  size: constant('u32', 'guest bytes'),
  phys_pc: constant('u64', 'physical address of the first instruction: the key'),
  icount: constant('u32', 'guest instructions'),
  exec_count: { type: 'u32', writer: 'any', order: 'plain', doc: 'times entered by the interpreter; racy on purpose: a heat figure' },
  exec_base: { type: 'u32', writer: 'inserting vCPU, translator', order: 'plain', doc: 'what exec_count was set to, so that it asks for a region sooner: entries are the difference' },
  insn_data: constant('u32', 'address of the insn_start words: icount rows of INSN_START_WORDS u32'),
  code_size: constant('u32', 'bytes of bytecode'),
  jmp_lock: shared('i32', 'any', 'spin lock of the incoming-jump list'),
  jmp_list_head: locked('u32', 'tb.jmp_lock', 'incoming jumps: TB address | slot number, 0 = end; bit 3 set: this TB is being invalidated, link no more'),
  jmp_list_next: locked('u32', 'jmp_lock of the destination', 'next entry of the list each outgoing slot is in', 2),
  page_next: locked('u32', 'page lock', 'next TB on the same page'),
  hash: constant('u32', 'QHT hash'),
  targets: { type: 'u64', count: 2, writer: 'any', order: 'plain', doc: 'virtual PCs the interpreter went to last by an indirect call or jump at its end, 0 = none; racy on purpose: a hint for regions' },
}, 16);
export const INSN_START_WORDS = 2;

/** Slot numbers and codes in the low bits of what a TB function returns (TB address | code). */
export const TB_EXIT_IDX0 = 0;
export const TB_EXIT_IDX1 = 1;
export const TB_EXIT_NOCHAIN = 2;
export const TB_EXIT_REQUESTED = 3;
/** The TB has been run often: ask for a region. It was not run this time. */
export const TB_EXIT_HOT = 4;
/** The TB's region has no instance on this thread yet. It was not run. */
export const TB_EXIT_STUB = 5;
/** A region left because it was asked to (an interpreted TB says TB_EXIT_REQUESTED). */
export const TB_EXIT_HOT_REQUESTED = 6;
export const TB_EXIT_MASK = 15;

/** QHT bucket line: one cache line; chained when full. */
export const QHT_ENTRIES = 4;
export const QHTBucket = struct('QHTBucket', 'one cache line of the TB hash table', {
  lock: shared('i32', 'writers', 'spin lock, in the head bucket only'),
  sequence: shared('i32', 'the lock holder', 'seqlock: odd while the chain changes. pairs with src/accel/qht.ts#lookup'),
  hashes: { type: 'u32', count: QHT_ENTRIES, writer: 'the lock holder', lock: 'bucket lock', order: 'seqcst', doc: 'hash of each entry' },
  pointers: { type: 'i32', count: QHT_ENTRIES, writer: 'the lock holder', lock: 'bucket lock', order: 'seqcst', doc: 'TB of each entry, 0 = free' },
  next: { type: 'i32', writer: 'the lock holder', lock: 'bucket lock', order: 'seqcst', doc: 'next bucket of the chain, 0 = end' },
  pad: constant('u32', 'fills the line', 5),
}, 64);

/** Per guest physical page (of RAM/ROM): the TBs translated from it. */
export const PageDesc = struct('PageDesc', 'code on one page of guest memory', {
  lock: shared('i32', 'any', 'page lock (spin)'),
  first_tb: locked('u32', 'page lock', 'list of TBs by tb.page_next; non-zero means stores must take NOTDIRTY'),
  dirty: shared('i32', 'any', 'PAGE_CODE, PAGE_EXCLUSIVE: why stores take the slow path; PAGE_MARKED; times PAGE_CODE was taken off'),
  code_gen: shared('i32', 'the page lock holder', 'raised by every store to the page while it may hold code'),
  has_regions: shared('i32', 'the page lock holder', 'PAGE_ENTRY, PAGE_PART: regions were published since the last invalidation'),
  ll_state: shared('i32', 'vCPUs; a sweep while no vCPU runs', 'LL_*: exclusives on the page'),
  ll_next: shared('i32', 'who marks the page', 'list of marked pages: page number + 1, 0 = end'),
  pad: constant('u32', 'unused', 1),
});
/** PageDesc.has_regions bits: regions are entered here; regions entered elsewhere hold TBs of this page. */
export const PAGE_ENTRY = 1;
export const PAGE_PART = 2;
/**
 * Pages are marked by aligned blocks of 2^PAGE_BLOCK_BITS, as looking through the TLBs is what costs: code seldom stands
 * alone, nor does a lock or a counter.
 */
export const PAGE_BLOCK_BITS = 4;

/** PageDesc.dirty bits. */
export const PAGE_CODE = 1;
export const PAGE_EXCLUSIVE = 2;
/** All TLBs have been told of PAGE_CODE. */
export const PAGE_MARKED = 4;
/** The bits from here on count the times that PAGE_CODE was taken off. */
export const PAGE_UNMARKED = 8;

/** Call sites the BQL counts acquisitions of: the rows of bql_stats. */
export const BQL_SITES = 16;

export const GlobalPage = struct('GlobalPage', 'state shared by all threads of one machine', {
  vm_running: shared('i32', 'main', 'futex: 1 while vCPUs may run'),
  shutdown: shared('i32', 'any', 'vCPU threads end when non-zero'),
  doorbell: shared('i32', 'vCPUs, timer', 'futex of the main thread: raised by MMIO requests, posted writes and events'),
  main_sleeping: shared('i32', 'main', '1 while main waits on the doorbell'),
  exclusive_lock: shared('i32', 'any', 'mutex of the exclusive machinery (QEMU: qemu_cpu_list_lock)', 4),
  exclusive_pending: shared('i32', 'exclusive_lock holder', 'vCPUs still to leave guest code + 1; 0 = no exclusive section'),
  exclusive_cond: shared('i32', 'any', 'futex: exclusive_pending fell to 1'),
  exclusive_resume: shared('i32', 'any', 'futex: the exclusive section ended'),
  tb_gen: shared('i32', 'tb_flush', 'TB generation: raised by every flush'),
  tb_count: shared('i32', 'any', 'TB descriptors handed out'),
  code_ptr: shared('i32', 'any', 'next free byte of the code buffer (atomic bump allocation)'),
  qht_map: { type: 'i32', writer: 'resize', lock: 'qht_lock', order: 'seqcst', doc: 'address of the current bucket array' },
  qht_mask: { type: 'i32', writer: 'resize', lock: 'qht_lock', order: 'seqcst', doc: 'buckets - 1' },
  qht_lock: shared('i32', 'any', 'spin lock: resize and reset', 4),
  qht_alloc: shared('i32', 'any', 'next free byte of the QHT region (atomic bump allocation)'),
  qht_added: shared('i32', 'any', 'buckets chained since the last resize'),
  hot_lock: shared('i32', 'any', 'spin lock of the hot-TB ring'),
  hot_head: shared('i32', 'translators under hot_lock', 'next hot TB to compile'),
  hot_tail: shared('i32', 'vCPUs under hot_lock', 'next free slot'),
  hot_word: shared('i32', 'vCPUs, main', 'futex of the translator threads: raised by each push and at shutdown'),
  region_count: shared('i32', 'translator', 'region descriptors handed out since the last tb_flush'),
  ll_pages: shared('i32', 'vCPUs', 'list of pages marked for exclusives: page number + 1, by compare-exchange; a sweep takes it while no vCPU runs'),
  ll_marks: shared('i32', 'vCPUs', 'blocks of pages marked so far'),
  ll_sweeps: shared('i32', 'vCPUs', 'sweeps so far'),
  ll_swept: { type: 'u32', writer: 'a sweep', order: 'plain', doc: 'time of the last one, ms of the host clock; read by who thinks of the next' },
  aba_lock: shared('i32', 'any', 'spin lock of the ABA meter'),
  aba_lost: locked('u32', 'aba_lock', 'events of places that found no free record'),
  clock_lock: shared('i32', 'main', 'SeqLock of the virtual clock', 2),
  clock_offset: { type: 'f64', writer: 'main', lock: 'clock_lock', order: 'plain', doc: 'virtual time = monotonic time - offset, ns; one aligned access, never torn' },
  clock_stopped_at: { type: 'f64', writer: 'main', lock: 'clock_lock', order: 'plain', doc: 'virtual time while stopped, ns; negative while running' },
  rr_slice: shared('i32', 'timer', 'round robin (thread=single): raised when the running slice is over'),
  timer_word: shared('i32', 'any', 'futex of the timer thread: raised when a deadline moved earlier'),
  event: shared('i32', 'any', 'EVENT_* bits for main: system off, reset, panic'),
  exit_code: shared('i32', 'any', 'exit status the guest asked for (semihosting), with EVENT_SHUTDOWN'),
  debug_cpu: shared('i32', 'vCPUs; main clears', 'first vCPU that came to a debug stop, + 1; 0 = none'),
  translate_ns: shared('i64', 'vCPUs', 'time spent translating TBs, ns'),
  translated_tbs: shared('i64', 'vCPUs', 'TBs translated since the start'),
  archived_tbs: shared('i64', 'vCPUs', 'TBs taken from the archive of earlier runs instead'),
  cold_insns: shared('i64', 'tb_flush', 'guest instructions interpreted by TBs that were flushed'),
  compile_ns: shared('i64', 'translators', 'time spent compiling regions, ns'),
  compiled_regions: shared('i64', 'translators', 'regions compiled and published since the start'),
  archived_regions: shared('i64', 'translators', 'regions taken from the archive of earlier runs and published instead'),
  compiled_tbs: shared('i64', 'translators', 'TBs in them'),
  compiled_bytes: shared('i64', 'translators', 'bytes of their wasm'),
  dropped_regions: shared('i64', 'translators', 'regions compiled and not published: the code had changed, or there was no room'),
  instantiate_ns: shared('i64', 'vCPUs', 'time spent creating instances of regions, ns'),
  instances_made: shared('i64', 'vCPUs', 'instances created since the start'),
  instances: shared('i32', 'vCPUs', 'instances live now, over all threads'),
  checks: shared('i64', 'vCPUs', 'runs of regions compared with the interpreter (check=on)'),
  check_reruns: shared('i64', 'vCPUs', 'of these, run again through the fast paths'),
  check_skipped: shared('i64', 'vCPUs', 'runs not compared: their code changed under them'),
  io_posted_lock: shared('i32', 'any', 'spin lock of the posted-write ring', 4),
  io_posted_head: shared('i32', 'main', 'next posted write to run'),
  io_posted_tail: shared('i32', 'vCPUs under io_posted_lock', 'next free slot'),
  bql: { type: 'i32', count: 4, align: 64, writer: 'any', order: 'seqcst', doc: 'Big QEMU Lock (Mutex), in a cache line that vCPUs do not write for MMIO. pairs with src/accel/bql.ts#lock' },
  bql_holder: locked('i32', 'bql', 'call site (SYNC_SITES) that holds it, 0 = nobody; others may read it as a hint'),
  bql_stats: { type: 'f64', count: 4 * BQL_SITES, writer: 'any', lock: 'bql', order: 'plain', doc: 'LockStats: a row a call site' },
}, 64);

export const EVENT_SHUTDOWN = 1;
export const EVENT_RESET = 2;
export const EVENT_PANIC = 4;
/** A vCPU came to a breakpoint, watchpoint or the end of a step. */
export const EVENT_DEBUG = 8;

/** Pages a region takes TBs of at most. */
export const REGION_PAGES = 4;
/** A compiled region. Region n is table index n; index 0 is the interpreter. */
export const RegionDesc = struct('RegionDesc', 'wasm module of a compiled region', {
  addr: constant('u32', 'address in the code buffer: the module, then, 4-byte aligned, address and start (bytes from the page of the entry) of each TB'),
  bytes: constant('u32', 'length of the module'),
  tb: constant('u32', 'TB it is entered by'),
  tbs: constant('u32', 'TBs compiled into it'),
  pages: constant('u32', 'pages of the ram memory its TBs are on beside that of the entry: page number + 1, 0 = none', REGION_PAGES - 1),
});
export const MAX_REGIONS = 1 << 15;

/** A TB whose execution counter asked for a region. */
export const HotTb = struct('HotTb', 'entry of the hot-TB ring', {
  tb: locked('u32', 'hot_lock', 'TB address'),
  gen: locked('u32', 'hot_lock', 'tb_gen when it was queued'),
  pc: { type: 'u64', writer: 'any', lock: 'hot_lock', order: 'plain', doc: 'virtual PC it was entered with' },
});
export const HOT_RING = 1024;

/** A write to a register declared posted: done later by main, in order. */
export const PostedWrite = struct('PostedWrite', 'entry of the coalesced-MMIO ring', {
  region: owned('u32', 'I/O region number'),
  offset: owned('u32', 'byte offset'),
  size: owned('u32', 'bytes'),
  value: owned('u32', 'value'),
});
export const POSTED_RING = 4096;
