// A vCPU in WFE: the event that wakes it counts once, however often it is asked whether it must go on.
import t from 'tap';
import { bareSpec, vcpus } from '../support/bare-machine.ts';
import { Machine } from '../../src/accel/machine-view.ts';
import { CPUState } from '../../src/memory/layout/cpu.ts';
import { wakesFromHalt } from '../../src/target/arm/helpers/sleep.ts';
import { envOff } from '../../src/target/arm/env.ts';

t.test('an event ends a WFE once', async (t) => {
  const [cpu] = vcpus(new Machine(bareSpec({ cpus: 1 })));
  cpu.store(CPUState.off.halted, 2);
  t.notOk(wakesFromHalt(cpu), 'no event');
  cpu.store(envOff.event_register, 1);
  t.ok(wakesFromHalt(cpu), 'the thread asks before it sleeps');
  t.equal(cpu.load(envOff.event_register), 0, 'the event is consumed');
  t.ok(wakesFromHalt(cpu), 'and again before it runs');
  t.equal(cpu.load(CPUState.off.halted), 0);
});

t.test('an event does not end a WFI', async (t) => {
  const [cpu] = vcpus(new Machine(bareSpec({ cpus: 1 })));
  cpu.store(CPUState.off.halted, 1);
  cpu.store(envOff.event_register, 1);
  t.notOk(wakesFromHalt(cpu));
  t.equal(cpu.load(envOff.event_register), 1, 'it is kept for a WFE');
});
