// GICv3 distributor registers (Arm IHI 0069, section 12.9), affinity routing always on, one security state.
import type { MmioDevice } from '../core/device.ts';
import { BIT_BANKS, ICFGR, ICFGR_END, IPRIORITYR, ITARGETSR, type GicLocked } from './gic-core.ts';
import { gicId, logBadAccess } from './gic-id.ts';
import type { GicV3 } from './gicv3.ts';
import { GIC_INTERNAL } from './layout.ts';

export const GICD_CTLR = 0x0000;
export const GICD_TYPER = 0x0004;
export const GICD_IIDR = 0x0008;
export const GICD_STATUSR = 0x0010;
export const GICD_IGROUPR = 0x0080;
export const GICD_ISENABLER = 0x0100;
export const GICD_ICENABLER = 0x0180;
export const GICD_ISPENDR = 0x0200;
export const GICD_ICPENDR = 0x0280;
export const GICD_ISACTIVER = 0x0300;
export const GICD_ICACTIVER = 0x0380;
export const GICD_IPRIORITYR = IPRIORITYR;
export const GICD_ITARGETSR = ITARGETSR;
export const GICD_ICFGR = ICFGR;
export const GICD_IGRPMODR = 0x0d00;
export const GICD_NSACR = 0x0e00;
export const GICD_SGIR = 0x0f00;
export const GICD_CPENDSGIR = 0x0f10;
export const GICD_IROUTER = 0x6000;
export const GICD_IROUTER_END = 0x7fe0;
export const GICD_IDREGS = 0xffd0;

export const GICD_CTLR_EN_GRP0 = 1 << 0;
export const GICD_CTLR_EN_GRP1 = 1 << 1;
export const GICD_CTLR_ARE = 1 << 4;
export const GICD_CTLR_DS = 1 << 6;

const TYPER_A3V = 1 << 24;
const TYPER_NO1N = 1 << 25;
const TYPER_IDBITS = 15 << 19;
/** Arm Ltd. as the implementer, as QEMU. */
export const GICV3_IIDR = 0x43b;

/** What reads as zero and ignores writes, quietly: fields of other security states, of legacy routing, of LPIs. */
const isReserved = (offset: number) =>
  offset === GICD_STATUSR || (offset >= GICD_ITARGETSR && offset < GICD_ICFGR) || (offset >= GICD_IGRPMODR && offset < GICD_SGIR + 0x30);

export class GicV3Distributor implements MmioDevice {
  readonly name = 'gicv3_dist';
  readonly size = 0x10000;
  readonly #gic: GicV3;

  constructor(gic: GicV3) {
    this.#gic = gic;
  }

  read(offset: number, size: number, _cpu: number): number {
    const { lock } = this.#gic;
    lock.lock();
    try {
      return this.#read(offset, size);
    } finally {
      lock.unlock();
    }
  }

  write(offset: number, size: number, value: number, _cpu: number): void {
    const { lock } = this.#gic;
    const held = lock.lock();
    try {
      this.#write(offset, size, value, held);
    } finally {
      lock.unlock();
    }
  }

  /** Resets the whole controller. */
  reset(): void {
    this.#gic.reset();
  }

  /** Private interrupts are the redistributors': word 0 of every array reads as zero here. */
  #read(offset: number, size: number): number {
    const gic = this.#gic;
    if (offset >= GICD_IPRIORITYR && offset < GICD_ITARGETSR) {
      if (size === 2) return logBadAccess(this, 'read', offset, size, gic.guestError);
      return offset < GICD_IPRIORITYR + GIC_INTERNAL ? 0 : gic.readPriority(offset - GICD_IPRIORITYR, size, 0);
    }
    if (size !== 4) return isReserved(offset) ? 0 : logBadAccess(this, 'read', offset, size, gic.guestError);
    const bank = BIT_BANKS[offset >> 7];
    const word = (offset & 0x7f) >> 2;
    if (bank !== undefined) return word === 0 ? 0 : gic.readBits(bank.bits, word, 0);
    if (offset >= GICD_ICFGR && offset < ICFGR_END) {
      const n = (offset - GICD_ICFGR) >> 2;
      return n < 2 ? 0 : gic.readConfig(n, 0);
    }
    if (offset >= GICD_IROUTER && offset < GICD_IROUTER_END) return gic.readRouter((offset - GICD_IROUTER) >> 3, (offset >> 2) & 1);
    if (offset >= GICD_IDREGS) return gicId(3, 0x92, offset);
    switch (offset) {
      case GICD_CTLR: return gic.enabledGroups | GICD_CTLR_ARE | GICD_CTLR_DS;
      // ITLinesNumber counts as QEMU 7.2 does, one short: the last 32 interrupts work and are not announced.
      case GICD_TYPER: return TYPER_NO1N | TYPER_A3V | TYPER_IDBITS | ((gic.nrIrqs - GIC_INTERNAL) / 32 - 1);
      case GICD_IIDR: return GICV3_IIDR;
    }
    return isReserved(offset) ? 0 : logBadAccess(this, 'read', offset, size, gic.guestError);
  }

  #write(offset: number, size: number, value: number, held: GicLocked): void {
    const gic = this.#gic;
    if (offset >= GICD_IPRIORITYR && offset < GICD_ITARGETSR) {
      if (size === 2) logBadAccess(this, 'write', offset, size, gic.guestError);
      else if (offset >= GICD_IPRIORITYR + GIC_INTERNAL) gic.writePriority(offset - GICD_IPRIORITYR, size, 0, value, held);
      return;
    }
    if (size !== 4) {
      if (!isReserved(offset)) logBadAccess(this, 'write', offset, size, gic.guestError);
      return;
    }
    const bank = BIT_BANKS[offset >> 7];
    const word = (offset & 0x7f) >> 2;
    if (bank !== undefined) {
      if (word > 0) gic.writeBits(bank, word, 0, value, -1, held);
    } else if (offset >= GICD_ICFGR && offset < ICFGR_END) {
      const n = (offset - GICD_ICFGR) >> 2;
      if (n >= 2) gic.writeConfig(n, 0, value, -1, held);
    } else if (offset >= GICD_IROUTER && offset < GICD_IROUTER_END) {
      gic.writeRouter((offset - GICD_IROUTER) >> 3, (offset >> 2) & 1, value, held);
    } else if (offset === GICD_CTLR) gic.setEnabledGroups(value, held);
    else if (!isReserved(offset)) logBadAccess(this, 'write', offset, size, gic.guestError);
  }
}
