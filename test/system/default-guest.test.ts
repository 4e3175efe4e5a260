// `npm start` without arguments: four vCPUs, three kinds of lock, every total exact, exit code 0.
import t from 'tap';
import { mttcg } from '../support/console.ts';

for (const thread of ['multi', 'single']) {
  t.test(`embedded guest, thread=${thread}`, { timeout: 120_000 }, async (t) => {
    const c = mttcg(['-accel', `tcg,thread=${thread}`]);
    t.teardown(() => c.kill());
    await c.expect(/All 4 vCPUs are up/, 60);
    await c.expect(/All totals are exact/, 60);
    t.equal(await c.exit, 0);
    for (const n of [0, 1, 2, 3]) t.match(c.text, new RegExp(`Hello from vCPU ${n} at EL1`));
    t.equal(c.text.match(/total exact/g)?.length, 3);
  });
}
