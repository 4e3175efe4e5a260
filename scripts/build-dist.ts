// Builds what is published, into dist/: `node scripts/build-dist.ts [FOLDER]`. Node does not strip types inside node_modules.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { dirname, join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

const root = join(import.meta.dirname, '..');
/** Files that the program reads at run time, at the same place below dist/ as below the root. */
const ASSETS = ['build', 'schemas'];
/** What is started by name: one file each, because every thread loads its own and finding 200 modules takes five times as long. */
const ENTRIES = ['src/cli/main.ts', 'src/lib/index.ts', 'workers/vcpu.ts', 'workers/timer.ts', 'workers/translator.ts'];

interface Manifest { name: string; version: string; license: string; type: string }

/**
 * dist/ mirrors the repository: entries as JavaScript, declarations of all modules, the assets, and a package.json of its
 * own: what is looked up in the nearest package.json is found.
 */
export const distManifest = ({ name, version, license, type }: Manifest): Manifest => ({ name, version, license, type });

/** The compiler itself: the script in front of it does not start under the module hooks of a test runner. */
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
const tsc = ((await import(pathToFileURL(join(typescript, 'lib', 'getExePath.js')).href)) as { default: () => string }).default();

/** Builds into `out`, which is replaced. Error: Error when a compiler complains (its output is on standard streams). */
export function buildDist(out: string): void {
  const fresh = `${out}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  try {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest & { dependencies: Record<string, string> };
    mkdirSync(fresh, { recursive: true });
    // First: bin/entry.js compares its time with that of the sources.
    writeFileSync(join(fresh, 'package.json'), `${JSON.stringify(distManifest(manifest), undefined, 2)}\n`);
    buildSync({
      entryPoints: ENTRIES, absWorkingDir: root, outdir: fresh, outbase: '.', bundle: true, platform: 'node', format: 'esm', target: 'node26', minifyWhitespace: true, lineLimit: 200,
      external: Object.keys(manifest.dependencies).flatMap((name) => [name, `${name}/*`]), logLevel: 'warning',
    });
    execFileSync(tsc, ['-p', join(root, 'tsconfig.build.json'), '--outDir', fresh], { stdio: ['ignore', 'inherit', 'inherit'] });
    for (const name of ASSETS) if (existsSync(join(root, name))) cpSync(join(root, name), join(fresh, name), { recursive: true });
    // The old one stays until the new one is whole.
    rmSync(out, { recursive: true, force: true });
    renameSync(fresh, out);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

if (import.meta.main) buildDist(resolve(process.argv[2] ?? join(root, 'dist')));
