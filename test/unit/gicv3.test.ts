// GICv3: what each register group does, and the points where we leave QEMU (the rest is gic-golden.test.ts).
import t from 'tap';
import { GICD_CTLR, GICD_ICFGR, GICD_ICPENDR, GICD_IROUTER, GICD_ISENABLER, GICD_ISPENDR, GICD_ITARGETSR, GICD_TYPER } from '../../src/hw/intc/gicv3-dist.ts';
import { GICR_CTLR, GICR_ICFGR1, GICR_IPRIORITYR, GICR_PENDBASER, GICR_PROPBASER, GICR_TYPER, GICR_WAKER } from '../../src/hw/intc/gicv3-redist.ts';
import { GicV3, gicv3StateSize } from '../../src/hw/intc/gicv3.ts';
import { ICC_REGS, IccReg } from '../../src/hw/intc/icc-regs.ts';

const SGI_FRAME = 0x10000;
const ALL = 0xffff_ffff;
const NONE = 1023;

/** A GICv3 whose signals are recorded, with everything enabled in group 1 unless `bare`. */
class Bench {
  readonly gic: GicV3;
  /** By vCPU: 'I', 'F', or '' . */
  readonly lines: string[];
  readonly errors: string[] = [];

  constructor(nrCpus: number, bare = false, affinity?: (cpu: number) => number) {
    this.lines = Array<string>(nrCpus).fill('');
    this.gic = new GicV3({
      words: new Int32Array(new SharedArrayBuffer(gicv3StateSize(nrCpus, 288))), base: 0, nrCpus, nrIrqs: 288, affinity,
      cpuSignal: (cpu, irq, fiq) => { this.lines[cpu] = (irq ? 'I' : '') + (fiq ? 'F' : ''); },
      guestError: (message) => { this.errors.push(message); },
    });
    this.gic.init();
    if (bare) return;
    this.d(GICD_CTLR, 3);
    for (let cpu = 0; cpu < nrCpus; cpu++) {
      this.r(cpu, GICR_WAKER, 0);
      this.r(cpu, SGI_FRAME + 0x80, ALL);
      this.r(cpu, SGI_FRAME + 0x100, ALL);
      this.icc(cpu, 'PMR', 0xff);
      this.icc(cpu, 'IGRPEN0', 1);
      this.icc(cpu, 'IGRPEN1', 1);
    }
    for (let n = 1; n < 9; n++) {
      this.d(0x80 + 4 * n, ALL);
      this.d(GICD_ISENABLER + 4 * n, ALL);
    }
  }

  d(offset: number, value?: number, size = 4): number {
    if (value === undefined) return this.gic.distributor.read(offset, size, 0);
    this.gic.distributor.write(offset, size, value, 0);
    return 0;
  }
  r(cpu: number, offset: number, value?: number, size = 4): number {
    if (value === undefined) return this.gic.redistributor.read(cpu * 0x20000 + offset, size, 0);
    this.gic.redistributor.write(cpu * 0x20000 + offset, size, value, 0);
    return 0;
  }
  icc(cpu: number, reg: keyof typeof IccReg, lo?: number, hi = 0): number {
    if (lo === undefined) return this.gic.iccRead(cpu, IccReg[reg]);
    this.gic.iccWrite(cpu, IccReg[reg], lo, hi);
    return 0;
  }
  /** Priority of an interrupt; those below 32 are of vCPU 0. */
  priority(intid: number, value: number): void {
    if (intid < 32) this.r(0, GICR_IPRIORITYR + intid, value, 1);
    else this.d(0x400 + intid, value, 1);
  }
  pend(intid: number): void { this.d(GICD_ISPENDR + 4 * (intid >> 5), 1 << (intid & 31)); }
}

t.test('identification', async (t) => {
  const b = new Bench(3, true, (cpu) => [0, 1, 0x0102_0300][cpu]);
  t.equal(b.d(GICD_CTLR), 0x50, 'ARE and DS');
  t.equal(b.d(GICD_TYPER), 0x0378_0007, 'no LPIs');
  t.equal(b.d(0x8), 0x43b);
  t.equal(b.d(0xffe8), 0x3b, 'PIDR2: GICv3');
  t.equal(b.r(1, GICR_TYPER), 0x0100_0100, 'processor number, no LPIs');
  t.equal(b.r(2, GICR_TYPER), 0x0100_0210, 'Last');
  t.equal(b.r(2, GICR_TYPER + 4), 0x0102_0300, 'affinity');
  t.equal(b.icc(0, 'CTLR'), 0x8c00);
  t.equal(b.icc(0, 'SRE'), 7);
  t.equal(b.gic.redistributor.size, 3 * 0x20000);
  t.throws(() => new GicV3({ words: new Int32Array(8), base: 0, nrCpus: 300, nrIrqs: 288, cpuSignal() {} }), RangeError);
  t.throws(() => new GicV3({ words: new Int32Array(8), base: 0, nrCpus: 1, nrIrqs: 100, cpuSignal() {} }), RangeError);
});

