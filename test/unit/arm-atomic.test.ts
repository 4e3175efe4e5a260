// Atomics, exclusives and CSSC against plain arithmetic: every size, little- and big-endian data, 16-byte forms, faults.
import t from 'tap';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';
import { assemble } from '../../src/asm/index.ts';
import { envOff, putFlag, TBFlag } from '../../src/target/arm/env.ts';
import { EXCP } from '../../src/target/arm/syndrome.ts';

const single = new A64Bench(), threaded = new A64Bench(allFeatures(true), undefined, 2);
let b = single;
const DATA = 0x80000;
let at = 0x1000;
/** Runs instructions at a fresh place; they end at an undefined word. */
function run(src: string) {
  const code = [...new Int32Array(assemble(`${src}\nudf #0`.replaceAll(';', '\n'), { base: at }).code.slice().buffer)];
  b.load(at, code);
  const stop = b.run(at);
  at += 4 * code.length;
  return stop;
}
const cut = (v: bigint, bits: number) => BigInt.asUintN(bits, v);
/** Guest memory as a number of `bytes` bytes. */
const peek = (addr: number, bytes: number, be: boolean): bigint => {
  let v = 0n;
  for (let i = 0; i < bytes; i++) v |= BigInt(b.bytes[addr + (be ? bytes - 1 - i : i)]) << BigInt(8 * i);
  return v;
};
const poke = (addr: number, bytes: number, be: boolean, v: bigint): void => {
  for (let i = 0; i < bytes; i++) b.bytes[addr + (be ? bytes - 1 - i : i)] = Number(v >> BigInt(8 * i) & 255n);
};

const SIZES = [['b', 1, 'w'], ['h', 2, 'w'], ['', 4, 'w'], ['', 8, 'x']] as const;
const OPS: Record<string, (old: bigint, v: bigint, bits: number) => bigint> = {
  ldadd: (o, v) => o + v, ldclr: (o, v) => o & ~v, ldeor: (o, v) => o ^ v, ldset: (o, v) => o | v, swp: (_o, v) => v,
  ldsmax: (o, v, n) => (BigInt.asIntN(n, o) > BigInt.asIntN(n, v) ? o : v), ldsmin: (o, v, n) => (BigInt.asIntN(n, o) < BigInt.asIntN(n, v) ? o : v),
  ldumax: (o, v, n) => (cut(o, n) > cut(v, n) ? o : v), ldumin: (o, v, n) => (cut(o, n) < cut(v, n) ? o : v),
};
const VALUES = [0x0123456789abcdefn, 0xfedcba9876543210n, 0x80n, 0xff7fn, 0x8000000000000001n, 0xffffffffn, 0n];

