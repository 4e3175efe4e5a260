// Drives one `-M virt` of qemu-system-aarch64: single GIC accesses on any vCPU, each answered at once.
import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { ICC_REGS } from '../../src/hw/intc/icc-regs.ts';
import { mpAffinity, VIRT_IRQMAP, VIRT_MEMMAP, VIRT_PPI, type GicVersion } from '../../src/machine/virt-map.ts';
import type { Access, Outcome, TraceConfig } from '../../test/unit/support/gic-trace.ts';
import { QEMU } from './qtest.ts';

/** Registers that exist only with more preemption bits: recorded to be UNDEFINED. */
const ABSENT = [1, 2, 3].flatMap((n) => [
  { name: `ICC_AP0R${n}_EL1`, op0: 3, op1: 0, crn: 12, crm: 8, op2: 4 + n },
  { name: `ICC_AP1R${n}_EL1`, op0: 3, op1: 0, crn: 12, crm: 9, op2: n },
]);
const SYSREGS = [
  ...ICC_REGS, ...ABSENT,
  { name: 'CNTP_CTL_EL0', op0: 3, op1: 3, crn: 14, crm: 2, op2: 1 },
  { name: 'CNTP_CVAL_EL0', op0: 3, op1: 3, crn: 14, crm: 2, op2: 2 },
  { name: 'CNTV_CTL_EL0', op0: 3, op1: 3, crn: 14, crm: 3, op2: 1 },
  { name: 'CNTV_CVAL_EL0', op0: 3, op1: 3, crn: 14, crm: 3, op2: 2 },
];
const sysreg = (name: string): number => {
  const n = SYSREGS.findIndex((r) => r.name === name);
  if (n < 0) throw new Error(`the guest has no register ${name}`);
  return n;
};

/** Timers that count as expired: their enable bit is the interrupt line. */
const PPI_TIMERS: Readonly<Record<number, string>> = {
  [16 + VIRT_PPI.TIMER_NS_EL1]: 'CNTP_CTL_EL0',
  [16 + VIRT_PPI.TIMER_VIRT]: 'CNTV_CTL_EL0',
};
/** Mask registers of devices whose raw interrupt status stays set: address, mask. */
const SPI_MASKS: Readonly<Record<number, readonly [number, number]>> = {
  [VIRT_IRQMAP.UART]: [VIRT_MEMMAP.UART.base + 0x38, 0x20],
  [VIRT_IRQMAP.RTC]: [VIRT_MEMMAP.RTC.base + 0x10, 1],
  [VIRT_IRQMAP.GPIO]: [VIRT_MEMMAP.GPIO.base + 0x410, 0xff],
};
/** Interrupt lines that a trace may drive. */
export const PPI_LINES = Object.keys(PPI_TIMERS).map(Number);
export const SPI_LINES = Object.keys(SPI_MASKS).map(Number);

const base = (space: string, version: GicVersion) =>
  space === 'd' ? VIRT_MEMMAP.GIC_DIST.base : version === 3 ? VIRT_MEMMAP.GIC_REDIST.base : VIRT_MEMMAP.GIC_CPU.base;

