// GICv3 CPU interface: the ICC_*_EL1 system registers, priorities and preemption (Arm IHI 0069, chapters 4 and 12.2).
import { SyncSite } from '../../memory/layout/profile.ts';
import type { GicLocked } from './gic-core.ts';
import type { GicV3 } from './gicv3.ts';
import { IccReg } from './icc-regs.ts';
import { GIC_INTERNAL, GICv3CPUState, INTID_SPURIOUS } from './layout.ts';

export const ICC_CTLR_EL1_CBPR = 1 << 0;
export const ICC_CTLR_EL1_EOIMODE = 1 << 1;
/** Five bits of priority, 24 bits of INTID, affinity 3 valid. */
const ICC_CTLR_CONSTANT = (4 << 8) | (1 << 11) | (1 << 15);
const ICC_CTLR_WRITABLE = ICC_CTLR_EL1_CBPR | ICC_CTLR_EL1_EOIMODE;
/** System registers always on, no bypass. */
const ICC_SRE_VALUE = 7;
/** Least binary points with five bits of preemption priority: ICC_BPR0_EL1, ICC_BPR1_EL1. */
export const ICC_MIN_BPR: readonly [number, number] = [2, 3];
/** Implemented bits of ICC_PMR_EL1. */
const PRIORITY_MASK = 0xf8;
/** Bits below the preemption level of a priority. */
const PREEMPTION_SHIFT = 3;
/** ICC_RPR_EL1 when no interrupt is active. */
const IDLE_PRIORITY = 0xff;
const INTID_MASK = 0xff_ffff;

const C = GICv3CPUState.off;
const word = (field: keyof typeof C) => C[field] >> 2;
const PMR = word('icc_pmr');
const CTLR = word('icc_ctlr');
const BPR = word('icc_bpr');
const APR = word('icc_apr');
const IGRPEN = word('icc_igrpen');
const HPPI_IRQ = word('hppi_irq');
const HPPI_PRIO = word('hppi_prio');
const HPPI_GRP = word('hppi_grp');

export class GicV3CpuInterface {
  readonly #gic: GicV3;

  constructor(gic: GicV3) {
    this.#gic = gic;
  }

  read(cpu: number, reg: IccReg): number {
    const gic = this.#gic;
    const held = gic.lock.lock(SyncSite.GIC_CPU);
    try {
      const { w } = gic;
      const at = gic.cpuAt(cpu);
      switch (reg) {
        case IccReg.IAR0: return this.#acknowledge(cpu, 0, held);
        case IccReg.IAR1: return this.#acknowledge(cpu, 1, held);
        case IccReg.HPPIR0: return this.#highest(at, 0);
        case IccReg.HPPIR1: return this.#highest(at, 1);
        case IccReg.PMR: return w[at + PMR];
        case IccReg.RPR: return this.#running(at);
        case IccReg.BPR0: return w[at + BPR];
        case IccReg.BPR1: return (w[at + CTLR] & ICC_CTLR_EL1_CBPR) !== 0 ? Math.min(w[at + BPR] + 1, 7) : w[at + BPR + 1];
        case IccReg.AP0R0: return w[at + APR] >>> 0;
        case IccReg.AP1R0: return w[at + APR + 1] >>> 0;
        case IccReg.CTLR: return w[at + CTLR] | ICC_CTLR_CONSTANT;
        case IccReg.SRE: return ICC_SRE_VALUE;
        case IccReg.IGRPEN0: return w[at + IGRPEN];
        case IccReg.IGRPEN1: return w[at + IGRPEN + 1];
        default: return 0;
      }
    } finally {
      gic.lock.unlock();
    }
  }

  write(cpu: number, reg: IccReg, lo: number, hi: number): void {
    const gic = this.#gic;
    const held = gic.lock.lock(SyncSite.GIC_CPU);
    try {
      const { w } = gic;
      const at = gic.cpuAt(cpu);
      switch (reg) {
        case IccReg.EOIR0: this.#endOfInterrupt(cpu, 0, lo & INTID_MASK, held); return;
        case IccReg.EOIR1: this.#endOfInterrupt(cpu, 1, lo & INTID_MASK, held); return;
        case IccReg.DIR:
          if ((w[at + CTLR] & ICC_CTLR_EL1_EOIMODE) !== 0) this.#deactivate(cpu, lo & INTID_MASK, held);
          return;
        case IccReg.SGI0R: case IccReg.ASGI1R: this.#generateSgi(cpu, 0, lo, hi, held); return;
        case IccReg.SGI1R: this.#generateSgi(cpu, 1, lo, hi, held); return;
        case IccReg.PMR: w[at + PMR] = lo & PRIORITY_MASK; break;
        case IccReg.BPR0: w[at + BPR] = Math.max(lo & 7, ICC_MIN_BPR[0]); break;
        case IccReg.BPR1:
          if ((w[at + CTLR] & ICC_CTLR_EL1_CBPR) === 0) w[at + BPR + 1] = Math.max(lo & 7, ICC_MIN_BPR[1]);
          break;
        case IccReg.AP0R0: w[at + APR] = lo; break;
        case IccReg.AP1R0: w[at + APR + 1] = lo; break;
        case IccReg.CTLR: w[at + CTLR] = lo & ICC_CTLR_WRITABLE; break;
        case IccReg.IGRPEN0: w[at + IGRPEN] = lo & 1; break;
        case IccReg.IGRPEN1: w[at + IGRPEN + 1] = lo & 1; break;
        default: return;
      }
      gic.updateLines(cpu, held);
    } finally {
      gic.lock.unlock();
    }
  }

