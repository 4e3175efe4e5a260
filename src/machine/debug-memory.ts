// Guest memory as a debugger reaches it: physical addresses, RAM, ROM and devices alike.
import type { LocalDevice } from '../accel/io.ts';
import { findRange } from '../memory/flat-view.ts';
import type { VirtMachine } from './virt.ts';
import { localDevices } from './vcpu-thread.ts';

/** Largest aligned access that fits, 1, 2 or 4 bytes. */
const accessSize = (at: number, left: number): number => (left >= 4 && at % 4 === 0 ? 4 : left >= 2 && at % 2 === 0 ? 2 : 1);

export class DebugMemory {
  readonly #m: VirtMachine;
  readonly #local: ReadonlyMap<number, LocalDevice>;

  constructor(m: VirtMachine) {
    this.#m = m;
    this.#local = localDevices(m.gic);
  }

  /** Part of [pa, pa + n) that one region of the memory map covers; undefined when none begins there. */
  #range(pa: number, n: number) {
    const r = findRange(this.#m.machine.spec.flat, pa);
    return r && { r, at: pa - r.base, n: Math.min(n, r.base + r.size - pa) };
  }
  #device(region: number | undefined): LocalDevice | undefined { return this.#local.get(region!) ?? this.#m.devices.get(region!); }

  /** Undefined: nothing is there. Reading a device has the effects the guest's reading has. `cpu`: as whom. */
  read(pa: number, bytes: number, cpu: number): Uint8Array | undefined {
    const out = new Uint8Array(bytes), view = new DataView(out.buffer);
    for (let done = 0; done < bytes;) {
      const p = this.#range(pa + done, bytes - done);
      if (!p) return undefined;
      if (p.r.ramOffset !== undefined) out.set(this.#m.machine.ram8.subarray(p.r.ramOffset + p.at, p.r.ramOffset + p.at + p.n), done);
      else {
        const device = this.#device(p.r.region);
        for (let k = 0, size; k < p.n; k += size) {
          size = accessSize(p.at + k, p.n - k);
          const v = device ? device.read(p.at + k, size, cpu) : 0;
          if (size === 4) view.setUint32(done + k, v, true); else if (size === 2) view.setUint16(done + k, v, true); else view.setUint8(done + k, v);
        }
      }
      done += p.n;
    }
    return out;
  }

  /** False: nothing is there, or only up to some byte. ROM is written too; translated code goes. */
  write(pa: number, value: Uint8Array, cpu: number): boolean {
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    for (let done = 0; done < value.length;) {
      const p = this.#range(pa + done, value.length - done);
      if (!p) return false;
      if (p.r.ramOffset !== undefined) {
        this.#m.writeRam(p.r.ramOffset + p.at, value.subarray(done, done + p.n));
      } else {
        const device = this.#device(p.r.region);
        for (let k = 0, size; k < p.n; k += size) {
          size = accessSize(p.at + k, p.n - k);
          const at = done + k;
          device?.write(p.at + k, size, size === 4 ? view.getUint32(at, true) : size === 2 ? view.getUint16(at, true) : view.getUint8(at), cpu);
        }
      }
      done += p.n;
    }
    return true;
  }
}
