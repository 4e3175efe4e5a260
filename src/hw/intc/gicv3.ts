// GICv3 without EL2, EL3 and LPIs, as QEMU's `virt` has it: routing, the state a redistributor keeps, the public face.
import { GicCore, type GicLocked, type GicOptions } from './gic-core.ts';
import { GicV3CpuInterface, ICC_MIN_BPR } from './gicv3-cpuif.ts';
import { GicV3Distributor } from './gicv3-dist.ts';
import { GICR_WAKER_CHILDREN_ASLEEP, GICR_WAKER_PROCESSOR_SLEEP, GicV3Redistributor } from './gicv3-redist.ts';
import type { IccReg } from './icc-regs.ts';
import { GIC_INTERNAL, GICv3CPUState, GICv3State, INTID_SPURIOUS, NO_TARGET, OUT_FIQ, OUT_IRQ } from './layout.ts';

export interface GicV3Options extends GicOptions {
  /** Aff3.Aff2.Aff1.Aff0 of a vCPU as 32 bits, Aff3 highest; by default its number. */
  readonly affinity?: (cpu: number) => number;
}

const D = GICv3State.off;
const C = GICv3CPUState.off;
/** Priority of "nothing pending". */
const IDLE_PRIORITY = 0xff;

/** Bytes of shared state a GICv3 needs: the same for every number of interrupts. */
export function gicv3StateSize(nrCpus: number, _nrIrqs: number): number {
  return GICv3State.size + nrCpus * GICv3CPUState.size;
}

/**
 * A handle on a GICv3 in shared memory; every thread makes its own over the same words. All methods are for any thread.
 * One SpinLock covers the state. cpuSignal is called under it, so that what a vCPU is told last is what holds.
 */
export class GicV3 extends GicCore {
  readonly distributor: GicV3Distributor;
  readonly redistributor: GicV3Redistributor;
  /** Affinity of each vCPU, Aff3…Aff0 in 32 bits. */
  readonly affinity: readonly number[];
  readonly #cpuInterface: GicV3CpuInterface;
  readonly #targets: number;
  readonly #router: number;

  constructor(o: GicV3Options) {
    super(o, { state: GICv3State, cpuState: GICv3CPUState }, NO_TARGET);
    this.affinity = Array.from({ length: o.nrCpus }, (_, cpu) => (o.affinity?.(cpu) ?? cpu) >>> 0);
    this.#targets = (this.stateAt << 2) + D.irouter_target;
    this.#router = this.stateAt + (D.irouter >> 2);
    this.distributor = new GicV3Distributor(this);
    this.redistributor = new GicV3Redistributor(this);
    this.#cpuInterface = new GicV3CpuInterface(this);
  }

  /** Reads a system register of `cpu`: 32 bits, zero-extended. Reading one that is write-only gives 0. */
  iccRead(cpu: number, reg: IccReg): number {
    return this.#cpuInterface.read(cpu, reg);
  }

  /** Writes a system register of `cpu`, 64 bits as two halves. Writing one that is read-only does nothing. */
  iccWrite(cpu: number, reg: IccReg, lo: number, hi: number): void {
    this.#cpuInterface.write(cpu, reg, lo, hi);
  }

  /** Whether SPI `irq` goes to `cpu`. Interrupt_Routing_Mode is kept but means nothing: GICD_TYPER.No1N. */
  protected override routedTo(irq: number, cpu: number): boolean {
    return this.b[this.#targets + irq] === cpu;
  }

  override updateTargets(irq: number, held: GicLocked): void {
    const cpu = this.b[this.#targets + irq];
    if (cpu !== NO_TARGET) this.updateCpu(cpu, held);
  }

  /** Finds the best interrupt of `cpu` again; then its lines. */
  override updateCpu(cpu: number, held: GicLocked): void {
    this.findBest(cpu, this.enabledGroups, IDLE_PRIORITY);
    const { w, bestIrq } = this;
    const at = this.cpuAt(cpu);
    w[at + (C.hppi_irq >> 2)] = bestIrq;
    w[at + (C.hppi_prio >> 2)] = this.bestPrio;
    if (bestIrq !== INTID_SPURIOUS) w[at + (C.hppi_grp >> 2)] = this.test('group', bestIrq, cpu) ? 1 : 0;
    this.updateLines(cpu, held);
  }

  /** Drives the lines of `cpu` after a change in its CPU interface alone. */
  updateLines(cpu: number, held: GicLocked): void {
    const signal = this.#cpuInterface.canPreempt(cpu);
    this.drive(cpu, !signal ? 0 : this.w[this.cpuAt(cpu) + (C.hppi_grp >> 2)] === 0 ? OUT_FIQ : OUT_IRQ, held);
  }

  /** Makes SGI `irq` pending on `cpu`, if it is of `group` there. */
  sendSgi(cpu: number, irq: number, group: number, held: GicLocked): void {
    if (this.test('group', irq, cpu) !== (group === 1)) return;
    this.assign('pending', irq, cpu, true, held);
    this.updateCpu(cpu, held);
  }

  /** GICD_IROUTER of `irq`: `half` 0 is Aff2…Aff0 and Interrupt_Routing_Mode, 1 is Aff3. */
  readRouter(irq: number, half: number): number {
    return irq < GIC_INTERNAL || irq >= this.nrIrqs ? 0 : this.w[this.#router + 2 * irq + half] >>> 0;
  }

  writeRouter(irq: number, half: number, value: number, held: GicLocked): void {
    if (irq < GIC_INTERNAL || irq >= this.nrIrqs) return;
    const at = this.#router + 2 * irq;
    this.w[at + half] = value;
    const before = this.b[this.#targets + irq];
    const cpu = this.affinity.indexOf(((this.w[at + 1] << 24) | (this.w[at] & 0xff_ffff)) >>> 0);
    this.b[this.#targets + irq] = cpu < 0 ? NO_TARGET : cpu;
    if (before !== NO_TARGET) this.updateCpu(before, held);
    this.updateTargets(irq, held);
  }

  waker(cpu: number): number {
    return this.w[this.cpuAt(cpu) + (C.gicr_waker >> 2)];
  }

  /** ProcessorSleep is the guest's; ChildrenAsleep follows at once. */
  setWaker(cpu: number, value: number, _held: GicLocked): void {
    this.w[this.cpuAt(cpu) + (C.gicr_waker >> 2)] =
      (value & GICR_WAKER_PROCESSOR_SLEEP) !== 0 ? GICR_WAKER_PROCESSOR_SLEEP | GICR_WAKER_CHILDREN_ASLEEP : 0;
  }

  protected override resetRegisters(held: GicLocked): void {
    const { w } = this;
    const zero = this.affinity.indexOf(0);
    this.b.fill(zero < 0 ? NO_TARGET : zero, this.#targets, this.#targets + this.nrIrqs);
    for (let cpu = 0; cpu < this.nrCpus; cpu++) {
      w[this.wordAt('edge_trigger', 0, cpu)] = 0xffff;
      w[this.cpuAt(cpu) + (C.icc_bpr >> 2)] = ICC_MIN_BPR[0];
      w[this.cpuAt(cpu) + (C.icc_bpr >> 2) + 1] = ICC_MIN_BPR[1];
      this.setWaker(cpu, GICR_WAKER_PROCESSOR_SLEEP, held);
    }
  }
}
