// --profile-locks: known waits of a small guest by name and length, Debian's kernel by its own symbols, the page in a browser.
import t from 'tap';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { LockReport } from '../../src/profile/lock-report.ts';
import { CONTENDED_LOCKS, contendedGuest, HELD_MS } from '../guests/contended.ts';
import { mttcg } from '../support/console.ts';
import { connectQmp, startQmp } from '../support/qmp-client.ts';
import { INITRD, KERNEL, missingGuest } from './guest.ts';

const { Ajv } = createRequire(import.meta.url)('ajv') as typeof import('ajv');
const schema = JSON.parse(readFileSync('schemas/lock-profile.json', 'utf8')) as object;
const ms = (ns: number): number => ns / 1e6;
t.setTimeout(600_000);

/** Reads the JSON report of a prefix and checks it against its schema. */
function reportOf(t: Pick<typeof import('tap').t, 'ok'>, prefix: string): LockReport {
  const r = JSON.parse(readFileSync(`${prefix}.json`, 'utf8')) as LockReport, ajv = new Ajv();
  t.ok(ajv.validate(schema, r), ajv.errorsText());
  return r;
}

/** What of a wait is seen: with one thread the waiter comes to its lock a time slice of 10 ms late, or two. */
const SEEN = { multi: 0.8, single: 0.5 } as const;
for (const thread of ['multi', 'single'] as const) {
  t.test(`each kind of lock, held for a known time, thread=${thread}`, async (t) => {
    const dir = t.testdir({}), { image, map } = contendedGuest(), prefix = join(dir, 'locks');
    writeFileSync(join(dir, 'guest.bin'), image);
    writeFileSync(join(dir, 'guest.map'), map);
    const c = mttcg(['-M', 'virt', '-cpu', 'max', '-smp', '2', '-accel', `tcg,thread=${thread}`, '-nographic', '-kernel', join(dir, 'guest.bin'), '--symbols', join(dir, 'guest.map'), `--profile-locks=${prefix}`]);
    t.teardown(() => c.kill());
    t.equal(await c.exit, 0, c.text);
    const r = reportOf(t, prefix);
    for (const { lock, waiter, caller } of CONTENDED_LOCKS) {
      const l = r.guest.locks.find((x) => x.lock === lock), s = r.guest.sites.filter((x) => x.lock === lock).toSorted((a, b) => b.time.total - a.time.total)[0];
      t.ok(l, `${lock} is named`);
      t.ok(l && ms(l.time.total) > SEEN[thread] * HELD_MS && ms(l.time.total) < 5000, `${lock}: ${l && ms(l.time.total)} ms of ${HELD_MS}`);
      t.match(s?.symbol, new RegExp(`^${waiter}`), 'who waits');
      t.match(s?.stack[1]?.symbol, new RegExp(`^${caller}\\+0x`), 'who called it');
      t.same(s?.vcpus.map((v) => v.vcpu), [1]);
    }
    t.match(readFileSync(`${prefix}.txt`, 'utf8'), /Guest locks, by time lost/);
    t.match(JSON.parse(readFileSync(`${prefix}.speedscope.json`, 'utf8')), { exporter: 'mttcg' });
    t.ok((JSON.parse(readFileSync(`${prefix}.trace.json`, 'utf8')) as { traceEvents: object[] }).traceEvents.length > CONTENDED_LOCKS.length);
  });
}

