// Guests that synchronise: atomics beside instructions run in exclusive sections, and interrupts that wake sleepers.
import t from 'tap';
import { ToyAsm, ToyMachine } from '../support/toy-machine.ts';

const COUNT = 0x40000, TURN = 0x40040, PAGE = 4096;
const ENTRIES = ['v0', 'v1', 'v2', 'v3'];

for (const regions of [false, true]) {
  t.test(`a counter added to by atomics and by plain accesses in exclusive sections (${regions ? 'regions' : 'interpreter'})`, async (t) => {
    const n = 1500, a = new ToyAsm(0x10000);
    ENTRIES.forEach((v, k) => {
      a.org(0x10000 + k * PAGE).label(v).gate(4).li(1, 0).li(3, n).li(5, COUNT).li(6, 1);
      a.label(`${v}_loop`).addi(1, 1, 1).amo(k < 2 ? 'xadd' : 'amoadd', 2, 5, 6).bne(1, 3, `${v}_loop`).emit('halt');
    });
    const r = await new ToyMachine({ program: a, entries: ENTRIES, regions }).run();
    t.equal(r.word(COUNT), BigInt(4 * n));
  });
}

t.test('no wake-up is lost: a token goes round by interrupts to sleeping vCPUs', async (t) => {
  const rounds = 4000, a = new ToyAsm(0x10000);
  ENTRIES.forEach((v, k) => {
    a.org(0x10000 + k * PAGE).label(v).gate(4).li(3, 4 * rounds).li(5, TURN).li(6, (k + 1) % 4).li(7, 1).li(9, k);
    // Sleeps while the turn is not its own: turn % 4 = k. Sets it to turn + 1 and interrupts the next one.
    a.label(`${v}_loop`).mem('ldar', 1, 5).emit('andi', 2, 1, 3).beq(2, 9, `${v}_mine`).emit('wfi').emit('ack', 4).b(`${v}_loop`);
    a.label(`${v}_mine`).alu('add', 1, 1, 7).mem('stlr', 1, 5).emit('ipi', 0, 6).addi(10, 10, 1);
    a.li(2, rounds).bne(10, 2, `${v}_loop`).emit('halt');
  });
  const m = new ToyMachine({ program: a, entries: ENTRIES }), t0 = performance.now();
  const r = await m.run();
  t.equal(r.word(TURN), BigInt(4 * rounds));
  t.comment(`${((performance.now() - t0) * 1000 / (4 * rounds)).toFixed(1)} µs from an interrupt to the sleeper's next, threads' start included`);
});
