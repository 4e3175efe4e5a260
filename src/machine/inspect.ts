// Guest memory as monitors and debuggers see it, from the main thread; exact while the machine is stopped.
import { MMU_DATA_LOAD, MMU_INST_FETCH, type MMUAccessType, type Translation } from '../accel/target.ts';
import type { Machine } from '../accel/machine-view.ts';
import type { Vcpu } from '../accel/vcpu.ts';
import { findRange } from '../memory/flat-view.ts';

const PAGE = 4096;

/** Reads memory without side effects: no TLB is filled, no device is touched. Of VirtMachine.inspect. */
export class Inspector {
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Physical address behind a virtual one as the vCPU would translate it now; undefined when it is not mapped. */
  translate(cpu: Vcpu, va: bigint): number | undefined {
    const out: Translation = { phys: 0, prot: 0, lgPageSize: 0, attrs: 0 };
    const lo = Number(va & 0xffffffffn) | 0, hi = Number(va >> 32n & 0xffffffffn) | 0, mmu = cpu.target.mmuIndex(cpu);
    const kinds: readonly MMUAccessType[] = [MMU_DATA_LOAD, MMU_INST_FETCH];
    return kinds.some((access) => cpu.target.tlbFill(cpu, lo, hi, access, mmu, true, out)) ? out.phys + Number(va & 0xfffn) : undefined;
  }

  /** Physical memory; what is no RAM or ROM reads as 0, and `mapped` says whether all of it was. */
  readPhysical(pa: number, length: number): { bytes: Uint8Array; mapped: boolean } {
    const bytes = new Uint8Array(length);
    let mapped = true;
    for (let at = 0; at < length;) {
      const r = findRange(this.#machine.spec.flat, pa + at);
      if (!r || r.ramOffset === undefined) {
        mapped = false;
        at += PAGE - (pa + at) % PAGE;
        continue;
      }
      const n = Math.min(length - at, r.base + r.size - (pa + at)), from = r.ramOffset + pa + at - r.base;
      bytes.set(this.#machine.ram8.subarray(from, from + n), at);
      at += n;
    }
    return { bytes, mapped };
  }

  /** Memory by virtual address; undefined when a page of it is not mapped, or mapped to something that is no memory. */
  readVirtual(cpu: Vcpu, va: bigint, length: number): Uint8Array | undefined {
    const out = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const here = BigInt.asUintN(64, va + BigInt(at)), n = Math.min(length - at, PAGE - Number(here % BigInt(PAGE)));
      const pa = this.translate(cpu, here);
      if (pa === undefined) return undefined;
      const { bytes, mapped } = this.readPhysical(pa, n);
      if (!mapped) return undefined;
      out.set(bytes, at);
      at += n;
    }
    return out;
  }
}
