// Clocks a device may use: the time now and one-shot timers. Which clock it is (virtual, host) is the machine's choice.

/** A one-shot timer of a clock. */
export interface Timer {
  /** Fires once when the clock reaches `deadline` (ns); replaces an earlier deadline; fires soon when already past. */
  arm(deadline: number): void;
  /** Forgets the deadline. */
  cancel(): void;
}

/** Times are nanoseconds as a plain number: exact to 2^53 ns (104 days) from the clock's zero, to 256 ns at today's epoch time. */
export interface Clock {
  now(): number;
  timer(callback: () => void): Timer;
}

/** Longest delay setTimeout takes, ms. */
const MAX_DELAY = 0x7fffffff;

/** The host's wall clock (QEMU_CLOCK_HOST): ns since 1970-01-01 UTC. Its timers do not keep the process alive. */
export class HostClock implements Clock {
  now(): number {
    return Date.now() * 1e6;
  }

  timer(callback: () => void): Timer {
    let handle: NodeJS.Timeout | undefined;
    const cancel = () => {
      clearTimeout(handle);
      handle = undefined;
    };
    const arm = (deadline: number) => {
      cancel();
      const ms = Math.ceil((deadline - this.now()) / 1e6);
      handle = setTimeout(() => (ms > MAX_DELAY ? arm(deadline) : callback()), Math.min(Math.max(ms, 0), MAX_DELAY));
      handle.unref();
    };
    return { arm, cancel };
  }
}
