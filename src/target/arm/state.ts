// PSTATE, stack-pointer banking and small accessors of an Arm vCPU's env, used by exceptions, registers and PSCI.
import type { Vcpu } from '../../accel/vcpu.ts';
import { envOff } from './env.ts';
import type { ArmFeatures } from './features.ts';
import { readNzcv, writeNzcv } from './flags.ts';

/** SPSR/PSTATE bits (Arm ARM C5.2.18). */
export const PSTATE = {
  SP: 1, EL_SHIFT: 2, NRW: 1 << 4, F: 1 << 6, I: 1 << 7, A: 1 << 8, D: 1 << 9, BTYPE_SHIFT: 10, SSBS: 1 << 12,
  IL: 1 << 20, SS: 1 << 21, PAN: 1 << 22, UAO: 1 << 23, DIT: 1 << 24, TCO: 1 << 25,
} as const;
export const DAIF = PSTATE.D | PSTATE.A | PSTATE.I | PSTATE.F;
const NZCV = 0xf0000000;
const SP = envOff.x + 8 * 31;

/** PSTATE as SPSR_ELx holds it. */
export function readPstate(cpu: Vcpu): number {
  const f = (o: number) => cpu.ld32(o);
  return (readNzcv(cpu) | (f(envOff.tco) ? PSTATE.TCO : 0) | (f(envOff.dit) ? PSTATE.DIT : 0) | (f(envOff.uao) ? PSTATE.UAO : 0)
    | (f(envOff.pan) ? PSTATE.PAN : 0) | (f(envOff.ss) ? PSTATE.SS : 0) | (f(envOff.il) ? PSTATE.IL : 0)
    | (f(envOff.ssbs) ? PSTATE.SSBS : 0) | (f(envOff.btype) << PSTATE.BTYPE_SHIFT) | f(envOff.daif)
    | (f(envOff.el) << PSTATE.EL_SHIFT) | f(envOff.spsel)) >>> 0;
}

/** PSTATE bits that an SPSR value can set on a CPU with these features, EL and SP included. */
export const pstateMask = (feat: ArmFeatures): number =>
  (NZCV | DAIF | PSTATE.SS | PSTATE.IL | 0xf | (feat.pan ? PSTATE.PAN : 0) | (feat.uao ? PSTATE.UAO : 0) | (feat.dit ? PSTATE.DIT : 0)
    | (feat.ssbs ? PSTATE.SSBS : 0) | (feat.bti ? 3 << PSTATE.BTYPE_SHIFT : 0)) >>> 0;

/** Sets everything but EL and SP from an SPSR value. */
export function writePstateFields(cpu: Vcpu, spsr: number): void {
  const bit = (o: number, m: number) => cpu.st32(o, spsr & m ? 1 : 0);
  writeNzcv(cpu, spsr);
  bit(envOff.tco, PSTATE.TCO); bit(envOff.dit, PSTATE.DIT); bit(envOff.uao, PSTATE.UAO); bit(envOff.pan, PSTATE.PAN);
  bit(envOff.ss, PSTATE.SS); bit(envOff.il, PSTATE.IL); bit(envOff.ssbs, PSTATE.SSBS);
  cpu.st32(envOff.btype, (spsr >> PSTATE.BTYPE_SHIFT) & 3);
  cpu.st32(envOff.daif, spsr & DAIF);
}

/** Copies a 64-bit field to another. */
export function copy64(cpu: Vcpu, to: number, from: number): void { cpu.st64p(to, cpu.ld32(from), cpu.ld32(from + 4)); }

/** Where the SP that EL and PSTATE.SP select is banked. */
const banked = (el: number, spsel: number): number => envOff.sp_el + 8 * (spsel ? el : 0);

/** Changes EL and SP selection, swapping the banked stack pointers. */
export function setElSp(cpu: Vcpu, el: number, spsel: number): void {
  const from = banked(cpu.ld32(envOff.el), cpu.ld32(envOff.spsel)), to = banked(el, spsel);
  cpu.st32(envOff.el, el);
  cpu.st32(envOff.spsel, spsel);
  copy64(cpu, from, SP);
  if (from !== to) copy64(cpu, SP, to);
}
