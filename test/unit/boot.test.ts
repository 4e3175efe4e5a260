// Placement of kernel, initrd and tree against QEMU's own, and the sentence a user gets for each bad input.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import t from 'tap';
import { UserError } from '../../src/errors.ts';
import { bootStub, firmwareItems, loadFirmware, loadKernel, readBootFile, writeBlobs } from '../../src/machine/boot.ts';
import type { BootInfo, BootOptions, BootRam } from '../../src/machine/boot.ts';
import { cells, FdtNode, flatten, parseFdt, strings } from '../../src/machine/fdt.ts';
import { virtTree } from '../../src/machine/virt-dtb.ts';
import { BOOT_CASES, elf, filler, image } from '../fixtures/boot/cases.ts';
import type { Placement } from '../fixtures/boot/cases.ts';

const MiB = 2 ** 20;
const BASE = 0x40000000;
const placements = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/boot/placements.json'), 'utf8')) as Placement[];

/** RAM that remembers what was written where and refuses writes outside itself. */
class SparseRam implements BootRam {
  readonly base = BASE;
  readonly size: number;
  readonly writes: { pa: number; bytes: Uint8Array }[] = [];

  constructor(size: number) {
    this.size = size;
  }
  write(pa: number, bytes: Uint8Array): void {
    if (pa < this.base || pa + bytes.length > this.base + this.size) throw new Error(`write outside RAM at ${pa.toString(16)}`);
    this.writes.push({ pa, bytes });
  }
  read(pa: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      const hit = this.writes.findLast((w) => pa + i >= w.pa && pa + i < w.pa + w.bytes.length);
      if (hit) out[i] = hit.bytes[pa + i - hit.pa];
    }
    return out;
  }
}

const tree = (ramSize: number) => virtTree({ cpus: 2, cpuModel: 'cortex-a72', gicVersion: 3, ramSize });
const le64 = (b: Uint8Array) => new DataView(b.buffer).getBigUint64(0, true);

function boot(kernel: Uint8Array, o: Partial<BootOptions> & { size?: number } = {}): { info: BootInfo; ram: SparseRam } {
  const ram = new SparseRam(o.size ?? 256 * MiB);
  const info = loadKernel({ tree: tree(ram.size), ram, names: { kernel: 'K', initrd: 'I', dtb: 'D' }, ...o, kernel });
  return { info, ram };
}

t.test('same placement as QEMU', async (t) => {
  for (const c of BOOT_CASES) {
    const golden = placements.find((p) => p.name === c.name);
    if (!golden) throw new Error(`no golden placement for '${c.name}'`);
    const { info, ram } = boot(c.kernel(), { size: c.ram, initrd: c.initrd ? filler(c.initrd) : undefined, append: c.append });
    const chosen = parseFdt(ram.read(info.dtbAddr ?? 0, info.dtb.length)).root.child('chosen');
    const initrd = [chosen?.getCells('linux,initrd-start')?.[0], chosen?.getCells('linux,initrd-end')?.[0]];
    const ours: Placement = {
      name: c.name,
      ...(c.initrd ? { initrd: initrd as [number, number] } : {}),
      ...(c.append ? { bootargs: chosen?.getStrings('bootargs')?.[0] } : {}),
      dtbAddr: info.dtbAddr ?? 0,
      ...(c.elf ? {} : { entry: info.entry, firstWords: le64(ram.read(info.entry, 8)).toString(16) }),
    };
    t.strictSame(ours, golden, c.name);
    if (!c.elf) {
      t.equal(info.pc, BASE, 'starts in the stub');
      t.equal(le64(ram.read(BASE + 24, 8)), BigInt(golden.dtbAddr), 'the stub knows the tree');
      t.equal(le64(ram.read(BASE + 32, 8)), BigInt(info.entry), 'and the kernel');
    }
    if (c.initrd) t.same(ram.read(info.initrd?.start ?? 0, 4), filler(4));
  }
});

t.test('boot stub', async (t) => {
  const view = new DataView(bootStub(0x1_2345_6789, 0x40080000).buffer);
  t.equal(view.byteLength, 40);
  t.equal(view.getUint32(0, true), 0x580000c0);
  t.equal(view.getBigUint64(24, true), 0x1_2345_6789n);
});