t.test('system register table', async (t) => {
  t.same(ICC_REGS.map((r) => r.reg), Object.values(IccReg), 'one row a register');
  t.equal(new Set(ICC_REGS.map((r) => `${r.op0} ${r.op1} ${r.crn} ${r.crm} ${r.op2}`)).size, ICC_REGS.length, 'no two alike');
  t.same(ICC_REGS.filter((r) => r.wide).map((r) => r.name), ['ICC_SGI1R_EL1', 'ICC_ASGI1R_EL1', 'ICC_SGI0R_EL1']);
});

t.test('reserved registers', async (t) => {
  const b = new Bench(1);
  for (const offset of [GICR_CTLR, GICR_PROPBASER, GICR_PROPBASER + 4, GICR_PENDBASER]) {
    b.r(0, offset, ALL);
    t.equal(b.r(0, offset), 0, 'no LPIs: RAZ/WI');
  }
  b.d(GICD_ITARGETSR + 32, ALL);
  t.equal(b.d(GICD_ITARGETSR + 32), 0, 'affinity routing: RAZ/WI');
  b.d(GICD_CTLR, 0);
  t.equal(b.d(GICD_CTLR), 0x50, 'ARE and DS cannot be cleared');
  t.equal(b.d(GICD_ISENABLER), 0, 'private interrupts are the redistributor\'s');
  t.equal(b.d(GICD_ISENABLER + 4 * 9), 0, 'beyond the last interrupt');
  t.same(b.errors, []);
  t.equal(b.d(0x5000), 0);
  b.r(0, 0x5000, 1);
  t.equal(b.d(GICD_ISENABLER + 4, undefined, 2), 0, 'only words');
  t.same(b.errors, [
    'gicv3_dist: bad read of 4 bytes at offset 0x5000', 'gicv3_redist: bad write of 4 bytes at offset 0x5000',
    'gicv3_dist: bad read of 2 bytes at offset 0x104',
  ]);
});

t.test('waker', async (t) => {
  const b = new Bench(1, true);
  t.equal(b.r(0, GICR_WAKER), 6, 'asleep after reset');
  b.r(0, GICR_WAKER, 0);
  t.equal(b.r(0, GICR_WAKER), 0);
  b.r(0, GICR_WAKER, ALL);
  t.equal(b.r(0, GICR_WAKER), 6);
});

t.test('level-sensitive interrupt', async (t) => {
  const b = new Bench(2);
  b.gic.setSpi(1, true);
  t.same(b.lines, ['I', '']);
  t.equal(b.d(GICD_ISPENDR + 4), 2, 'the line shows as pending');
  b.d(GICD_ICPENDR + 4, 2);
  t.equal(b.lines[0], 'I', 'which a write cannot clear');
  t.equal(b.icc(0, 'IAR1'), 33);
  t.equal(b.lines[0], '', 'active: not signalled again');
  b.icc(0, 'EOIR1', 33);
  t.equal(b.lines[0], 'I', 'the line is still high');
  b.gic.setSpi(1, false);
  t.equal(b.lines[0], '');
  t.equal(b.icc(0, 'IAR1'), NONE);
  b.pend(33);
  t.equal(b.lines[0], 'I', 'latched by software');
  t.equal(b.icc(0, 'IAR1'), 33);
  b.icc(0, 'EOIR1', 33);
  t.equal(b.lines[0], '', 'the acknowledge cleared the latch');
});

t.test('edge-triggered interrupt', async (t) => {
  const b = new Bench(1);
  b.d(GICD_ICFGR + 8, 2 << 2);
  b.gic.setSpi(1, true);
  b.gic.setSpi(1, false);
  t.equal(b.lines[0], 'I', 'latched');
  t.equal(b.icc(0, 'IAR1'), 33);
  b.gic.setSpi(1, true);
  t.equal(b.lines[0], '', 'pending while active');
  t.equal(b.d(GICD_ISPENDR + 4), 2);
  b.icc(0, 'EOIR1', 33);
  t.equal(b.lines[0], 'I', 'the second edge was not lost');
  t.equal(b.icc(0, 'IAR1'), 33);
  b.icc(0, 'EOIR1', 33);
  t.equal(b.lines[0], '', 'high is not an edge');
});

