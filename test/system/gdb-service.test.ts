// Where the gdb stub can be: on a device that the monitor opens later, and on a multiplexer beside a monitor.
import { connect } from 'node:net';
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { connectQmp, startQmp } from '../support/qmp-client.ts';
import { RspClient } from '../support/rsp.ts';

t.setTimeout(300_000);
const GUEST = ['-M', 'virt', '-m', '64', '-serial', 'null', '-S'];

t.test('gdbserver', async (t) => {
  const vm = await startQmp(GUEST);
  t.teardown(vm.dispose);
  const c = await connectQmp(vm.path), hmp = async (line: string) => (await c.execute('human-monitor-command', { 'command-line': line })).return;
  const socket = join(vm.dir, 'gdb'), device = `unix:${socket},server=on,wait=off`;
  t.equal(await hmp('gdbserver none'), 'Disabled gdbserver\r\n');
  for (let n = 0; n < 2; n++) {
    t.equal(await hmp(`gdbserver ${device}`), `Waiting for gdb connection on device '${device}'\r\n`);
    t.equal(statSync(socket).mode & 0o777, 0o600, 'the socket is the owner\'s');
    const gdb = await RspClient.open(socket);
    t.equal(await gdb.ask('?'), 'T05thread:01;');
    t.match(await c.execute('chardev-remove', { id: 'gdb' }), { error: { desc: "Chardev 'gdb' is busy" } });
    if (n === 0) gdb.close();
  }
  t.match(await hmp('gdbserver unix:/nosuch/x,server=on'), /No such file or directory\r\nCould not open gdbserver on device 'unix:\/nosuch\/x,server=on'\r\n$/i);
  t.equal(await hmp('gdbserver none'), 'Disabled gdbserver\r\n');
  t.equal(await new Promise((resolve) => { connect(socket, () => resolve('open')).on('error', () => resolve('closed')); }), 'closed');
  await c.execute('quit');
  t.equal(await vm.exited, 0);
});

t.test('a multiplexer', async (t) => {
  const vm = await startQmp([...GUEST, '-chardev', `socket,id=c,path=${join(tmpdir(), `mttcg-mux-${process.pid}`)},server=on,wait=off,mux=on`, '-mon', 'c', '-gdb', 'chardev:c']);
  t.teardown(vm.dispose);
  const gdb = await RspClient.open(join(tmpdir(), `mttcg-mux-${process.pid}`));
  t.equal(await gdb.ask('?'), 'T05thread:01;', 'the keyboard is the stub\'s at first');
  let text = '';
  const seen = new Promise<void>((resolve) => { gdb.socket.on('data', (d: Buffer) => { text += d.toString(); if (text.includes('VM status')) resolve(); }); });
  gdb.raw('\x01cinfo status\n');
  await seen;
  t.match(text, /VM status: paused \(prelaunch\)/, 'Ctrl-A c goes to the monitor');
  gdb.close();
  const c = await connectQmp(vm.path);
  t.match(await c.execute('query-chardev'), { return: [{ label: 'c', filename: 'mux', 'frontend-open': true }, { label: 'c-base', 'frontend-open': true }] });
  for (const id of ['c', 'c-base']) t.match(await c.execute('chardev-remove', { id }), { error: { desc: `Chardev '${id}' is busy` } });
  t.match(await c.execute('query-yank'), { return: [{ type: 'chardev', id: 'c-base' }] });
});
