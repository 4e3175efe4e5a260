// The torture suite's interrupts, timers, events and power states; also with more vCPUs than the host has cores.
import { availableParallelism } from 'node:os';
import t from 'tap';
import { eventGuests } from '../../src/stress/torture/guests/events.ts';
import { tortureTests } from '../support/torture.ts';

t.setTimeout(3_000_000);
tortureTests(eventGuests, { seconds: 0.7 });
const crowd = eventGuests.filter((g) => ['ipi', 'wfe-sev'].includes(g.name));
tortureTests(crowd, { seconds: 0.7, vcpus: 4 * availableParallelism() });
