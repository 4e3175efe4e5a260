// The shared words under a primitive: checks on the view they lie in, and the id this thread signs with.
import { threadId } from 'node:worker_threads';

/**
 * What this thread writes into owner words: its worker threadId + 1, so that 0 means "nobody".
 * Unique in the process; below 2^30, so that it also fits beside a flag bit.
 */
export const THIS_THREAD: number = threadId + 1;

/**
 * Checks that `words` Int32 elements from element `index` lie inside `i32` and that other threads can share them.
 * Errors: TypeError for a view that is not over shared memory, RangeError for a place outside it.
 */
export function checkWords(i32: Int32Array, index: number, words: number): void {
  if (!(i32 instanceof Int32Array) || !(i32.buffer instanceof SharedArrayBuffer)) {
    throw new TypeError('a synchronisation primitive needs an Int32Array over a SharedArrayBuffer or a shared WebAssembly.Memory');
  }
  if (!Number.isSafeInteger(index) || index < 0 || index + words > i32.length) {
    throw new RangeError(`element ${index} (+${words}) is outside the Int32Array of ${i32.length} elements`);
  }
}
