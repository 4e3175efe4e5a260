// GICv2: what each register group does, and the points where we leave QEMU (the rest is gic-golden.test.ts).
import t from 'tap';
import { GicV2, gicv2StateSize } from '../../src/hw/intc/gicv2.ts';

const ALL = 0xffff_ffff;
const NONE = 1023;
const GICD = {
  CTLR: 0, TYPER: 4, IIDR: 8, IGROUPR: 0x80, ISENABLER: 0x100, ICENABLER: 0x180, ISPENDR: 0x200, ICPENDR: 0x280, ISACTIVER: 0x300,
  IPRIORITYR: 0x400, ITARGETSR: 0x800, ICFGR: 0xc00, SGIR: 0xf00, CPENDSGIR: 0xf10, SPENDSGIR: 0xf20, PIDR2: 0xfe8,
} as const;
const GICC = {
  CTLR: 0, PMR: 4, BPR: 8, IAR: 0xc, EOIR: 0x10, RPR: 0x14, HPPIR: 0x18, ABPR: 0x1c, APR0: 0xd0, APR2: 0xd8, NSAPR0: 0xe0, IIDR: 0xfc, DIR: 0x1000,
} as const;

/** A GICv2 whose signals are recorded, everything enabled and routed to vCPU 0 unless `bare`. */
class Bench {
  readonly gic: GicV2;
  readonly lines: string[];
  readonly errors: string[] = [];

  constructor(nrCpus: number, bare = false) {
    this.lines = Array<string>(nrCpus).fill('');
    this.gic = new GicV2({
      words: new Int32Array(new SharedArrayBuffer(gicv2StateSize(nrCpus, 288))), base: 0, nrCpus, nrIrqs: 288,
      cpuSignal: (cpu, irq, fiq) => { this.lines[cpu] = (irq ? 'I' : '') + (fiq ? 'F' : ''); },
      guestError: (message) => { this.errors.push(message); },
    });
    this.gic.init();
    if (bare) return;
    this.d(0, 'CTLR', 3);
    for (let cpu = 0; cpu < nrCpus; cpu++) {
      this.d(cpu, 'ISENABLER', ALL);
      this.c(cpu, 'PMR', 0xff);
      this.c(cpu, 'CTLR', 1);
    }
    this.d(0, 'ISENABLER', ALL, 4);
    for (let irq = 32; irq < 288; irq += 4) this.d(0, 'ITARGETSR', 0x01010101, irq);
  }

  d(cpu: number, reg: keyof typeof GICD, value?: number, at = 0, size = 4): number {
    if (value === undefined) return this.gic.distributor.read(GICD[reg] + at, size, cpu);
    this.gic.distributor.write(GICD[reg] + at, size, value, cpu);
    return 0;
  }
  c(cpu: number, reg: keyof typeof GICC, value?: number): number {
    if (value === undefined) return this.gic.cpuInterface.read(GICC[reg], 4, cpu);
    this.gic.cpuInterface.write(GICC[reg], 4, value, cpu);
    return 0;
  }
}

t.test('identification and reset values', async (t) => {
  const b = new Bench(4, true);
  t.equal(b.d(0, 'TYPER'), 0x68, '288 interrupts, 4 vCPUs');
  t.equal(b.d(0, 'IIDR'), 0x43b);
  t.equal(b.d(0, 'PIDR2'), 0x2b);
  t.equal(b.c(0, 'IIDR'), 0x2043b);
  t.same([b.c(0, 'RPR'), b.c(0, 'IAR'), b.c(0, 'BPR'), b.c(0, 'ABPR')], [0xff, NONE, 0, 1]);
  t.equal(b.d(2, 'ITARGETSR'), 0x04040404, 'private interrupts name the reader');
  t.equal(b.d(0, 'ITARGETSR', undefined, 32), 0);
  t.equal(b.d(0, 'ISENABLER'), 0xffff, 'SGIs are always enabled');
  b.d(0, 'ICENABLER', ALL);
  t.equal(b.d(0, 'ISENABLER'), 0xffff);
  t.equal(new Bench(1).d(0, 'ITARGETSR', undefined, 40), 0, 'a single vCPU has no targets to choose');
  t.throws(() => new GicV2({ words: new Int32Array(8), base: 0, nrCpus: 9, nrIrqs: 288, cpuSignal() {} }), RangeError);
  t.equal(b.gic.distributor.read(0x40, 4, 0), 0);
  t.match(b.errors, [/gic_dist: bad read of 4 bytes at offset 0x40/]);
});

