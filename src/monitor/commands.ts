// The commands of the human monitor, with QEMU's names, arguments and help.
import { UserError } from '../errors.ts';
import { LOG_ITEMS, parseLogItems, setLogFile, setLogItems } from '../log.ts';
import type { QmpContext } from '../qmp/context.ts';
import type { Json } from '../qmp/json.ts';
import type { QmpServer } from '../qmp/server.ts';
import { matchTraceEvents, setTraceEvents } from '../trace.ts';
import type { ArgSpec, ArgValues, Format } from './args.ts';
import { HmpError } from './errors.ts';
import type { HmpState } from './hmp.ts';
import { shownValue } from './info.ts';
import { dumpMemory, printValue } from './memory-dump.ts';

export interface HmpCall {
  readonly context: QmpContext;
  readonly qmp: QmpServer;
  readonly state: HmpState;
}

type Answer = readonly string[] | void;

export interface CommandRow {
  readonly names: readonly string[];
  readonly args?: readonly ArgSpec[];
  readonly params?: string;
  readonly help: string;
  readonly run: (call: HmpCall, args: ArgValues) => Answer | Promise<Answer>;
}

const string = (name: string, optional = false): ArgSpec => ({ name, kind: 'string', optional });
const filename: ArgSpec = { name: 'filename', kind: 'filename' };
const integer = (name: string, optional = false): ArgSpec => ({ name, kind: 'integer', optional });
const int32 = (name: string, optional = false): ArgSpec => ({ name, kind: 'int32', optional });
const format: ArgSpec = { name: 'fmt', kind: 'format' };

const text = (v: ArgValues[string]) => v as string;
const number = (v: ArgValues[string]) => Number(v as bigint);

/** The machine; HmpError in preconfig. */
const machineOf = ({ context }: HmpCall) => {
  if (!context.vm.machine) throw new HmpError('The machine has not been created yet');
  return context.vm.machine;
};

const WATCHDOG_ACTIONS = ['reset', 'shutdown', 'poweroff', 'pause', 'debug', 'none', 'inject-nmi'];
const DEFAULT_GDB = 'tcp::1234';

/** Messages of a parser without the option they begin with: here it was not typed. */
function typed<T>(where: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof UserError && error.message.startsWith(where)) throw new UserError(error.code, error.message.slice(where.length));
    throw error;
  }
}

const logItems = () => ['Log items (comma separated):', 'none            remove all logs', ...LOG_ITEMS.map((i) => `${i.name.padEnd(15)} ${i.help}`)];

/** Physical memory as `xp` reads it: RAM, and registers of devices that the main thread serves. */
function readPhysical(call: HmpCall, address: bigint, bytes: number, size: number): Uint8Array | undefined {
  const machine = machineOf(call), pa = Number(address), { bytes: memory, mapped } = machine.inspect.readPhysical(pa, bytes);
  return mapped ? memory : machine.readDevice(pa, bytes, Math.min(size, 4));
}

