// The human monitor's commands on a machine that does not run: answers as recorded from qemu-system-aarch64 7.2.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openChardevs } from '../../src/chardev/open.ts';
import { CPU_PROPERTIES, MACHINES } from '../../src/cli/catalog.ts';
import { parseChardev } from '../../src/cli/chardev-args.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { VirtMachine } from '../../src/machine/virt.ts';
import { parseObject } from '../../src/cli/object-args.ts';
import { Vm } from '../../src/machine/vm.ts';
import { Management } from '../../src/monitor/management.ts';

const catalog = { machines: MACHINES, cpuModels: [{ name: 'cortex-a57', description: '' }], exclusiveSchemes: ['cmpxchg'], cpuProperties: CPU_PROPERTIES };
const dir = mkdtempSync(join(tmpdir(), 'mttcg-hmp-'));
t.teardown(() => rmSync(dir, { recursive: true }));

const request = parseCommandLine(['-M', 'virt', '-smp', '2', '-m', '64', '-S', '-name', 'foo', '-serial', 'null', '-monitor', 'none', '-chardev', 'ringbuf,id=rb'], catalog);
if (request.kind !== 'run') throw new Error('not a machine');
const o = request.options;
const vm = new Vm({
  create: (onGuest) => new VirtMachine({
    cpus: 2, cpuModel: 'cortex-a57', gicVersion: 3, ramSize: o.memory.size, thread: 'multi', tbSize: 1 << 20, boot: {}, randomness: false, onGuest, onExit: () => {},
  }),
  smp: o.smp, ramSize: o.memory.size, objects: [], numa: [], preconfig: false, autostart: false, onExit: () => {}, actions: { reboot: 'reset', shutdown: 'poweroff', panic: 'shutdown', watchdog: 'reset' },
});
const management = new Management(vm, o, { product: 'mttcg 1', catalog, parseChardev, parseObject });
const chardevs = await openChardevs(o, { quit: () => {} });
management.connect(chardevs);
t.teardown(() => chardevs.close());

const hmp = (line: string, cpu?: number) => management.qmp.call('human-monitor-command', { 'command-line': line, 'cpu-index': cpu });

/** A word of memory to look at. */
vm.machine!.memory.write(0x40000000, Uint8Array.of(0xd0, 0x0d, 0xfe, 0xed, 0x00, 0x10, 0, 0, 0, 0, 0, 0x40, 0x34, 0x1c, 0, 0));

