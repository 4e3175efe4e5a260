// Shows what V8 makes of guest code: TCG ops, size of the region's wasm, host code (x86-64 Linux; needs objdump).
//
//   node scripts/v8-code.ts 'ldr x0,[x1]; dmb ishld; ldr x2,[x3]; ret'    a TB compiled as a region
//   node scripts/v8-code.ts --reorder                                     what two plain loads become, by what stands between
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assemble } from '../src/asm/index.ts';
import { CPUState } from '../src/memory/layout/cpu.ts';
import { TCGContext } from '../src/tcg/context.ts';
import { narrow } from '../src/tcg/opt/narrow.ts';
import { optimize } from '../src/tcg/optimize.ts';
import { compileRegion } from '../src/tcg/region.ts';
import { printOps } from '../src/tcg/text.ts';
import { MEM_RAM, WasmCode } from '../src/tcg/wasm/code.ts';
import { WasmModule } from '../src/tcg/wasm/module.ts';
import { envOff } from '../src/target/arm/env.ts';
import { A64Bench } from '../test/support/a64-bench.ts';

const TB = 0x10000;
const pages = (m: WebAssembly.Memory): number => m.buffer.byteLength / 65536;
const bench = new A64Bench();
const { state, ram } = bench.machine.spec;
const imports = {
  state, ram, tbs: bench.engine.tbs, helpers: new WebAssembly.Table({ element: 'anyfunc', initial: 1 }),
  slow_ld: () => 1, slow_st: () => 1, slow_rmw: () => 1, helper: () => 1,
};

/** Host code of an instance's exported functions once they have run, by the addresses V8 writes for perf. */
function hostCode(module: Uint8Array<ArrayBuffer>, call: (f: Function) => void, dir: string): Map<string, string> {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { env: imports });
  const map = join(dir, `perf-${process.pid}.map`), memory = openSync('/proc/self/mem', 'r'), out = new Map<string, string>();
  for (const [name, f] of Object.entries(exports)) {
    const before = readFileSync(map, 'utf8').length;
    call(f as Function);
    const line = readFileSync(map, 'utf8').slice(before).split('\n').find((l) => l.includes('wasm-function') && l.endsWith('turbofan'));
    if (!line) continue;
    const [at, size] = line.split(' ');
    const code = Buffer.alloc(parseInt(size, 16)), file = join(dir, 'code.bin');
    readSync(memory, code, 0, code.length, BigInt(`0x${at}`));
    writeFileSync(file, code);
    const text = execFileSync('objdump', ['-D', '-b', 'binary', '-m', 'i386:x86-64', '-M', 'intel', '--no-show-raw-insn', file], { encoding: 'utf8' });
    out.set(name, text.slice(text.indexOf('   0:')).trimEnd());
  }
  return out;
}

/** A region of one TB. */
function region(source: string): { ops: string; module: Uint8Array<ArrayBuffer> } {
  const { code } = assemble(source.replaceAll(';', '\n'), { base: 0 });
  const words = new Int32Array(code.slice().buffer), tcg = new TCGContext();
  bench.target.initTcg(tcg);
  tcg.reset();
  bench.target.translate(tcg, { pcLo: 0, pcHi: 0, flags: 0, csBase: 0, cflags: 0, maxInsns: words.length, ldl: (o) => words[o >> 2] });
  const ops = narrow(tcg, optimize(tcg));
  const restored = tcg.globals.filter((g) => bench.target.restoredGlobals.includes(g.name));
  return { ops: printOps(ops), module: compileRegion([{ tb: TB, phys: 0, start: 0, size: 4 * words.length, ops }], { pcOffset: envOff.pc, statePages: pages(state), ramPages: pages(ram), globals: tcg.globals, restored }) };
}

/** r = [a]; `between`; s = [b + 8]; return s - r. Then the same with b = a and an addition. */
const BETWEEN: Readonly<Record<string, (w: WasmCode) => void>> = {
  nothing: () => {},
  atomic_load: (w) => { w.i32Const(TB); w.atomic('i32_load', CPUState.off.exit_request); w.op('drop'); },
  fence: (w) => { w.fence(); },
};
function reorderings(): Uint8Array<ArrayBuffer> {
  const m = new WasmModule(), type = m.type(['i64', 'i64'], ['i64']);
  m.importMemory('env', 'state', pages(state), pages(state));
  m.importMemory('env', 'ram', pages(ram), pages(ram), true);
  const load = (w: WasmCode, local: number, offset = 0) => { w.localGet(local); w.mem('i64_load', offset, MEM_RAM); };
  for (const [name, between] of Object.entries(BETWEEN)) {
    const two = new WasmCode(), again = new WasmCode();
    load(two, 0); two.localSet(2); between(two); load(two, 1, 8); two.localGet(2); two.op('i64_sub');
    load(again, 0); between(again); load(again, 0); again.op('i64_add');
    m.func(type, ['i64'], two, `two_loads_${name}`);
    m.func(type, ['i64'], again, `same_load_${name}`);
  }
  return m.encode();
}

const argument = process.argv[2];
if (argument === undefined) {
  process.stderr.write("usage: node scripts/v8-code.ts 'INSTRUCTIONS' | --reorder\n");
  process.exitCode = 1;
} else if (process.env.V8_CODE_DIR === undefined) {
  // Again, with V8 told to compile at once with TurboFan and to write down where.
  const dir = mkdtempSync(join(tmpdir(), 'v8-code-'));
  try {
    const flags = ['--perf-basic-prof', `--perf-basic-prof-path=${dir}`, '--no-liftoff'];
    process.exitCode = spawnSync(process.execPath, [...flags, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, V8_CODE_DIR: dir } }).status ?? 1;
  } finally {
    rmSync(dir, { recursive: true });
  }
} else {
  const print = (code: Map<string, string>) => { for (const [name, text] of code) process.stdout.write(`${name}\n${text}\n\n`); };
  if (argument === '--reorder') print(hostCode(reorderings(), (f) => f(64n, 128n), process.env.V8_CODE_DIR));
  else {
    const { ops, module } = region(argument);
    process.stdout.write(`${ops}\n${module.length} bytes of wasm\n\n`);
    print(hostCode(module, (f) => f(bench.cpu.base, TB), process.env.V8_CODE_DIR));
  }
}
