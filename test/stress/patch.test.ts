// Code patched by another vCPU: toy guests on 4 vCPU threads run what was written before the handshake, never what was there.
import t from 'tap';
import { encode } from '../support/toy-isa.ts';
import { ToyAsm, ToyMachine } from '../support/toy-machine.ts';

const FLAG = 0x40000;
const ENTRIES = ['v0', 'v1', 'v2', 'v3'];
const TIERS = [{ regions: false, tier: 'interpreter' }, { regions: true, tier: 'regions' }];

/**
 * vCPU 0 writes `movi x1, n` for n = 1…N, with an instruction-cache operation (`ic`) and then a store-release of n. The
 * others acquire n and run the instruction: it must not be older. On a page that holds code all the time it is the store
 * itself that drops the old code, so that this holds without the cache operation, too. Returns the guest.
 */
function patched(where: 'called' | 'chained' | 'inline', n: number, cpus: number, ic: boolean): ToyAsm {
  const a = new ToyAsm(0x10000);
  a.label('v0').gate(cpus).li(1, 0).li(3, n).li(4, 'code').li(5, encode('movi', 1, 0, 0)).li(6, FLAG);
  a.label('w').addi(1, 1, 1).alu('add', 7, 5, 1).mem('stw', 7, 4);
  if (ic) a.emit('ic', 0, 4);
  a.mem('stlr', 1, 6).await(1, cpus, cpus === 2 ? 2 : 4).bne(1, 3, 'w').emit('halt');
  a.org(0x20000);
  for (const [k, name] of ENTRIES.slice(0, cpus).entries()) {
    if (k === 0) continue;
    a.label(name).gate(cpus).li(3, n).li(6, FLAG).label(`${name}_loop`).mem('ldar', 8, 6).emit('isb');
    if (where === 'inline' && name === 'v1') a.label('code').emit('movi', 1, 0, 0); else a.bl(15, 'code');
    a.emit('trapltu', 1, 8).addi(9, 9, 1).ack(8, k).bne(8, 3, `${name}_loop`).emit('halt');
  }
  if (where !== 'inline') a.org(where === 'called' ? 0x21000 : a.pc).label('code').emit('movi', 1, 0, 0).emit('br', 0, 15);
  return a;
}

const CASES = [
  { where: 'called', ic: true }, { where: 'chained', ic: true }, { where: 'inline', ic: true }, { where: 'chained', ic: false }, { where: 'inline', ic: false },
] as const;
for (const { regions, tier } of TIERS) for (const { where, ic } of CASES) {
  t.test(`${tier}: an instruction patched by another vCPU, ${where}, ${ic ? '' : 'no cache operation, '}is never stale after the handshake`, async (t) => {
    // Inline code is run by one vCPU only: the others would fall through into its loop.
    const cpus = where === 'inline' ? 2 : 4, n = cpus === 2 ? 1600 : 160;
    const r = await new ToyMachine({ program: patched(where, n, cpus, ic), entries: ENTRIES.slice(0, cpus), regions, tbSize: 8 << 20 }).run();
    t.ok(r.x.slice(1).every((x) => x[9] >= 30n), `runs: ${r.x.slice(1).map((x) => x[9])}; ${r.stats.tbs} TBs, ${r.stats.regions} regions`);
  });
}
