// Scenarios of exclusive.test.ts and work.test.ts: threads that enter and leave guest execution, exclude and queue work.
import { parentPort, workerData } from 'node:worker_threads';
import { Barrier } from '#atomics-sync';
import { Exclusive } from '../../src/accel/exclusive.ts';
import { Machine } from '../../src/accel/machine-view.ts';
import { asyncRunOnCpu, hasQueuedWork, runQueuedWork, workFunction } from '../../src/accel/work.ts';
import { CPUState, WORK_RING } from '../../src/memory/layout/cpu.ts';
import { vcpus } from '../support/bare-machine.ts';
import { random, type CrewData } from './crew.ts';

const { scenario, spec, me, threads, words, params } = workerData as CrewData;
const machine = new Machine(spec), { i32 } = machine, cpus = vcpus(machine), exclusive = new Exclusive(machine, cpus);
/** Undefined on a thread that runs no vCPU. */
const self = me < cpus.length ? cpus[me] : undefined;
const barrier = new Barrier(words, 0);
const off = CPUState.off;
const fail = (what: string): never => { throw new Error(`thread ${me}: ${what}`); };

// Plain shared words: only exclusion orders the accesses to them.
const TOTAL = 32, OWNER = 33, RUNNING = 40, DONE = 20;

/** What runs in an exclusive section: nobody is in guest code, and nobody else excludes. */
function alone(): void {
  if (words[OWNER] !== 0) fail(`thread ${words[OWNER] - 1} is in an exclusive section, too`);
  words[OWNER] = me + 1;
  for (let k = 0; k < params.looks; k++) {
    for (let n = 0; n < cpus.length; n++) if (words[RUNNING + n] !== 0) fail(`vCPU ${n} runs guest code in an exclusive section`);
  }
  words[TOTAL]++;
  if (words[OWNER] !== me + 1) fail('not alone in an exclusive section');
  words[OWNER] = 0;
}

/** A spell of guest code: until a kick, or for so many looks. */
function guest(looks: number, inside = false): number {
  const cpu = self!;
  exclusive.execStart(cpu);
  let done = 0;
  // A helper excludes the others from the middle of a TB.
  if (inside && exclusive.runInside(cpu, alone)) done++;
  words[RUNNING + me] = 1;
  for (let k = 0; k < looks && cpu.load(off.exit_request) === 0; k++) if (words[OWNER] !== 0) fail('guest code runs in an exclusive section');
  cpu.store(off.exit_request, 0);
  words[RUNNING + me] = 0;
  exclusive.execEnd(cpu);
  return done;
}

/** vCPUs run guest code and exclude each other; threads without a vCPU only exclude. Returns the exclusive sections. */
function sections(): number {
  const rnd = random(me + 1), { rounds } = params;
  barrier.wait();
  let done = 0;
  for (let n = 0; n < rounds; n++) {
    if (self) done += guest(rnd() % 60, rnd() % 3 === 0);
    if (!self || rnd() % 2 === 0) { exclusive.run(alone); done++; }
  }
  return done;
}

/** One thread excludes, the others stay in guest code until they are kicked: a kick or wake-up that gets lost hangs. ns a section. */
function latency(): number {
  barrier.wait();
  if (me !== 0) {
    while (Atomics.load(words, DONE) === 0) guest(Infinity);
    return 0;
  }
  let n = 0, ms = 0;
  for (const end = performance.now() + params.ms; performance.now() < end; n++) {
    // Measured from a moment when all of them run.
    for (let k = 1; k < cpus.length; k++) while (Atomics.load(words, RUNNING + k) === 0) Atomics.pause();
    const t0 = performance.now();
    exclusive.start();
    ms += performance.now() - t0;
    alone();
    exclusive.end();
  }
  const ns = ms * 1e6 / n;
  words[TOTAL] -= n; // 0 when each was counted
  Atomics.store(words, DONE, 1);
  for (const cpu of cpus) cpu.kick();
  return ns;
}

