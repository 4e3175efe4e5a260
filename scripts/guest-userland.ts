// npm run guest:userland: an initramfs of Debian's arm64 programs that compute (openssl, python3, bc, 7zr, gawk, stress-ng) in .cache/guest/userland.cpio.gz.
//
// apt-get resolves and downloads for arm64 in a folder of its own, so the host's package state is neither used nor changed.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = ['busybox-static', 'openssl', 'python3', 'libpython3.11-testsuite', 'bc', 'p7zip', 'gawk', 'stress-ng'];
const folder = join(import.meta.dirname, '../.cache/guest'), OUT = join(folder, 'userland.cpio.gz');
/** What a guest without a screen does not need. */
const USELESS = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/icons', 'usr/lib/python3.11/test/test_email', 'usr/lib/python3.11/test/test_asyncio', 'usr/lib/aarch64-linux-gnu/dri', 'usr/include'];

/** The first process: a shell on the console, with what programs expect to be mounted. */
const INIT = `#!/bin/busybox sh
export PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/root TERM=dumb PYTHONDONTWRITEBYTECODE=1
/bin/busybox mkdir -p /proc /sys /dev /tmp /root /run /dev/shm
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox mkdir -p /dev/shm
/bin/busybox mount -t tmpfs tmpfs /dev/shm
/bin/busybox mount -t tmpfs tmpfs /tmp
cd /root
PS1='userland# '
export PS1
exec /bin/busybox setsid /bin/busybox cttyhack /bin/busybox sh
`;

class Failure extends Error {}
/** Runs a program; a missing one and a failing one each give one clear sentence. */
function run(program: string, args: readonly string[], cwd: string, hint: string): void {
  try {
    execFileSync(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 1 << 28 });
  } catch (error) {
    const e = error as NodeJS.ErrnoException & { stderr?: string };
    if (e.code === 'ENOENT') throw new Failure(`${program} is not installed: this script needs a Debian or Ubuntu host`);
    throw new Failure(`'${program} ${args.join(' ')}' failed: ${e.stderr?.trim().split('\n').findLast((line) => line.startsWith('E:')) ?? e.stderr?.trim().split('\n').at(-1) ?? e.message}\n${hint}`);
  }
}

function build(): void {
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'userland-'));
  try {
    for (const d of ['state/lists/partial', 'cache/archives/partial', 'root']) mkdirSync(join(work, d), { recursive: true });
    writeFileSync(join(work, 'state/status'), '');
    const apt = [
      `Dir::State=${join(work, 'state')}`, `Dir::State::status=${join(work, 'state/status')}`, `Dir::Cache=${join(work, 'cache')}`,
      'APT::Architecture=arm64', 'APT::Architectures::=arm64', 'APT::Sandbox::User=root',
    ].flatMap((o) => ['-o', o]);
    console.log('fetching package lists and packages for arm64');
    run('apt-get', [...apt, 'update'], work, 'The host\'s package sources must be reachable.');
    run('apt-get', [...apt, 'install', '-y', '--download-only', '--no-install-recommends', ...PACKAGES], work, 'The packages are in Debian 12\'s main section.');
    const archives = join(work, 'cache/archives'), root = join(work, 'root');
    for (const deb of readdirSync(archives).filter((n) => n.endsWith('.deb'))) run('dpkg-deb', ['-x', join(archives, deb), root], work, 'The download may be damaged: try again.');
    for (const d of USELESS) rmSync(join(root, d), { recursive: true, force: true });
    // What the packages' scripts would have set up.
    if (!existsSync(join(root, 'bin/sh'))) symlinkSync('busybox', join(root, 'bin/sh'));
    if (!existsSync(join(root, 'usr/bin/awk'))) symlinkSync('gawk', join(root, 'usr/bin/awk'));
    for (const d of ['etc', 'tmp']) mkdirSync(join(root, d), { recursive: true });
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    writeFileSync(join(root, 'init'), INIT);
    chmodSync(join(root, 'init'), 0o755);
    run('sh', ['-c', `cd '${root}' && find . | cpio --quiet -o -H newc -R 0:0 | gzip -6 > '${work}/out'`], work, 'cpio and gzip must be installed.');
    renameSync(join(work, 'out'), OUT);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  if (!existsSync(OUT)) build();
  console.log(`.cache/guest/userland.cpio.gz (${statSync(OUT).size} bytes)`);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`guest:userland: ${error.message}\n`);
  process.exitCode = 1;
}
