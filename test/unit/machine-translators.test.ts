// The pool of translator threads: starts with the machine, lives through resets, ends on every way out.
import t from 'tap';
import { assemble } from '../../src/asm/index.ts';
import { VirtMachine } from '../../src/machine/virt.ts';
import { translatorThreads } from '../../src/machine/translators.ts';
import { runGuest } from '../support/run-guest.ts';

const MiB = 2 ** 20;
const PRINT = 'mov x1, #0x09000000; strb w0, [x1]';

/** Prints a dot, spins until hot, resets; after the fifth time it powers off. The count is where a reset leaves RAM alone. */
const RESETS = assemble(`
  mov w0, #'.'; ${PRINT}
  ldr x2, =300000
1: subs x2, x2, #1; b.ne 1b
  ldr x3, =0x41000000; ldr w4, [x3]; add w4, w4, #1; str w4, [x3]
  ldr w0, =0x84000009; cmp w4, #5; b.lt 2f
  ldr w0, =0x84000008
2: hvc #0
`, { base: 0x40080000 }).code;

t.test('threads of the pool', async (t) => {
  t.equal(translatorThreads(2, 2), 1);
  t.equal(translatorThreads(64, 2), 1);
  t.equal(translatorThreads(4, 6), 2);
  t.equal(translatorThreads(4, 64), 4);
});

t.test('resets', async (t) => {
  t.same(await runGuest(RESETS, { regions: true, cpus: 2 }), { output: '.....', code: 0 });
});

t.test('quit before, while and after the threads start', async (t) => {
  for (const when of ['at once', 'after start', 'running'] as const) {
    const code = await new Promise<number>((resolve, reject) => {
      const machine = new VirtMachine({
        cpus: 2, cpuModel: 'cortex-a72', gicVersion: 3, ramSize: 16 * MiB, thread: 'multi', tbSize: 16 * MiB, regions: true,
        boot: { kernel: assemble('b .').code }, onExit: resolve,
      });
      const started = machine.start();
      started.catch(reject);
      if (when === 'at once') void machine.quit(3);
      else void started.then(() => (when === 'running' ? machine.pause() : undefined)).then(() => machine.quit(3));
    });
    t.equal(code, 3, when);
  }
});
