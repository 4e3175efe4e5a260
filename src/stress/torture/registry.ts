// All torture guests, in the order --list shows them.
import type { TortureGuest } from './guest.ts';
import { atomicGuests } from './guests/atomics.ts';
import { codeGuests } from './guests/code.ts';
import { eventGuests } from './guests/events.ts';
import { exclusiveGuests } from './guests/exclusives.ts';
import { lockfreeGuests } from './guests/lockfree.ts';
import { lockGuests } from './guests/locks.ts';
import { tlbGuests } from './guests/tlb.ts';

export const GUESTS: readonly TortureGuest[] = [...codeGuests, ...tlbGuests, ...lockGuests, ...lockfreeGuests, ...exclusiveGuests, ...atomicGuests, ...eventGuests];
