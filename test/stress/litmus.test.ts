// The litmus runner on a real machine: the project's own corpus, reports, resumption, and what is wrong with files and paths.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import t from 'tap';
import { openStressMachine } from '../../src/machine/stress-machine.ts';
import { litmus } from '../../src/stress/litmus/campaign.ts';
import type { Report } from '../../src/stress/litmus/report.ts';

const CORPUS = join(import.meta.dirname, '..', 'fixtures', 'litmus');
const SCHEMA = join(import.meta.dirname, '..', '..', 'schemas', 'litmus-report.json');

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '', err = '';
  const code = await litmus(argv, { openMachine: openStressMachine, out: (s) => { out += s; }, err: (s) => { err += s; }, isTerminal: false });
  return { code, out, err };
}
const report = (file: string): Report => JSON.parse(readFileSync(file, 'utf8')) as Report;

// A busy host runs four threads a test at a crawl.
t.setTimeout(900_000);

t.test('the whole corpus: nothing forbidden, nothing skipped', { timeout: 800_000 }, async (t) => {
  const dir = t.testdir({}), json = join(dir, 'r.json'), html = join(dir, 'r.html');
  const r = await run('-n', '200', '-q', '--seed', '7', '--json', json, '--html', html, CORPUS);
  t.equal(r.code, 0, r.err);
  const { summary, tests } = report(json);
  t.ok(summary.tests >= 60);
  t.equal(summary.forbidden + summary.error + summary.unjudged, 0);
  t.ok(tests.every((x) => Object.values(x.states).reduce((a, b) => a + b, 0) === 200), 'every instance is counted');
  const validate = new Ajv({ strict: true }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object);
  t.ok(validate(report(json)), JSON.stringify(validate.errors));
  t.match(readFileSync(html, 'utf8'), /<h2>IRIW <small>/);
});

t.test('regions, litmus7 output, resumption', { timeout: 300_000 }, async (t) => {
  const json = join(t.testdir({}), 'r.json'), file = join(CORPUS, 'MP+dmb.sy+addr.litmus'), other = join(CORPUS, 'MP.litmus');
  const first = await run('-accel', 'tcg,regions=on', '-n', '8k', '--seed', '1', '--json', json, other);
  t.equal(first.code, 0, first.err);
  t.match(first.out, /Test MP Allowed\nHistogram \(\d states\)\n(\d+ *[*:]>.*\n)+(Ok|No)\n\nWitnesses\nPositive: \d+, Negative: \d+\nCondition exists \(1:X0=1 \/\\ 1:X2=0\) is/);
  const again = await run('-accel', 'tcg,regions=on', '-n', '10k', '--resume', '--json', json, other);
  t.equal(again.code, 0, again.err);
  t.equal(report(json).tests[0].runs, 10_000, 'only what was missing');
  t.equal(report(json).options.seed, '1', 'the campaign keeps its seed');
  const wrong = await run('-n', '10k', '--resume', '--json', json, '-accel', 'tcg,regions=off', file);
  t.equal(wrong.code, 2);
  t.match(wrong.err, /cannot go on with .* it was run with regions true, not false/);
});

t.test('a forbidden outcome ends with 1', { timeout: 300_000 }, async (t) => {
  const dir = t.testdir({
    'W.litmus': 'AArch64 W\n{ 0:X1=x; }\n P0 ;\n MOV W0,#1 ;\n STR W0,[X1] ;\nexists (x=1)\n',
    'W.expected.json': '{"name":"W","allowed":["[x]=2;"]}',
  });
  const r = await run('-n', '10', dir);
  t.equal(r.code, 1);
  t.match(r.out, /Verdict W forbidden: forbidden outcome seen: \[x\]=1;/);
});

t.test('what cannot be run is named, the others run', { timeout: 300_000 }, async (t) => {
  const good = 'AArch64 G\n{ 0:X1=x; }\n P0 ;\n MOV W0,#1 ;\n STR W0,[X1] ;\nforall (x=1)\n';
  const dir = t.testdir({
    'a.litmus': 'AArch64 A\n{ }\n P0 ;\n FROB X1 ;\nexists (x=1)\n',
    'b.litmus': 'AArch64 B\n{ }\n P0 ;\n LDR W0,[X99] ;\n',
    'c.litmus': good.replace('(x=1)', '(x=1 /\\ x=2)'),
    'd.litmus': good.replace('0:X1=x', 'uint64_t 0:X1=0x100000000'),
    'e.litmus': good.replace('STR W0,[X1]', '.word 0'),
    'f.litmus': good,
    'f.expected.json': '{"allowed":["[y]=1;"]}',
    'g.litmus': good,
    'h.litmus': good,
    'h.expected.json': '{\n "allowed": ["[x]=1;"],\n}\n',
    'i.litmus': good.replace('(x=1)', '(x=1 /\\\n'),
  });
  mkdirSync(join(dir, 'empty'));
  writeFileSync(join(dir, 'plain'), '');
  const r = await run('-q', '-n', '10', '--json', join(dir, 'plain', 'r.json'), dir, join(dir, 'empty'), join(dir, 'none.litmus'));
  t.equal(r.code, 2);
  const lines = r.err.trimEnd().split('\n');
  for (const want of [
    /a\.litmus:4: .*'?FROB/i, /b\.litmus:4: unknown register 'X99'|b\.litmus:4: .*X99/, /c\.litmus:6: contradictory condition: \[x\]=1 and \[x\]=2 cannot hold together/,
    /d\.litmus:5: thread P0 took a data abort .*address 0x100000000/, /e\.litmus:5: '\.word 0' is no instruction/, /litmus: \S*f\.expected\.json: it is for another test/,
    /litmus: \S*h\.expected\.json:3: it is no JSON: /, /i\.litmus:6: expected a register or a variable, found the end of the file/,
    /there is no \.litmus file in '.*empty'/, /cannot read '.*none\.litmus': No such file or directory/, /cannot write the report '.*plain.r\.json': Not a directory/,
  ]) t.equal(lines.filter((l) => want.test(l)).length, 1, `${want} in\n${r.err}`);
  t.match(r.out, /Verdict G unjudged/);
});

t.test('mistakes on the command line', async (t) => {
  for (const [argv, message] of [
    [[], /no litmus test is given/], [['--frob', 'x'], /unknown option '--frob'/], [['-n', 'many', 'x'], /needs a number from 1 to/], [['-n'], /needs a value/],
    [['--resume', 'x'], /--resume needs --json/], [['-accel', 'kvm', 'x'], /unknown accelerator/],
  ] as const) {
    const r = await run(...argv);
    t.equal(r.code, 2);
    t.match(r.err, message);
  }
  t.match((await run('--help')).out, /usage: mttcg litmus/);
});
