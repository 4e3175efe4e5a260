// Reads herdtools7's AArch64 .litmus format into a LitmusTest.
import { contradiction, integer, locationsOf, Names, parseLocation, parseProp, parseValue, registerNumber } from './condition.ts';
import { LitmusError } from './error.ts';
import { blankComments, lineAt, Scanner } from './text.ts';
import { INT, POINTER, type CodeLine, type LitmusTest, type Location, type Prop, type Quantifier, type RegisterInit, type Value, type ValueType, type Variable } from './types.ts';

/** Threads a test can have. */
export const MAX_THREADS = 64;

const TYPES: Readonly<Record<string, ValueType>> = {
  int: INT, ...Object.fromEntries([8, 16, 32, 64].flatMap((n) => [
    [`int${n}_t`, { bytes: n / 8, signed: true, pointer: false } as ValueType],
    [`uint${n}_t`, { bytes: n / 8, signed: false, pointer: false } as ValueType],
  ])),
};

const TAIL = /(?:locations|filter|exists|forall|~\s*exists|not\s+exists)\b/y;

/** Parses the text of a file. Errors: LitmusError with the line. */
export function parseLitmus(source: string): LitmusTest {
  const text = blankComments(source.replaceAll('\r\n', '\n'));
  const s = new Scanner(text);
  const name = header(s);
  const variables = new Map<string, Variable>(), registers: RegisterInit[] = [];
  initialState(s, variables, registers);
  const threads = code(s);
  const tail = finalPart(s, variables);
  const lines = tail.lines;
  const test: LitmusTest = { name, variables, registers, threads, locations: tail.locations, filter: tail.filter, quantifier: tail.quantifier, prop: tail.prop };
  check(test, lines, text);
  return test;
}

function header(s: Scanner): string {
  const m = s.take(/AArch64[ \t]+(\S[^\n]*)/y);
  if (!m) s.fail(`expected 'AArch64 NAME', found ${s.found()}`);
  // Documentation and `Key=value` lines: nothing here depends on them.
  if (!s.take(/(?:"[^"]*"|[^"{])*\{/y)) s.fail("there is no initial state: '{' is missing");
  return m![1].trim().replace(/\.litmus$/, '');
}

const bytesOf = (variables: ReadonlyMap<string, Variable>) => (name: string): number => variables.get(name)?.type.bytes ?? INT.bytes;

function initialState(s: Scanner, variables: Map<string, Variable>, registers: RegisterInit[]): void {
  const opened = s.at - 1;
  for (;;) {
    if (s.atEnd()) s.fail("the initial state has no '}'", opened);
    if (s.take(/\}/y)) break;
    if (s.take(/;/y)) continue;
    item(s, variables, registers);
    s.skipSpace();
    if (!/[;}]/.test(s.text[s.at] ?? '')) s.fail(`expected ';' or '}' in the initial state, found ${s.found()}`);
  }
  const mention = (v: Value): void => {
    if (v.kind === 'array') v.values.forEach(mention);
    if (v.kind === 'address' && !variables.has(v.name)) variables.set(v.name, { name: v.name, type: INT, length: undefined, init: [] });
  };
  for (const r of registers) mention(r.value);
  for (const v of [...variables.values()]) v.init.forEach(mention);
}

function item(s: Scanner, variables: Map<string, Variable>, registers: RegisterInit[]): void {
  const start = (s.skipSpace(), s.at);
  const typed = s.take(/([A-Za-z_]\w*)(?:\s*(\*)\s*|\s+)(?=[A-Za-z_\d])/y);
  let type: ValueType | undefined;
  if (typed) {
    if (!Object.hasOwn(TYPES, typed[1])) s.fail(`unknown type '${typed[1]}': known are ${Object.keys(TYPES).join(', ')}`, start);
    type = typed[2] ? POINTER : TYPES[typed[1]];
  }
  const reg = s.take(/P?(\d+)\s*:\s*([A-Za-z_]\w*)/y);
  if (reg) {
    const thread = Number(reg[1]), n = registerNumber(reg[2]);
    if (n === undefined) s.fail(`unknown register '${reg[2]}': the initial state can name X0 to X30`, start);
    const value = s.take(/=/y) ? scalar(s, parseValue(s, bytesOf(variables), true) as Value) : { kind: 'int', value: 0n } as const;
    if (registers.some((r) => r.thread === thread && r.reg === n)) s.fail(`${thread}:X${n} is given a value twice`, start);
    registers.push({ thread, reg: n!, type: type ?? (value.kind === 'int' ? INT : POINTER), value });
    return;
  }
  const bracketed = s.take(/\[\s*([A-Za-z_][\w.]*)\s*\]/y);
  const m = bracketed ?? s.take(/([A-Za-z_][\w.]*)/y);
  if (!m) s.fail(`expected a variable or a register, found ${s.found()}`);
  const name = m![1];
  let length: number | undefined;
  if (!bracketed && s.take(/\[/y)) {
    const n = s.take(/\d+/y);
    if (!n || !s.take(/\]/y)) s.fail(`expected the length of array ${name} and ']', found ${s.found()}`);
    length = Number(integer(n![0]));
    if (length < 1 || length > 64) s.fail(`array ${name} has ${length} elements: 1 to 64 are possible`, start);
  }
  if (variables.has(name)) s.fail(`${name} is declared twice`, start);
  const from = s.at, value = s.take(/=/y) ? parseValue(s, bytesOf(variables), true) as Value : undefined;
  if (value?.kind === 'array') {
    length ??= value.values.length;
    if (value.values.length !== length) s.fail(`array ${name} has ${length} elements and ${value.values.length} initial values`, from);
  } else if (value && length !== undefined) s.fail(`array ${name} needs its values in braces`, from);
  const init = value?.kind === 'array' ? value.values.map((v) => scalar(s, v)) : value ? [value] : [];
  const pointer = init.some((v) => v.kind !== 'int');
  if (type && pointer && type.bytes !== 8) s.fail(`${name} is too small for an address`, start);
  variables.set(name, { name, type: type ?? (pointer ? POINTER : INT), length, init });
}

