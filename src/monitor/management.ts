// The monitors of a machine: the QMP server with its commands, the human monitors, and events to all of them.
import { isatty } from 'node:tty';
import type { CharBackend } from '../chardev/backend.ts';
import type { Chardevs } from '../chardev/open.ts';
import type { ChardevSpec, MonitorSpec } from '../chardev/spec.ts';
import type { MachineOptions } from '../machine/options.ts';
import type { Vm } from '../machine/vm.ts';
import { COMMANDS } from '../qmp/commands/index.ts';
import type { Json, JsonObject } from '../qmp/json.ts';
import { QomTree } from '../qmp/qom.ts';
import { QmpServer, type QmpCall } from '../qmp/server.ts';
import { QmpSession } from '../qmp/session.ts';
import { QEMU_VERSION, type MachineCatalog, type QmpContext } from '../qmp/context.ts';
import { qmpSchema } from '../qmp/schema.ts';
import { Hmp, newHmpState } from './hmp.ts';
import { Monitor } from './monitor.ts';
import { declareTraceEvents, trace } from '../trace.ts';

export interface ManagementOptions {
  /** Name and version, `mttcg 0.1.0`. */
  readonly product: string;
  readonly catalog: MachineCatalog;
  readonly parseChardev: (text: string) => ChardevSpec;
  readonly parseObject: QmpContext['parseObject'];
  readonly gdbserver?: QmpContext['gdbserver'];
}

/** Names of the trace events at both ends of every QMP command. */
const commandEvents = (): string[] => [...qmpSchema().commands.keys()].flatMap((name) => [`qmp_enter_${name.replaceAll('-', '_')}`, `qmp_exit_${name.replaceAll('-', '_')}`]);

export class Management {
  readonly qmp: QmpServer;
  readonly #vm: Vm;
  readonly #options: MachineOptions;
  readonly #o: ManagementOptions;
  #context: QmpContext | undefined;
  #hmp: Hmp | undefined;

  constructor(vm: Vm, options: MachineOptions, o: ManagementOptions) {
    this.#vm = vm;
    this.#options = options;
    this.#o = o;
    this.qmp = new QmpServer({
      version: { qemu: QEMU_VERSION, package: o.product },
      preconfig: () => vm.state === 'preconfig',
      run: (name, args, call) => this.#run(name, args, call),
    });
    declareTraceEvents(commandEvents);
    vm.onEvent((event, data) => {
      trace('monitor_protocol_event_emit', event);
      this.qmp.event(event, data);
    });
  }

  /** Tells the commands of the machine's character devices. Before the first monitor. */
  connect(chardevs: Chardevs): void {
    if (this.#context) return;
    const state = newHmpState(), { catalog, product, parseChardev, parseObject } = this.#o;
    const context: QmpContext = this.#context = {
      vm: this.#vm, options: this.#options, catalog, product, parseChardev, parseObject, gdbserver: this.#o.gdbserver, chardevs, qom: new QomTree(this.#vm, this.#options, chardevs),
      hmp: async (line, cpuIndex) => {
        state.cpu = cpuIndex ?? 0;
        return (await hmp.execute(line, state)).replaceAll('\n', '\r\n');
      },
    };
    const hmp = this.#hmp = new Hmp(context, this.qmp);
  }

  /** Puts a monitor on its character device. */
  attach(spec: MonitorSpec, backend: CharBackend, muxed: boolean, chardevs: Chardevs): void {
    this.connect(chardevs);
    if (spec.mode === 'control') new QmpSession(backend, this.qmp, { pretty: spec.pretty, oob: !muxed });
    else new Monitor(backend, this.#hmp!, { product: this.#o.product, muxed, terminal: chardevs.get(spec.chardev)?.describe() === 'stdio' && isatty(0) && isatty(1) });
  }

  /** Runs a line of the human monitor: what it prints. */
  hmp(line: string): Promise<string> { return this.#context!.hmp(line, undefined); }

  /** Stops timers. */
  close(): void {
    this.qmp.close();
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
