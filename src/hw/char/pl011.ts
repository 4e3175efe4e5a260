// PL011 UART (Arm DDI 0183): registers, 16-byte FIFOs, interrupts; the other end of its line is a CharBackend.
import type { IrqLine, MmioDevice } from '../core/device.ts';
import type { Clock, Timer } from '../core/clock.ts';
import type { CharBackend, CharEvent, CharFrontend } from '../../chardev/backend.ts';
import { primecellId, readRegister, writeRegister } from '../core/registers.ts';
import type { GuestErrorLog, RegisterTable } from '../core/registers.ts';
import { SHADOW_FOLLOWS_POSTED } from '../../memory/flat-view.ts';

export const UARTDR = 0x00;
export const UARTRSR = 0x04;
export const UARTFR = 0x18;
export const UARTILPR = 0x20;
export const UARTIBRD = 0x24;
export const UARTFBRD = 0x28;
export const UARTLCR_H = 0x2c;
export const UARTCR = 0x30;
export const UARTIFLS = 0x34;
export const UARTIMSC = 0x38;
export const UARTRIS = 0x3c;
export const UARTMIS = 0x40;
export const UARTICR = 0x44;
export const UARTDMACR = 0x48;

/** UARTFR bits. */
export const FR = { CTS: 1 << 0, DSR: 1 << 1, DCD: 1 << 2, BUSY: 1 << 3, RXFE: 1 << 4, TXFF: 1 << 5, RXFF: 1 << 6, TXFE: 1 << 7, RI: 1 << 8 } as const;
/** UARTRIS/MIS/IMSC/ICR bits. */
export const INT = { RI: 1 << 0, CTS: 1 << 1, DCD: 1 << 2, DSR: 1 << 3, RX: 1 << 4, TX: 1 << 5, RT: 1 << 6, FE: 1 << 7, PE: 1 << 8, BE: 1 << 9, OE: 1 << 10 } as const;
/** UARTDR error bits of a received character. */
export const DR_BE = 1 << 10;
export const DR_OE = 1 << 11;
/** UARTLCR_H and UARTCR bits used here. */
export const LCR_BRK = 1 << 0;
export const LCR_FEN = 1 << 4;
export const CR_LBE = 1 << 7;
const DMACR_ENABLES = 3;

const FIFO_DEPTH = 16;
/** Output bytes gathered before they go to the backend in one piece. */
const TX_BATCH = 4096;
const MODEM_LINES = FR.CTS | FR.DSR | FR.DCD | FR.RI;
/** UARTCR output, the UARTFR line it drives in loopback mode, and that line's interrupt (DDI 0183, 2.4.4). */
const LOOPBACK_LINES = [
  { out: 1 << 10, line: FR.DSR, int: INT.DSR },
  { out: 1 << 11, line: FR.CTS, int: INT.CTS },
  { out: 1 << 12, line: FR.DCD, int: INT.DCD },
  { out: 1 << 13, line: FR.RI, int: INT.RI },
] as const;

export interface Pl011Options {
  readonly irq: IrqLine;
  readonly chardev: CharBackend;
  /** Clock of the receive timeout. */
  readonly clock: Clock;
  /** UARTCLK, Hz: 24 MHz on `virt`. */
  readonly uartclk?: number;
  readonly guestError?: GuestErrorLog;
}

/**
 * The transmitter is instantaneous unless the backend asks to hold back; then TXFF and BUSY show until it has drained.
 * As in QEMU, the enable bits of UARTCR are kept but do not gate data, and UARTRXINTR is raised by each character
 * whatever UARTIFLS says; the receive timeout works as the manual has it.
 */
export class Pl011 implements MmioDevice, CharFrontend {
  readonly name = 'pl011';
  readonly size = 0x1000;
  /** Writing a character needs no answer. Nothing else is posted: every other write can lower the interrupt, which the guest must see done. */
  readonly posted = [UARTDR] as const;
  readonly shadowed = [UARTFR] as const;

  readonly #irq: IrqLine;
  readonly #chardev: CharBackend;
  readonly #clock: Clock;
  readonly #timeout: Timer;
  readonly #uartclk: number;
  readonly #guestError: GuestErrorLog | undefined;
  #shadow: Int32Array | undefined;
  #shadowIndex = 0;

