// GICv2 CPU interface, GICC (Arm IHI 0048, section 4.4): acknowledge, priority drop, preemption. One security state.
import type { MmioDevice } from '../core/device.ts';
import type { GicLocked } from './gic-core.ts';
import { logBadAccess } from './gic-id.ts';
import type { GicV2 } from './gicv2.ts';
import { GIC_NR_SGIS, GICV2_NR_APRS, GICv2CPUState, INTID_SPURIOUS, OUT_FIQ, OUT_IRQ } from './layout.ts';

export const GICC_CTLR = 0x00;
export const GICC_PMR = 0x04;
export const GICC_BPR = 0x08;
export const GICC_IAR = 0x0c;
export const GICC_EOIR = 0x10;
export const GICC_RPR = 0x14;
export const GICC_HPPIR = 0x18;
export const GICC_ABPR = 0x1c;
export const GICC_APR0 = 0xd0;
export const GICC_NSAPR0 = 0xe0;
export const GICC_IIDR = 0xfc;
export const GICC_DIR = 0x1000;

export const GICC_CTLR_EN_GRP0 = 1 << 0;
export const GICC_CTLR_EN_GRP1 = 1 << 1;
export const GICC_CTLR_ACK_CTL = 1 << 2;
export const GICC_CTLR_FIQ_EN = 1 << 3;
export const GICC_CTLR_CBPR = 1 << 4;
export const GICC_CTLR_EOIMODE = 1 << 9;
const CTLR_WRITABLE =
  GICC_CTLR_EN_GRP0 | GICC_CTLR_EN_GRP1 | GICC_CTLR_ACK_CTL | GICC_CTLR_FIQ_EN | GICC_CTLR_CBPR | GICC_CTLR_EOIMODE;

/** GICv2 of Arm Ltd., as QEMU. */
const IIDR = 0x0002_043b;
/** Least value of GICC_ABPR; that of GICC_BPR is 0. */
const MIN_ABPR = 1;
/** GICC_RPR when no interrupt is active. */
const IDLE_PRIORITY = 0xff;
/** Above every priority, so that any interrupt may preempt. */
const NOTHING_RUNS = 0x100;
/** What GICC_IAR and GICC_HPPIR answer for an interrupt of group 1 while GICC_CTLR.AckCtl is clear. */
const INTID_GROUP1 = 1022;
const INTID_MASK = 0x3ff;

const C = GICv2CPUState.off;
const word = (field: keyof typeof C) => C[field] >> 2;
const CTLR = word('gicc_ctlr');
const PMR = word('gicc_pmr');
const BPR = word('gicc_bpr');
const APR = word('apr');
const HPPI_IRQ = word('hppi_irq');
const HPPI_PRIO = word('hppi_prio');

export class GicV2CpuInterface implements MmioDevice {
  readonly name = 'gic_cpu';
  readonly size = 0x2000;
  readonly #gic: GicV2;

  constructor(gic: GicV2) {
    this.#gic = gic;
  }

  read(offset: number, size: number, cpu: number): number {
    const { lock } = this.#gic;
    const held = lock.lock();
    try {
      const value = this.#read(offset, size, Math.max(cpu, 0), held);
      return size === 4 ? value >>> 0 : value & ((1 << (8 * size)) - 1);
    } finally {
      lock.unlock();
    }
  }

  write(offset: number, size: number, value: number, cpu: number): void {
    const { lock } = this.#gic;
    const held = lock.lock();
    try {
      this.#write(offset, size, value, Math.max(cpu, 0), held);
    } finally {
      lock.unlock();
    }
  }

  /** Nothing: the distributor's reset is that of the whole controller. */
  reset(): void {}

  /** Groups that GICC_CTLR enables. */
  enabledGroups(cpu: number): number {
    return this.#gic.w[this.#gic.cpuAt(cpu) + CTLR] & 3;
  }