for (const be of [false, true]) {
  const flags = be ? putFlag(TBFlag.BE_DATA, 1) : 0;
  t.test(be ? 'big-endian data' : 'little-endian data', (t) => {
    b.flags = flags;
    for (const [suffix, bytes, r] of SIZES) {
      const bits = 8 * bytes;
      for (const old of VALUES) for (const v of VALUES) {
        const what = (op: string) => `${op}${suffix} ${r} ${old.toString(16)} ${v.toString(16)}`;
        for (const [op, f] of Object.entries(OPS)) {
          poke(DATA, bytes, be, old);
          b.setX(0, v); b.setX(1, 99n); b.setX(2, BigInt(DATA));
          run(`${op}al${suffix} ${r}0, ${r}1, [x2]`);
          if (b.x(1) !== cut(old, bits)) t.fail(`${what(op)}: loaded ${b.x(1).toString(16)}`);
          if (peek(DATA, bytes, be) !== cut(f(old, v, bits), bits)) t.fail(`${what(op)}: stored ${peek(DATA, bytes, be).toString(16)}`);
        }
        // CAS that fails, and that succeeds.
        for (const expected of [v, old]) {
          poke(DATA, bytes, be, old);
          b.setX(0, expected); b.setX(1, 0x1122334455667788n); b.setX(2, BigInt(DATA));
          run(`casal${suffix} ${r}0, ${r}1, [x2]`);
          const swapped = cut(expected, bits) === cut(old, bits);
          if (b.x(0) !== cut(old, bits) || peek(DATA, bytes, be) !== (swapped ? cut(0x1122334455667788n, bits) : cut(old, bits))) t.fail(what('cas'));
        }
        poke(DATA, bytes, be, old);
        b.setX(0, v); b.setX(2, BigInt(DATA)); b.setX(4, 7n);
        run(`ldaxr${suffix} ${r}1, [x2]; stlxr${suffix} w3, ${r}0, [x2]; stxr${suffix} w4, ${r}0, [x2]`);
        if (b.x(1) !== cut(old, bits) || b.x(3) !== 0n || b.x(4) !== 1n || peek(DATA, bytes, be) !== cut(v, bits)) t.fail(what('ldxr, stxr'));
      }
    }
    t.end();
  });

  for (const machine of [single, threaded]) t.test(`pairs, ${be ? 'big' : 'little'}-endian, ${machine === single ? 'one thread' : 'several threads'}`, (t) => {
    b = machine;
    b.flags = flags;
    for (const [bytes, r] of [[4, 'w'], [8, 'x']] as const) {
      const bits = 8 * bytes, first = 0x1111111122222222n, second = 0x3333333344444444n;
      const put = () => { poke(DATA, bytes, be, first); poke(DATA + bytes, bytes, be, second); };
      put();
      b.setX(6, 0xaaaaaaaabbbbbbbbn); b.setX(7, 0xccccccccddddddddn); b.setX(2, BigInt(DATA));
      run(`ldxp ${r}0, ${r}1, [x2]; stxp w3, ${r}6, ${r}7, [x2]`);
      t.equal(b.x(0), cut(first, bits), 'Rt has the lower address');
      t.equal(b.x(1), cut(second, bits));
      t.equal(b.x(3), 0n, 'stored');
      t.equal(peek(DATA, bytes, be), cut(b.x(6), bits));
      t.equal(peek(DATA + bytes, bytes, be), cut(b.x(7), bits));
      put();
      b.setX(4, first); b.setX(5, second);
      run(`caspal ${r}4, ${r}5, ${r}6, ${r}7, [x2]`);
      t.equal(peek(DATA, bytes, be), cut(b.x(6), bits), 'CASP swapped');
      put();
      b.setX(4, first); b.setX(5, 0n);
      run(`caspal ${r}4, ${r}5, ${r}6, ${r}7, [x2]`);
      t.equal(b.x(4), cut(first, bits), 'CASP returns what is there');
      t.equal(b.x(5), cut(second, bits));
      t.equal(peek(DATA, bytes, be), cut(first, bits), 'CASP did not swap');
    }
    b = single;
    t.end();
  });
}

t.test('plain accesses to big-endian data', (t) => {
  b.flags = putFlag(TBFlag.BE_DATA, 1);
  poke(DATA, 8, true, 0x81828384f5f6f7f8n);
  b.setX(2, BigInt(DATA));
  run('ldr x0, [x2]; ldr w1, [x2]; ldrsh x3, [x2, #2]; ldrsw x4, [x2, #4]; ldp w5, w6, [x2]; ldar x7, [x2]; ldrsh w8, [x2]; ldrsb w9, [x2]');
  t.equal(b.x(0), 0x81828384f5f6f7f8n);
  t.equal(b.x(1), 0x81828384n);
  t.equal(b.x(3), 0xffffffffffff8384n);
  t.equal(b.x(4), 0xfffffffff5f6f7f8n);
  t.same([b.x(5), b.x(6)], [0x81828384n, 0xf5f6f7f8n]);
  t.equal(b.x(7), b.x(0));
  t.equal(b.x(8), 0xffff8182n);
  t.equal(b.x(9), 0xffffff81n);
  b.setX(0, 0x0102030405060708n);
  run('str x0, [x2]; strh w0, [x2, #8]; stp w0, w0, [x2, #16]; stlr w0, [x2, #0]');
  t.equal(peek(DATA, 4, true), 0x05060708n);
  t.equal(peek(DATA + 8, 2, true), 0x0708n);
  t.equal(peek(DATA + 20, 4, true), 0x05060708n);
  b.flags = 0;
  t.end();
});

