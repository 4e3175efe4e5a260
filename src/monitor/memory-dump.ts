// How the human monitor shows numbers and memory: x, xp, print.
import type { Format } from './args.ts';

const LINE_BYTES = 16;

/** A character as C would write it between quotes. */
function quoted(value: bigint): string {
  const code = Number(BigInt.asUintN(32, value));
  const escapes: Readonly<Record<number, string>> = { 10: '\\n', 13: '\\r', 39: "\\'", 92: '\\\\' };
  return `'${escapes[code] ?? (code >= 32 && code < 127 ? String.fromCharCode(code) : `\\x${code.toString(16).padStart(2, '0')}`)}'`;
}

/** A value of `size` bytes, unsigned, in columns. */
function cell(value: bigint, { format, size }: Format): string {
  const bits = size * 8;
  switch (format) {
    case 'x': return `0x${value.toString(16).padStart(size * 2, '0')}`;
    case 'o': return (value === 0n ? '0' : `0${value.toString(8)}`).padStart(Math.floor((bits + 2) / 3));
    case 'c': return quoted(value);
    default: return `${value}`.padStart(Math.floor((bits * 10 + 32) / 33));
  }
}

/** `print`: one 64-bit value. */
export function printValue(value: bigint, format: string): string {
  const unsigned = BigInt.asUintN(64, value);
  switch (format) {
    case 'd': case 'i': return `${value}`;
    case 'u': return `${unsigned}`;
    case 'o': return unsigned === 0n ? '0' : `0${unsigned.toString(8)}`;
    case 'c': return quoted(value);
    default: return `0x${unsigned.toString(16)}`;
  }
}

/** Lines of a dump. `read` gives bytes at an address, undefined where there is no memory. */
export function dumpMemory(address: bigint, f: Format, read: (address: bigint, bytes: number) => Uint8Array | undefined): string[] {
  const lines: string[] = [];
  // Characters are bytes, whatever the size says; it counts for how many there are.
  const step = f.format === 'i' ? 4 : f.format === 'c' ? 1 : f.size, count = f.format === 'c' ? f.count * f.size : f.count;
  const perLine = f.format === 'i' ? 1 : (f.size === 1 ? LINE_BYTES / 2 : LINE_BYTES) / step;
  for (let done = 0; done < count; done += perLine) {
    const here = BigInt.asUintN(64, address + BigInt(done * step)), n = Math.min(perLine, count - done);
    const head = f.format === 'i' ? `0x${here.toString(16).padStart(8, '0')}: ` : `${here.toString(16).padStart(16, '0')}:`;
    const bytes = read(here, n * step);
    if (!bytes) {
      lines.push(`${head} Cannot access memory`);
      break;
    }
    const view = Buffer.from(bytes);
    if (f.format === 'i') {
      const word = view.readUInt32LE(0).toString(16).padStart(8, '0');
      lines.push(`${head} ${word}  .inst    0x${word}`);
    } else {
      const values = Array.from({ length: n }, (_, i) => (step === 8 ? view.readBigUInt64LE(i * 8) : BigInt(view.readUIntLE(i * step, step))));
      lines.push(`${head} ${values.map((v) => cell(v, f)).join(' ')}`);
    }
  }
  return lines;
}
