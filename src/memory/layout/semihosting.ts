// Files that the guest has open by semihosting: one table for all vCPUs.
import { shared, struct } from './struct.ts';

export const SEMIHOST_FILES = 64;

export const SemihostFile = struct('SemihostFile', 'an open file; its handle is its index + 1', {
  kind: shared('i32', 'any', '0: free; 1: console input; 2: console output; 3: a file of the host; 4: the feature bits'),
  fd: shared('i32', 'any', 'the host\'s file descriptor'),
  pos: shared('i64', 'any', 'offset of the next read or write, bytes'),
}, 8);
