// SIMD and FP loads and stores: single registers in every addressing form, pairs, literals, and LD1…LD4, ST1…ST4 structures.
import { MemOp, type Temp } from '../../../tcg/types.ts';
import { dupVec, extractVec, indexConst, insertVec, orVec, shuffleVec, swizzleVec, zext64Vec, zextVec } from '../../../tcg/vec-gen.ts';
import { constVec, fpInsn, type Row, type S } from './fp-common.ts';
import { extendedReg } from './operand.ts';

const REVERSED = indexConst(Array.from({ length: 16 }, (_, i) => 15 - i));

/** d = 1 << size bytes (B, H, S, D, Q) of memory at base + disp, upper bits zero. */
function loadVec(s: S, d: Temp, base: Temp, disp: number, size: number): void {
  const { tcg } = s;
  if (size < 4) {
    const t = tcg.i64();
    tcg.qemuLd(t, base, size | s.beData | s.alignMem, s.mmuIdx, disp);
    zextVec(tcg, d, t);
    return;
  }
  const v = s.beData ? tcg.vec() : d;
  tcg.qemuLd(v, base, MemOp.MO_128 | s.alignMem, s.mmuIdx, disp);
  if (s.beData) swizzleVec(tcg, d, v, REVERSED);
}
function storeVec(s: S, v: Temp, base: Temp, disp: number, size: number): void {
  const { tcg } = s;
  if (size < 4) {
    const t = tcg.i64();
    extractVec(tcg, size, t, v, 0);
    tcg.qemuSt(t, base, size | s.beData | s.alignMem, s.mmuIdx, disp);
    return;
  }
  let t = v;
  if (s.beData) swizzleVec(tcg, (t = tcg.vec()), v, REVERSED);
  tcg.qemuSt(t, base, MemOp.MO_128 | s.alignMem, s.mmuIdx, disp);
}

// --- single registers --------------------------------------------------------------------------------------------------

interface Single { size: number; q: number; l: number; rn: number; rt: number }
/** log2 of the bytes: `q` is opc<1>. Undefined where unallocated. */
const accessSize = (a: { size: number; q: number }): number | undefined => (a.q ? (a.size === 0 ? 4 : undefined) : a.size);

function access(s: S, a: Single, base: Temp, disp: number, size: number): void {
  if (a.l) loadVec(s, s.g.v[a.rt], base, disp, size);
  else storeVec(s, s.g.v[a.rt], base, disp, size);
}
function trans_unsignedOffset(s: S, a: Single & { imm: number }): boolean {
  const size = accessSize(a);
  return size !== undefined && fpInsn(s, () => access(s, a, s.xsp(a.rn), a.imm << size, size));
}
function trans_unscaled(s: S, a: Single & { imm: number }): boolean {
  const size = accessSize(a);
  return size !== undefined && fpInsn(s, () => access(s, a, s.xsp(a.rn), a.imm, size));
}
const indexed = (pre: boolean) => (s: S, a: Single & { imm: number }): boolean => {
  const size = accessSize(a), base = s.xsp(a.rn);
  return size !== undefined && fpInsn(s, () => {
    access(s, a, base, pre ? a.imm : 0, size);
    s.tcg.add(base, base, a.imm);
  });
};
function trans_registerOffset(s: S, a: Single & { rm: number; option: number; shift: number }): boolean {
  const size = accessSize(a);
  if (size === undefined || !(a.option & 2)) return false;
  return fpInsn(s, () => {
    const t = s.tcg.i64();
    s.tcg.add(t, s.xsp(a.rn), extendedReg(s, a.rm, a.option, a.shift ? size : 0));
    access(s, a, t, 0, size);
  });
}

function trans_literal(s: S, a: { opc: number; imm: number; rt: number }): boolean {
  if (a.opc === 3) return false;
  return fpInsn(s, () => loadVec(s, s.g.v[a.rt], s.g.pc, s.pcCurr - s.pcSave + a.imm * 4, a.opc + 2));
}

// --- pairs -------------------------------------------------------------------------------------------------------------

const OFFSET = 0, PRE = 1, POST = 2;
const pair = (mode: number) => (s: S, a: { opc: number; l: number; imm: number; rt2: number; rn: number; rt: number }): boolean => {
  if (a.opc === 3) return false;
  return fpInsn(s, () => {
    const size = a.opc + 2, imm = a.imm << size, base = s.xsp(a.rn), disp = mode === POST ? 0 : imm;
    const [first, second] = [s.g.v[a.rt], s.g.v[a.rt2]];
    if (a.l) {
      // A fault of the second access leaves the first register UNKNOWN: it may be written.
      loadVec(s, first, base, disp, size);
      loadVec(s, second, base, disp + (1 << size), size);
    } else {
      storeVec(s, first, base, disp, size);
      storeVec(s, second, base, disp + (1 << size), size);
    }
    if (mode !== OFFSET) s.tcg.add(base, base, imm);
  });
};

