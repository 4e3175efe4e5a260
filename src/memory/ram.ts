// The guest's memory: RAM, flash and ROM of a machine as one shared WebAssembly memory.

/** Pages (64 KiB) that 32-bit addresses reach. */
const NARROW_PAGES = 65536;

/**
 * Whether a guest memory of that many pages needs 64-bit addresses. A smaller one has 32-bit addresses: V8 guards those
 * by the host's page tables, while a 64-bit address is compared with the size at each access.
 */
export const isWideRam = (pages: number): boolean => pages > NARROW_PAGES;

/** Allocates a guest memory. Errors: RangeError when the host has not that much address space. */
export function createRam(pages: number): WebAssembly.Memory {
  if (!isWideRam(pages)) return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return new WebAssembly.Memory({ initial: BigInt(pages), maximum: BigInt(pages), shared: true, address: 'i64' });
}
