// Performance monitor registers (Arm ARM D11, PMUv3) and who may use them at EL0.
import type { Vcpu } from '../../../accel/vcpu.ts';
import { envOff } from '../env.ts';
import type { ArmPorts } from '../ports.ts';
import { updateTimers } from '../timer.ts';
import { modelConst, type SysregContext, type SysregDef, type SysregKey } from './def.ts';
import { counterField, CYCLE, PM_COUNTERS, PMCR, pmuSync, softwareIncrement } from './pmu-counters.ts';

/** PMUSERENR_EL0: EN opens everything, ER the event counters' reads, CR the cycle counter's, SW the increments. */
const EN = 1, SW = 2, CR = 4, ER = 8;
/** Bits of the set and clear registers. */
const COUNTERS_MASK = (1 << CYCLE) | ((1 << PM_COUNTERS) - 1);
const EVTYPER_MASK = 0xfe00ffff, CCFILTR_MASK = 0xfc000000;

/** `readBits`: what also opens reading; `writeBits`: what also opens writing. */
const user = (readBits = 0, writeBits = 0): Partial<SysregDef> => ({
  feature: 'pmu', el0: 'rw', allowEl0: (cpu, isRead) => (cpu.ld32(envOff.pmuserenr) & (EN | (isRead ? readBits : writeBits))) !== 0,
});

/** A change of the monitor's state: what was counted so far is counted first, interrupt and deadline follow. */
function change(cpu: Vcpu, ports: ArmPorts, fn: () => void): void {
  pmuSync(cpu, ports);
  fn();
  updateTimers(cpu, ports);
}
type Write = NonNullable<SysregDef['write']>;
const changing = (fn: (cpu: Vcpu, lo: number, hi: number) => void): Write => (cpu, lo, hi, c) => change(cpu, c.ports, () => fn(cpu, lo, hi));

const setBits = (field: number): Write => changing((cpu, lo) => cpu.st64p(field, cpu.ld32(field) | (lo & COUNTERS_MASK), 0));
const clearBits = (field: number): Write => changing((cpu, lo) => cpu.st64p(field, cpu.ld32(field) & ~lo, 0));
const readBits = (field: number) => (cpu: Vcpu, c: SysregContext): number => { pmuSync(cpu, c.ports); return cpu.ld32(field) >>> 0; };
const pair = (name: string, field: number, set: SysregKey, clear: SysregKey, names: readonly [string, string], more: Partial<SysregDef>): SysregDef[] => [
  { name: `${name}${names[0]}`, key: set, ...more, read: readBits(field), write: setBits(field) },
  { name: `${name}${names[1]}`, key: clear, ...more, read: readBits(field), write: clearBits(field) },
];

const readCounter = (n: number) => (cpu: Vcpu, c: SysregContext): bigint => {
  pmuSync(cpu, c.ports);
  const v = cpu.ld64(counterField(n));
  return n === CYCLE || c.feat.pmuv3p5 ? v : v & 0xffffffffn;
};
const writeCounter = (n: number): Write => changing((cpu, lo, hi) => cpu.st64p(counterField(n), lo, hi));
const typeField = (n: number): number => (n === CYCLE ? envOff.pmccfiltr : envOff.pmevtyper + 8 * n);
const readType = (n: number) => (cpu: Vcpu): number => cpu.ld32(typeField(n)) >>> 0;
const writeType = (n: number): Write => changing((cpu, lo) => cpu.st64p(typeField(n), lo & (n === CYCLE ? CCFILTR_MASK : EVTYPER_MASK), 0));

/** Counter PMSELR_EL0 selects; undefined when there is none. */
function selected(cpu: Vcpu, withCycle: boolean): number | undefined {
  const n = cpu.ld32(envOff.pmselr);
  return n < PM_COUNTERS || (withCycle && n === CYCLE) ? n : undefined;
}

