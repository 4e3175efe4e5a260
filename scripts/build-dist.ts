// Builds what is published, into dist/: `node scripts/build-dist.ts [FOLDER]`. Node does not strip types inside node_modules.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { dirname, join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
/** Files that the program reads at run time, at the same place below dist/ as below the root. */
const ASSETS = ['build', 'schemas'];

interface Manifest { name: string; version: string; license: string; type: string; imports: Record<string, string> }

/**
 * dist/ mirrors the repository: src/ and workers/ as JavaScript, the assets, and a package.json of its own, which makes the
 * folder a package scope: `#` imports name JavaScript there, and what is looked up from the nearest package.json is found.
 */
export function distManifest({ name, version, license, type, imports }: Manifest): Manifest {
  const toJs = (path: string) => path.replace(/\.ts$/, '.js');
  return { name, version, license, type, imports: Object.fromEntries(Object.entries(imports).map(([key, path]) => [key, toJs(path)])) };
}

/** The compiler itself: the script in front of it does not start under the module hooks of a test runner. */
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
const tsc = ((await import(pathToFileURL(join(typescript, 'lib', 'getExePath.js')).href)) as { default: () => string }).default();

/** Builds into `out`, which is replaced. Error: Error when the compiler complains (its output is on standard streams). */
export function buildDist(out: string): void {
  const fresh = `${out}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  try {
    execFileSync(tsc, ['-p', join(root, 'tsconfig.build.json'), '--outDir', fresh], { stdio: ['ignore', 'inherit', 'inherit'] });
    const manifest = distManifest(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest);
    writeFileSync(join(fresh, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    for (const name of ASSETS) if (existsSync(join(root, name))) cpSync(join(root, name), join(fresh, name), { recursive: true });
    // The old one stays until the new one is whole.
    rmSync(out, { recursive: true, force: true });
    renameSync(fresh, out);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

if (import.meta.main) buildDist(resolve(process.argv[2] ?? join(root, 'dist')));
