// The text form of a module of our own encoder: `-d out_asm`, reports of differences between the tiers.
import { ATOMIC, LANE, MEM, OP, SIMD, VALTYPE, VMEM } from './opcodes.ts';

/** What follows an opcode in the binary format. */
type Operands = 'none' | 'block' | 'else' | 'end' | 'label' | 'labels' | 'function' | 'indirect' | 'local' | 'global' | 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'mem' | 'lane' | 'lanes' | 'fence';
interface Instruction { readonly name: string; readonly operands: Operands; readonly align?: number }

/** `i64_load8_u` → `i64.load8_u`: our tables spell the text format's dots as underscores. */
const dotted = (name: string): string => name.replace(/^([if]\d+(?:x\d+)?|v128)_/, '$1.');
/** `i64_rmw8_add_u` → `i64.atomic.rmw8.add_u`; `notify` → `memory.atomic.notify`. */
const atomicName = (name: string): string =>
  (/^notify|^wait/.test(name) ? `memory.atomic.${name}` : name.replace(/^(i\d+)_/, '$1.atomic.').replace(/\.(rmw\d*)_/, '.$1.'));

const table = (rows: Iterable<readonly [number, Instruction]>): ReadonlyMap<number, Instruction> => new Map(rows);
const simple = (t: Readonly<Record<string, number>>, operands: Operands = 'none') =>
  Object.entries(t).map(([name, code]) => [code, { name: dotted(name), operands }] as const);
const memory = (t: Readonly<Record<string, readonly [number, number]>>, name = dotted) =>
  Object.entries(t).map(([n, [code, align]]) => [code, { name: name(n), operands: 'mem', align }] as const);

/** Single-byte opcodes: the encoder's table, and what WasmCode writes by methods of its own. */
const PLAIN = table([
  ...simple(OP), ...memory(MEM),
  [0x02, { name: 'block', operands: 'block' }], [0x03, { name: 'loop', operands: 'block' }], [0x04, { name: 'if', operands: 'block' }],
  [0x05, { name: 'else', operands: 'else' }], [0x0b, { name: 'end', operands: 'end' }],
  [0x0c, { name: 'br', operands: 'label' }], [0x0d, { name: 'br_if', operands: 'label' }], [0x0e, { name: 'br_table', operands: 'labels' }],
  [0x10, { name: 'call', operands: 'function' }], [0x11, { name: 'call_indirect', operands: 'indirect' }],
  [0x12, { name: 'return_call', operands: 'function' }], [0x13, { name: 'return_call_indirect', operands: 'indirect' }],
  [0x20, { name: 'local.get', operands: 'local' }], [0x21, { name: 'local.set', operands: 'local' }], [0x22, { name: 'local.tee', operands: 'local' }],
  [0x23, { name: 'global.get', operands: 'global' }],
  [0x41, { name: 'i32.const', operands: 'i32' }], [0x42, { name: 'i64.const', operands: 'i64' }],
  [0x43, { name: 'f32.const', operands: 'f32' }], [0x44, { name: 'f64.const', operands: 'f64' }],
]);
const VECTOR = table([
  ...simple(SIMD), ...simple(LANE, 'lane'), ...memory(VMEM),
  [12, { name: 'v128.const i64x2', operands: 'v128' }], [13, { name: 'i8x16.shuffle', operands: 'lanes' }],
]);
const ATOMICS = table([...memory(ATOMIC, atomicName), [0x03, { name: 'atomic.fence', operands: 'fence' }]]);

const VALTYPES = new Map<number, string>(Object.entries(VALTYPE).map(([name, code]) => [code, name]));

class Reader {
  readonly bytes: Uint8Array;
  at: number;
  constructor(bytes: Uint8Array, at = 0) { this.bytes = bytes; this.at = at; }

