// The library's entry.
import { entry } from './entry.js';

export const { Machine, Console, QmpError, UserError } = await import(entry('src/lib/index'));
