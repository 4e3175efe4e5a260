// PL011: transmit batching and back-pressure, receive FIFO and flow control, interrupts, timeout, loopback, shadowed flags.
import t from 'tap';
import {
  CR_LBE, DR_BE, DR_OE, FR, INT, LCR_BRK, LCR_FEN, Pl011, UARTCR, UARTDMACR, UARTDR, UARTFBRD, UARTFR, UARTIBRD, UARTICR, UARTIMSC, UARTLCR_H,
  UARTMIS, UARTRIS, UARTRSR,
} from '../../src/hw/char/pl011.ts';
import { ManualClock, RecordingChardev, RecordingIrq } from './support/devices.ts';
import { SHADOW_FOLLOWS_POSTED } from '../../src/memory/flat-view.ts';

function setup() {
  const irq = new RecordingIrq(), chardev = new RecordingChardev(), clock = new ManualClock();
  const errors: string[] = [];
  const uart = new Pl011({ irq, chardev, clock, guestError: (m) => errors.push(m) });
  const r = (offset: number, size = 4) => uart.read(offset, size);
  const w = (offset: number, value: number) => uart.write(offset, 4, value);
  return { irq, chardev, clock, uart, errors, r, w };
}

t.test('transmit', async (t) => {
  const { irq, chardev, uart, r, w } = setup();
  for (const c of 'hello') w(UARTDR, c.charCodeAt(0));
  t.equal(chardev.output, '', 'gathered');
  await Promise.resolve();
  t.equal(chardev.output, 'hello');
  t.equal(chardev.writes, 1, 'in one piece');
  t.equal(r(UARTFR), FR.TXFE | FR.RXFE);
  t.equal(r(UARTRIS), INT.TX);
  t.equal(irq.level, false, 'masked');
  w(UARTIMSC, INT.TX);
  t.equal(irq.level, true);
  t.equal(r(UARTMIS), INT.TX);
  w(UARTICR, INT.TX);
  t.equal(irq.level, false);
  for (let i = 0; i < 5000; i++) w(UARTDR, 0x78);
  t.equal(chardev.output.length, 5 + 4096, 'a full batch goes at once');
  uart.flush();
  t.equal(chardev.output.length, 5 + 5000);
  w(UARTDR, 0x79);
  uart.reset();
  t.equal(chardev.output.at(-1), 'y', 'a reset loses no output');
});

t.test('a backend that asks to hold back', async (t) => {
  const { irq, chardev, uart, r, w } = setup();
  w(UARTIMSC, INT.TX);
  chardev.ready = false;
  w(UARTDR, 1);
  uart.flush();
  t.equal(r(UARTFR), FR.TXFF | FR.BUSY | FR.RXFE);
  w(UARTICR, INT.TX);
  w(UARTDR, 2);
  uart.flush();
  t.equal(chardev.output, '\x01\x02', 'nothing is lost by a guest that writes on');
  t.equal(irq.level, false, 'no transmit interrupt yet');
  uart.drained();
  t.equal(r(UARTFR), FR.TXFE | FR.RXFE);
  t.equal(irq.level, true);
  w(UARTICR, INT.TX);
  uart.drained();
  t.equal(irq.level, false, 'drained twice means nothing');
});

t.test('receive without FIFO: one character at a time', async (t) => {
  const { irq, chardev, r, w } = setup();
  w(UARTIMSC, INT.RX);
  chardev.type('abc');
  t.equal(chardev.waiting, 2, 'the backend keeps the rest');
  t.equal(irq.level, true);
  t.equal(r(UARTFR) & (FR.RXFF | FR.RXFE), FR.RXFF);
  t.equal(r(UARTDR), 0x61);
  t.equal(r(UARTDR), 0x62, 'reading makes room for the next');
  t.equal(r(UARTDR), 0x63);
  t.equal(irq.level, false);
  t.equal(r(UARTFR) & (FR.RXFF | FR.RXFE), FR.RXFE);
  t.equal(r(UARTDR), 0, 'empty');
});

t.test('receive with FIFO', async (t) => {
  const { irq, chardev, uart, r, w } = setup();
  w(UARTLCR_H, LCR_FEN);
  w(UARTIMSC, INT.RX);
  chardev.type('0123456789abcdefXYZ');
  t.equal(chardev.waiting, 3, '16 deep');
  t.equal(uart.canReceive(), 0);
  t.equal(r(UARTFR) & FR.RXFF, FR.RXFF);
  let got = '';
  while (!(r(UARTFR) & FR.RXFE)) got += String.fromCharCode(r(UARTDR));
  t.equal(got, '0123456789abcdefXYZ', 'order kept across the refill');
  t.equal(irq.level, false);
  chardev.type('q');
  w(UARTLCR_H, 0);
  t.equal(r(UARTFR) & FR.RXFE, FR.RXFE, 'switching the FIFO off empties it');
  t.equal(r(UARTRIS) & INT.RX, 0);
});

