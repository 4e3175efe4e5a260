// The instances of one batch in guest RAM: where their variables are, what they start from, what came of them.
import type { StressMachine } from '../machine.ts';
import { RAM_BASE } from '../machine.ts';
import { Names, printAddress } from './condition.ts';
import { LitmusError } from './error.ts';
import { Histogram } from './histogram.ts';
import { MAP } from './monitor.ts';
import { observed, LAST_SHIFT, RECORD, SYNC_BIT, type ThreadProgram } from './program.ts';
import type { Random } from './random.ts';
import { printInt, type LitmusTest, type Location, type Value, type ValueType } from './types.ts';

/** Instances of a batch at most. */
export const BATCH = 8192;
const LINE = 64;
const roundUp = (n: number, a: number) => Math.ceil(n / a) * a;

interface Cell { readonly name: string; readonly bytes: number; readonly type: ValueType; readonly init: readonly Value[]; base: number; stride: number }

/** One observed value: in a thread's record, or in a cell. */
interface Field { readonly thread: number; readonly cell: number; readonly offset: number; readonly type: ValueType }

/** Words of a field in a row: low, high, 0 or 1 + the cell it is an address in (low is then the offset). */
const WORDS = 3;

export class Instances {
  readonly #test: LitmusTest;
  readonly #threads: readonly ThreadProgram[];
  readonly #ram: StressMachine;
  readonly #names: Names;
  readonly #cells: Cell[];
  /** Place of each instance in the areas. */
  readonly #slots = new Int32Array(BATCH);
  readonly #seen: readonly Location[];
  readonly #fields: Field[] = [];
  readonly #records: number[] = [];
  readonly histogram: Histogram;
  #count = 0;
  #end = MAP.DATA as number;

