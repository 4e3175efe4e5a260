// Declarative instruction decoding: bit-pattern rows compiled into a decision tree (QEMU's decodetree idea).

/** Decoded operand fields, by name. */
export type Fields = Record<string, number>;

/** A row binds a pattern to a translator. The translator returns false when the encoding is unallocated for this CPU. */
export interface DecodeRow<S> {
  readonly name: string;
  readonly pattern: string;
  readonly trans: (s: S, a: any) => boolean;
}

interface Field { name: string; parts: { shift: number; width: number }[]; signed: boolean; width: number }
/** `extract` is made at first use. */
interface Compiled<S> { row: DecodeRow<S>; mask: number; value: number; fields: Field[]; extract: ((insn: number) => Fields) | undefined }

/**
 * Compiles one pattern. Tokens, most significant first, blanks between them are free:
 *   `0` `1` fixed bits, `x` ignored bit, `name:width` a field, `name:sWIDTH` a sign-extended one.
 * A field name used twice is concatenated, first occurrence most significant; it is signed when its first part is.
 */
export function compilePattern(pattern: string, bits = 32): { mask: number; value: number; fields: Field[] } {
  let at = bits, mask = 0, value = 0;
  const fields = new Map<string, Field>();
  for (const token of pattern.trim().split(/\s+/)) {
    // Some thousand tokens at each start: no regular expressions.
    const colon = token.indexOf(':');
    if (colon > 0) {
      const name = token.slice(0, colon), signed = token[colon + 1] === 's', width = Number(token.slice(colon + (signed ? 2 : 1)));
      if (!(width >= 1)) throw new Error(`pattern '${pattern}': field '${name}' has no bits`);
      at -= width;
      const field = fields.get(name) ?? { name, parts: [], signed, width: 0 };
      field.parts.push({ shift: at, width });
      field.width += width;
      fields.set(name, field);
      continue;
    }
    for (const c of token) {
      at--;
      if (c === 'x') continue;
      if (c !== '0' && c !== '1') throw new Error(`pattern '${pattern}': bad token '${token}'`);
      mask |= 1 << at;
      if (c === '1') value |= 1 << at;
    }
  }
  if (at !== 0) throw new Error(`pattern '${pattern}': ${bits - at} bits, not ${bits}`);
  return { mask, value, fields: [...fields.values()] };
}

/** A function that takes the fields out of a word: made of source text, so that all operands of a row have one shape. */
function extractor(fields: readonly Field[]): (insn: number) => Fields {
  const part = ({ shift, width }: Field['parts'][number]): string => (width === 32 ? 'insn' : `insn >>> ${shift} & ${2 ** width - 1}`);
  const members = fields.map((f) => {
    const value = f.parts.map(part).reduce((all, p, n) => `(${all}) << ${f.parts[n].width} | (${p})`);
    return `${f.name}: ${f.signed ? `(${value}) << ${32 - f.width} >> ${32 - f.width}` : value}`;
  });
  return new Function('insn', `return { ${members.join(', ')} };`) as (insn: number) => Fields;
}

type Leaf<S> = { rows: Compiled<S>[] };
/** A choice by the bits `mask << shift` of the word. `kids` are built when a word first comes by; null: no row is left. */
type Choice<S> = { mask: number; shift: number; used: number; rows: Compiled<S>[]; kids: (Node<S> | null | undefined)[] };
type Node<S> = Choice<S> | Leaf<S>;

/** True when some word matches both rows. */
const overlap = (a: { mask: number; value: number }, b: { mask: number; value: number }) => ((a.value ^ b.value) & a.mask & b.mask) === 0;
const contains = (outer: number, inner: number) => (outer & inner) === inner && outer !== inner;

/**
 * A table of rows, compiled as words come by: a start-up needs few of them. Two rows may overlap only when one fixes
 * strictly more bits than the other and agrees with it: the more specific one is tried first. Any other overlap throws
 * where the two meet; `compileAll` goes to all such places.
 */
export class Decoder<S> {
  readonly rows: readonly Compiled<S>[];
  readonly #root: Node<S>;

