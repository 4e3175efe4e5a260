// Pseudo-random numbers (xorshift), the same in each run.

export class Random {
  #s: number;

  /** `seed`: not 0. */
  constructor(seed = 0x9e3779b9) { this.#s = seed; }

  /** A number from 0 to n - 1. */
  below(n: number): number {
    this.#s ^= this.#s << 13; this.#s ^= this.#s >>> 17; this.#s ^= this.#s << 5;
    return (this.#s >>> 0) % n;
  }
}
