// Assembles toy programs, sets up a machine of toy vCPUs and runs it on one worker thread a vCPU.
import { Worker } from 'node:worker_threads';
import { Engine } from '../../src/accel/engine.ts';
import { Machine, type MachineSpec } from '../../src/accel/machine-view.ts';
import { cpuBlockSize } from '../../src/accel/vcpu.ts';
import { CPUState } from '../../src/memory/layout/cpu.ts';
import { generateInterpreter } from '../../src/tcg/interpreter.ts';
import { bareSpec } from './bare-machine.ts';
import { encode, EXCP_NAMES, pte, ToyCpu, toyOff, ToyState, type OpName, type ToyConfig } from './toy-isa.ts';

/** Where the page table lies: the last pages of RAM. */
const PT_BYTES = 8192;
export const TOY_RAM = 8 << 20;
export const PT_BASE = TOY_RAM - PT_BYTES;
/** Virtual addresses from here on are not mapped one to one: tests map them. */
export const REMAP = TOY_RAM - (2 << 20);

/** Words of gate() and ack(), a cache line each. */
const GATE = 0x8000;
export const ackWord = (k: number): number => 0x8100 + 64 * k;

type Reg = number;
/** Emits instructions at increasing addresses; labels may be used before they are set. */
export class ToyAsm {
  readonly words = new Map<number, number>();
  readonly labels = new Map<string, number>();
  readonly #fixups: { at: number; label: string; kind: 'branch' | 'low' | 'high' }[] = [];
  pc: number;
  constructor(base: number) { this.pc = base; }

