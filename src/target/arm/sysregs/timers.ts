// Generic timer registers (Arm ARM D12) and who may use them at EL0.
import type { Vcpu } from '../../../accel/vcpu.ts';
import { envOff } from '../env.ts';
import { counter, readCtl, readTval, TIMERS, updateTimers, writeTval } from '../timer.ts';
import { plain, type SysregDef } from './def.ts';

/** CNTKCTL_EL1: EL0PCTEN, EL0VCTEN, EL0VTEN, EL0PTEN. */
const PCTEN = 1, VCTEN = 2, VTEN = 1 << 8, PTEN = 1 << 9;
const cntkctl = (bits: number) => (cpu: Vcpu): boolean => (cpu.ld32(envOff.cntkctl_el1) & bits) !== 0;

const timer = (t: keyof typeof TIMERS, prefix: string, crm: number, bit: number): SysregDef[] => {
  const r = TIMERS[t], access = { el0: 'rw', allowEl0: cntkctl(bit) } as const;
  return [
    {
      name: `${prefix}_TVAL_EL0`, key: [3, 3, 14, crm, 0], ...access, read: (cpu, c) => readTval(cpu, r, c.ports),
      write: (cpu, lo, _hi, c) => { writeTval(cpu, r, lo, c.ports); updateTimers(cpu, c.ports); },
    },
    {
      name: `${prefix}_CTL_EL0`, key: [3, 3, 14, crm, 1], ...access, read: (cpu, c) => readCtl(cpu, r, c.ports),
      write: (cpu, lo, _hi, c) => { cpu.st64p(r.ctl, lo & 3, 0); updateTimers(cpu, c.ports); },
    },
    {
      name: `${prefix}_CVAL_EL0`, key: [3, 3, 14, crm, 2], ...access, read64: (cpu) => cpu.ld64(r.cval),
      write: (cpu, lo, hi, c) => { cpu.st64p(r.cval, lo, hi); updateTimers(cpu, c.ports); },
    },
  ];
};

export const timerRegs: readonly SysregDef[] = [
  plain('CNTKCTL_EL1', [3, 0, 14, 1, 0], envOff.cntkctl_el1),
  // Writable at the highest exception level, which is EL1; it only tells software.
  plain('CNTFRQ_EL0', [3, 3, 14, 0, 0], envOff.cntfrq_el0, { el0: 'r', allowEl0: cntkctl(PCTEN | VCTEN) }),
  { name: 'CNTPCT_EL0', key: [3, 3, 14, 0, 1], ro: true, el0: 'r', allowEl0: cntkctl(PCTEN), read: (_cpu, c) => counter(c.ports) },
  { name: 'CNTVCT_EL0', key: [3, 3, 14, 0, 2], ro: true, el0: 'r', allowEl0: cntkctl(VCTEN), read: (_cpu, c) => counter(c.ports) },
  ...timer('phys', 'CNTP', 2, PTEN), ...timer('virt', 'CNTV', 3, VTEN),
];
