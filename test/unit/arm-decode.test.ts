// The base-instruction decode table against GNU as and objdump: right row for every encoding, none for undefined ones.
import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decoder } from '../../src/tcg/decode.ts';
import { TCGContext } from '../../src/tcg/context.ts';
import { a64Decoder, integerGroups } from '../../src/target/arm/translate/index.ts';
import { DisasContext, makeGlobals } from '../../src/target/arm/translate/context.ts';
import { cmpxchgScheme } from '../../src/target/arm/translate/exclusive.ts';
import { allFeatures } from '../support/a64-bench.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../fixtures', name), 'utf8').trim().split('\n');

/** Mnemonics each row may show as; `*` ends a stem. Sizes (b, h) and orders (a, l, al) of atomics are taken off before. */
const MNEMONICS: Record<string, string> = {
  ADR: 'adr', ADRP: 'adrp', ADD_i: 'add mov sub', ADDS_i: 'adds cmn subs cmp', SUB_i: 'sub add', SUBS_i: 'subs cmp adds cmn',
  AND_i: 'and bic', ORR_i: 'orr mov', EOR_i: 'eor', ANDS_i: 'ands tst', MOVN: 'mov movn', MOVZ: 'mov movz', MOVK: 'movk',
  SBFM: 'sbfm asr sxtb sxth sxtw sbfx sbfiz', BFM: 'bfm bfi bfc bfxil', UBFM: 'ubfm lsl lsr uxtb uxth uxtw ubfx ubfiz', EXTR: 'extr ror',
  AND_r: 'and', BIC_r: 'bic', ORR_r: 'orr mov uxtw', ORN_r: 'orn mvn', EOR_r: 'eor', EON_r: 'eon', ANDS_r: 'ands tst', BICS_r: 'bics',
  ADD_r: 'add', ADDS_r: 'adds cmn', SUB_r: 'sub neg', SUBS_r: 'subs cmp negs', ADD_ext: 'add', ADDS_ext: 'adds cmn', SUB_ext: 'sub', SUBS_ext: 'subs cmp',
  ADC: 'adc', ADCS: 'adcs', SBC: 'sbc ngc', SBCS: 'sbcs ngcs', CCMN_r: 'ccmn', CCMN_i: 'ccmn', CCMP_r: 'ccmp', CCMP_i: 'ccmp',
  CSEL: 'csel', CSINC: 'csinc cinc cset', CSINV: 'csinv cinv csetm', CSNEG: 'csneg cneg',
  MADD: 'madd mul', MSUB: 'msub mneg', SMADDL: 'smaddl smull', SMSUBL: 'smsubl smnegl', UMADDL: 'umaddl umull', UMSUBL: 'umsubl umnegl',
  SMULH: 'smulh', UMULH: 'umulh', UDIV: 'udiv', SDIV: 'sdiv', LSLV: 'lsl lslv', LSRV: 'lsr lsrv', ASRV: 'asr asrv', RORV: 'ror rorv',
  CRC32: 'crc32b crc32h crc32w crc32x', CRC32C: 'crc32cb crc32ch crc32cw crc32cx', RBIT: 'rbit', REV16: 'rev16', REV_w: 'rev', REV32: 'rev32',
  REV_x: 'rev rev64', CLZ: 'clz', CLS: 'cls', CTZ: 'ctz', CNT: 'cnt', ABS: 'abs', SMAX_r: 'smax', UMAX_r: 'umax', SMIN_r: 'smin', UMIN_r: 'umin',
  SMAX_i: 'smax', UMAX_i: 'umax', SMIN_i: 'smin', UMIN_i: 'umin',
  CFINV: 'cfinv', XAFLAG: 'xaflag', AXFLAG: 'axflag', RMIF: 'rmif', SETF: 'setf8 setf16',
  B: 'b', BL: 'bl', B_cond: 'b.* beq bne bcs bhs bcc blo bmi bpl bvs bvc bhi bls bge blt bgt ble', CBZ: 'cbz cbnz', TBZ: 'tbz tbnz', BR: 'br', BLR: 'blr', RET: 'ret',
  BRAZ: 'braaz brabz', BLRAZ: 'blraaz blrabz', BRA: 'braa brab', BLRA: 'blraa blrab', RETA: 'retaa retab',
  STR_ui: 'str strb strh', LDR_ui: 'ldr ldrb ldrh', LDRS_ui: 'ldrsb ldrsh ldrsw', STR_unscaled: 'stur sturb sturh str strb strh',
  LDR_unscaled: 'ldur ldurb ldurh ldr ldrb ldrh', LDRS_unscaled: 'ldursb ldursh ldursw ldrsb ldrsh ldrsw',
  STR_post: 'str strb strh', LDR_post: 'ldr ldrb ldrh', LDRS_post: 'ldrsb ldrsh ldrsw', STR_pre: 'str strb strh', LDR_pre: 'ldr ldrb ldrh',
  LDRS_pre: 'ldrsb ldrsh ldrsw', STR_reg: 'str strb strh', LDR_reg: 'ldr ldrb ldrh', LDRS_reg: 'ldrsb ldrsh ldrsw',
  STTR: 'sttr sttrb sttrh', LDTR: 'ldtr ldtrb ldtrh', LDTRS: 'ldtrsb ldtrsh ldtrsw', PRFM_ui: 'prfm', PRFUM: 'prfum prfm', PRFM_reg: 'prfm', PRFM_lit: 'prfm',
  LDR_lit_w: 'ldr', LDR_lit_x: 'ldr', LDRSW_lit: 'ldrsw', STP_nontemporal: 'stnp', LDP_nontemporal: 'ldnp', STP_post: 'stp', LDP_post: 'ldp',
  STP_offset: 'stp', LDP_offset: 'ldp', STP_pre: 'stp', LDP_pre: 'ldp', LDPSW_post: 'ldpsw', LDPSW_offset: 'ldpsw', LDPSW_pre: 'ldpsw',
  STLLR: 'stllr stllrb stllrh', STLR: 'stlr stlrb stlrh', LDLAR: 'ldlar ldlarb ldlarh', LDAR: 'ldar ldarb ldarh', LDAPR: 'ldapr ldaprb ldaprh',
  STLUR: 'stlur stlurb stlurh', LDAPUR: 'ldapur ldapurb ldapurh', LDAPURS: 'ldapursb ldapursh ldapursw', LDRA: 'ldraa ldrab',
  STXR: 'stxr stxrb stxrh stlxr stlxrb stlxrh', LDXR: 'ldxr ldxrb ldxrh ldaxr ldaxrb ldaxrh', STXP: 'stxp stlxp', LDXP: 'ldxp ldaxp', CLREX: 'clrex',
  CAS: 'cas', CASP: 'casp', LDADD: 'ldadd stadd', LDCLR: 'ldclr stclr', LDEOR: 'ldeor steor', LDSET: 'ldset stset', LDSMAX: 'ldsmax stsmax',
  LDSMIN: 'ldsmin stsmin', LDUMAX: 'ldumax stumax', LDUMIN: 'ldumin stumin', SWP: 'swp',
};
const ATOMIC = /^(casp?|swp|(?:ld|st)(?:add|clr|eor|set|[su]max|[su]min))(?:a|l|al)?[bh]?$/;

