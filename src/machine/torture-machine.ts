// A `virt` machine for the torture suite (src/stress/torture/machine.ts): RAM in the open, serial output as bytes.
import { TbStore } from '../accel/tb-store.ts';
import { Vcpu } from '../accel/vcpu.ts';
import { NullBackend } from '../chardev/backend.ts';
import { CPUState } from '../memory/layout/cpu.ts';
import type { OpenTortureMachine } from '../stress/torture/machine.ts';
import { envOff } from '../target/arm/env.ts';
import { setEvent } from '../target/arm/helpers/sleep.ts';
import { exclusiveLines, exclusiveScheme } from './exclusive-report.ts';
import { VirtMachine } from './virt.ts';

/** Resolves when the machine's threads have been created. UserError: options the board does not take. */
export const openTortureMachine: OpenTortureMachine = async (o) => {
  const serial = new class extends NullBackend {
    override write(bytes: Uint8Array): boolean {
      o.onOutput(bytes);
      return true;
    }
  }();
  let stopping = false;
  const virt = new VirtMachine({
    cpus: o.vcpus, cpuModel: o.cpuModel, gicVersion: 3, ramSize: o.ramSize, thread: 'multi', tbSize: o.tbSize, randomness: false, serial,
    regions: o.regions, exclusive: exclusiveScheme(o.exclusive), noReboot: true, semihosting: true, boot: { kernel: o.image, names: { kernel: 'the torture guest' } },
    onExit: (code) => { if (!stopping) o.onExit(code); },
  });
  const m = virt.machine, ram = m.spec.flat.find((r) => r.kind === 'ram')!;
  const vcpus = Array.from({ length: o.vcpus }, (_, n) => new Vcpu(m, undefined!, n));
  const store = new TbStore(m, vcpus);
  await virt.start();
  return {
    ram: new DataView(m.ram8.buffer, ram.ramOffset!, ram.size),
    stats: () => store.stats(),
    exclusives: () => exclusiveLines(virt.exclusives()),
    describe: () => vcpus.map((c) => {
      const { off } = CPUState, hex = (v: bigint) => v.toString(16);
      return `vCPU ${c.index}: pc=${hex(c.ld64(envOff.pc))} lr=${hex(c.ld64(envOff.x + 240))} sp=${hex(c.ld64(envOff.x + 248))} `
        + `running=${c.load(off.running)} halted=${c.load(off.halted)} exit_request=${c.load(off.exit_request)} `
        + `interrupt_request=${c.load(off.interrupt_request)} work=${c.load(off.work_tail) - c.load(off.work_head)} exception=${c.exceptionIndex}`;
    }),
    kick: (n) => vcpus[n].kick(),
    hold(n, held) {
      vcpus[n].store(CPUState.off.stop, held ? 1 : 0); // pairs with src/accel/cpu-exec.ts#vcpuThread
      vcpus[n].kick();
    },
    // The vCPU's own LDXR may overwrite the word, its STXR reads it whole. A monitor that is cleared is an event (Arm ARM D1.6).
    clearMonitor(n) {
      Atomics.store(m.i64, (vcpus[n].base + envOff.exclusive_addr) / 8, -1n);
      setEvent(vcpus[n]);
    },
    async stop() {
      stopping = true;
      await virt.quit(0);
    },
  };
};
