// What the real-time clock counts (`-rtc`): a clock of the host or of the guest, and the date it starts with.
import type { VirtualClock } from '../accel/clock.ts';
import { monotonicNs } from '../accel/monotonic.ts';
import { HostClock, type Clock, type Timer } from '../hw/core/clock.ts';
import type { RtcOptions } from './options.ts';

/** `clock=rt`: the host's monotonic time, which runs while the machine is paused and ignores changes of the host's date. */
class RealtimeClock extends HostClock {
  override now(): number {
    return monotonicNs();
  }
}

/** `clock=vm`: virtual time as a clock for devices of the main thread. Its timers wait while the machine is paused. */
export class VmClock implements Clock {
  readonly #clock: VirtualClock;
  /** Timers whose deadline has not come, with what looks at them again. */
  readonly #armed = new Set<() => void>();
  #stopped = true;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  timer(callback: () => void): Timer {
    let handle: NodeJS.Timeout | undefined, look: (() => void) | undefined;
    const cancel = () => {
      clearTimeout(handle);
      if (look) this.#armed.delete(look);
      look = undefined;
    };
    const arm = (deadline: number) => {
      cancel();
      const now = look = () => {
        clearTimeout(handle);
        const left = deadline - this.now();
        if (left > 0) handle = setTimeout(() => { if (!this.#stopped) now(); }, Math.min(Math.ceil(left / 1e6), 0x7fffffff)).unref();
        else { cancel(); callback(); }
      };
      this.#armed.add(now);
      handle = setTimeout(now, 0).unref();
    };
    return { arm, cancel };
  }


  /** The machine stops or goes on: the main thread says so after it changed the virtual clock. */
  setRunning(running: boolean): void {
    this.#stopped = !running;
    if (running) for (const look of [...this.#armed]) look();
  }
}

const SECOND = 1e9;

/** Seconds since 1970 as local time counts them: what a clock set to local time shows. */
const localSeconds = (ms: number): number => ms / 1000 - new Date(ms).getTimezoneOffset() * 60;

/** The clock that the RTC reads, and the seconds added to it so that it shows the date asked for now. */
export function rtcClock({ base, clock }: RtcOptions, vm: VmClock): { clock: Clock; offset: number } {
  const source = clock === 'vm' ? vm : clock === 'rt' ? new RealtimeClock() : new HostClock();
  const now = Date.now();
  const date = base === 'utc' ? now / 1000 : base === 'localtime' ? localSeconds(now) : base / 1000;
  return { clock: source, offset: Math.floor(date) - Math.floor(source.now() / SECOND) };
}