t.test('accesses of any size', async (t) => {
  const b = new Bench(2);
  b.d(0, 'IPRIORITYR', 0x11223344, 40);
  b.d(0, 'IPRIORITYR', 0x55, 41, 1);
  t.equal(b.d(0, 'IPRIORITYR', undefined, 40), 0x11225544);
  t.equal(b.d(0, 'IPRIORITYR', undefined, 42, 2), 0x1122);
  b.d(0, 'IGROUPR', 0xffff, 6, 2);
  t.equal(b.d(0, 'IGROUPR', undefined, 4), 0xffff_0000);
  b.d(0, 'ICFGR', 0xff, 9, 1);
  t.equal(b.d(0, 'ICFGR', undefined, 8), 0xaa00);
});

t.test('level, edge, latch', async (t) => {
  const b = new Bench(1);
  b.gic.setSpi(1, true);
  t.equal(b.lines[0], 'I');
  t.equal(b.d(0, 'ISPENDR', undefined, 4), 2);
  t.equal(b.c(0, 'IAR'), 33);
  t.equal(b.lines[0], '');
  b.c(0, 'EOIR', 33);
  t.equal(b.lines[0], 'I', 'still high');
  b.d(0, 'ICENABLER', 2, 4);
  b.d(0, 'ISENABLER', 2, 4);
  b.gic.setSpi(1, false);
  t.equal(b.lines[0], '', 'enabling a high level line latches nothing');
  b.d(0, 'ICFGR', 2 << 2, 8);
  b.gic.setSpi(1, true);
  b.gic.setSpi(1, false);
  t.equal(b.c(0, 'IAR'), 33, 'an edge is latched');
  b.c(0, 'EOIR', 33);
  t.equal(b.c(0, 'IAR'), NONE);
});

t.test('priority, mask, preemption, binary points', async (t) => {
  const b = new Bench(1);
  b.d(0, 'IPRIORITYR', 0x40, 40, 1);
  b.d(0, 'IPRIORITYR', 0x30, 41, 1);
  b.d(0, 'ISPENDR', 1 << 8, 4);
  b.c(0, 'PMR', 0x40);
  t.same([b.lines[0], b.c(0, 'HPPIR')], ['', NONE], 'masked');
  b.c(0, 'PMR', 0xff);
  t.equal(b.c(0, 'IAR'), 40);
  t.equal(b.c(0, 'RPR'), 0x40);
  t.equal(b.c(0, 'APR0'), 0, 'level 32 is in the second word');
  b.d(0, 'ISPENDR', 1 << 9, 4);
  t.equal(b.c(0, 'IAR'), 41, 'preempts');
  t.equal(b.c(0, 'RPR'), 0x30);
  b.c(0, 'EOIR', 41);
  b.c(0, 'EOIR', 40);
  t.equal(b.c(0, 'RPR'), 0xff);
  b.c(0, 'BPR', 6);
  b.d(0, 'ISPENDR', 1 << 8, 4);
  t.equal(b.c(0, 'IAR'), 40);
  t.equal(b.c(0, 'RPR'), 0, 'group priority: one bit');
  b.d(0, 'ISPENDR', 1 << 9, 4);
  t.equal(b.c(0, 'IAR'), NONE);
});

t.test('groups', async (t) => {
  const b = new Bench(1);
  b.d(0, 'ISPENDR', 1 << 8, 4);
  b.c(0, 'CTLR', 3 | 8);
  t.equal(b.lines[0], 'F', 'FIQEn: group 0 is an FIQ');
  b.d(0, 'IGROUPR', ALL, 4);
  t.equal(b.lines[0], 'I');
  t.equal(b.c(0, 'IAR'), 1022, 'group 1 without AckCtl');
  b.c(0, 'CTLR', 3 | 4);
  t.equal(b.c(0, 'IAR'), 40);
  t.same([b.c(0, 'APR0'), b.c(0, 'NSAPR0')], [0, 1]);
  b.c(0, 'EOIR', 40);
  t.same([b.c(0, 'APR0'), b.c(0, 'NSAPR0')], [0, 0]);
  b.d(0, 'ISPENDR', 1 << 8, 4);
  b.d(0, 'CTLR', 1);
  t.equal(b.lines[0], '', 'group 1 is disabled in the distributor');
});