t.test('EFI zboot', async (t) => {
  const inner = image({ length: 8192, textOffset: 0, imageSize: MiB });
  const zboot = (name: string, payload: Uint8Array) => {
    const bytes = new Uint8Array(128 + payload.length);
    bytes.set(Buffer.from('MZ\0\0zimg'));
    new DataView(bytes.buffer).setUint32(8, 128, true);
    new DataView(bytes.buffer).setUint32(12, payload.length, true);
    bytes.set(Buffer.from(name), 24);
    bytes.set(payload, 128);
    return bytes;
  };
  for (const bytes of [zboot('gzip', gzipSync(inner)), zboot('zstd', zstdCompressSync(inner))]) {
    const { info, ram } = boot(bytes);
    t.equal(info.entry, BASE + 2 * MiB);
    t.same(ram.read(info.entry, 64), inner.subarray(0, 64));
  }
  t.throws(() => boot(zboot('lzma', inner)), { code: 'kernel-compression', message: /lzma/ });
  t.throws(() => boot(zboot('gzip', gzipSync(inner)).subarray(0, 150)), { code: 'kernel-truncated' });
});

t.test('ELF', async (t) => {
  const data = filler(300);
  const { info, ram } = boot(elf({ pa: 0x40200000, entry: 0x40200040, data, memSize: 3 * MiB }));
  t.equal(info.pc, 0x40200040);
  t.equal(info.entry, 0x40200040);
  t.same(ram.read(0x40200000, 300), data);
  const zeroed = ram.writes.filter((w) => w.pa >= 0x40200000).reduce((n, w) => n + w.bytes.length, 0);
  t.equal(zeroed, 3 * MiB, 'the part without file contents is cleared');
  t.equal(boot(elf({ pa: BASE, entry: BASE, data })).info.dtbAddr, undefined, 'no room below: no tree');
  t.equal(boot(elf({ pa: BASE + 0x80000, entry: BASE, data })).info.dtbAddr, BASE);
});

t.test('blobs restore RAM at a reset', async (t) => {
  const { info, ram } = boot(filler(4096), { initrd: filler(100) });
  const before = ram.read(info.entry, 64);
  ram.write(info.entry, new Uint8Array(64));
  writeBlobs(ram, info.blobs);
  t.same(ram.read(info.entry, 64), before);
  t.same(info.blobs.map((b) => b.name), ['bootloader', 'kernel', 'initrd', 'dtb']);
});

