// Every A64 decode row against qemu-aarch64: replays the golden vectors in the interpreter.
import t from 'tap';
import { A64Bench, allFeatures } from '../support/a64-bench.ts';
import { A64Replay, describeVector, loadVectors } from '../support/a64-replay.ts';
import { END } from '../support/a64-vectors.ts';
import { EXCLUDED, goldenGroups } from '../../scripts/golden/a64-classes.ts';
import { registerFpHelpers } from '../../src/target/arm/helpers/fp.ts';

/** Failures printed a class. */
const SHOWN = 4;

const replay = new A64Replay(new A64Bench(allFeatures(true), registerFpHelpers));

for (const group of goldenGroups) {
  t.test(group.name, (t) => {
    const file = loadVectors(group);
    t.same([...file.keys()].sort(), group.rows.map((r) => r.name).sort(), 'one class a decode row: run scripts/golden/a64-golden.ts after adding rows');
    for (const row of group.rows) {
      const vectors = file.get(row.name) ?? [];
      let failures = 0;
      for (const v of vectors) {
        replay.loadCode(v);
        const wrong = replay.run(row, v, group);
        if (wrong && ++failures <= SHOWN) t.fail(describeVector(row, v), wrong);
      }
      if (failures > SHOWN) t.fail(`${row.name}: ${failures} of ${vectors.length} vectors fail`);
      t.ok(vectors.filter((v) => v.end !== END.UNDEFINED).length >= group.keep, `${row.name}: ${group.keep} vectors`);
    }
    t.end();
  });
}

t.test('what has no vectors says why', (t) => {
  for (const [name, why] of Object.entries(EXCLUDED)) t.ok(why, name);
  t.end();
});
