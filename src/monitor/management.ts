// The monitors of a machine: the QMP server with its commands, the human monitors, and events to all of them.
import { Monitor, executeLine, type MachineControl } from '../chardev/monitor.ts';
import type { CharBackend } from '../chardev/backend.ts';
import type { Chardevs } from '../chardev/open.ts';
import type { MonitorSpec } from '../chardev/spec.ts';
import type { MachineOptions } from '../machine/options.ts';
import type { Vm } from '../machine/vm.ts';
import { COMMANDS } from '../qmp/commands/index.ts';
import type { MachineCatalog, QmpContext } from '../qmp/context.ts';
import type { Json, JsonObject } from '../qmp/json.ts';
import { QomTree } from '../qmp/qom.ts';
import { QmpServer, type QmpCall } from '../qmp/server.ts';
import { QmpSession } from '../qmp/session.ts';
import { declareTraceEvents, trace } from '../trace.ts';

/** The version of QEMU whose interface this is. */
const QEMU_VERSION = { major: 7, minor: 2, micro: 0 };

export class Management {
  readonly qmp: QmpServer;
  readonly #vm: Vm;
  readonly #options: MachineOptions;
  readonly #catalog: MachineCatalog;
  readonly #product: string;
  #context: QmpContext | undefined;

  /** `product`: name and version, `mttcg 0.1.0`. */
  constructor(vm: Vm, options: MachineOptions, catalog: MachineCatalog, product: string) {
    this.#vm = vm;
    this.#options = options;
    this.#catalog = catalog;
    this.#product = product;
    this.qmp = new QmpServer({
      version: { qemu: QEMU_VERSION, package: product },
      preconfig: () => vm.state === 'preconfig',
      run: (name, args, call) => this.#run(name, args, call),
    });
    declareTraceEvents([...this.qmp.schema.commands.keys()].flatMap((name) => [`qmp_enter_${name.replaceAll('-', '_')}`, `qmp_exit_${name.replaceAll('-', '_')}`]));
    vm.onEvent((event, data) => {
      trace('monitor_protocol_event_emit', event);
      this.qmp.event(event, data);
    });
  }

  /** Puts a monitor on its character device. */
  attach(spec: MonitorSpec, backend: CharBackend, muxed: boolean, chardevs: Chardevs): void {
    this.connect(chardevs);
    if (spec.mode === 'control') new QmpSession(backend, this.qmp, { pretty: spec.pretty, oob: !muxed });
    else new Monitor(backend, { machine: this.#control(), chardevs, product: this.#product }, muxed);
  }

  /** Tells the commands of the machine's character devices. */
  connect(chardevs: Chardevs): void {
    this.#context ??= {
      vm: this.#vm, options: this.#options, catalog: this.#catalog, product: this.#product, chardevs, qom: new QomTree(this.#vm, this.#options, chardevs),
      hmp: async (line) => {
        const text = executeLine({ machine: this.#control(), chardevs, product: this.#product }, line.trim());
        return text === undefined || text === '' ? '' : `${text}\r\n`;
      },
    };
  }

  /** Stops timers. */
  close(): void {
    this.qmp.close();
  }

  #control(): MachineControl {
    const vm = this.#vm;
    return {
      quit: () => vm.quit(), status: () => vm.state, systemReset: () => void vm.reset(), systemPowerdown: () => void vm.powerdown(),
      stop: () => void vm.stop(), cont: () => void vm.cont().catch(() => {}), name: () => this.#options.name, uuid: () => this.#options.uuid,
    };
  }

  async #run(name: string, args: JsonObject, call: QmpCall): Promise<Json | undefined> {
    const event = name.replaceAll('-', '_');
    trace(`qmp_enter_${event}`);
    const handler = COMMANDS[name as keyof typeof COMMANDS] as (c: QmpContext, a: JsonObject, call: QmpCall) => unknown;
    const value = await handler(this.#context!, args, call);
    trace(`qmp_exit_${event}`);
    return value as Json | undefined;
  }
}
