// Helpers of the base instruction set: exceptions, alignment faults; registers the wasm ones.
import { MMU_DATA_LOAD, MMU_DATA_STORE, type HelperTable } from '../../../accel/target.ts';
import type { Vcpu } from '../../../accel/vcpu.ts';
import { envOff } from '../env.ts';
import { EXCP, synPcAlignment } from '../syndrome.ts';
import type { CoreHelpers } from '../translate/core-helpers.ts';

function raise(cpu: Vcpu, excp: number, syndrome: number, targetEl: number): true {
  cpu.exceptionIndex = excp;
  cpu.st32(envOff.exc_syndrome, syndrome);
  cpu.st32(envOff.exc_target_el, targetEl);
  return true;
}

/** (excp, syndrome, targetEl) */
const exception_with_syndrome = (cpu: Vcpu): true => raise(cpu, cpu.argLo(0), cpu.argLo(1), cpu.argLo(2));

/** (targetEl): the PC is misaligned. */
function exception_pc_alignment(cpu: Vcpu): true {
  cpu.st64p(envOff.exc_vaddress, cpu.ld32(envOff.pc), cpu.ld32(envOff.pc + 4));
  return raise(cpu, EXCP.PREFETCH_ABORT, synPcAlignment(), cpu.argLo(0));
}

/** (address, isStore, mmuIdx): an access that must be aligned is not. */
function unaligned_access(cpu: Vcpu): true {
  cpu.target.unalignedAccess(cpu, cpu.argLo(0), cpu.argHi(0), cpu.argLo(1) ? MMU_DATA_STORE : MMU_DATA_LOAD, cpu.argLo(2));
  return true;
}

/** wasm helpers by the number of their i64 arguments (src/target/arm/assembly/int.ts). */
const WASM_HELPERS = {
  1: ['rbit64'],
  2: ['crc32b', 'crc32h', 'crc32w', 'crc32x', 'crc32cb', 'crc32ch', 'crc32cw', 'crc32cx'],
  3: ['pack_nzcv', 'adc_nzcv32', 'adc_nzcv64'],
} as const;

/** Registers everything the base instruction set calls. */
export function registerIntHelpers(t: HelperTable): Pick<CoreHelpers, 'exception_with_syndrome' | 'pack_nzcv'> & CoreHelpers {
  const js = { exception_with_syndrome, exception_pc_alignment, unaligned_access };
  const wasm = Object.entries(WASM_HELPERS).flatMap(([n, names]) => names.map((name) => [name, t.addWasm(name, `callw${n}`)]));
  return Object.fromEntries([...Object.entries(js).map(([name, fn]) => [name, t.add(name, fn)]), ...wasm]);
}
