// Replays GIC accesses recorded from qemu-system-aarch64 7.2: every read, every IRQ and FIQ line must be the same.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { GicModel } from './support/gic-model.ts';
import { formatAccess, parseTrace } from './support/gic-trace.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/gic');

for (const file of readdirSync(FIXTURES)) {
  t.test(file, async (t) => {
    const { config, steps } = parseTrace(readFileSync(join(FIXTURES, file), 'utf8'));
    const model = new GicModel(config);
    const wrong: string[] = [];
    for (const [i, { access, outcome, line }] of steps.entries()) {
      const got = model.do(access);
      const reads = access.op === 'r' || access.op === 'ir';
      if (got.undef !== outcome.undef || got.signals !== outcome.signals || (reads && got.value !== outcome.value)) {
        wrong.push(`line ${i + 2}: ${line}, ours: ${formatAccess(access, got, '')}`);
      }
    }
    t.ok(steps.length > 1000);
    t.same(wrong.slice(0, 10), [], `${steps.length} accesses`);
  });
}