t.test('private interrupts are per vCPU', async (t) => {
  const b = new Bench(2);
  b.r(1, GICR_ICFGR1, 2 << (2 * 11));
  b.gic.setPpi(1, 27, true);
  b.gic.setPpi(0, 30, true);
  t.same(b.lines, ['I', 'I']);
  t.equal(b.icc(0, 'IAR1'), 30);
  t.equal(b.icc(1, 'IAR1'), 27);
  t.equal(b.r(0, SGI_FRAME + 0x300), 1 << 30);
  t.equal(b.r(1, SGI_FRAME + 0x300), 1 << 27);
  b.icc(1, 'EOIR1', 27);
  t.equal(b.lines[1], '', 'edge-triggered here');
  b.gic.setPpi(0, 30, false);
  b.gic.setSpi(1000, true);
  t.pass('a line beyond the last interrupt is ignored');
});

t.test('priority, mask and preemption', async (t) => {
  const b = new Bench(1);
  for (const [intid, priority] of [[40, 0x80], [41, 0x40], [42, 0x40], [43, 0x84]]) b.priority(intid, priority);
  for (const intid of [43, 42, 41, 40]) b.pend(intid);
  b.icc(0, 'PMR', 0x40);
  t.equal(b.lines[0], '', 'the mask is exclusive');
  t.equal(b.icc(0, 'HPPIR1'), 41, 'but hides nothing from HPPIR');
  t.equal(b.icc(0, 'IAR1'), NONE);
  b.icc(0, 'PMR', 0xff);
  t.equal(b.icc(0, 'PMR'), 0xf8, 'five bits');
  t.equal(b.icc(0, 'IAR1'), 41, 'the lowest number among equals');
  t.equal(b.icc(0, 'RPR'), 0x40);
  t.equal(b.lines[0], '', 'no preemption among equals');
  t.equal(b.icc(0, 'IAR1'), NONE);
  b.priority(44, 0x10);
  b.pend(44);
  t.equal(b.lines[0], 'I', 'preempts');
  t.equal(b.icc(0, 'IAR1'), 44);
  t.equal(b.icc(0, 'AP1R0'), (1 << 2) | (1 << 8));
  b.icc(0, 'EOIR1', 44);
  t.equal(b.icc(0, 'RPR'), 0x40);
  b.icc(0, 'EOIR1', 41);
  t.equal(b.icc(0, 'RPR'), 0xff);
  t.equal(b.icc(0, 'IAR1'), 42);
  b.icc(0, 'EOIR1', 42);
  t.equal(b.icc(0, 'IAR1'), 40);
  t.equal(b.lines[0], '', '0x84 does not preempt 0x80: the same group priority');
  b.icc(0, 'EOIR1', 40);
  t.equal(b.icc(0, 'IAR1'), 43);
});

t.test('binary points', async (t) => {
  const b = new Bench(1);
  t.same([b.icc(0, 'BPR0'), b.icc(0, 'BPR1')], [2, 3], 'least values');
  b.icc(0, 'BPR0', 0);
  b.icc(0, 'BPR1', 6);
  t.same([b.icc(0, 'BPR0'), b.icc(0, 'BPR1')], [2, 6]);
  b.priority(40, 0xb0);
  b.priority(41, 0x90);
  b.pend(40);
  t.equal(b.icc(0, 'IAR1'), 40);
  t.equal(b.icc(0, 'RPR'), 0x80, 'group priority: two bits');
  b.pend(41);
  t.equal(b.lines[0], '', 'the same group');
  b.icc(0, 'CTLR', 1);
  t.equal(b.icc(0, 'BPR1'), 3, 'CBPR: BPR0 + 1');
  b.icc(0, 'BPR1', 7);
  b.icc(0, 'CTLR', 0);
  t.equal(b.icc(0, 'BPR1'), 6, 'CBPR: writes are ignored');
});

t.test('groups', async (t) => {
  const b = new Bench(1);
  b.d(0x84, ALL & ~(1 << 8));
  b.priority(40, 0x20);
  b.pend(40);
  t.equal(b.lines[0], 'F', 'group 0 is an FIQ');
  t.equal(b.icc(0, 'IAR1'), NONE);
  t.equal(b.icc(0, 'HPPIR0'), 40);
  t.equal(b.icc(0, 'IAR0'), 40);
  t.equal(b.icc(0, 'AP0R0'), 1 << 4);
  b.icc(0, 'EOIR1', 40);
  t.equal(b.icc(0, 'RPR'), 0x20, 'the other group\'s EOI is ignored');
  b.icc(0, 'EOIR0', 40);
  t.equal(b.icc(0, 'RPR'), 0xff);
  b.pend(41);
  t.equal(b.lines[0], 'I');
  b.icc(0, 'IGRPEN1', 0);
  t.equal(b.lines[0], '');
  b.icc(0, 'IGRPEN1', 1);
  b.d(GICD_CTLR, 1);
  t.equal(b.lines[0], '');
});

