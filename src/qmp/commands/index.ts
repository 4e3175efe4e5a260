// All commands of QMP: the compiler checks that each command of the schemas has a handler.
import type { QmpContext } from '../context.ts';
import type { QmpHandlers } from '../server.ts';
import { chardevCommands } from './chardev.ts';
import { controlCommands } from './control.ts';
import { machineCommands } from './machine.ts';
import { memoryCommands } from './memory.ts';
import { qomCommands } from './qom.ts';
import { runStateCommands } from './run-state.ts';
import { textCommands } from './text.ts';

export const COMMANDS: QmpHandlers<QmpContext> = {
  ...controlCommands, ...runStateCommands, ...machineCommands, ...memoryCommands, ...textCommands, ...qomCommands, ...chardevCommands,
};
