// tb_flush under load: from all vCPUs at once, and because a tiny code buffer is full; the guests' totals stay right.
import t from 'tap';
import { ToyAsm, ToyMachine } from '../support/toy-machine.ts';

const FLAG = 0x40000, PAGE = 4096;
const ENTRIES = ['v0', 'v1', 'v2', 'v3'];

/** Blocks of the form x2 += x2 >> 3; x2 ^= k; x2 += k, on pages of their own, 64 a page; returns to x15 after the last. */
function blocks(a: ToyAsm, n: number): void {
  for (let k = 0; k < n; k++) {
    if (k % 64 === 0) a.org(0x18000 + k / 64 * PAGE);
    a.label(`b${k}`).emit('shri', 4, 2, 3).alu('add', 2, 2, 4).addi(2, 2, k + 1).emit('andi', 2, 2, 0x7fff);
    if (k % 5 === 4) a.bne(2, 0, `b${k}_on`).label(`b${k}_on`);
    if (k === n - 1) a.emit('br', 0, 15); else a.b(`b${k + 1}`);
  }
}
const model = (rounds: number, n: number): bigint => {
  let x = 0;
  for (let r = 0; r < rounds; r++) for (let k = 0; k < n; k++) x = (x + (x >>> 3) + k + 1) & 0x7fff;
  return BigInt(x);
};

for (const regions of [false, true]) {
  const tier = regions ? 'regions' : 'interpreter';
  t.test(`every vCPU asks for tb_flush all the time (${tier})`, async (t) => {
    const rounds = 60, n = 30, a = new ToyAsm(0x10000);
    ENTRIES.forEach((v, k) => {
      a.org(0x10000 + k * PAGE).label(v).gate(4).li(1, 0).li(2, 0).li(3, rounds);
      a.label(`${v}_loop`).bl(15, 'b0').emit('flush').addi(1, 1, 1).bne(1, 3, `${v}_loop`).emit('halt');
    });
    blocks(a, n);
    const r = await new ToyMachine({ program: a, entries: ENTRIES, regions }).run();
    for (const x of r.x) t.equal(x[2], model(rounds, n));
    t.ok(r.stats.flushes > rounds / 2, `${r.stats.flushes} flushes`);
  });

  t.test(`a code buffer of 64 KiB is full again and again (${tier})`, async (t) => {
    const rounds = 12, n = 640, a = new ToyAsm(0x10000);
    ENTRIES.forEach((v, k) => {
      a.org(0x10000 + k * PAGE).label(v).gate(4).li(1, 0).li(2, 0).li(3, rounds);
      a.label(`${v}_loop`).bl(15, 'b0').addi(1, 1, 1).bne(1, 3, `${v}_loop`).emit('halt');
    });
    blocks(a, n);
    const r = await new ToyMachine({ program: a, entries: ENTRIES, regions, tbSize: 64 << 10 }).run();
    for (const x of r.x) t.equal(x[2], model(rounds, n));
    t.ok(r.stats.flushes > 10, `${r.stats.flushes} flushes`);
  });
}

t.test('flushes while regions are hot, published and entered', async (t) => {
  const n = 8, flushes = 60, a = new ToyAsm(0x10000);
  a.label('v0').gate(4).li(1, 0).li(3, flushes).li(6, FLAG);
  a.label('w').addi(1, 1, 1).emit('flush').mem('stlr', 1, 6).await(1, 4, 2).bne(1, 3, 'w').emit('halt');
  ENTRIES.forEach((v, k) => {
    if (k === 0) return;
    a.org(0x20000 + k * PAGE).label(v).gate(4).li(1, 0).li(2, 0).li(3, flushes).li(6, FLAG).li(10, 400);
    // A hot loop, its rounds counted in x1; between the bursts a look at the flag.
    a.label(`${v}_loop`).li(11, 0).label(`${v}_hot`).bl(15, 'b0').addi(11, 11, 1).addi(1, 1, 1).bne(11, 10, `${v}_hot`);
    a.mem('ldar', 7, 6).ack(7, k).bne(7, 3, `${v}_loop`).emit('halt');
  });
  blocks(a, n);
  const r = await new ToyMachine({ program: a, entries: ENTRIES, regions: true }).run();
  for (const x of r.x.slice(1)) t.equal(x[2], model(Number(x[1]), n), `${x[1]} rounds`);
  t.equal(r.stats.flushes, flushes);
});
