// Compares a bare-metal guest's output here with what it wrote on QEMU.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Test } from 'tap';
import { GUESTS } from '../guests/index.ts';
import { runGuest, type GuestOptions } from './run-guest.ts';

/** Lines the guest wrote on QEMU (scripts/golden/guest-golden.ts). */
export const goldenLines = (name: string, model: string): string[] =>
  gunzipSync(readFileSync(join(import.meta.dirname, `../fixtures/guests/${name}.${model}.gz`))).toString('latin1').trim().split('\n');

/** Subtests: the guest on each of its models gives QEMU's lines; `corrected` mends a line where QEMU leaves the architecture. */
export function compareWithQemu(t: Pick<Test, 'test'>, name: string, corrected = (line: string): string => line, o: GuestOptions = {}): void {
  const guest = GUESTS.find((g) => g.name === name)!;
  for (const model of guest.models) {
    void t.test(`${name} on ${model}`, async (t) => {
      const theirs = goldenLines(name, model).map((line) => corrected(line.trimEnd()));
      const { output, code } = await runGuest(guest.image(model), { cpuModel: model, cpus: guest.cpus ?? 1, semihosting: guest.semihosting, ...o });
      const ours = output.trim().split('\n').map((line) => line.trimEnd());
      t.same(theirs.flatMap((line, n) => (line === ours[n] ? [] : [`QEMU: ${line}`, `here: ${ours[n]}`])), []);
      t.equal(ours.length, theirs.length);
      t.equal(code, 0);
    });
  }
}