/** CONSTRAINED UNPREDICTABLE forms that objdump calls undefined and CPUs (and QEMU) execute: should-be-one fields, LDPSW to one register or over its base. */
function isUnpredictable(insn: number): boolean {
  const row = decoder.match(insn)?.name, [rt, rn, rt2] = [insn & 31, insn >> 5 & 31, insn >> 10 & 31];
  return row === 'LDAR' || (row?.startsWith('LDPSW') === true && (rt === rt2 || rt === rn || rt2 === rn));
}

/** Mnemonic to the rows it may be. */
const rowsOf = new Map<string, Set<string>>();
for (const [row, names] of Object.entries(MNEMONICS)) {
  for (const n of names.split(' ')) rowsOf.set(n, (rowsOf.get(n) ?? new Set()).add(row));
}
const candidates = (mnemonic: string): Set<string> | undefined =>
  rowsOf.get(mnemonic) ?? rowsOf.get(ATOMIC.exec(mnemonic)?.[1] ?? '') ?? (mnemonic.startsWith('b.') ? rowsOf.get('b.*') : undefined);

const rows = Object.values(integerGroups).flat();
const decoder = new Decoder(rows);
const tcg = new TCGContext();
const globals = makeGlobals(tcg);
const helpers = new Proxy({} as any, { get: (_t, name) => ({ id: 0, name }) });

/** True when the table takes the word, on a CPU with every feature or with none. */
function accepts(insn: number, features = true): boolean {
  tcg.reset();
  const s = new DisasContext(tcg, globals, allFeatures(features), helpers, cmpxchgScheme, 0, 0, 0x800);
  s.insn = insn | 0;
  return decoder.decode(s, insn | 0);
}

