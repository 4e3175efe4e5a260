// Guest physical memory as a device's DMA sees it.

/** Both throw a RangeError when any byte of the range is not RAM; nothing is transferred then. */
export interface GuestMemory {
  /** A copy of `length` bytes at physical address `pa`. */
  read(pa: number, length: number): Uint8Array;
  write(pa: number, bytes: Uint8Array): void;
}
