// -object and -numa: the device tree and the errors are those of qemu-system-aarch64.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { EXCLUSIVE_SCHEMES, MACHINES } from '../../src/cli/catalog.ts';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { UserError } from '../../src/errors.ts';
import { parseFdt, type FdtNode } from '../../src/machine/fdt.ts';
import { virtDtb } from '../../src/machine/virt-dtb.ts';
import { Vm } from '../../src/machine/vm.ts';
import { hasQemu } from '../support/gdb.ts';

const MACHINE = ['-cpu', 'cortex-a72', '-smp', '4,sockets=2,cores=2', '-m', '1G', '-display', 'none', '-serial', 'none', '-monitor', 'none'];
const MEMORY = ['-object', 'memory-backend-ram,id=m0,size=512M', '-object', '{"qom-type":"memory-backend-ram","id":"m1","size":536870912}'];
const NODES = [...MEMORY, '-numa', 'node,memdev=m0', '-numa', 'node,memdev=m1'];
const catalog = { machines: MACHINES, cpuModels: [{ name: 'cortex-a72', description: '' }], exclusiveSchemes: EXCLUSIVE_SCHEMES };
const dir = mkdtempSync(join(tmpdir(), 'mttcg-numa-'));
t.teardown(() => rmSync(dir, { recursive: true }));

/** The nodes that say something about NUMA, as text. */
function numaParts(dtb: Uint8Array): string {
  const { root } = parseFdt(dtb), show = (n: FdtNode) => `${n.name} ${[...n.props].filter(([name]) => /numa|distance|reg|compatible/.test(name)).map(([name, v]) => `${name}=${Buffer.from(v).toString('hex')}`).sort().join(' ')}`;
  return [...root.children.filter((n) => /^(memory|distance)/.test(n.name)), ...root.child('cpus')!.children].map(show).join('\n');
}

/** Ours: the tree, or the error's text. */
function ours(args: readonly string[]): string {
  try {
    const request = parseCommandLine(['-M', 'virt', ...MACHINE, ...args], catalog);
    if (request.kind !== 'run') return request.text;
    const o = request.options;
    let dtb: Uint8Array | undefined;
    try {
      new Vm({
        smp: o.smp, ramSize: o.memory.size, objects: o.objects, numa: o.numa, preconfig: false, autostart: false, onExit: () => {}, actions: { reboot: 'reset', shutdown: 'poweroff', panic: 'shutdown', watchdog: 'reset' },
        create: (_onGuest, numa) => {
          dtb = virtDtb({ cpus: 4, cpuModel: 'cortex-a72', gicVersion: 3, ramSize: o.memory.size, topology: o.smp, numa });
          throw new Error('no machine is needed');
        },
      });
    } catch (error) {
      if (dtb) return numaParts(dtb);
      throw error;
    }
    return '';
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

function qemu(args: readonly string[]): string {
  const path = join(dir, 'dtb');
  rmSync(path, { force: true });
  const { stderr } = spawnSync('qemu-system-aarch64', ['-M', `virt,gic-version=3,dumpdtb=${path}`, ...MACHINE, ...args], { encoding: 'utf8' });
  return stderr.includes('dtb dumped') ? numaParts(readFileSync(path)) : stderr.split('\n')[0].replace(/^qemu-system-aarch64: /, '');
}

const LINES: readonly (readonly string[])[] = [
  NODES,
  [...MEMORY, '-numa', 'node,memdev=m0,cpus=0-1', '-numa', 'node,memdev=m1,cpus=2-3', '-numa', 'dist,src=0,dst=1,val=20'],
  [...MEMORY, '-numa', 'node,memdev=m0,cpus=0', '-numa', 'node,nodeid=1,memdev=m1,cpus=1,cpus=3'],
  [...NODES, '-numa', 'node', '-numa', 'dist,src=0,dst=1,val=20', '-numa', 'dist,src=2,dst=0,val=40', '-numa', 'dist,src=1,dst=2,val=50'],
  [...NODES, '-numa', 'dist,src=0,dst=1,val=20', '-numa', 'dist,src=1,dst=0,val=30'],
  [...NODES, '-numa', 'cpu,node-id=0,socket-id=1', '-numa', 'cpu,node-id=1,socket-id=0'],
  ['-numa', 'node'], ['-numa', ''], ['-numa', 'foo'], ['-numa', 'node,bogus=1'], ['-numa', 'node,nodeid=-1'], ['-numa', 'dist,src=0,dst=1,val=20'], ['-numa', 'cpu,node-id=0'],
  [...MEMORY, '-numa', 'node,memdev=m2'], [...MEMORY, '-numa', 'node,memdev=m0'], [...MEMORY, '-numa', 'node,memdev=m0', '-numa', 'node,memdev=m0'],
  ...['node,cpus=9', 'node,cpus=1-0', 'node,cpus=x', 'node,nodeid=128', 'node,nodeid=1', 'node,nodeid=3', 'node,initiator=0', 'dist,src=0,dst=1,val=5', 'dist,src=0,dst=0,val=20', 'dist,src=0,dst=1,val=256', 'dist,src=0,dst=200,val=20',
    'dist,src=0,dst=7,val=20', 'cpu,node-id=3,socket-id=0', 'cpu,socket-id=0', 'cpu,node-id=0,socket-id=9', 'cpu,node-id=0,die-id=0', 'hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-latency,latency=5'].map((last) => [...NODES, '-numa', last]),
  [...NODES, '-numa', 'cpu,node-id=0,socket-id=0', '-numa', 'cpu,node-id=1,socket-id=0'],
  [...NODES, '-numa', 'node', '-numa', 'dist,src=0,dst=1,val=20'],
  ...['', 'nosuch,id=a', 'memory-backend-ram,id=m0', 'memory-backend-ram,size=1M', 'memory-backend-ram,id=m0,size=x', 'memory-backend-ram,id=m0,size=1M,bogus=1', 'memory-backend-ram,id=m0,size=1M,share=maybe', 'memory-backend-ram,id=0m,size=1M',
    '{"qom-type"'].map((object) => ['-object', object]),
  ['-object', 'memory-backend-ram,id=m0,size=1M', '-object', 'memory-backend-ram,id=m0,size=1M'],
];

t.test('as QEMU', { skip: !hasQemu() && 'qemu-system-aarch64 is not installed' }, async (t) => {
  for (const args of LINES) t.equal(ours(args), qemu(args), args.filter((a) => !MEMORY.includes(a)).join(' '));
});

t.test('a tree with two nodes', async (t) => {
  const text = ours(LINES[1]);
  t.match(text, /^memory@60000000 numa-node-id=00000001 .*\nmemory@40000000 numa-node-id=00000000 /);
  t.match(text, `distance-matrix=${['0 0 10', '0 1 20', '1 0 20', '1 1 10'].flatMap((row) => row.split(' ').map((n) => Number(n).toString(16).padStart(8, '0'))).join('')}`);
  t.equal(text.match(/^cpu@\d .*numa-node-id=00000001/gm)?.length, 2);
});
