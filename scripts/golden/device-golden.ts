// Regenerates test/fixtures/devices/*.trace: register accesses to QEMU's `virt` devices and what they answered.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VIRT_MEMMAP } from '../../src/machine/virt-map.ts';
import { runQtest } from './qtest.ts';

/** One access at an offset of the device; `value` of a read is what QEMU answered. */
interface Access {
  readonly op: 'r' | 'w';
  readonly size: 1 | 2 | 4;
  readonly offset: number;
  value: number;
}

let seed = 1;
/** Deterministic pseudo-random integer below n. */
const random = (n: number) => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8) % n;
const pick = <T>(list: readonly T[]): T => list[random(list.length)];
const read = (offset: number, size: Access['size'] = 4): Access => ({ op: 'r', size, offset, value: 0 });
const write = (offset: number, value: number, size: Access['size'] = 4): Access => ({ op: 'w', size, offset, value: value >>> 0 });
const repeat = (n: number, f: (i: number) => readonly Access[]) => Array.from({ length: n }, (_, i) => f(i)).flat();

/** Random writes within each register's bits, each followed by reads of all registers. */
function registers(writable: Readonly<Record<number, number>>, readable: readonly number[], n: number): Access[] {
  const offsets = Object.keys(writable).map(Number);
  return [...readable.map((o) => read(o)), ...repeat(n, () => {
    const offset = pick(offsets);
    return [write(offset, random(1 << 16) & writable[offset]), ...readable.map((o) => read(o))];
  })];
}

const ids = Array.from({ length: 8 }, (_, i) => 0xfe0 + 4 * i);

/** Without loopback, break and DMA enables: QEMU 7.2 does not model them. */
const pl011 = [
  ...ids.map((o) => read(o)),
  ...registers(
    { 0x00: 0xff, 0x04: 0xff, 0x20: 0xff, 0x24: 0xffff, 0x28: 0x3f, 0x2c: 0xfe, 0x30: 0xff7f, 0x34: 0x3f, 0x38: 0x7ff, 0x44: 0x7ff, 0x48: 4 },
    [0x00, 0x04, 0x18, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x3c, 0x40, 0x48], 120),
];

/** Times lie hours apart, so that the second ticking over changes nothing but the count, which only decides the alarm here. */
const pl031 = [
  ...ids.map((o) => read(o)),
  read(0x0c), read(0x10), read(0x14), read(0x18),
  ...repeat(30, (i) => {
    const now = 0x10000000 * (i % 16) + 12345;
    const state = () => [read(0x04), read(0x08), read(0x0c), read(0x10), read(0x14), read(0x18)];
    return [
      write(0x04, now + 7200), write(0x08, now), ...state(),
      pick([write(0x10, random(2)), write(0x0c, random(2)), write(0x1c, 1)]), ...state(),
      ...(i % 3 ? [] : [write(0x08, now + 7200), ...state()]), // the alarm's own time: rings at once
      pick([write(0x10, random(2)), write(0x1c, 1)]), ...state(),
    ];
  }),
];

/** Lines that are inputs stay low, as nothing drives them; a line once an output stays one, since QEMU lets a released line float. */
const pl061 = [
  ...ids.map((o) => read(o)),
  ...repeat(4, (i) => [
    write(0x400, [0x00, 0x0f, 0x7f, 0xff][i]),
    ...repeat(30, () => [
      pick([
        write(random(256) << 2, random(256)), write(0x404, 0), write(0x408, random(256)), write(0x40c, random(256)), write(0x410, random(256)),
        write(0x41c, random(256)), write(0x420, random(256)),
      ]),
      read(random(256) << 2), read(0x3fc), ...[0x400, 0x404, 0x408, 0x40c, 0x410, 0x414, 0x418, 0x420].map((o) => read(o)),
    ]),
  ]),
];

const virtio = repeat(300, () => [random(4) ? read(random(0x80) << 2) : write(random(0x80) << 2, random(1 << 24)), read(pick([0, 4, 8, 12]), pick([1, 2, 4]))]);

