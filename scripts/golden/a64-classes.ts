// The classes of A64 instructions that golden vectors are made for, and how their instruction words are drawn.
import type { DecodeRow } from '../../src/tcg/decode.ts';
import { fpRows } from '../../src/target/arm/translate/fp.ts';
import { integerGroups } from '../../src/target/arm/translate/index.ts';
import { simdLdstRows } from '../../src/target/arm/translate/simd-ldst.ts';
import { simdRows } from '../../src/target/arm/translate/simd.ts';
import { field, hasField, withField, type RowFields, type Rng } from '../../test/support/a64-vectors.ts';

type Row = DecodeRow<any>;

export interface GoldenGroup {
  readonly name: string;
  readonly rows: readonly Row[];
  /** V registers, FPCR and FPSR are part of the state. */
  readonly vectors: boolean;
  /** Draws the words of a case, the row's own last; undefined where the form is CONSTRAINED UNPREDICTABLE. */
  draw(row: Row, f: RowFields, r: Rng): number[] | undefined;
}

/** Rows that have no vectors, and why. */
export const EXCLUDED: Readonly<Record<string, string>> = {
  CTZ: 'FEAT_CSSC: not in QEMU 7.2', CNT: 'FEAT_CSSC', ABS: 'FEAT_CSSC', SMAX_r: 'FEAT_CSSC', UMAX_r: 'FEAT_CSSC', SMIN_r: 'FEAT_CSSC', UMIN_r: 'FEAT_CSSC',
  SMAX_i: 'FEAT_CSSC', UMAX_i: 'FEAT_CSSC', SMIN_i: 'FEAT_CSSC', UMIN_i: 'FEAT_CSSC',
  BRAZ: 'the keys are random', BLRAZ: 'the keys are random', BRA: 'the keys are random', BLRA: 'the keys are random', RETA: 'the keys are random', LDRA: 'the keys are random',
};

/** A random word of a row. */
export const randomWord = (f: RowFields, r: Rng): number => (r.next() & ~f.mask) | f.value;

/** Instructions that set the flags from registers or immediates: before a consumer they make the kind of the lazy flags known. */
const FLAG_SETTERS = [0x2b000000, 0xab000000, 0x6b000000, 0xeb000000, 0x6a000000, 0xea000000, 0x31000000, 0xb1000000, 0x71000000, 0xf1000000];
function flagSetter(r: Rng): number {
  const w = FLAG_SETTERS[r.below(FLAG_SETTERS.length)], isImm = (w & 0x10000000) !== 0 && (w & 0x0f000000) === 0x01000000;
  return w | (isImm ? (r.below(3) ? r.below(8) : r.below(4096)) << 10 : r.below(32) << 16) | r.below(32) << 5 | 31;
}
const FLAG_CONSUMER = /^(CSEL|CSINC|CSINV|CSNEG|CCM[NP]_[ri]|ADCS?|SBCS?|B_cond|CFINV|RMIF|SETF|AXFLAG|XAFLAG)$/;

const distinct = (...regs: number[]): boolean => new Set(regs).size === regs.length;

/** The base-instruction rows' words. */
function drawInteger(row: Row, f: RowFields, r: Rng): number[] | undefined {
  let w = randomWord(f, r);
  const get = (name: string) => field(f, w, name);
  const { name } = row;
  if (/^(B|BL|B_cond|CBZ|TBZ|LDR.*_lit.*|PRFM_lit)$/.test(name)) {
    // Targets and literals on the code page; a branch to itself would not end.
    const imm = r.below(1000) - 500;
    if (imm === 0) return undefined;
    w = withField(f, w, 'imm', imm);
  }
  const rt = get('rt'), rn = get('rn'), rt2 = get('rt2'), rs = get('rs');
  const writesBack = /_(pre|post)$/.test(name);
  if (writesBack && rn !== 31 && (rt === rn || (hasField(f, 'rt2') && rt2 === rn))) return undefined;
  if (/^LD(P|XP)/.test(name) && rt === rt2) return undefined;
  if (/_reg$/.test(name) && hasField(f, 'rm') && get('rm') === rn && rn !== 31) return undefined;
  if (/^STX[RP]$/.test(name)) {
    const pair = name === 'STXP';
    if (rs === rt || (rs === rn && rn !== 31) || (pair && rs === rt2)) return undefined;
    // With a reservation before it, mostly.
    if (r.below(4) === 0) return [w];
    const free = Array.from({ length: 30 }, (_, i) => i).filter((x) => x !== rn && x !== rs && x !== rt && x !== rt2);
    const loadRt = free[r.below(free.length)], loadRt2 = free.filter((x) => x !== loadRt)[r.below(free.length - 1)];
    if (!distinct(loadRt, loadRt2)) return undefined;
    const load = (w | 1 << 22 | 31 << 16) & ~0x7c1f | loadRt | (pair ? loadRt2 : 31) << 10;
    return [load, w];
  }
  // (A branch back to the setter would not end.)
  if (FLAG_CONSUMER.test(name) && get('imm') !== -1 && r.below(2)) return [flagSetter(r), w];
  return [w];
}

/** The FP and SIMD rows' words. */
function drawVector(row: Row, f: RowFields, r: Rng): number[] | undefined {
  let w = randomWord(f, r);
  if (row.name === 'LDR_v_lit') w = withField(f, w, 'imm', r.below(1000) - 500);
  const get = (name: string) => field(f, w, name);
  // BFCVT is a row of its own where FEAT_BF16 is.
  if (row.name === 'FCVT' && get('ftype') === 1 && get('opc') === 2) return undefined;
  // A pair loaded to one register; an offset register that is the base.
  if (/^LDSTP_v/.test(row.name) && get('rt') === get('rt2')) return undefined;
  if (row.name === 'LDST_v_reg' && get('rm') === get('rn') && get('rn') !== 31) return undefined;
  return [w];
}

export const goldenGroups: readonly GoldenGroup[] = [
  ...Object.entries(integerGroups).map(([name, rows]): GoldenGroup => ({
    name, rows: rows.filter((row) => !(row.name in EXCLUDED)), vectors: false, draw: drawInteger,
  })),
  ...Object.entries({ fp: fpRows, simdLdst: simdLdstRows, simd: simdRows }).map(([name, rows]): GoldenGroup => ({
    name, rows: rows.filter((row) => !(row.name in EXCLUDED)), vectors: true, draw: drawVector,
  })).filter((g) => g.rows.length > 0),
];
