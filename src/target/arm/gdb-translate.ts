// Translation of a virtual address for a debugger: as EL1 would read it, without a trace in guest memory.
import { MMU_DATA_LOAD, type Translation } from '../../accel/target.ts';
import type { PhysServices, TargetServices } from '../../accel/target-services.ts';
import { Vcpu } from '../../accel/vcpu.ts';
import { ARMMMUIdx } from './env.ts';
import { walk, type MmuModel } from './mmu/walk.ts';

/** Physical memory of a walk that sets no access flags and dirty bits: what it would store is forgotten. */
const readOnly = (real: PhysServices): PhysServices => ({
  get physLo() { return real.physLo; },
  get physHi() { return real.physHi; },
  physRead64: (pa) => real.physRead64(pa),
  physCas64: () => true,
});

/** Physical address of a virtual one, given as two halves; undefined: not mapped. The vCPU is parked. */
export function translateForDebugger(cpu: Vcpu, lo: number, hi: number, model: MmuModel): number | undefined {
  const view = new Vcpu(cpu.machine, cpu.target, cpu.index);
  view.services = readOnly(cpu.services) as TargetServices;
  const t: Translation = { phys: 0, prot: 0, lgPageSize: 0, attrs: 0 };
  return walk(view, lo, hi, MMU_DATA_LOAD, ARMMMUIdx.E10_1, model, t, { fsc: 0 }) ? t.phys + (lo & 0xfff) : undefined;
}
