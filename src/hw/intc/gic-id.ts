// Identification registers and the report of accesses that no register answers, common to all GIC frames.
import type { MmioDevice } from '../core/device.ts';
import type { GuestErrorLog } from '../core/registers.ts';

/**
 * PIDR4…PIDR7, PIDR0…PIDR3, CIDR0…CIDR3 at the last 48 bytes of a frame: Arm Ltd. `revision` is ArchRev in PIDR2,
 * `part` the low byte of the part number.
 */
export function gicId(revision: 2 | 3, part: number, offset: number): number {
  const pidr4 = revision === 3 ? 0x44 : 0x04;
  return [pidr4, 0, 0, 0, part, 0xb4, (revision << 4) | 0xb, 0, 0x0d, 0xf0, 0x05, 0xb1][((offset & 0x3f) - 0x10) >> 2];
}

/** Reports an access that no register answers; reads give 0. */
export function logBadAccess(
  device: MmioDevice, what: 'read' | 'write', offset: number, size: number, guestError: GuestErrorLog | undefined,
): number {
  guestError?.(`${device.name}: bad ${what} of ${size} bytes at offset 0x${offset.toString(16)}`);
  return 0;
}
