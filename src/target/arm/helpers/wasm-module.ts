// Loads the compiled AssemblyScript helpers of AArch64.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FILE = join('build', 'arm-helpers.wasm');

/**
 * Bytes of the wasm helper module (it imports the memory env.state and exports the helpers by name).
 * Error: Error when the package was not built.
 */
export function loadArmHelpers(): Uint8Array<ArrayBuffer> {
  // The package root is the nearest folder above with a package.json: this file runs from src/ and from dist/.
  let dir = import.meta.dirname;
  while (!existsSync(join(dir, 'package.json')) && dirname(dir) !== dir) dir = dirname(dir);
  const file = join(dir, FILE);
  if (!existsSync(file)) throw new Error(`${FILE} is missing: run 'npm run build:wasm' to build it`);
  return new Uint8Array(readFileSync(file));
}
