// The files of semihosting: handles shared by all vCPUs, host files behind them.
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { constants as E } from 'node:os';
import { isatty } from 'node:tty';
import type { Vcpu } from '../../accel/vcpu.ts';
import { SEMIHOST_FILES, SemihostFile } from '../../memory/layout/semihosting.ts';

/** SYS_OPEN modes as fopen() has them, in the specification's order; each also with "b". */
const MODES = ['r', 'r', 'r+', 'r+', 'w', 'w', 'w+', 'w+', 'a', 'a', 'a+', 'a+'] as const;
const FIRST_WRITE_MODE = 4;
const KIND = { FREE: 0, INPUT: 1, OUTPUT: 2, FILE: 3, FEATURES: 4 } as const;
/** Magic number, then: SYS_EXIT_EXTENDED is there; output and error output are apart. */
const FEATURES = Uint8Array.of(0x53, 0x48, 0x46, 0x42, 0x03);
const F = SemihostFile.off;

/** An answer that is -1 with an errno. */
export class HostError extends Error {
  readonly errno: number;
  constructor(errno: number) {
    super(`errno ${errno}`);
    this.errno = errno;
  }
}

/** Runs a file-system call of the host; HostError when it fails. */
export function hostCall<T>(call: () => T): T {
  try {
    return call();
  } catch (e) {
    if (e instanceof HostError) throw e;
    const code = (e as NodeJS.ErrnoException).code as keyof typeof E.errno;
    throw new HostError(E.errno[code] ?? E.errno.EIO);
  }
}

/** The open files as one vCPU's thread sees them. Errors of all methods: HostError. */
export class SemihostFiles {
  readonly #i32: Int32Array;
  readonly #i64: BigInt64Array;
  readonly #base: number;
  readonly #console: (bytes: Uint8Array) => void;

  constructor(cpu: Vcpu, console: (bytes: Uint8Array) => void) {
    this.#i32 = cpu.machine.i32;
    this.#i64 = cpu.machine.i64;
    this.#base = cpu.machine.layout.semihostBase;
    this.#console = console;
  }

  #at(handle: bigint): number {
    const n = Number(handle) - 1;
    if (!(n >= 0 && n < SEMIHOST_FILES)) throw new HostError(E.errno.EBADF);
    return this.#base + n * SemihostFile.size;
  }
  #kind(at: number): number { return Atomics.load(this.#i32, at + F.kind >>> 2); }
  #open(handle: bigint): { at: number; kind: number; fd: number } {
    const at = this.#at(handle), kind = this.#kind(at);
    if (kind === KIND.FREE) throw new HostError(E.errno.EBADF);
    return { at, kind, fd: Atomics.load(this.#i32, at + F.fd >>> 2) };
  }

  open(name: string, mode: number): number {
    if (mode >= MODES.length) throw new HostError(E.errno.EINVAL);
    const kind = name === ':tt' ? (mode < FIRST_WRITE_MODE ? KIND.INPUT : KIND.OUTPUT) : name === ':semihosting-features' ? KIND.FEATURES : KIND.FILE;
    if (kind === KIND.FEATURES && mode >= 2) throw new HostError(E.errno.EACCES);
    const fd = kind === KIND.FILE ? hostCall(() => openSync(name, MODES[mode])) : 0;
    for (let n = 0; n < SEMIHOST_FILES; n++) {
      const at = this.#base + n * SemihostFile.size;
      if (Atomics.compareExchange(this.#i32, at + F.kind >>> 2, KIND.FREE, kind) !== KIND.FREE) continue;
      Atomics.store(this.#i32, at + F.fd >>> 2, fd);
      Atomics.store(this.#i64, at + F.pos >>> 3, 0n);
      return n + 1;
    }
    if (kind === KIND.FILE) closeSync(fd);
    throw new HostError(E.errno.EMFILE);
  }

  close(handle: bigint): void {
    const { at, kind, fd } = this.#open(handle);
    if (Atomics.compareExchange(this.#i32, at + F.kind >>> 2, kind, KIND.FREE) === kind && kind === KIND.FILE) hostCall(() => closeSync(fd));
  }

  /** Bytes written. */
  write(handle: bigint, bytes: Uint8Array): number {
    const { at, kind, fd } = this.#open(handle);
    if (kind === KIND.OUTPUT) {
      this.#console(bytes);
      return bytes.length;
    }
    if (kind !== KIND.FILE) throw new HostError(E.errno.EBADF);
    // A file opened for appending takes it at its end, whatever the position.
    const pos = Atomics.add(this.#i64, at + F.pos >>> 3, BigInt(bytes.length));
    return hostCall(() => writeSync(fd, bytes, 0, bytes.length, Number(pos)));
  }

  /** Up to `n` bytes; none at the end of the file, and of the console, which has no input. */
  read(handle: bigint, n: number): Uint8Array {
    const { at, kind, fd } = this.#open(handle);
    const pos = Number(Atomics.load(this.#i64, at + F.pos >>> 3));
    let bytes = new Uint8Array(0);
    if (kind === KIND.FEATURES) bytes = FEATURES.slice(pos, pos + n);
    else if (kind === KIND.FILE) {
      const buffer = new Uint8Array(n);
      bytes = buffer.subarray(0, hostCall(() => readSync(fd, buffer, 0, n, pos)));
    }
    Atomics.add(this.#i64, at + F.pos >>> 3, BigInt(bytes.length));
    return bytes;
  }

  seek(handle: bigint, pos: bigint): void {
    const { at, kind } = this.#open(handle);
    if (kind !== KIND.FILE && kind !== KIND.FEATURES) throw new HostError(E.errno.ESPIPE);
    if (pos < 0n || pos > 0x1fffffffffffffn) throw new HostError(E.errno.EINVAL);
    Atomics.store(this.#i64, at + F.pos >>> 3, pos);
  }

  length(handle: bigint): number {
    const { kind, fd } = this.#open(handle);
    if (kind === KIND.FEATURES) return FEATURES.length;
    return kind === KIND.FILE ? hostCall(() => fstatSync(fd).size) : 0;
  }

  isTty(handle: bigint): boolean {
    const { kind } = this.#open(handle);
    return (kind === KIND.INPUT && isatty(0)) || (kind === KIND.OUTPUT && isatty(2));
  }
}
