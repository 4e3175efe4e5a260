// The global exclusive monitor: who opens it and who does not, in both tiers; the schemes beside each other; the ABA meter.
import t from 'tap';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';
import { assemble } from '../../src/asm/index.ts';
import { AbaMeter } from '../../src/accel/aba-meter.ts';
import { Granules } from '../../src/accel/granules.ts';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import type { Vcpu } from '../../src/accel/vcpu.ts';
import { CPUState } from '../../src/memory/layout/cpu.ts';
import { LL_MARKED, LL_USED, type ExclusiveSchemeName } from '../../src/memory/layout/exclusive.ts';
import { envOff } from '../../src/target/arm/env.ts';
import type { StoreExclusiveFailure } from '../../src/target/arm/helpers/exclusive.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';
import { EXCP } from '../../src/target/arm/syndrome.ts';

/** The place of the exclusives: offset 16 of its granule. Data around it is made of this. */
const X = 0x80050;
const FILL = 0x1716151413121110n;

/** Load and store of each form: x0 = address, values in x2, x3; status in w1. */
const FORMS = {
  ldxrb: ['ldxrb w2, [x0]', 'stxrb w1, w4, [x0]', 1], ldxrh: ['ldxrh w2, [x0]', 'stxrh w1, w4, [x0]', 2],
  ldxrw: ['ldxr w2, [x0]', 'stxr w1, w4, [x0]', 4], ldxrx: ['ldxr x2, [x0]', 'stxr w1, x4, [x0]', 8],
  ldaxrx: ['ldaxr x2, [x0]', 'stlxr w1, x4, [x0]', 8],
  ldxpw: ['ldxp w2, w3, [x0]', 'stxp w1, w4, w5, [x0]', 8], ldaxpx: ['ldaxp x2, x3, [x0]', 'stlxp w1, x4, x5, [x0]', 16],
} as const;

/** Stores of what is there already: x10 = X. A-B-A at its shortest; a compare-and-swap sees none of them. */
const SILENT: Record<string, string> = {};
for (const [s, r] of [['b', 'w'], ['h', 'w'], ['', 'w'], ['', 'x']] as const) {
  const name = (op: string) => `${op}${s}${r === 'x' ? ' (8)' : s ? '' : ' (4)'}`;
  SILENT[name('str')] = `ldr${s} ${r}11, [x10]; str${s} ${r}11, [x10]`;
  SILENT[name('stlr')] = `ldar${s} ${r}11, [x10]; stlr${s} ${r}11, [x10]`;
  SILENT[name('stur')] = `ldur${s} ${r}11, [x10, #-1]; stur${s} ${r}11, [x10, #-1]${s === 'b' ? '; ldrb w11, [x10]; strb w11, [x10]' : ''}`;
  SILENT[name('stxr')] = `1: ldxr${s} ${r}11, [x10]; stxr${s} w12, ${r}11, [x10]; cbnz w12, 1b`;
  SILENT[name('swp')] = `ldr${s} ${r}11, [x10]; swpal${s} ${r}11, ${r}12, [x10]`;
  SILENT[name('cas')] = `ldr${s} ${r}11, [x10]; casal${s} ${r}11, ${r}11, [x10]`;
  for (const op of ['ldadd', 'ldclr', 'ldeor', 'ldset']) SILENT[name(op)] = `mov x11, #0; ${op}al${s} ${r}11, ${r}12, [x10]`;
  for (const op of ['ldsmax', 'ldsmin', 'ldumax', 'ldumin']) SILENT[name(op)] = `ldr${s} ${r}11, [x10]; ${op}al${s} ${r}11, ${r}12, [x10]`;
  SILENT[name('add and back')] = `mov x11, #1; ldaddal${s} ${r}11, ${r}12, [x10]; mov x11, #-1; ldaddal${s} ${r}11, ${r}12, [x10]`;
}
Object.assign(SILENT, {
  stp: 'ldp x11, x12, [x10]; stp x11, x12, [x10]', 'str q': 'ldr q0, [x10]; str q0, [x10]', 'str q, misaligned': 'ldur q0, [x10, #-3]; stur q0, [x10, #-3]',
  'str q, two granules': 'ldur q0, [x10, #-22]; stur q0, [x10, #-22]; ldrb w11, [x10]; strb w11, [x10]',
  st1: 'ld1 {v0.b}[3], [x10]; st1 {v0.b}[3], [x10]', 'stxp (8)': '1: ldxp w11, w12, [x10]; stxp w13, w11, w12, [x10]; cbnz w13, 1b',
  'stxp (16)': '1: ldxp x11, x12, [x10]; stxp w13, x11, x12, [x10]; cbnz w13, 1b',
  'casp (8)': 'ldp w12, w13, [x10]; caspal w12, w13, w12, w13, [x10]', 'casp (16)': 'ldp x12, x13, [x10]; caspal x12, x13, x12, x13, [x10]',
  'next bytes of the granule': 'ldrb w11, [x10, #15]; strb w11, [x10, #15]',
});
/** What leaves another vCPU's monitor alone. */
const HARMLESS: Record<string, string> = {
  nothing: 'nop', load: 'ldr x11, [x10]', 'load-exclusive': 'ldxr x11, [x10]; clrex', 'next granule': 'str x11, [x10, #64]', 'granule before': 'str x11, [x10, #-64]',
  'cas that fails': 'ldr x11, [x10]; add x11, x11, #1; casal x11, x11, [x10]', 'stxr that fails': 'clrex; stxr w12, x11, [x10]',
};

