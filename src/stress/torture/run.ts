// Runs one torture guest: assembles it, starts a machine, waits, and checks the result block from outside.
import { assemble } from '../../asm/index.ts';
import { startChaos } from './chaos.ts';
import type { GuestResult, TortureGuest, VcpuResult } from './guest.ts';
import { RAM_BASE, type OpenTortureMachine } from './machine.ts';
import { FAIL_CPU_ON, FAIL_EXCEPTION, guestSource, IMAGE_BASE, MAGIC, RECORD, RESULT, STATE_FINISHED, STATUS_NO_LSE, STATUS_PASS } from './runtime.ts';

const MiB = 2 ** 20;
const RAM_SIZE = 128 * MiB, TB_SIZE = 32 * MiB;
/** Ticks a second of the guest's system counter. */
const COUNTER_HZ = 62.5e6;
/** A guest hangs when for so long no vCPU has done anything, seconds: a busy host may leave it little time. */
const STILL = 300;

export interface RunOptions {
  vcpus: number;
  seconds: number;
  seed: bigint;
  cpuModel: string;
  regions: boolean;
  /** Scheme of LDXR and STXR. */
  exclusive?: string | undefined;
  /** Perturbs the schedule: chaos.ts. */
  chaos?: boolean;
}

export interface GuestRun {
  readonly guest: TortureGuest;
  readonly ok: boolean;
  /** Why it did not run; then ok. */
  readonly leftOut: string | undefined;
  /** What is wrong, one line each. */
  readonly problems: readonly string[];
  readonly ops: bigint;
  /** Least and most operations of a vCPU. */
  readonly slowest: bigint;
  readonly fastest: bigint;
  readonly seconds: number;
  /** Of chaos. */
  readonly perturbations: number;
  /** What the guest wrote to the serial port. */
  readonly output: string;
  /** `info exclusive` at the end. */
  readonly exclusives: readonly string[];
}

/** Never rejects for what a guest does; Error when the machine cannot be built. */
export async function runGuest(guest: TortureGuest, o: RunOptions, open: OpenTortureMachine): Promise<GuestRun> {
  const ticks = Math.round(o.seconds * COUNTER_HZ);
  const { code: image, symbols } = assemble(guestSource(guest.source, { vcpus: o.vcpus, ticks, seed: o.seed, needsLse: guest.lse === true }), { base: IMAGE_BASE });
  let output = '';
  let ended!: (code: number | undefined) => void;
  const end = new Promise<number | undefined>((resolve) => { ended = resolve; });
  const start = performance.now();
  const machine = await open({
    vcpus: o.vcpus, image, ramSize: RAM_SIZE, cpuModel: o.cpuModel, tbSize: guest.tbSize ?? TB_SIZE, regions: o.regions, exclusive: o.exclusive,
    onOutput: (bytes) => { output += Buffer.from(bytes).toString('latin1'); },
    onExit: ended,
  });
  const wordAt = (address: number) => machine.ram.getBigUint64(address - RAM_BASE, true);
  const address = (label: string) => Number(symbols.get(label) ?? missing(label));
  const result = address('result');
  const records = () => Array.from({ length: o.vcpus }, (_, n) => readRecord(wordAt, result + RESULT.records + n * RECORD.bytes));
  const timer = watch(() => records().map((v) => `${v.ops} ${v.finished}`).join(), () => ended(undefined));
  const calm = o.chaos ? startChaos(machine, o.seed, o.vcpus) : () => 0;
  const exit = await end;
  clearInterval(timer);
  const perturbations = calm();
  const seconds = (performance.now() - start) / 1000;
  const hang = exit === undefined ? machine.describe() : [];
  if (exit === undefined) await machine.stop();

  const vcpus = records();
  const stats = machine.stats();
  const view: GuestResult = { vcpus, word: (label, offset = 0) => wordAt(address(label) + offset), wordAt, tbFlushes: stats.flushes, regions: stats.regions, seconds };
  const ops = vcpus.map((v) => v.ops);
  const leftOut = exit !== undefined && wordAt(result + RESULT.magic) === MAGIC && wordAt(result + RESULT.status) === STATUS_NO_LSE ? `${o.cpuModel} has no FEAT_LSE` : undefined;
  const problems = leftOut ? [] : exit === undefined ? [`the guest hangs: nothing done for ${STILL} s`, ...hang] : judge(guest, view, wordAt, result, exit);
  return {
    guest, ok: problems.length === 0, leftOut, problems, output, seconds, perturbations, exclusives: machine.exclusives(),
    ops: ops.reduce((a, b) => a + b), slowest: ops.reduce((a, b) => (a < b ? a : b)), fastest: ops.reduce((a, b) => (a > b ? a : b)),
  };
}

/** Calls `still` once when `state` has not changed for STILL seconds. */
function watch(state: () => string, still: () => void): NodeJS.Timeout {
  let last = '', since = performance.now();
  return setInterval(() => {
    const now = state();
    if (now !== last) {
      last = now;
      since = performance.now();
    } else if (performance.now() - since > STILL * 1000) still();
  }, 1000);
}

function missing(label: string): never { throw new Error(`the guest has no label '${label}'`); }

function readRecord(wordAt: (a: number) => bigint, at: number): VcpuResult {
  return {
    ops: wordAt(at + RECORD.ops), failures: wordAt(at + RECORD.failures), code: Number(wordAt(at + RECORD.code)),
    expected: wordAt(at + RECORD.expected), got: wordAt(at + RECORD.got), where: wordAt(at + RECORD.where),
    finished: wordAt(at + RECORD.state) === STATE_FINISHED,
    counters: Array.from({ length: 8 }, (_, k) => wordAt(at + RECORD.counters + 8 * k)),
  };
}

/** The guest's verdict is believed only when everything else agrees with it. */
function judge(guest: TortureGuest, r: GuestResult, wordAt: (a: number) => bigint, result: number, exit: number): string[] {
  const problems = r.vcpus.flatMap((v, n) => (v.failures > 0n ? [`vCPU ${n}: ${describeFailure(v)}`] : []));
  if (wordAt(result + RESULT.magic) !== MAGIC) problems.push(`the guest ended with code ${exit} and left no result`);
  else if (wordAt(result + RESULT.status) !== STATUS_PASS || exit !== 0) {
    if (problems.length === 0) problems.push(`the guest ended with status ${wordAt(result + RESULT.status)} and code ${exit}`);
  } else {
    r.vcpus.forEach((v, n) => {
      if (!v.finished) problems.push(`vCPU ${n} has not finished`);
      else if (v.ops === 0n) problems.push(`vCPU ${n} did nothing`);
    });
    if (problems.length === 0) problems.push(...guest.check?.(r) ?? []);
  }
  return problems;
}

function describeFailure(v: VcpuResult): string {
  const hex = (n: bigint) => `0x${n.toString(16)}`;
  if (v.code >= FAIL_EXCEPTION) return `unexpected exception, vector ${v.code - FAIL_EXCEPTION}: ESR ${hex(v.got)}, FAR ${hex(v.expected)}, PC ${hex(v.where)}`;
  if (v.code === FAIL_CPU_ON) return `CPU_ON of vCPU ${v.expected} answers ${BigInt.asIntN(64, v.got)}`;
  return `check ${v.code} failed, ${v.failures} in all; expected ${hex(v.expected)}, got ${hex(v.got)}, at ${hex(v.where)}`;
}
