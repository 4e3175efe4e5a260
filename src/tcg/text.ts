// Text form of TCG ops: one op a line, printed and parsed; `-d op` shows it, pass tests are written in it.
//
//   add.i64 x0, x1, $0x4            outputs, inputs ($ = constant), then immediates (#) and the label (L)
//   brcond.i64 x0, $0x0, #ne, L0
//   set_label L0
import { COND_NAMES, Type, TYPE_NAMES, type Label, type Temp } from './types.ts';
import { opDef } from './ops/index.ts';
import { operandType } from './variants.ts';
import { TCGContext, type Op } from './context.ts';

const SINGLE_TYPE = (op: Op) => op.def.types.length === 1 || (op.def.outs.length === 0 && op.def.ins.length === 0);

/** One op as text. */
export function printOp(op: Op): string {
  const operands: string[] = [];
  for (const t of [...op.outs, ...op.ins]) operands.push(t.kind === 'const' ? `$0x${t.value.toString(16)}` : t.name);
  op.def.imms.forEach((d, i) => operands.push(`#${d.name === 'cond' ? COND_NAMES[op.imms[i]] : op.imms[i]}`));
  if (op.label) operands.push(`L${op.label.id}`);
  const name = SINGLE_TYPE(op) ? op.def.name : `${op.def.name}.${TYPE_NAMES[op.type]}`;
  return operands.length ? `${name} ${operands.join(', ')}` : name;
}

/** A list of ops as text, one line each. */
export const printOps = (ops: readonly Op[]): string => ops.map((op) => `${printOp(op)}\n`).join('');

/**
 * Parses text into ops of `tcg` (reset first). Operands that are not globals, constants or labels are temporaries:
 * `tmpN` dies with its basic block, `locN` lives in the whole TB; their type is that of their first use.
 * Error: line number and what is wrong.
 */
export function parseOps(tcg: TCGContext, text: string): readonly Op[] {
  tcg.reset();
  const globals = new Map(tcg.globals.map((t) => [t.name, t]));
  const temps = new Map<string, Temp>();
  const labels = new Map<string, Label>();
  const label = (name: string): Label => {
    let l = labels.get(name);
    if (!l) labels.set(name, (l = tcg.newLabel()));
    return l;
  };
  text.split('\n').forEach((raw, n) => {
    const line = raw.replace(/(^|\s)\/\/.*/, '').trim();
    if (!line) return;
    const fail = (why: string): never => { throw new Error(`line ${n + 1}: ${why} in '${line}'`); };
    const m = /^(\w+?)(?:\.(i32|i64|v128))?(?:\s+(.*))?$/.exec(line) ?? fail('cannot parse');
    let def;
    try { def = opDef(m[1]); } catch { return fail(`no op '${m[1]}'`); }
    const type = m[2] ? (TYPE_NAMES.indexOf(m[2] as 'i32') as Type) : def.types[0];
    if (!def.types.includes(type)) fail(`${m[1]} has no ${m[2]} form`);
    const operands = m[3] ? m[3].split(/\s*,\s*/) : [];
    const want = def.outs.length + def.ins.length + def.imms.length + (def.label ? 1 : 0);
    if (operands.length !== want) fail(`${want} operands expected`);
    const temp = (s: string, ty: Type, isOut: boolean): Temp => {
      if (s.startsWith('$')) return isOut ? fail('a constant is written') : tcg.const(ty, BigInt(s.slice(1)));
      const g = globals.get(s) ?? temps.get(s);
      if (g) return g.type === ty ? g : fail(`'${s}' has another type`);
      if (!/^(tmp|loc)\d+$/.test(s)) fail(`unknown operand '${s}'`);
      const t = s.startsWith('tmp') ? tcg.temp(ty) : tcg.tempTb(ty);
      (t as { name: string }).name = s;
      temps.set(s, t);
      return t;
    };
    let k = 0;
    const outs = def.outs.map((ty) => temp(operands[k++], operandType(ty, type), true));
    const ins = def.ins.map((ty) => temp(operands[k++], operandType(ty, type), false));
    const imms = def.imms.map((d) => {
      const s = operands[k++];
      if (!s.startsWith('#')) fail(`immediate '${d.name}' expected`);
      const v = d.name === 'cond' ? COND_NAMES.indexOf(s.slice(1) as 'eq') : Number(s.slice(1));
      return Number.isInteger(v) && v >= -0x80000000 && !(d.name === 'cond' && v < 0) ? v : fail(`bad immediate '${s}'`);
    });
    tcg.emit(def, type, outs, ins, imms, def.label ? label(operands[k]) : undefined);
  });
  return tcg.ops;
}
