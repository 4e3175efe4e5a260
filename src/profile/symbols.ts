// Names of guest functions by address: from an ELF file, a System.map, or what Linux keeps of itself in guest memory.
import { UserError } from '../errors.ts';
import { findKallsyms } from './kallsyms.ts';

export interface GuestSymbol {
  /** Virtual address, unsigned. */
  readonly address: bigint;
  readonly name: string;
  /** nm's letter: T, t, D, …; lower case for local ones. */
  readonly type: string;
  /** Bytes; absent: up to the next symbol. */
  readonly size?: bigint;
}

/** What an address is inside of. */
export interface SymbolPlace { readonly name: string; readonly offset: bigint }

/** A symbol without size reaches at most this far. */
const MAX_SPAN = 1n << 20n;
const MASK64 = (1n << 64n) - 1n;

/** Which of several names of one address is shown: functions, then global ones, then those with fewer leading underscores, then the first. */
const rank = (s: GuestSymbol): number => (/[tw]/i.test(s.type) ? 0 : 100) + (s.type === s.type.toUpperCase() ? 0 : 10) + /^_*/.exec(s.name)![0].length;

/** Symbols ordered by address. */
export class SymbolTable {
  readonly #address: BigUint64Array;
  readonly #symbols: readonly GuestSymbol[];

  constructor(symbols: Iterable<GuestSymbol>) {
    const best = new Map<bigint, GuestSymbol>();
    for (const s of symbols) {
      // $x, $d, .L…: marks of the assembler
      if (s.name === '' || /^(\$[adtx](\..*)?|\.L.*)$/.test(s.name)) continue;
      const other = best.get(s.address);
      if (!other || rank(s) < rank(other)) best.set(s.address, s);
    }
    this.#symbols = [...best.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
    this.#address = BigUint64Array.from(this.#symbols, (s) => s.address);
  }

  get size(): number { return this.#symbols.length; }

  /** The symbol a virtual address is in; undefined when none is known. */
  find(pc: bigint): SymbolPlace | undefined {
    const at = BigInt.asUintN(64, pc), a = this.#address;
    let lo = 0, hi = a.length;
    while (lo < hi) {
      const mid = lo + hi >>> 1;
      if (a[mid] <= at) lo = mid + 1; else hi = mid;
    }
    if (lo === 0) return undefined;
    const s = this.#symbols[lo - 1], offset = at - s.address;
    return offset < (s.size || MAX_SPAN) ? { name: s.name, offset } : undefined;
  }

  /** The address of a name. */
  address(name: string): bigint | undefined { return this.#symbols.find((s) => s.name === name)?.address; }

  /** This table's symbols, moved by `slide` bytes, behind those of `over`, which come first where both have one. */
  under(over: SymbolTable, slide = 0n): SymbolTable {
    const moved = slide === 0n ? this.#symbols : this.#symbols.map((s) => ({ ...s, address: s.address + slide & MASK64 }));
    return new SymbolTable([...over.#symbols, ...moved.filter((s) => over.find(s.address) === undefined)]);
  }
}

const SHT_SYMTAB = 2, SHT_DYNSYM = 11, SHN_UNDEF = 0, SHN_ABS = 0xfff1;
const STT_NOTYPE = 0, STT_OBJECT = 1, STT_FUNC = 2, STB_LOCAL = 0;
const ELF64LE = [0x7f, 0x45, 0x4c, 0x46, 2, 1];

/** True for a 64-bit little-endian ELF file. */
export const isElf = (bytes: Uint8Array): boolean => ELF64LE.every((b, k) => bytes[k] === b);

/** Symbols of a 64-bit little-endian ELF file (gABI, "Symbol Table"): .symtab, or else .dynsym. None when it has been stripped. */
export function elfSymbols(bytes: Uint8Array): GuestSymbol[] {
  const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const big = (at: number) => Number(v.getBigUint64(at, true));
  const shoff = big(0x28), shentsize = v.getUint16(0x3a, true), shnum = v.getUint16(0x3c, true);
  const sections = Array.from({ length: shoff === 0 ? 0 : shnum }, (_, n) => {
    const at = shoff + n * shentsize;
    return { type: v.getUint32(at + 4, true), flags: big(at + 8), offset: big(at + 0x18), size: big(at + 0x20), link: v.getUint32(at + 0x28, true) };
  });
  const table = sections.find((s) => s.type === SHT_SYMTAB) ?? sections.find((s) => s.type === SHT_DYNSYM);
  const strings = table && sections[table.link];
  if (!table || !strings) return [];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + strings.offset, strings.size), out: GuestSymbol[] = [];
  for (let at = table.offset; at + 24 <= table.offset + table.size; at += 24) {
    const info = bytes[at + 4], section = v.getUint16(at + 6, true), type = info & 15;
    if (section === SHN_UNDEF || section === SHN_ABS || (type !== STT_FUNC && type !== STT_NOTYPE && type !== STT_OBJECT)) continue;
    const from = v.getUint32(at, true), letter = type === STT_OBJECT || ((sections[section]?.flags ?? 0) & 4) === 0 ? 'D' : 'T';
    out.push({
      address: v.getBigUint64(at + 8, true), name: text.toString('latin1', from, text.indexOf(0, from)),
      type: info >> 4 === STB_LOCAL ? letter.toLowerCase() : letter, size: v.getBigUint64(at + 16, true) || undefined,
    });
  }
  return out;
}

/** Symbols of a System.map, of `nm` or of /proc/kallsyms: lines of address, letter, name. */
export function systemMapSymbols(text: string): GuestSymbol[] {
  return [...text.matchAll(/^([0-9a-f]{8,16}) ([A-Za-z?]) (\S+)/gim)].map(([, address, type, name]) => ({ address: BigInt(`0x${address}`), type, name }));
}

/** Symbols of a file of either kind. UserError `symbols` when it is neither, or has none. */
export function fileSymbols(bytes: Uint8Array, name: string): GuestSymbol[] {
  const symbols = isElf(bytes) ? elfSymbols(bytes) : systemMapSymbols(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
  if (symbols.length === 0) throw new UserError('symbols', `no symbols in '${name}'`, 'give an ELF file that is not stripped, or a System.map');
  return symbols;
}

/** What names are taken from. */
export interface SymbolSources {
  /** Guest RAM as it is now. */
  readonly ram: Uint8Array;
  /** Symbols of the kernel file and of files the user names. */
  readonly files: readonly GuestSymbol[];
  /** Where the guest's exception vectors are (VBAR_EL1): says how far the kernel has been moved from the addresses of a System.map. */
  readonly vectors?: bigint;
}

/** The guest's symbols: those Linux holds in memory are where the kernel really is; files add what it does not know. */
export function guestSymbols({ ram, files, vectors }: SymbolSources): SymbolTable {
  const kernel = new SymbolTable(findKallsyms(ram)), given = new SymbolTable(files);
  const where = (name: string, now: bigint | undefined): bigint | undefined => {
    const then = given.address(name);
    return then !== undefined && now !== undefined ? now - then : undefined;
  };
  const slide = where('_stext', kernel.address('_stext')) ?? where('vectors', vectors) ?? 0n;
  // Kernels are moved by whole pages.
  return given.under(kernel, slide % 4096n === 0n ? slide : 0n);
}