/** Items by number through the data register, in bytes and in wider pieces; reads beyond the end. Files hold QEMU-only tables: by name elsewhere. */
const fwCfg = [
  read(0x10), read(0x14), read(0x08, 2),
  ...repeat(16, (key) => [write(0x08, key << 8, 2), ...repeat(6, () => [read(0, 1)])]),
  ...repeat(40, () => [write(0x08, pick([0, 1, 5]) << 8, 2), ...repeat(4, () => [read(0, pick([1, 2, 4]))])]),
  write(0x08, 0xff7f, 2), read(0), write(0x08, 0xff3f, 2), read(0), write(0x08, 0, 2), write(0, 0x55), read(0),
];

/**
 * Well-formed command sequences in the first four erase blocks. QEMU leaves the CFI query on READ_ARRAY
 * alone, and its CLEAR_STATUS clears the ready bit until the next operation; our model does as the data sheets say.
 */
function flashOperation(): Access[] {
  const chips = (byte: number) => byte | (byte << 16);
  const at = random(0x40000) * 4;
  const array = write(at, chips(0xff));
  switch (random(8)) {
    case 0: return [write(at, chips(0x40)), write(at, random(2 ** 24) * 255), read(at), write(at, chips(0x70)), read(at), array, read(at), read(at, 2), read(at + 1, 1)];
    case 1: return [write(at, chips(0x10)), write(at + 2, random(65536), 2), read(at), array, read(at), read(at + 2, 2)];
    case 2: return [write(at, chips(0x20)), write(at, chips(0xd0)), read(at), array, read(at), read((at + 0x1000) & 0xfffff), read(at ^ 0x40000)];
    case 3: {
      const words = 1 + random(32);
      const start = at & ~0xfff;
      return [
        write(start, chips(0xe8)), read(start), write(start, chips(words - 1)),
        ...repeat(words, (i) => [write(start + 4 * i, random(2 ** 24) * 251)]),
        write(start, chips(0xd0)), read(start), write(start, chips(0xff)), ...repeat(words + 1, (i) => [read(start + 4 * i)]),
      ];
    }
    case 4: return [write(at, chips(0x60)), write(at, chips(pick([0xd0, 0x01]))), read(at), array, read(at)];
    case 5: return [write(at, chips(0x90)), ...repeat(4, (i) => [read(4 * i)]), array, read(at)];
    case 6: return [write(0x154, chips(0x98)), ...repeat(0x54, (i) => [read(4 * i)]), write(0, chips(0xff)), write(0, chips(0xf0)), read(0)];
    default: return [write(at, chips(0x70)), read(at), read(at, 2), write(at, chips(0x50)), write(at, chips(0x60)), write(at, chips(0xd0)), read(at), array, read(at)];
  }
}
const flash = repeat(150, flashOperation);

const DEVICES: readonly [string, number, Access[]][] = [
  ['pl011', VIRT_MEMMAP.UART.base, pl011],
  ['pl031', VIRT_MEMMAP.RTC.base, pl031],
  ['pl061', VIRT_MEMMAP.GPIO.base, pl061],
  ['virtio-mmio', VIRT_MEMMAP.MMIO.base, virtio],
  ['fw-cfg', VIRT_MEMMAP.FW_CFG.base, fwCfg],
  ['pflash-cfi01', VIRT_MEMMAP.FLASH.base, flash],
];

const SUFFIX = { 1: 'b', 2: 'w', 4: 'l' } as const;
const hex = (n: number) => n.toString(16);

for (const [name, base, accesses] of DEVICES) {
  const commands = accesses.map((a) => `${a.op === 'r' ? 'read' : 'write'}${SUFFIX[a.size]} 0x${hex(base + a.offset)}${a.op === 'w' ? ` 0x${hex(a.value)}` : ''}`);
  const answers = await runQtest(['-M', 'virt,gic-version=3', '-cpu', 'cortex-a72', '-smp', '2', '-m', '1G'], commands);
  accesses.forEach((a, i) => { if (a.op === 'r') a.value = Number(answers[i]); });
  const lines = accesses.map((a) => `${a.op}${a.size} ${hex(a.offset)} ${hex(a.value)}`);
  writeFileSync(join(import.meta.dirname, `../../test/fixtures/devices/${name}.trace`), `${lines.join('\n')}\n`);
  console.log(`${name}: ${lines.length} accesses`);
}
