// Assembles a WebAssembly module: types, imports, functions, exports.
import { WasmCode } from './code.ts';
import { VALTYPE, type ValType } from './opcodes.ts';

interface Func { type: number; locals: ValType[]; code: WasmCode; name: string | undefined }

export class WasmModule {
  #types: string[] = [];
  #typeBytes: Uint8Array[] = [];
  #imports: ((w: WasmCode) => void)[] = [];
  #importedFuncs = 0;
  #importedGlobals = 0;
  #funcs: Func[] = [];
  #exports: { name: string; index: number }[] = [];

  /** Index of the function type (params) → results; equal types share one. */
  type(params: readonly ValType[], results: readonly ValType[]): number {
    const key = `${params}>${results}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    const w = new WasmCode(16);
    w.u8(0x60);
    for (const list of [params, results]) {
      w.uleb(list.length);
      for (const t of list) w.u8(VALTYPE[t]);
    }
    this.#typeBytes.push(w.bytes().slice());
    return this.#types.push(key) - 1;
  }

  /** Imports a function; all imports come before the first `func`. Returns its index. */
  importFunc(module: string, name: string, type: number): number {
    if (this.#funcs.length) throw new Error('imports come before functions');
    this.#import(module, name, (w) => { w.u8(0); w.uleb(type); });
    return this.#importedFuncs++;
  }

  /** Imports a shared memory of at most `maxPages` pages of 64 KiB; `m64` for a 64-bit one. */
  importMemory(module: string, name: string, minPages: number, maxPages: number, m64 = false): void {
    this.#import(module, name, (w) => { w.u8(2); w.u8(m64 ? 0x07 : 0x03); w.uleb(minPages); w.uleb(maxPages); });
  }

  importTable(module: string, name: string, min: number): void {
    this.#import(module, name, (w) => { w.u8(1); w.u8(VALTYPE.funcref); w.u8(0); w.uleb(min); });
  }

  /** Imports an immutable global. Returns its index. */
  importGlobal(module: string, name: string, type: ValType): number {
    this.#import(module, name, (w) => { w.u8(3); w.u8(VALTYPE[type]); w.u8(0); });
    return this.#importedGlobals++;
  }

  #import(module: string, name: string, desc: (w: WasmCode) => void): void {
    this.#imports.push((w) => { str(w, module); str(w, name); desc(w); });
  }

  /**
   * Adds a function; its parameters are locals 0…, `locals` follow. `name` is what profilers show. Returns its index.
   */
  func(type: number, locals: ValType[], code: WasmCode, exportName?: string, name = exportName): number {
    const index = this.#importedFuncs + this.#funcs.length;
    this.#funcs.push({ type, locals, code, name });
    if (exportName) this.#exports.push({ name: exportName, index });
    return index;
  }

  /** The module's bytes. Function bodies get their final `end` here. */
  encode(): Uint8Array<ArrayBuffer> {
    const out = new WasmCode(4096);
    out.raw(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    const section = (id: number, n: number, body: (w: WasmCode) => void) => {
      if (!n) return;
      const w = new WasmCode(256);
      w.uleb(n);
      body(w);
      out.u8(id); out.uleb(w.length); out.raw(w.bytes());
    };
    section(1, this.#typeBytes.length, (w) => { for (const t of this.#typeBytes) w.raw(t); });
    section(2, this.#imports.length, (w) => { for (const i of this.#imports) i(w); });
    section(3, this.#funcs.length, (w) => { for (const f of this.#funcs) w.uleb(f.type); });
    section(7, this.#exports.length, (w) => {
      for (const e of this.#exports) { str(w, e.name); w.u8(0); w.uleb(e.index); }
    });
    const locals = this.#funcs.map((f) => encodeLocals(f.locals));
    this.#branchHints(out, locals);
    section(10, this.#funcs.length, (w) => {
      this.#funcs.forEach((f, k) => {
        w.uleb(locals[k].length + f.code.length + 1);
        w.raw(locals[k]);
        w.raw(f.code.bytes());
        w.u8(0x0b);
      });
    });
    this.#names(out);
    return out.bytes().slice();
  }

  /** Custom section `name` with the functions' names. */
  #names(out: WasmCode): void {
    const named = this.#funcs.map((f, k) => ({ name: f.name, index: this.#importedFuncs + k })).filter((f) => f.name !== undefined);
    if (named.length === 0) return;
    const map = new WasmCode(64), w = new WasmCode(64);
    map.uleb(named.length);
    for (const f of named) { map.uleb(f.index); str(map, f.name!); }
    str(w, 'name');
    w.u8(1); w.uleb(map.length); w.raw(map.bytes());
    out.u8(0); out.uleb(w.length); out.raw(w.bytes());
  }

  /** Custom section that says which way branches go; it comes before the code. Offsets count from a body's locals on. */
  #branchHints(out: WasmCode, locals: readonly Uint8Array[]): void {
    const hinted = this.#funcs.filter((f) => f.code.hints.length);
    if (hinted.length === 0) return;
    const w = new WasmCode(256);
    str(w, 'metadata.code.branch_hint');
    w.uleb(hinted.length);
    this.#funcs.forEach((f, k) => {
      const { hints } = f.code;
      if (hints.length === 0) return;
      w.uleb(this.#importedFuncs + k);
      w.uleb(hints.length);
      for (const h of hints) { w.uleb(locals[k].length + h.at); w.uleb(1); w.u8(h.taken ? 1 : 0); }
    });
    out.u8(0); out.uleb(w.length); out.raw(w.bytes());
  }
}

/** Declaration of a function's locals: runs of equal types. */
function encodeLocals(types: readonly ValType[]): Uint8Array {
  const w = new WasmCode(16), groups: [number, ValType][] = [];
  for (const t of types) {
    const last = groups.at(-1);
    if (last && last[1] === t) last[0]++;
    else groups.push([1, t]);
  }
  w.uleb(groups.length);
  for (const [n, t] of groups) { w.uleb(n); w.u8(VALTYPE[t]); }
  return w.bytes();
}

function str(w: WasmCode, s: string): void {
  const b = new TextEncoder().encode(s);
  w.uleb(b.length);
  w.raw(b);
}
