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

t.test('no wake-up is lost: interrupts that come just when the vCPU falls asleep', async (t) => {
  // vCPU 0 hands the turn over and sleeps; vCPU 1, always awake, waits 1…1024 iterations before it hands it back.
  const rounds = 20_000, a = new ToyAsm(0x10000);
  a.label('v0').gate(2).li(3, rounds).li(5, TURN).li(7, 1).li(9, 0);
  a.label('give').mem('stlr', 7, 5).label('sleep').emit('wfi').emit('ack', 4).mem('ldar', 1, 5).bne(1, 9, 'sleep').addi(10, 10, 1).bne(10, 3, 'give').emit('halt');
  a.org(0x20000).label('v1').gate(2).li(3, rounds).li(5, TURN).li(7, 1).li(9, 0).li(6, 1103515245);
  a.label('wait').mem('ldar', 1, 5).bne(1, 7, 'wait').alu('mul', 2, 2, 6).addi(2, 2, 12345).emit('shri', 8, 2, 20).emit('andi', 8, 8, 0x3ff).addi(8, 8, 1);
  a.label('delay').addi(8, 8, -1).bltu(9, 8, 'delay').mem('stlr', 9, 5).emit('ipi', 0, 9).addi(10, 10, 1).bne(10, 3, 'wait').emit('halt');
  const r = await new ToyMachine({ program: a, entries: ENTRIES.slice(0, 2) }).run();
  t.equal(r.x[0][10], BigInt(rounds));
});
