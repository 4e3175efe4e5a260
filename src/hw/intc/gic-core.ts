// What GICv2 and GICv3 have in common: interrupt state in shared memory, its bit and byte registers, inputs, the search for the best one.
import { SpinLock, type LockToken } from '#atomics-sync';
import { SyncSite } from '../../memory/layout/profile.ts';
import type { GuestErrorLog } from '../core/registers.ts';
import { GIC_INTERNAL, GIC_MAXIRQ, GICPrivateIrqs, GICSharedIrqs, INTID_SPURIOUS, OUT_FIQ, OUT_IRQ } from './layout.ts';

/** Proof that the controller's lock is held. */
export type GicLocked = LockToken<'gic_lock'>;

/** Called under gic_lock, so in the order in which the lines changed. It must not call into the GIC. */
export type CpuSignal = (cpu: number, irq: boolean, fiq: boolean) => void;

export interface GicOptions {
  /** Shared words that hold the state. */
  readonly words: Int32Array;
  /** Byte offset of the state in `words`, a multiple of 8. */
  readonly base: number;
  readonly nrCpus: number;
  /** Interrupt numbers, private ones included: a multiple of 32, 64 to 992. */
  readonly nrIrqs: number;
  /** Told of every change of a vCPU's interrupt inputs, by the thread that caused it. */
  readonly cpuSignal: CpuSignal;
  readonly guestError?: GuestErrorLog;
}

/** Where a controller's own structures keep what this file works on: byte offsets. */
export interface GicShape {
  readonly state: { readonly size: number; readonly off: { readonly gic_lock: number; readonly gicd_ctlr: number; readonly irqs: number } };
  readonly cpuState: { readonly size: number; readonly off: { readonly irqs: number; readonly output: number } };
}

const S = GICSharedIrqs.off;
const P = GICPrivateIrqs.off;

/** The bitmaps that have registers of their own. */
export type IrqBits = 'group' | 'enabled' | 'pending' | 'active';

/** A bank of one-bit registers: what it shows, and what writing a 1 does (`put`: writing 0 counts too). */
export interface BitBank {
  readonly name: string;
  readonly bits: IrqBits;
  readonly how: 'put' | 'set' | 'clear';
}

/** Banks by register offset >> 7, in the distributors of both versions and in the redistributor's SGI frame. */
export const BIT_BANKS: readonly (BitBank | undefined)[] = [
  undefined,
  { name: 'IGROUPR', bits: 'group', how: 'put' },
  { name: 'ISENABLER', bits: 'enabled', how: 'set' },
  { name: 'ICENABLER', bits: 'enabled', how: 'clear' },
  { name: 'ISPENDR', bits: 'pending', how: 'set' },
  { name: 'ICPENDR', bits: 'pending', how: 'clear' },
  { name: 'ISACTIVER', bits: 'active', how: 'set' },
  { name: 'ICACTIVER', bits: 'active', how: 'clear' },
];
/** Other register arrays at the same place everywhere. */
export const IPRIORITYR = 0x400;
export const ITARGETSR = 0x800;
export const ICFGR = 0xc00;
export const ICFGR_END = 0xd00;

/** State and operations common to both versions. Methods that take a GicLocked are for callers that hold the lock. */
export abstract class GicCore {
  readonly nrCpus: number;
  readonly nrIrqs: number;
  readonly lock: SpinLock<'gic_lock'>;
  readonly guestError: GuestErrorLog | undefined;
  /** All shared words, and the same memory as bytes; every index below is absolute in them. */
  readonly w: Int32Array;
  readonly b: Uint8Array;
  /** Word index of the distributor's structure and of vCPU 0's, words from one vCPU's to the next. */
  readonly stateAt: number;
  readonly cpuStateAt: number;
  readonly cpuStride: number;
  /** Answer of findBest. */
  bestIrq = INTID_SPURIOUS;
  bestPrio = 0;

  readonly #shape: GicShape;
  readonly #cpuSignal: CpuSignal;
  readonly #lock: number;
  readonly #ctlr: number;
  /** Word index of the SPIs' bitmaps. */
  readonly #spis: number;

