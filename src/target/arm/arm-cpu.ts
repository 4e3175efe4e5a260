// The AArch64 target: wires translator, helpers, system registers, MMU and exceptions into accel's TargetCpu.
import type { CallFrame } from '../../accel/guest-spins.ts';
import type { MMUAccessType, TargetCpu, TbRequest, TbResult, Translation } from '../../accel/target.ts';
import { HelperTable } from '../../accel/target.ts';
import type { Vcpu } from '../../accel/vcpu.ts';
import { CPUState, CPU_INTERRUPT_TIMER } from '../../memory/layout/cpu.ts';
import { DEFAULT_EXCLUSIVE, type ExclusiveSchemeName } from '../../memory/layout/exclusive.ts';
import type { HelperRef, TCGContext } from '../../tcg/context.ts';
import { ARM_MMU_MODES, ARMMMUIdx, CPUARMState, envOff, flagMask, getFlag, TBFlag } from './env.ts';
import { FSC, pendingInterrupt, raiseAbort, takeException } from './exceptions.ts';
import type { CpuModel } from './features.ts';
import { CC, readNzcv, writeNzcv } from './flags.ts';
import { gdbRegisters, type GdbRegisters } from './gdb-registers.ts';
import { translateForDebugger } from './gdb-translate.ts';
import { registerExclusiveHelpers } from './helpers/exclusive.ts';
import { registerFpHelpers } from './helpers/fp.ts';
import { registerIntHelpers } from './helpers/int.ts';
import { setEvent, wakesFromHalt } from './helpers/sleep.ts';
import { registerSpinHelpers } from './helpers/spin.ts';
import { registerSystemHelpers } from './helpers/system.ts';
import { loadArmHelpers } from './helpers/wasm-module.ts';
import { rebuildHflags } from './hflags.ts';
import { logTaken } from './int-log.ts';
import { walk, type MmuModel } from './mmu/walk.ts';
import type { ArmPorts } from './ports.ts';
import { PSCI_ON, startPending, startRequested } from './psci.ts';
import { DAIF, readPstate } from './state.ts';
import type { SysregContext } from './sysregs/def.ts';
import { keyFields } from './sysregs/def.ts';
import { sysregTable } from './sysregs/table.ts';
import { pmuRunning, pmuSync } from './sysregs/pmu-counters.ts';
import { CNTFRQ, NO_DEADLINE, updateTimers } from './timer.ts';
import { makeGlobals, type ArmGlobals } from './translate/context.ts';
import type { CoreHelpers } from './translate/core-helpers.ts';
import { EXCLUSIVE_SCHEMES } from './translate/exclusive.ts';
import { registerPauthHelpers } from './translate/pauth.ts';
import { setSystemEnvironment } from './translate/system.ts';
import { translateBlock } from './translate/translate-block.ts';

export interface ArmCpuOptions {
  model: CpuModel;
  ports: ArmPorts;
  gicv3: boolean;
  semihosting: boolean;
  /** `-accel tcg,exclusive=`: how LDXR and STXR work. */
  exclusive?: ExclusiveSchemeName;
}

export class ArmCpu implements TargetCpu {
  readonly name = 'aarch64';
  readonly helpers = new HelperTable();
  readonly env = CPUARMState;
  readonly mmuModes = ARM_MMU_MODES;
  readonly restoredGlobals = ['pc', 'cc_op'];
  /** BTYPE is that of a TB's first instruction only. */
  chainFlags(flags: number): number { return flags & ~flagMask(TBFlag.BTYPE); }
  readonly wasmModules: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  /** FSC of the last walk that failed. */
  lastFault = 0;
  readonly #o: ArmCpuOptions;
  readonly #refs: CoreHelpers & Record<string, HelperRef>;
  readonly #mmu: MmuModel;
  readonly #fault = { fsc: 0 };
  #globals!: ArmGlobals;
  readonly #gdb: () => GdbRegisters;

