// Arm semihosting (ARM IHI 0050), A64 form: console output, files of the host, time, exit; enabled by -semihosting.
import { renameSync, unlinkSync } from 'node:fs';
import { constants as E, tmpdir } from 'node:os';
import { MMU_DATA_LOAD, MMU_DATA_STORE } from '../../accel/target.ts';
import type { Vcpu } from '../../accel/vcpu.ts';
import { TARGET_PAGE_SIZE } from '../../memory/layout/cpu.ts';
import { envOff } from './env.ts';
import type { ArmPorts } from './ports.ts';
import { HostError, hostCall, SemihostFiles } from './semihosting-files.ts';

const SYS = {
  OPEN: 0x01, CLOSE: 0x02, WRITEC: 0x03, WRITE0: 0x04, WRITE: 0x05, READ: 0x06, READC: 0x07, ISERROR: 0x08, ISTTY: 0x09, SEEK: 0x0a, FLEN: 0x0c,
  TMPNAM: 0x0d, REMOVE: 0x0e, RENAME: 0x0f, CLOCK: 0x10, TIME: 0x11, SYSTEM: 0x12, ERRNO: 0x13, GET_CMDLINE: 0x15, HEAPINFO: 0x16, EXIT: 0x18,
  SYNCCACHE: 0x19, EXIT_EXTENDED: 0x20, ELAPSED: 0x30, TICKFREQ: 0x31,
} as const;
const ADP_STOPPED_APPLICATION_EXIT = 0x20026n;
/** Most bytes a call moves at once: a guest may ask for more than there is memory. The rest counts as not moved. */
const MOST = 1 << 20;
const LONGEST_NAME = 4096;
const TICKS = 1_000_000_000;

/** What semihosting needs of the machine. */
export interface Semihost {
  /** Console output. */
  write(bytes: Uint8Array): void;
  /** SYS_GET_CMDLINE. */
  readonly cmdline: string;
  /** Free RAM for SYS_HEAPINFO, physical addresses. */
  readonly heap: { readonly base: number; readonly limit: number };
}

/** Guest virtual memory, page by page. HostError EFAULT where it is not RAM. */
class GuestBytes {
  readonly #cpu: Vcpu;
  constructor(cpu: Vcpu) { this.#cpu = cpu; }

  #pieces(va: bigint, n: number, access: 0 | 1, piece: (at: number, done: number, k: number) => void): void {
    const cpu = this.#cpu, mmu = cpu.target.mmuIndex(cpu);
    for (let done = 0; done < n;) {
      const a = BigInt.asUintN(64, va + BigInt(done)), k = Math.min(n - done, TARGET_PAGE_SIZE - Number(a % BigInt(TARGET_PAGE_SIZE)));
      const at = cpu.services.probeAccess(Number(BigInt.asIntN(32, a)), Number(BigInt.asIntN(32, a >> 32n)), 1, access, mmu);
      // A probe that fails leaves a pending exception: here it is an error of the call.
      cpu.exceptionIndex = -1;
      if (at < 0) throw new HostError(E.errno.EFAULT);
      piece(at, done, k);
      done += k;
    }
  }
  read(va: bigint, n: number): Uint8Array {
    const out = new Uint8Array(n);
    this.#pieces(va, n, MMU_DATA_LOAD, (at, done, k) => out.set(this.#cpu.machine.ram8.subarray(at, at + k), done));
    return out;
  }
  write(va: bigint, bytes: Uint8Array): void {
    const { services, machine } = this.#cpu;
    this.#pieces(va, bytes.length, MMU_DATA_STORE, (at, done, k) => {
      services.invalidateCode(at, k);
      for (let i = 0; i < k; i += 16) services.storeRam(at + i, () => machine.ram8.set(bytes.subarray(done + i, Math.min(done + i + 16, done + k)), at + i));
    });
  }
  word(va: bigint): bigint { return new DataView(this.read(va, 8).buffer).getBigUint64(0, true); }
  setWord(va: bigint, v: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, v), true);
    this.write(va, bytes);
  }
  /** A string of a given length. */
  text(va: bigint, length: bigint): string {
    if (length > LONGEST_NAME) throw new HostError(E.errno.ENAMETOOLONG);
    return new TextDecoder().decode(this.read(va, Number(length)));
  }
  /** Bytes up to a zero, in pieces within a page. */
  *untilZero(va: bigint): Iterable<Uint8Array> {
    for (let a = va; ;) {
      const bytes = this.read(a, TARGET_PAGE_SIZE - Number(a % BigInt(TARGET_PAGE_SIZE))), end = bytes.indexOf(0);
      yield end < 0 ? bytes : bytes.subarray(0, end);
      if (end >= 0) return;
      a += BigInt(bytes.length);
    }
  }
}

