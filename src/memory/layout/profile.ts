// The lock profiler's shared tables: call sites, figures by thread and site, stops of the world, spans, guest spin sites.
import { owned, shared, struct, type FieldSpec } from './struct.ts';

/** What a call site's figures mean. `wait`: no lock, only waiting for another thread. */
export type SiteKind = 'lock' | 'exclusive' | 'wait';

/**
 * Every place in the emulator that takes a lock or waits for another thread: lock and what it is taken for. The order
 * gives the numbers; those of the BQL come first, they are rows of GlobalPage.bql_stats too.
 */
const SITES = {
  BQL_MMIO: ['bql', 'MMIO dispatch', 'lock'],
  BQL_POSTED: ['bql', 'posted MMIO', 'lock'],
  BQL_PARK: ['bql', 'park', 'lock'],
  BQL_PARKED: ['bql', 'parked', 'lock'],
  BQL_RESUME: ['bql', 'resume', 'lock'],
  BQL_RESET: ['bql', 'reset', 'lock'],
  BQL_PSCI_CPU_ON: ['bql', 'PSCI CPU_ON', 'lock'],
  BQL_PSCI_CPU_OFF: ['bql', 'PSCI CPU_OFF', 'lock'],
  BQL_PSCI_AFFINITY_INFO: ['bql', 'PSCI AFFINITY_INFO', 'lock'],
  BQL_PSCI_START: ['bql', 'PSCI start', 'lock'],
  BQL_INSPECT: ['bql', 'device inspection', 'lock'],
  PAGE_PROTECT: ['page lock', 'translate: protect', 'lock'],
  PAGE_INSERT: ['page lock', 'translate: insert', 'lock'],
  PAGE_STORE: ['page lock', 'store to a page with code', 'lock'],
  PAGE_LIST: ['page lock', 'list TBs of a page', 'lock'],
  PAGE_PUBLISH: ['page lock', 'publish a region', 'lock'],
  PAGE_FLUSH: ['page lock', 'tb_flush', 'lock'],
  JMP_LINK: ['jmp_lock', 'chain', 'lock'],
  JMP_UNLINK: ['jmp_lock', 'unchain', 'lock'],
  JMP_INVALIDATE: ['jmp_lock', 'invalidate', 'lock'],
  QHT_BUCKET: ['qht bucket', 'insert or remove', 'lock'],
  QHT_RESIZE: ['qht_lock', 'resize', 'lock'],
  WORK_QUEUE: ['work_lock', 'queue work', 'lock'],
  WORK_TAKE: ['work_lock', 'take work', 'lock'],
  GIC_LINE: ['gic_lock', 'interrupt line', 'lock'],
  GIC_REGISTER: ['gic_lock', 'distributor register', 'lock'],
  GIC_CPU: ['gic_lock', 'CPU interface', 'lock'],
  IO_POSTED: ['io_posted_lock', 'post a write', 'lock'],
  HOT_QUEUE: ['hot_lock', 'queue of hot TBs', 'lock'],
  EXCLUSIVE_LIST: ['exclusive_lock', 'enter or leave', 'lock'],
  EXCLUSIVE_ATOMIC: ['exclusive section', 'atomic instruction', 'exclusive'],
  EXCLUSIVE_FLUSH: ['exclusive section', 'tb_flush', 'exclusive'],
  EXCLUSIVE_WORK: ['exclusive section', 'safe work', 'exclusive'],
  STOP_VM: ['all vCPUs', 'stop or reset', 'exclusive'],
  TLB_BROADCAST: ['TLB flush', 'wait for other vCPUs', 'wait'],
} as const satisfies Readonly<Record<string, readonly [lock: string, what: string, kind: SiteKind]>>;

/** Numbers of the call sites, from 1; 0 is any other. */
export const SyncSite = Object.fromEntries(Object.keys(SITES).map((name, n) => [name, n + 1])) as { readonly [K in keyof typeof SITES]: number };

/** The call sites by number, 0 included. */
export const SYNC_SITES: readonly { readonly lock: string; readonly what: string; readonly kind: SiteKind }[] =
  [['other', '', 'lock'] as const, ...Object.values(SITES)].map(([lock, what, kind]) => ({ lock, what, kind }));

/** Rows of a thread: call sites, then MMIO round trips by I/O region number. */
export const SITE_ROWS = 64;
export const REGION_ROWS = 64;

/** Buckets of a histogram of nanoseconds: bucket 2e + h holds [2^e · (1 + h/2), 2^e · (1 + (h + 1)/2)), e up to 31; bucket 0 also 0. */
export const HISTOGRAM_BUCKETS = 64;

const figures = (doc: string): FieldSpec => owned('f64', doc);

/** Writer of all that follows: the thread that the slot belongs to. Readers may be an update behind. */
export const SyncRow = struct('SyncRow', 'lock profiler: figures of one call site or I/O region on one thread', {
  acquisitions: figures('how often'),
  contended: figures('times it had to wait'),
  wait_ns: figures('waited in all'),
  wait_max: figures('longest wait, ns'),
  hold_ns: figures('held in all; MMIO on main: time in the device'),
  hold_max: figures('longest hold, ns'),
  wait_histogram: owned('u32', 'waits by length', HISTOGRAM_BUCKETS),
  hold_histogram: owned('u32', 'holds by length', HISTOGRAM_BUCKETS),
}, 8);

