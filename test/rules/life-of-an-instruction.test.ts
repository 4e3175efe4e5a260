// docs/design/life-of-an-instruction.md quotes ops, bytecode and wasm of one ADD: they are what the code makes of it.
import t from 'tap';
import { assemble } from '../../src/asm/index.ts';
import { BytecodeEncoder } from '../../src/tcg/bytecode.ts';
import { TCGContext, type Op } from '../../src/tcg/context.ts';
import { optimize } from '../../src/tcg/optimize.ts';
import { compileRegion } from '../../src/tcg/region.ts';
import { printOp } from '../../src/tcg/text.ts';
import { findVariant } from '../../src/tcg/variants.ts';
import { envOff } from '../../src/target/arm/env.ts';
import { dpImmRows } from '../../src/target/arm/translate/dp-imm.ts';
import { a64Decoder } from '../../src/target/arm/translate/index.ts';
import { A64Bench } from '../support/a64-bench.ts';
import { read } from './repository.ts';

const text = read('docs/design/life-of-an-instruction.md');
const bench = new A64Bench();
const ADD_CONST = 1 << 1;
const tcg = new TCGContext();
bench.target.initTcg(tcg);

function translate(source: string, optimised: boolean): readonly Op[] {
  const words = new Int32Array(assemble(source, { base: 0 }).code.slice().buffer);
  tcg.reset();
  bench.target.translate(tcg, { pcLo: 0, pcHi: 0, flags: 0, csBase: 0, cflags: 0, maxInsns: words.length, ldl: (o) => words[o >> 2] });
  return optimised ? optimize(tcg) : tcg.ops;
}

t.test('decode', async (t) => {
  const word = new Uint32Array(assemble('add x0, x1, #5\n', { base: 0 }).code.slice().buffer)[0];
  t.match(text, `0x${word.toString(16)}`);
  const row = a64Decoder().match(word)!;
  t.equal(row.name, 'ADD_i');
  t.ok(dpImmRows.includes(row));
  t.match(text, `pattern: '${row.pattern}'`);
});

t.test('ops', async (t) => {
  const quoted = translate('add x0, x1, #5\n', false).slice(0, 2).map(printOp).join('\n');
  t.match(text, quoted);
  t.equal(printOp(translate('add x0, x1, #5\n', true)[1]), printOp(translate('add x0, x1, #5\n', false)[1]), 'the optimiser leaves it alone');
  const folded = translate('mov x1, #3\n add x0, x1, #5\n', true).map(printOp).find((op) => op.includes(' x0,'))!;
  t.match(text, folded);
});

t.test('bytecode', async (t) => {
  const add = translate('add x0, x1, #5\n', true)[1], v = findVariant(add.def, add.type, add.imms, ADD_CONST);
  t.match(text, `${v.size} bytes`);
  t.same([v.outPos[0], v.inPos[0], v.inPos[1], v.size], [2, 4, 6, 14], 'as in the table of the document');
  const encoder = new BytecodeEncoder(16384), { size } = encoder.encode([add]);
  const bytes = new DataView(encoder.bytes(size).slice().buffer);
  t.same([bytes.getUint16(2, true), bytes.getUint16(4, true), bytes.getBigUint64(6, true)], [envOff.x, envOff.x + 8, 5n]);
});

t.test('wasm', async (t) => {
  const module = compileRegion([{ tb: 0x10000, phys: 0, start: 0, size: 4, ops: translate('add x0, x1, #5\n', true) }], { pcOffset: envOff.pc, statePages: 1, ramPages: 1, globals: tcg.globals, restored: [] });
  // local.get ?, i64.const 5, i64.add, local.set ?
  t.match(Buffer.from(module).toString('hex'), /20..42057c21../);
  t.match(text, 'local.get x1    i64.const 5    i64.add    local.set x0');
  t.match(text, '7 bytes');
});
