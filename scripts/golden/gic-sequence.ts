// Random sequences of GIC accesses that mean something: interrupts raised, taken, nested and ended, reconfigured in between.
import { mpAffinity } from '../../src/machine/virt-map.ts';
import type { Access, Outcome, TraceConfig } from '../../test/unit/support/gic-trace.ts';
import { PPI_LINES, SPI_LINES } from './gic-machine.ts';

/** Interrupts the sequences play with: some of every kind, those with lines included. */
const SPIS = [...SPI_LINES.map((n) => 32 + n), 32, 40, 63, 64, 100, 255, 287];
const PPIS = [16, 20, 31, ...PPI_LINES];
const SGIS = [0, 1, 7, 15];
const PRIORITIES = [0, 1, 7, 8, 0x10, 0x40, 0x44, 0x80, 0x84, 0x88, 0xa0, 0xa8, 0xf0, 0xf7, 0xf8, 0xff];
const PRIORITY_MASKS = [0, 8, 0x44, 0x80, 0x90, 0xf0, 0xf8, 0xff, 0xff, 0xff];
/** INTIDs written to end-of-interrupt registers that were never acknowledged. */
const ODD_IDS = [0, 15, 20, 40, 287, 288, 1000, 1020, 1021, 1022, 1023];

const BANKS = { IGROUPR: 0x80, ISENABLER: 0x100, ICENABLER: 0x180, ISPENDR: 0x200, ICPENDR: 0x280, ISACTIVER: 0x300, ICACTIVER: 0x380 } as const;
type Bank = keyof typeof BANKS;

const ICC_READS = [
  'PMR', 'HPPIR0', 'HPPIR1', 'BPR0', 'BPR1', 'AP0R0', 'AP1R0', 'RPR', 'CTLR', 'SRE', 'IGRPEN0', 'IGRPEN1', 'EOIR0', 'EOIR1', 'DIR', 'SGI1R',
  'AP0R1', 'AP0R2', 'AP0R3', 'AP1R1', 'AP1R2', 'AP1R3',
];

const V2_READS: readonly (readonly ['c' | 'd', number])[] = [
  ...[0, 4, 8, 0x14, 0x18, 0x1c, 0xd0, 0xd4, 0xe0, 0xe8].map((offset) => ['c', offset] as const),
  ['d', 0xf14], ['d', 0xf20], ['d', 0x824],
];

/**
 * What is left out, because QEMU's answer is one that we do not want (docs/design/gic.md): registers of LPIs; a changed
 * trigger of an enabled interrupt; for a GICv2, GICD_ISPENDR and ICPENDR of private interrupts, ISACTIVER of SPIs,
 * GICD_SPENDSGIR without a source (asserts), an SPI with none or several targets, a new target for one that is pending
 * or active, private ICFGR of one vCPU alone.
 */
export class GicSequence {
  readonly #config: TraceConfig;
  #state: number;
  #queue: Access[] = [];
  /** INTIDs acknowledged and not yet ended, by vCPU; `value` as read. */
  readonly #taken: { group: number; value: number }[][];
  /** Ended with EOImode set, to be deactivated. */
  readonly #dropped: number[][];
  readonly #high = new Set<string>();
  #signals: string;

  constructor(config: TraceConfig, seed: number) {
    this.#config = config;
    this.#signals = '0'.repeat(config.cpus);
    this.#state = seed * 2654435761 >>> 0 || 1;
    this.#taken = Array.from({ length: config.cpus }, () => []);
    this.#dropped = Array.from({ length: config.cpus }, () => []);
    this.#setUp();
  }

