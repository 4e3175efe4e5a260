// Arm semihosting (ARM IHI 0050): console output and exit, enabled by -semihosting.
import { MMU_DATA_LOAD } from '../../accel/target.ts';
import type { Vcpu } from '../../accel/vcpu.ts';
import { envOff } from './env.ts';
import type { ArmPorts } from './ports.ts';

const SYS = { OPEN: 0x01, CLOSE: 0x02, WRITEC: 0x03, WRITE0: 0x04, WRITE: 0x05, READC: 0x07, ISTTY: 0x09, CLOCK: 0x10, TIME: 0x11, ERRNO: 0x13, EXIT: 0x18, EXIT_EXTENDED: 0x20 } as const;
const ADP_STOPPED_APPLICATION_EXIT = 0x20026;
/** File handles of the console: ":tt" opened for reading and writing. */
const STDIN = 1, STDOUT = 2;

/** Serves the call in x0, x1. False: the vCPU stops. */
export function semihostingCall(cpu: Vcpu, ports: ArmPorts): boolean {
  const { ram8 } = cpu.machine, mmu = cpu.target.mmuIndex(cpu);
  /** Byte of guest virtual memory; -1 when it is not readable RAM. */
  const byte = (va: bigint): number => {
    const at = cpu.services.probeAccess(Number(BigInt.asIntN(32, va)), Number(BigInt.asIntN(32, va >> 32n)), 1, MMU_DATA_LOAD, mmu);
    cpu.exceptionIndex = -1;
    return at < 0 ? -1 : ram8[at];
  };
  const bytes = (va: bigint, n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => Math.max(0, byte(va + BigInt(i))));
  const word = (va: bigint): bigint => bytes(va, 8).reduce((v, b, i) => v | (BigInt(b) << BigInt(8 * i)), 0n);
  const ret = (v: number | bigint): true => { cpu.st64(envOff.x, BigInt.asUintN(64, BigInt(v))); return true; };
  const arg = cpu.ld64(envOff.x + 8);
  switch (cpu.ld32(envOff.x)) {
    case SYS.WRITEC: ports.semihostWrite?.(bytes(arg, 1)); return true;
    case SYS.WRITE0: {
      const out: number[] = [];
      for (let a = arg, b = byte(a); b > 0; b = byte(++a)) out.push(b);
      ports.semihostWrite?.(Uint8Array.from(out));
      return true;
    }
    case SYS.WRITE:
      if (word(arg) !== BigInt(STDOUT)) return ret(word(arg + 16n));
      ports.semihostWrite?.(bytes(word(arg + 8n), Number(word(arg + 16n))));
      return ret(0);
    case SYS.OPEN: {
      const name = new TextDecoder().decode(bytes(word(arg), Number(word(arg + 16n))));
      return ret(name === ':tt' ? (word(arg + 8n) < 4n ? STDIN : STDOUT) : -1);
    }
    case SYS.CLOSE: return ret(0);
    case SYS.ISTTY: return ret(1);
    case SYS.READC: return ret(-1);
    case SYS.CLOCK: return ret(Math.floor(ports.clockNs() / 1e7));
    case SYS.TIME: return ret(Math.floor(Date.now() / 1000));
    case SYS.ERRNO: return ret(0);
    case SYS.EXIT: case SYS.EXIT_EXTENDED: {
      const code = word(arg) === BigInt(ADP_STOPPED_APPLICATION_EXIT) ? Number(BigInt.asIntN(32, word(arg + 8n))) : 1;
      ports.systemOff(code);
      return false;
    }
    default: return ret(-1);
  }
}
