// Run states: QEMU's names, the legal transitions between them, and what `cont` does in each.

interface RunStateRow {
  /** States that may follow. */
  readonly to: readonly string[];
  /** What `cont` does: `nothing` when the machine runs or will by itself. */
  readonly cont: 'resume' | 'reset-required' | 'nothing';
  /** Only commands marked allow-preconfig are answered: there is no machine yet. */
  readonly preconfig?: boolean;
}

/** Facts: QEMU 7.2's run states; `preconfig` as QEMU names the state of --preconfig. */
export const RUN_STATES = {
  preconfig: { to: ['prelaunch', 'inmigrate'], cont: 'nothing', preconfig: true },
  prelaunch: { to: ['running', 'finish-migrate', 'inmigrate'], cont: 'resume' },
  inmigrate: {
    to: ['internal-error', 'io-error', 'paused', 'running', 'shutdown', 'suspended', 'watchdog', 'guest-panicked', 'finish-migrate', 'prelaunch', 'postmigrate', 'colo'],
    cont: 'nothing',
  },
  running: {
    to: ['debug', 'internal-error', 'io-error', 'paused', 'suspended', 'finish-migrate', 'restore-vm', 'save-vm', 'shutdown', 'watchdog', 'guest-panicked', 'colo'],
    cont: 'nothing',
  },
  paused: { to: ['running', 'finish-migrate', 'postmigrate', 'prelaunch', 'colo'], cont: 'resume' },
  shutdown: { to: ['paused', 'finish-migrate', 'prelaunch', 'colo'], cont: 'reset-required' },
  suspended: { to: ['running', 'finish-migrate', 'prelaunch', 'colo'], cont: 'nothing' },
  debug: { to: ['running', 'finish-migrate', 'prelaunch'], cont: 'resume' },
  'internal-error': { to: ['paused', 'finish-migrate', 'prelaunch'], cont: 'reset-required' },
  'io-error': { to: ['running', 'finish-migrate', 'prelaunch'], cont: 'resume' },
  watchdog: { to: ['running', 'finish-migrate', 'prelaunch', 'colo'], cont: 'resume' },
  'guest-panicked': { to: ['running', 'finish-migrate', 'prelaunch'], cont: 'resume' },
  'finish-migrate': { to: ['running', 'paused', 'postmigrate', 'prelaunch', 'colo'], cont: 'resume' },
  postmigrate: { to: ['running', 'finish-migrate', 'prelaunch'], cont: 'resume' },
  'restore-vm': { to: ['running', 'prelaunch'], cont: 'resume' },
  'save-vm': { to: ['running'], cont: 'resume' },
  colo: { to: ['running'], cont: 'resume' },
} as const satisfies Readonly<Record<string, RunStateRow>>;

export type RunState = keyof typeof RUN_STATES;

/** True when `to` may follow `from`. */
export const canFollow = (from: RunState, to: RunState): boolean => (RUN_STATES[from].to as readonly string[]).includes(to);

/** The state of a machine; illegal transitions are errors of the emulator. */
export class RunStateMachine {
  #state: RunState;

  constructor(initial: RunState) {
    this.#state = initial;
  }

  get state(): RunState {
    return this.#state;
  }

  is(...states: readonly RunState[]): boolean {
    return states.includes(this.#state);
  }

  /** Error when the table has no such transition. To the same state: nothing happens. */
  set(to: RunState): void {
    if (to === this.#state) return;
    if (!canFollow(this.#state, to)) throw new Error(`invalid runstate transition: '${this.#state}' -> '${to}'`);
    this.#state = to;
  }
}
