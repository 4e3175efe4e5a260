// Flattened device trees (Devicetree specification 0.4, chapter 5): a tree to build and edit, its DTB form, and a validating parser.

const MAGIC = 0xd00dfeed;
const VERSION = 17;
const LAST_COMP_VERSION = 16;
const HEADER_SIZE = 40;
const FDT_BEGIN_NODE = 1;
const FDT_END_NODE = 2;
const FDT_PROP = 3;
const FDT_NOP = 4;
const FDT_END = 9;
/** Deepest nesting accepted: far above any real tree, far below the stack. */
const MAX_DEPTH = 64;

const encoder = new TextEncoder();
const latin1 = (bytes: Uint8Array) => Array.from(bytes, (b) => String.fromCharCode(b)).join('');
const align = (n: number, a: number) => Math.ceil(n / a) * a;

/** A DTB that cannot be read; `offset` is the byte where it goes wrong. */
export class FdtError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} (at byte ${offset})`);
    this.name = 'FdtError';
    this.offset = offset;
  }
}

/** A cell: a 32-bit number, or a bigint for two cells. */
export type Cell = number | bigint;

/** Numbers as big-endian cells: a number takes one (and must fit 32 bits, signed or not), a bigint two. */
export function cells(...values: readonly Cell[]): Uint8Array {
  const bytes = new Uint8Array(values.reduce((n: number, v) => n + (typeof v === 'bigint' ? 8 : 4), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const value of values) {
    if (typeof value === 'bigint') {
      view.setBigUint64(at, value);
      at += 8;
    } else {
      if (!Number.isInteger(value) || value < -0x80000000 || value > 0xffffffff) throw new RangeError(`cell value ${value} does not fit 32 bits`);
      view.setUint32(at, value >>> 0);
      at += 4;
    }
  }
  return bytes;
}

/** `value` as `count` cells (1 or 2), for addresses and sizes under #address-cells and #size-cells. */
export function sizedCells(count: number, value: number | bigint): Uint8Array {
  return count === 2 ? cells(BigInt(value)) : cells(Number(value));
}

/** Strings, each with its NUL. */
export function strings(...values: readonly string[]): Uint8Array {
  return encoder.encode(values.map((s) => `${s}\0`).join(''));
}

/** One node: name with unit address, properties and children in order. */
export class FdtNode {
  name: string;
  readonly props = new Map<string, Uint8Array>();
  readonly children: FdtNode[] = [];

  constructor(name: string, props: Readonly<Record<string, Uint8Array>> = {}, children: readonly FdtNode[] = []) {
    this.name = name;
    for (const [key, value] of Object.entries(props)) this.props.set(key, value);
    this.children.push(...children);
  }

  set(name: string, value: Uint8Array): this {
    this.props.set(name, value);
    return this;
  }

  /** First child of that name; a name without `@` also matches with any unit address. */
  child(name: string): FdtNode | undefined {
    return this.children.find((c) => c.name === name) ?? this.children.find((c) => c.name.split('@')[0] === name);
  }

  /** The child of exactly that name, added at the end when missing. */
  ensure(name: string): FdtNode {
    let node = this.children.find((c) => c.name === name);
    if (!node) this.children.push((node = new FdtNode(name)));
    return node;
  }

  /** Node at an absolute path seen from this node as root; undefined when any part is missing. */
  find(path: string): FdtNode | undefined {
    let node: FdtNode | undefined = this;
    for (const part of path.split('/').filter(Boolean)) node = node?.child(part);
    return node;
  }

  /** Property as 32-bit numbers; undefined when missing or not a whole number of cells. */
  getCells(name: string): number[] | undefined {
    const value = this.props.get(name);
    if (!value || value.length % 4) return undefined;
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    return Array.from({ length: value.length / 4 }, (_, i) => view.getUint32(4 * i));
  }

  /** Property as strings; undefined when missing or not NUL-terminated. */
  getStrings(name: string): string[] | undefined {
    const value = this.props.get(name);
    if (!value || value.at(-1) !== 0) return undefined;
    return new TextDecoder().decode(value.subarray(0, -1)).split('\0');
  }
}

export interface Reservation {
  readonly address: bigint;
  readonly size: bigint;
}

/** A whole tree with what a DTB carries besides. */
export interface Fdt {
  readonly root: FdtNode;
  readonly reservations: readonly Reservation[];
  /** Physical id of the boot CPU (header field boot_cpuid_phys). */
  readonly bootCpu: number;
}

/** Emits a version 17 DTB; `padding` bytes of free space are left at its end for firmware that edits in place. */
export function flatten(fdt: Fdt, padding = 0): Uint8Array {
  const structure: Uint8Array[] = [];
  let structureSize = 0;
  const names = new Map<string, number>();
  let namesSize = 0;
  const put = (bytes: Uint8Array) => {
    structure.push(bytes);
    structureSize += bytes.length;
    const rest = align(structureSize, 4) - structureSize;
    if (rest) {
      structure.push(new Uint8Array(rest));
      structureSize += rest;
    }
  };
  const nameOffset = (name: string) => {
    let offset = names.get(name);
    if (offset === undefined) {
      names.set(name, (offset = namesSize));
      namesSize += encoder.encode(name).length + 1;
    }
    return offset;
  };
  const emit = (node: FdtNode) => {
    put(cells(FDT_BEGIN_NODE));
    put(strings(node.name));
    for (const [name, value] of node.props) {
      put(cells(FDT_PROP, value.length, nameOffset(name)));
      put(value);
    }
    node.children.forEach(emit);
    put(cells(FDT_END_NODE));
  };
  emit(fdt.root);
  put(cells(FDT_END));

  const reserve = cells(...fdt.reservations.flatMap((r) => [r.address, r.size]), 0n, 0n);
  const structureAt = HEADER_SIZE + reserve.length;
  const stringsAt = structureAt + structureSize;
  const total = align(stringsAt + namesSize + padding, 4);
  const out = new Uint8Array(total);
  out.set(cells(MAGIC, total, structureAt, stringsAt, HEADER_SIZE, VERSION, LAST_COMP_VERSION, fdt.bootCpu, namesSize, structureSize));
  out.set(reserve, HEADER_SIZE);
  let at = structureAt;
  for (const bytes of structure) {
    out.set(bytes, at);
    at += bytes.length;
  }
  for (const [name, offset] of names) out.set(encoder.encode(name), stringsAt + offset);
  return out;
}

/** Reads a DTB (version 16 or 17) and checks all of it: header, block bounds, tokens, nesting, names. Throws FdtError. */
export function parseFdt(bytes: Uint8Array): Fdt {
  return new Parser(bytes).parse();
}

class Parser {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #structureEnd = 0;
  #stringsAt = 0;
  #stringsEnd = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  parse(): Fdt {
    if (this.#bytes.length < HEADER_SIZE) throw new FdtError('too short for a device tree header', this.#bytes.length);
    const header = (i: number) => this.#view.getUint32(4 * i);
    if (header(0) !== MAGIC) throw new FdtError(`bad magic 0x${header(0).toString(16)}, not a device tree blob`, 0);
    const total = header(1);
    if (total < HEADER_SIZE || total > this.#bytes.length) throw new FdtError(`total size ${total} does not fit the ${this.#bytes.length} bytes given`, 4);
    const version = header(5);
    if (version < LAST_COMP_VERSION || header(6) > VERSION) throw new FdtError(`version ${version} (compatible from ${header(6)}) is not supported`, 20);

    // version 16 does not say how long the structure block is: it ends with its FDT_END token
    const structureAt = header(2);
    this.#structureEnd = version >= 17 ? structureAt + header(9) : total;
    this.#stringsAt = header(3);
    this.#stringsEnd = this.#stringsAt + header(8);
    if (structureAt % 4 || structureAt < HEADER_SIZE || this.#structureEnd > total) throw new FdtError('structure block misaligned or outside the blob', 8);
    if (this.#stringsAt < HEADER_SIZE || this.#stringsEnd > total) throw new FdtError('strings block outside the blob', 12);

    const reservations = this.#reservations(header(4), total);
    this.#at = structureAt;
    if (this.#token() !== FDT_BEGIN_NODE) throw new FdtError('the structure block does not begin with a node', structureAt);
    const root = this.#node(0);
    if (root.name !== '') throw new FdtError(`the root node has a name ('${root.name}')`, structureAt);
    if (this.#token() !== FDT_END) throw new FdtError('data behind the root node', this.#at - 4);
    return { root, reservations, bootCpu: header(7) };
  }

  #reservations(from: number, total: number): Reservation[] {
    if (from % 8 || from < HEADER_SIZE) throw new FdtError('memory reservation block misaligned', 16);
    const list: Reservation[] = [];
    for (let at = from; ; at += 16) {
      if (at + 16 > total) throw new FdtError('memory reservation block has no end', at);
      const address = this.#view.getBigUint64(at);
      const size = this.#view.getBigUint64(at + 8);
      if (address === 0n && size === 0n) return list;
      list.push({ address, size });
    }
  }

  #u32(): number {
    if (this.#at + 4 > this.#structureEnd) throw new FdtError('structure block ends in the middle', this.#at);
    const value = this.#view.getUint32(this.#at);
    this.#at += 4;
    return value;
  }

  /** Next token that is not a NOP. */
  #token(): number {
    let token: number;
    do token = this.#u32(); while (token === FDT_NOP);
    return token;
  }

  #cString(at: number, end: number, what: string): string {
    const nul = this.#bytes.indexOf(0, at);
    if (nul < 0 || nul >= end) throw new FdtError(`${what} has no end`, at);
    return latin1(this.#bytes.subarray(at, nul));
  }

  /** The node whose FDT_BEGIN_NODE has just been read. */
  #node(depth: number): FdtNode {
    if (depth > MAX_DEPTH) throw new FdtError(`nodes nest deeper than ${MAX_DEPTH}`, this.#at);
    const nameAt = this.#at;
    const node = new FdtNode(this.#cString(nameAt, this.#structureEnd, 'a node name'));
    if (depth > 0 && !/^[\w,.+-]+(@[\w,.+-]+)?$/.test(node.name)) throw new FdtError(`bad node name '${node.name}'`, nameAt);
    this.#at = align(nameAt + node.name.length + 1, 4);
    const seen = new Set<string>();
    for (;;) {
      const at = this.#at;
      const token = this.#token();
      if (token === FDT_END_NODE) return node;
      if (token === FDT_PROP) {
        if (node.children.length) throw new FdtError(`property behind a child of node '${node.name}'`, at);
        this.#property(node, at);
      } else if (token === FDT_BEGIN_NODE) {
        const child = this.#node(depth + 1);
        if (seen.has(child.name)) throw new FdtError(`two nodes are named '${child.name}'`, at);
        seen.add(child.name);
        node.children.push(child);
      } else throw new FdtError(`unknown token ${token}`, at);
    }
  }

  #property(node: FdtNode, at: number): void {
    const length = this.#u32();
    const nameOffset = this.#u32();
    const nameAt = this.#stringsAt + nameOffset;
    if (nameAt >= this.#stringsEnd) throw new FdtError('property name outside the strings block', at);
    const name = this.#cString(nameAt, this.#stringsEnd, 'a property name');
    if (!/^[\w,.+?#-]+$/.test(name)) throw new FdtError(`bad property name '${name}'`, nameAt);
    if (this.#at + length > this.#structureEnd) throw new FdtError(`value of property '${name}' outside the structure block`, at);
    if (node.props.has(name)) throw new FdtError(`property '${name}' appears twice in node '${node.name}'`, at);
    node.props.set(name, this.#bytes.slice(this.#at, this.#at + length));
    this.#at = align(this.#at + length, 4);
  }
}
