// Shared-memory structures of the interrupt controllers: everything here is under the controller's own gic_lock.
import { locked, shared, struct } from '../../memory/layout/struct.ts';
import type { FieldSpec, StructLayout } from '../../memory/layout/struct.ts';

/** Private interrupts of a vCPU: 16 SGIs, 16 PPIs. */
export const GIC_INTERNAL = 32;
export const GIC_NR_SGIS = 16;
/** Interrupt numbers a controller may have; 1020 and above are special. */
export const GIC_MAXIRQ = 1020;
/** What an acknowledge register answers when there is nothing to take. */
export const INTID_SPURIOUS = 1023;

/** Bits of the `output` fields. */
export const OUT_IRQ = 1;
export const OUT_FIQ = 2;

const MAX_WORDS = GIC_MAXIRQ >> 5;
const u32 = (doc: string, count = 1) => locked('u32', 'gic_lock', doc, count);
const bytes = (doc: string, count: number) => locked('u8', 'gic_lock', doc, count);
const nested = (type: StructLayout, doc: string): FieldSpec => ({ type, writer: 'any', lock: 'gic_lock', order: 'plain', doc });

/** Fields of `words` × 32 interrupts: a bit, or a byte, an interrupt. */
const irqFields = (words: number) => ({
  group: u32('IGROUPR', words),
  enabled: u32('ISENABLER', words),
  pending: u32('pending latch: edges, and what ISPENDR set; a level input that is high is pending without it', words),
  active: u32('ISACTIVER', words),
  edge_trigger: u32('ICFGR, one bit an interrupt', words),
  level: {
    type: 'u32', count: words, writer: 'any', lock: 'gic_lock', order: 'seqcst',
    doc: 'levels of the inputs; seqcst as they are looked at without the lock. pairs with src/hw/intc/gic-core.ts#setLine',
  } satisfies FieldSpec,
  priority: bytes('IPRIORITYR', words * 32),
});

/** INTID 32 and above; element n >> 5 of a bitmap, n of a byte array (those of 0…31 are unused). */
export const GICSharedIrqs = struct('GICSharedIrqs', 'state of the SPIs', irqFields(MAX_WORDS));
/** INTID 0…31. */
export const GICPrivateIrqs = struct('GICPrivateIrqs', 'state of the SGIs and PPIs of one vCPU', irqFields(1));

export const GICv3State = struct('GICv3State', 'GICv3 distributor', {
  gic_lock: shared('i32', 'any', 'SpinLock over all state of this GIC; cpuSignal is called under it'),
  gicd_ctlr: u32('GICD_CTLR: EnableGrp0, EnableGrp1; the constant bits are not stored'),
  irqs: nested(GICSharedIrqs, 'SPIs'),
  irouter: locked('u64', 'gic_lock', 'GICD_IROUTER', MAX_WORDS * 32),
  irouter_target: bytes('vCPU that GICD_IROUTER names, NO_TARGET if there is none', MAX_WORDS * 32),
}, 8);
export const NO_TARGET = 0xff;

export const GICv3CPUState = struct('GICv3CPUState', 'GICv3 redistributor and CPU interface of one vCPU', {
  irqs: nested(GICPrivateIrqs, 'SGIs and PPIs'),
  gicr_waker: u32('GICR_WAKER'),
  icc_pmr: u32('ICC_PMR_EL1'),
  icc_ctlr: u32('ICC_CTLR_EL1: CBPR, EOImode; the constant bits are not stored'),
  icc_bpr: u32('ICC_BPR0_EL1, ICC_BPR1_EL1', 2),
  icc_apr: u32('ICC_AP0R0_EL1, ICC_AP1R0_EL1', 2),
  icc_igrpen: u32('ICC_IGRPEN0_EL1, ICC_IGRPEN1_EL1', 2),
  hppi_irq: u32('highest-priority pending interrupt that is enabled and routed here, INTID_SPURIOUS if none'),
  hppi_prio: u32('its priority; 0xff if none'),
  hppi_grp: u32('its group'),
  output: u32('OUT_* lines to the vCPU, as cpuSignal last reported them'),
}, 8);

/** vCPUs a GICv2 can serve. */
export const GICV2_NCPU = 8;
/** Words of active priorities of a group: 128 preemption levels. */
export const GICV2_NR_APRS = 4;

export const GICv2State = struct('GICv2State', 'GICv2 distributor', {
  gic_lock: shared('i32', 'any', 'SpinLock over all state of this GIC; cpuSignal is called under it'),
  gicd_ctlr: u32('GICD_CTLR: EnableGrp0, EnableGrp1'),
  irqs: nested(GICSharedIrqs, 'SPIs'),
  itargets: bytes('GICD_ITARGETSR', MAX_WORDS * 32),
}, 8);

export const GICv2CPUState = struct('GICv2CPUState', 'banked distributor registers and CPU interface of one vCPU of a GICv2', {
  irqs: nested(GICPrivateIrqs, 'SGIs and PPIs; the latch of an SGI is set while its byte of sgi_pending is not 0'),
  sgi_pending: bytes('bit n of byte s: SGI s is pending from vCPU n', GIC_NR_SGIS),
  gicc_ctlr: u32('GICC_CTLR'),
  gicc_pmr: u32('GICC_PMR'),
  gicc_bpr: u32('GICC_BPR, GICC_ABPR', 2),
  apr: u32('active priorities: GICC_APR0-3, then GICC_NSAPR0-3', 2 * GICV2_NR_APRS),
  hppi_irq: u32('highest-priority pending interrupt above the mask GICC_PMR, INTID_SPURIOUS if none'),
  hppi_prio: u32('its priority'),
  output: u32('OUT_* lines to the vCPU, as cpuSignal last reported them'),
}, 8);
