// The lock profiler: what locks report, figures by thread, waits of the guest, the report and its forms.
import t from 'tap';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Mutex, setLockProbe, SpinLock, type LockProbe } from '#atomics-sync';
import { GuestSpins, readSpins } from '../../src/accel/guest-spins.ts';
import { Machine } from '../../src/accel/machine-view.ts';
import { bucketOf } from '../../src/accel/sync-profile.ts';
import { GuestNames } from '../../src/machine/guest-names.ts';
import { lockReport } from '../../src/machine/lock-profile.ts';
import type { VirtMachine } from '../../src/machine/virt.ts';
import { CPUState } from '../../src/memory/layout/cpu.ts';
import { SITE_ROWS, SPAN_EXCLUSIVE, SPAN_HOLD, SPAN_MMIO, SPIN_LDXR, SPIN_LOAD, SPIN_STXR, SPIN_WFE, SPIN_YIELD, SyncSite } from '../../src/memory/layout/profile.ts';
import { lockHtml } from '../../src/profile/lock-html.ts';
import { addLengths, times } from '../../src/profile/lock-report.ts';
import { lockText, syncProfileLines } from '../../src/profile/lock-text.ts';
import { chromeTrace, lostStacks, speedscope } from '../../src/profile/lock-trace.ts';
import { SymbolTable, systemMapSymbols } from '../../src/profile/symbols.ts';
import { bareSpec, vcpus } from '../support/bare-machine.ts';

const { Ajv } = createRequire(import.meta.url)('ajv') as typeof import('ajv');

/** A machine whose profiler is on, this thread being vCPU 0. */
function profiled(): Machine {
  const m = new Machine(bareSpec({ cpus: 2 }));
  m.profile.join(0);
  m.profile.set(true);
  t.teardown(() => setLockProbe(null));
  return m;
}

t.test('histogram buckets: two to an octave', async (t) => {
  t.same([0, 1, 2, 3, 4, 5, 6, 7, 8, 1023, 1024, 1536, 2 ** 31, 2 ** 40].map(bucketOf), [0, 0, 2, 3, 4, 4, 5, 5, 6, 19, 20, 21, 62, 63]);
  const one = (...ns: number[]) => addLengths(ns.map((n) => ({ ns: n, max: n, histogram: Array.from({ length: 64 }, (_, k) => Number(k === bucketOf(n))) })));
  const many = one(...Array.from({ length: 98 }, () => 100), 5000, 9000);
  t.same(times(many), { total: 98 * 100 + 14000, mean: 238, p50: 128, p99: 6144, max: 9000 });
  t.same(times(one(100, 120)), { total: 220, mean: 110, p50: 120, p99: 120, max: 120 }, 'no quantile is above the longest');
});

t.test('locks tell a probe of each acquisition and release', async (t) => {
  const heard: string[] = [], i32 = new Int32Array(new SharedArrayBuffer(64));
  const probe: LockProbe = {
    acquired: (_m, site, wait) => { heard.push(`+${site}${wait >= 0 ? ' waited' : ''}`); },
    released: (_m, site, hold) => { heard.push(`-${site}${hold >= 0 ? '' : ' before it was taken'}`); },
  };
  const spin = new SpinLock(i32, 0, 7), mutex = new Mutex(i32, 4);
  spin.withLock(() => {});
  t.same(heard, [], 'nobody listens');
  setLockProbe(probe);
  spin.withLock(() => {});
  spin.withLock(() => {}, 8);
  t.ok(spin.tryLock());
  t.notOk(new SpinLock(i32, 0).tryLock());
  spin.unlock();
  mutex.withLock(() => {}, 3);
  await mutex.withLockAsync(() => {}, 4);
  t.same(heard.splice(0), ['+7', '-7', '+8', '-8', '+7', '-7', '+3', '-3', '+4', '-4']);
  // Held across the probe's removal: its release is nobody's.
  spin.lock();
  setLockProbe(null);
  spin.unlock();
  setLockProbe(probe);
  mutex.withLock(() => {}, 5);
  t.same(heard, ['+7', '+5', '-5']);
  setLockProbe(null);
});

