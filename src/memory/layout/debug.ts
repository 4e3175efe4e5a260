// Breakpoints and watchpoints of the debugger: one table for all vCPUs.
import { struct, shared } from './struct.ts';

export const MAX_BREAKPOINTS = 4096;
export const MAX_WATCHPOINTS = 256;

/** Watchpoint.flags: what it stops at (QEMU: BP_MEM_READ, BP_MEM_WRITE). */
export const BP_MEM_READ = 1;
export const BP_MEM_WRITE = 2;
export const BP_MEM_ACCESS = BP_MEM_READ | BP_MEM_WRITE;

/** CPUState.singlestep bits (QEMU: SSTEP_*). */
export const SSTEP_ENABLE = 1;
export const SSTEP_NOIRQ = 2;
export const SSTEP_NOTIMER = 4;

const parked = (type: 'u32' | 'u64', doc: string, count = 1) => ({ type, count, writer: 'main, every vCPU parked', order: 'plain', doc }) as const;

export const WatchpointEntry = struct('Watchpoint', 'a watched range of guest virtual addresses', {
  addr: parked('u64', 'first byte'),
  len: parked('u64', 'bytes, at least 1'),
  flags: parked('u32', 'BP_MEM_*'),
  pad: parked('u32', 'unused'),
}, 8);

/** Parking orders the tables: main writes them between the vCPUs' `stopped` and its own `stop` = 0. */
export const DebugTable = struct('DebugTable', 'what the debugger wants to stop at', {
  generation: shared('i32', 'main', 'raised by every change; vCPU threads read the tables again'),
  breakpoint_count: parked('u32', 'breakpoints in use'),
  watchpoint_count: parked('u32', 'watchpoints in use'),
  breakpoints: parked('u64', 'virtual PCs, unordered', MAX_BREAKPOINTS),
  watchpoints: { type: WatchpointEntry, count: MAX_WATCHPOINTS, writer: 'main, every vCPU parked', order: 'plain', doc: 'unordered' },
}, 64);
