// The command line: what options mean, and the one sentence that each mistake gets.
import t from 'tap';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MACHINES, type Catalog } from '../../src/cli/catalog.ts';
import { UserError } from '../../src/errors.ts';
import { helpText } from '../../src/cli/help.ts';
import { findOption, OPTIONS } from '../../src/cli/option-table.ts';
import type { MachineOptions } from '../../src/machine/options.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { parseInteger, parseSize, splitCommas } from '../../src/cli/qemu-opts.ts';
import { CPU_LOG_EXEC, CPU_LOG_INT } from '../../src/log.ts';

const catalog: Catalog = {
  machines: MACHINES,
  cpuModels: [{ name: 'cortex-a57', description: 'A57' }, { name: 'cortex-a72', description: 'A72' }, { name: 'max', description: 'all' }],
  exclusiveSchemes: ['cmpxchg', 'hst'],
};

const dir = t.testdir({ kernel: 'k', initrd: 'i', 'b,c': 'comma', fw: { 'flash.fd': 'f' } });
const kernel = join(dir, 'kernel');

function options(...argv: string[]): MachineOptions {
  const request = parseCommandLine(argv, catalog);
  if (request.kind !== 'run') throw new Error(`printed: ${request.text}`);
  return request.options;
}

function mistake(...argv: string[]): UserError {
  try {
    parseCommandLine(argv, catalog);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
}

t.test('the issue\'s boot line', async (t) => {
  const o = options('-M', 'virt', '-cpu', 'cortex-a72', '-smp', '2', '-m', '1G', '-nographic', '-kernel', kernel, '-initrd', join(dir, 'initrd'), '-append', 'console=ttyAMA0,115200 rdinit=/bin/sh');
  t.match(o, {
    machine: 'virt', cpu: { model: 'cortex-a72', props: {} }, nographic: true, onReboot: 'reset', onShutdown: 'poweroff', startPaused: false,
    virt: { gicVersion: 3, highmem: true, dtbRandomness: true },
    smp: { cpus: 2, maxcpus: 2, sockets: 1, clusters: 1, cores: 2, threads: 1 },
    memory: { size: 2 ** 30, slots: 0, maxmem: 2 ** 30 },
    accel: { thread: 'multi', exclusive: 'cmpxchg', oneInsnPerTb: false, check: false },
    boot: { kernel, append: 'console=ttyAMA0,115200 rdinit=/bin/sh', defaultGuest: false },
    serials: ['serial0'], monitors: [{ chardev: 'serial0', mode: 'readline' }],
    chardevs: [{ id: 'serial0', backend: 'stdio', mux: true, signal: false }],
  });
  t.same(structuredClone(o), o, 'options are plain data');
});

t.test('no options: the embedded guest on four vCPUs', async (t) => {
  const o = options();
  t.equal(o.boot.defaultGuest, true);
  t.equal(o.smp.cpus, 4);
  t.equal(o.cpu.model, 'max');
  t.equal(options('-M', 'virt').cpu.model, 'cortex-a57');
  t.equal(options('-smp', '2').smp.cpus, 2);
  t.equal(options('-M', 'virt').boot.defaultGuest, false, 'a named machine is the user\'s');
  t.equal(options('-M', 'virt').smp.cpus, 1);
});

t.test('spellings', async (t) => {
  t.equal(options('--machine', 'virt-7.2,gic-version=2').virt.gicVersion, 2);
  t.equal(options('-machine', 'type=virt,gic-version=max,highmem=off,dumpdtb=x.dtb', '-M', 'dtb-randomness=off').virt.dumpdtb, 'x.dtb');
  t.match(options('-accel', 'tcg,thread=single,tb-size=64,exclusive=hst,check=off', '-singlestep').accel, { thread: 'single', tbSize: 64 * 2 ** 20, exclusive: 'hst', check: false, oneInsnPerTb: true });
  t.equal(options('-accel', 'tcg,one-insn-per-tb=on').accel.oneInsnPerTb, true);
  t.match(options('-M', 'virt,smp.cpus=2,smp.threads=2,memory.size=1G,memory.max-size=2G,boot.order=c,phandle-start=0x100,dt-compatible=x,x-oem-id=abc'), { smp: { cpus: 2, threads: 2 }, memory: { size: 2 ** 30, maxmem: 2 ** 31 }, virt: { phandleStart: 256 } });
  t.equal(options('-M', 'virt,accel=kvm:tcg').accel.thread, 'multi');
  t.same(options('-cpu', 'max,pauth=off,pmu=off').cpu, { model: 'max', props: { pauth: false } });
  t.equal(options('-m', '512').memory.size, 512 * 2 ** 20);
  t.equal(options('-m', 'size=1.5G,slots=2,maxmem=4G').memory.maxmem, 4 * 2 ** 30);
  t.equal(options('-m', '64', '-m', '256M').memory.size, 256 * 2 ** 20, 'the last one counts');
  t.equal(options('-no-reboot', '-no-shutdown').onReboot, 'shutdown');
  t.equal(options('-action', 'reboot=shutdown,shutdown=pause').onShutdown, 'pause');
  t.equal(options('-kernel', join(dir, 'b,c')).boot.kernel, join(dir, 'b,c'), 'a plain argument has no commas to escape');
  t.equal(options('-M', `virt,kernel=${dir}/b,,c`).boot.kernel, join(dir, 'b,c'));
  t.equal(options('-bios', 'flash.fd', '-L', join(dir, 'fw')).boot.bios, join(dir, 'fw', 'flash.fd'));
  t.match(options('-name', 'guest=a,process=b', '-uuid', '01234567-89AB-cdef-0123-456789abcdef', '-S'), { name: 'a', processName: 'b', uuid: '01234567-89ab-cdef-0123-456789abcdef', startPaused: true });
  t.match(options('-rtc', 'base=2006-06-17T16:01:21,clock=vm').rtc, { base: Date.UTC(2006, 5, 17, 16, 1, 21), clock: 'vm' });
  t.match(options('-semihosting-config', 'enable=on,target=native').semihosting, { target: 'native' });
  t.equal(options('-seed', '0x10').seed, 16n);
  t.equal(options('-echr', '0x14').escapeChar, 0x14);
  t.doesNotThrow(() => options('-net', 'none', '-nic', 'none', '-boot', 'order=nc,menu=on', '-k', 'de', '-display', 'none', '-no-user-config'));
  const log = options('-d', 'int,exec', '-D', 'a-%d.log', '-dfilter', '0x1000+0x10,0x2000..0x2fff,0x40-4').log;
  t.same(log, { items: CPU_LOG_INT | CPU_LOG_EXEC, file: 'a-%d.log', dfilter: [{ first: 0x1000n, last: 0x100fn }, { first: 0x2000n, last: 0x2fffn }, { first: 0x3dn, last: 0x40n }] });
});

t.test('-smp', async (t) => {
  const smp = (text: string) => {
    const { cpus, maxcpus, sockets, clusters, cores, threads } = options('-smp', text).smp;
    return [cpus, maxcpus, sockets, clusters, cores, threads];
  };
  t.same(smp('4'), [4, 4, 1, 1, 4, 1]);
  t.same(smp('8,sockets=2'), [8, 8, 2, 1, 4, 1]);
  t.same(smp('8,cores=2,threads=2'), [8, 8, 2, 1, 2, 2]);
  t.same(smp('sockets=2,cores=2,threads=2'), [8, 8, 2, 1, 2, 2]);
  t.same(smp('4,maxcpus=8,clusters=2'), [4, 8, 1, 2, 4, 1]);
  t.same(smp('cpus=64'), [64, 64, 1, 1, 64, 1]);
});

t.test('serial, monitor, chardev', async (t) => {
  const devices = (...argv: string[]) => {
    const { chardevs, serials, monitors } = options('-M', 'virt', ...argv);
    return [chardevs.map((c) => `${c.id}:${c.backend}${c.mux ? ':mux' : ''}`), serials, monitors.map((m) => m.chardev)];
  };
  t.same(devices('-nographic'), [['serial0:stdio:mux'], ['serial0'], ['serial0']]);
  t.same(devices(), devices('-nographic'), 'without a display, the console is on the terminal');
  t.same(devices('-display', 'none'), [['serial0:null'], ['serial0'], []]);
  t.same(devices('-nographic', '-nodefaults'), [[], [], []]);
  t.same(devices('-nographic', '-monitor', 'none'), [['serial0:stdio'], ['serial0'], []]);
  t.same(devices('-nographic', '-serial', 'null'), [['serial0:null', 'compat_monitor0:stdio'], ['serial0'], ['compat_monitor0']]);
  t.same(devices('-serial', 'none', '-monitor', 'stdio'), [['compat_monitor0:stdio'], [null], ['compat_monitor0']]);
  t.same(devices('-chardev', 'stdio,id=c,mux=on', '-serial', 'chardev:c', '-mon', 'chardev=c,mode=readline'), [['c:stdio:mux'], ['c'], ['c']]);
  const first = (...argv: string[]) => options('-monitor', 'none', ...argv).chardevs[0];
  t.match(first('-serial', 'file:/a=b,c'), { path: '/a=b,c', append: false });
  t.match(first('-serial', 'tcp:127.0.0.1:4444,server,nowait'), { address: { type: 'inet', host: '127.0.0.1', port: 4444 }, server: true, wait: false });
  t.match(first('-serial', 'tcp:[::1]:4444,reconnect=2'), { address: { host: '::1', port: 4444 }, server: false, wait: false, reconnect: 2 });
  t.match(first('-serial', 'unix:/a,,b,server=on'), { address: { type: 'unix', path: '/a,b' }, server: true, wait: true });
  t.match(first('-serial', 'mon:unix:/a,server=on,wait=off'), { mux: true, wait: false, option: '-serial mon:unix:/a,server=on,wait=off' });
  t.match(first('-chardev', 'socket,id=s,port=0,server=on,wait=off,to=9,nodelay=on'), { address: { port: 0, to: 9 }, nodelay: true });
  t.match(first('-chardev', 'ringbuf,id=r,size=4K'), { backend: 'ringbuf', size: 4096 });
  t.match(parseCommandLine(['-serial', 'null', '-serial', 'null'], catalog), { kind: 'run', warnings: [/has 1 serial port/] });
});

t.test('mistakes', async (t) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['-foo', 'unknown-option', /^-foo: invalid option$/],
    ['disk.img', 'unknown-option', /disk images are not available/],
    ['-smp', 'missing-argument', /^-smp: requires an argument$/],
    ['-incoming defer', 'not-available', /^-incoming: .*not available yet/],
    ['-gdb tcp:x', 'bad-parameter', /^-gdb tcp:x.*not an address/],
    ['-icount 1', 'not-available', /^-icount: /],
    ['-M q35', 'unknown-machine', /unsupported machine type 'q35'/],
    ['-M virt,gic-version=5', 'bad-parameter', /Invalid gic-version value '5'/],
    ['-M virt,gic-version=host', 'not-available', /requires KVM/],
    ['-M virt,secure=on', 'not-available', /secure=on is not available yet/],
    ['-M virt,highmem=maybe', 'bad-parameter', /'highmem' expects 'on' or 'off'/],
    ['-M virt,foo=1', 'bad-parameter', /Property 'virt-machine.foo' not found/],
    ['-M virt,highmem', 'bad-parameter', /Expected '=' after parameter 'highmem'/],
    ['-M virt,smp=4', 'bad-parameter', /Invalid parameter type for 'smp', expected: object/],
    ['-M virt,memory.foo=1', 'bad-parameter', /Invalid parameter 'foo'/],
    ['-M virt,boot.order=z', 'bad-parameter', /Invalid boot device 'z'/],
    ['-M virt,x-oem-id=1234567', 'bad-parameter', /x-oem-id is bigger than 6 bytes/],
    ['-cpu z80', 'unknown-cpu', /unable to find CPU model 'z80'/],
    ['-cpu max,foo=on', 'bad-parameter', /Property 'max-arm-cpu.foo' not found/],
    ['-cpu cortex-a72,pauth=on', 'bad-parameter', /'cortex-a72-arm-cpu.pauth' not found/],
    ['-cpu max,pauth=2', 'bad-parameter', /'pauth' expects 'on' or 'off'/],
    ['-smp 0', 'bad-smp', /^-smp 0: Invalid CPU topology: CPU topology parameters must be greater than zero$/],
    ['-smp 65', 'bad-smp', /Invalid SMP CPUs 65\. The max CPUs supported by machine 'virt' is 64/],
    ['-smp -1', 'bad-parameter', /'cpus' expects a non-negative integer/],
    ['-smp x', 'bad-parameter', /'cpus' expects a non-negative integer, not 'x'/],
    ['-smp 2,sockets=3', 'bad-smp', /must match maxcpus: sockets \(3\) \* clusters \(1\) \* cores \(0\) \* threads \(1\) != maxcpus \(2\)/],
    ['-smp 4,sockets=2,cores=2,threads=2', 'bad-smp', /must match maxcpus/],
    ['-smp 2,maxcpus=1', 'bad-smp', /maxcpus must be equal to or greater than smp/],
    ['-smp 2,dies=2', 'bad-smp', /dies not supported/],
    ['-smp 2,foo=1', 'bad-parameter', /Parameter 'foo' is unexpected/],
    ['-M virt,gic-version=2 -smp 9', 'bad-smp', /exceeds max CPUs supported by gic-version=2 \(8\)/],
    ['-m 0', 'bad-memory', /^-m 0: /],
    ['-m -5', 'bad-parameter', /expects a non-negative number below 2\^64/],
    ['-m 1X', 'bad-parameter', /expects a non-negative number/],
    ['-m 99999999999999999999', 'bad-parameter', /out of range/],
    ['-m 1000G', 'bad-memory', /more memory than machine 'virt' can have/],
    ['-M virt,highmem=off -m 4G', 'bad-memory', /3072 MiB with highmem=off/],
    ['-m 512,slots=2', 'bad-memory', /slots specified but no maxmem/],
    ['-m 512,maxmem=256M', 'bad-memory', /must be at least/],
    ['-kernel /nonexistent/k', 'kernel-missing', /^could not load kernel '\/nonexistent\/k': no such file$/],
    [`-kernel ${dir}`, 'kernel-missing', /it is a directory/],
    [`-kernel ${kernel} -initrd /nonexistent`, 'initrd-missing', /could not load initrd/],
    [`-kernel ${kernel} -dtb /nonexistent`, 'dtb-missing', /could not load dtb/],
    ['-bios /nonexistent', 'bios-missing', /could not load bios/],
    ['-append x', 'no-kernel', /^-append only allowed with -kernel option$/],
    ['-initrd x', 'no-kernel', /^-initrd only allowed with -kernel option$/],
    ['-accel kvm', 'unknown-accel', /invalid accelerator kvm/],
    ['-M accel=kvm', 'unknown-accel', /invalid accelerator kvm/],
    ['-accel tcg,thread=x', 'bad-parameter', /Invalid 'thread' setting x/],
    ['-accel tcg,tb-size=x', 'bad-parameter', /'tb-size' expects/],
    ['-accel tcg,tb-size=0', 'bad-parameter', /tb-size 0/],
    ['-accel tcg,exclusive=x', 'bad-parameter', /'exclusive' does not accept value 'x'/],
    ['-semihosting-config arg=a', 'not-available', /a command line for the guest program/],
    ['-semihosting-config userspace=on', 'not-available', /from EL0/],
    ['-accel tcg,foo=3', 'bad-parameter', /Property 'tcg-accel.foo' not found/],
    ['-display gtk', 'not-available', /display type 'gtk'/],
    ['-nic user', 'not-available', /network devices/],
    ['-net nic', 'not-available', /network devices/],
    ['-boot z', 'bad-parameter', /Invalid boot device 'z'/],
    ['-serial foo', 'bad-chardev', /'foo' is not a valid char driver/],
    ['-serial pty', 'not-available', /'pty' is not available yet/],
    ['-serial telnet::1,server=on', 'not-available', /'telnet' is not available yet/],
    ['-serial file:', 'bad-parameter', /no filename given/],
    ['-serial tcp:foo', 'bad-parameter', /'foo' is not an address host:port/],
    ['-serial tcp::99999', 'bad-parameter', /'99999' is not a port number/],
    ['-serial tcp::1,wait=on', 'bad-parameter', /'wait' option is incompatible/],
    [`-serial unix:/${'x'.repeat(120)}`, 'bad-parameter', /is too long/],
    ['-serial chardev:x', 'no-chardev', /chardev "x" not found/],
    ['-serial mon:stdio -serial stdio', 'stdio-in-use', /cannot use stdio by multiple character devices/],
    ['-serial stdio -monitor stdio', 'stdio-in-use', /cannot use stdio/],
    ['-chardev foo,id=a', 'bad-chardev', /'foo' is not a valid char driver name/],
    ['-chardev null', 'bad-parameter', /chardev: no id specified/],
    ['-chardev null,id=a -chardev null,id=a', 'duplicate-id', /Duplicate ID 'a' for chardev/],
    ['-chardev file,id=a', 'bad-parameter', /no filename given/],
    ['-chardev socket,id=a', 'bad-parameter', /one of 'path' and 'port'/],
    ['-chardev ringbuf,id=a,size=3', 'bad-parameter', /power of two/],
    ['-chardev null,id=a -serial chardev:a -serial chardev:a', 'chardev-in-use', /already in use/],
    ['-mon foo', 'no-chardev', /chardev "foo" not found/],
    ['-d foo', 'log-item', /unknown log item 'foo'/],
    ['-dfilter 0x', 'bad-range', /Bad range specifier '0x'/],
    ['-dfilter 9..3', 'bad-range', /Bad range specifier/],
    ['-uuid 3', 'bad-parameter', /failed to parse UUID/],
    ['-rtc foo', 'bad-parameter', /Expected '=' after parameter 'foo'/],
    ['-rtc base=x', 'bad-parameter', /invalid datetime format/],
    ['-seed x', 'bad-parameter', /Invalid seed number: x/],
    ['-action panic=x', 'bad-parameter', /Parameter 'panic' does not accept value 'x'/],
  ];
  for (const [line, code, message] of cases) {
    const error = mistake(...line.split(' '));
    t.match(error.message, message, line);
    t.equal(error.code, code, line);
    t.notMatch(`${error.message}${error.hint}`, /\n/, 'one line');
  }
});

