// The one error class of the folder, and its codes: each is a bug in the caller, never a matter of timing.

export const LOCK_ERRORS = {
  ERR_LOCK_RECURSIVE: 'this thread already holds the lock',
  ERR_LOCK_NOT_OWNER: 'this thread does not hold the lock',
  ERR_BARRIER_OVERRUN: 'more threads arrived at the barrier than it was initialised for',
  ERR_BARRIER_UNINITIALISED: 'the barrier was used before Barrier.init gave it its number of threads',
  ERR_SEMAPHORE_OVERFLOW: 'the release would raise the semaphore above 2^31 - 1',
} as const;

export type LockErrorCode = keyof typeof LOCK_ERRORS;

/** Misuse of a primitive. `code` says which rule was broken. */
export class LockError extends Error {
  readonly code: LockErrorCode;

  constructor(code: LockErrorCode, where: string) {
    super(`${where}: ${LOCK_ERRORS[code]}`);
    this.name = 'LockError';
    this.code = code;
  }
}
