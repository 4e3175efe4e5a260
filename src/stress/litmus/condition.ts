// Final conditions: grammar, printing, evaluation, and the check for those that nothing can satisfy.
import type { Scanner } from './text.ts';
import { locationKey, printInt, type LitmusTest, type Location, type Prop, type Value, type ValueType } from './types.ts';

const INTEGER = /[-+]?(?:0[xX][\da-fA-F]+|\d+)(?![\w.])/y;
const REGISTER = /P?(\d+)\s*:\s*([A-Za-z_]\w*)/y;
const NAME = /[A-Za-z_][\w.]*/y;

export const integer = (text: string): bigint => {
  const m = /^([-+]?)(.*)$/.exec(text)!;
  return m[1] === '-' ? -BigInt(m[2]) : BigInt(m[2]);
};

/** Number of a general register by its name; undefined for any other. */
export const registerNumber = (name: string): number | undefined => {
  const m = /^[XW](\d+)$/i.exec(name);
  return m && Number(m[1]) <= 30 ? Number(m[1]) : undefined;
};

function register(s: Scanner): Location | undefined {
  const from = s.at, m = s.take(REGISTER);
  if (!m) return undefined;
  const reg = registerNumber(m[2]);
  if (reg === undefined) s.fail(`unknown register '${m[2]}': a condition can name X0 to X30`, from);
  return { kind: 'reg', thread: Number(m[1]), reg };
}

function index(s: Scanner): number | undefined {
  if (!s.take(/\[/y)) return undefined;
  const m = s.take(INTEGER);
  if (!m || !s.take(/\]/y)) s.fail(`expected an index and ']', found ${s.found()}`);
  return Number(integer(m![0]));
}

export function parseLocation(s: Scanner): Location {
  const r = register(s);
  if (r) return r;
  if (s.take(/\[/y)) {
    const m = s.take(NAME);
    if (!m || !s.take(/\]/y)) s.fail(`expected a variable and ']', found ${s.found()}`);
    return { kind: 'mem', name: m![0], index: undefined };
  }
  const m = s.take(NAME);
  if (!m) s.fail(`expected a register or a variable, found ${s.found()}`);
  return { kind: 'mem', name: m![0], index: index(s) };
}

/** Value behind `=`, in the initial state (`isInit`) or in a condition, where `1:X0` is a location. Elements have `bytes` bytes. */
export function parseValue(s: Scanner, bytesOf: (name: string) => number, isInit: boolean): Value | Location {
  if (s.take(/\{/y)) {
    const values: Value[] = [];
    do values.push(parseValue(s, bytesOf, isInit) as Value); while (s.take(/,/y));
    if (!s.take(/\}/y)) s.fail(`expected '}', found ${s.found()}`);
    return { kind: 'array', values };
  }
  const label = isInit ? s.take(/P?(\d+)\s*:\s*([A-Za-z_]\w*)/y) : undefined;
  if (label) return { kind: 'label', thread: Number(label[1]), label: label[2] };
  const r = register(s);
  if (r) return r;
  const n = s.take(INTEGER);
  if (n) return { kind: 'int', value: integer(n[0]) };
  s.take(/&/y);
  const m = s.take(NAME);
  if (!m) s.fail(`expected a value, found ${s.found()}`);
  const name = m![0], i = index(s) ?? 0, plus = s.take(/\+\s*(\d+)/y);
  return { kind: 'address', name, offset: i * bytesOf(name) + (plus ? Number(plus[1]) : 0) };
}

