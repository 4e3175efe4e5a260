// NOR flash with the Intel command set (CFI primary 0001): two 16-bit chips side by side on a 32-bit bus.
import type { MmioDevice } from '../core/device.ts';
import { extractLane } from '../core/registers.ts';
import type { GuestErrorLog } from '../core/registers.ts';

/** Bus width and width of one chip, bytes; a command or answer appears once a chip. */
const BANK_WIDTH = 4;
const DEVICE_WIDTH = 2;
const DEVICES = BANK_WIDTH / DEVICE_WIDTH;
/** log2 of one chip's write buffer, bytes. */
const LG_BUFFER = 11;
const BUFFER_BYTES = DEVICES << LG_BUFFER;
/** Manufacturer (Intel) and device code. */
const IDENT = [0x89, 0x18] as const;

/** Status register bits. */
export const SR_READY = 0x80;
export const SR_ERASE_ERROR = 0x20;
export const SR_PROGRAM_ERROR = 0x10;
export const SR_SEQUENCE_ERROR = SR_ERASE_ERROR | SR_PROGRAM_ERROR;

/** Commands (Intel StrataFlash data sheets; JEP137). */
const CMD = {
  PROGRAM: 0x10, PROGRAM_ALT: 0x40, BLOCK_ERASE: 0x20, CLEAR_STATUS: 0x50, LOCK_SETUP: 0x60, READ_STATUS: 0x70,
  READ_ID: 0x90, CFI_QUERY: 0x98, CONFIRM: 0xd0, LOCK: 0x01, WRITE_BUFFER: 0xe8, READ_ARRAY: 0xff, AMD_RESET: 0xf0,
} as const;

/** What a read returns. */
type ReadMode = 'array' | 'status' | 'id' | 'cfi';
/** What the next write is. */
type WriteState = 'command' | 'program' | 'erase' | 'lock' | 'count' | 'data' | 'confirm';

const ascii = (s: string) => [...s].map((c) => c.charCodeAt(0));

/** CFI query table of one chip, by 16-bit word index (JESD68.01). `chipBytes`, `blockBytes`: one chip's share. */
function cfiTable(chipBytes: number, blockBytes: number): Uint8Array {
  const table = new Uint8Array(0x52);
  const blocks = chipBytes / blockBytes - 1;
  const rows: readonly (readonly [number, readonly number[]])[] = [
    [0x10, ascii('QRY')],
    [0x13, [0x01, 0x00]], // primary command set 1
    [0x15, [0x31, 0x00]], // address of its table
    [0x1b, [0x45, 0x55]], // Vcc 4.5 V to 5.5 V
    [0x1f, [0x07, 0x07, 0x0a, 0x00]], // log2 of typical times: word, buffer (us), block erase (ms)
    [0x23, [0x04, 0x04, 0x04, 0x00]], // log2 of worst over typical
    [0x27, [Math.log2(chipBytes), 0x02, 0x00]], // size; interface x8/x16
    [0x2a, [LG_BUFFER, 0x00]],
    [0x2c, [0x01, blocks & 0xff, blocks >> 8, (blockBytes >> 8) & 0xff, blockBytes >> 16]], // one erase region
    [0x31, [...ascii('PRI'), ...ascii('10')]], // version 1.0
    [0x3f, [0x01]], // one protection field
  ];
  for (const [at, bytes] of rows) table.set(bytes, at);
  return table;
}

export interface PFlashOptions {
  /** The flash contents, in guest memory; its length is the flash's size, a power of two. */
  readonly storage: Uint8Array;
  /** Bytes of one erase block over both chips. */
  readonly sectorSize?: number;
  /** Told when reads begin (true) or cease to be plain memory reads, so that the machine maps the contents or the device. */
  readonly onRomd?: (romd: boolean) => void;
  /** Told what was programmed or erased: code in it has changed. */
  readonly onChange?: (offset: number, bytes: number) => void;
  readonly guestError?: GuestErrorLog;
}

/**
 * All operations complete at once: the status register always shows ready. While `romd` is true the contents may be
 * mapped as ROM for reads and execution, with writes still coming here; `read()` answers in every mode.
 */
export class PFlashCfi01 implements MmioDevice {
  readonly name = 'cfi.pflash01';
  readonly size: number;

  readonly #storage: Uint8Array;
  readonly #view: DataView;
  readonly #sectorSize: number;
  readonly #cfi: Uint8Array;
  readonly #onRomd: PFlashOptions['onRomd'];
  readonly #onChange: PFlashOptions['onChange'];
  readonly #guestError: GuestErrorLog | undefined;
  #mode: ReadMode = 'array';
  #state: WriteState = 'command';
  #status = SR_READY;
  /** Buffered program: bus words still to come, block it must stay in, words received. */
  #left = 0;
  #block = -1;
  #buffer: { readonly offset: number; readonly size: number; readonly value: number }[] = [];

  constructor(options: PFlashOptions) {
    this.#storage = options.storage;
    this.size = options.storage.length;
    this.#view = new DataView(options.storage.buffer, options.storage.byteOffset, options.storage.byteLength);
    this.#sectorSize = options.sectorSize ?? 256 * 1024;
    this.#cfi = cfiTable(this.size / DEVICES, this.#sectorSize / DEVICES);
    this.#onRomd = options.onRomd;
    this.#onChange = options.onChange;
    this.#guestError = options.guestError;
  }

