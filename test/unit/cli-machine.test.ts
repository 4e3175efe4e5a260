// Options that reach the guest, by a guest that prints what it sees; QEMU runs the same image where it is installed.
import t from 'tap';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble } from '../../src/asm/index.ts';

/** Seconds of the RTC and the UUID of fw_cfg in hexadecimal, a space between them; then SYSTEM_OFF. */
const GUEST = assemble(`
  mov x19, #0x09000000
  ldr x1, =0x09010000; ldr w0, [x1]; mov w20, #32; bl hex
  mov w1, #' '; strb w1, [x19]
  ldr x21, =0x09020000; mov w1, #0x200; strh w1, [x21, #8]
  mov w22, #16
1: ldrb w0, [x21]; mov w20, #8; bl hex
  subs w22, w22, #1; b.ne 1b
  ldr w0, =0x84000008; hvc #0
hex: sub w20, w20, #4; lsr w1, w0, w20; and w1, w1, #15
  add w2, w1, #'0'; add w3, w1, #'a'-10; cmp w1, #10; csel w1, w2, w3, lo; strb w1, [x19]
  cbnz w20, hex
  ret
`, { base: 0x40080000 }).code;

t.setTimeout(600_000);
const dir = t.testdir();
const image = join(dir, 'guest.bin');
writeFileSync(image, GUEST);
const COMMON = ['-M', 'virt', '-cpu', 'cortex-a72', '-display', 'none', '-serial', 'stdio', '-kernel', image];
const UUID = '01234567-89ab-cdef-0123-456789abcdef';

const mttcg = (...args: string[]) => spawnSync(process.execPath, ['bin/mttcg.js', ...COMMON, ...args], { encoding: 'utf8' });
const qemu = (...args: string[]) => spawnSync('qemu-system-aarch64', [...COMMON, ...args], { encoding: 'utf8' });
const noQemu = qemu('-version').status === 0 ? false : 'no qemu-system-aarch64';

/** Seconds that two readings of a clock may lie apart: how long the runs took, on a busy machine. */
const started = performance.now();
const slack = () => 5 + (performance.now() - started) / 1000;

/** What the guest printed. */
function seen({ stdout }: { stdout: string }): { seconds: number; uuid: string } {
  const [, seconds, uuid] = /^([0-9a-f]{8}) ([0-9a-f]{32})$/.exec(stdout) ?? [];
  return { seconds: parseInt(seconds, 16), uuid };
}
const utcNow = () => Date.now() / 1000;
const localNow = () => utcNow() - new Date().getTimezoneOffset() * 60;

const DATE = '2006-06-17T16:01:21';
for (const [base, clock, expected] of [
  ['utc', 'host', utcNow], ['localtime', 'rt', localNow], [DATE, 'host', () => Date.parse(`${DATE}Z`) / 1000], [DATE, 'vm', () => Date.parse(`${DATE}Z`) / 1000],
] as const) {
  t.test(`-rtc base=${base},clock=${clock}`, { timeout: 300_000 }, async (t) => {
    const run = mttcg('-rtc', `base=${base},clock=${clock}`, '-uuid', UUID);
    t.same([run.status, run.stderr], [0, '']);
    const { seconds, uuid } = seen(run);
    t.ok(Math.abs(seconds - expected()) < slack(), `${seconds}`);
    t.equal(uuid, UUID.replaceAll('-', ''));
  });
}

t.test('QEMU sees the same', { skip: noQemu, timeout: 300_000 }, async (t) => {
  const args = ['-rtc', 'base=2006-06-17', '-uuid', UUID];
  const ours = seen(mttcg(...args)), theirs = seen(qemu(...args));
  t.equal(ours.uuid, theirs.uuid);
  t.ok(Math.abs(ours.seconds - theirs.seconds) < slack(), `${ours.seconds} ${theirs.seconds}`);
  t.equal(seen(mttcg()).uuid, seen(qemu()).uuid, 'without -uuid');
});

t.test('-singlestep gives the same', { timeout: 300_000 }, async (t) => {
  t.match(mttcg('-singlestep', '-uuid', UUID).stdout, UUID.replaceAll('-', ''));
});

t.test('-name', { skip: process.platform !== 'linux', timeout: 300_000 }, async (t) => {
  const pidfile = join(dir, 'pid');
  const p = spawn(process.execPath, ['bin/mttcg.js', '-M', 'virt', '-S', '-display', 'none', '-monitor', 'stdio', '-name', 'alpha,process=beta,debug-threads=on', '-uuid', UUID, '-pidfile', pidfile], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  p.stdout.on('data', (d) => { text += d; });
  const until = async (pattern: RegExp) => { while (!pattern.test(text)) await once(p.stdout, 'data'); };
  await until(/\(qemu\) /);
  t.equal(readFileSync(`/proc/${p.pid}/comm`, 'utf8'), 'beta\n');
  p.stdin.write('info name\ninfo uuid\nquit\n');
  await once(p, 'close');
  t.match(text, /alpha\r\n/);
  t.match(text, UUID);
});

t.test('-d in_asm,op,op_opt,exec,cpu,nochain', { timeout: 300_000 }, async (t) => {
  const log = join(dir, 'log');
  t.equal(mttcg('-d', 'in_asm,op,op_opt,exec,cpu,nochain', '-D', log).status, 0);
  const text = readFileSync(log, 'utf8');
  t.match(text, /^----------------\nIN: \n0x40000000: {2}580000c0 {2}\w+\n/m);
  t.match(text, /^OP:\n[^]*?^OP after optimization and liveness analysis:\n/m);
  t.match(text, /^Trace 0: 0x[0-9a-f]+ \[00000000\/0000000040080000\/[0-9a-f]{8}\/[0-9a-f]{8}\] \n PC=0000000040080000 /m);
  mttcg('-d', 'exec,nochain', '-dfilter', '0x40000000+0x1000', '-D', log);
  t.same([...new Set(readFileSync(log, 'utf8').match(/\/[0-9a-f]{16}\//g))], ['/0000000040000000/'], 'the boot stub only');
});
