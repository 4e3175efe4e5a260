// The board's second flash from a guest: reads follow its commands at once, code in it is translated anew; as on QEMU.
import t from 'tap';
import { compareWithQemu } from '../support/golden-guest.ts';

const FIRST = '00000000000005a1', SECOND = '00000000000005a2';
let seen = 0;
/** Programmed anew, the function gives another result; QEMU 7.2 runs the old translation again. */
compareWithQemu(t, 'flash', (line) => (line === FIRST && seen++ > 0 ? SECOND : line));
