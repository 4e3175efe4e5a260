// What the stress tools need of a machine: guest RAM, the serial line, a way to wake a vCPU. src/machine provides it.

export interface StressMachineOptions {
  vcpus: number;
  /** Flat image, put at RAM + 0x80000 and entered there by vCPU 0 at EL1. */
  image: Uint8Array;
  /** Bytes of RAM, from RAM_BASE. */
  ramSize: number;
  cpuModel: string;
  /** Hot code is compiled to wasm regions. */
  regions: boolean;
  /** Scheme of LDXR and STXR; absent: the machine's default. */
  exclusive?: string;
  /** What the guest wrote to the serial port. */
  onOutput(bytes: Uint8Array): void;
  /** The machine has ended without stop(): the guest powered off or the emulator failed. */
  onExit(code: number): void;
}

/** Guest physical address of the first byte of RAM on `virt`. */
export const RAM_BASE = 0x4000_0000;

export interface StressMachine {
  /** Guest RAM as 32-bit words and bytes; index 0 is RAM_BASE. */
  readonly ram32: Int32Array;
  readonly ram8: Uint8Array;
  /** Sets the event register of a vCPU and wakes it from WFE. */
  sendEvent(vcpu: number): void;
  /** Ends all its threads. */
  stop(): Promise<void>;
}

export type OpenStressMachine = (o: StressMachineOptions) => Promise<StressMachine>;