t.test('receive timeout', async (t) => {
  const { irq, chardev, clock, r, w } = setup();
  // 115200 baud: 24 MHz / (16 × 13.02)
  w(UARTIBRD, 13);
  w(UARTFBRD, 1);
  w(UARTLCR_H, LCR_FEN);
  w(UARTIMSC, INT.RT);
  const period = (32 / 115200) * 1e9;
  chardev.type('a');
  clock.advance(period * 0.9);
  t.equal(irq.level, false);
  chardev.type('b');
  clock.advance(period * 0.9);
  t.equal(irq.level, false, 'each character starts it anew');
  clock.advance(period * 0.2);
  t.equal(irq.level, true);
  t.equal(r(UARTRIS) & INT.RT, INT.RT);
  r(UARTDR);
  t.equal(irq.level, true, 'until the FIFO is empty');
  r(UARTDR);
  t.equal(irq.level, false);
  chardev.type('c');
  r(UARTDR);
  clock.advance(period * 2);
  t.equal(irq.level, false, 'not when everything was read in time');
});

t.test('break and overrun', async (t) => {
  const { chardev, uart, r, w } = setup();
  w(UARTLCR_H, LCR_FEN);
  uart.event('opened');
  t.equal(r(UARTFR) & FR.RXFE, FR.RXFE);
  uart.event('break');
  t.equal(r(UARTRIS) & (INT.BE | INT.RX), INT.BE | INT.RX);
  t.equal(r(UARTDR), DR_BE);
  t.equal(r(UARTRSR), DR_BE >> 8);
  w(UARTRSR, 0);
  t.equal(r(UARTRSR), 0);
  chardev.type('0123456789abcdef');
  uart.event('break');
  t.equal(r(UARTRIS) & INT.OE, INT.OE);
  for (let i = 0; i < 15; i++) r(UARTDR);
  t.equal(r(UARTDR), DR_OE | 0x66);
});

t.test('loopback', async (t) => {
  const { chardev, uart, r, w } = setup();
  w(UARTLCR_H, LCR_FEN);
  w(UARTCR, 0x301 | CR_LBE | (1 << 11) | (1 << 10));
  t.equal(r(UARTFR) & 0x107, FR.CTS | FR.DSR);
  t.equal(r(UARTRIS) & (INT.CTS | INT.DSR | INT.DCD), INT.CTS | INT.DSR);
  chardev.type('x');
  t.equal(chardev.waiting, 1, 'the line is cut off');
  w(UARTDR, 0x41);
  t.equal(r(UARTDR), 0x41);
  w(UARTLCR_H, LCR_FEN | LCR_BRK);
  t.equal(r(UARTDR), DR_BE);
  for (let i = 0; i < 17; i++) w(UARTDR, i);
  t.equal(r(UARTRIS) & INT.OE, INT.OE);
  w(UARTCR, 0x301);
  t.equal(r(UARTFR) & 0x107, 0);
  uart.flush();
  t.equal(chardev.output, '', 'nothing went out');
  for (let i = 0; i < 16; i++) r(UARTDR);
  t.equal(r(UARTDR), 0x78, 'input comes in again');
});

t.test('posted and shadowed registers', async (t) => {
  const { chardev, uart, r, w } = setup();
  t.same(uart.posted, [UARTDR]);
  t.same(uart.shadowed, [UARTFR]);
  const words = new Int32Array(new SharedArrayBuffer(16));
  uart.bindShadow(words, [2]);
  const check = (what: string) => t.equal(words[2], r(UARTFR), what);
  check('at start');
  chardev.type('a');
  check('after input');
  r(UARTDR);
  check('after reading it');
  chardev.ready = false;
  w(UARTDR, 1);
  uart.flush();
  check('held back');
  t.ok(words[2] & FR.TXFF);
  uart.drained();
  check('drained');
  w(UARTCR, CR_LBE | 0x3c00);
  t.equal(words[2] & ~SHADOW_FOLLOWS_POSTED, r(UARTFR), 'modem lines');
  t.ok(words[2] & SHADOW_FOLLOWS_POSTED, 'in loopback what is sent comes back: the flags wait for it');
  uart.reset();
  check('reset');
});

t.test('guest errors', async (t) => {
  const { errors, r, w } = setup();
  t.equal(r(0x08), 0);
  w(0x08, 1);
  w(UARTFR, 1);
  r(UARTICR);
  w(UARTDMACR, 1);
  t.equal(r(UARTDMACR), 1);
  t.same(errors, [
    'pl011: bad read offset 0x8', 'pl011: bad write offset 0x8', 'pl011: bad write offset 0x18 (UARTFR is read-only)',
    'pl011: bad read offset 0x44 (UARTICR is write-only)', 'pl011: DMA requests have no DMA controller to go to',
  ]);
  t.equal(r(0xfe1, 1), 0, 'a byte lane above the value');
  t.equal(r(0xfe8, 2), 0x14);
});
