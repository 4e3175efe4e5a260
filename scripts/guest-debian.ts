// npm run guest:debian: fetches Debian's arm64 installer kernel and initrd with apt-get into .cache/guest/debian/{linux,initrd.gz}.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = 'debian-installer-12-netboot-arm64';
/** Where the package keeps the text-mode netboot images. */
const IMAGES = 'usr/lib/debian-installer/images/12/arm64/text/debian-installer/arm64';
const FILES = ['linux', 'initrd.gz'] as const;
const folder = join(import.meta.dirname, '../.cache/guest/debian');

class Failure extends Error {}

/** Runs a program; a missing one and a failing one each give one clear sentence. */
function run(program: string, args: readonly string[], cwd: string, hint: string): void {
  try {
    execFileSync(program, args, { cwd, stdio: ['ignore', 'inherit', 'pipe'], encoding: 'utf8' });
  } catch (error) {
    const e = error as NodeJS.ErrnoException & { stderr?: string };
    if (e.code === 'ENOENT') throw new Failure(`${program} is not installed: this script needs a Debian or Ubuntu host`);
    const reason = e.stderr?.trim().split('\n').findLast((line) => line.startsWith('E:')) ?? e.stderr?.trim().split('\n').at(-1) ?? e.message;
    throw new Failure(`'${program} ${args.join(' ')}' failed: ${reason}\n${hint}`);
  }
}

const present = () => FILES.every((name) => existsSync(join(folder, name)) && statSync(join(folder, name)).size > 0);

function fetchGuest(): void {
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'unpack-'));
  try {
    run('apt-get', ['download', PACKAGE], work, "Run 'apt-get update' first; the package is in Debian 12's main section.");
    const deb = readdirSync(work).find((name) => name.endsWith('.deb'));
    if (!deb) throw new Failure(`apt-get downloaded nothing for ${PACKAGE}`);
    run('dpkg-deb', ['-x', deb, 'root'], work, 'The download may be damaged: try again.');
    // copied under a temporary name first: an interrupted run leaves no half a file behind
    for (const name of FILES) {
      const source = join(work, 'root', IMAGES, name);
      if (!existsSync(source)) throw new Failure(`${PACKAGE} does not contain ${IMAGES}/${name}`);
      copyFileSync(source, join(work, name));
      renameSync(join(work, name), join(folder, name));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  if (!present()) fetchGuest();
  for (const name of FILES) console.log(`.cache/guest/debian/${name} (${statSync(join(folder, name)).size} bytes)`);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`guest:debian: ${error.message}\n`);
  process.exitCode = 1;
}
