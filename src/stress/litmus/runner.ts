// Runs tests on a litmus machine, in batches of instances, and counts their final states.
import { availableParallelism } from 'node:os';
import type { OpenStressMachine } from '../machine.ts';
import { LitmusError } from './error.ts';
import { BATCH, Instances } from './instances.ts';
import { LitmusMachine, MachineLost, type Fault, type LitmusMachineOptions } from './machine.ts';
import { MAP } from './monitor.ts';
import { compile, type ThreadProgram } from './program.ts';
import { Random } from './random.ts';
import type { LitmusTest } from './types.ts';

export interface RunOptions {
  runs: number;
  seed: string;
  /** Called after each batch with the instances it had. Answers false to stop. */
  onBatch(instances: number): boolean;
}

/** Values by key, and how often that state was seen. */
export interface StateCount { readonly state: ReadonlyMap<string, string>; readonly count: number }

/** Room a test's code may need at most, bytes: the machine is made anew when less is left. */
const CODE_ROOM = 1 << 20;
/** Instances of a batch at least, where there are as many, and batches of a test at least, where those are large enough: each has a plan of its own. */
const LEAST = 1024, BATCHES = 16;

/** Exception classes by ESR.EC (Arm ARM, D24.2.40), those a test can run into. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  0x00: 'an undefined instruction', 0x07: 'a trapped SIMD or floating-point access', 0x0e: 'an illegal execution state', 0x15: 'SVC', 0x16: 'HVC', 0x18: 'a trapped system register access',
  0x21: 'an instruction abort', 0x22: 'a misaligned PC', 0x25: 'a data abort', 0x26: 'a misaligned SP', 0x3c: 'BRK',
};

export class Runner {
  readonly #open: OpenStressMachine;
  readonly #o: LitmusMachineOptions;
  #machine: LitmusMachine | undefined;

  constructor(open: OpenStressMachine, o: LitmusMachineOptions) {
    this.#open = open;
    this.#o = o;
  }

  /** Runs a test. Errors: LitmusError when it cannot be run or does not end as it should. */
  async run(test: LitmusTest, o: RunOptions): Promise<StateCount[]> {
    const { vcpus } = this.#o, count = test.threads.length;
    if (count > vcpus) throw new LitmusError(0, `the test has ${count} threads, the machine ${vcpus} vCPUs: use -smp ${count}`);
    const m = await this.#ready();
    const { threads, end } = compile(test, m.codeAt, m.finished);
    m.codeAt = end;
    for (const t of threads) m.load(t.entry, t.code);
    const instances = new Instances(test, threads, m.ram), random = new Random(o.seed);
    const crowded = count > availableParallelism();
    const vcpuOf = Array.from({ length: vcpus }, (_, n) => n);
    const batch = Math.min(BATCH, Math.max(LEAST, Math.ceil(o.runs / BATCHES)));
    for (let done = 0; done < o.runs;) {
      const n = Math.min(batch, o.runs - done);
      instances.place(n, random);
      random.shuffle(vcpuOf);
      instances.reset();
      m.prepare(count, crowded ? random.pick([0, 16, 64]) : random.pick([64, 512, 4096]));
      let fault: Fault | undefined;
      try {
        fault = await m.run(threads.map((t, k) => ({ vcpu: vcpuOf[k], entry: t.entry, record: instances.record(k) })));
      } catch (e) {
        if (!(e instanceof MachineLost)) throw e;
        this.#machine = undefined;
        await m.stop();
        throw new LitmusError(0, e.message);
      }
      if (fault) throw new LitmusError(threads[fault.job].lineOf(fault.pc), describe(fault, threads));
      instances.collect();
      done += n;
      if (!o.onBatch(n)) break;
    }
    return [...instances.histogram.entries()].map(([row, k]) => ({ state: instances.state(row), count: k }));
  }

  async #ready(): Promise<LitmusMachine> {
    if (this.#machine && this.#machine.codeAt > MAP.CODE_END - CODE_ROOM) await this.close();
    return this.#machine ??= await LitmusMachine.open(this.#open, this.#o);
  }

  async close(): Promise<void> {
    const m = this.#machine;
    this.#machine = undefined;
    await m?.stop();
  }
}

function describe(f: Fault, threads: readonly ThreadProgram[]): string {
  const what = EXCEPTIONS[f.esr >>> 26] ?? 'an exception';
  const far = [0x21, 0x22, 0x25].includes(f.esr >>> 26) ? `, address 0x${f.far.toString(16)}` : '';
  const offset = f.pc - threads[f.job].entry;
  const where = threads[f.job].lineOf(f.pc) > 0 ? '' : offset >= 0 && offset < threads[f.job].code.length ? ` at byte ${offset} of its code` : ` at 0x${f.pc.toString(16)}`;
  return `thread P${f.job} took ${what}${where} (ESR 0x${f.esr.toString(16)}${far})`;
}
