// 32-bit register tables of memory-mapped devices: sub-word lanes and the PrimeCell identification block.

/** Reports a guest's mistake (`-d guest_errors`). */
export type GuestErrorLog = (message: string) => void;

/** One register of device `D`: absent `read` reads as 0, absent `write` ignores the value; both then count as a guest error. */
export interface Register<D> {
  readonly name: string;
  readonly read?: (device: D) => number;
  readonly write?: (device: D, value: number) => void;
}

/** Registers by byte offset (multiples of 4). */
export type RegisterTable<D> = Readonly<Record<number, Register<D>>>;

/** The part of a 32-bit register that an access of `size` bytes at `offset` sees. */
export function extractLane(value: number, offset: number, size: number): number {
  const v = value >>> ((offset & 3) * 8);
  return size === 4 ? v >>> 0 : (v & ((1 << (size * 8)) - 1)) >>> 0;
}

/** Reads a register through its table; an unknown one gives 0 and a guest error. */
export function readRegister<D extends { readonly name: string }>(
  table: RegisterTable<D>, device: D, offset: number, size: number, guestError?: GuestErrorLog,
): number {
  const reg = table[offset & ~3];
  if (reg?.read) return extractLane(reg.read(device), offset, size);
  guestError?.(`${device.name}: bad read offset 0x${offset.toString(16)}${reg ? ` (${reg.name} is write-only)` : ''}`);
  return 0;
}

/** Writes a register through its table; bytes outside the access are 0. */
export function writeRegister<D extends { readonly name: string }>(
  table: RegisterTable<D>, device: D, offset: number, value: number, guestError?: GuestErrorLog,
): void {
  const reg = table[offset & ~3];
  if (reg?.write) return reg.write(device, (value << ((offset & 3) * 8)) >>> 0);
  guestError?.(`${device.name}: bad write offset 0x${offset.toString(16)}${reg ? ` (${reg.name} is read-only)` : ''}`);
}

/** Rows for PeriphID0-3 and PCellID0-3 at 0xfe0…0xffc (Arm PrimeCell identification registers). */
export function primecellId(part: number, designerRevision: readonly [number, number, number]): Record<number, Register<unknown>> {
  const bytes = [part, ...designerRevision, 0x0d, 0xf0, 0x05, 0xb1];
  return Object.fromEntries(bytes.map((byte, i) => [
    0xfe0 + 4 * i, { name: i < 4 ? `PeriphID${i}` : `PCellID${i - 4}`, read: () => byte },
  ]));
}
