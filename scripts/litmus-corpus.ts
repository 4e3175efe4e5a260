// Writes the project's own litmus tests into test/fixtures/litmus: `node scripts/litmus-corpus.ts`.
//
// Each classic shape is a cycle of accesses by two to four threads. Its one outcome that no interleaving gives needs two
// accesses of some thread out of order, so the Arm model (multi-copy atomic) forbids it exactly when every thread keeps
// its two accesses in order. The other outcomes are those of the interleavings, which are enumerated here.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Access { readonly kind: 'R' | 'W'; readonly loc: string; readonly value?: number }
interface Shape { readonly name: string; readonly threads: readonly (readonly Access[])[]; readonly weak: string; readonly final: readonly string[] }

const W = (loc: string, value = 1): Access => ({ kind: 'W', loc, value });
const R = (loc: string): Access => ({ kind: 'R', loc });

/** `weak`: values read, in order of threads, then the final values of `final`. */
const SHAPES: readonly Shape[] = [
  { name: 'MP', threads: [[W('x'), W('y')], [R('y'), R('x')]], weak: '1,0', final: [] },
  { name: 'SB', threads: [[W('x'), R('y')], [W('y'), R('x')]], weak: '0,0', final: [] },
  { name: 'LB', threads: [[R('x'), W('y')], [R('y'), W('x')]], weak: '1,1', final: [] },
  { name: 'S', threads: [[W('x', 2), W('y')], [R('y'), W('x')]], weak: '1,2', final: ['x'] },
  { name: 'R', threads: [[W('x'), W('y')], [W('y', 2), R('x')]], weak: '0,2', final: ['y'] },
  { name: '2+2W', threads: [[W('x', 2), W('y')], [W('y', 2), W('x')]], weak: '2,2', final: ['x', 'y'] },
  { name: 'WRC', threads: [[W('x')], [R('x'), W('y')], [R('y'), R('x')]], weak: '1,1,0', final: [] },
  { name: 'RWC', threads: [[W('x')], [R('x'), R('y')], [W('y'), R('x')]], weak: '1,0,0', final: [] },
  { name: 'ISA2', threads: [[W('x'), W('y')], [R('y'), W('z')], [R('z'), R('x')]], weak: '1,1,0', final: [] },
  { name: '3.SB', threads: [[W('x'), R('y')], [W('y'), R('z')], [W('z'), R('x')]], weak: '0,0,0', final: [] },
  { name: '3.LB', threads: [[R('x'), W('y')], [R('y'), W('z')], [R('z'), W('x')]], weak: '1,1,1', final: [] },
  { name: 'IRIW', threads: [[W('x')], [R('x'), R('y')], [W('y')], [R('y'), R('x')]], weak: '1,0,1,0', final: [] },
];

/** What keeps two accesses in order, by their kinds; `po` does not. */
const EDGES: Readonly<Record<string, readonly string[]>> = {
  WW: ['po', 'dmb.sy', 'dmb.st', 'popl'], WR: ['po', 'dmb.sy', 'pola'],
  RR: ['po', 'dmb.sy', 'dmb.ld', 'addr', 'poap'], RW: ['po', 'dmb.sy', 'dmb.ld', 'addr', 'data', 'ctrl', 'poap', 'popl'],
};

/** Code of a thread; reads go to W0 and W2, addresses are in X4 and X6. */
function code(t: readonly Access[], edge: string): string[] {
  const out: string[] = [];
  t.forEach((a, n) => {
    const reg = `W${2 * n}`, address = `X${4 + 2 * n}`, first = n === 0;
    if (!first) {
      if (edge.startsWith('dmb')) out.push(`DMB ${edge === 'dmb.sy' ? 'ISH' : edge === 'dmb.st' ? 'ISHST' : 'ISHLD'}`);
      if (edge === 'ctrl') out.push('CBNZ W0,L0', 'L0:');
      if (edge === 'addr' || edge === 'data') out.push('EOR W1,W0,W0');
    }
    const at = !first && edge === 'addr' ? `[${address},W1,SXTW]` : `[${address}]`;
    if (a.kind === 'R') { out.push(`${first && edge === 'poap' || !first && edge === 'pola' ? 'LDAR' : 'LDR'} ${reg},${at}`); return; }
    out.push(!first && edge === 'data' ? `ADD ${reg},W1,#${a.value}` : `MOV ${reg},#${a.value}`);
    out.push(`${first && edge === 'pola' || !first && edge === 'popl' ? 'STLR' : 'STR'} ${reg},${at}`);
  });
  return out;
}