  /** OUT_* lines of `cpu`: its best pending interrupt, if that preempts and its group is enabled here and in the distributor. */
  signal(cpu: number): number {
    const gic = this.#gic;
    const { w } = gic;
    const at = gic.cpuAt(cpu);
    const irq = w[at + HPPI_IRQ];
    if (irq === INTID_SPURIOUS || w[at + HPPI_PRIO] >= this.#running(at)) return 0;
    const group = gic.test('group', irq, cpu) ? GICC_CTLR_EN_GRP1 : GICC_CTLR_EN_GRP0;
    if ((gic.enabledGroups & w[at + CTLR] & group) === 0) return 0;
    return group === GICC_CTLR_EN_GRP0 && (w[at + CTLR] & GICC_CTLR_FIQ_EN) !== 0 ? OUT_FIQ : OUT_IRQ;
  }

  resetRegisters(cpu: number): void {
    this.#gic.w[this.#gic.cpuAt(cpu) + BPR + 1] = MIN_ABPR;
  }

  #read(offset: number, size: number, cpu: number, held: GicLocked): number {
    const gic = this.#gic;
    const { w } = gic;
    const at = gic.cpuAt(cpu);
    if (offset >= GICC_APR0 && offset < GICC_NSAPR0 + 4 * GICV2_NR_APRS) return w[at + APR + ((offset - GICC_APR0) >> 2)];
    switch (offset) {
      case GICC_CTLR: return w[at + CTLR];
      case GICC_PMR: return w[at + PMR];
      case GICC_BPR: return w[at + BPR];
      case GICC_ABPR: return w[at + BPR + 1];
      case GICC_IAR: return this.#acknowledge(cpu, held);
      case GICC_RPR: return Math.min(this.#running(at), IDLE_PRIORITY);
      case GICC_HPPIR: return this.#highest(cpu);
      case GICC_IIDR: return IIDR;
    }
    return logBadAccess(this, 'read', offset, size, gic.guestError);
  }

  #write(offset: number, size: number, value: number, cpu: number, held: GicLocked): void {
    const gic = this.#gic;
    const { w } = gic;
    const at = gic.cpuAt(cpu);
    if (offset >= GICC_APR0 && offset < GICC_NSAPR0 + 4 * GICV2_NR_APRS) w[at + APR + ((offset - GICC_APR0) >> 2)] = value;
    else {
      switch (offset) {
        case GICC_CTLR: w[at + CTLR] = value & CTLR_WRITABLE; break;
        case GICC_PMR: w[at + PMR] = value & 0xff; break;
        case GICC_BPR: w[at + BPR] = value & 7; break;
        case GICC_ABPR: w[at + BPR + 1] = Math.max(value & 7, MIN_ABPR); break;
        case GICC_EOIR: this.#endOfInterrupt(cpu, value & INTID_MASK, held); return;
        case GICC_DIR:
          if ((w[at + CTLR] & GICC_CTLR_EOIMODE) !== 0) this.#deactivate(cpu, value & INTID_MASK, held);
          return;
        default: logBadAccess(this, 'write', offset, size, gic.guestError); return;
      }
    }
    gic.updateCpu(cpu, held);
  }

  #running(at: number): number {
    const { w } = this.#gic;
    for (let i = 0; i < GICV2_NR_APRS; i++) {
      const active = w[at + APR + i] | w[at + APR + GICV2_NR_APRS + i];
      if (active !== 0) return (32 * i + 31 - Math.clz32(active & -active)) << 1;
    }
    return NOTHING_RUNS;
  }

  /** The pending interrupt as the CPU may see it. */
  #highest(cpu: number): number {
    const gic = this.#gic;
    const at = gic.cpuAt(cpu);
    const irq = gic.w[at + HPPI_IRQ];
    const hidden = irq !== INTID_SPURIOUS && (gic.w[at + CTLR] & GICC_CTLR_ACK_CTL) === 0 && gic.test('group', irq, cpu);
    return hidden ? INTID_GROUP1 : irq;
  }

  #acknowledge(cpu: number, held: GicLocked): number {
    const gic = this.#gic;
    const { w } = gic;
    const at = gic.cpuAt(cpu);
    const irq = this.#highest(cpu);
    if (irq >= INTID_GROUP1) return irq;
    const prio = w[at + HPPI_PRIO];
    if (prio >= this.#running(at)) return INTID_SPURIOUS;

    const group = gic.test('group', irq, cpu) ? 1 : 0;
    // The binary point of group 1 counts from one more, unless GICC_BPR serves both.
    const point = group === 1 && (w[at + CTLR] & GICC_CTLR_CBPR) === 0 ? w[at + BPR + 1] : w[at + BPR] + 1;
    const level = (prio & (-1 << point)) >> 1;
    w[at + APR + group * GICV2_NR_APRS + (level >> 5)] |= 1 << (level & 31);

    gic.activate(irq, cpu, held);
    let source = 0;
    if (irq < GIC_NR_SGIS) {
      const sources = gic.b[gic.sgiPendingAt(irq, cpu)];
      source = 31 - Math.clz32(sources & -sources);
      gic.setSgiPending(irq, cpu, sources & (sources - 1), held);
      gic.updateCpu(cpu, held);
    } else this.#update(irq, cpu, held);
    return irq | (source << 10);
  }

  #endOfInterrupt(cpu: number, irq: number, held: GicLocked): void {
    const gic = this.#gic;
    const { w } = gic;
    const at = gic.cpuAt(cpu);
    if (irq >= gic.nrIrqs || this.#running(at) === NOTHING_RUNS) return;
    const first = at + APR + (gic.test('group', irq, cpu) ? GICV2_NR_APRS : 0);
    for (let i = 0; i < GICV2_NR_APRS; i++) {
      if (w[first + i] === 0) continue;
      w[first + i] &= w[first + i] - 1;
      break;
    }
    if ((w[at + CTLR] & GICC_CTLR_EOIMODE) === 0) gic.assign('active', irq, cpu, false, held);
    this.#update(irq, cpu, held);
  }

  #deactivate(cpu: number, irq: number, held: GicLocked): void {
    if (irq >= this.#gic.nrIrqs) return;
    this.#gic.assign('active', irq, cpu, false, held);
    this.#update(irq, cpu, held);
  }

  /** After a change of `irq` that `cpu` made. */
  #update(irq: number, cpu: number, held: GicLocked): void {
    this.#gic.updateCpu(cpu, held);
    if (irq >= 32) this.#gic.updateTargets(irq, held);
  }
}
