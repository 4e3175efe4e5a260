// Self-modifying code: toy guests on 4 vCPU threads rewrite what they, or the others, are about to run.
import t from 'tap';
import { encode } from '../support/toy-isa.ts';
import { ackWord, ToyAsm, ToyMachine } from '../support/toy-machine.ts';

const FLAG = 0x40000;
const ENTRIES = ['v0', 'v1', 'v2', 'v3'];
const TIERS = [{ regions: false, tier: 'interpreter' }, { regions: true, tier: 'regions' }];

/** A loop that writes the instruction after its next barrier: x2 += i & 0x3ff, for i = 1…n. */
function selfModifying(a: ToyAsm, name: string, n: number, barrier: 'isb' | 'branch'): void {
  const patch = `${name}_patch`, loop = `${name}_loop`;
  a.label(name).gate(4).li(1, 0).li(2, 0).li(3, n).li(4, patch).li(5, encode('addi', 2, 2, 0));
  a.label(loop).addi(1, 1, 1).emit('andi', 6, 1, 0x3ff).alu('add', 7, 5, 6).mem('stw', 7, 4);
  if (barrier === 'isb') a.emit('isb'); else a.b(patch);
  a.label(patch).addi(2, 2, 0).bne(1, 3, loop).emit('halt');
}
const expected = (n: number) => { let s = 0; for (let i = 1; i <= n; i++) s += i & 0x3ff; return BigInt(s); };

for (const { regions, tier } of TIERS) for (const shared of [false, true]) {
  t.test(`${tier}: 4 vCPUs rewrite their own code, ${shared ? 'all on one page' : 'a page each'}`, async (t) => {
    const a = new ToyAsm(0x10000), n = 600;
    ENTRIES.forEach((name, k) => selfModifying(a.org(0x10000 + k * (shared ? 0x200 : 0x1000)), name, n, k & 1 ? 'isb' : 'branch'));
    const r = await new ToyMachine({ program: a, entries: ENTRIES, regions, tbSize: 8 << 20 }).run();
    for (const x of r.x) t.equal(x[2], expected(n));
    t.ok(r.stats.tbs > 4 * n, `${r.stats.tbs} TBs translated, ${r.stats.regions} regions`);
  });
}

t.test('3 vCPUs run chained blocks that the 4th keeps rewriting with what they hold', async (t) => {
  for (const { regions, tier } of TIERS) {
    const a = new ToyAsm(0x10000), blocks = 60, words = 400, code = 0x20000;
    a.label('v0').gate(4).li(3, words).li(4, FLAG).li(5, code).li(6, 1103515245).li(1, 12345);
    // A random word of the page is loaded and stored back.
    a.label('w').alu('mul', 1, 1, 6).addi(1, 1, 12345).emit('shri', 2, 1, 16).emit('andi', 2, 2, 0x1fc).alu('add', 2, 2, 5)
      .mem('ldw', 8, 2).mem('stw', 8, 2).addi(10, 10, 1).mem('stlr', 10, 4).await(10, 4, 4).bne(10, 3, 'w').emit('halt');
    a.org(code);
    for (let k = 0; k < blocks; k++) a.label(`b${k}`).addi(2, 2, 1).b(`b${k + 1}`);
    a.label(`b${blocks}`).addi(1, 1, 1).mem('ldar', 4, 5).mem('stlr', 4, 11).bne(4, 3, 'b0').emit('halt');
    a.org(0x22000);
    ENTRIES.forEach((name, k) => { if (k > 0) a.label(name).gate(4).li(1, 0).li(2, 0).li(3, words).li(5, FLAG).li(11, ackWord(k)).b('b0'); });
    const r = await new ToyMachine({ program: a, entries: ENTRIES, regions, tbSize: 32 << 20 }).run();
    for (const x of r.x.slice(1)) t.equal(x[2], BigInt(blocks) * x[1], `blocks in ${x[1]} rounds`);
    t.ok(r.stats.tbs > 2 * words / 4, `${tier}: ${r.stats.tbs} TBs, ${r.stats.regions} regions`);
  }
});
