// Stores to pages that hold code: none is lost, all atomics stay atomic, while another vCPU translates from the page.
import t from 'tap';
import { encode } from '../support/toy-isa.ts';
import { ToyAsm, ToyMachine } from '../support/toy-machine.ts';

const FLAG = 0x40000, MIXED = 0x30000, PAGE = 4096;
const ENTRIES = ['v0', 'v1', 'v2', 'v3'];

t.test('3 vCPUs store to a page while the 4th runs and rewrites code on it', async (t) => {
  // On the page: code at 0; a line of data for each vCPU from 0x400 on; an atomic counter at 0x800.
  const n = 100, a = new ToyAsm(MIXED);
  a.label('code').emit('movi', 2, 0, 0).emit('br', 0, 15);
  a.org(0x10000).label('v0').gate(4).li(1, 0).li(3, n).li(4, 'code').li(5, encode('movi', 2, 0, 0)).li(6, FLAG);
  a.label('w').addi(1, 1, 1).alu('add', 7, 5, 1).mem('stw', 7, 4).emit('isb').bl(15, 'far').emit('trapne', 2, 1).mem('stlr', 1, 6)
    .await(1, 4, 4).bne(1, 3, 'w').emit('halt');
  a.label('far').emit('br', 0, 4); // the code may be out of a branch's reach
  ENTRIES.forEach((v, k) => {
    if (k === 0) return;
    a.org(0x20000 + k * PAGE).label(v).gate(4).li(1, 0).li(3, n).li(4, MIXED + 0x400 + 64 * k).li(5, MIXED + 0x800).li(6, FLAG).li(8, 1);
    // A word, its bytes, its halves: each is read back; nobody else writes here.
    a.label(`${v}_loop`).addi(1, 1, 1).mem('st', 1, 4).mem('ld', 2, 4).emit('trapne', 2, 1)
      .mem('stw', 1, 4, 8).mem('ldw', 2, 4, 8).emit('trapne', 2, 1).mem('stb', 0, 4, 16).mem('stb', 8, 4, 17).mem('ld', 2, 4, 16).alu('sub', 10, 10, 10)
      .alu('add', 10, 10, 0).emit('addi', 10, 10, 256).emit('trapne', 2, 10)
      .amo('amoadd', 9, 5, 8).addi(11, 11, 1).mem('ldar', 7, 6).ack(7, k).bne(7, 3, `${v}_loop`).emit('halt');
  });
  const r = await new ToyMachine({ program: a, entries: ENTRIES, tbSize: 16 << 20 }).run();
  t.equal(r.word(MIXED + 0x800), r.x[1][11] + r.x[2][11] + r.x[3][11], 'atomic additions');
  for (const k of [1, 2, 3]) t.equal(r.word(MIXED + 0x400 + 64 * k), r.x[k][11], 'the last store');
});

// Each vCPU also goes from one address space to the next: a mark must reach the TLBs it left, and is leaving.
for (const spaces of [1, 4]) t.test(`a page that gains and loses code: stores and atomics of all vCPUs, ${spaces} address spaces`, async (t) => {
  // Each vCPU has a function of its own on the page, rewrites and calls it now and then; all add to one counter there.
  const n = 2500, a = new ToyAsm(MIXED);
  ENTRIES.forEach((v, k) => a.org(MIXED + 0x80 * k).label(`${v}_code`).emit('movi', 2, 0, 0).emit('br', 0, 15));
  ENTRIES.forEach((v, k) => {
    a.org(0x20000 + k * PAGE).label(v).gate(4).li(1, 0).li(3, n).li(4, `${v}_code`).li(5, MIXED + 0x800).li(8, 1).li(10, encode('movi', 2, 0, 0)).li(6, MIXED + 0x900 + 8 * k).alu('sub', 11, 11, 11);
    a.label(`${v}_loop`).addi(1, 1, 1);
    if (spaces > 1) a.emit('andi', 12, 1, spaces - 1).emit('space', 0, 12);
    a.amo('amoadd', 9, 5, 8).mem('ld', 9, 6).addi(9, 9, 1).mem('st', 9, 6);
    a.emit('andi', 9, 1, 15).bne(9, 11, `${v}_on`);
    a.alu('add', 7, 10, 1).mem('stw', 7, 4).emit('isb').emit('blr', 15, 4).emit('trapne', 2, 1);
    a.label(`${v}_on`).bne(1, 3, `${v}_loop`).emit('halt');
  });
  const r = await new ToyMachine({ program: a, entries: ENTRIES, tbSize: 16 << 20 }).run();
  t.equal(r.word(MIXED + 0x800), BigInt(4 * n), 'atomic additions');
  ENTRIES.forEach((_, k) => t.equal(r.word(MIXED + 0x900 + 8 * k), BigInt(n), `additions of vCPU ${k} alone`));
});
