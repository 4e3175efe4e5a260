// Random translation regimes: control registers, page tables and addresses that lead to every kind of descriptor.
import { Rng } from '../support/a64-vectors.ts';

/** Where tables and the memory that tests touch are: physical, mapped by the guest's own tables as read-write. */
export const TABLES = 0x42000000, SCRATCH = 0x44000000, SCRATCH_BYTES = 0x10000;

export interface Scenario {
  /** The test's half of the address space: 0 = lower, TTBR0_EL1. The guest runs in the other one. */
  readonly half: 0 | 1;
  readonly tcr: bigint;
  readonly sctlr: bigint;
  readonly mair: bigint;
  readonly ttbr: bigint;
  readonly pan: boolean;
  readonly uao: boolean;
  readonly writes: readonly (readonly [number, bigint])[];
  readonly vas: readonly bigint[];
}

/** What of a model the scenarios may use. */
export interface MmuFeatures { readonly pan: boolean; readonly hafdbs: boolean; readonly hpds: boolean; readonly max: boolean; readonly paBits: number }

const GRANULES = [{ bits: 12, tg0: 0, tg1: 2 }, { bits: 14, tg0: 2, tg1: 1 }, { bits: 16, tg0: 1, tg1: 3 }] as const;
/** MAIR bytes: device kinds, non-cacheable, write-through, write-back, tagged (reserved without MTE: normal). */
const ATTRS = [0x00, 0x04, 0x0c, 0x44, 0xbb, 0xff, 0x4f, 0xee];
const IPS_BITS = [32, 36, 40, 42, 44, 48, 52];