  #rx: number[] = [];
  readonly #tx = new Uint8Array(TX_BATCH);
  #txLength = 0;
  #txStalled = false;
  #flushQueued = false;
  /** TX interrupt owed when the stalled backend has drained. */
  #txOwed = false;
  #rsr = 0;
  #ilpr = 0;
  #ibrd = 0;
  #fbrd = 0;
  #lcr = 0;
  #cr = 0;
  #ifls = 0;
  #imsc = 0;
  #ris = 0;
  #dmacr = 0;
  #modem = 0;

  constructor(options: Pl011Options) {
    this.#irq = options.irq;
    this.#chardev = options.chardev;
    this.#clock = options.clock;
    this.#uartclk = options.uartclk ?? 24_000_000;
    this.#guestError = options.guestError;
    this.#timeout = options.clock.timer(() => this.#receiveTimeout());
    this.reset();
    this.#chardev.attach(this);
  }

  static readonly #registers: RegisterTable<Pl011> = {
    [UARTDR]: { name: 'UARTDR', read: (d) => d.#readData(), write: (d, v) => d.#writeData(v & 0xff) },
    [UARTRSR]: { name: 'UARTRSR', read: (d) => d.#rsr, write: (d) => { d.#rsr = 0; } },
    [UARTFR]: { name: 'UARTFR', read: (d) => d.#flags() },
    [UARTILPR]: { name: 'UARTILPR', read: (d) => d.#ilpr, write: (d, v) => { d.#ilpr = v & 0xff; } },
    [UARTIBRD]: { name: 'UARTIBRD', read: (d) => d.#ibrd, write: (d, v) => { d.#ibrd = v & 0xffff; } },
    [UARTFBRD]: { name: 'UARTFBRD', read: (d) => d.#fbrd, write: (d, v) => { d.#fbrd = v & 0x3f; } },
    [UARTLCR_H]: { name: 'UARTLCR_H', read: (d) => d.#lcr, write: (d, v) => d.#writeLineControl(v & 0xff) },
    [UARTCR]: { name: 'UARTCR', read: (d) => d.#cr, write: (d, v) => d.#writeControl(v & 0xffff) },
    [UARTIFLS]: { name: 'UARTIFLS', read: (d) => d.#ifls, write: (d, v) => { d.#ifls = v & 0x3f; } },
    [UARTIMSC]: { name: 'UARTIMSC', read: (d) => d.#imsc, write: (d, v) => { d.#imsc = v & 0x7ff; d.#update(); } },
    [UARTRIS]: { name: 'UARTRIS', read: (d) => d.#ris },
    [UARTMIS]: { name: 'UARTMIS', read: (d) => d.#ris & d.#imsc },
    [UARTICR]: { name: 'UARTICR', write: (d, v) => { d.#ris &= ~v; d.#update(); } },
    [UARTDMACR]: { name: 'UARTDMACR', read: (d) => d.#dmacr, write: (d, v) => d.#writeDma(v & 7) },
    ...primecellId(0x11, [0x10, 0x14, 0x00]),
  };

  read(offset: number, size: number): number {
    return readRegister(Pl011.#registers, this, offset, size, this.#guestError);
  }

  write(offset: number, _size: number, value: number): void {
    writeRegister(Pl011.#registers, this, offset, value, this.#guestError);
  }

  bindShadow(words: Int32Array, indexes: readonly number[]): void {
    this.#shadow = words;
    this.#shadowIndex = indexes[0];
    this.#update();
  }

  reset(): void {
    this.flush();
    this.#rx = [];
    this.#txOwed = false;
    this.#rsr = this.#ilpr = this.#ibrd = this.#fbrd = this.#lcr = this.#imsc = this.#ris = this.#dmacr = this.#modem = 0;
    this.#cr = 0x300;
    this.#ifls = 0x12;
    this.#timeout.cancel();
    this.#update();
  }

  /** Hands gathered output to the backend now; otherwise that happens when the current turn of the event loop's job ends. */
  flush(): void {
    if (this.#txLength === 0) return;
    const bytes = this.#tx.slice(0, this.#txLength);
    this.#txLength = 0;
    if (!this.#chardev.write(bytes) && !this.#txStalled) {
      this.#txStalled = true;
      this.#update();
    }
  }

  // CharFrontend

  canReceive(): number {
    return this.#cr & CR_LBE ? 0 : Math.max(0, this.#depth() - this.#rx.length);
  }

  receive(bytes: Uint8Array): void {
    for (const byte of bytes) this.#pushRx(byte);
    this.#update();
  }

  event(event: CharEvent): void {
    if (event !== 'break' || this.#cr & CR_LBE) return;
    this.#pushRx(DR_BE);
    this.#update();
  }

  drained(): void {
    if (!this.#txStalled) return;
    this.#txStalled = false;
    if (this.#txOwed) this.#ris |= INT.TX;
    this.#txOwed = false;
    this.#update();
  }

  // Registers with side effects

  #readData(): number {
    const c = this.#rx.shift();
    if (c === undefined) return 0;
    this.#rsr = c >> 8;
    if (this.#rx.length === 0) {
      this.#ris &= ~(INT.RX | INT.RT);
      this.#timeout.cancel();
    }
    this.#update();
    this.#chardev.acceptInput();
    return c;
  }

  #writeData(byte: number): void {
    if (this.#cr & CR_LBE) {
      this.#pushRx(byte);
    } else {
      this.#tx[this.#txLength++] = byte;
      if (this.#txLength === TX_BATCH) this.flush();
      else if (!this.#flushQueued) {
        this.#flushQueued = true;
        queueMicrotask(() => {
          this.#flushQueued = false;
          this.flush();
        });
      }
    }
    if (this.#txStalled) this.#txOwed = true;
    else this.#ris |= INT.TX;
    this.#update();
  }

  #writeLineControl(value: number): void {
    const changed = this.#lcr ^ value;
    this.#lcr = value;
    if (changed & LCR_FEN) this.#clearRx();
    if (changed & value & LCR_BRK && this.#cr & CR_LBE) this.#pushRx(DR_BE);
    this.#update();
    if (changed & LCR_FEN) this.#chardev.acceptInput();
  }

  #writeControl(value: number): void {
    const left = this.#cr & ~value & CR_LBE;
    this.#cr = value;
    let modem = 0;
    if (value & CR_LBE) for (const { out, line } of LOOPBACK_LINES) if (value & out) modem |= line;
    for (const { line, int } of LOOPBACK_LINES) if ((modem ^ this.#modem) & line) this.#ris |= int;
    this.#modem = modem & MODEM_LINES;
    this.#update();
    if (left) this.#chardev.acceptInput();
  }

  #writeDma(value: number): void {
    this.#dmacr = value;
    if (value & DMACR_ENABLES) this.#guestError?.('pl011: DMA requests have no DMA controller to go to');
  }

  // Receiver

  #depth(): number {
    return this.#lcr & LCR_FEN ? FIFO_DEPTH : 1;
  }

  #pushRx(c: number): void {
    if (this.#rx.length >= this.#depth()) {
      this.#rx[this.#rx.length - 1] |= DR_OE;
      this.#ris |= INT.OE;
      return;
    }
    this.#rx.push(c);
    this.#ris |= INT.RX | (c & DR_BE ? INT.BE : 0);
    this.#timeout.arm(this.#clock.now() + this.#timeoutPeriod());
  }

  #clearRx(): void {
    this.#rx = [];
    this.#ris &= ~(INT.RX | INT.RT);
    this.#timeout.cancel();
  }

  /** 32 bit periods in ns; a bit takes 16 × (IBRD + FBRD/64) cycles of UARTCLK. */
  #timeoutPeriod(): number {
    const divisor = Math.max(1, this.#ibrd + this.#fbrd / 64);
    return Math.round((32 * 16 * divisor * 1e9) / this.#uartclk);
  }

  #receiveTimeout(): void {
    if (this.#rx.length === 0) return;
    this.#ris |= INT.RT;
    this.#update();
  }

  #flags(): number {
    const rx = this.#rx.length === 0 ? FR.RXFE : this.#rx.length >= this.#depth() ? FR.RXFF : 0;
    return rx | (this.#txStalled ? FR.TXFF | FR.BUSY : FR.TXFE) | this.#modem;
  }

  /** Publishes what the rest of the machine sees: the flag register and the interrupt line. */
  #update(): void {
    // What is sent leaves at once, unless it is to come back.
    if (this.#shadow) Atomics.store(this.#shadow, this.#shadowIndex, this.#flags() | (this.#cr & CR_LBE ? SHADOW_FOLLOWS_POSTED : 0));
    this.#irq.set((this.#ris & this.#imsc) !== 0);
  }
}
