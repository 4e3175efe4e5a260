// cpuExec: the loop a vCPU thread lives in: find a TB, run it, handle exceptions, interrupts, work and halts.
import { CPUState, CPU_INTERRUPT_EXITTB } from '../memory/layout/cpu.ts';
import { SSTEP_NOIRQ } from '../memory/layout/debug.ts';
import { CF_NO_GOTO_PTR, CF_NO_GOTO_TB, CF_PROFILE, CF_SINGLE_STEP, TB, TB_EXIT_HOT, TB_EXIT_HOT_REQUESTED, TB_EXIT_MASK, TB_EXIT_REQUESTED, TB_EXIT_STUB } from '../memory/layout/tb.ts';
import { SyncSite } from '../memory/layout/profile.ts';
import { debugStop } from './debug.ts';
import type { Engine } from './engine.ts';
import { EXCP_ATOMIC, EXCP_DEBUG, EXCP_INTERRUPT } from './target.ts';
import type { Vcpu } from './vcpu.ts';
// Threads register work functions in the same order: this file's come behind softmmu.ts's.
import './softmmu.ts';
import { asyncRunOnCpu, hasQueuedWork, runQueuedWork, workFunction } from './work.ts';

const off = CPUState.off;
/** cflags of a TB that is one instruction, then a return to cpuExec. */
const CF_ONE_INSN = 1 | CF_NO_GOTO_TB | CF_NO_GOTO_PTR | CF_SINGLE_STEP;

/** Engine of this thread: safe work needs it. One engine a thread. */
let threadEngine: Engine | undefined;
const WORK_TB_FLUSH = workFunction('tb_flush', (_cpu, [gen]) => {
  const e = threadEngine!;
  // Several vCPUs may have asked for the same flush.
  if (Atomics.load(e.machine.i32, e.machine.global('tb_gen')) === gen) e.store.flush();
}, true, SyncSite.EXCLUSIVE_FLUSH);
/** The lock profiler was switched on or off, or reset. */
const WORK_PROFILE = workFunction('lock_profile', (cpu) => syncProfile(threadEngine!, cpu));

/** Main thread: makes every vCPU look at the lock profiler's switch before its next TB. */
export function announceProfile(cpus: readonly Vcpu[]): void {
  for (const cpu of cpus) asyncRunOnCpu(cpu, WORK_PROFILE);
}

/** On the vCPU's thread: as the switch says; guest code is translated with or without the profiler's ops. */
export function syncProfile(engine: Engine, cpu: Vcpu): void {
  const { profile } = engine.machine;
  profile.sync();
  const cflags = cpu.ld32(off.cflags);
  cpu.st32(off.cflags, profile.on ? cflags | CF_PROFILE : cflags & ~CF_PROFILE);
}

/** Asks for a tb_flush, done before this vCPU's next TB. */
export function requestTbFlush(engine: Engine, cpu: Vcpu): void {
  asyncRunOnCpu(cpu, WORK_TB_FLUSH, [Atomics.load(engine.machine.i32, engine.machine.global('tb_gen'))], cpu);
}

/** Why cpuExec came back. */
export type ExecResult = 'halted' | 'kicked' | 'debug' | 'slice' | 'shutdown';

/**
 * Runs a vCPU until it halts, is asked to stop, or its slice is over. Between TBs only: state is always exact on return.
 * `slice`: how many returns from generated code to allow before handing the thread over (round robin); Infinity otherwise.
 */