/** Outcomes of all interleavings: values read by thread, then final values. */
function interleavings(s: Shape): Set<string> {
  const out = new Set<string>();
  const go = (pc: readonly number[], mem: Readonly<Record<string, number>>, read: readonly (readonly number[])[]): void => {
    let ended = true;
    s.threads.forEach((t, n) => {
      const a = t[pc[n]];
      if (!a) return;
      ended = false;
      const next = pc.map((p, k) => (k === n ? p + 1 : p));
      if (a.kind === 'W') go(next, { ...mem, [a.loc]: a.value! }, read);
      else go(next, mem, read.map((r, k) => (k === n ? [...r, mem[a.loc] ?? 0] : r)));
    });
    if (ended) out.add([...read.flat(), ...s.final.map((l) => mem[l])].join());
  };
  go(s.threads.map(() => 0), {}, s.threads.map(() => []));
  return out;
}

/** Keys of an outcome's values. */
const keys = (s: Shape): string[] => [
  ...s.threads.flatMap((t, n) => t.flatMap((a, k) => (a.kind === 'R' ? [`${n}:X${2 * k}`] : []))), ...s.final.map((l) => `[${l}]`),
];
const show = (s: Shape, outcome: string): string => outcome.split(',').map((v, i) => `${keys(s)[i]}=${v};`).join(' ');

/** Test and expectation of a shape with one edge a thread that has two accesses. */
function variant(s: Shape, edges: readonly string[]): { name: string; test: string; expected: string } {
  let used = 0;
  const columns = s.threads.map((t) => code(t, t.length > 1 ? edges[used++] : 'po'));
  const name = edges.every((e) => e === 'po') ? s.name : `${s.name}+${edges.join('+')}`;
  const width = columns.map((c) => Math.max(...c.map((l) => l.length), 2));
  const rows = Array.from({ length: Math.max(...columns.map((c) => c.length)) + 1 }, (_, r) =>
    ` ${columns.map((c, n) => (r === 0 ? `P${n}` : c[r - 1] ?? '').padEnd(width[n])).join(' | ')} ;`);
  const init = s.threads.map((t, n) => t.map((a, k) => `${n}:X${4 + 2 * k}=${a.loc};`).join(' '));
  const prop = s.weak.split(',').map((v, i) => `${keys(s)[i]}=${v}`).join(' /\\ ');
  const allowed = interleavings(s);
  if (allowed.has(s.weak)) throw new Error(`${name}: an interleaving gives the weak outcome`);
  const ordered = edges.every((e) => e !== 'po');
  if (!ordered) allowed.add(s.weak);
  return {
    name,
    test: `AArch64 ${name}\n{\n${init.join('\n')}\n}\n${rows.join('\n')}\nexists (${prop})\n`,
    expected: `${JSON.stringify({ name, allowed: [...allowed].map((o) => show(s, o)).sort(), condition: `exists (${prop})`, observation: ordered ? 'Never' : 'Sometimes' }, null, 1)}\n`,
  };
}

