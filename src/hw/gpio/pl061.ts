// PL061 GPIO (Arm DDI 0190): eight lines with edge and level interrupts. Lines nobody drives read 0 (pulled down).
import type { IrqLine, MmioDevice } from '../core/device.ts';
import { extractLane, primecellId, readRegister, writeRegister } from '../core/registers.ts';
import type { GuestErrorLog, RegisterTable } from '../core/registers.ts';

/** GPIODATA takes 0x000…0x3fc: address bits 9:2 are the mask of lines accessed. */
export const GPIODATA_END = 0x400;
export const GPIODIR = 0x400;
export const GPIOIS = 0x404;
export const GPIOIBE = 0x408;
export const GPIOIEV = 0x40c;
export const GPIOIE = 0x410;
export const GPIORIS = 0x414;
export const GPIOMIS = 0x418;
export const GPIOIC = 0x41c;
export const GPIOAFSEL = 0x420;

export interface Pl061Options {
  readonly irq: IrqLine;
  /** What each line drives while it is an output; by line number, missing ones drive nothing. */
  readonly outputs?: readonly (IrqLine | undefined)[];
  readonly guestError?: GuestErrorLog;
}

export class Pl061 implements MmioDevice {
  readonly name = 'pl061';
  readonly size = 0x1000;
  /** Levels driven from outside, by line number. */
  readonly inputs: readonly IrqLine[];

  readonly #irq: IrqLine;
  readonly #outputs: readonly (IrqLine | undefined)[];
  readonly #guestError: GuestErrorLog | undefined;
  #in = 0;
  #out = 0;
  #dir = 0;
  #is = 0;
  #ibe = 0;
  #iev = 0;
  #ie = 0;
  #afsel = 0;
  /** Latched edges. */
  #edges = 0;
  /** Levels of all lines when last looked at. */
  #seen = 0;

  constructor(options: Pl061Options) {
    this.#irq = options.irq;
    this.#outputs = options.outputs ?? [];
    this.#guestError = options.guestError;
    this.inputs = Array.from({ length: 8 }, (_, line) => ({
      set: (level: boolean) => {
        this.#in = level ? this.#in | (1 << line) : this.#in & ~(1 << line);
        this.#update();
      },
    }));
  }

  static readonly #registers: RegisterTable<Pl061> = {
    [GPIODIR]: { name: 'GPIODIR', read: (d) => d.#dir, write: (d, v) => { d.#dir = v & 0xff; d.#update(); } },
    [GPIOIS]: { name: 'GPIOIS', read: (d) => d.#is, write: (d, v) => { d.#is = v & 0xff; d.#update(); } },
    [GPIOIBE]: { name: 'GPIOIBE', read: (d) => d.#ibe, write: (d, v) => { d.#ibe = v & 0xff; d.#update(); } },
    [GPIOIEV]: { name: 'GPIOIEV', read: (d) => d.#iev, write: (d, v) => { d.#iev = v & 0xff; d.#update(); } },
    [GPIOIE]: { name: 'GPIOIE', read: (d) => d.#ie, write: (d, v) => { d.#ie = v & 0xff; d.#update(); } },
    [GPIORIS]: { name: 'GPIORIS', read: (d) => d.#ris() },
    [GPIOMIS]: { name: 'GPIOMIS', read: (d) => d.#ris() & d.#ie },
    [GPIOIC]: { name: 'GPIOIC', write: (d, v) => { d.#edges &= ~v; d.#update(); } },
    [GPIOAFSEL]: { name: 'GPIOAFSEL', read: (d) => d.#afsel, write: (d, v) => { d.#afsel = v & 0xff; } },
    ...primecellId(0x61, [0x10, 0x04, 0x00]),
  };

  read(offset: number, size: number): number {
    if (offset < GPIODATA_END) return extractLane(this.#levels() & (offset >> 2), offset, size);
    return readRegister(Pl061.#registers, this, offset, size, this.#guestError);
  }

  write(offset: number, _size: number, value: number): void {
    if (offset >= GPIODATA_END) return writeRegister(Pl061.#registers, this, offset, value, this.#guestError);
    const mask = (offset >> 2) & this.#dir;
    this.#out = (this.#out & ~mask) | (value & mask);
    this.#update();
  }

  /** Registers to their power-on values; levels driven from outside stay. */
  reset(): void {
    this.#out = this.#dir = this.#is = this.#ibe = this.#iev = this.#ie = this.#afsel = this.#edges = 0;
    this.#seen = this.#in;
    this.#update();
  }

  /** Levels of the eight lines: the output latch where they are outputs, the outside elsewhere. */
  #levels(): number {
    return (this.#out & this.#dir) | (this.#in & ~this.#dir);
  }

  #ris(): number {
    return this.#edges | (~(this.#levels() ^ this.#iev) & this.#is & 0xff);
  }

  #update(): void {
    const levels = this.#levels();
    const changed = (levels ^ this.#seen) & ~this.#is & ~this.#dir; // outputs raise no edges
    this.#seen = levels;
    this.#edges |= changed & (this.#ibe | ~(levels ^ this.#iev));
    for (let line = 0; line < 8; line++) this.#outputs[line]?.set(((levels & this.#dir) >> line & 1) !== 0);
    this.#irq.set((this.#ris() & this.#ie) !== 0);
  }
}
