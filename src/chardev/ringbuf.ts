// A ring of the last bytes that the guest wrote, read by the monitor.
import { HostBackend } from './host-backend.ts';

export class RingbufBackend extends HostBackend {
  readonly #ring: Uint8Array;
  /** Bytes ever written and ever read; their difference is at most the size. */
  #produced = 0;
  #consumed = 0;

  /** `size`: a power of two. */
  constructor(id: string, size: number) {
    super(id);
    this.#ring = new Uint8Array(size);
    this.setOpen(true);
  }

  describe(): string {
    return 'ringbuf';
  }

  /** The oldest bytes give way to the newest. */
  write(bytes: Uint8Array): boolean {
    const { length } = this.#ring;
    for (const byte of bytes) this.#ring[this.#produced++ & (length - 1)] = byte;
    this.#consumed = Math.max(this.#consumed, this.#produced - length);
    return true;
  }

  /** Takes at most `max` bytes out, the oldest first. */
  read(max: number): Uint8Array {
    const count = Math.min(max, this.#produced - this.#consumed);
    return Uint8Array.from({ length: count }, () => this.#ring[this.#consumed++ & (this.#ring.length - 1)]);
  }

  async close(): Promise<void> {}
  protected pauseInput(): void {}
  protected resumeInput(): void {}
}

/** A back end that takes output and forgets it. */
export class NullHostBackend extends HostBackend {
  describe(): string {
    return 'null';
  }

  write(_bytes: Uint8Array): boolean {
    return true;
  }

  async close(): Promise<void> {}
  protected pauseInput(): void {}
  protected resumeInput(): void {}
}
