// What the torture suite needs of a machine; src/machine provides it.

export interface TortureMachineOptions {
  vcpus: number;
  /** Flat image, put at RAM + 0x80000 and entered there by vCPU 0 at EL1. */
  image: Uint8Array;
  /** Bytes of RAM. */
  ramSize: number;
  cpuModel: string;
  /** Bytes of the code buffer. */
  tbSize: number;
  /** Hot code is compiled to wasm regions. */
  regions: boolean;
  /** Scheme of LDXR and STXR; absent: the machine's default. */
  exclusive?: string;
  /** What the guest wrote to the serial port. */
  onOutput(bytes: Uint8Array): void;
  /** The machine has ended; not called after stop(). */
  onExit(code: number): void;
}

/** Guest physical address of the first byte of RAM on `virt`. */
export const RAM_BASE = 0x4000_0000;

export interface TortureMachine {
  /** Guest RAM; index 0 is RAM_BASE. */
  readonly ram: DataView;
  /** Flushes of the code buffer so far, regions in it. */
  stats(): { flushes: number; regions: number };
  /** What `info exclusive` shows: scheme, marked pages, ABA meter. */
  exclusives(): string[];
  /** Where each vCPU is, one line a vCPU: for the report of a hang. */
  describe(): string[];
  /** Makes a vCPU leave guest code at the end of its block. */
  kick(vcpu: number): void;
  /** Keeps a vCPU outside guest code, or lets it go on. */
  hold(vcpu: number, held: boolean): void;
  /** Opens its exclusive monitor: its next STXR fails unless a LDXR comes before. */
  clearMonitor(vcpu: number): void;
  /** Ends all its threads. */
  stop(): Promise<void>;
}

export type OpenTortureMachine = (o: TortureMachineOptions) => Promise<TortureMachine>;
