// Debian's arm64 kernel boots to a shell that answers, powers off with code 0: SMP, both GICs, both threadings.
import t from 'tap';
import { mttcg } from '../support/console.ts';
import { INITRD, KERNEL, missingGuest } from './guest.ts';

const PROMPT = /[~/] # (\x1b\[6n)?$/;
const BOOTS: readonly { name: string; cpus: number; args: string[] }[] = [
  { name: '2 vCPUs', cpus: 2, args: ['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '2'] },
  { name: '4 vCPUs, max, GICv2', cpus: 4, args: ['-M', 'virt,gic-version=2', '-cpu', 'max', '-smp', '4'] },
  { name: '2 vCPUs on one thread', cpus: 2, args: ['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '2', '-accel', 'tcg,thread=single'] },
];

t.setTimeout(1_500_000);
for (const boot of BOOTS) {
  t.test(boot.name, { skip: missingGuest(), timeout: 480_000 }, async (t) => {
    const c = mttcg([...boot.args, '-m', '1G', '-nographic', '-kernel', KERNEL, '-initrd', INITRD, '-append', 'console=ttyAMA0 rdinit=/bin/sh']);
    t.teardown(() => c.kill());
    const run = async (command: string): Promise<string> => {
      c.type(`${command}\n`);
      return c.expect(PROMPT, 180);
    };
    await c.expect(/Run \/bin\/sh as init process/, 400);
    await c.expect(PROMPT, 180);
    await run('mount -t proc proc /proc');
    t.match(await run('grep -c ^processor /proc/cpuinfo'), new RegExp(`\\n${boot.cpus}\\r?\\n`));
    t.match(await run('ls /'), /proc[\s\S]*sys/);
    t.match(await run('cat /proc/interrupts'), /arch_timer/);
    t.match(await run('dmesg | grep smp'), new RegExp(`Brought up 1 node, ${boot.cpus} CPUs`));
    c.type('poweroff -f\n');
    t.equal(await c.exit, 0, 'poweroff ends the process with code 0');
  });
}
