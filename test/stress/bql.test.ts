// The Big QEMU Lock between 4 threads and an event loop: exclusion, counters by call site, recursion, CPU_ON races.
import t from 'tap';
import { MUTEX_STATE } from '#atomics-sync';
import type { BqlLocked } from '../../src/accel/bql.ts';
import { SyncSite } from '../../src/memory/layout/profile.ts';
import { Machine } from '../../src/accel/machine-view.ts';
import { bareSpec } from '../support/bare-machine.ts';
import { runCrew } from './crew.ts';

const worker = new URL('./bql.worker.ts', import.meta.url);
const sum = (v: number[]) => v.reduce((a, b) => a + b, 0);
const TOTAL = 32, OWNER = 33, READY = 34;

t.test('4 threads and an event loop: alone with the lock, every acquisition counted', async (t) => {
  const words = new Int32Array(new SharedArrayBuffer(1 << 16)), spec = bareSpec({ cpus: 4 }), machine = new Machine(spec), { bql } = machine;
  const rounds = 20_000;
  let running = true, mine = 0, turns = 0;
  // Held until the threads are there and one of them sleeps: some acquisitions are contended, whatever the host does.
  bql.lock(SyncSite.BQL_RESET);
  const crew = runCrew<number>(worker, 'count', spec, 4, { rounds }, words).finally(() => { running = false; });
  const tick = (): void => { turns++; if (running) setImmediate(tick); };
  tick();
  while (running && (Atomics.load(words, READY) < 4 || Atomics.load(machine.i32, machine.global('bql')) !== MUTEX_STATE.CONTENDED)) await new Promise<void>((resolve) => { setImmediate(resolve); });
  bql.unlock();
  while (running) {
    await bql.runAsync(SyncSite.BQL_MMIO, () => {
      if (words[OWNER] !== 0) throw new Error('a thread holds it, too');
      mine++;
      words[TOTAL]++;
    });
    await new Promise<void>((resolve) => { setImmediate(resolve); });
  }
  const theirs = sum(await crew);
  t.equal(words[TOTAL], theirs + mine, 'a plain counter has counted every critical section');
  t.equal(bql.stats(SyncSite.BQL_PARKED).acquisitions, theirs / 2);
  t.equal(bql.stats(SyncSite.BQL_PSCI_CPU_OFF).acquisitions, theirs / 2);
  t.equal(bql.stats(SyncSite.BQL_MMIO).acquisitions, mine);
  t.equal(bql.stats(SyncSite.BQL_RESET).acquisitions, 1);
  t.equal(bql.stats(SyncSite.BQL_PARK).acquisitions, 0, 'a site that never took it');
  const { contended, waitNs } = bql.stats(SyncSite.BQL_PSCI_CPU_OFF);
  t.ok(contended > 0 && waitNs > 0, `${contended} contended, ${(waitNs / 1e6).toFixed(1)} ms waited`);
  t.equal(bql.holder, 0, 'nobody holds it');
  t.ok(turns >= mine, 'the event loop went on');
});

t.test('who holds it', async (t) => {
  const { bql } = new Machine(bareSpec());
  const token: BqlLocked = bql.run(SyncSite.BQL_RESET, (held) => {
    t.equal(bql.holder, SyncSite.BQL_RESET);
    t.ok(bql.heldByThisThread);
    t.throws(() => bql.lock(SyncSite.BQL_MMIO), { code: 'ERR_LOCK_RECURSIVE' });
    t.equal(bql.holder, SyncSite.BQL_RESET, 'a refused attempt changes nothing');
    return held;
  });
  t.ok(token);
  t.notOk(bql.heldByThisThread);
  t.throws(() => bql.unlock(), { code: 'ERR_LOCK_NOT_OWNER' });
  t.throws(() => bql.assertHeld(), { code: 'ERR_LOCK_NOT_OWNER' });
  t.throws(() => bql.run(SyncSite.BQL_RESET, () => { throw new Error('inside'); }), { message: 'inside' });
  t.equal(bql.holder, 0, 'released when the section throws');
});

t.test('of concurrent CPU_ON calls on one vCPU exactly one succeeds', async (t) => {
  const rounds = 100, won = await runCrew<number>(worker, 'cpuOn', bareSpec({ cpus: 5 }), 4, { rounds });
  t.equal(sum(won), rounds, `won: ${won.join(', ')}`);
});
