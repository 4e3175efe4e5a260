// Semihosting: files, console and errors as on QEMU; calls that lead nowhere fail, and the machine ends with the status asked for.
import t from 'tap';
import { semihostingExitGuest } from '../guests/semihosting.ts';
import { compareWithQemu } from '../support/golden-guest.ts';
import { runGuest } from '../support/run-guest.ts';

compareWithQemu(t, 'semihosting');

t.test('garbage, then an exit status', async (t) => {
  t.equal((await runGuest(semihostingExitGuest(42), { semihosting: true })).code, 42);
});
