// The figures of docs/design: `node test/bench/design-figures.ts [NAME…]`. Medians, and for single instructions the fastest of many short runs: the machine does other things too.
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import { assemble } from '../../src/asm/index.ts';
import { cpuBlockSize } from '../../src/accel/vcpu.ts';
import { GlobalPage, TB } from '../../src/memory/layout/tb.ts';
import { stateLayout } from '../../src/memory/state-layout.ts';
import { BytecodeEncoder } from '../../src/tcg/bytecode.ts';
import { TCGContext } from '../../src/tcg/context.ts';
import { generateInterpreter } from '../../src/tcg/interpreter.ts';
import { OPS } from '../../src/tcg/ops/index.ts';
import { optimize } from '../../src/tcg/optimize.ts';
import { compileRegion } from '../../src/tcg/region.ts';
import { VARIANTS } from '../../src/tcg/variants.ts';
import { CPUARMState, envOff } from '../../src/target/arm/env.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';
import { runGuest, type GuestOptions } from '../support/run-guest.ts';
import { wakeTimes } from './wake.ts';

const MiB = 2 ** 20;
const median = (a: number[]): number => [...a].sort((x, y) => x - y)[a.length >> 1];
const print = (name: string, value: string): void => { process.stdout.write(`${name.padEnd(46)} ${value}\n`); };
/** Median of `runs` calls, in ms. */
const time = (runs: number, f: () => void): number => median(Array.from({ length: runs }, () => { const t = performance.now(); f(); return performance.now() - t; }));

const words = (source: string): number[] => [...new Int32Array(assemble(source, { base: 0x1000 }).code.slice().buffer)];
const pages = (m: WebAssembly.Memory): number => m.buffer.byteLength / 65536;

/** A bench machine on which loops can be compiled. */
class Tiers {
  readonly bench = new A64Bench(allFeatures(true), registerFpHelpers, 1, true);
  readonly compiler: RegionCompiler;
  constructor() {
    const { state, ram } = this.bench.machine.spec;
    this.compiler = new RegionCompiler(this.bench.machine, this.bench.target, { pcOffset: envOff.pc, statePages: pages(state), ramPages: pages(ram) });
  }
  /** Seconds a run of `n` iterations takes, after V8 has had time to optimise: the fastest of 25. */
  seconds(n: number): number {
    const run = () => { this.bench.setX(9, BigInt(n)); this.bench.setX(1, 0x8000n); this.bench.setX(2, 0x8ffcn); this.bench.run(0x1000); };
    const until = performance.now() + 400;
    while (performance.now() < until) run();
    return Math.min(...Array.from({ length: 25 }, () => time(1, run))) / 1000;
  }
  load(source: string): void { this.bench.load(0x1000, words(source)); }
  /** Compiles the TB at `pc` with its loop. */
  compile(pc: number): void {
    const { engine, machine } = this.bench;
    const tb = engine.store.tbsOfPage(1).find((x) => engine.store.phys(x) === pc)!;
    this.compiler.compileNow(tb, Atomics.load(machine.i32, machine.global('tb_gen')));
    if (Atomics.load(machine.i32, tb + TB.off.fn >>> 2) === 0) throw new Error('the loop was not compiled');
  }
}

/** ns of one instruction, repeated in a loop, less the empty loop; interpreter and region. */
function instruction(body: string, repeat = 8, n = 10_000): [number, number] {
  const program = (k: number) => `loop:\n${`${body}\n`.repeat(k)} subs x9, x9, #1\n b.ne loop\n udf #0\n`;
  const ns = (k: number, compiled: boolean): number => {
    const t = new Tiers();
    t.load(program(k));
    t.seconds(1000);
    if (compiled) t.compile(0x1000);
    return t.seconds(n) / n * 1e9;
  };
  return [false, true].map((c) => (ns(repeat, c) - ns(0, c)) / repeat) as [number, number];
}

const LOOP = 'loop:\n add x3, x3, x4\n eor x5, x3, x4, lsl #3\n and x6, x5, #0xffff\n sub x7, x7, x6\n orr x8, x7, x3\n lsr x4, x8, #3\n subs x9, x9, #1\n b.ne loop\n udf #0\n';
const TYPICAL = 'ldr x0, [x1]\n add x2, x0, #8\n cmp x2, x3\n str x2, [x1, #8]\n ubfx x4, x2, #4, #8\n ldrb w5, [x1, x4]\n orr w5, w5, #1\n strb w5, [x1, #3]\n ldp x6, x7, [x1, #16]\n csel x8, x6, x7, lo\n madd x9, x8, x7, x6\n cbnz x9, .\n';