t.test('exact answers', async (t) => {
  const tryHelp = (what: string) => `Try "help ${what}" for more information\n`;
  const cases: readonly (readonly [string, string])[] = [
    ['info status', 'VM status: paused (prelaunch)\n'], ['info   status  ', 'VM status: paused (prelaunch)\n'], ['bogus', "unknown command: 'bogus'\n"], ['info bogus', "unknown command: 'info bogus'\n"],
    ['', ''], ['INFO status', "unknown command: 'INFO'\n"], ['help nosuch', "unknown command: 'nosuch'\n"], ['? stop', 'stop|s  -- stop emulation\n'], ['help x', "x /fmt addr -- virtual memory dump starting at 'addr'\n"],
    ['help trace-event', 'trace-event name on|off [vcpu] -- changes status of a specific trace event (vcpu: vCPU to set, default is all)\n'],
    ['info uuid', '00000000-0000-0000-0000-000000000000\n'], ['info name', 'foo\n'], ['info kvm', 'kvm support: not compiled\n'], ['info numa', '0 nodes\n'], ['info opcount', '[TCG profiler not compiled]\n'],
    ['info memory_size_summary', 'base memory: 67108864\nplugged memory: 0\n'], ['info mice', 'No mouse devices connected\n'],
    ['x', `unexpected end of expression\n${tryHelp('x')}`], ['xp/4xw 0x40000000', '0000000040000000: 0xedfe0dd0 0x00001000 0x40000000 0x00001c34\n'],
    ['x /4xw 0x40000000', '0000000040000000: 0xedfe0dd0 0x00001000 0x40000000 0x00001c34\n'], ['x/2xg 0x40000000', '0000000040000000: 0x00001000edfe0dd0 0x00001c3440000000\n'],
    ['x/4xb 0', '0000000000000000: 0x00 0x00 0x00 0x00\n'], ['x/3dw 0x40000000', '0000000040000000: 3992849872       4096 1073741824\n'], ['x/2uh 0x40000000', '0000000040000000:  3536 60926\n'],
    ['x/2ob 0x40000000', '0000000040000000: 0320 015\n'], ['x/4c 0x40000000', "0000000040000000: '\\xd0' '\\r' '\\xfe' '\\xed'\n"], ['x/0x 0', ''],
    ['x/16', `unexpected end of expression\n${tryHelp('x')}`], ['x/4xw 0xffffffff00000000', 'ffffffff00000000: Cannot access memory\n'],
    ['p/x 255', '0xff\n'], ['p 1+2', '0x3\n'], ['p/d -1', '-1\n'], ['p/u -1', '18446744073709551615\n'], ['p/o 8', '010\n'], ['p/c 65', "'A'\n"], ['p (1+2)*3', "'\\x09'\n"], ['p/x 7&3|8', '0xb\n'], ['p ~0', '0xffffffffffffffff\n'],
    ['p $nosuch', `unknown register\n${tryHelp('p')}`], ['p 1/0', `division by zero\n${tryHelp('p')}`], ['p 1<<4', `print|p: extraneous characters at the end of line\n${tryHelp('p')}`],
    ['p 1 +', `unexpected end of expression\n${tryHelp('p')}`], ['p/t 5', `invalid char in format: 't'\n${tryHelp('p')}`], ["p/x 'a'", '0x61\n'], ['p (1', `')' expected\n${tryHelp('p')}`],
    ['gva2gpa 0x40000000', 'gpa: 0x40000000\n'], ['gva2gpa 0x40000123', 'gpa: 0x40000123\n'], ['x/1xw 0x40000004', '0000000040000004: 0x00001000\n'], ['x/1xw 0x9000018', '0000000009000018: 0x00000090\n'],
    ['p/i 7', '7\n'], ['x/1hc 0x40000000', "0000000040000000: '\\xd0' '\\r'\n"], ['p/x 7', '0x7\n'], ['x/1xw 0x40000000', '0000000040000000: 0xedfe0dd0\n'], ['gpa2hva 0x9000000', 'Memory at address 0x9000000 is not RAM\n'], ['gpa2hva 0x900000000000', 'No memory is mapped at address 0x900000000000\n'],
    ['memsave 0 16 /t/x', `invalid char 't' in expression\n${tryHelp('memsave')}`], ['memsave 0 16', `memsave: string expected\n${tryHelp('memsave')}`],
    ['cpu', `unexpected end of expression\n${tryHelp('cpu')}`], ['cpu 1', ''], ['cpu 7', 'invalid CPU index\n'], ['cpu -1', `'cpu' has failed: integer is for 32-bit values\n${tryHelp('cpu')}`],
    ['log', `log: string expected\n${tryHelp('log')}`], ['log none', ''], ['logfile', `logfile: filename expected\n${tryHelp('logfile')}`],
    ['nmi', 'Error: this feature or command is not currently supported\n'], ['system_wakeup', 'Error: wake-up from suspend is not supported by this guest\n'],
    ['sendkey', `sendkey: string expected\n${tryHelp('sendkey')}`], ['trace-event nosuch on', 'unknown event "nosuch"\n'], ['trace-event x', `Expected 'on' or 'off'\n${tryHelp('trace-event')}`],
    ['stop extra', `stop|s: extraneous characters at the end of line\n${tryHelp('stop')}`], ['q x', `quit|q: extraneous characters at the end of line\n${tryHelp('q')}`],
    ['screendump x.ppm', 'Error: There is no console to take a screendump from\n'], ['screendump', `screendump: filename expected\n${tryHelp('screendump')}`],
    ['object_add memory-backend-ram,id=m9,size=1M', ''], ['object_add memory-backend-ram,id=m9,size=1M', "Error: attempt to add duplicate property 'm9' to object (type 'container')\n"],
    ['object_add nosuch,id=q', "Error: Parameter 'qom-type' does not accept value 'nosuch'\n"], ['object_add memory-backend-ram,id=mm', "Error: Parameter 'size' is missing\n"], ['object_del m9', ''],
    ['device_add nosuch', "Error: 'nosuch' is not a valid device model name\n"], ['device_del x', "Error: Device 'x' not found\n"], ['getfd x', 'Error: No file descriptor supplied via SCM_RIGHTS\n'], ['closefd x', "Error: File descriptor named 'x' not found\n"],
    ['balloon 5', 'Error: No balloon device has been activated\n'], ['info block-jobs', 'No active jobs\n'], ['info usb', 'Error: USB support not enabled\n'], ['watchdog_action foo', 'Error: invalid parameter value: foo\n'],
    ['logfile /nosuch/x', 'Error opening logfile /nosuch/x: No such file or directory\n'], ['chardev-add null', 'Error: chardev: no id specified\n'],
    ['object_del r0', "Error: object 'r0' not found\n"], ['qom-list /nosuch', "Error: Device '/nosuch' not found\n"], ['qom-get /machine type', '"virt-7.2-machine"\n'],
    ['qom-get /machine smp', '{\n    "cpus": 2,\n    "maxcpus": 2,\n    "threads": 1,\n    "cores": 2,\n    "dies": 1,\n    "sockets": 1,\n    "clusters": 1\n}\n'],
    ['chardev-add null,id=c9', ''], ['chardev-remove c9', ''], ['chardev-remove c9', "Error: Chardev 'c9' not found\n"],
    ['ringbuf_write rb hello', ''], ['ringbuf_read rb 100', 'hello\n'], ['ringbuf_read rb', `unexpected end of expression\n${tryHelp('ringbuf_read')}`], ['ringbuf_read nosuch 5', "Error: Device 'nosuch' not found\n"],
    ['info registers -x', `registers: unsupported option -x\n${tryHelp('info registers')}`], ['exit_preconfig', 'Error: The command is permitted only before machine initialization\n'],
    ['stop', ''], ['s', ''],
  ];
  for (const [line, expected] of cases) t.equal(await hmp(line), expected.replaceAll('\n', '\r\n'), line);
});