export const COMMANDS: readonly CommandRow[] = [
  {
    names: ['balloon'], args: [int32('value')], params: 'target', help: 'request VM to change its memory allocation (in MB)',
    run: async ({ qmp }, { value }) => { await qmp.call('balloon', { value: number(value) * 2 ** 20 }); },
  },
  {
    names: ['chardev-add'], args: [{ name: 'args', kind: 'rest' }], params: 'args', help: 'add chardev',
    run: async ({ context }, { args }) => {
      const spec = typed(`-chardev ${text(args)}: `, () => context.parseChardev(text(args)));
      if (context.chardevs.get(spec.id)) throw new UserError('duplicate-id', `attempt to add duplicate property '${spec.id}' to object (type 'container')`);
      await context.chardevs.add(spec);
    },
  },
  { names: ['chardev-remove'], args: [string('id')], params: 'id', help: 'remove chardev', run: async ({ qmp }, { id }) => { await qmp.call('chardev-remove', { id: text(id) }); } },
  { names: ['chardev-send-break'], args: [string('id')], params: 'id', help: 'send a break on chardev', run: async ({ qmp }, { id }) => { await qmp.call('chardev-send-break', { id: text(id) }); } },
  { names: ['closefd'], args: [string('fdname')], params: 'closefd name', help: 'close a file descriptor previously passed via SCM rights', run: async ({ qmp }, { fdname }) => { await qmp.call('closefd', { fdname: text(fdname) }); } },
  { names: ['cont', 'c'], help: 'resume emulation', run: async ({ qmp }) => { await qmp.call('cont'); } },
  {
    names: ['cpu'], args: [int32('index')], params: 'index', help: 'set the default CPU',
    run: ({ context, state }, { index }) => {
      const n = number(index);
      if (n < 0 || n >= context.options.smp.cpus) throw new HmpError('invalid CPU index');
      state.cpu = n;
    },
  },
  {
    names: ['device_add'], args: [{ name: 'device', kind: 'rest' }], params: 'driver[,prop=value][,...]', help: 'add device, like -device on the command line',
    run: async ({ qmp }, { device }) => {
      const [driver, ...rest] = text(device).split(',');
      if (driver.includes('=') && !driver.startsWith('driver=')) throw new UserError('bad-parameter', "Parameter 'driver' is missing");
      await qmp.call('device_add', { driver: driver.replace(/^driver=/, ''), ...Object.fromEntries(rest.map((p) => p.split('=', 2))) });
    },
  },
  { names: ['device_del'], args: [string('id')], params: 'device', help: 'remove device', run: async ({ qmp }, { id }) => { await qmp.call('device_del', { id: text(id) }); } },
  {
    names: ['dumpdtb'], args: [filename], params: 'filename', help: 'dump the FDT in dtb format to \'filename\'',
    run: async ({ qmp }, a) => {
      await qmp.call('dumpdtb', { filename: text(a.filename) });
      return [`info: dtb dumped to ${text(a.filename)}`];
    },
  },
  { names: ['exit_preconfig'], help: 'exit the preconfig state', run: async ({ qmp }) => { await qmp.call('x-exit-preconfig'); } },
  {
    names: ['gdbserver'], args: [string('device', true)], params: '[device]', help: "start gdbserver on given device (default 'tcp::1234'), stop with 'none'",
    run: async ({ context }, { device }) => {
      const name = (device as string | undefined) ?? DEFAULT_GDB;
      if (!context.gdbserver) throw new HmpError(`Could not open gdbserver on device '${name}'`);
      try {
        await context.gdbserver(name);
      } catch (error) {
        throw error instanceof UserError ? new HmpError(`${error.message}\nCould not open gdbserver on device '${name}'`) : error;
      }
      return [name === 'none' ? 'Disabled gdbserver' : `Waiting for gdb connection on device '${name}'`];
    },
  },
  { names: ['getfd'], args: [string('fdname')], params: 'getfd name', help: 'receive a file descriptor via SCM rights and assign it a name', run: async ({ qmp }, { fdname }) => { await qmp.call('getfd', { fdname: text(fdname) }); } },
  {
    names: ['gpa2hva'], args: [integer('addr')], params: 'addr', help: "print the place in the emulator's memory that corresponds to a guest physical address",
    run: (call, { addr }) => {
      const pa = number(addr), r = machineOf(call).machine.spec.flat.find((x) => pa >= x.base && pa < x.base + x.size), shown = `0x${pa.toString(16)}`;
      if (!r) throw new HmpError(`No memory is mapped at address ${shown}`);
      if (r.ramOffset === undefined) throw new HmpError(`Memory at address ${shown} is not RAM`);
      return [`Offset in the ram memory for ${shown} (${r.name}) is 0x${(r.ramOffset + pa - r.base).toString(16)}`];
    },
  },
  {
    names: ['gva2gpa'], args: [integer('addr')], params: 'addr', help: 'print the guest physical address corresponding to a guest virtual address',
    run: (call, { addr }) => {
      const m = machineOf(call), pa = m.inspect.translate(m.cpus[call.state.cpu], BigInt.asUintN(64, addr as bigint));
      return [pa === undefined ? 'Unmapped' : `gpa: 0x${pa.toString(16)}`];
    },
  },
  {
    names: ['log'], args: [string('items')], params: 'item1[,...]', help: 'activate logging of the specified items',
    run: (_c, { items }) => {
      if (text(items) === 'none') setLogItems(0);
      else {
        try {
          setLogItems(parseLogItems(text(items)));
        } catch {
          return logItems();
        }
      }
    },
  },
  {
    names: ['logfile'], args: [filename], params: 'filename', help: 'output logs to \'filename\'',
    run: (_c, a) => {
      try {
        setLogFile(text(a.filename));
      } catch (error) {
        throw error instanceof UserError ? new HmpError(error.message) : error;
      }
    },
  },
  {
    names: ['memsave'], args: [integer('addr'), int32('size'), string('filename')], params: 'addr size file', help: 'save to disk virtual memory dump starting at \'addr\' of size \'size\'',
    run: async ({ qmp, state }, { addr, size, filename: file }) => { await qmp.call('memsave', { val: addr as unknown as number, size: number(size), filename: text(file), 'cpu-index': state.cpu }); },
  },
  { names: ['nmi'], help: 'inject an NMI', run: async ({ qmp }) => { await qmp.call('inject-nmi'); } },
  {
    names: ['object_add'], args: [{ name: 'object', kind: 'rest' }], params: '[qom-type=]type,id=str[,prop=value][,...]', help: 'create QOM object',
    run: ({ context }, { object }) => {
      const { type, id, properties } = context.parseObject(text(object), '');
      context.vm.objects.add(type, id, properties);
    },
  },
  {
    names: ['object_del'], args: [string('id')], params: 'id', help: 'destroy QOM object', run: async ({ qmp }, { id }) => { await qmp.call('object-del', { id: text(id) }); },
  },
  {
    names: ['pmemsave'], args: [integer('addr'), int32('size'), string('filename')], params: 'addr size file', help: 'save to disk physical memory dump starting at \'addr\' of size \'size\'',
    run: async ({ qmp }, { addr, size, filename: file }) => { await qmp.call('pmemsave', { val: addr as unknown as number, size: number(size), filename: text(file) }); },
  },
  {
    names: ['print', 'p'], args: [format, integer('expr')], params: '/fmt expr', help: 'print expression value (use $reg for CPU register access)',
    run: (_c, { fmt, expr }) => [printValue(expr as bigint, (fmt as Format).format)],
  },
  {
    names: ['qom-get'], args: [string('path'), string('property')], params: 'path property', help: 'print QOM property',
    run: async ({ qmp }, { path, property }) => shownValue(await qmp.call('qom-get', { path: text(path), property: text(property) }) as Json),
  },
  {
    names: ['qom-list'], args: [string('path', true)], params: 'path', help: 'list QOM properties',
    run: async ({ qmp }, { path }) => (path === undefined ? ['/'] : (await qmp.call('qom-list', { path: text(path) })).map((p) => `${p.name} (${p.type})`)),
  },
  {
    names: ['qom-set'], args: [string('path'), string('property'), { name: 'value', kind: 'rest' }], params: 'path property value', help: 'set QOM property',
    run: async ({ qmp }, { path, property, value }) => { await qmp.call('qom-set', { path: text(path), property: text(property), value: text(value) }); },
  },
  { names: ['quit', 'q'], help: 'quit the emulator', run: async ({ qmp }) => { await qmp.call('quit'); } },
  {
    names: ['ringbuf_read'], args: [string('device'), int32('size')], params: 'device size', help: 'Read from a ring buffer character device',
    run: async ({ qmp }, { device, size }) => {
      const data = await qmp.call('ringbuf-read', { device: text(device), size: number(size) });
      return data.replace(/[^\n\t\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`).split('\n');
    },
  },
  {
    names: ['ringbuf_write'], args: [string('device'), { name: 'data', kind: 'rest' }], params: 'device data', help: 'Write to a ring buffer character device',
    run: async ({ qmp }, { device, data }) => { await qmp.call('ringbuf-write', { device: text(device), data: text(data) }); },
  },
  {
    names: ['screendump'], args: [filename, string('device', true)], params: 'filename [device]', help: 'save screen into image \'filename\'',
    run: async ({ qmp }, a) => { await qmp.call('screendump', { filename: text(a.filename), device: a.device as string | undefined }); },
  },
  { names: ['sendkey'], args: [string('keys')], params: 'keys', help: 'send keys to the VM', run: () => { throw new HmpError('Error: there is no keyboard to send keys to'); } },
  {
    names: ['set_link'], args: [string('name'), { name: 'up', kind: 'bool' }], params: 'name on|off', help: 'change the link status of a network adapter',
    run: (_c, { name }) => { throw new HmpError(`Error: Device '${text(name)}' not found`); },
  },
  { names: ['stop', 's'], help: 'stop emulation', run: async ({ qmp }) => { await qmp.call('stop'); } },
  {
    names: ['sum'], args: [integer('addr'), int32('size')], params: 'addr size', help: 'compute the checksum of a memory region',
    run: (call, { addr, size }) => {
      let sum = 0;
      for (const b of machineOf(call).inspect.readPhysical(number(addr), number(size)).bytes) sum = ((sum >>> 1 | sum << 15) + b) & 0xffff;
      return [`${sum}`.padStart(5, '0')];
    },
  },
  {
    names: ['sync-profile'], args: [string('op', true)], params: '[on|off|reset]',
    help: 'enable, disable or reset synchronization profiling. With no arguments, prints whether profiling is on or off.',
    run: (call, { op }) => {
      const machine = machineOf(call);
      switch (op) {
        case undefined: return [`sync-profile is ${machine.machine.profile.enabled ? 'on' : 'off'}`];
        case 'on': case 'off': return machine.profileLocks(op === 'on');
        case 'reset': return machine.resetLockProfile();
        default: throw new HmpError(`Error: Invalid parameter '${text(op)}'`);
      }
    },
  },
  { names: ['system_powerdown'], help: 'send system power down event', run: async ({ qmp }) => { await qmp.call('system_powerdown'); } },
  { names: ['system_reset'], help: 'reset the system', run: async ({ qmp }) => { await qmp.call('system_reset'); } },
  { names: ['system_wakeup'], help: 'wakeup guest from suspend', run: async ({ qmp }) => { await qmp.call('system_wakeup'); } },
  {
    names: ['trace-event'], args: [string('name'), { name: 'option', kind: 'bool' }, int32('vcpu', true)], params: 'name on|off [vcpu]',
    help: 'changes status of a specific trace event (vcpu: vCPU to set, default is all)',
    run: (_c, { name, option }) => {
      if (matchTraceEvents(text(name)).length === 0 && !/[*?]/.test(text(name))) throw new HmpError(`unknown event "${text(name)}"`);
      setTraceEvents(text(name), option as boolean);
    },
  },
  {
    names: ['watchdog_action'], args: [string('action')], params: '[reset|shutdown|poweroff|pause|debug|none|inject-nmi]', help: 'change watchdog action',
    run: async ({ qmp }, { action }) => {
      if (!WATCHDOG_ACTIONS.includes(text(action))) throw new UserError('bad-parameter', `invalid parameter value: ${text(action)}`);
      await qmp.call('watchdog-set-action', { action: text(action) as 'none' });
    },
  },
  {
    names: ['x'], args: [format, integer('addr')], params: '/fmt addr', help: "virtual memory dump starting at 'addr'",
    run: (call, { fmt, addr }) => {
      const m = machineOf(call), cpu = m.cpus[call.state.cpu];
      return dumpMemory(addr as bigint, fmt as Format, (va, n) => {
        const pa = m.inspect.translate(cpu, va);
        return m.inspect.readVirtual(cpu, va, n) ?? (pa === undefined ? undefined : readPhysical(call, BigInt(pa), n, (fmt as Format).size));
      });
    },
  },
  {
    names: ['xp'], args: [format, integer('addr')], params: '/fmt addr', help: "physical memory dump starting at 'addr'",
    run: (call, { fmt, addr }) => dumpMemory(addr as bigint, fmt as Format, (pa, n) => readPhysical(call, pa, n, (fmt as Format).size)),
  },
];