  u8(): number { return this.bytes[this.at++]; }
  uleb(): number {
    for (let v = 0, scale = 1; ; scale *= 128) {
      const b = this.u8();
      v += (b & 0x7f) * scale;
      if (b < 0x80) return v;
    }
  }
  sleb(): bigint {
    for (let v = 0n, shift = 0n; ;) {
      const b = this.u8();
      v |= BigInt(b & 0x7f) << shift;
      shift += 7n;
      if (b < 0x80) return BigInt.asIntN(Number(shift), v);
    }
  }
  take(n: number): Uint8Array { return this.bytes.subarray(this.at, this.at += n); }
  name(): string { return new TextDecoder().decode(this.take(this.uleb())); }
  view(n: number): DataView { const b = this.take(n); return new DataView(b.buffer, b.byteOffset, n); }
  types(): string[] { return Array.from({ length: this.uleb() }, () => VALTYPES.get(this.u8())!); }
}

/** Numbers of the binary format that the text writes as names. */
interface Names { readonly functions: string[]; readonly memories: string[]; readonly tables: string[]; readonly globals: string[]; readonly functionTypes: number[] }

const signature = ({ params, results }: { params: string[]; results: string[] }): string =>
  (params.length ? ` (param ${params.join(' ')})` : '') + (results.length ? ` (result ${results.join(' ')})` : '');

/** One function's instructions, a line each. */
function body(r: Reader, end: number, names: Names, hints: ReadonlyMap<number, boolean>, from: number): string[] {
  const out: string[] = [];
  let depth = 2;
  while (r.at < end) {
    const hint = hints.get(r.at - from), first = r.u8();
    const row = first === 0xfd ? VECTOR.get(r.uleb()) : first === 0xfe ? ATOMICS.get(r.uleb()) : PLAIN.get(first);
    if (!row) throw new Error(`opcode 0x${first.toString(16)} at ${r.at - 1} is none of the encoder's`);
    if (row.operands === 'end' && r.at === end) break;
    if (row.operands === 'end' || row.operands === 'else') depth--;
    const hinted = hint === undefined ? '' : `(@metadata.code.branch_hint "\\${hint ? '01' : '00'}") `;
    out.push(`${'  '.repeat(depth)}${hinted}${row.name}${operandText(r, row, names)}`);
    if (row.operands === 'block' || row.operands === 'else') depth++;
  }
  return out;
}

function operandText(r: Reader, row: Instruction, names: Names): string {
  switch (row.operands) {
    case 'none': case 'else': case 'end': return '';
    case 'fence': r.u8(); return '';
    case 'block': { const type = r.u8(); return type === 0x40 ? '' : ` (result ${VALTYPES.get(type)})`; }
    case 'label': case 'local': return ` ${r.uleb()}`;
    case 'global': return ` $${names.globals[r.uleb()]}`;
    case 'labels': return ` ${Array.from({ length: r.uleb() + 1 }, () => r.uleb()).join(' ')}`;
    case 'function': return ` $${names.functions[r.uleb()]}`;
    case 'indirect': { const type = r.uleb(); return ` $${names.tables[r.uleb()]} (type ${type})`; }
    case 'i32': case 'i64': return ` ${r.sleb()}`;
    case 'f32': return ` ${floatText(r.view(4).getFloat32(0, true))}`;
    case 'f64': return ` ${floatText(r.view(8).getFloat64(0, true))}`;
    case 'v128': { const v = r.view(16); return ` ${[0, 8].map((k) => `0x${v.getBigUint64(k, true).toString(16)}`).join(' ')}`; }
    case 'lane': return ` ${r.u8()}`;
    case 'lanes': return ` ${[...r.take(16)].join(' ')}`;
    case 'mem': {
      const flags = r.uleb(), mem = flags & 0x40 ? r.uleb() : 0, align = flags & 0x3f, offset = r.uleb();
      return ` $${names.memories[mem]}${offset ? ` offset=${offset}` : ''}${align === row.align ? '' : ` align=${2 ** align}`}`;
    }
  }
}

