// A parsed litmus test: initial state, code, final condition.

/** Type of a location or register: how many bytes, and how the value is printed and compared. */
export interface ValueType { readonly bytes: 1 | 2 | 4 | 8; readonly signed: boolean; readonly pointer: boolean }

/** What herd and litmus7 give to what has no declaration. */
export const INT: ValueType = { bytes: 4, signed: true, pointer: false };
export const POINTER: ValueType = { bytes: 8, signed: false, pointer: true };

/** An initial value, or one that a condition compares with. */
export type Value =
  | { readonly kind: 'int'; readonly value: bigint }
  /** Address of `name`, plus `offset` bytes. */
  | { readonly kind: 'address'; readonly name: string; readonly offset: number }
  /** Address of a label in a thread's code. */
  | { readonly kind: 'label'; readonly thread: number; readonly label: string }
  | { readonly kind: 'array'; readonly values: readonly Value[] };

export interface Variable {
  readonly name: string;
  /** Of one element. */
  type: ValueType;
  /** Elements; undefined: no array. */
  length: number | undefined;
  init: readonly Value[];
}

export interface RegisterInit { readonly thread: number; readonly reg: number; readonly type: ValueType; readonly value: Value }

export interface CodeLine { readonly text: string; readonly line: number }

/** What a condition looks at. */
export type Location =
  | { readonly kind: 'reg'; readonly thread: number; readonly reg: number }
  /** `index` undefined: the whole variable. */
  | { readonly kind: 'mem'; readonly name: string; readonly index: number | undefined };

export type Prop =
  | { readonly op: 'true' | 'false' }
  | { readonly op: 'not'; readonly of: Prop }
  | { readonly op: 'and' | 'or' | 'implies'; readonly left: Prop; readonly right: Prop }
  | { readonly op: 'eq' | 'ne'; readonly loc: Location; readonly to: Value | Location };

export type Quantifier = 'exists' | 'forall' | '~exists';

export interface LitmusTest {
  readonly name: string;
  /** By name. */
  readonly variables: ReadonlyMap<string, Variable>;
  readonly registers: readonly RegisterInit[];
  /** Code of each thread. */
  readonly threads: readonly (readonly CodeLine[])[];
  readonly locations: readonly Location[];
  readonly filter: Prop | undefined;
  readonly quantifier: Quantifier;
  readonly prop: Prop;
}

/** Key of a location, as herd prints it in a state. `isArray`: `name` is an array. */
export function locationKey(l: Location, isArray: (name: string) => boolean): string {
  if (l.kind === 'reg') return `${l.thread}:X${l.reg}`;
  if (l.index !== undefined) return `${l.name}[${l.index}]`;
  return isArray(l.name) ? l.name : `[${l.name}]`;
}

/** An integer as a value of that type is printed: decimal, signed or unsigned. */
export function printInt(value: bigint, type: ValueType): string {
  return String(type.signed ? BigInt.asIntN(8 * type.bytes, value) : BigInt.asUintN(8 * type.bytes, value));
}