/**
 * One thread excludes in a tight loop, the other vCPU enters and leaves guest code in one. The first one waits for the
 * other to get on before it excludes again: nothing else would wake a vCPU that missed the end of a section.
 */
function handshake(): number {
  const PROGRESS = 21;
  barrier.wait();
  if (me !== 0) {
    for (let n = 1; Atomics.load(words, DONE) === 0; n++) {
      guest(1);
      Atomics.store(words, PROGRESS, n);
    }
    return 0;
  }
  let n = 0;
  for (const end = performance.now() + params.ms; performance.now() < end; n++) {
    exclusive.run(() => { if (words[RUNNING + 1] !== 0) fail('vCPU 1 runs guest code in an exclusive section'); words[TOTAL]++; });
    const seen = Atomics.load(words, PROGRESS);
    while (Atomics.load(words, PROGRESS) === seen) Atomics.pause();
  }
  Atomics.store(words, DONE, 1);
  return n;
}

// --- work queues -----------------------------------------------------------------------------------------------------

/** words[SEEN + 16 * receiver + sender]: last number received, written by the receiver's thread. */
const SEEN = 256;
const RECORD = workFunction('record', (cpu, [sender, n]) => {
  if (cpu.index !== me) fail(`work of vCPU ${cpu.index} runs here`);
  const at = SEEN + 16 * cpu.index + sender;
  if (words[at] !== n - 1) fail(`item ${n} of thread ${sender} came after ${words[at]}`);
  words[at] = n;
  if (n % 7 === 0 && params.reply) asyncRunOnCpu(cpus[sender], REPLY, [me], cpu);
});
/** words[REPLIES + receiver]: replies received. */
const REPLIES = 400;
const REPLY = workFunction('reply', (cpu) => { words[REPLIES + cpu.index]++; });
/** Safe work: everybody is out of guest code. */
const SAFE = workFunction('safe', () => alone(), true);

const drain = () => runQueuedWork(self!, true, (fn) => exclusive.run(fn));

/** Every thread sends numbered items to every vCPU, in guest code between sends; safe items among them. Returns safe items sent. */
function allToAll(): number {
  const rnd = random(me + 5), { items } = params, next = cpus.map(() => 1);
  let safe = 0;
  barrier.wait();
  while (next.some((n) => n <= items)) {
    const to = rnd() % cpus.length;
    // Bursts longer than the ring fill it.
    for (let burst = rnd() % 8 === 0 ? WORK_RING + 100 : 10; burst > 0 && next[to] <= items; burst--) asyncRunOnCpu(cpus[to], RECORD, [me, next[to]++], self);
    if (rnd() % 8 === 0) { asyncRunOnCpu(cpus[to], SAFE, [], self); safe++; }
    if (!self) continue;
    drain();
    guest(rnd() % 400);
  }
  // Everybody has sent everything: what is in the rings now is all that is left.
  Atomics.add(words, DONE, 1);
  while (self && (Atomics.load(words, DONE) < threads || hasQueuedWork(self))) drain();
  // An item may have sent a reply to a vCPU that thought itself done.
  barrier.wait();
  if (self) drain();
  return safe;
}

/** Two vCPUs fill each other's rings without ever draining but while they wait for room. */
function mutualFull(): number {
  barrier.wait();
  for (let n = 1; n <= params.items; n++) asyncRunOnCpu(cpus[1 - me], RECORD, [me, n], self);
  Atomics.add(words, DONE, 1);
  while (Atomics.load(words, DONE) < threads || hasQueuedWork(self!)) drain();
  return words[SEEN + 16 * me + (1 - me)];
}

const scenarios: Record<string, () => number> = { sections, latency, handshake, allToAll, mutualFull };
const result = scenarios[scenario]();
if (i32.length === 0) fail('no state');
parentPort!.postMessage(result);
