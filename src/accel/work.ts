// async_run_on_cpu: work items queued for a vCPU's own thread, run before its next TB.
import { SpinLock } from '#atomics-sync';
import { CPUState, WORK_RING, WorkItem } from '../memory/layout/cpu.ts';
import { SyncSite } from '../memory/layout/profile.ts';
import type { Vcpu } from './vcpu.ts';

const off = CPUState.off;
const ARGS = 6;

/** A work function: runs on the target vCPU's thread, outside generated code. */
export type WorkFn = (cpu: Vcpu, args: Int32Array) => void;

/** Work functions by number; every thread registers the same ones in the same order. */
const functions: { name: string; fn: WorkFn; safe: boolean; site: number }[] = [];

/**
 * Registers a work function; `safe` ones run with every other vCPU outside guest code (async_safe_run_on_cpu), for the
 * lock profiler at call site `site`.
 */
export function workFunction(name: string, fn: WorkFn, safe = false, site: number = SyncSite.EXCLUSIVE_WORK): number {
  return functions.push({ name, fn, safe, site }) - 1;
}

/** Index in `machine.i32` of ring position n; positions count on past 2^31. */
const slot = (cpu: Vcpu, n: number) => cpu.word(off.work + ((n >>> 0) % WORK_RING) * WorkItem.size);
const lockOf = (cpu: Vcpu, site: number) => new SpinLock(cpu.machine.i32, cpu.word(off.work_lock), site);

/**
 * Queues work for a vCPU and kicks it. Any thread. A full ring means its owner has not run for WORK_RING items: the
 * caller then waits for room, running its own queue meanwhile when it is a vCPU itself (`self`), so that two vCPUs
 * that fill each other's rings cannot wait for ever. `wake` false: a vCPU that sleeps does the work when it wakes for
 * another reason; it drains its queue between setting `running` and its first TB.
 */
export function asyncRunOnCpu(cpu: Vcpu, fn: number, args: readonly number[] = [], self?: Vcpu, wake = true): void {
  const m = cpu.machine.i32;
  const lock = lockOf(cpu, SyncSite.WORK_QUEUE);
  for (;;) {
    const done = lock.withLock(() => {
      const head = cpu.ld32(off.work_head), tail = cpu.ld32(off.work_tail);
      if ((tail - head | 0) >= WORK_RING) return false;
      const at = slot(cpu, tail);
      m[at] = fn;
      for (let i = 0; i < ARGS; i++) m[at + 2 + i] = args[i] ?? 0;
      cpu.st32(off.work_tail, tail + 1);
      return true;
    });
    // `running` is read after the item is in the ring. pairs with src/accel/cpu-exec.ts#cpuExec
    if (wake || !done || cpu.load(off.running) !== 0) cpu.kick();
    if (done) return;
    if (self) runQueuedWork(self, false);
    // All vCPUs on one thread: nobody else would make room.
    if (cpu.services && cpu !== self) runQueuedWork(cpu, false);
    Atomics.pause();
  }
}

/** True when work waits: the tail moves before the kick. pairs with src/accel/work.ts#asyncRunOnCpu */
export function hasQueuedWork(cpu: Vcpu): boolean {
  return cpu.load(off.work_head) !== cpu.load(off.work_tail);
}

/** The item this thread runs: still in its ring. */
let running: { cpu: Vcpu; at: number } | undefined;

/**
 * Runs queued work on the owner's thread. Safe items are given to `exclusive`, which runs them alone. `mayExclude`
 * false: the vCPU is in guest code, where it cannot exclude the others: safe items move to the end of the ring, so that
 * what was queued behind them gets done (a vCPU that waits inside guest code may be waited for itself).
 */
export function runQueuedWork(cpu: Vcpu, mayExclude: boolean, exclusive?: (fn: () => void, site: number) => void): void {
  if (!hasQueuedWork(cpu)) return;
  const m = cpu.machine.i32;
  const lock = lockOf(cpu, SyncSite.WORK_TAKE);
  const args = new Int32Array(ARGS);
  let deferrals: number | undefined;
  for (;;) {
    const item = lock.withLock(() => {
      // Inside a work function that waits for room at another vCPU: go on behind its own item.
      if (running?.cpu === cpu && running.at === cpu.ld32(off.work_head)) cpu.st32(off.work_head, running.at + 1);
      for (;;) {
        const head = cpu.ld32(off.work_head), tail = cpu.ld32(off.work_tail);
        if (head === tail) return undefined;
        const at = slot(cpu, head), f = functions[m[at]];
        if (!f.safe || mayExclude) {
          for (let i = 0; i < ARGS; i++) args[i] = m[at + 2 + i];
          return { ...f, at: head };
        }
        deferrals ??= tail - head | 0;
        if (deferrals-- === 0) return undefined;
        m.copyWithin(slot(cpu, tail), at, at + WorkItem.size / 4);
        cpu.st32(off.work_tail, tail + 1);
        cpu.st32(off.work_head, head + 1);
      }
    });
    if (!item) return;
    const outer = running;
    running = { cpu, at: item.at };
    try {
      if (item.safe) exclusive!(() => item.fn(cpu, args), item.site);
      else item.fn(cpu, args);
    } finally {
      running = outer;
    }
    // The item leaves the ring only after it ran, so that an empty ring means all work is done
    // (tlbFlush…AllCpusSynced relies on it).
    lock.withLock(() => { if (cpu.ld32(off.work_head) === item.at) cpu.st32(off.work_head, item.at + 1); });
    Atomics.notify(m, cpu.word(off.work_head)); // wakes src/accel/softmmu.ts#broadcast
  }
}