t.test('misaligned atomics and exclusives', (t) => {
  const data = (excp: number, isStore: boolean) => ({ excp, syndrome: 0x92000021 | (isStore ? 0x40 : 0), vaddress: BigInt(DATA + 4) });
  const fault = (src: string, isStore: boolean) => {
    b.setX(2, BigInt(DATA + 4)); b.setX(0, 0n);
    b.cpu.st64(envOff.exclusive_addr, 0xffffffffffffffffn);
    const stop = run(src);
    t.match({ ...stop, syndrome: stop.syndrome | 0 }, { ...data(EXCP.DATA_ABORT, isStore), syndrome: (0x92000021 | (isStore ? 0x40 : 0)) | 0 }, src);
  };
  b.flags = 0;
  for (const lse2 of [false, true]) {
    b.target.feat = new Proxy(allFeatures(true), { get: (f, k) => (k === 'lse2' ? lse2 : Reflect.get(f, k)) });
    b.engine.store.invalidateRange(0, 0x100000);
    // 16-byte forms are always aligned.
    fault('ldxp x0, x1, [x2]', false);
    fault('stxp w0, x4, x5, [x2]', true);
    // A read-modify-write reports the read's fault where the read faults too.
    fault('casp x0, x1, x4, x5, [x2]', false);
    if (!lse2) {
      fault('ldxr x0, [x2]', false);
      fault('stxr w0, x1, [x2]', true);
      fault('ldar x0, [x2]', false);
      fault('stlr x0, [x2]', true);
      fault('ldadd x0, x1, [x2]', false);
      fault('cas x0, x1, [x2]', false);
    } else {
      // FEAT_LSE2: fine inside 16 bytes.
      poke(DATA + 4, 8, false, 40n);
      b.setX(0, 2n); b.setX(2, BigInt(DATA + 4));
      t.equal(run('ldadd x0, x1, [x2]; ldar x3, [x2]; ldxr x4, [x2]; add x4, x4, #1; stxr w5, x4, [x2]').excp, EXCP.UDEF);
      t.same([b.x(1), b.x(3), b.x(5), peek(DATA + 4, 8, false)], [40n, 42n, 0n, 43n]);
      b.setX(2, BigInt(DATA + 12));
      t.match(run('ldar x0, [x2]'), { excp: EXCP.DATA_ABORT, vaddress: BigInt(DATA + 12) }, 'not across');
      t.match(run('stxr w0, x1, [x2]'), { excp: EXCP.DATA_ABORT, vaddress: BigInt(DATA + 12) });
      // SCTLR_EL1.nAA: ordered accesses go anywhere, exclusives and atomics do not.
      const { flags } = b;
      b.flags |= putFlag(TBFlag.NAA, 1);
      b.setX(4, 77n);
      t.equal(run('stlr x4, [x2]; ldar x0, [x2]; ldapur w1, [x2, #1]').excp, EXCP.UDEF);
      t.same([b.x(0), b.x(1)], [77n, 0n]);
      t.match(run('ldxr x0, [x2]'), { excp: EXCP.DATA_ABORT, vaddress: BigInt(DATA + 12) });
      b.flags = flags;
    }
  }
  b.target.feat = allFeatures(true);
  b.engine.store.invalidateRange(0, 0x100000);
  t.end();
});

t.test('a reservation ends with CLREX', (t) => {
  b.setX(2, BigInt(DATA));
  run('ldxr x0, [x2]; clrex; stxr w3, x1, [x2]');
  t.equal(b.x(3), 1n);
  t.end();
});

t.test('FEAT_CSSC', (t) => {
  const words: Record<string, [word: number, f: (x: bigint, y: bigint, bits: number) => bigint]> = {
    abs: [0x5ac02020, (x, _y, n) => (BigInt.asIntN(n, x) < 0n ? -x : x)],
    cnt: [0x5ac01c20, (x) => BigInt(x.toString(2).replaceAll('0', '').length)],
    ctz: [0x5ac01820, (x, _y, n) => { let c = 0; while (c < n && !(x >> BigInt(c) & 1n)) c++; return BigInt(c); }],
    smax: [0x1ac26020, (x, y, n) => (BigInt.asIntN(n, x) > BigInt.asIntN(n, y) ? x : y)], umax: [0x1ac26420, (x, y) => (x > y ? x : y)],
    smin: [0x1ac26820, (x, y, n) => (BigInt.asIntN(n, x) < BigInt.asIntN(n, y) ? x : y)], umin: [0x1ac26c20, (x, y) => (x < y ? x : y)],
    'smax imm -3': [0x11c3f420, (x, _y, n) => (BigInt.asIntN(n, x) > -3n ? x : -3n)], 'umin imm 200': [0x11cf2020, (x) => (x < 200n ? x : 200n)],
  };
  for (const [name, [word, f]] of Object.entries(words)) {
    for (const sf of [0, 1]) {
      const bits = sf ? 64 : 32;
      b.load(at, [word | sf << 31, 0]);
      for (const x of VALUES) for (const y of VALUES) {
        b.setX(1, x); b.setX(2, y);
        b.run(at);
        if (b.x(0) !== cut(f(cut(x, bits), cut(y, bits), bits), bits)) t.fail(`${name} ${bits} ${x.toString(16)} ${y.toString(16)}: ${b.x(0).toString(16)}`);
      }
      at += 8;
    }
  }
  t.end();
});