  constructor(o: ArmCpuOptions) {
    this.#o = o;
    this.wasmModules = { helpers: loadArmHelpers() };
    const c: SysregContext = { ports: o.ports, feat: o.model.features, idregs: o.model.idregs };
    const regs = sysregTable(c, o.gicv3);
    this.#refs = {
      ...registerIntHelpers(this.helpers), ...registerFpHelpers(this.helpers), ...registerSystemHelpers(this.helpers, c, regs),
      ...registerPauthHelpers(this.helpers, o.model.pauthImpdef), ...registerExclusiveHelpers(this.helpers, o.ports.onStoreExclusiveFailed),
      ...registerSpinHelpers(this.helpers),
    };
    this.#gdb = () => gdbRegisters(c, regs);
    this.#mmu = { feat: o.model.features, paRange: Number(o.model.idregs.ID_AA64MMFR0_EL1 & 15n) };
    setSystemEnvironment({
      regs, semihosting: o.semihosting, psciConduit: o.ports.psciConduit ?? 'hvc',
      onUnknown: (key, isRead) => o.ports.log?.('unimp', () => `${isRead ? 'read' : 'write'} access to unsupported AArch64 system register ${keyFields(key)}`),
    });
  }

  /** What gdb sees of a vCPU. */
  gdbRegisters(): GdbRegisters { return this.#gdb(); }
  /** Physical address behind a virtual one, for a debugger; undefined: not mapped. The vCPU is parked. */
  debugTranslate(cpu: Vcpu, lo: number, hi: number): number | undefined { return translateForDebugger(cpu, lo, hi, this.#mmu); }

  initTcg(tcg: TCGContext): void { this.#globals = makeGlobals(tcg); }

  translate(tcg: TCGContext, req: TbRequest): TbResult {
    return translateBlock(tcg, this.#globals, this.#o.model.features, this.#refs, req, {
      exclusive: EXCLUSIVE_SCHEMES[this.#o.exclusive ?? DEFAULT_EXCLUSIVE],
      onUnallocated: (insn, lo, hi) => this.#o.ports.log?.('unimp', () =>
        `undefined instruction 0x${(insn >>> 0).toString(16).padStart(8, '0')} at 0x${(BigInt(hi >>> 0) << 32n | BigInt(lo >>> 0)).toString(16)}`),
    });
  }

  reset(cpu: Vcpu): void {
    const power = cpu.load(envOff.power_state);
    const { i64 } = cpu.machine, entry = (cpu.base + envOff.on_entry) >>> 3;
    const on = [Atomics.load(i64, entry), Atomics.load(i64, entry + 1)];
    const base = (cpu.base + envOff.x) >>> 2;
    cpu.machine.i32.fill(0, base, base + (CPUARMState.size >>> 2));
    cpu.store(envOff.power_state, power);
    on.forEach((v, n) => Atomics.store(i64, entry + n, v));
    cpu.st64(envOff.mpidr_el1, 0x80000000n | BigInt(this.#o.ports.affinity(cpu.index) & 0xffffff));
    cpu.st64(envOff.sctlr_el1, this.#o.model.idregs.SCTLR_EL1);
    // The OS lock is implemented and locked.
    cpu.st64(envOff.oslsr_el1, 10n);
    cpu.st64(envOff.exclusive_addr, 0xffffffffffffffffn);
    cpu.st64(envOff.cntfrq_el0, BigInt(CNTFRQ));
    cpu.st32(envOff.el, 1);
    cpu.st32(envOff.spsel, 1);
    cpu.st32(envOff.daif, DAIF);
    // The architecture leaves the flags open; QEMU's CPUs come up with Z.
    writeNzcv(cpu, 1 << 30);
    Atomics.store(i64, (cpu.base + envOff.timer_deadline) >>> 3, NO_DEADLINE);
    cpu.exceptionIndex = -1;
    if (cpu.services) cpu.services.tlbFlush((1 << ARM_MMU_MODES) - 1);
    rebuildHflags(cpu);
  }

  readonly scratchFields = ['vec_scratch'];
  readonly lazyFields = ['cc_op', 'cc_a', 'cc_b'];
  readonly carriedFields = ['event_register'];
  readonly lazyName = 'NZCV';
  lazyState(cpu: Vcpu): number { return readNzcv(cpu); }

  pcLo(cpu: Vcpu): number { return cpu.ld32(envOff.pc); }
  pcHi(cpu: Vcpu): number { return cpu.ld32(envOff.pc + 4); }
  setPc(cpu: Vcpu, lo: number, hi: number): void { cpu.st64p(envOff.pc, lo, hi); }

  restoreState(cpu: Vcpu, pc: number, data: number): void {
    cpu.st32(envOff.pc, (cpu.ld32(envOff.pc) & ~0xfff) | pc);
    if (data !== CC.DYNAMIC) cpu.st64(envOff.cc_op, BigInt(data));
  }

  /** Frame pointer and link register (AAPCS64, "The frame pointer"). */
  callFrame(cpu: Vcpu): CallFrame { return { fp: cpu.ld64(envOff.x + 8 * 29), lr: cpu.ld64(envOff.x + 8 * 30) }; }

  mmuIndex(cpu: Vcpu): number {
    return cpu.ld32(envOff.el) === 0 ? ARMMMUIdx.E10_0 : cpu.ld32(envOff.pan) ? ARMMMUIdx.E10_1_PAN : ARMMMUIdx.E10_1;
  }

  tlbFill(cpu: Vcpu, lo: number, hi: number, access: MMUAccessType, mmuIdx: number, probe: boolean, out: Translation): boolean {
    if (walk(cpu, lo, hi, access, mmuIdx, this.#mmu, out, this.#fault)) return true;
    this.lastFault = this.#fault.fsc;
    if (!probe) raiseAbort(cpu, lo, hi, access, this.#fault.fsc);
    return false;
  }
  unalignedAccess(cpu: Vcpu, lo: number, hi: number, access: MMUAccessType): void { raiseAbort(cpu, lo, hi, access, FSC.ALIGNMENT); }
  /** FEAT_LSE2: inside 16 aligned bytes. */
  allowsUnalignedAtomic(_cpu: Vcpu, lo: number, size: number): boolean { return this.#o.model.features.lse2 && (lo & 15) + size <= 16; }
  transactionFailed(cpu: Vcpu, lo: number, hi: number, phys: number, access: MMUAccessType): void {
    this.#o.ports.log?.('guest_errors', () => `external abort at physical address 0x${phys.toString(16)}`);
    raiseAbort(cpu, lo, hi, access, FSC.EXTERNAL);
  }

  doInterrupt(cpu: Vcpu): void {
    const excp = cpu.exceptionIndex, from = cpu.ld32(envOff.el);
    if (pmuRunning(cpu)) pmuSync(cpu, this.#o.ports);
    takeException(cpu, excp, this.#o.model.features);
    logTaken(cpu, excp, from, this.#o.ports);
  }

  execInterrupt(cpu: Vcpu, request: number): boolean {
    if (request & CPU_INTERRUPT_TIMER) {
      cpu.resetInterrupt(CPU_INTERRUPT_TIMER);
      updateTimers(cpu, this.#o.ports);
      request = cpu.load(CPUState.off.interrupt_request);
    }
    const excp = pendingInterrupt(cpu, request);
    if (excp === 0) return false;
    cpu.exceptionIndex = excp;
    this.doInterrupt(cpu);
    cpu.exceptionIndex = -1;
    return true;
  }

  hasWork(cpu: Vcpu): boolean {
    if (cpu.load(envOff.power_state) === PSCI_ON) return wakesFromHalt(cpu);
    if (!startRequested(cpu)) return false;
    startPending(cpu, this.#o.ports);
    return true;
  }

  monitorCleared(cpu: Vcpu): void { setEvent(cpu); }

  /** QEMU's layout of the registers. */
  dumpState(cpu: Vcpu, fpu = false): string {
    const hex = (v: bigint) => v.toString(16).padStart(16, '0'), x = (r: number) => hex(cpu.ld64(envOff.x + 8 * r));
    let text = ` PC=${hex(cpu.ld64(envOff.pc))} `;
    for (let r = 0; r < 32; r++) text += `${r === 31 ? ' SP' : `X${String(r).padStart(2, '0')}`}=${x(r)}${(r + 2) % 3 === 0 ? '\n' : ' '}`;
    const pstate = readPstate(cpu);
    text = `${text.trimEnd()}\nPSTATE=${pstate.toString(16).padStart(8, '0')} ${[...'NZCV'].map((c, i) => ((pstate >>> (31 - i)) & 1 ? c : '-')).join('')} EL${cpu.ld32(envOff.el)}${cpu.ld32(envOff.spsel) ? 'h' : 't'}`;
    if (this.#o.model.features.bti) text += `  BTYPE=${cpu.ld32(envOff.btype)}`;
    if (!fpu) return text;
    if (getFlag(cpu.tbFlags, TBFlag.FPEXC_EL) !== 0) return `${text}    FPU disabled`;
    const hex32 = (o: number) => (cpu.ld32(o) >>> 0).toString(16).padStart(8, '0');
    text += `     FPCR=${hex32(envOff.fpcr)} FPSR=${hex32(envOff.fpsr)}`;
    for (let q = 0; q < 32; q++) text += `${q % 2 ? ' ' : '\n'}Q${String(q).padStart(2, '0')}=${hex(cpu.ld64(envOff.v + 16 * q + 8))}:${hex(cpu.ld64(envOff.v + 16 * q))}`;
    return text;
  }

  registerByName(cpu: Vcpu, name: string): bigint | undefined {
    if (name === 'pc') return cpu.ld64(envOff.pc);
    if (name === 'sp') return cpu.ld64(envOff.x + 8 * 31);
    if (name === 'cpsr' || name === 'pstate') return BigInt(readPstate(cpu));
    const r = /^x(\d+)$/.exec(name);
    return r && Number(r[1]) < 31 ? cpu.ld64(envOff.x + 8 * Number(r[1])) : undefined;
  }

  setRegisterByName(cpu: Vcpu, name: string, value: bigint): boolean {
    const r = name === 'sp' ? 31 : Number(/^x(\d+)$/.exec(name)?.[1] ?? 32);
    if (name === 'pc') cpu.st64(envOff.pc, value);
    else if (r <= 31 && !(r === 31 && name !== 'sp')) cpu.st64(envOff.x + 8 * r, value);
    else return false;
    return true;
  }
}
