// LockToken: the proof, as a type, that a lock is held.

declare const lockName: unique symbol;

/**
 * A function that must be called with a lock held takes a token of that lock as a parameter; only the lock mints one.
 * `Name` tells locks apart at compile time: `LockToken<'bql'>` is not `LockToken<'tb_lock'>`.
 * A token is good until the unlock that ends its critical section; the type cannot see a token kept longer than that.
 */
export interface LockToken<Name extends string = string> {
  readonly [lockName]: Name;
}

/** Makes a lock's token. For the locks of this folder only. */
export function mintToken<Name extends string>(): LockToken<Name> {
  return Object.freeze({}) as LockToken<Name>;
}
