// One QMP monitor on one character device: greeting, negotiation, requests in order, replies, events, and slow or vanished clients.
import type { CharBackend, CharEvent } from '../chardev/backend.ts';
import type { MuxFrontend } from '../chardev/mux.ts';
import { log } from '../log.ts';
import { QmpError } from './errors.ts';
import { JsonError, JsonReader, toJson, type Json, type JsonObject } from './json.ts';
import type { QmpServer } from './server.ts';

/** Requests a client may have waiting before it is held back (QEMU's QMP_REQ_QUEUE_LEN_MAX). */
const QUEUE_MAX = 8;
/** Bytes given to the character device at a time, and taken from it. */
const CHUNK = 16 * 1024;
/** Characters of events that wait for a client that does not read. */
const EVENTS_MAX = 1 << 20;

export interface QmpSessionOptions {
  readonly pretty: boolean;
  /** Out-of-band execution is offered: not on a multiplexer. */
  readonly oob: boolean;
}

type Request = Json | JsonError;

export class QmpSession implements MuxFrontend {
  readonly #backend: CharBackend;
  readonly #server: QmpServer;
  readonly #o: QmpSessionOptions;
  #reader: JsonReader;
  /** Raised when a client comes or goes: replies to an earlier one are dropped. */
  #client = 0;
  #connected = false;
  #negotiated = false;
  #oob = false;
  #queue: Request[] = [];
  #busy = false;
  #out: string[] = [];
  #outLength = 0;
  #blocked = false;
  #writing = false;

  constructor(backend: CharBackend, server: QmpServer, o: QmpSessionOptions) {
    this.#backend = backend;
    this.#server = server;
    this.#o = o;
    this.#reader = this.#newReader();
    server.add(this);
    backend.attach(this);
  }

  // CharFrontend

  canReceive(): number {
    return this.#queue.length >= QUEUE_MAX || this.#outLength > 0 ? 0 : CHUNK;
  }

  receive(bytes: Uint8Array): void {
    this.#reader.feed(bytes);
    void this.#pump();
  }

  event(event: CharEvent): void {
    if (event === 'opened' && !this.#connected) this.#greet();
    else if (event === 'closed') this.#leave();
  }

  drained(): void {
    this.#blocked = false;
    this.#flush();
  }

  // what the server and commands use

  get negotiated(): boolean {
    return this.#negotiated;
  }

  /** Ends the negotiation. QmpError for a capability that was not offered. */
  negotiate(capabilities: readonly string[]): void {
    for (const c of capabilities) if (c !== 'oob' || !this.#o.oob) throw new QmpError(`Capability ${c} not available`);
    this.#oob = capabilities.includes('oob');
    this.#negotiated = true;
  }

  /** An event, already made into text for both forms. */
  sendEvent(value: JsonObject): void {
    if (!this.#negotiated) return;
    if (this.#outLength > EVENTS_MAX) {
      log().warn('a QMP client does not read: events are lost');
      return;
    }
    this.#send(value);
  }

  #newReader(): JsonReader {
    return new JsonReader((request) => this.#arrived(request));
  }

  #greet(): void {
    this.#client++;
    this.#connected = true;
    this.#reader = this.#newReader();
    this.#send({ QMP: { version: this.#server.version(), capabilities: this.#o.oob ? ['oob'] : [] } });
  }

  #leave(): void {
    this.#client++;
    this.#connected = this.#negotiated = this.#oob = this.#blocked = false;
    this.#queue = [];
    this.#out = [];
    this.#outLength = 0;
  }

  #arrived(request: Request): void {
    // Out of band: now, whatever waits.
    if (this.#oob && typeof request === 'object' && request !== null && !Array.isArray(request) && 'exec-oob' in request) void this.#answer(request);
    else this.#queue.push(request);
  }

  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#queue.length > 0) {
      const [request] = this.#queue;
      await this.#answer(request);
      // leave() may have emptied it
      if (this.#queue[0] === request) this.#queue.shift();
    }
    this.#busy = false;
    if (this.canReceive() > 0) this.#backend.acceptInput();
  }

  async #answer(request: Request): Promise<void> {
    const client = this.#client;
    const reply = await this.#server.execute(this, request, this.#oob);
    if (client === this.#client && reply) this.#send(reply);
  }

  #send(value: JsonObject): void {
    if (!this.#connected) return;
    const text = `${toJson(value, this.#o.pretty)}\r\n`;
    this.#out.push(text);
    this.#outLength += text.length;
    this.#flush();
  }

  /** Writes while the device takes more; what it does not take waits here, so that nothing is cut short. */
  #flush(): void {
    if (this.#writing) return;
    this.#writing = true;
    const was = this.#outLength;
    while (!this.#blocked && this.#out.length > 0) {
      const text = this.#out[0], part = text.slice(0, CHUNK);
      if (part.length < text.length) this.#out[0] = text.slice(CHUNK);
      else this.#out.shift();
      this.#outLength -= part.length;
      if (!this.#backend.write(Buffer.from(part, 'latin1'))) this.#blocked = true;
    }
    this.#writing = false;
    if (was > 0 && this.#outLength === 0 && this.canReceive() > 0) this.#backend.acceptInput();
  }
}
