// The torture suite's locks and barrier algorithms, and with more vCPUs than the host has cores.
import { availableParallelism } from 'node:os';
import t from 'tap';
import { lockGuests } from '../../src/stress/torture/guests/locks.ts';
import { tortureTests } from '../support/torture.ts';

t.setTimeout(3_000_000);
tortureTests(lockGuests, { seconds: 0.7 });
const crowd = lockGuests.filter((g) => ['lock-ticket', 'lock-wfe'].includes(g.name));
for (const times of [2, 4]) tortureTests(crowd, { seconds: 1, vcpus: times * availableParallelism() });