// --- multiple structures -----------------------------------------------------------------------------------------------

/** d = 16 bytes gathered from several vectors: map[i] = source << 4 | byte, undefined = 0. */
function gather(s: S, d: Temp, sources: readonly Temp[], map: readonly (number | undefined)[]): void {
  const { tcg } = s;
  const uses = (i: number): boolean => map.some((m) => m !== undefined && m >> 4 === i);
  // Two sources at a time; the parts are or-ed together.
  const firsts = sources.map((_, i) => i).filter((i) => i % 2 === 0 && (uses(i) || uses(i + 1)));
  let sum: Temp | undefined;
  for (const k of firsts) {
    const index = constVec(s, indexConst(map.map((m) => (m !== undefined && m >> 5 === k >> 1 ? m & 31 : 0xff))));
    const part = firsts.length === 1 ? d : tcg.vec();
    if (uses(k + 1)) shuffleVec(tcg, part, sources[k], sources[k + 1], index);
    else swizzleVec(tcg, part, sources[k], index);
    if (sum) orVec(tcg, d, sum, part);
    sum ??= part;
  }
}

/** LD1…LD4, ST1…ST4 of whole registers: `rpt` groups of `selem` interleaved registers. By opcode. */
const STRUCTURES: Readonly<Record<number, { rpt: number; selem: number }>> = {
  0b0000: { rpt: 1, selem: 4 }, 0b0010: { rpt: 4, selem: 1 }, 0b0100: { rpt: 1, selem: 3 }, 0b0110: { rpt: 3, selem: 1 },
  0b0111: { rpt: 1, selem: 1 }, 0b1000: { rpt: 1, selem: 2 }, 0b1010: { rpt: 2, selem: 1 },
};
interface Structures { q: number; l: number; opcode: number; size: number; rn: number; rt: number; rm?: number }

/** Adds the transfer size, or Xm, to the base of a post-indexed form. */
function postIndex(s: S, rn: number, rm: number | undefined, bytes: number): void {
  if (rm === undefined) return;
  s.tcg.add(s.xsp(rn), s.xsp(rn), rm === 31 ? bytes : s.xr(rm));
}

function trans_structures(s: S, a: Structures): boolean {
  const shape = STRUCTURES[a.opcode];
  if (!shape || (a.size === 3 && !a.q && shape.selem > 1)) return false;
  return fpInsn(s, () => {
    const { rpt, selem } = shape, count = rpt * selem, width = a.q ? 16 : 8;
    const regs = Array.from({ length: count }, (_, i) => s.g.v[(a.rt + i) & 31]);
    // Elements are the unit of byte order and alignment.
    if (s.beData || s.alignMem) elementwise(s, a, regs, selem, width);
    else if (a.l) loadStructures(s, a, regs, selem, width);
    else storeStructures(s, a, regs, selem, width);
    postIndex(s, a.rn, a.rm, count * width);
  });
}

/** Register and first byte of element `e` (in memory order) of the transfer. */
function place(e: number, selem: number, width: number, size: number): { reg: number; lane: number } {
  const lanes = width >> size;
  if (selem === 1) return { reg: Math.floor(e / lanes), lane: e % lanes };
  return { reg: e % selem, lane: Math.floor(e / selem) };
}

function loadStructures(s: S, a: Structures, regs: readonly Temp[], selem: number, width: number): void {
  const { tcg } = s, base = s.xsp(a.rn);
  // All accesses come before the first register changes.
  const chunks = regs.map((_, i) => {
    const v = regs.length === 1 ? regs[0] : tcg.vec();
    loadVec(s, v, base, i * width, a.q ? 4 : 3);
    return v;
  });
  if (regs.length === 1) return;
  if (selem === 1) { regs.forEach((r, i) => tcg.mov(r, chunks[i])); return; }
  const bytes = 1 << a.size;
  regs.forEach((r, k) => gather(s, r, chunks, Array.from({ length: width }, (_, b) => {
    const at = (Math.floor(b / bytes) * selem + k) * bytes + b % bytes;
    return Math.floor(at / width) << 4 | at % width;
  })));
}

function storeStructures(s: S, a: Structures, regs: readonly Temp[], selem: number, width: number): void {
  const { tcg } = s, base = s.xsp(a.rn), bytes = 1 << a.size;
  regs.forEach((r, i) => {
    let v = r;
    if (selem > 1) {
      v = tcg.vec();
      gather(s, v, regs, Array.from({ length: width }, (_, b) => {
        const at = i * width + b, e = Math.floor(at / bytes), p = place(e, selem, width, a.size);
        return p.reg << 4 | (p.lane * bytes + at % bytes);
      }));
    }
    storeVec(s, v, base, i * width, a.q ? 4 : 3);
  });
}

