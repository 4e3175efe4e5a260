// Output on its way to the host: gathered in memory, written by one asynchronous write at a time, so a slow reader never stops the main thread.

import { log } from '../log.ts';

/** Above this the device is asked to hold back. Bytes. */
export const HIGH_WATER = 64 * 1024;
/** What comes from a device that does not hold back is dropped beyond this. Bytes. */
export const LIMIT = 1024 * 1024;
/** Most bytes given to one write. */
const CHUNK = 64 * 1024;

/** Writes all of `bytes`, then calls `done`, with an error when the other end is gone. Never calls it before it returns. */
export type Sink = (bytes: Uint8Array, done: (error?: Error | null) => void) => void;

export interface OutputQueueEvents {
  /** Everything has been written after push() returned false. */
  drained(): void;
  /** The sink failed; what was queued is gone. */
  failed(error: Error): void;
}

/**
 * Policy when the other end is slow: nothing is lost while the device heeds push()'s false. A device that goes on regardless
 * loses its newest bytes beyond LIMIT; `dropped` counts them.
 */
export class OutputQueue {
  readonly #name: string;
  readonly #sink: Sink;
  readonly #events: OutputQueueEvents;
  #pending: Uint8Array[] = [];
  /** Bytes waiting or being written. */
  #length = 0;
  #writing = false;
  #held = false;
  #idle: (() => void)[] = [];
  #closed = false;
  /** Bytes lost so far. */
  dropped = 0;

  /** `name`: the chardev, for the log. */
  constructor(name: string, sink: Sink, events: OutputQueueEvents) {
    this.#name = name;
    this.#sink = sink;
    this.#events = events;
  }

  /** Bytes not yet written. */
  get length(): number {
    return this.#length;
  }

  /** Copies and queues; false above the high-water mark. */
  push(bytes: Uint8Array): boolean {
    if (this.#closed) return true;
    const room = LIMIT - this.#length;
    const kept = bytes.length > room ? bytes.subarray(0, room) : bytes;
    if (kept.length < bytes.length) {
      if (this.dropped === 0) log().warn(`chardev '${this.#name}': the other end is too slow, output is lost`);
      this.dropped += bytes.length - kept.length;
    }
    if (kept.length > 0) {
      // not slice(): a Buffer's makes no copy
      this.#pending.push(new Uint8Array(kept));
      this.#length += kept.length;
      this.#next();
    }
    if (this.#length >= HIGH_WATER) this.#held = true;
    return !this.#held;
  }

  /** Resolves when nothing is left to write, or after `ms` milliseconds. */
  idle(ms: number): Promise<void> {
    if (this.#length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Forgets what is queued and takes no more. */
  close(): void {
    this.#closed = true;
    this.#pending = [];
    this.#length = 0;
    this.#wake();
  }

  #next(): void {
    if (this.#writing || this.#pending.length === 0) return;
    const chunk = this.#take();
    this.#writing = true;
    this.#sink(chunk, (error) => {
      this.#writing = false;
      if (this.#closed) return;
      if (error) {
        this.close();
        this.#events.failed(error);
        return;
      }
      this.#length -= chunk.length;
      if (this.#length > 0) this.#next();
      else {
        this.#wake();
        if (this.#held) {
          this.#held = false;
          this.#events.drained();
        }
      }
    });
  }

  /** Joins what waits, up to CHUNK bytes. */
  #take(): Uint8Array {
    if (this.#pending.length === 1 && this.#pending[0].length <= CHUNK) return this.#pending.pop()!;
    const all = Buffer.concat(this.#pending);
    this.#pending = all.length > CHUNK ? [all.subarray(CHUNK)] : [];
    return all.subarray(0, CHUNK);
  }

  #wake(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
