// The Big QEMU Lock: one mutex over machine-wide state that main and vCPU threads both change, counted by call site.
import { LockStats, Mutex, type LockToken, type SiteStats } from '#atomics-sync';
import { BQL_SITES } from '../memory/layout/tb.ts';

/** Proof that the BQL is held. */
export type BqlLocked = LockToken<'bql'>;

/** How long main waits for the BQL before its event loop gets a turn, ms. */
const MAIN_WAIT_MS = 0.5;

/** What the BQL needs of a machine. */
interface BqlWords {
  readonly i32: Int32Array;
  global(field: 'bql' | 'bql_stats' | 'bql_holder'): number;
}

/**
 * One thread's handle; call sites are the SyncSite.BQL_* of src/memory/layout/profile.ts. Critical sections are short and wait for nobody: not for a vCPU's work, not for an exclusive
 * section, not for the event loop. Finer locks may be taken under it (docs/design/locking.md ranks them).
 */
export class Bql {
  readonly #mutex: Mutex<'bql'>;
  readonly #stats: LockStats;
  readonly #i32: Int32Array;
  readonly #holder: number;

  constructor(m: BqlWords) {
    this.#i32 = m.i32;
    this.#stats = new LockStats(m.i32, m.global('bql_stats'), BQL_SITES);
    this.#mutex = new Mutex<'bql'>(m.i32, m.global('bql'), this.#stats);
    this.#holder = m.global('bql_holder');
  }

  /** Acquires: spins as long as that has paid lately, then sleeps. Error: ERR_LOCK_RECURSIVE. */
  lock(site: number): BqlLocked {
    const held = this.#mutex.lock(site);
    this.#i32[this.#holder] = site;
    return held;
  }

  /** Releases. Error: ERR_LOCK_NOT_OWNER. */
  unlock(): void {
    if (this.#mutex.heldByThisThread) this.#i32[this.#holder] = 0;
    this.#mutex.unlock();
  }

  /** Runs `fn` with the lock held. Errors: ERR_LOCK_RECURSIVE, and those of `fn`; the lock is released either way. */
  run<T>(site: number, fn: (held: BqlLocked) => T): T {
    const held = this.lock(site);
    try {
      return fn(held);
    } finally {
      this.unlock();
    }
  }

  /** Acquires within half a millisecond: for main, which serves its event loop when this is false and tries again. */
  tryLockBriefly(site: number): boolean {
    if (!this.#mutex.tryLock(site) && !this.#mutex.lockTimeout(MAIN_WAIT_MS, site)) return false;
    this.#i32[this.#holder] = site;
    return true;
  }

  /** As run(), for main: its event loop goes on between tries. The lock is not held across a turn of the loop. */
  async runAsync<T>(site: number, fn: (held: BqlLocked) => T): Promise<T> {
    while (!this.tryLockBriefly(site)) await new Promise<void>((resolve) => { setImmediate(resolve); });
    try {
      return fn(this.#mutex.assertHeld());
    } finally {
      this.unlock();
    }
  }

  get heldByThisThread(): boolean {
    return this.#mutex.heldByThisThread;
  }

  /** The token, for who is called with the lock held. Error: ERR_LOCK_NOT_OWNER. */
  assertHeld(): BqlLocked {
    return this.#mutex.assertHeld();
  }

  /** The site that holds it now, 0 = nobody: a hint. */
  get holder(): number {
    return this.#i32[this.#holder];
  }

  /** Acquisitions, contended ones and waiting of a call site since the machine was made; perhaps an update behind. */
  stats(site: number): SiteStats {
    return this.#stats.read(site);
  }
}
