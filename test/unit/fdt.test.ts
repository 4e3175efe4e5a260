// Device tree builder and parser: round trips, and a clear error for each way a DTB can be broken.
import t from 'tap';
import { cells, FdtError, FdtNode, flatten, parseFdt, sizedCells, strings } from '../../src/machine/fdt.ts';
import type { Fdt } from '../../src/machine/fdt.ts';

const sample = (): Fdt => ({
  root: new FdtNode('', { compatible: strings('a,b', 'c'), '#address-cells': cells(2), '#size-cells': cells(1) }, [
    new FdtNode('memory@40000000', { reg: cells(0x40000000n, 0x1000), device_type: strings('memory') }),
    new FdtNode('bus', { ranges: new Uint8Array(0), odd: Uint8Array.of(1, 2, 3) }, [new FdtNode('dev@0', { reg: cells(-1, 0xffffffff) })]),
  ]),
  reservations: [{ address: 0x48000000n, size: 0x1000n }, { address: 1n << 40n, size: 4n }],
  bootCpu: 3,
});

t.test('round trip', async (t) => {
  const fdt = sample();
  const bytes = flatten(fdt);
  const back = parseFdt(bytes);
  t.same(back, fdt);
  t.same(flatten(back), bytes, 'emitting what was parsed gives the same bytes');
  t.equal(parseFdt(flatten(fdt, 4096)).root.children.length, 2, 'padding is allowed');
  t.equal(flatten(fdt, 4096).length - bytes.length >= 4093, true);
  const shifted = new Uint8Array(bytes.length + 8);
  shifted.set(bytes, 3);
  t.same(parseFdt(shifted.subarray(3)), fdt, 'a view into a larger buffer');
});

t.test('accessors', async (t) => {
  const { root } = sample();
  t.equal(root.find('/bus/dev')?.name, 'dev@0', 'a name without unit address matches');
  t.equal(root.find('/bus/none/x'), undefined);
  t.equal(root.find('/'), root);
  t.same(root.find('/memory')?.getCells('reg'), [0, 0x40000000, 0x1000]);
  t.same(root.getStrings('compatible'), ['a,b', 'c']);
  t.equal(root.find('/bus')?.getCells('odd'), undefined, 'not a whole number of cells');
  t.equal(root.find('/bus')?.getStrings('odd'), undefined, 'not terminated');
  t.equal(root.ensure('bus'), root.children[1]);
  t.equal(root.ensure('new'), root.children[2]);
  t.same(sizedCells(2, 5), cells(5n));
  t.same(sizedCells(1, 5n), cells(5));
  t.throws(() => cells(2 ** 32), RangeError);
  t.throws(() => cells(1.5), RangeError);
});

t.test('NOP tokens and version 16', async (t) => {
  const bytes = flatten({ root: new FdtNode('', {}, [new FdtNode('x')]), reservations: [], bootCpu: 0 });
  const view = new DataView(bytes.buffer);
  // BEGIN "" | BEGIN "x" | END END FDT_END: turn the child into NOPs
  const at = view.getUint32(8);
  for (let i = 2; i < 5; i++) view.setUint32(at + 4 * i, 4);
  view.setUint32(20, 16);
  t.equal(parseFdt(bytes).root.children.length, 0);
});

t.test('malformed blobs', async (t) => {
  const good = flatten(sample());
  const header = (i: number, value: number) => (b: DataView) => b.setUint32(4 * i, value);
  const structure = new DataView(good.buffer).getUint32(8);
  const total = good.length;
  const cases: [string, RegExp, (b: DataView) => void][] = [
    ['magic', /bad magic 0x12345678/, header(0, 0x12345678)],
    ['total beyond the file', /total size/, header(1, total + 1)],
    ['total tiny', /total size/, header(1, 8)],
    ['structure offset beyond', /structure block/, header(2, total + 4)],
    ['structure misaligned', /structure block/, header(2, structure + 2)],
    ['structure size', /structure block/, header(9, total)],
    ['structure cut', /ends in the middle|has no end|outside the structure block/, header(9, 40)],
    ['strings offset', /strings block/, header(3, total)],
    ['strings size', /strings block/, header(8, total)],
    ['strings empty', /property name outside/, header(8, 0)],
    ['reservation misaligned', /reservation block misaligned/, header(4, 41)],
    ['reservation beyond', /reservation block has no end/, header(4, (total & ~7) - 8)],
    ['future version', /version 18/, (b) => { b.setUint32(20, 18); b.setUint32(24, 18); }],
    ['old version', /version 3/, header(5, 3)],
    ['no root', /does not begin with a node/, (b) => b.setUint32(structure, 3)],
    ['named root', /root node has a name|bad|unknown token/, (b) => b.setUint32(structure + 4, 0x61000000)],
    ['unknown token', /unknown token 7/, (b) => b.setUint32(structure + 8, 7)],
    ['huge property', /outside the structure block/, (b) => b.setUint32(structure + 12, 0x7fffffff)],
    ['property name offset', /property name outside/, (b) => b.setUint32(structure + 16, 0x7fffffff)],
  ];
  for (const [name, message, harm] of cases) {
    const bad = good.slice();
    harm(new DataView(bad.buffer));
    t.throws(() => parseFdt(bad), { name: 'FdtError', message }, name);
  }
  t.throws(() => parseFdt(new Uint8Array(0)), { message: /too short/ });
  t.throws(() => parseFdt(good.subarray(0, 39)), { message: /too short/ });

  const twice = sample();
  twice.root.children.push(new FdtNode('bus'));
  t.throws(() => parseFdt(flatten(twice)), { message: /two nodes are named 'bus'/ });
  const name = sample();
  name.root.children.push(new FdtNode('b d'));
  t.throws(() => parseFdt(flatten(name)), { message: /bad node name 'b d'/ });
  const prop = sample();
  prop.root.set('a b', cells());
  t.throws(() => parseFdt(flatten(prop)), { message: /bad property name 'a b'/ });
  let deep = new FdtNode('leaf');
  for (let i = 0; i < 100; i++) deep = new FdtNode('n', {}, [deep]);
  t.throws(() => parseFdt(flatten({ root: new FdtNode('', {}, [deep]), reservations: [], bootCpu: 0 })), { message: /deeper than 64/ });
});

t.test('no blob, however damaged, does anything but parse or throw FdtError', async (t) => {
  const good = flatten(sample());
  let x = 12345;
  const random = (n: number) => ((x = (Math.imul(x, 1103515245) + 12345) >>> 0) >>> 8) % n;
  let parsed = 0;
  for (let i = 0; i < 5000; i++) {
    const bad = good.slice(0, random(20) === 0 ? random(good.length) : good.length);
    for (let k = 0; k <= random(3); k++) bad[random(bad.length)] = random(4) ? random(256) : 0;
    try {
      parseFdt(bad);
      parsed++;
    } catch (error) {
      if (!(error instanceof FdtError)) throw error;
    }
  }
  t.ok(parsed > 100 && parsed < 5000, `${parsed} of 5000 still parse`);
});
