// The generated `virt` tree against the one qemu-system-aarch64 7.2 dumps, and what dtc says of it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { FdtNode, flatten, parseFdt } from '../../src/machine/fdt.ts';
import { virtDtb, virtTree } from '../../src/machine/virt-dtb.ts';
import { mpAffinity } from '../../src/machine/virt-map.ts';
import { DTB_CONFIGS } from '../fixtures/dtb/configs.ts';

const golden = (name: string) => readFileSync(join(import.meta.dirname, `../fixtures/dtb/${name}.dtb`));

/** Differences on purpose: the values of the random seeds. (Their lengths are compared; the order of properties means nothing.) */
const RANDOM_PROPERTIES = new Set(['rng-seed', 'kaslr-seed']);

/** A tree as plain data; children keep their order, because probing follows it. */
function plain(node: FdtNode): unknown {
  const props = [...node.props].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) =>
    [name, RANDOM_PROPERTIES.has(name) ? `${value.length} random bytes` : Buffer.from(value).toString('hex')]);
  return { name: node.name, props, children: node.children.map(plain) };
}

function dtcWarnings(dtb: Uint8Array): string[] | undefined {
  const dtc = spawnSync('dtc', ['-I', 'dtb', '-O', 'dts', '-o', '/dev/null', '-'], { input: dtb, encoding: 'utf8' });
  if (dtc.error) return undefined;
  if (dtc.status !== 0) throw new Error(dtc.stderr);
  return dtc.stderr.split('\n').filter(Boolean);
}

const dtcMissing = dtcWarnings(golden('gicv3-smp2')) === undefined && !process.env['CI'];

t.test('same tree as QEMU', async (t) => {
  for (const { name, options } of DTB_CONFIGS) {
    t.same(plain(parseFdt(virtDtb(options)).root), plain(parseFdt(golden(name)).root), name);
  }
});

t.test('parts a machine lacks', async (t) => {
  const { options, name } = DTB_CONFIGS[0];
  const without = parseFdt(golden(name)).root;
  without.children.splice(without.children.findIndex((c) => c.name.startsWith('pcie')), 1);
  without.children.splice(without.children.findIndex((c) => c.name.startsWith('platform-bus')), 1);
  t.same(plain(virtTree({ ...options, pcie: false, platformBus: false }).root), plain(without), 'without PCIe and platform bus');

  const v2 = virtTree({ ...DTB_CONFIGS[1].options, v2m: false }).root;
  t.equal(v2.find('/intc')?.children.length, 0, 'without v2m');
  t.equal(v2.find('/pcie')?.props.has('msi-map'), false);
  t.equal(v2.find('/gpio-keys/poweroff')?.getCells('gpios')?.[0], v2.find('/pl061')?.getCells('phandle')?.[0], 'phandles agree');

  const bare = virtTree({ ...options, psci: 'none' }).root;
  t.equal(bare.child('psci'), undefined);
  t.equal(bare.find('/cpus/cpu@1')?.props.has('enable-method'), false);
  t.same(virtTree({ ...options, psci: 'smc' }).root.child('psci')?.getStrings('method'), ['smc']);
});

t.test('seeds', async (t) => {
  const { options } = DTB_CONFIGS[0];
  t.same(virtDtb({ ...options, seed: 7 }), virtDtb({ ...options, seed: 7 }), 'deterministic with a seed');
  t.notSame(virtDtb({ ...options, seed: 7 }), virtDtb({ ...options, seed: 8 }));
  t.notSame(virtDtb(options), virtDtb(options), 'random without');
});

t.test('affinities', async (t) => {
  t.same([0, 7, 8, 15, 16, 63].map((i) => mpAffinity(i, 3)), [0, 7, 8, 15, 0x100, 0x30f]);
  t.same([0, 7, 8, 15].map((i) => mpAffinity(i, 2)), [0, 7, 0x100, 0x107]);
});

t.test('dtc finds nothing that it does not find in QEMU\'s own tree', { skip: dtcMissing && 'dtc is not installed' }, async (t) => {
  for (const { name, options } of DTB_CONFIGS) {
    const theirs = new Set(dtcWarnings(golden(name)));
    for (const variant of [options, { ...options, its: false, v2m: false, pcie: false, platformBus: false, pmu: false }]) {
      const tree = virtTree(variant);
      t.same(dtcWarnings(flatten(tree))?.filter((line) => !theirs.has(line)), [], name);
    }
  }
});
