// What a device model is: MMIO registers by offset, IRQ lines out; it knows nothing of its address or of vCPUs.

/** One outgoing interrupt line of a device. */
export interface IrqLine {
  /** Drives the line; calling it again with the same level has no effect. */
  set(level: boolean): void;
}

/** A memory-mapped device. Accesses are 1, 2 or 4 bytes, naturally aligned; wider ones are split by the caller. */
export interface MmioDevice {
  readonly name: string;
  /** Bytes of register space. */
  readonly size: number;
  /** Value of a register, zero-extended. `cpu` is the accessing vCPU (banked registers), -1 from a monitor. */
  read(offset: number, size: number, cpu: number): number;
  write(offset: number, size: number, value: number, cpu: number): void;
  /** Registers whose writes need no answer: queued without waiting, run in order. */
  readonly posted?: readonly number[];
  /** Registers read from shared memory without asking the device; the device keeps the words current. */
  readonly shadowed?: readonly number[];
  /** Gives the device the shared words of `shadowed`, in that order: index into an Int32Array. Called once before the machine runs. */
  bindShadow?(words: Int32Array, indexes: readonly number[]): void;
  /** Back to the power-on state. */
  reset(): void;
}