t.test('-dtb', async (t) => {
  const user = (props: Record<string, Uint8Array>, children: FdtNode[] = []) => flatten({ root: new FdtNode('', props, children), reservations: [], bootCpu: 0 });
  const wide = { '#address-cells': cells(2), '#size-cells': cells(2) };
  const dtb = user(wide, [new FdtNode('memory@0', { reg: cells(0n, 1n) }), new FdtNode('memory', {}), new FdtNode('memory-controller@0')]);
  const { root } = parseFdt(boot(filler(64), { dtb, append: 'a b', initrd: filler(10) }).info.dtb);
  t.same(root.children.map((c) => c.name), ['psci', 'memory@40000000', 'memory-controller@0', 'chosen']);
  t.same(root.child('memory@40000000')?.getCells('reg'), [0, BASE, 0, 256 * MiB]);
  t.same(root.child('chosen')?.getStrings('bootargs'), ['a b']);
  t.same(root.child('chosen')?.getCells('linux,initrd-end'), [BASE + 128 * MiB + 10]);

  const narrow = user({ '#address-cells': cells(1), '#size-cells': cells(1) }, [
    new FdtNode('psci', { method: strings('smc') }), new FdtNode('chosen', { bootargs: strings('old'), other: cells(1) }),
  ]);
  const kept = parseFdt(boot(filler(64), { dtb: narrow }).info.dtb).root;
  t.same(kept.child('psci')?.getStrings('method'), ['smc'], 'an existing /psci stays');
  t.same(kept.child('chosen')?.getStrings('bootargs'), ['old'], 'bootargs stay without -append');
  t.same(kept.child('memory')?.getCells('reg'), [BASE, 256 * MiB]);
  t.equal(parseFdt(boot(filler(64), { dtb, psci: 'none' }).info.dtb).root.child('psci'), undefined);

  t.throws(() => boot(filler(64), { dtb: narrow, size: 4096 * MiB }), { code: 'dtb-small-cells' });
  t.throws(() => boot(filler(64), { dtb: user({ '#address-cells': cells(0) }) }), { code: 'dtb-malformed', message: /#address-cells 0/ });
  t.throws(() => boot(filler(64), { dtb: filler(200) }), { code: 'dtb-malformed', message: /'D' is malformed: bad magic/ });
  t.throws(() => boot(filler(64), { dtb: dtb.subarray(0, dtb.length - 4) }), { code: 'dtb-malformed', message: /total size/ });
  t.throws(() => boot(filler(64), { dtb: new Uint8Array(0) }), { code: 'dtb-empty' });
  t.throws(() => boot(filler(64), { dtb: user({ ...wide, big: new Uint8Array(2 * MiB) }) }), { code: 'dtb-too-large' });
});

t.test('the board\'s tree is not changed by a boot', async (t) => {
  const board = tree(256 * MiB);
  const before = flatten(board);
  boot(filler(64), { tree: board, append: 'x', initrd: filler(10) });
  t.same(flatten(board), before);
});

t.test('bad input: one clear sentence, nothing written', async (t) => {
  const gz = gzipSync(filler(100000));
  const corrupt = Uint8Array.from(gz);
  corrupt.fill(0x55, 30, 60);
  const bzImage = filler(2048);
  bzImage.set([0x55, 0xaa], 0x1fe);
  bzImage.set(Buffer.from('HdrS'), 0x202);
  const uImage = filler(2048);
  uImage.set([0x27, 0x05, 0x19, 0x56]);
  const data = filler(64);
  const arm32 = elf({ pa: BASE, entry: 0, data, machine: 40 });
  arm32[4] = 1;
  const bigEndian = elf({ pa: BASE, entry: 0, data, machine: 183 << 8 });
  bigEndian[5] = 2;
  const longSegment = elf({ pa: BASE, entry: 0, data });
  new DataView(longSegment.buffer).setBigUint64(96, 65n, true);
  new DataView(longSegment.buffer).setBigUint64(104, 65n, true);
  const shrunk = elf({ pa: BASE, entry: 0, data, memSize: 10 });
  const noLoad = elf({ pa: BASE, entry: 0, data });
  new DataView(noLoad.buffer).setUint32(64, 4, true);
  const cases: [string, string, RegExp, Uint8Array, (Partial<BootOptions> & { size?: number })?][] = [
    ['empty kernel', 'kernel-empty', /^kernel 'K' is empty$/, new Uint8Array(0)],
    ['truncated gzip', 'kernel-truncated', /^kernel 'K' is a truncated gzip file$/, gz.subarray(0, gz.length >> 1)],
    ['damaged gzip', 'kernel-corrupt', /damaged gzip/, corrupt],
    ['x86-64 ELF', 'kernel-not-aarch64', /^kernel 'K' is an x86-64 ELF, not AArch64$/, elf({ pa: BASE, entry: 0, data, machine: 62 })],
    ['a program of the host', 'kernel-not-aarch64', /ELF, not AArch64/, process.arch === 'arm64' || process.platform !== 'linux' ? arm32 : readFileSync(process.execPath).subarray(0, 4096)],
    ['Arm ELF', 'kernel-not-aarch64', /a 32-bit Arm ELF/, arm32],
    ['ELF of an unknown machine', 'kernel-not-aarch64', /an ELF for machine 999/, elf({ pa: BASE, entry: 0, data, machine: 999 })],
    ['big-endian ELF', 'kernel-big-endian', /big-endian ELF/, bigEndian],
    ['object file', 'kernel-not-executable', /not been linked/, elf({ pa: BASE, entry: 0, data, type: 1 })],
    ['ELF cut in the header', 'kernel-bad-elf', /cut off/, elf({ pa: BASE, entry: 0, data }).subarray(0, 40)],
    ['ELF without program headers', 'kernel-bad-elf', /outside the file/, elf({ pa: BASE, entry: 0, data }).subarray(0, 70)],
    ['ELF cut in a segment', 'kernel-bad-elf', /segment 0 is cut off/, longSegment],
    ['ELF with more file than memory', 'kernel-bad-elf', /more bytes in the file/, shrunk],
    ['ELF with nothing to load', 'kernel-bad-elf', /nothing to load/, noLoad],
    ['ELF outside RAM', 'kernel-outside-ram', /at 0xffff800010000000, outside RAM/, elf({ pa: 0xffff800010000000, entry: 0, data })],
    ['ELF beyond RAM', 'kernel-outside-ram', /outside RAM/, elf({ pa: BASE, entry: 0, data, memSize: 257 * MiB })],
    ['x86 bzImage', 'kernel-not-aarch64', /x86 Linux bzImage/, bzImage],
    ['uImage', 'kernel-uimage', /uImage/, uImage],
    ['big-endian Image', 'kernel-big-endian', /is big-endian/, image({ length: 4096, textOffset: 0, imageSize: 4096, flags: 1 })],
    ['kernel larger than RAM', 'kernel-too-large', /does not fit the 256 MiB of RAM/, image({ length: 4096, textOffset: 0, imageSize: 300 * MiB })],
    ['initrd larger than RAM', 'initrd-too-large', /^initrd 'I' \(129 MiB\) does not fit into RAM after the kernel$/, filler(64), { initrd: new Uint8Array(128 * MiB + 1) }],
    ['empty initrd', 'initrd-empty', /initrd 'I' is empty/, filler(64), { initrd: new Uint8Array(0) }],
    ['no room for the tree', 'dtb-no-space', /device tree/, filler(64), { initrd: new Uint8Array(128 * MiB) }],
  ];
  for (const [name, code, message, kernel, options] of cases) {
    const ram = new SparseRam(256 * MiB);
    t.throws(() => boot(kernel, { ...options, ram }), { name: 'UserError', code, message }, name);
    t.equal(ram.writes.length, 0);
  }
});

t.test('files', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'boot-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  t.throws(() => readBootFile('kernel', join(folder, 'none')), { code: 'kernel-missing', message: /could not load kernel '.*none': no such file/ });
  t.throws(() => readBootFile('initrd', folder), { code: 'initrd-missing', message: /it is a directory/ });
  t.ok(readBootFile('dtb', import.meta.filename).length > 0);
  t.equal(new UserError('a', 'b', 'c').hint, 'c');
});

t.test('firmware', async (t) => {
  const ram = new SparseRam(256 * MiB);
  const flash = new Uint8Array(64 * MiB);
  const options = { tree: tree(ram.size), ram, flash, names: { bios: 'B' } };
  const info = loadFirmware({ ...options, bios: filler(1000), append: 'x' });
  t.equal(info.pc, 0);
  t.equal(info.dtbAddr, BASE);
  t.same(flash.subarray(0, 1000), filler(1000));
  t.same(parseFdt(ram.read(BASE, info.dtb.length)).root.child('chosen')?.getStrings('bootargs'), ['x']);
  t.equal(loadFirmware(options).pc, 0, 'without a file the flash stays as it is');
  t.equal(flash[0], 1);
  t.throws(() => loadFirmware({ ...options, bios: new Uint8Array(0) }), { code: 'bios-empty' });
  t.throws(() => loadFirmware({ ...options, bios: new Uint8Array(64 * MiB + 1) }), { code: 'bios-too-large' });

  const kernel = image({ length: 4096, textOffset: 0, imageSize: 4096 });
  const items = new Map(firmwareItems({ kernel: gzipSync(kernel), initrd: filler(300), append: 'hi' }));
  t.same(items.get(0x11), kernel, 'the kernel unpacked');
  t.same(items.get(0x08), Uint8Array.of(0, 16, 0, 0));
  t.same(items.get(0x0b), Uint8Array.of(44, 1, 0, 0));
  t.same(items.get(0x15), strings('hi'));
  t.same(firmwareItems({}), []);
});
