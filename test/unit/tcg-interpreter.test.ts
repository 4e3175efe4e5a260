// Every integer op, every type and constant form: the interpreter against the op's reference semantics (`fold`).
import t from 'tap';
import { OPS, opDef } from '../../src/tcg/ops/index.ts';
import { Type, type Temp } from '../../src/tcg/types.ts';
import { operandType } from '../../src/tcg/variants.ts';
import { OpFlag } from '../../src/tcg/ops/def.ts';
import { optimize } from '../../src/tcg/optimize.ts';
import { TcgBench } from '../support/tcg-bench.ts';

const EDGES = [0n, 1n, 2n, 31n, 32n, 63n, 64n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0x7fffffffn, 0x80000000n, 0xffffffffn,
  0x100000000n, 0x7fffffffffffffffn, 0x8000000000000000n, 0xffffffffffffffffn, 0x0123456789abcdefn, 0xfedcba9876543210n];
let seed = 1n;
const rnd = () => { seed = (seed * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn; return seed ^ (seed >> 29n); };
const pick = () => (rnd() % 3n === 0n ? rnd() & 0xffffffffffffffffn : EDGES[Number(rnd() >> 8n) % EDGES.length]);
const cut = (type: Type, v: bigint) => (type === Type.I32 ? v & 0xffffffffn : v & 0xffffffffffffffffn);

function randomImms(name: string, type: Type): number[] {
  const bits = type === Type.I32 ? 32 : 64;
  const r = (n: number) => Number(rnd() & 0xffffn) % n;
  if (name === 'extract' || name === 'sextract') { const len = 1 + r(bits), ofs = r(bits - len + 1); return [bits - len - ofs, bits - len]; }
  if (name === 'deposit') { const len = 1 + r(bits), ofs = r(bits - len + 1); return [ofs, len]; }
  if (name === 'extract2') return [1 + r(bits - 1)];
  return [];
}

t.test('integer ops match their reference semantics', (t) => {
  const b = new TcgBench();
  for (const def of OPS) {
    if (!def.fold || def.flags & OpFlag.SIDE_EFFECTS) continue;
    for (const type of def.types) {
      if (type === Type.V128) continue;
      for (let n = 0; n < 120; n++) {
        const imms = def.imms[0]?.values ? [def.imms[0].values[n % def.imms[0].values.length]] : randomImms(def.name, type);
        b.tcg.reset();
        const values = def.ins.map((k) => cut(operandType(k, type), pick()));
        const ins: Temp[] = def.ins.map((k, i) => {
          const ty = operandType(k, type);
          b.set(i, values[i]);
          if (rnd() & 1n) return b.tcg.const(ty, values[i]);
          if (ty === Type.I64) return b.g[i];
          const x = b.tcg.i32();
          b.tcg.extrl(x, b.g[i]);
          return x;
        });
        const outType = operandType(def.outs[0], type);
        const out = outType === Type.I64 ? b.g[9] : b.tcg.i32();
        b.tcg.emit(def, type, [out], ins, imms);
        if (outType === Type.I32) b.tcg.extuI32(b.g[9], out);
        b.tcg.exitTb(2);
        const want = def.fold(type, values, imms);
        const raw = [...b.tcg.ops].map((o) => ({ ...o, outs: [...o.outs], ins: [...o.ins], imms: [...o.imms] }));
        b.exec(raw);
        if (b.get(9) !== want) t.fail(`${def.name} ${type} ${values} ${imms}: got ${b.get(9).toString(16)}, want ${want.toString(16)}`);
        b.set(9, 0xdeadn);
        b.exec(optimize(b.tcg));
        if (b.get(9) !== want) t.fail(`optimised ${def.name} ${type} ${values} ${imms}: got ${b.get(9).toString(16)}, want ${want.toString(16)}`);
      }
    }
  }
  t.end();
});

t.test('loads, stores and atomics reach flat memory and the slow path', (t) => {
  const b = new TcgBench();
  const { tcg, g } = b;
  tcg.reset();
  b.set(0, 0x1100n);
  tcg.qemuSt(0x1122334455667788n, g[0], 3, 0, 8);
  tcg.qemuLd(g[1], g[0], 2 | 8, 0, 8);
  tcg.qemuLd(g[2], g[0], 1, 0, 10);
  tcg.atomicFetch('add', g[3], g[0], 1n, 3, 0, 8);
  tcg.atomicFetch('smin', g[4], g[0], 0x80n, 0, 0, 8);
  tcg.atomicCmpxchg(g[5], g[0], 0x1122334455667780n, 5n, 3, 0, 8);
  tcg.exitTb(2);
  t.equal(b.exec(optimize(tcg)), 2);
  t.same([1, 2, 3, 4, 5].map((i) => b.get(i)), [0x55667788n, 0x5566n, 0x1122334455667788n, 0x89n, 0x1122334455667780n]);
  t.equal(b.ramView.getBigUint64(0x1108, true), 5n);
  t.equal(b.calls.length, 0);
  // Unmapped page, page crossing, misaligned atomic: slow path, and its fault leaves the TB before the destination is written.
  for (const [addr, memop] of [[0x50000n, 3], [0x1ffcn, 3], [0x1001n, 0x22]] as const) {
    tcg.reset();
    b.set(0, addr);
    b.set(1, 7n);
    tcg.insnStart(4, 5);
    tcg.qemuLd(g[1], g[0], memop, 0);
    tcg.exitTb(2);
    b.calls.length = 0;
    t.equal(b.exec(optimize(tcg)), 3);
    t.equal(b.calls[0].name, 'slow_ld');
    t.equal(b.get(1), 7n);
  }
  t.end();
});

t.test('branches, labels and loops', (t) => {
  const b = new TcgBench();
  const { tcg, g } = b;
  tcg.reset();
  b.set(0, 0n);
  b.set(1, 100000n);
  const top = tcg.newLabel();
  tcg.setLabel(top);
  tcg.add(g[0], g[0], g[1]);
  tcg.sub(g[1], g[1], 1);
  tcg.brcond(1, g[1], 0, top);
  tcg.exitTb(2);
  b.exec(optimize(tcg));
  t.equal(b.get(0), 5000050000n);
  t.ok(opDef('brcond'));
  t.end();
});
