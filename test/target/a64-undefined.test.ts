// Which words of the whole A64 encoding space are UNDEFINED on a CPU model, by running them at EL0: as on QEMU.
import t from 'tap';
import { decodeWords } from '../guests/decode.ts';
import { GUESTS } from '../guests/index.ts';
import { goldenLines } from '../support/golden-guest.ts';
import { runGuest } from '../support/run-guest.ts';

/** QEMU 7.2 executes half-precision reductions and pairwise operations with the low bit of size set, which is reserved. */
const isLax = (w: number): boolean => (w & 0x8f7e0c00) === 0x0e700800;
const SVC = '15', UNDEFINED = '00';

const guest = GUESTS.find((g) => g.name === 'decode')!, words = decodeWords();
for (const model of guest.models) {
  t.test(model, async (t) => {
    const [theirs] = goldenLines('decode', model), { output } = await runGuest(guest.image(model), { cpuModel: model });
    t.equal(theirs.length, 2 * words.length, 'run scripts/golden/guest-golden.ts decode after adding rows');
    t.equal(output.length, 2 * words.length);
    const wrong = words.flatMap((w, n) => {
      const [a, b] = [theirs, output].map((s) => s.slice(2 * n, 2 * n + 2)), lax = isLax(w) && a === SVC && b === UNDEFINED;
      return a === b || lax ? [] : [`${(w >>> 0).toString(16).padStart(8, '0')}: class ${a} on QEMU, ${b} here`];
    });
    t.same(wrong, []);
  });
}