/** The same element by element. */
function elementwise(s: S, a: Structures, regs: readonly Temp[], selem: number, width: number): void {
  const { tcg } = s, base = s.xsp(a.rn), count = regs.length * (width >> a.size);
  const memop = a.size | s.beData | s.alignMem;
  if (!a.l) {
    for (let e = 0; e < count; e++) {
      const p = place(e, selem, width, a.size), t = tcg.i64();
      extractVec(tcg, a.size, t, regs[p.reg], p.lane);
      tcg.qemuSt(t, base, memop, s.mmuIdx, e << a.size);
    }
    return;
  }
  const acc = regs.map(() => { const v = tcg.vec(); tcg.mov(v, constVec(s, 0n)); return v; });
  for (let e = 0; e < count; e++) {
    const p = place(e, selem, width, a.size), t = tcg.i64();
    tcg.qemuLd(t, base, memop, s.mmuIdx, e << a.size);
    insertVec(tcg, a.size, acc[p.reg], acc[p.reg], t, p.lane);
  }
  regs.forEach((r, i) => tcg.mov(r, acc[i]));
}

// --- single structures -------------------------------------------------------------------------------------------------

interface One { q: number; l: number; r: number; opcode: number; s: number; size: number; rn: number; rt: number; rm?: number }

function trans_oneStructure(s: S, a: One): boolean {
  const selem = ((a.opcode & 1) << 1 | a.r) + 1;
  let size = a.opcode >> 1, lane = a.q << 3 | a.s << 2 | a.size;
  const replicate = size === 3;
  if (replicate) {
    if (!a.l || a.s) return false;
    size = a.size;
  } else if (size === 1) {
    if (a.size & 1) return false;
    lane >>= 1;
  } else if (size === 2) {
    if (a.size & 2 || (a.size & 1 && a.s)) return false;
    if (a.size & 1) { lane >>= 3; size = 3; } else lane >>= 2;
  }
  return fpInsn(s, () => {
    const { tcg } = s, base = s.xsp(a.rn), memop = size | s.beData | s.alignMem;
    const regs = Array.from({ length: selem }, (_, i) => s.g.v[(a.rt + i) & 31]);
    const values = regs.map((r, i) => {
      const t = tcg.i64();
      if (a.l) tcg.qemuLd(t, base, memop, s.mmuIdx, i << size);
      else {
        extractVec(tcg, size, t, r, lane);
        tcg.qemuSt(t, base, memop, s.mmuIdx, i << size);
      }
      return t;
    });
    if (replicate) {
      regs.forEach((r, i) => {
        if (a.q) return dupVec(tcg, size, r, values[i]);
        const v = tcg.vec();
        dupVec(tcg, size, v, values[i]);
        zext64Vec(tcg, r, v);
      });
    } else if (a.l) regs.forEach((r, i) => insertVec(tcg, size, r, r, values[i], lane));
    postIndex(s, a.rn, a.rm, selem << size);
  });
}

// --- the table ---------------------------------------------------------------------------------------------------------

const single = (name: string, major: string, rest: string, trans: Row['trans']): Row =>
  ({ name, pattern: `size:2 111 1 ${major} q:1 l:1 ${rest}`, trans });
const pairs = (name: string, idx: string, mode: number): Row =>
  ({ name, pattern: `opc:2 101 1 ${idx} l:1 imm:s7 rt2:5 rn:5 rt:5`, trans: pair(mode) });

export const simdLdstRows: Row[] = [
  single('LDST_v_ui', '01', 'imm:12 rn:5 rt:5', trans_unsignedOffset),
  single('LDST_v_unscaled', '00', '0 imm:s9 00 rn:5 rt:5', trans_unscaled),
  single('LDST_v_post', '00', '0 imm:s9 01 rn:5 rt:5', indexed(false)),
  single('LDST_v_pre', '00', '0 imm:s9 11 rn:5 rt:5', indexed(true)),
  single('LDST_v_reg', '00', '1 rm:5 option:3 shift:1 10 rn:5 rt:5', trans_registerOffset),
  { name: 'LDR_v_lit', pattern: 'opc:2 011 1 00 imm:s19 rt:5', trans: trans_literal },
  pairs('LDSTP_v_nontemporal', '000', OFFSET), pairs('LDSTP_v_post', '001', POST), pairs('LDSTP_v_offset', '010', OFFSET), pairs('LDSTP_v_pre', '011', PRE),
  { name: 'LDST_structures', pattern: '0 q:1 001100 0 l:1 000000 opcode:4 size:2 rn:5 rt:5', trans: trans_structures },
  { name: 'LDST_structures_post', pattern: '0 q:1 001100 1 l:1 0 rm:5 opcode:4 size:2 rn:5 rt:5', trans: trans_structures },
  { name: 'LDST_one', pattern: '0 q:1 001101 0 l:1 r:1 00000 opcode:3 s:1 size:2 rn:5 rt:5', trans: trans_oneStructure },
  { name: 'LDST_one_post', pattern: '0 q:1 001101 1 l:1 r:1 rm:5 opcode:3 s:1 size:2 rn:5 rt:5', trans: trans_oneStructure },
];