t.test('requests for help win', async (t) => {
  const text = (...argv: string[]) => {
    const request = parseCommandLine(argv, catalog);
    return request.kind === 'print' ? request.text : '';
  };
  t.match(text('-smp', '0', '-help'), /^usage: mttcg/);
  t.match(text('--version'), /^mttcg emulator version \d/);
  t.match(text('-cpu', 'help'), /cortex-a72/);
  t.match(text('-M', 'help'), /^virt /m);
  t.match(text('-M', 'virt,help'), /gic-version=<string>/);
  t.match(text('-machine', '?'), /^virt /m);
  t.match(text('-accel', 'help'), /^tcg$/m);
  t.match(text('-d', 'help'), /^guest_errors /m);
  t.match(text('-chardev', 'help'), /ringbuf/);
});

t.test('the option table', async (t) => {
  const names = OPTIONS.flatMap((row) => [row.name, ...(row.aliases ?? [])]);
  t.equal(new Set(names).size, names.length, 'no spelling twice');
  t.equal(findOption('M')?.name, 'machine');
  for (const row of OPTIONS) {
    t.ok(row.help.length > 0, row.name);
    if (row.implemented) t.match(helpText(), `-${row.name}`);
  }
});

t.test('QEMU\'s syntax', async (t) => {
  t.same(splitCommas('a,b=c,,d,,,e'), ['a', 'b=c,d,', 'e']);
  t.equal(parseSize('1G'), 2 ** 30);
  t.equal(parseSize('1.5k'), 1536);
  t.equal(parseSize('0x10', 'M'), 16 * 2 ** 20);
  t.equal(parseSize('7', 'M'), 7 * 2 ** 20);
  for (const bad of ['', 'G', '-1', '1GB', '1e3', '0x']) t.equal(parseSize(bad), undefined, bad);
  t.equal(parseInteger('010'), 8);
  t.equal(parseInteger('0x1f'), 31);
  for (const bad of ['', 'x', '1.5', '-1', '99999999999999999999']) t.equal(parseInteger(bad), undefined, bad);
});

t.test('an unreadable file', { skip: process.getuid?.() === 0 ? 'root can read everything' : false }, async (t) => {
  const path = join(dir, 'secret');
  writeFileSync(path, 'x', { mode: 0 });
  t.match(mistake('-kernel', path).message, /permission denied/);
});