t.test('figures of a thread', async (t) => {
  const m = profiled(), { profile } = m;
  m.bql.run(SyncSite.BQL_PARK, () => {});
  m.bql.run(SyncSite.BQL_PARK, () => {});
  const row = profile.read(0, SyncSite.BQL_PARK);
  t.equal(row.acquisitions, 2);
  t.equal(row.contended, 0);
  t.ok(row.hold.ns > 0 && row.hold.max <= row.hold.ns);
  t.equal(row.hold.histogram.reduce((a, b) => a + b, 0), 2);
  const start = profile.begin();
  t.ok(start > 0);
  profile.mmioDone(2, start - 50_000);
  t.ok(profile.read(0, SITE_ROWS + 2).wait.ns >= 50_000);
  profile.left(1);
  profile.stopped(SyncSite.EXCLUSIVE_FLUSH, start - 3e6, start - 1e6, 1, profile.late);
  t.match(profile.stops(), { count: 1, kept: [{ waitNs: 2e6, who: 0, site: SyncSite.EXCLUSIVE_FLUSH, running: 1, late: 1 }] });
  t.same(profile.spans(0).map((s) => s.kind).filter((k) => k > SPAN_HOLD), [SPAN_MMIO, SPAN_EXCLUSIVE], 'long ones are in the timeline');

  const other = new Machine(m.spec);
  other.profile.join(1);
  t.ok(other.profile.on, 'a thread that joins sees the switch');
  m.profile.set(false);
  other.profile.sync();
  t.notOk(other.profile.on);
  t.equal(profile.begin(), 0, 'off: nothing is measured');
  m.bql.run(SyncSite.BQL_PARK, () => {});
  t.equal(profile.read(0, SyncSite.BQL_PARK).acquisitions, 2);
  t.equal(m.bql.stats(SyncSite.BQL_PARK).acquisitions, 3, 'the BQL counts on');
  const before = profile.measuredNs;
  t.ok(before > 0 && profile.measuredNs === before, 'the clock stands');
  profile.reset();
  t.equal(profile.read(0, SyncSite.BQL_PARK).acquisitions, 0);
  t.equal(profile.stops().count, 0);
  t.equal(profile.measuredNs, 0);
});

/** A vCPU whose code is at `pc`, with memory of 64-bit words. */
function waiter(m: Machine, frame: { fp: bigint; lr: bigint }, memory: ReadonlyMap<bigint, bigint> = new Map()) {
  const cpu = vcpus(m)[0], at = { pc: 0x1000 };
  Object.assign(cpu, { target: { pcLo: () => at.pc, pcHi: () => -1, callFrame: () => frame } });
  let now = 1e9;
  const spins = new GuestSpins(cpu, (a) => memory.get(a), () => now), { spin_tries, spin_waits } = CPUState.off;
  // As src/tcg/ops/spin.ts#success does.
  const got = (lo: number, hi: number): void => {
    if (cpu.ld32(spin_tries) === 0) return;
    cpu.st32(spin_waits, cpu.ld32(spin_waits) - 1);
    if (cpu.ld32(spin_waits) > 0) cpu.st32(spin_tries, 0);
    else spins.success(lo, hi);
  };
  return { cpu, at, spins, got, later: (us: number) => { now += us * 1000; } };
}

