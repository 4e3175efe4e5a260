// Moves 1, 2, 4, 8 or 16 bytes between guest RAM and the vCPU blocks in one host access each, aligned or not.
//
// A slow path's access must be as whole as the fast path's: with FEAT_LSE2 a guest may rely on unaligned accesses inside
// 16 bytes, which typed arrays cannot make, and on pairs of doublewords.
import { isWideRam } from '../memory/ram.ts';
import { MEM_RAM, MEM_STATE, WasmCode } from '../tcg/wasm/code.ts';
import { WasmModule } from '../tcg/wasm/module.ts';
import type { Machine } from './machine-view.ts';

/** (offset in ram, offset in state). */
type Move = (ram: number, state: number) => void;

/** Sizes by log2; 16 bytes are a vector. */
const INT = [['i32_load8_u', 'i32_store8'], ['i32_load16_u', 'i32_store16'], ['i32_load', 'i32_store'], ['i64_load', 'i64_store']] as const;
const PAGE = 65536;

/** Bytes of the module: functions in0…in4 (ram to state) and out0…out4 by log2 of the size. */
function encode(statePages: number, ramPages: number): Uint8Array<ArrayBuffer> {
  const m = new WasmModule(), wide = isWideRam(ramPages);
  m.importMemory('env', 'state', statePages, statePages);
  m.importMemory('env', 'ram', ramPages, ramPages, wide);
  const type = m.type(['f64', 'i32'], []);
  for (const [name, from, to] of [['in', MEM_RAM, MEM_STATE], ['out', MEM_STATE, MEM_RAM]] as const) {
    for (let k = 0; k <= 4; k++) {
      const w = new WasmCode(32);
      const ram = () => { w.localGet(0); w.op(wide ? 'i64_trunc_f64_u' : 'i32_trunc_f64_u'); }, state = () => w.localGet(1);
      if (to === MEM_RAM) { ram(); state(); } else { state(); ram(); }
      if (k === 4) { w.vmem('v128_load', 0, from); w.vmem('v128_store', 0, to); }
      else { w.mem(INT[k][0], 0, from); w.mem(INT[k][1], 0, to); }
      m.func(type, [], w, `${name}${k}`);
    }
  }
  return m.encode();
}

export class RamCopy {
  readonly #in: Move[];
  readonly #out: Move[];

  constructor({ spec: { state, ram } }: Machine) {
    const module = new WebAssembly.Module(encode(state.buffer.byteLength / PAGE, ram.buffer.byteLength / PAGE));
    const { exports } = new WebAssembly.Instance(module, { env: { state, ram } });
    const all = (name: string) => [0, 1, 2, 3, 4].map((k) => exports[`${name}${k}`] as unknown as Move);
    this.#in = all('in');
    this.#out = all('out');
  }

  /** state[dst …] = ram[at …]. Sizes that are no power of two go by bytes: they are part of an access that crosses pages. */
  read(at: number, n: number, dst: number): void { RamCopy.#move(this.#in, at, n, dst); }
  /** ram[at …] = state[src …]. */
  write(at: number, n: number, src: number): void { RamCopy.#move(this.#out, at, n, src); }

  static #move(by: readonly Move[], at: number, n: number, state: number): void {
    if ((n & (n - 1)) === 0) return by[31 - Math.clz32(n)](at, state);
    for (let i = 0; i < n; i++) by[0](at + i, state + i);
  }
}
