// Names of guest code and guest locks: symbols, with Linux's per-CPU copies told apart.

/** What names are looked up in: a SymbolTable. */
export interface Symbols {
  readonly size: number;
  find(address: bigint): { readonly name: string; readonly offset: bigint } | undefined;
  address(name: string): bigint | undefined;
}

/** Reads 8 bytes of guest memory at a virtual address. */
export type ReadGuest = (address: bigint) => bigint | undefined;

const MAX_CPUS = 64;

export class GuestNames {
  readonly #symbols: Symbols;
  /** Linux: the range of per-CPU variables as linked, and how far each CPU's copy is from it. */
  readonly #perCpu: { start: bigint; end: bigint; offsets: readonly bigint[] } | undefined;

  constructor(symbols: Symbols, cpus: number, read: ReadGuest) {
    this.#symbols = symbols;
    const start = symbols.address('__per_cpu_start'), end = symbols.address('__per_cpu_end'), table = symbols.address('__per_cpu_offset');
    if (start === undefined || end === undefined || table === undefined) return;
    const offsets = Array.from({ length: Math.min(cpus, MAX_CPUS) }, (_, n) => read(table + 8n * BigInt(n)) ?? 0n);
    if (offsets.every((o) => o !== 0n)) this.#perCpu = { start, end, offsets };
  }

  get count(): number { return this.#symbols.size; }

  /** `name+0xoffset`; the address where nothing is known. */
  code(pc: bigint): string { return this.#place(pc) ?? `0x${pc.toString(16)}`; }

  /** Name of the function an address is in. */
  function(pc: bigint): string | undefined { return this.#symbols.find(pc)?.name; }

  /** Name of a location; '' for address 0, the address where nothing is known. */
  lock(address: bigint): string {
    if (address === 0n) return '';
    const p = this.#perCpu;
    for (let cpu = 0; p && cpu < p.offsets.length; cpu++) {
      const at = BigInt.asUintN(64, address - p.offsets[cpu]);
      if (at >= p.start && at < p.end) return `${this.#place(at) ?? `per-CPU 0x${(at - p.start).toString(16)}`} (CPU ${cpu})`;
    }
    return this.#place(address) ?? `0x${address.toString(16)}`;
  }

  #place(address: bigint): string | undefined {
    const s = this.#symbols.find(address);
    return s && (s.offset === 0n ? s.name : `${s.name}+0x${s.offset.toString(16)}`);
  }
}