t.test('waits of the guest', async (t) => {
  const m = profiled();
  // main() called lock() called slow(), which has a frame, too.
  const memory = new Map([[0x100n, 0x200n], [0x108n, 0xffffffff00002008n], [0x200n, 0n], [0x208n, 0xffffffff00003010n]]);
  const { cpu, spins, got, later } = waiter(m, { fp: 0x100n, lr: 0xffffffff00001ff0n }, memory);
  const open = () => cpu.ld32(CPUState.off.spin_word + 4) >>> 31;
  spins.tried(SPIN_STXR, 0x10, 0x40, 0, 1);
  t.equal(open(), 1);
  later(5);
  spins.tried(SPIN_STXR, 0x10, 0x40, 0, 1);
  got(0x40, 0);
  t.equal(open(), 0);
  let [s] = readSpins(m, 0);
  t.match(s, { pc: 0xffffffff00001010n, address: 0x40n, kind: SPIN_STXR, el: 1, failures: 2, episodes: 1 });
  t.match(s, { ns: 5000, max: 5000 });
  t.same(s.stack, [0xffffffff00001ff0n, 0xffffffff00002008n, 0xffffffff00003010n], 'link register, then frames');

  m.profile.reset();
  spins.tried(SPIN_LDXR, 0x20, 0x40, 0, 1);
  later(100);
  spins.tried(SPIN_LDXR, 0x20, 0x40, 0, 1);
  got(0x80, 0);
  [s] = readSpins(m, 0);
  t.match(s, { failures: 2, episodes: 2, ns: 0 }, 'two looks with a long time between them are no wait');

  m.profile.reset();
  spins.tried(SPIN_WFE, 0x30, 0x48, 0, 1);
  spins.sleeps();
  later(200);
  spins.woke();
  later(50);
  spins.tried(SPIN_LDXR, 0x20, 0x80, 0, 1);
  [s] = readSpins(m, 0);
  t.match(s, { kind: SPIN_WFE, ns: 200_000 }, 'sleep counts, what came after it does not');

  m.profile.reset();
  for (let n = 0; n < 4; n++) spins.tried(SPIN_LDXR, 0x20, 0x90, 0, 1);
  later(3000);
  for (let n = 0; n < 64; n++) spins.tried(SPIN_LDXR, 0x20, 0x90, 0, 1);
  [s] = readSpins(m, 0);
  t.equal(s.ns, 3e6, 'in a loop, a pause is the host\'s; one that goes on is booked before it ends');
});

/** Waits of two locks by turns, `tries` of `ns` each, with `pause` ns of something else after each. The number that was measured. */
function waits(w: ReturnType<typeof waiter>, count: number, tries: number, ns: number, pause: number): number {
  let measured = 0;
  for (let k = 0; k < count; k++) {
    const lock = k & 1 ? 0x80 : 0x40;
    for (let n = 0; n < tries; n++) { w.spins.tried(SPIN_STXR, lock, lock, 0, 1); w.later(ns / 1000); }
    measured += w.cpu.ld32(CPUState.off.spin_word + 4) >>> 31;
    w.got(lock, 0);
    w.later(pause / 1000);
  }
  return measured;
}

t.test('a location that is read often is not polled', async (t) => {
  const m = profiled(), { spins, got, later } = waiter(m, { fp: 0n, lr: 0n });
  const read = (times: number, us: number): number => {
    m.profile.reset();
    for (let n = 0; n < times; n++) { spins.tried(SPIN_LOAD, 0x20, 0x40, 0, 1); later(us); }
    got(0x80, 0);
    later(1000);
    return readSpins(m, 0).length;
  };
  t.equal(read(4, 1), 0);
  t.equal(read(4, 0.1), 1);
  t.equal(read(20, 1), 1);
});

t.test('many short waits: a few are measured and stand for all', async (t) => {
  const m = profiled(), w = waiter(m, { fp: 0n, lr: 0n }), COUNT = 200_000;
  const measured = waits(w, COUNT, 4, 50, 300);
  const [a, b] = [0x40n, 0x80n].map((lock) => readSpins(m, 0).find((s) => s.address === lock)!);
  // 500 ns each, a sample in 100 µs.
  t.ok(measured < 2 * COUNT / 200, `${measured} of ${COUNT} measured`);
  for (const s of [a, b]) {
    t.ok(Math.abs(s.episodes / (COUNT / 2) - 1) < 0.15, `${s.episodes} waits`);
    t.equal(s.failures, 4 * s.episodes);
    t.ok(Math.abs(s.ns / s.episodes - 200) < 1, `${s.ns / s.episodes} ns each`);
    t.equal(s.histogram.reduce((x, y) => x + y, 0), s.episodes);
  }
  t.ok(Math.abs((a.episodes + b.episodes) / COUNT - 1) < 0.01, 'the number of all is exact but for those since the last sample');

  m.profile.reset();
  for (let n = 0; n < 200_000; n++) { w.spins.tried(SPIN_LDXR, 0x20, 0x90, 0, 1); w.later(0.01); }
  w.got(0x90, 0);
  const long = readSpins(m, 0).find((s) => s.address === 0x90n)!;
  t.match(long, { episodes: 1, failures: 200_000 }, 'a long one stands for itself');
  t.ok(Math.abs(long.ns - 2e6) < 2e3, `${long.ns} ns: from its first try on`);

  m.profile.reset();
  w.later(20_000);
  w.spins.refresh();
  waits(w, 10, 2, 50, 300);
  t.equal(readSpins(m, 0).reduce((n, s) => n + s.episodes, 0) >= 10, true, 'after a while with few of them each is measured');
});