  constructor(rows: readonly DecodeRow<S>[]) {
    const compiled = rows.map((row): Compiled<S> => ({ row, ...compilePattern(row.pattern), extract: undefined }));
    this.rows = compiled;
    this.#root = build(compiled, 0);
  }

  /** Compiles what is left. Error: Error when rows overlap. */
  compileAll(node: Node<S> = this.#root): void {
    if (!('kids' in node)) return;
    for (let k = 0; k <= node.mask; k++) {
      const kid = node.kids[k] ?? child(node, k);
      if (kid) this.compileAll(kid);
    }
  }

  /** Translates one instruction word; false when no row takes it. */
  decode(s: S, insn: number): boolean {
    let node = this.#root;
    while ('kids' in node) {
      const k: number = (insn >>> node.shift) & node.mask;
      let kid: Node<S> | null | undefined = node.kids[k];
      if (kid === undefined) kid = child(node, k);
      if (kid === null) return false;
      node = kid;
    }
    for (const r of node.rows) {
      if (((insn ^ r.value) & r.mask) === 0 && r.row.trans(s, (r.extract ??= extractor(r.fields))(insn))) return true;
    }
    return false;
  }

  /** The row that would be tried first for a word, for tests, fuzzers and coverage. */
  match(insn: number): DecodeRow<S> | undefined {
    return this.rows.filter((r) => ((insn ^ r.value) & r.mask) === 0)
      .sort((a, b) => popcount(b.mask) - popcount(a.mask))[0]?.row;
  }
}

const popcount = (n: number): number => { let c = 0; for (n >>>= 0; n; n = (n & (n - 1)) >>> 0) c++; return c; };

/** The rows that are left when no bits tell them apart, the most specific ones first. */
function leaf<S>(rows: Compiled<S>[]): Leaf<S> {
  rows.forEach((a, i) => {
    for (const b of rows.slice(i + 1)) {
      if (overlap(a, b) && !contains(a.mask, b.mask) && !contains(b.mask, a.mask)) {
        throw new Error(`decode rows '${a.row.name}' (${a.row.pattern}) and '${b.row.name}' (${b.row.pattern}) overlap`);
      }
    }
  });
  return { rows: [...rows].sort((a, b) => popcount(b.mask) - popcount(a.mask)) };
}

/** Splits on the run of bits (up to 8, not in `used`) that spreads the rows best; rows with those bits open go to every branch they match. */
function build<S>(rows: Compiled<S>[], used: number): Node<S> {
  if (rows.length <= 2) return leaf(rows);
  let best: { shift: number; width: number; worst: number } | undefined;
  const counts = new Int32Array(256);
  // Of many rows a narrow window tells few apart.
  for (let width = rows.length > 64 ? 8 : 2; width <= 8; width++) {
    const all = 2 ** width - 1;
    for (let shift = 0; shift + width <= 32; shift++) {
      if ((all << shift) & used) continue;
      counts.fill(0, 0, all + 1);
      // Rows with more than two of the bits open are taken to be on every branch.
      let everywhere = 0;
      for (const r of rows) {
        const fixed = (r.mask >>> shift) & all, open = all & ~fixed, value = (r.value >>> shift) & fixed;
        if (popcount(open) > 2) { everywhere++; continue; }
        for (let sub = open; ; sub = (sub - 1) & open) {
          counts[value | sub]++;
          if (sub === 0) break;
        }
      }
      let most = 0;
      for (let k = 0; k <= all; k++) most = Math.max(most, counts[k]);
      const worst = most + everywhere;
      if (worst < rows.length && (!best || worst < best.worst)) best = { shift, width, worst };
    }
  }
  if (!best) return leaf(rows);
  const { shift, width } = best, mask = 2 ** width - 1;
  return { mask, shift, used: used | mask << shift, rows, kids: new Array(mask + 1).fill(undefined) };
}

/** Builds branch `k` of a choice. */
function child<S>(node: Choice<S>, k: number): Node<S> | null {
  const rows = node.rows.filter((r) => (((k << node.shift) ^ r.value) & r.mask & (node.mask << node.shift)) === 0);
  return node.kids[k] = rows.length ? build(rows, node.used) : null;
}
