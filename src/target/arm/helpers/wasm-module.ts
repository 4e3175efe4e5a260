// Loads the compiled AssemblyScript helpers of AArch64.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { envOff } from '../env.ts';

/** Custom section of the module: JSON of the env offsets it was built with, by their names in capitals. */
export const OFFSETS_SECTION = 'mttcg.offsets';

const FILE = join('build', 'arm-helpers.wasm');

/**
 * Bytes of the wasm helper module (it imports the memory env.state and exports the helpers by name).
 * Error: Error when the package was not built, or built with another layout of the vCPU block.
 */
export function loadArmHelpers(): Uint8Array<ArrayBuffer> {
  // The package root is the nearest folder above with a package.json: this file runs from src/ and from dist/.
  let dir = import.meta.dirname;
  while (!existsSync(join(dir, 'package.json')) && dirname(dir) !== dir) dir = dirname(dir);
  const file = join(dir, FILE);
  if (!existsSync(file)) throw new Error(`${FILE} is missing: run 'npm run build:wasm' to build it`);
  const bytes = new Uint8Array(readFileSync(file));
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(bytes), OFFSETS_SECTION);
  const offsets = Object.entries(JSON.parse(section ? new TextDecoder().decode(section) : '{"":0}') as Record<string, number>);
  if (offsets.some(([name, at]) => envOff[name.toLowerCase() as keyof typeof envOff] !== at)) {
    throw new Error(`${FILE} was built for another layout of the vCPU block: run 'npm run build:wasm'`);
  }
  return bytes;
}
