// A toy guest: 16 registers, 4-byte instructions, a linear page table in RAM. Small enough that a test sees all of it.
import { GotoPtr } from '../../src/tcg/ops/control.ts';
import {
  HelperTable, PAGE_EXEC, PAGE_READ, PAGE_WRITE, type MMUAccessType, type TargetCpu, type TbRequest, type TbResult, type Translation,
} from '../../src/accel/target.ts';
import { requestTbFlush } from '../../src/accel/cpu-exec.ts';
import type { Engine } from '../../src/accel/engine.ts';
import { HotQueue } from '../../src/accel/hot-queue.ts';
import { ARCH_OFFSET, type Vcpu } from '../../src/accel/vcpu.ts';
import { CPUState, CPU_INTERRUPT_HARD } from '../../src/memory/layout/cpu.ts';
import { owned, shared, struct } from '../../src/memory/layout/struct.ts';
import { CF_NO_GOTO_PTR, CF_NO_GOTO_TB, TB_EXIT_NOCHAIN } from '../../src/memory/layout/tb.ts';
import type { HelperRef, TCGContext } from '../../src/tcg/context.ts';
import { Bar, Cond, MemOp, Type, type Temp } from '../../src/tcg/types.ts';

const PAGE = 4096;

export const ToyState = struct('ToyState', 'architectural state of a toy vCPU (tests)', {
  x: owned('u64', 'registers', 16),
  pc: owned('u64', 'PC'),
  error: shared('i32', 'owner', 'exception that stopped the vCPU, 0 = none'),
  fault: owned('u32', 'address of a page fault, or word of an undefined instruction'),
  done: shared('i32', 'owner', 'the vCPU has halted'),
}, 64);
/** Offsets in the vCPU block. */
export const toyOff = Object.fromEntries(Object.entries(ToyState.off).map(([k, v]) => [k, ARCH_OFFSET + (v as number)])) as Record<keyof typeof ToyState.off, number>;

/** Exceptions: all of them stop the machine. */
export const EXCP_PAGE_FAULT = 1;
export const EXCP_UNDEF = 2;
export const EXCP_TRAP = 3;
export const EXCP_NAMES = ['none', 'page fault', 'undefined instruction', 'trap'];

/** Page-table entries, 4 bytes a page: page number << 12 | log2 of the pages mapped as one block << 4 | these. */
export const PTE_VALID = 1;
export const PTE_WRITE = 2;
export const pte = (phys: number, lgPages = 0): number => phys | lgPages << 4 | PTE_WRITE | PTE_VALID;

export interface ToyConfig {
  /** Physical address of the page table, and the pages it maps. */
  readonly ptBase: number;
  readonly pages: number;
  /** vCPUs that run; the last one to halt ends the machine. */
  readonly active: number;
  /** Hot code is compiled to regions. */
  readonly regions: boolean;
}

/** Operands: op in bits 31…24, rd 23…20, rn 19…16, signed imm 15…0; rm is imm<3:0>. Branch offsets are in instructions. */
export const OP = {
  udf: 0, movi: 1, lui: 2, addi: 3, add: 4, sub: 5, xor: 6, mul: 7, shri: 8, andi: 9,
  ld: 16, st: 17, ldw: 18, stw: 19, ldb: 20, stb: 21, ldar: 22, stlr: 23, stlrw: 24,
  amoadd: 32, swap: 33, cas: 34, xadd: 35, mb: 36,
  beq: 48, bne: 49, bltu: 50, b: 51, bl: 52, br: 53, blr: 54,
  isb: 64, ic: 65, tlbi: 66, tlbia: 67, tlbil: 68, tlbir: 69, flush: 70, flags: 71, getflags: 72, space: 73,
  cpuid: 80, wfi: 81, ipi: 82, ack: 83, halt: 84, trapne: 85, trapltu: 86,
} as const;
export type OpName = keyof typeof OP;
const NAMES = Object.fromEntries(Object.entries(OP).map(([k, v]) => [v, k])) as Record<number, OpName>;

export const encode = (op: OpName, rd = 0, rn = 0, imm = 0): number => OP[op] << 24 | (rd & 15) << 20 | (rn & 15) << 16 | (imm & 0xffff);

