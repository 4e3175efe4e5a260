// Bytecode variants: every (op, type, static immediates, constant inputs) the interpreter has a case for, and its encoding.
import { Type } from './types.ts';
import { OPS } from './ops/index.ts';
import { OpFlag, type OpDef, type ImmDef } from './ops/def.ts';

const IMM_BYTES = { u8: 1, u16: 2, i32: 4, i64: 8 } as const;
const CONST_BYTES = [4, 8, 16] as const;

/** One interpreter case. Byte positions count from the op's first byte, where the case number (u16) stands. */
export interface Variant {
  readonly id: number;
  readonly def: OpDef;
  readonly type: Type;
  /** Values of the static immediates, by immediate index; undefined for dynamic ones. */
  readonly stat: readonly (number | undefined)[];
  /** Bit n: input n is a constant held in the bytecode. */
  readonly constMask: number;
  readonly outPos: readonly number[];
  readonly inPos: readonly number[];
  readonly immPos: readonly number[];
  /** i32 displacement to the label's op, from this op's first byte. */
  readonly labelPos: number;
  /** u16 index of the guest instruction, for ops that may fault. */
  readonly insnPos: number;
  readonly size: number;
}

/** Type of an operand: ops name 'T' for their own. */
export function operandType(t: 'T' | 'i32' | 'i64' | 'v128', type: Type): Type {
  return t === 'T' ? type : t === 'i32' ? Type.I32 : t === 'i64' ? Type.I64 : Type.V128;
}

function layout(id: number, def: OpDef, type: Type, stat: (number | undefined)[], constMask: number): Variant {
  let at = 2;
  const take = (n: number) => { const p = at; at += n; return p; };
  const outPos = def.outs.map(() => take(2));
  const inPos: number[] = def.ins.map(() => 0);
  def.ins.forEach((_, i) => { if (!(constMask >> i & 1)) inPos[i] = take(2); });
  const insnPos = def.flags & OpFlag.MAY_FAULT ? take(2) : -1;
  const labelPos = def.label ? take(4) : -1;
  const immPos = def.imms.map((imm: ImmDef) => (imm.values ? -1 : take(IMM_BYTES[imm.width!])));
  def.ins.forEach((t, i) => { if (constMask >> i & 1) inPos[i] = take(CONST_BYTES[operandType(t, type)]); });
  return { id, def, type, stat, constMask, outPos, inPos, immPos, labelPos, insnPos, size: (at + 1) & ~1 };
}

function* combinations(imms: readonly ImmDef[]): Generator<(number | undefined)[]> {
  if (imms.length === 0) { yield []; return; }
  for (const rest of combinations(imms.slice(0, -1))) {
    const values = imms[imms.length - 1].values;
    if (!values) yield [...rest, undefined];
    else for (const v of values) yield [...rest, v];
  }
}

const key = (def: OpDef, type: Type, imms: readonly number[], constMask: number): string =>
  `${def.name}:${type}:${constMask}:${def.imms.map((d, i) => (d.values ? imms[i] : '')).join()}`;

export const VARIANTS: readonly Variant[] = (() => {
  const out: Variant[] = [];
  for (const def of OPS) {
    if (def.flags & OpFlag.META) continue;
    for (const type of def.types) {
      for (const stat of combinations(def.imms)) {
        for (let sub = 0; sub < 1 << def.constIns.length; sub++) {
          const mask = def.constIns.reduce((m, input, k) => m | (sub >> k & 1) << input, 0);
          out.push(layout(out.length, def, type, stat, mask));
        }
      }
    }
  }
  return out;
})();

/** Variants by op, type and constant mask, then by the static immediates packed as a number (nested maps avoid building strings per op). */
const index = new Map<OpDef, Map<number, Variant>>();
const packKey = (def: OpDef, type: Type, imms: readonly (number | undefined)[], constMask: number): number => {
  let k = type * 16 + constMask;
  for (let i = 0; i < def.imms.length; i++) if (def.imms[i].values) k = k * 256 + (imms[i] as number);
  return k;
};
for (const v of VARIANTS) {
  let m = index.get(v.def);
  if (!m) index.set(v.def, (m = new Map()));
  m.set(packKey(v.def, v.type, v.stat, v.constMask), v);
}

/** The variant of an op instance; throws when the table has none (an immediate outside its declared values). */
export function findVariant(def: OpDef, type: Type, imms: readonly number[], constMask: number): Variant {
  const v = index.get(def)?.get(packKey(def, type, imms, constMask));
  if (!v) throw new Error(`no interpreter case for ${key(def, type, imms, constMask)}`);
  return v;
}