t.test('answers in parts', async (t) => {
  t.match(await hmp('info registers'), /^\r\nCPU#0\r\n PC=[0-9a-f]{16} X00=0{16} X01=0{16}\r\nX02=[^]*X30=0{16}  SP=0{16}\r\nPSTATE=[0-9a-f]{8} [NZCV-]{4} EL1h    FPU disabled\r\n$/);
  t.equal((await hmp('info registers -a')).match(/CPU#/g)?.length, 2);
  t.match(await hmp('info registers', 1), 'CPU#1');
  t.match(await hmp('info cpus', 1), /^ {2}CPU #0: thread_id=\d+\r\n\* CPU #1: thread_id=\d+\r\n$/);
  t.match(await hmp('info mtree -f'), '  0000000040000000-0000000043ffffff (prio 0, ram): mach-virt.ram\r\n');
  t.match(await hmp('info mtree'), 'address-space: memory\r\n');
  t.match(await hmp('info qom-tree'), /\/machine \(virt-7.2-machine\)\r\n[^]* {4}\/device\[0\] \(cortex-a57-arm-cpu\)/);
  t.match(await hmp('info qtree'), 'dev: pl011, id ""');
  t.match(await hmp('info jit'), 'TB count            0');
  t.match(await hmp('info roms'), 'mem=ram name="dtb"');
  t.match(await hmp('info chardev'), 'rb: filename=ringbuf');
  t.match(await hmp('info ramblock'), 'mach-virt.ram');
  t.equal(await hmp('info tlb'), '');
  t.match(await hmp('help'), /chardev-add[^]*xp \/fmt addr/);
  t.match(await hmp('log bogus'), 'Log items (comma separated):');
  t.equal(await hmp('p/x $pc'), '0x0\r\n');
  t.match(await hmp('xp/1xw 0x9000018'), /^0000000009000018: 0x000000[0-9a-f]{2}\r\n$/, 'a register of the serial port');
  t.equal(await hmp(`pmemsave 0x40000000 4 "${join(dir, 'mem')}"`), '');
  t.same([...readFileSync(join(dir, 'mem'))], [0xd0, 0x0d, 0xfe, 0xed]);
});
