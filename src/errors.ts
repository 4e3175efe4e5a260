// The error a user can cause: a code, one sentence that says what is wrong, and what to do about it; the system's words for its own.
import { getSystemErrorMap } from 'node:util';

/** Thrown anywhere before the machine runs; the command line prints it as one line and exits with code 1. */
export class UserError extends Error {
  /** Stable kebab-case name of the mistake, e.g. `kernel-empty`. */
  readonly code: string;
  /** What to do, when there is something to say beyond the message. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.name = 'UserError';
    this.code = code;
    this.hint = hint;
  }
}

/** The system's words for a failed call: `No such file or directory`. */
export function systemMessage(error: unknown): string {
  const { errno, message } = ((error as AggregateError).errors?.[0] ?? error) as NodeJS.ErrnoException;
  return ((errno !== undefined && getSystemErrorMap().get(errno)?.[1]) || message).replace(/^./, (c) => c.toUpperCase());
}
