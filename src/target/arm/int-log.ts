// `-d int`: exceptions taken and returned from, in QEMU's lines.
import type { Vcpu } from '../../accel/vcpu.ts';
import { envOff } from './env.ts';
import type { ArmPorts } from './ports.ts';
import { readPstate } from './state.ts';
import { EXCP } from './syndrome.ts';

const NAMES: Readonly<Record<number, string>> = {
  [EXCP.UDEF]: 'Undefined Instruction', [EXCP.SWI]: 'SVC', [EXCP.PREFETCH_ABORT]: 'Prefetch Abort', [EXCP.DATA_ABORT]: 'Data Abort', [EXCP.IRQ]: 'IRQ', [EXCP.FIQ]: 'FIQ',
  [EXCP.BKPT]: 'Breakpoint', [EXCP.HVC]: 'Hypervisor Call', [EXCP.SMC]: 'Secure Monitor Call', [EXCP.SEMIHOST]: 'Semihosting call', [EXCP.SERROR]: 'Virtual SERR',
};
const hex = (v: number | bigint): string => `0x${v.toString(16)}`;
const esr = (v: number): string => `...with ESR ${hex(v >>> 26)}/${hex(v >>> 0)}`;

/** After an exception was taken to EL1 from `from`. */
export function logTaken(cpu: Vcpu, excp: number, from: number, ports: ArmPorts): void {
  ports.log?.('int', () => [
    `Taking exception ${excp} [${NAMES[excp] ?? 'unknown'}] on CPU ${cpu.index}`,
    `...from EL${from} to EL1`,
    esr(cpu.ld32(envOff.exc_syndrome)),
    ...(excp === EXCP.PREFETCH_ABORT || excp === EXCP.DATA_ABORT ? [`...with FAR ${hex(cpu.ld64(envOff.far_el1))}`] : []),
    `...with ELR ${hex(cpu.ld64(envOff.elr_el1))}`,
    `...to EL1 PC ${hex(cpu.ld64(envOff.pc))} PSTATE ${hex(readPstate(cpu) >>> 0)}`,
  ].join('\n'));
}

/** A call that the emulator serves itself, without an exception level above EL1. */
export function logCall(cpu: Vcpu, excp: number, served: string, ports: ArmPorts): void {
  ports.log?.('int', () => [`Taking exception ${excp} [${NAMES[excp]}] on CPU ${cpu.index}`, `...from EL${cpu.ld32(envOff.el)} to EL${excp === EXCP.SEMIHOST ? 1 : 2}`, served].join('\n'));
}

/** After an exception return from EL1. */
export function logReturn(cpu: Vcpu, illegal: boolean, ports: ArmPorts): void {
  const pc = (): string => hex(cpu.ld64(envOff.pc));
  if (illegal) ports.log?.('guest_errors', () => `Illegal exception return at EL1: resuming execution at ${pc()}`);
  else ports.log?.('int', () => `Exception return from AArch64 EL1 to AArch64 EL${cpu.ld32(envOff.el)} PC ${pc()}`);
}
