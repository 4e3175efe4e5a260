// All torture guests, in the order --list shows them.
import type { TortureGuest } from './guest.ts';
import { codeGuests } from './guests/code.ts';
import { lockGuests } from './guests/locks.ts';
import { tlbGuests } from './guests/tlb.ts';

export const GUESTS: readonly TortureGuest[] = [...codeGuests, ...tlbGuests, ...lockGuests];
