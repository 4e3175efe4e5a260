// The seam between character devices of the guest (PL011 …) and the host end points they talk to (stdio, file, socket …).

/** What can happen to the host's end of the line. `break`: a line break was received. */
export type CharEvent = 'opened' | 'closed' | 'break';

/** The guest device's side: what a backend calls. All calls come on the main thread. */
export interface CharFrontend {
  /** Bytes the device can take now; 0 makes the backend hold its input until `acceptInput()`. */
  canReceive(): number;
  /** Input for the guest: never more bytes than `canReceive()` just said. */
  receive(bytes: Uint8Array): void;
  event(event: CharEvent): void;
  /** The backend's output buffer has emptied after a `write()` that returned false. */
  drained(): void;
}

/** The host's side: what a device calls. A backend serves one frontend (a multiplexer is itself a backend towards each device). */
export interface CharBackend {
  /**
   * Output of the guest. Takes all bytes at once and copies what it keeps; never blocks, never throws.
   * False: its buffer is above the high-water mark and the device should hold back until `drained()`.
   * With nobody connected the bytes are dropped and the answer is true.
   */
  write(bytes: Uint8Array): boolean;
  /** Connects the device; `null` disconnects it. Input that arrived earlier is delivered from here on, and `opened` if already open. */
  attach(frontend: CharFrontend | null): void;
  /** The device has room again: the backend delivers held input (asks `canReceive()` first). */
  acceptInput(): void;
}

/** A backend that swallows output and has no input: `-serial null`. */
export class NullBackend implements CharBackend {
  write(_bytes: Uint8Array): boolean {
    return true;
  }
  attach(_frontend: CharFrontend | null): void {}
  acceptInput(): void {}
}

/** A backend whose host end comes later: a device can be built before sockets and files are opened. Until then as NullBackend. */
export class DeferredBackend implements CharBackend {
  #host: CharBackend = new NullBackend();
  #frontend: CharFrontend | null = null;

  /** Plugs the host end in. */
  connect(host: CharBackend): void {
    this.#host = host;
    if (this.#frontend) host.attach(this.#frontend);
  }

  write(bytes: Uint8Array): boolean {
    return this.#host.write(bytes);
  }
  attach(frontend: CharFrontend | null): void {
    this.#frontend = frontend;
    this.#host.attach(frontend);
  }
  acceptInput(): void {
    this.#host.acceptInput();
  }
}