export class ToyCpu implements TargetCpu {
  readonly name = 'toy';
  readonly helpers = new HelperTable();
  readonly env = ToyState;
  readonly mmuModes = 1;
  readonly wasmModules = {};
  readonly restoredGlobals = ['pc'];
  chainFlags(flags: number): number { return flags; }
  /** The engine this target runs on, for tb_flush requests. */
  engine: Engine | undefined;
  readonly #c: ToyConfig;
  readonly #cpu: (n: number) => Vcpu;
  #x: Temp[] = [];
  #pc!: Temp;
  readonly #h: Record<'tlbi' | 'tlbia' | 'tlbil' | 'tlbir' | 'space' | 'ic' | 'flush' | 'flags' | 'xadd' | 'wfi' | 'ipi' | 'ack' | 'halt' | 'raise', HelperRef>;

  constructor(c: ToyConfig, cpu: (n: number) => Vcpu) {
    this.#c = c;
    this.#cpu = cpu;
    const h = this.helpers, va = (cpu: Vcpu): number => cpu.argLo(0);
    this.#h = {
      tlbi: h.add('tlbi', (cpu) => cpu.services.tlbFlushPageAllCpusSynced(va(cpu), 0, 1)),
      tlbia: h.add('tlbia', (cpu) => cpu.services.tlbFlushAllCpusSynced(1)),
      space: h.add('space', (cpu) => cpu.services.tlbEnter([va(cpu), 0, 0, 0], true)),
      tlbil: h.add('tlbil', (cpu) => cpu.services.tlbFlushPage(va(cpu), 0, 1)),
      tlbir: h.add('tlbir', (cpu) => cpu.services.tlbFlushRangeAllCpusSynced(va(cpu), 0, cpu.argLo(1), 1)),
      ic: h.add('ic', (cpu) => {
        const at = cpu.services.probeAccess(va(cpu), 0, 1, 0, 0);
        if (at >= 0) cpu.services.invalidateCode(at, 4);
        return at === -1;
      }),
      flush: h.add('flush', (cpu) => requestTbFlush(this.engine!, cpu)),
      flags: h.add('flags', (cpu) => { cpu.tbFlags = cpu.argLo(0); }),
      xadd: h.add('xadd', (cpu) => {
        let faulted = true;
        const add = (): void => {
          const at = cpu.services.probeAccess(va(cpu), 0, 8, 1, 0);
          if (at < 0) return;
          const { ram64 } = cpu.machine, old = ram64[at / 8];
          ram64[at / 8] = 0xdeadn; // seen by anybody who is not kept out
          ram64[at / 8] = BigInt.asUintN(64, old + cpu.arg64(1));
          cpu.ret64(old);
          faulted = false;
        };
        return !cpu.services.runExclusive(add) || faulted;
      }),
      wfi: h.add('wfi', (cpu) => cpu.store(CPUState.off.halted, 1)),
      ipi: h.add('ipi', (cpu) => this.#cpu(cpu.argLo(0)).interrupt(CPU_INTERRUPT_HARD)),
      ack: h.add('ack', (cpu) => cpu.ret(cpu.and(CPUState.off.interrupt_request, ~CPU_INTERRUPT_HARD) & CPU_INTERRUPT_HARD ? 1 : 0)),
      halt: h.add('halt', (cpu) => this.#halt(cpu)),
      raise: h.add('raise', (cpu) => { this.#raise(cpu, cpu.argLo(0), cpu.argLo(1)); return true; }),
    };
  }

  #raise(cpu: Vcpu, excp: number, fault: number): void {
    cpu.exceptionIndex = excp;
    cpu.st32(toyOff.fault, fault);
  }

  #halt(cpu: Vcpu): void {
    const { machine } = cpu;
    cpu.store(toyOff.done, 1);
    cpu.store(CPUState.off.halted, 1);
    if (Atomics.add(machine.i32, machine.global('event'), 1) + 1 >= this.#c.active || cpu.load(toyOff.error) !== 0) this.#shutdown(cpu);
  }
  #shutdown({ machine }: Vcpu): void {
    Atomics.store(machine.i32, machine.global('shutdown'), 1);
    for (let n = 0; n < machine.layout.nrCpus; n++) this.#cpu(n).kick();
    new HotQueue(machine).wake();
  }

  initTcg(tcg: TCGContext): void {
    this.#x = Array.from({ length: 16 }, (_, n) => tcg.global(Type.I64, toyOff.x + 8 * n, `x${n}`));
    this.#pc = tcg.global(Type.I64, toyOff.pc, 'pc');
  }

  translate(tcg: TCGContext, req: TbRequest): TbResult {
    const start = req.pcLo & (PAGE - 1), x = this.#x, pc = this.#pc, h = this.#h;
    const chain = !(req.cflags & CF_NO_GOTO_TB), lookUp = !(req.cflags & CF_NO_GOTO_PTR);
    let at = start, saved = start, icount = 0, open = true;
    /** Brings env.pc to page offset `to` (which may lie outside the page). */
    const setPc = (to: number) => { tcg.add(pc, pc, to - saved); saved = to; };
    const leave = (kind: GotoPtr = GotoPtr.LOOKUP) => { if (lookUp) tcg.gotoPtr(kind); else tcg.exitTb(TB_EXIT_NOCHAIN); };
    /** Goes to a page offset by slot n; other paths of the TB still have env.pc as it was. */
    const go = (n: 0 | 1, to: number) => {
      tcg.add(pc, pc, to - saved);
      if (chain && to >= 0 && to < PAGE) tcg.gotoTb(n, to); else if (chain && lookUp) tcg.gotoFar(to); else leave();
    };
    while (open) {
      const insn = req.ldl(at), op = NAMES[insn >>> 24], d = x[insn >> 20 & 15], n = x[insn >> 16 & 15], imm = insn << 16 >> 16, m = x[insn & 15];
      tcg.insnStart(at, 0);
      icount++;
      const next = at + 4, target = at + 4 * imm;
      /** Calls a helper with the exact PC in env. */
      const call = (ref: HelperRef, ret: Temp | null, ...args: (Temp | number)[]) => { setPc(at); tcg.call(ref, ret, ...args); };
      const end = () => { setPc(next); open = false; };
      switch (op) {
        case 'movi': tcg.mov(d, imm); break;
        case 'lui': { const low = tcg.i64(); tcg.ext16u(low, d); tcg.or(d, low, BigInt(imm) << 16n); break; }
        case 'addi': tcg.add(d, n, imm); break;
        case 'add': tcg.add(d, n, m); break;
        case 'sub': tcg.sub(d, n, m); break;
        case 'xor': tcg.xor(d, n, m); break;
        case 'mul': tcg.mul(d, n, m); break;
        case 'shri': tcg.shr(d, n, imm); break;
        case 'andi': tcg.and(d, n, imm); break;
        case 'ld': tcg.qemuLd(d, n, MemOp.MO_64, 0, imm); break;
        case 'st': tcg.qemuSt(d, n, MemOp.MO_64, 0, imm); break;
        case 'ldw': tcg.qemuLd(d, n, MemOp.MO_32, 0, imm); break;
        case 'stw': tcg.qemuSt(d, n, MemOp.MO_32, 0, imm); break;
        case 'ldb': tcg.qemuLd(d, n, MemOp.MO_8, 0, imm); break;
        case 'stb': tcg.qemuSt(d, n, MemOp.MO_8, 0, imm); break;
        case 'ldar': tcg.qemuLd(d, n, MemOp.MO_64 | MemOp.MO_SEQCST, 0, imm); break;
        case 'stlr': tcg.qemuSt(d, n, MemOp.MO_64 | MemOp.MO_SEQCST, 0, imm); break;
        case 'stlrw': tcg.qemuSt(d, n, MemOp.MO_32 | MemOp.MO_SEQCST, 0, imm); break;
        case 'amoadd': tcg.atomicFetch('add', d, n, m, MemOp.MO_64, 0); break;
        case 'swap': tcg.atomicXchg(d, n, m, MemOp.MO_64, 0); break;
        case 'cas': tcg.atomicCmpxchg(d, n, d, m, MemOp.MO_64, 0); break;
        case 'xadd': call(h.xadd, d, n, m); break;
        case 'mb': tcg.mb(Bar.TCG_MO_ALL | Bar.TCG_BAR_SC); break;
        case 'beq': case 'bne': case 'bltu': {
          const taken = tcg.newLabel();
          tcg.brcond(op === 'beq' ? Cond.EQ : op === 'bne' ? Cond.NE : Cond.LTU, d, n, taken);
          go(0, next);
          tcg.setLabel(taken);
          go(1, target);
          return { size: next - start, icount };
        }
        case 'b': go(0, target); return { size: next - start, icount };
        case 'bl': tcg.add(d, pc, next - saved); go(0, target); return { size: next - start, icount };
        case 'br': tcg.mov(pc, n); leave(GotoPtr.RETURN); return { size: next - start, icount };
        case 'blr': { const to = tcg.i64(); tcg.mov(to, n); tcg.add(d, pc, next - saved); tcg.mov(pc, to); leave(GotoPtr.CALL); return { size: next - start, icount }; }
        case 'isb': tcg.insnSync(); end(); break;
        case 'ic': case 'tlbi': case 'tlbil': case 'space': call(h[op], null, n); end(); break;
        case 'tlbia': call(h.tlbia, null); end(); break;
        case 'tlbir': call(h.tlbir, null, n, d); end(); break;
        case 'flush': call(h.flush, null); end(); break;
        case 'flags': call(h.flags, null, n); end(); break;
        case 'getflags': tcg.mov(d, req.flags); break;
        case 'cpuid': tcg.ld(d, CPUState.off.cpu_index, 'ld32u'); break;
        case 'ipi': call(h.ipi, null, n); break;
        case 'ack': call(h.ack, d); break;
        case 'wfi': case 'halt': call(h[op], null); setPc(next); tcg.exitTb(TB_EXIT_NOCHAIN); return { size: next - start, icount };
        case 'trapne': case 'trapltu': {
          const good = tcg.newLabel();
          setPc(at);
          tcg.brcond(op === 'trapne' ? Cond.EQ : Cond.GEU, d, n, good);
          tcg.call(h.raise, null, EXCP_TRAP, insn);
          tcg.setLabel(good);
          break;
        }
        default: call(h.raise, null, EXCP_UNDEF, insn); tcg.exitTb(TB_EXIT_NOCHAIN); return { size: next - start, icount };
      }
      at = next;
      if (!open) { leave(); break; }
      if (at >= PAGE || icount >= req.maxInsns) { go(0, at); break; }
    }
    return { size: at - start, icount };
  }

  reset(): void { /* the blocks of a new machine are zero */ }
  pcLo(cpu: Vcpu): number { return cpu.ld32(toyOff.pc); }
  pcHi(cpu: Vcpu): number { return cpu.ld32(toyOff.pc + 4); }
  setPc(cpu: Vcpu, lo: number, hi: number): void { cpu.st64p(toyOff.pc, lo, hi); }
  restoreState(cpu: Vcpu, pc: number): void { cpu.st32(toyOff.pc, (cpu.ld32(toyOff.pc) & -PAGE) | pc); }
  mmuIndex(): number { return 0; }

  tlbFill(cpu: Vcpu, lo: number, hi: number, access: MMUAccessType, _mmuIdx: number, probe: boolean, out: Translation): boolean {
    const page = lo >>> 12, e = hi === 0 && page < this.#c.pages ? Atomics.load(cpu.machine.ram32, this.#c.ptBase / 4 + page) : 0;
    if (e & PTE_VALID && (access !== 1 || e & PTE_WRITE)) {
      out.phys = (e & -PAGE) >>> 0;
      out.prot = PAGE_READ | PAGE_EXEC | (e & PTE_WRITE ? PAGE_WRITE : 0);
      out.lgPageSize = 12 + (e >> 4 & 15);
      out.attrs = 0;
      return true;
    }
    if (!probe) this.#raise(cpu, EXCP_PAGE_FAULT, lo);
    return false;
  }
  unalignedAccess(cpu: Vcpu, lo: number): void { this.#raise(cpu, EXCP_TRAP, lo); }
  allowsUnalignedAtomic(): boolean { return false; }
  transactionFailed(cpu: Vcpu, lo: number): void { this.#raise(cpu, EXCP_PAGE_FAULT, lo); }

  doInterrupt(cpu: Vcpu): void {
    cpu.store(toyOff.error, cpu.exceptionIndex);
    this.#halt(cpu);
  }
  execInterrupt(): boolean { return false; }
  hasWork(cpu: Vcpu): boolean { return cpu.load(toyOff.done) === 0 && (cpu.load(CPUState.off.interrupt_request) & CPU_INTERRUPT_HARD) !== 0; }
  dumpState(cpu: Vcpu): string {
    const x = Array.from({ length: 16 }, (_, n) => `x${n}=${cpu.ld64(toyOff.x + 8 * n).toString(16)}`).join(' ');
    return `vCPU ${cpu.index}: pc=${cpu.ld64(toyOff.pc).toString(16)} ${x}`;
  }
}
