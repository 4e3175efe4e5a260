// Symbol tables: an ELF file as nm reads it, a System.map, and kallsyms laid out as Linux's build does.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { UserError } from '../../src/errors.ts';
import { findKallsyms } from '../../src/profile/kallsyms.ts';
import { elfSymbols, fileSymbols, guestSymbols, SymbolTable, systemMapSymbols, type GuestSymbol } from '../../src/profile/symbols.ts';

const SOURCE = '.text\n.globl start\n.type start,%function\nstart: nop\n nop\nalias: nop\n.size start,.-start\n.type inner,%function\ninner: ret\n.size inner,4\n.data\n.globl word\nword: .quad 1\n';

t.test('an ELF file, against nm', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'mttcg-symbols-')), at = (f: string) => join(dir, f);
  writeFileSync(at('a.s'), SOURCE);
  execFileSync('aarch64-linux-gnu-as', ['-o', at('a.o'), at('a.s')]);
  execFileSync('aarch64-linux-gnu-ld', ['-Ttext=0xffff800008000000', '-e', 'start', '-o', at('a'), at('a.o')]);
  const nm = execFileSync('aarch64-linux-gnu-nm', [at('a')], { encoding: 'utf8' });
  const key = (s: GuestSymbol) => `${s.address.toString(16)} ${s.name}`;
  const own = elfSymbols(readFileSync(at('a'))).filter((s) => !s.name.startsWith('$'));
  t.same(own.map(key).sort(), systemMapSymbols(nm).map(key).sort());
  const table = new SymbolTable(own);
  t.same(table.find(0xffff800008000004n), { name: 'start', offset: 4n });
  t.same(table.find(0xffff80000800000cn), { name: 'inner', offset: 0n });
  t.equal(table.find(0xffff800008000010n), undefined, 'behind the last function');
  t.equal(table.find(0x1000n), undefined);
});

t.test('System.map', async (t) => {
  const table = new SymbolTable(systemMapSymbols('ffff800008000000 t _head\nffff800008000000 T _text\nffff800008010000 T vectors\nffff800008010800 t el1h\nnonsense\n'));
  t.equal(table.size, 3);
  t.same(table.find(0xffff800008000010n), { name: '_text', offset: 16n }, 'the global name of two');
  t.same(table.find(0xffff800008010900n), { name: 'el1h', offset: 0x100n });
  t.throws(() => fileSymbols(Buffer.from('hello'), 'hello.txt'), UserError);
});

/** Lays kallsyms out: each letter stands for itself, tokens above 0x7f for two letters. `late`: the order of Linux 6.4. */
function kallsyms(symbols: readonly GuestSymbol[], base: bigint, late: boolean): Uint8Array {
  const out = Buffer.alloc(1 << 20);
  let at = 0;
  const align = () => { at = at + 7 & ~7; };
  const token = (n: number) => (n === 0 ? 'na' : n < 0x20 ? 'x' + n : n < 0x7f ? String.fromCharCode(n) : n === 0x80 ? 'func' : 'y' + n);
  const encode = (s: string) => Buffer.from(s.replaceAll('func', '\x80'), 'latin1');
  const offsets = () => {
    for (const s of symbols) at = out.writeUInt32LE(Number(s.address - base), at);
    align();
    at = out.writeBigUInt64LE(base, at);
  };
  at = 64;
  if (!late) offsets();
  at = out.writeUInt32LE(symbols.length, at);
  align();
  const names = at, markers: number[] = [];
  symbols.forEach((s, n) => {
    if (n % 256 === 0) markers.push(at - names);
    const e = encode(s.type + s.name);
    if (e.length > 0x7f) { out[at++] = e.length & 0x7f | 0x80; out[at++] = e.length >> 7; } else out[at++] = e.length;
    at += e.copy(out, at);
  });
  align();
  for (const m of markers) at = out.writeUInt32LE(m, at);
  align();
  const starts: number[] = [], table = at;
  for (let n = 0; n < 256; n++) {
    starts.push(at - table);
    at += out.write(`${token(n)}\0`, at, 'latin1');
  }
  align();
  for (const s of starts) at = out.writeUInt16LE(s, at);
  align();
  if (late) offsets();
  return out;
}

t.test('kallsyms in memory', async (t) => {
  const base = 0xffffafdad5800000n;
  const symbols = Array.from({ length: 2000 }, (_, n): GuestSymbol => ({ address: base + BigInt(n * 32), type: n % 3 ? 't' : 'T', name: n === 700 ? 'long_'.repeat(40) : `func_${n}` }));
  for (const late of [false, true]) t.same(findKallsyms(kallsyms(symbols, base, late)), symbols, late ? 'as from 6.4 on' : 'up to 6.3');
  t.same(findKallsyms(new Uint8Array(1 << 16)), []);
});

t.test('a System.map of a kernel that has moved', async (t) => {
  const files = systemMapSymbols('ffff800008000000 T _stext\nffff800008010800 T vectors\nffff800008020000 t el0\n');
  const table = guestSymbols({ ram: new Uint8Array(4096), files, vectors: 0xffffafdad5810800n });
  t.same(table.find(0xffffafdad5820010n), { name: 'el0', offset: 16n });
});