class Rig {
  readonly bench: A64Bench;
  readonly failures: StoreExclusiveFailure[] = [];
  readonly #compiler: RegionCompiler;
  readonly #at = new Map<string, number>();
  #next = 0x1000;

  constructor(scheme: ExclusiveSchemeName, cpus = 2) {
    this.bench = new A64Bench(allFeatures(true), registerFpHelpers, cpus, true, scheme);
    this.bench.target.onStoreExclusiveFailed = (_cpu, f) => { this.failures.push(f); };
    const { spec } = this.bench.machine, pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
    this.#compiler = new RegionCompiler(this.bench.machine, this.bench.target, { pcOffset: envOff.pc, statePages: pages(spec.state), ramPages: pages(spec.ram) });
  }
  get cpus(): readonly Vcpu[] { return this.bench.engine.own; }

  /** Runs code on a vCPU; the same text runs again where it lies. */
  run(cpu: number, source: string) {
    let at = this.#at.get(source);
    if (at === undefined) {
      const code = [...new Int32Array(assemble(`${source}; udf #0`.replaceAll(';', '\n'), { base: this.#next }).code.slice().buffer)];
      // A page each: regions do not leave their page.
      this.#at.set(source, (at = this.#next));
      this.bench.load(at, code);
      this.#next += 0x100;
    }
    return this.bench.run(at, this.cpus[cpu]);
  }
  /** Compiles everything that has run; returns how many regions there are now. */
  compile(): number {
    const { store, machine } = this.bench.engine, gen = Atomics.load(machine.i32, machine.global('tb_gen'));
    for (let page = 1; page * 4096 < this.#next; page++) for (const tb of store.tbsOfPage(page)) this.#compiler.compileNow(tb, gen);
    return store.stats().regions;
  }
  set(cpu: number, regs: Record<number, bigint>): void { for (const [n, v] of Object.entries(regs)) this.cpus[cpu].st64(envOff.x + 8 * Number(n), BigInt.asUintN(64, v)); }
  x(cpu: number, n: number): bigint { return this.cpus[cpu].ld64(envOff.x + 8 * n); }
  fill(): void { for (let a = X - 0x80 & ~63; a < X + 0xc0; a += 8) this.bench.ram.setBigUint64(a, FILL, true); }

  /** Load-exclusive on vCPU 0, `between`, store-exclusive: the status. */
  sequence(form: keyof typeof FORMS, between: () => void): bigint {
    const [load, store, bytes] = FORMS[form];
    this.fill();
    this.set(0, { 0: BigInt(X), 1: 9n, 4: 0xa5a5a5a5a5a5a5a5n, 5: 0x5a5a5a5a5a5a5a5an });
    this.run(0, load);
    between();
    this.run(0, store);
    const status = this.x(0, 1), stored = bytes === 1 ? BigInt(this.bench.ram.getUint8(X)) === 0xa5n : this.bench.ram.getUint16(X, true) === 0xa5a5;
    if (stored !== (status === 0n)) throw new Error(`${form}: status ${status}, but ${stored ? '' : 'not '}stored`);
    return status;
  }
}

const RUNS: readonly [ExclusiveSchemeName, bigint][] = [['softmmu', 1n], ['check', 1n]];
for (const [scheme] of RUNS) {
  t.test(`${scheme}: stores by another vCPU`, (t) => {
    const rig = new Rig(scheme), other = (source: string) => { rig.set(1, { 10: BigInt(X) }); rig.run(1, source); };
    for (const tier of ['interpreter', 'region']) {
      const wrong: string[] = [];
      for (const form of Object.keys(FORMS) as (keyof typeof FORMS)[]) {
        for (const [name, code] of Object.entries(SILENT)) if (rig.sequence(form, () => other(code)) !== 1n) wrong.push(`${form} passes after ${name}`);
        for (const [name, code] of Object.entries(HARMLESS)) if (rig.sequence(form, () => other(code)) !== 0n) wrong.push(`${form} fails after: ${name}`);
      }
      t.same(wrong, [], tier);
      if (tier === 'interpreter') t.ok(rig.compile() > 60, 'regions');
    }
    t.end();
  });
}

t.test('cmpxchg lets them all pass', (t) => {
  const rig = new Rig('cmpxchg');
  for (const code of Object.values(SILENT)) {
    t.equal(rig.sequence('ldxrx', () => { rig.set(1, { 10: BigInt(X) }); rig.run(1, code); }), 0n, code);
  }
  t.end();
});

t.test('the vCPU’s own stores leave its monitor alone; CLREX and another load-exclusive do not', (t) => {
  for (const cpus of [1, 2]) {
    const rig = new Rig('softmmu', cpus), self = (source: string) => () => { rig.set(0, { 10: BigInt(X) }); rig.run(0, source); };
    for (const tier of ['interpreter', 'region']) {
      for (const code of ['str x11, [x10, #8]', 'ldr x11, [x10]; str x11, [x10]', 'mov x11, #0; ldadd x11, x12, [x10]', 'ldr q0, [x10]; str q0, [x10]', 'ldur q0, [x10, #-22]; stur q0, [x10, #-22]']) {
        t.equal(rig.sequence('ldxrx', self(code)), 0n, `${code}, ${tier}`);
      }
      t.equal(rig.sequence('ldxrx', self('clrex')), 1n, `clrex, ${tier}`);
      t.equal(rig.sequence('ldxrx', self('add x13, x10, #64; ldxr x11, [x13]')), 1n, `another place, ${tier}`);
      t.equal(rig.sequence('ldxrx', self('ldxr x11, [x10]; stxr w12, x11, [x10]')), 1n, `used up, ${tier}`);
      t.equal(rig.sequence('ldxrx', self('1: ldxr x11, [x10]; stxr w12, x11, [x10]; cbnz w12, 1b; ldxr x11, [x10]')), 0n, `again, ${tier}`);
      rig.compile();
    }
  }
  t.end();
});

t.test('writes from outside the vCPUs', (t) => {
  for (const cpus of [1, 2]) {
    const rig = new Rig('softmmu', cpus), outside = new Granules(rig.bench.machine, rig.cpus);
    for (const tier of ['interpreter', 'region']) {
      const write = (at: number, n: number) => () => outside.write(at, rig.bench.bytes.slice(at, at + n));
      for (const form of Object.keys(FORMS) as (keyof typeof FORMS)[]) {
        for (const n of [1, 2, 4, 8, 64, 300]) t.equal(rig.sequence(form, write(X & ~63, n)), 1n, `${form}: ${n} bytes, ${cpus} vCPUs, ${tier}`);
        t.equal(rig.sequence(form, write((X & ~63) + 64, 100)), 0n, `${form}: behind it`);
        t.equal(rig.sequence(form, write((X & ~63) - 100, 100)), 0n, `${form}: before it`);
      }
      rig.compile();
    }
  }
  t.end();
});

t.test('pages: code beside the data, a moved page, a sweep', (t) => {
  const rig = new Rig('softmmu'), other = (source: string) => () => { rig.set(1, { 10: BigInt(X) }); rig.run(1, source); };
  const store = 'ldr x11, [x10]; str x11, [x10]', { machine, engine } = rig.bench;
  t.equal(rig.sequence('ldxrx', other(store)), 1n);
  // Code on the page: stores take the path of NOTDIRTY too.
  rig.bench.load(0x80f00, [0xd503201f, 0]);
  const atCode = () => rig.bench.run(0x80f00, rig.cpus[1]);
  atCode();
  for (const form of Object.keys(FORMS) as (keyof typeof FORMS)[]) {
    t.equal(rig.sequence(form, () => { atCode(); other(store)(); }), 1n, `${form} beside code`);
    t.equal(rig.sequence(form, atCode), 0n, `${form} beside code, undisturbed`);
  }
  // Another physical page at the same address: the monitor is the granule's, not the address's.
  rig.bench.target.moved = new Map([[0x80000, 0x90000]]);
  rig.bench.ram.setBigUint64(X + 0x10000, FILL, true);
  t.equal(rig.sequence('ldxrx', () => {
    rig.set(0, { 0: BigInt(X) });
    rig.cpus[0].services.tlbFlush(1);
  }), 1n, 'moved');
  rig.bench.target.moved = new Map();
  for (const cpu of rig.cpus) cpu.services.tlbFlush(1);
  // Sweeps forget a page only after some visits, and open its monitors then.
  const granules = new Granules(machine, rig.cpus), sweep = () => { machine.u32[machine.global('ll_swept')] = 0; granules.sweep(); };
  t.equal(rig.sequence('ldxrx', () => { sweep(); other(store)(); }), 1n, 'kept');
  t.equal(rig.sequence('ldxrx', sweep), 0n, 'kept, undisturbed');
  t.ok(granules.isMarked(0x80));
  t.equal(rig.sequence('ldxrx', () => { for (let n = LL_MARKED; n <= LL_USED; n++) { t.ok(granules.isMarked(0x80)); sweep(); } t.notOk(granules.isMarked(0x80)); other(store)(); }), 1n, 'forgotten');
  for (let n = LL_MARKED; n <= LL_USED; n++) sweep();
  t.equal(granules.stats().pages, 0, 'those of the moved page too');
  t.ok(granules.stats().stores > 0);
  t.equal(rig.sequence('ldxrx', other(store)), 1n, 'marked again');
  t.equal(engine.store.stats().flushes, 0);
  t.end();
});

t.test('an access that is misaligned faults, monitor or not', (t) => {
  for (const feat of [allFeatures(true), new Proxy(allFeatures(true), { get: (o, k) => k !== 'lse2' && Reflect.get(o, k) })]) {
    const rig = new Rig('softmmu');
    rig.bench.target.feat = feat;
    for (const [load, store, bytes] of Object.values(FORMS)) {
      for (const code of [load, store]) {
        rig.set(0, { 0: BigInt(X + 1) });
        // FEAT_LSE2 allows what stays inside 16 bytes, of up to 8.
        const stop = rig.run(0, code), allowed = bytes === 1 || (feat.lse2 && bytes < 16);
        t.equal(stop.excp, allowed ? EXCP.UDEF : EXCP.DATA_ABORT, `${code}, lse2 ${String(feat.lse2)}`);
        if (!allowed) t.equal(stop.syndrome & 0x3f, 0x21);
      }
    }
    if (feat.lse2) {
      rig.fill();
      rig.set(0, { 0: BigInt(X + 3), 4: 0x1122334455667788n });
      rig.run(0, FORMS.ldxrx[0]);
      t.equal(rig.x(0, 2), 0x1211101716151413n);
      rig.run(0, FORMS.ldxrx[1]);
      t.equal(rig.x(0, 1), 0n);
      t.equal(rig.bench.ram.getBigUint64(X + 3, true), 0x1122334455667788n);
    }
  }
  t.end();
});

t.test('a store to a watched granule is an event', (t) => {
  const rig = new Rig('softmmu'), [cpu] = rig.cpus, cleared: number[] = [];
  Object.assign(rig.bench.target, { monitorCleared: (c: Vcpu) => { cleared.push(c.index); } });
  rig.fill();
  rig.set(0, { 0: BigInt(X) });
  rig.set(1, { 10: BigInt(X) });
  for (const tier of ['interpreter', 'region']) {
    for (const code of Object.values(SILENT)) {
      rig.run(0, 'ldxr x2, [x0]');
      t.equal(cpu.services.watchMonitor(), true);
      rig.run(1, 'ldr x11, [x10]; str x11, [x10, #64]');
      t.same(cleared, [], 'another granule');
      rig.run(1, code);
      t.same(cleared.splice(0), [0], `${code}, ${tier}`);
      t.equal(cpu.services.watchMonitor(), false, 'it has been');
      t.equal(cpu.load(CPUState.off.ll_watch), 0);
    }
    rig.compile();
  }
  t.end();
});

t.test('the meter counts what compare-and-swap would let pass, by PC and address', (t) => {
  const rig = new Rig('check'), meter = new AbaMeter(rig.bench.machine);
  const other = (source: string) => () => { rig.set(1, { 10: BigInt(X) }); rig.run(1, source); };
  for (const form of Object.keys(FORMS) as (keyof typeof FORMS)[]) {
    rig.failures.length = 0;
    rig.sequence(form, other('ldr x11, [x10]; str x11, [x10]'));
    t.match(rig.failures, [{ address: BigInt(X), bytes: FORMS[form][2], sameValue: true }], form);
    rig.failures.length = 0;
    rig.sequence(form, other('ldrb w11, [x10]; add x11, x11, #1; strb w11, [x10]'));
    t.match(rig.failures, [{ sameValue: false }], `${form}: another value`);
    rig.failures.length = 0;
    rig.sequence(form, other('ldrb w11, [x10, #16]; strb w11, [x10, #16]'));
    rig.sequence(form, other('nop'));
    t.same(rig.failures, [], `${form}: a neighbour, nothing`);
  }
  meter.count(0x1000n, 8n, 8);
  meter.count(0x2000n, 8n, 8);
  meter.count(0x2000n, 8n, 8);
  t.same(meter.read(), { lost: 0, places: [{ pc: 0x2000n, address: 8n, bytes: 8, count: 2 }, { pc: 0x1000n, address: 8n, bytes: 8, count: 1 }] });
  for (let k = 0; k < 1100; k++) meter.count(0x3000n, BigInt(16 * k), 4);
  t.equal(meter.read().places.length, 1024);
  t.equal(meter.read().lost, 1100 - 1022);
  t.end();
});
