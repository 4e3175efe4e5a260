// Stop and cont, reset, create and dispose, over and over while four vCPUs fight over locks: nothing hangs, nothing is lost, nothing stays.
import { queryObjects } from 'node:v8';
import t from 'tap';
import { Machine } from 'mttcg';

t.setTimeout(1_900_000);

/** MTTCG_LONG=1 runs as often as the project promises; otherwise a tenth of it. */
const LONG = process.env.MTTCG_LONG === '1' ? 1 : 0.1;
const config = { cpus: 4, tbSize: 16 << 20 } as const;

/** Threads of this process, on Linux. */
const threads = async () => {
  const { readdirSync } = await import('node:fs');
  try {
    return readdirSync('/proc/self/task').length;
  } catch {
    return 0;
  }
};

t.test('stop and cont', { timeout: 600_000 }, async (t) => {
  // A fast host is through with the guest before all the stops: then the next one runs.
  for (let cycles = 0; cycles < 1000 * LONG;) {
    await using machine = await Machine.create(config);
    await machine.run();
    await machine.console.expect(/vCPU/);
    let ended = false;
    void machine.exited.then(() => { ended = true; });
    for (; cycles < 1000 * LONG && !ended; cycles++) {
      await machine.pause();
      if (ended) break;
      const before = [0, 1, 2, 3].map((n) => machine.registers(n).text());
      await new Promise((resolve) => { setImmediate(resolve); });
      t.same([0, 1, 2, 3].map((n) => machine.registers(n).text()), before, 'nothing runs while stopped');
      await machine.run();
    }
    t.match(await machine.console.expect(/All totals are exact/), 'total exact', `the guest is right after ${cycles} stops`);
    t.equal(await machine.exited, 0);
  }
});

t.test('system_reset', { timeout: 600_000 }, async (t) => {
  await using machine = await Machine.create(config);
  machine.console.resume();
  await machine.run();
  let resets = 0;
  machine.on('RESET', (data) => {
    t.equal(data.reason, 'host-qmp-system-reset');
    resets++;
  });
  const count = 200 * LONG;
  for (let i = 0; i < count; i++) {
    await machine.reset();
    // at different points of the guest's life
    if (i % 4 === 3) await new Promise((resolve) => { setTimeout(resolve, i % 16 * 10); });
    if (i % 10 === 9) {
      await machine.pause();
      await machine.reset();
      t.equal(machine.state, 'prelaunch');
      await machine.run();
    }
  }
  t.ok(resets >= count);
  await machine.reset();
  t.match(await machine.console.expect(/All totals are exact/), 'total exact', 'it still boots');
  t.equal(await machine.exited, 0);
});

t.test('create and dispose', { timeout: 600_000 }, async (t) => {
  const cycle = async (run: boolean) => {
    await using machine = await Machine.create({ ...config, cpus: 2, memory: 32 << 20 });
    if (run) await machine.run();
    t.equal(machine.cpus, 2);
  };
  // Counting collects garbage first, and waits for what finalizers let go.
  const shared = async () => {
    for (let last = Infinity; ;) {
      await new Promise((resolve) => { setImmediate(resolve); });
      const n = queryObjects(SharedArrayBuffer, { format: 'count' });
      if (n >= last) return n;
      last = n;
    }
  };
  // The least that is resident over some machines, without garbage: V8 compiles and collects in the background, with 50 MiB and more at a time.
  const used = async (count: number, run: (i: number) => boolean) => {
    const seen: number[] = [];
    for (let i = 0; i < count; i++) {
      await cycle(run(i));
      await shared();
      seen.push(process.memoryUsage().rss / 2 ** 20);
    }
    t.comment(`MiB after each machine: ${seen.map((n) => n.toFixed(0)).join(' ')}`);
    return Math.min(...seen.slice(count >> 1));
  };
  const before = await used(6, () => true), sharedBefore = await shared(), threadsBefore = await threads();
  const count = 100 * LONG;
  const after = await used(count, (i) => i % 2 === 0), sharedAfter = await shared();
  t.ok(sharedAfter <= sharedBefore, `no machine's memory is kept: ${sharedBefore} blocks, then ${sharedAfter}`);
  t.ok(after < before + 60, `memory is flat: ${before.toFixed(0)} MiB, then ${after.toFixed(0)} MiB`);
  t.ok(await threads() <= threadsBefore, 'no thread is left');
});