/** One regime and some addresses in it. `granules`: those the model has. */
export function scenario(seed: number, f: MmuFeatures, granules: readonly number[]): Scenario {
  const r = new Rng(seed), chance = (percent: number) => r.below(100) < percent;
  const half = r.below(2) as 0 | 1, g = GRANULES[granules[r.below(granules.length)]], stride = g.bits - 3;
  const ds = f.max && g.bits !== 16 && chance(30), wide = f.max && g.bits === 16 && chance(40);
  const minTsz = ds || (f.max && g.bits === 16) ? 12 : 16, maxTsz = f.max ? (g.bits === 16 ? 47 : 48) : 39;
  // Mostly in range, sometimes just outside.
  const tsz = chance(10) ? [minTsz - 1, minTsz, maxTsz, maxTsz + 1, 0, 63][r.below(6)] : chance(50) ? [16, 25, 24, 17, 28][r.below(5)] : minTsz + r.below(maxTsz - minTsz + 1);
  const ips = chance(70) ? 5 : r.below(f.max ? 7 : 6);
  const outBits = Math.min(IPS_BITS[wide || ds ? 6 : ips], f.paBits), is52 = wide || (ds && f.paBits === 52);
  const bit = (on: boolean, at: number): bigint => (on ? 1n << BigInt(at) : 0n);
  const tbi = chance(40), tbid = f.max && chance(15), ha = f.hafdbs && chance(40), hd = ha && chance(60), hpd = f.hpds && chance(20);
  const tcrHalf = BigInt(tsz) | bit(chance(4), 7) | BigInt(r.below(3) === 0 ? 3 : 2) << 12n | BigInt(half === 0 ? g.tg0 : g.tg1) << 14n;
  const tcr = (half === 0 ? tcrHalf : tcrHalf << 16n) | BigInt(is52 ? 6 : ips) << 32n | bit(tbi, 37 + half) | bit(ha, 39) | bit(hd, 40) | bit(hpd, 41 + half)
    | bit(f.max && chance(10), 55 + half) | bit(ds, 59) | bit(tbid, 51 + half);

  // --- tables, grown along the addresses ---
  const memory = new Map<number, bigint>(), inputBits = 64 - Math.max(minTsz, Math.min(maxTsz, tsz));
  const firstLevel = 4 - Math.floor((inputBits - 4) / stride);
  let pool = TABLES;
  const newTable = (): number => { const at = pool; pool += 2 ** g.bits; return at; };
  const root = newTable();
  const oa = (address: number): bigint => {
    const a = BigInt(address);
    return is52 ? (g.bits === 16 ? (a & 0xffffffffffffn) | (a >> 48n) << 12n : (a & 0x3ffffffffffffn) | (a >> 50n) << 8n) : a & 0xffffffffffffn;
  };
  const attributes = (): bigint => {
    let v = BigInt(r.below(8)) << 2n | bit(chance(60), 6) | bit(chance(40), 7) | bit(chance(85), 10) | bit(chance(50), 11) | bit(chance(35), 53) | bit(chance(35), 54);
    if (f.hafdbs) v |= bit(chance(40), 51);
    if (f.max && chance(25)) v |= 1n << 50n;
    if (!ds) v |= BigInt(r.below(4)) << 8n;
    return v;
  };
  const tableAttributes = (): bigint => (chance(30) ? BigInt(r.below(32)) << 59n : 0n);
  /** Lowest level with block descriptors. */
  const firstBlock = g.bits === 12 ? (ds ? 0 : 1) : g.bits === 14 ? (ds ? 1 : 2) : wide ? 1 : 2;
  /** A block or page that maps `scratch`, or something beyond what exists. */
  const leaf = (shift: number): { descriptor: bigint; offset: bigint } => {
    const inside = SCRATCH + r.below(SCRATCH_BYTES / 4096) * 4096 + r.below(512) * 8, size = 2 ** shift;
    let base = Math.floor(inside / size) * size;
    if (chance(8)) base += 2 ** Math.max(outBits, shift);
    else if (chance(5)) base += Math.max(size, 2 ** 40 % 2 ** outBits);
    return { descriptor: oa(base) | attributes(), offset: BigInt(inside % size) };
  };
  const grow = (): bigint => {
    let table = root, va = 0n;
    for (let level = firstLevel; ; level++) {
      const shift = g.bits + stride * (3 - level), width = level === firstLevel ? inputBits - shift : stride;
      // Few different indexes, so that addresses meet in tables.
      const index = chance(50) ? r.below(Math.min(4, 2 ** width)) : r.below(Math.min(2 ** width, 8192)), at = table + index * 8;
      va |= BigInt(index) << BigInt(shift);
      const old = memory.get(at), isLast = level === 3;
      if (old === undefined) {
        const kind = r.below(100);
        if (kind < 6) memory.set(at, BigInt(r.below(2 ** 31)) << 12n | BigInt(r.below(2) * 2));
        else if (isLast && kind < 9) memory.set(at, oa(SCRATCH) | attributes() | 1n);
        else if (isLast || (level >= firstBlock && kind < 40)) {
          const l = leaf(shift);
          memory.set(at, l.descriptor | (isLast ? 3n : 1n));
          return va | l.offset;
        } else {
          const next = newTable(), far = chance(4) ? 2 ** Math.max(outBits, 36) : chance(3) ? 0x4000000000 % 2 ** outBits : 0;
          memory.set(at, oa(next + far) | tableAttributes() | 3n | bit(chance(20), 10));
        }
      }
      const d = memory.get(at)!;
      if (isLast || (d & 3n) !== 3n) return va | BigInt(SCRATCH % 2 ** Math.min(shift, 30)) | BigInt(r.below(512) * 8);
      table = Number(d & 0xfffffffff000n & ~((1n << BigInt(g.bits)) - 1n) & (is52 && g.bits === 16 ? 0xffffffff0000n : ~0n));
      // A table beyond memory ends the walk.
      if (table < TABLES || table >= pool) return va | BigInt(r.below(512) * 8);
    }
  };
  const vas: bigint[] = [];
  for (let n = 0; n < 10; n++) {
    let va = grow();
    if (half === 1) va |= ~0n << BigInt(inputBits);
    va = BigInt.asUintN(64, va);
    // Tags and addresses outside the range. QEMU 7.2 fetches from tagged addresses even with TCR_EL1.TBID.
    if (chance(25) && !tbid) va = (va & ~(0xffn << 56n)) | BigInt(r.below(256)) << 56n;
    else if (chance(6)) va ^= 1n << BigInt(inputBits + r.below(Math.max(1, 55 - inputBits)));
    vas.push(BigInt.asUintN(64, va));
  }
  let mair = 0n;
  for (let n = 0; n < 8; n++) mair |= BigInt(ATTRS[r.below(ATTRS.length)]) << BigInt(8 * n);
  return {
    half, tcr, mair, ttbr: BigInt(root) | bit(f.max && chance(20), 0), vas, writes: [...memory],
    sctlr: bit(chance(20), 19), pan: f.pan && chance(40), uao: f.pan && chance(20),
  };
}
