// What the GIC stress test and its workers share: interrupt numbers, and the words beside the controller's own.

export const NR_IRQS = 96;
/** Interrupts by kind, as INTIDs. */
export const KINDS = [
  { name: 'sgi', first: 0, count: 4 },
  { name: 'ppi', first: 24, count: 4 },
  { name: 'edge', first: 32, count: 16 },
  { name: 'level', first: 48, count: 16 },
] as const;

const MAX_CPUS = 8;
export const WORD = {
  /** Interrupts served, wrong ones, acknowledges that found nothing. */
  served: 0, doubleAcks: 1, spurious: 2,
  /** Barrier at which all wait before they start. */
  start: 3,
  /** By vCPU: level of its IRQ input; count of changes, to wait on. */
  irq: 8, wake: 8 + MAX_CPUS,
  tokens: 8 + 2 * MAX_CPUS,
} as const;
export const WORDS = WORD.tokens + MAX_CPUS * 32 + NR_IRQS;

export interface StressData {
  readonly version: 2 | 3;
  readonly cpu: number;
  readonly nrCpus: number;
  /** Interrupts this vCPU raises; those of all. */
  readonly raises: number;
  readonly total: number;
  readonly gicWords: Int32Array;
  readonly words: Int32Array;
  readonly seed: number;
}
