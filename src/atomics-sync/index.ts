// Synchronisation primitives on shared memory for worker_threads: the folder's public face (#atomics-sync).

export { LockError, LOCK_ERRORS, type LockErrorCode } from './errors.ts';
export { THIS_THREAD } from './words.ts';
export type { LockToken } from './token.ts';
export { LockStats, type SiteStats } from './lock-stats.ts';
export { lockProbe, probeNow, setLockProbe, type LockProbe } from './probe.ts';
export { Mutex, MUTEX_STATE } from './mutex.ts';
export { SpinLock } from './spinlock.ts';
export { Semaphore } from './semaphore.ts';
export { Condition } from './condition.ts';
export { Barrier } from './barrier.ts';
export { Once } from './once.ts';
export { SeqLock } from './seqlock.ts';
