// How a test of your own may look: boots the embedded guest on four vCPUs, looks into it, and ends it.
import { Machine } from 'mttcg';
import t from 'tap';

t.test('the embedded guest', async (t) => {
  await using machine = await Machine.create({ cpus: 4 });
  t.equal(machine.state, 'prelaunch');

  const resumed = machine.once('RESUME');
  await machine.run();
  await resumed;
  await machine.console.expect(/All 4 vCPUs are up/);

  await machine.pause();
  t.equal(machine.state, 'paused');
  const cpus = await machine.qmp('query-cpus-fast');
  t.equal(cpus.length, 4);
  const pc = machine.registers(0).read('pc');
  t.ok(machine.memory.readVirtual(0, pc, 4), 'the instruction at PC is there');

  await machine.run();
  t.match(await machine.console.expect(/All totals are exact/), 'total exact');
  t.equal(await machine.exited, 0);
});
