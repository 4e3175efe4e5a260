// The library's entry: TypeScript sources in a checkout; the built files in an installed package, where Node refuses to strip types.
import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'src', 'lib', 'index.ts');
const installed = root.split(sep).includes('node_modules') || !existsSync(source);

export const { Machine, Console, QmpError, UserError } = await import(pathToFileURL(installed ? join(root, 'dist', 'src', 'lib', 'index.js') : source).href);
