// gdb looks at Debian's kernel on four vCPUs: stops at physical and virtual addresses, steps, changes a register, detaches; then it boots.
import t from 'tap';
import { debuggee, gdb, missingGdb } from '../support/gdb.ts';
import { INITRD, KERNEL, missingGuest } from './guest.ts';

t.setTimeout(1_500_000);

t.test('Debian under gdb', { skip: missingGdb() || missingGuest(), timeout: 1_450_000 }, async (t) => {
  const d = await debuggee('mttcg', ['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '4', '-m', '512', '-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-S',
    '-kernel', KERNEL, '-initrd', INITRD, '-append', 'console=ttyAMA0 rdinit=/bin/sh']);
  t.teardown(() => d.end());

  // Physical: the kernel's entry.
  const early = await gdb(d.socket, [
    'info threads', 'break *0x40200000', 'continue', 'p/x $pc', 'p/x $x0', 'set $x3 = 0', 'stepi', 'stepi', 'p/x $pc', 'delete',
    'thread 1', 'info registers pc', 'detach',
  ], 400);
  t.equal(early.match(/Thread 1\.\d \(CPU#\d \[/g)?.length, 4, 'four threads');
  t.match(early, /Thread 1 hit Breakpoint 1, 0x0*40200000/);

  await d.console.expect(/smp: Brought up 1 node, 4 CPUs/, 400);
  // Virtual: VBAR_EL1 tells where exceptions are taken.
  const probe = await gdb(d.socket, ['printf "vbar=%lx\\n", $VBAR', 'x/2wx $VBAR', 'info registers TTBR1_EL1 SCTLR', 'info threads', 'monitor info status', 'detach'], 300);
  const vbar = /^vbar=(ffff[0-9a-f]{12})$/m.exec(probe)?.[1];
  t.ok(vbar, `the vectors are at a kernel address: ${vbar}`);
  t.match(probe, /VM status: paused/);
  t.notMatch(probe, /Cannot access memory/);
  const irq = (BigInt(`0x${vbar}`) + 0x280n).toString(16);
  const taken = await gdb(d.socket, [
    `hbreak *0x${irq}`, 'continue', 'p/x $pc', 'p/x $cpsr & 0x3cf', 'delete', 'set $x18 = $x18', 'stepi', 'stepi', 'x/2i $pc', 'watch *(long *)($sp - 64)', 'delete', 'detach',
  ], 400);
  t.match(taken, new RegExp(`hit Breakpoint 1, 0x${irq}`), 'an interrupt at EL1');
  t.match(taken, /= 0x3c5\n/, 'EL1h, all masked');

  await d.console.expect(/Run \/bin\/sh as init process/, 900);
  await d.console.expect(/[~/] # (\x1b\[6n)?$/, 180);
  d.console.type('echo $((6*7))\n');
  await d.console.expect(/\n42\r?\n/, 120);
  d.console.type('poweroff -f\n');
  t.equal(await d.console.exit, 0);
});
