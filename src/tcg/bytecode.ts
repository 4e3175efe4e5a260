// Encodes the ops of a TB as interpreter bytecode: operands are byte offsets from the vCPU block.
import { Type, type Label, type Temp } from './types.ts';
import { OpFlag } from './ops/def.ts';
import { opDef } from './ops/index.ts';
import { findVariant, operandType, type Variant } from './variants.ts';
import type { Op } from './context.ts';
import { TCG_TEMP_BUF } from '../memory/layout/cpu.ts';

const MOV = opDef('mov'), SET_LABEL = opDef('set_label'), INSN_START = opDef('insn_start');

export class TempOverflow extends Error {}

/** Gives temporaries slots of the temp buffer, reusing those whose last use is past. */
class SlotAllocator {
  #next: number;
  readonly #end: number;
  #free: number[][] = [[], []];
  constructor(base: number) { this.#next = base; this.#end = base + TCG_TEMP_BUF; }
  take(type: Type): number {
    const wide = type === Type.V128 ? 1 : 0;
    const reused = this.#free[wide].pop();
    if (reused !== undefined) return reused;
    const size = wide ? 16 : 8;
    const at = Math.ceil(this.#next / size) * size;
    if (at + size > this.#end) throw new TempOverflow('too many temporaries in one TB');
    this.#next = at + size;
    return at;
  }
  give(type: Type, offset: number): void { this.#free[type === Type.V128 ? 1 : 0].push(offset); }
}

export interface Encoded {
  /** Bytes of bytecode written. */
  size: number;
  /** insn_start words, two a guest instruction. */
  insns: number[];
}

/** Writes bytecode; the buffer is reused from TB to TB. */
export class BytecodeEncoder {
  readonly #tempBase: number;
  #buf = new Uint8Array(1 << 16);
  #view = new DataView(this.#buf.buffer);

  /** `tempBase`: offset of the temporaries' buffer in the vCPU block. */
  constructor(tempBase: number) { this.#tempBase = tempBase; }

  bytes(n: number): Uint8Array { return this.#buf.subarray(0, n); }

  encode(ops: readonly Op[]): Encoded {
    const lastUse = new Map<Temp, number>();
    ops.forEach((op, i) => {
      for (const t of op.ins) if (t.kind === 'ebb') lastUse.set(t, i);
      for (const t of op.outs) if (t.kind === 'ebb') lastUse.set(t, i);
    });
    const slots = new SlotAllocator(this.#tempBase);
    const place = new Map<Temp, number>();
    const offsetOf = (t: Temp): number => {
      if (t.kind === 'global') return t.offset;
      let o = place.get(t);
      if (o === undefined) place.set(t, (o = slots.take(t.type)));
      return o;
    };
    const labelAt = new Map<Label, number>();
    const fixups: { pos: number; from: number; label: Label }[] = [];
    const insns: number[] = [];
    let at = 0;

    const write = (v: Variant, outs: readonly number[], ins: readonly (number | bigint)[], imms: readonly number[], label?: Label) => {
      if (at + v.size + 64 > this.#buf.length) this.#grow();
      const d = this.#view;
      d.setUint16(at, v.id, true);
      for (let i = 0; i < outs.length; i++) d.setUint16(at + v.outPos[i], outs[i], true);
      for (let i = 0; i < ins.length; i++) {
        const x = ins[i];
        if (typeof x === 'number') { d.setUint16(at + v.inPos[i], x, true); continue; }
        const t = operandType(v.def.ins[i], v.type);
        if (t === Type.I32) d.setUint32(at + v.inPos[i], Number(x), true);
        else d.setBigUint64(at + v.inPos[i], x & 0xffffffffffffffffn, true);
        if (t === Type.V128) d.setBigUint64(at + v.inPos[i] + 8, x >> 64n, true);
      }
      v.def.imms.forEach((imm, i) => {
        if (imm.values) return;
        const p = at + v.immPos[i];
        if (imm.width === 'u8') d.setUint8(p, imms[i]);
        else if (imm.width === 'u16') d.setUint16(p, imms[i], true);
        else d.setInt32(p, imms[i], true);
      });
      if (v.insnPos >= 0) d.setUint16(at + v.insnPos, insns.length / 2 - 1, true);
      if (label) fixups.push({ pos: at + v.labelPos, from: at, label });
      at += v.size;
    };

    ops.forEach((op, i) => {
      if (op.def === SET_LABEL) { labelAt.set(op.label!, at); return; }
      if (op.def === INSN_START) { insns.push(op.imms[0], op.imms[1]); return; }
      if (op.def.flags & OpFlag.META) return;
      let mask = 0;
      const ins: (number | bigint)[] = [];
      const scratch: { type: Type; offset: number }[] = [];
      for (let k = 0; k < op.ins.length; k++) {
        const t = op.ins[k];
        if (t.kind !== 'const') { ins.push(offsetOf(t)); continue; }
        if (op.def.constIns.includes(k)) { mask |= 1 << k; ins.push(t.value); continue; }
        const offset = slots.take(t.type);
        scratch.push({ type: t.type, offset });
        write(findVariant(MOV, t.type, [], 1), [offset], [t.value], []);
        ins.push(offset);
      }
      write(findVariant(op.def, op.type, op.imms, mask), op.outs.map(offsetOf), ins, op.imms, op.label);
      for (const s of scratch) slots.give(s.type, s.offset);
      const free = (t: Temp) => {
        const o = place.get(t);
        if (t.kind === 'ebb' && o !== undefined && lastUse.get(t) === i) { slots.give(t.type, o); place.delete(t); }
      };
      op.ins.forEach(free);
      op.outs.forEach(free);
    });
    for (const f of fixups) {
      const to = labelAt.get(f.label);
      if (to === undefined) throw new Error(`label ${f.label.id} is never set`);
      this.#view.setInt32(f.pos, to - f.from, true);
    }
    return { size: at, insns };
  }

  #grow(): void {
    const b = new Uint8Array(this.#buf.length * 2);
    b.set(this.#buf);
    this.#buf = b;
    this.#view = new DataView(b.buffer);
  }
}