  constructor(test: LitmusTest, threads: readonly ThreadProgram[], ram: StressMachine) {
    this.#test = test;
    this.#threads = threads;
    this.#ram = ram;
    this.#names = new Names(test);
    this.#seen = observed(test);
    const names = new Set([...test.variables.keys(), ...this.#seen.flatMap((l) => (l.kind === 'mem' ? [l.name] : []))]);
    this.#cells = [...names].map((name) => {
      const v = test.variables.get(name), type = v?.type ?? this.#names.type({ kind: 'mem', name, index: undefined });
      return { name, type, bytes: roundUp(type.bytes * (v?.length ?? 1), 16), init: v?.init ?? [], base: 0, stride: 0 };
    });
    for (const l of this.#seen) this.#addFields(l);
    this.histogram = new Histogram(WORDS * this.#fields.length);
    let at = MAP.RECORDS as number;
    for (const t of threads) {
      this.#records.push(at);
      at = roundUp(at + (BATCH + 1) * t.recordSize, 4096);
    }
    if (at > MAP.RECORDS_END) throw new LitmusError(0, 'the test has too many threads and registers for the runner');
  }

  #addFields(l: Location): void {
    const type = this.#names.type(l);
    if (l.kind === 'reg') { this.#fields.push({ thread: l.thread, cell: -1, offset: this.#threads[l.thread].outputs.get(l.reg)!, type }); return; }
    const cell = this.#cells.findIndex((c) => c.name === l.name), length = this.#test.variables.get(l.name)?.length ?? 1;
    const from = l.index ?? 0, to = l.index === undefined ? length : from + 1;
    for (let i = from; i < to; i++) this.#fields.push({ thread: -1, cell, offset: i * type.bytes, type });
  }

  /** Address of the first record of a thread. */
  record(thread: number): number { return this.#records[thread]; }

  /** Chooses where `count` instances live and how their threads start, and writes the records. */
  place(count: number, random: Random): void {
    this.#count = count;
    this.#chooseLayout(random);
    const slots = this.#slots;
    for (let i = 0; i < count; i++) slots[i] = i;
    const block = random.pick([0, 32, count]);
    if (block > 0) for (let i = 0; i < count; i += block) random.shuffle(slots, i, Math.min(count, i + block));
    const sync = random.pick([1, 1, 1, 1, 2, 8]);
    this.#threads.forEach((t, n) => { this.#writeRecords(t, n, sync, random); });
  }

  /** The variables of an instance in one cache line, in a line each, or far apart. */
  #chooseLayout(random: Random): void {
    const cells = this.#cells, kind = random.pick(['packed', 'lines', 'lines', 'areas'] as const);
    const order = cells.map((_, n) => n);
    random.shuffle(order);
    const size = (c: Cell) => (kind === 'packed' ? c.bytes : roundUp(c.bytes, LINE * random.pick([1, 1, 2])));
    let at = MAP.DATA as number;
    for (const n of order) {
      cells[n].base = at;
      cells[n].stride = size(cells[n]);
      at += kind === 'areas' ? this.#count * cells[n].stride + LINE * random.below(64) : cells[n].stride;
    }
    if (kind !== 'areas') {
      const frame = roundUp(Math.max(at - MAP.DATA, LINE), LINE);
      for (const c of cells) c.stride = frame;
      at = MAP.DATA + frame * this.#count;
    }
    this.#end = at;
    if (at > MAP.END) throw new LitmusError(0, 'the variables are too large for the runner');
  }

  #writeRecords(t: ThreadProgram, n: number, sync: number, random: Random): void {
    const { ram32 } = this.#ram, words = t.recordSize / 4, first = (this.#records[n] - RAM_BASE) / 4;
    // Whoever comes last would start while the others still poll: it waits as long as a cache line may take to reach them.
    const longest = random.pick([1, 1, 8, 32]), scales = random.pick([1, 6, 9]);
    const inputs = this.#test.registers.filter((r) => r.thread === n && t.inputs.has(r.reg))
      .map((r) => ({ at: t.inputs.get(r.reg)! / 4, ...this.#source(r.value) }));
    for (let i = 0; i < this.#count; i++) {
      const at = first + i * words;
      ram32[at + RECORD.INDEX / 4] = i;
      ram32[at + RECORD.CONTROL / 4] = random.below(longest) | random.below(1 << random.below(scales)) << LAST_SHIFT | (i % sync === 0 ? 1 << SYNC_BIT : 0);
      for (const s of inputs) {
        ram32[at + s.at] = s.cell ? s.lo + s.cell.base + this.#slots[i] * s.cell.stride : s.lo;
        ram32[at + s.at + 1] = s.hi;
      }
    }
    ram32[first + this.#count * words] = -1;
  }

  /** An initial value: a number, or an offset to a cell of the instance. */
  #source(v: Value): { lo: number; hi: number; cell?: Cell } {
    switch (v.kind) {
      case 'int': return { lo: Number(BigInt.asIntN(32, v.value)), hi: Number(BigInt.asIntN(32, v.value >> 32n)) };
      case 'address': return { lo: v.offset, hi: 0, cell: this.#cells.find((c) => c.name === v.name)! };
      case 'label': return { lo: this.#threads[v.thread].labels.get(v.label)!, hi: 0 };
      case 'array': throw new Error('a list of values where one is expected');
    }
  }

  /** Gives every variable of every instance its initial value. */
  reset(): void {
    const { ram8, ram32 } = this.#ram;
    ram8.fill(0, MAP.DATA - RAM_BASE, this.#end - RAM_BASE);
    for (const c of this.#cells) {
      c.init.forEach((v, k) => {
        const s = this.#source(v), { bytes } = c.type;
        if (s.lo === 0 && s.hi === 0 && !s.cell) return;
        for (let i = 0; i < this.#count; i++) {
          const at = c.base + this.#slots[i] * c.stride + k * bytes - RAM_BASE;
          const lo = s.cell ? s.lo + s.cell.base + this.#slots[i] * s.cell.stride : s.lo;
          if (bytes >= 4) ram32[at / 4] = lo;
          else for (let b = 0; b < bytes; b++) ram8[at + b] = lo >> 8 * b;
          if (bytes === 8) ram32[at / 4 + 1] = s.hi;
        }
      });
    }
  }

  /** Counts the final state of every instance. */
  collect(): void {
    const { ram8, ram32 } = this.#ram, row = new Int32Array(this.histogram.width), fields = this.#fields;
    for (let i = 0; i < this.#count; i++) {
      for (let f = 0, w = 0; f < fields.length; f++, w += WORDS) {
        const { thread, cell, offset, type } = fields[f];
        let at: number;
        if (thread >= 0) at = this.#records[thread] + i * this.#threads[thread].recordSize + offset - RAM_BASE;
        else { const c = this.#cells[cell]; at = c.base + this.#slots[i] * c.stride + offset - RAM_BASE; }
        row[w + 2] = 0;
        if (thread < 0 && type.bytes < 4) {
          row[w] = type.bytes === 1 ? ram8[at] : ram8[at] | ram8[at + 1] << 8;
          row[w + 1] = 0;
          continue;
        }
        const lo = ram32[at / 4], hi = thread >= 0 || type.bytes === 8 ? ram32[at / 4 + 1] : 0;
        row[w] = lo;
        row[w + 1] = type.bytes === 8 ? hi : 0;
        if (hi === 0 && lo >>> 0 >= MAP.DATA && lo >>> 0 < this.#end) this.#relate(row, w, i);
      }
      this.histogram.add(row);
    }
  }

  /** The value at row[w] may be an address in a cell of instance i: makes it independent of the placement. */
  #relate(row: Int32Array, w: number, i: number): void {
    for (let n = 0; n < this.#cells.length; n++) {
      const c = this.#cells[n], offset = (row[w] >>> 0) - c.base - this.#slots[i] * c.stride;
      if (offset < 0 || offset >= c.bytes) continue;
      row[w] = offset;
      row[w + 1] = 0;
      row[w + 2] = 1 + n;
      return;
    }
  }

  /** A row of the histogram as values by key; `all` also those only the filter looks at. */
  state(row: Int32Array): Map<string, string> {
    const out = new Map<string, string>();
    let f = 0;
    const value = (): string => {
      const w = f * WORDS, { type } = this.#fields[f++];
      if (row[w + 2] !== 0) return printAddress(this.#cells[row[w + 2] - 1].name, row[w]);
      return printInt((BigInt(row[w + 1]) << 32n) | BigInt(row[w] >>> 0), type.pointer ? { bytes: 8, signed: true, pointer: false } : type);
    };
    for (const l of this.#seen) {
      const length = l.kind === 'mem' && l.index === undefined ? this.#test.variables.get(l.name)?.length : undefined;
      out.set(this.#names.key(l), length === undefined ? value() : `{${Array.from({ length }, value).join(',')}}`);
    }
    return out;
  }
}
