// A crew of worker threads that run one scenario of worker.ts together, from one starting line, with a watchdog.
import { Worker } from 'node:worker_threads';
import { NEVER_ENDS_MS } from './words.ts';
import type { Job, ScenarioName } from './worker.ts';

/** What one worker sends back. */
export interface Report<T> { result?: T; error?: { name: string; message: string; code?: string } }

/** `threads` workers, kept from one scenario to the next. */
export class Crew {
  readonly workers: Worker[];

  constructor(threads = 4) {
    this.workers = Array.from({ length: threads }, () => new Worker(new URL('./worker.ts', import.meta.url)));
  }

  /** Runs `scenario` on all workers at once and returns their results in order. Throws when one fails; a hang ends the process. */
  async run<T = number>(scenario: ScenarioName, i32: Int32Array, params: Record<string, unknown> = {}): Promise<T[]> {
    const reports = await this.reports<T>(scenario, i32, params);
    for (const { error } of reports) if (error) throw new Error(`${scenario}: ${error.name}: ${error.message}`);
    return reports.map((report) => report.result as T);
  }

  /** As run(), with the errors the workers threw as part of the reports. */
  async reports<T>(scenario: ScenarioName, i32: Int32Array, params: Record<string, unknown> = {}): Promise<Report<T>[]> {
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const answers = this.workers.map((worker, me) => new Promise<Report<T>>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.postMessage({ scenario, i32, gate, me, threads: this.workers.length, params } satisfies Job);
    }));
    const watchdog = setTimeout(() => {
      // Whatever else the test waits for will not come either: end the process, which fails the test file.
      process.stderr.write(`${scenario}: threads still not done after ${NEVER_ENDS_MS} ms\n`);
      process.exit(1);
    }, NEVER_ENDS_MS);
    try {
      return await Promise.all(answers);
    } finally {
      clearTimeout(watchdog);
      for (const worker of this.workers) worker.removeAllListeners('error');
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

/** Fresh zeroed shared words. */
export function shared(words = 4096): Int32Array {
  return new Int32Array(new SharedArrayBuffer(words * 4));
}
