// The `-d` items about translation blocks: in_asm, op, op_opt, exec, cpu, nochain, in QEMU's formats.
import type { EngineOptions } from '../accel/engine.ts';
import type { RegionCompilerOptions } from '../accel/region-compiler.ts';
import type { Machine } from '../accel/machine-view.ts';
import {
  CPU_LOG_EXEC, CPU_LOG_TB_CPU, CPU_LOG_TB_IN_ASM, CPU_LOG_TB_NOCHAIN, CPU_LOG_TB_OP, CPU_LOG_TB_OP_OPT, CPU_LOG_TB_OUT_ASM, qemuLog, qemuLogInAddrRange, qemuLogMask,
} from '../log.ts';
import { CF_NO_GOTO_PTR, CF_NO_GOTO_TB, TB } from '../memory/layout/tb.ts';
import { a64Decoder } from '../target/arm/translate/index.ts';
import { printOps } from '../tcg/text.ts';
import { moduleText } from '../tcg/wasm/text.ts';

const TRANSLATION = CPU_LOG_TB_IN_ASM | CPU_LOG_TB_OP | CPU_LOG_TB_OP_OPT;
const EXECUTION = CPU_LOG_EXEC | CPU_LOG_TB_CPU;

/** Items that need every TB to come back to the execution loop: no regions then. */
export const tracesExecution = (items: number): boolean => (items & (EXECUTION | CPU_LOG_TB_NOCHAIN)) !== 0;

/** cflags of all TBs. Jumps through registers are always traced, direct ones within a page with `nochain` only, as in QEMU. */
export const traceCflags = (items: number): number => (items & CPU_LOG_TB_NOCHAIN ? CF_NO_GOTO_TB : 0) | (tracesExecution(items) ? CF_NO_GOTO_PTR : 0);

const hex = (n: number | bigint, digits: number): string => n.toString(16).padStart(digits, '0');
const address = (lo: number, hi: number): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);

/** The engine's hooks for the items a machine starts with; without such items there are none. The monitor's `log` can switch these later. */
export function traceHooks(items: number, m: Machine): Pick<EngineOptions, 'onTranslate' | 'onExec'> {
  const onTranslate: EngineOptions['onTranslate'] = (stage, ops, { key, pcLo, pcHi, size }) => {
    const pc = address(pcLo, pcHi);
    if (!qemuLogInAddrRange(pc)) return;
    if (stage === 'op') {
      // An address, the word, and the row of the decode tables that takes it.
      qemuLogMask(CPU_LOG_TB_IN_ASM, () => `----------------\nIN: \n${Array.from({ length: size / 4 }, (_, i) => {
        const insn = m.ram32[key.phys / 4 + i];
        return `0x${hex(pc + BigInt(4 * i), 8)}:  ${hex(insn >>> 0, 8)}  ${a64Decoder().match(insn)?.name ?? '.inst'}\n`;
      }).join('')}\n`);
      qemuLogMask(CPU_LOG_TB_OP, () => `OP:\n${printOps(ops)}\n`);
    } else qemuLogMask(CPU_LOG_TB_OP_OPT, () => `OP after optimization and liveness analysis:\n${printOps(ops)}\n`);
  };
  const onExec: EngineOptions['onExec'] = (cpu, tb) => {
    const pc = address(cpu.target.pcLo(cpu), cpu.target.pcHi(cpu));
    if (!qemuLogMask(EXECUTION) || !qemuLogInAddrRange(pc)) return;
    const word = (field: keyof typeof TB.off, digits = 8): string => hex(m.i32[tb + TB.off[field] >>> 2] >>> 0, digits);
    const trace = qemuLogMask(CPU_LOG_EXEC) ? `Trace ${cpu.index}: 0x${hex(tb, 1)} [${word('cs_base')}/${hex(pc, 16)}/${word('flags')}/${word('cflags')}] \n` : '';
    qemuLog(trace + (qemuLogMask(CPU_LOG_TB_CPU) ? `${cpu.target.dumpState(cpu)}\n` : ''));
  };
  return { onTranslate: items & TRANSLATION ? onTranslate : undefined, onExec: items & EXECUTION ? onExec : undefined };
}

/** The region compiler's hook for `op_opt` and `out_asm`: the ops it compiles, the module as text. The interpreter's TBs have no code of their own. */
export const regionHook = (items: number): RegionCompilerOptions['onCompile'] => (items & (CPU_LOG_TB_OP_OPT | CPU_LOG_TB_OUT_ASM) ? ({ pc, tbs, module }) => {
  const page = (pc ?? 0n) & ~0xfffn, at = (start: number) => hex(page + BigInt(start), 16);
  if (!tbs.some((tb) => qemuLogInAddrRange(page + BigInt(tb.start)))) return;
  qemuLogMask(CPU_LOG_TB_OP_OPT, () => `OP after optimization and liveness analysis: [region of ${tbs.length} TBs]\n${tbs.map((tb) => ` ---- ${at(tb.start)}\n${printOps(tb.ops)}`).join('')}\n`);
  qemuLogMask(CPU_LOG_TB_OUT_ASM, () => `OUT: [size=${module.length}]\n${tbs.map((tb) => `  -- guest addr 0x${at(tb.start)}\n`).join('')}${moduleText(module)}\n`);
} : undefined);