const figures: Record<string, () => void | Promise<void>> = {
  /** Sizes of shared memory. */
  memory() {
    for (const [cpus, ram] of [[1, 128], [4, 1024], [64, 4096]]) {
      const l = stateLayout({ nrCpus: cpus, cpuBlockBytes: cpuBlockSize(CPUARMState), ramBytes: (ram + 128) * MiB, tbSize: 128 * MiB, deviceBytes: 65536 });
      print(`state, ${cpus} vCPUs, ${ram} MiB of RAM`, `${(l.totalBytes / MiB).toFixed(0)} MiB: a vCPU ${((l.cpuStride + l.cacheStride) / 1024).toFixed(0)} KiB, `
        + `pages ${(l.nrPages * 32 / MiB).toFixed(0)}, TBs ${(l.tbBytes / MiB).toFixed(0)} (${l.tbBytes / TB.size}), QHT ${(l.qhtBytes / MiB).toFixed(0)}, code ${l.codeBytes / MiB} MiB`);
    }
    print('global page', `${GlobalPage.size} bytes`);
  },

  /** The interpreter's own size, and speed of both tiers on a loop of 8 integer instructions. */
  tiers() {
    const bytes = generateInterpreter({ pcOffset: envOff.pc, statePages: 1, ramPages: 1 }).length;
    print('ops, interpreter cases, module', `${OPS.length}, ${VARIANTS.length}, ${(bytes / 1024).toFixed(0)} KiB`);
    print('generating the module', `${time(5, () => generateInterpreter({ pcOffset: envOff.pc, statePages: 1, ramPages: 1 })).toFixed(1)} ms`);
    const t = new Tiers(), n = 100_000;
    t.load(LOOP);
    const cold = t.seconds(n);
    t.compile(0x1000);
    const hot = t.seconds(n);
    const mips = (s: number) => `${(8 * n / s / 1e6).toFixed(0)} MIPS`;
    print('integer loop: interpreter, region', `${mips(cold)}, ${mips(hot)}, ratio ${(cold / hot).toFixed(1)}`);
  },

  /** Cost of translation by stage, for a TB of 12 typical instructions. */
  translate() {
    const b = new A64Bench(), code = words(TYPICAL), tcg = new TCGContext(), encoder = new BytecodeEncoder(16384), n = 300;
    b.target.initTcg(tcg);
    const translate = () => { tcg.reset(); b.target.translate(tcg, { pcLo: 0, pcHi: 0, flags: 0, csBase: 0, cflags: 0, maxInsns: 512, ldl: (o) => code[o >> 2] }); };
    const many = (f: () => void) => () => { for (let i = 0; i < n; i++) f(); };
    const us = (f: () => void) => { time(9, many(f)); return time(15, many(f)) / n * 1000; };
    translate();
    const before = tcg.ops.length, ops = optimize(tcg), size = encoder.encode(ops).size;
    const one = us(translate), two = us(() => { translate(); optimize(tcg); }), three = us(() => { translate(); encoder.encode(optimize(tcg)); });
    print('ops before and after the optimiser, bytecode', `${before}, ${ops.length}, ${size} bytes (${(size / code.length).toFixed(1)} an instruction)`);
    print('decode and build, optimise, encode', `${one.toFixed(1)}, ${(two - one).toFixed(1)}, ${(three - two).toFixed(1)} µs; ${(three / code.length).toFixed(2)} µs an instruction`);
    const options = { pcOffset: envOff.pc, statePages: pages(b.machine.spec.state), ramPages: pages(b.machine.spec.ram), globals: tcg.globals, restored: [] };
    translate();
    const opt = [...optimize(tcg)];
    const region = () => compileRegion([{ tb: 0x10000, phys: 0, start: 0, size: code.length * 4, ops: opt }], options);
    print('the same as a region', `${us(region).toFixed(0)} µs, ${region().length} bytes of wasm`);
    print('new WebAssembly.Module of it', `${(time(15, many(() => new WebAssembly.Module(region()))) / n * 1000 - us(region)).toFixed(0)} µs (bytes V8 has seen before)`);
  },

  /** Guest accesses and barriers in both tiers. */
  order() {
    const rows: Record<string, string> = {
      'add': 'add x3, x3, #1', 'ldr': 'ldr x0, [x1]', 'str': 'str x0, [x1]', 'ldar': 'ldar x0, [x1]', 'stlr': 'stlr x0, [x1]', 'ldapr': 'ldapr x0, [x1]',
      'ldadd': 'ldadd x0, x3, [x1]', 'ldaddal': 'ldaddal x0, x3, [x1]', 'swp': 'swp x0, x3, [x1]', 'cas': 'cas x0, x3, [x1]', 'ldxr + stxr': 'ldxr x0, [x1]\n stxr w3, x0, [x1]',
      'ldr + dmb ishld': 'ldr x0, [x1]\n dmb ishld', 'str + dmb ishst': 'str x0, [x1]\n dmb ishst', 'ldr + dmb ish': 'ldr x0, [x1]\n dmb ish', 'str + dmb ish': 'str x0, [x1]\n dmb ish',
    };
    for (const [name, body] of Object.entries(rows)) {
      const [cold, hot] = instruction(body);
      print(name, `interpreter ${cold.toFixed(1)} ns, region ${hot.toFixed(1)} ns`);
    }
  },

  /** Look-ups and chaining, from TypeScript. */
  lookup() {
    const b = new A64Bench(), { store } = b.engine, { tlb } = b.engine.mmu(b.cpu), n = 20_000;
    b.load(0x1000, words('b .'));
    const tbs = Array.from({ length: 1000 }, (_, k) => {
      const page = k % 200, done = store.insert({ phys: page * 4096 + 4 * k % 4096, flags: k, csBase: 0, cflags: 0 },
        { size: 4, icount: 1, code: new Uint8Array(16), insns: [0, 0], guest: [0] }, store.protectPage(page));
      return 'tb' in done ? done.tb : 0;
    });
    const ns = (f: (k: number) => void) => { const all = () => { for (let i = 0; i < n; i++) f(i % 1000); }; time(9, all); return `${(time(15, all) / n * 1e6).toFixed(0)} ns`; };
    tlb.cacheJump(0x4000, 0, tbs[0]);
    print('tb_jmp_cache', ns(() => { tlb.cachedJump(0x4000, 0); }));
    print('QHT look-up', ns((k) => { store.lookup((k % 200) * 4096 + 4 * k % 4096, k, 0, 0); }));
    print('store to a code page, nothing overlapped', ns((k) => { store.storeToCodePage((k % 200) * 4096 + 4092, 4, () => {}); }));
    print('link and unlink', ns((k) => { store.link(tbs[k], 0, tbs[(k + 1) % 1000]); b.machine.i32[tbs[k] + TB.off.jmp_dest >>> 2] = 0; b.machine.i32[tbs[(k + 1) % 1000] + TB.off.jmp_list_head >>> 2] = 0; }));
    const empty = new A64Bench();
    let k = 0;
    const insert = () => empty.engine.store.insert({ phys: (k % 256) * 4096, flags: k++, csBase: 0, cflags: 0 }, { size: 4, icount: 1, code: new Uint8Array(64), insns: [0, 0], guest: [0] }, empty.engine.store.codeGen((k - 1) % 256));
    print('insert a TB of 64 bytes of bytecode', ns(insert));
  },

  /** softmmu paths of one vCPU. */
  softmmu() {
    const b = new A64Bench(), mmu = b.engine.mmu(b.cpu), n = 2000;
    const ns = (f: () => void) => { const all = () => { for (let i = 0; i < n; i++) f(); }; time(9, all); return `${(time(15, all) / n * 1e6).toFixed(0)} ns`; };
    mmu.probeAccess(0x8000, 0, 8, 0, 0);
    print('slow path, entry there', ns(() => { mmu.probeAccess(0x8000, 0, 8, 0, 0); }));
    print('flush of a page, then a fill (no page walk)', ns(() => { mmu.tlbFlushPage(0x8000, 0, 1); mmu.probeAccess(0x8000, 0, 8, 0, 0); }));
    print('flush of one page', ns(() => { mmu.tlbFlushPage(0x8000, 0, 7); }));
    print('flush of everything, one entry in use', ns(() => { mmu.tlbFlush(7); mmu.probeAccess(0x8000, 0, 8, 0, 0); }));
    const [cross, hot] = instruction('ldr x0, [x2]', 4, 20_000);
    print('load that crosses a page', `interpreter ${cross.toFixed(0)} ns, region ${hot.toFixed(0)} ns`);
  },

  /** A sleeping thread of this host, after 5 ms of silence. */
  async wake() {
    for (const how of ['Atomics.wait', 'Atomics.waitAsync'] as const) print(`${how}: from notify to the first line`, `${median(await wakeTimes(how)).toFixed(0)} µs`);
  },

  /** What leaves generated code, seen by a guest on the whole machine. */
  async guest() {
    const N = 4000;
    const cases: readonly (readonly [string, string])[] = [
      ['GIC register (local device)', 'ldr w0, [x20]'],
      ['UARTFR (shadowed register)', 'ldr w0, [x21, #0x18]'],
      ['RTCDR (mailbox to the main thread)', 'ldr w0, [x22]'],
      ['MRS CNTVCT_EL0', 'mrs x0, cntvct_el0'],
      ['HVC, PSCI_VERSION', 'mov w0, #0x84000000\n hvc #0'],
      ['TLBI VMALLE1', 'tlbi vmalle1\n dsb nsh'],
      ['TLBI VMALLE1IS', 'tlbi vmalle1is\n dsb ish'],
    ];
    const source = `
_start: ldr x20, =0x08000008
        ldr x21, =0x09000000
        ldr x22, =0x09010000
        adr x23, cell
        mov x24, #1
        ldr x0, =0xc4000003
        mov x1, #1
        adr x2, second
        mov x3, #0
        hvc #0
        cbnz x0, ready
1:      ldr w0, [x23, #16]
        cbz w0, 1b
ready:
${cases.map(([, body], k) => `        mov x25, #${N}\n        mrs x26, cntvct_el0\nc${k}: ${body}\n        subs x25, x25, #1\n        b.ne c${k}\n        mrs x27, cntvct_el0\n        sub x0, x27, x26\n        bl put`).join('\n')}
        ldr x0, =0x84000008
        hvc #0
second: adr x1, cell
        mov w2, #1
        str w2, [x1, #16]
spin:   SECOND
        b spin
put:    mov x5, #64
2:      sub x5, x5, #4
        lsr x6, x0, x5
        and x6, x6, #15
        cmp x6, #10
        add x7, x6, #48
        add x8, x6, #87
        csel x6, x7, x8, lo
3:      ldr w7, [x21, #0x18]
        tbnz w7, #5, 3b
        strb w6, [x21]
        cbnz x5, 2b
        mov w6, #10
        strb w6, [x21]
        ret
        .ltorg
        .balign 16
cell:   .space 64
`;
    const machines: readonly (readonly [string, GuestOptions, string])[] = [
      ['1 vCPU', { cpus: 1 }, 'nop'], ['2 vCPUs, the other in WFI', { cpus: 2 }, 'wfi'], ['2 vCPUs, the other in a loop', { cpus: 2 }, 'nop'], ['2 vCPUs on one thread', { cpus: 2, thread: 'single' }, 'wfi'],
    ];
    for (const [name, options, second] of machines) {
      const runs: number[][] = [];
      for (let run = 0; run < 5; run++) {
        const image = assemble(source.replace('SECOND', second), { base: 0x40080000 }).code;
        const { output } = await runGuest(image, { cpuModel: 'max', ...options });
        runs.push(output.trim().split('\n').map((l) => Number(BigInt(`0x${l}`)) * 16 / N));
      }
      cases.forEach(([what], k) => { print(`${name}: ${what}`, `${(median(runs.map((r) => r[k])) / 1000).toFixed(2)} µs`); });
    }
  },
};

const wanted = process.argv.slice(2);
for (const name of wanted.length ? wanted : Object.keys(figures)) {
  const f = figures[name];
  if (!f) throw new Error(`no figure '${name}'; there are ${Object.keys(figures).join(', ')}`);
  process.stdout.write(`--- ${name}\n`);
  await f();
}
