// The system register table: sane by itself, and register by register what QEMU shows a guest, but for a list of differences.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { cpuModel, cpuModelList } from '../../src/target/arm/cpu-models.ts';
import { keyName, keyNumber } from '../../src/target/arm/sysregs/def.ts';
import { sysregTable } from '../../src/target/arm/sysregs/table.ts';
import { maskKeys, MODELS } from '../guests/index.ts';
import { sysKey, sysregGuest } from '../guests/sysregs.ts';
import { runGuest } from '../support/run-guest.ts';

const K = sysKey;
const table = (model: string, props: Record<string, boolean> = {}, gicv3 = true) => {
  const m = cpuModel(model, props, gicv3);
  return sysregTable({ feat: m.features, idregs: m.idregs }, gicv3);
};

/** Registers here that QEMU 7.2 does not have: debug communication and claim registers of the architecture. */
const OURS = new Set([K(2, 0, 0, 0, 2), K(2, 0, 0, 3, 2), K(2, 0, 0, 6, 2), K(2, 0, 1, 4, 4), K(2, 0, 7, 8, 6), K(2, 0, 7, 9, 6), K(2, 0, 7, 14, 6), K(2, 3, 0, 4, 0), K(2, 3, 0, 5, 0)]);
/** Registers of QEMU's `max` that belong to SVE and SME: ZCR, SMPRI, SMCR, SMIDR, SVCR, TPIDR2. */
const THEIRS = new Set([K(3, 0, 1, 2, 0), K(3, 0, 1, 2, 4), K(3, 0, 1, 2, 6), K(3, 1, 0, 0, 6), K(3, 3, 4, 2, 2), K(3, 3, 13, 0, 5)]);
/** Time, random numbers, the PC; MDCCINT_EL1, which QEMU does not read. */
const VOLATILE = new Set([
  K(3, 3, 14, 0, 1), K(3, 3, 14, 0, 2), K(3, 3, 14, 2, 0), K(3, 3, 14, 3, 0), K(3, 0, 4, 0, 1), K(3, 3, 2, 4, 0), K(3, 3, 2, 4, 1), K(2, 0, 0, 2, 0),
  K(3, 3, 14, 2, 2), K(3, 3, 14, 3, 2),
]);
/** Bits of ID registers that may differ: what the models lose (cpu-models.ts, REDUCED), and FEAT_LSE2, which QEMU 7.2 has not. */
const REDUCED = new Map<number, bigint>([
  // EL0 and EL1 in AArch32, SVE; SME; SVE's and SME's own ID registers.
  [K(3, 0, 0, 4, 0), 0xf000000ffn], [K(3, 0, 0, 4, 1), 0xf000f00n], [K(3, 0, 0, 4, 4), ~0n], [K(3, 0, 0, 4, 5), ~0n], [K(3, 0, 0, 7, 2), 0xfn << 32n],
]);
const isAArch32Id = (k: number): boolean => k >> 7 === K(3, 0, 0, 0, 0) >> 7 && ((k >> 3) & 15) >= 1 && ((k >> 3) & 15) <= 3;
/** Bits that QEMU lets software write and we do not: AArch32's in FPCR and FPSR, traps of absent units, VBAR's low bits, RES0 ones of ICC_PMR. */
const UNWRITABLE = new Map<number, bigint>([[K(3, 3, 4, 4, 0), 0x370000n], [K(3, 3, 4, 4, 1), 0xf0000000n], [K(3, 0, 1, 0, 2), ~0x300000n], [K(3, 0, 12, 0, 0), 0x7ffn], [K(3, 0, 4, 6, 0), 0xffffff00n]]);

type Lines = Map<string, string>;
const parse = (text: string): Lines => new Map(text.trim().split('\n').map((l) => [l.slice(0, 6), l.slice(7)]));

/** The difference of two values of a line, bits that may differ aside. */
function differs(id: string, theirs: string | undefined, ours: string | undefined): boolean {
  const pass = id[0], key = parseInt(id.slice(2), 16);
  if (theirs === ours) return false;
  if (theirs === undefined) return !OURS.has(key);
  if (THEIRS.has(key)) return ours !== undefined && !ours.startsWith('!');
  if (ours === undefined || theirs.startsWith('!') || ours.startsWith('!')) return true;
  if (VOLATILE.has(key)) return false;
  const a = theirs.split(' ').map((v) => BigInt(`0x${v}`)), b = ours.split(' ').map((v) => BigInt(`0x${v}`));
  const free = pass === 'R' ? (isAArch32Id(key) ? ~0n : REDUCED.get(key) ?? 0n) : UNWRITABLE.get(key) ?? 0n;
  // The first value of a mask line is what earlier registers left.
  return a.some((v, n) => (pass !== 'M' || n > 0) && ((v ^ b[n]) & ~free) !== 0n);
}

