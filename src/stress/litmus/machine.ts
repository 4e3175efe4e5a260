// The machine that litmus tests run on: gives vCPUs work through their mailboxes and waits for the end.
import { RAM_BASE, type OpenStressMachine, type StressMachine } from '../machine.ts';
import { MAILBOX, MAILBOX_SIZE, MAP, monitor, RAM_SIZE, SYNC_CAP, SYNC_LINE, SYNC_PATIENCE } from './monitor.ts';

export interface LitmusMachineOptions { vcpus: number; cpuModel: string; regions: boolean; exclusive?: string }

/** Work for one vCPU. */
export interface Job { readonly vcpu: number; readonly entry: number; readonly record: number }
/** An exception a job took. */
export interface Fault { readonly job: number; readonly esr: number; readonly pc: number; readonly far: bigint }

/** The machine ended, or does not answer: it is of no more use. */
export class MachineLost extends Error {}

/**
 * A batch takes milliseconds. Its threads are taken to be stuck when none has begun another instance for this much of
 * the process's CPU time, or of real time: a busy host alone does not make a test hang.
 */
const STUCK_CPU_MS = 20_000, STUCK_MS = 300_000, LOOK_MS = 1000;

export class LitmusMachine {
  readonly ram: StressMachine;
  readonly finished: number;
  /** Where the next test's code goes. */
  codeAt: number = MAP.CODE;
  readonly #seq: number[];
  #check: () => void = () => {};
  #lost: ((e: MachineLost) => void) | undefined;
  #ended: MachineLost | undefined;

  private constructor(ram: StressMachine, finished: number, vcpus: number) {
    this.ram = ram;
    this.finished = finished;
    this.#seq = new Array<number>(vcpus).fill(0);
  }

  static async open(open: OpenStressMachine, o: LitmusMachineOptions): Promise<LitmusMachine> {
    const { image, finished } = monitor();
    let m: LitmusMachine | undefined, early: number | undefined;
    const ram = await open({
      ...o, image, ramSize: RAM_SIZE,
      onOutput: () => { if (m) m.#check(); },
      onExit: (code) => { if (m) m.#end(code); else early = code; },
    });
    m = new LitmusMachine(ram, finished, o.vcpus);
    if (early !== undefined) m.#end(early);
    return m;
  }

  #end(code: number): void {
    this.#ended = new MachineLost(`the machine ended with code ${code}`);
    this.#lost?.(this.#ended);
  }

  /** Copies code into guest RAM that no vCPU has executed yet. */
  load(address: number, code: Uint8Array): void { this.ram.ram8.set(code, address - RAM_BASE); }

  /** Resets the progress words of `threads` threads. `cap`: polls before a thread starts an instance alone. */
  prepare(threads: number, cap: number): void {
    const { ram32 } = this.ram, at = (MAP.SYNC - RAM_BASE) / 4;
    for (let t = 0; t < threads; t++) {
      ram32[at + t * SYNC_LINE / 4] = -1;
      ram32[at + (t * SYNC_LINE + SYNC_PATIENCE) / 4] = cap;
    }
    ram32[at + SYNC_CAP / 4] = cap;
  }

  /** Runs the jobs to their end. What the host wrote before is visible to them, and the other way round. */
  async run(jobs: readonly Job[]): Promise<Fault | undefined> {
    if (this.#ended) throw this.#ended;
    const { ram32, ram8 } = this.ram;
    const box = (vcpu: number) => (MAP.MAILBOX - RAM_BASE + vcpu * MAILBOX_SIZE) / 4;
    const isDone = () => jobs.every((j) => Atomics.load(ram32, box(j.vcpu) + MAILBOX.DONE / 4) === this.#seq[j.vcpu]);
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#lost = reject;
        this.#check = () => { if (isDone()) resolve(); };
        timer = this.#watch(jobs.length, reject);
        for (const j of jobs) {
          const at = box(j.vcpu);
          ram32[at + MAILBOX.ENTRY / 4] = j.entry;
          ram32[at + MAILBOX.RECORD / 4] = j.record;
        }
        for (const j of jobs) Atomics.store(ram32, box(j.vcpu) + MAILBOX.SEQ / 4, ++this.#seq[j.vcpu]);
        for (const j of jobs) this.ram.sendEvent(j.vcpu);
      });
    } finally {
      clearInterval(timer);
      this.#check = () => {};
      this.#lost = undefined;
    }
    const view = new DataView(ram8.buffer, ram8.byteOffset);
    for (let n = 0; n < jobs.length; n++) {
      const at = 4 * box(jobs[n].vcpu), esr = view.getUint32(at + MAILBOX.ESR, true);
      if (esr !== 0) return { job: n, esr, pc: view.getUint32(at + MAILBOX.ELR, true), far: view.getBigUint64(at + MAILBOX.FAR, true) };
    }
    return undefined;
  }

  /** Calls `lost` when the threads no longer get on. */
  #watch(threads: number, lost: (e: MachineLost) => void): NodeJS.Timeout {
    const { ram32 } = this.ram, at = (MAP.SYNC - RAM_BASE) / 4;
    const progress = () => Array.from({ length: threads }, (_, t) => Atomics.load(ram32, at + t * SYNC_LINE / 4)).join();
    let seen = progress(), since = performance.now(), cpu = process.cpuUsage();
    return setInterval(() => {
      const now = progress();
      if (now !== seen) { seen = now; since = performance.now(); cpu = process.cpuUsage(); return; }
      const used = process.cpuUsage(cpu), busy = (used.user + used.system) / 1000;
      if (busy > STUCK_CPU_MS || performance.now() - since > STUCK_MS) lost(new MachineLost('a thread does not end'));
    }, LOOK_MS);
  }

  stop(): Promise<void> { return this.ram.stop(); }
}
