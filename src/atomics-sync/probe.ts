// LockProbe: hears of every acquisition and release of this thread's locks, while somebody profiles.

/** Times in nanoseconds. `i32`: the memory the lock is in; `site`: the number its lock call, or its handle, was given; negative: not worth telling. */
export interface LockProbe {
  /** Acquired at `at` on this thread's clock (probeNow) after `waitNs`; a negative wait: nobody held it. */
  acquired(i32: Int32Array, site: number, waitNs: number, at: number): void;
  /** Released `holdNs` after it was acquired. */
  released(i32: Int32Array, site: number, holdNs: number): void;
}

/** The clock of probes and statistics: ns since this thread began. */
export const probeNow = (): number => performance.now() * 1e6;

/** This thread's probe; null, as almost always, costs each lock a look. Read only: setLockProbe() changes it. */
export let lockProbe: LockProbe | null = null;

/** Installs a probe on this thread, or removes it. Locks held meanwhile are not reported when they are released. */
export function setLockProbe(probe: LockProbe | null): void {
  lockProbe = probe;
}
