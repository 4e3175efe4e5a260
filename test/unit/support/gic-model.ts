// Runs recorded GIC accesses on our models: the same operations that the recorder makes on QEMU.
import { GicV2, gicv2StateSize } from '../../../src/hw/intc/gicv2.ts';
import { GicV3, gicv3StateSize } from '../../../src/hw/intc/gicv3.ts';
import { ICC_REGS } from '../../../src/hw/intc/icc-regs.ts';
import { mpAffinity, NUM_IRQS } from '../../../src/machine/virt-map.ts';
import type { Access, Outcome, TraceConfig } from './gic-trace.ts';

const NR_IRQS = NUM_IRQS + 32;

export class GicModel {
  readonly gic: GicV2 | GicV3;
  readonly #signals: number[];

  constructor({ version, cpus }: TraceConfig) {
    this.#signals = Array<number>(cpus).fill(0);
    const size = (version === 3 ? gicv3StateSize : gicv2StateSize)(cpus, NR_IRQS);
    const options = {
      words: new Int32Array(new SharedArrayBuffer(64 + size)), base: 64, nrCpus: cpus, nrIrqs: NR_IRQS,
      cpuSignal: (cpu: number, irq: boolean, fiq: boolean) => { this.#signals[cpu] = Number(irq) | (Number(fiq) << 1); },
      affinity: (cpu: number) => mpAffinity(cpu, version),
    };
    this.gic = version === 3 ? new GicV3(options) : new GicV2(options);
    this.gic.init();
  }

  do(access: Access): Outcome {
    const { value, undef } = this.#do(access);
    return { value, undef, signals: this.#signals.join('') };
  }

  #do(a: Access): { value: number; undef: boolean } {
    const { gic } = this;
    const done = { value: 0, undef: false };
    switch (a.op) {
      case 'spi': gic.setSpi(a.line, a.level); return done;
      case 'ppi': gic.setPpi(a.cpu, a.line, a.level); return done;
      case 'r': return { value: this.#device(a.space).read(a.offset, a.size, a.cpu), undef: false };
      case 'w': this.#device(a.space).write(a.offset, a.size, a.value, a.cpu); return done;
    }
    const reg = ICC_REGS.find((r) => r.name === a.name);
    if (!(gic instanceof GicV3) || !reg?.access.includes(a.op === 'ir' ? 'r' : 'w')) return { value: 0, undef: true };
    if (a.op === 'ir') return { value: gic.iccRead(a.cpu, reg.reg), undef: false };
    gic.iccWrite(a.cpu, reg.reg, Number(a.value & 0xffff_ffffn), Number(a.value >> 32n));
    return done;
  }

  #device(space: 'd' | 'c') {
    return space === 'd' ? this.gic.distributor : this.gic instanceof GicV3 ? this.gic.redistributor : this.gic.cpuInterface;
  }
}
