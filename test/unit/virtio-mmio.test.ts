// An empty virtio-mmio slot: identification registers only.
import t from 'tap';
import { VirtioMmioSlot } from '../../src/hw/virtio/virtio-mmio.ts';

t.test('empty slot', async (t) => {
  const slot = new VirtioMmioSlot();
  t.equal(slot.size, 0x200);
  t.same([0, 4, 8, 12].map((o) => slot.read(o, 4)), [0x74726976, 1, 0, 0x554d4551]);
  t.equal(slot.read(2, 1), 0x72);
  for (let offset = 0; offset < slot.size; offset += 4) slot.write(offset, 4, 0xffffffff);
  for (let offset = 0x10; offset < slot.size; offset += 4) if (slot.read(offset, 4) !== 0) t.fail(`offset ${offset}`);
  slot.reset();
  t.equal(slot.read(8, 4), 0);
});
