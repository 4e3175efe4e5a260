// The gdb stub of a machine: on the device that -gdb names, or on one that the monitor's gdbserver opens later.
import type { Chardevs } from '../chardev/open.ts';
import type { ChardevSpec } from '../chardev/spec.ts';
import { UserError } from '../errors.ts';
import { GdbServer } from '../gdbstub/server.ts';
import { MachineGdbTarget, type GdbTargetOptions } from './gdb-target.ts';
import type { VirtMachine } from './virt.ts';
import type { Vm } from './vm.ts';

export interface GdbServiceOptions extends GdbTargetOptions {
  /** The argument of -gdb. UserErrors. */
  readonly parse: (text: string) => { readonly kind: 'none' } | { readonly kind: 'ref'; readonly id: string } | { readonly kind: 'new'; readonly spec: ChardevSpec };
}

export class GdbService {
  readonly #vm: Vm;
  readonly #chardevs: Chardevs;
  readonly #o: GdbServiceOptions;
  /** The chardev in use; `own`: it goes with the stub. */
  #device: { id: string; own: boolean } | undefined;
  #server: GdbServer | undefined;

  /** `device`: of -gdb; `own`: made by it. */
  constructor(vm: Vm, chardevs: Chardevs, device: { readonly id: string; readonly own: boolean } | undefined, o: GdbServiceOptions) {
    this.#vm = vm;
    this.#chardevs = chardevs;
    this.#device = device;
    this.#o = o;
  }

  /** The machine is there: serves -gdb's device. */
  start(machine: VirtMachine): void {
    if (this.#chardevs.gdb) this.#server = new GdbServer(this.#chardevs.gdb, new MachineGdbTarget(machine, this.#vm, this.#o));
  }

  /** `gdbserver`: whoever is connected is cut off; `none` serves nobody. UserErrors. */
  async open(text: string): Promise<void> {
    const machine = this.#vm.machine;
    if (!machine) throw new UserError('no-machine', 'The machine has not been created yet');
    const device = this.#o.parse(text);
    await this.#close();
    if (device.kind === 'none') return;
    const id = device.kind === 'ref' ? device.id : device.spec.id;
    if (device.kind === 'new') await this.#chardevs.add(device.spec);
    this.#chardevs.use(id);
    this.#device = { id, own: device.kind === 'new' };
    this.#server = new GdbServer(this.#chardevs.get(id)!, new MachineGdbTarget(machine, this.#vm, this.#o));
  }

  async #close(): Promise<void> {
    const device = this.#device;
    this.#device = undefined;
    await this.#server?.close();
    this.#server = undefined;
    if (!device) return;
    this.#chardevs.use(device.id, false);
    if (device.own) await this.#chardevs.remove(device.id);
  }
}
