// Registers of an AArch64 vCPU as gdb numbers and names them: target description and access. Names are QEMU's.
import type { Vcpu } from '../../accel/vcpu.ts';
import { envOff } from './env.ts';
import { rebuildHflags } from './hflags.ts';
import { pstateMask, readPstate, setElSp, writePstateFields, PSTATE } from './state.ts';
import type { SysregContext, SysregDef } from './sysregs/def.ts';

/** One register; values are little-endian bytes. A register without `write` ignores it. */
export interface GdbRegister {
  readonly name: string;
  readonly bytes: number;
  read(cpu: Vcpu): Uint8Array;
  write?(cpu: Vcpu, value: Uint8Array): void;
}

/** Registers by number, the files of the target description by name, and how many registers the `g` packet holds. */
export interface GdbRegisters {
  readonly registers: readonly GdbRegister[];
  readonly files: ReadonlyMap<string, string>;
  readonly general: number;
}

const toBigint = (b: Uint8Array): bigint => b.reduceRight((v, x) => (v << 8n) | BigInt(x), 0n);
const fromBigint = (v: bigint, bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => Number((v >> BigInt(8 * i)) & 0xffn));

const field = (name: string, offset: number, bytes: number): GdbRegister => ({
  name, bytes,
  read: (cpu) => cpu.machine.u8.slice(cpu.base + offset, cpu.base + offset + bytes),
  write: (cpu, value) => cpu.machine.u8.set(value, cpu.base + offset),
});

/** PSTATE in the SPSR format. */
const cpsr = (c: SysregContext): GdbRegister => ({
  name: 'cpsr', bytes: 4, read: (cpu) => fromBigint(BigInt(readPstate(cpu)), 4),
  write: (cpu, value) => {
    const v = Number(toBigint(value)) & pstateMask(c.feat), el = (v >> PSTATE.EL_SHIFT) & 3;
    writePstateFields(cpu, v);
    // Exception levels and states that do not exist here are kept out.
    if (el <= 1 && !(el === 0 && v & PSTATE.SP)) setElSp(cpu, el, v & PSTATE.SP);
    rebuildHflags(cpu);
  },
});

/** FPCR and FPSR go through their system registers, which know what may be set. */
const fpRegister = (name: string, def: SysregDef, offset: number, c: SysregContext): GdbRegister => ({
  name, bytes: 4, read: (cpu) => fromBigint(BigInt(cpu.ld32(offset) >>> 0), 4),
  write: (cpu, value) => {
    const v = Number(BigInt.asIntN(32, toBigint(value)));
    if (def.write) def.write(cpu, v, 0, c);
    else cpu.st32(offset, v & Number(def.mask ?? 0xffffffffn));
  },
});

/** QEMU's names of registers that it calls by their AArch32 or older names. */
const QEMU_NAMES: Readonly<Record<string, string>> = {
  SCTLR_EL1: 'SCTLR', CPACR_EL1: 'CPACR', VBAR_EL1: 'VBAR', CNTKCTL_EL1: 'CNTKCTL', CLIDR_EL1: 'CLIDR', AIDR_EL1: 'AIDR', CSSELR_EL1: 'CSSELR',
  AMAIR_EL1: 'AMAIR0', L2ACTLR_EL1: 'L2ACTLR', L2ECTLR_EL1: 'L2ECTLR', MDCCSR_EL0: 'MDCCSR_EL0',
};
/** AArch32 ID registers: without the suffix. */
const A32_ID = /^(ID_(?:PFR|DFR|AFR|MMFR|ISAR)\d)_EL1$/;
const qemuName = (name: string): string => QEMU_NAMES[name] ?? A32_ID.exec(name)?.[1] ?? name;

/** A stack pointer, wherever it is kept now. */
const stackPointer = (el: number): GdbRegister => ({
  name: `SP_EL${el}`, bytes: 8,
  read: (cpu) => {
    const isCurrent = (cpu.ld32(envOff.spsel) ? cpu.ld32(envOff.el) : 0) === el;
    return fromBigint(cpu.ld64(isCurrent ? envOff.x + 8 * 31 : envOff.sp_el + 8 * el), 8);
  },
});

/**
 * System registers that are state: reading one changes nothing and needs nothing of the running vCPU. Their counters and
 * interfaces (CNTPCT, RNDR, ICC_*) and the SYS instructions are not.
 */
function systemRegister(def: SysregDef, c: SysregContext): GdbRegister | undefined {
  const [op0, , crn] = def.key;
  if (def.wo || op0 < 2 || crn === 12 && !['VBAR_EL1', 'RVBAR_EL1', 'DISR_EL1'].includes(def.name)) return undefined;
  if (/^(CNT[PV]CT|RNDR|ISR_EL1|CURRENTEL|NZCV|DAIF|SPSEL|PAN|UAO|DIT|SSBS|DBGDTR|ID_RESERVED|CNT._TVAL|PMSWINC|PMXEV|SP_EL0|ICC_)/.test(def.name)) return undefined;
  const value = (cpu: Vcpu): bigint => {
    if (def.read) return BigInt(def.read(cpu, c));
    if (def.read64) return def.read64(cpu, c);
    if (def.field !== undefined) return cpu.ld64(def.field);
    if (def.field32 !== undefined) return BigInt(cpu.ld32(def.field32) >>> 0);
    return def.const ?? 0n;
  };
  return { name: qemuName(def.name), bytes: 8, read: (cpu) => fromBigint(BigInt.asUintN(64, value(cpu)), 8) };
}

