// Builds the AssemblyScript helper modules into build/: `node scripts/build-wasm.ts`.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { envOff } from '../src/target/arm/env.ts';
import { OFFSETS_SECTION } from '../src/target/arm/helpers/wasm-module.ts';

const root = join(import.meta.dirname, '..');
/** Custom section of a built module: digest of all that it was built from. */
const SOURCES_SECTION = 'mttcg.sources';

/** Fields of the vCPU block that AssemblyScript code reaches, by its constant's name. */
const ARM_OFFSETS = {
  FPCR: envOff.fpcr, FPSR: envOff.fpsr, VEC_SCRATCH: envOff.vec_scratch,
  SCTLR_EL1: envOff.sctlr_el1, TCR_EL1: envOff.tcr_el1, APIA: envOff.apia, APIB: envOff.apib, APDA: envOff.apda, APDB: envOff.apdb, APGA: envOff.apga,
};

/** The AssemblyScript source that declares those offsets. */
export function offsetsSource(offsets: Readonly<Record<string, number>> = ARM_OFFSETS): string {
  const lines = Object.entries(offsets).map(([name, at]) => `export const ${name}: usize = ${at};`);
  return `// Byte offsets from the vCPU block. Generated from src/target/arm/env.ts by scripts/build-wasm.ts.\n${lines.join('\n')}\n`;
}

interface Module { name: string; entry: string; offsets: string }
export const MODULES: readonly Module[] = [
  { name: 'arm-helpers', entry: 'src/target/arm/assembly/index.ts', offsets: 'src/target/arm/assembly/offsets.ts' },
];

const uleb = (n: number): number[] => (n < 0x80 ? [n] : [n & 0x7f | 0x80, ...uleb(n >>> 7)]);
function readUleb(b: Uint8Array, at: number): [value: number, next: number] {
  let v = 0;
  for (let s = 0; ; s += 7) {
    const byte = b[at++];
    v |= (byte & 0x7f) << s;
    if (byte < 0x80) return [v >>> 0, at];
  }
}

/** Sections of a wasm module: id and body. Error: Error when the bytes are no module. */
export function wasmSections(bytes: Uint8Array): { id: number; body: Uint8Array }[] {
  if (bytes.length < 8 || bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) throw new Error('not a wasm module');
  const out: { id: number; body: Uint8Array }[] = [];
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at];
    const [size, start] = readUleb(bytes, at + 1);
    out.push({ id, body: bytes.subarray(start, start + size) });
    at = start + size;
  }
  return out;
}

/** A custom section of that name: what the loader compares with its own layout. */
function customSection(name: string, text: string): number[] {
  const utf8 = (s: string) => [...new TextEncoder().encode(s)];
  const body = [...uleb(utf8(name).length), ...utf8(name), ...utf8(text)];
  return [0, ...uleb(body.length), ...body];
}

/** AssemblyScript names its memory env.memory; every module of ours imports it as env.state. */
function renameMemory(bytes: Uint8Array): Uint8Array {
  const from = new TextEncoder().encode('\x03env\x06memory'), to = new TextEncoder().encode('\x03env\x05state');
  const out: number[] = [...bytes.subarray(0, 8)];
  for (const { id, body } of wasmSections(bytes)) {
    let b = body;
    if (id === 2) {
      const at = Buffer.from(body).indexOf(from);
      if (at < 0) throw new Error('the module does not import env.memory');
      b = new Uint8Array([...body.subarray(0, at), ...to, ...body.subarray(at + from.length)]);
    }
    out.push(id, ...uleb(b.length));
    for (const x of b) out.push(x);
  }
  return new Uint8Array(out);
}

/** Digest of the module's sources, their generated offsets and this script. Times of files tell nothing: copies and checkouts change them. */
function sourcesDigest(m: Module): string {
  const dir = join(root, m.entry, '..'), hash = createHash('sha256');
  for (const f of [...readdirSync(dir).sort().map((name) => join(dir, name)), import.meta.filename]) hash.update(`${readFileSync(f).length}\n`).update(readFileSync(f));
  return hash.digest('hex');
}

function writeOffsets(m: Module): void {
  const offsets = join(root, m.offsets), source = offsetsSource();
  if (!existsSync(offsets) || readFileSync(offsets, 'utf8') !== source) writeFileSync(offsets, source);
}

async function build(m: Module): Promise<void> {
  let binary: Uint8Array | undefined;
  // By a computed name: the compiler's own declarations would replace the global console and Atomics with AssemblyScript's.
  const { main: asc } = await import(['assemblyscript', 'asc'].join('/')) as {
    main(argv: string[], api?: object): Promise<{ error: Error | null; stderr: { toString(): string } }>;
  };
  const { error, stderr } = await asc([
    m.entry, '--outFile', 'module.wasm', '--runtime', 'stub', '--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536',
    '--noExportMemory', '--enable', 'simd', '--enable', 'threads', '--enable', 'relaxed-simd', '--optimizeLevel', '3', '--shrinkLevel', '0', '--noAssert', '--baseDir', root,
  ], { writeFile: (_name: string, contents: Uint8Array) => { binary = contents as Uint8Array; } });
  if (error || !binary) throw new Error(`${m.name}: ${error?.message ?? 'no output'}\n${stderr.toString()}`);
  const bytes = new Uint8Array([...renameMemory(binary), ...customSection(OFFSETS_SECTION, JSON.stringify(ARM_OFFSETS)), ...customSection(SOURCES_SECTION, sourcesDigest(m))]);
  for (const { id } of wasmSections(bytes)) {
    if (id === 8 || id === 11) throw new Error(`${m.name}: a ${id === 8 ? 'start function' : 'data segment'} would run again in every thread`);
  }
  mkdirSync(join(root, 'build'), { recursive: true });
  // Renamed into place: another process may be reading it.
  const file = join(root, 'build', `${m.name}.wasm`), temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, file);
  console.log(`build/${m.name}.wasm: ${bytes.length} bytes`);
}

/** True when the built module was made from these very sources. */
export function isFresh(m: Module): boolean {
  const file = join(root, 'build', `${m.name}.wasm`);
  if (!existsSync(file)) return false;
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(new Uint8Array(readFileSync(file))), SOURCES_SECTION);
  return section !== undefined && new TextDecoder().decode(section) === sourcesDigest(m);
}

if (import.meta.main) {
  const force = process.argv.includes('--force');
  for (const m of MODULES) {
    writeOffsets(m);
    if (force || !isFresh(m)) await build(m);
  }
}
