// Finds Linux's own symbol table (kallsyms) in guest memory and unpacks it.
import type { GuestSymbol } from './symbols.ts';

/**
 * Formats handled: 5.x up to 6.3 (offsets, relative base, count, names, markers, tokens) and 6.4 and later (offsets
 * behind the tokens), with offsets relative to a base, as arm64 has them. What finds the place is the token table: the
 * characters that stand for themselves come in order, so that it holds "0", "1" … "9".
 */
const DIGITS = Buffer.from('0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00', 'latin1');
const TOKENS = 256;
const FIRST_DIGIT = 0x30;
/** Symbols between two markers. */
const PER_MARKER = 256;
/** The markers are at most this far in front of the tokens (what may lie between takes three bytes a symbol). */
const MAX_GAP = 1 << 20;
const MAX_SYMBOLS = 1 << 21;
const CHUNK = 16 << 20;

const align8 = (n: number): number => n + 7 & ~7;

/** Symbols of the Linux kernel in guest RAM; empty when there is none, or none that can be read. */
export function findKallsyms(ram: Uint8Array): GuestSymbol[] {
  for (let from = 0; from < ram.length; from += CHUNK) {
    const chunk = Buffer.from(ram.buffer, ram.byteOffset + from, Math.min(CHUNK + DIGITS.length, ram.length - from));
    for (let at = chunk.indexOf(DIGITS); at >= 0; at = chunk.indexOf(DIGITS, at + 1)) {
      const found = new Kallsyms(ram, from + at).symbols();
      if (found.length) return found;
    }
  }
  return [];
}

/** One candidate: the token for '0' at `digits`. Positions are bytes from the start of RAM. */
class Kallsyms {
  readonly #ram: Uint8Array;
  readonly #v: DataView;
  readonly #digits: number;

  constructor(ram: Uint8Array, digits: number) {
    this.#ram = ram;
    this.#v = new DataView(ram.buffer, ram.byteOffset, ram.byteLength);
    this.#digits = digits;
  }

  #u32(at: number): number { return at >= 0 && at + 4 <= this.#v.byteLength ? this.#v.getUint32(at, true) : 0; }

  symbols(): GuestSymbol[] {
    const tokens = this.#tokens();
    const markers = tokens && this.#markers(tokens.table);
    const names = markers && this.#names(markers);
    if (!tokens || !names) return [];
    const { count, start } = names, before = start - 16 - align8(4 * count), after = align8(tokens.end);
    const offsets = this.#offsets(before, start - 16, count) ?? this.#offsets(after, after + align8(4 * count), count);
    return offsets ? this.#unpack(start, count, offsets, tokens.text) : [];
  }

  /** The strings that bytes of names stand for; their index behind them proves it. */
  #tokens(): { table: number; end: number; text: string[] } | undefined {
    let table = this.#digits;
    for (let n = 0; n < FIRST_DIGIT; n++) {
      table--;
      const least = table - 64;
      do table--; while (table > least && this.#ram[table] !== 0);
      table++;
    }
    const text: string[] = [], starts: number[] = [];
    let at = table;
    for (let n = 0; n < TOKENS; n++) {
      starts.push(at - table);
      const from = at;
      while (at < this.#ram.length && at - from < 64 && this.#ram[at] !== 0) at++;
      text.push(Buffer.from(this.#ram.slice(from, at)).toString('latin1'));
      at++;
    }
    const index = align8(at);
    if (index + 2 * TOKENS > this.#ram.length || starts.some((s, n) => this.#v.getUint16(index + 2 * n, true) !== s)) return undefined;
    return { table, end: index + 2 * TOKENS, text };
  }

  /** Offsets of every 256th name: the nearest run of u32 in front of the tokens that begins with 0 and grows by likely steps. */
  #markers(tokens: number): { at: number; values: number[] } | undefined {
    const step = (at: number): boolean => {
      const d = this.#u32(at) - this.#u32(at - 4);
      return d >= PER_MARKER * 2 && d <= PER_MARKER * 128;
    };
    for (let at = tokens - 32; at > tokens - MAX_GAP && at > 0; at -= 8) {
      if (this.#u32(at) !== 0 || ![4, 8, 12, 16].every((k) => step(at + k))) continue;
      const values = [0];
      for (let p = at + 4; p < tokens && step(p); p += 4) values.push(this.#u32(p));
      return { at, values };
    }
    return undefined;
  }

  /** Bytes of the length in front of a name, and of the name. */
  #length(at: number): { head: number; bytes: number } {
    const b = this.#ram[at];
    return b & 0x80 ? { head: 2, bytes: b & 0x7f | this.#ram[at + 1] << 7 } : { head: 1, bytes: b };
  }

  /** Where the names begin and how many they are: the count stands in front, and the markers must fit. */
  #names({ at: end, values }: { at: number; values: number[] }): { start: number; count: number } | undefined {
    const last = values.at(-1)!;
    for (let start = align8(end - last) - 8; start > 16 && start > end - last - PER_MARKER * 514; start -= 8) {
      const count = this.#u32(start - 8);
      if (count > MAX_SYMBOLS || Math.ceil(count / PER_MARKER) !== values.length) continue;
      let p = start, n = 0;
      for (; n < count && p < end; n++) {
        if (n % PER_MARKER === 0 && values[n / PER_MARKER] !== p - start) break;
        const { head, bytes } = this.#length(p);
        p += head + bytes;
      }
      if (n === count && align8(p) === align8(end)) return { start, count };
    }
    return undefined;
  }

  /** Addresses of the symbols, when the table is at `at` and its base at `base`. */
  #offsets(at: number, base: number, count: number): { at: number; base: bigint } | undefined {
    if (at < 0 || base + 8 > this.#v.byteLength) return undefined;
    const value = this.#v.getBigUint64(base, true);
    // Kernel addresses are in the upper half; the table is in order.
    if (value >> 48n !== 0xffffn) return undefined;
    for (let n = 1; n < count; n++) if (this.#u32(at + 4 * n) < this.#u32(at + 4 * n - 4)) return undefined;
    return { at, base: value };
  }

  #unpack(start: number, count: number, offsets: { at: number; base: bigint }, tokens: readonly string[]): GuestSymbol[] {
    const out: GuestSymbol[] = [];
    for (let n = 0, p = start; n < count; n++) {
      const { head, bytes } = this.#length(p);
      let text = '';
      for (let k = p + head; k < p + head + bytes; k++) text += tokens[this.#ram[k]];
      out.push({ address: offsets.base + BigInt(this.#u32(offsets.at + 4 * n)), type: text[0], name: text.slice(1) });
      p += head + bytes;
    }
    return out;
  }
}
