// The text form round-trips, the verifier rejects what it must, and each pass does what its text examples say.
import t from 'tap';
import { TCGContext } from '../../src/tcg/context.ts';
import { PASSES, optimize } from '../../src/tcg/optimize.ts';
import { parseOps, printOps } from '../../src/tcg/text.ts';
import { Type } from '../../src/tcg/types.ts';
import { verify } from '../../src/tcg/verify.ts';

function context(): TCGContext {
  const tcg = new TCGContext();
  for (let i = 0; i < 4; i++) tcg.global(Type.I64, 64 + 8 * i, `x${i}`);
  tcg.global(Type.V128, 128, 'v0');
  return tcg;
}
const strip = (s: string) => s.split('\n').map((l) => l.trim()).filter(Boolean).join('\n');

t.test('round trip', (t) => {
  const tcg = context();
  const text = `insn_start #4, #15
add.i64 tmp1, x0, $0x4
qemu_ld x1, tmp1, #3, #200, #-8
brcond.i64 x1, $0x0, #ne, L0
mov.v128 v0, $0x10000000000000000
goto_tb #0, #16
set_label L0
exit_tb #2
`;
  t.equal(printOps(parseOps(tcg, text)), text);
  verify(tcg.ops);
  t.throws(() => parseOps(tcg, 'frobnicate x0'), /line 1: no op/);
  t.throws(() => parseOps(tcg, 'add.i64 x0, x1'), /3 operands/);
  t.throws(() => parseOps(tcg, '\nadd.i64 x0, x1, x9'), /line 2: unknown operand 'x9'/);
  t.throws(() => parseOps(tcg, 'add.v128 v0, v0, v0'), /no v128 form/);
  t.end();
});

t.test('the verifier rejects', (t) => {
  const bad: [string, RegExp][] = [
    ['mov.i64 x0, tmp1\nexit_tb #2', /read before it is written/],
    ['mov.i64 x0, x1', /falls off/],
    ['br L0', /never set/],
    ['set_label L0\nset_label L0\nexit_tb #0', /set twice/],
    ['setcond.i64 tmp0, x0, x1, #eq\nset_label L0\nmov.i64 x0, tmp0\nexit_tb #0', /read before/],
    ['exit_tb #9', /not in the op table/],
  ];
  for (const [text, why] of bad) t.throws(() => verify(parseOps(context(), text)), why);
  t.end();
});

t.test('passes', (t) => {
  const cases: { pass: string; before: string; after: string }[] = [
    { pass: 'propagate', before: 'mov.i64 tmp0, $0x5\nadd.i64 x0, tmp0, $0x3\nexit_tb #2', after: 'mov.i64 tmp0, $0x5\nmov.i64 x0, $0x8\nexit_tb #2' },
    { pass: 'propagate', before: 'mov.i64 tmp0, x1\nadd.i64 x1, x1, $0x1\nmov.i64 x0, tmp0\nexit_tb #2', after: 'mov.i64 tmp0, x1\nadd.i64 x1, x1, $0x1\nmov.i64 x0, tmp0\nexit_tb #2' },
    { pass: 'propagate', before: 'mov.i64 x0, $0x1\ncall #0\nmov.i64 x1, x0\nexit_tb #2', after: 'mov.i64 x0, $0x1\ncall #0\nmov.i64 x1, x0\nexit_tb #2' },
    { pass: 'propagate', before: 'brcond.i64 x0, x1, #eq, L0\nbrcond.i64 $0x1, $0x2, #ltu, L0\nset_label L0\nexit_tb #2', after: 'brcond.i64 x0, x1, #eq, L0\nbr L0\nset_label L0\nexit_tb #2' },
    { pass: 'propagate', before: 'sub.i64 x0, x1, $0x8\nexit_tb #2', after: 'add.i64 x0, x1, $0xfffffffffffffff8\nexit_tb #2' },
    { pass: 'removeDead', before: 'mov.i64 x0, $0x1\nmov.i64 x0, $0x2\nexit_tb #2', after: 'mov.i64 x0, $0x2\nexit_tb #2' },
    { pass: 'removeDead', before: 'mov.i64 x0, $0x1\nqemu_ld x1, x2, #3, #200, #0\nmov.i64 x0, $0x2\nexit_tb #2', after: 'mov.i64 x0, $0x1\nqemu_ld x1, x2, #3, #200, #0\nmov.i64 x0, $0x2\nexit_tb #2' },
    { pass: 'removeDead', before: 'add.i64 tmp0, x0, x1\nxor.i64 tmp1, tmp0, x1\nexit_tb #2', after: 'exit_tb #2' },
    { pass: 'removeDead', before: 'add.i64 tmp0, x0, x1\nbrcond.i64 x0, x1, #eq, L0\nmov.i64 x0, tmp0\nset_label L0\nexit_tb #2', after: 'add.i64 tmp0, x0, x1\nbrcond.i64 x0, x1, #eq, L0\nmov.i64 x0, tmp0\nset_label L0\nexit_tb #2' },
    { pass: 'removeUnreachable', before: 'exit_tb #0\nmov.i64 x0, x1\nset_label L0\nexit_tb #1', after: 'exit_tb #0' },
    { pass: 'mergeBarriers', before: 'mb #1\nadd.i64 x0, x0, x1\nmb #2\nqemu_ld x1, x2, #3, #200, #0\nmb #4\nexit_tb #2', after: 'mb #3\nadd.i64 x0, x0, x1\nqemu_ld x1, x2, #3, #200, #0\nmb #4\nexit_tb #2' },
    { pass: 'coalesce', before: 'add.i64 tmp0, x1, x2\nmov.i64 x0, tmp0\nexit_tb #2', after: 'add.i64 x0, x1, x2\nexit_tb #2' },
    { pass: 'coalesce', before: 'add.i64 tmp0, x1, x2\nqemu_ld x3, x0, #3, #200, #0\nmov.i64 x0, tmp0\nexit_tb #2', after: 'add.i64 tmp0, x1, x2\nqemu_ld x3, x0, #3, #200, #0\nmov.i64 x0, tmp0\nexit_tb #2' },
  ];
  for (const c of cases) {
    const tcg = context();
    parseOps(tcg, c.before);
    const out = PASSES.find((p) => p.name === c.pass)!.run(tcg, tcg.ops);
    t.equal(strip(printOps(out)), c.after, `${c.pass}: ${c.before.replaceAll('\n', '; ')}`);
  }
  const tcg = context();
  parseOps(tcg, cases[0].before);
  t.equal(strip(printOps(optimize(tcg, true))), 'mov.i64 x0, $0x8\nexit_tb #2');
  t.end();
});
