// Counts how often each row of words was seen.

export class Histogram {
  readonly width: number;
  #rows: Int32Array;
  #counts: Float64Array;
  #slots: Int32Array;
  #used = 0;

  /** `width`: words of a row. */
  constructor(width: number) {
    this.width = width;
    this.#rows = new Int32Array(64 * width);
    this.#counts = new Float64Array(64);
    this.#slots = new Int32Array(256).fill(-1);
  }

  /** Counts the row once. */
  add(row: Int32Array): void {
    const { width } = this;
    let h = 0;
    for (let i = 0; i < width; i++) h = Math.imul(h ^ row[i], 0x9e3779b1) ^ (h >>> 15);
    const mask = this.#slots.length - 1;
    for (let at = (h ^ (h >>> 16)) & mask; ; at = (at + 1) & mask) {
      const n = this.#slots[at];
      if (n < 0) { this.#insert(at, row); return; }
      let i = 0;
      while (i < width && this.#rows[n * width + i] === row[i]) i++;
      if (i === width) { this.#counts[n]++; return; }
    }
  }

  #insert(at: number, row: Int32Array): void {
    const n = this.#used++;
    if (n === this.#counts.length) this.#grow();
    this.#rows.set(row, n * this.width);
    this.#counts[n] = 1;
    if (2 * this.#used <= this.#slots.length / 2) this.#slots[at] = n;
    else this.#rehash();
  }

  #grow(): void {
    const rows = new Int32Array(2 * this.#rows.length), counts = new Float64Array(2 * this.#counts.length);
    rows.set(this.#rows);
    counts.set(this.#counts);
    this.#rows = rows;
    this.#counts = counts;
  }

  #rehash(): void {
    const counts = this.#counts.slice(0, this.#used), rows = this.#rows.slice(0, this.#used * this.width);
    this.#slots = new Int32Array(4 * this.#slots.length).fill(-1);
    this.#used = 0;
    counts.forEach((c, n) => {
      this.add(rows.subarray(n * this.width, (n + 1) * this.width));
      this.#counts[n] = c;
    });
  }

  /** Every row seen, with its count. */
  *entries(): Generator<[row: Int32Array, count: number]> {
    for (let n = 0; n < this.#used; n++) yield [this.#rows.subarray(n * this.width, (n + 1) * this.width), this.#counts[n]];
  }
}
