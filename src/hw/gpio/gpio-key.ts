// A push button on a GPIO line: one press holds the line for 100 ms (QEMU's gpio-key device).
import type { IrqLine } from '../core/device.ts';
import type { Clock, Timer } from '../core/clock.ts';

/** How long the line stays high, ns: longer than the guest driver's debounce time. */
export const GPIO_KEY_LATENCY = 100e6;

export class GpioKey {
  readonly #line: IrqLine;
  readonly #clock: Clock;
  readonly #release: Timer;

  constructor(options: { readonly line: IrqLine; readonly clock: Clock }) {
    this.#line = options.line;
    this.#clock = options.clock;
    this.#release = options.clock.timer(() => this.#line.set(false));
  }

  /** Presses the key; pressing it again while held prolongs the press. */
  press(): void {
    this.#line.set(true);
    this.#release.arm(this.#clock.now() + GPIO_KEY_LATENCY);
  }

  reset(): void {
    this.#release.cancel();
    this.#line.set(false);
  }
}
