// How large the young generations of the threads' V8 heaps may grow, and why.
import type { ResourceLimits } from 'node:worker_threads';

/**
 * Semi-spaces in MiB; V8 lets them grow to 32. Translating makes garbage at once (0.4 to 1.2 GB a vCPU and 3 GB a translator
 * in a boot of Debian): larger ones are used up to the end before anything is collected, and stay resident. Smaller ones cost
 * time, the translator's first: what is alive while it compiles a region does not fit them.
 */
const SEMI_SPACE = { vcpu: 4, translator: 8, timer: 1 } as const;

/** `resourceLimits` of a thread. A young generation is three semi-spaces: two, and as much for large objects. */
export const heapLimits = (thread: keyof typeof SEMI_SPACE): ResourceLimits => ({ maxYoungGenerationSizeMb: 3 * SEMI_SPACE[thread] });
