// A thread of a toy machine: one vCPU, or the translator of regions when it owns none.
import { workerData } from 'node:worker_threads';
import { vcpuThread } from '../../src/accel/cpu-exec.ts';
import { Engine } from '../../src/accel/engine.ts';
import { Machine } from '../../src/accel/machine-view.ts';
import { RegionCompiler } from '../../src/accel/region-compiler.ts';
import { Vcpu } from '../../src/accel/vcpu.ts';
import { ToyCpu, toyOff, type ToyConfig } from '../support/toy-isa.ts';
import type { ToyThread } from '../support/toy-machine.ts';

const { spec, interpreter, own } = workerData as ToyThread;
const machine = new Machine(spec), config = spec.config as unknown as ToyConfig;
const target: ToyCpu = new ToyCpu(config, (n) => target.engine?.cpus[n] ?? new Vcpu(machine, target, n));
if (own.length > 0) {
  const engine = new Engine({ machine, target, interpreter, own, localDevices: new Map(), regions: config.regions });
  target.engine = engine;
  vcpuThread(engine);
} else {
  const pages = (m: WebAssembly.Memory) => m.buffer.byteLength / 65536;
  new RegionCompiler(machine, target, { pcOffset: toyOff.pc, statePages: pages(spec.state), ramPages: pages(spec.ram) }).run();
}
