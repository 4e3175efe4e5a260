// What is told of a store-exclusive that failed: the ABA meter, and whoever else counts failures.
import type { HelperTable } from '../../../accel/target.ts';
import type { Vcpu } from '../../../accel/vcpu.ts';
import type { HelperRef } from '../../../tcg/context.ts';
import { CPUState } from '../../../memory/layout/cpu.ts';
import { envOff } from '../env.ts';

/** A store-exclusive of `bytes` to `address` found its monitor open. `sameValue`: memory holds what the load-exclusive read. */
export interface StoreExclusiveFailure { readonly pc: bigint; readonly address: bigint; readonly bytes: number; readonly sameValue: boolean }
export type OnStoreExclusiveFailed = (cpu: Vcpu, failure: StoreExclusiveFailure) => void;

const MASKS: Readonly<Record<number, bigint>> = { 1: 0xffn, 2: 0xffffn, 4: 0xffffffffn, 8: 0xffffffffffffffffn };

/** True when the place of the last load-exclusive holds the value it read: a compare-and-swap would have passed. */
function sameValue(cpu: Vcpu, bytes: number): boolean {
  const at = Number(BigInt.asIntN(64, cpu.ld64(CPUState.off.ll_host))), { ram8, ram64 } = cpu.machine;
  if (at < 0) return false;
  const read = (offset: number, n: number): bigint => {
    if (n === 8 && (at + offset) % 8 === 0) return ram64[(at + offset) / 8];
    let v = 0n;
    for (let k = n - 1; k >= 0; k--) v = v << 8n | BigInt(ram8[at + offset + k]);
    return v;
  };
  const n = Math.min(bytes, 8);
  return read(0, n) === (cpu.ld64(envOff.exclusive_val) & MASKS[n]) && (bytes < 16 || read(8, 8) === cpu.ld64(envOff.exclusive_high));
}

/** Registers the helper that schemes with a meter call: (address, bytes). The PC in env is that of the instruction. */
export function registerExclusiveHelpers(t: HelperTable, onFailed: OnStoreExclusiveFailed | undefined): { store_exclusive_failed: HelperRef } {
  const fn = (cpu: Vcpu): void => {
    const bytes = cpu.argLo(1);
    onFailed?.(cpu, { pc: cpu.ld64(envOff.pc), address: cpu.arg64(0), bytes, sameValue: sameValue(cpu, bytes) });
  };
  return { store_exclusive_failed: t.add('store_exclusive_failed', fn) };
}
