// Exceptions one after another: vector, ESR, FAR, ELR and SPSR as QEMU has them.
import t from 'tap';
import { compareWithQemu } from '../support/golden-guest.ts';

compareWithQemu(t, 'exceptions');