export function cpuExec(engine: Engine, cpu: Vcpu, sliceEnds: () => boolean): ExecResult {
  threadEngine = engine;
  const { target, exclusive, machine } = engine;
  const shutdown = machine.global('shutdown');
  for (;;) {
    if (Atomics.load(machine.i32, shutdown)) return 'shutdown';
    runQueuedWork(cpu, true, (fn, site) => exclusive.run(fn, site));
    if (cpu.load(off.stop)) return 'kicked';
    if (cpu.load(off.halted)) {
      if (!target.hasWork(cpu)) return 'halted';
      cpu.store(off.halted, 0);
      if (machine.profile.on) cpu.spins.woke();
    }
    if (sliceEnds()) return 'slice';
    if (cpu.exceptionIndex === EXCP_ATOMIC) {
      cpu.exceptionIndex = -1;
      const ran = stepAtomic(engine, cpu);
      if (ran && stepping(cpu) !== 0) stepDone(cpu);
      if (debugStopped(cpu)) return 'debug';
      continue;
    }
    // Running is set before the queue is looked at. pairs with src/accel/softmmu.ts#broadcast
    exclusive.execStart(cpu);
    const check = !hasQueuedWork(cpu) && runGuest(engine, cpu, sliceEnds);
    exclusive.execEnd(cpu);
    if (machine.profile.on) cpu.spins.refresh();
    if (check) checkRegion(engine, cpu);
    if (debugStopped(cpu)) return 'debug';
    if (cpu.exceptionIndex >= EXCP_INTERRUPT && cpu.exceptionIndex !== EXCP_ATOMIC) cpu.exceptionIndex = -1;
  }
}

/** True when a debug stop is pending; it is taken. */
function debugStopped(cpu: Vcpu): boolean {
  if (cpu.exceptionIndex !== EXCP_DEBUG) return false;
  cpu.exceptionIndex = -1;
  return true;
}

/** SSTEP_* bits of the vCPU: it runs one instruction, then comes to a debug stop. */
const stepping = (cpu: Vcpu): number => cpu.load(off.singlestep);

/** After the one instruction of a step: a debug stop, once an exception it raised has been entered. */
function stepDone(cpu: Vcpu): void {
  const excp = cpu.exceptionIndex;
  if (excp < 0 || (excp >= EXCP_INTERRUPT && excp !== EXCP_ATOMIC)) cpu.exceptionIndex = EXCP_DEBUG;
}

/**
 * The inner loop: TBs, exceptions and interrupts, until something needs the vCPU outside guest code. True: the region to be
 * entered is to be checked.
 */
function runGuest(engine: Engine, cpu: Vcpu, sliceEnds: () => boolean): boolean {
  const { target, store, machine, onExec, checker } = engine;
  const i32 = machine.i32, env = cpu.base;
  const exitRequest = cpu.word(off.exit_request);
  let last = 0, slot = 0;
  engine.syncGeneration();
  engine.debug.sync();
  const step = stepping(cpu), cflags = step === 0 ? 0 : CF_ONE_INSN;
  for (;;) {
    const excp = cpu.exceptionIndex;
    if (excp >= 0) {
      if (excp >= EXCP_INTERRUPT) return false;
      target.doInterrupt(cpu);
      // A step ends at the first instruction of the vector.
      cpu.exceptionIndex = step === 0 ? -1 : EXCP_DEBUG;
      last = 0;
      if (step !== 0) return false;
    }
    if (Atomics.load(i32, exitRequest) !== 0) {
      // Cleared before the reasons are read: a kick that comes later sets it again.
      Atomics.store(i32, exitRequest, 0); // pairs with src/accel/vcpu.ts#kick
      engine.sampler?.look(cpu);
      last = 0;
      if (Atomics.load(i32, machine.global('shutdown')) || cpu.load(off.stop) || hasQueuedWork(cpu)
        || Atomics.load(i32, machine.global('exclusive_pending')) || sliceEnds()) return false;
    }
    const request = cpu.load(off.interrupt_request);
    if (request !== 0) {
      if (request & CPU_INTERRUPT_EXITTB) { cpu.resetInterrupt(CPU_INTERRUPT_EXITTB); last = 0; }
      if (!(step & SSTEP_NOIRQ) && target.execInterrupt(cpu, request)) {
        last = 0;
        if (step !== 0) stepDone(cpu);
        if (cpu.exceptionIndex >= 0) continue;
      }
    }
    if (cpu.load(off.halted)) return false;
    const tb = findTb(engine, cpu, cflags);
    if (tb === -1) continue;
    if (tb === 0) { requestTbFlush(engine, cpu); return false; }
    if (last !== 0) store.link(last, slot, tb);
    if (checker?.wants(tb)) return true;
    onExec?.(cpu, tb);
    const ret = engine.tbFunction(i32[tb + TB.off.fn >>> 2])(env, tb);
    const code = ret & TB_EXIT_MASK;
    last = code < 2 ? ret & ~TB_EXIT_MASK : 0;
    slot = code;
    if (code === TB_EXIT_HOT) engine.hot.push(ret & ~TB_EXIT_MASK, Atomics.load(i32, machine.global('tb_gen')), target.pcLo(cpu), target.pcHi(cpu));
    else if (code === TB_EXIT_STUB) {
      const fn = Atomics.load(i32, (ret & ~TB_EXIT_MASK) + TB.off.fn >>> 2);
      if (fn !== 0) engine.instantiate(fn);
    } else if (code === TB_EXIT_HOT_REQUESTED) cpu.st32(off.hot_samples, cpu.ld32(off.hot_samples) + 1);
    else if (code === TB_EXIT_REQUESTED && cpu.exceptionIndex < 0 && Atomics.load(i32, exitRequest) !== 0) cpu.st32(off.cold_samples, cpu.ld32(off.cold_samples) + 1);
    if (step !== 0 && code < TB_EXIT_HOT && (code !== TB_EXIT_REQUESTED || cpu.exceptionIndex >= 0)) stepDone(cpu);
  }
}