/** Rows met so far. */
const seen = new Set<string>();

t.test('every row has its mnemonics here', (t) => {
  t.same(rows.map((r) => r.name).filter((n) => !(n in MNEMONICS)), []);
  t.equal(new Set(rows.map((r) => r.name)).size, rows.length, 'row names are unique');
  t.end();
});

t.test('the whole A64 table is free of overlaps', (t) => {
  t.ok(a64Decoder().rows.length >= rows.length);
  t.doesNotThrow(() => a64Decoder().compileAll());
  t.end();
});

t.test('rows that overlap without one being more specific are refused, malformed patterns too', (t) => {
  const row = (name: string, pattern: string) => ({ name, pattern, trans: () => true });
  const fill = Array.from({ length: 80 }, (_, k) => row(`f${k}`, `1 ${k.toString(2).padStart(7, '0')} rest:24`));
  const table = new Decoder([...fill, row('a', '0 x 1 rest:29'), row('b', '0 1 x rest:29')]);
  t.throws(() => table.compileAll(), { message: /'a' .* and 'b' .* overlap/ });
  const specific = new Decoder([...fill, row('a', '0 x 1 rest:29'), row('b', '0 1 1 rest:29')]);
  t.doesNotThrow(() => specific.compileAll());
  for (const bad of ['0 1', 'a:0 rest:32', '2 rest:31', 'rest:x']) t.throws(() => new Decoder([row('bad', bad)]), { message: /pattern/ }, bad);
  t.end();
});

t.test('assembled instructions decode to their row', (t) => {
  let n = 0;
  for (const line of fixture('asm/instructions.golden')) {
    const [word, asm] = line.split('\t'), insn = parseInt(word, 16), mnemonic = asm.split(' ')[0];
    // FP and SIMD share mnemonics: the major group tells (bits 28…25 = x111, or loads and stores with V).
    if ((insn & 0x0e000000) === 0x0e000000 || (insn & 0x0a000000) === 0x08000000 && insn & 0x04000000) continue;
    const want = candidates(mnemonic);
    if (!want || /^(addg|subg)/.test(mnemonic)) continue;
    const row = decoder.match(insn)?.name;
    if (!row || !want.has(row)) { t.fail(`${line}: row ${row}`); continue; }
    if (!accepts(insn)) t.fail(`${line}: rejected by ${row}`);
    seen.add(row);
    n++;
  }
  t.ok(n > 3000, `${n} instructions`);
  t.end();
});

t.test('random words: what objdump calls undefined is rejected, the rest accepted by its row', (t) => {
  let undefinedWords = 0, known = 0;
  for (const line of fixture('a64/decode.golden')) {
    const [word, mnemonic] = line.split(' '), insn = parseInt(word, 16);
    if (mnemonic === '-') {
      undefinedWords++;
      if (accepts(insn) && !isUnpredictable(insn)) t.fail(`${word} is undefined, taken by ${decoder.match(insn)?.name}`);
      continue;
    }
    const want = candidates(mnemonic), row = decoder.match(insn)?.name;
    if (!want) {
      // Of extensions this table does not hold (MTE, MOPS, BC, PAuth data processing).
      if (accepts(insn)) t.fail(`${line}: unknown, taken by ${row}`);
      continue;
    }
    known++;
    seen.add(row!);
    if (!row || !want.has(row) || !accepts(insn)) t.fail(`${line}: row ${row}, accepted ${accepts(insn)}`);
  }
  t.ok(undefinedWords > 3000 && known > 5000, `${undefinedWords} undefined, ${known} known`);
  t.same(rows.map((r) => r.name).filter((r) => !seen.has(r)), [], 'every row was met');
  t.end();
});

t.test('instructions of absent features are undefined', (t) => {
  const words = {
    cas: 0xc8a07c41, casp: 0x08207c82, ldadd: 0xf8200041, swp: 0xf8208041, ldapr: 0xf8bfc041, ldapur: 0xd9400041, stlur: 0xd9000041, stllr: 0xc89f7c41,
    crc32b: 0x1ac24020, cfinv: 0xd500401f, rmif: 0xba000400, setf8: 0x3a00082d, axflag: 0xd500405f, braa: 0xd71f0801, retaa: 0xd65f0bff, ldraa: 0xf8200441,
    abs: 0xdac02041, smax: 0x9ac26041,
  };
  for (const [name, w] of Object.entries(words)) {
    t.ok(accepts(w), name);
    t.notOk(accepts(w, false), `${name} without its feature`);
  }
  t.end();
});
