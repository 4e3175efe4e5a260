// What the gdb stub needs of a machine: src/machine/gdb-target.ts provides it.

/** Why the machine stands still; a watchpoint's kind is the letter of its stop reply: write, read, access. */
export type StopReason =
  | { readonly why: 'debug'; readonly cpu: number; readonly watch?: { readonly kind: '' | 'r' | 'a'; readonly addr: bigint } }
  /** Run state of QEMU: `paused`, `shutdown`, … */
  | { readonly why: 'state'; readonly state: string };

/** Packet letters: Z0 to Z4. */
export type PointKind = 'software' | 'hardware' | 'write' | 'read' | 'access';

/** Bits of QEMU's sstep packets. */
export const SSTEP_BITS = { ENABLE: 1, NOIRQ: 2, NOTIMER: 4 } as const;

/** A machine under a debugger. Registers, memory and points may be used only while it is stopped. */
export interface GdbTarget {
  readonly cpus: number;
  readonly running: boolean;
  /** Resolves when every vCPU is parked. */
  stop(): Promise<void>;
  /** Lets vCPUs go on: each of `actions` by continuing or by one instruction, the others stay parked. */
  resume(actions: ReadonlyMap<number, 'continue' | 'step'>, sstep: number): Promise<void>;
  /** Called each time the machine has stopped. */
  onStop: ((reason: StopReason) => void) | undefined;

  /** Files of the target description. */
  readonly features: ReadonlyMap<string, string>;
  /** Registers in a `g` packet: numbers 0 … general - 1. */
  readonly general: number;
  registerSize(n: number): number | undefined;
  readRegister(cpu: number, n: number): Uint8Array | undefined;
  /** False: there is no such register. */
  writeRegister(cpu: number, n: number, value: Uint8Array): boolean;
  setPc(cpu: number, pc: bigint): void;

  /** Undefined: some byte is not there. */
  readMemory(cpu: number, addr: bigint, bytes: number, physical: boolean): Uint8Array | undefined;
  writeMemory(cpu: number, addr: bigint, value: Uint8Array, physical: boolean): boolean;

  /** False: no room for it. */
  insertPoint(kind: PointKind, addr: bigint, bytes: bigint): boolean;
  /** False: it is not set. */
  removePoint(kind: PointKind, addr: bigint, bytes: bigint): boolean;
  clearPoints(): void;

  /** `halted` or `running`, as of the last instruction. */
  threadState(cpu: number): string;
  /** Runs a line of the human monitor. */
  monitor(line: string): Promise<string>;
  /** Ends the emulator. */
  kill(): void;
}
