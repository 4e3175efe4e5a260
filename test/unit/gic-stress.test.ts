// Four threads raise and serve interrupts over one GIC in shared memory: none is lost, none is taken twice.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { Barrier } from '#atomics-sync';
import { GicV2, gicv2StateSize } from '../../src/hw/intc/gicv2.ts';
import { GicV3, gicv3StateSize } from '../../src/hw/intc/gicv3.ts';
import { IccReg } from '../../src/hw/intc/icc-regs.ts';
import { NR_IRQS, WORD, WORDS, type StressData } from './support/gic-stress.ts';

const NR_CPUS = 4;
const RAISES = 10_000;

/** Everything enabled, in group 1, edge-triggered 32…47, level-sensitive 48…63. */
function setUp(gic: GicV2 | GicV3): void {
  gic.init();
  gic.distributor.write(0, 4, 3, 0);
  for (let cpu = 0; cpu < NR_CPUS; cpu++) {
    if (gic instanceof GicV3) {
      gic.redistributor.write(cpu * 0x20000 + 0x10080, 4, 0xffff_ffff, cpu);
      gic.redistributor.write(cpu * 0x20000 + 0x10100, 4, 0xffff_ffff, cpu);
      gic.iccWrite(cpu, IccReg.PMR, 0xff, 0);
      gic.iccWrite(cpu, IccReg.IGRPEN1, 1, 0);
    } else {
      gic.distributor.write(0x100, 4, 0xffff_ffff, cpu);
      gic.cpuInterface.write(4, 4, 0xff, cpu);
      gic.cpuInterface.write(0, 4, 1, cpu);
    }
  }
  if (gic instanceof GicV3) gic.distributor.write(0x84, 4, 0xffff_ffff, 0);
  else for (let irq = 32; irq < 64; irq += 4) gic.distributor.write(0x800 + irq, 4, 0x0f0f0f0f, 0);
  gic.distributor.write(0xc08, 4, 0xaaaa_aaaa, 0);
  gic.distributor.write(0x104, 4, 0xffff_ffff, 0);
}

for (const version of [3, 2] as const) {
  t.test(`GICv${version}`, async (t) => {
    const size = (version === 3 ? gicv3StateSize : gicv2StateSize)(NR_CPUS, NR_IRQS);
    const gicWords = new Int32Array(new SharedArrayBuffer(size));
    const words = new Int32Array(new SharedArrayBuffer(4 * WORDS));
    const options = {
      words: gicWords, base: 0, nrCpus: NR_CPUS, nrIrqs: NR_IRQS,
      cpuSignal: (cpu: number, irq: boolean) => { Atomics.store(words, WORD.irq + cpu, Number(irq)); },
    };
    const gic = version === 3 ? new GicV3(options) : new GicV2(options);
    setUp(gic);
    Barrier.init(words, WORD.start, NR_CPUS);

    const total = NR_CPUS * RAISES;
    const workers = Array.from({ length: NR_CPUS }, (_, cpu) => {
      const workerData: StressData = { version, cpu, nrCpus: NR_CPUS, raises: RAISES, total, gicWords, words, seed: 12345 + 777 * cpu };
      return new Worker(new URL('./support/gic-stress.worker.ts', import.meta.url), { workerData });
    });
    const left = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as number));

    t.same(left, [0, 0, 0, 0], 'every vCPU raised all its interrupts');
    t.equal(words[WORD.served], total, 'every interrupt was served');
    t.equal(words[WORD.doubleAcks], 0, 'none that was not raised');
    t.same([...words.subarray(WORD.tokens)].filter((x) => x !== 0), [], 'none outstanding');
    t.same([...words.subarray(WORD.irq, WORD.irq + NR_CPUS)], [0, 0, 0, 0], 'IRQ inputs low');
    t.same([0, 1].map((word) => gic.distributor.read(0x300 + 4 * word, 4, 0)), [0, 0], 'nothing active');
    t.notOk(gic.lock.heldByThisThread);
    t.ok(gic.lock.tryLock(), 'lock free');
    t.comment(`${words[WORD.spurious]} spurious acknowledges`);
  });
}
