// What device tests share: a clock moved by hand, an interrupt line that can be looked at, a backend that records.
import type { CharBackend, CharFrontend } from '../../../src/chardev/backend.ts';
import type { Clock, Timer } from '../../../src/hw/core/clock.ts';
import type { IrqLine } from '../../../src/hw/core/device.ts';

/** Time stands still until `advance`, which fires due timers in order. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #due = new Map<() => void, number>();

  now(): number {
    return this.#now;
  }

  timer(callback: () => void): Timer {
    return { arm: (deadline) => void this.#due.set(callback, deadline), cancel: () => void this.#due.delete(callback) };
  }

  advance(ns: number): void {
    const end = this.#now + ns;
    for (;;) {
      const next = [...this.#due].sort((a, b) => a[1] - b[1])[0];
      if (!next || next[1] > end) break;
      this.#due.delete(next[0]);
      this.#now = Math.max(this.#now, next[1]);
      next[0]();
    }
    this.#now = end;
  }
}

export class RecordingIrq implements IrqLine {
  level = false;
  /** Changes so far. */
  edges = 0;

  set(level: boolean): void {
    if (level !== this.level) this.edges++;
    this.level = level;
  }
}

/** Output is kept; input waits here until the device takes it. */
export class RecordingChardev implements CharBackend {
  frontend: CharFrontend | null = null;
  output = '';
  writes = 0;
  /** What `write` answers. */
  ready = true;
  #input: number[] = [];

  write(bytes: Uint8Array): boolean {
    this.writes++;
    this.output += String.fromCharCode(...bytes);
    return this.ready;
  }

  attach(frontend: CharFrontend | null): void {
    this.frontend = frontend;
  }

  type(text: string): void {
    this.#input.push(...Buffer.from(text));
    this.acceptInput();
  }

  acceptInput(): void {
    const room = this.frontend?.canReceive() ?? 0;
    if (room > 0 && this.#input.length > 0) this.frontend?.receive(Uint8Array.from(this.#input.splice(0, room)));
  }

  get waiting(): number {
    return this.#input.length;
  }
}