  emit(op: OpName, rd: Reg = 0, rn: Reg = 0, imm = 0): this { this.words.set(this.pc, encode(op, rd, rn, imm)); this.pc += 4; return this; }
  label(name: string): this {
    if (this.labels.has(name)) throw new Error(`label ${name} is set twice`);
    this.labels.set(name, this.pc);
    return this;
  }
  org(at: number): this { this.pc = at; return this; }
  #to(label: string, op: OpName, rd: Reg = 0, rn: Reg = 0): this {
    this.#fixups.push({ at: this.pc, label, kind: 'branch' });
    return this.emit(op, rd, rn);
  }
  /** rd = a signed 32-bit value, or the address of a label. */
  li(rd: Reg, v: number | string): this {
    if (typeof v === 'string') {
      this.#fixups.push({ at: this.pc, label: v, kind: 'low' }, { at: this.pc + 4, label: v, kind: 'high' });
      return this.emit('movi', rd).emit('lui', rd);
    }
    this.emit('movi', rd, 0, v);
    return v >= -0x8000 && v < 0x8000 ? this : this.emit('lui', rd, 0, v >> 16);
  }
  mov(rd: Reg, rn: Reg): this { return this.emit('addi', rd, rn, 0); }
  addi(rd: Reg, rn: Reg, imm: number): this { return this.emit('addi', rd, rn, imm); }
  alu(op: 'add' | 'sub' | 'xor' | 'mul', rd: Reg, rn: Reg, rm: Reg): this { return this.emit(op, rd, rn, rm); }
  mem(op: 'ld' | 'st' | 'ldw' | 'stw' | 'ldb' | 'stb' | 'ldar' | 'stlr' | 'stlrw', rd: Reg, rn: Reg, imm = 0): this { return this.emit(op, rd, rn, imm); }
  amo(op: 'amoadd' | 'swap' | 'cas' | 'xadd', rd: Reg, rn: Reg, rm: Reg): this { return this.emit(op, rd, rn, rm); }
  b(label: string): this { return this.#to(label, 'b'); }
  bl(rd: Reg, label: string): this { return this.#to(label, 'bl', rd); }
  beq(a: Reg, b: Reg, label: string): this { return this.#to(label, 'beq', a, b); }
  bne(a: Reg, b: Reg, label: string): this { return this.#to(label, 'bne', a, b); }
  bltu(a: Reg, b: Reg, label: string): this { return this.#to(label, 'bltu', a, b); }

  /** Waits here until `n` vCPUs have come to gates at the same word. Uses x12…x14. */
  gate(n: number, word = GATE): this {
    const here = `gate_${this.pc}`;
    return this.li(13, word).li(14, 1).amo('amoadd', 12, 13, 14).li(14, n).label(here).mem('ldar', 12, 13).bne(12, 14, here);
  }
  /**
   * On vCPU 0 (x0 = 0): when rd is a multiple of `every` (a power of two), waits until all of the vCPUs 1…n-1 have
   * acknowledged it with ack(). Without it a thread that the host does not run would see nothing of what the others do.
   * Uses x12, x13.
   */
  await(rd: Reg, n: number, every: number): this {
    const skip = `await_${this.pc}`;
    this.emit('andi', 12, rd, every - 1).bne(12, 0, skip);
    for (let k = 1; k < n; k++) {
      const here = `await_${this.pc}_${k}`;
      this.li(13, ackWord(k)).label(here).mem('ldar', 12, 13).bltu(12, rd, here);
    }
    return this.label(skip);
  }
  /** vCPU k has seen the value in rd. Uses x13. */
  ack(rd: Reg, k: number): this { return this.li(13, ackWord(k)).mem('stlr', rd, 13); }

  link(): Map<number, number> {
    for (const { at, label, kind } of this.#fixups) {
      const to = this.labels.get(label), word = this.words.get(at)!;
      if (to === undefined) throw new Error(`label ${label} is never set`);
      const imm = kind === 'branch' ? (to - at) / 4 : kind === 'low' ? to : to >> 16;
      if (kind === 'branch' && (imm < -0x8000 || imm > 0x7fff)) throw new Error(`label ${label} is too far`);
      this.words.set(at, (word & -0x10000) | (imm & 0xffff));
    }
    return this.words;
  }
}

export interface ToyOptions {
  program: ToyAsm;
  /** Label each vCPU starts at, in order; their number is the number of vCPUs. */
  entries: readonly string[];
  /** Code buffer, bytes. */
  tbSize?: number;
  regions?: boolean;
  /** Page-table entries that differ from the identity, by virtual address. */
  map?: ReadonlyMap<number, number>;
}

/** Result of a run: the final registers, and whatever RAM holds. */
export interface ToyResult {
  /** x[vCPU][register], modulo 2^64. */
  x: bigint[][];
  machine: Machine;
  /** 64-bit word at a physical address. */
  word(pa: number): bigint;
  stats: ReturnType<Engine['store']['stats']>;
}

/** What a worker of toy-vcpu.worker.ts is started with. */
export interface ToyThread { spec: MachineSpec; interpreter: Uint8Array<ArrayBuffer>; own: number[] }

/** A new machine, ready to run. x[0] of each vCPU is its number. */
export class ToyMachine {
  readonly machine: Machine;
  readonly engine: Engine;
  readonly #thread: Omit<ToyThread, 'own'>;

  constructor(o: ToyOptions) {
    const config: ToyConfig = { ptBase: PT_BASE, pages: TOY_RAM / 4096, active: o.entries.length, regions: o.regions ?? false };
    const spec = bareSpec({ cpus: o.entries.length, cpuBlockBytes: cpuBlockSize(ToyState), ramBytes: TOY_RAM, tbSize: o.tbSize ?? 1 << 20, config: { ...config } });
    const m = this.machine = new Machine(spec);
    const pages = (x: WebAssembly.Memory) => x.buffer.byteLength / 65536;
    const interpreter = generateInterpreter({ pcOffset: toyOff.pc, statePages: pages(spec.state), ramPages: pages(spec.ram), hotMask: o.regions ? 0x7f : 0 });
    this.#thread = { spec, interpreter };
    for (let n = 0; n < config.pages; n++) m.ram32[PT_BASE / 4 + n] = pte(n * 4096);
    for (const [va, e] of o.map ?? []) m.ram32[PT_BASE / 4 + va / 4096] = e;
    for (const [at, w] of o.program.link()) m.ram32[at / 4] = w;
    const target = new ToyCpu(config, (n) => this.engine.cpus[n]);
    this.engine = new Engine({ machine: m, target, interpreter, own: o.entries.map((_, n) => n), localDevices: new Map() });
    this.engine.cpus.forEach((cpu, n) => {
      this.engine.initCpu(cpu);
      cpu.st64(toyOff.x, BigInt(n));
      target.setPc(cpu, o.program.labels.get(o.entries[n]) ?? fail(`no label ${o.entries[n]}`), 0);
    });
  }

  /** Runs until every vCPU has halted. Throws when one stopped with an exception, or when they do not halt. */
  async run(timeoutMs = 120_000, meanwhile?: () => Promise<void>): Promise<ToyResult> {
    const m = this.machine, { cpus } = this.engine, config = m.spec.config as unknown as ToyConfig;
    const workers = cpus.map((_, n) => [n]).concat(config.regions ? [[]] : [])
      .map((own) => new Worker(new URL('../stress/toy-vcpu.worker.ts', import.meta.url), { workerData: { ...this.#thread, own } satisfies ToyThread }));
    let watchdog: NodeJS.Timeout;
    const hung = new Promise<never>((_resolve, reject) => {
      watchdog = setTimeout(() => reject(new Error(`the guest is still at work after ${timeoutMs} ms\n${this.dump()}`)), timeoutMs);
    });
    const ended = workers.map((w) => new Promise<void>((resolve, reject) => { w.once('error', reject); w.once('exit', () => resolve()); }));
    try {
      await Promise.race([Promise.all([...ended, meanwhile?.()]), hung]);
    } finally {
      clearTimeout(watchdog!);
      await Promise.all(workers.map((w) => w.terminate()));
    }
    if (cpus.some((cpu) => cpu.load(toyOff.error) !== 0)) throw new Error(this.dump());
    return {
      machine: m, stats: this.engine.store.stats(),
      x: cpus.map((cpu) => Array.from({ length: 16 }, (_, r) => cpu.ld64(toyOff.x + 8 * r))),
      word: (pa) => Atomics.load(m.ram64, pa / 8),
    };
  }

  /** The vCPUs' registers, and what the accelerator thinks of them. */
  dump(): string {
    const { engine } = this;
    return engine.cpus.map((cpu) => {
      const state = (['exit_request', 'halted', 'running', 'has_waiter', 'work_head', 'work_tail'] as const).map((f) => `${f}=${cpu.load(CPUState.off[f])}`).join(' ');
      return `${engine.target.dumpState(cpu)}\n  ${EXCP_NAMES[cpu.load(toyOff.error)]} 0x${(cpu.ld32(toyOff.fault) >>> 0).toString(16)}; ${state}`;
    }).join('\n');
  }
}

function fail(what: string): never { throw new Error(what); }
