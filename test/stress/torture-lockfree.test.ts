// The torture suite's lock-free structures and atomic operations.
import t from 'tap';
import { atomicGuests } from '../../src/stress/torture/guests/atomics.ts';
import { lockfreeGuests } from '../../src/stress/torture/guests/lockfree.ts';
import { tortureTests } from '../support/torture.ts';

t.setTimeout(3_000_000);
// LL/SC with A-B-A is for the safe schemes.
tortureTests([...lockfreeGuests.filter((g) => !g.aba), ...atomicGuests], { seconds: 0.7 });
