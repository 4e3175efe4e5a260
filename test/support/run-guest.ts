// Runs a flat guest image on the emulator's own `virt` machine and returns what it wrote to the serial port.
import { NullBackend } from '../../src/chardev/backend.ts';
import { VirtMachine, type VirtOptions } from '../../src/machine/virt.ts';

export type GuestOptions = Partial<Pick<VirtOptions, 'cpus' | 'cpuModel' | 'cpuProps' | 'gicVersion' | 'thread' | 'regions' | 'ramSize' | 'noReboot' | 'log' | 'semihosting'>>;

/** What a guest did: serial output and exit code. */
export interface GuestRun { output: string; code: number }

/** Error: Error when the guest has not powered off after `seconds`. */
export async function runGuest(image: Uint8Array, o: GuestOptions = {}, seconds = 60): Promise<GuestRun> {
  const chunks: Buffer[] = [];
  const serial = new class extends NullBackend {
    override write(bytes: Uint8Array): boolean {
      chunks.push(Buffer.from(bytes));
      return true;
    }
  }();
  let machine!: VirtMachine, timer!: NodeJS.Timeout;
  const code = await new Promise<number>((resolve, reject) => {
    machine = new VirtMachine({
      cpus: 1, cpuModel: 'cortex-a72', gicVersion: 3, ramSize: 128 * 2 ** 20, thread: 'multi', tbSize: 16 * 2 ** 20, randomness: false,
      ...o, serial, boot: { kernel: image, names: { kernel: 'the test guest' } }, onExit: resolve,
    });
    timer = setTimeout(() => {
      reject(new Error(`the guest did not end in ${seconds} s; it wrote:\n${Buffer.concat(chunks).toString('latin1').slice(-2000)}`));
      void machine.quit(1);
    }, seconds * 1000);
    machine.start().catch(reject);
  });
  clearTimeout(timer);
  return { output: Buffer.concat(chunks).toString('latin1'), code };
}
