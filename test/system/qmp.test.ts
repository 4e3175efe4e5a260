// A session over a UNIX socket: every command and every error class, replies checked against the schemas; QEMU's event sequences.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { qmpSchema } from '../../src/qmp/schema.ts';
import type { Json } from '../../src/qmp/json.ts';
import { connectQmp, startQmp, type QmpClient } from '../support/qmp-client.ts';

const schema = qmpSchema();
const GUEST = ['-M', 'virt', '-cpu', 'cortex-a72', '-m', '64', '-smp', '4', '-serial', 'null'];

/** Whole exchanges: reply or error text, without timestamps. */
const shown = (client: QmpClient, from: number) => client.log.slice(from).map((m) => ('event' in m ? { event: m.event, data: m.data } : 'return' in m ? m.return : (m as { error: { desc: string } }).error.desc));

t.test('every command', async (t) => {
  const vm = await startQmp([...GUEST, '-S', '-name', 'foo', '-uuid', '01234567-89ab-cdef-0123-456789abcdef', '-chardev', 'ringbuf,id=rb']);
  t.teardown(vm.dispose);
  const c = await connectQmp(vm.path);
  t.equal(statSync(vm.path).mode & 0o777, 0o600, 'the socket is the owner\'s');
  const file = join(vm.dir, 'file');
  /** Calls in order; a string is the error's text, an object part of the return value. */
  const calls: readonly (readonly [string, Record<string, unknown> | undefined, unknown])[] = [
    ['qmp_capabilities', undefined, 'Capabilities negotiation is already complete, command ignored'],
    ['query-version', undefined, { qemu: { major: 7, minor: 2 } }],
    ['query-commands', undefined, undefined],
    ['query-events', undefined, undefined],
    ['query-qmp-schema', undefined, undefined],
    ['query-status', undefined, { status: 'prelaunch', running: false, singlestep: false }],
    ['query-name', undefined, { name: 'foo' }],
    ['query-uuid', undefined, { UUID: '01234567-89ab-cdef-0123-456789abcdef' }],
    ['query-kvm', undefined, { enabled: false, present: false }],
    ['query-target', undefined, { arch: 'aarch64' }],
    ['query-machines', undefined, [{ name: 'virt-7.2', alias: 'virt' }]],
    ['query-cpu-definitions', undefined, undefined],
    ['query-cpu-model-expansion', { type: 'full', model: { name: 'cortex-a57' } }, { model: { name: 'cortex-a57', props: { aarch64: true } } }],
    ['query-cpu-model-expansion', { type: 'static', model: { name: 'max' } }, 'The requested expansion type is not supported'],
    ['query-cpu-model-expansion', { type: 'full', model: { name: 'nosuch' } }, "The CPU type 'nosuch' is not a recognized ARM CPU type"],
    ['query-cpu-model-expansion', { type: 'full', model: { name: 'max', props: { bogus: false } } }, "Parameter 'bogus' is unexpected"],
    ['query-cpus-fast', undefined, [{ 'cpu-index': 0 }, { 'cpu-index': 1 }, { 'cpu-index': 2 }, { 'cpu-index': 3, target: 'aarch64', 'qom-path': '/machine/unattached/device[3]', props: { 'core-id': 3 } }]],
    ['query-hotpluggable-cpus', undefined, "The feature 'query-hotpluggable-cpus' is not enabled"],
    ['query-memory-size-summary', undefined, { 'base-memory': 64 << 20, 'plugged-memory': 0 }],
    ['query-memory-devices', undefined, []],
    ['query-iothreads', undefined, []],
    ['query-chardev', undefined, [{}, {}, {}]],
    ['query-chardev-backends', undefined, undefined],
    ['query-command-line-options', { option: 'smp-opts' }, [{ option: 'smp-opts' }]],
    ['query-command-line-options', { option: 'nosuch' }, 'invalid option name: nosuch'],
    ['query-jobs', undefined, []], ['query-block', undefined, []], ['query-named-block-nodes', undefined, []], ['query-pci', undefined, []],
    ['query-rx-filter', undefined, []], ['query-rx-filter', { name: 'x' }, 'invalid net client name: x'],
    ['query-gic-capabilities', undefined, [{ version: 3, emulated: true, kernel: false }, { version: 2 }]],
    ['query-current-machine', undefined, { 'wakeup-suspend-support': false }],
    ['query-balloon', undefined, 'No balloon device has been activated'],
    ['balloon', { value: 1 }, 'No balloon device has been activated'],
    ['query-vm-generation-id', undefined, 'this feature or command is not currently supported'],
    ['inject-nmi', undefined, 'this feature or command is not currently supported'],
    ['system_wakeup', undefined, 'wake-up from suspend is not supported by this guest'],
    ['query-mice', undefined, []], ['query-display-options', undefined, { type: 'none' }], ['query-vnc', undefined, { enabled: false }],
    ['send-key', { keys: [] }, {}],
    ['screendump', { filename: file }, 'There is no console to take a screendump from'],
    ['screendump', { filename: file, device: 'foo' }, "Device 'foo' not found"],
    ['memsave', { val: 0x40000000, size: 16, filename: file }, {}],
    ['memsave', { val: 0, size: 16, filename: file, 'cpu-index': 7 }, "Parameter 'cpu-index' expects a CPU number"],
    ['memsave', { val: 0, size: 16, filename: join(vm.dir, 'no/such') }, `Could not open '${join(vm.dir, 'no/such')}': No such file or directory`],
    ['pmemsave', { val: 0x40000000, size: 4, filename: file }, {}],
    ['dumpdtb', { filename: join(vm.dir, 'dtb') }, {}],
    ['human-monitor-command', { 'command-line': 'info status' }, undefined],
    ['human-monitor-command', { 'command-line': 'info registers', 'cpu-index': 5 }, "Parameter 'cpu-index' expects a CPU number"],
    ['qom-list', { path: '/' }, [{ name: 'type', type: 'string' }, { name: 'objects' }, { name: 'machine', type: 'child<virt-7.2-machine>' }, { name: 'chardevs' }]],
    ['qom-list', { path: '/nosuch' }, "Device '/nosuch' not found"],
    ['qom-get', { path: '/machine', property: 'type' }, undefined],
    ['qom-get', { path: '/machine', property: 'x' }, "Property 'virt-7.2-machine.x' not found"],
    ['qom-set', { path: '/machine', property: 'type', value: 1 }, "Property 'virt-7.2-machine.type' is not writable"],
    ['qom-list-types', { implements: 'sys-bus-device', abstract: false }, undefined],
    ['qom-list-properties', { typename: 'pl011' }, undefined],
    ['qom-list-properties', { typename: 'nosuch' }, "Class 'nosuch' not found"],
    ['device-list-properties', { typename: 'pl011' }, [{ name: 'chardev', type: 'str' }]],
    ['device-list-properties', { typename: 'nosuch' }, "Device 'nosuch' not found"],
    ['device-list-properties', { typename: 'container' }, "Parameter 'typename' expects a non-abstract device type"],
    ['device_add', { driver: 'nosuch' }, "'nosuch' is not a valid device model name"],
    ['device_del', { id: 'n' }, "Device 'n' not found"],
    ['object-add', { 'qom-type': 'memory-backend-ram', id: 'm0', size: 1048576 }, {}],
    ['object-add', { 'qom-type': 'memory-backend-ram', id: 'm0', size: 1048576 }, "attempt to add duplicate property 'm0' to object (type 'container')"],
    ['query-memdev', undefined, [{ id: 'm0', size: 1048576 }, { id: 'mach-virt.ram', size: 64 << 20 }]],
    ['object-del', { id: 'm0' }, {}], ['object-del', { id: 'm0' }, "object 'm0' not found"],
    ['chardev-add', { id: 'c0', backend: { type: 'socket', data: { addr: { type: 'inet', data: { host: '127.0.0.1', port: '0' } }, server: true, wait: false } } }, {}],
    ['chardev-add', { id: 'c0', backend: { type: 'null', data: {} } }, "Chardev with id 'c0' already exists"],
    ['chardev-add', { id: 'c6', backend: { type: 'ringbuf', data: { size: 3 } } }, "Failed to add chardev 'c6': size of ringbuf chardev must be power of two"],
    ['chardev-send-break', { id: 'c0' }, {}],
    ['query-yank', undefined, undefined], ['yank', { instances: [{ type: 'chardev', id: 'c0' }] }, {}],
    ['yank', { instances: [{ type: 'chardev', id: 'nosuch' }] }, 'Instance not found'],
    ['chardev-remove', { id: 'c0' }, {}], ['chardev-remove', { id: 'c0' }, "Chardev 'c0' not found"], ['chardev-remove', { id: 'serial0' }, "Chardev 'serial0' is busy"],
    ['ringbuf-write', { device: 'rb', data: 'aGk=', format: 'base64' }, {}],
    ['ringbuf-read', { device: 'rb', size: 9 }, undefined], ['ringbuf-read', { device: 'serial0', size: 9 }, 'serial0 is not a ringbuf device'],
    ['getfd', { fdname: 'f' }, 'No file descriptor supplied via SCM_RIGHTS'], ['closefd', { fdname: 'f' }, "File descriptor named 'f' not found"],
    ['add-fd', {}, 'No file descriptor supplied via SCM_RIGHTS'], ['remove-fd', { 'fdset-id': 3 }, "File descriptor named 'fdset-id:3' not found"], ['query-fdsets', undefined, []],
    ['trace-event-get-state', { name: 'runstate_*' }, [{ name: 'runstate_set', state: 'disabled' }]], ['trace-event-get-state', { name: 'nosuch' }, 'unknown event "nosuch"'],
    ['trace-event-set-state', { name: 'runstate_set', enable: true }, {}],
    ['watchdog-set-action', { action: 'none' }, {}], ['set-action', { panic: 'none' }, {}],
    ['x-query-exclusive', undefined, undefined], ['x-query-irq', undefined, undefined], ['x-query-jit', undefined, undefined], ['x-query-numa', undefined, { 'human-readable-text': '0 nodes\n' }], ['x-query-opcount', undefined, undefined],
    ['x-query-profile', undefined, 'Internal profiler not compiled'], ['x-query-sync-profile', undefined, undefined], ['x-query-ramblock', undefined, undefined], ['x-query-roms', undefined, undefined],
    ['x-exit-preconfig', undefined, 'The command is permitted only before machine initialization'],
    ['set-numa-node', { type: 'node' }, 'The command is permitted only before the machine has been created'],
    ['cont', undefined, {}], ['stop', undefined, {}], ['system_powerdown', undefined, {}], ['system_reset', undefined, {}],
    ['nosuch', undefined, 'The command nosuch has not been found'],
    ['quit', undefined, {}],
  ];
  for (const [command, args, expected] of calls) {
    const reply = await c.execute(command, args);
    if (typeof expected === 'string') t.match(reply, { error: { desc: expected } }, command);
    else {
      t.equal(reply.error, undefined, `${command} ${JSON.stringify(args)}`);
      t.same(schema.explain(schema.commands.get(command)?.returns, reply.return as Json), [], `${command}: the reply fits the schema`);
      if (expected !== undefined) t.match(reply.return, expected, command);
    }
  }
  t.same([...schema.commands.keys()].filter((name) => !calls.some(([command]) => command === name)), [], 'no command was left out');
  for (const e of c.events) t.same(schema.explain(schema.events.get(e.event)?.data, e.data as Json), [], e.event);
  t.equal(readFileSync(file).length, 4);
  t.equal(await vm.exited, 0);
  t.match(vm.stderr(), 'runstate_set current_run_state prelaunch new_state running');
});

