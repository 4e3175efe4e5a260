// A `virt` machine for the stress tools (src/stress/machine.ts): RAM in the open, serial output as bytes, vCPUs woken from outside.
import { Vcpu } from '../accel/vcpu.ts';
import { NullBackend } from '../chardev/backend.ts';
import type { StressMachine, StressMachineOptions } from '../stress/machine.ts';
import { setEvent } from '../target/arm/helpers/sleep.ts';
import { exclusiveScheme } from './exclusive-report.ts';
import { VirtMachine } from './virt.ts';

const MiB = 2 ** 20;

/** Starts the machine; resolves when its threads have been created. UserError: a scheme it does not have. */
export async function openStressMachine(o: StressMachineOptions): Promise<StressMachine> {
  const serial = new class extends NullBackend {
    override write(bytes: Uint8Array): boolean {
      o.onOutput(bytes);
      return true;
    }
  }();
  const exclusive = exclusiveScheme(o.exclusive);
  let stopping = false, ended!: () => void;
  const end = new Promise<void>((resolve) => { ended = resolve; });
  const virt = new VirtMachine({
    cpus: o.vcpus, cpuModel: o.cpuModel, gicVersion: 3, ramSize: o.ramSize, thread: 'multi', tbSize: 64 * MiB, randomness: false, serial,
    regions: o.regions, exclusive, noReboot: true, boot: { kernel: o.image, names: { kernel: 'the stress guest' } },
    onExit: (code) => { ended(); if (!stopping) o.onExit(code); },
  });
  const m = virt.machine, ram = m.spec.flat.find((r) => r.kind === 'ram')!;
  const vcpus = Array.from({ length: o.vcpus }, (_, n) => new Vcpu(m, undefined!, n));
  await virt.start();
  return {
    ram32: new Int32Array(m.ram8.buffer, ram.ramOffset!, ram.size / 4),
    ram8: new Uint8Array(m.ram8.buffer, ram.ramOffset!, ram.size),
    sendEvent(n) {
      setEvent(vcpus[n]);
    },
    async stop() {
      stopping = true;
      await virt.quit(0);
      await end;
    },
  };
}
