// Replays register accesses recorded from qemu-system-aarch64 7.2 on our device models: every read must answer the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PFlashCfi01 } from '../../src/hw/block/pflash-cfi01.ts';
import { Pl011 } from '../../src/hw/char/pl011.ts';
import { NullBackend } from '../../src/chardev/backend.ts';
import type { MmioDevice } from '../../src/hw/core/device.ts';
import { Pl061 } from '../../src/hw/gpio/pl061.ts';
import { addMachineItems, FwCfg } from '../../src/hw/nvram/fw-cfg.ts';
import { Pl031 } from '../../src/hw/rtc/pl031.ts';
import { VirtioMmioSlot } from '../../src/hw/virtio/virtio-mmio.ts';
import { VIRT_FLASH_SECTOR_SIZE, VIRT_FLASH_SIZE } from '../../src/machine/virt-map.ts';
import { ManualClock, RecordingIrq } from './support/devices.ts';

const noMemory = {
  read(): Uint8Array { throw new RangeError('no RAM'); },
  write(): void { throw new RangeError('no RAM'); },
};

/** Each device, and the offset of its masked interrupt status, which the line must follow. */
const DEVICES: Record<string, { make: (irq: RecordingIrq) => MmioDevice; mis?: number }> = {
  pl011: { make: (irq) => new Pl011({ irq, chardev: new NullBackend(), clock: new ManualClock() }), mis: 0x40 },
  pl031: { make: (irq) => new Pl031({ irq, clock: new ManualClock() }), mis: 0x18 },
  pl061: { make: (irq) => new Pl061({ irq }), mis: 0x418 },
  'virtio-mmio': { make: () => new VirtioMmioSlot() },
  'fw-cfg': {
    make: () => {
      const fwCfg = new FwCfg({ memory: noMemory });
      addMachineItems(fwCfg, { cpus: 2 });
      return fwCfg;
    },
  },
  'pflash-cfi01': { make: () => new PFlashCfi01({ storage: new Uint8Array(VIRT_FLASH_SIZE), sectorSize: VIRT_FLASH_SECTOR_SIZE }) },
};

for (const [name, { make, mis }] of Object.entries(DEVICES)) {
  t.test(name, async (t) => {
    const irq = new RecordingIrq();
    const device = make(irq);
    const lines = readFileSync(join(import.meta.dirname, `../fixtures/devices/${name}.trace`), 'utf8').trimEnd().split('\n');
    const wrong: string[] = [];
    for (const [i, line] of lines.entries()) {
      const [op, offset, value] = line.split(' ');
      const size = Number(op[1]);
      if (op[0] === 'w') {
        device.write(parseInt(offset, 16), size, parseInt(value, 16), 0);
        continue;
      }
      const got = device.read(parseInt(offset, 16), size, 0);
      if (got !== parseInt(value, 16)) wrong.push(`line ${i + 1}: ${line}, got ${got.toString(16)}`);
      if (mis !== undefined && irq.level !== (device.read(mis, 4, 0) !== 0)) wrong.push(`line ${i + 1}: interrupt line ${irq.level}`);
    }
    t.same(wrong.slice(0, 10), [], `${lines.length} accesses`);
  });
}
