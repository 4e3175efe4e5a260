// The text form of modules: what the encoder can write is written by name, and regions read as they were emitted.
import t from 'tap';
import { generateInterpreter } from '../../src/tcg/interpreter.ts';
import { WasmCode } from '../../src/tcg/wasm/code.ts';
import { WasmModule } from '../../src/tcg/wasm/module.ts';
import { ATOMIC, LANE, MEM, OP, SIMD, VMEM } from '../../src/tcg/wasm/opcodes.ts';
import { moduleText } from '../../src/tcg/wasm/text.ts';

/** Lines of the only function's body. */
function bodyOf(emit: (w: WasmCode) => void): string[] {
  const m = new WasmModule(), type = m.type(['i32'], ['i32']);
  m.importMemory('env', 'state', 1, 1);
  m.importMemory('env', 'ram', 1, 1, true);
  m.importTable('env', 'tbs', 1);
  const w = new WasmCode(64);
  emit(w);
  m.func(type, ['i32', 'i64'], w, 'f');
  const lines = moduleText(m.encode()).split('\n');
  return lines.slice(lines.findIndex((l) => l.startsWith('    (local')) + 1, lines.lastIndexOf('  )'));
}

t.test('structure, operands, hints', async (t) => {
  t.same(bodyOf((w) => {
    const out = w.block('i32');
    const again = w.loop();
    w.localGet(0); w.hint(false); w.if(); w.i32Const(-5); w.br(out); w.else(); w.br(again); w.end();
    w.i64Const(-0x8000000000000000n); w.localSet(2);
    w.localGet(0); w.brTable([again], out);
    w.end();
    w.f64Const(-0);
    w.localGet(0); w.mem('i64_load', 24); w.localGet(2); w.mem('i64_store32', 0, 1);
    w.localGet(0); w.atomic('i64_rmw8_cmpxchg_u', 8, 1); w.fence();
    w.v128Const(1n << 64n); w.lane('i8x16_extract_lane_u', 3);
    w.returnCallIndirect(0);
    w.end();
  }), [
    '    block (result i32)', '      loop', '        local.get 0', '        (@metadata.code.branch_hint "\\00") if', '          i32.const -5', '          br 2', '        else', '          br 1',
    '        end', '        i64.const -9223372036854775808', '        local.set 2', '        local.get 0', '        br_table 0 1', '      end', '      f64.const -0',
    '      local.get 0', '      i64.load $state offset=24 align=1', '      local.get 2', '      i64.store32 $ram align=1',
    '      local.get 0', '      i64.atomic.rmw8.cmpxchg_u $ram offset=8', '      atomic.fence', '      v128.const i64x2 0x0 0x1', '      i8x16.extract_lane_u 3',
    '      return_call_indirect $tbs (type 0)', '    end',
  ]);
});

t.test('every opcode of the encoder has the name of the specification', async (t) => {
  const names = bodyOf((w) => {
    for (const n of Object.keys(OP)) if (n !== 'else' && n !== 'end') w.op(n as keyof typeof OP);
    for (const n of Object.keys(MEM)) w.mem(n as keyof typeof MEM);
    for (const n of Object.keys(ATOMIC)) w.atomic(n as keyof typeof ATOMIC);
    for (const n of Object.keys(SIMD)) w.simd(n as keyof typeof SIMD);
    for (const n of Object.keys(LANE)) w.lane(n as keyof typeof LANE, 0);
    for (const n of Object.keys(VMEM)) w.vmem(n as keyof typeof VMEM);
  }).map((l) => l.trim().split(' ')[0]);
  const known = /^((i32|i64|f32|f64|v128|i8x16|i16x8|i32x4|i64x2|f32x4|f64x2)\.[a-z0-9_.]+|memory\.atomic\.(notify|wait32|wait64)|unreachable|nop|return|drop|select)$/;
  t.same(names.filter((n) => !known.test(n)), []);
  t.ok(['i64.atomic.rmw16.sub_u', 'i32.atomic.load8_u', 'i32.load16_s', 'i8x16.swizzle', 'v128.load32_zero', 'memory.atomic.wait32', 'i64.extend_i32_u'].every((n) => names.includes(n)));
  t.equal(new Set(names).size, names.length);
});

t.test('the interpreter, all of it', async (t) => {
  const text = moduleText(generateInterpreter({ pcOffset: 64, statePages: 16, ramPages: 16, hotMask: 255 }));
  t.match(text, /\(import "env" "slow_ld" \(func \$slow_ld/);
  t.match(text, /\(func \$run \(export "run"\)/);
  t.match(text, /\(func \$stub \(export "stub"\)/);
});
