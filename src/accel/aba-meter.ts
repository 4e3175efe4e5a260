// The ABA meter (`exclusive=check`): store-exclusives that failed although memory held the value loaded, by PC and address.
import { SpinLock } from '#atomics-sync';
import { ABA_RECORDS, AbaRecord } from '../memory/layout/exclusive.ts';
import type { Machine } from './machine-view.ts';

const R = AbaRecord.off;

/** How often the store-exclusive at `pc` to `address` (of `bytes` bytes) would have passed a mere compare-and-swap. */
export interface AbaPlace { readonly pc: bigint; readonly address: bigint; readonly bytes: number; readonly count: number }

export class AbaMeter {
  readonly #m: Machine;
  readonly #lock: SpinLock;
  constructor(m: Machine) {
    this.#m = m;
    this.#lock = new SpinLock(m.i32, m.global('aba_lock'));
  }

  #at(k: number): number { return this.#m.layout.abaBase + k * AbaRecord.size; }

  /** Any thread. */
  count(pc: bigint, address: bigint, bytes: number): void {
    const { u64, u32 } = this.#m;
    const first = Number((BigInt.asUintN(32, pc >> 2n) * 31n + BigInt.asUintN(32, address >> 2n)) % BigInt(ABA_RECORDS));
    this.#lock.withLock(() => {
      for (let k = 0; k < ABA_RECORDS; k++) {
        const at = this.#at((first + k) % ABA_RECORDS), n = at + R.count >>> 2;
        if (u32[n] === 0) {
          u64[at + R.pc >>> 3] = pc;
          u64[at + R.address >>> 3] = address;
          u32[at + R.bytes >>> 2] = bytes;
        } else if (u64[at + R.pc >>> 3] !== pc || u64[at + R.address >>> 3] !== address || u32[at + R.bytes >>> 2] !== bytes) continue;
        u32[n]++;
        return;
      }
      u32[this.#m.global('aba_lost')]++;
    });
  }

  /** The places, most frequent first, and the events of places that found no room. Any thread. */
  read(): { places: AbaPlace[]; lost: number } {
    const { u64, u32 } = this.#m;
    return this.#lock.withLock(() => ({
      lost: u32[this.#m.global('aba_lost')],
      places: Array.from({ length: ABA_RECORDS }, (_, k) => this.#at(k)).filter((at) => u32[at + R.count >>> 2] !== 0)
        .map((at) => ({ pc: u64[at + R.pc >>> 3], address: u64[at + R.address >>> 3], bytes: u32[at + R.bytes >>> 2], count: u32[at + R.count >>> 2] }))
        .sort((a, b) => b.count - a.count || Number(a.pc - b.pc) || Number(a.address - b.address)),
    }));
  }
}
