// gdb-multiarch on the stub: threads, registers, memory, breakpoints, watchpoints, steps; the same script prints the same on QEMU.
import t from 'tap';
import { debuggee, gdb, hasQemu, missingGdb } from '../support/gdb.ts';
import { gdbGuest, hex } from '../support/gdb-guest.ts';

t.setTimeout(150_000);
const MACHINE = ['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '2', '-display', 'none', '-serial', 'null', '-monitor', 'none', '-S'];

/** Commands whose output does not depend on how the vCPUs interleave. */
const SCRIPT = [
  'info threads', 'info registers pc sp x0', 'x/3i $pc', 'stepi', 'info registers pc',
  `break *${hex('psci')}`, 'continue', 'p/x $x0', 'p $x1', 'p/x $VBAR', 'delete',
  // An exception, one instruction at a time.
  `break *${hex('svc_at')}`, 'continue', 'stepi', 'p/x $pc', 'p/x $ESR_EL1', 'p/x $ELR_EL1', 'stepi', 'stepi', 'p $x11', 'stepi', 'p/x $pc', 'p $x19', 'delete',
  // Memory and registers changed from outside.
  `p *(long *)${hex('counter')}`, `set var *(long *)${hex('counter')} = 3`, `x/2gx ${hex('counter')}`, 'set $x19 = 2', 'p $x19', 'set $v3.d.u[1] = 0x123456789abcdef', 'p/x $v3.q.u[0]', 'set $cpsr = $cpsr | 0xf0000000', 'p/x $cpsr',
  'set $fpcr = 0x03000000', 'p/x $fpcr',
  // The other vCPU writes what is watched.
  `watch *(int *)${hex('shared')}`, 'continue', 'p $_thread', 'p $x2', 'delete',
  'maintenance packet qqemu.sstepbits', 'maintenance packet qqemu.sstep', 'maintenance packet Qqemu.sstep=5', 'maintenance packet qqemu.sstep',
  'maintenance packet Qqemu.PhyMemMode:1', 'maintenance packet qqemu.PhyMemMode', 'x/2wx 0x40080000', 'maintenance packet Qqemu.PhyMemMode:0',
  'x/wx 0xffff000000000000', 'detach',
];

t.test('a session', { skip: missingGdb(), timeout: 120_000 }, async (t) => {
  const run = async (which: 'mttcg' | 'qemu'): Promise<string> => {
    const d = await debuggee(which, MACHINE, gdbGuest);
    t.teardown(() => d.end());
    return gdb(d.socket, SCRIPT);
  };
  const ours = await run('mttcg');
  t.match(ours, /Thread 1\.1 \(CPU#0 \[running\]\)/);
  t.match(ours, /Thread 1\.2 \(CPU#1 \[halted \]\)/);
  t.match(ours, new RegExp(`Thread 1 hit Breakpoint 2, ${hex('svc_at').replace('0x', '0x0*')}`), 'a breakpoint');
  t.match(ours, new RegExp(`= ${hex('sync')}\\n`), 'a step into the vector');
  t.match(ours, /= 0x5600002a\n/, 'ESR of SVC #42');
  t.match(ours, /Thread 2 hit Hardware watchpoint 3[^]*Old value = 0\nNew value = 119/, 'a watchpoint that the other vCPU hits');
  t.match(ours, /Cannot access memory at address 0xffff000000000000/);
  if (hasQemu()) t.equal(ours, await run('qemu'), 'as QEMU prints it');
});
