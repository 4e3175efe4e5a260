// GICv3 redistributors (Arm IHI 0069, section 12.11): one pair of 64 KiB frames a vCPU, one after the other. No LPIs.
import type { MmioDevice } from '../core/device.ts';
import { BIT_BANKS, ICFGR, IPRIORITYR, type GicLocked } from './gic-core.ts';
import { gicId, logBadAccess } from './gic-id.ts';
import { GICV3_IIDR } from './gicv3-dist.ts';
import type { GicV3 } from './gicv3.ts';
import { GIC_INTERNAL } from './layout.ts';

/** Bytes of register space of one vCPU. */
export const GICV3_REDIST_SIZE = 0x20000;

/** RD_base frame. */
export const GICR_CTLR = 0x0000;
export const GICR_IIDR = 0x0004;
export const GICR_TYPER = 0x0008;
export const GICR_STATUSR = 0x0010;
export const GICR_WAKER = 0x0014;
export const GICR_PROPBASER = 0x0070;
export const GICR_PENDBASER = 0x0078;
export const GICR_IDREGS = 0xffd0;
/** SGI_base frame: the banks of gic-core.ts#BIT_BANKS, then these. */
export const GICR_SGI_OFFSET = 0x10000;
export const GICR_IPRIORITYR = GICR_SGI_OFFSET + IPRIORITYR;
export const GICR_ICFGR0 = GICR_SGI_OFFSET + ICFGR;
export const GICR_ICFGR1 = GICR_ICFGR0 + 4;
export const GICR_IGRPMODR0 = GICR_SGI_OFFSET + 0x0d00;
export const GICR_NSACR = GICR_SGI_OFFSET + 0x0e00;

export const GICR_WAKER_PROCESSOR_SLEEP = 1 << 1;
export const GICR_WAKER_CHILDREN_ASLEEP = 1 << 2;

const TYPER_LAST = 1 << 4;
const TYPER_COMMON_LPI_AFF = 1 << 24;

/** Reads as zero, ignores writes: a status we never raise, LPI tables without LPIs, other security states. */
const isReserved = (offset: number) =>
  offset === GICR_STATUSR || (offset >= GICR_PROPBASER && offset < GICR_PENDBASER + 8) || offset === GICR_CTLR
  || offset === GICR_IGRPMODR0 || offset === GICR_NSACR;

export class GicV3Redistributor implements MmioDevice {
  readonly name = 'gicv3_redist';
  readonly size: number;
  readonly #gic: GicV3;

  constructor(gic: GicV3) {
    this.#gic = gic;
    this.size = gic.nrCpus * GICV3_REDIST_SIZE;
  }

  read(offset: number, size: number, _cpu: number): number {
    const { lock } = this.#gic;
    lock.lock();
    try {
      return this.#read(Math.floor(offset / GICV3_REDIST_SIZE), offset % GICV3_REDIST_SIZE, size);
    } finally {
      lock.unlock();
    }
  }

  write(offset: number, size: number, value: number, _cpu: number): void {
    const { lock } = this.#gic;
    const held = lock.lock();
    try {
      this.#write(Math.floor(offset / GICV3_REDIST_SIZE), offset % GICV3_REDIST_SIZE, size, value, held);
    } finally {
      lock.unlock();
    }
  }

  /** Nothing: the distributor's reset is that of the whole controller. */
  reset(): void {}

  #read(cpu: number, offset: number, size: number): number {
    const gic = this.#gic;
    if (cpu >= gic.nrCpus) return 0;
    if (offset >= GICR_IPRIORITYR && offset < GICR_IPRIORITYR + GIC_INTERNAL && size !== 2) {
      return gic.readPriority(offset - GICR_IPRIORITYR, size, cpu);
    }
    if (size !== 4) return logBadAccess(this, 'read', offset, size, gic.guestError);
    if (offset >= GICR_IDREGS && offset < GICR_SGI_OFFSET) return gicId(3, 0x93, offset);
    const bank = bankAt(offset);
    if (bank !== undefined) return gic.readBits(bank.bits, 0, cpu);
    switch (offset) {
      case GICR_IIDR: return GICV3_IIDR;
      case GICR_TYPER: return TYPER_COMMON_LPI_AFF | (cpu << 8) | (cpu === gic.nrCpus - 1 ? TYPER_LAST : 0);
      case GICR_TYPER + 4: return gic.affinity[cpu];
      case GICR_WAKER: return gic.waker(cpu);
      case GICR_ICFGR0: case GICR_ICFGR1: return gic.readConfig((offset - GICR_ICFGR0) >> 2, cpu);
    }
    return isReserved(offset) ? 0 : logBadAccess(this, 'read', offset, size, gic.guestError);
  }

  #write(cpu: number, offset: number, size: number, value: number, held: GicLocked): void {
    const gic = this.#gic;
    if (cpu >= gic.nrCpus) return;
    if (offset >= GICR_IPRIORITYR && offset < GICR_IPRIORITYR + GIC_INTERNAL && size !== 2) {
      gic.writePriority(offset - GICR_IPRIORITYR, size, cpu, value, held);
      return;
    }
    const bank = size === 4 ? bankAt(offset) : undefined;
    if (bank !== undefined) gic.writeBits(bank, 0, cpu, value, -1, held);
    else if (size === 4 && offset === GICR_WAKER) gic.setWaker(cpu, value, held);
    else if (size === 4 && (offset === GICR_ICFGR0 || offset === GICR_ICFGR1)) {
      gic.writeConfig((offset - GICR_ICFGR0) >> 2, cpu, value, -1, held);
    } else if (size !== 4 || !isReserved(offset)) logBadAccess(this, 'write', offset, size, gic.guestError);
  }
}

const bankAt = (offset: number) =>
  offset >= GICR_SGI_OFFSET && (offset & 0x7f) === 0 ? BIT_BANKS[(offset - GICR_SGI_OFFSET) >> 7] : undefined;