const DTD = '<?xml version="1.0"?><!DOCTYPE feature SYSTEM "gdb-target.dtd">';
const feature = (name: string, rows: readonly string[]): string => `${DTD}\n<feature name="${name}">\n${rows.map((r) => `  ${r}\n`).join('')}</feature>\n`;
const reg = (name: string, bits: number, more = ''): string => `<reg name="${name}" bitsize="${bits}"${more}/>`;

/** Views of a vector register: by element size in bits, then as float, unsigned, signed. */
const VIEWS: readonly (readonly [id: string, bits: number, float: string | undefined])[] = [
  ['d', 64, 'ieee_double'], ['s', 32, 'ieee_single'], ['h', 16, 'ieee_half'], ['b', 8, undefined], ['q', 128, undefined],
];
function vectorTypes(): string[] {
  const kinds = (bits: number, float: string | undefined) => [...(float ? [['f', float]] : []), ['u', `uint${bits}`], ['s', `int${bits}`]];
  return [
    ...VIEWS.flatMap(([, bits, float]) => kinds(bits, float).map(([k, type]) => `<vector id="v${128 / bits}${k}${bits}" type="${type}" count="${128 / bits}"/>`)),
    ...VIEWS.map(([id, bits, float]) => `<union id="vn${id}">${kinds(bits, float).map(([k]) => `<field name="${k}" type="v${128 / bits}${k}${bits}"/>`).join('')}</union>`),
    `<union id="aarch64v">${VIEWS.map(([id]) => `<field name="${id}" type="vn${id}"/>`).join('')}</union>`,
  ];
}

/** Bits of a pointer that hold its authentication code, for gdb's unwinder: those above the address range, but not bit 55. */
function pauthMask(cpu: Vcpu, isUpper: boolean): bigint {
  const tcr = cpu.ld64(envOff.tcr_el1), tsz = Number((tcr >> (isUpper ? 16n : 0n)) & 63n), tbi = (tcr >> (isUpper ? 38n : 37n)) & 1n;
  const below = (n: number): bigint => (1n << BigInt(n)) - 1n;
  return below(tbi ? 56 : 64) & ~below(Math.min(64 - tsz, 55)) & ~(1n << 55n);
}

/** The registers of a CPU: core, FP and SIMD, pointer-authentication masks, system registers. */
export function gdbRegisters(c: SysregContext, table: ReadonlyMap<number, SysregDef>): GdbRegisters {
  const byName = new Map([...table.values()].map((d) => [d.name, d]));
  const core: GdbRegister[] = [
    ...Array.from({ length: 31 }, (_, n) => field(`x${n}`, envOff.x + 8 * n, 8)), field('sp', envOff.x + 8 * 31, 8), field('pc', envOff.pc, 8), cpsr(c),
  ];
  const fpu: GdbRegister[] = [
    ...Array.from({ length: 32 }, (_, n) => field(`v${n}`, envOff.v + 16 * n, 16)),
    fpRegister('fpsr', byName.get('FPSR')!, envOff.fpsr, c), fpRegister('fpcr', byName.get('FPCR')!, envOff.fpcr, c),
  ];
  const pauth: GdbRegister[] = c.feat.pauth
    ? [['pauth_dmask', false], ['pauth_cmask', false], ['pauth_dmask_high', true], ['pauth_cmask_high', true]].map(([name, upper]) => ({
      name: name as string, bytes: 8, read: (cpu: Vcpu) => fromBigint(pauthMask(cpu, upper as boolean), 8),
    }))
    : [];
  const first = core.length + fpu.length + pauth.length;
  const system = [...[...table.values()].flatMap((d) => systemRegister(d, c) ?? []), stackPointer(0), stackPointer(1)];
  const files: [string, string][] = [
    ['aarch64-core.xml', feature('org.gnu.gdb.aarch64.core', core.map((r) =>
      reg(r.name, 8 * r.bytes, r.name === 'sp' ? ' type="data_ptr"' : r.name === 'pc' ? ' type="code_ptr"' : '')))],
    ['aarch64-fpu.xml', feature('org.gnu.gdb.aarch64.fpu', [...vectorTypes(), ...fpu.map((r, i) =>
      reg(r.name, 8 * r.bytes, r.bytes === 16 ? ` type="aarch64v"${i === 0 ? ` regnum="${core.length}"` : ''}` : ' group="float"'))])],
    ...(pauth.length ? [['aarch64-pauth.xml', feature('org.gnu.gdb.aarch64.pauth_v2', pauth.map((r) => reg(r.name, 64)))] as [string, string]] : []),
    ['system-registers.xml', feature('org.qemu.gdb.arm.sys.regs', system.map((r, i) => reg(r.name, 64, `${i === 0 ? ` regnum="${first}"` : ''} group="cp_regs"`)))],
  ];
  const target = '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">\n<target>\n  <architecture>aarch64</architecture>\n'
    + `${files.map(([name]) => `  <xi:include href="${name}"/>\n`).join('')}</target>\n`;
  return { registers: [...core, ...fpu, ...pauth, ...system], files: new Map([['target.xml', target], ...files]), general: core.length };
}
