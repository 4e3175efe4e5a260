// The machine as its monitors see it: run state, actions on guest events, life from preconfig to quit.
import { UserError } from '../errors.ts';
import { log } from '../log.ts';
import { trace } from '../trace.ts';
import { NumaConfig, type NumaArgument, type NumaTopology } from './numa.ts';
import { UserObjects, type ObjectOption } from './objects.ts';
import type { SmpOptions } from './options.ts';
import { RUN_STATES, RunStateMachine, type RunState } from './runstate.ts';
import type { GuestRequest, VirtMachine } from './virt.ts';

/** QEMU's ShutdownCause. */
export type ShutdownCause =
  | 'host-qmp-quit' | 'host-qmp-system-reset' | 'host-signal' | 'host-ui' | 'guest-shutdown' | 'guest-reset' | 'guest-panic' | 'host-error';

/** `-action`, `set-action`. */
export interface VmActions {
  reboot: 'reset' | 'shutdown';
  shutdown: 'poweroff' | 'pause';
  panic: 'pause' | 'shutdown' | 'exit-failure' | 'none';
  watchdog: 'reset' | 'shutdown' | 'poweroff' | 'pause' | 'debug' | 'none' | 'inject-nmi';
}

export interface VmOptions {
  /** Builds the machine; called at once, or by exitPreconfig(). */
  readonly create: (onGuest: (request: GuestRequest, code: number) => void, numa: NumaTopology | undefined) => VirtMachine;
  /** Topology, and bytes of RAM. */
  readonly smp: SmpOptions;
  readonly ramSize: number;
  /** Objects and NUMA configuration of the command line. */
  readonly objects: readonly ObjectOption[];
  readonly numa: readonly NumaArgument[];
  /** `--preconfig`. */
  readonly preconfig: boolean;
  /** False with `-S`. */
  readonly autostart: boolean;
  readonly actions: VmActions;
  /** Called once, when everything has ended, with the process's exit code. */
  readonly onExit: (code: number) => void;
}

export type VmListener = (event: string, data?: Readonly<Record<string, unknown>>) => void;

const guestCause = (cause: ShutdownCause): boolean => cause.startsWith('guest-');

/** Says which option a UserError is about. */
function located(where: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) throw new UserError(error.code, `${where}: ${error.message}`, error.hint);
    throw error;
  }
}

/**
 * Operations run one after the other, in the order asked for; each emits its events before it resolves. quit() waits for nobody.
 */
export class Vm {
  readonly actions: VmActions;
  /** What -object and object-add have made. */
  readonly objects = new UserObjects();
  /** What -numa and set-numa-node have said. */
  readonly numa: NumaConfig;
  readonly #o: VmOptions;
  readonly #state: RunStateMachine;
  readonly #listeners = new Set<VmListener>();
  #machine: VirtMachine | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #ended = false;
  /** `cont` came before the machine was there, or `-S` was not given. */
  #autostart: boolean;

  constructor(o: VmOptions) {
    this.#o = o;
    this.actions = { ...o.actions };
    this.numa = new NumaConfig(o.smp, this.objects);
    for (const { where, type, id, properties } of o.objects) located(where, () => this.objects.add(type, id, properties));
    for (const { where, option } of o.numa) located(where, () => this.numa.add(option));
    this.#autostart = o.autostart;
    this.#state = new RunStateMachine(o.preconfig ? 'preconfig' : 'prelaunch');
    if (!o.preconfig) this.#create();
  }

  get state(): RunState {
    return this.#state.state;
  }

  get running(): boolean {
    return this.#state.is('running');
  }

  /** Undefined in preconfig. */
  get machine(): VirtMachine | undefined {
    return this.#machine;
  }

  get cpuCount(): number {
    return this.#o.smp.cpus;
  }

