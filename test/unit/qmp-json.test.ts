// The JSON of QMP monitors: values, limits and error texts as recorded from qemu-system-aarch64 7.2, however the bytes are cut.
import t from 'tap';
import { JsonError, JsonReader, MAX_NESTING, toJson } from '../../src/qmp/json.ts';

function read(chunks: readonly (string | Buffer)[]): string[] {
  const out: string[] = [];
  const reader = new JsonReader((v) => out.push(v instanceof JsonError ? v.message : toJson(v)));
  for (const c of chunks) reader.feed(typeof c === 'string' ? Buffer.from(c) : c);
  return out;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const parse = (what: string) => `JSON parse error, ${what}`;
const expecting = parse('expecting value');

/** Input and what QEMU 7.2 made of it (in replies: "desc", or the echoed id). */
const CASES: readonly (readonly [string | Buffer, readonly string[]])[] = [
  ['@@@\n', [parse("stray '@'")]],
  [latin1('{"a":\xff}'), [parse("stray '\ufffd'"), expecting]],
  [latin1('{"id":"\xff\xfe"}'), [parse("stray '\"\ufffd'"), parse("stray '\ufffd'"), expecting]],
  [latin1('\xff{"a":1}'), [parse("stray '\ufffd'"), '{"a": 1}']],
  [latin1('\0{"a":1}'), [parse("stray ''"), '{"a": 1}']],
  ['{"id":"\\ud800"}', [parse('\\ud800 is not a valid Unicode character')]],
  ['{"id":"\\u0000"}', ['{"id": "\\u0000"}']],
  ['{"id":"\\x"}', [parse('invalid escape sequence in string')]],
  ['{"id":"\n"}', [parse("stray '\"\n'"), expecting]],
  ['{"id":tru}', [parse("invalid keyword 'tru'")]],
  ['{"id":01}', [parse("stray '01'"), expecting]],
  ['{"id":%d}', [parse("stray '%'"), expecting]],
  ['{"id":"%d"}', ['{"id": "%d"}']],
  ['{"id":1e3}', ['{"id": 1000}']],
  ['{"id":-0}', ['{"id": 0}']],
  ['{"id":-}', [parse("stray '-}'")]],
  ['{"id":12345678901234567890}', ['{"id": 12345678901234567890}']],
  ['{"id":{"a":[1,2.5,null,"\\u00e9"]}}', ['{"id": {"a": [1, 2.5, null, "\\u00E9"]}}']],
  ['{"a":"\\\\u00e9"}', ['{"a": "\\\\u00e9"}']],
  ["{'a':'single'}", ['{"a": "single"}']],
  ['{"e":1,}', [expecting]],
  ['{"e" 1}', [parse('missing : in object pair')]],
  ['{1:2}', [parse('key is not a string in object')]],
  ['{"id":-5, "id":3}', [parse('duplicate key')]],
  ['}', [expecting]],
  ['{}}', ['{}', expecting]],
  ['123 "foo" null ', ['123', '"foo"', 'null']],
  ['// c {"a":1}', [parse("stray '/'"), '{"a": 1}']],
  ['{"a":1}{"b":2}\n{"c":3}', ['{"a": 1}', '{"b": 2}', '{"c": 3}']],
];

t.test('values and errors', async (t) => {
  for (const [input, expected] of CASES) t.same(read([input]), expected, String(input));
});

t.test('the same byte by byte', async (t) => {
  for (const [input, expected] of CASES) t.same(read([...Buffer.from(input as string)].map((b) => Buffer.of(b))), expected, String(input));
});

t.test('nesting', async (t) => {
  const deep = (n: number) => `{"id":${'['.repeat(n)}${']'.repeat(n)}}`;
  t.equal(read([deep(900)]).length, 1);
  // 1100 levels: the limit, the brackets behind it as one array, then brackets that close nothing
  const out = read([deep(1100)]);
  t.equal(out[0], 'JSON nesting depth limit exceeded');
  t.equal(out.length, 1027, 'as many as QEMU reports');
  t.equal(MAX_NESTING, 1024);
});

t.test('long strings in pieces', async (t) => {
  const piece = 'x'.repeat(1 << 20);
  t.equal(read(['{"a":"', ...Array.from({ length: 8 }, () => piece), '"}'])[0].length, 8 * (1 << 20) + 9);
  const out = read(['{"a":"', ...Array.from({ length: 65 }, () => piece), '"}', '{"b":1}']);
  t.equal(out[0], 'JSON token size limit exceeded');
  t.equal(out.at(-1), '{"b": 1}', 'goes on behind it');
});

t.test('pretty', async (t) => {
  t.equal(toJson({ return: { a: [1, {}], b: [] } }, true), '{\n    "return": {\n        "a": [\n            1,\n            {\n            }\n        ],\n        "b": [\n        ]\n    }\n}');
});
