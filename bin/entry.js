// Which files run: those built into dist/, or the TypeScript sources of a checkout that has changed since.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** What dist/ is made of (scripts/build-dist.ts). Folders count as well: a file may have gone. */
const PARTS = ['package.json', 'src', 'workers', 'schemas', 'build'];

/** URL of a module by its path in the tree, without extension: `src/cli/main`. In an installed package Node refuses to strip types. */
export function entry(path) {
  const source = join(root, path + '.ts'), built = join(root, 'dist', path + '.js');
  const installed = root.split(sep).includes('node_modules') || !existsSync(source);
  return pathToFileURL(installed || builtSince(join(root, 'dist', 'package.json')) ? built : source).href;
}

/** True when nothing has changed since `manifest` was written, the first file of a build. */
function builtSince(manifest) {
  const built = statSync(manifest, { throwIfNoEntry: false });
  return built !== undefined && !PARTS.some((part) => newer(join(root, part), built.mtimeMs));
}

function newer(path, than) {
  const at = statSync(path, { throwIfNoEntry: false });
  if (!at || at.mtimeMs > than) return at !== undefined;
  return at.isDirectory() && readdirSync(path).some((name) => newer(join(path, name), than));
}
