// The torture guests of exclusives under the scheme with a monitor; what cmpxchg does to those that want it.
import t from 'tap';
import { openTortureMachine } from '../../src/machine/torture-machine.ts';
import { exclusiveGuests } from '../../src/stress/torture/guests/exclusives.ts';
import { GUESTS } from '../../src/stress/torture/registry.ts';
import { runGuest } from '../../src/stress/torture/run.ts';
import { tortureTests } from '../support/torture.ts';

t.setTimeout(3_000_000);
const named = (...names: string[]) => names.map((name) => GUESTS.find((g) => g.name === name)!);

tortureTests([...exclusiveGuests, ...named('treiber', 'lock-wfe', 'ldxp', 'mixed-size')], { exclusive: 'softmmu', seconds: 0.7 });
tortureTests(named('aba'), { exclusive: 'check', seconds: 0.7 });

t.test('treiber under check: the meter names the STXR', { timeout: 900_000 }, async (t) => {
  const r = await runGuest(named('treiber')[0], { vcpus: 4, seconds: 1, seed: 1n, cpuModel: 'max', regions: true, exclusive: 'check' }, openTortureMachine);
  t.same(r.problems, []);
  t.match(r.exclusives.slice(0, 2), ['scheme: check', 'granule: 16 bytes']);
  t.match(r.exclusives[3], /^store-exclusives that only exclusive=cmpxchg would have let pass: [1-9]\d*$/);
  t.match(r.exclusives[5], /^ +[1-9]\d* {6}8 {2}0x000000004008[0-9a-f]{4} {2}0x0000000041400300$/);
});

t.test('aba under cmpxchg fails', { timeout: 900_000 }, async (t) => {
  const r = await runGuest(exclusiveGuests[0], { vcpus: 2, seconds: 1, seed: 1n, cpuModel: 'max', regions: false, exclusive: 'cmpxchg' }, openTortureMachine);
  t.match(r.problems, [/^vCPU 0: check 1 failed/]);
});
