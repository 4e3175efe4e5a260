// Words for granules of guest memory, by which 16-byte atomics and the global exclusive monitor see stores; the ABA meter.
import { struct, locked } from './struct.ts';

/**
 * `-accel tcg,exclusive=NAME`: log2 of a granule. 64 bytes, as CTR_EL0.ERG says; where the ABA meter counts, and where only
 * 16-byte atomics use them, as small as the widest access, so that neighbours are left out.
 */
export const EXCLUSIVE_GRANULE_BITS = { cmpxchg: 4, softmmu: 6, check: 4 } as const;
export type ExclusiveSchemeName = keyof typeof EXCLUSIVE_GRANULE_BITS;
export const isExclusiveScheme = (name: string): name is ExclusiveSchemeName => Object.hasOwn(EXCLUSIVE_GRANULE_BITS, name);
/** The scheme has a global monitor: a load-exclusive notes its granule's word. */
export const hasGlobalMonitor = (scheme: ExclusiveSchemeName): boolean => scheme !== 'cmpxchg';
/** The scheme of machines that are not told one. */
export const DEFAULT_EXCLUSIVE: ExclusiveSchemeName = 'cmpxchg';

/** Words of the table, a power of two. Granules whose numbers are equal modulo it share a word. */
export const GRANULE_WORDS = 1 << 16;
/**
 * Word of granule g: (g * GRANULE_SPREAD) mod GRANULE_WORDS. Neighbours lie on different lines of the host's cache.
 * A word is 0…1 flags, then a count of the stores to its granules. seqcst, moved by compare-exchange; the holder of
 * GRANULE_LOCKED alone stores to the granule, where its page is marked, and unlocks by counting on.
 */
export const GRANULE_SPREAD = 9;
export const GRANULE_LOCKED = 1;
/** A vCPU waits for the next store to the granule (CPUState.ll_watch). */
export const GRANULE_WATCHED = 2;
export const GRANULE_COUNT = 4;

/**
 * PageDesc.ll_state: no exclusives; marks under way; from LL_MARKED on marked, as high as LL_USED where a load-exclusive
 * came since the last sweep, each of which takes one away.
 */
export const LL_NONE = 0;
export const LL_MARKING = 1;
export const LL_MARKED = 2;
export const LL_USED = 8;

/** One place of the ABA meter. */
export const AbaRecord = struct('AbaRecord', 'store-exclusives of one PC to one address that only a compare-and-swap would have let pass', {
  pc: locked('u64', 'aba_lock', 'guest PC of the store-exclusive'),
  address: locked('u64', 'aba_lock', 'guest virtual address'),
  count: locked('u32', 'aba_lock', 'how often; 0 = free'),
  bytes: locked('u32', 'aba_lock', 'size of the access'),
}, 8);
export const ABA_RECORDS = 1024;