/**
 * The TB for the vCPU's present state: jump cache, hash table, translation. 0: the code buffer is full.
 * -1: the fetch raised an exception, or there is a breakpoint. `extra`: cflags bits for this one look-up; a single step
 * goes past breakpoints.
 */
export function findTb(engine: Engine, cpu: Vcpu, extra: number): number {
  const { target, store, machine } = engine;
  const i32 = machine.i32, mmu = engine.mmu(cpu);
  const pcLo = target.pcLo(cpu), pcHi = target.pcHi(cpu);
  const flags = cpu.ld32(off.tb_flags), csBase = cpu.ld32(off.cs_base);
  const breakpoint = engine.debug.hasBreakpoints && !(extra & CF_SINGLE_STEP) ? engine.debug.breakpointAt(pcLo, pcHi) : undefined;
  if (breakpoint === 'hit') {
    cpu.exceptionIndex = EXCP_DEBUG;
    return -1;
  }
  // On a page with breakpoints every instruction comes by here: TBs of one, not linked, not in the jump cache.
  const cflags = cpu.ld32(off.cflags) | extra | (breakpoint === 'page' ? 1 | CF_NO_GOTO_TB : 0);
  let tb = mmu.tlb.cachedJump(pcLo, pcHi);
  if (tb !== 0 && Atomics.load(i32, tb + TB.off.flags >>> 2) === flags && i32[tb + TB.off.cflags >>> 2] === cflags
    && i32[tb + TB.off.cs_base >>> 2] === csBase) return tb;
  const phys = mmu.codeAddr(pcLo, pcHi, target.mmuIndex(cpu));
  if (phys < 0) return -1;
  tb = store.lookup(phys, flags, csBase, cflags);
  if (tb === 0) tb = engine.translate({ phys, flags, csBase, cflags }, pcLo, pcHi);
  if (tb !== 0 && breakpoint === undefined) mmu.tlb.cacheJump(pcLo, pcHi, tb);
  return tb;
}

