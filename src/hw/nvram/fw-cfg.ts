// fw_cfg: numbered items and named files that the machine hands to firmware and kernels (QEMU docs/specs/fw_cfg).
import type { MmioDevice } from '../core/device.ts';
import type { GuestMemory } from '../core/guest-memory.ts';
import { extractLane } from '../core/registers.ts';
import type { GuestErrorLog } from '../core/registers.ts';

/** Item numbers. */
export const FW_CFG_SIGNATURE = 0x00;
export const FW_CFG_ID = 0x01;
export const FW_CFG_UUID = 0x02;
export const FW_CFG_NOGRAPHIC = 0x04;
export const FW_CFG_NB_CPUS = 0x05;
export const FW_CFG_KERNEL_SIZE = 0x08;
export const FW_CFG_INITRD_SIZE = 0x0b;
export const FW_CFG_BOOT_MENU = 0x0e;
export const FW_CFG_KERNEL_DATA = 0x11;
export const FW_CFG_INITRD_DATA = 0x12;
export const FW_CFG_CMDLINE_SIZE = 0x14;
export const FW_CFG_CMDLINE_DATA = 0x15;
export const FW_CFG_FILE_DIR = 0x19;
export const FW_CFG_FILE_FIRST = 0x20;
/** Files a directory may hold, and the longest file name in bytes without its NUL. */
export const FW_CFG_FILE_SLOTS = 0x20;
export const FW_CFG_MAX_FILE_NAME = 55;

/** Feature bits of FW_CFG_ID. */
const VERSION_TRADITIONAL = 1;
const VERSION_DMA = 2;

/** Bits of FWCfgDmaAccess.control. */
const DMA = { ERROR: 1, READ: 2, SKIP: 4, SELECT: 8, WRITE: 16 } as const;
/** FWCfgDmaAccess: control, length (u32), address (u64), all big-endian. */
const DMA_ACCESS_SIZE = 16;
/** Largest piece copied at once. */
const DMA_CHUNK = 1 << 20;

/** Register offsets; the data register takes the eight bytes below the selector. */
const SELECTOR = 0x08;
const DMA_HIGH = 0x10;
const DMA_LOW = 0x14;
/** What reading the DMA register gives: "QEMU CFG". */
const DMA_SIGNATURE = [0x51454d55, 0x20434647] as const;

const INVALID = -1;

interface Entry {
  readonly data: Uint8Array;
  /** Told after the guest wrote; absent: read-only. */
  readonly onWrite?: (data: Uint8Array) => void;
}
interface File extends Entry {
  readonly name: string;
}

const le16 = (n: number) => Uint8Array.of(n & 0xff, n >> 8);
const le32 = (n: number) => Uint8Array.of(n & 0xff, (n >> 8) & 0xff, (n >> 16) & 0xff, n >>> 24);
const bswap16 = (n: number) => ((n & 0xff) << 8) | ((n >> 8) & 0xff);
const bswap32 = (n: number) => ((bswap16(n) << 16) | bswap16(n >>> 16)) >>> 0;

export interface FwCfgOptions {
  /** Guest memory for the DMA interface. */
  readonly memory: GuestMemory;
  readonly guestError?: GuestErrorLog;
}

/** The memory-mapped flavour: data register (bytes in string order), big-endian selector and DMA address. */
export class FwCfg implements MmioDevice {
  readonly name = 'fw_cfg';
  readonly size = 0x18;

  readonly #memory: GuestMemory;
  readonly #guestError: GuestErrorLog | undefined;
  readonly #items = new Map<number, Entry>();
  /** Sorted by name: the item number is FW_CFG_FILE_FIRST + index. */
  #files: File[] = [];
  #current = FW_CFG_SIGNATURE;
  #offset = 0;
  #dmaHigh = 0;

  constructor(options: FwCfgOptions) {
    this.#memory = options.memory;
    this.#guestError = options.guestError;
    this.addBytes(FW_CFG_SIGNATURE, Uint8Array.from('QEMU', (c) => c.charCodeAt(0)));
    this.addI32(FW_CFG_ID, VERSION_TRADITIONAL | VERSION_DMA);
    this.addBytes(FW_CFG_UUID, new Uint8Array(16));
    this.addI16(FW_CFG_NOGRAPHIC, 0);
    this.addI16(FW_CFG_BOOT_MENU, 0);
    this.#buildDirectory();
  }

  /** Sets a numbered item; replaces an earlier one. */
  addBytes(key: number, data: Uint8Array): void {
    this.#items.set(key, { data });
  }

  addI16(key: number, value: number): void {
    this.addBytes(key, le16(value));
  }

  addI32(key: number, value: number): void {
    this.addBytes(key, le32(value));
  }

  /** A string with its terminating NUL. */
  addString(key: number, text: string): void {
    this.addBytes(key, new TextEncoder().encode(`${text}\0`));
  }

  /**
   * Adds a named file, or replaces the one of that name. With `onWrite` the guest may write it by DMA.
   * Call before the machine runs: item numbers follow the order of names. Throws RangeError on a bad name or a full directory.
   */
  addFile(name: string, data: Uint8Array, onWrite?: (data: Uint8Array) => void): void {
    if (!/^[\x21-\x7e]+$/.test(name) || name.length > FW_CFG_MAX_FILE_NAME) throw new RangeError(`bad fw_cfg file name '${name}'`);
    const others = this.#files.filter((file) => file.name !== name);
    if (others.length === FW_CFG_FILE_SLOTS) throw new RangeError('fw_cfg: too many files');
    this.#files = [...others, { name, data, onWrite }].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#buildDirectory();
  }

