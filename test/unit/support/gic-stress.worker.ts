// One vCPU of the GIC stress test: raises interrupts of every kind, at everybody, and serves its own.
import { parentPort, workerData } from 'node:worker_threads';
import { Barrier } from '#atomics-sync';
import { GicV2 } from '../../../src/hw/intc/gicv2.ts';
import { GicV3 } from '../../../src/hw/intc/gicv3.ts';
import { IccReg } from '../../../src/hw/intc/icc-regs.ts';
import { KINDS, NR_IRQS, WORD, type StressData } from './gic-stress.ts';

const { version, cpu, nrCpus, raises, total, gicWords, words, seed } = workerData as StressData;

const cpuSignal = (target: number, irq: boolean) => {
  Atomics.store(words, WORD.irq + target, Number(irq));
  Atomics.add(words, WORD.wake + target, 1);
  Atomics.notify(words, WORD.wake + target);
};

const options = { words: gicWords, base: 0, nrCpus, nrIrqs: NR_IRQS, cpuSignal };
const v3 = version === 3 ? new GicV3(options) : undefined;
const v2 = version === 2 ? new GicV2(options) : undefined;
const gic = (v3 ?? v2)!;

let state = seed;
const random = (n: number) => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
};

const acknowledge = () => (v3 ? v3.iccRead(cpu, IccReg.IAR1) : v2!.cpuInterface.read(0xc, 4, cpu));
const endOfInterrupt = (value: number) => (v3 ? v3.iccWrite(cpu, IccReg.EOIR1, value, 0) : v2!.cpuInterface.write(0x10, 4, value, cpu));
const setMask = (value: number) => (v3 ? v3.iccWrite(cpu, IccReg.PMR, value, 0) : v2!.cpuInterface.write(4, 4, value, cpu));
const sendSgi = (sgi: number, target: number) =>
  (v3 ? v3.iccWrite(cpu, IccReg.SGI1R, (sgi << 24) | (1 << target), 0) : v2!.distributor.write(0xf00, 4, (1 << (16 + target)) | sgi, cpu));
/** GICv3: another vCPU. GICv2: any set of vCPUs, of which one must take the interrupt. */
const route = (irq: number) => {
  if (v3) v3.distributor.write(0x6000 + 8 * irq, 4, random(nrCpus), cpu);
  else v2!.distributor.write(0x800 + irq, 1, 1 + random((1 << nrCpus) - 1), cpu);
};

/** The word that says whether this interrupt is outstanding: it is raised only from 0 to 1, and served only from 1 to 0. */
const token = (intid: number, target: number) => WORD.tokens + (intid < 32 ? target * 32 + intid : nrCpus * 32 + intid);

function raise(): boolean {
  const target = random(nrCpus);
  const kind = KINDS[random(KINDS.length)];
  const intid = kind.first + random(kind.count);
  if (Atomics.compareExchange(words, token(intid, target), 0, 1) !== 0) return false;
  if (kind.name === 'sgi') sendSgi(intid, target);
  else if (kind.name === 'ppi') gic.setPpi(target, intid, true);
  else {
    if (kind.name === 'edge') gic.setSpi(intid - 32, false);
    gic.setSpi(intid - 32, true);
  }
  return true;
}

function serve(): void {
  const value = acknowledge();
  const intid = value & 0x3ff;
  if (intid >= 1020) {
    Atomics.add(words, WORD.spurious, 1);
    return;
  }
  const kind = KINDS.find((k) => intid >= k.first && intid < k.first + k.count);
  if (kind?.name === 'ppi') gic.setPpi(cpu, intid, false);
  if (kind?.name === 'level') gic.setSpi(intid - 32, false);
  if (kind === undefined || Atomics.compareExchange(words, token(intid, cpu), 1, 0) !== 1) Atomics.add(words, WORD.doubleAcks, 1);
  endOfInterrupt(value);
  if (Atomics.add(words, WORD.served, 1) + 1 === total) {
    for (let other = 0; other < nrCpus; other++) {
      Atomics.add(words, WORD.wake + other, 1);
      Atomics.notify(words, WORD.wake + other);
    }
  }
}

/** Changes that must lose nothing: routes, enables, masks. */
function disturb(): void {
  const irq = 32 + random(32);
  switch (random(4)) {
    case 0: return route(irq);
    case 1:
      gic.distributor.write(0x184, 4, 1 << (irq & 31), cpu);
      return gic.distributor.write(0x104, 4, 1 << (irq & 31), cpu);
    case 2: return gic.distributor.write(0x400 + irq, 1, random(16) << 3, cpu);
    case 3:
      setMask(0);
      return setMask(0xff);
  }
}

new Barrier(words, WORD.start).wait();
let left = raises;
while (Atomics.load(words, WORD.served) < total) {
  const wake = Atomics.load(words, WORD.wake + cpu);
  if (Atomics.load(words, WORD.irq + cpu) !== 0) serve();
  else if (left > 0) {
    if (raise()) left--;
    if (random(8) === 0) disturb();
  } else if (Atomics.load(words, WORD.served) < total && Atomics.load(words, WORD.irq + cpu) === 0) {
    // The time limit only ends a run in which an interrupt was lost.
    if (Atomics.wait(words, WORD.wake + cpu, wake, 20_000) === 'timed-out') break;
  }
}
parentPort!.postMessage(left);
