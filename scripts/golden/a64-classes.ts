// The classes of A64 instructions that golden vectors are made for, and how their instruction words are drawn.
import { TCGContext } from '../../src/tcg/context.ts';
import type { DecodeRow } from '../../src/tcg/decode.ts';
import { DisasContext, makeGlobals } from '../../src/target/arm/translate/context.ts';
import { cmpxchgScheme } from '../../src/target/arm/translate/exclusive.ts';
import { fpRows } from '../../src/target/arm/translate/fp.ts';
import { a64Decoder, integerGroups } from '../../src/target/arm/translate/index.ts';
import { simdLdstRows } from '../../src/target/arm/translate/simd-ldst.ts';
import { simdRows } from '../../src/target/arm/translate/simd.ts';
import { BLOCK_BASE, field, hasField, MAX_WORDS, rowFields, withField, type RowFields, type Rng } from '../../test/support/a64-vectors.ts';

type Row = DecodeRow<any>;

export interface GoldenGroup {
  readonly name: string;
  readonly rows: readonly Row[];
  /** V registers, FPCR and FPSR are part of the state. */
  readonly vectors: boolean;
  /** Vectors kept a class. */
  readonly keep: number;
  /** Draws the words of a case, the row's own last; undefined where the form is CONSTRAINED UNPREDICTABLE. */
  draw(row: Row, f: RowFields, r: Rng): number[] | undefined;
}

/** Rows that have no vectors, and why. */
export const EXCLUDED: Readonly<Record<string, string>> = {
  CTZ: 'FEAT_CSSC: not in QEMU 7.2', CNT: 'FEAT_CSSC', ABS: 'FEAT_CSSC', SMAX_r: 'FEAT_CSSC', UMAX_r: 'FEAT_CSSC', SMIN_r: 'FEAT_CSSC', UMIN_r: 'FEAT_CSSC',
  SMAX_i: 'FEAT_CSSC', UMAX_i: 'FEAT_CSSC', SMIN_i: 'FEAT_CSSC', UMIN_i: 'FEAT_CSSC',
  BRAZ: 'the keys are random', BLRAZ: 'the keys are random', BRA: 'the keys are random', BLRA: 'the keys are random', RETA: 'the keys are random', LDRA: 'the keys are random',
  FCVTZS_fixed_h_s: 'QEMU 7.2 is wrong: corrected and tested by operand sets (fp-classes.ts)', FJCVTZS: 'QEMU 7.2 is wrong under FPCR.FZ: the same',
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

// --- random programs -----------------------------------------------------------------------------------------------

/** Few registers, so that instructions depend on each other. */
const BLOCK_REGS = [0, 1, 2, 3, 4, 5, 6, 7, 30, 31];
const REG_FIELDS = ['rd', 'rt', 'rt2', 'rs', 'ra', 'rm', 'rn'];

const available = (group: string, wanted = /./): Row[] => integerGroups[group].filter((r) => !(r.name in EXCLUDED) && wanted.test(r.name));
const ALU = [...available('dpImm'), ...available('dpReg'), ...available('dpReg'), ...available('dpFlag')];
const MEMORY = [...available('ldst', /^(STR|LDR|LDRS)_(ui|unscaled)$|^(STP|LDP|LDPSW)_offset$|^(LDAR|STLR)$/), ...available('atomic', /^(LD|SWP|CAS$)/)];
const BRANCH = available('branch', /^(B|B_cond|CBZ|TBZ)$/);

const scratch = new TCGContext(), globals = makeGlobals(scratch);
const features = new Proxy({} as DisasContext['feat'], { get: () => true });
const helpers = new Proxy({} as any, { get: (_t, name) => ({ id: 0, name }) });
/** True when the word is allocated, so that programs do not end at it. */
export function isAllocated(word: number): boolean {
  scratch.reset();
  return a64Decoder().decode(new DisasContext(scratch, globals, features, helpers, cmpxchgScheme, 0, 0, 0x800), word);
}

/** A word of a random program: registers from the small set, memory through the base register, branches a little ahead. */
function drawBlockWord(row: Row, r: Rng, left: number): number | undefined {
  const f = rowFields(row);
  let w = randomWord(f, r);
  for (const name of REG_FIELDS) if (hasField(f, name)) w = withField(f, w, name, BLOCK_REGS[r.below(BLOCK_REGS.length)]);
  if (BRANCH.includes(row)) return left < 3 ? undefined : withField(f, w, 'imm', 1 + r.below(Math.min(5, left)));
  if (!MEMORY.includes(row)) return w;
  w = withField(f, w, 'rn', BLOCK_BASE);
  if (/_ui$/.test(row.name)) w = withField(f, w, 'imm', r.below(256 >> field(f, w, 'size')));
  if (/^LD(P|PSW)/.test(row.name) && field(f, w, 'rt') === field(f, w, 'rt2')) return undefined;
  return w;
}
const block = (name: string, mix: (r: Rng) => readonly Row[]): Row & { mix: (r: Rng) => readonly Row[] } =>
  ({ name, pattern: 'x'.repeat(32), trans: () => false, mix });
const BLOCKS = [
  block('BLOCK_alu', () => ALU),
  block('BLOCK_memory', (r) => (r.below(2) ? MEMORY : ALU)),
  block('BLOCK_branch', (r) => (r.below(4) ? r.below(3) ? ALU : MEMORY : BRANCH)),
];
function drawBlock(row: Row, _f: RowFields, r: Rng): number[] {
  const { mix } = row as (typeof BLOCKS)[number], size = 6 + r.below(MAX_WORDS - 6), words: number[] = [];
  while (words.length < size) {
    const rows = mix(r), w = drawBlockWord(rows[r.below(rows.length)], r, size - words.length);
    if (w !== undefined && isAllocated(w)) words.push(w);
  }
  return words;
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
    name, rows: rows.filter((row) => !(row.name in EXCLUDED)), vectors: false, keep: 200, draw: drawInteger,
  })),
  { name: 'blocks', rows: BLOCKS, vectors: false, keep: 500, draw: drawBlock },
  ...Object.entries({ fp: fpRows, simdLdst: simdLdstRows, simd: simdRows }).map(([name, rows]): GoldenGroup => ({
    name, rows: rows.filter((row) => !(row.name in EXCLUDED)), vectors: true, keep: 200, draw: drawVector,
  })).filter((g) => g.rows.length > 0),
];
