// Framing of the gdb remote serial protocol: packets with checksums, acknowledgements, escapes, and the interrupt byte.

/** Longest packet, as qSupported says: `$`, `#` and the checksum not counted. */
export const MAX_PACKET = 4096;
const ESCAPE = 0x7d, DOLLAR = 0x24, HASH = 0x23, STAR = 0x2a, PLUS = 0x2b, MINUS = 0x2d, INTERRUPT = 0x03;

const checksum = (bytes: Uint8Array): number => bytes.reduce((sum, b) => (sum + b) & 0xff, 0);
const hexByte = (b: number): string => b.toString(16).padStart(2, '0');

/** What arrived on the line. `packet`: unescaped; bytes are Latin-1 characters. */
export type LineEvent = { readonly kind: 'packet'; readonly data: string } | { readonly kind: 'interrupt' | 'ack' | 'nack' | 'bad' };

const UNHEX = (b: number): number => (b >= 0x30 && b <= 0x39 ? b - 0x30 : (b | 0x20) >= 0x61 && (b | 0x20) <= 0x66 ? (b | 0x20) - 0x57 : -1);

/** Takes bytes as they come, in any pieces. What is not part of a packet is dropped; so are packets that are too long. */
export class PacketReader {
  #state: 'idle' | 'data' | 'sum1' | 'sum2' = 'idle';
  readonly #raw = new Uint8Array(MAX_PACKET);
  #length = 0;
  #sum = 0;

  /** Forgets a packet under way: its sender is gone. */
  reset(): void {
    this.#state = 'idle';
  }

  *feed(bytes: Uint8Array): Generator<LineEvent> {
    for (const b of bytes) {
      const event = this.#byte(b);
      if (event) yield event;
    }
  }

  #byte(b: number): LineEvent | undefined {
    switch (this.#state) {
      case 'idle':
        if (b === DOLLAR) { this.#state = 'data'; this.#length = 0; }
        if (b === PLUS) return { kind: 'ack' };
        if (b === MINUS) return { kind: 'nack' };
        return b === INTERRUPT ? { kind: 'interrupt' } : undefined;
      case 'data':
        // A packet that begins anew: the one before was cut off.
        if (b === DOLLAR) this.#length = 0;
        else if (b === HASH) this.#state = 'sum1';
        else if (this.#length === MAX_PACKET) this.#state = 'idle';
        else this.#raw[this.#length++] = b;
        return undefined;
      case 'sum1':
        this.#sum = UNHEX(b) << 4;
        this.#state = this.#sum < 0 ? 'idle' : 'sum2';
        return this.#sum < 0 ? { kind: 'bad' } : undefined;
      case 'sum2': {
        this.#state = 'idle';
        const raw = this.#raw.subarray(0, this.#length), low = UNHEX(b);
        if (low < 0 || (this.#sum | low) !== checksum(raw)) return { kind: 'bad' };
        const data = unescape(raw);
        return data === undefined ? { kind: 'bad' } : { kind: 'packet', data };
      }
    }
  }
}

/** Undoes `}` escapes and run lengths (`*` and a count character + 29); undefined: malformed. */
function unescape(raw: Uint8Array): string | undefined {
  const out: number[] = [];
  for (let i = 0; i < raw.length; i++) {
    if (raw[i] === ESCAPE) {
      if (++i === raw.length) return undefined;
      out.push(raw[i] ^ 0x20);
    } else if (raw[i] === STAR) {
      const count = (raw[++i] ?? 0) - 29;
      if (count < 3 || count > 97 || out.length === 0 || out.length + count > MAX_PACKET) return undefined;
      const last = out[out.length - 1];
      for (let k = 0; k < count; k++) out.push(last);
    } else out.push(raw[i]);
  }
  return Buffer.from(out).toString('latin1');
}

/** A packet ready to be sent. `data`: Latin-1 characters; those with a meaning of their own are escaped. */
export function encodePacket(data: string): Buffer {
  const out: number[] = [];
  for (const b of Buffer.from(data, 'latin1')) {
    if (b === ESCAPE || b === DOLLAR || b === HASH || b === STAR) out.push(ESCAPE, b ^ 0x20);
    else out.push(b);
  }
  const body = Uint8Array.from(out);
  return Buffer.concat([Buffer.of(DOLLAR), body, Buffer.from(`#${hexByte(checksum(body))}`, 'latin1')]);
}

/** Bytes as pairs of hex digits. */
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** Undefined: not pairs of hex digits. */
export const fromHex = (hex: string): Uint8Array | undefined => (/^(?:[0-9a-f]{2})*$/i.test(hex) ? Buffer.from(hex, 'hex') : undefined);