function scalar(s: Scanner, v: Value): Value {
  if (v.kind === 'array') s.fail('a list of values where one is expected');
  return v;
}

/** Rows `cell | cell ;`, the first one `P0 | P1 ;`. */
function code(s: Scanner): CodeLine[][] {
  const rows: { cells: { text: string; at: number }[]; at: number }[] = [];
  while (!s.atEnd()) {
    const at = s.at;
    if (s.take(TAIL)) { s.at = at; break; }
    const end = s.text.indexOf(';', at);
    if (end < 0) s.fail(rows.length === 0 ? "expected 'P0 | P1 ;'" : `the row has no ';' at its end`, at);
    let from = at;
    const cells = s.text.slice(at, end).split('|').map((text) => {
      const cell = { text: text.trim(), at: from + (text.length - text.trimStart().length) };
      from += text.length + 1;
      return cell;
    });
    rows.push({ cells, at });
    s.at = end + 1;
  }
  const head = rows.shift();
  if (!head) s.fail("there is no code: expected 'P0 | P1 ;'");
  const count = head!.cells.length;
  head!.cells.forEach((c, n) => { if (c.text !== `P${n}`) s.fail(`expected P${n}, found '${c.text}'`, c.at); });
  if (count > MAX_THREADS) s.fail(`${count} threads: ${MAX_THREADS} are possible`, head!.at);
  const threads = Array.from({ length: count }, (): CodeLine[] => []);
  for (const row of rows) {
    if (row.cells.length !== count) s.fail(`the row has ${row.cells.length} columns, there are ${count} threads`, row.at);
    row.cells.forEach((c, n) => { if (c.text !== '') threads[n].push({ text: c.text, line: lineAt(s.text, c.at) }); });
  }
  return threads;
}

interface Tail { locations: Location[]; filter: Prop | undefined; quantifier: Quantifier; prop: Prop; lines: { locations: number; prop: number } }

function finalPart(s: Scanner, variables: ReadonlyMap<string, Variable>): Tail {
  const out: Tail = { locations: [], filter: undefined, quantifier: 'forall', prop: { op: 'true' }, lines: { locations: 0, prop: 0 } };
  const bytes = bytesOf(variables);
  let done = false;
  while (!s.atEnd()) {
    const at = s.at;
    if (s.take(/locations\b/y)) {
      out.lines.locations = lineAt(s.text, at);
      if (!s.take(/\[/y)) s.fail(`expected '[', found ${s.found()}`);
      while (!s.take(/\]/y)) {
        if (s.atEnd()) s.fail("'locations [' has no ']'", at);
        if (!s.take(/;/y)) out.locations.push(parseLocation(s));
      }
      continue;
    }
    if (s.take(/filter\b/y)) {
      if (out.filter) s.fail('a second filter: one is possible', at);
      out.filter = parseProp(s, bytes);
    } else {
      const q = s.take(/~\s*exists\b|not\s+exists\b|exists\b|forall\b/y);
      if (!q) s.fail(`expected a condition, found ${s.found()}`);
      if (done) s.fail('a second condition: a test has one', at);
      done = true;
      out.quantifier = q![0] === 'exists' || q![0] === 'forall' ? q![0] : '~exists';
      out.lines.prop = lineAt(s.text, at);
      out.prop = parseProp(s, bytes);
    }
    s.take(/;/y);
  }
  return out;
}

function check(test: LitmusTest, lines: Tail['lines'], text: string): void {
  const names = new Names(test), count = test.threads.length;
  const known = (l: Location, line: number): void => {
    if (l.kind === 'reg' && l.thread >= count) throw new LitmusError(line, `there is no thread P${l.thread}: ${l.thread}:X${l.reg} has no meaning`);
    if (l.kind !== 'mem' || l.index === undefined) return;
    const length = test.variables.get(l.name)?.length;
    if (length === undefined) throw new LitmusError(line, `${l.name} is no array: ${l.name}[${l.index}] has no meaning`);
    if (l.index < 0 || l.index >= length) throw new LitmusError(line, `${l.name}[${l.index}] is outside the array, which has ${length} elements`);
  };
  for (const l of test.locations) known(l, lines.locations);
  for (const l of [...locationsOf(test.prop), ...(test.filter ? locationsOf(test.filter) : [])]) known(l, lines.prop);
  for (const r of test.registers) {
    const line = lineAt(text, text.indexOf('{'));
    if (r.thread >= count) throw new LitmusError(line, `there is no thread P${r.thread}: ${r.thread}:X${r.reg} is given a value`);
    if (r.value.kind === 'label' && r.value.thread >= count) throw new LitmusError(line, `there is no thread P${r.value.thread}: its label ${r.value.label} is used`);
  }
  for (const [what, p, line] of [['condition', test.prop, lines.prop], ['filter', test.filter, lines.prop]] as const) {
    const why = p && contradiction(p, names);
    if (why) throw new LitmusError(line, `contradictory ${what}: ${why} cannot hold together`);
  }
}