  next(): Access {
    while (this.#queue.length === 0) this.#step();
    return this.#queue.shift()!;
  }

  /** Follows what was acknowledged, and who is interrupted. */
  saw(access: Access, outcome: Outcome): void {
    this.#signals = outcome.signals;
    const group = access.op === 'ir' && access.name === 'ICC_IAR0_EL1' ? 0 : 1;
    const acknowledges = (access.op === 'ir' && /IAR/.test(access.name)) || (access.op === 'r' && access.space === 'c' && this.#v2 && access.offset === 0xc);
    if (acknowledges && (outcome.value & 0x3ff) < 1020) this.#taken[access.cpu].push({ group, value: outcome.value });
  }

  get #v2(): boolean { return this.#config.version === 2; }

  /** xorshift32 */
  #random(n: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % n;
  }
  #pick<T>(list: readonly T[]): T { return list[this.#random(list.length)]; }
  #chance(percent: number): boolean { return this.#random(100) < percent; }
  #bits(): number { return ((this.#random(0x10000) << 16) | this.#random(0x10000)) >>> 0; }
  #cpu(): number { return this.#random(this.#config.cpus); }
  #irq(): number { return this.#pick([SGIS, PPIS, SPIS, SPIS])[this.#random(4)]; }

  #push(a: Access): void { this.#queue.push(a); }
  #read(cpu: number, space: 'd' | 'c', offset: number, size = 4): void { this.#push({ op: 'r', cpu, size, space, offset }); }
  #write(cpu: number, space: 'd' | 'c', offset: number, value: number, size = 4): void {
    this.#push({ op: 'w', cpu, size, space, offset, value: value >>> 0 });
  }
  #icc(cpu: number, name: string, value?: bigint | number): void {
    this.#push(value === undefined ? { op: 'ir', cpu, name: `ICC_${name}_EL1` } : { op: 'iw', cpu, name: `ICC_${name}_EL1`, value: BigInt(value) });
  }

  /** Where word or byte `at` of a register array is for private interrupts (of `cpu`) and others. */
  #place(cpu: number, base: number, at: number, isPrivate: boolean): readonly ['d' | 'c', number] {
    return isPrivate && !this.#v2 ? ['c', cpu * 0x20000 + 0x10000 + base + at] : ['d', base + at];
  }
  #bankPlace(cpu: number, bank: Bank, irq: number) { return this.#place(cpu, BANKS[bank], (irq >> 5) * 4, irq < 32); }
  #writeBank(cpu: number, bank: Bank, irq: number, value: number): void {
    if (this.#v2 && (irq < 32 ? /PENDR/.test(bank) && this.#config.cpus > 1 : bank === 'ISACTIVER')) return;
    this.#write(cpu, ...this.#bankPlace(cpu, bank, irq), value);
  }

  #setUp(): void {
    const { cpus } = this.#config;
    this.#write(0, 'd', 0, 3);
    for (let cpu = 0; cpu < cpus; cpu++) {
      if (this.#v2) {
        this.#write(cpu, 'c', 4, 0xff);
        this.#write(cpu, 'c', 0, 7);
      } else {
        this.#icc(cpu, 'PMR', 0xff);
        this.#icc(cpu, 'IGRPEN0', 1);
        this.#icc(cpu, 'IGRPEN1', 1);
        this.#write(cpu, 'c', cpu * 0x20000 + 0x14, 0);
      }
      this.#writeBank(cpu, 'IGROUPR', 0, this.#bits());
      this.#writeBank(cpu, 'ISENABLER', 0, 0xffff_ffff);
      for (const irq of [...SGIS, ...PPIS]) this.#setPriority(cpu, irq);
    }
    if (this.#v2) for (let irq = 32; irq < 288; irq += 4) this.#write(0, 'd', 0x800 + irq, 0x01010101 << this.#cpu());
    for (const irq of SPIS) {
      this.#writeBank(0, 'IGROUPR', irq, this.#bits());
      this.#writeBank(0, 'ISENABLER', irq, 0xffff_ffff);
      this.#setPriority(0, irq);
      this.#route(irq);
    }
  }

  #setPriority(cpu: number, irq: number): void {
    if (this.#chance(70)) this.#write(cpu, ...this.#place(cpu, 0x400, irq, irq < 32), this.#pick(PRIORITIES), 1);
    else {
      const value = PRIORITIES[this.#random(16)] << 24 | PRIORITIES[this.#random(16)] << 16 | PRIORITIES[this.#random(16)] << 8 | this.#pick(PRIORITIES);
      this.#write(cpu, ...this.#place(cpu, 0x400, irq & ~3, irq < 32), value);
    }
  }

  #route(irq: number): void {
    const to = this.#cpu();
    if (!this.#v2) {
      const none = this.#chance(5);
      this.#write(this.#cpu(), 'd', 0x6000 + 8 * irq, (none ? 0x30405 : mpAffinity(to, 3)) | (this.#chance(10) ? 0x8000_0000 : 0));
      if (this.#chance(5)) this.#write(0, 'd', 0x6004 + 8 * irq, this.#random(2));
      else if (this.#chance(30)) this.#write(0, 'd', 0x6004 + 8 * irq, 0);
      return;
    }
    this.#writeBank(0, 'ICACTIVER', irq, 1 << (irq & 31));
    this.#writeBank(0, 'ICPENDR', irq, 1 << (irq & 31));
    this.#write(this.#cpu(), 'd', 0x800 + irq, 1 << to, 1);
  }

  #step(): void {
    const cpu = this.#cpu();
    const roll = this.#random(100);
    if (roll < 16) this.#raise(cpu);
    else if (roll < 38) this.#acknowledge(this.#interrupted(cpu));
    else if (roll < 58) this.#end(cpu);
    else if (roll < 60) this.#recover(cpu);
    else if (roll < 72) this.#configure(cpu);
    else if (roll < 82) this.#configureCpu(cpu);
    else if (roll < 97) this.#look(cpu);
    else this.#odd(cpu);
  }

  #raise(cpu: number): void {
    const irq = this.#irq();
    const kind = this.#random(10);
    if (kind < 3) {
      const line = this.#pick(SPI_LINES);
      this.#push({ op: 'spi', line, level: this.#toggle(`spi${line}`) });
    } else if (kind < 6) {
      const line = this.#pick(PPI_LINES);
      this.#push({ op: 'ppi', cpu, line, level: this.#toggle(`ppi${cpu}/${line}`) });
    } else if (kind < 8) this.#writeBank(cpu, this.#chance(70) ? 'ISPENDR' : 'ICPENDR', irq, 1 << (irq & 31));
    else this.#sgi(cpu);
  }

  #toggle(line: string): boolean {
    if (this.#high.delete(line)) return false;
    this.#high.add(line);
    return true;
  }

  #sgi(cpu: number): void {
    const irq = this.#pick(SGIS);
    if (this.#v2) {
      const offset = this.#pick([0xf00, 0xf00, 0xf00, 0xf10, 0xf20]);
      if (offset === 0xf00) this.#write(cpu, 'd', offset, this.#random(4) << 24 | this.#random(256) << 16 | irq);
      else if (this.#chance(50)) this.#write(cpu, 'd', offset + irq, (this.#bits() & 0xff) | 1, 1);
      else this.#write(cpu, 'd', offset + (irq & ~3), (this.#bits() & this.#bits()) | 0x01010101);
      return;
    }
    const affinity = mpAffinity(this.#cpu(), 3) & ~0xf;
    const list = this.#chance(50) ? 1 << this.#random(16) : this.#random(0x10000);
    const irm = this.#chance(25) ? 1n << 40n : 0n;
    const strange = this.#chance(5) ? BigInt(this.#random(16)) << BigInt(this.#pick([44, 48, 32])) : 0n;
    this.#icc(cpu, this.#pick(['SGI1R', 'SGI1R', 'SGI0R', 'ASGI1R']), BigInt(((affinity >> 8 & 0xff) << 16 | irq << 24 | list) >>> 0) | irm | strange);
  }

  #acknowledge(cpu: number): void {
    if (this.#taken[cpu].length > 5) return this.#end(cpu);
    if (this.#v2) this.#read(cpu, 'c', 0xc);
    else if (this.#chance(20)) this.#icc(cpu, this.#pick(['IAR0', 'IAR1']));
    else this.#icc(cpu, (Number(this.#signals[cpu]) & 2) !== 0 ? 'IAR0' : 'IAR1');
  }

  /** Usually a vCPU whose interrupt is signalled, if there is one. */
  #interrupted(cpu: number): number {
    const all = [...this.#signals].flatMap((s, i) => (s === '0' ? [] : [i]));
    return all.length === 0 || this.#chance(15) ? cpu : this.#pick(all);
  }

  /** A vCPU that has become deaf hears again. */
  #recover(cpu: number): void {
    this.#taken[cpu].length = 0;
    this.#dropped[cpu].length = 0;
    if (this.#v2) {
      for (let i = 0; i < 8; i++) this.#write(cpu, 'c', 0xd0 + 4 * i, 0);
      this.#write(cpu, 'c', 4, 0xff);
      this.#write(cpu, 'c', 0, 7);
    } else {
      for (const name of ['AP0R0', 'AP1R0']) this.#icc(cpu, name, 0);
      this.#icc(cpu, 'PMR', 0xff);
      this.#icc(cpu, 'CTLR', 0);
    }
    for (const irq of [0, 32, 64]) this.#writeBank(cpu, 'ICACTIVER', irq, 0xffff_ffff);
  }

  #end(cpu: number): void {
    const dropped = this.#dropped[cpu];
    if (dropped.length > 0 && this.#chance(60)) return this.#deactivate(cpu, dropped.splice(this.#random(dropped.length), 1)[0]);
    const last = this.#taken[cpu].pop();
    if (last === undefined) return this.#acknowledge(cpu);
    if (this.#v2) this.#write(cpu, 'c', 0x10, last.value);
    else this.#icc(cpu, this.#chance(95) ? `EOIR${last.group}` : `EOIR${1 - last.group}`, last.value);
    dropped.push(last.value);
    if (dropped.length > 4) this.#deactivate(cpu, dropped.shift()!);
  }

  #deactivate(cpu: number, value: number): void {
    if (this.#v2) this.#write(cpu, 'c', 0x1000, value);
    else this.#icc(cpu, 'DIR', value);
  }

  /** Distributor and redistributor settings of one interrupt or of 32. */
  #configure(cpu: number): void {
    const irq = this.#irq();
    const bit = 1 << (irq & 31);
    switch (this.#random(10)) {
      case 0: case 1: case 2: return this.#setPriority(cpu, irq);
      case 3: return this.#writeBank(cpu, 'IGROUPR', irq, this.#bits());
      case 4:
        this.#writeBank(cpu, 'ICENABLER', irq, this.#chance(80) ? bit : this.#bits());
        this.#writeBank(cpu, 'ISENABLER', irq, 0xffff_ffff);
        return;
      case 5: return this.#writeBank(cpu, this.#chance(20) ? 'ISACTIVER' : 'ICACTIVER', irq, this.#chance(70) ? bit : this.#bits());
      case 6: return this.#setTrigger(irq);
      case 7: return irq >= 32 ? this.#route(irq) : undefined;
      case 8:
        if (this.#chance(70)) return;
        this.#write(cpu, 'd', 0, this.#v2 ? 0 : this.#random(4));
        this.#write(cpu, 'd', 0, 3);
        return;
      case 9: return this.#writeBank(cpu, this.#chance(60) ? 'ISPENDR' : 'ICPENDR', irq, this.#bits() & this.#bits());
    }
  }

  #lowerLines(): void {
    for (const name of this.#high) {
      const [kind, numbers] = [name.slice(0, 3), name.slice(3).split('/').map(Number)];
      this.#push(kind === 'spi' ? { op: 'spi', line: numbers[0], level: false } : { op: 'ppi', cpu: numbers[0], line: numbers[1], level: false });
    }
    this.#high.clear();
  }

  #setTrigger(irq: number): void {
    const value = this.#bits();
    if (this.#v2) this.#lowerLines();
    const all = Array.from({ length: this.#config.cpus }, (_, cpu) => cpu);
    for (const cpu of irq >= 32 || !this.#v2 ? [this.#cpu()] : all) {
      this.#writeBank(cpu, 'ICENABLER', irq, 0xffff_ffff);
      this.#write(cpu, ...this.#place(cpu, 0xc00, (irq >> 4) * 4, irq < 32), value);
      this.#writeBank(cpu, 'ISENABLER', irq, 0xffff_ffff);
    }
  }

  #configureCpu(cpu: number): void {
    if (this.#v2) {
      const kind = this.#random(5);
      if (kind === 0) this.#write(cpu, 'c', 4, this.#pick(PRIORITY_MASKS));
      else if (kind === 1) this.#write(cpu, 'c', 8, this.#random(8));
      else if (kind === 2) this.#write(cpu, 'c', 0x1c, this.#random(8));
      else if (kind === 3) this.#write(cpu, 'c', 0, (this.#chance(95) ? 3 : this.#random(4)) | (this.#chance(80) ? 4 : 0) | (this.#bits() & 0x618 & this.#bits()));
      else if (this.#chance(10)) this.#write(cpu, 'c', 0xd0 + 4 * this.#random(8), this.#chance(60) ? 0 : this.#bits() & this.#bits());
      return;
    }
    switch (this.#random(7)) {
      case 0: return this.#icc(cpu, 'PMR', this.#pick(PRIORITY_MASKS));
      case 1: return this.#icc(cpu, 'BPR0', this.#random(8));
      case 2: return this.#icc(cpu, 'BPR1', this.#random(8));
      case 3: return this.#icc(cpu, 'CTLR', this.#random(4));
      case 4:
        this.#icc(cpu, this.#pick(['IGRPEN0', 'IGRPEN1']), 0);
        this.#icc(cpu, 'IGRPEN0', 1);
        return this.#icc(cpu, 'IGRPEN1', 1);
      case 5: return this.#chance(15) ? this.#icc(cpu, this.#pick(['AP0R0', 'AP1R0']), this.#chance(60) ? 0 : (this.#bits() & this.#bits()) >>> 0) : undefined;
      case 6: return this.#write(cpu, 'c', this.#cpu() * 0x20000 + 0x14, this.#random(8));
    }
  }

  #look(cpu: number): void {
    const irq = this.#irq();
    const kind = this.#random(8);
    if (kind < 3) this.#read(cpu, ...this.#bankPlace(cpu, this.#pick(Object.keys(BANKS) as Bank[]), irq));
    else if (kind === 3) this.#read(cpu, ...this.#place(cpu, 0x400, irq, irq < 32), 1);
    else if (kind === 4) this.#read(cpu, ...this.#place(cpu, 0xc00, (irq >> 4) * 4, irq < 32));
    else if (this.#v2) this.#read(cpu, ...this.#pick(V2_READS));
    else if (kind === 5) this.#read(cpu, 'd', 0x6000 + 4 * this.#random(2) + 8 * irq);
    else this.#icc(cpu, this.#pick(ICC_READS));
  }

  /** Registers at random, of any size; end of interrupts never taken. */
  #odd(cpu: number): void {
    const kind = this.#random(6);
    const size = this.#pick([1, 2, 4]);
    if (kind === 0) {
      if (this.#v2) this.#write(cpu, 'c', this.#pick([0x10, 0x1000]), this.#pick(ODD_IDS));
      else this.#icc(cpu, this.#pick(['EOIR0', 'EOIR1', 'DIR']), this.#pick(ODD_IDS));
    } else if (kind === 1) this.#oddWrite(cpu);
    else if (kind < 4) {
      const offset = this.#random(this.#v2 ? 0x1000 : 0x10000) & -size;
      if (offset >> 2 !== 1) this.#read(cpu, 'd', offset, size);
    } else if (!this.#v2) {
      const offset = this.#random(0x20000) & -size;
      if (!(offset < 0x10 || (offset >= 0x70 && offset < 0x80))) this.#read(cpu, 'c', this.#cpu() * 0x20000 + offset, size);
    } else this.#read(cpu, 'c', this.#random(0x100) & -4, 4);
  }

  /** Writes to system registers that cannot be written, and quirks of those that can. */
  #oddWrite(cpu: number): void {
    if (this.#v2) this.#write(cpu, 'd', this.#random(0x40) & -4, this.#bits() & ~3);
    else this.#icc(cpu, this.#pick(['IAR0', 'HPPIR1', 'RPR', 'SRE', 'AP0R1', 'AP1R2']), this.#bits());
  }
}