/** Runs the region of the TB that is next and compares it with the interpreter, every other vCPU outside guest code. */
function checkRegion(engine: Engine, cpu: Vcpu): void {
  const mmu = engine.mmu(cpu), checker = engine.checker!;
  engine.exclusive.run(() => {
    mmu.exclusive = true;
    try {
      engine.syncGeneration();
      // Another's tb_flush may have come first.
      const tb = findTb(engine, cpu, 0);
      if (tb > 0 && Atomics.load(engine.machine.i32, tb + TB.off.fn >>> 2) !== 0) checker.check(cpu, tb, () => findTb(engine, cpu, 0), checker.draw());
      else if (tb === 0) requestTbFlush(engine, cpu);
    } finally {
      mmu.exclusive = false;
      cpu.store(off.exit_request, 1);
    }
  });
}

/** Runs one instruction with every other vCPU outside guest code (QEMU: cpu_exec_step_atomic). False: it did not run. */
function stepAtomic(engine: Engine, cpu: Vcpu): boolean {
  const mmu = engine.mmu(cpu);
  return engine.exclusive.run(() => {
    // Set under the exclusive section: this vCPU counts itself as in guest code, nobody else is.
    mmu.exclusive = true;
    try {
      cpu.store(off.exit_request, 0);
      const tb = findTb(engine, cpu, CF_ONE_INSN);
      // The heat exit leaves without running anything.
      if (tb !== 0 && tb !== -1) while ((engine.tbFunction(0)(cpu.base, tb) & TB_EXIT_MASK) === TB_EXIT_HOT);
      else if (tb === 0) requestTbFlush(engine, cpu);
      return tb !== 0;
    } finally {
      mmu.exclusive = false;
      // Whatever kicked us meanwhile is looked at now.
      cpu.store(off.exit_request, 1);
    }
  }, SyncSite.EXCLUSIVE_ATOMIC);
}

/** True when a halted vCPU must look again: work, a stop request, an interrupt, the end. */
function mustWake(engine: Engine, cpu: Vcpu): boolean {
  return hasQueuedWork(cpu) || cpu.load(off.stop) !== cpu.load(off.stopped) || engine.target.hasWork(cpu);
}

/**
 * Sleeps until one of this thread's vCPUs, all halted or parked, has something to do. The halt word is read before the
 * reasons: a kick after that makes the wait return at once. pairs with src/accel/vcpu.ts#kick
 */
export function waitHalted(engine: Engine, timeoutMs = Infinity): void {
  const { machine, own } = engine, word = own[0].haltWord;
  const seen = Atomics.load(machine.i32, word);
  if (Atomics.load(machine.i32, machine.global('shutdown'))) return;
  if (own.some((cpu) => (cpu.load(off.stopped) ? cpu.load(off.stop) === 0 || hasQueuedWork(cpu) : mustWake(engine, cpu)))) return;
  Atomics.wait(machine.i32, word, seen, timeoutMs);
}

/** The life of a vCPU thread: runs its vCPUs in turn until the machine shuts down. */
export function vcpuThread(engine: Engine): void {
  const { own } = engine;
  // Round robin: a slice ends when the timer thread asks for it (rr_kick), as QEMU's rr_kick_vcpu_timer does.
  const rr = engine.machine.global('rr_slice');
  const { i32 } = engine.machine;
  for (const cpu of own) syncProfile(engine, cpu);
  for (;;) {
    let idle = true;
    for (const cpu of own) {
      const slice = Atomics.load(i32, rr);
      const result = cpuExec(engine, cpu, own.length > 1 ? () => Atomics.load(i32, rr) !== slice : () => false);
      if (result === 'shutdown') return;
      if (result === 'slice') idle = false;
      if (result === 'debug') debugStop(cpu);
      if (cpu.load(off.stop) !== cpu.load(off.stopped)) {
        // Parked: main waits for it with the stopped word. pairs with src/machine/virt.ts#pause
        engine.machine.bql.run(SyncSite.BQL_PARKED, () => {
          cpu.store(off.stopped, cpu.load(off.stop));
          engine.machine.profile.left(cpu.index);
        });
        Atomics.notify(i32, cpu.word(off.stopped));
        idle = false;
      }
    }
    if (idle) waitHalted(engine);
  }
}