const floatText = (x: number): string => (Number.isNaN(x) ? 'nan' : x === Infinity ? 'inf' : x === -Infinity ? '-inf' : Object.is(x, -0) ? '-0' : String(x));

/**
 * Text of a module (WebAssembly core specification, chapter 6, flat form), one instruction a line. Knows what the encoder
 * writes; Error at anything else.
 */
export function moduleText(bytes: Uint8Array): string {
  const r = new Reader(bytes, 8), out = ['(module'];
  const names: Names = { functions: [], memories: [], tables: [], globals: [], functionTypes: [] };
  const types: { params: string[]; results: string[] }[] = [], exported = new Map<number, string>();
  const hints = new Map<number, Map<number, boolean>>();
  let imported = 0;
  const limits = (): { text: string; wide: boolean } => {
    const flags = r.uleb(), min = r.uleb(), max = flags & 1 ? ` ${r.uleb()}` : '';
    return { text: `${min}${max}${flags & 2 ? ' shared' : ''}`, wide: (flags & 4) !== 0 };
  };
  while (r.at < bytes.length) {
    const id = r.u8(), end = r.uleb() + r.at;
    if (id === 0) {
      if (r.name() === 'metadata.code.branch_hint') {
        for (let n = r.uleb(); n > 0; n--) {
          const f = r.uleb(), at = new Map<number, boolean>();
          for (let k = r.uleb(); k > 0; k--) { const offset = r.uleb(); r.uleb(); at.set(offset, r.u8() === 1); }
          hints.set(f, at);
        }
      }
    } else if (id === 1) {
      for (let n = r.uleb(); n > 0; n--) {
        r.u8();
        types.push({ params: r.types(), results: r.types() });
        out.push(`  (type (func${signature(types.at(-1)!)}))`);
      }
    } else if (id === 2) {
      for (let n = r.uleb(); n > 0; n--) {
        const module = r.name(), name = r.name(), kind = r.u8();
        if (kind === 0) { names.functions.push(name); const type = r.uleb(); names.functionTypes.push(type); imported++; out.push(`  (import "${module}" "${name}" (func $${name} (type ${type})))`); }
        else if (kind === 1) { names.tables.push(name); r.u8(); out.push(`  (import "${module}" "${name}" (table $${name} ${limits().text} funcref))`); }
        else if (kind === 3) { const type = VALTYPES.get(r.u8()); r.u8(); names.globals.push(`${module}${name}`); out.push(`  (import "${module}" "${name}" (global $${module}${name} ${type}))`); }
        else { names.memories.push(name); const l = limits(); out.push(`  (import "${module}" "${name}" (memory $${name} ${l.wide ? 'i64 ' : ''}${l.text}))`); }
      }
    } else if (id === 3) {
      for (let n = r.uleb(); n > 0; n--) names.functionTypes.push(r.uleb());
    } else if (id === 7) {
      for (let n = r.uleb(); n > 0; n--) { const name = r.name(); r.u8(); exported.set(r.uleb(), name); }
      for (let n = imported; n < names.functionTypes.length; n++) names.functions.push(exported.get(n) ?? `f${n}`);
    } else if (id === 10) {
      r.uleb();
      for (let f = imported; f < names.functionTypes.length; f++) {
        const bodyEnd = r.uleb() + r.at, from = r.at, type = types[names.functionTypes[f]], locals: string[] = [];
        for (let n = r.uleb(); n > 0; n--) { const count = r.uleb(), t = VALTYPES.get(r.u8())!; for (let k = 0; k < count; k++) locals.push(t); }
        const name = exported.get(f);
        out.push(`  (func $${names.functions[f]}${name === undefined ? '' : ` (export "${name}")`} (type ${names.functionTypes[f]})${signature(type)}`);
        if (locals.length) out.push(`    (local ${locals.join(' ')})`);
        out.push(...body(r, bodyEnd, names, hints.get(f) ?? new Map(), from), '  )');
      }
    }
    r.at = end;
  }
  return `${out.join('\n')}\n)\n`;
}
