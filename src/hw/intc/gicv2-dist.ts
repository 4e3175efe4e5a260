// GICv2 distributor registers (Arm IHI 0048, section 4.3), one security state. Accesses of any size, as QEMU allows.
import type { MmioDevice } from '../core/device.ts';
import { extractLane } from '../core/registers.ts';
import { BIT_BANKS, ICFGR, ICFGR_END, IPRIORITYR, ITARGETSR, type GicLocked } from './gic-core.ts';
import { gicId, logBadAccess } from './gic-id.ts';
import type { GicV2 } from './gicv2.ts';
import { GIC_NR_SGIS } from './layout.ts';

export const GICD_CTLR = 0x000;
export const GICD_TYPER = 0x004;
export const GICD_IIDR = 0x008;
export const GICD_SGIR = 0xf00;
export const GICD_CPENDSGIR = 0xf10;
export const GICD_SPENDSGIR = 0xf20;
export const GICD_SPENDSGIR_END = 0xf30;
export const GICD_IDREGS = 0xfd0;

/** Arm Ltd. as the implementer, as QEMU. */
const IIDR = 0x43b;
const SGI_MASK = 0xffff;

export class GicV2Distributor implements MmioDevice {
  readonly name = 'gic_dist';
  readonly size = 0x1000;
  readonly #gic: GicV2;

  constructor(gic: GicV2) {
    this.#gic = gic;
  }

  read(offset: number, size: number, cpu: number): number {
    const { lock } = this.#gic;
    lock.lock();
    try {
      return extractLane(this.#read(offset & ~3, Math.max(cpu, 0)), offset, size);
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

  /** Resets the whole controller. */
  reset(): void {
    this.#gic.reset();
  }

  /** A whole word. */
  #read(offset: number, cpu: number): number {
    const gic = this.#gic;
    const bank = BIT_BANKS[offset >> 7];
    if (bank !== undefined) return gic.readBits(bank.bits, (offset & 0x7f) >> 2, cpu);
    if (offset >= IPRIORITYR && offset < ITARGETSR) return gic.readPriority(offset - IPRIORITYR, 4, cpu);
    if (offset >= ITARGETSR && offset < ICFGR) return gic.readTargets(offset - ITARGETSR, 4, cpu);
    if (offset >= ICFGR && offset < ICFGR_END) return gic.readConfig((offset - ICFGR) >> 2, cpu);
    if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR_END) {
      const at = gic.sgiPendingAt(offset & 0xf, cpu);
      return gic.b[at] | (gic.b[at + 1] << 8) | (gic.b[at + 2] << 16) | (gic.b[at + 3] << 24);
    }
    if (offset >= GICD_IDREGS) return gicId(2, 0x90, offset);
    switch (offset) {
      case GICD_CTLR: return gic.enabledGroups;
      case GICD_TYPER: return (gic.nrIrqs / 32 - 1) | ((gic.nrCpus - 1) << 5);
      case GICD_IIDR: return IIDR;
      default: return logBadAccess(this, 'read', offset, 4, gic.guestError);
    }
  }

  #write(offset: number, size: number, value: number, cpu: number, held: GicLocked): void {
    const gic = this.#gic;
    const shift = (offset & 3) * 8;
    const mask = size === 4 ? -1 : ((1 << (8 * size)) - 1) << shift;
    const bank = BIT_BANKS[offset >> 7];
    if (bank !== undefined) {
      const word = (offset & 0x7f) >> 2;
      // SGIs are always enabled, and pending only by GICD_SGIR and its like.
      const fixed = word === 0 && (bank.bits === 'enabled' || bank.bits === 'pending') ? SGI_MASK : 0;
      gic.writeBits(bank, word, cpu, value << shift, mask & ~fixed, held);
    } else if (offset >= IPRIORITYR && offset < ITARGETSR) gic.writePriority(offset - IPRIORITYR, size, cpu, value, held);
    else if (offset >= ITARGETSR && offset < ICFGR) gic.writeTargets(offset - ITARGETSR, size, value, held);
    else if (offset >= ICFGR && offset < ICFGR_END) gic.writeConfig((offset - ICFGR) >> 2, cpu, value << shift, mask, held);
    else if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR_END) this.#changeSgis(offset, size, value, cpu, held);
    else if (offset === GICD_CTLR) gic.setEnabledGroups(value, held);
    else if (offset === GICD_SGIR && size === 4) this.#generateSgi(value, cpu, held);
    else logBadAccess(this, 'write', offset, size, gic.guestError);
  }

  /** GICD_CPENDSGIR, GICD_SPENDSGIR: a byte an SGI, a bit a source. */
  #changeSgis(offset: number, size: number, value: number, cpu: number, held: GicLocked): void {
    const gic = this.#gic;
    for (let i = 0; i < size; i++) {
      const irq = (offset + i) % GIC_NR_SGIS;
      const sources = (value >>> (8 * i)) & 0xff;
      const before = gic.b[gic.sgiPendingAt(irq, cpu)];
      gic.setSgiPending(irq, cpu, offset < GICD_SPENDSGIR ? before & ~sources : before | sources, held);
    }
    gic.updateCpu(cpu, held);
  }

  /** INTID 3:0, target list 23:16, filter 25:24 (list, all others, self). */
  #generateSgi(value: number, cpu: number, held: GicLocked): void {
    const gic = this.#gic;
    const irq = value & 0xf;
    const list = (value >>> 16) & 0xff;
    const targets = [list, 0xff & ~(1 << cpu), 1 << cpu, 0xff][(value >>> 24) & 3];
    for (let target = 0; target < gic.nrCpus; target++) {
      if (((targets >> target) & 1) === 0) continue;
      gic.setSgiPending(irq, target, gic.b[gic.sgiPendingAt(irq, target)] | (1 << cpu), held);
      gic.updateCpu(target, held);
    }
  }
}
