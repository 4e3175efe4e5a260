// The error a command answers with: QEMU's error classes and descriptions.

export type QmpErrorClass = 'GenericError' | 'CommandNotFound' | 'DeviceNotActive' | 'DeviceNotFound' | 'KVMMissingCap';

/** Thrown by a command: becomes `{"error": {"class", "desc"}}`. */
export class QmpError extends Error {
  readonly class: QmpErrorClass;

  constructor(desc: string, errorClass: QmpErrorClass = 'GenericError') {
    super(desc);
    this.name = 'QmpError';
    this.class = errorClass;
  }
}

/** QEMU's sentences that several commands use. */
export const unsupported = () => new QmpError('this feature or command is not currently supported');
export const deviceNotFound = (name: string) => new QmpError(`Device '${name}' not found`, 'DeviceNotFound');
export const invalidType = (name: string, expected: string) => new QmpError(`Invalid parameter type for '${name}', expected: ${expected}`);
export const invalidParameter = (name: string, expected: string) => new QmpError(`Parameter '${name}' expects ${expected}`);
