// Memory map and interrupt numbers of the `virt` board, as QEMU 7.2 has them. All addresses and sizes in bytes.

export interface MemMapEntry {
  readonly base: number;
  readonly size: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** Physical address ranges below RAM, and RAM's base. */
export const VIRT_MEMMAP = {
  FLASH: { base: 0x0000_0000, size: 0x0800_0000 },
  CPUPERIPHS: { base: 0x0800_0000, size: 0x0002_0000 },
  GIC_DIST: { base: 0x0800_0000, size: 0x0001_0000 },
  GIC_CPU: { base: 0x0801_0000, size: 0x0001_0000 },
  GIC_V2M: { base: 0x0802_0000, size: 0x0000_1000 },
  GIC_HYP: { base: 0x0803_0000, size: 0x0001_0000 },
  GIC_VCPU: { base: 0x0804_0000, size: 0x0001_0000 },
  GIC_ITS: { base: 0x0808_0000, size: 0x0002_0000 },
  /** Room for 123 redistributors of 128 KiB. */
  GIC_REDIST: { base: 0x080a_0000, size: 0x00f6_0000 },
  UART: { base: 0x0900_0000, size: 0x0000_1000 },
  RTC: { base: 0x0901_0000, size: 0x0000_1000 },
  FW_CFG: { base: 0x0902_0000, size: 0x0000_0018 },
  GPIO: { base: 0x0903_0000, size: 0x0000_1000 },
  SECURE_UART: { base: 0x0904_0000, size: 0x0000_1000 },
  SMMU: { base: 0x0905_0000, size: 0x0002_0000 },
  PCDIMM_ACPI: { base: 0x0907_0000, size: 0x18 },
  ACPI_GED: { base: 0x0908_0000, size: 0x4 },
  NVDIMM_ACPI: { base: 0x0909_0000, size: 0x4 },
  PVTIME: { base: 0x090a_0000, size: 0x0001_0000 },
  SECURE_GPIO: { base: 0x090b_0000, size: 0x0000_1000 },
  /** One slot; NUM_VIRTIO_TRANSPORTS of them follow each other. */
  MMIO: { base: 0x0a00_0000, size: 0x0000_0200 },
  PLATFORM_BUS: { base: 0x0c00_0000, size: 0x0200_0000 },
  SECURE_MEM: { base: 0x0e00_0000, size: 0x0100_0000 },
  PCIE_MMIO: { base: 0x1000_0000, size: 0x2eff_0000 },
  PCIE_PIO: { base: 0x3eff_0000, size: 0x0001_0000 },
  PCIE_ECAM: { base: 0x3f00_0000, size: 0x0100_0000 },
  /** Size: what `-m` says. */
  MEM: { base: 0x4000_0000, size: 255 * GiB },
} as const satisfies Record<string, MemMapEntry>;

/** Ranges above RAM (highmem=on) while RAM ends below 256 GiB. */
export const VIRT_HIGH_MEMMAP = {
  HIGH_GIC_REDIST2: { base: 256 * GiB, size: 64 * MiB },
  HIGH_PCIE_ECAM: { base: 256 * GiB + 256 * MiB, size: 256 * MiB },
  HIGH_PCIE_MMIO: { base: 512 * GiB, size: 512 * GiB },
} as const satisfies Record<string, MemMapEntry>;

/** Shared peripheral interrupts: number in the GIC is 32 more. */
export const VIRT_IRQMAP = {
  UART: 1,
  RTC: 2,
  /** Four legacy PCI interrupts. */
  PCIE: 3,
  GPIO: 7,
  SECURE_UART: 8,
  ACPI_GED: 9,
  /** First of NUM_VIRTIO_TRANSPORTS. */
  MMIO: 16,
  /** First of 64 message-signalled interrupts of the GICv2m. */
  GIC_V2M: 48,
  SMMU: 74,
  /** First of 64. */
  PLATFORM_BUS: 112,
} as const;

/** Private peripheral interrupts, by number above 16. */
export const VIRT_PPI = {
  MAINTENANCE: 9,
  TIMER_NS_EL2: 10,
  TIMER_VIRT: 11,
  TIMER_S_EL1: 13,
  TIMER_NS_EL1: 14,
  PMU: 7,
} as const;

export const NUM_VIRTIO_TRANSPORTS = 32;
export const NUM_IRQS = 256;
/** Largest -smp: our bound for either GIC is 64 vCPUs; a GICv2 addresses 8. */
export const MAX_CPUS = { 2: 8, 3: 64 } as const;
/** Two flash devices share FLASH equally; erase blocks in bytes over both chips of each. */
export const VIRT_FLASH_SECTOR_SIZE = 256 * KiB;
export const VIRT_FLASH_SIZE = VIRT_MEMMAP.FLASH.size / 2;
/** PL061 line of the power key. */
export const GPIO_PIN_POWER = 3;
/** Clock of UART, RTC and GPIO, Hz. */
export const APB_CLOCK_HZ = 24_000_000;

export type GicVersion = 2 | 3;

/** MPIDR affinity (Aff3…Aff0) of vCPU `index`: clusters as large as one SGI target list, 16 on GICv3, 8 on GICv2. */
export function mpAffinity(index: number, gicVersion: GicVersion): number {
  const cluster = gicVersion === 3 ? 16 : 8;
  return (Math.floor(index / cluster) << 8) | index % cluster;
}

/** I/O region numbers of the board: what a FlatRange of kind `local` or `main` names. GIC_CPU: GICv2 CPU interface or GICv3 redistributors. */
export const VIRT_REGION = { GIC_DIST: 0, GIC_CPU: 1, UART: 2, RTC: 3, FW_CFG: 4, GPIO: 5, FLASH0: 6, FLASH1: 7, VIRTIO: 8 } as const;