  /** `set-action`, `watchdog-set-action`: actions left out stay. */
  setActions(actions: Partial<VmActions>): void {
    for (const [event, action] of Object.entries(actions)) if (action !== undefined) Object.assign(this.actions, { [event]: action });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Hears every event; returns how to stop that. */
  onEvent(listener: VmListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: string, data?: Readonly<Record<string, unknown>>): void {
    for (const listener of [...this.#listeners]) listener(event, data);
  }

  /** Starts the machine unless it waits in preconfig. */
  async start(): Promise<void> {
    if (!this.#state.is('preconfig')) await this.#serial(() => this.#launch());
  }

  /** Creates the machine. UserErrors of its options; they end preconfig for good, as in QEMU. */
  exitPreconfig(): Promise<void> {
    return this.#serial(async () => {
      this.#create();
      this.#set('prelaunch');
      await this.#launch();
    });
  }

  /** Parks every vCPU and stops the virtual clock. Nothing happens when it does not run. */
  stop(to: RunState = 'paused'): Promise<void> {
    return this.#serial(() => this.#stop(to));
  }

  /** Lets it run. UserError `reset-required` in states that only a reset leaves. */
  cont(): Promise<void> {
    return this.#serial(async () => {
      switch (RUN_STATES[this.state].cont) {
        case 'reset-required': throw new UserError('reset-required', 'Resetting the Virtual Machine is required');
        case 'resume': this.#resume(); break;
        case 'nothing': this.#autostart = true;
      }
    });
  }

  /** A reset that a monitor asked for. */
  reset(cause: ShutdownCause = 'host-qmp-system-reset'): Promise<void> {
    return this.#serial(() => this.#reset(cause));
  }

  /** Presses the power button. */
  powerdown(): Promise<void> {
    return this.#serial(async () => {
      this.#machine?.powerdown();
      this.emit('POWERDOWN');
    });
  }

  /** Ends the machine and with it the emulator. Does not wait for operations under way. */
  quit(cause: ShutdownCause = 'host-qmp-quit', code = 0): void {
    if (this.#ended) return;
    this.#ended = true;
    this.emit('SHUTDOWN', { guest: guestCause(cause), reason: cause });
    // The answer to whoever asked goes out first.
    setImmediate(() => { void this.#end(code); });
  }

  async #end(code: number): Promise<void> {
    if (this.#machine) await this.#machine.quit(code);
    this.#o.onExit(code);
  }

  #set(to: RunState): void {
    trace('runstate_set', () => `current_run_state ${this.state} new_state ${to}`);
    this.#state.set(to);
  }

  #create(): void {
    const numa = this.numa.complete(this.#o.ramSize);
    this.#machine = this.#o.create((request, code) => { void this.#serial(() => this.#onGuest(request, code)); }, numa);
  }

  async #launch(): Promise<void> {
    await this.#machine!.start(false);
    if (this.#autostart) this.#resume();
  }

  #serial<T>(operation: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(async () => {
      // What was asked for behind a quit is not done any more.
      if (this.#ended) return undefined as T;
      return operation();
    });
    this.#queue = run.catch(() => {});
    return run;
  }

  async #stop(to: RunState): Promise<void> {
    if (!this.running) return;
    this.#set(to);
    await this.#machine!.pause();
    this.emit('STOP');
  }

  #resume(): void {
    if (this.running || this.#ended) return;
    this.#set('running');
    this.emit('RESUME');
    this.#machine!.resume();
  }

  async #reset(cause: ShutdownCause): Promise<void> {
    if (this.actions.reboot === 'shutdown') return this.#shutdown(cause, 0);
    const run = this.running;
    await this.#machine!.reset(run);
    if (!run && !this.#state.is('inmigrate', 'finish-migrate')) this.#set('prelaunch');
    this.emit('RESET', { guest: guestCause(cause), reason: cause });
  }

  async #shutdown(cause: ShutdownCause, code: number): Promise<void> {
    if (this.actions.shutdown === 'poweroff') return this.quit(cause, code);
    this.emit('SHUTDOWN', { guest: guestCause(cause), reason: cause });
    if (this.running) await this.#stop('shutdown');
    else log().debug(`shutdown asked for in state ${this.state}`);
  }

  async #onGuest(request: GuestRequest, code: number): Promise<void> {
    switch (request) {
      case 'reset': return this.#reset('guest-reset');
      case 'shutdown': return this.#shutdown('guest-shutdown', code);
      case 'panic': return this.#panic();
    }
  }

  async #panic(): Promise<void> {
    const action = this.actions.panic;
    this.emit('GUEST_PANICKED', { action: action === 'pause' ? 'pause' : action === 'none' ? 'run' : 'poweroff' });
    if (action === 'pause') await this.#stop('guest-panicked');
    else if (action !== 'none') this.quit('guest-panic', action === 'exit-failure' ? 1 : 0);
  }
}
