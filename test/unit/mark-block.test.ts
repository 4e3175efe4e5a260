// Marking code pages by blocks: what another translator, or a store, does in the middle of it.
import t from 'tap';
import { Machine } from '../../src/accel/machine-view.ts';
import { TbStore } from '../../src/accel/tb-store.ts';
import { Tlb } from '../../src/accel/tlb.ts';
import type { Vcpu } from '../../src/accel/vcpu.ts';
import { TARGET_PAGE_SIZE, TLBEntry, TLB_NOTDIRTY } from '../../src/memory/layout/cpu.ts';
import { bareSpec, vcpus } from '../support/bare-machine.ts';

const PAGE = 5;

/** A machine of two vCPUs, of which `owner` may write to PAGE by a TLB entry. */
function rig(owner: number) {
  const machine = new Machine(bareSpec({ cpus: 2 })), cpus = vcpus(machine), tlb = new Tlb(cpus[owner]), at = PAGE * TARGET_PAGE_SIZE;
  for (const cpu of cpus) new Tlb(cpu).init();
  tlb.fill(at, 0, 0, { read: 0, write: 0, code: 0 }, 0, 0, at, 0, 12);
  const word = tlb.entry(at, 0) + TLBEntry.off.addr_write >>> 2;
  return {
    isMarked: (): boolean => (machine.i32[word] & TLB_NOTDIRTY) !== 0,
    /** What a store's slow path does: no code is left, so the entry may be used again. */
    storeToPage(page = PAGE): void {
      if (!new TbStore(machine, cpus).storeToCodePage(page * TARGET_PAGE_SIZE, 4, () => {}) || page !== PAGE) return;
      machine.i32[word] &= ~TLB_NOTDIRTY;
      machine.recheckDirty(word - (TLBEntry.off.addr_write >>> 2) << 2);
    },
    /** A thread that translates from a page; `before` runs when it has come to the TLBs of a vCPU. */
    protect(page: number, before: (cpu: number) => void = () => {}): void {
      const watched = Object.assign([...cpus], {
        *[Symbol.iterator](): Generator<Vcpu> { for (const cpu of cpus) { before(cpu.index); yield cpu; } },
      });
      new TbStore(machine, watched).protectPage(page);
    },
  };
}

t.test('a neighbour’s mark that is under way is not relied upon', async (t) => {
  const { protect, isMarked } = rig(1);
  protect(PAGE + 1, (cpu) => {
    if (cpu !== 1) return;
    t.notOk(isMarked());
    protect(PAGE);
    t.ok(isMarked(), 'the page’s own translator has seen to it');
  });
});

t.test('one that a store took off before it was done is not either, when the next is under way', async (t) => {
  const { protect, storeToPage, isMarked } = rig(0);
  protect(PAGE + 1, (cpu) => { if (cpu === 1) storeToPage(); });
  t.notOk(isMarked());
  storeToPage(PAGE + 2);
  protect(PAGE + 2, (cpu) => {
    if (cpu !== 0) return;
    protect(PAGE);
    t.ok(isMarked(), 'the page’s own translator has seen to it');
  });
});

t.test('one that is done is relied upon, until a store takes it off', async (t) => {
  const { protect, storeToPage, isMarked } = rig(0);
  protect(PAGE + 1);
  t.ok(isMarked());
  protect(PAGE, () => t.fail('looked through the TLBs again'));
  storeToPage();
  t.notOk(isMarked());
  protect(PAGE);
  t.ok(isMarked());
});
