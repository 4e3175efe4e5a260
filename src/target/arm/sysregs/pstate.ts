// PSTATE fields, stack pointers, floating-point control and random numbers as registers. The translator handles most inline.
import { randomFillSync } from 'node:crypto';
import type { Vcpu } from '../../../accel/vcpu.ts';
import { envOff } from '../env.ts';
import type { ArmFeatures } from '../features.ts';
import { readNzcv, writeNzcv } from '../flags.ts';
import { rebuildHflags, SCTLR } from '../hflags.ts';
import { DAIF, setElSp } from '../state.ts';
import { plain, type SysregDef, type SysregKey } from './def.ts';

const pstateField = (name: string, key: SysregKey, field: number, bit: number, feature: keyof ArmFeatures, el0?: 'rw'): SysregDef => ({
  name, key, feature, endsTb: true, el0,
  read: (cpu) => cpu.ld32(field) * 2 ** bit,
  write: (cpu, lo) => { cpu.st32(field, (lo >>> bit) & 1); rebuildHflags(cpu); },
});

/** FPCR: AHP, DN, FZ, RMode; FZ16 with half precision. Len and Stride are AArch32's, trap enables are RES0. */
const FPCR_MASK = 0x07c00000, FPCR_FZ16 = 1 << 19;
/** FPSR: QC, IDC and the cumulative exception bits. */
const FPSR_MASK = 0x0800009fn;

const random = new Uint32Array(256);
let left = 0;
/** RNDR, RNDRRS: 64 random bits; NZCV = 0 says they are good. */
function rndr(cpu: Vcpu): bigint {
  if (left === 0) left = randomFillSync(random).length;
  left -= 2;
  writeNzcv(cpu, 0);
  return (BigInt(random[left]) << 32n) | BigInt(random[left + 1]);
}

export const pstateRegs: readonly SysregDef[] = [
  // At EL1 with SP_EL0 as SP both are UNDEFINED (the translator knows PSTATE.SP).
  plain('SP_EL0', [3, 0, 4, 1, 0], envOff.sp_el),
  { name: 'SPSEL', key: [3, 0, 4, 2, 0], endsTb: true, read: (cpu) => cpu.ld32(envOff.spsel), write: (cpu, lo) => { setElSp(cpu, cpu.ld32(envOff.el), lo & 1); rebuildHflags(cpu); } },
  { name: 'CURRENTEL', key: [3, 0, 4, 2, 2], ro: true, read: (cpu) => cpu.ld32(envOff.el) << 2 },
  pstateField('PAN', [3, 0, 4, 2, 3], envOff.pan, 22, 'pan'), pstateField('UAO', [3, 0, 4, 2, 4], envOff.uao, 23, 'uao'),
  pstateField('DIT', [3, 3, 4, 2, 5], envOff.dit, 24, 'dit', 'rw'), pstateField('SSBS', [3, 3, 4, 2, 6], envOff.ssbs, 12, 'ssbs', 'rw'),
  { name: 'NZCV', key: [3, 3, 4, 2, 0], el0: 'rw', read: readNzcv, write: writeNzcv },
  {
    name: 'DAIF', key: [3, 3, 4, 2, 1], el0: 'rw', endsTb: true, allowEl0: (cpu) => (cpu.ld32(envOff.sctlr_el1) & SCTLR.UMA) !== 0,
    read: (cpu) => cpu.ld32(envOff.daif), write: (cpu, lo) => { cpu.st32(envOff.daif, lo & DAIF); rebuildHflags(cpu); },
  },
  {
    name: 'FPCR', key: [3, 3, 4, 4, 0], el0: 'rw', endsTb: true, read: (cpu) => cpu.ld32(envOff.fpcr),
    write: (cpu, lo, _hi, { feat }) => { cpu.st32(envOff.fpcr, lo & (FPCR_MASK | (feat.fp16 ? FPCR_FZ16 : 0))); rebuildHflags(cpu); },
  },
  { name: 'FPSR', key: [3, 3, 4, 4, 1], el0: 'rw', field32: envOff.fpsr, mask: FPSR_MASK },
  { name: 'RNDR', key: [3, 3, 2, 4, 0], ro: true, el0: 'r', feature: 'rng', read64: rndr },
  { name: 'RNDRRS', key: [3, 3, 2, 4, 1], ro: true, el0: 'r', feature: 'rng', read64: rndr },
];
