// Exclusive sections: one vCPU runs while every other is outside guest code (QEMU: cpus-common.c's start_exclusive).
import { Mutex } from '#atomics-sync';
import { CPUState } from '../memory/layout/cpu.ts';
import { SyncSite } from '../memory/layout/profile.ts';
import type { Vcpu } from './vcpu.ts';
import type { Machine } from './machine-view.ts';
import { hasQueuedWork } from './work.ts';

const off = CPUState.off;

/**
 * Protocol. `running` (a vCPU's own word) and `exclusive_pending` are a Dekker pair, both sequentially consistent:
 * a vCPU stores running = 1, then loads pending; the requester stores pending, then loads every running. So either
 * the vCPU sees the request and steps back, or the requester sees it running, counts it, and waits until it ends.
 * exclusive_pending = 1 + the number of vCPUs still to leave; it falls under exclusive_lock and wakes exclusive_cond.
 */
export class Exclusive {
  readonly #m: Machine;
  readonly #cpus: readonly Vcpu[];
  readonly #lock: Mutex;
  readonly #pending: number;
  readonly #cond: number;
  readonly #resume: number;
  /** The section under way, for the profiler: call site, when it was asked for, when the last vCPU had left; 0: not measured. */
  #site = 0;
  #asked = 0;
  #parked = 0;
  #counted = 0;
  #late = -1;

  constructor(m: Machine, cpus: readonly Vcpu[]) {
    this.#m = m;
    this.#cpus = cpus;
    this.#lock = new Mutex(m.i32, m.global('exclusive_lock'));
    this.#pending = m.global('exclusive_pending');
    this.#cond = m.global('exclusive_cond');
    this.#resume = m.global('exclusive_resume');
  }

  /** Waits until no exclusive section is under way; the lock is held before and after. */
  #idle(): void {
    const i32 = this.#m.i32;
    while (Atomics.load(i32, this.#pending) !== 0) {
      const seen = Atomics.load(i32, this.#resume);
      this.#lock.unlock();
      Atomics.wait(i32, this.#resume, seen);
      this.#lock.lock(SyncSite.EXCLUSIVE_LIST);
    }
  }

  /** Enters guest execution. Owner thread. */
  execStart(cpu: Vcpu): void {
    const i32 = this.#m.i32;
    cpu.store(off.running, 1); // pairs with src/accel/exclusive.ts#start
    if (Atomics.load(i32, this.#pending) === 0) return;
    this.#lock.lock(SyncSite.EXCLUSIVE_LIST);
    // has_waiter set: the requester counted this vCPU and waits for it to end again; go on until the next TB end.
    if (cpu.load(off.has_waiter) === 0) {
      cpu.store(off.running, 0);
      this.#idle();
      cpu.store(off.running, 1);
    }
    this.#lock.unlock();
  }

  /** Leaves guest execution. Owner thread. */
  execEnd(cpu: Vcpu): void {
    const i32 = this.#m.i32;
    cpu.store(off.running, 0); // pairs with src/accel/exclusive.ts#start
    if (Atomics.load(i32, this.#pending) === 0) return;
    this.#lock.lock(SyncSite.EXCLUSIVE_LIST);
    if (cpu.load(off.has_waiter) !== 0) {
      cpu.store(off.has_waiter, 0);
      this.#m.profile.left(cpu.index);
      if (Atomics.sub(i32, this.#pending, 1) === 2) {
        Atomics.add(i32, this.#cond, 1);
        Atomics.notify(i32, this.#cond);
      }
    }
    this.#lock.unlock();
  }

  /**
   * Starts an exclusive section: returns with every vCPU outside guest code. The caller's own vCPU must be outside too.
   * `site`: why, one of SyncSite.EXCLUSIVE_*.
   */
  start(site: number = SyncSite.EXCLUSIVE_WORK): void {
    const asked = this.#m.profile.begin();
    this.#lock.lock(SyncSite.EXCLUSIVE_LIST);
    this.#idle();
    const running = this.#stopOthers();
    this.#measure(site, asked, running);
    this.#lock.unlock();
  }

  /** The section that was asked for at `asked` begins; 0: the profiler is off. */
  #measure(site: number, asked: number, running: number): void {
    this.#asked = asked;
    if (asked === 0) return;
    this.#site = site;
    this.#parked = this.#m.profile.begin();
    this.#counted = running;
    this.#late = this.#m.profile.late;
  }

  /**
   * Opens a section and waits until no vCPU runs; how many had to leave. The lock is held before and after, and no
   * section is under way.
   */
  #stopOthers(): number {
    const i32 = this.#m.i32;
    Atomics.store(i32, this.#pending, 1); // pairs with src/accel/exclusive.ts#execStart, src/accel/exclusive.ts#execEnd
    let running = 0;
    for (const cpu of this.#cpus) {
      if (cpu.load(off.running) === 0) continue;
      cpu.store(off.has_waiter, 1);
      running++;
      cpu.kick();
    }
    Atomics.store(i32, this.#pending, running + 1);
    while (Atomics.load(i32, this.#pending) > 1) {
      const seen = Atomics.load(i32, this.#cond);
      this.#lock.unlock();
      Atomics.wait(i32, this.#cond, seen);
      this.#lock.lock(SyncSite.EXCLUSIVE_LIST);
    }
    return running;
  }

  /** Ends it: the others go on. */
  end(): void {
    const i32 = this.#m.i32;
    if (this.#asked !== 0) this.#m.profile.stopped(this.#site, this.#asked, this.#parked, this.#counted, this.#late);
    this.#lock.lock(SyncSite.EXCLUSIVE_LIST);
    Atomics.store(i32, this.#pending, 0);
    Atomics.add(i32, this.#resume, 1);
    Atomics.notify(i32, this.#resume);
    this.#lock.unlock();
  }

  /**
   * Runs `fn` in an exclusive section from the middle of a TB of `self`. False, and nothing done, when another section
   * is under way or work waits for `self`: it must leave guest code first. The section keeps safe work away meanwhile,
   * and `running` falls while this waits for others, which may wait for `self` in turn (softmmu.ts#broadcast).
   */
  runInside(self: Vcpu, fn: () => void): boolean {
    const asked = this.#m.profile.begin();
    this.#lock.lock(SyncSite.EXCLUSIVE_LIST);
    const free = Atomics.load(this.#m.i32, this.#pending) === 0;
    if (free) {
      self.store(off.running, 0);
      const running = this.#stopOthers();
      this.#measure(SyncSite.EXCLUSIVE_ATOMIC, asked, running);
      self.store(off.running, 1);
    }
    this.#lock.unlock();
    if (!free) return false;
    try {
      if (hasQueuedWork(self)) return false;
      fn();
      return true;
    } finally {
      this.end();
    }
  }

  /** Runs `fn` in an exclusive section; `site`: why. */
  run<T>(fn: () => T, site: number = SyncSite.EXCLUSIVE_WORK): T {
    this.start(site);
    try {
      return fn();
    } finally {
      this.end();
    }
  }
}
