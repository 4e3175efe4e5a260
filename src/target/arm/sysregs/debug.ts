// Self-hosted debug registers (Arm ARM D2): software step works, breakpoints and watchpoints are stored only.
import { envOff } from '../env.ts';
import { rebuildHflags } from '../hflags.ts';
import { plain, raz, type SysregDef, type SysregModel } from './def.ts';

/** ID_AA64DFR0_EL1.BRPs and WRPs: number of breakpoints and watchpoints, less one. */
const dfr0 = (lsb: number) => ({ idregs }: SysregModel): number => Number((idregs.ID_AA64DFR0_EL1 >> BigInt(lsb)) & 15n);
const brps = dfr0(12), wrps = dfr0(20);

const OSLSR_OSLM = 8;

export const debugRegs: readonly SysregDef[] = [
  raz('OSDTRRX_EL1', [2, 0, 0, 0, 2]), raz('OSDTRTX_EL1', [2, 0, 0, 3, 2]), raz('OSECCR_EL1', [2, 0, 0, 6, 2]),
  plain('MDCCINT_EL1', [2, 0, 0, 2, 0], envOff.mdccint_el1),
  {
    name: 'MDSCR_EL1', key: [2, 0, 0, 2, 2], endsTb: true, read64: (cpu) => cpu.ld64(envOff.mdscr_el1),
    write: (cpu, lo, hi) => { cpu.st64p(envOff.mdscr_el1, lo, hi); rebuildHflags(cpu); },
  },
  raz('MDRAR_EL1', [2, 0, 1, 0, 0], { ro: true }),
  { name: 'OSLAR_EL1', key: [2, 0, 1, 0, 4], wo: true, endsTb: true, write: (cpu, lo) => { cpu.st64p(envOff.oslsr_el1, OSLSR_OSLM | (lo & 1) << 1, 0); rebuildHflags(cpu); } },
  plain('OSLSR_EL1', [2, 0, 1, 1, 4], envOff.oslsr_el1, { ro: true }),
  {
    name: 'OSDLR_EL1', key: [2, 0, 1, 3, 4], endsTb: true, read: (cpu) => cpu.ld32(envOff.osdlr_el1),
    write: (cpu, lo) => { cpu.st64p(envOff.osdlr_el1, lo & 1, 0); rebuildHflags(cpu); },
  },
  raz('DBGPRCR_EL1', [2, 0, 1, 4, 4]),
  raz('DBGCLAIMSET_EL1', [2, 0, 7, 8, 6]), raz('DBGCLAIMCLR_EL1', [2, 0, 7, 9, 6]), raz('DBGAUTHSTATUS_EL1', [2, 0, 7, 14, 6], { ro: true }),
  raz('MDCCSR_EL0', [2, 3, 0, 1, 0], { ro: true, el0: 'r' }), raz('DBGDTR_EL0', [2, 3, 0, 4, 0]), raz('DBGDTRRX_EL0', [2, 3, 0, 5, 0]),
  ...Array.from({ length: 16 }, (_, n): SysregDef[] => [
    plain(`DBGBVR${n}_EL1`, [2, 0, 0, n, 4], envOff.dbgbvr + 8 * n, { present: (m) => n <= brps(m) }),
    plain(`DBGBCR${n}_EL1`, [2, 0, 0, n, 5], envOff.dbgbcr + 8 * n, { present: (m) => n <= brps(m) }),
    plain(`DBGWVR${n}_EL1`, [2, 0, 0, n, 6], envOff.dbgwvr + 8 * n, { present: (m) => n <= wrps(m), mask: ~3n }),
    plain(`DBGWCR${n}_EL1`, [2, 0, 0, n, 7], envOff.dbgwcr + 8 * n, { present: (m) => n <= wrps(m) }),
  ]).flat(),
];