/** Tests that are no cycles of this kind: coherence, atomicity. */
const OTHERS: readonly { name: string; test: string; allowed: readonly string[] }[] = [
  {
    name: 'CoRR', allowed: ['1:X0=0; 1:X2=0;', '1:X0=0; 1:X2=1;', '1:X0=1; 1:X2=1;'],
    test: '{\n0:X4=x; 1:X4=x;\n}\n P0          | P1          ;\n MOV W0,#1   | LDR W0,[X4] ;\n STR W0,[X4] | LDR W2,[X4] ;\nexists (1:X0=1 /\\ 1:X2=0)\n',
  },
  {
    name: 'CoWW', allowed: ['[x]=2;'],
    test: '{\n0:X4=x;\n}\n P0          ;\n MOV W0,#1   ;\n STR W0,[X4] ;\n MOV W1,#2   ;\n STR W1,[X4] ;\nforall (x=2)\n',
  },
  {
    name: 'ATOM+ldadd+ldadd', allowed: ['0:X1=0; 1:X1=1; [x]=2;', '0:X1=1; 1:X1=0; [x]=2;'],
    test: '{\n0:X4=x; 1:X4=x;\n}\n P0               | P1               ;\n MOV W0,#1        | MOV W0,#1        ;\n LDADD W0,W1,[X4] | LDADD W0,W1,[X4] ;\nlocations [0:X1; 1:X1;]\nforall (x=2)\n',
  },
  {
    name: 'ATOM+swp+swp', allowed: ['0:X1=0; 1:X1=1; [x]=2;', '0:X1=2; 1:X1=0; [x]=1;'],
    test: '{\n0:X4=x; 1:X4=x;\n}\n P0             | P1             ;\n MOV W0,#1      | MOV W0,#2      ;\n SWP W0,W1,[X4] | SWP W0,W1,[X4] ;\nlocations [0:X1; 1:X1; x;]\nexists (0:X1=0 /\\ 1:X1=0)\n',
  },
  {
    name: 'ATOM+cas+cas', allowed: ['0:X0=0; 1:X0=1; [x]=1;', '0:X0=2; 1:X0=0; [x]=2;'],
    test: '{\n0:X4=x; 1:X4=x;\n}\n P0             | P1             ;\n MOV W1,#1      | MOV W1,#2      ;\n CAS W0,W1,[X4] | CAS W0,W1,[X4] ;\nlocations [x;]\nexists (0:X0=0 /\\ 1:X0=0)\n',
  },
  {
    name: 'LLSC+retry+retry', allowed: ['[x]=2;'],
    test: '{\n0:X4=x; 1:X4=x;\n}\n P0                 | P1                 ;\nL0: LDXR W0,[X4]    |L0: LDXR W0,[X4]    ;\n ADD W0,W0,#1       | ADD W0,W0,#1       ;\n STXR W1,W0,[X4]    | STXR W1,W0,[X4]    ;\n CBNZ W1,L0         | CBNZ W1,L0         ;\nforall (x=2)\n',
  },
];

const dir = join(import.meta.dirname, '..', 'test', 'fixtures', 'litmus');
mkdirSync(dir, { recursive: true });
let written = 0;
const write = (name: string, test: string, expected: string) => {
  writeFileSync(join(dir, `${name}.litmus`), test);
  writeFileSync(join(dir, `${name}.expected.json`), expected);
  written++;
};
for (const s of SHAPES) {
  const lists = s.threads.filter((t) => t.length > 1).map((t) => EDGES[t.map((a) => a.kind).join('')]);
  const chosen = new Map<string, readonly string[]>();
  const add = (edges: readonly string[]) => chosen.set(edges.join('+'), edges);
  for (let i = 0; i < Math.max(...lists.map((l) => l.length)); i++) add(lists.map((l) => l[Math.min(i, l.length - 1)]));
  // One thread in order, the others not.
  lists.forEach((_, n) => { add(lists.map((l, k) => l[k === n ? 1 : 0])); });
  for (const edges of chosen.values()) { const v = variant(s, edges); write(v.name, v.test, v.expected); }
}
for (const o of OTHERS) write(o.name, `AArch64 ${o.name}\n${o.test}`, `${JSON.stringify({ name: o.name, allowed: o.allowed }, null, 1)}\n`);
console.log(`${written} tests in ${dir}`);
