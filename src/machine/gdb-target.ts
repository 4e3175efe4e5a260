// The machine as the gdb stub sees it: vCPUs parked and let go, registers, memory, breakpoints and watchpoints.
import { DebugControl, type Watchpoint } from '../accel/debug.ts';
import type { Vcpu } from '../accel/vcpu.ts';
import { UserError } from '../errors.ts';
import type { GdbTarget, PointKind, StopReason } from '../gdbstub/target.ts';
import { CPUState } from '../memory/layout/cpu.ts';
import { BP_MEM_ACCESS, BP_MEM_READ, BP_MEM_WRITE, SSTEP_ENABLE, SSTEP_NOTIMER } from '../memory/layout/debug.ts';
import type { ArmCpu } from '../target/arm/arm-cpu.ts';
import { DebugMemory } from './debug-memory.ts';
import type { VirtMachine } from './virt.ts';
import type { Vm } from './vm.ts';

const off = CPUState.off;
const PAGE = 4096;
const WATCH_FLAGS = { read: BP_MEM_READ, write: BP_MEM_WRITE, access: BP_MEM_ACCESS } as const;
const WATCH_KIND: Readonly<Record<number, '' | 'r' | 'a'>> = { [BP_MEM_WRITE]: '', [BP_MEM_READ]: 'r', [BP_MEM_ACCESS]: 'a' };

/** What the stub needs beside the machine. */
export interface GdbTargetOptions {
  /** Runs a line of the human monitor. */
  monitor(line: string): Promise<string>;
  /** gdb ends the emulator. */
  killed(): void;
}

export class MachineGdbTarget implements GdbTarget {
  onStop: ((reason: StopReason) => void) | undefined;
  readonly #m: VirtMachine;
  readonly #vm: Vm;
  readonly #o: GdbTargetOptions;
  readonly #cpus: readonly Vcpu[];
  readonly #debug: DebugControl;
  readonly #memory: DebugMemory;
  readonly #registers: ReturnType<ArmCpu['gdbRegisters']>;

