// Progress of a campaign on a terminal: test, rate, share done, time left.

/** Time between two updates, ms. */
const EVERY_MS = 200;

export class Progress {
  readonly #write: (text: string) => void;
  readonly #shown: boolean;
  readonly #total: number;
  readonly #tests: number;
  readonly #start = performance.now();
  #test = 0;
  #name = '';
  #done = 0;
  #last = 0;

  /** `runs`: instances of each test still to do. */
  constructor(write: (text: string) => void, shown: boolean, runs: readonly number[]) {
    this.#write = write;
    this.#shown = shown;
    this.#tests = runs.length;
    this.#total = runs.reduce((a, b) => a + b, 0);
  }

  next(name: string): void {
    this.#test++;
    this.#name = name;
    this.add(0);
  }

  add(instances: number): void {
    this.#done += instances;
    const now = performance.now();
    if (!this.#shown || now - this.#last < EVERY_MS) return;
    this.#last = now;
    const seconds = (now - this.#start) / 1000, share = this.#total === 0 ? 1 : this.#done / this.#total;
    const rate = this.#done / seconds, left = rate > 0 ? (this.#total - this.#done) / rate : Infinity;
    const bar = '#'.repeat(Math.round(20 * share)).padEnd(20, '.');
    this.#write(`\r\x1b[K[${bar}] ${(100 * share).toFixed(1)} % ${this.#test}/${this.#tests} ${this.#name} ${Math.round(rate / 1000)} k/s, ${clock(left)} left`);
  }

  /** Removes the line, for other output. */
  clear(): void {
    if (this.#shown) this.#write('\r\x1b[K');
    this.#last = 0;
  }
}

/** `1:02:03`, `4:05`. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const s = Math.ceil(seconds), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}