/** Something that lasted, on one thread: for the timeline. */
export const ProfileSpan = struct('ProfileSpan', 'lock profiler: an interval on a thread', {
  start: owned('f64', 'monotonic time, ns'),
  ns: owned('f64', 'length'),
  kind: owned('u32', 'SPAN_*'),
  what: owned('u32', 'call site, region number, or index of a GuestSpin'),
}, 8);
export const SPAN_LOCK = 1, SPAN_HOLD = 2, SPAN_MMIO = 3, SPAN_EXCLUSIVE = 4, SPAN_SPIN = 5;
export const PROFILE_SPANS = 4096;
/** Shorter intervals are counted, not drawn, ns. */
export const SPAN_MIN_NS = 10_000;

export const SPIN_STACK = 16;
/** A place in the guest that waited for a memory location: key (pc, address, stack). */
export const GuestSpin = struct('GuestSpin', 'lock profiler: a guest instruction that tried in vain', {
  pc: owned('u64', 'virtual address of the instruction'),
  address: owned('u64', 'virtual address of the lock; 0: none known'),
  kind: owned('u32', 'SPIN_*; 0: free entry'),
  el: owned('u32', 'exception level'),
  failures: figures('STXRs and CASs that failed, tests that found it taken'),
  episodes: figures('waits: from the first vain try to success or to another location'),
  ns: figures('time waited'),
  max_ns: figures('longest wait'),
  histogram: owned('u32', 'waits by length', HISTOGRAM_BUCKETS),
  stack: owned('u64', 'return addresses, innermost first, 0 = end', SPIN_STACK),
}, 8);
export const SPIN_STXR = 1, SPIN_CAS = 2, SPIN_LDXR = 3, SPIN_TAS = 4, SPIN_LOAD = 5, SPIN_WFE = 6, SPIN_YIELD = 7;
/** What SPIN_* are called in reports. */
export const SPIN_KINDS: readonly string[] = ['', 'stxr', 'cas', 'ldxr', 'test-and-set', 'load', 'wfe', 'yield'];
export const GUEST_SPINS = 1024;

/** One thread's part of the profile. */
export const ProfileSlot = struct('ProfileSlot', 'lock profiler: figures of one thread', {
  span_count: figures('spans recorded; the last PROFILE_SPANS of them are kept'),
  spins_lost: figures('waits in the guest that found the table full'),
  rows: { type: SyncRow, count: SITE_ROWS + REGION_ROWS, writer: 'owner', order: 'plain', doc: 'by call site, then by I/O region' },
  spans: { type: ProfileSpan, count: PROFILE_SPANS, writer: 'owner', order: 'plain', doc: 'ring' },
}, 64);

/** A vCPU's table of guest spins. */
export const SpinTable = struct('SpinTable', 'lock profiler: guest spins of one vCPU, open addressing by hash of the key', {
  spins: { type: GuestSpin, count: GUEST_SPINS, writer: 'owner', order: 'plain', doc: 'entries' },
}, 64);

export const StopRecord = struct('StopRecord', 'lock profiler: one stop of the world', {
  start: { type: 'f64', writer: 'requester', order: 'plain', doc: 'monotonic time of the request, ns' },
  wait_ns: { type: 'f64', writer: 'requester', order: 'plain', doc: 'until the last vCPU had parked' },
  hold_ns: { type: 'f64', writer: 'requester', order: 'plain', doc: 'from then to the end' },
  who: { type: 'i32', writer: 'requester', order: 'plain', doc: 'slot of the thread that asked' },
  site: { type: 'u32', writer: 'requester', order: 'plain', doc: 'why: call site' },
  running: { type: 'i32', writer: 'requester', order: 'plain', doc: 'vCPUs that had to leave guest code' },
  late: { type: 'i32', writer: 'requester', order: 'plain', doc: 'the vCPU that left last, -1: none had to' },
}, 8);
export const STOP_RECORDS = 2048;

export const ProfileControl = struct('ProfileControl', 'lock profiler: switch and stops of the world', {
  enabled: shared('i32', 'main', '1 while the profiler is on'),
  generation: shared('i32', 'main', 'raised by a reset: each thread empties its own slot when it sees that'),
  next_translator: shared('i32', 'translators', 'slots of translator threads handed out'),
  stop_count: shared('i32', 'requesters', 'stops recorded; the last STOP_RECORDS of them are kept'),
  late: shared('i32', 'vCPUs under exclusive_lock or the BQL', 'vCPU that last left guest code for somebody, or parked'),
  started: { type: 'f64', writer: 'main', order: 'plain', doc: 'monotonic time of switching on or of the reset, ns' },
  measured: { type: 'f64', writer: 'main', order: 'plain', doc: 'ns it was on before that' },
  stops: { type: StopRecord, count: STOP_RECORDS, writer: 'requesters', order: 'plain', doc: 'ring' },
}, 64);

/** Threads beside the vCPUs that have a slot: main, then translators. */
export const TRANSLATOR_SLOTS = 4;
export const profileSlots = (nrCpus: number): number => nrCpus + 1 + TRANSLATOR_SLOTS;
/** Slot of the main thread. */
export const mainSlot = (nrCpus: number): number => nrCpus;
