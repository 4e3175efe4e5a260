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
interface Compiled<S> { row: DecodeRow<S>; mask: number; value: number; fields: Field[] }

/**
 * Compiles one pattern. Tokens, most significant first, blanks between them are free:
 *   `0` `1` fixed bits, `x` ignored bit, `name:width` a field, `name:sWIDTH` a sign-extended one.
 * A field name used twice is concatenated, first occurrence most significant; it is signed when its first part is.
 */
export function compilePattern(pattern: string, bits = 32): { mask: number; value: number; fields: Field[] } {
  let at = bits, mask = 0, value = 0;
  const fields = new Map<string, Field>();
  for (const token of pattern.trim().split(/\s+/)) {
    const f = /^([a-z_]\w*):(s?)(\d+)$/i.exec(token);
    if (f) {
      const width = Number(f[3]);
      at -= width;
      if (width === 0) throw new Error(`pattern '${pattern}': field '${f[1]}' has no bits`);
      const field = fields.get(f[1]) ?? { name: f[1], parts: [], signed: f[2] === 's', width: 0 };
      field.parts.push({ shift: at, width });
      field.width += width;
      fields.set(f[1], field);
    } else if (/^[01x]+$/.test(token)) {
      for (const c of token) {
        at--;
        if (c === 'x') continue;
        mask |= 1 << at;
        if (c === '1') value |= 1 << at;
      }
    } else throw new Error(`pattern '${pattern}': bad token '${token}'`);
  }
  if (at !== 0) throw new Error(`pattern '${pattern}': ${bits - at} bits, not ${bits}`);
  return { mask, value, fields: [...fields.values()] };
}

function extract(fields: readonly Field[], insn: number): Fields {
  const a: Fields = {};
  for (const f of fields) {
    let v = 0;
    for (const p of f.parts) v = (v << p.width) | ((insn >>> p.shift) & (p.width === 32 ? -1 : (1 << p.width) - 1));
    if (f.signed) v = (v << (32 - f.width)) >> (32 - f.width);
    a[f.name] = v;
  }
  return a;
}

type Node<S> = { mask: number; shift: number; kids: (Node<S> | undefined)[] } | { rows: Compiled<S>[] };

/** True when some word matches both rows. */
const overlap = (a: { mask: number; value: number }, b: { mask: number; value: number }) => ((a.value ^ b.value) & a.mask & b.mask) === 0;
const contains = (outer: number, inner: number) => (outer & inner) === inner && outer !== inner;

/**
 * A compiled table. Two rows may overlap only when one fixes strictly more bits than the other and agrees with it:
 * the more specific one is tried first. Any other overlap throws at load.
 */
export class Decoder<S> {
  readonly rows: readonly Compiled<S>[];
  readonly #root: Node<S>;

  constructor(rows: readonly DecodeRow<S>[]) {
    const compiled = rows.map((row) => ({ row, ...compilePattern(row.pattern) }));
    for (let i = 0; i < compiled.length; i++) {
      for (let j = i + 1; j < compiled.length; j++) {
        const a = compiled[i], b = compiled[j];
        if (overlap(a, b) && !contains(a.mask, b.mask) && !contains(b.mask, a.mask)) {
          throw new Error(`decode rows '${a.row.name}' (${a.row.pattern}) and '${b.row.name}' (${b.row.pattern}) overlap`);
        }
      }
    }
    this.rows = compiled;
    this.#root = build(compiled, 0);
  }

  /** Translates one instruction word; false when no row takes it. */
  decode(s: S, insn: number): boolean {
    let node = this.#root;
    while ('kids' in node) {
      const kid: Node<S> | undefined = node.kids[(insn >>> node.shift) & node.mask];
      if (!kid) return false;
      node = kid;
    }
    for (const r of node.rows) {
      if (((insn ^ r.value) & r.mask) === 0 && r.row.trans(s, extract(r.fields, insn))) return true;
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

/** Splits on the run of bits (up to 8, not in `used`) that spreads the rows best; rows with those bits open go to every branch they match. */
function build<S>(rows: Compiled<S>[], used: number): Node<S> {
  const leaf = (): Node<S> => ({ rows: [...rows].sort((a, b) => popcount(b.mask) - popcount(a.mask)) });
  if (rows.length <= 2) return leaf();
  let best: { shift: number; width: number; worst: number } | undefined;
  const counts = new Int32Array(256);
  for (let width = 2; width <= 8; width++) {
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
  if (!best) return leaf();
  const { shift, width } = best;
  const m = (2 ** width - 1) << shift;
  const kids: (Node<S> | undefined)[] = [];
  for (let k = 0; k < 1 << width; k++) {
    const sub = rows.filter((r) => (((k << shift) ^ r.value) & r.mask & m) === 0);
    kids.push(sub.length ? build(sub, used | m) : undefined);
  }
  return { mask: 2 ** width - 1, shift, kids };
}
