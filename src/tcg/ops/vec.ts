// Vector ops on 128-bit values: lane-wise integer arithmetic, logic, permutes.
import type { OpDef } from './def.ts';

export const vecOps: OpDef[] = [];
