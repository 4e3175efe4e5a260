// Runs hand-built TCG ops in the interpreter on a bare vCPU block: no target, no TLB content, no other threads.
import { createRam } from '../../src/memory/ram.ts';
import { BytecodeEncoder } from '../../src/tcg/bytecode.ts';
import { TCGContext, type Op } from '../../src/tcg/context.ts';
import { generateInterpreter } from '../../src/tcg/interpreter.ts';
import { Type, type Temp } from '../../src/tcg/types.ts';
import { CPUState, CPU_TLB_MIN_BITS, NB_MMU_MODES, TLBDesc, TLBEntry } from '../../src/memory/layout/cpu.ts';
import { TB } from '../../src/memory/layout/tb.ts';

const ENV = 0x10000, GLOBALS = 0x3800, TEMPS = 0x4000, TBA = 0x8000, CODE = 0x40000, TLB = 0x20000;

/** A miniature machine: `n` i64 globals, 8 v128 globals, 64 KiB of flat guest RAM mapped at 0 in MMU index 0. */
export class TcgBench {
  readonly state = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
  readonly ram = createRam(1);
  readonly tcg = new TCGContext();
  readonly g: Temp[];
  readonly v: Temp[];
  readonly pc: Temp;
  readonly dv = new DataView(this.state.buffer);
  readonly ramView = new DataView(this.ram.buffer);
  readonly calls: { name: string; args: number[] }[] = [];
  /** What the slow paths and helpers answer. */
  slow: (name: string, args: number[]) => number = () => 1;
  readonly run: (env: number, tb: number) => number;

  constructor(n = 16) {
    this.g = Array.from({ length: n }, (_, i) => this.tcg.global(Type.I64, GLOBALS + 8 * i, `g${i}`));
    this.v = Array.from({ length: 8 }, (_, i) => this.tcg.global(Type.V128, GLOBALS + 1024 + 16 * i, `v${i}`));
    this.pc = this.tcg.global(Type.I64, GLOBALS + 8 * n, 'pc');
    const helpers = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
    const tbs = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
    const imp = (name: string) => (...args: number[]) => { this.calls.push({ name, args }); return this.slow(name, args); };
    const env = {
      state: this.state, ram: this.ram, tbs, helpers,
      slow_ld: imp('slow_ld'), slow_st: imp('slow_st'), slow_rmw: imp('slow_rmw'), slow_ll: imp('slow_ll'), slow_sc: imp('slow_sc'), slow_cas128: imp('slow_cas128'), helper: imp('helper'),
    };
    const bytes = generateInterpreter({ pcOffset: this.pc.offset, statePages: 64, ramPages: 1 });
    this.run = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports.run;
    for (let i = 0; i < NB_MMU_MODES; i++) {
      const d = ENV + CPUState.off.tlb_d + i * TLBDesc.size;
      this.dv.setUint32(d + TLBDesc.off.mask, ((1 << CPU_TLB_MIN_BITS) - 1) * TLBEntry.size, true);
      this.dv.setUint32(d + TLBDesc.off.table, TLB + i * 0x1000, true);
      for (let k = 0; k < 1 << CPU_TLB_MIN_BITS; k++) {
        const e = TLB + i * 0x1000 + k * TLBEntry.size;
        const tag = i === 0 && k < 16 ? BigInt(k) << 12n : -1n;
        for (const f of ['addr_read', 'addr_write', 'addr_code'] as const) this.dv.setBigInt64(e + TLBEntry.off[f], tag, true);
      }
    }
    this.dv.setUint32(ENV + CPUState.off.jmp_cache, 0x30000, true);
  }

  get(i: number): bigint { return this.dv.getBigUint64(ENV + GLOBALS + 8 * i, true); }
  set(i: number, v: bigint): void { this.dv.setBigUint64(ENV + GLOBALS + 8 * i, BigInt.asUintN(64, v), true); }
  getV(i: number): bigint {
    const a = ENV + GLOBALS + 1024 + 16 * i;
    return this.dv.getBigUint64(a, true) | (this.dv.getBigUint64(a + 8, true) << 64n);
  }
  setV(i: number, v: bigint): void {
    const a = ENV + GLOBALS + 1024 + 16 * i;
    this.dv.setBigUint64(a, v & 0xffffffffffffffffn, true);
    this.dv.setBigUint64(a + 8, v >> 64n, true);
  }

  /** Encodes and runs a list of ops once (an exit_tb is appended); returns what the TB function returned minus the TB address. */
  exec(ops: readonly Op[]): number {
    const enc = new BytecodeEncoder(TEMPS);
    const { size } = enc.encode(ops);
    new Uint8Array(this.state.buffer).set(enc.bytes(size), CODE);
    this.dv.setUint32(TBA + TB.off.code, CODE, true);
    return this.run(ENV, TBA) - TBA;
  }
}
