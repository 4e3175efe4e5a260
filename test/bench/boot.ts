// Boot time of Debian's kernel to the shell prompt, mttcg beside qemu-system-aarch64 in one run: `npm run bench [-- RUNS]`.
import { Console, mttcg } from '../support/console.ts';
import { INITRD, KERNEL } from '../system/guest.ts';

const RUNS = Number(process.argv[2] ?? 3);
const GUEST = ['-cpu', 'cortex-a72', '-smp', '2', '-m', '1G', '-nographic', '-kernel', KERNEL, '-initrd', INITRD, '-append', 'console=ttyAMA0 rdinit=/bin/sh'];
const EMULATORS: Record<string, () => Console> = {
  mttcg: () => mttcg(['-M', 'virt', ...GUEST]),
  qemu: () => new Console('qemu-system-aarch64', ['-M', 'virt,gic-version=3', ...GUEST]),
};

/** Seconds from start to prompt. */
async function boot(start: () => Console): Promise<number> {
  const begin = performance.now(), c = start();
  try {
    await c.expect(/Run \/bin\/sh as init process/, 600);
    await c.expect(/[~/] # (\x1b\[6n)?$/, 120);
    return (performance.now() - begin) / 1000;
  } finally {
    c.kill();
    await c.exit;
  }
}
const median = (v: number[]): number => [...v].sort((a, b) => a - b)[v.length >> 1];

const times: Record<string, number[]> = Object.fromEntries(Object.keys(EMULATORS).map((n) => [n, []]));
for (let run = 0; run < RUNS; run++) {
  for (const [name, start] of Object.entries(EMULATORS)) {
    const s = await boot(start);
    times[name].push(s);
    console.log(`run ${run + 1}: ${name} ${s.toFixed(1)} s to the prompt`);
  }
}
const [ours, theirs] = [median(times.mttcg), median(times.qemu)];
console.log(`median: mttcg ${ours.toFixed(1)} s, qemu-system-aarch64 ${theirs.toFixed(1)} s, ratio ${(ours / theirs).toFixed(2)}`);
console.log(JSON.stringify({ benchmark: 'boot', runs: RUNS, seconds: times, ratio: ours / theirs }));