t.test('split end of interrupt', async (t) => {
  const b = new Bench(1);
  b.gic.setSpi(8, true);
  t.equal(b.c(0, 'IAR'), 40);
  b.c(0, 'DIR', 40);
  t.equal(b.d(0, 'ISACTIVER', undefined, 4), 1 << 8, 'DIR does nothing with EOImode clear');
  b.c(0, 'CTLR', 1 | 1 << 9);
  b.c(0, 'EOIR', 40);
  t.equal(b.c(0, 'RPR'), 0xff);
  t.equal(b.lines[0], '');
  b.c(0, 'DIR', 40);
  t.equal(b.lines[0], 'I');
  for (const value of [1020, 1023, 500]) b.c(0, 'EOIR', value);
  t.equal(b.c(0, 'IAR'), 40);
});

t.test('SGIs', async (t) => {
  const b = new Bench(4);
  b.d(2, 'SGIR', 1 << 24 | 5);
  t.same(b.lines, ['I', 'I', '', 'I'], 'all but self');
  b.d(3, 'SGIR', 1 << 16 | 5);
  t.equal(b.d(0, 'SPENDSGIR', undefined, 4), (1 << 2 | 1 << 3) << 8);
  t.equal(b.c(0, 'IAR'), 2 << 10 | 5, 'source in the value');
  t.equal(b.lines[0], '', 'pending from another, but the same interrupt is active');
  b.c(0, 'EOIR', 2 << 10 | 5);
  t.equal(b.lines[0], 'I');
  t.equal(b.c(0, 'IAR'), 3 << 10 | 5);
  b.d(1, 'CPENDSGIR', 0xff, 5, 1);
  t.equal(b.lines[1], '', 'withdrawn');
  b.d(1, 'SPENDSGIR', 0x40, 7, 1);
  t.equal(b.c(1, 'IAR'), 6 << 10 | 7);
  b.d(3, 'SGIR', 2 << 24 | 15);
  t.equal(b.c(3, 'IAR'), 2 << 10 | 5);
  b.c(3, 'EOIR', 2 << 10 | 5);
  t.equal(b.c(3, 'IAR'), 3 << 10 | 15, 'to self');
  b.d(0, 'ISPENDR', 1);
  t.equal(b.d(0, 'ISPENDR') & 1, 0, 'SGIs are not made pending by ISPENDR');
});

t.test('targets: 1 of N', async (t) => {
  const b = new Bench(3);
  b.d(0, 'ITARGETSR', 6, 40, 1);
  b.gic.setSpi(8, true);
  t.same(b.lines, ['', 'I', 'I']);
  t.equal(b.c(2, 'IAR'), 40);
  t.same(b.lines, ['', '', ''], 'taken: nobody else is interrupted (QEMU: each target takes it)');
  t.equal(b.c(1, 'IAR'), NONE);
  b.c(2, 'EOIR', 40);
  t.same(b.lines, ['', 'I', 'I'], 'high still');
  b.gic.setSpi(8, false);
  b.d(0, 'ITARGETSR', 0, 40, 1);
  b.d(0, 'ISPENDR', 1 << 8, 4);
  t.same(b.lines, ['', '', '']);
  b.d(0, 'ITARGETSR', 1, 40, 1);
  t.same(b.lines, ['I', '', ''], 'kept until there is a target (QEMU: lost)');
  b.d(0, 'ITARGETSR', 2, 40, 1);
  t.same(b.lines, ['', 'I', ''], 'follows the target');
  t.equal(b.c(1, 'IAR'), 40);
  b.c(1, 'EOIR', 40);
  t.same(b.lines, ['', '', '']);
});

t.test('private interrupts are banked', async (t) => {
  const b = new Bench(2);
  b.d(1, 'ICFGR', 2 << 22, 4);
  t.same([b.d(0, 'ICFGR', undefined, 4), b.d(1, 'ICFGR', undefined, 4)], [0, 2 << 22], 'their trigger too (QEMU: shared)');
  b.d(0, 'ISPENDR', 1 << 27);
  t.same(b.lines, ['I', ''], 'software can make a PPI pending (QEMU: it cannot)');
  b.d(1, 'ISPENDR', 1 << 27);
  b.d(1, 'ICPENDR', 1 << 27);
  t.same(b.lines, ['I', ''], 'and clear its own (QEMU: everybody\'s)');
  t.equal(b.gic.cpuInterface.read(GICC.HPPIR, 4, -1), 27, 'a monitor sees vCPU 0');
});

t.test('reset', async (t) => {
  const b = new Bench(2);
  b.gic.setPpi(1, 27, true);
  b.c(1, 'IAR');
  b.gic.setPpi(0, 27, true);
  b.gic.reset();
  t.same(b.lines, ['', '']);
  t.same([b.d(0, 'CTLR'), b.c(1, 'RPR'), b.c(1, 'PMR'), b.d(0, 'ISENABLER')], [0, 0xff, 0, 0xffff]);
});
