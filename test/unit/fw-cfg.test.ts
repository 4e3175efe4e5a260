// fw_cfg: directory, data register, the DMA interface with its errors, writable files.
import t from 'tap';
import { addMachineItems, FW_CFG_FILE_DIR, FW_CFG_FILE_FIRST, FW_CFG_KERNEL_DATA, FwCfg } from '../../src/hw/nvram/fw-cfg.ts';

const RAM = 0x40000000;
const SIZE = 4 * 2 ** 20;

function setup() {
  const ram = new Uint8Array(SIZE);
  const check = (pa: number, length: number) => {
    if (pa < RAM || pa + length > RAM + SIZE) throw new RangeError(`0x${pa.toString(16)} is not RAM`);
  };
  const memory = {
    read(pa: number, length: number) { check(pa, length); return ram.slice(pa - RAM, pa - RAM + length); },
    write(pa: number, bytes: Uint8Array) { check(pa, bytes.length); ram.set(bytes, pa - RAM); },
  };
  const errors: string[] = [];
  const fwCfg = new FwCfg({ memory, guestError: (m) => errors.push(m) });
  const view = new DataView(ram.buffer);
  const select = (key: number) => fwCfg.write(0x08, 2, ((key & 0xff) << 8) | (key >> 8));
  const bytes = (n: number) => Uint8Array.from({ length: n }, () => fwCfg.read(0, 1));
  /** Runs one FWCfgDmaAccess placed at `at`; gives its control word afterwards. */
  const dma = (control: number, length: number, address: number, at = RAM) => {
    if (at === RAM) {
      view.setUint32(at - RAM, control);
      view.setUint32(at - RAM + 4, length);
      view.setBigUint64(at - RAM + 8, BigInt(address));
    }
    const be = Buffer.alloc(8);
    be.writeBigUInt64BE(BigInt(at));
    fwCfg.write(0x10, 4, be.readUInt32LE(0));
    fwCfg.write(0x14, 4, be.readUInt32LE(4));
    return view.getUint32(0);
  };
  return { fwCfg, ram, view, select, bytes, dma, errors };
}

const text = (s: string) => new Uint8Array(Buffer.from(s));

t.test('directory', async (t) => {
  const { fwCfg, select, bytes } = setup();
  addMachineItems(fwCfg, { cpus: 4, nographic: true, uuid: new Uint8Array(16).fill(7) });
  fwCfg.addFile('opt/x', text('hello'));
  fwCfg.addFile('etc/aaa', text('first'));
  select(FW_CFG_FILE_DIR);
  const raw = bytes(4 + 5 * 64);
  const view = new DataView(raw.buffer);
  t.equal(view.getUint32(0), 5);
  const files = Array.from({ length: 5 }, (_, i) => {
    const at = 4 + 64 * i;
    return [view.getUint32(at), view.getUint16(at + 4), Buffer.from(raw.subarray(at + 8, at + 64)).toString().replace(/\0+$/, '')];
  });
  t.same(files, [[0, 32, 'bios-geometry'], [0, 33, 'bootorder'], [5, 34, 'etc/aaa'], [4, 35, 'etc/boot-fail-wait'], [5, 36, 'opt/x']]);
  select(36);
  t.same(bytes(7), new Uint8Array([...text('hello'), 0, 0]), 'zeros behind the end');
  select(35);
  t.same(bytes(4), new Uint8Array(4).fill(255));
  fwCfg.addFile('opt/x', text('bye'));
  t.same(fwCfg.files.at(-1), { name: 'opt/x', size: 3 }, 'replaced');
  select(4);
  t.equal(fwCfg.read(0, 2), 1, 'nographic');
  fwCfg.addString(FW_CFG_KERNEL_DATA, 'k');
  select(FW_CFG_KERNEL_DATA);
  t.equal(fwCfg.read(0, 4), 0x6b);
  t.throws(() => fwCfg.addFile('', text('')), RangeError);
  t.throws(() => fwCfg.addFile('x'.repeat(56), text('')), RangeError);
  for (let i = 0; i < 27; i++) fwCfg.addFile(`f${i}`, text(''));
  t.throws(() => fwCfg.addFile('one too many', text('')), RangeError);
  t.throws(() => fwCfg.addFile('f99', text('')), { message: /too many files/ });
  select(0);
  fwCfg.read(0, 1);
  fwCfg.reset();
  t.same(bytes(4), text('QEMU'), 'a reset selects the signature');
});

t.test('DMA', async (t) => {
  const { fwCfg, ram, dma, errors } = setup();
  fwCfg.addFile('f', text('0123456789'));
  const key = FW_CFG_FILE_FIRST << 16;
  ram.fill(0xee, 0x100, 0x120);
  t.equal(dma(key | 8 | 2, 4, RAM + 0x100), 0, 'select and read');
  t.same(ram.slice(0x100, 0x105), new Uint8Array([...text('0123'), 0xee]));
  t.equal(dma(4, 3, 0), 0, 'skip');
  t.equal(dma(2, 8, RAM + 0x100), 0, 'read beyond the end');
  t.same(ram.slice(0x100, 0x109), new Uint8Array([...text('789'), 0, 0, 0, 0, 0, 0xee]));
  t.equal(dma(8 | 2, 4, RAM + 0x100), 0);
  t.same(ram.slice(0x100, 0x104), text('QEMU'));
  t.equal(dma((0x7fff << 16) | 8 | 2, 4, RAM + 0x100), 0, 'an unknown item reads as zeros');
  t.same(ram.slice(0x100, 0x104), new Uint8Array(4));
  t.equal(dma(8 | 2, 3 * 2 ** 20, RAM + 0x1000), 0, 'long');
  t.equal(dma(8 | 2, 4, 0x1000), 1, 'buffer outside RAM');
  t.equal(dma(8 | 2, 0xffffffff, RAM + 0x1000), 1, 'longer than RAM');
  t.equal(dma(0x10, 4, RAM + 0x100), 1, 'a read-only item cannot be written');
  t.equal(errors.length, 2);
  dma(2, 4, RAM, 0x2000);
  t.equal(errors.length, 3, 'descriptor outside RAM');
  dma(2, 4, RAM, 2 ** 40 + 8);
  t.match(errors[3], /0x10000000008 is not RAM/, 'both halves of the address count');
});

t.test('writable file', async (t) => {
  const { fwCfg, ram, dma } = setup();
  const seen: string[] = [];
  fwCfg.addFile('w', text('........'), (data) => seen.push(Buffer.from(data).toString()));
  ram.set(text('abc'), 0x200);
  t.equal(dma((FW_CFG_FILE_FIRST << 16) | 8 | 0x10, 3, RAM + 0x200), 0);
  t.equal(dma(0x10, 2, RAM + 0x200), 0);
  t.same(seen, ['abc.....', 'abcab...']);
  t.equal(dma(0x10, 4, RAM + 0x200), 1, 'not beyond its end');
  t.equal(dma((FW_CFG_FILE_FIRST << 16) | 8 | 0x10, 3, 0), 1, 'nor from outside RAM');
  t.equal(seen.length, 2);
});

t.test('odd accesses', async (t) => {
  const { fwCfg, errors } = setup();
  fwCfg.write(0x08, 4, 0);
  fwCfg.write(0x00, 1, 0);
  fwCfg.write(0x10, 2, 0);
  t.equal(errors.length, 3);
  t.equal(fwCfg.read(0x08, 2), 0);
  t.equal(fwCfg.read(0x10, 1), 0x51);
});
