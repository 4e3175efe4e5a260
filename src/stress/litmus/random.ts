// Reproducible random numbers for delays, placement and shuffles.

/** xoshiro128** (Blackman and Vigna), seeded from any text through FNV-1a and splitmix32. */
export class Random {
  readonly #s = new Int32Array(4);

  constructor(seed: string) {
    let h = 0x811c9dc5;
    for (let i = 0; i < seed.length; i++) h = Math.imul(h ^ seed.charCodeAt(i), 0x01000193);
    for (let i = 0; i < 4; i++) {
      h = (h + 0x9e3779b9) | 0;
      let z = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.#s[i] = z ^ (z >>> 15);
    }
  }

  /** 32 random bits, unsigned. */
  u32(): number {
    const s = this.#s;
    const x = Math.imul(s[1], 5), r = Math.imul((x << 7) | (x >>> 25), 9), t = s[1] << 9;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return r >>> 0;
  }

  /** 0 … n-1. */
  below(n: number): number { return Math.floor(this.u32() / 2 ** 32 * n); }
  pick<T>(list: readonly T[]): T { return list[this.below(list.length)]; }

  /** Shuffles list[from … to-1]. */
  shuffle(list: Int32Array | number[], from = 0, to = list.length): void {
    for (let i = to - 1; i > from; i--) {
      const j = from + this.below(i - from + 1), x = list[i];
      list[i] = list[j];
      list[j] = x;
    }
  }
}