const pmcr: SysregDef = {
  name: 'PMCR_EL0', key: [3, 3, 9, 12, 0], ...user(),
  read64: (cpu, c) => (c.idregs.PMCR_EL0 & ~0xffn) | BigInt(cpu.ld32(envOff.pmcr_el0)),
  write: changing((cpu, lo) => {
    if (lo & PMCR.C) cpu.st64p(envOff.pmccntr, 0, 0);
    if (lo & PMCR.P) for (let n = 0; n < PM_COUNTERS; n++) cpu.st64p(counterField(n), 0, 0);
    cpu.st64p(envOff.pmcr_el0, lo & (PMCR.E | PMCR.D | PMCR.X | PMCR.DP | PMCR.LC | PMCR.LP), 0);
  }),
};

export const pmuRegs: readonly SysregDef[] = [
  pmcr,
  ...pair('PMCNTEN', envOff.pmcnten, [3, 3, 9, 12, 1], [3, 3, 9, 12, 2], ['SET_EL0', 'CLR_EL0'], user()),
  ...pair('PMOVS', envOff.pmovs, [3, 3, 9, 14, 3], [3, 3, 9, 12, 3], ['SET_EL0', 'CLR_EL0'], user()),
  ...pair('PMINTEN', envOff.pminten, [3, 0, 9, 14, 1], [3, 0, 9, 14, 2], ['SET_EL1', 'CLR_EL1'], { feature: 'pmu' }),
  { name: 'PMSWINC_EL0', key: [3, 3, 9, 12, 4], ...user(0, SW), el0: 'w', wo: true, write: changing(softwareIncrement) },
  { name: 'PMSELR_EL0', key: [3, 3, 9, 12, 5], ...user(ER, ER), field: envOff.pmselr, mask: 31n },
  modelConst('PMCEID0_EL0', [3, 3, 9, 12, 6], { ...user(), el0: 'r' }), modelConst('PMCEID1_EL0', [3, 3, 9, 12, 7], { ...user(), el0: 'r' }),
  { name: 'PMCCNTR_EL0', key: [3, 3, 9, 13, 0], ...user(CR), read64: readCounter(CYCLE), write: writeCounter(CYCLE) },
  {
    name: 'PMXEVTYPER_EL0', key: [3, 3, 9, 13, 1], ...user(),
    read: (cpu) => { const n = selected(cpu, true); return n === undefined ? 0 : readType(n)(cpu); },
    write: (cpu, lo, hi, c) => { const n = selected(cpu, true); if (n !== undefined) writeType(n)(cpu, lo, hi, c); },
  },
  {
    name: 'PMXEVCNTR_EL0', key: [3, 3, 9, 13, 2], ...user(ER),
    read64: (cpu, c) => { const n = selected(cpu, false); return n === undefined ? 0n : readCounter(n)(cpu, c); },
    write: (cpu, lo, hi, c) => { const n = selected(cpu, false); if (n !== undefined) writeCounter(n)(cpu, lo, hi, c); },
  },
  // Always readable at EL0.
  { name: 'PMUSERENR_EL0', key: [3, 3, 9, 14, 0], feature: 'pmu', el0: 'r', field: envOff.pmuserenr, mask: 15n },
  { name: 'PMMIR_EL1', key: [3, 0, 9, 14, 6], feature: 'pmuv3p4', ro: true, const: 0n },
  ...Array.from({ length: PM_COUNTERS }, (_, n): SysregDef[] => [
    { name: `PMEVCNTR${n}_EL0`, key: [3, 3, 14, 8, n], ...user(ER), read64: readCounter(n), write: writeCounter(n) },
    { name: `PMEVTYPER${n}_EL0`, key: [3, 3, 14, 12, n], ...user(), read: readType(n), write: writeType(n) },
  ]).flat(),
  { name: 'PMCCFILTR_EL0', key: [3, 3, 14, 15, 7], ...user(), read: readType(CYCLE), write: writeType(CYCLE) },
];