t.test('split end of interrupt', async (t) => {
  const b = new Bench(2);
  b.gic.setSpi(8, true);
  b.icc(0, 'DIR', 40);
  t.equal(b.icc(0, 'IAR1'), 40);
  b.icc(0, 'DIR', 40);
  t.equal(b.d(0x304), 1 << 8, 'DIR does nothing with EOImode clear');
  b.icc(0, 'CTLR', 2);
  b.icc(1, 'CTLR', 2);
  b.icc(0, 'EOIR1', 40);
  t.equal(b.icc(0, 'RPR'), 0xff, 'priority dropped');
  t.equal(b.d(0x304), 1 << 8, 'still active');
  t.equal(b.lines[0], '');
  b.icc(1, 'DIR', 40);
  t.equal(b.d(0x304), 0, 'any vCPU may deactivate');
  t.equal(b.lines[0], 'I');
  for (const intid of [1020, 1023, 500, 0xff_ffff]) {
    b.icc(0, 'EOIR1', intid);
    b.icc(0, 'DIR', intid);
  }
  t.equal(b.icc(0, 'IAR1'), 40);
});

t.test('affinity routing', async (t) => {
  const b = new Bench(4, false, (cpu) => [0, 1, 0x100, 0x0100_0000][cpu]);
  const route = (lo: number, hi: number) => {
    b.d(GICD_IROUTER + 8 * 40, lo);
    b.d(GICD_IROUTER + 8 * 40 + 4, hi);
    return b.lines.indexOf('I');
  };
  b.gic.setSpi(8, true);
  t.equal(b.lines.indexOf('I'), 0, 'after reset: affinity 0');
  t.equal(route(1, 0), 1);
  t.equal(route(0x100, 0), 2);
  t.equal(route(0, 1), 3);
  t.equal(route(0x200, 0), -1, 'nobody');
  t.equal(route(0x8000_0001, 0), 1, 'no 1-of-N: the affinity counts');
  t.equal(b.d(GICD_IROUTER + 8 * 40), 0x8000_0001);
  t.equal(b.d(GICD_IROUTER + 8 * 20), 0, 'private interrupts have no route');
});

t.test('SGIs', async (t) => {
  const b = new Bench(4, false, (cpu) => [0, 1, 0x100, 0x10f][cpu]);
  const sgi = (lo: number, hi = 0, reg: 'SGI1R' | 'SGI0R' | 'ASGI1R' = 'SGI1R') => {
    b.icc(1, reg, lo, hi);
    const got = b.lines.map((line, cpu) => (line === 'I' ? b.icc(cpu, 'IAR1') : line === 'F' ? b.icc(cpu, 'IAR0') : -1));
    got.forEach((intid, cpu) => { if (intid >= 0) b.icc(cpu, b.icc(cpu, 'AP0R0') !== 0 ? 'EOIR0' : 'EOIR1', intid); });
    return got;
  };
  t.same(sgi(5 << 24 | 3), [5, 5, -1, -1], 'target list');
  t.same(sgi(6 << 24 | 1 << 16 | 0x8001), [-1, -1, 6, 6], 'Aff1 and the whole list');
  t.same(sgi(7 << 24, 1 << 8), [7, -1, 7, 7], 'IRM: all but self');
  t.same(sgi(7 << 24 | 1, 1), [-1, -1, -1, -1], 'no such Aff2');
  t.same(sgi(8 << 24 | 3, 0, 'SGI0R'), [-1, -1, -1, -1], 'not of group 0');
  b.r(0, SGI_FRAME + 0x80, 0);
  t.same(sgi(8 << 24 | 3), [-1, 8, -1, -1], 'group 1 only where it is of group 1');
  t.same(sgi(8 << 24 | 3, 0, 'SGI0R'), [8, -1, -1, -1]);
  t.same(sgi(9 << 24 | 3, 0, 'ASGI1R'), [9, -1, -1, -1], 'one security state: the other group 1 is group 0');
});

t.test('handles share the state; reset', async (t) => {
  const b = new Bench(2);
  const signals: string[] = [];
  const other = new GicV3({ words: b.gic.w, base: 0, nrCpus: 2, nrIrqs: 288, cpuSignal: (cpu, irq) => { signals.push(`${cpu}${irq}`); } });
  other.setSpi(1, true);
  other.setSpi(1, true);
  t.same(signals, ['0true'], 'the causing handle reports, once');
  t.equal(b.icc(0, 'IAR1'), 33);
  other.setSpi(1, false);
  other.setPpi(1, 27, true);
  other.distributor.reset();
  t.same(signals, ['0true', '1true', '1false'], 'outputs fall');
  t.equal(b.d(GICD_CTLR), 0x50);
  t.same([b.icc(0, 'RPR'), b.icc(0, 'PMR'), b.icc(0, 'BPR1'), b.r(0, GICR_WAKER), b.r(0, SGI_FRAME + 0xc00)], [0xff, 0, 3, 6, 0xaaaa_aaaa]);
  t.ok(b.gic.lock.tryLock(), 'the lock survived');
});