t.test('run, stop, reset, end: replies and events as from QEMU', async (t) => {
  const vm = await startQmp([...GUEST, '-S']);
  t.teardown(vm.dispose);
  const c = await connectQmp(vm.path, false);
  t.match(c.greeting, { capabilities: ['oob'] });
  t.match(await c.execute('query-status'), { error: { class: 'CommandNotFound', desc: "Expecting capabilities negotiation with 'qmp_capabilities'" } });
  t.same(await c.execute('qmp_capabilities', { enable: ['oob'] }), { return: {} });
  t.same(await c.raw('{"exec-oob":"query-status","id":7}'), { id: 7, error: { class: 'GenericError', desc: 'The command query-status does not support OOB' } });
  t.match(await c.raw('{"exec-oob":"query-yank","id":[1]}'), { return: [], id: [1] });
  t.match(await c.raw('{"execute":"query-status","exec-oob":"query-status"}'), { error: { desc: "QMP input member 'execute' clashes with 'exec-oob'" } });
  const requests: readonly (readonly [string, string])[] = [
    ['[]', 'QMP input must be a JSON object'], ['{}', "QMP input lacks member 'execute'"], ['{"execute":5}', "QMP input member 'execute' must be a string"],
    ['{"execute":"stop","bogus":1}', "QMP input member 'bogus' is unexpected"], ['{"execute":"stop","arguments":[]}', "QMP input member 'arguments' must be an object"],
    ['@', "JSON parse error, stray '@'"], ['\n{"execute":"memsave","arguments":{"val":"x","size":1,"filename":"f"}}', "Invalid parameter type for 'val', expected: integer"],
  ];
  for (const [text, desc] of requests) t.match(await c.raw(text), { error: { desc } }, text);

  const reset = { event: 'RESET', data: { guest: false, reason: 'host-qmp-system-reset' } };
  const status = (s: string) => ({ status: s, singlestep: false, running: s === 'running' });
  const walk: readonly (readonly [string, readonly unknown[]])[] = [
    ['stop', [{}]], ['query-status', [status('prelaunch')]], ['cont', [{ event: 'RESUME', data: undefined }, {}]], ['cont', [{}]], ['query-status', [status('running')]],
    ['stop', [{ event: 'STOP', data: undefined }, {}]], ['stop', [{}]], ['query-status', [status('paused')]],
    ['system_reset', [reset, {}]], ['query-status', [status('prelaunch')]], ['cont', [{ event: 'RESUME', data: undefined }, {}]],
    ['system_reset', [reset, {}]], ['query-status', [status('running')]], ['system_powerdown', [{ event: 'POWERDOWN', data: undefined }, {}]],
    ['quit', [{ event: 'SHUTDOWN', data: { guest: false, reason: 'host-qmp-quit' } }, {}]],
  ];
  for (const [command, expected] of walk) {
    const from = c.log.length;
    await c.execute(command);
    t.same(shown(c, from), expected, command);
  }
  t.equal(await vm.exited, 0);
});