t.test('switched on, off and reset by the monitors while the guest runs', async (t) => {
  const dir = t.testdir({}), { image } = contendedGuest();
  writeFileSync(join(dir, 'guest.bin'), image);
  const p = await startQmp(['-M', 'virt', '-cpu', 'max', '-smp', '2', '-serial', 'null', '-no-shutdown', '-S', '-kernel', join(dir, 'guest.bin')]);
  t.teardown(() => p.dispose());
  const c = await connectQmp(p.path);
  const hmp = async (line: string) => (await c.execute('human-monitor-command', { 'command-line': line })).return as string;
  const query = async () => (await c.execute('x-query-sync-profile')).return as { enabled: boolean; report: LockReport; 'human-readable-text': string };
  t.equal(await hmp('sync-profile'), 'sync-profile is off\r\n');
  t.equal((await query()).enabled, false);
  t.equal(await hmp('sync-profile on'), '');
  t.equal(await hmp('sync-profile'), 'sync-profile is on\r\n');
  await c.execute('cont');
  // The guest powers off when it has had all its locks.
  await c.event('SHUTDOWN');
  const on = await query();
  t.equal(on.enabled, true);
  t.equal(on.report.guest.locks.length, CONTENDED_LOCKS.length, on['human-readable-text']);
  t.ok(on.report.guest.locks.every((l) => ms(l.time.total) > 0.8 * HELD_MS));
  const table = await hmp('info sync-profile -m 3');
  t.equal(table.trimEnd().split('\r\n').length, 2 + 3, table);
  t.match(table, /guest /);
  t.equal(await hmp('sync-profile off'), '');
  t.equal((await query()).enabled, false);
  t.equal((await query()).report.guest.locks.length, CONTENDED_LOCKS.length, 'the figures stay');
  await hmp('sync-profile reset');
  await c.execute('cont');
  t.match(await hmp('sync-profile maybe'), /Invalid parameter 'maybe'/);
  await c.execute('quit');
  t.equal(await p.exited, 0);
});

t.test('what a user can do wrong', async (t) => {
  const dir = t.testdir({ 'notes.txt': 'no symbols here\n' });
  for (const [args, message] of [
    [[`--profile-locks=${join(dir, 'missing', 'x')}`], /^mttcg: --profile-locks=\S+: cannot write '\S+': .*no such file/i],
    [['--profile-locks='], /^mttcg: --profile-locks=: the file name is missing/],
    [['--symbols', join(dir, 'notes.txt')], /^mttcg: no symbols in '\S+notes.txt'/],
    [['--symbols', join(dir, 'none')], /^mttcg: could not load symbols '\S+none': no such file/],
  ] as const) {
    const c = mttcg(args);
    t.equal(await c.exit, 1);
    t.match(c.text, message);
    t.equal(c.text.trim().split('\n').length, 1, 'one sentence');
  }
});

t.test('Debian on 4 vCPUs: the kernel\'s locks by its own symbols', { skip: missingGuest(), timeout: 480_000 }, async (t) => {
  const prefix = join(t.testdir({}), 'debian');
  const c = mttcg(['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '4', '-m', '1G', '-nographic', '-kernel', KERNEL, '-initrd', INITRD, '-append', 'console=ttyAMA0 rdinit=/bin/sh', `--profile-locks=${prefix}`]);
  t.teardown(() => c.kill());
  await c.expect(/Run \/bin\/sh as init process/, 400);
  await c.expect(/[~/] # (\x1b\[6n)?$/, 180);
  c.type('poweroff -f\n');
  t.equal(await c.exit, 0);
  const r = reportOf(t, prefix), top = r.guest.sites.slice(0, 10);
  t.ok(r.guest.symbols > 10_000, `${r.guest.symbols} symbols from the kernel's memory`);
  t.ok(top.length > 0 && top.filter((s) => s.el === 1).every((s) => /^[A-Za-z_.][\w.]*(\+0x|$)/.test(s.symbol)), top.map((s) => s.symbol).join(', '));
  t.ok(top.some((s) => s.stack.length > 3), 'with call stacks');
  t.ok(r.guest.locks[0].waiters.some((w) => /^[A-Za-z_]/.test(w.symbol)), 'the hottest lock is known by who waits for it');
  t.ok(r.host.some((h) => h.lock === 'bql' && h.site === 'MMIO dispatch'));
  t.ok(r.stops.count > 0 && r.stops.last.every((s) => s.wait >= 0 && s.hold >= 0));
  t.ok(r.mmio.some((m) => m.device === 'pl011' && m.requests > 0));

  const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  if (!chromium) {
    if (process.env.CI) t.fail('chromium is missing: apt-get install chromium');
    else t.comment('no chromium: the page is not opened');
    return;
  }
  const page = spawnSync(chromium, ['--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=4000', '--dump-dom', `file://${prefix}.html`], { encoding: 'utf8', timeout: 120_000, maxBuffer: 1 << 28 });
  t.equal(page.status, 0, page.stderr);
  t.match(page.stdout, /<section id="guest-locks">[\s\S]*?<tbody><tr>/, 'the lock table');
  t.ok((page.stdout.match(/class="f"/g) ?? []).length > 10, 'the script drew the flame graph');
  t.match(page.stdout, /<canvas[^>]*height="\d{2,}"/, 'and the timeline');
});
