// What a torture guest is, and what a run of one gives.
import { MAX_VCPUS } from './runtime.ts';

export { MAX_VCPUS };

export interface TortureGuest {
  readonly name: string;
  /** One line for --list. */
  readonly summary: string;
  /** test_setup, test_run, test_check: see runtime.ts. */
  readonly source: string;
  /** Bytes of the code buffer, where the guest wants it small. */
  readonly tbSize?: number;
  /** Fewest vCPUs it makes sense with (default 1). */
  readonly minVcpus?: number;
  /** Uses FEAT_LSE; left out where the CPU has none. */
  readonly lse?: boolean;
  /** Wants a STXR to fail after A-B-A: exclusive=cmpxchg lets it pass and the guest fails. */
  readonly aba?: boolean;
  /** Looks at the result from outside; returns what is wrong. */
  check?(r: GuestResult): string[];
}

/** One vCPU's record, as the guest left it. */
export interface VcpuResult {
  readonly ops: bigint;
  readonly failures: bigint;
  /** Of the first failure. */
  readonly code: number;
  readonly expected: bigint;
  readonly got: bigint;
  readonly where: bigint;
  readonly finished: boolean;
  readonly counters: readonly bigint[];
}

/** What the host saw when the machine had ended. */
export interface GuestResult {
  readonly vcpus: readonly VcpuResult[];
  /** 64-bit word of guest RAM at a label, plus `offset` bytes. */
  word(label: string, offset?: number): bigint;
  /** The same at a physical address. */
  wordAt(address: number): bigint;
  /** Times the code buffer was flushed. */
  readonly tbFlushes: number;
  /** Regions in use at the end. */
  readonly regions: number;
  readonly seconds: number;
}
