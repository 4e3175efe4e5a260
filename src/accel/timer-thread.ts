// The timer thread: sleeps to the earliest deadline any vCPU published, then raises that vCPU's timer interrupt request.
import { CPUState, CPU_INTERRUPT_TIMER } from '../memory/layout/cpu.ts';
import { VirtualClock } from './clock.ts';
import type { Machine } from './machine-view.ts';
import type { Vcpu } from './vcpu.ts';

/**
 * Longest stay in generated code, ms, and the slice of round robin (QEMU: TCG_KICK_PERIOD, 100 ms). V8 replaces a wasm function's baseline code by optimised code at its next call
 * (there is no on-stack replacement): a loop that nothing interrupts would stay slow for ever.
 */
const KICK_MS = 10;
/** The same while guest code is profiled: a kick is a sample. */
export const PROFILE_MS = 1;
export const NO_DEADLINE = 0x7fffffffffffffffn;

/**
 * `deadline`: offset in the vCPU block of an i64 virtual time (ns), written by the owner with an atomic store before it
 * raises timer_word; the timer thread reads timer_word before the deadlines, so a deadline published while it computes
 * makes its wait return at once. `fired`: set here, cleared by the owner when it has taken notice; a deadline that has
 * fired is not looked at again until then. pairs with src/target/arm/timer.ts#updateTimers
 */
export function timerThread(m: Machine, cpus: readonly Vcpu[], deadline: number, fired: number, profile = false): void {
  const clock = new VirtualClock(m), { i32, i64 } = m;
  const word = m.global('timer_word'), shutdown = m.global('shutdown'), rr = m.global('rr_slice'), running = m.global('vm_running');
  const single = m.spec.single && cpus.length > 1;
  const period = profile ? PROFILE_MS : KICK_MS;
  let nextKick = 0, nextSlice = 0;
  while (Atomics.load(i32, shutdown) === 0) {
    const seen = Atomics.load(i32, word);
    let wait = Infinity;
    if (Atomics.load(i32, running)) {
      const now = clock.now();
      for (const cpu of cpus) {
        if (cpu.load(fired)) continue;
        const at = Number(Atomics.load(i64, (cpu.base + deadline) >>> 3));
        if (at <= now) {
          cpu.store(fired, 1);
          cpu.interrupt(CPU_INTERRUPT_TIMER);
        } else wait = Math.min(wait, (at - now) / 1e6);
      }
      if (now >= nextKick) {
        nextKick = now + period * 1e6;
        if (single && now >= nextSlice) {
          nextSlice = now + KICK_MS * 1e6;
          Atomics.add(i32, rr, 1);
        }
        for (const cpu of cpus) {
          const runs = cpu.load(CPUState.off.running) !== 0;
          if (profile && runs) cpu.store(CPUState.off.profile_tick, 1); // pairs with src/accel/sampler.ts#look
          else if (profile && cpu.load(CPUState.off.halted)) cpu.st32(CPUState.off.profile_idle, cpu.ld32(CPUState.off.profile_idle) + 1);
          if (single || runs) cpu.kick();
        }
      }
      wait = Math.min(wait, (nextKick - now) / 1e6);
    }
    // Longest sleep well inside what a futex timeout holds.
    Atomics.wait(i32, word, seen, Math.min(wait, 1e8));
  }
}

/** Tells the timer thread that a deadline moved. */
export function notifyTimer(m: Machine): void {
  Atomics.add(m.i32, m.global('timer_word'), 1);
  Atomics.notify(m.i32, m.global('timer_word'));
}
