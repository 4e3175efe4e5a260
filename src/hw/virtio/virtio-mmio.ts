// An empty virtio-mmio slot: the transport is there, legacy (version 1) as QEMU's default, with no device behind it.
import type { MmioDevice } from '../core/device.ts';
import { extractLane } from '../core/registers.ts';

export const VIRTIO_MMIO_MAGIC_VALUE = 0x000;
export const VIRTIO_MMIO_VERSION = 0x004;
export const VIRTIO_MMIO_DEVICE_ID = 0x008;
export const VIRTIO_MMIO_VENDOR_ID = 0x00c;

/** "virt", little-endian (Virtual I/O Device specification 1.1, section 4.2.2). */
export const VIRTIO_MAGIC = 0x74726976;
/** "QEMU": the vendor guests know. */
export const VIRTIO_VENDOR = 0x554d4551;
const VERSION_LEGACY = 1;

/** Device ID 0 tells a driver to leave the slot alone (4.2.3.1.1); every other register reads 0 and ignores writes. */
export class VirtioMmioSlot implements MmioDevice {
  readonly name = 'virtio-mmio';
  readonly size = 0x200;

  read(offset: number, size: number): number {
    switch (offset & ~3) {
      case VIRTIO_MMIO_MAGIC_VALUE: return extractLane(VIRTIO_MAGIC, offset, size);
      case VIRTIO_MMIO_VERSION: return extractLane(VERSION_LEGACY, offset, size);
      case VIRTIO_MMIO_VENDOR_ID: return extractLane(VIRTIO_VENDOR, offset, size);
      default: return 0;
    }
  }

  write(_offset: number, _size: number, _value: number): void {}

  reset(): void {}
}