function buildGuest(version: GicVersion, cpus: number): Buffer {
  const dir = mkdtempSync(join(tmpdir(), 'gic-golden-'));
  try {
    const reg = (r: (typeof SYSREGS)[number]) => `s${r.op0}_${r.op1}_c${r.crn}_c${r.crm}_${r.op2}`;
    const source = readFileSync(join(import.meta.dirname, 'gic-guest.S'), 'utf8') + [
      'affinities:', `.quad ${cpus}`, ...Array.from({ length: cpus }, (_, i) => `.quad ${mpAffinity(i, version)}`),
      'read_stubs:', ...SYSREGS.map((r) => `mrs x0, ${reg(r)}\nret`),
      'write_stubs:', ...SYSREGS.map((r) => `msr ${reg(r)}, x0\nret`),
      '.balign 64', 'mailboxes:', `.space ${cpus * 64}`, '',
    ].join('\n');
    const file = (name: string) => join(dir, name);
    writeFileSync(file('guest.S'), source);
    execFileSync('aarch64-linux-gnu-as', ['-o', file('guest.o'), file('guest.S')]);
    execFileSync('aarch64-linux-gnu-ld', ['-Ttext=0x40080000', '--omagic', '--no-warn-rwx-segments', '-o', file('guest.elf'), file('guest.o')]);
    execFileSync('aarch64-linux-gnu-objcopy', ['-O', 'binary', file('guest.elf'), file('guest.bin')]);
    return readFileSync(file('guest.bin'));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** A running QEMU. Commands are pipelined: send many, then read the answers in order. */
export class GicMachine {
  readonly config: TraceConfig;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #dir: string;
  readonly #chunks: AsyncIterator<Buffer>;
  #pending: Buffer = Buffer.alloc(0);

  private constructor(config: TraceConfig) {
    this.config = config;
    this.#dir = mkdtempSync(join(tmpdir(), 'gic-golden-'));
    const image = join(this.#dir, 'guest.bin');
    writeFileSync(image, buildGuest(config.version, config.cpus));
    this.#child = spawn(QEMU, [
      '-M', `virt,gic-version=${config.version}${config.version === 3 ? ',its=off' : ''}`, '-cpu', 'cortex-a57', '-smp', String(config.cpus),
      '-accel', 'tcg,thread=single', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-nodefaults', '-kernel', image,
    ], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#chunks = this.#child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Starts QEMU and waits until every vCPU answers. */
  static async start(config: TraceConfig): Promise<GicMachine> {
    const machine = new GicMachine(config);
    await machine.#take(1);
    for (let cpu = 0; cpu < config.cpus; cpu++) {
      for (const timer of ['CNTP_CVAL_EL0', 'CNTV_CVAL_EL0']) await machine.#command(4, cpu, sysreg(timer), 0, 0n);
    }
    return machine;
  }

  /** Makes one access. */
  do(access: Access): Promise<Outcome> {
    const { version } = this.config;
    switch (access.op) {
      case 'r': return this.#command(1, access.cpu, access.size, base(access.space, version) + access.offset, 0n);
      case 'w': return this.#command(2, access.cpu, access.size, base(access.space, version) + access.offset, BigInt(access.value));
      case 'ir': return this.#command(3, access.cpu, sysreg(access.name), 0, 0n);
      case 'iw': return this.#command(4, access.cpu, sysreg(access.name), 0, access.value);
      case 'spi': {
        const [address, mask] = SPI_MASKS[access.line];
        return this.#command(2, 0, 4, address, access.level ? BigInt(mask) : 0n);
      }
      case 'ppi': return this.#command(4, access.cpu, sysreg(PPI_TIMERS[access.line]), 0, access.level ? 1n : 0n);
    }
  }

  stop(): void {
    this.#child.kill();
    rmSync(this.#dir, { recursive: true });
  }

  async #command(kind: number, cpu: number, sizeOrReg: number, address: number, value: bigint): Promise<Outcome> {
    const b = Buffer.alloc(16);
    b.writeUInt8(kind, 0);
    b.writeUInt8(cpu, 1);
    b.writeUInt8(sizeOrReg, 2);
    b.writeUInt32LE(address, 4);
    b.writeBigUInt64LE(value, 8);
    this.#child.stdin.write(b);
    const answer = await this.#take(12 + this.config.cpus);
    return {
      value: Number(answer.readBigUInt64LE(0)),
      undef: answer.readUInt32LE(8) !== 0,
      signals: [...answer.subarray(12)].join(''),
    };
  }

  async #take(bytes: number): Promise<Buffer> {
    while (this.#pending.length < bytes) {
      const { value, done } = await this.#chunks.next();
      if (done) throw new Error(`${QEMU} ended`);
      this.#pending = Buffer.concat([this.#pending, value]);
    }
    const taken = this.#pending.subarray(0, bytes);
    this.#pending = this.#pending.subarray(bytes);
    return taken;
  }
}