t.test('-no-reboot -no-shutdown', async (t) => {
  const vm = await startQmp([...GUEST, '-no-reboot', '-no-shutdown']);
  t.teardown(vm.dispose);
  const c = await connectQmp(vm.path), from = c.log.length;
  await c.execute('system_reset');
  await c.execute('query-status');
  await c.execute('cont');
  t.same(shown(c, from), [
    { event: 'SHUTDOWN', data: { guest: false, reason: 'host-qmp-system-reset' } }, { event: 'STOP', data: undefined }, {},
    { status: 'shutdown', singlestep: false, running: false }, 'Resetting the Virtual Machine is required',
  ]);
  await c.execute('quit');
  t.equal(await vm.exited, 0);
});

t.test('preconfig', async (t) => {
  const vm = await startQmp([...GUEST, '--preconfig', '-S']);
  t.teardown(vm.dispose);
  const c = await connectQmp(vm.path);
  t.match(await c.execute('query-status'), { return: { status: 'preconfig', running: false } });
  for (const command of ['cont', 'query-cpus-fast']) t.match(await c.execute(command), { error: { desc: `The command ${command} isn't permitted in 'preconfig' state` } });
  for (const [command, s] of schema.commands) {
    if (!s['allow-preconfig']) t.match(await c.execute(command), { error: { desc: /preconfig/ } }, command);
  }
  t.match(await c.execute('object-add', { 'qom-type': 'memory-backend-ram', id: 'm0', size: 64 << 20 }), { return: {} });
  t.match(await c.execute('set-numa-node', { type: 'node', memdev: 'nosuch' }), { error: { desc: 'memdev=nosuch is ambiguous' } });
  t.match(await c.execute('set-numa-node', { type: 'node', memdev: 'm0' }), { return: {} });
  t.match(await c.execute('set-numa-node', { type: 'node', nodeid: 0 }), { error: { desc: 'Duplicate NUMA nodeid: 0' } });
  t.match(await c.execute('x-exit-preconfig'), { return: {} });
  t.match(await c.execute('query-status'), { return: { status: 'prelaunch' } }, '-S pauses once more');
  t.match(await c.execute('query-cpus-fast'), { return: [{ props: { 'node-id': 0 } }] });
  t.match(await c.execute('object-del', { id: 'm0' }), { error: { desc: "object 'm0' is in use, can not be deleted" } });
  t.match(await c.execute('query-memdev'), { return: [{ id: 'm0' }] });
  t.match(await c.execute('dumpdtb', { filename: join(vm.dir, 'dtb') }), { return: {} });
  t.match(readFileSync(join(vm.dir, 'dtb'), 'latin1'), 'numa-node-id', 'the guest sees it');
  t.match(await c.execute('cont'), { return: {} });
  await c.execute('quit');
  t.equal(await vm.exited, 0);
});

t.test('a signal', async (t) => {
  const vm = await startQmp([...GUEST]);
  t.teardown(vm.dispose);
  const c = await connectQmp(vm.path);
  vm.child.kill('SIGTERM');
  await c.event('SHUTDOWN');
  t.match(c.events, [{ event: 'SHUTDOWN', data: { guest: false, reason: 'host-signal' } }]);
  t.equal(await vm.exited, 0);
});
