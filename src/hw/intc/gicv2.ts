// GICv2 without virtualization and security extensions, as QEMU's `virt` has it: targets, SGIs, the public face.
import { GicCore, type GicLocked, type GicOptions } from './gic-core.ts';
import { GicV2CpuInterface } from './gicv2-cpuif.ts';
import { GicV2Distributor } from './gicv2-dist.ts';
import { GIC_NR_SGIS, GICV2_NCPU, GICv2CPUState, GICv2State } from './layout.ts';

export type GicV2Options = GicOptions;

const D = GICv2State.off;
const C = GICv2CPUState.off;
const ALL_CPU_MASK = (1 << GICV2_NCPU) - 1;

/** Bytes of shared state a GICv2 needs: the same for every number of interrupts. */
export function gicv2StateSize(nrCpus: number, _nrIrqs: number): number {
  return GICv2State.size + nrCpus * GICv2CPUState.size;
}

/**
 * A handle on a GICv2 in shared memory; every thread makes its own over the same words. All methods are for any thread.
 * One SpinLock covers the state. cpuSignal is called under it, so that what a vCPU is told last is what holds.
 */
export class GicV2 extends GicCore {
  readonly distributor: GicV2Distributor;
  /** GICC; which vCPU's is the accessor's number. */
  readonly cpuInterface: GicV2CpuInterface;
  readonly #itargets: number;

  constructor(o: GicV2Options) {
    super(o, { state: GICv2State, cpuState: GICv2CPUState }, GICV2_NCPU);
    this.#itargets = (this.stateAt << 2) + D.itargets;
    this.distributor = new GicV2Distributor(this);
    this.cpuInterface = new GicV2CpuInterface(this);
  }

  protected override routedTo(irq: number, cpu: number): boolean {
    return ((this.b[this.#itargets + irq] >> cpu) & 1) !== 0;
  }

  override updateTargets(irq: number, held: GicLocked): void {
    for (let mask = this.b[this.#itargets + irq], cpu = 0; mask !== 0; mask >>= 1, cpu++) {
      if ((mask & 1) !== 0 && cpu < this.nrCpus) this.updateCpu(cpu, held);
    }
  }

  /** Finds the best interrupt of `cpu` again, of whatever group; then its lines. */
  override updateCpu(cpu: number, held: GicLocked): void {
    const { w } = this;
    const at = this.cpuAt(cpu);
    const signals = this.enabledGroups !== 0 && this.cpuInterface.enabledGroups(cpu) !== 0;
    this.findBest(cpu, 3, signals ? w[at + (C.gicc_pmr >> 2)] : 0);
    w[at + (C.hppi_irq >> 2)] = this.bestIrq;
    w[at + (C.hppi_prio >> 2)] = this.bestPrio;
    this.drive(cpu, this.cpuInterface.signal(cpu), held);
  }

  /** GICD_ITARGETSR: `size` bytes from interrupt `irq` on. Those of private interrupts name the reader. */
  readTargets(irq: number, size: number, cpu: number): number {
    if (this.nrCpus === 1) return 0;
    let value = 0;
    for (let i = 0; i < size && irq + i < this.nrIrqs; i++) value |= (irq + i < 32 ? 1 << cpu : this.b[this.#itargets + irq + i]) << (8 * i);
    return value >>> 0;
  }

  writeTargets(irq: number, size: number, value: number, held: GicLocked): void {
    if (this.nrCpus === 1 || irq < 32) return;
    for (let i = 0; i < size && irq + i < this.nrIrqs; i++) this.b[this.#itargets + irq + i] = (value >>> (8 * i)) & ALL_CPU_MASK;
    this.updateAll(held);
  }

  /** Byte index of the sources from which SGI `irq` is pending on `cpu`. */
  sgiPendingAt(irq: number, cpu: number): number {
    return (this.cpuAt(cpu) << 2) + C.sgi_pending + irq;
  }

  /** Changes the sources from which SGI `irq` is pending on `cpu`. */
  setSgiPending(irq: number, cpu: number, sources: number, held: GicLocked): void {
    this.b[this.sgiPendingAt(irq, cpu)] = sources;
    this.assign('pending', irq, cpu, sources !== 0, held);
  }

  protected override resetRegisters(held: GicLocked): void {
    const { w } = this;
    if (this.nrCpus === 1) this.b.fill(1, this.#itargets, this.#itargets + this.nrIrqs);
    for (let cpu = 0; cpu < this.nrCpus; cpu++) {
      w[this.wordAt('edge_trigger', 0, cpu)] = 0xffff;
      for (let irq = 0; irq < GIC_NR_SGIS; irq++) this.assign('enabled', irq, cpu, true, held);
      this.cpuInterface.resetRegisters(cpu);
    }
  }
}
