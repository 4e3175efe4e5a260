// The translator threads: a piscina pool, one long task a thread, fed by the vCPUs through the ring of hot TBs.
import { availableParallelism } from 'node:os';
import type { Piscina } from 'piscina';
import { heapLimits } from './heap-limits.ts';
import type { VcpuThreadData } from './vcpu-thread.ts';

const MAX_THREADS = 4;

/** Threads inherit Node's own options, unless these tell how the main program was given (`node --input-type=module -e …`). */
export const WORKER_ARGV = process.execArgv.some((arg) => arg.startsWith('--input-type')) ? [] : undefined;

/** Threads for a machine: the host's cores that its vCPUs leave, at least one. */
export const translatorThreads = (vcpuThreads: number, cores = availableParallelism()): number =>
  Math.min(Math.max(cores - vcpuThreads, 1), MAX_THREADS);

/**
 * A task runs from start() until the machine's `shutdown` word is set: vCPUs have no event loop to post jobs with, and main
 * need not pass them on. The threads outlive a reset of the machine.
 */
export class Translators {
  readonly #pool: Piscina;
  readonly #crashed: (error: unknown) => void;
  #tasks: Promise<void>[] = [];

  /** Makes the threads. `filename`: the module whose default export is the task. `crashed`: a task failed, or its thread died. */
  static async open(filename: string, data: VcpuThreadData, threads: number, crashed: (error: unknown) => void): Promise<Translators> {
    // Loaded here: a machine without regions does not wait 20 ms for it.
    const { Piscina } = await import('piscina');
    return new Translators(new Piscina({
      filename, workerData: data, resourceLimits: heapLimits('translator'), ...(WORKER_ARGV && { execArgv: WORKER_ARGV }), minThreads: threads, maxThreads: threads, idleTimeout: Infinity,
      // An idle thread waits in its event loop: it must end at once, whatever it last did.
      atomics: 'disabled',
    }), crashed);
  }

  private constructor(pool: Piscina, crashed: (error: unknown) => void) {
    this.#pool = pool;
    this.#crashed = crashed;
    pool.on('error', crashed);
  }

  /** Starts a task on each thread. */
  start(): void {
    this.#tasks = Array.from({ length: this.#pool.maxThreads }, () => this.#pool.run(undefined).catch(this.#crashed));
  }

  /** Resolves when all tasks have ended: `shutdown` was set before, and HotQueue.wake() called. */
  async join(): Promise<void> {
    await Promise.all(this.#tasks);
    this.#tasks = [];
  }

  /** Ends the threads; tasks that still run are cut off. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
