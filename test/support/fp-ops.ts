// Which scalar FP helper does what each instruction does: shared by the golden-vector script and the test that replays it.

/** Operand of a helper: a register of the instruction, or a constant. */
export interface FpOp {
  /** Export of the wasm module. */
  helper: string;
  /** The instruction that does the same: operands in v1, v2, v3 or x1, result in v0, x0 or the flags. */
  asm: string;
  /** Helper arguments in order: register or constant. */
  args: readonly (string | bigint)[];
  /** Where the instruction leaves its result, and how many bits of it count. */
  out: 'v0' | 'x0' | 'nzcv';
  bits: number;
  /** Precision of the operands, for choosing interesting ones. */
  prec: 'h' | 's' | 'd' | 'i';
}

const PRECS = ['h', 's', 'd'] as const;
const BITS = { h: 16, s: 32, d: 64 } as const;

/** `info` operand of the conversions (src/target/arm/assembly/softfloat-convert.ts). */
export const convInfo = (mode: number, unsigned: boolean, exact: boolean, fbits: number, size: number): bigint =>
  BigInt(mode | (unsigned ? 8 : 0) | (exact ? 16 : 0) | (fbits << 8) | (size << 16));
const MODES = { n: 0, p: 1, m: 2, z: 3, a: 4, i: 7, x: 7 } as const;

function* scalarOps(): Generator<FpOp> {
  for (const p of PRECS) {
    const bits = BITS[p];
    const two = (helper: string, insn: string): FpOp => ({ helper: `${helper}_${p}`, asm: `${insn} ${p}0, ${p}1, ${p}2`, args: ['v1', 'v2'], out: 'v0', bits, prec: p });
    const one = (helper: string, insn: string): FpOp => ({ helper: `${helper}_${p}`, asm: `${insn} ${p}0, ${p}1`, args: ['v1'], out: 'v0', bits, prec: p });
    for (const n of ['fadd', 'fsub', 'fmul', 'fdiv', 'fmulx', 'fmax', 'fmin', 'fmaxnm', 'fminnm', 'fabd', 'fcmeq', 'fcmge', 'fcmgt', 'facge', 'facgt', 'frecps', 'frsqrts']) yield two(n, n);
    for (const n of ['fsqrt', 'frecpe', 'frsqrte', 'frecpx']) yield one(n, n);
    yield { helper: `fmadd_${p}`, asm: `fmadd ${p}0, ${p}1, ${p}2, ${p}3`, args: ['v3', 'v1', 'v2'], out: 'v0', bits, prec: p };
    for (const [n, helper] of [['fcmp', 'forder'], ['fcmpe', 'fordere']]) yield { helper: `${helper}_${p}`, asm: `${n} ${p}1, ${p}2`, args: ['v1', 'v2'], out: 'nzcv', bits: 32, prec: p };
    for (const [m, mode] of Object.entries(MODES)) yield { ...one('frint', `frint${m}`), args: ['v1', convInfo(mode, false, m === 'x', 0, 0)] };
    if (p !== 'h') {
      for (const size of [32, 64]) {
        for (const m of ['z', 'x'] as const) yield { ...one('frintn', `frint${size}${m}`), args: ['v1', convInfo(MODES[m], false, false, 0, size)] };
      }
    }
    for (const [r, size] of [['w', 32], ['x', 64]] as const) {
      for (const u of [false, true]) {
        const s = u ? 'u' : 's';
        for (const m of ['n', 'p', 'm', 'z', 'a'] as const) {
          yield { helper: `fcvt_int_${p}`, asm: `fcvt${m}${s} ${r}0, ${p}1`, args: ['v1', convInfo(MODES[m], u, false, 0, size)], out: 'x0', bits: 64, prec: p };
        }
        for (const fbits of [1, 15, size]) {
          yield { helper: `fcvt_int_${p}`, asm: `fcvtz${s} ${r}0, ${p}1, #${fbits}`, args: ['v1', convInfo(3, u, false, fbits, size)], out: 'x0', bits: 64, prec: p };
        }
        for (const fbits of [0, 3, size]) {
          const ext = size === 64 ? 'x1' : u ? 'w1' : 'sw1';
          yield { helper: `int_fcvt_${p}`, asm: `${s}cvtf ${p}0, ${r}1${fbits ? `, #${fbits}` : ''}`, args: [ext, convInfo(7, u, false, fbits, size)], out: 'v0', bits, prec: 'i' };
        }
      }
    }
    for (const q of PRECS) if (q !== p) yield { helper: `fcvt_${p}${q}`, asm: `fcvt ${q}0, ${p}1`, args: ['v1'], out: 'v0', bits: BITS[q], prec: p };
  }
  yield { helper: 'fcvtxn', asm: 'fcvtxn s0, d1', args: ['v1'], out: 'v0', bits: 32, prec: 'd' };
}
export const FP_OPS: readonly FpOp[] = [...scalarOps()];

/** The helper's arguments for a vector. */
export function fpArgs(op: FpOp, vec: { v: readonly bigint[]; x: bigint }): bigint[] {
  return op.args.map((a) => {
    if (typeof a === 'bigint') return a;
    if (a === 'x1') return vec.x;
    if (a === 'w1') return vec.x & 0xffffffffn;
    if (a === 'sw1') return BigInt.asUintN(64, BigInt.asIntN(32, vec.x));
    const w = op.prec === 'i' ? 64 : BITS[op.prec];
    return BigInt.asUintN(w, vec.v[Number(a[1]) - 1]);
  });
}
