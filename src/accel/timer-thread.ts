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
export const NO_DEADLINE = 0x7fffffffffffffffn;

/**
 * `deadline`: offset in the vCPU block of an i64 virtual time (ns), written by the owner with an atomic store before it
 * raises timer_word; the timer thread reads timer_word before the deadlines, so a deadline published while it computes
 * makes its wait return at once. `fired`: set here, cleared by the owner when it has taken notice; a deadline that has
 * fired is not looked at again until then. pairs with src/target/arm/timer.ts#updateTimers
 */
export function timerThread(m: Machine, cpus: readonly Vcpu[], deadline: number, fired: number): void {
  const clock = new VirtualClock(m), { i32, i64 } = m;
  const word = m.global('timer_word'), shutdown = m.global('shutdown'), rr = m.global('rr_slice'), running = m.global('vm_running');
  const single = m.spec.single && cpus.length > 1;
  let nextKick = 0;
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
        nextKick = now + KICK_MS * 1e6;
        if (single) Atomics.add(i32, rr, 1);
        for (const cpu of cpus) if (single || cpu.load(CPUState.off.running)) cpu.kick();
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