t.test('a poll that never ends', async (t) => {
  const m = profiled(), { spins, cpu, later } = waiter(m, { fp: 0n, lr: 0n });
  const tries = 2 ** 30 + 5;
  for (let n = 0; n < 100; n++) { spins.tried(SPIN_YIELD, 0x20, 0, 0, 1); later(0.1); }
  cpu.st32(CPUState.off.spin_tries, tries);
  for (let n = 0; n < 100_000; n++) { spins.tried(SPIN_YIELD, 0x20, 0, 0, 1); later(0.1); }
  t.ok(cpu.ld32(CPUState.off.spin_tries) < 200_000, 'it is counted on from less');
  const [s] = readSpins(m, 0);
  t.ok(s.failures > tries && s.failures <= tries + 100_000, `${s.failures} tries`);
  t.ok(Math.abs(s.ns - 10e6) < 1.1e6, `${s.ns} ns`);
});

t.test('a table that is full', async (t) => {
  const m = profiled(), { spins, at, got, later } = waiter(m, { fp: 0n, lr: 0n });
  for (let n = 0; n < 3000; n++) {
    at.pc = 0x1000 * n;
    spins.tried(SPIN_STXR, 0, 0x40, 0, 1);
    got(0x40, 0);
    later(200);
  }
  const kept = readSpins(m, 0).length, lost = m.profile.spinsLost(0);
  t.ok(kept > 700 && kept <= 1024, `${kept} kept`);
  t.equal(kept + lost, 3000);
});

const MAP = 'ffffffff00001000 T slow\nffffffff00002000 T queued_spin_lock_slowpath\nffffffff00003000 T do_work\nffffffff00009000 D big_lock\nffffffff0000a000 D __per_cpu_start\nffffffff0000a100 d runqueues\n'
  + 'ffffffff0000b000 D __per_cpu_end\nffffffff00008000 D __per_cpu_offset\n';

