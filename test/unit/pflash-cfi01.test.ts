// CFI flash: command sequences, the mode a machine maps it in, and sequences that go wrong.
import t from 'tap';
import { PFlashCfi01, SR_PROGRAM_ERROR, SR_READY, SR_SEQUENCE_ERROR } from '../../src/hw/block/pflash-cfi01.ts';

const SECTOR = 0x1000;
const chips = (byte: number) => (byte | (byte << 16)) >>> 0;

function setup() {
  const backing = new Uint8Array(0x10000 + 64);
  const storage = backing.subarray(64);
  const modes: boolean[] = [];
  const errors: string[] = [];
  const flash = new PFlashCfi01({ storage, sectorSize: SECTOR, onRomd: (romd) => modes.push(romd), guestError: (m) => errors.push(m) });
  const w = (offset: number, value: number, size = 4) => flash.write(offset, size, value);
  const r = (offset: number, size = 4) => flash.read(offset, size);
  return { flash, storage, modes, errors, w, r };
}

t.test('array mode is plain memory', async (t) => {
  const { flash, storage, r } = setup();
  storage.set([1, 2, 3, 4], 8);
  t.equal(r(8), 0x04030201);
  t.equal(r(10, 2), 0x0403);
  t.equal(r(9, 1), 2);
  t.equal(flash.romd, true);
  t.equal(flash.size, 0x10000);
});

t.test('program, erase, buffered program', async (t) => {
  const { storage, modes, w, r } = setup();
  w(0x100, chips(0x40));
  w(0x100, 0xdeadbeef);
  t.equal(r(0x100), chips(SR_READY));
  w(0, chips(0xff));
  t.equal(r(0x100), 0xdeadbeef);
  t.same(modes, [false, true]);
  w(0x1004, chips(0x20));
  t.equal(storage[SECTOR], 0, 'nothing is erased before the confirmation');
  w(0x1004, chips(0xd0));
  t.equal(storage.indexOf(0xff), SECTOR);
  t.equal(storage.lastIndexOf(0xff), 2 * SECTOR - 1);
  w(0x2000, chips(0xe8));
  w(0x2000, chips(2));
  for (const i of [0, 1, 2]) w(0x2000 + 4 * i, i + 1);
  t.equal(storage[0x2000], 0, 'kept in the buffer');
  w(0x2000, chips(0xd0));
  t.same([...storage.subarray(0x2000, 0x200c)], [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
  w(0, chips(0x60));
  w(0, chips(0x01));
  t.equal(r(0), chips(SR_READY));
});

t.test('identification and CFI', async (t) => {
  const { w, r } = setup();
  w(0, chips(0x90));
  t.same([r(0), r(4), r(8)], [chips(0x89), chips(0x18), 0]);
  w(0, chips(0x98));
  t.equal(String.fromCharCode(r(0x40, 1), r(0x44, 1), r(0x48, 1)), 'QRY');
  t.equal(2 ** r(0x27 * 4, 1), 0x8000, 'size of one chip');
  t.equal((r(0x2d * 4, 1) + 1) * (r(0x2f * 4, 1) << 8), 0x8000, 'blocks make up the chip');
});

t.test('sequences that go wrong', async (t) => {
  const { flash, storage, errors, w, r } = setup();
  w(0, chips(0x20));
  w(0, chips(0x12));
  t.equal(r(0), chips(SR_READY | SR_SEQUENCE_ERROR));
  w(0, chips(0x50));
  t.equal(flash.romd, true);
  w(0, chips(0x70));
  t.equal(r(0), chips(SR_READY), 'cleared');
  w(0, chips(0x20));
  w(0, chips(0xff));
  t.equal(flash.romd, true, 'READ_ARRAY aborts');
  w(0xffc, chips(0xe8));
  w(0xffc, chips(1));
  w(0xffc, 1);
  w(0x1000, 1);
  w(0xffc, chips(0xd0));
  t.equal(r(0), chips(SR_READY | SR_PROGRAM_ERROR), 'a buffer may not cross its boundary');
  t.equal(storage[0xffc], 0);
  w(0, chips(0xe8));
  w(0, chips(0));
  w(0, 1);
  w(0, chips(0x33));
  t.equal(storage[0], 0, 'not confirmed, not written');
  w(0, chips(0x77));
  t.equal(flash.romd, true, 'an unknown command reads the array');
  t.equal(errors.length, 4);
  w(0, chips(0x90));
  flash.reset();
  t.equal(flash.romd, true);
});
