// The stub under load: breakpoints and watchpoints in hot code, Ctrl-C, threads one by one, clients that vanish, kill.
import t from 'tap';
import { debuggee } from '../support/gdb.ts';
import { at, gdbGuest, hex } from '../support/gdb-guest.ts';
import { RspClient } from '../support/rsp.ts';

t.setTimeout(200_000);
const PC = 32, X5 = 5;
const address = (label: string) => hex(label).slice(2);

/** Lets the guest run, a while at a time and then Ctrl-C, until vCPU 1's loop counter is as asked. False: another stop came. */
async function runUntil(c: RspClient, isThere: (x5: bigint) => boolean): Promise<boolean> {
  for (;;) {
    await c.ask('Hgp1.2');
    if (isThere(await c.register(X5))) return true;
    c.send('vCont;c');
    await new Promise((resolve) => { setTimeout(resolve, 200); });
    c.raw('\x03');
    if (!(await c.receive()).startsWith('T02')) return false;
  }
}

for (const thread of ['multi', 'single']) {
  t.test(`thread=${thread}`, { timeout: 180_000 }, async (t) => {
    const d = await debuggee('mttcg', ['-M', 'virt', '-cpu', 'max', '-smp', '2', '-accel', `tcg,thread=${thread}`, '-display', 'none', '-serial', 'null', '-monitor', 'none', '-S'], gdbGuest);
    t.teardown(() => d.end());
    const c = await RspClient.open(d.socket);
    t.match(await c.ask('qSupported:multiprocess+'), /multiprocess\+/);

    // vCPU 1 gets to the hot loop: `release` lets it go on.
    t.equal(await c.ask(`Z0,${address('hot')},4`), 'OK');
    t.equal(await c.ask(`M${(at('shared') + 16n).toString(16)},8:0100000000000000`), 'OK');
    t.equal(await c.ask('vCont;c'), 'T05thread:p01.02;', 'the secondary came to the breakpoint');
    t.equal(await c.register(PC), at('hot'));
    t.equal(await c.ask(`z0,${address('hot')},4`), 'OK');

    // Until it runs compiled code, then stop it from outside.
    t.ok(await runUntil(c, (x5) => x5 > 1_000_000n), 'the loop runs');

    // A breakpoint on a page that is entered by a call, in code that ran without one.
    for (let n = 0; n < 3; n++) {
      await c.ask('Hgp1.2');
      t.equal(await c.ask(`Z1,${address('work')},4`), 'OK');
      t.equal(await c.ask('vCont;c'), 'T05thread:p01.02;');
      t.equal(await c.register(PC), at('work'));
      t.equal(await c.ask(`z1,${address('work')},4`), 'OK');
      const before = await c.register(X5);
      t.equal(await c.ask('vCont;s:p1.2'), 'T05thread:p01.02;', 'one step, the other vCPU held');
      t.equal(await c.register(PC), at('work') + 4n);
      t.equal(await c.register(X5), before + 1n);
    }

    // Watchpoints of each kind stop before the access; only what they watch counts.
    const seen: string[] = [];
    for (const [kind, label, reply] of [['2', 'total', 'watch'], ['3', 'read', 'rwatch'], ['4', 'read', 'awatch'], ['4', 'total', 'awatch']]) {
      t.equal(await c.ask(`Z${kind},${address(label)},8`), 'OK');
      t.equal(await c.ask('vCont;c'), `T05thread:p01.02;${reply}:${address(label)};`);
      t.equal(await c.register(PC), label === 'total' ? at('amo') : at('work') + 4n);
      t.equal(await c.ask(`z${kind},${address(label)},8`), 'OK');
      const before = await c.u64(at('total'));
      t.equal(await c.ask('vCont;s:p1.2'), 'T05thread:p01.02;');
      seen.push(`${(await c.u64(at('total'))) - before}`);
    }
    t.same(seen, ['1', '0', '0', '1'], 'the atomic addition was made once, by the step');
    t.equal(await c.ask(`Z2,${address('read')},8`), 'OK');
    c.send('vCont;c');
    c.raw('\x03');
    t.match(await c.receive(), /^T02/, 'reads do not hit a write watchpoint');

    // Every breakpoint goes with its client, and the guest goes on.
    t.equal(await c.ask(`Z0,${address('work')},4`), 'OK');
    c.send('vCont;c');
    t.match(await c.receive(), /^T05/);
    await c.ask('Hgp1.2');
    const x5 = await c.register(X5);
    c.close();
    const again = await RspClient.open(d.socket);
    await again.ask('qSupported:multiprocess+');
    t.ok(await runUntil(again, (n) => n > x5 + 1000n), 'the loop goes on without its breakpoint');
    t.equal(await again.ask('D;1'), 'OK');
    again.close();

    const last = await RspClient.open(d.socket);
    last.send('vKill;1');
    t.equal(await d.console.exit, 0, 'kill ends the emulator');
    last.close();
  });
}