  /** True while reads return the contents. */
  get romd(): boolean {
    return this.#mode === 'array';
  }

  read(offset: number, size: number): number {
    switch (this.#mode) {
      case 'array': return this.#load(offset, size);
      case 'status': return extractLane(this.#perChip(this.#status), offset, size);
      case 'id': return extractLane(this.#perChip(IDENT[(offset / BANK_WIDTH) & 0xff] ?? 0), offset, size);
      case 'cfi': return extractLane(this.#perChip(this.#cfi[(offset / BANK_WIDTH) & 0xff] ?? 0), offset, size);
    }
  }

  write(offset: number, size: number, value: number): void {
    const byte = value & 0xff;
    switch (this.#state) {
      case 'command': return this.#command(offset, byte);
      case 'program':
        this.#program(offset, size, value);
        return this.#done();
      case 'erase':
        if (byte !== CMD.CONFIRM) return this.#sequenceError(byte);
        this.#erase(offset);
        return this.#done();
      case 'lock': // blocks have no locks: both answers succeed
        return byte === CMD.CONFIRM || byte === CMD.LOCK ? this.#done() : this.#sequenceError(byte);
      case 'count':
        this.#left = (value & 0xffff) + 1;
        this.#buffer = [];
        this.#block = -1;
        this.#state = 'data';
        return;
      case 'data':
        if (this.#block < 0) this.#block = Math.floor(offset / BUFFER_BYTES);
        this.#buffer.push({ offset, size, value });
        if (--this.#left === 0) this.#state = 'confirm';
        return;
      case 'confirm': return this.#commitBuffer(byte);
    }
  }

  /** Back to reading the array; the contents stay. */
  reset(): void {
    this.#status = SR_READY;
    this.#readArray();
  }

  #command(offset: number, command: number): void {
    switch (command) {
      case CMD.PROGRAM:
      case CMD.PROGRAM_ALT: return this.#enter('program');
      case CMD.BLOCK_ERASE: return this.#enter('erase');
      case CMD.LOCK_SETUP: return this.#enter('lock');
      case CMD.WRITE_BUFFER: return this.#enter('count');
      case CMD.READ_STATUS: return this.#setMode('status');
      case CMD.READ_ID: return this.#setMode('id');
      case CMD.CFI_QUERY: return this.#setMode('cfi');
      case CMD.CLEAR_STATUS:
        this.#status = SR_READY;
        return this.#readArray();
      case 0x00:
      case CMD.AMD_RESET: // probes for the other command set
      case CMD.READ_ARRAY: return this.#readArray();
      default:
        this.#guestError?.(`${this.name}: unknown command 0x${command.toString(16)} at 0x${offset.toString(16)}`);
        return this.#readArray();
    }
  }

  /** A command that more writes follow; reads show the status meanwhile. */
  #enter(state: WriteState): void {
    this.#state = state;
    this.#setMode('status');
  }

  #done(): void {
    this.#state = 'command';
    this.#status |= SR_READY;
  }

  #readArray(): void {
    this.#state = 'command';
    this.#setMode('array');
  }

  /** The second write was no answer to the first: READ_ARRAY aborts, anything else is flagged. */
  #sequenceError(byte: number): void {
    if (byte === CMD.READ_ARRAY) return this.#readArray();
    this.#status |= SR_SEQUENCE_ERROR;
    this.#guestError?.(`${this.name}: bad command sequence (0x${byte.toString(16)})`);
    this.#done();
  }

  #commitBuffer(byte: number): void {
    if (byte !== CMD.CONFIRM) return this.#sequenceError(byte);
    if (this.#buffer.every((word) => Math.floor(word.offset / BUFFER_BYTES) === this.#block)) {
      for (const { offset, size, value } of this.#buffer) this.#program(offset, size, value);
    } else {
      this.#status |= SR_PROGRAM_ERROR;
      this.#guestError?.(`${this.name}: buffered program crosses a buffer boundary`);
    }
    this.#buffer = [];
    this.#done();
  }

  #load(offset: number, size: number): number {
    if (size === 4) return this.#view.getUint32(offset, true);
    return size === 2 ? this.#view.getUint16(offset, true) : this.#view.getUint8(offset);
  }

  /** Programs without the 1→0 limit of real cells, as QEMU does: drivers erase first anyway. */
  #program(offset: number, size: number, value: number): void {
    if (size === 4) this.#view.setUint32(offset, value, true);
    else if (size === 2) this.#view.setUint16(offset, value, true);
    else this.#view.setUint8(offset, value);
    this.#onChange?.(offset, size);
  }

  #erase(offset: number): void {
    const start = offset - (offset % this.#sectorSize);
    this.#storage.fill(0xff, start, start + this.#sectorSize);
    this.#onChange?.(start, this.#sectorSize);
  }

  /** The same answer from each chip. */
  #perChip(value: number): number {
    return (value | (value << (8 * DEVICE_WIDTH))) >>> 0;
  }

  #setMode(mode: ReadMode): void {
    const was = this.romd;
    this.#mode = mode;
    if (was !== this.romd) this.#onRomd?.(this.romd);
  }
}