/** errno of each vCPU's last call that failed. */
const errnos = new WeakMap<Vcpu, number>();
const atMost = (n: bigint): number => Number(n > MOST ? BigInt(MOST) : n);

/** Serves the call in x0, x1. False: the vCPU stops. */
export function semihostingCall(cpu: Vcpu, ports: ArmPorts): boolean {
  try {
    const result = serve(cpu, ports, ports.semihost!);
    if (result === 'exit') return false;
    if (result !== undefined) cpu.st64(envOff.x, BigInt.asUintN(64, BigInt(result)));
  } catch (e) {
    if (!(e instanceof HostError)) throw e;
    errnos.set(cpu, e.errno);
    cpu.st64(envOff.x, 0xffffffffffffffffn);
  }
  return true;
}

/** The call's result; undefined: x0 stays. */
function serve(cpu: Vcpu, ports: ArmPorts, host: Semihost): number | bigint | 'exit' | undefined {
  const memory = new GuestBytes(cpu), files = new SemihostFiles(cpu, (bytes) => host.write(bytes));
  const block = cpu.ld64(envOff.x + 8), arg = (n: number): bigint => memory.word(block + BigInt(8 * n));
  switch (cpu.ld32(envOff.x)) {
    case SYS.OPEN: return files.open(memory.text(arg(0), arg(2)), Number(arg(1)));
    case SYS.CLOSE: files.close(arg(0)); return 0;
    case SYS.WRITEC: host.write(memory.read(block, 1)); return undefined;
    case SYS.WRITE0: for (const piece of memory.untilZero(block)) host.write(piece); return undefined;
    case SYS.WRITE: return arg(2) - BigInt(files.write(arg(0), memory.read(arg(1), atMost(arg(2)))));
    case SYS.READ: {
      const bytes = files.read(arg(0), atMost(arg(2)));
      memory.write(arg(1), bytes);
      return arg(2) - BigInt(bytes.length);
    }
    case SYS.READC: return -1;
    case SYS.ISERROR: return BigInt.asIntN(64, arg(0)) < 0n ? 1 : 0;
    case SYS.ISTTY: return files.isTty(arg(0)) ? 1 : 0;
    case SYS.SEEK: files.seek(arg(0), BigInt.asIntN(64, arg(1))); return 0;
    case SYS.FLEN: return files.length(arg(0));
    case SYS.TMPNAM: {
      if (arg(1) > 255n) throw new HostError(E.errno.EINVAL);
      const name = Buffer.from(`${tmpdir()}/qemu-${process.pid.toString(16)}${arg(1).toString(16).padStart(2, '0')}\0`);
      if (BigInt(name.length) > arg(2)) throw new HostError(E.errno.ENAMETOOLONG);
      memory.write(arg(0), name);
      return 0;
    }
    case SYS.REMOVE: { const name = memory.text(arg(0), arg(1)); hostCall(() => unlinkSync(name)); return 0; }
    case SYS.RENAME: { const from = memory.text(arg(0), arg(1)), to = memory.text(arg(2), arg(3)); hostCall(() => renameSync(from, to)); return 0; }
    case SYS.CLOCK: return Math.floor(ports.clockNs() / 1e7);
    case SYS.TIME: return Math.floor(Date.now() / 1000);
    // Programs of the host are not the guest's to start.
    case SYS.SYSTEM: throw new HostError(E.errno.ENOSYS);
    case SYS.ERRNO: return errnos.get(cpu) ?? 0;
    case SYS.GET_CMDLINE: {
      const text = Buffer.from(`${host.cmdline}\0`);
      if (BigInt(text.length) > arg(1)) throw new HostError(E.errno.E2BIG);
      memory.write(arg(0), text);
      memory.setWord(block + 8n, BigInt(text.length - 1));
      return 0;
    }
    case SYS.HEAPINFO: {
      const { base, limit } = host.heap;
      [base, limit, limit, base].forEach((v, n) => memory.setWord(arg(0) + BigInt(8 * n), BigInt(v)));
      return 0;
    }
    // There is no cache to synchronise.
    case SYS.SYNCCACHE: return 0;
    case SYS.EXIT: case SYS.EXIT_EXTENDED: {
      ports.systemOff(arg(0) === ADP_STOPPED_APPLICATION_EXIT ? Number(BigInt.asIntN(32, arg(1))) : 1);
      return 'exit';
    }
    case SYS.ELAPSED: memory.setWord(block, BigInt(Math.floor(ports.clockNs()))); return 0;
    case SYS.TICKFREQ: return TICKS;
    default:
      ports.log?.('guest_errors', () => `semihosting call 0x${cpu.ld64(envOff.x).toString(16)} is unknown`);
      return -1;
  }
}