  constructor(m: VirtMachine, vm: Vm, o: GdbTargetOptions) {
    this.#m = m;
    this.#vm = vm;
    this.#o = o;
    this.#cpus = m.cpus;
    this.#debug = new DebugControl(m.machine, m.cpus);
    this.#memory = new DebugMemory(m);
    this.#registers = this.#arm(0).gdbRegisters();
    m.onDebugStop = () => { void vm.stop('debug'); };
    vm.onEvent((event) => { if (event === 'STOP') this.onStop?.(this.#reason()); });
  }

  #arm(cpu: number): ArmCpu { return this.#cpus[cpu].target as ArmCpu; }

  // --- running and standing still --------------------------------------------------------------------------------

  get cpus(): number { return this.#cpus.length; }
  get running(): boolean { return this.#vm.running; }

  stop(): Promise<void> { return this.#vm.stop('paused'); }

  #reason(): StopReason {
    const cpu = this.#m.takeDebugCpu();
    return cpu === undefined ? { why: 'state', state: this.#vm.state } : this.#debugStop(cpu);
  }
  #debugStop(cpu: number): StopReason {
    const hit = this.#debug.takeWatchHit(this.#cpus[cpu]);
    return { why: 'debug', cpu, watch: hit && { kind: WATCH_KIND[hit.flags], addr: hit.addr } };
  }

  async resume(actions: ReadonlyMap<number, 'continue' | 'step'>, sstep: number): Promise<void> {
    for (const cpu of this.#cpus) {
      cpu.store(off.singlestep, actions.get(cpu.index) === 'step' ? sstep | SSTEP_ENABLE : 0);
      // Of several vCPUs that met watchpoints at once one was reported: the others meet them again.
      this.#debug.takeWatchHit(cpu);
    }
    // A halted vCPU steps only when something wakes it, which takes time that passes.
    const isStill = (sstep & SSTEP_NOTIMER) !== 0 && [...actions].every(([n, how]) => how === 'step' && this.#cpus[n].load(off.halted) === 0);
    this.#m.partial = { hold: new Set(this.#cpus.map((c) => c.index).filter((n) => !actions.has(n))), clock: !isStill };
    try {
      await this.#vm.cont();
    } catch (error) {
      // A state that only a reset leaves: it goes on standing still.
      if (!(error instanceof UserError)) throw error;
      this.#m.partial = undefined;
      this.onStop?.({ why: 'state', state: this.#vm.state });
    }
  }

  // --- registers -------------------------------------------------------------------------------------------------

  get features(): ReadonlyMap<string, string> { return this.#registers.files; }
  get general(): number { return this.#registers.general; }
  registerSize(n: number): number | undefined { return this.#registers.registers[n]?.bytes; }
  readRegister(cpu: number, n: number): Uint8Array | undefined { return this.#registers.registers[n]?.read(this.#cpus[cpu]); }
  writeRegister(cpu: number, n: number, value: Uint8Array): boolean {
    const r = this.#registers.registers[n];
    r?.write?.(this.#cpus[cpu], value);
    return r !== undefined;
  }
  setPc(cpu: number, pc: bigint): void {
    this.#arm(cpu).setPc(this.#cpus[cpu], Number(BigInt.asIntN(32, pc)), Number(BigInt.asIntN(32, pc >> 32n)));
  }

  // --- memory ----------------------------------------------------------------------------------------------------

  /** Calls `access` for the physical pieces of a range, page by page; false when one is not mapped or refuses. */
  #pieces(cpu: number, addr: bigint, bytes: number, physical: boolean, access: (pa: number, from: number, n: number) => boolean): boolean {
    for (let done = 0; done < bytes;) {
      const at = BigInt.asUintN(64, addr + BigInt(done)), n = Math.min(bytes - done, PAGE - Number(at % BigInt(PAGE)));
      const lo = Number(BigInt.asIntN(32, at)), hi = Number(BigInt.asIntN(32, at >> 32n));
      const pa = physical ? Number(at) : this.#arm(cpu).debugTranslate(this.#cpus[cpu], lo, hi);
      if (pa === undefined || !access(pa, done, n)) return false;
      done += n;
    }
    return true;
  }

  readMemory(cpu: number, addr: bigint, bytes: number, physical: boolean): Uint8Array | undefined {
    const out = new Uint8Array(bytes);
    const ok = this.#pieces(cpu, addr, bytes, physical, (pa, from, n) => {
      const piece = this.#memory.read(pa, n, cpu);
      if (piece) out.set(piece, from);
      return piece !== undefined;
    });
    return ok ? out : undefined;
  }
  writeMemory(cpu: number, addr: bigint, value: Uint8Array, physical: boolean): boolean {
    return this.#pieces(cpu, addr, value.length, physical, (pa, from, n) => this.#memory.write(pa, value.subarray(from, from + n), cpu));
  }

  // --- breakpoints and watchpoints -------------------------------------------------------------------------------

  insertPoint(kind: PointKind, addr: bigint, bytes: bigint): boolean {
    return kind === 'software' || kind === 'hardware' ? this.#debug.insertBreakpoint(addr) : this.#debug.insertWatchpoint(watchpoint(kind, addr, bytes));
  }
  removePoint(kind: PointKind, addr: bigint, bytes: bigint): boolean {
    return kind === 'software' || kind === 'hardware' ? this.#debug.removeBreakpoint(addr) : this.#debug.removeWatchpoint(watchpoint(kind, addr, bytes));
  }
  clearPoints(): void {
    this.#debug.clear();
    for (const cpu of this.#cpus) this.#debug.takeWatchHit(cpu);
  }

  // --- the rest --------------------------------------------------------------------------------------------------

  threadState(cpu: number): string { return this.#cpus[cpu].load(off.halted) ? 'halted' : 'running'; }
  monitor(line: string): Promise<string> { return this.#o.monitor(line); }
  kill(): void {
    this.#o.killed();
    this.#vm.quit('host-ui');
  }
}

const watchpoint = (kind: keyof typeof WATCH_FLAGS, addr: bigint, len: bigint): Watchpoint => ({ addr, len, flags: WATCH_FLAGS[kind] });
