// The .litmus parser: every form of the initial state and the condition, and mistakes with their line.
import t from 'tap';
import { printCondition } from '../../src/stress/litmus/condition.ts';
import { LitmusError } from '../../src/stress/litmus/error.ts';
import { parseLitmus } from '../../src/stress/litmus/parse.ts';
import { shown } from '../../src/stress/litmus/verdict.ts';

const SB = `AArch64 SB+variant[1]
(* store (* buffering *) *)
"PodWR Fre"
Orig=PodWR Fre
{
0:X1=x; 0: X3 = y; P1:X1=&y; 1:X3=x;
[x]=0; int y=-1; uint64_t z=0xff; int v[2]={1,-2}; int *p=v; uint64_t 0:X5; int64_t 1:X9=-3;
1:X7=v[1]; 1:X8=P0:L0;
}
 P0          | P1          ;
 MOV W0,#1   | MOV W0,#1   ;
L0: STR W0,[X1] | STR W0,[X1] ;
             | L0:         ;
 LDR W2,[X3] | LDR W2,[X3] ;
locations [0:X5; v; p;]
exists (0:X2=0 /\\ ~(1:X2=0 \\/ x<>0xffffffff) => v={1,2} \\/ v[1]=1:X2)
`;

t.test('a test with every form', async (t) => {
  const test = parseLitmus(SB);
  t.equal(test.name, 'SB+variant[1]');
  t.same([...test.variables.keys()].sort(), ['p', 'v', 'x', 'y', 'z']);
  t.same(test.variables.get('v'), { name: 'v', type: { bytes: 4, signed: true, pointer: false }, length: 2, init: [{ kind: 'int', value: 1n }, { kind: 'int', value: -2n }] });
  t.ok(test.variables.get('p')!.type.pointer);
  t.match(test.registers.find((r) => r.thread === 1 && r.reg === 7), { value: { kind: 'address', name: 'v', offset: 4 }, type: { pointer: true } });
  t.match(test.registers.find((r) => r.thread === 1 && r.reg === 8), { value: { kind: 'label', thread: 0, label: 'L0' } });
  t.match(test.registers.find((r) => r.thread === 0 && r.reg === 5), { type: { bytes: 8, signed: false }, value: { value: 0n } });
  t.same(test.threads.map((c) => c.map((l) => l.text)), [
    ['MOV W0,#1', 'L0: STR W0,[X1]', 'LDR W2,[X3]'], ['MOV W0,#1', 'STR W0,[X1]', 'L0:', 'LDR W2,[X3]'],
  ]);
  t.equal(test.threads[1][2].line, 13);
  // => binds tighter than /\, that tighter than \/; values are printed by their location's type.
  t.equal(printCondition(test), 'exists (0:X2=0 /\\ not (1:X2=0 \\/ [x]<>-1) => v={1,2} \\/ v[1]=1:X2)');
  t.same(shown(test), ['0:X2', '0:X5', '1:X2', '[p]', 'v', 'v[1]', '[x]'], 'registers first, then memory by name');
});

t.test('no condition is forall true', async (t) => {
  const test = parseLitmus('AArch64 X\n{}\nP0;\nNOP;\n');
  t.equal(printCondition(test), 'forall (true)');
});

const HEAD = 'AArch64 T\n{ 0:X1=x; }\n P0 ;\n NOP ;\n';
const MISTAKES: [string, number, RegExp][] = [
  ['X86 T\n', 1, /expected 'AArch64 NAME'/],
  ['AArch64 T\n P0;\n', 2, /initial state: '\{' is missing/],
  ['AArch64 T\n{ 0:X1=x;\n', 2, /no '\}'/],
  ['AArch64 T\n{ 0:Q1=x; }\nP0;\n', 2, /unknown register 'Q1'/],
  ['AArch64 T\n{ 0:X31=x; }\nP0;\n', 2, /unknown register 'X31'/],
  ['AArch64 T\n{ float x; }\nP0;\n', 2, /unknown type 'float'/],
  ['AArch64 T\n{ int x; int x; }\nP0;\n', 2, /x is declared twice/],
  ['AArch64 T\n{ 0:X1=1; 0:X1=2; }\nP0;\n', 2, /0:X1 is given a value twice/],
  ['AArch64 T\n{ int v[2]={1}; }\nP0;\n', 2, /2 elements and 1 initial/],
  ['AArch64 T\n{ 1:X1=x; }\nP0;\n', 2, /no thread P1/],
  ['AArch64 T\n{ }\n', 2, /there is no code/],
  ['AArch64 T\n{ }\n P1 ;\n', 3, /expected P0, found 'P1'/],
  ['AArch64 T\n{ }\n P0 | P1 ;\n NOP ;\n', 4, /1 columns, there are 2 threads/],
  ['AArch64 T\n{ }\n P0 ;\n NOP \n', 4, /no ';' at its end/],
  ['AArch64 T\n(* never closed\n{ }\n', 2, /never closed/],
  [`${HEAD}exists (x=1\n`, 5, /expected '\)', found the end of the file/],
  [`${HEAD}exists (x 1)\n`, 5, /expected '=' or '<>', found '1\)'/],
  [`${HEAD}exists (1:X0=1)\n`, 5, /no thread P1/],
  [`${HEAD}exists (x[1]=1)\n`, 5, /x is no array/],
  [`${HEAD}exists (0:PSTATE=1)\n`, 5, /unknown register 'PSTATE'/],
  [`${HEAD}exists (x=1)\nforall (x=1)\n`, 6, /a second condition/],
  [`${HEAD}exists (x=1 /\\ 0:X1=1 /\\ (x=2))\n`, 5, /contradictory condition: \[x\]=1 and \[x\]=2 cannot hold together/],
  [`${HEAD}filter x=1\nexists (x=1 /\\ ~(x=1))\n`, 6, /contradictory condition: \[x\]=1 and \[x\]<>1/],
  [`${HEAD}locations [x; 0:X1\n`, 5, /has no '\]'/],
  [`${HEAD}whatever\n`, 5, /no ';' at its end/],
];

t.test('mistakes are named with their line', async (t) => {
  for (const [text, line, message] of MISTAKES) {
    try {
      parseLitmus(text);
      t.fail(`accepted: ${text}`);
    } catch (e) {
      if (!(e instanceof LitmusError)) throw e;
      t.match(e.detail, message);
      t.equal(e.line, line, `line of: ${e.detail}`);
    }
  }
});

t.test('a condition that some case can satisfy is not contradictory', async (t) => {
  for (const c of ['x=1 \\/ x=2', '~(x=1 /\\ x=2)', 'x<>1 /\\ x<>2', '(x=1 \\/ x=2) /\\ x=2', 'x=1 => x=2', 'true', 'false']) t.doesNotThrow(() => parseLitmus(`${HEAD}exists (${c})\n`), c);
});