  /** Whether the best pending interrupt of `cpu` may interrupt what runs: group enabled, above mask and running priority. */
  canPreempt(cpu: number): boolean {
    const { w } = this.#gic;
    const at = this.#gic.cpuAt(cpu);
    if (this.#noEnabledHppi(at)) return false;
    const prio = w[at + HPPI_PRIO];
    if (prio >= w[at + PMR]) return false;
    const running = this.#running(at);
    if (running === IDLE_PRIORITY) return true;
    const mask = this.#groupPriorityMask(at, w[at + HPPI_GRP]);
    return (prio & mask) < (running & mask);
  }

  /** The group's enable counts only for the best interrupt: one of a disabled group hides those behind it, as in QEMU. */
  #noEnabledHppi(at: number): boolean {
    const { w } = this.#gic;
    return w[at + HPPI_IRQ] === INTID_SPURIOUS || w[at + IGRPEN + w[at + HPPI_GRP]] === 0;
  }

  #highest(at: number, group: number): number {
    const { w } = this.#gic;
    return this.#noEnabledHppi(at) || w[at + HPPI_GRP] !== group ? INTID_SPURIOUS : w[at + HPPI_IRQ];
  }

  /** Priority of the most urgent active interrupt. */
  #running(at: number): number {
    const { w } = this.#gic;
    const active = w[at + APR] | w[at + APR + 1];
    return active === 0 ? IDLE_PRIORITY : lowestBit(active) << PREEMPTION_SHIFT;
  }

  /** The bits of a priority that decide preemption. A binary point of group 1 counts from one more. */
  #groupPriorityMask(at: number, group: number): number {
    const { w } = this.#gic;
    const common = (w[at + CTLR] & ICC_CTLR_EL1_CBPR) !== 0;
    return group === 1 && !common ? -1 << w[at + BPR + 1] : -1 << (w[at + BPR] + 1);
  }

  #acknowledge(cpu: number, group: number, held: GicLocked): number {
    const gic = this.#gic;
    const { w } = gic;
    const at = gic.cpuAt(cpu);
    if (w[at + HPPI_GRP] !== group || !this.canPreempt(cpu)) return INTID_SPURIOUS;
    const irq = w[at + HPPI_IRQ];
    const level = (w[at + HPPI_PRIO] & this.#groupPriorityMask(at, group)) >> PREEMPTION_SHIFT;
    w[at + APR + group] |= 1 << level;
    gic.activate(irq, cpu, held);
    gic.updateCpu(cpu, held);
    return irq;
  }

  #endOfInterrupt(cpu: number, group: number, irq: number, held: GicLocked): void {
    const gic = this.#gic;
    const { w } = gic;
    const at = gic.cpuAt(cpu);
    if (irq >= gic.nrIrqs) return;
    // Only the group of the running interrupt may drop its priority; of equals, group 0 ran last.
    const other = group ^ 1;
    const mine = w[at + APR + group] === 0 ? 32 : lowestBit(w[at + APR + group]);
    const theirs = w[at + APR + other] === 0 ? 32 : lowestBit(w[at + APR + other]);
    if (mine === 32 || (group === 0 ? theirs < mine : theirs <= mine)) return;
    w[at + APR + group] &= w[at + APR + group] - 1;
    if ((w[at + CTLR] & ICC_CTLR_EL1_EOIMODE) === 0) this.#deactivate(cpu, irq, held);
    gic.updateLines(cpu, held);
  }

  #deactivate(cpu: number, irq: number, held: GicLocked): void {
    const gic = this.#gic;
    if (irq >= gic.nrIrqs) return;
    gic.assign('active', irq, cpu, false, held);
    if (irq < GIC_INTERNAL) gic.updateCpu(cpu, held);
    else gic.updateTargets(irq, held);
  }

  /**
   * ICC_SGI*R_EL1: Aff1 23:16, INTID 27:24, Aff2 39:32, IRM 40, Aff3 55:48, target list of Aff0 15:0. The range
   * selector is reserved (GICD_TYPER.RSS is 0), so only Aff0 0…15 can be named.
   */
  #generateSgi(cpu: number, group: number, lo: number, hi: number, held: GicLocked): void {
    const gic = this.#gic;
    const irq = (lo >>> 24) & 0xf;
    if (((hi >>> 8) & 1) !== 0) {
      for (let other = 0; other < gic.nrCpus; other++) if (other !== cpu) gic.sendSgi(other, irq, group, held);
      return;
    }
    const cluster = ((hi >>> 16) & 0xff) << 16 | (hi & 0xff) << 8 | ((lo >>> 16) & 0xff);
    for (let other = 0; other < gic.nrCpus; other++) {
      const affinity = gic.affinity[other];
      const aff0 = affinity & 0xff;
      if (affinity >>> 8 === cluster && aff0 < 16 && ((lo >>> aff0) & 1) !== 0) gic.sendSgi(other, irq, group, held);
    }
  }
}

const lowestBit = (v: number) => 31 - Math.clz32(v & -v);
