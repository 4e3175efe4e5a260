// PL031 real-time clock (Arm DDI 0224): seconds since 1970 with an alarm.
import type { IrqLine, MmioDevice } from '../core/device.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { primecellId, readRegister, writeRegister } from '../core/registers.ts';
import type { GuestErrorLog, RegisterTable } from '../core/registers.ts';

export const RTC_DR = 0x00;
export const RTC_MR = 0x04;
export const RTC_LR = 0x08;
export const RTC_CR = 0x0c;
export const RTC_IMSC = 0x10;
export const RTC_RIS = 0x14;
export const RTC_MIS = 0x18;
export const RTC_ICR = 0x1c;

const SECOND = 1e9;

export interface Pl031Options {
  readonly irq: IrqLine;
  /** The clock it counts: HostClock for `-rtc clock=host`. */
  readonly clock: Clock;
  /** Seconds added to the clock: 0 for UTC on the host clock. */
  readonly offset?: number;
  readonly guestError?: GuestErrorLog;
}

export class Pl031 implements MmioDevice {
  readonly name = 'pl031';
  readonly size = 0x1000;

  readonly #irq: IrqLine;
  readonly #clock: Clock;
  readonly #alarm: Timer;
  readonly #guestError: GuestErrorLog | undefined;
  #offset: number;
  #mr = 0;
  #lr = 0;
  #imsc = 0;
  #ris = 0;

  constructor(options: Pl031Options) {
    this.#irq = options.irq;
    this.#clock = options.clock;
    this.#offset = Math.floor(options.offset ?? 0);
    this.#guestError = options.guestError;
    this.#alarm = options.clock.timer(() => this.#fire());
  }

  static readonly #registers: RegisterTable<Pl031> = {
    [RTC_DR]: { name: 'RTCDR', read: (d) => d.#count() },
    [RTC_MR]: { name: 'RTCMR', read: (d) => d.#mr, write: (d, v) => { d.#mr = v; d.#setAlarm(); } },
    [RTC_LR]: { name: 'RTCLR', read: (d) => d.#lr, write: (d, v) => d.#load(v) },
    // RTC enable cannot be cleared once set, and the counter always runs here
    [RTC_CR]: { name: 'RTCCR', read: () => 1, write: () => {} },
    [RTC_IMSC]: { name: 'RTCIMSC', read: (d) => d.#imsc, write: (d, v) => { d.#imsc = v & 1; d.#update(); } },
    [RTC_RIS]: { name: 'RTCRIS', read: (d) => d.#ris },
    [RTC_MIS]: { name: 'RTCMIS', read: (d) => d.#ris & d.#imsc },
    // the ARM926E manual clears on any value, the PL031 manual on bit 0; the former serves both
    [RTC_ICR]: { name: 'RTCICR', write: (d) => { d.#ris = 0; d.#update(); } },
    ...primecellId(0x31, [0x10, 0x14, 0x00]),
  };

  read(offset: number, size: number): number {
    return readRegister(Pl031.#registers, this, offset, size, this.#guestError);
  }

  write(offset: number, _size: number, value: number): void {
    writeRegister(Pl031.#registers, this, offset, value, this.#guestError);
  }

  /** Clears alarm and interrupt; the time goes on, as with a battery. */
  reset(): void {
    this.#alarm.cancel();
    this.#mr = this.#lr = this.#imsc = this.#ris = 0;
    this.#update();
  }

  #seconds(): number {
    return Math.floor(this.#clock.now() / SECOND);
  }

  #count(): number {
    return (this.#seconds() + this.#offset) >>> 0;
  }

  #load(value: number): void {
    this.#lr = value;
    this.#offset += (value - this.#count()) | 0;
    this.#setAlarm();
  }

  /** The alarm rings when the 32-bit count next equals RTCMR: at once when it does now. */
  #setAlarm(): void {
    const seconds = this.#seconds();
    const ticks = (this.#mr - this.#count()) >>> 0;
    this.#alarm.cancel();
    if (ticks === 0) this.#fire();
    else this.#alarm.arm((seconds + ticks) * SECOND);
  }

  #fire(): void {
    this.#ris = 1;
    this.#update();
  }

  #update(): void {
    this.#irq.set((this.#ris & this.#imsc) !== 0);
  }
}
