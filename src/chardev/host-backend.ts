// What host back ends share: delivery of input at the pace of the device, and the events of the line.
import type { CharBackend, CharEvent, CharFrontend } from './backend.ts';

/** A back end made by openChardevs(). */
export abstract class HostBackend implements CharBackend {
  /** The `-chardev` id. */
  readonly id: string;
  /** A multiplexer is its front end. */
  muxed = false;
  protected frontend: CharFrontend | null = null;
  #open = false;
  /** Input that the device has not taken. */
  #held: Uint8Array = new Uint8Array(0);

  constructor(id: string) {
    this.id = id;
  }

  /** One line for `info chardev`: what it is connected to. */
  abstract describe(): string;
  abstract write(bytes: Uint8Array): boolean;
  /** Stops the host's side sending; input arrives again after resumeInput(). */
  protected abstract pauseInput(): void;
  protected abstract resumeInput(): void;
  /** Writes out what is queued (within a bounded time) and releases the host's resources. */
  abstract close(): Promise<void>;
  /** Called when the process exits, where nothing asynchronous can be done any more. */
  exit(): void {}

  attach(frontend: CharFrontend | null): void {
    this.frontend = frontend;
    if (!frontend) return;
    if (this.#open) frontend.event('opened');
    this.acceptInput();
  }

  acceptInput(): void {
    if (this.#held.length === 0) return;
    this.#feed(this.#held);
    if (this.#held.length === 0) this.resumeInput();
  }

  /** Whether somebody is at the other end. */
  protected get isOpen(): boolean {
    return this.#open;
  }

  protected setOpen(open: boolean): void {
    if (this.#open === open) return;
    this.#open = open;
    this.frontend?.event(open ? 'opened' : 'closed');
  }

  /** A line break that a monitor asks for (`chardev-send-break`). */
  sendBreak(): void {
    this.event('break');
  }

  protected event(event: CharEvent): void {
    this.frontend?.event(event);
  }

  /** Input from the host. What the device cannot take now is kept, and the host's side is paused until it can. */
  protected deliver(bytes: Uint8Array): void {
    if (this.#held.length > 0) {
      this.#held = Buffer.concat([this.#held, bytes]);
      return;
    }
    this.#feed(bytes);
    if (this.#held.length > 0) this.pauseInput();
  }

  /** Drops input nobody has taken: its sender is gone. */
  protected dropInput(): void {
    this.#held = new Uint8Array(0);
  }

  #feed(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const room = this.frontend ? this.frontend.canReceive() : 0;
      if (room <= 0) break;
      const now = rest.subarray(0, room);
      rest = rest.subarray(now.length);
      // kept up to date: the device may call acceptInput() from receive()
      this.#held = new Uint8Array(0);
      this.frontend!.receive(now);
    }
    this.#held = rest;
  }
}
