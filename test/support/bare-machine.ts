// A machine with nothing in it but its two memories: what tests of the shared structures run on.
import { createRam } from '../../src/memory/ram.ts';
import { Machine, type MachineSpec } from '../../src/accel/machine-view.ts';
import { TbStore } from '../../src/accel/tb-store.ts';
import { Vcpu } from '../../src/accel/vcpu.ts';
import { stateLayout } from '../../src/memory/state-layout.ts';

const PAGE = 65536;

export interface BareOptions {
  cpus?: number;
  /** Bytes of one vCPU block. */
  cpuBlockBytes?: number;
  /** Bytes of guest RAM, mapped at physical address 0. */
  ramBytes?: number;
  /** Bytes of the code buffer; the TB table has a 256th as many entries. */
  tbSize?: number;
  config?: Record<string, unknown>;
}

/** Memories and layout; the TB store is empty. The specification can be sent to workers. */
export function bareSpec(o: BareOptions = {}): MachineSpec {
  const ramBytes = o.ramBytes ?? 1 << 20;
  const layout = stateLayout({ nrCpus: o.cpus ?? 4, cpuBlockBytes: o.cpuBlockBytes ?? 32768, ramBytes, tbSize: o.tbSize ?? 1 << 20, deviceBytes: 4096 });
  const statePages = Math.ceil(layout.totalBytes / PAGE), ramPages = Math.ceil(ramBytes / PAGE);
  const spec: MachineSpec = {
    state: new WebAssembly.Memory({ initial: statePages, maximum: statePages, shared: true }),
    ram: createRam(ramPages),
    layout, flat: [{ base: 0, size: ramBytes, kind: 'ram', name: 'ram', ramOffset: 0 }], single: false, granuleBits: 4, hasMonitor: false, config: o.config ?? {},
  };
  const machine = new Machine(spec);
  new TbStore(machine, vcpus(machine)).reset();
  return spec;
}

/** Handles on all vCPUs, without a target. */
export function vcpus(machine: Machine): Vcpu[] {
  return Array.from({ length: machine.layout.nrCpus }, (_, n) => new Vcpu(machine, undefined!, n));
}
