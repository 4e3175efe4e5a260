// Commands that run, stop, reset and end the machine.
import type { QmpContext } from '../context.ts';
import { QmpError, unsupported } from '../errors.ts';
import type { QmpHandlers } from '../server.ts';

export const runStateCommands = {
  'query-status': ({ vm, options }) => ({ status: vm.state, singlestep: options.accel.oneInsnPerTb, running: vm.running }),
  stop: ({ vm }) => vm.stop(),
  cont: ({ vm }) => vm.cont(),
  system_reset: ({ vm }) => vm.reset(),
  system_powerdown: ({ vm }) => vm.powerdown(),
  system_wakeup: () => { throw new QmpError('wake-up from suspend is not supported by this guest'); },
  'inject-nmi': () => { throw unsupported(); },
  quit: ({ vm }) => vm.quit(),
  'set-action': ({ vm }, actions) => { vm.setActions(actions); },
  'watchdog-set-action': ({ vm }, { action }) => { vm.setActions({ watchdog: action }); },
  'x-exit-preconfig': async ({ vm }) => {
    if (vm.state !== 'preconfig') throw new QmpError('The command is permitted only before machine initialization');
    await vm.exitPreconfig();
  },
  'set-numa-node': ({ vm }, node) => {
    if (vm.state !== 'preconfig') throw new QmpError('The command is permitted only before the machine has been created');
    vm.numa.add(node);
  },
} satisfies Partial<QmpHandlers<QmpContext>>;