  /** Error: RangeError for counts the controller cannot have. */
  constructor(o: GicOptions, shape: GicShape, maxCpus: number) {
    if (!(o.nrCpus >= 1 && o.nrCpus <= maxCpus)) throw new RangeError(`a GIC of this version serves 1 to ${maxCpus} vCPUs, not ${o.nrCpus}`);
    if (o.nrIrqs % 32 !== 0 || o.nrIrqs < 2 * GIC_INTERNAL || o.nrIrqs > GIC_MAXIRQ) {
      throw new RangeError(`a GIC has 64 to 992 interrupts in steps of 32, not ${o.nrIrqs}`);
    }
    if (o.base % 8 !== 0) throw new RangeError('GIC state must be 8-byte aligned');
    this.nrCpus = o.nrCpus;
    this.nrIrqs = o.nrIrqs;
    this.guestError = o.guestError;
    this.w = o.words;
    this.b = new Uint8Array(o.words.buffer, o.words.byteOffset, o.words.byteLength);
    this.stateAt = o.base >> 2;
    this.cpuStateAt = (o.base + shape.state.size) >> 2;
    this.cpuStride = shape.cpuState.size >> 2;
    this.#lock = (o.base + shape.state.off.gic_lock) >> 2;
    this.lock = new SpinLock(o.words, this.#lock, SyncSite.GIC_REGISTER);
    this.#shape = shape;
    this.#cpuSignal = o.cpuSignal;
    this.#ctlr = this.stateAt + (shape.state.off.gicd_ctlr >> 2);
    this.#spis = this.stateAt + (shape.state.off.irqs >> 2);
  }

  /** Whether SPI `irq` goes to `cpu`. */
  protected abstract routedTo(irq: number, cpu: number): boolean;
  /** Brings the outputs of the vCPUs that SPI `irq` is routed to up to date. */
  abstract updateTargets(irq: number, held: GicLocked): void;
  /** Brings what is derived from the state of `cpu`, and its outputs, up to date. */
  abstract updateCpu(cpu: number, held: GicLocked): void;
  /** Registers to their reset values, in zeroed state. */
  protected abstract resetRegisters(held: GicLocked): void;

  updateAll(held: GicLocked): void {
    for (let cpu = 0; cpu < this.nrCpus; cpu++) this.updateCpu(cpu, held);
  }

  /** First use of the memory, by one thread before the others start. */
  init(): void {
    this.w.fill(0, this.stateAt, this.cpuAt(this.nrCpus));
    this.reset();
  }

  /** Power-on state, all inputs low: devices that drive one drive it again. Outputs fall, and cpuSignal says so. */
  reset(): void {
    const kept = [this.#lock, ...Array.from({ length: this.nrCpus }, (_, cpu) => this.#outputAt(cpu))];
    this.lock.withLock((held) => {
      let at = this.stateAt;
      for (const end of [...kept, this.cpuAt(this.nrCpus)]) {
        this.w.fill(0, at, end);
        at = end + 1;
      }
      this.resetRegisters(held);
      this.updateAll(held);
    });
  }

  /** Drives the input of SPI `n` (INTID 32 + n). Any thread. Ignored beyond the last interrupt. */
  setSpi(n: number, level: boolean): void {
    const irq = GIC_INTERNAL + n;
    if (irq < this.nrIrqs) this.#setLine(irq, 0, level);
  }

  /** Drives the input of PPI `intid` (16…31) of `cpu`. Any thread. */
  setPpi(cpu: number, intid: number, level: boolean): void {
    this.#setLine(intid, cpu, level);
  }

  #setLine(irq: number, cpu: number, level: boolean): void {
    const { w } = this;
    const at = this.wordAt('level', irq >> 5, cpu);
    const bit = 1 << (irq & 31);
    // A line that is there already needs no lock: this call then takes effect at this load.
    if (((Atomics.load(w, at) & bit) !== 0) === level) return; // seqcst; pairs with src/hw/intc/gic-core.ts#setLine
    const held = this.lock.lock(SyncSite.GIC_LINE);
    try {
      const before = w[at];
      const after = level ? before | bit : before & ~bit;
      if (before === after) return;
      Atomics.store(w, at, after); // seqcst; pairs with src/hw/intc/gic-core.ts#setLine
      // A rising edge latches.
      if (level && (w[this.wordAt('edge_trigger', irq >> 5, cpu)] & bit) !== 0) w[this.wordAt('pending', irq >> 5, cpu)] |= bit;
      if (irq < GIC_INTERNAL) this.updateCpu(cpu, held);
      else this.updateTargets(irq, held);
    } finally {
      this.lock.unlock();
    }
  }

  /** Word index of the structure of `cpu`. */
  cpuAt(cpu: number): number {
    return this.cpuStateAt + cpu * this.cpuStride;
  }

  /** Word index of word `n` of a bitmap; word 0 is that of `cpu`. */
  wordAt(field: IrqBits | 'edge_trigger' | 'level', n: number, cpu: number): number {
    return n === 0 ? this.cpuAt(cpu) + ((this.#shape.cpuState.off.irqs + P[field]) >> 2) : this.#spis + (S[field] >> 2) + n;
  }

  /** Byte index of the priority of `irq`. */
  priorityAt(irq: number, cpu: number): number {
    return irq < GIC_INTERNAL
      ? (this.cpuAt(cpu) << 2) + this.#shape.cpuState.off.irqs + P.priority + irq
      : (this.#spis << 2) + S.priority + irq;
  }

  /** Whether a bit of a bitmap is set. */
  test(field: IrqBits, irq: number, cpu: number): boolean {
    return (this.w[this.wordAt(field, irq >> 5, cpu)] & (1 << (irq & 31))) !== 0;
  }

  /** Sets or clears a bit of a bitmap; the caller updates what depends on it. */
  assign(field: IrqBits, irq: number, cpu: number, value: boolean, _held: GicLocked): void {
    const at = this.wordAt(field, irq >> 5, cpu);
    const bit = 1 << (irq & 31);
    if (value) this.w[at] |= bit;
    else this.w[at] &= ~bit;
  }

  /** Pending then becomes active: what an acknowledge does to the interrupt itself. */
  activate(irq: number, cpu: number, held: GicLocked): void {
    this.assign('active', irq, cpu, true, held);
    this.assign('pending', irq, cpu, false, held);
  }

  /** Value of word `n` of a bit bank; 0 beyond the last interrupt. */
  readBits(bits: IrqBits, n: number, cpu: number): number {
    if (n >= this.nrIrqs >> 5) return 0;
    const { w } = this;
    const value = w[this.wordAt(bits, n, cpu)];
    if (bits !== 'pending') return value >>> 0;
    return (value | (w[this.wordAt('level', n, cpu)] & ~w[this.wordAt('edge_trigger', n, cpu)])) >>> 0;
  }

  /** Writes the bits of `mask` of word `n` of a bit bank. */
  writeBits(bank: BitBank, n: number, cpu: number, value: number, mask: number, held: GicLocked): void {
    if (n >= this.nrIrqs >> 5) return;
    const { w } = this;
    const at = this.wordAt(bank.bits, n, cpu);
    const before = w[at];
    const v = value & mask;
    const after = bank.how === 'put' ? (before & ~mask) | v : bank.how === 'set' ? before | v : before & ~v;
    w[at] = after;
    this.#bitsChanged(n, before ^ after, cpu, held);
  }

  /** ICFGR word `n` (16 interrupts, two bits each): bit 1 of a pair is edge-triggered. */
  readConfig(n: number, cpu: number): number {
    if (n >= this.nrIrqs >> 4) return 0;
    const edge = this.w[this.wordAt('edge_trigger', n >> 1, cpu)] >>> ((n & 1) * 16);
    let value = 0;
    for (let i = 0; i < 16; i++) value |= ((edge >> i) & 1) << (2 * i + 1);
    return value >>> 0;
  }

  writeConfig(n: number, cpu: number, value: number, mask: number, held: GicLocked): void {
    if (n === 0 || n >= this.nrIrqs >> 4) return; // SGIs are edge-triggered, always
    const at = this.wordAt('edge_trigger', n >> 1, cpu);
    const before = this.w[at];
    let after = before;
    for (let i = 0; i < 16; i++) {
      const bit = 1 << (i + (n & 1) * 16);
      if (((mask >> (2 * i + 1)) & 1) === 0) continue;
      after = ((value >> (2 * i + 1)) & 1) !== 0 ? after | bit : after & ~bit;
    }
    this.w[at] = after;
    this.#bitsChanged(n >> 1, before ^ after, cpu, held);
  }

  /** IPRIORITYR: `size` bytes from interrupt `irq` on. */
  readPriority(irq: number, size: number, cpu: number): number {
    let value = 0;
    for (let i = 0; i < size && irq + i < this.nrIrqs; i++) value |= this.b[this.priorityAt(irq + i, cpu)] << (8 * i);
    return value >>> 0;
  }

  writePriority(irq: number, size: number, cpu: number, value: number, held: GicLocked): void {
    for (let i = 0; i < size && irq + i < this.nrIrqs; i++) this.b[this.priorityAt(irq + i, cpu)] = value >>> (8 * i);
    if (irq < GIC_INTERNAL) this.updateCpu(cpu, held);
    else this.updateAll(held);
  }

  get enabledGroups(): number {
    return this.w[this.#ctlr];
  }

  setEnabledGroups(value: number, held: GicLocked): void {
    this.w[this.#ctlr] = value & 3;
    this.updateAll(held);
  }

  /**
   * Finds the interrupt of `cpu` that is pending, enabled, not active, of a group in `groups` (bit 0, bit 1) and of the
   * highest priority above `limit` (numerically below); the lowest number among equals. Leaves it in bestIrq, bestPrio.
   */
  protected findBest(cpu: number, groups: number, limit: number): void {
    const { w, b } = this;
    const group0 = -(groups & 1);
    const group1 = -((groups >> 1) & 1);
    let bestIrq = INTID_SPURIOUS;
    let bestPrio = limit;

    const p = this.cpuAt(cpu) + (this.#shape.cpuState.off.irqs >> 2);
    let group = w[p + (P.group >> 2)];
    let ready = (w[p + (P.pending >> 2)] | (w[p + (P.level >> 2)] & ~w[p + (P.edge_trigger >> 2)]))
      & w[p + (P.enabled >> 2)] & ~w[p + (P.active >> 2)] & ((group & group1) | (~group & group0));
    for (const prio = (p << 2) + P.priority; ready !== 0; ready &= ready - 1) {
      const irq = 31 - Math.clz32(ready & -ready);
      if (b[prio + irq] < bestPrio) {
        bestPrio = b[prio + irq];
        bestIrq = irq;
      }
    }

    const s = this.#spis;
    const prio = (s << 2) + S.priority;
    for (let n = 1, words = this.nrIrqs >> 5; n < words; n++) {
      const at = s + n;
      group = w[at + (S.group >> 2)];
      ready = (w[at + (S.pending >> 2)] | (w[at + (S.level >> 2)] & ~w[at + (S.edge_trigger >> 2)]))
        & w[at + (S.enabled >> 2)] & ~w[at + (S.active >> 2)] & ((group & group1) | (~group & group0));
      for (; ready !== 0; ready &= ready - 1) {
        const irq = n * 32 + 31 - Math.clz32(ready & -ready);
        if (b[prio + irq] < bestPrio && this.routedTo(irq, cpu)) {
          bestPrio = b[prio + irq];
          bestIrq = irq;
        }
      }
    }
    this.bestIrq = bestIrq;
    this.bestPrio = bestPrio;
  }

  /** Drives the lines of `cpu` to `output` (OUT_* bits); tells cpuSignal if that changes them. */
  protected drive(cpu: number, output: number, _held: GicLocked): void {
    const at = this.#outputAt(cpu);
    if (this.w[at] === output) return;
    this.w[at] = output;
    this.#cpuSignal(cpu, (output & OUT_IRQ) !== 0, (output & OUT_FIQ) !== 0);
  }

  #outputAt(cpu: number): number {
    return this.cpuAt(cpu) + (this.#shape.cpuState.off.output >> 2);
  }

  #bitsChanged(n: number, bits: number, cpu: number, held: GicLocked): void {
    if (bits === 0) return;
    if (n === 0) this.updateCpu(cpu, held);
    else if ((bits & (bits - 1)) === 0) this.updateTargets(n * 32 + 31 - Math.clz32(bits), held);
    else this.updateAll(held);
  }
}
