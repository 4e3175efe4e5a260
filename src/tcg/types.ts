// TCG's vocabulary: value types, conditions, memory operations, barriers, temporaries and ops.

export const Type = { I32: 0, I64: 1, V128: 2 } as const;
export type Type = (typeof Type)[keyof typeof Type];
export const TYPE_NAMES = ['i32', 'i64', 'v128'] as const;

/** Comparison conditions (QEMU: TCGCond). Inverting is `^ 1`. */
export const Cond = {
  EQ: 0, NE: 1, LT: 2, GE: 3, LE: 4, GT: 5, LTU: 6, GEU: 7, LEU: 8, GTU: 9, TSTEQ: 10, TSTNE: 11,
} as const;
export type Cond = (typeof Cond)[keyof typeof Cond];
export const COND_NAMES = ['eq', 'ne', 'lt', 'ge', 'le', 'gt', 'ltu', 'geu', 'leu', 'gtu', 'tsteq', 'tstne'] as const;
export const invertCond = (c: Cond): Cond => (c ^ 1) as Cond;
const SWAPPED: readonly Cond[] = [0, 1, 5, 4, 3, 2, 9, 8, 7, 6, 10, 11];
export const swapCond = (c: Cond): Cond => SWAPPED[c];

/** Memory operations (QEMU: MemOp): size, sign, byte order, alignment and order of one guest access. */
export const MemOp = {
  MO_8: 0, MO_16: 1, MO_32: 2, MO_64: 3, MO_128: 4, MO_SIZE: 7,
  MO_SIGN: 0x08,
  MO_BSWAP: 0x10,
  /** Must be aligned to its size, else an alignment fault. */
  MO_ALIGN: 0x20,
  /** Sequentially consistent (load-acquire / store-release lower to this). */
  MO_SEQCST: 0x40,
  /** Must be aligned to 16 bytes whatever its size (used by pairs). */
  MO_ALIGN_16: 0x80,
} as const;
/** MemOpIdx: MemOp plus MMU index, as it travels in ops and to the slow path. */
export const makeMemOpIdx = (memop: number, mmuIdx: number): number => memop | (mmuIdx << 8);
export const oiMemOp = (oi: number): number => oi & 0xff;
export const oiMmuIdx = (oi: number): number => (oi >>> 8) & 0xf;

/** `mb` bits (QEMU: TCGBar). TCG_MO_LD_ST: loads before are ordered against stores after. */
export const Bar = {
  TCG_MO_LD_LD: 1, TCG_MO_ST_LD: 2, TCG_MO_LD_ST: 4, TCG_MO_ST_ST: 8, TCG_MO_ALL: 15,
  TCG_BAR_LDAQ: 16, TCG_BAR_STRL: 32, TCG_BAR_SC: 48,
} as const;

/** Where a temporary lives and for how long. */
export type TempKind =
  | 'const'   // a value
  | 'ebb'     // dies at the end of the extended basic block
  | 'tb'      // lives across branches inside the TB
  | 'global'; // guest state at a fixed offset of the vCPU block

export interface Temp {
  readonly index: number;
  readonly kind: TempKind;
  readonly type: Type;
  readonly name: string;
  /** Byte offset from the vCPU block (globals; other kinds get one when encoded). */
  offset: number;
  /** Value of a constant: i32 zero-extended, i64 unsigned 64 bits, v128 unsigned 128 bits. */
  readonly value: bigint;
}

export interface Label {
  readonly id: number;
  /** Branches to it, counted by the builder. */
  refs: number;
}