t.test('the report', async (t) => {
  const m = profiled(), { profile } = m;
  const memory = new Map([[0x100n, 0n], [0x108n, 0xffffffff00002008n], [0x110n, 0n]]);
  const a = waiter(m, { fp: 0x100n, lr: 0xffffffff00001044n }, memory);
  a.spins.tried(SPIN_STXR, 0x10, 0x9000, -1, 1);
  a.later(20);
  a.got(0x9000, -1);
  const b = waiter(m, { fp: 0n, lr: 0xffffffff00003010n });
  b.spins.tried(SPIN_LDXR, 0x20, 0xf110, -1, 1);
  b.later(5);
  b.got(0xf110, -1);
  m.bql.run(SyncSite.BQL_MMIO, () => {});
  profile.mmioDone(0, profile.begin() - 30_000);
  const end = profile.begin();
  profile.stopped(SyncSite.EXCLUSIVE_ATOMIC, end - 40_000, end - 10_000, 1, 1);

  const names = new GuestNames(new SymbolTable(systemMapSymbols(MAP)), 2, (at) => (at === 0xffffffff00008000n ? 0x5000n : 0x15000n));
  t.equal(names.lock(0xffffffff0000f110n), 'runqueues+0x10 (CPU 0)');
  t.equal(names.lock(0xffffffff0001f104n), 'runqueues+0x4 (CPU 1)');
  t.equal(names.lock(0x1234n), '0x1234');
  const r = lockReport({ machine: m } as VirtMachine, names);
  const schema = JSON.parse(readFileSync(new URL('../../schemas/lock-profile.json', import.meta.url), 'utf8')) as object;
  const ajv = new Ajv({ allErrors: true }), valid = ajv.validate(schema, JSON.parse(JSON.stringify(r)));
  t.ok(valid, ajv.errorsText());
  t.match(r.guest.locks.map((l) => [l.lock, l.waiters[0].symbol]), [['big_lock', 'slow'], ['runqueues+0x10 (CPU 0)', 'slow']]);
  t.same(r.guest.sites[0].stack.map((f) => f.symbol), ['slow+0x10', 'queued_spin_lock_slowpath+0x4'], 'a return address inside the function itself is no caller');
  t.same(r.guest.sites[1].stack.map((f) => f.symbol), ['slow+0x20', 'do_work+0xc']);
  t.match(r.host.find((h) => h.kind === 'exclusive'), { lock: 'exclusive section', wait: { total: 30_000 } });
  t.match(r.stops, { count: 1, late: [{ vcpu: 'vCPU 1', count: 1 }], last: [{ who: 'vCPU 0', why: 'atomic instruction', running: 1, late: 'vCPU 1' }] });
  t.match(r.mmio, [{ device: 'region 0', requests: 1 }]);
  t.same(r.timeline.map((x) => x.thread), ['vCPU 0']);

  const text = lockText(r);
  for (const what of ['big_lock', 'slow+0x10', 'runqueues+0x10 (CPU 0)', 'MMIO dispatch', 'atomic instruction', 'vCPU 1']) t.ok(text.includes(what), what);
  const lines = syncProfileLines(r, { max: 3 });
  t.equal(lines.length, 2 + 3);
  t.match(lines[0], /^Wait Time \(s\)\s+Count\s+Average \(us\)\s+Type\s+Object\s+Call site$/);
  t.ok(syncProfileLines(r, { perThread: true, max: 99 }).some((l) => /bql +vCPU 0 +MMIO dispatch/.test(l)));

  t.ok(lostStacks(r).some((s) => s.frames.join('/') === 'guest/queued_spin_lock_slowpath/slow/[big_lock]'), 'outermost first, the lock last');
  const scope = speedscope(r, 'test') as { profiles: { samples: number[][]; weights: number[]; endValue: number }[]; shared: { frames: unknown[] } };
  for (const p of scope.profiles) {
    t.equal(p.samples.length, p.weights.length);
    t.equal(p.weights.reduce((x, y) => x + y, 0), p.endValue);
    t.ok(p.samples.flat().every((f) => f < scope.shared.frames.length));
  }
  const { traceEvents } = chromeTrace(r) as { traceEvents: { ph: string; ts?: number; dur?: number }[] };
  t.ok(traceEvents.filter((e) => e.ph === 'X').length >= 4);
  t.ok(traceEvents.every((e) => e.ph === 'M' || (e.ts! >= 0 && e.dur! >= 0)));
  const html = lockHtml({ ...r, guest: { ...r.guest, locks: [{ ...r.guest.locks[0], lock: '<b>&"' }] } }, 'a </script><b>');
  t.notOk(/<b>&"|a <\/script>/.test(html), 'names are escaped');
  t.notOk(/(src|href)=/.test(html), 'nothing else is loaded');
});

t.test('without the profiler the BQL\'s counts are there', async (t) => {
  const m = new Machine(bareSpec({ cpus: 1 }));
  m.bql.run(SyncSite.BQL_PARK, () => {});
  const r = lockReport({ machine: m } as VirtMachine, new GuestNames(new SymbolTable([]), 1, () => undefined));
  t.match(r.host, [{ lock: 'bql', site: 'park', acquisitions: 1, contended: 0 }]);
});
