// Declares shared-memory structures as data: every offset in the project is computed here, once.

/** Scalar field types; `size` and `align` in bytes. */
export const FIELD_TYPES = {
  u8: 1, u16: 2, i32: 4, u32: 4, i64: 8, u64: 8, f64: 8, v128: 16,
} as const;
export type FieldType = keyof typeof FIELD_TYPES;

/** `plain`: owner only, or under `lock`. `seqcst`: Atomics / wasm atomic access. `fence`: plain, ordered by a fence. */
export type MemoryOrder = 'plain' | 'seqcst' | 'fence';

/** One field: what it is, who writes it, under which lock, with which order. */
export interface FieldSpec {
  readonly type: FieldType | StructLayout;
  /** Array length; 1 when absent. */
  readonly count?: number;
  /** Thread that writes: 'owner' (the vCPU), 'main', 'any', 'timer', 'init' (before the threads start). */
  readonly writer: string;
  /** Lock held when writing, when not the owner's alone. */
  readonly lock?: string;
  readonly order: MemoryOrder;
  readonly doc: string;
  /** Extra alignment in bytes. */
  readonly align?: number;
}

export interface StructLayout<K extends string = string> {
  readonly name: string;
  readonly doc: string;
  readonly fields: Readonly<Record<K, FieldSpec>>;
  /** Byte offset of each field from the structure's start. */
  readonly off: Readonly<Record<K, number>>;
  /** Bytes one element of the field takes. */
  readonly elem: Readonly<Record<K, number>>;
  /** Total size in bytes, a multiple of `align`. */
  readonly size: number;
  readonly align: number;
}

/** Every structure declared so far, for the generated layout table in docs/design. */
export const allStructs: StructLayout[] = [];

const roundUp = (n: number, a: number) => Math.ceil(n / a) * a;

/** Computes the layout of a structure from its field list, in declaration order with natural alignment. */
export function struct<const K extends string>(
  name: string, doc: string, fields: Record<K, FieldSpec>, minAlign = 4,
): StructLayout<K> {
  const off = {} as Record<K, number>;
  const elem = {} as Record<K, number>;
  let at = 0;
  let align = minAlign;
  for (const key of Object.keys(fields) as K[]) {
    const f = fields[key];
    const size = typeof f.type === 'string' ? FIELD_TYPES[f.type] : f.type.size;
    const natural = typeof f.type === 'string' ? size : f.type.align;
    const a = Math.max(natural, f.align ?? 1);
    at = roundUp(at, a);
    off[key] = at;
    elem[key] = size;
    at += size * (f.count ?? 1);
    align = Math.max(align, a);
  }
  const layout: StructLayout<K> = { name, doc, fields, off, elem, size: roundUp(at, align), align };
  allStructs.push(layout as unknown as StructLayout);
  return layout;
}

/** Field owned by one vCPU thread: written and read by it alone, plainly. */
export const owned = (type: FieldType, doc: string, count = 1): FieldSpec =>
  ({ type, count, writer: 'owner', order: 'plain', doc });
/** Field that several threads access with sequentially consistent atomics. */
export const shared = (type: FieldType, writer: string, doc: string, count = 1): FieldSpec =>
  ({ type, count, writer, order: 'seqcst', doc });
/** Field written under `lock`, read under it too. */
export const locked = (type: FieldType, lock: string, doc: string, count = 1): FieldSpec =>
  ({ type, count, writer: 'any', lock, order: 'plain', doc });
/** Field written before the threads start and constant afterwards. */
export const constant = (type: FieldType, doc: string, count = 1): FieldSpec =>
  ({ type, count, writer: 'init', order: 'plain', doc });