const golden = (model: string): Lines => parse(gunzipSync(readFileSync(join(import.meta.dirname, `../fixtures/guests/sysregs.${model}.gz`))).toString('latin1'));

// One model of each generation is run.
for (const model of ['cortex-a72', 'neoverse-n1', 'max']) {
  t.test(`${model}: the registers QEMU has`, async (t) => {
    const theirs = golden(model);
    const regs = [...table(model).keys()].filter((k) => k >> 14 >= 1);
    const seen = [...theirs.keys()].map((id) => parseInt(id.slice(2), 16));
    const keys = [...new Set([...seen, ...regs])].sort((a, b) => a - b);
    const ofPass = (p: string) => [...theirs.keys()].filter((id) => id[0] === p).map((id) => parseInt(id.slice(2), 16));
    const masks = maskKeys(ofPass('M').filter((k) => !THEIRS.has(k)), new Set(ofPass('M')));
    const ours = parse((await runGuest(sysregGuest(keys, masks), { cpuModel: model })).output);
    const wrong = [...new Set([...theirs.keys(), ...ours.keys()])].filter((id) => differs(id, theirs.get(id), ours.get(id)))
      .map((id) => `${id} ${keyName(parseInt(id.slice(2), 16))}: QEMU ${theirs.get(id)}, here ${ours.get(id)}`);
    t.same(wrong, []);
    t.ok(ours.size > 400);
  });
}

t.test('the ID registers of the other models', async (t) => {
  for (const model of MODELS) {
    const theirs = golden(model);
    for (const [k, r] of table(model)) {
      const id = `R ${k.toString(16).padStart(4, '0')}`, ours = r.const ?? cpuModel(model).idregs[r.name];
      if (ours === undefined || r.wo || OURS.has(k) || k >> 14 < 2 || ['SCTLR_EL1', 'PMCR_EL0'].includes(r.name)) continue;
      if (differs(id, theirs.get(id), ours.toString(16).padStart(16, '0'))) t.fail(`${model} ${r.name}: QEMU ${theirs.get(id)}, here ${ours.toString(16)}`);
    }
  }
});

t.test('the table', async (t) => {
  for (const { name } of cpuModelList()) {
    const regs = table(name);
    const names = [...regs.values()].map((r) => r.name);
    t.equal(new Set(names).size, names.length, `${name}: names are unique`);
    for (const [k, r] of regs) {
      t.equal(keyNumber(r.key), k);
      const value = [r.const !== undefined, r.field !== undefined, r.field32 !== undefined].filter(Boolean).length;
      if (value > 1 || (!r.wo && value === 0 && !r.read && !r.read64) || (!r.ro && value === 0 && !r.write)) t.fail(`${r.name} cannot be read or written`);
      if (r.ro && (r.write || r.el0?.includes('w'))) t.fail(`${r.name} is read-only`);
      if (r.allowEl0 && !r.el0) t.fail(`${r.name} is not for EL0`);
    }
  }
  t.notOk(table('max', {}, false).has(K(3, 0, 12, 12, 0)), 'no ICC registers without GICv3');
});

t.test('models', async (t) => {
  t.throws(() => cpuModel('cortex-a99'), { code: 'cpu-unknown' });
  t.throws(() => cpuModel('cortex-a72', { pauth: true }), { code: 'cpu-property' });
  t.throws(() => cpuModel('max', { sve: true }), { code: 'cpu-property' });
  t.ok(cpuModel('max').features.pauth);
  t.notOk(cpuModel('max', { pauth: false }).features.pauth);
  t.notOk(cpuModel('max', { pauth: false, 'pauth-impdef': true }).features.pauth);
  t.equal(cpuModel('max', { 'pauth-impdef': true }).idregs.ID_AA64ISAR1_EL1, 0x0011111110211102n);
  t.ok(cpuModel('max', { 'pauth-impdef': true }).pauthImpdef);
  t.ok(cpuModel('max').features.lpa2_4k);
  t.notOk(cpuModel('max', { lpa2: false }).features.lpa2_16k);
  t.notOk(cpuModel('cortex-a72', { pmu: false }).features.pmu);
  t.equal(cpuModel('cortex-a72', {}, false).idregs.ID_AA64PFR0_EL1, 0x11n);
});