/** `~`, `=>`, `/\`, `\/`, from tight to loose. */
export function parseProp(s: Scanner, bytesOf: (name: string) => number): Prop {
  const or = (): Prop => {
    let left = and();
    while (s.take(/\\\//y)) left = { op: 'or', left, right: and() };
    return left;
  };
  const and = (): Prop => {
    let left = implies();
    while (s.take(/\/\\/y)) left = { op: 'and', left, right: implies() };
    return left;
  };
  const implies = (): Prop => {
    const left = unary();
    return s.take(/=>/y) ? { op: 'implies', left, right: implies() } : left;
  };
  const unary = (): Prop => {
    if (s.take(/~|not\b/y)) return { op: 'not', of: unary() };
    if (s.take(/true\b/y)) return { op: 'true' };
    if (s.take(/false\b/y)) return { op: 'false' };
    if (s.take(/\(/y)) {
      const p = or();
      if (!s.take(/\)/y)) s.fail(`expected ')', found ${s.found()}`);
      return p;
    }
    const loc = parseLocation(s);
    const sign = s.take(/<>|!=|==?(?!>)/y);
    if (!sign) s.fail(`expected '=' or '<>', found ${s.found()}`);
    return { op: /[<!]/.test(sign![0]) ? 'ne' : 'eq', loc, to: parseValue(s, bytesOf, false) };
  };
  return or();
}

/** Everything a proposition looks at. */
export function locationsOf(p: Prop): Location[] {
  switch (p.op) {
    case 'true': case 'false': return [];
    case 'not': return locationsOf(p.of);
    case 'eq': case 'ne': return [p.loc, ...(isLocation(p.to) ? [p.to] : [])];
    default: return [...locationsOf(p.left), ...locationsOf(p.right)];
  }
}

const isLocation = (v: Value | Location): v is Location => v.kind === 'reg' || v.kind === 'mem';

/** Types and printed forms of a test's locations. */
export class Names {
  readonly #test: LitmusTest;
  readonly #types: ReadonlyMap<string, ValueType>;

  constructor(test: LitmusTest) {
    this.#test = test;
    this.#types = new Map(test.registers.map((r) => [`${r.thread}:X${r.reg}`, r.type]));
  }

  isArray = (name: string): boolean => this.#test.variables.get(name)?.length !== undefined;
  key(l: Location): string { return locationKey(l, this.isArray); }

  /** Of a register, a variable, or an element of an array. */
  type(l: Location): ValueType {
    const t = l.kind === 'reg' ? this.#types.get(this.key(l)) : this.#test.variables.get(l.name)?.type;
    return t ?? { bytes: 4, signed: true, pointer: false };
  }

  value(v: Value, type: ValueType): string {
    switch (v.kind) {
      case 'int': return printInt(v.value, type.pointer ? { bytes: 8, signed: true, pointer: false } : type);
      case 'address': return printAddress(v.name, v.offset);
      case 'label': return `P${v.thread}:${v.label}`;
      case 'array': return `{${v.values.map((x) => this.value(x, type)).join(',')}}`;
    }
  }
}

export const printAddress = (name: string, offset: number): string => (offset === 0 ? name : `${name}+${offset}`);

/** The condition as herd prints it. */
export function printCondition(test: LitmusTest): string {
  const names = new Names(test);
  return `${test.quantifier} (${printProp(test.prop, names)})`;
}

/** Binding strength, for parentheses. */
const RANK = { or: 0, and: 1, implies: 2, not: 3 } as const;

function printProp(p: Prop, names: Names, outer = 0): string {
  const wrap = (rank: number, text: string) => (rank < outer ? `(${text})` : text);
  switch (p.op) {
    case 'true': case 'false': return p.op;
    case 'not': return `not (${printProp(p.of, names)})`;
    case 'or': return wrap(RANK.or, `${printProp(p.left, names, RANK.or)} \\/ ${printProp(p.right, names, RANK.or)}`);
    case 'and': return wrap(RANK.and, `${printProp(p.left, names, RANK.and)} /\\ ${printProp(p.right, names, RANK.and)}`);
    case 'implies': return wrap(RANK.implies, `${printProp(p.left, names, RANK.implies + 1)} => ${printProp(p.right, names, RANK.implies)}`);
    default: return `${names.key(p.loc)}${p.op === 'eq' ? '=' : '<>'}${isLocation(p.to) ? names.key(p.to) : names.value(p.to, names.type(p.loc))}`;
  }
}

/** Whether a proposition holds in a state: values by key, as printed. */
export function holds(p: Prop, names: Names, state: ReadonlyMap<string, string>): boolean {
  switch (p.op) {
    case 'true': return true;
    case 'false': return false;
    case 'not': return !holds(p.of, names, state);
    case 'and': return holds(p.left, names, state) && holds(p.right, names, state);
    case 'or': return holds(p.left, names, state) || holds(p.right, names, state);
    case 'implies': return !holds(p.left, names, state) || holds(p.right, names, state);
    default: {
      const right = isLocation(p.to) ? state.get(names.key(p.to)) : names.value(p.to, names.type(p.loc));
      return (state.get(names.key(p.loc)) === right) === (p.op === 'eq');
    }
  }
}

/** Beyond that many cases the search for a contradiction gives up. */
const MAX_CASES = 4096;

/** Two demands on one location that no state can meet, when there is nothing else the proposition could be satisfied by. */
export function contradiction(p: Prop, names: Names): string | undefined {
  type Case = ReadonlyMap<string, { equal?: string; not: readonly string[] }>;
  let why: string | undefined;
  const add = (c: Case, key: string, value: string, equal: boolean): Case | undefined => {
    const old = c.get(key) ?? { not: [] };
    if (equal ? (old.equal !== undefined && old.equal !== value) || old.not.includes(value) : old.equal === value) {
      why ??= old.equal !== undefined && equal ? `${key}=${old.equal} and ${key}=${value}` : `${key}=${value} and ${key}<>${value}`;
      return undefined;
    }
    return new Map(c).set(key, equal ? { ...old, equal: value } : { ...old, not: [...old.not, value] });
  };
  const extend = (cases: readonly Case[], q: Prop, positive: boolean): readonly Case[] => {
    if (cases.length > MAX_CASES) return cases;
    switch (q.op) {
      case 'true': case 'false': return (q.op === 'true') === positive ? cases : [];
      case 'not': return extend(cases, q.of, !positive);
      case 'implies': return extend(cases, { op: 'or', left: { op: 'not', of: q.left }, right: q.right }, positive);
      case 'and': case 'or':
        return (q.op === 'and') === positive ? extend(extend(cases, q.left, positive), q.right, positive)
          : [...extend(cases, q.left, positive), ...extend(cases, q.right, positive)];
      default: {
        if (isLocation(q.to)) return cases;
        const key = names.key(q.loc), value = names.value(q.to, names.type(q.loc));
        return cases.flatMap((c) => add(c, key, value, (q.op === 'eq') === positive) ?? []);
      }
    }
  };
  return extend([new Map()], p, true).length === 0 ? why : undefined;
}
