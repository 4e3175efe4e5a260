// Runs torture guests in tests: 4 vCPUs, both tiers, a second or two each.
import t from 'tap';
import { openTortureMachine } from '../../src/machine/torture-machine.ts';
import type { TortureGuest } from '../../src/stress/torture/guest.ts';
import { runGuest, type RunOptions } from '../../src/stress/torture/run.ts';

const TIERS = [{ regions: false, tier: 'interpreter' }, { regions: true, tier: 'regions' }];

/** One subtest a guest and tier. */
export function tortureTests(guests: readonly TortureGuest[], o: Partial<RunOptions> = {}): void {
  for (const guest of guests) for (const { regions, tier } of TIERS) {
    t.test(`${guest.name} (${tier})`, { timeout: 900_000 }, async (t) => {
      const r = await runGuest(guest, { vcpus: 4, seconds: 1.5, seed: 1n, cpuModel: 'max', regions, ...o }, openTortureMachine);
      t.same(r.problems, []);
      t.match(r.output, /^torture: \d+ vCPUs, operations: \d+, PASS\r\n$/);
      t.comment(`${r.ops} operations, ${r.seconds.toFixed(1)} s, slowest vCPU at ${r.slowest * 100n / (r.fastest || 1n)} %`);
    });
  }
}