  /** Names and sizes in directory order. */
  get files(): readonly { readonly name: string; readonly size: number }[] {
    return this.#files.map(({ name, data }) => ({ name, size: data.length }));
  }

  read(offset: number, size: number): number {
    if (offset < SELECTOR) {
      let value = 0;
      for (let i = 0; i < size; i++) value += this.#nextByte() * 2 ** (8 * i);
      return value;
    }
    if (offset >= DMA_HIGH) return extractLane(bswap32(DMA_SIGNATURE[(offset - DMA_HIGH) >> 2]), offset, size);
    return 0;
  }

  write(offset: number, size: number, value: number): void {
    if (offset === SELECTOR && size === 2) this.#select(bswap16(value));
    else if (offset === DMA_HIGH && size === 4) this.#dmaHigh = bswap32(value);
    else if (offset === DMA_LOW && size === 4) this.#startDma(bswap32(value));
    else this.#guestError?.(`fw_cfg: ${size}-byte write at offset 0x${offset.toString(16)} ignored`);
  }

  /** Selects item 0 again; items and files stay. */
  reset(): void {
    this.#select(FW_CFG_SIGNATURE);
    this.#dmaHigh = 0;
  }

  #entry(): Entry | undefined {
    return this.#items.get(this.#current) ?? this.#files[this.#current - FW_CFG_FILE_FIRST];
  }

  #select(key: number): void {
    this.#offset = 0;
    this.#current = key < FW_CFG_FILE_FIRST + FW_CFG_FILE_SLOTS ? key : INVALID;
  }

  #nextByte(): number {
    return this.#entry()?.data[this.#offset++] ?? 0;
  }

  /** FWCfgFiles: count, then size, select, reserved, name[56] of each file; big-endian. */
  #buildDirectory(): void {
    const bytes = new Uint8Array(4 + 64 * this.#files.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#files.length);
    this.#files.forEach(({ name, data }, i) => {
      const at = 4 + 64 * i;
      view.setUint32(at, data.length);
      view.setUint16(at + 4, FW_CFG_FILE_FIRST + i);
      bytes.set(new TextEncoder().encode(name), at + 8);
    });
    this.addBytes(FW_CFG_FILE_DIR, bytes);
  }

  /** Writing the low half of the address runs the FWCfgDmaAccess found there. */
  #startDma(low: number): void {
    const pa = this.#dmaHigh * 2 ** 32 + low;
    this.#dmaHigh = 0;
    let result = 0;
    try {
      const access = this.#memory.read(pa, DMA_ACCESS_SIZE);
      const view = new DataView(access.buffer, access.byteOffset, DMA_ACCESS_SIZE);
      const address = view.getUint32(8) * 2 ** 32 + view.getUint32(12);
      if (!this.#runDma(view.getUint32(0), view.getUint32(4), address)) result = DMA.ERROR;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#guestError?.(`fw_cfg: DMA outside RAM: ${error.message}`);
      result = DMA.ERROR;
    }
    try {
      this.#memory.write(pa, Uint8Array.of(0, 0, 0, result));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // the descriptor itself is not in RAM: nowhere to report it
    }
  }

  /** Runs one access; false when the guest may not write there. RangeError when its buffer is not RAM. */
  #runDma(control: number, length: number, address: number): boolean {
    if (control & DMA.SELECT) this.#select(control >>> 16);
    if (control & DMA.READ) return this.#dmaRead(length, address);
    if (control & DMA.WRITE) return this.#dmaWrite(length, address);
    if (control & DMA.SKIP) this.#offset += length;
    return true;
  }

  /** Copies the rest of the item; beyond its end the guest reads zeros. */
  #dmaRead(length: number, address: number): boolean {
    for (let done = 0; done < length;) {
      const chunk = new Uint8Array(Math.min(DMA_CHUNK, length - done));
      chunk.set(this.#entry()?.data.subarray(this.#offset, this.#offset + chunk.length) ?? []);
      this.#memory.write(address + done, chunk);
      this.#offset += chunk.length;
      done += chunk.length;
    }
    return true;
  }

  #dmaWrite(length: number, address: number): boolean {
    const entry = this.#entry();
    if (!entry?.onWrite || this.#offset + length > entry.data.length) return false;
    entry.data.set(this.#memory.read(address, length), this.#offset);
    this.#offset += length;
    entry.onWrite(entry.data);
    return true;
  }
}

/** What `-M virt` puts in: vCPU count, `-nographic`, boot policy files. */
export function addMachineItems(fwCfg: FwCfg, options: { readonly cpus: number; readonly nographic?: boolean; readonly uuid?: Uint8Array }): void {
  fwCfg.addI16(FW_CFG_NB_CPUS, options.cpus);
  fwCfg.addI16(FW_CFG_NOGRAPHIC, options.nographic ? 1 : 0);
  if (options.uuid) fwCfg.addBytes(FW_CFG_UUID, options.uuid);
  fwCfg.addFile('bios-geometry', new Uint8Array(0));
  fwCfg.addFile('bootorder', new Uint8Array(0));
  fwCfg.addFile('etc/boot-fail-wait', le32(-1)); // no timeout
}
